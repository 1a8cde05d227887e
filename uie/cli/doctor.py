"""`uie doctor`."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import click

from uie import __version__
from uie.cli import examples
from uie.resources import cache_folder, search_path

_LIBRARIES = (
    "click",
    "rich",
    "jinja2",
    "pyyaml",
    "tokenizers",
    "seqeval",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "deepspeed",
)


@click.command(epilog=examples("uie doctor", "uie doctor > doctor.txt"))
def command() -> None:
    """Versions, hardware and what is installed, for bug reports."""
    rows = [
        ("uie", __version__),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("platform", platform.platform()),
        ("processors", str(os.cpu_count())),
        *((name, _version(name)) for name in _LIBRARIES),
        *_hardware(),
        ("prompts", ", ".join(map(str, search_path("prompts")))),
        ("dataset configs", ", ".join(map(str, search_path("dataset_configs")))),
        ("cache", str(cache_folder())),
    ]
    for name, value in rows:
        click.echo(f"{name:16} {value}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return (
            "not installed"
            if name not in ("torch", "transformers", "peft", "accelerate", "deepspeed")
            else ("not installed (needed to train and to run a model: pip install 'uie-llm[train]')")
        )


def _hardware() -> list[tuple[str, str]]:
    if find_spec("torch") is None:
        return []
    import torch

    rows = [("bfloat16 on CPU", "yes" if torch.cpu._is_avx512_bf16_supported() else "no")]
    if not torch.cuda.is_available():
        return [*rows, ("CUDA", "no device")]
    return [*rows, *((f"CUDA {i}", torch.cuda.get_device_name(i)) for i in range(torch.cuda.device_count()))]
