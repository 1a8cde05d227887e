"""YAML and `--set key=value` → frozen dataclasses; every mistake is reported at once, with its place and the nearest name."""

import ast
import dataclasses
import difflib
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from uie.errors import SettingsError, UIEError

S = TypeVar("S")
_MISSING: Any = object()


def read_yaml(path: Path, *, error: type[UIEError] = SettingsError) -> dict[str, Any]:
    """The mapping in a YAML file, read safely.

    Raises:
        `error`: the file is missing, is not YAML, holds a key twice, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{path}: no such file.") from None
    except UnicodeDecodeError as found:
        raise error(f"{path}: not YAML: {' '.join(str(found).split())}") from None
    except (IsADirectoryError, PermissionError) as found:
        raise error(f"{path}: cannot be read: {found.strerror}.") from None
    return parse_yaml(text, where=str(path), error=error)


def parse_yaml(text: str, *, where: str, error: type[UIEError] = SettingsError) -> dict[str, Any]:
    """The mapping that a YAML text holds, as `read_yaml` reads it from a file; `where` names the text in errors."""
    try:
        value = _load(text)
    except (yaml.YAMLError, ValueError) as found:  # ValueError: a date that is none, such as 2024-13-01
        raise error(f"{where}: not YAML: {' '.join(str(found).split())}") from None
    if not isinstance(value, dict):
        raise error(f"{where}: expected a mapping of settings, found {type(value).__name__}.")
    return value


def _load(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Fast)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError):
        return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader; its message shows the place


class _UniqueKeys(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice (plain YAML loading keeps the last one without a word)."""


def _unique_mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "expected a text as key", key_node.start_mark)
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same by libyaml, where it is there: five times as fast."""


for _loader in (_UniqueKeys, _Fast):
    _loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def apply_overrides(mapping: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The mapping with each `a.b=value` of `--set` put in; values are read as YAML, so `true`, `3` and `[a, b]` mean what they look like."""
    result = _copied(mapping)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise SettingsError(f"--set {override!r}: expected key=value, such as --set seed=7.")
        inner = result
        *outer, last = key.split(".")
        for part in outer:
            if not isinstance(inner.get(part), dict):
                inner[part] = {}
            inner = inner[part]
        try:
            inner[last] = _load(text)
        except (yaml.YAMLError, ValueError) as found:
            raise SettingsError(f"--set {override!r}: {' '.join(str(found).split())}") from None
    return result


def _copied(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in mapping.items()}


def build(cls: type[S], mapping: Mapping[str, Any], *, where: str) -> S:
    """A settings dataclass from a mapping. Unknown keys, missing keys and wrong types are all named in one error.

    Understood field types: str, int, float, bool, Path, Literal, unions (the first type that fits), tuple[X, ...],
    Mapping[str, X], Any and other settings dataclasses.

    Raises:
        SettingsError: one line; mistakes joined by "; ", each with `where` and the key's path.
    """
    mistakes: list[str] = []
    value = _dataclass(cls, mapping, where, mistakes)
    if mistakes:
        raise SettingsError("; ".join(mistakes))
    try:
        return typing.cast(S, value())
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None


@dataclasses.dataclass(frozen=True, slots=True)
class Described:
    """A setting as documentation shows it."""

    name: str
    expects: str
    default: str
    description: str


def describe(cls: type[Any]) -> list[Described]:
    """A settings dataclass' fields with the string that stands behind each in its source."""
    (tree,) = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    said: dict[str, str] = {}
    for field, text in pairwise(tree.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            said[field.target.id] = str(text.value.value) if is_text else ""  # type: ignore[attr-defined]
    hints = typing.get_type_hints(cls)
    return [Described(f.name, _say(hints[f.name]), _default(f), said.get(f.name, "")) for f in dataclasses.fields(cls)]


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is not dataclasses.MISSING:
        return "" if field.default is None or field.default == () else yaml.safe_dump(field.default).split("\n")[0]
    return "required" if field.default_factory is dataclasses.MISSING else "see below"


def to_mapping(settings: Any) -> Any:
    """The settings as plain mappings, lists and strings, as `run.yaml` and manifests hold them."""
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        return {field.name: to_mapping(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
    if isinstance(settings, Mapping):
        return {key: to_mapping(value) for key, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [to_mapping(value) for value in settings]
    return str(settings) if isinstance(settings, Path) else settings


def _dataclass(cls: type[Any], mapping: Any, where: str, mistakes: list[str]) -> Any:
    """A function that makes the dataclass, to be called once it is known that nothing is wrong."""
    if not isinstance(mapping, Mapping):
        mistakes.append(f"{where}: expected a mapping, found {mapping!r}")
        return lambda: None
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in mapping:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(fields)}"
            mistakes.append(f"{_join(where, key)}: unknown key{hint}")
    values = {}
    for name, field in fields.items():
        if name in mapping:
            values[name] = _value(hints[name], mapping[name], _join(where, name), mistakes)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            mistakes.append(f"{_join(where, name)}: missing; expected {_say(hints[name])}")
    return lambda: cls(**{name: value() for name, value in values.items()})


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if ": " in where else f"{where}: {key}"


def _value(hint: Any, value: Any, where: str, mistakes: list[str]) -> Any:
    if dataclasses.is_dataclass(hint):
        return _dataclass(typing.cast(type[Any], hint), value, where, mistakes)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return lambda: None
        options = [option for option in arguments if option is not type(None)]
        for option in options:
            found: list[str] = []
            made = _value(option, value, where, found)
            if not found:
                return made
        mistakes.extend(found if len(options) == 1 else [f"{where}: expected {_say(hint)}, found {value!r}"])
        return lambda: None
    if origin is tuple and isinstance(value, list | tuple):
        items = [_value(arguments[0], item, f"{where}[{i}]", mistakes) for i, item in enumerate(value)]
        return lambda: tuple(item() for item in items)
    if origin is not None and origin is not Literal and issubclass(origin, Mapping) and isinstance(value, Mapping):
        inner = {str(key): _value(arguments[1], item, _join(where, key), mistakes) for key, item in value.items()}
        return lambda: {key: item() for key, item in inner.items()}
    converted = _scalar(hint, origin, arguments, value)
    if converted is _MISSING:
        mistakes.append(f"{where}: expected {_say(hint)}, found {value!r}")
    return lambda: converted


def _scalar(hint: Any, origin: Any, arguments: tuple[Any, ...], value: Any) -> Any:
    if hint is Any:
        return value
    if origin is Literal:
        return value if value in arguments and type(value) in {type(a) for a in arguments} else _MISSING
    if hint is Path:
        return Path(value) if isinstance(value, str | Path) and str(value) else _MISSING
    if hint is float and isinstance(value, str):  # YAML 1.1 reads 1e-4 as a string: its numbers need a dot
        try:
            return float(value)
        except ValueError:
            return _MISSING
    if hint is float and type(value) in (int, float):
        return float(value)
    return value if type(value) is hint else _MISSING


def _say(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin in (Union, types.UnionType):
        return " or ".join("nothing" if a is type(None) else _say(a) for a in arguments)
    if origin is tuple:
        one = _say(arguments[0])
        return f"a list of {'texts' if one == 'a text' else 'mappings' if one == 'a mapping' else one}"
    if dataclasses.is_dataclass(hint) or (origin is not None and issubclass(origin, Mapping)):
        return "a mapping"
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}.get(hint, str(hint))
