"""A finished run → `MODEL_CARD.md`: what it was trained from, on what, how, with what result, how well it does. Imports no torch."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from uie.corpora.config import DatasetConfig, dataset_names, load_dataset_config
from uie.errors import UIEError
from uie.models.catalogue import CATALOGUE
from uie.models.sources import ModelSource
from uie.reports.figures import interval_text, percent
from uie.reports.markdown import escaped, table
from uie.scoring.scores import Scores
from uie.storage import environment, whole_file
from uie.training.folder import RunResult
from uie.training.settings import TrainSettings

_UNKNOWN = "unknown"
Origins = Mapping[tuple[str, str, str], int]
"""How many records are of which corpus, split and task (`uie.training.asked.origin_of`)."""
_BEGIN, _END = "<!-- evaluations -->", "<!-- /evaluations -->"
_NONE_YET = "None yet; `uie eval --model` notes them here."
_SHOWN = (
    "mode", "lora.r", "lora.alpha", "lora.targets", "wrap", "epochs", "max_steps", "batch_size", "learning_rate", "schedule",
    "warmup_share", "weight_decay", "max_length", "seed",
)  # fmt: skip
_SHOWN_WHERE_SET = ("lora.dora", "lora.rslora", "lora.pissa", "lora.plus", "neftune", "label_smoothing", "prompt_loss_weight")


def write_card(
    settings: TrainSettings, result: RunResult, source: ModelSource, parts: Mapping[str, Origins], facts: Mapping[str, Any]
) -> None:
    """`parts`: where the records came from, by what they were for ("train", "dev"); `facts`: the manifest's own, such as trained_parameters."""
    with whole_file(settings.out / "MODEL_CARD.md") as out:
        out.write(card(settings, result, source, parts, facts))


def card(
    settings: TrainSettings, result: RunResult, source: ModelSource, parts: Mapping[str, Origins], facts: Mapping[str, Any]
) -> str:
    what = "LoRA adapter" if settings.mode == "lora" else "model"
    base = escaped(settings.model)
    licence = base_licence(settings.model, source.base)
    sections = (
        f"# {escaped(settings.out.resolve().name)}",
        f"A {what} for information extraction, trained from {base} with `uie train`.",
        "## Base model",
        table(("base", "licence"), (), [(settings.model, licence)]),
        "## Data",
        *_data(parts),
        "## Training",
        table(("setting", "value"), (), _settings(settings, facts)),
        "All settings are in `run.yaml`, hashes of records and base in `manifest.json`.",
        "## Result",
        table(("figure", "value"), (), _figures(settings, result, facts)),
        *_caution(result),
        "## Evaluations",
        "\n".join((_BEGIN, _NONE_YET, _END)),
        "## Versions",
        table(("library", "version"), (), _versions()),
        "## Use",
        _commands(settings.out),
    )
    return "\n\n".join(sections) + "\n"


def note_evaluation(run: Path, records: str, scores: Scores) -> None:
    """Puts the scores of a run into its card, instead of earlier ones of the same records, rule and number of documents.

    Nothing happens where the card is gone or its marks are.
    """
    path = run / "MODEL_CARD.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = text.partition(_BEGIN)
    held, end, after = rest.partition(_END)
    if not (begin and end):
        return
    new = [line for line in _evaluations(records, scores).splitlines() if line]
    heads, rows = new[:2], new[2:]
    kept = [line for line in held.splitlines() if line.startswith("| ") and line not in heads and not _is_any_of(line, rows)]
    with whole_file(path) as out:
        out.write("\n".join((before + begin, *heads, *sorted([*kept, *rows]), end + after)))


def _evaluations(records: str, scores: Scores) -> str:
    rows = [
        (
            records,
            row.rule,
            f"{row.dataset} {row.task} {row.measure}".strip(),
            f"{row.documents:,}",
            *(percent(figure) for figure in row.figures),
            interval_text(row.intervals.f1 if row.intervals else None),
        )
        for row in scores.rows
    ]
    return table(("records", "rule", "measure"), ("documents", "precision", "recall", "F1", "95 % interval"), rows)


def _is_any_of(line: str, rows: Iterable[str]) -> bool:
    """Whether one of the rows is of the same records, rule, measure and number of documents."""
    return any(line.split(" | ")[:4] == row.split(" | ")[:4] for row in rows)


def base_licence(model: str, folder: Path) -> str:
    """As the catalogue or the front matter of the model's own README.md says; else "unknown"."""
    if model in CATALOGUE:
        return CATALOGUE[model].licence
    readme = folder / "README.md"
    front = readme.read_text(encoding="utf-8", errors="replace").split("---\n") if readme.is_file() else []
    found = re.search(r"^license:[ \t]*[\"']?([^\s\"'#]+)", front[1], re.MULTILINE) if len(front) > 2 and not front[0] else None
    return found.group(1) if found else _UNKNOWN


def _data(parts: Mapping[str, Origins]) -> Iterator[str]:
    """A row for each corpus, part and task; below the table what is to be cited."""
    configs = _configs()
    rows = []
    citations: dict[str, None] = {}
    for part, origins in parts.items():
        for (dataset, split, task), count in sorted(origins.items()):
            found = configs.get(dataset, ())
            licence = _joined(config.licence for config in found)
            where = _joined(origin for config in found for origin in config.origins)
            rows.append((part, dataset or "(none named)", split, task, licence, where, f"{count:,}"))
            citations.update((f"- {escaped(dataset)}: {escaped(config.citation)}", None) for config in found if config.citation)
    yield table(("used as", "corpus", "split", "task", "licence", "source"), ("records",), rows)
    if citations:
        yield "Please cite:"
        yield "\n".join(citations)


def _configs() -> dict[str, list[DatasetConfig]]:
    """By the name that records give their corpus; a config that cannot be read (a user's own may be half written) counts for none."""
    found: dict[str, list[DatasetConfig]] = {}
    for name in dataset_names():
        try:
            config = load_dataset_config(name)
        except UIEError:
            continue
        found.setdefault(config.dataset or config.name, []).append(config)
    return found


def _joined(words: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(word for word in words if word)) or _UNKNOWN


def _settings(settings: TrainSettings, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if settings.mode == "freeze":
        yield "trained_layers", str(settings.trained_layers)
    for name in (*_SHOWN, *_SHOWN_WHERE_SET):
        if settings.mode != "lora" and name.startswith("lora."):
            continue
        value: Any = settings
        for part in name.split("."):
            value = getattr(value, part)
        if name == "learning_rate":
            value = settings.peak_learning_rate
        if name == "lora.targets":
            value = ", ".join(facts.get("lora_targets", value))
        if name in _SHOWN_WHERE_SET and not value:
            continue
        if value is not None and not (name == "epochs" and settings.max_steps):
            yield name, str(value)


def _figures(settings: TrainSettings, result: RunResult, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "steps", f"{result.steps:,}"
    yield "records", f"{result.records:,}" + (f" ({result.rejected:,} set aside)" if result.rejected else "")
    if "trained_parameters" in facts:
        yield "trained parameters", f"{facts['trained_parameters']:,}"
    is_plain = not (settings.label_smoothing or settings.prompt_loss_weight or settings.neftune)
    yield "last loss", f"{result.loss:.4f} " + ("nats a graded token" if is_plain else "nats, as it was minimised")
    if result.dev_loss is not None:
        yield "loss on dev", f"{result.dev_loss:.4f} nats a graded token"
    if result.f1 is not None:
        yield "F1 on dev", f"{100 * result.f1:.2f} (weights of step {result.best_step:,})"
    yield "computed", f"in {result.dtype} on {result.device}, {result.seconds:,.0f} s since the last start"


def _caution(result: RunResult) -> Iterator[str]:
    if result.f1 is not None:
        yield "The weights were chosen by this F1, so that it is too high for unseen text: report the one on test."


def _versions() -> Iterator[tuple[str, str]]:
    found = environment()
    yield "uie", f"{found['uie']}" + (f" ({found['commit']})" if found["commit"] else "")
    yield "Python", found["python"]
    yield from found["libraries"].items()


def _commands(out: Path) -> str:
    lines = (
        f"uie eval --model {out} --records TEST.jsonl",
        f"uie predict --model {out} --input TEXTS.txt --out PREDICTIONS",
        f"uie chat --model {out}",
    )
    return "\n".join(f"    {line}" for line in lines)
