"""Where prompts, dataset configs and caches lie: names → paths."""

import os
from pathlib import Path

import uie

_PACKAGE = Path(uie.__file__).resolve().parent


def shipped(kind: str) -> Path:
    """The folder of ours named `kind` ("prompts" or "dataset_configs").

    In a wheel it is part of the package (`package_dir` in setup.cfg); an editable install does not get that mapping, so the
    checkout's own folder counts if the setup.cfg beside it is ours.
    """
    inside = _PACKAGE / kind
    beside = _PACKAGE.parent / kind
    setup = _PACKAGE.parent / "setup.cfg"
    if not inside.is_dir() and setup.is_file() and "name = uie-llm" in setup.read_text(encoding="utf-8"):
        return beside
    return inside


def search_path(kind: str) -> list[Path]:
    """Where files of `kind` are looked for, in this order: `./KIND` of the user, then ours."""
    own = Path.cwd() / kind
    ours = shipped(kind)
    return [own, ours] if own.is_dir() and own.resolve() != ours.resolve() else [ours]


def find(kind: str, name: str, suffix: str) -> Path | None:
    """The file that `name` means: a path as it stands, else NAME + suffix under the folders of `search_path`; None if there is none."""
    if name.endswith(suffix) and Path(name).is_file():
        return Path(name)
    for folder in search_path(kind):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    return None


def names(kind: str, suffix: str) -> dict[str, Path]:
    """Every file of `kind` by the name that `find` takes; a user's own file goes before ours of the same name."""
    found: dict[str, Path] = {}
    for folder in search_path(kind):
        for path in sorted(folder.rglob(f"*{suffix}")):
            found.setdefault(path.relative_to(folder).as_posix().removesuffix(suffix), path)
    return found


def samples() -> Path:
    """The folder of the sample corpora that ship with the package."""
    return _PACKAGE / "samples"


def cache_folder() -> Path:
    """Where fetched models are kept: `UIE_CACHE`, else `uie` under `XDG_CACHE_HOME` or `~/.cache`."""
    if own := os.environ.get("UIE_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "uie"
