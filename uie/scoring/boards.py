"""`dataset_configs/boards/NAME.yaml` → a `Board`: what is scored by which rule, and what others published; and scores → its table.

A published figure stands beside ours unmarked only where corpus, split, task, measure and rule are the same and ours is of the whole
split as the corpus' makers have it. Else it is marked with the reason, and so is our own line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from uie import resources
from uie.errors import SettingsError, unknown_name
from uie.scoring import RULES
from uie.scoring.rules import MEASURES, is_main
from uie.scoring.scores import Row, Scores
from uie.scoring.uncertainty import Intervals
from uie.settings import build, read_yaml

_KIND, _FOLDER = "dataset_configs", "boards/"


@dataclass(frozen=True, slots=True)
class BoardCorpus:
    """One split of a corpus (a name of `dataset_configs`); `whole`: as its files have it, before anything is cut from it.

    `tasks` are what is asked and scored; default: all that the corpus annotates.
    """

    corpus: str
    split: str = "test"
    whole: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """One published F1, in percent. `source` says exactly where it stands, `listed` where it was looked up if not there."""

    system: str
    figure: float
    corpus: str
    split: str
    task: str
    measure: str
    rule: str
    year: int
    source: str
    listed: str = ""
    average: Literal["micro", "macro"] = "micro"


@dataclass(frozen=True, slots=True)
class Board:
    """Raises SettingsError where a rule, task or measure is unknown, or a figure is of no corpus of the board or no percentage."""

    name: str
    title: str
    corpora: tuple[BoardCorpus, ...]
    about: str = ""
    rules: tuple[str, ...] = ("strict",)
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        names = [one.corpus for one in self.corpora]
        if not names or len(set(names)) < len(names):
            raise SettingsError("corpora: expected one entry for each corpus, at least one.")
        for place, rules in (("rules", self.rules), *((f"published.{n}.rule", (p.rule,)) for n, p in enumerate(self.published))):
            for rule in rules:
                if rule not in RULES:
                    raise SettingsError(f"{place}: {unknown_name('scoring rule', rule, RULES)}")
        for number, one in enumerate(self.published):
            self._check(one, f"published.{number}")

    def _check(self, one: Published, place: str) -> None:
        names = [corpus.corpus for corpus in self.corpora]
        if one.corpus not in names:
            raise SettingsError(f"{place}.corpus: {unknown_name('corpus of this board', one.corpus, names)}")
        if one.measure not in MEASURES.get(one.task, ()):
            raise SettingsError(
                f"{place}.measure: {unknown_name(f'measure of {one.task}', one.measure, MEASURES.get(one.task, ()))}"
            )
        if not 1 < one.figure <= 100:
            raise SettingsError(f"{place}.figure: expected a percentage, such as 71.47, found {one.figure:g}.")
        if not one.source.strip():
            raise SettingsError(f"{place}.source: a figure needs to say where it stands.")


def load_board(name: str) -> Board:
    """The board that `name` means: a name of `board_names`, or the path of a YAML file.

    Raises:
        SettingsError: there is none, or it is wrong; all mistakes of keys and types are named at once.
    """
    path = resources.find(_KIND, name if name.endswith(".yaml") else f"{_FOLDER}{name}", ".yaml")
    if path is None:
        raise SettingsError(unknown_name("board", name, board_names()))
    return build(Board, read_yaml(path), where=str(path))


def board_names() -> list[str]:
    """Every board, the user's own in `./dataset_configs/boards` among them."""
    names = resources.names(_KIND, ".yaml")
    return sorted(name.removeprefix(_FOLDER) for name in names if name.startswith(_FOLDER))


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored on one corpus of a board: by rule, ours and the lookup baseline's (empty without training documents).

    `why_not`: why no published figure is of these documents; "" where they are the whole split as its makers have it. `name` is the
    corpus' own where the board names it by the path of its config.
    """

    corpus: BoardCorpus
    documents: int
    scores: Mapping[str, Scores]
    baseline: Mapping[str, Scores] = field(default_factory=dict)
    why_not: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One system on one measure; figures are shares from 0 to 1, precision and recall None where they were not published.

    `mark` says why it does not compare with the other kind; "" where it does.
    """

    system: str
    kind: Literal["ours", "lookup", "published"]
    split: str
    rule: str
    f1: float
    precision: float | None = None
    recall: float | None = None
    intervals: Intervals | None = None
    mark: str = ""
    year: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one corpus, task and measure: ours, then the lookup baseline, then what was published, the best first."""

    corpus: str
    split: str
    task: str
    measure: str
    documents: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class BoardRun:
    """What came of a board: `blocks` is the table, `results` the scores behind it, `notes` what a reader must know, `system` our name.

    `facts` say what predicted; `seconds` is the time spent answering, None where predictions were given; `out` where they lie.
    """

    board: Board
    system: str
    results: tuple[Scored, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    out: Path | None = None


def blocks(board: Board, results: Sequence[Scored], *, system: str) -> tuple[Block, ...]:
    """The table of a board: for every corpus its main measures and those that figures were published for. `system` names ours."""
    return tuple(block for one in results for block in _blocks(board, one, system))


def _blocks(board: Board, result: Scored, system: str) -> list[Block]:
    shown = {(p.task, p.measure) for p in board.published if p.corpus == result.corpus.corpus}
    rows = [(rule, row) for rule, scores in result.scores.items() for row in scores.rows]
    keys = dict.fromkeys((row.task, row.measure) for _, row in rows)
    return [
        Block(
            result.name or result.corpus.corpus,
            result.corpus.split,
            task,
            measure,
            result.documents,
            tuple(_lines(board, result, system, [(rule, row) for rule, row in rows if (row.task, row.measure) == (task, measure)])),
        )
        for task, measure in keys
        if is_main(task, measure) or (task, measure) in shown
    ]


def _lines(board: Board, result: Scored, system: str, rows: Sequence[tuple[str, Row]]) -> list[Line]:
    task, measure = rows[0][1].task, rows[0][1].measure
    corpus, split = result.corpus.corpus, result.corpus.split
    published = [p for p in board.published if (p.corpus, p.task, p.measure) == (corpus, task, measure)]
    lines = [_line(system, "ours", split, row, result.why_not if published else "") for _, row in rows]
    for rule, ours in rows:
        baseline = result.baseline.get(rule)
        row = None if baseline is None else _same(baseline, ours)
        if row is not None:
            lines.append(_line("lookup of training mentions", "lookup", split, row, ""))
    for one in sorted(published, key=lambda p: -p.figure):
        mark = _why_not(one, result, {row.rule for _, row in rows})
        source = f"{one.source} ({one.listed})" if one.listed else one.source
        lines.append(Line(one.system, "published", one.split, one.rule, one.figure / 100, mark=mark, year=one.year, source=source))
    return lines


def _same(scores: Scores, row: Row) -> Row | None:
    found = (r for r in scores.rows if (r.dataset, r.task, r.measure, r.rule) == (row.dataset, row.task, row.measure, row.rule))
    return next(found, None)


def _line(system: str, kind: Literal["ours", "lookup"], split: str, row: Row, mark: str) -> Line:
    return Line(system, kind, split, row.rule, row.f1, row.precision, row.recall, row.intervals, mark)


def _why_not(one: Published, result: Scored, rules: set[str]) -> str:
    reasons = [f"of split {one.split}"] if one.split != result.corpus.split else []
    if one.rule not in rules:
        reasons.append(f"by the rule {one.rule}, which was not used here")
    if one.average != RULES.get(one.rule).facts.headline:
        reasons.append(f"{one.average} average")
    if result.why_not and not reasons:
        reasons.append("of the whole split")
    return "; ".join(reasons)
