"""Confidences of predicted Documents: calibrated, and used to leave out what is not sure enough."""

from pathlib import Path

import pytest

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import ScoringError
from uie.extraction.confidence import calibrated, keep_confident, read_calibration, write_calibration
from uie.scoring.calibration import Calibration, Curve

TEXT = "Ann met Bob in Rome."


def at(string: str) -> Mention:
    return Mention(string, TEXT.index(string), TEXT.index(string) + len(string))


DOCUMENT = Document(
    "d",
    TEXT,
    entities=(Entity(at("Ann"), "PER", 0.9), Entity(at("Bob"), "PER", 0.3), Entity(at("Rome"), None, 0.8), Entity(at("met"), "X")),
    relations=(Relation("knows", 0, 1, 0.6), Relation("in", 1, 2, 0.4)),
    events=(
        Event("meet", at("met"), (Argument("who", at("Ann"), confidence=0.7), Argument("where", at("Rome"), confidence=0.2)), 0.5),
    ),
    asked={"tasks": ["NER", "RE", "EE"]},
)
HALVED = Curve("isotonic", 9, x=(0.0, 1.0), y=(0.0, 0.5))


def sure(document: Document) -> list[list[float | None]]:
    arguments = [argument for event in document.events or () for argument in event.arguments]
    return [[one.confidence for one in items] for items in (document.entities, document.relations, document.events, arguments)]  # type: ignore[union-attr]


def test_each_kind_of_item_has_its_own_map_and_what_has_none_stays() -> None:
    calibration = Calibration("abc", {"NER/entity": HALVED, "RE/entity": Curve("none", 0), "EE/argument": HALVED})

    assert sure(calibrated(DOCUMENT, calibration)) == [
        [pytest.approx(0.45), pytest.approx(0.15), pytest.approx(0.4), None],
        [0.6, 0.4],
        [0.5],
        [pytest.approx(0.35), pytest.approx(0.1)],
    ]
    assert calibrated(DOCUMENT, None) is DOCUMENT


def names(document: Document) -> tuple[list[str], list[str], list[str]]:
    entities = document.entities or ()
    return (
        [entity.mention.text for entity in entities],
        [f"{entities[one.head].mention.text} {one.type} {entities[one.tail].mention.text}" for one in document.relations or ()],
        [f"{one.type} {' '.join(argument.role for argument in one.arguments)}".strip() for one in document.events or ()],
    )


@pytest.mark.parametrize(
    ("minimum", "by_type", "expected"),
    [
        pytest.param(0.0, {}, (["Ann", "Bob", "Rome", "met"], ["Ann knows Bob", "Bob in Rome"], ["meet who where"]), id="everything"),
        pytest.param(0.5, {}, (["Ann", "Bob", "met"], ["Ann knows Bob"], ["meet who"]), id="an entity stays with its relation"),
        pytest.param(0.65, {}, (["Ann", "met"], [], []), id="and goes without it"),
        pytest.param(0.0, {"in": 0.5}, (["Ann", "Bob", "met"], ["Ann knows Bob"], ["meet who where"]), id="a bare end goes with its relation"),
        pytest.param(0.65, {"PER": 0.2, "meet": 0.1, "meet/where": 0.1}, (["Ann", "Bob", "met"], [], ["meet who where"]), id="by type"),
        pytest.param(1.0, {}, (["met"], [], []), id="what has no confidence stays"),
    ],
)  # fmt: skip
def test_what_is_not_sure_enough_is_left_out(
    minimum: float, by_type: dict[str, float], expected: tuple[list[str], list[str], list[str]]
) -> None:
    assert names(keep_confident(DOCUMENT, minimum, by_type)) == expected


def test_an_argument_that_is_an_event_goes_with_it() -> None:
    events = (
        Event("a", None, (), 0.2),
        Event("b", None, (Argument("r", event=2), Argument("r", event=0)), 0.9),
        Event("c", None, (), 0.9),
    )

    kept = keep_confident(Document("d", TEXT, events=events), 0.5)

    assert kept.events == (Event("b", None, (Argument("r", event=1),), 0.9), Event("c", None, (), 0.9))
    assert (kept.entities, kept.relations) == (None, None)


def test_clusters_and_relations_between_them_keep_their_mentions() -> None:
    document = Document(
        "d",
        TEXT,
        entities=(Entity(at("Rome"), "X", 0.1), Entity(at("Ann"), "PER", 0.1)),
        relations=(Relation("is", 0, 0, 0.9, "cluster"),),
        clusters=((1,),),
    )

    kept = keep_confident(document, 0.5)

    assert (kept.entities, kept.clusters, kept.relations) == ((Entity(at("Ann"), "PER", 0.1),), ((0,),), document.relations)


def test_a_run_keeps_its_calibration(tmp_path: Path) -> None:
    calibration = Calibration("abc", {"NER/entity": HALVED})

    assert read_calibration(tmp_path) is None
    assert write_calibration(tmp_path, calibration) == tmp_path / "calibration.json"
    assert read_calibration(str(tmp_path)) == calibration
    assert read_calibration("a-hub/model") is None

    (tmp_path / "calibration.json").write_text("[]")
    with pytest.raises(ScoringError) as error:
        read_calibration(tmp_path)
    assert str(error.value) == f"{tmp_path}/calibration.json: expected a JSON object, found list."
