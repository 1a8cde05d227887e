"""Predicted Documents with confidences → calibrated ones, and ones without what is not sure enough; a run's calibration on disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import TypeVar

from uie.documents import Argument, Document, Event
from uie.errors import ScoringError
from uie.scoring.calibration import FILE, Calibration, Kind, calibration_from_json, calibration_to_json
from uie.scoring.scope import tasks_of
from uie.storage import parse_object, write_json

T = TypeVar("T")


def read_calibration(model: str | Path) -> Calibration | None:
    """The calibration of a run folder; None where it has none, and where the model is no folder.

    Raises:
        ScoringError: the file is no calibration.
    """
    path = Path(model) / FILE
    if not path.is_file():
        return None
    return calibration_from_json(parse_object(path.read_text(encoding="utf-8"), str(path), error=ScoringError), where=str(path))


def write_calibration(run: Path, calibration: Calibration) -> Path:
    """Writes RUN/calibration.json, in the place of the one that was there."""
    write_json(run / FILE, calibration_to_json(calibration))
    return run / FILE


def calibrated(document: Document, calibration: Calibration | None) -> Document:
    """The Document with each confidence as the calibration maps it; what it has no map for stays as it is."""
    if calibration is None:
        return document
    tasks = tasks_of(document)
    curves = {kind: calibration.curve(tasks, kind) for kind in _KINDS}

    def mapped(confidence: float | None, kind: Kind) -> float | None:
        curve = curves[kind]
        return confidence if confidence is None or curve is None else curve(confidence)

    def event(one: Event) -> Event:
        arguments = (replace(argument, confidence=mapped(argument.confidence, "argument")) for argument in one.arguments)
        return replace(one, confidence=mapped(one.confidence, "event"), arguments=tuple(arguments))

    return replace(
        document,
        entities=_each(document.entities, lambda one: replace(one, confidence=mapped(one.confidence, "entity"))),
        relations=_each(document.relations, lambda one: replace(one, confidence=mapped(one.confidence, "relation"))),
        events=_each(document.events, event),
    )


_KINDS: tuple[Kind, ...] = ("entity", "relation", "event", "argument")


def keep_confident(document: Document, minimum: float, by_type: Mapping[str, float] | None = None) -> Document:
    """The Document without items less sure than `minimum`, or than what `by_type` says of their type.

    Types are those of entities, relations and events; of arguments EVENT/ROLE. What has no confidence stays. An entity that an item
    which stays stands on, a relation or a cluster, stays with it; an untyped one, which is only there as the end of relations, goes with
    the last of them. With an event go its arguments, and the arguments of others that it fills.
    """

    def is_sure(confidence: float | None, type: str | None) -> bool:
        return confidence is None or confidence >= (by_type or {}).get(type or "", minimum)

    def with_sure_arguments(event: Event) -> Event:
        return replace(event, arguments=tuple(a for a in event.arguments if is_sure(a.confidence, f"{event.type}/{a.role}")))

    relations = _some(document.relations, [is_sure(one.confidence, one.type) for one in document.relations or ()])
    needed = {end for one in relations or () if one.level == "entity" for end in (one.head, one.tail)}
    needed.update(index for cluster in document.clusters or () for index in cluster)
    were_ends = {end for one in document.relations or () if one.level == "entity" for end in (one.head, one.tail)}
    kept = [
        index in needed or (is_sure(one.confidence, one.type) and not (one.type is None and index in were_ends))
        for index, one in enumerate(document.entities or ())
    ]
    place = _places(kept)
    events = [is_sure(one.confidence, one.type) for one in document.events or ()]
    return replace(
        document,
        entities=_some(document.entities, kept),
        relations=_each(
            relations, lambda one: replace(one, head=place[one.head], tail=place[one.tail]) if one.level == "entity" else one
        ),
        clusters=_each(document.clusters, lambda cluster: tuple(place[index] for index in cluster)),
        events=_each(_some(document.events, events), lambda one: _with_places(with_sure_arguments(one), _places(events))),
    )


def _with_places(event: Event, place: Mapping[int, int]) -> Event:
    """The event with the places that other events have now in its arguments, without those whose event is gone."""
    arguments: list[Argument] = []
    for argument in event.arguments:
        if argument.event is None:
            arguments.append(argument)
        elif argument.event in place:
            arguments.append(replace(argument, event=place[argument.event]))
    return replace(event, arguments=tuple(arguments))


def _places(kept: list[bool]) -> dict[int, int]:
    """Old → new index of what is kept."""
    return {old: new for new, old in enumerate(index for index, is_kept in enumerate(kept) if is_kept)}


def _each(items: Sequence[T] | None, change: Callable[[T], T]) -> tuple[T, ...] | None:
    return None if items is None else tuple(map(change, items))


def _some(items: Sequence[T] | None, kept: list[bool]) -> tuple[T, ...] | None:
    return None if items is None else tuple(compress(items, kept))
