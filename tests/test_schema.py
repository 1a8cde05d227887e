"""Schema: one mapping form, read and written; names and labels one-to-one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.errors import SchemaError
from uie.schema import EventLabel, Label, RelationLabel, Schema, read_schema, schema_to_mapping

FULL = {
    "lang": "zh",
    "entities": {
        "LOC": {"name": {"en": "location", "zh": "地名"}, "description": {"en": "a named place"}},
        "person": "a human being, by name",
        "ORG": None,
    },
    "relations": {"Work_For": {"name": "works for", "head": ["person"], "tail": ["ORG"]}},
    "events": {"attack": {"description": " violence ", "roles": {"victim": "who was hurt", "place": {"name": "location of it"}}}},
}


def test_the_documented_form_is_read() -> None:
    assert read_schema(FULL) == Schema(
        "zh",
        (Label("LOC", "地名", "a named place"), Label("person", "person", "a human being, by name"), Label("ORG", "ORG")),
        (RelationLabel("Work_For", "works for", "", ("person",), ("ORG",)),),
        (
            EventLabel(
                "attack", "attack", "violence", (Label("victim", "victim", "who was hurt"), Label("place", "location of it"))
            ),
        ),
    )


@pytest.mark.parametrize(("lang", "name"), [("en", "location"), ("zh", "地名"), ("de", "location"), (None, "地名")])
def test_the_name_is_in_the_language_asked_for_or_else_the_first(lang: str | None, name: str) -> None:
    assert read_schema(FULL, lang=lang).entities[0].name == name


def test_a_kind_may_be_a_plain_list_of_labels() -> None:
    assert read_schema({"entities": ["PER", 2]}) == Schema("en", (Label("PER", "PER"), Label("2", "2")))


def test_a_schema_can_be_restricted_to_kinds() -> None:
    schema = read_schema(FULL)

    assert schema.only(["relations"]) == Schema("zh", (), schema.relations, ())
    assert schema.only(["entities", "events"]) == Schema("zh", schema.entities, (), schema.events)


def test_an_event_is_found_by_its_label() -> None:
    schema = read_schema(FULL)

    assert schema.event("attack") is schema.events[0]
    assert schema.event("storm") is None


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"entity": []}, "f.yaml: entity: unknown key; expected entities, relations, events."),
        ({"entities": [], 7: 1, "x": 2}, "f.yaml: 7: unknown key; expected entities, relations, events."),
        ({"entities": "PER"}, "f.yaml: entities: expected a mapping or a list of labels, found 'PER'."),
        ({"entities": [{"name": "x"}]}, "f.yaml: entities: expected a label, found {'name': 'x'}; a label is a text, in quotes if YAML reads it otherwise."),
        ({"entities": {False: "no"}}, "f.yaml: entities: expected a label, found False; a label is a text, in quotes if YAML reads it otherwise."),
        ({"entities": {"PER": 5}}, "f.yaml: entities.PER: expected a description or a mapping, found 5."),
        ({"entities": {"PER": {"naem": "x"}}}, "f.yaml: entities.PER.naem: unknown key; expected name, description, paraphrases."),
        ({"entities": {"PER": {"name": 5}}}, "f.yaml: entities.PER: expected a text or one per language, found 5."),
        ({"entities": {"PER": {"description": {"en": [1]}}}}, "f.yaml: entities.PER: expected a text or one per language, found [1]."),
        ({"relations": {"W": {"roles": []}}}, "f.yaml: relations.W.roles: unknown key; expected name, description, paraphrases, head, tail."),
        ({"relations": {"W": {"head": "PER"}}}, "f.yaml: relations.W: head: expected a mapping or a list of labels, found 'PER'."),
        ({"events": {"A": {"head": []}}}, "f.yaml: events.A.head: unknown key; expected name, description, paraphrases, roles."),
        ({"events": {"A": {"roles": {"r": 5}}}}, "f.yaml: events.A.roles.r: expected a description or a mapping, found 5."),
        ({"entities": ["PER", "LOC", "PER"]}, "f.yaml: entities: the label 'PER' is given twice."),
        ({"entities": ["PER", " "]}, "f.yaml: entities: a label or name is empty."),
        (
            {"entities": {"PER": {"name": "name"}, "LOC": {"name": "name"}}},
            "f.yaml: entities: 'PER' and 'LOC' share the name 'name'; an answer could not be mapped back.",
        ),
        (
            {"events": {"A": {"roles": {"x": {"name": "y"}, "y": None}}}},
            "f.yaml: events.A.roles: 'x' and 'y' share the name 'y'; an answer could not be mapped back.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value.partition(": ")[2][:40],
)  # fmt: skip
def test_a_wrong_schema_is_told_in_one_line(mapping: dict[Any, Any], message: str) -> None:
    with pytest.raises(SchemaError) as error:
        read_schema(mapping, where="f.yaml")

    assert str(error.value) == message


def test_one_name_may_serve_two_kinds_and_two_events() -> None:
    schema = read_schema(
        {"entities": ["attack"], "relations": ["attack"], "events": {"attack": {"roles": ["x"]}, "y": {"roles": ["x"]}}}
    )

    assert [role.name for event in schema.events for role in event.roles] == ["x", "x"]


WORD = st.text(min_size=1, max_size=6).map(str.strip).filter(bool)


@st.composite
def labels(draw: st.DrawFn, size: int = 3) -> list[tuple[str, str, str]]:
    """Labels with names and descriptions, distinct within the list."""
    texts = draw(st.lists(WORD, max_size=size, unique=True))
    names = (
        draw(st.permutations(texts))
        if draw(st.booleans())
        else draw(st.lists(WORD, min_size=len(texts), max_size=len(texts), unique=True))
    )
    return [(label, name, draw(st.just("") | WORD)) for label, name in zip(texts, names, strict=True)]


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    ends = st.lists(WORD, max_size=2).map(tuple)
    return Schema(
        draw(st.sampled_from(["en", "zh"])),
        tuple(Label(*label) for label in draw(labels())),
        tuple(RelationLabel(*label, draw(ends), draw(ends)) for label in draw(labels())),
        tuple(EventLabel(*label, tuple(Label(*role) for role in draw(labels()))) for label in draw(labels(2))),
    )


@settings(deadline=None, max_examples=60)
@given(schemas())
def test_reading_undoes_writing(schema: Schema) -> None:
    assert read_schema(schema_to_mapping(schema)) == schema


@settings(deadline=None, max_examples=30)
@given(schemas())
def test_without_descriptions_names_and_order_stay(schema: Schema) -> None:
    bare = read_schema(schema_to_mapping(schema, descriptions=False))

    for kind in ("entities", "relations", "events"):
        assert [(x.label, x.name, x.description) for x in getattr(bare, kind)] == [
            (x.label, x.name, "") for x in getattr(schema, kind)
        ]
    assert [[(r.label, r.name) for r in e.roles] for e in bare.events] == [
        [(r.label, r.name) for r in e.roles] for e in schema.events
    ]
