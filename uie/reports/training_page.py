"""A run folder's log.jsonl, run.yaml and manifest.json → `training.html`, one file that shows how training went and fetches nothing."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from uie.errors import OutputError
from uie.reports.figures import percent, plural
from uie.reports.html.page import page
from uie.settings import read_yaml
from uie.storage import parse_object, whole_file

LOG = "log.jsonl"
PAGE = "training.html"
MOST_POINTS = 600  # a curve is drawn no finer: more log lines are averaged in groups
_SMOOTHED = 60  # points from which a second curve shows the mean of the last few
_NEAR = 30  # that one averages a thirtieth of all points

Json = dict[str, Any]
Point = tuple[int, float]


def write_training_page(run: Path, *, out: Path | None = None, title: str | None = None) -> Path:
    """Draws the page of a run folder anew, finished or not, and returns where it lies.

    Raises:
        OutputError: the folder has no log.jsonl, or a line of it cannot be read.

    >>> write_training_page(Path("runs/sample"))  # doctest: +SKIP
    """
    rows = read_log(run / LOG)
    settings = read_yaml(run / "run.yaml", error=OutputError) if (run / "run.yaml").is_file() else {}
    manifest = run / "manifest.json"
    facts = parse_object(manifest.read_text(encoding="utf-8"), str(manifest), error=OutputError) if manifest.is_file() else {}
    out = out or run / PAGE
    with whole_file(out) as file:
        file.write(training_page(rows, settings=settings, facts=facts, title=title or f"Training of {run.resolve().name}"))
    return out


def read_log(path: Path) -> list[Json]:
    """The lines of a log.jsonl. One without its end, as a killed run leaves it, is passed over; nan and inf become None."""
    if not path.is_file():
        raise OutputError(f"{path}: no such file; expected the log of a run of uie train.")
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [_finite(parse_object(line, f"{path}:{number}", error=OutputError)) for number, line in enumerate(whole, 1)]


def training_page(
    rows: Sequence[Mapping[str, Any]], *, settings: Mapping[str, Any], facts: Mapping[str, Any], title: str = "Training"
) -> str:
    """The page as a string. `rows` are those of log.jsonl, `settings` the run's, `facts` its manifest's."""
    return page(title, page_data(rows, settings=settings, facts=facts), name="training", again="uie report, with the run folder")


def page_data(rows: Sequence[Mapping[str, Any]], *, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> Json:
    """What training.js draws: sentences, cards, marks on the axis of steps, charts of curves, tables."""
    told = [row for row in rows if isinstance(row.get("loss"), float | int)]
    scored = [row for row in rows if isinstance(row.get("f1"), float | int)]
    best = _best(scored, facts)
    return {
        "said": list(_sentences(rows, told, best, facts)),
        "cards": [card for card in _cards(rows, told, best) if card],
        "marks": list(_marks(rows, best, settings.get("micro_batch"))),
        "last": max((int(row["step"]) for row in rows), default=0),
        "at": [[row["step"], row.get("records"), row.get("seconds")] for row in _thinned_rows(told)],
        "charts": [chart for chart in _charts(rows, told, scored) if any(view["series"] for view in chart["views"])],
        "facts": [[name, said] for name, said in _facts(settings, facts) if said],
        "settings": [[key, _text(value)] for key, value in _flat(settings)],
    }


# What is said in words


def _best(scored: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The evaluation whose weights are kept: the first of the highest F1, as `uie.training.selection` decides."""
    named = [row for row in scored if row["step"] == facts.get("best_step")]
    return next(iter(named), max(scored, key=lambda row: float(row["f1"]), default=None))


def _sentences(
    rows: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
) -> Iterator[str]:
    if not told:
        yield "No step was logged yet."
        return
    last = told[-1]
    steps = last.get("steps") or facts.get("steps")
    records = f", {plural(int(last['records']), 'record')}" if last.get("records") else ""
    seconds = _last(rows, "seconds")
    took = f", in {duration(seconds)}" if seconds is not None else ""
    so_far = "" if facts.get("finished") else " so far"
    if facts.get("finished"):
        yield f"Training has finished: {plural(int(facts.get('steps') or last['step']), 'step')}{records}{took}."
    else:
        of = f" of {steps:,}" if steps else ""
        yield f"Still going, or stopped, when this page was drawn: step {last['step']:,}{of}{records}{took}."
        if steps and seconds and last["step"] < steps:
            yield f"At this pace the rest takes {duration(seconds / last['step'] * (steps - last['step']))}."
    if best:
        yield (
            f"The weights of step {best['step']:,} are kept: they had the best F1 on dev{so_far}, {percent(best['f1'])}. "
            "It was chosen for being high, so text that was not seen scores lower: report the F1 on test."
        )
    yield from _warnings(rows)


def _warnings(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    dev = [(row["step"], row["dev_loss"]) for row in rows if isinstance(row.get("dev_loss"), float | int)]
    if len(dev) > 2:
        step, lowest = min(dev, key=lambda point: point[1])
        if dev[-1][1] > 1.05 * lowest:
            yield (
                f"The loss on dev was lowest at step {step:,} ({lowest:.3f}) and is {dev[-1][1]:.3f} now: "
                "the model has begun to learn the training records by heart."
            )


def _cards(
    rows: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], best: Mapping[str, Any] | None
) -> Iterator[Json | None]:
    if best:
        interval = (
            f", 95 % interval {percent(best['f1_low'], 1)}–{percent(best['f1_high'], 1)}" if best.get("f1_low") is not None else ""
        )
        yield _card("Best F1 on dev", percent(best["f1"]), f"at step {best['step']:,}{interval}")
    if told:
        yield _card("Loss", f"{told[-1]['loss']:.3f}", f"{told[0]['loss']:.3f} at step {told[0]['step']:,}")
    dev = [(row["step"], row["dev_loss"]) for row in rows if isinstance(row.get("dev_loss"), float | int)]
    if dev:
        step, lowest = min(dev, key=lambda point: point[1])
        yield _card("Loss on dev", f"{dev[-1][1]:.3f}", f"lowest {lowest:.3f} at step {step:,}")
    speeds = _values(told, "tokens_per_second")
    graded = _values(told, "graded_tokens_per_second")
    if speeds:
        more = f"{_rounded(median(graded))} of them graded" if graded else ""
        yield _card("Tokens per second", _rounded(median(speeds)), f"median; {more}" if more else "median")
    padding, shared = _values(told, "padding_share"), _values(told, "shared_share")
    if padding and shared:
        yield _card(
            "Padding", f"{percent(fmean(padding), 1)} %", f"{percent(fmean(shared), 1)} % of the prompts' tokens saved by packing"
        )
    memory = _values(told, "memory")
    if memory:
        yield _card("Memory at most", f"{max(memory) / 1e9:.2f} GB", "of the first process")


def _card(name: str, value: str, note: str) -> Json:
    return {"name": name, "value": value, "note": note}


def _marks(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any] | None, size: int | None) -> Iterator[Json]:
    """What happened at a step: taken up again, memory ran out, weights kept. `size`: the micro-batch that was asked for."""
    for row in rows:
        since = row.get("resumed")
        if since is not None:
            yield {"step": since, "kind": "resumed", "said": f"resumed after step {since:,}"}
        now = row.get("micro_batch")
        if now is not None:
            if size is not None and now != size:
                at = row["step"] if since is None else since
                yield {"step": at, "kind": "smaller", "said": f"micro-batch {size} → {now} at step {at:,}"}
            size = now
    if best:
        yield {"step": best["step"], "kind": "kept", "said": f"weights kept: step {best['step']:,}"}


def _facts(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counts = facts.get("counts") or {}
    yield "model", _text(settings.get("model", ""))
    yield "mode", _text(settings.get("mode", ""))
    yield "records", f"{counts['records']:,}" if "records" in counts else ""
    yield "trained parameters", f"{facts['trained_parameters']:,}" if facts.get("trained_parameters") else ""
    yield "device", " ".join(str(facts[key]) for key in ("device", "dtype") if facts.get(key))
    yield "packing", str(facts.get("packing") or "")
    yield "uie", str(facts.get("uie") or "")
    yield "commit", str(facts.get("commit") or "")[:12]


def duration(seconds: float) -> str:
    """In the two largest units that matter: "45 s", "12 min 30 s", "2 h 14 min", "3 d 4 h"."""
    whole = round(seconds)
    for size, name, below, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s" if seconds >= 1 else f"{seconds:.1f} s"


# Curves


def _charts(
    rows: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], scored: Sequence[Mapping[str, Any]]
) -> Iterator[Json]:
    yield _chart("f1", "f1", "F1 on dev", "percent", [("", _f1_series(scored))], said="The band is the 95 % interval of the mean.")
    yield _chart(
        "types",
        "f1",
        "F1 of each type",
        "percent",
        list(_type_views(scored)),
        said="By the name below, with the last F1, a type is shown or hidden.",
    )
    loss = [*_smoothed("training", _points(told, "loss")), _series("dev", _points(rows, "dev_loss"), kind="points")]
    yield _chart(
        "loss", "loss", "Loss", "number", [("", loss)], said="Negative log-likelihood (natural log) for each graded token."
    )
    rate = [_series("learning rate", _points(told, "learning_rate"))]
    yield _chart("rate", "loss", "Learning rate", "small", [("", rate)], said="As the schedule says.")
    norm = _smoothed("length", _points(told, "grad_norm"))
    yield _chart(
        "norm", "loss", "Length of the gradient", "number", [("", norm)], said="Before it is scaled down to max_grad_norm."
    )
    speed = [_series("tokens per second", _points(told, "tokens_per_second"))]
    yield _chart(
        "speed",
        "speed",
        "Tokens per second",
        "count",
        [("", speed)],
        said="Computed, padding left out; evaluations and checkpoints take none of the time.",
    )
    graded = [_series("graded tokens per second", _points(told, "graded_tokens_per_second"))]
    yield _chart(
        "graded", "speed", "Graded tokens per second", "count", [("", graded)], said="Of answers, which the loss is computed on."
    )
    shares = [
        _series("padding", _points(told, "padding_share")),
        _series("saved", _points(told, "shared_share")),
    ]
    yield _chart(
        "shares",
        "speed",
        "Padding and packing",
        "share",
        [("", shares)],
        said="Places that hold no token, and tokens of prompts that need not be computed again.",
    )
    memory = [_series("memory", _points(told, "memory"))]
    yield _chart("memory", "speed", "Memory", "bytes", [("", memory)], said="The most that the first process has held so far.")


def _chart(id: str, section: str, name: str, unit: str, views: Sequence[tuple[str, Sequence[Json]]], *, said: str) -> Json:
    found = [{"name": view, "series": [series for series in drawn if series["points"]]} for view, drawn in views]
    return {"id": id, "section": section, "name": name, "unit": unit, "said": said, "views": found}


def _series(name: str, points: Sequence[Point], *, kind: str = "line", band: Sequence[tuple[int, float, float]] = ()) -> Json:
    """`kind`: "line"; "raw", a pale one that another smooths; "points", a line with its points marked. `band`: step, low, high."""
    return {"name": name, "kind": kind, "points": points, "band": band}


def _f1_series(scored: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The mean with its interval, and one curve for each corpus, task and measure; a single one is the mean."""
    parts = list(dict.fromkeys(name for row in scored for name in row.get("f1_of") or {}))
    band = [(row["step"], row["f1_low"], row["f1_high"]) for row in scored if None not in (row.get("f1_low"), row.get("f1_high"))]
    mean = _series(parts[0] if len(parts) == 1 else "mean", [(row["step"], row["f1"]) for row in scored], kind="points", band=band)
    return [mean, *(_series(name, _inner(scored, "f1_of", name), kind="points") for name in parts if len(parts) > 1)]


def _type_views(scored: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Json]]]:
    """For each corpus, task and measure the types' curves, that of the highest last F1 first."""
    for part in dict.fromkeys(name for row in scored for name in row.get("f1_of_type") or {}):
        own = [{"step": row["step"], "types": (row.get("f1_of_type") or {}).get(part) or {}} for row in scored]
        names = dict.fromkeys(name for row in own for name in row["types"])
        drawn = [_series(name, _inner(own, "types", name), kind="points") for name in names]
        yield part, sorted(drawn, key=lambda series: -series["points"][-1][1] if series["points"] else 0.0)


def _inner(rows: Sequence[Mapping[str, Any]], key: str, name: str) -> list[Point]:
    found = ((row["step"], (row.get(key) or {}).get(name)) for row in rows)
    return [(step, value) for step, value in found if value is not None]


def _smoothed(name: str, points: list[Point]) -> list[Json]:
    """The curve; where it has many points also the running mean, which is then the one that is seen first."""
    if len(points) < _SMOOTHED:
        return [_series(name, points)]
    of = len(points) // _NEAR
    return [_series(name, points, kind="raw"), _series(f"{name}, mean of {of} points", running_mean(points, of))]


def running_mean(points: Sequence[Point], of: int) -> list[Point]:
    """Each value becomes the mean of itself and those before it, `of` of them where there are so many."""
    return [
        (step, fmean(value for _, value in points[max(0, place + 1 - of) : place + 1])) for place, (step, _) in enumerate(points)
    ]


def _points(rows: Sequence[Mapping[str, Any]], key: str) -> list[Point]:
    return thinned([(row["step"], row[key]) for row in rows if isinstance(row.get(key), float | int)])


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Groups of neighbours as their mean, at the last one's step, so that at most `most` are left."""
    size = math.ceil(len(points) / most)
    if size < 2:
        return list(points)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], fmean(value for _, value in group)) for group in groups]


def _thinned_rows(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The last row of each group of `thinned`."""
    size = max(1, math.ceil(len(rows) / MOST_POINTS))
    return [rows[min(start + size, len(rows)) - 1] for start in range(0, len(rows), size)]


# Values


def _values(rows: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [row[key] for row in rows if isinstance(row.get(key), float | int)]


def _last(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    return next((row[key] for row in reversed(rows) if row.get(key) is not None), None)


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def _flat(mapping: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value


def _text(value: Any) -> str:
    """A setting as it stands in YAML; nothing for none and for an empty list."""
    if value is None or value == "" or value == []:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _finite(value: Any) -> Any:
    """The same with None for nan and inf, which JSON in a browser cannot say."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
