"""Labels and the names that stand for them."""

import pytest

from uie.schema import Label
from uie.tasks.names import label_of, name_of
from uie.tasks.question import Problem

KNOWN = (Label("PER", "person"), Label("person", "people"), Label("LOC", "LOC"))


@pytest.mark.parametrize(("label", "name"), [("PER", "person"), ("person", "people"), ("LOC", "LOC"), ("ORG", "ORG")])
def test_a_label_is_shown_by_its_name(label: str, name: str) -> None:
    assert name_of(label, KNOWN) == name


@pytest.mark.parametrize(
    ("name", "label", "problems"),
    [
        pytest.param("people", "person", (), id="a name"),
        pytest.param("person", "PER", (), id="a name goes before another's label"),
        pytest.param("LOC", "LOC", (), id="a label that is its own name"),
        pytest.param("PER", "PER", (Problem("repaired_type", "PER"),), id="a label that is not"),
        pytest.param("place", "place", (Problem("unknown_type", "place"),), id="unknown"),
        pytest.param("loc", "LOC", (Problem("repaired_type", "loc"),), id="another case"),
        pytest.param("Persons", "Persons", (Problem("unknown_type", "Persons"),), id="a plural of what two labels may mean"),
        pytest.param("LOCs", "LOC", (Problem("repaired_type", "LOCs"),), id="a plural"),
        pytest.param("ＬＯＣ", "LOC", (Problem("repaired_type", "ＬＯＣ"),), id="full-width letters"),
    ],
)
def test_a_name_is_read_as_its_label(name: str, label: str, problems: tuple[Problem, ...]) -> None:
    assert label_of(name, KNOWN) == (label, problems)


def test_where_nothing_is_known_every_name_stands_for_itself() -> None:
    assert label_of("anything", ()) == ("anything", ())
