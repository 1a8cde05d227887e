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


def test_the_shared_example() -> None:
    found = audit(*((pair, pair.tasks) for pair in join(GOLD, PREDICTED)))

    # Empty: 3 and 15. Filled: 2. A duplicate (4) is no contradiction.
    assert found.documents == 18
    assert found.pieces == {"malformed": 1, "wrongly_empty": 2, "wrongly_filled": 1}
    assert found.examples["wrongly_empty"] == (Example("3", "NER: Ann Lee (PER)"), Example("15", "RE: Eve – NA – Gamma"))
