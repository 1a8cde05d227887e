"""A mix file (`dataset_configs/mixes/NAME.yaml`) → `Mix`: which corpora, tasks, wordings and sizes go into a build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from uie import resources
from uie.errors import SettingsError, unknown_name
from uie.records.choosing import take_of
from uie.settings import apply_overrides, build, read_yaml
from uie.tasks import TASKS

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class MixCorpus:
    """One corpus of a mix."""

    name: str
    "a dataset config: its name, or the path of its file"
    tasks: tuple[str, ...] = ()
    "tasks to ask; empty: all the corpus is annotated for"
    limit: Mapping[str, int] = field(default_factory=dict)
    "documents to take at most, per split (`{train: 2000}`), drawn by the seed; the mix's own limit holds, too"
    splits: tuple[str, ...] = SPLITS
    "splits to take"
    take: str = "full"
    "how many train documents: full, random (the mix's max_documents), random_N, upsample_K (each K times), downsample (to the smallest corpus)"
    weight: float = 1.0
    "its share of every train batch beside the other corpora's; counts where the mix has `batch`"
    sometimes: Mapping[str, float] = field(default_factory=dict)
    "tasks asked of only a share of the train documents (`{ES: 0.3}`), as InstructUIE asks its auxiliary tasks"
    unseen: tuple[str, ...] = ()
    "labels that training never asks; dev and test ask all of them (zero-shot labels)"

    def __post_init__(self) -> None:
        take_of(self.take)
        for split, limit in self.limit.items():
            if limit < 1:
                raise SettingsError(f"limit.{split}: expected 1 or more, found {limit}.")
        if self.weight < 0:
            raise SettingsError(f"weight: expected 0 or more, found {self.weight}.")
        for task, share in self.sometimes.items():
            if not 0 <= share <= 1:
                raise SettingsError(f"sometimes.{task}: expected a share from 0 to 1, found {share}.")


@dataclass(frozen=True, slots=True)
class Labels:
    """Which labels a train question asks for and how it shows them; dev and test ask all of them, in order, in chunks of `chunk`."""

    chunk: int | None = None
    "labels asked at once; more become several questions (split_num of IEPile; 1: one type a question)"
    negatives: float = 1.0
    "share of the labels that the group's texts do not hold which is asked all the same"
    hard_negatives: int = 0
    "for each label in the group's texts, this many of those it is most easily confused with are asked too"
    shuffle: bool = False
    "ask the labels in a drawn order"
    dropout: float = 0.0
    "share of the labels in the texts that is neither asked nor answered"
    paraphrase: float = 0.0
    "share of the names that is replaced by one of the schema's paraphrases"
    mask: float = 0.0
    "share of the names that is replaced by a code such as T3, so that only the description tells the meaning"
    description_dropout: float = 0.0
    "share of the descriptions that is left out"

    @property
    def draws(self) -> bool:
        """Whether anything but chunks is drawn."""
        return replace(self, chunk=None) != Labels()

    def __post_init__(self) -> None:
        if self.chunk is not None and self.chunk < 1:
            raise SettingsError(f"labels.chunk: expected 1 or more, found {self.chunk}.")
        if self.hard_negatives < 0:
            raise SettingsError(f"labels.hard_negatives: expected 0 or more, found {self.hard_negatives}.")
        for name in ("negatives", "dropout", "paraphrase", "mask", "description_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"labels.{name}: expected a share from 0 to 1, found {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Solved examples in the prompt; they come from train only and are never the question's own document."""

    count: int = 0
    "examples a question; 0: none"
    kind: Literal["random", "nearest", "per_type"] = "random"
    "random and per_type (one for each label, as far as count goes) are drawn once a group; nearest by the text, for each record"

    def __post_init__(self) -> None:
        if self.count < 0:
            raise SettingsError(f"demonstrations.count: expected 0 or more, found {self.count}.")


@dataclass(frozen=True, slots=True)
class Windows:
    """Long texts are asked in windows that end at sentences; instruction, schema and answer are never cut."""

    tokens: int | None = None
    "longest text of one question in tokens; None: texts are not cut"
    overlap: int = 0
    "tokens that a window repeats of the one before it"
    tokenizer: str = ""
    "a tokenizer.json, a folder with one or the name of a fetched model; empty: characters are counted"

    def __post_init__(self) -> None:
        if self.tokens is None:
            if self.overlap:
                raise SettingsError(f"windows.overlap: {self.overlap} without windows.tokens cuts nothing; give both.")
        elif self.tokens < 1:
            raise SettingsError(f"windows.tokens: expected 1 or more, found {self.tokens}.")
        elif not 0 <= self.overlap < self.tokens:
            raise SettingsError(
                f"windows.overlap: expected 0 or more and less than windows.tokens ({self.tokens}), found {self.overlap}."
            )


@dataclass(frozen=True, slots=True)
class Mix:
    """Settings of `uie build-data`."""

    corpora: tuple[MixCorpus, ...]
    "what to build from"
    prompts: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {task: (f"{task.lower()}/default",) for task in ("NER", "RE", "EE")}
    )
    "wordings per task, without language (TASK/default where none is named); train groups draw among them, dev and test take the first"
    format: str = "lines"
    "how answers are written"
    seed: int = 0
    "everything random is drawn from it"
    share: int = 8
    "records of one corpus and task that share a wording and stay together, so that they have one common prefix"
    limit: int | None = None
    "documents per corpus and split, drawn by the seed"
    labels: Labels = field(default_factory=Labels)
    "which labels train questions ask for, and how they show them"
    demonstrations: Demonstrations = field(default_factory=Demonstrations)
    "solved examples in the prompt"
    windows: Windows = field(default_factory=Windows)
    "how long texts are cut"
    empty: float = 1.0
    "share of the train documents without any answer that is kept"
    few_shot: int | None = None
    "train documents are chosen so that each label has about this many examples"
    max_documents: int = 10_000
    "train documents a corpus with `take: random` gives"
    batch: int | None = None
    "every so many train records are composed of the corpora by weight, exactly; the trainer keeps the order"
    task_weights: Mapping[str, float] = field(default_factory=dict)
    "how a corpus' share of every train batch is divided among its tasks; 1 where a task is not named"
    temperature: float | None = None
    "corpora give train documents in proportion to size ** (1 / temperature); 1: by size, large: alike"
    deduplicate: bool = False
    "a text that the split of a corpus holds twice is asked once"
    remove_leaks: bool = False
    "train and dev lose the texts that the test split of any corpus holds, train those of dev"
    on_error: Literal["raise", "skip"] = "raise"
    "a corpus line that cannot be read: stop, or set it aside in rejected/ and count it"

    def __post_init__(self) -> None:
        for name in ("share", "limit", "few_shot", "max_documents", "batch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"{name}: expected 1 or more, found {value}.")
        if not 0 <= self.empty <= 1:
            raise SettingsError(f"empty: expected a share from 0 to 1, found {self.empty}.")
        if self.temperature is not None and self.temperature <= 0:
            raise SettingsError(f"temperature: expected more than 0, found {self.temperature}.")
        for task, weight in self.task_weights.items():
            if weight < 0:
                raise SettingsError(f"task_weights.{task}: expected 0 or more, found {weight}.")
        for name, tasks in (("prompts", self.prompts), ("task_weights", self.task_weights)):
            for task in tasks:
                if task not in TASKS:
                    raise SettingsError(f"{name}: {unknown_name('task', task, TASKS)}")
        weighted = self.task_weights or any(corpus.weight != 1 for corpus in self.corpora)
        if weighted and self.batch is None:
            raise SettingsError("weight and task_weights say how train batches are composed; give batch, too.")
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
