"""Judged items of dev data → maps from confidence to the share of items that are right, and back from JSON.

Two maps are fitted for each task and kind of item: a temperature on the log-odds, which cannot change the order of items, and isotonic
regression, which may take any rising shape. The one with the lower cross-validated log loss is kept. Both only ever rise, so that a
calibrated item is never surer than one that was surer before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from uie.errors import ScoringError
from uie.scoring.confidence import Judged, Judgement, bins, calibration_error
from uie.scoring.rules import (
    ARGUMENT_CLASSIFICATION,
    ENTITIES,
    PAIRS,
    RELATIONS_BOUNDARY,
    RELATIONS_STRICT,
    SPANS,
    TRIGGER_CLASSIFICATION,
)

Json = dict[str, Any]
Kind = Literal["entity", "relation", "event", "argument"]
_Floats = NDArray[np.float64]
VERSION = 1
FILE = "calibration.json"
FOLDS = 5
FEWEST = 30
"""Of fewer items nothing is fitted: their confidences stay what they are."""
_EDGE = 1e-6  # a probability of 0 or 1 has no log-odds
_KINDS: Mapping[str, Kind] = {
    ENTITIES: "entity",
    SPANS: "entity",
    RELATIONS_BOUNDARY: "relation",
    RELATIONS_STRICT: "relation",
    PAIRS: "relation",
    TRIGGER_CLASSIFICATION: "event",
    ARGUMENT_CLASSIFICATION: "argument",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising map of confidences.

    `method` "temperature": log-odds are divided by `temperature`; "isotonic": straight lines between the points (`x`, `y`), level beyond the
    first and the last; "none": too little to learn from. `log_loss` and `calibration_error` (before, after) are of `items` judged items,
    after by the maps of the folds that an item was not in.
    """

    method: Literal["temperature", "isotonic", "none"]
    items: int
    temperature: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    log_loss: tuple[float, float] = (0.0, 0.0)
    calibration_error: tuple[float, float] = (0.0, 0.0)

    def __call__(self, confidence: float) -> float:
        return float(self.of(np.array([confidence]))[0])

    def of(self, confidences: _Floats) -> _Floats:
        if self.method == "isotonic":
            return np.interp(confidences, self.x, self.y)
        return confidences if self.method == "none" else _sigmoid(_log_odds(confidences) / self.temperature)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The maps of a run. `data`: SHA-256 of the dev records; `curves`: by task and kind of item, such as "NER/entity"."""

    data: str
    curves: Mapping[str, Curve]

    def curve(self, tasks: Sequence[str], kind: Kind) -> Curve | None:
        """The map for items of a kind in a Document that answers these tasks."""
        return next((self.curves[name] for task in tasks if (name := f"{task}/{kind}") in self.curves), None)


def calibrate(judgements: Sequence[Judgement], *, data: str) -> Calibration:
    """A map for each task and kind of item that was judged; the items of several corpora go into one.

    Raises:
        ScoringError: there is nothing to learn from.
    """
    groups: dict[str, list[Judged]] = {}
    for judgement in judgements:
        own = groups.setdefault(f"{judgement.task}/{_KINDS[judgement.measure]}", [])
        documents = 1 + max((item.document for item in own), default=-1)
        own += [replace(item, document=documents + item.document) for item in judgement.items]
    if not groups:
        raise ScoringError("no predicted item has a confidence, so there is nothing to calibrate by.")
    return Calibration(data, {name: fit(items) for name, items in groups.items()})


def fit(items: Sequence[Judged]) -> Curve:
    """The map that is best for items of documents that it was not fitted on; a document's items are in one fold."""
    confidences = np.array([item.confidence for item in items])
    right = np.array([item.right for item in items], dtype=np.float64)
    folds = np.array([item.document for item in items]) % FOLDS
    if len(items) < FEWEST or len(set(right)) < 2 or len(set(folds)) < 2:
        return _told(Curve("none", len(items)), confidences, confidences, right)
    tried = []
    for fitted in (temperature, isotonic):
        after = np.empty_like(confidences)
        for fold in set(folds):
            inside = folds != fold
            after[~inside] = fitted(confidences[inside], right[inside]).of(confidences[~inside])
        tried.append(_told(fitted(confidences, right), confidences, after, right))
    return min(tried, key=lambda curve: curve.log_loss[1])


def _told(curve: Curve, before: _Floats, after: _Floats, right: _Floats) -> Curve:
    return replace(
        curve,
        log_loss=(log_loss(before, right), log_loss(after, right)),
        calibration_error=(_error(before, right), _error(after, right)),
    )


def _error(confidences: _Floats, right: _Floats) -> float:
    return calibration_error(bins(Judged(float(one), bool(is_right)) for one, is_right in zip(confidences, right, strict=True)))


def log_loss(confidences: _Floats, right: _Floats) -> float:
    """The mean negative natural logarithm of what was believed of what is so; 0.0 of no items."""
    if not len(confidences):
        return 0.0
    clipped = np.clip(confidences, _EDGE, 1 - _EDGE)
    return float(-np.mean(right * np.log(clipped) + (1 - right) * np.log(1 - clipped)))


# The maps


def temperature(confidences: _Floats, right: _Floats) -> Curve:
    """The temperature with the lowest log loss (Guo et al. 2017, of a probability alone), between 1/50 and 50."""
    odds = _log_odds(confidences)

    def loss(logarithm: float) -> float:
        return log_loss(_sigmoid(odds / np.exp(logarithm)), right)

    return Curve("temperature", len(confidences), float(np.exp(_lowest(loss, -np.log(50), np.log(50)))))


def _lowest(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is lowest, by golden sections."""
    section = (5**0.5 - 1) / 2
    while high - low > 1e-4:
        left, right = high - section * (high - low), low + section * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return (low + high) / 2


def isotonic(confidences: _Floats, right: _Floats) -> Curve:
    """The rising curve with the least squared error, by pooling adjacent violators (Ayer et al. 1955), as scikit-learn draws it.

    Of n items no share below 1/2n or above 1 − 1/2n can be told: no item becomes certain.
    """
    blocks: list[tuple[float, float, float, float]] = []  # items, share that is right, first and last confidence
    for x in np.unique(confidences):
        own = right[confidences == x]
        block = (float(len(own)), float(own.mean()), float(x), float(x))
        while blocks and blocks[-1][1] >= block[1]:
            items, share, first, _ = blocks.pop()
            together = items + block[0]
            block = (together, (items * share + block[0] * block[1]) / together, first, block[3])
        blocks.append(block)
    edge = 0.5 / len(confidences)
    points = {x: min(max(share, edge), 1 - edge) for _, share, first, last in blocks for x in (first, last)}
    return Curve("isotonic", len(confidences), x=tuple(points), y=tuple(points.values()))


def _log_odds(confidences: _Floats) -> _Floats:
    clipped = np.clip(confidences, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _sigmoid(odds: _Floats) -> _Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))


# JSON


def calibration_to_json(calibration: Calibration) -> Json:
    return {"version": VERSION, "data": calibration.data, "curves": {name: asdict(one) for name, one in calibration.curves.items()}}


def calibration_from_json(found: Mapping[str, Any], *, where: str) -> Calibration:
    """What `calibration_to_json` wrote.

    Raises:
        ScoringError: the object is none of ours; `where` names its file.
    """
    if found.get("version") != VERSION:
        raise ScoringError(
            f"{where}: expected a calibration of version {VERSION}, found {found.get('version')!r}; calibrate again."
        )
    try:
        curves = {name: _read(one) for name, one in found["curves"].items()}
        return Calibration(str(found["data"]), curves)
    except (KeyError, TypeError, AttributeError) as error:
        raise ScoringError(f"{where}: not a calibration: {type(error).__name__} {error}; calibrate again.") from None


def _read(found: Mapping[str, Any]) -> Curve:
    values: Json = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Curve(**values)
