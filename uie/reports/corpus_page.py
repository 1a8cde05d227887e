"""A `CorpusCard` → one HTML file that shows what is in a corpus and fetches nothing: types, lengths, what stands together, what repeats."""

from collections.abc import Iterator
from typing import Any

from uie.corpora.card import CorpusCard, LengthBin, MentionCard, Together, TypeCard
from uie.reports.corpus_card import KIND_TITLES, facts, repeats_text, share_text, types_of_kind, warnings
from uie.reports.figures import percent, plural
from uie.reports.html.page import page

Json = dict[str, Any]
_SHARES = {
    "nested": ("inside a longer one", "places"),
    "crossing": ("crossing another one", "places"),
    "several_types": ("with several types", "places"),
    "discontinuous": ("discontinuous", "mentions"),
    "ungrounded": ("without a place in the text", "mentions"),
    "repeated": ("with a string that is a mention elsewhere in the text too", "mentions"),
}


def corpus_page(card: CorpusCard) -> str:
    """The page as a string, to be written as UTF-8.

    >>> Path("card.html").write_text(corpus_page(card), encoding="utf-8")  # doctest: +SKIP
    """
    return page(card.title or card.name, page_data(card), name="corpus", again="uie corpora show, with --html")


def page_data(card: CorpusCard) -> Json:
    """What corpus.js draws. Repeats within a split stand in their section only."""
    own = {repeats_text(repeats) for repeats in card.repeats if repeats.one == repeats.other}
    return {
        "name": card.name,
        "facts": [[name, said] for name, said in facts(card)],
        "warnings": [said for said in warnings(card) if said not in own],
        "cards": list(_cards(card)),
        "splits": [_split(split) for split in card.splits],
        "lengths": [_bin(one) for one in card.lengths],
        "types": list(_kinds(card)),
        "shares": _shares(card.mentions),
        "together": [_together(one) for one in card.together],
        "repeats": [{"said": repeats_text(one), "where": one.where, "same_as": one.same_as} for one in card.repeats],
    }


def _cards(card: CorpusCard) -> Iterator[Json]:
    parts = ", ".join(f"{split.counts['documents']:,} {split.name}" for split in card.splits)
    yield {"name": "Documents", "value": f"{card.documents:,}", "note": parts}
    for kind in ("entities", "relations", "events", "arguments"):
        total = sum(split.counts[kind] for split in card.splits)
        if total:
            yield {"name": kind.capitalize(), "value": f"{total:,}", "note": f"{total / card.documents:.1f} a document"}
    empty = sum(split.empty for split in card.splits)
    if card.documents:
        yield {
            "name": "Empty",
            "value": f"{percent(empty / card.documents, 1)} %",
            "note": "documents in which nothing is annotated",
        }
    leaked = sum(one.times for one in card.repeats if one.one != one.other)
    yield {"name": "Leakage", "value": f"{leaked:,}", "note": "texts that are in two splits, the same or nearly"}


def _split(split: Any) -> Json:
    return {
        "name": split.name,
        "counts": dict(split.counts),
        "empty": split.empty,
        "cut": split.cut,
        "lengths": [[name, value] for name, value in split.lengths.items()],
    }


def _bin(one: LengthBin) -> Json:
    name = f"{one.low:,}+" if one.high is None else (f"{one.low:,}" if one.high == one.low else f"{one.low:,}–{one.high:,}")
    return {"name": name, "counts": dict(one.counts)}


def _kinds(card: CorpusCard) -> Iterator[Json]:
    for kind, title in KIND_TITLES.items():
        if types := types_of_kind(card, kind):
            yield {"kind": kind, "title": title, "lines": [_type(type) for type in types]}


def _type(type: TypeCard) -> Json:
    return {
        "label": type.label,
        "within": type.within,
        "name": type.name if type.name != type.label else "",
        "description": type.description,
        "counts": dict(type.counts),
        "total": type.total,
        "example": type.example,
    }


def _shares(mentions: MentionCard) -> list[Json]:
    found = []
    for key, (name, of) in _SHARES.items():
        times, whole = getattr(mentions, key), getattr(mentions, of)
        if whole:
            said = f"{times:,} of {plural(whole, of.removesuffix('s'))}"
            found.append({"name": name, "share": times / whole, "value": share_text(times, whole), "said": said})
    return found


def _together(one: Together) -> Json:
    return {"title": KIND_TITLES[one.kind], "labels": list(one.labels), "documents": [list(row) for row in one.documents]}
