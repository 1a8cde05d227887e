import pytest

from uie.errors import ScoringError
from uie.formats import lines_seed001
from uie.schema import Label, Schema
from uie.scoring.answers import score_answers
from uie.scoring.counts import Counts
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

QUESTION = Question("NER", Schema("zh", entities=tuple(Label(name, name) for name in ("人名", "地名", "机构名"))), "", "zh")
# Gold and answer as a model trained on seed 001 writes them. Sets per row: TP 4, FP 4, FN 3.
ROWS = [
    ("没有", "没有"),  # nothing to find, nothing found
    ("晋察冀_根据地_地名\n李明_人名", "晋察冀_根据地_地名\n李明_地名"),  # TP 1 (split at the last _); wrong type: FP 1 FN 1
    ("杨次公_人名", "杨次公政人名"),  # malformed: FP 1 FN 1
    ("上海_地名", "上海_地名\n上海_地名"),  # written twice: TP 1, as multisets FP 1
    ("没有", "北京_地名"),  # FP 1
    ("王芳_人名\n新华社_机构名", "王芳_人名\n新华社_机构名\n北京_地名"),  # TP 2, FP 1
    ("赵雷_人名", "没有"),  # FN 1
]


def pairs() -> list[tuple[Answer, Answer, int]]:
    found = []
    for gold, raw in ROWS:
        answer, problems = lines_seed001.decode(raw, QUESTION)
        malformed = sum(problem.kind == "malformed" for problem in problems)
        found.append((lines_seed001.decode(gold, QUESTION)[0], answer, malformed))
    return found


def test_sets_per_row_with_malformed_lines_as_false_positives() -> None:
    assert score_answers(pairs(), distinct=True) == Counts(4, 4, 3)


def test_multisets_count_an_item_that_is_written_twice_twice() -> None:
    assert score_answers(pairs()) == Counts(4, 5, 3)


def test_without_the_malformed_line_precision_is_higher() -> None:
    assert score_answers([(gold, found, 0) for gold, found, _ in pairs()], distinct=True) == Counts(4, 3, 3)


def test_relations_and_events_are_compared_by_their_strings() -> None:
    bob, acme = Named("Bob"), Named("Acme")
    frame = Frame("attack", Named("hit"), (Filler("by", "Bob"), Filler("place", "Rome")))
    gold = Answer(triples=(Triple(bob, "works for", acme),), frames=(frame,))
    found = Answer(
        triples=(Triple(acme, "works for", bob),),
        frames=(Frame("attack", Named("hit"), (Filler("to", "Bob"), Filler("place", "Rome"))),),
    )

    counts = {
        measure: score_answers([(gold, found, 1)], measure=measure)
        for measure in ("relations boundary", "trigger classification", "argument identification", "argument classification")
    }

    assert counts == {
        "relations boundary": Counts(0, 2, 1),
        "trigger classification": Counts(1, 1, 0),
        "argument identification": Counts(2, 0, 0),
        "argument classification": Counts(1, 1, 1),
    }


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ScoringError) as error:
        score_answers([], measure="entity")

    assert str(error.value) == (
        "No measure is named 'entity'. Did you mean 'entities'? Known: argument attached, argument classification, "
        "argument identification, entities, relations boundary, relations strict, trigger classification, trigger identification."
    )
