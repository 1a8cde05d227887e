"""What `uie records` found → text and tables for a terminal, drawn with rich; in a pipe without colours, and never cut or wrapped."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from uie.records.showing import Shown, printable
from uie.records.stats import LabelCount, Lengths, Stats

# Colours that are readable on dark and light: none for the prompt, the terminal's own green for what is graded.
_GRADED, _HEADING, _ASIDE = "green", "bold", "dim"
_INDENT = "  "
_NAMES = 14
_SHOWN = 3
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PIPE_WIDTH = 10_000


def console() -> Console:
    """The terminal; a pipe is as wide as any line, so that rich neither wraps nor cuts."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


# show


def show(one: Shown, console: Console) -> None:
    """One record: who it is, prompt, answer, and what was asked, given and left out."""
    for line in _record_lines(one, console.width):
        console.print(line)


def _record_lines(one: Shown, width: int) -> Iterator[Text]:
    record = one.record
    yield Text(f"── {printable(record.id)} ──", style=_HEADING)
    facts = [record.dataset, record.split, record.task, record.lang, record.format, record.prompt]
    yield from _indented(Text(" · ".join(printable(fact) for fact in facts if fact), style=_ASIDE), width)
    tokens = "" if one.prompt_tokens is None else f"{one.prompt_tokens} tokens, "
    yield _heading("prompt", f"{tokens}not graded")
    for part in filter(None, (record.instruct, record.query)):
        yield from _indented(Text(printable(part)), width)
    yield from _answer(one, width)
    for name, said in _about(one):
        yield from _hanging(name, printable(said), width)


def _answer(one: Shown, width: int) -> Iterator[Text]:
    if one.record.answer is None:
        yield _heading("answer", "not known")
        return
    if one.answer is None:
        yield _heading("answer", "graded, with the token that ends it")
        yield from _indented(Text(printable(one.record.answer), style=_GRADED), width)
        return
    count = sum(token.count for token in one.answer)
    yield _heading("answer", f"{count} tokens and the one that ends it, graded")
    shown = Text()
    for token in one.answer:
        shown.append("│" if shown and not shown.plain.endswith("\n") else "", style=_ASIDE)
        shown.append(printable(token.text).replace("\n", "⏎\n"), style=_GRADED)
        shown.append(str(token.count).translate(_POWERS) if token.count > 1 else "", style=_ASIDE)
    shown.append("│■", style=_ASIDE)
    yield from _indented(shown, width)


def _about(one: Shown) -> Iterator[tuple[str, str]]:
    """What was asked, given and left out: a heading and a sentence each."""
    record = one.record
    for kind, names in one.asked.items():
        yield "asked", f"{kind}: {', '.join(names)}"
    yield from (("given", given) for given in one.given)
    for kind, names in one.not_asked.items():
        yield "not asked", f"{kind} of {record.dataset}: {', '.join(names)}"
    if one.passed_over:
        yield "left out", f"in the text, but not asked here: {_counted(one.passed_over)}"
    if one.is_window:
        border = f"; its border cuts {_counted(one.cut)}" if one.cut else ""
        yield "window", f"characters {record.start} to {record.start + len(record.text)} of {record.document_id}{border}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _heading(name: str, aside: str) -> Text:
    return Text.assemble((name, _HEADING), (f" · {aside}", _ASIDE))


def _indented(text: Text, width: int) -> Iterator[Text]:
    for line in text.split("\n", allow_blank=True):
        for piece in line.wrap(Console(width=width), width - len(_INDENT)) or [Text()]:
            yield Text(_INDENT).append_text(piece)


def _hanging(name: str, said: str, width: int) -> Iterator[Text]:
    for number, piece in enumerate(Text(said).wrap(Console(width=width), max(width - _NAMES, 20))):
        yield Text((name if number == 0 else "").ljust(_NAMES), style=_HEADING).append(piece.plain, style="not bold")


# stats


def stats_tables(found: Sequence[Stats], *, unit: str) -> Iterator[Table]:
    """Sizes, labels, wordings; `unit` is what lengths count."""
    where = ("split", "corpus", "task")
    numbers = ("records", "empty %", f"prompt {unit}", f"answer {unit}", "same prompt", "same text", "common %")
    sizes = _table(*where, right=numbers)
    labels = _table(*where, "kind", right=("labels", "asked", "answered"), more=("answers, from most to least frequent",))
    wordings = _table(*where, right=(), more=("wordings",))
    for one in found:
        place = (one.split, printable(one.dataset) or "(no dataset)", printable(one.task))
        sizes.add_row(
            *place,
            f"{one.records:,}",
            _percent(one.empty),
            _lengths(one.prompt),
            _lengths(one.answer),
            f"{one.same_prompt:,}",
            f"{one.same_text:,}",
            _percent(one.common_prefix),
        )
        for kind, own in groupby(one.labels, key=lambda label: label.kind):
            labels.add_row(*place, kind, *_label_cells(list(own)))
        if any(one.wordings):
            wordings.add_row(*place, printable(_counted({name or "(not named)": count for name, count in one.wordings.items()})))
    yield from (table for table in (sizes, labels, wordings) if table.row_count)


def _label_cells(labels: list[LabelCount]) -> tuple[str, str, str, str]:
    """How many labels, how often they are asked (least to most) and answered in all; the three most and least frequent answers."""
    asked = sorted({label.asked for label in labels})
    times = f"{asked[0]:,}" if len(asked) == 1 else f"{asked[0]:,}–{asked[-1]:,}"
    most, least = labels[:_SHOWN], labels[max(_SHOWN, len(labels) - _SHOWN) :]
    named = [_counted({label.label: label.answered for label in own}) for own in (most, least) if own]
    between = " … " if len(labels) > 2 * _SHOWN else ", "
    return f"{len(labels):,}", times, f"{sum(label.answered for label in labels):,}", printable(between.join(named))


def _lengths(found: Lengths | None) -> str:
    return "" if found is None else f"{found.median}/{found.most}/{found.longest}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


# losses


def losses_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Of each corpus, task and kind of item the formats that lose as much, those that lose least first."""
    table = _table("corpus", "task", "items", right=("gold", "strings lost", "offsets lost"), more=("formats",))
    for row in rows:
        lost: dict[tuple[int, int], list[str]] = {}
        for format in row["strings"]:
            lost.setdefault((row["strings"][format], row["offsets"][format]), []).append(format)
        for number, ((strings, offsets), formats) in enumerate(sorted(lost.items())):
            first = number == 0
            table.add_row(
                *((row["corpus"], row["task"], row["kind"], f"{row['gold']:,}") if first else ("", "", "", "")),
                _lost(strings, row["gold"]),
                _lost(offsets, row["placed"]),
                ", ".join(formats),
            )
    return table


def _lost(count: int, of: int) -> Text:
    if not count:
        return Text("0" if of else "–", style=_ASIDE)
    return Text(f"{count:,} ({100 * count / of:.1f} %)")


def _table(*left: str, right: Sequence[str], more: Sequence[str] = ()) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, header_style=_ASIDE, border_style=_ASIDE)
    for name in left:
        table.add_column(name, overflow="fold", no_wrap=True)
    for name in right:
        table.add_column(Text(name.replace(" ", "\n", 1)), justify="right", no_wrap=True)
    for name in more:
        table.add_column(name, overflow="fold")
    return table
