"""What was wrong with answers as such, counted document by document."""

from scoring_documents import at, event, ner, problems, related
from shared_example import GOLD as ALL_GOLD
from shared_example import PREDICTED as ALL_PREDICTED

from uie.documents import Document, Mention
from uie.scoring.audits import AuditTally
from uie.scoring.joining import join
from uie.scoring.scope import Pair
from uie.scoring.scores import Audit, Example

GOLD, PREDICTED = ALL_GOLD[:18], ALL_PREDICTED[:18]  # what follows is about clusters

TEXT = "Ann saw Rome"
ANN, ROME = (at(TEXT, word) for word in ("Ann", "Rome"))


def audit(*pairs: tuple[Pair, tuple[str, ...]], faultless: int = 0) -> Audit:
    tally = AuditTally("news")
    for pair, tasks in pairs:
        tally.add(pair, tasks)
    tally.add_faultless(faultless)
    return tally.finish()


def pair(gold: Document, predicted: Document) -> Pair:
    (found,) = join([gold], [predicted])
    return found


def test_problems_are_counted_by_piece_and_by_document_and_the_salvaged_summed_up() -> None:
    gold = ner("1", TEXT, (ANN, "PER"))
    first = ner("1", TEXT, (ANN, "PER"), problems=problems("prose", "prose", "repaired", "malformed"))
    second = ner("1", TEXT, (ANN, "PER"), problems=problems("prose"))

    found = audit((pair(gold, first), ("NER",)), (pair(gold, second), ("NER",)), faultless=2)

    assert (found.dataset, found.documents) == ("news", 4)
    assert found.pieces == {"malformed": 1, "salvaged": 4, "repaired": 1, "prose": 3}
    assert found.affected == {"malformed": 1, "salvaged": 2, "repaired": 1, "prose": 2}
    assert (found.rate("salvaged"), found.rate("truncated")) == (0.5, 0.0)


def test_a_place_with_several_types_contradicts_itself_unless_gold_gives_it_all_of_them() -> None:
    both = ner("1", TEXT, (ANN, "PER"), (ANN, "ORG"))

    assert audit((pair(both, both), ("NER",))).pieces == {}
    found = audit((pair(ner("1", TEXT, (ANN, "PER")), both), ("NER",)))
    assert found.examples == {"contradictory_types": (Example("1", "Ann: ORG, PER"),)}


def test_triggers_contradict_themselves_too_and_once_for_all_tasks() -> None:
    gold = Document("1", TEXT, events=(event("see", at(TEXT, "saw")),))
    predicted = Document("1", TEXT, events=(event("see", at(TEXT, "saw")), event("cut", at(TEXT, "saw"))))

    assert audit((pair(gold, predicted), ("EE", "EET"))).pieces == {"contradictory_types": 1}


def test_a_contradiction_of_mentions_without_offsets_is_seen_by_their_string() -> None:
    gold = ner("1", TEXT, (Mention("Ann"), "PER"), (Mention("Ann"), "ORG"))

    assert audit((pair(gold, ner("1", TEXT, (ANN, "PER"), (ANN, "ORG"))), ("NER",))).pieces == {}


def test_nothing_where_gold_has_something_and_the_reverse_task_by_task() -> None:
    gold = related("1", TEXT, (ANN, "saw", ROME), types={"Ann": "PER"})
    predicted = Document("1", TEXT, entities=(), relations=())
    full, empty = pair(gold, predicted), pair(predicted, gold)

    assert audit((full, ("NER", "RE")), (empty, ("RE",))) == Audit(
        "news",
        2,
        {"wrongly_empty": 2, "wrongly_filled": 1},
        {"wrongly_empty": 1, "wrongly_filled": 1},
        {
            "wrongly_empty": (Example("1", "NER: Ann (PER)"), Example("1", "RE: Ann – saw – Rome")),
            "wrongly_filled": (Example("1", "RE: Ann – saw – Rome"),),
        },
    )


def test_a_type_that_was_not_asked_is_nothing_to_be_found() -> None:
    gold = ner("1", TEXT, (ANN, "PER"))
    predicted = ner("1", TEXT, asked={"entities": ["LOC"], "tasks": ["NER"]})

    assert audit((pair(gold, predicted), ("NER",))).pieces == {}


def test_the_first_five_examples_are_kept_in_the_order_of_documents() -> None:
    gold = ner("1", TEXT)
    pairs = [(pair(gold, ner("1", TEXT, problems=({"kind": "malformed", "piece": f"{n}"},) * 2)), ("NER",)) for n in range(4)]

    found = audit(*pairs)

    assert [example.piece for example in found.examples["malformed"]] == ["0", "0", "1", "1", "2"]


# Documents that come without a list of problems


def read_off(predicted: Document, *tasks: str, gold: Document | None = None) -> dict[str, list[str]]:
    """The pieces of the kinds that are read off what was predicted."""
    gold = gold or Document("1", predicted.text, entities=(), relations=(), events=())
    found = audit((pair(gold, predicted), tasks)).examples
    kinds = ("repeated", "unknown_type", "ungrounded")
    return {kind: [example.piece for example in found[kind]] for kind in kinds if kind in found}


def test_types_that_were_not_asked_are_unknown_labels() -> None:
    asked = {"entities": ["PER"], "relations": ["saw"], "events": {"see": {"roles": ["who"]}, "cut": {}}}
    entities = ner("1", TEXT, (ANN, "PER"), (ROME, "LOC"), asked=asked)
    relations = related("1", TEXT, (ANN, "saw", ROME), (ANN, "left", ROME), types={"Rome": "LOC"}, asked=asked)
    who, where = ("who", ANN), ("where", ROME)
    events = tuple(event(type, at(TEXT, "saw"), who, where) for type in ("see", "cut", "go"))

    assert read_off(entities, "NER") == {"unknown_type": ["LOC"]}
    assert read_off(relations, "RE")["unknown_type"] == ["LOC", "LOC", "left"]
    assert read_off(Document("1", TEXT, events=events, asked=asked), "EE")["unknown_type"] == ["where", "go"]
    assert read_off(ner("1", TEXT, (ROME, "LOC")), "NER") == {}


def test_what_was_not_scored_is_not_read() -> None:
    predicted = related("1", TEXT, (Mention("Bob"), "left", Mention("Paris")), asked={"entities": ["PER"], "relations": ["saw"]})

    assert read_off(predicted, "NER") == {}
    assert read_off(predicted, "RE") == {"unknown_type": ["left"], "ungrounded": ["Bob", "Paris"]}


def test_mentions_without_offsets_are_sought_in_the_text() -> None:
    assert read_off(ner("1", TEXT, (Mention("Ann"), "PER"), (Mention("Bob"), "PER")), "NER") == {"ungrounded": ["Bob"]}
    heard = event("see", Mention("heard"), ("who", Mention("Bob")), ("who", ANN))
    assert read_off(Document("1", TEXT, events=(heard,)), "EE") == {"ungrounded": ["heard", "Bob"]}


def test_items_are_repeated_where_the_text_has_them_less_often() -> None:
    twice = "Ann saw Ann"
    first, second, string = at(twice, "Ann"), at(twice, "Ann", 2), Mention("Ann")

    assert read_off(ner("1", twice, (first, "PER"), (second, "PER"), (first, "ORG")), "NER") == {}
    assert read_off(ner("1", twice, (first, "PER"), (first, "PER")), "NER") == {"repeated": ["Ann"]}
    assert read_off(ner("1", twice, (string, "PER"), (first, "PER")), "NER") == {}
    assert read_off(ner("1", twice, (string, "PER"), (first, "PER"), (string, "PER")), "NER") == {"repeated": ["Ann"]}
    assert read_off(ner("1", twice, (Mention("Bob"), "PER"), (Mention("Bob"), "PER")), "NER") == {"ungrounded": ["Bob", "Bob"]}
    assert read_off(related("1", TEXT, *[(ANN, "saw", ROME)] * 2), "RE") == {"repeated": ["Ann saw Rome"]}
    see = event("see", at(TEXT, "saw"), ("who", ANN))
    assert read_off(Document("1", TEXT, events=(see, see)), "EE") == {"repeated": ["saw"]}
    assert read_off(Document("1", TEXT, events=(see, event("see", at(TEXT, "saw"), ("whom", ROME)))), "EE") == {}
    both = event("see", at(TEXT, "saw"), ("who", ANN), ("who", ANN))
    assert read_off(Document("1", TEXT, events=(both,)), "EE") == {"repeated": ["Ann"]}


def test_where_the_parser_has_told_its_problems_nothing_is_read_off() -> None:
    predicted = ner("1", TEXT, (Mention("Bob"), "LOC"), asked={"entities": ["PER"]}, problems=())

    assert read_off(predicted, "NER") == {}


def test_the_shared_example() -> None:
    found = audit(*((pair, pair.tasks) for pair in join(GOLD, PREDICTED)))

    # Empty: 3 and 15. Filled: 2. A duplicate (4) is no contradiction. Not in the text: 9, where the case is another, and 11.
    assert found.documents == 18
    assert found.pieces == {"malformed": 1, "repeated": 1, "ungrounded": 2, "wrongly_empty": 2, "wrongly_filled": 1}
    assert found.examples["ungrounded"] == (Example("9", "Acme"), Example("11", "Bergen"))
    assert found.examples["wrongly_empty"] == (Example("3", "NER: Ann Lee (PER)"), Example("15", "RE: Eve – NA – Gamma"))
