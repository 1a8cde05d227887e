"""A `CorpusCard` → tables for a terminal, drawn with rich; they fit 80 columns and use what is more."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from uie.corpora.card import CorpusCard, TypeCard
from uie.corpora.repeats import Repeats
from uie.reports.figures import percent, plural

MOST_TYPES = 20
_BAR = 12  # characters
KIND_TITLES = {"entity": "entity types", "relation": "relation types", "event": "event types", "role": "roles"}
_COUNTS = ("documents", "entities", "relations", "events", "arguments")


def print_card(card: CorpusCard, console: Console, *, most_types: int | None = MOST_TYPES) -> None:
    """Print what is known of the corpus; `most_types` limits each table of types (None: all).

    >>> print_card(corpus_card(load_dataset_config("sample_en"), data_root=None), rich.console.Console())  # doctest: +SKIP
    """
    console.print(card_report(card, most_types=most_types))


def card_report(card: CorpusCard, *, most_types: int | None = MOST_TYPES) -> Group:
    """What `print_card` prints."""
    parts: list[RenderableType] = [
        Text(card.name if card.title == card.name else f"{card.name}  {card.title}".rstrip(), style="bold")
    ]
    parts += [Text(f"{name}: {said}") for name, said in facts(card)]
    parts += [Text(), _splits(card), Text(), _lengths(card)]
    for kind, title in KIND_TITLES.items():
        types = types_of_kind(card, kind)
        if types:
            parts += [Text(), _types(title, types, most_types)]
    parts += [Text(), *(Text(said) for said in shares(card))]
    parts += [Text(said, style="yellow") for said in warnings(card)]
    return Group(*parts)


def facts(card: CorpusCard) -> Iterator[tuple[str, str]]:
    """What the config says of the corpus, where it says something."""
    yield "language", f"{card.lang}, tasks {', '.join(card.tasks)}, layout {card.layout}"
    yield "licence", card.licence
    for name, said in (
        ("citation", card.citation),
        ("source", ", ".join(card.origins)),
        ("joined", card.join),
        ("note", card.note),
    ):
        if said:
            yield name, said


def types_of_kind(card: CorpusCard, kind: str) -> list[TypeCard]:
    """The types of a kind, the most frequent first."""
    return sorted((type for type in card.types if type.kind == kind), key=lambda type: (-type.total, type.within, type.label))


def shares(card: CorpusCard) -> Iterator[str]:
    """How many mentions are special, in sentences."""
    empty = sum(split.empty for split in card.splits)
    yield f"{share_text(empty, card.documents)} of {plural(card.documents, 'document')} hold nothing that is annotated."
    mentions = card.mentions
    if not mentions.mentions:
        return
    of_places = [("lie inside a longer one", mentions.nested), ("cross another one", mentions.crossing)]
    of_places.append(("have several types", mentions.several_types))
    said = ", ".join(f"{share_text(times, mentions.places)} {what}" for what, times in of_places)
    if mentions.places:
        yield f"Of {plural(mentions.places, 'place')} of mentions, {said}."
    of_all = [("are discontinuous", mentions.discontinuous), ("have no place in the text", mentions.ungrounded)]
    of_all.append(("have a string that is a mention elsewhere in the text too", mentions.repeated))
    said = ", ".join(f"{share_text(times, mentions.mentions)} {what}" for what, times in of_all)
    yield f"Of {plural(mentions.mentions, 'mention')}, {said}."


def share_text(times: int, of: int) -> str:
    """A share as a percentage; a small one that is not nothing does not look like nothing."""
    if not times:
        return "none"
    share = times / of
    return f"{percent(share, 1)} %" if share >= 0.0005 else f"{times:,}"


def warnings(card: CorpusCard) -> Iterator[str]:
    """What a user of scores on this corpus has to know."""
    for split in card.splits:
        if split.cut:
            yield f"{split.name} is not as its makers have it: {split.cut}. Do not compare scores on it with published ones."
    for repeats in card.repeats:
        yield repeats_text(repeats)
    if card.differing:
        yield f"{plural(card.differing, 'text')} {_stand(card.differing)} in several places with different annotations."
    if card.unreadable:
        yield f"{plural(card.unreadable, 'line or item', 'lines or items')} cannot be read: uie corpora check {card.name} tells which."
    yield from card.missing


def repeats_text(repeats: Repeats) -> str:
    if repeats.one == repeats.other:
        repeat = "repeats" if repeats.times == 1 else "repeat"
        how = f"nearly {repeat}" if repeats.near else repeat
        return f"{plural(repeats.times, 'document')} of {repeats.other} {how} the text of an earlier one."
    how = "nearly the same" if repeats.near else "the same"
    return f"Leakage: {plural(repeats.times, 'text')} of {repeats.other} {_stand(repeats.times)} in {repeats.one} too, {how}."


def _stand(number: int) -> str:
    return "stands" if number == 1 else "stand"


def _splits(card: CorpusCard) -> Table:
    kinds = [kind for kind in _COUNTS if kind == "documents" or any(split.counts[kind] for split in card.splits)]
    table = _table("split", *kinds, "empty")
    for split in card.splits:
        name = f"{split.name}*" if split.cut else split.name
        documents = split.counts["documents"]
        empty = f"{percent(split.empty / documents, 1)} %" if documents else ""
        table.add_row(Text(name), *(f"{split.counts[kind]:,}" for kind in kinds), empty)
    return table


def _lengths(card: CorpusCard) -> Table:
    names = next((list(split.lengths) for split in card.splits if split.lengths), [])
    table = _table("characters", *names)
    for split in card.splits:
        if split.lengths:
            table.add_row(Text(split.name), *(f"{split.lengths[name]:,}" for name in names))
    return table


def _types(title: str, types: list[TypeCard], most: int | None) -> Table:
    table = _table(title, "times")
    table.expand = True
    table.add_column("", no_wrap=True)
    table.add_column(" for example", no_wrap=True, overflow="ellipsis", ratio=1)
    highest = max(type.total for type in types) or 1
    for type in types[:most]:
        name = f"{type.within}: {type.label}" if type.within else type.label
        bar = "█" * round(_BAR * type.total / highest) or ("▏" if type.total else "")
        table.add_row(
            Text(name), f"{type.total:,}", Text(f" {bar}", style="blue"), Text(f" {' '.join(type.example.split())}", style="dim")
        )
    if most is not None and len(types) > most:
        rest = sum(type.total for type in types[most:])
        table.add_row(Text(f"{len(types) - most} more", style="dim"), f"{rest:,}", "", "")
    return table


def _table(left: str, *right: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="dim", border_style="dim")
    table.add_column(Text(left, style="bold"), overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table
