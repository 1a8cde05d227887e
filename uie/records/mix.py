"""A mix file (`dataset_configs/mixes/NAME.yaml`) → `Mix`: which corpora, tasks, wordings and sizes go into a build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from uie import resources
from uie.errors import SettingsError, unknown_name
from uie.settings import apply_overrides, build, read_yaml

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class MixCorpus:
    """One corpus of a mix."""

    name: str
    "a dataset config: its name, or the path of its file"
    tasks: tuple[str, ...] = ()
    "tasks to ask; empty: all the corpus is annotated for"
    limit: Mapping[str, int] = field(default_factory=dict)
    "documents to take at most, per split (`{train: 2000}`), drawn by the seed; goes before the mix's own limit"
    splits: tuple[str, ...] = SPLITS
    "splits to take"


@dataclass(frozen=True, slots=True)
class Mix:
    """Settings of `uie build-data`."""

    corpora: tuple[MixCorpus, ...]
    "what to build from"
    prompts: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {task: (f"{task.lower()}/default",) for task in ("NER", "RE", "EE")}
    )
    "wordings per task, without language; train groups draw among them, dev and test always take the first"
    format: str = "lines"
    "how answers are written"
    seed: int = 0
    "everything random is drawn from it"
    share: int = 8
    "records of one corpus and task that share a wording and stay together, so that they have one common prefix"
    limit: int | None = None
    "documents per corpus and split, drawn by the seed"
    on_error: Literal["raise", "skip"] = "raise"
    "a corpus line that cannot be read: stop, or set it aside in rejected/ and count it"

    def __post_init__(self) -> None:
        if self.share < 1:
            raise SettingsError(f"share: expected 1 or more, found {self.share}.")
        if not self.corpora:
            raise SettingsError("corpora: expected at least one.")
        for corpus in self.corpora:
            for split in (*corpus.splits, *corpus.limit):
                if split not in SPLITS:
                    raise SettingsError(f"corpora: {corpus.name}: {unknown_name('split', split, SPLITS)}")


def load_mix(name: str, overrides: Sequence[str] = ()) -> Mix:
    """The mix called `name` (or at that path), with `key=value` overrides put in.

    Raises:
        SettingsError: there is no such mix, or a setting is wrong.
    """
    path = resources.find("dataset_configs/mixes", name, ".yaml")
    if path is None:
        raise SettingsError(unknown_name("mix", name, mix_names()))
    return build(Mix, apply_overrides(read_yaml(path), overrides), where=str(path))


def mix_names() -> list[str]:
    return sorted(resources.names("dataset_configs/mixes", ".yaml"))
