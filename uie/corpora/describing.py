"""A `DatasetConfig` and its files in, a `CorpusCard` out.

Read in one pass, some 200 bytes a Document: lengths, types, hashes of texts; no text is kept but an example of each type.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uie.corpora.card import CorpusCard, LengthBin, MentionCard, SplitCard, Together, TypeCard
from uie.corpora.checking import counted
from uie.corpora.config import DatasetConfig
from uie.corpora.findings import shortened
from uie.corpora.reading import available_splits, corpus_folder, is_cut, placed_files, split_of
from uie.corpora.repeats import Texts
from uie.documents import Document, Mention
from uie.errors import CorpusError
from uie.schema import Label, Schema

QUANTILES = {"least": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "most": 1.0}
_BINS = 12
_LONGEST_EXAMPLE = 40
TOGETHER = 16
"""Types of a kind of which it is told how often they stand in one Document: those in most Documents."""

TypePath = tuple[str, ...]


def corpus_card(config: DatasetConfig, *, data_root: Path | None) -> CorpusCard:
    """Reads the corpus once. What cannot be read is counted; `uie corpora check` tells each.

    Raises:
        CorpusError: the corpus' folder is not there.

    >>> corpus_card(load_dataset_config("sample_en"), data_root=None).documents
    285
    """
    corpus_folder(config, data_root=data_root)
    reading = _Reading(list(available_splits(config)))
    missing: list[str] = []
    for split in config.splits:
        try:
            for where, document in placed_files(config, split, data_root=data_root, bad=reading.bad):
                reading.add(document, split_of(config, document), where)
        except CorpusError as error:
            missing.append(str(error))
    differing = reading.texts.differing()
    return CorpusCard(
        config.name,
        config.title,
        config.lang,
        config.tasks,
        config.layout,
        config.licence,
        config.citation,
        config.origins,
        config.note,
        config.join,
        tuple(reading.split_card(config, split) for split in reading.splits),
        tuple(reading.type_cards(config.schema())),
        MentionCard(**reading.mentions),
        tuple(reading.bins()),
        tuple(reading.together()),
        tuple(reading.texts.repeats(reading.splits)),
        0 if differing is None else differing[0],
        reading.unreadable,
        tuple(missing),
    )


@dataclass(slots=True)
class _Reading:
    """What is counted while the Documents go by."""

    splits: Sequence[str]
    texts: Texts = field(default_factory=Texts)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    empty: Counter[str] = field(default_factory=Counter)
    characters: dict[str, "array[int]"] = field(default_factory=dict)
    types: dict[TypePath, Counter[str]] = field(default_factory=dict)
    examples: dict[TypePath, str] = field(default_factory=dict)
    pairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    mentions: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0

    def bad(self, error: CorpusError, raw: str) -> None:
        self.unreadable += 1

    def add(self, document: Document, split: str, where: str) -> None:
        number = counted(document)
        self.counts.setdefault(split, Counter()).update(number)
        self.empty[split] += sum(number.values()) == 1
        self.characters.setdefault(split, array("I")).append(len(document.text))
        self.texts.add(document, split=split, where=where)
        self.mentions.update(_special(document))
        present: dict[str, set[str]] = {}
        for path, example in _labelled(document):
            self.types.setdefault(path, Counter())[split] += 1
            self.examples.setdefault(path, example)
            if len(path) == 2:
                present.setdefault(path[0], set()).add(path[1])
        for kind, labels in present.items():
            ordered = sorted(labels)
            self.pairs.update((kind, one, other) for place, one in enumerate(ordered) for other in ordered[place:])

    def split_card(self, config: DatasetConfig, split: str) -> SplitCard:
        counts = self.counts.get(split, Counter())
        counts = Counter({kind: counts[kind] for kind in ("documents", "entities", "relations", "events", "arguments")})
        return SplitCard(split, dict(counts), self.empty[split], _cut(config, split), _quantiles(self.characters.get(split)))

    def type_cards(self, schema: Schema) -> Iterator[TypeCard]:
        """In the schema's order, then labels that it lacks; those that never occur too."""
        known: dict[TypePath, Label] = {("entity", label.label): label for label in schema.entities}
        known |= {("relation", label.label): label for label in schema.relations}
        for event in schema.events:
            known |= {("event", event.label): event} | {("role", event.label, role.label): role for role in event.roles}
        for path in dict.fromkeys([*known, *self.types]):
            label = known.get(path, Label(path[-1], path[-1]))
            within = path[1] if len(path) == 3 else ""
            yield TypeCard(
                path[0],
                path[-1],
                within,
                label.name,
                label.description,
                dict(self.types.get(path, {})),
                shortened(self.examples.get(path, ""), _LONGEST_EXAMPLE),
            )

    def bins(self) -> Iterator[LengthBin]:
        """Bins of one round width, so that about a dozen hold all but the longest twentieth; the last one holds that."""
        lengths = sorted(length for split in self.characters.values() for length in split)
        if not lengths:
            return
        width = _round_width(lengths[round(0.95 * (len(lengths) - 1))] / (_BINS - 1))
        counts = {split: Counter(min(length // width, _BINS - 1) for length in own) for split, own in self.characters.items()}
        last = max(place for own in counts.values() for place in own)
        for place in range(last + 1):
            high = None if place == _BINS - 1 else (place + 1) * width - 1
            yield LengthBin(place * width, high, {split: counts[split][place] for split in self.splits if split in counts})

    def together(self) -> Iterator[Together]:
        for kind in ("entity", "relation", "event"):
            alone = {one: times for (own, one, other), times in self.pairs.items() if own == kind and one == other}
            labels = tuple(sorted(alone, key=lambda label: (-alone[label], label))[:TOGETHER])
            if len(labels) > 1:
                rows = (tuple(self.pairs[(kind, min(one, other), max(one, other))] for other in labels) for one in labels)
                yield Together(kind, labels, tuple(rows))


def _labelled(document: Document) -> Iterator[tuple[TypePath, str]]:
    """Each label that the Document says, with the string it says it of."""
    entities = document.entities or ()
    for entity in entities:
        if entity.type is not None:
            yield ("entity", entity.type), entity.mention.text
    for relation in document.relations or ():
        ends = ""
        if relation.level == "entity":
            ends = f"{entities[relation.head].mention.text} → {entities[relation.tail].mention.text}"
        yield ("relation", relation.type or ""), ends
    for event in document.events or ():
        yield ("event", event.type), event.trigger.text if event.trigger else ""
        for argument in event.arguments:
            yield ("role", event.type, argument.role), argument.mention.text if argument.mention else ""


def _special(document: Document) -> dict[str, int]:
    """The counts of `MentionCard` for one Document. Of a discontinuous mention everything from its start to its end counts."""
    mentions = document.mentions()
    hulls = sorted({(m.start, m.end) for m in mentions if m.start is not None and m.end is not None}, key=lambda h: (h[0], -h[1]))
    nested, crossing = set(), set()
    for place, (start, end) in enumerate(hulls):
        for other in hulls[place + 1 :]:
            if other[0] >= end:
                break
            if other[1] <= end:
                nested.add(other)
            elif other[0] > start:
                crossing.update([(start, end), other])
    types: dict[object, set[str]] = {}
    for entity in document.entities or ():
        if entity.mention.grounded and entity.type is not None:
            types.setdefault(entity.mention.span, set()).add(entity.type)
    return {
        "mentions": len(mentions),
        "places": len({mention.span for mention in mentions if mention.grounded}),
        "nested": len(nested),
        "crossing": len(crossing),
        "several_types": sum(len(several) > 1 for several in types.values()),
        "discontinuous": sum(bool(mention.fragments) for mention in mentions),
        "ungrounded": sum(not mention.grounded for mention in mentions),
        "repeated": _repeated(mentions),
    }


def _repeated(mentions: list[Mention]) -> int:
    places: dict[str, set[object]] = {}
    for mention in mentions:
        places.setdefault(mention.text, set()).add(mention.span)
    return sum(len(places[mention.text]) > 1 for mention in mentions)


def _cut(config: DatasetConfig, split: str) -> str:
    if split in config.cut:
        cut = config.cut[split]
        return f"cut from {cut.of} ({100 * cut.share:g} %)"
    if is_cut(config, split):
        names = [name for name, cut in config.cut.items() if cut.of == split]
        return f"without what was cut from it for {' and '.join(names)}"
    return ""


def _quantiles(lengths: "array[int] | None") -> dict[str, int]:
    if not lengths:
        return {}
    ordered = sorted(lengths)
    return {name: ordered[round(share * (len(ordered) - 1))] for name, share in QUANTILES.items()}


def _round_width(least: float) -> int:
    """1, 2 or 5 times a power of ten, at least `least`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least:
                return factor * power
        power *= 10
