"""A data folder, task configs and an instruction file as of InstructUIE → the `Mix`, `DatasetConfig`s and wordings of one build.

DATA/NER/CoNLL 2003/{train,dev,test}.json, labels.json          CONFIGS/{train,dev,test}_tasks.json          prompt.json
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora.config import DatasetConfig, SplitFiles
from uie.corpora.instructuie import NO_LABELS
from uie.errors import CorpusError, PromptError, SettingsError, UIEError, unknown_name
from uie.prompting.importing import Wording, instruct_uie_template
from uie.records.asking import prompt_language
from uie.records.choosing import take_of
from uie.records.mix import SPLITS, Mix
from uie.settings import apply_overrides, build
from uie.storage import read_lines

Annotation = Literal["NER", "RE", "EE"]
_ANNOTATION: Mapping[str, Annotation] = {
    **dict.fromkeys(("NER", "ES", "ET"), "NER"),
    **dict.fromkeys(("RE", "EP", "EPR", "RC"), "RE"),
    **dict.fromkeys(("EE", "EET", "EEA"), "EE"),
}
"""The tasks a task config may list, and what must be annotated for each."""
_NEEDS: Mapping[Annotation, str] = {"NER": "entities", "RE": "relations", "EE": "events"}
_SOMETIMES = dict.fromkeys(("ES", "ET", "EP", "EPR"), 0.3)  # AUX_PROB in uie_dataset.py of InstructUIE
_KEYS = ("dataset name", "sampling strategy")
_KINDS = ("zero-shot", "few-shot")
_MOST_SHOWN = 10  # mistakes in one message: the published task configs list 90 datasets, none of which need be there
# How an instruction tells the wording of the answer: "(word1, type1)", or "type1: word1", "name1: role1", "type: trigger".
_TUPLES, _TYPED = re.compile(r"\(\s*word1\b"), re.compile(r"\b(type|relation|name)1?: (word1|role1|trigger)\b")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One wording of a task, as the file has it, its line end included; `kind` is "zero-shot" or "few-shot"."""

    task: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TaskTree:
    """A build. `configs`: by the names that the mix's corpora have, `TASK/DATASET`; `instructions`: in the file's order.

    `templates`: the prompt files that word the instructions of the tasks that are asked, by the names the mix has for them.
    """

    mix: Mix
    configs: Mapping[str, DatasetConfig]
    instructions: tuple[Instruction, ...]
    templates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One dataset that one task config lists for one task."""

    file: Path
    split: str
    task: str
    dataset: str
    take: str

    @property
    def where(self) -> str:
        return f"{self.file}: {self.task}: {self.dataset!r}"


def task_tree_mix(
    data_dir: Path,
    task_config_dir: Path,
    instruction_file: Path,
    *,
    lang: str = "en",
    dev_documents: int | None = 100,
    overrides: Sequence[str] = (),
) -> TaskTree:
    """What the three say, as a mix.

    Each folder DATA/TASK/DATASET is a corpus `TASK/DATASET` whose Documents, records and prompts say DATASET. A part of NER, RE or
    EE (ES, ET; EP, EPR, RC; EET, EEA) is read from a folder of its own where there is one, as InstructUIE reads it, else from
    that of the whole task, whose Documents it then shares. ES, ET, EP and EPR are asked of a share of 0.3 of the train Documents.

    A corpus whose splits are asked different tasks is listed in the mix once for each set of tasks, each time with other splits.

    Sampling strategies say what `MixCorpus.take` says. For dev, `random` takes `dev_documents` (100 in seed 000, 200 in
    InstructUIE) and random_N takes N; for test `random` takes all, as in both; others than these and `full` are refused there.

    The mix' prompts are the zero-shot instructions (the few-shot ones, if there are any and demonstrations are asked for), called
    `ner/FILE.1` and so on. Its format is the published one whose answers the instructions describe: `tuples.seed000` or
    `typed.instructuie`; `lines` where they describe none.

    Args:
        lang: the language of texts and labels, of which the files say nothing.
        overrides: `key=value`, put into the mix last.

    Raises:
        Each names all mistakes of its kind, the first ten of many.

        SettingsError: a task config is missing or malformed, or two strategies are given for the same Documents.
        PromptError: the instruction file is missing or malformed, or lacks a task that is asked.
        CorpusError: a folder, split or labels.json is missing, empty or malformed.
    """
    wanted = _read_task_configs(task_config_dir)
    instructions = read_instructions(instruction_file)
    _check_instructed(wanted, instructions, instruction_file)
    folders = _folders(data_dir, wanted)
    configs = {name: _config(data_dir, name, lang) for name in dict.fromkeys(folders.values())}
    demonstrates = bool((apply_overrides({}, overrides).get("demonstrations") or {}).get("count"))
    wordings = {task: _wordings(instructions, task, few_shot=demonstrates) for task in _ANNOTATION if _is_asked(task, wanted)}
    names = {
        task: [f"{task.lower()}/{instruction_file.stem}.{n}" for n in range(1, len(own) + 1)] for task, own in wordings.items()
    }
    mapping: dict[str, Any] = {"corpora": _corpora(wanted, folders, dev_documents), "prompts": names}
    if not any(override.startswith("format=") for override in overrides):
        mapping["format"] = _answer_format(instructions, instruction_file)
    mix = build(Mix, apply_overrides(mapping, overrides), where=str(task_config_dir))
    wording: Wording = "seed000" if mix.format == "tuples.seed000" else "instructuie"
    shown = prompt_language(lang)
    templates = {
        f"{name}.{shown}": instruct_uie_template(text, task, shown, wording, few_shot=demonstrates)
        for task, own in wordings.items()
        for name, text in zip(names[task], own, strict=True)
    }
    return TaskTree(mix, configs, instructions, templates)


def _is_asked(task: str, wanted: list[_Wanted]) -> bool:
    return any(one.task == task for one in wanted)


def _wordings(instructions: tuple[Instruction, ...], task: str, *, few_shot: bool) -> list[str]:
    by_kind = {kind: [one.text for one in instructions if (one.task, one.kind) == (task, kind)] for kind in _KINDS}
    return (by_kind["few-shot"] if few_shot else []) or by_kind["zero-shot"]


def read_instructions(path: Path) -> tuple[Instruction, ...]:
    """The wordings in `{TASK: [{"instruction_type", "instruction"}]}`; tasks may be any.

    Raises:
        PromptError: no such file, not JSON, or not of this form.
    """
    tasks = _read_json(path, PromptError)
    if not isinstance(tasks, dict):
        raise PromptError(f"{path}: expected a mapping of tasks to lists of instructions, found {_said(tasks)}.")
    found = []
    for task, items in tasks.items():
        if not isinstance(items, list):
            raise PromptError(f"{path}: {task}: expected a list of instructions, found {_said(items)}.")
        for number, item in enumerate(items):
            kind = item.get("instruction_type") if isinstance(item, dict) else None
            text = item.get("instruction") if isinstance(item, dict) else None
            if kind not in _KINDS or not isinstance(text, str) or not text.strip():
                raise PromptError(
                    f"{path}: {task}: item {number}: expected {{'instruction_type': {' or '.join(map(repr, _KINDS))}, "
                    f"'instruction': a text}}, found {_said(item)}."
                )
            found.append(Instruction(task, kind, text))
    return tuple(found)


def _check_instructed(wanted: list[_Wanted], instructions: tuple[Instruction, ...], path: Path) -> None:
    told = {one.task for one in instructions if one.kind == "zero-shot"}
    missing = {one.task: one.file.name for one in reversed(wanted) if one.task not in told}
    if missing:
        asked = ", ".join(f"{task} ({missing[task]})" for task in _ANNOTATION if task in missing)
        raise PromptError(f"{path}: no zero-shot instruction for {asked}; the file has {', '.join(sorted(told)) or 'none'}.")


def _answer_format(instructions: tuple[Instruction, ...], path: Path) -> str:
    said: dict[str, Instruction] = {}
    for one in instructions:
        for name, pattern in (("tuples.seed000", _TUPLES), ("typed.instructuie", _TYPED)):
            if pattern.search(one.text):
                said.setdefault(name, one)
    if len(said) > 1:
        tuples, typed = (said[name].task for name in sorted(said))
        raise PromptError(
            f"{path}: instructions describe answers as (word1, type1) for {tuples} and as type1: word1 for {typed}; "
            "make them agree or say --set format=NAME."
        )
    return next(iter(said), "lines")


def _read_task_configs(folder: Path) -> list[_Wanted]:
    """What all task configs list, train first, each file in its own order."""
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; expected one with {', '.join(f'{split}_tasks.json' for split in SPLITS)}.")
    wanted: list[_Wanted] = []
    mistakes: list[str] = []
    for split in SPLITS:
        path = folder / f"{split}_tasks.json"
        if path.is_file():
            wanted += _task_config(path, split, mistakes)
        else:
            mistakes.append(f"{path}: no such file; {_holds(folder)}. Write {{}} into it if nothing goes into {split}.")
    if not wanted and not mistakes:
        mistakes.append(f"{folder}: the task configs list no dataset.")
    _raise_all(SettingsError, mistakes)
    return wanted


def _task_config(path: Path, split: str, mistakes: list[str]) -> list[_Wanted]:
    tasks = _read_json(path, SettingsError)
    if not isinstance(tasks, dict):
        raise SettingsError(f"{path}: expected a mapping of tasks to lists of datasets, found {_said(tasks)}.")
    found: dict[tuple[str, str], _Wanted] = {}
    for task, items in tasks.items():
        if task not in _ANNOTATION:
            mistakes.append(f"{path}: {unknown_name('task', task, _ANNOTATION)}")
        elif not isinstance(items, list):
            mistakes.append(f"{path}: {task}: expected a list of datasets, found {_said(items)}.")
        else:
            for number, item in enumerate(items):
                try:
                    one = _wanted(path, split, task, item)
                except SettingsError as error:
                    mistakes.append(f"{path}: {task}: item {number}: {error}")
                    continue
                if (task, one.dataset) in found:
                    mistakes.append(f"{one.where} is listed twice.")
                found[task, one.dataset] = one
    return list(found.values())


def _wanted(path: Path, split: str, task: str, item: Any) -> _Wanted:
    if not isinstance(item, dict):
        raise SettingsError(f"expected {{'sampling strategy': …, 'dataset name': …}}, found {_said(item)}.")
    for key in item:
        if key not in _KEYS:
            raise SettingsError(unknown_name("key of a dataset", key, _KEYS))
    dataset, strategy = item.get("dataset name"), item.get("sampling strategy", "random")
    if not isinstance(dataset, str) or not dataset:
        raise SettingsError(f"dataset name: expected the name of a folder, found {_said(dataset)}.")
    if not isinstance(strategy, str):
        raise SettingsError(f"sampling strategy: expected a text, found {_said(strategy)}.")
    try:
        kind = take_of(strategy).kind
    except SettingsError as error:
        raise SettingsError(str(error).replace("take:", "sampling strategy:", 1)) from None
    if split != "train" and kind not in ("full", "random"):
        raise SettingsError(f"sampling strategy: {strategy} is for train; expected full, random or random_N.")
    return _Wanted(path, split, task, dataset, strategy)


def _folders(data_dir: Path, wanted: list[_Wanted]) -> dict[tuple[str, str], str]:
    """(task, dataset) → the folder that it is read from, below `data_dir`."""
    if not data_dir.is_dir():
        raise CorpusError(f"{data_dir}: no such folder; expected one with TASK/DATASET/train.json and labels.json.")
    found: dict[tuple[str, str], str] = {}
    mistakes: list[str] = []
    for one in wanted:
        name = found.get((one.task, one.dataset)) or _folder(data_dir, one)
        if name is None:
            annotation = _ANNOTATION[one.task]
            nor = "" if annotation == one.task else f" and none {data_dir / annotation / one.dataset}"
            mistakes.append(
                f"{one.where}: no folder {data_dir / one.task / one.dataset}{nor}{_instead(data_dir / annotation, one.dataset)}"
            )
            continue
        found[one.task, one.dataset] = name
        mistakes += _file_mistakes(data_dir / name, f"{one.split}.json", one.where)
    _raise_all(CorpusError, mistakes)
    return found


def _folder(data_dir: Path, one: _Wanted) -> str | None:
    for folder in (one.task, _ANNOTATION[one.task]):
        if (data_dir / folder / one.dataset).is_dir():
            return f"{folder}/{one.dataset}"
    return None


def _file_mistakes(folder: Path, name: str, where: str) -> list[str]:
    path = folder / name
    if not path.is_file():
        return [f"{where}: no file {path}; {_holds(folder)}."]
    if path.stat().st_size < 16 and b"".join(path.read_bytes().split()) in (b"", b"[]"):
        return [f"{where}: {path} is empty."]
    return []


def _config(data_dir: Path, name: str, lang: str) -> DatasetConfig:
    folder = (data_dir / name).absolute()
    task, dataset = name.split("/", 1)
    annotation = _ANNOTATION[task]
    return DatasetConfig(
        name,
        lang,
        "instructuie",
        (annotation,),
        {split: SplitFiles((f"{split}.json",)) for split in SPLITS if (folder / f"{split}.json").is_file()},
        _read_labels(folder / "labels.json", annotation),
        dataset=dataset,
        folder=str(folder),
        options={"needs": _NEEDS[annotation]},
    )


def _read_labels(path: Path, annotation: Annotation) -> dict[str, Any]:
    """The schema of a labels.json, as a mapping.

    Entities and relations are a list. Events are [types, roles], which does not say whose roles they are: every type gets all of
    them, as InstructUIE asks; the file of an EET or EEA folder says it: {type: roles}.
    """
    read = _read_json(path, CorpusError)
    if annotation == "EE":
        labels: Any = _event_labels(read, path)
    else:
        labels = _label_list(read, str(path))
    if not labels:
        raise CorpusError(f"{path}: holds no label.")
    return {_NEEDS[annotation]: labels}


def _event_labels(read: Any, path: Path) -> dict[str, Any]:
    if isinstance(read, dict):
        roles_of = {kind: _label_list(roles, f"{path}: {kind}") for kind, roles in read.items()}
    elif isinstance(read, list) and len(read) == 2:
        roles = _label_list(read[1], f"{path}: roles")
        roles_of = dict.fromkeys(_label_list(read[0], f"{path}: event types"), roles)
    else:
        raise CorpusError(f"{path}: expected [[event types], [roles]] or {{event type: [roles]}}, found {_said(read)}.")
    return {kind: {"roles": roles} for kind, roles in roles_of.items() if kind not in NO_LABELS}


def _label_list(read: Any, where: str) -> list[str]:
    if not isinstance(read, list) or not all(isinstance(label, str) for label in read):
        raise CorpusError(f"{where}: expected a list of labels, found {_said(read)}.")
    return [label for label in dict.fromkeys(read) if label not in NO_LABELS]


def _corpora(wanted: list[_Wanted], folders: Mapping[tuple[str, str], str], dev_documents: int | None) -> list[dict[str, Any]]:
    """The mix' corpora as a mapping; those of one folder stand together."""
    asked: dict[str, dict[str, list[_Wanted]]] = {}
    for one in wanted:
        asked.setdefault(folders[one.task, one.dataset], {}).setdefault(one.split, []).append(one)
    corpora: list[dict[str, Any]] = []
    mistakes: list[str] = []
    for name, splits in asked.items():
        by_tasks: dict[tuple[str, ...], dict[str, Any]] = {}
        for split, ones in splits.items():
            first = ones[0]
            for other in ones[1:]:
                if other.take != first.take:
                    mistakes.append(
                        f"{other.where}: {other.take}, but {first.take} for {first.task}; "
                        f"both are asked of the Documents of {name}: give one strategy."
                    )
            tasks = tuple(task for task in _ANNOTATION if any(one.task == task for one in ones))
            corpus = by_tasks.setdefault(tasks, {"name": name, "tasks": tasks, "splits": []})
            corpus["splits"].append(split)
            limit = _limit(first, dev_documents)
            if split == "train":
                corpus["take"] = first.take
                corpus["sometimes"] = {task: share for task, share in _SOMETIMES.items() if task in tasks}
            elif limit is not None:
                corpus.setdefault("limit", {})[split] = limit
        corpora += by_tasks.values()
    _raise_all(SettingsError, mistakes)
    return corpora


def _limit(one: _Wanted, dev_documents: int | None) -> int | None:
    """Documents of dev or test."""
    take = take_of(one.take)
    if take.kind == "random" and take.number is None:
        return dev_documents if one.split == "dev" else None
    return take.number


def _read_json(path: Path, error: type[UIEError]) -> Any:
    text = "\n".join(line for _, line in read_lines(path, error=error))
    if not text.strip():
        raise error(f"{path}: the file is empty.")
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as found:
        raise error(f"{path}: not JSON: {found}.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; plain loading keeps the last of two equal keys without a word."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return made


def _instead(folder: Path, name: str) -> str:
    """How a sentence about `name` ends, which `folder` does not hold."""
    if not folder.is_dir():
        return f"; {_holds(folder.parent)}."
    near = difflib.get_close_matches(name, [path.name for path in folder.iterdir()], n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; {_holds(folder)}."


def _holds(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"{folder} holds {', '.join(names[:6]) or 'nothing'}{more}"


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _raise_all(error: type[UIEError], mistakes: list[str]) -> None:
    each = list(dict.fromkeys(mistakes))
    if each:
        more = [f"And {len(each) - _MOST_SHOWN} more."] if len(each) > _MOST_SHOWN else []
        raise error(" ".join(each[:_MOST_SHOWN] + more))
