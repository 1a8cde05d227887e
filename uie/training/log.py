"""What happens while training → log.jsonl and stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from uie.storage import to_line
from uie.training.selection import LOGGED


class RunLog(TrainerCallback):
    """log.jsonl, and on stderr a bar for a terminal or one line per entry for a file."""

    _KEYS = {
        "loss": "loss",
        "eval_loss": "dev_loss",
        LOGGED: "f1",
        f"{LOGGED}_low": "f1_low",
        f"{LOGGED}_high": "f1_high",
        "learning_rate": "learning_rate",
        "grad_norm": "grad_norm",
    }

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bar: Progress | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._drop_after(state.global_step)
        if sys.stderr.isatty():
            from rich.console import Console

            columns = (
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("", total=state.max_steps, completed=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self._bar:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **given: Any) -> None:
        row: dict[str, Any] = {ours: (logs or {})[theirs] for theirs, ours in self._KEYS.items() if theirs in (logs or {})}
        if not row:
            return
        if parts := {key.removeprefix(f"{LOGGED}/"): f1 for key, f1 in (logs or {}).items() if key.startswith(f"{LOGGED}/")}:
            row["f1_of"] = parts
        with self._path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(to_line({"step": state.global_step, **row}))
        said = " ".join(f"{key} {row[key]:.4f}" for key in ("loss", "dev_loss", "f1") if key in row)
        if self._bar:
            self._bar.update(self._task, description=said)
        else:
            print(f"step {state.global_step}/{state.max_steps} {said}", file=sys.stderr, flush=True)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self._bar:
            self._bar.stop()

    def _drop_after(self, step: int) -> None:
        """Removes what a stopped run logged after the checkpoint that this one goes on from."""
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            self._path.write_text("".join(kept), encoding="utf-8")
