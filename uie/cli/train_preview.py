"""A `Preview` of a training → what `uie train --dry-run` prints: coloured on a terminal, plain in a file."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from uie.training.preview import FirstRecord, Preview, RecordsFound

_IDS = 12  # shown of the prompt's token ids
_GRADED = "bold green"


def print_preview(found: "Preview", console: Console) -> None:
    for title, lines in _sections(found):
        console.print(Text(title, style="bold"))
        for line in lines:
            console.print(Text("  ") + line if isinstance(line, Text) else Text(f"  {line}"), soft_wrap=True)
        console.print()


def _sections(found: "Preview") -> Iterator[tuple[str, Iterable[str | Text]]]:
    if found.first:
        yield f"First record: {found.first.id}", _first(found.first)
    for name, part in (("Records to learn from", found.train), ("Records of dev", found.dev)):
        if part:
            yield name, _records(part)
    if batches := found.batches:
        packing = {"prefix": "shared beginnings computed once", "none": "none"}[batches.packing]
        yield (
            "Batches",
            [
                f"{batches.steps:,} steps, {batches.epochs:.2f} epochs; the learning rate rises for {batches.warmup_steps:,} steps",
                f"packing: {packing}" + (f" ({batches.packing_note})" if batches.packing_note else ""),
                f"{batches.shared_share:.0%} of the prompt tokens saved, {batches.padding_share:.0%} padding",
            ],
        )
    if parameters := found.parameters:
        share = parameters.trained / (parameters.trained + parameters.frozen)
        yield "Parameters", [parameters.what, f"{parameters.trained:,} trained ({share:.2%}), {parameters.frozen:,} frozen"]
    if memory := found.memory:
        together = ("together", memory.total, "")
        offloaded = [(f"{name}, offloaded", size, formula) for name, size, formula in memory.offloaded]
        rows = [*memory.parts, together, *offloaded]
        width = max(len(name) for name, _, _ in rows)
        yield (
            "Memory of each process, roughly, at the longest micro-batch",
            [f"{name:<{width}}  {_bytes(size):>9}  {formula}".rstrip() for name, size, formula in rows],
        )
    yield "Processes", found.processes


def _first(first: "FirstRecord") -> Iterator[str | Text]:
    prompt_tokens = len(first.input_ids) - first.graded
    yield f"prompt, {prompt_tokens} tokens, not graded:"
    yield from (f"  {line}" for line in first.prompt.splitlines())
    yield f"answer, {first.graded} tokens, graded:"
    yield from (Text(f"  {line}", style=_GRADED) for line in first.answer.splitlines())
    ids = [str(id) for id in first.input_ids[:prompt_tokens]]
    shown = ids if len(ids) <= _IDS else [*ids[: _IDS // 2], "…", *ids[-_IDS // 2 :]]
    graded = [f"{id}={piece!r}" for id, piece in zip(first.input_ids[-first.graded :], first.pieces[-first.graded :], strict=True)]
    yield Text.assemble(f"token ids: {' '.join(shown)} | ", (" ".join(graded), _GRADED))


def _records(part: "RecordsFound") -> Iterator[str]:
    yield (
        f"{part.kept:,} records; tokens: {part.mean_tokens:.1f} on average ({part.mean_graded:.1f} graded), "
        f"at most {part.longest_tokens:,} ({part.longest_id})"
    )
    for reason, count, id in part.reasons:
        yield f"{count:,} cannot be learned from: {reason} (first: {id})"


def _bytes(size: int) -> str:
    for unit, of in (("GiB", 2**30), ("MiB", 2**20)):
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size / 1024:.1f} KiB"
