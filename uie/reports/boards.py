"""A board's table → terminal, Markdown, JSON; and all boards → the table of docs. Draws what `uie.scoring.boards` put together."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from uie.reports.figures import percent, plural
from uie.scoring.boards import Block, Board, BoardRun, Line, board_names, load_board
from uie.storage import whole_file, write_json

Json = dict[str, Any]
VERSION = 1
_HEADS = ("system", "rule", "P", "R", "F1", "95 %")


def print_board(run: BoardRun, console: Console | None = None) -> None:
    """The board's table, a block for each measure; figures that do not compare have a letter that is explained below."""
    (console or Console()).print(board_report(run))


def board_report(run: BoardRun) -> Group:
    """What `print_board` prints."""
    parts: list[RenderableType] = [Text(run.board.title, style="bold")]
    parts += [Text(run.board.about)] if run.board.about else []
    parts += [Text(line, style="dim") for line in _facts(run)]
    for block in run.blocks:
        marks = _marks(block)
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, header_style="dim", border_style="dim")
        for head in _HEADS:
            table.add_column(
                head, justify="left" if head in ("system", "rule") else "right", overflow="fold", no_wrap=head != "system"
            )
        for line in block.lines:
            style = {"ours": "bold", "lookup": "dim", "published": ""}[line.kind]
            table.add_row(*(Text(cell, style=style) for cell in _cells(line, marks)))
        parts += [Text(), Text(_title(block), style="bold"), table]
        parts += [Text(f"{letter} does not compare: {mark}.", style="yellow") for mark, letter in marks.items()]
        parts += [Text(source, style="dim") for source in _sources(block)]
    if run.notes:
        parts += [Text(), *(Text(note, style="yellow") for note in run.notes)]
    return Group(*parts)


def board_to_markdown(run: BoardRun) -> str:
    """The same as the terminal shows."""
    parts = [f"## {_escaped(run.board.title)}", _escaped(run.board.about), _escaped(" · ".join(_facts(run)))]
    for block in run.blocks:
        marks = _marks(block)
        rows = [_cells(line, marks) for line in block.lines]
        lines = [_HEADS, ("---", "---", *["---:"] * 4), *rows]
        parts += [f"**{_escaped(_title(block))}**", "\n".join(_row(line) for line in lines)]
        parts += ["\n".join(f"- {letter} does not compare: {_escaped(mark)}." for mark, letter in marks.items())] if marks else []
        parts += ["\n".join(f"- {_escaped(source)}" for source in _sources(block))] if _sources(block) else []
    if run.notes:
        parts.append("\n".join(f"> {_escaped(note)}" for note in run.notes))
    return "\n\n".join(filter(None, parts)) + "\n"


def board_to_json(run: BoardRun) -> Json:
    """`{"version", "board", "title", "system", "seconds", "facts", "blocks": [{"corpus", "split", "task", "measure", "documents", "lines":
    [{"system", "kind", "split", "rule", "precision", "recall", "f1", "f1_low", "f1_high", "mark", "year", "source"}]}], "notes"}`.

    Figures are shares from 0 to 1, null where they are not known; "mark" is why a line does not compare with the others, "" where it does.
    """
    return {
        "version": VERSION,
        "board": run.board.name,
        "title": run.board.title,
        "system": run.system,
        "seconds": run.seconds,
        "facts": dict(run.facts),
        "blocks": [_block_to_json(block) for block in run.blocks],
        "notes": list(run.notes),
    }


def save_board(run: BoardRun, folder: Path) -> None:
    """Writes `board.json` and `board.md` into the folder."""
    write_json(folder / "board.json", board_to_json(run))
    with whole_file(folder / "board.md") as file:
        file.write(board_to_markdown(run))


def boards_table(boards: Iterable[Board] | None = None) -> str:
    """All boards as a Markdown table, with what was published, for the documentation."""
    found = [load_board(name) for name in board_names()] if boards is None else list(boards)
    heads = ("board", "corpora", "rules", "published F1", "source")
    rows = [(f"`{board.name}`: {board.title}", _corpora(board), ", ".join(board.rules), *_published(board)) for board in found]
    return "\n".join(_row(line) for line in (heads, ("---",) * len(heads), *rows))


def _corpora(board: Board) -> str:
    listed = []
    for one in board.corpora:
        tasks = f": {', '.join(one.tasks)}" if one.tasks else ""
        listed.append(f"{one.corpus} {one.split}{' (whole)' if one.whole else ''}{tasks}")
    return "<br>".join(listed)


def _published(board: Board) -> tuple[str, str]:
    figures = [f"{p.system}, {p.measure}: {p.figure:.2f} ({p.split}, {p.rule}, {p.year})" for p in board.published]
    sources = dict.fromkeys(f"{p.source} ({p.listed})" if p.listed else p.source for p in board.published)
    return "<br>".join(figures) or "none", "<br>".join(sources)


def _block_to_json(block: Block) -> Json:
    return {
        "corpus": block.corpus,
        "split": block.split,
        "task": block.task,
        "measure": block.measure,
        "documents": block.documents,
        "lines": [_line_to_json(line) for line in block.lines],
    }


def _line_to_json(line: Line) -> Json:
    interval = None if line.intervals is None else line.intervals.f1
    return {
        "system": line.system,
        "kind": line.kind,
        "split": line.split,
        "rule": line.rule,
        "precision": line.precision,
        "recall": line.recall,
        "f1": line.f1,
        "f1_low": None if interval is None else interval.low,
        "f1_high": None if interval is None else interval.high,
        "mark": line.mark,
        "year": line.year,
        "source": line.source,
    }


def _facts(run: BoardRun) -> list[str]:
    said = [f"{name.replace('_', ' ')} {fact}" for name, fact in run.facts.items() if fact is not None and name != "board"]
    documents = sum({block.corpus: block.documents for block in run.blocks}.values())
    rate = [f"{documents / run.seconds:,.1f} documents/s"] if run.seconds else []
    return [" · ".join([f"board {run.board.name}", *said, *rate])]


def _title(block: Block) -> str:
    return f"{block.corpus}, {block.split}: {block.measure} ({plural(block.documents, 'document')})"


def _marks(block: Block) -> dict[str, str]:
    """Reasons why lines do not compare, each with its letter."""
    reasons = dict.fromkeys(line.mark for line in block.lines if line.mark)
    return {mark: chr(ord("a") + number) for number, mark in enumerate(reasons)}


def _sources(block: Block) -> list[str]:
    """Each source with the systems whose figures stand there."""
    systems: dict[str, list[str]] = {}
    for line in block.lines:
        if line.source:
            systems.setdefault(line.source, []).append(_named(line))
    return [f"{'; '.join(names)}: {source}" for source, names in systems.items()]


def _named(line: Line) -> str:
    return line.system if line.year is None else f"{line.system}, {line.year}"


def _cells(line: Line, marks: Mapping[str, str]) -> Sequence[str]:
    interval = None if line.intervals is None else line.intervals.f1
    between = "" if interval is None else f"{percent(interval.low, 1)}–{percent(interval.high, 1)}"
    shares = ("" if share is None else percent(share) for share in (line.precision, line.recall))
    mark = f" [{marks[line.mark]}]" if line.mark else ""
    return (_named(line), line.rule, *shares, f"{percent(line.f1)}{mark}", between)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\*_`<[" else character for character in text)
