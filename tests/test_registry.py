"""Registry: names to lazily imported targets, plugins through entry points."""

import string
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from uie import registry
from uie.errors import SettingsError
from uie.registry import Registry

TARGETS = {"digits": "string:digits", "whole": "string", "nested": "string:Formatter.format"}


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """The entry points of installed plugins: empty, for a test to fill."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [entry for entry in found if entry.group == group])
    return found


def shapes(targets: dict[str, str] = TARGETS) -> Registry[object]:
    return Registry("shape", targets, group="uie.shapes")


def test_a_target_is_a_module_or_an_attribute_in_it(plugins: list[EntryPoint]) -> None:
    found = shapes()

    assert found.get("whole") is string
    assert found.get("digits") == "0123456789"
    assert found.get("nested") is string.Formatter.format


def test_names_are_sorted_and_known_to_in(plugins: list[EntryPoint]) -> None:
    found = shapes()

    assert found.names() == list(found) == ["digits", "nested", "whole"]
    assert "digits" in found
    assert "Digits" not in found


def test_listing_names_imports_nothing(plugins: list[EntryPoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_when_asked.py").write_text("VALUE = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = shapes({"seven": "only_when_asked:VALUE"})

    assert found.names() == ["seven"]
    assert "only_when_asked" not in sys.modules
    assert found.get("seven") == 7
    monkeypatch.delitem(sys.modules, "only_when_asked")


def test_an_unknown_name_is_an_error_with_its_neighbours(plugins: list[EntryPoint]) -> None:
    with pytest.raises(SettingsError) as error:
        shapes().get("digit")

    assert str(error.value) == "No shape is named 'digit'. Did you mean 'digits'? Known: digits, nested, whole."


def test_a_plugin_adds_a_name(plugins: list[EntryPoint]) -> None:
    plugins += [EntryPoint("letters", "string:ascii_letters", "uie.shapes"), EntryPoint("other", "string", "uie.colours")]

    found = shapes()

    assert found.names() == ["digits", "letters", "nested", "whole"]
    assert found.get("letters") == string.ascii_letters


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [EntryPoint("digits", "plugin:digits", "uie.shapes")],
            "plugin:digits: the shape 'digits' is already string:digits; rename the plugin's entry point or uninstall it.",
        ),
        (
            [EntryPoint("new", "first:x", "uie.shapes"), EntryPoint("new", "second:y", "uie.shapes")],
            "second:y: the shape 'new' is already first:x; rename the plugin's entry point or uninstall it.",
        ),
    ],
    ids=["ours", "another plugin's"],
)
def test_a_name_claimed_twice_is_an_error(plugins: list[EntryPoint], entries: list[EntryPoint], message: str) -> None:
    plugins += entries

    with pytest.raises(SettingsError) as error:
        shapes().names()

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("module", "name", "size"),
    [("uie.tasks", "TASKS", 3), ("uie.formats", "FORMATS", 2), ("uie.corpora", "LAYOUTS", 8), ("uie.scoring", "RULES", 2)],
)
def test_every_shipped_name_can_be_imported(module: str, name: str, size: int) -> None:
    table: Registry[object] = getattr(__import__(module, fromlist=[name]), name)

    assert len(table.names()) >= size
    assert all(table.get(each) is not None for each in table)
