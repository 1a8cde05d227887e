"""A value from JSON or a table's cell and a path or key in, what lies there out; or a CorpusError that says what was there instead."""

import ast
import json
from collections.abc import Mapping
from typing import Any

from uie.errors import CorpusError

Key = str | int | None
"""A path (`label`, `span.start`) within an item that is an object, or a position within one that is a list; None: it has none."""

_NEEDED: Any = object()


def at(value: Any, path: str) -> Any:
    """What lies at a path.

    Raises:
        CorpusError: a key, or a position in a list, is missing.
    """
    steps = path.split(".")
    for number, step in enumerate(steps):
        if isinstance(value, Mapping):
            if path in value and number == 0:
                return value[path]  # a key with a full stop in it
            if step not in value:
                raise CorpusError(f"the key {path!r} is missing; there is {', '.join(map(str, value)) or 'nothing'}.")
            value = value[step]
        elif isinstance(value, list) and step.isdecimal():
            if int(step) >= len(value):
                raise CorpusError(f"{path}: there is no position {step} in a list of {len(value)}.")
            value = value[int(step)]
        elif isinstance(value, list):
            rest = ".".join(steps[number:])
            return [at(item, rest) for item in value]
        else:
            raise CorpusError(f"{path}: there is no {step!r} in {value!r}.")
    return value


def listed(value: Any, what: str) -> list[Any]:
    """A list, or one that a text holds; nothing is an empty one."""
    value = unpacked(value)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise CorpusError(f"{what}: expected a list, found {value!r}.")
    return list(value)


def unpacked(value: Any) -> Any:
    """What a text holds that is JSON, or a list or dict as Python prints it; None where it is empty."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(json.dumps(ast.literal_eval(value.strip())))  # tuples become lists
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        pass
    raise CorpusError(f"expected a list in the cell, found {value[:80]!r}.")


def items_of(value: Any, what: str) -> list[tuple[str | None, Any]]:
    """The items of a list; of an object those of each key, with the key."""
    value = unpacked(value)
    if not isinstance(value, dict):
        return [(None, item) for item in listed(value, what)]
    found: list[tuple[str | None, Any]] = []
    for key, items in value.items():
        found += [(key, item) for item in (items if isinstance(items, list) else [items])]
    return found


def part(item: Any, key: Key, *, missing: Any = _NEEDED) -> Any:
    if isinstance(key, int):
        if not isinstance(item, list | tuple) or not -len(item) <= key < len(item):
            raise CorpusError(f"expected a list with a position {key}, found {item!r}.")
        return item[key]
    if not isinstance(item, dict):
        raise CorpusError(f"expected an object with the key {key!r}, found {item!r}.")
    if missing is not _NEEDED and key is not None and "." not in key and key not in item:
        return missing
    return at(item, str(key))


def offset_of(value: Any) -> int:
    """An offset; tables hold them as text, and pandas writes those of a column with gaps as 3.0."""
    if isinstance(value, str) and value.strip().removesuffix(".0").isdecimal():
        return int(value.strip().removesuffix(".0"))
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise CorpusError(f"expected a whole number as offset, found {value!r}.")
    return value
