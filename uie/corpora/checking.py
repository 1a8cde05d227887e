"""A `DatasetConfig` and its files in, a `CorpusReport` out: what is in the corpus, and where it is not what the config says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from uie.corpora.config import Counts, DatasetConfig
from uie.corpora.reading import available_splits, corpus_folder, read_files, split_of
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.schema import Schema

_MOST_SHOWN = 20  # unreadable lines that get a finding of their own; a wrong layout would fill the terminal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong ("error") or worth knowing ("warning"). `where`: FILE:LINE, the id of the first Document, or a split."""

    level: Literal["error", "warning"]
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """`files`: how many of each kind are in each split's files; `counts`: in the splits as they are read, after cutting.

    Kinds are "documents" and, as far as they apply, "entities", "relations", "events", "arguments".
    """

    name: str
    files: Mapping[str, Mapping[str, int]]
    counts: Mapping[str, Mapping[str, int]]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")


@dataclass(slots=True)
class _Seen:
    """What turned up while reading. Counters of problems are keyed by what to say; `first` remembers the first Document of each."""

    schema: Schema
    labels: set[tuple[str, ...]] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def error(self, what: str, document: Document) -> None:
        self.errors[what] += 1
        self.first.setdefault(what, document.id)

    def warn(self, what: str, document: Document, times: int = 1) -> None:
        self.warnings[what] += times
        self.first.setdefault(what, document.id)


def check_corpus(config: DatasetConfig, *, data_root: Path | None) -> CorpusReport:
    """Reads everything and reports; that `text[start:end]` is the mention holds for whatever could be read.

    Errors: a file that is missing, lines that cannot be read, counts that are not the expected ones, labels that the schema
    lacks, a task whose annotation is missing. Warnings: labels never seen, relation arguments of types that the schema does not
    list, invalid tag sequences, mentions without a place or not in the text, texts that occur twice.

    Raises:
        CorpusError: the corpus' folder is not there.
    """
    corpus_folder(config, data_root=data_root)
    seen = _Seen(config.schema())
    findings: list[Finding] = []
    files: dict[str, Counter[str]] = {}
    splits: dict[str, Counter[str]] = {split: Counter() for split in available_splits(config)}
    texts: dict[str, Counter[str]] = {}
    for split in config.splits:
        bad = _Bad()
        files[split] = Counter()
        try:
            for document in read_files(config, split, data_root=data_root, bad=bad):
                number = _counted(document)
                place = split_of(config, document)
                files[split].update(number)
                splits[place].update(number)
                texts.setdefault(document.text, Counter())[place] += 1
                _check_document(config, document, seen)
        except CorpusError as error:
            bad(error, "")
        findings.extend(bad.findings(split))
        findings.extend(_unexpected(config, split, files[split]))
    findings.extend(_summed(seen))
    findings.extend(_never_seen(config, seen))
    findings.extend(_duplicates(texts, splits))
    return CorpusReport(
        config.name,
        {split: _applying(config, counter) for split, counter in files.items()},
        {split: _applying(config, counter) for split, counter in splits.items()},
        tuple(findings),
    )


class _Bad:
    """Collects what a reader cannot read."""

    def __init__(self) -> None:
        self.errors: list[CorpusError] = []

    def __call__(self, error: CorpusError, raw: str) -> None:
        self.errors.append(error)

    def findings(self, split: str) -> Iterator[Finding]:
        for error in self.errors[:_MOST_SHOWN]:
            where, _, what = str(error).partition(": ")
            yield Finding("error", where, what)
        if len(self.errors) > _MOST_SHOWN:
            yield Finding("error", split, f"{len(self.errors) - _MOST_SHOWN} more lines or items cannot be read.")


def _counted(document: Document) -> dict[str, int]:
    events = document.events or ()
    return {
        "documents": 1,
        "entities": len(document.entities or ()),
        "relations": len(document.relations or ()),
        "events": len(events),
        "arguments": sum(len(event.arguments) for event in events),
    }


def _applying(config: DatasetConfig, counter: Counter[str]) -> dict[str, int]:
    """The counts that apply to the corpus' tasks: of entities also where relations need them."""
    kinds = ["documents"]
    kinds += ["entities"] if {"NER", "RE"} & set(config.tasks) else []
    kinds += ["relations"] if "RE" in config.tasks else []
    kinds += ["events", "arguments"] if "EE" in config.tasks else []
    return {kind: counter[kind] for kind in kinds}


def _unexpected(config: DatasetConfig, split: str, found: Counter[str]) -> Iterator[Finding]:
    expected = config.expected.get(split)
    if expected is None:
        return
    for kind in fields(Counts):
        count = getattr(expected, kind.name)
        if count is not None and count != found[kind.name]:
            yield Finding("error", split, f"{found[kind.name]} {kind.name}, but the config expects {count}.")


def _check_document(config: DatasetConfig, document: Document, seen: _Seen) -> None:
    for task, annotation in (("NER", document.entities), ("RE", document.relations), ("EE", document.events)):
        if task in config.tasks and annotation is None:
            seen.error(f"{task} is a task of the config, but the Document is not annotated for it", document)
    _check_entities(document, seen)
    _check_relations(document, seen)
    _check_events(document, seen)
    for mention in document.mentions():
        _check_mention(config, mention, document, seen)
    if invalid := document.meta.get("invalid_tags"):
        seen.warn("a tag breaks its scheme and is read as conlleval reads it", document, times=invalid)


def _check_entities(document: Document, seen: _Seen) -> None:
    known = {label.label for label in seen.schema.entities}
    for entity in document.entities or ():
        if entity.type is None:
            continue
        seen.labels.add(("entities", entity.type))
        if entity.type not in known:
            seen.error(f"the schema has no entity type {entity.type!r}", document)


def _check_relations(document: Document, seen: _Seen) -> None:
    known = {label.label: label for label in seen.schema.relations}
    for relation in document.relations or ():
        type = relation.type or ""
        seen.labels.add(("relations", type))
        label = known.get(type)
        if label is None:
            seen.error(f"the schema has no relation type {relation.type!r}", document)
            continue
        if relation.level != "entity":
            continue
        entities: tuple[Entity, ...] = document.entities or ()
        for end, index, allowed in (("head", relation.head, label.head), ("tail", relation.tail, label.tail)):
            kind = entities[index].type
            if allowed and kind is not None and kind not in allowed:
                seen.warn(
                    f"the {end} of a relation {relation.type!r} is of type {kind!r}; the schema lists {', '.join(allowed)}",
                    document,
                )


def _check_events(document: Document, seen: _Seen) -> None:
    known = {label.label: {role.label for role in label.roles} for label in seen.schema.events}
    for event in document.events or ():
        seen.labels.add(("events", event.type))
        if event.type not in known:
            seen.error(f"the schema has no event type {event.type!r}", document)
            continue
        for argument in event.arguments:
            seen.labels.add(("events", event.type, argument.role))
            if argument.role not in known[event.type]:
                seen.error(f"the schema has no role {argument.role!r} of event type {event.type!r}", document)


def _check_mention(config: DatasetConfig, mention: Mention, document: Document, seen: _Seen) -> None:
    if mention.grounded:
        return
    if mention.text not in document.text:
        seen.warn("a mention is not in the text", document)
    elif config.offsets:
        seen.warn("a mention has no offsets, though the config says that the corpus has them", document)


def _summed(seen: _Seen) -> Iterator[Finding]:
    for what, times in sorted(seen.errors.items()):
        yield Finding("error", seen.first[what], f"{what} ({times} times).")
    for what, times in sorted(seen.warnings.items()):
        yield Finding("warning", seen.first[what], f"{what} ({times} times).")


def _never_seen(config: DatasetConfig, seen: _Seen) -> Iterator[Finding]:
    schema = seen.schema
    declared: list[tuple[str, ...]] = [("entities", label.label) for label in schema.entities]
    declared += [("relations", label.label) for label in schema.relations]
    for event in schema.events:
        declared.append(("events", event.label))
        declared += [("events", event.label, role.label) for role in event.roles]
    missing = [".".join(path) for path in declared if path not in seen.labels]
    if missing:
        yield Finding("warning", config.name, f"{len(missing)} labels of the schema never occur: {', '.join(missing)}.")


def _duplicates(texts: Mapping[str, Counter[str]], splits: Mapping[str, Counter[str]]) -> Iterator[Finding]:
    for split in splits:
        again = sum(places[split] - 1 for places in texts.values() if places[split] > 1)
        if again:
            yield Finding("warning", split, f"{again} Documents repeat the text of an earlier one of the split.")
    names = list(splits)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            shared = sum(1 for places in texts.values() if places[one] and places[other])
            if shared:
                yield Finding("warning", f"{one}, {other}", f"{shared} texts are in both splits.")
