"""Files of Records → what they hold, per split, corpus and task: lengths, empty answers, labels, duplicates, common beginnings."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uie.corpora.duplicates import Seen, text_key
from uie.errors import RecordError
from uie.formats import FORMATS
from uie.formats.salvage import NONE_WORDS
from uie.records.labels import label_counts
from uie.records.mix import SPLITS
from uie.records.record import Record, prompt_text, read_records
from uie.schema import KINDS
from uie.tasks.question import Answer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Lengths:
    """The median, the length that 95 % do not exceed, and the greatest."""

    median: int
    most: int
    "95 % are not longer"
    longest: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """`asked`: records that ask the label; `answered`: items of their answers that bear it."""

    kind: str
    label: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What the records of one file, corpus and task have; a share of nothing is None.

    `empty` is the share of the answers that find nothing. `same_prompt` counts records whose whole prompt an earlier one has,
    `same_text` those whose text (white space aside) is that of another document. `common_prefix` is the share of all prompts'
    characters, or tokens, that a record shares with the beginning of the record before it in the file, whatever that is about: what
    training and prediction can compute once. Labels are known where the record says its format.
    """

    split: str
    dataset: str
    task: str
    records: int
    prompt: Lengths
    answer: Lengths | None
    empty: float | None
    same_prompt: int
    same_text: int
    common_prefix: float | None
    wordings: dict[str, int]
    labels: tuple[LabelCount, ...] = field(default=())


def stats(source: Path, *, tokenizer: "Tokenizer | None" = None) -> tuple[Stats, ...]:
    """The statistics of a file of records, or of train, dev and test in a folder; lengths in tokens where a tokenizer is given.

    Raises:
        RecordError: there are no such files, or one is no file of records.
    """
    return tuple(one for path in _files(source) for one in _of_file(path, tokenizer))


def stats_to_json(one: Stats) -> dict[str, Any]:
    """As a JSON object."""
    return asdict(one)


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = [path for split in SPLITS if (path := source / f"{split}.jsonl").is_file()]
    if not found:
        names = ", ".join(f"{split}.jsonl" for split in SPLITS)
        raise RecordError(f"{source}: no records in this folder; expected one of {names}, as uie build-data writes them.")
    return found


def _of_file(path: Path, tokenizer: "Tokenizer | None") -> Iterator[Stats]:
    tallies: dict[tuple[str, str], _Tally] = {}
    before: Sequence[int] | str = ""
    records = read_records(path)
    while batch := list(islice(records, _BATCH)):
        prompts = _divided([prompt_text(record.instruct, record.query) for record in batch], tokenizer)
        answers = _divided([record.answer or "" for record in batch], tokenizer)
        for record, prompt, answer in zip(batch, prompts, answers, strict=True):
            tally = tallies.setdefault((record.dataset, record.task), _Tally())
            tally.add(record, prompt=len(prompt), answer=len(answer), common=_common(before, prompt))
            before = prompt
    for (dataset, task), tally in sorted(tallies.items()):
        yield tally.stats(path.stem, dataset, task)


def _divided(texts: list[str], tokenizer: "Tokenizer | None") -> Sequence[Sequence[int] | str]:
    """The tokens of each text; without a tokenizer the text itself, which is a sequence of characters."""
    if tokenizer is None:
        return texts
    encoded: Iterable[Any] = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [one.ids for one in encoded]


def _common(before: Sequence[int] | str, after: Sequence[int] | str) -> int:
    """How much of the beginning two prompts share."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class _Tally:
    """Counts of one file, corpus and task."""

    def __init__(self) -> None:
        self._prompts, self._answers = array("L"), array("L")
        self._answered = self._empty = self._common = self._same_prompt = self._same_text = 0
        self._seen_prompts = Seen()
        self._text_of: dict[bytes, int] = {}
        self._asked: Counter[tuple[str, str]] = Counter()
        self._found: Counter[tuple[str, str]] = Counter()
        self._wordings: Counter[str] = Counter()

    def add(self, record: Record, *, prompt: int, answer: int, common: int) -> None:
        self._prompts.append(prompt)
        self._common += common
        self._wordings[record.prompt] += 1
        self._same_prompt += not self._seen_prompts.add(prompt_text(record.instruct, record.query))
        document = hash(record.document_id)
        self._same_text += self._text_of.setdefault(text_key(record.text or record.query), document) != document
        if record.answer is not None:
            self._answered += 1
            self._answers.append(answer)
        self._add_labels(record)

    def _add_labels(self, record: Record) -> None:
        """What was asked and answered; of a record that names no format only whether its answer is a none word."""
        if record.format not in FORMATS or record.task not in FORMATS.get(record.format).TASKS:
            self._empty += record.answer is not None and record.answer.strip() in NONE_WORDS.values()
            return
        asked = record.asked()
        self._asked.update((kind, label.label) for kind in KINDS for label in getattr(asked, kind))
        if record.answer is None:
            return
        answer, problems = FORMATS.get(record.format).decode(record.answer, record.question())
        self._empty += not answer and all(problem.kind != "malformed" for problem in problems)
        self._found.update(_labels(answer))

    def stats(self, split: str, dataset: str, task: str) -> Stats:
        whole = sum(self._prompts)
        return Stats(
            split,
            dataset,
            task,
            len(self._prompts),
            _lengths(self._prompts),
            _lengths(self._answers) if self._answers else None,
            self._empty / self._answered if self._answered else None,
            self._same_prompt,
            self._same_text,
            self._common / whole if whole else None,
            dict(self._wordings.most_common()),
            tuple(
                LabelCount(*key, asked, self._found[key])
                for key, asked in sorted(
                    self._asked.items(), key=lambda item: (KINDS.index(item[0][0]), -self._found[item[0]], item[0])
                )
            ),
        )


def _labels(answer: Answer) -> Counter[tuple[str, str]]:
    return Counter({(kind, label): count for kind in KINDS for label, count in label_counts(answer, kind).items()})


def _lengths(found: Sequence[int]) -> Lengths:
    """By nearest rank: each figure is the length of some record."""
    ranked = sorted(found)
    return Lengths(*(ranked[max(math.ceil(share * len(ranked)) - 1, 0)] for share in (0.5, 0.95, 1.0)))
