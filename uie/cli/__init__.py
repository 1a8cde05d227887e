"""The `uie` command: parses, calls one public function, prints the result to stdout and everything else to stderr.

Commands are imported when they are called, so that `uie --help` answers at once and loads no torch.
"""

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import click

from uie import __version__
from uie.errors import UIEError

COMMANDS = {
    "build-data": "uie.cli.build_data:command",
    "train": "uie.cli.train:command",
    "predict": "uie.cli.predict:command",
    "eval": "uie.cli.eval:command",
    "compare": "uie.cli.compare:command",
    "report": "uie.cli.report:command",
    "chat": "uie.cli.chat:command",
    "corpora": "uie.cli.corpora:group",
    "prompts": "uie.cli.prompts:group",
    "records": "uie.cli.records:group",
    "models": "uie.cli.models:group",
    "doctor": "uie.cli.doctor:command",
}
_SHORT = {
    "build-data": "Turn corpora into records to train and evaluate on.",
    "train": "Fine-tune a model on records (LoRA or full).",
    "predict": "Extract from a file of records, documents or text.",
    "eval": "Score predictions, or a model on records.",
    "compare": "Compare systems: differences with intervals and tests.",
    "report": "One HTML page of scores, with the documents.",
    "chat": "Extract interactively in the terminal.",
    "corpora": "List, fetch, check, show and convert corpora.",
    "prompts": "List, show, check and import prompts.",
    "records": "Show, measure and exchange records.",
    "models": "List, fetch, merge and convert models.",
    "doctor": "Versions, hardware and what is installed, for bug reports.",
}


def examples(*lines: str) -> str:
    """A help text's last paragraph: lines to paste."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class _Shown(click.ClickException):
    """An error the user can act on: one line, exit status 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"uie: error: {self.format_message()}", file=file or sys.stderr)


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and shows `UIEError`s and full disks as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _SHORT[name]) for name in COMMANDS])

    def invoke(self, ctx: click.Context) -> Any:
        return shown(lambda: super(LazyGroup, self).invoke(ctx))


def shown(run: Callable[[], Any]) -> Any:
    """Runs a command; what the user can act on becomes one line."""
    try:
        return run()
    except UIEError as error:
        raise _Shown(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None or error.strerror is None:
            raise
        raise _Shown(f"{error.filename}: {error.strerror}.") from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=examples(
        "uie build-data --config sample --out data/sample",
        "uie models fetch smollm2-135m-q4",
        "uie train --set model=smollm2-135m-q4 --set train=data/sample/train.jsonl --set out=runs/sample",
        "uie eval --model runs/sample --records data/sample/test.jsonl",
        "uie chat --model runs/sample",
    ),
)
@click.version_option(__version__, prog_name="uie")
@click.option("--local_rank", hidden=True, expose_value=False)  # deepspeed's launcher puts it there; the environment says it too
def cli() -> None:
    """Make an instruction-following language model extract entities, relations and events, and show how well it does."""


def _quiet_libraries() -> None:
    """Keeps what libraries say to their own developers off the user's terminal; their real warnings stay."""
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        warnings.filterwarnings("ignore", message="The PEFT config's `base_model_name_or_path` was renamed")
    logging.getLogger("DeepSpeed").addFilter(lambda record: "Setting accelerator to CPU" not in record.getMessage())


def main() -> None:
    """Entry point of the `uie` script."""
    _quiet_libraries()
    try:
        cli()
    except BrokenPipeError:  # the reader (head, less) has gone: not our business, and not worth a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
