import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_documents import at, ner
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_precision_recall_fscore_support
from seqeval.scheme import IOB2

from uie.documents import Document, Entity, Mention
from uie.scoring.scope import Pair
from uie.scoring.score import score
from uie.scoring.tag_sequences import is_flat, seqeval_report, tag_pair

TEXT = "Ann Lee saw New York"
TOKENS = ((0, 3), (4, 7), (8, 11), (12, 15), (16, 20))
ANN_LEE, NEW_YORK, YORK = at(TEXT, "Ann Lee"), at(TEXT, "New York"), at(TEXT, "York")


def test_tokens_are_tagged_where_the_document_has_them() -> None:
    gold = ner("d", TEXT, (ANN_LEE, "PER"), (NEW_YORK, "LOC"), tokens=TOKENS)

    tags = tag_pair(Pair(gold, ner("d", TEXT, (YORK, "LOC"))))

    assert tags == (["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], ["O", "O", "O", "O", "B-LOC"])


@pytest.mark.parametrize("tokens", [None, ((0, 4),)], ids=["no tokens", "a mention within a token"])
def test_characters_are_tagged_elsewhere(tokens: tuple | None) -> None:
    gold = ner("d", "北京市人", (Mention("北京", 0, 2), "LOC"), tokens=tokens)

    assert tag_pair(Pair(gold, ner("d", "北京市人"))) == (["B-LOC", "I-LOC", "O", "O"], ["O", "O", "O", "O"])


@pytest.mark.parametrize(
    ("entities", "flat"),
    [
        pytest.param([(ANN_LEE, "PER"), (NEW_YORK, "LOC")], True, id="apart"),
        pytest.param([(Mention("Ann", 0, 3), "PER"), (Mention(" Lee", 3, 7), "PER")], True, id="touching"),
        pytest.param([(NEW_YORK, "LOC"), (YORK, "LOC")], False, id="nested"),
        pytest.param([(NEW_YORK, "LOC"), (NEW_YORK, "ORG")], False, id="two types on one span"),
        pytest.param([(Mention("Rome"), "LOC")], False, id="ungrounded"),
        pytest.param([(Mention("Ann York", 0, 20, ((0, 3), (16, 20))), "PER")], False, id="discontinuous"),
        pytest.param([(NEW_YORK, "LOC"), (YORK, None)], True, id="untyped mentions have no tags"),
    ],
)
def test_which_documents_are_flat(entities: list, flat: bool) -> None:
    assert is_flat(ner("d", TEXT, *entities)) is flat


def test_the_report_leaves_out_documents_that_are_not_flat_and_says_so() -> None:
    gold = [ner("a", TEXT, (ANN_LEE, "PER"), (NEW_YORK, "LOC")), ner("b", TEXT, (NEW_YORK, "LOC"), (YORK, "LOC"))]
    predicted = [ner("a", TEXT, (ANN_LEE, "PER")), ner("b", TEXT)]

    report = seqeval_report(gold, predicted)

    assert report is not None
    lines = [line.split() for line in report.splitlines() if line]
    assert report.splitlines()[0] == (
        "seqeval, IOB2, documents: 1 of 2; left out because they are not flat "
        "(nested, crossing, discontinuous or ungrounded mentions): 1"
    )
    assert lines[2:5] == [
        ["LOC", "0.0000", "0.0000", "0.0000", "1"],
        ["PER", "1.0000", "1.0000", "1.0000", "1"],
        ["micro", "avg", "1.0000", "0.5000", "0.6667", "2"],
    ]


def test_gold_is_restricted_to_what_was_asked() -> None:
    gold = [ner("a", TEXT, (ANN_LEE, "PER"), (NEW_YORK, "LOC"), (YORK, "LOC"))]
    predicted = [ner("a", TEXT, (ANN_LEE, "PER"), asked={"entities": ["PER"]})]

    report = seqeval_report(gold, predicted)

    assert report is not None
    assert report.splitlines()[0] == "seqeval, IOB2, documents: 1"
    assert "LOC" not in report


def test_no_entities_make_no_table() -> None:
    assert seqeval_report([ner("a", TEXT)], [ner("a", TEXT)]) == "seqeval, IOB2, documents: 1\n\nno entities on either side"


def test_there_is_no_report_where_entities_are_not_scored() -> None:
    document = Document("a", TEXT, events=())

    assert seqeval_report([document], [document]) is None


@st.composite
def flat_documents(draw: st.DrawFn) -> Document:
    """Mentions of whole tokens, side by side or apart, of types with and without a dash."""
    tokens = TOKENS[: draw(st.integers(1, len(TOKENS)))]
    cuts = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=len(tokens) + 1)))
    entities = []
    for first, last in zip(cuts, cuts[1:], strict=False):
        type = draw(st.sampled_from(["PER", "LOC", "B-x", None]))
        if type is not None:
            start, end = tokens[first][0], tokens[last - 1][1]
            entities.append(Entity(Mention(TEXT[start:end], start, end), type))
    return Document("", TEXT, entities=tuple(entities))


@given(st.lists(st.tuples(flat_documents(), flat_documents(), st.booleans()), min_size=1, max_size=4))
def test_strict_agrees_with_seqeval_on_flat_documents(drawn: list[tuple[Document, Document, bool]]) -> None:
    gold, predicted = [], []
    for number, (wanted, found, with_tokens) in enumerate(drawn):
        tokens = TOKENS if with_tokens else None
        gold.append(Document(str(number), TEXT, entities=wanted.entities, tokens=tokens))
        predicted.append(Document(str(number), TEXT, entities=found.entities))
    assert all(is_flat(document) for document in (*gold, *predicted))

    counts = score(gold, predicted).rows[0].counts
    tags = [tag_pair(Pair(g, p)) for g, p in zip(gold, predicted, strict=True)]

    if counts.gold or counts.predicted:  # of no entities at all seqeval makes no figures
        wanted_tags, found_tags = [g for g, _ in tags], [p for _, p in tags]
        expected = pytest.approx((counts.precision, counts.recall, counts.f1))
        assert precision_recall_fscore_support(wanted_tags, found_tags, average="micro", zero_division=0)[:3] == expected
        assert (
            strict_precision_recall_fscore_support(wanted_tags, found_tags, average="micro", zero_division=0, scheme=IOB2)[:3]
            == expected
        )
