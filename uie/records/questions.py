"""Documents of one corpus and split → groups of Records: which wording, labels and demonstrations the questions of a group get."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from uie.documents import Document
from uie.prompting import Prompt
from uie.records.asking import Asker, Examples, asker, chunks, no_examples
from uie.records.demonstrations import GroupExamples
from uie.records.drawing import choose, share_of
from uie.records.labels import drawn_schema, labels_of, sampled_kind
from uie.records.mix import Mix
from uie.records.mix import Windows as WindowSettings
from uie.records.record import Record
from uie.records.selection import Corpus, Survey
from uie.records.windows import CountTokens, Window, cut_to, lost, windows
from uie.records.writing import Shard
from uie.tasks import TASKS


@dataclass(slots=True)
class Row:
    """What one corpus gave to one split for one task.

    `documents` were asked; `empty` counts records with nothing to find, `lost` the items that no window holds, `dropped` the
    Documents that were left out and why, `repeated` the records that a composed order took once more; `cut` says that the split was
    cut from another, or lost what was.
    """

    dataset: str
    split: str
    task: str
    documents: int = 0
    records: int = 0
    empty: int = 0
    cut: bool = False
    lost: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """What one question is about: a whole Document (`start` is None) or a window of it."""

    document: Document
    start: int | None = None


def pieces(document: Document, settings: WindowSettings, count_tokens: CountTokens) -> tuple[list[Piece], Mapping[str, int]]:
    """The Document as it is asked, and how many of its items, by kind, no window holds.

    Windows tile the text, or overlap: white space between two belongs to the first.
    """
    if settings.tokens is None:
        return [Piece(document)], {}
    found = windows(document.text, count_tokens=count_tokens, longest=settings.tokens, overlap=settings.overlap)
    if len(found) == 1:
        return [Piece(document)], {}
    starts = [0, *(window.start for window in found[1:])]
    ends = [*(max(window.end, start) for window, start in zip(found, starts[1:], strict=False)), len(document.text)]
    tiles = [Window(start, end) for start, end in zip(starts, ends, strict=True)]
    return [Piece(cut_to(document, tile)[0], tile.start) for tile in tiles], lost(document, tiles)


@dataclass(frozen=True, slots=True)
class Group:
    """Records with the same beginning that stay together. `turn` counts, over all of a split, the moments at which groups come."""

    turn: int
    copy: int
    records: Sequence[Record]


class Questions:
    """Asks one task of the Documents of one corpus and split; `row` counts what came of it.

    `turns` counts for all that ask in the split. Of the groups of a turn that does not fall to the shard nothing is made or counted.
    `without_gold` are the ids of the Documents that are not annotated for the task.
    """

    def __init__(
        self,
        mix: Mix,
        corpus: Corpus,
        task: str,
        prompts: Sequence[Prompt],
        row: Row,
        *,
        survey: Survey,
        turns: Iterator[int],
        shard: Shard,
    ) -> None:
        self.row = row
        self.without_gold: set[str] = set()
        self._turns, self._shard = turns, shard
        self._mix = mix
        self._corpus = corpus
        self._task = task
        self._survey = survey
        self._is_train = row.split == "train"
        self._draws = mix.labels.draws
        self._schema = (corpus.train_schemas if self._is_train else corpus.schemas)[task]
        self._askers = [asker(task, self._schema, prompt, mix.format, chunk=mix.labels.chunk) for prompt in prompts]
        self._waiting: dict[int, list[Piece]] = {}
        self._groups: Counter[int] = Counter()

    def add(self, asked: Sequence[Piece], copies: int, lost: Mapping[str, int]) -> Iterator[Group]:
        """Takes a Document in pieces; gives the groups of records that are complete with it.

        Copies are asked in groups of their own, and so in other words and about other labels.
        """
        taken = [copy for copy in range(1, copies + 1) if self._takes(asked[0].document.id, copy)]
        if taken:
            self.row.documents += 1
            self._count_lost(lost)
        for copy in taken:
            for piece in asked:
                waiting = self._waiting.setdefault(copy, [])
                waiting.append(piece)
                if len(waiting) == self._mix.share:
                    yield from self._groups_of(copy)

    def rest(self) -> Iterator[Group]:
        """The groups of the pieces that wait."""
        for copy in list(self._waiting):
            yield from self._groups_of(copy)

    def _count_lost(self, lost: Mapping[str, int]) -> None:
        """Of what the task asks."""
        for kind, count in lost.items():
            if kind in TASKS.get(self._task).kinds or (kind == "arguments" and self._task in ("EE", "EEA")):
                self.row.lost[kind] = self.row.lost.get(kind, 0) + count

    def _takes(self, id: str, copy: int) -> bool:
        share = self._corpus.settings.sometimes.get(self._task, 1.0) if self._is_train else 1.0
        return share == 1 or share_of(self._mix.seed, "sometimes", self._corpus.name, self._task, id, copy) < share

    def _groups_of(self, copy: int) -> Iterator[Group]:
        """The records about the pieces that wait, at most `share` with the same beginning at a time."""
        asked, number, turn = self._waiting.pop(copy), self._groups[copy], next(self._turns)
        self._groups[copy] += 1
        if not self._shard.has(turn):
            return
        together: dict[str, list[Record]] = {}
        for record in self._records(asked, copy, number):
            together.setdefault(record.instruct, []).append(record)
        for records in together.values():
            for start in range(0, len(records), self._mix.share):
                yield Group(turn, copy, records[start : start + self._mix.share])

    def _records(self, asked: list[Piece], copy: int, number: int) -> Iterator[Record]:
        key = (self._corpus.name, self._task, copy, number)
        one = self._asker(asked, key)
        examples = self._examples(one, asked, key)
        for piece in asked:
            for record, gold in one.questions(piece.document, start=piece.start, examples=examples(piece)):
                if gold is None:
                    self.without_gold.add(piece.document.id)
                    continue
                self.row.records += 1
                self.row.empty += not gold
                yield record if copy == 1 else replace(record, id=f"{record.id}~{copy}")

    def _asker(self, asked: list[Piece], key: tuple[str | int, ...]) -> Asker:
        """How the group is asked: drawn for train; in the first wording, for all labels, otherwise."""
        mix = self._mix
        if not self._is_train:
            return self._askers[0]
        one = choose(self._askers, mix.seed, "wording", *key)
        if not self._draws:
            return one
        kind = sampled_kind(self._task)
        golds = (self._corpus.gold(piece.document, self._task) for piece in asked)
        present = {label for gold in golds if gold is not None for label in labels_of(gold, kind)}
        confusable = self._survey.confusable.get(kind, {})
        schema = drawn_schema(self._schema, kind, present, mix.labels, confusable=confusable, seed=mix.seed, key=key)
        return replace(one, schemas=chunks(self._task, schema, mix.labels.chunk))

    def _examples(self, one: Asker, asked: list[Piece], key: tuple[str | int, ...]) -> Callable[[Piece], Examples]:
        settings, pool = self._mix.demonstrations, self._survey.pool
        if pool is None:
            return lambda piece: no_examples
        group = GroupExamples(settings, pool, one, key=key, texts=(piece.document.text for piece in asked))
        return lambda piece: group.of(piece.document.text)
