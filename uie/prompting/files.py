"""A prompt's name or path → its file, read and checked: a `Prompt`."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from uie import resources
from uie.errors import PromptError, SettingsError, unknown_name
from uie.formats import FORMATS
from uie.prompting.templates import blocks_that_see, split_file
from uie.settings import build, parse_yaml
from uie.tasks import TASKS


@dataclass(frozen=True, slots=True)
class Prompt:
    """A wording that was read and compiled without a mistake.

    `formats` names the answer formats whose rule the wording spells out by itself; empty: it states any format's rule.
    `demonstrates` names the blocks that show solved examples. `exact`: its bytes are another project's and stay as they are.
    `sha256` is the file's, for manifests.
    """

    name: str
    task: str
    lang: str
    formats: tuple[str, ...]
    about: str
    path: Path
    sha256: str
    demonstrates: tuple[str, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    task: str
    lang: Literal["en", "zh"]  # the languages in which formats word their rule
    about: str
    formats: tuple[str, ...] = ()
    exact: bool = False


def prompt_names(task: str | None = None, lang: str | None = None) -> list[str]:
    """The names of all prompts, the user's own among them, or of those for one task or in one language. Opens no file."""
    names = sorted(resources.names("prompts", ".jinja"))
    if task is not None:
        names = [name for name in names if name.startswith(f"{task.lower()}/")]
    return names if lang is None else [name for name in names if name.endswith(f".{lang}")]


def load_prompt(name: str) -> Prompt:
    """The prompt of that name (`ner/default.en`), or in that file (a path that ends in `.jinja`).

    Raises:
        PromptError: nobody has such a prompt, or its file is broken; the message names file and line.
    """
    path = resources.find("prompts", name, ".jinja")
    if path is None:
        raise PromptError(unknown_name("prompt", name, prompt_names()))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PromptError(f"{path}: cannot be read: {error.strerror}.") from None
    front = _front_matter(content, path)
    if not name.endswith(".jinja") and not (name.startswith(f"{front.task.lower()}/") and name.endswith(f".{front.lang}")):
        expected = f"{front.task.lower()}/….{front.lang}"
        raise PromptError(
            f"{path}: task {front.task} and lang {front.lang} belong to a name {expected}; rename the file or mend them."
        )
    digest = sha256(content).hexdigest()
    demonstrates = blocks_that_see("demonstrations", path, digest)
    return Prompt(name, front.task, front.lang, front.formats, front.about, path, digest, demonstrates, front.exact)


def _front_matter(content: bytes, path: Path) -> _FrontMatter:
    head, _ = split_file(content, path)
    mapping = parse_yaml(head, where=str(path), error=PromptError)
    if mapping.get("formats") == "any":
        mapping["formats"] = []
    try:
        front = build(_FrontMatter, mapping, where=str(path))
    except SettingsError as error:
        raise PromptError(f"{error}.") from None
    if front.task not in TASKS:
        raise PromptError(f"{path}: task: {unknown_name('task', front.task, TASKS)}")
    for name in front.formats:
        if name not in FORMATS:
            raise PromptError(f"{path}: formats: {unknown_name('format', name, FORMATS)}")
        if front.task not in FORMATS.get(name).TASKS:
            raise PromptError(
                f"{path}: formats: {name} does not write {front.task}; it writes {', '.join(FORMATS.get(name).TASKS)}."
            )
    return front
