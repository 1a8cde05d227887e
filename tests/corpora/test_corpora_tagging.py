"""Tag sequences → mentions: every scheme, invalid sequences, and seqeval as referee."""

import itertools
import re

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from uie.corpora.tagging import SCHEMES, TaggedMention, mentions
from uie.errors import CorpusError


def _read(tags, scheme, **options):
    tagged = mentions(tags.split(), scheme, **options)
    return [(m.start, m.end, m.type) for m in tagged.mentions], list(tagged.invalid)


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB1", "I-a I-a B-a O I-b I-a"),
        ("IOB2", "B-a I-a B-a O B-b B-a"),
        ("IOE1", "I-a E-a I-a O I-b I-a"),
        ("IOE2", "I-a E-a E-a O E-b E-a"),
        ("BIOES", "B-a E-a S-a O S-b S-a"),
        ("BMES", "B-a E-a S-a O S-b S-a"),
        ("BILUO", "B-a L-a U-a O U-b U-a"),
    ],
)
def test_every_scheme_reads_its_own_way_of_writing_the_same_mentions(scheme, tags):
    assert _read(tags, scheme) == ([(0, 2, "a"), (2, 3, "a"), (4, 5, "b"), (5, 6, "a")], [])


def test_bare_types_join_neighbours_of_one_type():
    assert _read("a a b O a", "IO") == ([(0, 2, "a"), (2, 3, "b"), (4, 5, "a")], [])


@pytest.mark.parametrize(
    ("scheme", "inside"), [("BIOES", "B-a I-a I-a E-a"), ("BMES", "B-a M-a M-a E-a"), ("BILUO", "B-a I-a I-a L-a")]
)
def test_long_mentions_are_one(scheme, inside):
    assert _read(inside, scheme) == ([(0, 4, "a")], [])


def test_the_prefix_ends_at_the_first_separator_only():
    assert _read("B-creative-work I-creative-work", "IOB2") == ([(0, 2, "creative-work")], [])
    assert _read("B_road_rail I_road_rail", "IOB2", prefix_separator="_") == ([(0, 2, "road_rail")], [])


def test_a_prefix_behind_begins_after_the_last_separator():
    assert _read("creative-work-B creative-work-I", "IOB2", prefix_behind=True) == ([(0, 2, "creative-work")], [])


def test_a_prefix_may_have_no_separator():
    assert _read("Bper Iper O", "IOB2", prefix_separator="") == ([(0, 2, "per")], [])
    assert _read("perB perI O", "IOB2", prefix_separator="", prefix_behind=True) == ([(0, 2, "per")], [])


def test_a_bare_prefix_marks_a_mention_without_a_type():
    assert _read("B I O B", "IOB2") == ([(0, 2, None), (3, 4, None)], [])


@pytest.mark.parametrize(
    ("scheme", "tags", "expected", "invalid"),
    [
        pytest.param("IOB2", "O I-a I-a", [(1, 3, "a")], [1], id="inside after outside"),
        pytest.param("IOB2", "B-a I-b", [(0, 1, "a"), (1, 2, "b")], [1], id="inside after another type"),
        pytest.param("IOB1", "O B-a I-a", [(1, 3, "a")], [1], id="IOB1: begin without a neighbour"),
        pytest.param("IOE2", "I-a O", [(0, 1, "a")], [1], id="IOE2: no end"),
        pytest.param("IOE1", "E-a O I-a", [(0, 1, "a"), (2, 3, "a")], [0], id="IOE1: end without a neighbour"),
        pytest.param("BMES", "O M-a E-a O", [(1, 3, "a")], [1], id="no begin"),
        pytest.param("BMES", "B-a M-a O", [(0, 2, "a")], [2], id="no end before outside"),
        pytest.param("BMES", "O B-a", [(1, 2, "a")], [1], id="no end before the end"),
        pytest.param("BIOES", "S-a I-a E-a", [(0, 1, "a"), (1, 3, "a")], [1], id="inside after single"),
        pytest.param("BIOES", "B-a E-b", [(0, 1, "a"), (1, 2, "b")], [1], id="end of another type"),
        pytest.param("BILUO", "B-a B-a L-a", [(0, 1, "a"), (1, 3, "a")], [1], id="begin within"),
    ],
)
def test_invalid_sequences_are_read_and_told(scheme, tags, expected, invalid):
    assert _read(tags, scheme) == (expected, invalid)


@pytest.mark.parametrize(
    ("scheme", "prefixes"), [("IOB1", "BI"), ("IOB2", "BI"), ("IOE1", "IE"), ("IOE2", "IE"), ("BIOES", "BIES")]
)
def test_every_sequence_of_four_tags_is_read_as_seqeval_reads_it(scheme, prefixes):
    alphabet = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in "ab")]
    sequences = list(itertools.product(alphabet, repeat=4))

    for tags in sequences:
        referee = [(start, last + 1, kind) for kind, start, last in get_entities(list(tags))]
        assert [(m.start, m.end, m.type) for m in mentions(tags, scheme).mentions] == referee, tags

    assert len(sequences) == (9**4 if scheme == "BIOES" else 5**4)


@pytest.mark.parametrize(
    ("scheme", "prefixes", "valid"),
    [
        ("IOB2", "BI", r"(O |B-a (I-a )*|B-b (I-b )*)*"),
        ("BIOES", "BIES", r"(O |S-. |B-a (I-a )*E-a |B-b (I-b )*E-b )*"),
        ("IOE2", "IE", r"(O |(I-a )*E-a |(I-b )*E-b )*"),
        # E-a only parts two mentions: another tag of the type follows it.
        ("IOE1", "IE", r"(O |I-. |E-a (?=[IE]-a)|E-b (?=[IE]-b))*"),
        # I-a (…)* is one run of a type; B-a inside it parts two mentions.
        ("IOB1", "BI", r"(O |I-a ([BI]-a )*(?!I-a|B-a)|I-b ([BI]-b )*(?!I-b|B-b))*"),
    ],
)
def test_exactly_the_sequences_that_the_scheme_allows_have_nothing_invalid(scheme, prefixes, valid):
    alphabet = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in "ab")]
    allowed = 0

    for tags in itertools.product(alphabet, repeat=4):
        is_valid = re.fullmatch(valid, "".join(f"{tag} " for tag in tags)) is not None
        assert (mentions(tags, scheme).invalid == ()) == is_valid, tags
        allowed += is_valid

    assert allowed > 10


def test_no_tags_mark_nothing():
    assert all(mentions([], scheme).mentions == () for scheme in SCHEMES)


@pytest.mark.parametrize(
    ("tag", "scheme", "message"),
    [
        ("X-a", "IOB2", "token 2: the tag 'X-a' is not one of IOB2: expected O, B-TYPE, I-TYPE"),
        ("B-", "IOB2", "token 2: the tag 'B-' is not one of IOB2: expected O, B-TYPE, I-TYPE"),
        ("L-a", "BIOES", "token 2: the tag 'L-a' is not one of BIOES: expected O, B-TYPE, I-TYPE, E-TYPE, S-TYPE"),
        ("", "IO", "token 2: the tag '' is not one of IO: expected O, TYPE"),
    ],
)
def test_a_tag_of_another_scheme_is_refused(tag, scheme, message):
    with pytest.raises(CorpusError) as error:
        mentions(["O", tag], scheme)
    assert str(error.value) == message


def test_a_mention_holds_positions_of_tokens():
    assert mentions(["O", "B-a"], "IOB2").mentions == (TaggedMention(1, 2, "a"),)
