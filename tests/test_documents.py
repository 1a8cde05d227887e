"""Documents: checked when made, JSON there and back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Argument, Document, Entity, Event, Mention, Relation, document_from_json, document_to_json
from uie.errors import DocumentError

TEXT = "Ann and Bob Lee met in Rome."
ANN, BOB, LEE, ROME = Mention("Ann", 0, 3), Mention("Bob Lee", 8, 15), Mention("Lee", 12, 15), Mention("Rome", 23, 27)
ANN_LEE = Mention("Ann Lee", 0, 15, ((0, 3), (12, 15)))


def error_of(make: Callable[[], object]) -> str:
    with pytest.raises(DocumentError) as error:
        make()
    return str(error.value)


# Mentions


def test_a_mention_knows_its_place() -> None:
    assert (BOB.grounded, BOB.span, BOB.order, BOB.read_from(TEXT)) == (True, ((8, 15),), (8, -15), "Bob Lee")


def test_a_discontinuous_mention_is_its_parts_joined_by_a_space() -> None:
    assert ANN_LEE.span == ((0, 3), (12, 15))
    assert ANN_LEE.read_from(TEXT) == "Ann Lee"


def test_an_ungrounded_mention_is_a_string_only() -> None:
    carl = Mention("Carl")

    assert (carl.grounded, carl.span, carl.read_from(TEXT)) == (False, None, "Carl")


def test_mentions_are_ordered_by_start_longer_first_and_ungrounded_ones_last() -> None:
    whole = Mention("Bob Lee met", 8, 19)

    assert sorted([Mention("x"), ROME, LEE, BOB, whole, ANN], key=lambda m: m.order) == [ANN, whole, BOB, LEE, ROME, Mention("x")]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mention("a", 1), "mention 'a': start is 1 and end is None; give both or neither."),
        (lambda: Mention("a", None, 1), "mention 'a': start is None and end is 1; give both or neither."),
        (lambda: Mention("a", 5, 3), "mention 'a': expected 0 <= start < end, found 5 and 3."),
        (lambda: Mention("", 3, 3), "mention '': expected 0 <= start < end, found 3 and 3."),
        (lambda: Mention("a", -1, 3), "mention 'a': expected 0 <= start < end, found -1 and 3."),
        (lambda: Mention("a", fragments=((0, 1), (2, 3))), "mention 'a': fragments need start and end."),
        *(
            (
                lambda fragments=fragments: Mention("a", 0, 9, fragments),
                f"mention 'a': fragments must be two or more, in text order, from start to end; found {list(fragments)} for 0..9.",
            )
            for fragments in (((0, 9),), ((4, 9), (0, 2)), ((0, 2), (4, 8)), ((1, 2), (4, 9)), ((0, 5), (4, 9)))
        ),
        (lambda: Argument("victim"), "argument 'victim': expected either a mention or an event."),
        (lambda: Argument("victim", ANN, 0), "argument 'victim': expected either a mention or an event."),
        (lambda: Relation("met", 0, 1, level="text"), "relation 'met': level: expected 'entity' or 'cluster', found 'text'."),
    ],
)  # fmt: skip
def test_a_wrong_mention_argument_or_relation_cannot_be_made(make: Callable[[], object], message: str) -> None:
    assert error_of(make) == message


# Documents


def test_mentions_of_a_document_are_entities_triggers_and_arguments() -> None:
    met = Event("meet", Mention("met", 16, 19), (Argument("who", ANN), Argument("why", event=0)))
    document = Document("d", TEXT, entities=(Entity(BOB, "per"),), events=(met, Event("stay", None, (Argument("where", ROME),))))

    assert document.mentions() == [BOB, met.trigger, ANN, ROME]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"entities": (Entity(Mention("Rome.!", 23, 29)),)},
            "document 'd': mention 'Rome.!' ends at 29, the text has 28 characters.",
        ),
        (
            {"entities": (Entity(Mention("rome", 23, 27)),)},
            "document 'd': mention 'rome' at 23..27, but the text has 'Rome' there.",
        ),
        (
            {"entities": (Entity(Mention("Ann  Lee", 0, 15, ((0, 3), (12, 15)))),)},
            "document 'd': mention 'Ann  Lee' at 0..15, but the text has 'Ann Lee' there.",
        ),
        ({"events": (Event("e", Mention("met", 0, 3)),)}, "document 'd': mention 'met' at 0..3, but the text has 'Ann' there."),
        (
            {"events": (Event("e", None, (Argument("r", Mention("x", 0, 1)),)),)},
            "document 'd': mention 'x' at 0..1, but the text has 'A' there.",
        ),
        (
            {"relations": (Relation("met", 0, 1),), "entities": (Entity(ANN),)},
            "document 'd': relation 'met' points to entity 1, there are 1.",
        ),
        (
            {"relations": (Relation("met", -1, 0),), "entities": (Entity(ANN),)},
            "document 'd': relation 'met' points to entity -1, there are 1.",
        ),
        ({"relations": (Relation("met", 0, 0),)}, "document 'd': relation 'met' points to entity 0, there are 0."),
        (
            {"relations": (Relation("met", 0, 0, level="cluster"),), "entities": (Entity(ANN),)},
            "document 'd': relation 'met' points to cluster 0, there are 0.",
        ),
        ({"clusters": ((0, 1),), "entities": (Entity(ANN),)}, "document 'd': a cluster points to entity 1, there are 1."),
        ({"events": (Event("e", None, (Argument("r", event=1),)),)}, "document 'd': argument 'r' points to event 1, there are 1."),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value.removeprefix("document 'd': ")[:40],
)
def test_a_document_that_contradicts_itself_cannot_be_made(parts: dict[str, Any], message: str) -> None:
    assert error_of(lambda: Document("d", TEXT, **parts)) == message


def test_offsets_count_code_points() -> None:
    document = Document("d", "👍🏽İ Ann", entities=(Entity(Mention("Ann", 4, 7)),))

    assert document.entities is not None
    assert document.text[4:7] == "Ann"


# JSON


def test_the_json_form_is_the_documented_one() -> None:
    document = Document(
        "wnut17/test/17",
        TEXT,
        "wnut17",
        "test",
        entities=(Entity(ANN, "person", 0.5, {"gender": "f"}, ("Q1",)), Entity(ANN_LEE), Entity(Mention("Carl"), "person")),
        relations=(Relation("knows", 0, 1), Relation("is", 0, 0, 0.25, "cluster")),
        events=(
            Event("meet", Mention("met", 16, 19), (Argument("who", ANN), Argument("cause", event=1, confidence=0.75))),
            Event("stay", None, (), 1.0, {"tense": "past"}),
        ),
        clusters=((0, 1),),
        tokens=((0, 3), (4, 7)),
        asked={"entities": {"person": {}}},
        meta={"url": "x"},
        problems=({"kind": "malformed", "piece": "?", "record_id": "r"},),
    )

    assert document_to_json(document) == {
        "id": "wnut17/test/17",
        "dataset": "wnut17",
        "split": "test",
        "lang": "en",
        "text": TEXT,
        "tokens": [[0, 3], [4, 7]],
        "entities": [
            {
                "start": 0,
                "end": 3,
                "text": "Ann",
                "type": "person",
                "confidence": 0.5,
                "attributes": {"gender": "f"},
                "norms": ["Q1"],
            },
            {"start": 0, "end": 15, "text": "Ann Lee", "fragments": [[0, 3], [12, 15]], "type": None},
            {"start": None, "end": None, "text": "Carl", "type": "person"},
        ],
        "relations": [
            {"type": "knows", "head": 0, "tail": 1},
            {"type": "is", "head": 0, "tail": 0, "confidence": 0.25, "level": "cluster"},
        ],
        "events": [
            {
                "type": "meet",
                "trigger": {"start": 16, "end": 19, "text": "met"},
                "arguments": [
                    {"role": "who", "start": 0, "end": 3, "text": "Ann"},
                    {"role": "cause", "event": 1, "confidence": 0.75},
                ],
            },
            {"type": "stay", "trigger": None, "arguments": [], "confidence": 1.0, "attributes": {"tense": "past"}},
        ],
        "clusters": [[0, 1]],
        "asked": {"entities": {"person": {}}},
        "problems": [{"kind": "malformed", "piece": "?", "record_id": "r"}],
        "meta": {"url": "x"},
    }
    assert document_from_json(document_to_json(document)) == document


def test_none_and_nothing_found_stay_two_things() -> None:
    row = document_to_json(Document("d", TEXT, entities=()))

    assert row["entities"] == []
    assert "relations" not in row
    assert document_from_json({"id": "d", "text": TEXT, "events": None}).events is None


JSON_VALUES = st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3) | st.none(), max_size=2)
CONFIDENCE = st.none() | st.floats(0, 1)


@st.composite
def mentions(draw: st.DrawFn, text: str) -> Mention:
    """A place in the text, several places, or none; they nest, cross and repeat as they like."""
    kind = draw(st.sampled_from(["grounded", "grounded", "discontinuous", "ungrounded"]))
    size = 2 if kind == "grounded" else 4
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=size, max_size=size)))
    if kind == "ungrounded" or cuts[0] == cuts[-1]:
        return Mention(draw(st.text(max_size=4)))
    if size == 2:
        return Mention(text[cuts[0] : cuts[1]], cuts[0], cuts[1])
    fragments = ((cuts[0], cuts[1]), (cuts[2], cuts[3]))
    return Mention(" ".join(text[start:end] for start, end in fragments), cuts[0], cuts[3], fragments)


def some(item: st.SearchStrategy[Any], size: int = 3) -> st.SearchStrategy[Any]:
    """A tuple of at most `size` items; an empty one if there is no item to choose."""
    return st.just(()) if item.is_empty else st.lists(item, max_size=size).map(tuple)


def index_of(items: tuple[Any, ...] | None) -> st.SearchStrategy[int]:
    return st.sampled_from(range(len(items))) if items else st.nothing()


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(st.text(max_size=12))
    word, mention = st.text(max_size=4), mentions(text)
    entity = st.builds(Entity, mention, st.none() | word, CONFIDENCE, JSON_VALUES, some(word))
    entities = draw(st.none() | some(entity, 4))
    clusters = draw(st.none() | some(some(index_of(entities))))
    head, cluster = index_of(entities), index_of(clusters)
    relation = st.builds(Relation, word, head, head, CONFIDENCE)
    if clusters:
        relation |= st.builds(Relation, word, cluster, cluster, CONFIDENCE, st.just("cluster"))
    roles = draw(st.none() | some(word))  # one for each event, which the arguments may then point to
    argument = st.builds(Argument, word, mention, confidence=CONFIDENCE)
    if roles:
        argument |= st.builds(Argument, st.sampled_from(roles), event=index_of(roles), confidence=CONFIDENCE)
    event = st.builds(Event, word, st.none() | mention, some(argument), CONFIDENCE, JSON_VALUES)
    return Document(
        draw(word),
        text,
        draw(word),
        draw(word),
        draw(st.sampled_from(["en", "zh"])),
        entities,
        draw(st.none() | some(relation if entities else st.nothing())),
        None if roles is None else tuple(draw(event) for _ in roles),
        clusters,
        draw(st.none() | some(st.tuples(st.integers(0, 9), st.integers(0, 9)))),
        draw(st.none() | JSON_VALUES),
        draw(JSON_VALUES),
        draw(st.none() | some(JSON_VALUES)),
    )


@settings(deadline=None, max_examples=80)
@given(documents())
def test_a_document_survives_json(document: Document) -> None:
    line = json.dumps(document_to_json(document), ensure_ascii=False)

    assert document_from_json(json.loads(line)) == document


def with_(**keys: Any) -> dict[str, Any]:
    return {"id": "d", "text": TEXT, **keys}


SAYS = "docs/architecture.md says what a Document holds."
ANN_ROW = {"start": 0, "end": 3, "text": "Ann"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "x"}, f"not a Document: 'id' is missing; {SAYS}"),
        ({"id": "x"}, f"not a Document: 'text' is missing; {SAYS}"),
        ({"id": 5, "text": "x"}, "id: expected a string, found 5."),
        ({"id": "x", "text": None}, "text: expected a string, found None."),
        (with_(dataset=None), "dataset: expected a string, found None."),
        (with_(lang=5), "lang: expected a string, found 5."),
        (with_(entities={}), "entities: expected a list, found {}."),
        (with_(entities="Ann"), "entities: expected a list, found 'Ann'."),
        (with_(entities=["Ann"]), f"not a Document: 'str' object has no attribute 'get'; {SAYS}"),
        (with_(entities=[{"start": 0, "end": 3}]), f"not a Document: 'text' is missing; {SAYS}"),
        (with_(entities=[{**ANN_ROW, "start": "0"}]), "mention 'Ann': start: expected a whole number or null, found '0'."),
        (with_(entities=[{**ANN_ROW, "end": 3.0}]), "mention 'Ann': end: expected a whole number or null, found 3.0."),
        (with_(entities=[{**ANN_ROW, "start": False}]), "mention 'Ann': start: expected a whole number or null, found False."),
        (with_(entities=[{**ANN_ROW, "type": 5}]), "type: expected a string, found 5."),
        (with_(entities=[{**ANN_ROW, "attributes": [1]}]), "attributes: expected a mapping, found [1]."),
        (with_(entities=[{**ANN_ROW, "fragments": [[0, 1.5], [2, 3]]}]), "offsets: expected a whole number, found 1.5."),
        (with_(entities=[{**ANN_ROW, "text": "Bob"}]), "document 'd': mention 'Bob' at 0..3, but the text has 'Ann' there."),
        (with_(entities=[ANN_ROW], relations=[{"type": "r", "head": 0.7, "tail": 0}]), "head: expected a whole number, found 0.7."),
        (with_(entities=[ANN_ROW], relations=[{"type": "r", "head": 0}]), f"not a Document: 'tail' is missing; {SAYS}"),
        (with_(relations=[{"head": 0, "tail": 0}]), f"not a Document: 'type' is missing; {SAYS}"),
        (with_(events=[{"type": None}]), "type: expected a string, found None."),
        (with_(events=[{"type": "e", "arguments": [{"role": "r", "event": "0"}]}]), "event: expected a whole number, found '0'."),
        (with_(events=[{"type": "e", "arguments": [ANN_ROW]}]), f"not a Document: 'role' is missing; {SAYS}"),
        (with_(entities=[ANN_ROW], clusters=[[True]]), "clusters: expected a whole number, found True."),
        (with_(tokens=[[0]]), f"not a Document: not enough values to unpack (expected 2, got 1); {SAYS}"),
        (with_(asked="person"), "asked: expected a mapping, found 'person'."),
        (with_(meta=[1]), "meta: expected a mapping, found [1]."),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:40],
)  # fmt: skip
def test_a_wrong_row_is_told_in_one_line_with_its_place(row: dict[str, Any], message: str) -> None:
    assert error_of(lambda: document_from_json(row, where="gold.jsonl:3")) == f"gold.jsonl:3: {message}"
