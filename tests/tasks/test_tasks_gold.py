"""Gold answers of NER, RE and EE: what is asked of a Document, in text order."""

import pytest

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import SettingsError
from uie.schema import read_schema
from uie.tasks import applies, asked_of, asks
from uie.tasks.question import Answer, Filler, Frame, Named, Triple

TEXT = "Ann met Bob Lee in Rome , Rome fell and Ann left ."
ANN, BOB, LEE, ROME, ROME2 = (
    Mention("Ann", 0, 3),
    Mention("Bob Lee", 8, 15),
    Mention("Lee", 12, 15),
    Mention("Rome", 19, 23),
    Mention("Rome", 26, 30),
)
MET, FELL, LEFT, ANN2 = Mention("met", 4, 7), Mention("fell", 31, 35), Mention("left", 44, 48), Mention("Ann", 40, 43)
SCHEMA = read_schema(
    {
        "entities": ["PER", "LOC", "GPE"],
        "relations": ["knows", "in", "born"],
        "events": {
            "meet": {"roles": ["who", "whom", "name"]},
            "fall": {"roles": ["what"]},
            "stay": {"roles": ["where"]},
            "leave": {"roles": ["cause", "after"]},
        },
    }
)


def gold(task: str, **parts: tuple[object, ...]) -> Answer | None:
    """The gold answer of the task's only question, everything being asked."""
    (ask,) = asks(task, Document("d", TEXT, **parts), SCHEMA)  # type: ignore[arg-type]
    return ask.gold


def test_entities_come_by_start_longer_first_with_their_occurrence() -> None:
    entities = (Entity(ROME2, "LOC"), Entity(LEE, "PER"), Entity(BOB, "PER"), Entity(ROME, "LOC"), Entity(ROME, "GPE"))

    assert gold("NER", entities=entities) == Answer(
        mentions=(
            Named("Bob Lee", "PER", 1),
            Named("Lee", "PER", 1),
            Named("Rome", "GPE", 1),
            Named("Rome", "LOC", 1),
            Named("Rome", "LOC", 2),
        )
    )


def test_untyped_entities_are_no_answer_to_ner() -> None:
    assert gold("NER", entities=(Entity(ANN), Entity(BOB, "PER"))) == Answer(mentions=(Named("Bob Lee", "PER", 1),))


def test_an_ungrounded_entity_comes_last_without_a_number() -> None:
    answer = gold("NER", entities=(Entity(Mention("Carl"), "PER"), Entity(ANN, "PER")))

    assert answer == Answer(mentions=(Named("Ann", "PER", 1), Named("Carl", "PER")))


@pytest.mark.parametrize(
    ("task", "parts"),
    [("NER", {"events": ()}), ("RE", {"entities": ()}), ("RE", {"relations": ()}), ("EE", {"entities": (), "relations": ()})],
)
def test_what_is_not_annotated_has_no_gold_answer(task: str, parts: dict[str, tuple[object, ...]]) -> None:
    assert gold(task, **parts) is None


@pytest.mark.parametrize(
    ("task", "parts"), [("NER", {"entities": ()}), ("RE", {"entities": (), "relations": ()}), ("EE", {"events": ()})]
)
def test_what_is_annotated_and_empty_has_an_empty_answer(task: str, parts: dict[str, tuple[object, ...]]) -> None:
    answer = gold(task, **parts)

    assert answer == Answer()
    assert not answer


def test_relations_come_by_head_then_tail_and_without_types() -> None:
    entities = (Entity(ANN, "PER"), Entity(BOB, "PER"), Entity(ROME, "LOC"), Entity(ROME2, "LOC"))
    relations = (
        Relation("in", 1, 3),
        Relation("knows", 1, 0),
        Relation("in", 1, 2),
        Relation("knows", 0, 1),
        Relation("born", 1, 2),
    )

    assert gold("RE", entities=entities, relations=relations) == Answer(
        triples=(
            Triple(Named("Ann", None, 1), "knows", Named("Bob Lee", None, 1)),
            Triple(Named("Bob Lee", None, 1), "knows", Named("Ann", None, 1)),
            Triple(Named("Bob Lee", None, 1), "born", Named("Rome", None, 1)),
            Triple(Named("Bob Lee", None, 1), "in", Named("Rome", None, 1)),
            Triple(Named("Bob Lee", None, 1), "in", Named("Rome", None, 2)),
        )
    )


def test_a_cluster_that_a_relation_points_to_is_asked_by_its_first_mention() -> None:
    entities, clusters = (Entity(ANN2, "PER"), Entity(ANN, "PER"), Entity(ROME2), Entity(ROME)), ((0, 1), (2, 3))

    assert gold("RE", entities=entities, clusters=clusters, relations=(Relation("in", 0, 1, level="cluster"),)) == Answer(
        triples=(Triple(Named("Ann", None, 1), "in", Named("Rome", None, 1)),)
    )


def test_events_come_by_trigger_and_arguments_by_place() -> None:
    events = (
        Event("fall", FELL, (Argument("what", ROME2),)),
        Event("meet", MET, (Argument("whom", BOB), Argument("who", ANN), Argument("name", LEE))),
        Event("stay", None, (Argument("where", ROME),)),
    )

    assert gold("EE", events=events) == Answer(
        frames=(
            Frame("meet", Named("met", None, 1), (Filler("who", "Ann", 1), Filler("whom", "Bob Lee", 1), Filler("name", "Lee", 1))),
            Frame("fall", Named("fell", None, 1), (Filler("what", "Rome", 2),)),
            Frame("stay", None, (Filler("where", "Rome", 1),)),
        )
    )


def test_an_argument_that_is_an_event_is_named_by_its_trigger_or_else_its_type() -> None:
    events = (
        Event("leave", LEFT, (Argument("cause", event=1), Argument("after", event=2))),
        Event("fall", FELL),
        Event("stay", None),
    )

    answer = gold("EE", events=events)

    assert answer is not None
    assert answer.frames[1] == Frame("leave", Named("left", None, 1), (Filler("cause", "fell", 1), Filler("after", "stay")))


def test_without_occurrences_only_strings_are_left() -> None:
    answer = Answer(
        (Named("a", "T", 2),),
        (Triple(Named("a", None, 1), "r", Named("b", None, 3)),),
        (Frame("e", Named("t", None, 1), (Filler("r", "a", 2),)), Frame("e", None)),
    )

    assert answer.without_occurrences() == Answer(
        (Named("a", "T"),),
        (Triple(Named("a"), "r", Named("b")),),
        (Frame("e", Named("t"), (Filler("r", "a"),)), Frame("e", None)),
    )


@pytest.mark.parametrize(("task", "kind"), [("NER", "entities"), ("RE", "relations"), ("EE", "events")])
def test_a_task_asks_for_its_own_part_of_the_schema(task: str, kind: str) -> None:
    asked = asked_of(task, SCHEMA)

    assert {name for name in ("entities", "relations", "events") if getattr(asked, name)} == {kind}
    assert applies(task, SCHEMA)
    assert not applies(task, SCHEMA.only({"entities", "relations", "events"} - {kind}))


def test_an_unknown_task_is_named_with_its_neighbours() -> None:
    with pytest.raises(SettingsError) as error:
        asked_of("NERR", SCHEMA)

    assert (
        str(error.value)
        == "No task is named 'NERR'. Did you mean 'NER' or 'NER1'? Known: EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO."
    )
