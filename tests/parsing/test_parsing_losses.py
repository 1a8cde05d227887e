"""Losses: which gold items do not come back, counted by hand on made-up Documents."""

from types import SimpleNamespace

import pytest
from made_up import DOCUMENTS, EMPTY, schema

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import SettingsError
from uie.formats import FORMATS
from uie.parsing.losses import Loss, cases, losses, losses_of
from uie.schema import Schema, read_schema

ASKED = read_schema({"entities": ["L"], "relations": ["R"], "events": {"E": {"roles": ["who"]}}})
TEXT = "Rome or Rome , Rome"
FIRST, SECOND, THIRD = (Mention("Rome", start, start + 4) for start in (0, 8, 15))


def of_lines(document: Document, task: str, asked: Schema = ASKED) -> dict[str, tuple[int, int, int, int]]:
    found = losses([document], asked, "lines", task)
    assert found.problems == 0
    return {kind: (loss.gold, loss.strings, loss.placed, loss.offsets) for kind, loss in found.kinds.items()}


def test_successive_mentions_come_back_and_a_skipped_place_is_lost() -> None:
    all_three = Document("a", TEXT, entities=tuple(Entity(mention, "L") for mention in (FIRST, SECOND, THIRD)))
    the_last = Document("b", TEXT, entities=(Entity(THIRD, "L"),))

    assert of_lines(all_three, "NER") == {"mentions": (3, 0, 3, 0)}
    assert of_lines(the_last, "NER") == {"mentions": (1, 0, 1, 1)}


def test_a_mention_without_offsets_has_no_place_to_lose_and_a_discontinuous_one_always_loses_it() -> None:
    apart = Mention("Rome Rome", 0, 12, ((0, 4), (8, 12)))

    assert of_lines(Document("a", TEXT, entities=(Entity(Mention("Rome"), "L"),)), "NER") == {"mentions": (1, 0, 0, 0)}
    assert of_lines(Document("b", TEXT, entities=(Entity(apart, "L"),)), "NER") == {"mentions": (1, 0, 1, 1)}


def test_a_relation_is_lost_where_either_end_is() -> None:
    text = "Ann , Bo , Ann"
    entities = (Entity(Mention("Ann", 0, 3), "L"), Entity(Mention("Bo", 6, 8), "L"), Entity(Mention("Ann", 11, 14), "L"))
    far = Document("a", text, entities=entities, relations=(Relation("R", 1, 0),))  # 6 away; the other Ann is 5 away
    near = Document("b", text, entities=entities, relations=(Relation("R", 1, 2),))

    assert of_lines(far, "RE") == {"relations": (1, 0, 1, 1)}
    assert of_lines(near, "RE") == {"relations": (1, 0, 1, 0)}
    assert of_lines(far, "JOINT") == {"mentions": (3, 0, 3, 0), "relations": (1, 0, 1, 1)}


def test_of_two_events_with_one_trigger_one_loses_its_place() -> None:
    trigger = Mention("or", 5, 7)
    events = (Event("E", trigger, (Argument("who", FIRST),)), Event("E", trigger, (Argument("who", SECOND),)))
    document = Document("a", TEXT, events=events)

    # The first event's Rome is nearer at 8 than at 0; the second has no trigger to be near to and takes the first.
    assert of_lines(document, "EE") == {"triggers": (2, 0, 2, 1), "arguments": (2, 0, 2, 0)}
    assert of_lines(document, "EET") == {"triggers": (2, 0, 2, 1)}


def test_an_answer_that_drops_and_repeats_items_loses_strings_and_places() -> None:
    whole = FORMATS.get("lines")
    changed = SimpleNamespace(
        encode=lambda answer, question: whole.encode(answer, question).replace("Rome_L\nRome_L", "Paris_L\nParis_L\nRome_L"),
        decode=lambda raw, question: (whole.decode(raw, question)[0], ("a problem",)),
    )
    document = Document("a", TEXT, entities=tuple(Entity(mention, "L") for mention in (FIRST, SECOND)))

    found = losses_of(cases([document], ASKED, "NER"), changed, "NER", documents=1)

    assert found.kinds == {"mentions": Loss(gold=2, strings=1, placed=2, offsets=1)}
    assert (found.documents, found.questions, found.problems) == (1, 1, 1)


def test_questions_count_without_anything_to_find_and_not_without_annotation() -> None:
    found = losses([EMPTY["en"], Document("bare", "Ann.")], schema("en"), "lines", "NER1")

    assert (found.documents, found.questions) == (2, 3)  # three entity types, asked of the first only
    assert found.kinds == {"mentions": Loss()}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_given_mentions_keep_their_places(lang: str) -> None:
    assert of_lines(DOCUMENTS[lang], "ET", schema(lang))["mentions"][3] == 0


def test_a_task_that_the_format_cannot_write_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        losses([], ASKED, "lines.seed001", "RE")

    assert str(error.value) == "format 'lines.seed001' writes NER, not RE; choose another format for that task."
