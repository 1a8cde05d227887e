"""`build_data`: a Mix and a folder of corpora → OUT/{train,dev,test}.jsonl, OUT/documents/, OUT/rejected/, OUT/manifest.json."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

from uie.corpora.config import DatasetConfig, load_dataset_config
from uie.corpora.reading import is_cut
from uie.errors import SettingsError
from uie.prompting import Prompt, load_prompt
from uie.records.asking import asker
from uie.records.mix import SPLITS, Mix
from uie.records.questions import Questions, Row, pieces
from uie.records.selection import Corpus, Progress, Selection, corpus_of
from uie.records.windows import token_counter
from uie.records.writing import SplitWriter, split_writer
from uie.settings import to_mapping
from uie.storage import file_hash, whole_file, whole_folder, write_jsonl, write_manifest

__all__ = ["BuildSummary", "Row", "build_data"]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What `build_data` wrote."""

    out: Path
    rows: tuple[Row, ...]
    rejected: int


def build_data(
    mix: Mix,
    *,
    out: Path,
    data_root: Path | None = None,
    configs: Mapping[str, DatasetConfig] | None = None,
    templates: Mapping[str, str] | None = None,
    overwrite: bool = False,
    progress: Progress = lambda line: None,
) -> BuildSummary:
    """Builds records and gold Documents; the same mix, seed and corpora give the same bytes.

    Train groups of `share` records are mixed over all corpora and tasks; dev and test keep the corpora's order. What cannot be read
    stops the build, or with `on_error: skip` goes to OUT/rejected/CORPUS.jsonl. The folder appears whole or not at all.

    Args:
        configs: corpora that no file describes, by name.
        templates: prompts that no folder has, by name with language, as their files' content; they are kept in OUT/prompts.

    Raises:
        UIEError: a corpus, prompt or setting is wrong, or `out` is in use.
    """
    with whole_folder(out, overwrite=overwrite) as folder:
        for name, template in (templates or {}).items():
            with whole_file(_template_path(folder, name)) as file:
                file.write(template)
        build = _Build(mix, data_root, configs or {}, {name: _template_path(folder, name) for name in templates or {}}, progress)
        for split in SPLITS:
            build.split(split, folder)
        rejected = build.selection.rejected
        for name, lines in rejected.lines.items():
            if lines:
                write_jsonl(folder / "rejected" / f"{name.replace('/', '--')}.jsonl", lines.values())
        write_manifest(
            folder,
            "build-data",
            to_mapping(mix),
            inputs={str(path): file_hash(path) for path in build.selection.inputs()},
            prompts={prompt.name: prompt.sha256 for own in build.prompts.values() for prompt in own},
            counts=[asdict(row) for row in build.rows],
            rejected=len(rejected),
        )
    return BuildSummary(out, tuple(build.rows), len(rejected))


class _Build:
    def __init__(
        self,
        mix: Mix,
        data_root: Path | None,
        configs: Mapping[str, DatasetConfig],
        templates: Mapping[str, Path],
        progress: Progress,
    ) -> None:
        self._mix = mix
        self._progress = progress
        self._corpora = _corpora(mix, configs)
        self._count_tokens = token_counter(mix.windows.tokenizer)
        self.selection = Selection(mix, self._corpora, data_root=data_root, count_tokens=self._count_tokens, progress=progress)
        self.prompts = {
            (corpus.name, task): _prompts(mix, corpus, task, templates) for corpus in self._corpora for task in corpus.tasks
        }
        self.rows: list[Row] = []

    def split(self, split: str, folder: Path) -> None:
        with split_writer(folder, split, seed=self._mix.seed) as writer:
            rows = [row for corpus in self._corpora if corpus.takes(split) for row in self._asked(corpus, split, writer)]
            if split == "train":
                self._progress("train: order")
                writer.finish(batch=self._mix.batch, weights=self._weights(rows))
        for row in rows:
            row.repeated = writer.repeated[_part(row)]
        self.rows += rows

    def _asked(self, corpus: Corpus, split: str, writer: SplitWriter) -> list[Row]:
        questions = [self._questions(corpus, task, split) for task in corpus.tasks if _is_asked(corpus, task, split)]
        self._progress(f"{corpus.name} {split}")
        for document, copies in self.selection.documents(corpus, split):
            writer.document(document)
            asked, lost = pieces(document, self._mix.windows, self._count_tokens)
            for one in questions:
                for group in one.add(asked, copies, lost):
                    writer.group(_part(one.row), group)
        for one in questions:
            for group in one.rest():
                writer.group(_part(one.row), group)
            one.row.dropped = {**self.selection.dropped[corpus.name, split], **one.row.dropped}
        return [one.row for one in questions]

    def _questions(self, corpus: Corpus, task: str, split: str) -> Questions:
        row = Row(corpus.name, split, task, cut=is_cut(corpus.config, split))
        survey = self.selection.survey(corpus)
        return Questions(self._mix, corpus, task, self.prompts[corpus.name, task], row, survey=survey)

    def _weights(self, rows: list[Row]) -> dict[str, Fraction]:
        """Of each part that has records: the corpus' weight, divided among its tasks."""
        weights: dict[str, Fraction] = {}
        for corpus in self._corpora:
            parts = [row for row in rows if row.dataset == corpus.name and row.records and corpus.takes("train")]
            own = {_part(row): Fraction(str(self._mix.task_weights.get(row.task, 1))) for row in parts}
            whole = sum(own.values()) or 1
            weights.update({part: Fraction(str(corpus.settings.weight)) * weight / whole for part, weight in own.items()})
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
