"""`build_data`: a Mix and a folder of corpora → OUT/{train,dev,test}.jsonl, OUT/documents/, OUT/rejected/, OUT/manifest.json."""

import itertools
import multiprocessing
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

from uie.corpora.config import DatasetConfig, load_dataset_config
from uie.corpora.reading import is_cut
from uie.errors import OutputError, SettingsError
from uie.prompting import Prompt, load_prompt
from uie.records.asking import asker
from uie.records.mix import SPLITS, Mix
from uie.records.questions import Questions, Row, pieces
from uie.records.selection import Corpus, Progress, Selection, corpus_of
from uie.records.windows import token_counter
from uie.records.writing import Shard, SplitWriter, Waiting, finish
from uie.settings import to_mapping
from uie.storage import file_hash, whole_file, whole_folder, write_jsonl, write_manifest

__all__ = ["BuildSummary", "Row", "build_data"]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What `build_data` wrote."""

    out: Path
    rows: tuple[Row, ...]
    rejected: int


@dataclass(frozen=True, slots=True)
class _Job:
    """What one process does of a build: everything is read, the shard's groups are asked. `folder` is the output folder to be."""

    mix: Mix
    data_root: Path | None
    configs: Mapping[str, DatasetConfig]
    templates: Mapping[str, Path]
    folder: Path
    shard: Shard


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of one corpus, split and task in one shard; `without_gold` are the ids of the Documents not annotated for the task, `weight` is the
    corpus'.
    """

    row: Row
    without_gold: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class _Done:
    """What a job kept; `rejected` by corpus and `inputs` are the same of all jobs of a build."""

    waiting: Mapping[str, Waiting]
    asked: Mapping[str, Sequence[_Asked]]
    rejected: Mapping[str, Sequence[Mapping[str, str]]]
    inputs: Sequence[Path]
    prompts: Mapping[str, str]


def build_data(
    mix: Mix,
    *,
    out: Path,
    data_root: Path | None = None,
    configs: Mapping[str, DatasetConfig] | None = None,
    templates: Mapping[str, str] | None = None,
    workers: int = 1,
    overwrite: bool = False,
    progress: Progress = lambda line: None,
) -> BuildSummary:
    """Builds records and gold Documents; the same mix, seed and corpora give the same bytes, however many workers build them.

    Train groups of `share` records are mixed over all corpora and tasks; dev and test keep the corpora's order. What cannot be read
    stops the build, or with `on_error: skip` goes to OUT/rejected/CORPUS.jsonl. The folder appears whole or not at all.

    Args:
        configs: corpora that no file describes, by name.
        templates: prompts that no folder has, by name with language, as their files' content; they are kept in OUT/prompts.
        workers: processes that share the work. Each reads all corpora, and asks and writes its part of the questions.

    Raises:
        UIEError: a corpus, prompt or setting is wrong, `out` is in use, or a worker died.
    """
    with whole_folder(out, overwrite=overwrite) as folder:
        for name, template in (templates or {}).items():
            with whole_file(_template_path(folder, name)) as file:
                file.write(template)
        worded = {name: _template_path(folder, name) for name in templates or {}}
        jobs = [_Job(mix, data_root, configs or {}, worded, folder, Shard(index, workers)) for index in range(workers)]
        done = _all_done(jobs, progress)
        rows = _finished(mix, folder, done, progress)
        (folder / "waiting").rmdir()
        for name, lines in done[0].rejected.items():
            write_jsonl(folder / "rejected" / f"{name.replace('/', '--')}.jsonl", lines)
        rejected = sum(map(len, done[0].rejected.values()))
        write_manifest(
            folder,
            "build-data",
            to_mapping(mix),
            inputs={str(path): file_hash(path) for path in done[0].inputs},
            prompts=done[0].prompts,
            counts=[asdict(row) for row in rows],
            rejected=rejected,
        )
    return BuildSummary(out, tuple(rows), rejected)


def _all_done(jobs: Sequence[_Job], progress: Progress) -> list[_Done]:
    """The first job is done here and tells its progress, the others in processes of their own."""
    if len(jobs) == 1:
        return [_do(jobs[0], progress)]
    try:
        with ProcessPoolExecutor(len(jobs) - 1, mp_context=multiprocessing.get_context("spawn")) as processes:
            others = [processes.submit(_do, job) for job in jobs[1:]]
            return [_do(jobs[0], progress), *(other.result() for other in others)]
    except BrokenProcessPool:
        raise OutputError(
            "build-data: a worker died, perhaps for want of memory; nothing was written. Try fewer --workers."
        ) from None


def _do(job: _Job, progress: Progress = lambda line: None) -> _Done:
    build = _Build(job, progress)
    waiting = {split: build.split(split) for split in SPLITS}
    selection = build.selection
    return _Done(
        waiting,
        build.asked,
        {name: list(lines.values()) for name, lines in selection.rejected.lines.items() if lines},
        selection.inputs(),
        {prompt.name: prompt.sha256 for own in build.prompts.values() for prompt in own},
    )


def _finished(mix: Mix, folder: Path, done: Sequence[_Done], progress: Progress) -> list[Row]:
    """Writes the splits; their rows, of all jobs together."""
    found = []
    for split in SPLITS:
        rows = [_together(shards) for shards in zip(*(one.asked[split] for one in done), strict=True)]
        waiting = [one.waiting[split] for one in done]
        if split == "train":
            progress("train: order")
            corpora = {one.row.dataset: one.weight for one in done[0].asked[split]}
            repeated = finish(waiting, folder, split, batch=mix.batch, weights=_weights(mix, corpora, rows))
        else:
            repeated = finish(waiting, folder, split)
        for row in rows:
            row.repeated = repeated[_part(row)]
        found += rows
    return found


def _together(shards: Sequence[_Asked]) -> Row:
    """One row of what all shards asked; what was read and left out, all of them saw."""
    rows = [one.row for one in shards]
    row = replace(rows[0], records=sum(row.records for row in rows), empty=sum(row.empty for row in rows))
    without_gold = frozenset().union(*(one.without_gold for one in shards))
    if without_gold:
        row.dropped["not annotated"] = len(without_gold)
    return row


class _Build:
    def __init__(self, job: _Job, progress: Progress) -> None:
        self._job, self._mix = job, job.mix
        self._progress = progress
        self._corpora = _corpora(job.mix, job.configs)
        self._count_tokens = token_counter(job.mix.windows.tokenizer)
        self.selection = Selection(
            job.mix, self._corpora, data_root=job.data_root, count_tokens=self._count_tokens, progress=progress
        )
        self.prompts = {
            (corpus.name, task): _prompts(job.mix, corpus, task, job.templates) for corpus in self._corpora for task in corpus.tasks
        }
        self.asked: dict[str, list[_Asked]] = {}

    def split(self, split: str) -> Waiting:
        folder = self._job.folder / "waiting" / f"{split}-{self._job.shard.index}"
        turns = itertools.count()
        own = self.asked[split] = []
        with SplitWriter(folder, split, seed=self._mix.seed, shard=self._job.shard) as writer:
            for corpus in self._corpora:
                if corpus.takes(split):
                    own += self._asked(corpus, split, writer, turns)
            return writer.close()

    def _asked(self, corpus: Corpus, split: str, writer: SplitWriter, turns: "itertools.count[int]") -> list[_Asked]:
        questions = [self._questions(corpus, task, split, turns) for task in corpus.tasks if _is_asked(corpus, task, split)]
        self._progress(f"{corpus.name} {split}")
        for document, copies in self.selection.documents(corpus, split):
            writer.document(document)
            asked, lost = pieces(document, self._mix.windows, self._count_tokens)
            for one in questions:
                for group in one.add(asked, copies, lost):
                    writer.group(_part(one.row), group.records, turn=group.turn, copy=group.copy)
        for one in questions:
            for group in one.rest():
                writer.group(_part(one.row), group.records, turn=group.turn, copy=group.copy)
            one.row.dropped = {**self.selection.dropped[corpus.name, split], **one.row.dropped}
        return [_Asked(one.row, frozenset(one.without_gold), corpus.settings.weight) for one in questions]

    def _questions(self, corpus: Corpus, task: str, split: str, turns: "itertools.count[int]") -> Questions:
        row = Row(corpus.name, split, task, cut=is_cut(corpus.config, split))
        survey, prompts = self.selection.survey(corpus), self.prompts[corpus.name, task]
        return Questions(self._mix, corpus, task, prompts, row, survey=survey, turns=turns, shard=self._job.shard)


def _weights(mix: Mix, corpora: Mapping[str, float], rows: Sequence[Row]) -> dict[str, Fraction]:
    """Of each part that has records: the corpus' weight, divided among its tasks."""
    weights: dict[str, Fraction] = {}
    for corpus, weight in corpora.items():
        parts = [row for row in rows if row.dataset == corpus and row.records]
        own = {_part(row): Fraction(str(mix.task_weights.get(row.task, 1))) for row in parts}
        whole = sum(own.values()) or 1
        weights.update({part: Fraction(str(weight)) * share / whole for part, share in own.items()})
    return weights


def _part(row: Row) -> str:
    return f"{row.dataset}/{row.task}"


def _corpora(mix: Mix, configs: Mapping[str, DatasetConfig]) -> list[Corpus]:
    found = [(corpus, configs.get(corpus.name) or load_dataset_config(corpus.name)) for corpus in mix.corpora]
    taken = Counter((config.name, split) for corpus, config in found for split in corpus.splits)
    for (name, split), times in taken.items():
        if times > 1:
            raise SettingsError(f"corpora: {name!r} is listed {times} times for {split}; list it once, with all its tasks.")
    return [corpus_of(settings, config) for settings, config in found]


def _template_path(folder: Path, name: str) -> Path:
    return folder / "prompts" / f"{name}.jinja"


def _prompts(mix: Mix, corpus: Corpus, task: str, templates: Mapping[str, Path]) -> list[Prompt]:
    names = mix.prompts.get(task, (f"{task.lower()}/default",))
    full = [name if name.endswith((".en", ".zh", ".jinja")) else f"{name}.{corpus.lang}" for name in names]
    found = [replace(load_prompt(str(templates[name])), name=name) if name in templates else load_prompt(name) for name in full]
    for prompt in found:
        asker(task, corpus.schemas[task], prompt, mix.format)  # what does not fit is refused before anything is read
    return found


def _is_asked(corpus: Corpus, task: str, split: str) -> bool:
    """Tasks that are asked sometimes are a help in training; dev and test ask what was named."""
    return split == "train" or task not in corpus.settings.sometimes or task in corpus.settings.tasks
