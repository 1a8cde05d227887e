"""Predicted Documents: windows and tasks put together, every problem kept."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Argument, Document, Entity, Event, Mention, Relation, document_from_json, document_to_json
from uie.errors import RecordError, SettingsError
from uie.formats import FORMATS
from uie.parsing.assembling import Answered, predicted_document
from uie.records.record import Record
from uie.tasks.question import Answer, Frame, Named, Triple

TEXT = "Ann met Bob in Rome . Ann left Rome for Oslo ."
SCHEMAS = {
    "NER": {"entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}},
    "RE": {"relations": {"knows": {}, "in": {}}},
    "EE": {"events": {"meet": {"roles": {"who": {}}}, "leave": {"roles": {"who": {}, "place": {}}}}},
}


def answered(
    raw: str, task: str = "NER", *, start: int = 0, end: int | None = None, finish_reason: str = "stop", **parts: Any
) -> Answered:
    """A model's answer about TEXT[start:end]."""
    given = {
        "id": f"d#{task}@{start}",
        "task": task,
        "dataset": "sample",
        "split": "test",
        "format": "lines",
        "schema": SCHEMAS.get(task, {}),
        "text": TEXT[start:end],
        "source": {"document_id": "d", "start": start},
    }
    return Answered(Record("i", "q", None, **{**given, **parts}), raw, finish_reason)


def entity(text: str, type: str | None, start: int | None = None) -> Entity:
    return Entity(mention(text, start), type)


def mention(text: str, start: int | None = None) -> Mention:
    return Mention(text) if start is None else Mention(text, start, start + len(text))


def problems(document: Document) -> list[tuple[str, str]]:
    assert document.problems is not None
    return [(problem["kind"], problem["piece"]) for problem in document.problems]


# One record


def test_a_document_holds_what_was_answered_and_where_it_came_from() -> None:
    document = predicted_document([answered("Rome_place\nBob_person")])

    assert document == Document(
        "d",
        TEXT,
        "sample",
        "test",
        "en",
        entities=(entity("Bob", "PER", 8), entity("Rome", "LOC", 15)),
        asked={"lang": "en", "entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}, "tasks": ["NER"]},
        problems=(),
    )


@pytest.mark.parametrize(
    ("task", "asked"), [("NER", ("entities",)), ("RE", ("entities", "relations")), ("EE", ("events",))]
)  # fmt: skip
def test_nothing_found_is_not_the_same_as_not_asked(task: str, asked: tuple[str, ...]) -> None:
    document = predicted_document([answered("None", task)])

    assert {
        kind: getattr(document, kind) for kind in ("entities", "relations", "events") if getattr(document, kind) is not None
    } == dict.fromkeys(asked, ())


def test_what_was_not_understood_is_kept_with_record_and_task() -> None:
    document = predicted_document([answered("Ann person\nParis_place\nAnn_pet\nOslo_LOC", finish_reason="length")])

    assert document.entities == (entity("Ann", "pet", 0), entity("Oslo", "LOC", 40), entity("Paris", "LOC"))
    assert document.problems == tuple(
        {"kind": kind, "piece": piece, "record_id": "d#NER@0", "task": "NER"}
        for kind, piece in [
            ("malformed", "Ann person"),
            ("unknown_type", "pet"),
            ("repaired_type", "LOC"),
            ("ungrounded", "Paris"),
            ("truncated", "Ann person\nParis_place\nAnn_pet\nOslo_LOC"),
        ]
    )


def test_of_a_long_truncated_answer_the_end_is_shown() -> None:
    document = predicted_document([answered("Ann_person\n" * 9 + "Bob", finish_reason="length")])

    assert problems(document)[-1] == ("truncated", ("Ann_person\n" * 9 + "Bob")[-60:])


def test_an_empty_answer_is_a_problem() -> None:
    assert problems(predicted_document([answered("")])) == [("empty", "")]


def test_relations_without_asked_entities_point_to_untyped_ones() -> None:
    document = predicted_document([answered("Ann_knows_Bob\nBob_in_Rome", "RE")])

    assert document.entities == (entity("Ann", None, 0), entity("Bob", None, 8), entity("Rome", None, 15))
    assert document.relations == (Relation("knows", 0, 1), Relation("in", 1, 2))


def test_an_event_keeps_a_missing_trigger_missing() -> None:
    document = predicted_document([answered("_meet\n- Ann_who\nleft_leave\n- Ann_who\n- Oslo_place", "EE")])

    assert document.events == (
        Event("meet", None, (Argument("who", mention("Ann", 0)),)),
        Event("leave", mention("left", 26), (Argument("who", mention("Ann", 22)), Argument("place", mention("Oslo", 40)))),
    )


def test_a_three_key_record_is_answered_about_its_query() -> None:
    record = Record("Find names.", "Ann met Bob.", None, id="mine#1", format="lines")

    document = predicted_document([Answered(record, "Bob_人名")])

    assert (document.id, document.text, document.entities) == ("mine#1", "Ann met Bob.", (entity("Bob", "人名", 8),))


# Tasks together


def test_relation_endpoints_meet_the_entities_at_their_place() -> None:
    document = predicted_document(
        [answered("Ann_person\nBob_person\nAnn_person", "NER"), answered("Ann_knows_Bob\nBob_in_Rome", "RE")]
    )

    assert document.entities == (
        entity("Ann", "PER", 0),
        entity("Bob", "PER", 8),
        entity("Ann", "PER", 22),
        entity("Rome", None, 15),
    )
    assert document.relations == (Relation("knows", 0, 1), Relation("in", 1, 3))


def test_the_order_of_tasks_does_not_matter_to_endpoints() -> None:
    ner, re = answered("Ann_person\nBob_person", "NER"), answered("Ann_knows_Bob", "RE")

    assert predicted_document([re, ner]).entities == predicted_document([ner, re]).entities
    assert predicted_document([re, ner]).relations == predicted_document([ner, re]).relations


def test_ungrounded_endpoints_meet_by_their_string() -> None:
    document = predicted_document([answered("Eve_person", "NER"), answered("Eve_knows_Bob\nBob_knows_Eve", "RE")])

    assert document.entities == (entity("Eve", "PER"), entity("Bob", None, 8))
    assert document.relations == (Relation("knows", 0, 1), Relation("knows", 1, 0))


def test_all_that_was_asked_is_united() -> None:
    document = predicted_document(
        [
            answered("None", "NER", schema={"entities": ["PER"]}),
            answered("None", "NER", schema={"entities": {"LOC": {"name": "place", "description": "a named place"}}}),
            answered("None", "EE", schema={"events": {"meet": {"roles": {"who": {}}}}}),
            answered("None", "EE", schema={"events": {"meet": {"roles": {"where": {"name": "place"}}}, "leave": None}}),
        ]
    )

    assert document.asked == {
        "lang": "en",
        "entities": {"PER": {}, "LOC": {"name": "place"}},
        "events": {"meet": {"roles": {"who": {}, "where": {"name": "place"}}}, "leave": {"roles": {}}},
        "tasks": ["NER", "EE"],
    }


# Chunks of labels and parts of tasks


def test_chunks_of_one_question_are_united_and_what_two_of_them_say_is_taken_once() -> None:
    document = predicted_document(
        [
            answered("Ann_person\nRome_place", schema={"entities": {"PER": {"name": "person"}}}),
            answered("Rome_place\nRome_place", schema={"entities": {"LOC": {"name": "place"}}}),
        ]
    )

    assert document.entities == (
        entity("Ann", "PER", 0),
        entity("Rome", "LOC", 15),
        entity("Rome", "place", 15),  # the first chunk did not ask for places: its answer is an unknown type
        entity("Rome", "LOC", 31),
    )
    assert problems(document) == [("unknown_type", "place")]


def test_one_string_under_two_types_is_one_span_with_two_types() -> None:
    document = predicted_document(
        [
            answered("Rome_person", schema={"entities": {"PER": {"name": "person"}}}),
            answered("Rome_place", schema={"entities": {"LOC": {"name": "place"}}}),
        ]
    )

    assert document.entities == (entity("Rome", "LOC", 15), entity("Rome", "PER", 15))


def test_typed_relations_bring_their_entities() -> None:
    schema = {"entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}, "relations": {"in": {}}}

    document = predicted_document([answered("Ann_person_in_Rome_place\nBob_person_in_Rome_person", "SPO", schema=schema)])

    # The Ann and the Rome that stand nearest to each other.
    assert document.entities == (
        entity("Ann", "PER", 22),
        entity("Rome", "LOC", 15),
        entity("Bob", "PER", 8),
        entity("Rome", "PER", 15),
    )
    assert document.relations == (Relation("in", 0, 1), Relation("in", 2, 3))


def test_answers_about_given_parts_stand_at_their_places() -> None:
    given = Answer(frames=(Frame("leave", Named("left", None, 1)),))
    pair = Answer(triples=(Triple(Named("Ann", None, 2), None, Named("Rome", None, 2)),))

    event = predicted_document([answered("Oslo_place", "EEA", schema=SCHEMAS["EE"], given=given)])
    relation = predicted_document([answered("in", "RC", schema=SCHEMAS["RE"], given=pair)])

    assert event.events == (Event("leave", mention("left", 26), (Argument("place", mention("Oslo", 40)),)),)
    assert relation.entities == (entity("Ann", None, 22), entity("Rome", None, 31))


def test_pairs_are_relations_without_a_type() -> None:
    document = predicted_document([answered("Ann_Rome", "EP", schema=SCHEMAS["RE"])])

    assert document.relations == (Relation(None, 0, 1),)
    assert document_from_json(document_to_json(document)) == document


# Windows


def test_without_the_text_the_windows_make_it_up() -> None:
    windows = [answered("None", start=22), answered("Bob_person", end=26)]

    assert predicted_document(windows).text == TEXT
    with pytest.raises(RecordError) as error:
        predicted_document([answered("None", end=10), answered("None", start=22)])
    assert str(error.value) == (
        "document d: no record asks about its characters 10 to 22; give all records of a document that was cut into windows."
    )


def test_offsets_of_a_window_count_from_the_documents_start() -> None:
    document = predicted_document([answered("None", end=22), answered("Ann_person\nRome_place", start=22)], text=TEXT)

    assert document.entities == (entity("Ann", "PER", 22), entity("Rome", "LOC", 31))


def test_windows_side_by_side_are_put_together() -> None:
    windows = [answered("Ann_person\nRome_place", end=22), answered("Ann_person\nRome_place\nOslo_place", start=22)]

    for order in (windows, windows[::-1]):
        assert predicted_document(order, text=TEXT).entities == (
            entity("Ann", "PER", 0),
            entity("Rome", "LOC", 15),
            entity("Ann", "PER", 22),
            entity("Rome", "LOC", 31),
            entity("Oslo", "LOC", 40),
        )


# The first window ends behind "Rome for", the second begins at "Ann left": both hold Ann (22), left (26) and Rome (31).
@pytest.mark.parametrize("order", [1, -1], ids=["in order", "in reverse"])
@pytest.mark.parametrize(
    ("task", "first", "second", "kind", "expected"),
    [
        (
            "NER",
            "Bob_person\nAnn_person\nRome_place",
            "Ann_person\nRome_place\nOslo_place",
            "entities",
            (entity("Bob", "PER", 8), entity("Ann", "PER", 22), entity("Rome", "LOC", 31), entity("Oslo", "LOC", 40)),
        ),
        ("RE", "left_in_Rome", "left_in_Rome", "relations", (Relation("in", 0, 1),)),
        (
            "EE",
            "left_leave\n- Ann_who",
            "left_leave\n- Ann_who",
            "events",
            (Event("leave", mention("left", 26), (Argument("who", mention("Ann", 22)),)),),
        ),
    ],
    ids=["NER", "RE", "EE"],
)
def test_what_two_windows_share_is_taken_once(
    task: str, first: str, second: str, kind: str, expected: tuple[object, ...], order: int
) -> None:
    windows = [answered(first, task, end=40), answered(second, task, start=22)]

    document = predicted_document(windows[::order], text=TEXT)

    assert getattr(document, kind) == expected


def test_a_short_window_between_does_not_make_the_long_one_forgotten() -> None:
    windows = [answered("Oslo_place"), answered("None", end=15), answered("Oslo_place", start=22)]

    assert predicted_document(windows, text=TEXT).entities == (entity("Oslo", "LOC", 40),)


def test_ungrounded_items_of_two_windows_all_stay() -> None:
    windows = [("NER", "Eve_person"), ("RE", "Eve_knows_Eva"), ("EE", "sang_meet\n- Eve_who")]

    document = predicted_document(
        [answered(raw, task, start=start, end=end) for task, raw in windows for start, end in ((0, 40), (22, None))], text=TEXT
    )

    assert document.entities == (entity("Eve", "PER"), entity("Eve", "PER"), entity("Eva", None))
    assert document.relations == (Relation("knows", 0, 2), Relation("knows", 0, 2))
    assert document.events == (Event("meet", Mention("sang"), (Argument("who", Mention("Eve")),)),) * 2


def test_one_answer_may_say_two_events_alike_even_in_an_overlap() -> None:
    document = predicted_document(
        [answered("None", "EE", end=40), answered("_meet\n- Ann_who\n_meet\n- Ann_who", "EE", start=22)], text=TEXT
    )

    assert document.events == (Event("meet", None, (Argument("who", mention("Ann", 22)),)),) * 2


def test_windows_of_one_task_do_not_hide_what_another_says() -> None:
    document = predicted_document([answered("Ann_knows_Bob", "RE"), answered("Ann_person", "NER")])

    assert document.entities == (entity("Ann", "PER", 0), entity("Bob", None, 8))


# Errors


def test_a_window_that_is_not_in_the_document_is_an_error() -> None:
    with pytest.raises(RecordError) as error:
        predicted_document([answered("None", start=22, source={"document_id": "d", "start": 21})], text=TEXT)

    assert str(error.value) == (
        "record d#NER@22: its text is not what document d holds at 21; give the documents that the records were built from."
    )


def test_an_answer_in_no_known_format_is_an_error() -> None:
    with pytest.raises(RecordError) as error:
        predicted_document([answered("None", format="")])

    assert str(error.value) == "record d#NER@0 does not say which format its answer has; name it, such as --format lines.seed001."

    with pytest.raises(SettingsError) as unknown:
        predicted_document([answered("None", format="line")])

    assert str(unknown.value) == f"No format is named 'line'. Did you mean 'lines'? Known: {', '.join(FORMATS)}."


# A model's answer is data

RAW = st.lists(st.sampled_from(["Ann_person", "Rome_place", "Ann_knows_Bob", "left_leave", "- Ann_who", "_meet", "?"]) | st.text("Anb_-\\ \n", max_size=8), max_size=6).map("\n".join)  # fmt: skip


@settings(deadline=None, max_examples=120)
@given(
    st.lists(
        st.tuples(st.sampled_from(["NER", "RE", "EE"]), st.sampled_from([(0, None), (0, 40), (22, None), (8, 30)]), RAW),
        min_size=1,
        max_size=5,
    )
)
def test_any_answers_make_a_document_that_json_can_hold(answers: list[tuple[str, tuple[int, int | None], str]]) -> None:
    document = predicted_document([answered(raw, task, start=start, end=end) for task, (start, end), raw in answers], text=TEXT)

    assert document_from_json(document_to_json(document)) == document
