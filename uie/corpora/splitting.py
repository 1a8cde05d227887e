"""The names of files in, which split each holds out: by the words train, dev, valid and test in them and in their folders' names."""

import re
from collections.abc import Mapping
from pathlib import Path

_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "valid", "validation", "val"), "dev"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
# What lies beside the data of a corpus: no suffix of data, or a name that says so.
_OTHER_SUFFIXES = {
    ".md",
    ".rst",
    ".py",
    ".sh",
    ".pdf",
    ".html",
    ".yaml",
    ".yml",
    ".conf",
    ".cfg",
    ".ini",
    ".png",
    ".gz",
    ".zip",
    ".tgz",
    ".lock",
    ".dtd",
}
_OTHER_NAMES = re.compile(
    r"(readme|licen[cs]e|source|citation|changelog|manifest|labels?|schema|stats|config|requirements|notice|dataset_infos?|dataset_dict|state)\b.*",
    re.I,
)
_MANY = 12  # files of a split in one folder that are listed by name; more become a pattern


def split_of_name(name: str) -> str | None:
    """The split that a file's name, or else the name of a folder it is in, speaks of: the last such word counts."""
    for part in reversed(Path(name).parts):
        found = [_WORDS[word] for word in re.findall(r"[a-z]+", part.lower()) if word in _WORDS]
        if found:
            return found[-1]
    return None


def siblings(path: Path) -> dict[str, list[Path]]:
    """A file by its split, with the files beside it whose names say other splits and nothing else otherwise.

    A file whose name says none is `train`, alone.
    """
    own = split_of_name(path.name)
    if own is None:
        return {"train": [path]}
    found = {own: [path]}
    for other in sorted(path.parent.iterdir()):
        split = split_of_name(other.name)
        if other.is_file() and split not in (None, *found) and _without_split(other.name) == _without_split(path.name):
            found[str(split)] = [other]
    return _ordered(found)


def data_files(folder: Path) -> dict[str, list[Path]]:
    """The files below a folder that may hold a corpus, by suffix. Hidden ones, documentation and lists of labels are none."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix not in _OTHER_SUFFIXES and not _OTHER_NAMES.fullmatch(path.name):
            found.setdefault(path.suffix, []).append(path)
    return found


def by_split(files: list[Path], folder: Path) -> dict[str, list[Path]]:
    """Files by split. Where some names say one, those that say none are left out; where none does, all are `train`."""
    found: dict[str, list[Path]] = {}
    for path in files:
        split = split_of_name(path.relative_to(folder).as_posix())
        if split is not None:
            found.setdefault(split, []).append(path)
    return _ordered(found) or {"train": files}


def patterns(files: list[Path], folder: Path) -> list[str]:
    """The files as a config lists them: by name below the folder, or by a pattern where there are many that it fits, and no others."""
    names = [path.relative_to(folder).as_posix() for path in files]
    parents = {path.parent for path in files}
    if len(files) <= _MANY:
        return names
    wanted = [(parent / f"*{files[0].suffix}").relative_to(folder).as_posix() for parent in sorted(parents)]
    fitting = {path for pattern in wanted for path in folder.glob(pattern)}
    return wanted if fitting == set(files) else names


def _without_split(name: str) -> str:
    return "".join(word for word in re.split(r"([A-Za-z]+)", name) if word.lower() not in _WORDS)


def _ordered(found: Mapping[str, list[Path]]) -> dict[str, list[Path]]:
    return {split: found[split] for split in ("train", "dev", "test") if split in found}
