"""YAML and overrides to frozen dataclasses; every mistake in one line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from uie.errors import CorpusError, SettingsError
from uie.settings import apply_overrides, build, parse_yaml, read_yaml, to_mapping


@dataclass(frozen=True)
class Rates:
    learning_rate: float
    warmup_share: float = 0.1


@dataclass(frozen=True)
class Run:
    model: str
    rates: Rates
    steps: int = 10
    resume: bool = False
    wrap: Literal["chat", "plain"] = "chat"
    out: Path = Path("runs")
    tasks: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    stages: tuple[Rates, ...] = ()
    seed: int | None = None
    length: int | Literal["auto"] = "auto"
    last: Rates | None = None
    extra: Any = None

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise SettingsError("steps: expected 0 or more.")


GOOD: dict[str, Any] = {"model": "m", "rates": {"learning_rate": 1}}


def error_of(mapping: Mapping[str, Any], cls: type = Run, where: str = "run.yaml") -> str:
    with pytest.raises(SettingsError) as error:
        build(cls, mapping, where=where)
    return str(error.value)


# Building


def test_what_is_left_out_has_its_default() -> None:
    assert build(Run, GOOD, where="run.yaml") == Run("m", Rates(1.0))


def test_every_field_type_is_understood() -> None:
    mapping = {
        "model": "m",
        "rates": {"learning_rate": "1e-4", "warmup_share": 0},
        "steps": 3,
        "resume": True,
        "wrap": "plain",
        "out": "some/where",
        "tasks": ["NER", "RE"],
        "limits": {"a": 1, 2: 3},
        "stages": [{"learning_rate": 0.5}],
        "seed": 7,
        "length": 128,
        "last": {"learning_rate": 2.0},
        "extra": [{"any": "thing"}],
    }

    assert build(Run, mapping, where="run.yaml") == Run(
        "m",
        Rates(0.0001, 0.0),
        3,
        True,
        "plain",
        Path("some/where"),
        ("NER", "RE"),
        {"a": 1, "2": 3},
        (Rates(0.5),),
        7,
        128,
        Rates(2.0),
        [{"any": "thing"}],
    )


def test_nothing_stands_for_an_optional_setting() -> None:
    assert build(Run, {**GOOD, "seed": None, "last": None}, where="run.yaml").seed is None


def test_all_mistakes_are_named_in_one_line() -> None:
    mapping = {
        "modle": "m",
        "rates": {"learning_rate": "fast", "warm": 1},
        "steps": True,
        "wrap": "human",
        "tasks": ["NER", 5],
        "limits": {"a": "b"},
        "stages": [{"warmup_share": 0.2}],
        "zzzzz": 0,
    }

    assert error_of(mapping) == "; ".join(
        [
            "run.yaml: modle: unknown key; did you mean 'model'?",
            "run.yaml: zzzzz: unknown key; known: model, rates, steps, resume, wrap, out, tasks, limits, stages, seed, length, last, extra",
            "run.yaml: model: missing; expected a text",
            "run.yaml: rates.warm: unknown key; known: learning_rate, warmup_share",
            "run.yaml: rates.learning_rate: expected a number, found 'fast'",
            "run.yaml: steps: expected a whole number, found True",
            "run.yaml: wrap: expected one of 'chat', 'plain', found 'human'",
            "run.yaml: tasks[1]: expected a text, found 5",
            "run.yaml: limits.a: expected a whole number, found 'b'",
            "run.yaml: stages[0].learning_rate: missing; expected a number",
        ]
    )


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model", 5, "expected a text, found 5"),
        ("model", None, "expected a text, found None"),
        ("rates", 5, "expected a mapping, found 5"),
        ("steps", 1.0, "expected a whole number, found 1.0"),
        ("steps", "3", "expected a whole number, found '3'"),
        ("resume", 1, "expected true or false, found 1"),
        ("resume", "yes", "expected true or false, found 'yes'"),
        ("wrap", ["chat"], "expected one of 'chat', 'plain', found ['chat']"),
        ("out", "", "expected a path, found ''"),
        ("tasks", "NER", "expected a list of texts, found 'NER'"),
        ("limits", [1], "expected a mapping, found [1]"),
        ("seed", "x", "expected a whole number, found 'x'"),
        ("length", "long", "expected a whole number or one of 'auto', found 'long'"),
        ("last", {"learning_rate": 1, "warmup_share": "x"}, "warmup_share: expected a number, found 'x'"),
    ],
)
def test_a_wrong_type_is_named_with_what_was_expected(key: str, value: Any, message: str) -> None:
    place = "run.yaml: last." if key == "last" else f"run.yaml: {key}: "

    assert error_of({**GOOD, key: value}) == place + message


def test_true_is_no_number_even_where_a_float_is_expected() -> None:
    assert error_of({"learning_rate": True}, Rates) == "run.yaml: learning_rate: expected a number, found True"


def test_what_the_dataclass_itself_refuses_is_told_with_its_place() -> None:
    assert error_of({**GOOD, "steps": -1}) == "run.yaml: steps: expected 0 or more."


def test_settings_become_a_mapping_and_settings_again() -> None:
    settings = build(Run, {**GOOD, "tasks": ["NER"], "stages": [{"learning_rate": 2}], "limits": {"a": 1}}, where="run.yaml")

    mapping = to_mapping(settings)

    assert mapping["out"] == "runs"
    assert mapping["stages"] == [{"learning_rate": 2.0, "warmup_share": 0.1}]
    assert build(Run, mapping, where="run.yaml") == settings


# Overrides


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("a=7", {"a": 7, "b": {"c": 1, "d": 2}}),
        ("b.c=7", {"a": 0, "b": {"c": 7, "d": 2}}),
        ("b.new.deep=x", {"a": 0, "b": {"c": 1, "d": 2, "new": {"deep": "x"}}}),
        ("a.e=1", {"a": {"e": 1}, "b": {"c": 1, "d": 2}}),
        ("a=x=y", {"a": "x=y", "b": {"c": 1, "d": 2}}),
        ("a=[1, two, true]", {"a": [1, "two", True], "b": {"c": 1, "d": 2}}),
        ("b={c: 5}", {"a": 0, "b": {"c": 5}}),
        ("a=", {"a": None, "b": {"c": 1, "d": 2}}),
        ("a='7'", {"a": "7", "b": {"c": 1, "d": 2}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_override_sets_one_key(override: str, expected: dict[str, Any]) -> None:
    given = {"a": 0, "b": {"c": 1, "d": 2}}

    assert apply_overrides(given, [override]) == expected
    assert given == {"a": 0, "b": {"c": 1, "d": 2}}


def test_the_last_override_counts_and_1e_4_is_a_number() -> None:
    mapping = apply_overrides(GOOD, ["rates.learning_rate=3", "rates.learning_rate=1e-4"])

    assert build(Run, mapping, where="--set").rates.learning_rate == 0.0001


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps", "--set 'steps': expected key=value, such as --set seed=7."),
        ("=7", "--set '=7': expected key=value, such as --set seed=7."),
        ("tasks=[NER", "--set 'tasks=[NER': while parsing a flow sequence in \"<unicode string>\", line 1, column 1: [NER ^ expected ',' or ']', but got '<stream end>' in \"<unicode string>\", line 1, column 5: [NER ^"),
        ("since=2024-13-01", "--set 'since=2024-13-01': month must be in 1..12"),
        ("a={b: 1, b: 2}", "--set 'a={b: 1, b: 2}': the key 'b' is given twice in \"<unicode string>\", line 1, column 8: {b: 1, b: 2} ^"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_one_line(override: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        apply_overrides({}, [override])

    assert str(error.value) == message


# YAML


def test_anchors_and_merges_are_read() -> None:
    text = "base: &base {a: 1, b: 2}\nmine:\n  <<: *base\n  b: 3\n"

    assert parse_yaml(text, where="x.yaml") == {"base": {"a": 1, "b": 2}, "mine": {"a": 1, "b": 3}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml: not YAML: the key 'a' is given twice in \"<unicode string>\", line 3, column 1: a: 3 ^"),
        ("a:\n  b: 1\n  b: 1\n", "x.yaml: not YAML: the key 'b' is given twice in \"<unicode string>\", line 3, column 3: b: 1 ^"),
        ("? [a]\n: b\n", 'x.yaml: not YAML: expected a text as key in "<unicode string>", line 1, column 3: ? [a] ^'),
        ("- a\n", "x.yaml: expected a mapping of settings, found list."),
        ("", "x.yaml: expected a mapping of settings, found NoneType."),
        ("since: 2024-13-01\n", "x.yaml: not YAML: month must be in 1..12"),
        (
            "a: !!python/name:os.system\n",
            "x.yaml: not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system' "
            'in "<unicode string>", line 1, column 4: a: !!python/name:os.system ^',
        ),
    ],
    ids=["a key twice", "a key twice inside", "a list as key", "a list", "nothing", "no date", "code"],
)
def test_a_text_that_is_no_mapping_is_one_line(text: str, message: str) -> None:
    with pytest.raises(CorpusError) as error:
        parse_yaml(text, where="x.yaml", error=CorpusError)

    assert str(error.value) == message


def test_a_file_is_read_with_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffname: 人名\n".encode())

    assert read_yaml(path) == {"name": "人名"}


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: caf\xe9\n")

    def message(path: Path) -> str:
        with pytest.raises(SettingsError) as error:
            read_yaml(path)
        return str(error.value)

    assert message(tmp_path / "none.yaml") == f"{tmp_path / 'none.yaml'}: no such file."
    assert message(tmp_path) == f"{tmp_path}: cannot be read: Is a directory."
    assert message(latin) == f"{latin}: not YAML: 'utf-8' codec can't decode byte 0xe9 in position 9: invalid continuation byte"
