"""A `DatasetConfig` and its files in, a `CorpusReport` out: what is in the corpus, and where it is not what the config says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from uie.corpora.config import Counts, DatasetConfig
from uie.corpora.findings import Finding
from uie.corpora.inspecting import Inspector
from uie.corpora.reading import available_splits, corpus_folder, placed_files, split_of
from uie.corpora.repeats import Repeats, Texts
from uie.documents import Document
from uie.errors import CorpusError

__all__ = ["CorpusReport", "Finding", "check_corpus", "counted"]

_MOST_SHOWN = 20  # unreadable lines that get a finding of their own; a wrong layout would fill the terminal


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


def check_corpus(config: DatasetConfig, *, data_root: Path | None) -> CorpusReport:
    """Reads everything and reports; that `text[start:end]` is the mention holds for whatever could be read.

    Errors: a file that is missing, lines that cannot be read, counts that are not the expected ones, labels that the schema
    lacks, a task whose annotation is missing, a split without a Document. Warnings: labels that look like slips of others, never occur or have no description,
    relation arguments of types that the schema does not list, invalid tag sequences, mentions without a place or not in the text,
    with white space at their edges, spans of several types, entities and relations said twice, whatever else the reader found odd
    (`uie.corpora.ODD`), texts with CR, combining accents or invisible characters; texts that
    occur twice, in a split or in two, or nearly, or with another annotation.

    No text is kept: some 200 bytes a Document, and the labels.

    Raises:
        CorpusError: the corpus' folder is not there.
    """
    corpus_folder(config, data_root=data_root)
    inspector, texts = Inspector(config), Texts()
    findings: list[Finding] = []
    files: dict[str, Counter[str]] = {}
    splits: dict[str, Counter[str]] = {split: Counter() for split in available_splits(config)}
    for split in config.splits:
        bad = _Bad()
        files[split] = Counter()
        try:
            for where, document in placed_files(config, split, data_root=data_root, bad=bad):
                number = counted(document)
                own = split_of(config, document)
                files[split].update(number)
                splits[own].update(number)
                texts.add(document, split=own, where=where)
                inspector.look(document, where)
        except CorpusError as error:
            bad(error, "")
        findings.extend(bad.findings(split))
        if not files[split]["documents"] and not bad.times:
            findings.append(Finding("error", split, "its files hold no Document."))
        findings.extend(_unexpected(config, split, files[split]))
    findings.extend(inspector.findings())
    findings.extend(_repeated(texts, list(splits)))
    return CorpusReport(
        config.name,
        {split: _applying(config, counter) for split, counter in files.items()},
        {split: _applying(config, counter) for split, counter in splits.items()},
        tuple(findings),
    )


def counted(document: Document) -> dict[str, int]:
    """How many there are of each kind."""
    events = document.events or ()
    return {
        "documents": 1,
        "entities": len(document.entities or ()),
        "relations": len(document.relations or ()),
        "events": len(events),
        "arguments": sum(len(event.arguments) for event in events),
    }


class _Bad:
    """Collects what a reader cannot read: the first errors, and how many there are."""

    def __init__(self) -> None:
        self.first: list[CorpusError] = []
        self.times = 0

    def __call__(self, error: CorpusError, raw: str) -> None:
        self.times += 1
        if len(self.first) < _MOST_SHOWN:
            self.first.append(error)

    def findings(self, split: str) -> Iterator[Finding]:
        for error in self.first:
            where, _, what = str(error).partition(": ")
            yield Finding("error", where, what)
        if self.times > len(self.first):
            yield Finding("error", split, f"{self.times - len(self.first)} more lines or items cannot be read.")


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


def _repeated(texts: Texts, splits: list[str]) -> Iterator[Finding]:
    for repeats in texts.repeats(splits):
        yield Finding("warning", repeats.where, f"{_said(repeats)} {repeats.same_as}.", repeats.times)
    if (differing := texts.differing()) is not None:
        times, where, same_as = differing
        yield Finding("warning", where, f"the same text has another annotation at {same_as}.", times)


def _said(repeats: Repeats) -> str:
    alike = "nearly the same text" if repeats.near else "the same text"
    if repeats.one == repeats.other:
        return f"{alike} stands in {repeats.other} before, at"
    return f"{alike} as this one of {repeats.other} is in {repeats.one} too, at"
