"""Records, one after the other → what questions.json and the model card say of them: how they asked, and where they came from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uie.records.record import Record
from uie.schema import KINDS, Label, Schema, schema_to_mapping

_HOW = ("tasks", "formats", "prompts", "langs")


class AskedOfRecords:
    """Gathers what a run was asked; holds one schema for each corpus and task, no records."""

    def __init__(self) -> None:
        self._how: dict[str, dict[str, None]] = {key: {} for key in _HOW}
        self._schemas: dict[str, dict[str, _Names]] = {}
        self._origins: Counter[tuple[str, str, str]] = Counter()
        self._last: Record | None = None
        self._times = 0

    def note(self, record: Record) -> None:
        """Raises:
        SchemaError: what the record says it asks is no schema.
        """
        self._origins[origin_of(record)] += 1
        for key, value in zip(_HOW, (record.task, record.format, record.prompt, record.lang), strict=True):
            if value and not (record.is_bare and key in ("tasks", "langs")):  # a bare record has only the defaults of these
                self._how[key][value] = None
        if record.schema:
            # Records of one group ask one schema and come one after the other; comparing is a tenth of the work of adding.
            if self._last is not None and not _ask_alike(self._last, record):
                self._add()
            self._last = record
            self._times += 1

    def origins(self) -> dict[tuple[str, str, str], int]:
        """How many records came from where, see `origin_of`."""
        return dict(self._origins)

    def mapping(self) -> dict[str, Any]:
        """tasks, formats, prompts, langs and schemas, as questions.json holds them."""
        self._add()
        schemas = {
            dataset: {task: schema_to_mapping(names.schema()) for task, names in tasks.items()}
            for dataset, tasks in self._schemas.items()
        }
        return {**{key: list(values) for key, values in self._how.items()}, "schemas": schemas}

    def _add(self) -> None:
        if self._last is not None:
            record, tasks = self._last, self._schemas.setdefault(self._last.dataset, {})
            tasks.setdefault(record.task, _Names(record.lang)).add(record.asked(), times=self._times)
        self._last, self._times = None, 0


def origin_of(record: Record) -> tuple[str, str, str]:
    """Corpus, split and task; no task for a bare record, which has only the default."""
    return record.dataset, record.split, "" if record.is_bare else record.task


def _ask_alike(one: Record, other: Record) -> bool:
    return (one.dataset, one.task, one.lang) == (other.dataset, other.task, other.lang) and _is_same(one.schema, other.schema)


def _is_same(one: Any, other: Any) -> bool:
    """Mappings of the same keys in the same order: a schema's labels are ordered."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_is_same(value, other[key]) for key, value in one.items())
    return bool(one == other)


class _Names:
    """All labels that the records of one corpus and task ask, each by the name it has in most of them.

    Records ask samples of one schema, and may show a label by a paraphrase or a code.
    """

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._names: dict[tuple[str, ...], Counter[str]] = {}
        self._first: dict[tuple[str, ...], Label] = {}

    def add(self, schema: Schema, *, times: int) -> None:
        for kind in KINDS:
            for label in getattr(schema, kind):
                self._note((kind, label.label), label, times)
                for role in getattr(label, "roles", ()):
                    self._note((kind, label.label, role.label), role, times)

    def schema(self) -> Schema:
        events = tuple(replace(event, roles=self._labels("events", event.label)) for event in self._labels("events"))
        return Schema(self._lang, self._labels("entities"), self._labels("relations"), events)

    def _note(self, key: tuple[str, ...], label: Label, times: int) -> None:
        self._names.setdefault(key, Counter())[label.name] += times
        self._first.setdefault(key, label)

    def _labels(self, *parent: str) -> tuple[Any, ...]:
        found, taken = [], set()
        for key, label in self._first.items():
            if key[:-1] == parent:
                names = [name for name, _ in self._names[key].most_common()]
                name = next((name for name in (*names, label.label) if name not in taken), label.label)
                taken.add(name)
                found.append(replace(label, name=name))
        return tuple(found)
