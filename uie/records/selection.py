"""Which Documents of a mix's corpora are asked: corpus and split → Documents with the number of their copies, and what was left out.

Where a setting needs to know the corpora before anything is taken (leaks, quotas, few-shot sets, demonstrations, confusable labels),
they are read once more instead of kept.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from uie.corpora import OnBad
from uie.corpora.config import DatasetConfig
from uie.corpora.duplicates import Leaks, Seen
from uie.corpora.reading import available_splits, read_corpus, split_paths
from uie.documents import Document
from uie.errors import CorpusError, SettingsError, unknown_name
from uie.records.asking import prompt_language
from uie.records.choosing import chosen, few_shot, keeps_empty, quotas, take_of
from uie.records.demonstrations import LabelOfKind, Pool
from uie.records.drawing import draw
from uie.records.labels import confusable_labels, label_counts, sampled_kind, strings_of
from uie.records.mix import Mix, MixCorpus
from uie.records.windows import CountTokens
from uie.schema import KINDS, Schema
from uie.tasks import TASKS, asked_of, legal_tasks, within
from uie.tasks.question import Answer

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One corpus of the mix: its settings, its config, and for each of its tasks what is asked, in training and otherwise."""

    settings: MixCorpus
    config: DatasetConfig
    lang: str
    train_schemas: Mapping[str, Schema]
    schemas: Mapping[str, Schema]

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.schemas)

    def takes(self, split: str) -> bool:
        return split in self.settings.splits and self.has(split)

    def has(self, split: str) -> bool:
        return split in available_splits(self.config)

    def gold(self, document: Document, task: str) -> Answer | None:
        """All that the Document says of what training asks, with types."""
        gold = TASKS.get(task).gold(document)
        return None if gold is None else within(gold, self.train_schemas[task])


def corpus_of(settings: MixCorpus, config: DatasetConfig) -> Corpus:
    """The corpus as its settings ask it, in the language of the prompts for its texts.

    Raises:
        SettingsError: a task cannot be asked of the corpus, or a label that training shall not see is unknown or its last one.
    """
    where = f"corpora: {config.name}"
    lang = prompt_language(config.lang)
    schema = config.schema(lang)
    known = {label.label for kind in KINDS for label in getattr(schema, kind)}
    for label in settings.unseen:
        if label not in known:
            raise SettingsError(f"{where}: unseen: {unknown_name('label', label, known)}")
    tasks = tuple(dict.fromkeys((*(settings.tasks or config.tasks), *settings.sometimes)))
    _check_tasks(tasks, config, schema, where, f"is annotated for {', '.join(config.tasks)}")
    seen = _without(schema, settings.unseen)
    _check_tasks(tasks, config, seen, where, f"has too few labels left beside the unseen {', '.join(settings.unseen)}")
    return Corpus(
        settings,
        config,
        lang,
        {task: asked_of(task, seen) for task in tasks},
        {task: asked_of(task, schema) for task in tasks},
    )


def _check_tasks(tasks: Iterable[str], config: DatasetConfig, schema: Schema, where: str, why: str) -> None:
    legal = legal_tasks(config.tasks, schema)
    for task in tasks:
        if task not in TASKS:
            raise SettingsError(f"{where}: {unknown_name('task', task, TASKS)}")
        if task not in legal:
            raise SettingsError(f"{where} {why}, not for {task}; it can be asked {', '.join(legal)}.")


def _without(schema: Schema, labels: Iterable[str]) -> Schema:
    """The schema without labels that training must not see, neither as types nor at the ends of relations."""
    gone = set(labels)
    kept: dict[str, Any] = {kind: tuple(label for label in getattr(schema, kind) if label.label not in gone) for kind in KINDS}
    kept["relations"] = tuple(
        replace(one, head=tuple(end for end in one.head if end not in gone), tail=tuple(end for end in one.tail if end not in gone))
        for one in kept["relations"]
    )
    return replace(schema, **kept)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a corpus' train Documents before any question is asked.

    `pool` holds those that may serve as solved examples, `confusable` for each kind and label the others of that kind, the most
    easily confused first.
    """

    pool: Pool | None = None
    confusable: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


class Rejected:
    """The corpus lines that could not be read: each once, however often its file is read. By corpus, in the order of reading."""

    def __init__(self, on_error: str) -> None:
        self._raises = on_error == "raise"
        self.lines: dict[str, dict[str, dict[str, str]]] = {}

    def bad(self, config: DatasetConfig, split: str) -> OnBad:
        """What readers of that split call."""
        file_split = config.cut[split].of if split in config.cut else split
        lines = self.lines.setdefault(config.name, {})

        def reject(error: CorpusError, raw: str) -> None:
            if self._raises:
                raise CorpusError(f"{error} To set such lines aside and go on, say --set on_error=skip.")
            lines[str(error)] = {"split": file_split, "error": str(error), "raw": raw}

        return reject

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))


class Selection:
    """The Documents of every corpus and split, as the mix takes them.

    `dropped` counts the Documents that were left out, by corpus and split and reason; `rejected` holds what could not be read.
    """

    def __init__(
        self, mix: Mix, corpora: list[Corpus], *, data_root: Path | None, count_tokens: CountTokens, progress: Progress
    ) -> None:
        self._mix = mix
        self._corpora = corpora
        self._data_root = data_root
        self._count_tokens = count_tokens
        self._progress = progress
        self._read_splits: dict[tuple[str, str], DatasetConfig] = {}
        self._held_out: Leaks | None = None
        self._copies_of: dict[str, dict[str, int]] | None = None
        self._surveys: dict[str, Survey] = {}
        self.dropped: dict[tuple[str, str], Counter[str]] = {}
        self.rejected = Rejected(mix.on_error)

    def documents(self, corpus: Corpus, split: str) -> Iterator[tuple[Document, int]]:
        """Each Document that is taken, with its number of copies."""
        copies = self._copies().get(corpus.name) if split == "train" else None
        dropped = self.dropped[corpus.name, split] = Counter()
        for document in self._limited(corpus, split, dropped):
            number = 1 if copies is None else copies.get(document.id, 0)
            if number:
                yield document, number
            else:
                dropped["not drawn"] += 1

    def survey(self, corpus: Corpus) -> Survey:
        """What is known of the Documents that training takes from the corpus; the first call reads them if a setting needs it.

        Raises:
            SettingsError: the corpus has no train split that demonstrations could come from.
        """
        if corpus.name not in self._surveys:
            self._surveys[corpus.name] = self._surveyed(corpus)
        return self._surveys[corpus.name]

    def inputs(self) -> list[Path]:
        """The files that were read; a split that is cut from another reads that one's."""
        found: set[Path] = set()
        for (_, split), config in self._read_splits.items():
            parent = config.cut[split].of if split in config.cut else split
            found.update(split_paths(config, parent, data_root=self._data_root))
        return sorted(found)

    # From a corpus' files to what may be taken

    def _read(self, corpus: Corpus, split: str) -> Iterator[Document]:
        self._read_splits[corpus.name, split] = corpus.config
        return read_corpus(corpus.config, split, data_root=self._data_root, bad=self.rejected.bad(corpus.config, split))

    def _kept(self, corpus: Corpus, split: str, dropped: Counter[str]) -> Iterator[Document]:
        seen, leaks = Seen(), self._leaks()
        for document in self._read(corpus, split):
            if self._mix.deduplicate and not seen.add(document.text):
                dropped["duplicate"] += 1
            elif leaks is not None and leaks.holds(split, document.text):
                dropped["leak"] += 1
            elif split == "train" and not self._keeps(corpus, document):
                dropped["empty"] += 1
            else:
                yield document

    def _keeps(self, corpus: Corpus, document: Document) -> bool:
        if self._mix.empty >= 1 or any(corpus.gold(document, task) for task in corpus.tasks):
            return True
        return keeps_empty(self._mix.empty, seed=self._mix.seed, corpus=corpus.name, id=document.id)

    def _limited(self, corpus: Corpus, split: str, dropped: Counter[str]) -> Iterable[Document]:
        """At most `limit` Documents, those that draw the smallest numbers, in the corpus' order: a larger limit holds a smaller one."""
        documents = self._kept(corpus, split, dropped)
        limits = [limit for limit in (corpus.settings.limit.get(split), self._mix.limit) if limit is not None]
        if not limits:
            return documents
        drawn = heapq.nsmallest(min(limits), enumerate(documents), key=lambda item: draw(self._mix.seed, "limit", item[1].id))
        return (document for _, document in sorted(drawn, key=lambda item: item[0]))

    def _leaks(self) -> Leaks | None:
        """Every text of dev and test, also of splits that the mix does not take or limits: another build may take them."""
        if self._held_out is None and self._mix.remove_leaks:
            self._held_out = Leaks()
            for corpus in {corpus.name: corpus for corpus in self._corpora}.values():
                for split in filter(corpus.has, ("test", "dev")):
                    self._progress(f"{corpus.name} {split}: texts that must not leak")
                    for document in self._read(corpus, split):
                        self._held_out.hold(split, document.text)
        return self._held_out

    # What has to be known before the first question

    def _copies(self) -> dict[str, dict[str, int]]:
        """Corpus → id → how often the Document is taken; a corpus that is not in it gives each of its Documents once."""
        if self._copies_of is None:
            self._copies_of = self._counted()
        return self._copies_of

    def _counted(self) -> dict[str, dict[str, int]]:
        mix, corpora = self._mix, [corpus for corpus in self._corpora if corpus.takes("train")]
        takes = {corpus.name: take_of(corpus.settings.take) for corpus in corpora}
        if mix.temperature is None and mix.few_shot is None and all(take.kind == "full" for take in takes.values()):
            return {}
        ids = {corpus.name: self._ids(corpus) for corpus in corpora}
        sizes = {name: len(own) for name, own in ids.items()}
        quota = quotas(sizes, takes, max_documents=mix.max_documents, temperature=mix.temperature)
        return {name: chosen(own, quota[name], seed=mix.seed, corpus=name) for name, own in ids.items()}

    def _ids(self, corpus: Corpus) -> list[str]:
        """The train Documents that there are to choose from, or the few-shot set of them."""
        self._progress(f"{corpus.name} train: which documents to take")
        documents = self._limited(corpus, "train", Counter())
        if self._mix.few_shot is None:
            return [document.id for document in documents]
        labels = ((document.id, _label_counts(corpus, document)) for document in documents)
        named = ((id, {"/".join(label): count for label, count in counts.items()}) for id, counts in labels)
        return sorted(few_shot(named, self._mix.few_shot, seed=self._mix.seed, corpus=corpus.name))

    def _surveyed(self, corpus: Corpus) -> Survey:
        mix = self._mix
        if not mix.demonstrations.count and not mix.labels.hard_negatives:
            return Survey()
        train = next((one for one in self._corpora if one.name == corpus.name and one.takes("train")), corpus)
        if not train.has("train"):
            if mix.demonstrations.count:
                raise SettingsError(f"demonstrations: {corpus.name} has no train split that they could come from.")
            return Survey()
        pool = self._pool(train) if mix.demonstrations.count else None
        return Survey(pool, self._confusable(train) if mix.labels.hard_negatives else {})

    def _pool(self, corpus: Corpus) -> Pool:
        self._progress(f"{corpus.name} train: demonstrations")
        return Pool(self._solved(corpus), seed=self._mix.seed, corpus=corpus.name)

    def _solved(self, corpus: Corpus) -> Iterator[tuple[Document, set[LabelOfKind]]]:
        """The Documents that training takes with the labels they hold; where texts are cut, those that are short enough not to be."""
        longest = self._mix.windows.tokens
        for document, _ in self.documents(corpus, "train"):
            if longest is None or self._count_tokens(document.text) <= longest:
                yield document, set(_label_counts(corpus, document))

    def _confusable(self, corpus: Corpus) -> dict[str, dict[str, tuple[str, ...]]]:
        self._progress(f"{corpus.name} train: labels that are easily confused")
        tasks = {sampled_kind(task): task for task in corpus.tasks}
        found: dict[str, dict[str, Counter[str]]] = {kind: {} for kind in tasks}
        for document, _ in self.documents(corpus, "train"):
            for kind, task in tasks.items():
                for label, string in strings_of(corpus.gold(document, task) or Answer(), kind):
                    found[kind].setdefault(label, Counter())[string] += 1
        return {kind: confusable_labels(found[kind], getattr(corpus.train_schemas[task], kind)) for kind, task in tasks.items()}


def _label_counts(corpus: Corpus, document: Document) -> dict[LabelOfKind, int]:
    """How often the Document holds each label that the tasks ask, with its kind: labels of different kinds may be equal."""
    found: dict[LabelOfKind, int] = {}
    for task in corpus.tasks:
        gold = corpus.gold(document, task) or Answer()
        for kind in TASKS.get(task).kinds:
            found.update({(kind, label): count for label, count in label_counts(gold, kind).items()})
    return found
