"""What may be asked for (names, descriptions, pydantic models, JSON schemas) as a Schema, and what was found as an instance."""

import doctest
import enum
import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from gold_echo import GoldEcho

import uie
from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import SchemaError
from uie.extraction import schemas
from uie.extraction.extractor import Extractor
from uie.extraction.schemas import fill, schema_from
from uie.schema import EventLabel, Label, RelationLabel, Schema, schema_to_mapping

pydantic = pytest.importorskip("pydantic")
BaseModel, Field = pydantic.BaseModel, pydantic.Field


class Person(BaseModel):
    """A human being,
    by name."""

    name: str


class Company(BaseModel):
    text: str
    start: int
    end: int


class WorksFor(BaseModel):
    """who earns money where"""

    who: Person
    company: Company


class Attack(BaseModel):
    trigger: str
    victim: Person | None = Field(None, description="who was hurt")
    weapons: list[str] = []
    place_of_attack: Mention | None


class Found(BaseModel):
    job_title: list[str] = Field(description="a position one holds")
    people: list[Person]
    companies: list[Company]
    places: list[Mention] = Field(description="a place with a name")
    jobs: list[WorksFor]
    attacks: list[Attack]


class Kind(enum.Enum):
    SHIP = "ship"
    PORT = "port of call"


class Thing(BaseModel):
    kind: Kind
    text: str
    start: int
    end: int


class Link(BaseModel):
    head: str
    how: Literal["sails to", "owned by"]
    tail: str


class Typed(BaseModel):
    things: list[Thing]
    links: list[Link]


TEXT = "Mira, head of Lindqvist Labs, was hit with a stone and a stick in Oslo."
DOCUMENT = Document(
    "1",
    TEXT,
    entities=(
        Entity(Mention("Mira", 0, 4), "Person"),
        Entity(Mention("head", 6, 10), "job_title"),
        Entity(Mention("Lindqvist Labs", 14, 28), "Company"),
        Entity(Mention("Oslo", 66, 70), "places"),
        Entity(Mention("Eve"), "Person"),
        Entity(Mention("stone", 45, 50), "Weapon"),
    ),
    relations=(Relation("WorksFor", 0, 2), Relation("WorksFor", 4, 2), Relation("Owns", 0, 2)),
    events=(
        Event(
            "Attack",
            Mention("hit", 34, 37),
            (
                Argument("victim", Mention("Mira", 0, 4)),
                Argument("weapons", Mention("stone", 45, 50)),
                Argument("weapons", Mention("stick", 57, 62)),
                Argument("weapons", Mention("gun")),
                Argument("place_of_attack", Mention("Oslo", 66, 70)),
            ),
        ),
        Event("Attack", None, (Argument("victim", Mention("Mira", 0, 4)),)),
        Event("Attack", Mention("hit", 34, 37)),
    ),
)


def test_names_and_descriptions_are_entity_types() -> None:
    assert schema_from(["person", "ship"]) == Schema(entities=(Label("person", "person"), Label("ship", "ship")))
    assert schema_from(("人名",), lang="zh") == Schema("zh", (Label("人名", "人名"),))
    assert schema_from({"ship": "a vessel", "port": None}) == Schema(
        entities=(Label("ship", "ship", "a vessel"), Label("port", "port"))
    )


def test_the_mapping_of_a_schema_file_is_read_in_the_language_that_is_asked_for() -> None:
    mapping = {"entities": {"LOC": {"name": {"en": "place", "zh": "地名"}}}, "relations": ["near"]}

    schema = schema_from(mapping, lang="zh")

    assert schema == Schema("zh", (Label("LOC", "地名"),), (RelationLabel("near", "near"),))
    assert schema_from(schema, lang="en") is schema


def test_a_model_asks_for_entities_relations_and_events() -> None:
    schema = schema_from(Found)

    assert schema == Schema(
        "en",
        (
            Label("job_title", "job title", "a position one holds"),
            Label("Person", "person", "A human being, by name."),
            Label("Company", "company"),
            Label("places", "places", "a place with a name"),
        ),
        (RelationLabel("WorksFor", "works for", "who earns money where", ("Person",), ("Company",)),),
        (
            EventLabel(
                "Attack",
                "attack",
                "",
                (
                    Label("victim", "victim", "who was hurt"),
                    Label("weapons", "weapons"),
                    Label("place_of_attack", "place of attack"),
                ),
            ),
        ),
    )


def test_a_model_is_filled_with_what_stands_in_the_text() -> None:
    found = fill(Found, DOCUMENT)

    mira, labs = Person(name="Mira"), Company(text="Lindqvist Labs", start=14, end=28)
    assert found == Found(
        job_title=["head"],
        people=[mira],
        companies=[labs],
        places=[Mention("Oslo", 66, 70)],
        jobs=[WorksFor(who=mira, company=labs)],
        attacks=[
            Attack(trigger="hit", victim=mira, weapons=["stone", "stick"], place_of_attack=Mention("Oslo", 66, 70)),
            Attack(trigger="hit", victim=None, weapons=[], place_of_attack=None),
        ],
    )
    assert isinstance(found.places[0], Mention)


def test_a_model_of_nothing_found_has_empty_lists() -> None:
    assert fill(Found, Document("1", "x")) == Found(job_title=[], people=[], companies=[], places=[], jobs=[], attacks=[])


def test_fixed_choices_are_types_word_for_word() -> None:
    schema = schema_from(Typed)

    assert schema == Schema(
        "en",
        (Label("ship", "ship"), Label("port of call", "port of call")),
        (RelationLabel("sails to", "sails to"), RelationLabel("owned by", "owned by")),
    )


def test_fixed_choices_are_filled_with_the_type() -> None:
    document = Document(
        "1",
        "Aurora left for Bergen",
        entities=(Entity(Mention("Aurora", 0, 6), "ship"), Entity(Mention("Bergen", 16, 22), "port of call")),
        relations=(Relation("sails to", 0, 1),),
    )

    found = fill(Typed, document)

    assert found == Typed(
        things=[Thing(kind=Kind.SHIP, text="Aurora", start=0, end=6), Thing(kind=Kind.PORT, text="Bergen", start=16, end=22)],
        links=[Link(head="Aurora", how="sails to", tail="Bergen")],
    )


def test_a_json_schema_is_read_like_the_model_that_writes_it() -> None:
    written = Found.model_json_schema()

    assert schema_from(written) == schema_from(Found)
    assert fill(written, DOCUMENT)["people"] == [{"name": "Mira"}]
    assert Found.model_validate(fill(written, DOCUMENT)) == fill(Found, DOCUMENT)


def test_a_json_schema_written_by_hand_needs_no_definitions() -> None:
    event = {
        "type": "object",
        "properties": {"who": {"type": ["string", "null"]}, "what": {"type": "array", "items": {"type": "string"}}},
    }
    pair = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}
    written = {
        "properties": {
            "purchase": {"type": "array", "items": {**event, "description": "somebody  buys"}},
            "part_of": {"type": "array", "items": pair},
        }
    }

    assert schema_to_mapping(schema_from(written)) == {
        "lang": "en",
        "relations": {"part_of": {"name": "part of"}},
        "events": {"purchase": {"description": "somebody  buys".replace("  ", " "), "roles": {"who": {}, "what": {}}}},
    }
    document = Document("1", "Mira bought it", events=(Event("purchase", None, (Argument("who", Mention("Mira", 0, 4)),)),))
    assert fill(written, document) == {"purchase": [{"who": "Mira", "what": []}], "part_of": []}


def test_a_discontinuous_mention_keeps_its_fragments() -> None:
    class Places(BaseModel):
        place: list[Mention]

    mention = Mention("North Korea", 0, 15, ((0, 5), (10, 15)))
    document = Document("1", "North and Korea", entities=(Entity(mention, "place"),))

    assert fill(Places, document).place == [mention]


class Aged(BaseModel):
    name: str
    age: int


class Employee(BaseModel):
    name: str
    employer: str | None = None


class Triple(BaseModel):
    head: str
    relation: str
    tail: str


class TwoKinds(BaseModel):
    text: str
    size: Literal["big", "small"]
    colour: Literal["red", "blue"]


class Empty(BaseModel):
    pass


REFUSED: dict[str, tuple[Any, str]] = {
    "one value": (str, "M.x: a text may hold any number of these, found string; write list[str] or a list of models."),
    "one model": (Person, "M.x: a text may hold any number of these, found Person; write list[str] or a list of models."),
    "numbers": (
        list[int],
        "M.x: only texts can be asked for, found a list of integer; write list[str] or a list of models with a text.",
    ),
    "dates": (
        list[date],
        "M.x: only texts can be asked for, found a list of date; write list[str] or a list of models with a text.",
    ),
    "choices alone": (
        list[Literal["a", "b"]],
        "M.x: only texts can be asked for, found a list of fixed choices; write list[str] or a list of models with a text.",
    ),
    "no text": (
        list[Empty],
        "M.x: Empty: only texts can be asked for, found a list of object; write list[str] or a list of models with a text.",
    ),
    "a number inside": (
        list[Aged],
        "M.x: Aged.age: only texts can be asked for, found integer; write str, str | None or list[str].",
    ),
    "a union": (list[str | int], "M.x: a field takes one kind of value, found several; give each a field of its own."),
    "always there beside a role": (
        list[Employee],
        "M.x: Employee.name: only the two ends of a relation and the trigger of an event are always there; write name: str | None = None.",
    ),
    "three that are always there": (
        list[Triple],
        "M.x: Triple.head: only the two ends of a relation and the trigger of an event are always there; write head: str | None = None.",
    ),
    "two choices": (list[TwoKinds], "M.x: TwoKinds: one field of fixed choices says the type, found size and colour; keep one."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_is_refused_with_what_to_write_instead(case: str) -> None:
    annotation, message = REFUSED[case]
    model = pydantic.create_model("M", x=(annotation, ...))

    with pytest.raises(SchemaError) as error:
        schema_from(model)

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "person",
            "schema: expected a list of names, a mapping, a pydantic model or a JSON schema, found 'person'; one name is written ['person'].",
        ),
        (7, "schema: expected a list of names, a mapping, a pydantic model or a JSON schema, found 7."),
        ({}, "schema: it names nothing to ask for; give entity names such as ['person', 'product']."),
        ({"entities": "person"}, "schema: entities: expected a mapping or a list of labels, found 'person'."),
        ({"entites": ["person"]}, "schema: entites: unknown key; expected entities, relations, events."),
        (["a", "a"], "schema: entities: the label 'a' is given twice."),
        ([1.5], "schema: entities: expected a label, found 1.5; a label is a text, in quotes if YAML reads it otherwise."),
        (
            {"properties": {"x": {"type": "array", "items": {"$ref": "#/$defs/Y"}}}},
            "schema.x: #/$defs/Y leads nowhere; define it under $defs.",
        ),
    ],
)
def test_what_is_no_schema_is_told(asked: Any, message: str) -> None:
    with pytest.raises(SchemaError) as error:
        schema_from(asked)

    assert str(error.value) == message


def test_two_fields_of_one_type_are_told() -> None:
    model = pydantic.create_model("M", buyers=(list[Person], ...), sellers=(list[Person], ...))

    with pytest.raises(SchemaError) as error:
        schema_from(model)

    assert str(error.value) == "M: entities: the label 'Person' is given twice."


def test_only_a_model_can_be_filled() -> None:
    with pytest.raises(SchemaError) as error:
        fill({"entities": ["person"]}, DOCUMENT)

    assert str(error.value) == "schema: expected a pydantic model or a JSON schema, found {'entities': ['person']}."


def test_a_validator_of_the_model_has_the_last_word() -> None:
    model = pydantic.create_model("M", person=(list[Literal["Mira"] | str], ...))
    short = pydantic.create_model("Short", person=(list[pydantic.constr(max_length=3)], ...))
    document = Document("1", "Mira", entities=(Entity(Mention("Mira", 0, 4), "person"),))

    with pytest.raises(pydantic.ValidationError):
        fill(short, document)
    with pytest.raises(SchemaError):
        schema_from(model)


def test_the_examples_are_true() -> None:
    found = doctest.testmod(schemas)

    assert (found.failed, found.attempted) == (0, 2)


def test_the_models_of_the_documentation_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "inference.md").read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "BaseModel" in block]
    raws = {"NER": "Mira Okafor_person", "RE": "Mira Okafor_works for_Lindqvist Labs", "EE": "None"}

    exec(block, {"uie": uie, "extractor": Extractor(GoldEcho(lambda record: raws[record.task]))})  # type: ignore[arg-type]

    assert capsys.readouterr().out == "[('Mira Okafor', 'Lindqvist Labs', 19)]\n"
