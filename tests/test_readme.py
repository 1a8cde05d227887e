"""The documentation is true: its commands parse, its links lead somewhere, what is generated is current."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from uie.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def commands(page: Path) -> list[str]:
    """Lines of code blocks that call `uie`, joined where a backslash continues them; comments and pipes cut off."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    lines = (line.strip().removeprefix("$ ") for line in text.splitlines())
    return [line.split(" #")[0] for line in lines if re.match(r"uie [a-z]", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_documentation_parses(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line.split(" | ")[0].split(" > ")[0].split(" && ")[0])[1:]
        command: click.Command = cli
        context = click.Context(cli)
        while isinstance(command, click.Group):
            found = command.get_command(context, words[0])
            assert found is not None, line
            command, words = found, words[1:]
        command.make_context(command.name or "", list(words), resilient_parsing=False)


def test_the_readme_has_commands_to_check() -> None:
    assert len(commands(ROOT / "README.md")) >= 6
    assert commands(ROOT / "README.zh.md") == commands(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_generated_documentation_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "Stale: none\n")


def test_the_map_of_the_readme_names_every_package() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = [path.name for path in (ROOT / "uie").iterdir() if path.is_dir() and path.name != "__pycache__"]

    assert len(packages) >= 14
    assert [name for name in packages if f"uie/{name}/" not in text] == []
