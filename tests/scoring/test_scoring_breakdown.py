import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_documents import at, event, ner, problems
from shared_example import GOLD, PREDICTED

from uie.documents import Document, Entity, Mention
from uie.errors import ScoringError, SettingsError
from uie.scoring.breakdown import DOCUMENT_BUCKETS, ENTITY_BUCKETS, SEEN_LABEL, Bucket, breakdown, length_of
from uie.scoring.counts import Counts
from uie.scoring.score import score

TEXT = "New York City met Ann"
CITY, YORK, ANN, MET = (at(TEXT, word) for word in ("New York City", "New York", "Ann", "met"))
GOLD_ONE = [ner("d", TEXT, (CITY, "LOC"), (YORK, "LOC"), (ANN, "PER"))]
FOUND_ONE = [ner("d", TEXT, (CITY, "LOC"), (MET, "ORG"), problems=problems("malformed", task="NER"))]
TRAIN = [ner("t", "Ann ran", (Mention("Ann", 0, 3), "PER"), (Mention("ran", 4, 7), "LOC"))]


def counts(buckets: tuple[Bucket, ...]) -> dict[str, Counts]:
    return {bucket.bucket: bucket.counts for bucket in buckets}


def test_entities_by_the_length_of_their_mention() -> None:
    found = breakdown(GOLD_ONE, FOUND_ONE, by="mention length")

    assert counts(found) == {"1": Counts(0, 1, 1), "2": Counts(0, 0, 1), "3": Counts(1, 0, 0)}
    assert {(one.by, one.task, one.measure, one.documents) for one in found} == {("mention length", "NER", "entities", 1)}


def test_entities_by_nesting() -> None:
    assert counts(breakdown(GOLD_ONE, FOUND_ONE, by="nesting")) == {"flat": Counts(0, 1, 1), "nested": Counts(1, 0, 1)}


def test_entities_by_whether_training_had_them() -> None:
    found = counts(breakdown(GOLD_ONE, FOUND_ONE, by="seen mention", train=TRAIN))

    assert found == {"seen": Counts(0, 0, 1), "unseen": Counts(1, 1, 1)}


def test_types_by_whether_training_had_them() -> None:
    found = counts(breakdown(GOLD_ONE, FOUND_ONE, by="seen label", train=TRAIN))
    text = "he hit and ran"
    story = [Document("d", text, events=(event("attack", at(text, "hit"), ("by", at(text, "he"))), event("flee", at(text, "ran"))))]
    events = breakdown(story, story, by="seen label", train=story[:0] + [Document("t", "x", events=(event("attack", None),))])

    assert found == {"seen": Counts(1, 0, 2), "unseen": Counts(0, 1, 0)}
    assert [(one.measure, one.bucket, one.counts) for one in events if "classification" in one.measure] == [
        ("argument classification", "seen", Counts(1, 0, 0)),
        ("trigger classification", "seen", Counts(1, 0, 0)),
        ("trigger classification", "unseen", Counts(1, 0, 0)),
    ]


def test_documents_by_length_and_language_count_malformed_pieces_too() -> None:
    chinese = ner("z", "王明来了", (Mention("王明", 0, 2), "PER"), lang="zh")

    by_length = breakdown([*GOLD_ONE, chinese], [*FOUND_ONE, chinese], by="text length")
    by_language = breakdown([*GOLD_ONE, chinese], [*FOUND_ONE, chinese], by="language")

    assert counts(by_length) == {"4-5": Counts(2, 2, 2)}
    assert counts(by_language) == {"en": Counts(1, 2, 2), "zh": Counts(1, 0, 0)}


def test_several_breakdowns_come_in_one_pass_and_without_names_all_that_fit() -> None:
    both = breakdown(GOLD_ONE, FOUND_ONE, by=["nesting", "text length"])

    assert both == breakdown(GOLD_ONE, FOUND_ONE, by="nesting") + breakdown(GOLD_ONE, FOUND_ONE, by="text length")
    assert {one.by for one in breakdown(GOLD_ONE, FOUND_ONE)} == {*DOCUMENT_BUCKETS, "mention length", "nesting"}
    assert {one.by for one in breakdown(GOLD_ONE, FOUND_ONE, train=TRAIN)} == {*DOCUMENT_BUCKETS, *ENTITY_BUCKETS, SEEN_LABEL}
    assert {one.by for one in breakdown(GOLD_ONE, FOUND_ONE, rule="muc")} == {*DOCUMENT_BUCKETS}


def test_a_bucket_knows_how_many_documents_have_anything_in_it() -> None:
    more = ner("e", TEXT, (CITY, "LOC"), (MET, "ORG"))

    found = breakdown([*GOLD_ONE, more], [*FOUND_ONE, more], by=["mention length", "nesting of the text"])

    assert {(one.by, one.bucket): one.documents for one in found} == {
        ("nesting of the text", "flat"): 1,
        ("nesting of the text", "nested"): 1,
        ("mention length", "1"): 2,
        ("mention length", "2"): 1,
        ("mention length", "3"): 2,
    }


def test_gold_without_offsets_is_broken_down_by_string() -> None:
    gold = ner("d", TEXT, (Mention("Ann"), "PER"))

    (found,) = breakdown([gold], [ner("d", TEXT, (ANN, "PER"))], by="mention length", rule="auto")

    assert found == Bucket("mention length", "1", "NER", "entities", "string", 1, Counts(1, 0, 0))


@pytest.mark.parametrize(("text", "length"), [("New York", 2), ("王明", 2), ("在 Acme 工作", 4), ("", 0), ("state-of-the-art", 1)])
def test_length_counts_words_and_characters_of_scripts_without_spaces(text: str, length: int) -> None:
    assert length_of(text) == length


@pytest.mark.parametrize("by", DOCUMENT_BUCKETS)
@pytest.mark.parametrize("rule", ["strict", "muc", "gollie", "textee"])
def test_buckets_of_documents_add_up_to_the_whole(by: str, rule: str) -> None:
    whole = {(row.task, row.measure): row.counts for row in score(GOLD, PREDICTED, rule=rule).rows}
    sums: dict[tuple[str, str], Counts] = {}
    for one in breakdown(GOLD, PREDICTED, by=by, rule=rule):
        sums[one.task, one.measure] = sums.get((one.task, one.measure), Counts()) + one.counts

    assert sums == whole


places = st.sampled_from([CITY, YORK, ANN, MET])
entities = st.lists(st.builds(Entity, places, st.sampled_from(["LOC", "PER"])), max_size=4).map(tuple)


@settings(max_examples=30, deadline=None)
@given(
    gold=entities, predicted=entities, by=st.sampled_from([*ENTITY_BUCKETS, SEEN_LABEL]), rule=st.sampled_from(["strict", "string"])
)
def test_buckets_of_entities_add_up_to_the_whole(gold: tuple, predicted: tuple, by: str, rule: str) -> None:
    sides = [Document("d", TEXT, entities=gold)], [Document("d", TEXT, entities=predicted)]

    found = breakdown(*sides, by=by, rule=rule, train=TRAIN)

    assert sum((one.counts for one in found), Counts()) == score(*sides, rule=rule).rows[0].counts


def test_what_cannot_be_broken_down_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        breakdown(GOLD_ONE, FOUND_ONE, by="mention lenght")
    assert str(error.value) == (
        "No breakdown is named 'mention lenght'. Did you mean 'mention length'? Known: language, mention length, nesting, "
        "nesting of the text, seen label, seen mention, text length."
    )
    with pytest.raises(SettingsError) as error:
        breakdown(GOLD_ONE, FOUND_ONE, by="nesting", rule="muc")
    assert str(error.value) == "rule 'muc' cannot be broken down by nesting: choose strict or string."
    with pytest.raises(ScoringError) as refused:
        breakdown(GOLD_ONE, FOUND_ONE, by="seen mention")
    assert str(refused.value) == "by 'seen mention' needs the training Documents; give train."
