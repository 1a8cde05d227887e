"""Schema sampling: which labels a group asks for and how it shows them."""

import pytest

from uie.records.labels import confusable_labels, drawn_schema, label_counts, labels_of, sampled_kind, strings_of
from uie.records.mix import Labels
from uie.schema import EventLabel, Label, RelationLabel, Schema, read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Triple

PLAIN = read_schema({"entities": list("ABCDEF")})
RICH = read_schema(
    {
        "entities": {
            "PER": {"name": "person", "description": "a human being", "paraphrases": {"en": ["human", "individual"]}},
            "ORG": {"name": "organization", "description": "a firm or party", "paraphrases": {"en": ["human", "body"]}},
            "LOC": {"name": "location"},
        },
        "relations": {"WORK": {"name": "works for", "description": "has a job there", "head": ["PER"], "tail": ["ORG"]}},
        "events": {
            "HIRE": {
                "name": "hiring",
                "description": "someone gets a job",
                "roles": {
                    "who": {"name": "employee", "description": "who gets it", "paraphrases": {"en": ["worker"]}},
                    "firm": {"name": "employer", "description": "who gives it", "paraphrases": {"en": ["worker"]}},
                },
            }
        },
    }
)
KEYS = [("corpus", "NER", 1, number) for number in range(400)]


def drawn(
    schema: Schema, present: set[str], *, key: tuple[str | int, ...] = KEYS[0], kind: str = "entities", **settings: object
) -> Schema:
    return drawn_schema(schema, kind, present, Labels(**settings), confusable={}, seed=0, key=key)  # type: ignore[arg-type]


def labels(schema: Schema) -> str:
    return "".join(label.label for label in schema.entities)


def test_without_settings_everything_is_asked_as_it_stands() -> None:
    assert drawn(RICH, {"PER"}) == RICH


def test_negatives_0_asks_what_the_texts_hold_in_the_schemas_order() -> None:
    assert labels(drawn(PLAIN, {"E", "B"}, negatives=0)) == "BE"


def test_a_label_that_the_schema_lacks_is_not_asked_because_a_text_holds_it() -> None:
    assert labels(drawn(PLAIN, {"B", "Z"}, negatives=0)) == "B"


def test_negatives_half_asks_half_of_the_others_and_half_of_an_odd_one_half_of_the_time() -> None:
    even = [labels(drawn(PLAIN, {"A", "B"}, key=key, negatives=0.5)) for key in KEYS]
    odd = [labels(drawn(PLAIN, {"A"}, key=key, negatives=0.5)) for key in KEYS]

    assert {len(asked) for asked in even} == {4}
    assert all(asked.startswith("AB") for asked in even)
    assert len(set(even)) == 6  # each pair of CDEF
    assert {len(asked) for asked in odd} == {3, 4}
    assert 160 < sum(len(asked) == 4 for asked in odd) < 240


def test_a_larger_share_of_negatives_holds_a_smaller_one() -> None:
    for key in KEYS[:50]:
        asked = [set(labels(drawn(PLAIN, {"C"}, key=key, negatives=share))) for share in (0, 0.2, 0.4, 0.6, 0.8, 1)]
        assert asked == sorted(asked, key=len)
        assert all(less <= more for less, more in zip(asked, asked[1:], strict=False))
        assert asked[-1] == set("ABCDEF")


def test_hard_negatives_are_the_first_of_the_confusion_that_the_texts_do_not_hold() -> None:
    confusable = {"A": ("B", "D", "Z", "C"), "B": ("A", "F", "E")}
    settings = Labels(negatives=0, hard_negatives=2)

    schema = drawn_schema(PLAIN, "entities", {"A", "B"}, settings, confusable=confusable, seed=0, key=KEYS[0])

    assert labels(schema) == "ABCDEF"  # for A: D and C, since B is there and Z unknown; for B: F and E
    one = drawn_schema(
        PLAIN, "entities", {"A", "B"}, Labels(negatives=0, hard_negatives=1), confusable=confusable, seed=0, key=KEYS[0]
    )
    assert labels(one) == "ABDF"


def test_hard_negatives_come_on_top_of_the_drawn_ones() -> None:
    settings = Labels(negatives=0.4, hard_negatives=1)
    for key in KEYS[:50]:
        asked = drawn_schema(PLAIN, "entities", {"A"}, settings, confusable={"A": ("F",)}, seed=0, key=key)
        assert {"A", "F"} <= set(labels(asked))
        assert len(labels(asked)) in (3, 4)  # two drawn ones, F among them or not


def test_dropout_leaves_out_that_share_of_the_labels_in_the_texts() -> None:
    asked = [labels(drawn(PLAIN, set("ABCD"), key=key, negatives=0, dropout=0.25)) for key in KEYS]

    assert 0.7 < sum(map(len, asked)) / (4 * len(KEYS)) < 0.8
    assert {len(one) for one in asked} == {1, 2, 3, 4}


def test_at_least_one_label_is_asked_however_much_is_left_out() -> None:
    assert {len(labels(drawn(PLAIN, set("AB"), key=key, negatives=0, dropout=1))) for key in KEYS} == {1}
    assert {labels(drawn(PLAIN, set("AB"), key=key, negatives=0, dropout=1)) for key in KEYS} == set("CDEF")
    assert labels(drawn(PLAIN, set("ABCDEF"), dropout=1)) == "A"
    assert {labels(drawn(PLAIN, set(), key=key, negatives=0)) for key in KEYS} == set("ABCDEF")


def test_shuffle_draws_the_order_of_all_kinds_and_of_the_roles_and_of_nothing_else() -> None:
    schemas = [drawn(RICH, {"PER"}, key=key, shuffle=True) for key in KEYS]

    assert {tuple(label.label for label in schema.entities) for schema in schemas} >= {("PER", "ORG", "LOC"), ("LOC", "ORG", "PER")}
    assert len({schema.entities for schema in schemas}) == 6
    assert {tuple(role.label for role in schema.events[0].roles) for schema in schemas} == {("who", "firm"), ("firm", "who")}
    assert all(sorted(schema.entities, key=RICH.entities.index) == list(RICH.entities) for schema in schemas)


def test_mask_puts_codes_for_described_names_and_keeps_their_descriptions() -> None:
    schema = drawn(RICH, {"PER"}, mask=1, paraphrase=1, description_dropout=1)

    assert schema.entities == (
        Label("PER", "T1", "a human being", paraphrases=("human", "individual")),
        Label("ORG", "T2", "a firm or party", paraphrases=("human", "body")),
        Label("LOC", "location"),  # a code without a description would say nothing
    )
    assert schema.relations == (RelationLabel("WORK", "R1", "has a job there", ("PER",), ("ORG",)),)
    assert [(event.name, [role.name for role in event.roles]) for event in schema.events] == [("E1", ["A1", "A2"])]


def test_a_code_that_is_a_name_already_is_not_given_twice() -> None:
    schema = read_schema({"entities": {"X": {"name": "T2"}, "Y": {"name": "why", "description": "the reason"}}})

    assert [label.name for label in drawn(schema, set(), mask=1).entities] == ["T2", "why"]


def test_codes_count_the_labels_as_they_are_shown() -> None:
    for key in KEYS[:20]:
        shown = drawn(RICH, {"PER"}, key=key, mask=1, shuffle=True, negatives=0.5).entities
        codes = [label.name for label in shown if label.label != "LOC"]
        assert codes == [f"T{number}" for number, label in enumerate(shown, 1) if label.label != "LOC"]


def test_paraphrases_replace_names_which_stay_different() -> None:
    names = [tuple(label.name for label in drawn(RICH, {"PER"}, key=key, paraphrase=1).entities) for key in KEYS]

    assert set(names) == {("human", "body", "location"), ("individual", "human", "location"), ("individual", "body", "location")}
    roles = drawn(RICH, {"PER"}, paraphrase=1).events[0].roles
    assert [role.name for role in roles] == ["worker", "employer"]  # the only paraphrase is taken


def test_a_paraphrase_that_is_the_name_of_another_label_is_not_used() -> None:
    schema = read_schema({"entities": {"A": {"name": "a", "paraphrases": ["b"]}, "B": {"name": "b"}}})

    assert drawn(schema, set(), paraphrase=1) == schema


@pytest.mark.parametrize("setting", ["paraphrase", "mask"])
def test_a_share_of_the_names_is_replaced(setting: str) -> None:
    names = [drawn(RICH, {"PER"}, key=key, **{setting: 0.3}).entities[0].name for key in KEYS]

    assert 85 < sum(name != "person" for name in names) < 155


def test_description_dropout_leaves_out_a_share_of_the_descriptions_also_of_roles() -> None:
    schemas = [drawn(RICH, {"PER"}, key=key, description_dropout=0.5) for key in KEYS]

    assert 160 < sum(schema.entities[0].description == "" for schema in schemas) < 240
    assert 160 < sum(schema.events[0].roles[0].description == "" for schema in schemas) < 240
    assert {schema.entities[0].name for schema in schemas} == {"person"}
    every = drawn(RICH, {"PER"}, description_dropout=1)
    assert {label.description for label in (*every.entities, *every.relations, *every.events, *every.events[0].roles)} == {""}


def test_only_the_sampled_kind_loses_labels() -> None:
    schema = drawn(RICH, set(), kind="relations", negatives=0, dropout=1)

    assert (schema.entities, schema.events) == (RICH.entities, RICH.events)
    assert len(schema.relations) == 1


def test_the_same_key_draws_the_same_and_another_seed_does_not() -> None:
    settings = Labels(negatives=0.5, shuffle=True)
    one, same, other = (
        [drawn_schema(PLAIN, "entities", {"A"}, settings, confusable={}, seed=seed, key=key) for key in KEYS[:20]]
        for seed in (1, 1, 2)
    )

    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("task", "kind"),
    [("NER", "entities"), ("ES", "entities"), ("RE", "relations"), ("SPO", "relations"), ("JOINT", "relations"), ("EEA", "events")],
)
def test_the_sampled_kind_is_the_last_that_a_task_asks(task: str, kind: str) -> None:
    assert sampled_kind(task) == kind


ANSWER = Answer(
    (Named("Ann", "PER"), Named("Bob", "PER"), Named("x")),
    (Triple(Named("Ann"), "WORK", Named("Acme")), Triple(Named("Ann"), None, Named("Bob"))),
    (Frame("HIRE", Named("joined"), (Filler("who", "Ann"),)), Frame("FIRE", None)),
)


def test_labels_are_counted_by_kind_and_items_without_one_are_not() -> None:
    assert label_counts(ANSWER, "entities") == {"PER": 2}
    assert label_counts(ANSWER, "relations") == {"WORK": 1}
    assert label_counts(ANSWER, "events") == {"HIRE": 1, "FIRE": 1}
    assert labels_of(ANSWER, "events") == {"HIRE", "FIRE"}


def test_strings_under_a_label_are_mentions_ends_and_triggers() -> None:
    assert list(strings_of(ANSWER, "entities")) == [("PER", "Ann"), ("PER", "Bob")]
    assert list(strings_of(ANSWER, "relations")) == [("WORK", "Ann\tAcme")]
    assert list(strings_of(ANSWER, "events")) == [("HIRE", "joined")]


def test_labels_are_confused_by_their_strings_and_then_by_their_names() -> None:
    known = tuple(Label(name, name) for name in ("person", "persona", "place", "zoo"))
    found = {
        "person": {"Ann": 2, "Bob": 2},
        "place": {"Ann": 1, "Rome": 3},  # shares 1 of its 4 strings with person
        "zoo": {"Bob": 1},  # shares its only string with person
    }

    assert confusable_labels(found, known) == {
        "person": ("zoo", "place", "persona"),
        "persona": ("person", "place", "zoo"),  # no strings: "persona" and "person" share letter pairs, the rest stand by name
        "place": ("person", "persona", "zoo"),
        "zoo": ("person", "persona", "place"),
    }


def test_confusion_of_labels_without_strings_goes_by_names_and_ties_by_label() -> None:
    events = (EventLabel("b", "die"), EventLabel("a", "be born"), EventLabel("c", "died"))

    assert confusable_labels({}, events) == {"b": ("c", "a"), "a": ("b", "c"), "c": ("b", "a")}
