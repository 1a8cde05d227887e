"""What happens while training → log.jsonl, training.html and stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from uie.reports.training_page import write_training_page
from uie.storage import to_line
from uie.training.selection import LOGGED, parts_and_types

LOG = "log.jsonl"


class RunLog(TrainerCallback):
    """log.jsonl, the page that is drawn from it, and on stderr a bar for a terminal or one line per entry for a file."""

    _TELLS = {"loss": "loss", "eval_loss": "dev_loss", LOGGED: "f1"}
    _MORE = {
        f"{LOGGED}_low": "f1_low",
        f"{LOGGED}_high": "f1_high",
        "learning_rate": "learning_rate",
        "grad_norm": "grad_norm",
        "seconds": "seconds",
        "records": "records",
        "graded_tokens_per_second": "graded_tokens_per_second",
        "tokens_per_second": "tokens_per_second",
        "padding_share": "padding_share",
        "shared_share": "shared_share",
        "memory": "memory",
    }

    def __init__(self, out: Path) -> None:
        self._out = out
        self._path = out / LOG
        self._bar: Progress | None = None
        self._resumed: dict[str, int] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._drop_after(state.global_step)
        self._resumed = {"resumed": state.global_step} if state.global_step else {}
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
        found = logs or {}
        if not any(key in found for key in self._TELLS):
            return
        row: dict[str, Any] = {ours: found[theirs] for theirs, ours in {**self._TELLS, **self._MORE}.items() if theirs in found}
        if "loss" in row:  # how many records a process computes at once becomes less when memory runs out
            row |= {"micro_batch": args.per_device_train_batch_size, **self._resumed}
            self._resumed = {}
        parts, types = parts_and_types(found)
        row |= {key: value for key, value in (("f1_of", parts), ("f1_of_type", types)) if value}
        with self._path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(to_line({"step": state.global_step, "steps": state.max_steps, **row}))
        if "loss" not in row:  # an evaluation: seldom enough to draw the page anew
            write_training_page(self._out)
        said = " ".join(f"{key} {row[key]:.4f}" for key in ("loss", "dev_loss", "f1") if key in row)
        if self._bar:
            self._bar.update(self._task, description=said)
        else:
            print(f"step {state.global_step}/{state.max_steps} {said}", file=sys.stderr, flush=True)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self._bar:
            self._bar.stop()
        if self._path.is_file():
            write_training_page(self._out)

    def _drop_after(self, step: int) -> None:
        """Removes what a stopped run logged after the checkpoint that this one goes on from."""
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]  # what is cut off has no end
            kept = [line + "\n" for line in lines if json.loads(line)["step"] <= step]
            self._path.write_text("".join(kept), encoding="utf-8")
