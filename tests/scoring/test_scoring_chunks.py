"""Chunks of many tagged sentences at once equal those of each sentence by itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from uie.scoring.chunks import conll_chunk_tables, conll_chunks
from uie.scoring.counts import Counts
from uie.scoring.tag_rules import score_tags

TAGS = ("O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "B", "I", "O-A", "U-x-y")
SENTENCES = st.lists(st.lists(st.sampled_from(TAGS), max_size=7), max_size=5)


@settings(max_examples=300, deadline=None)
@given(SENTENCES)
def test_chunks_of_all_sentences_are_those_of_each(sentences: list[list[str]]) -> None:
    types, (table,) = conll_chunk_tables(sentences)

    found = [(types[type], int(first), int(last)) for type, first, last in table]
    at, wanted = 0, []
    for sentence in sentences:
        at += 1
        wanted += [(type, at + first, at + last) for type, first, last in conll_chunks(sentence)]
        at += len(sentence)
    assert found == wanted


def test_no_sentence_has_no_chunk() -> None:
    assert score_tags([], []) == {}
    assert score_tags([[]], [[]]) == {}


def test_a_chunk_must_have_its_type_and_both_ends() -> None:
    gold = [["B-A", "I-A", "O"], ["B-A", "O", "B-B"]]
    predicted = [["B-A", "O", "O"], ["B-B", "O", "B-B"]]

    assert score_tags(gold, predicted) == {"A": Counts(0, 1, 2), "B": Counts(1, 1, 0)}
