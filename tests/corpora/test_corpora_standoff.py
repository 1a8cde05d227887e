"""Annotations that stand beside the text or in tags within it: brat, BioNLP, PubTator, the Chinese Emergency Corpus, inline tags."""

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.documents import Mention
from uie.errors import CorpusError, SettingsError
from uie.settings import build


def _read(layout, path, bad=raise_bad, **options):
    layout = LAYOUTS.get(layout)
    return list(layout.read(path, build(options_of(layout), options, where="test"), bad))


def _brat(folder, text, bad=raise_bad, suffixes=("ann",), contents=(), **options):
    """The one Document of `note.txt` and its annotation files."""
    (folder / "note.txt").write_bytes(text.encode("utf-8"))
    for suffix, content in zip(suffixes, contents, strict=True):
        (folder / f"note.{suffix}").write_bytes(content.encode("utf-8"))
    return _read("brat", folder / "note.txt", bad, annotations=list(suffixes), **options)


def _ann(folder, text, *lines, **options):
    (document,) = _brat(folder, text, contents=["".join(f"{line}\n" for line in lines)], **options)
    return document


def _refused(folder, text, *lines, **options):
    """What a reader says about a file that cannot be read, the folder taken off."""
    errors = []
    documents = _brat(
        folder, text, bad=lambda error, raw: errors.append(str(error)), contents=["".join(f"{line}\n" for line in lines)], **options
    )
    assert documents == []
    assert len(errors) == 1
    return errors[0].replace(f"{folder}/", "")


def _entities(document):
    return [(entity.mention.start, entity.mention.end, entity.mention.text, entity.type) for entity in document.entities]


def _text(folder, name, content):
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


# brat


def test_a_brat_document_has_entities_events_and_attributes_but_its_triggers_are_no_entities(tmp_path):
    document = _ann(
        tmp_path,
        "Ann left Rome.\n",
        "T1\tPER 0 3\tAnn",
        "T2\tMove 4 8\tleft",
        "T3\tLOC 9 13\tRome",
        "E1\tMove:T2 Who:T1 From:T3",
        "A1\tNegation E1",
        "A2\tTense E1 Past",
        "M1\tSeen T1",
    )

    (event,) = document.events
    assert document.id == "note"
    assert document.text == "Ann left Rome.\n"
    assert _entities(document) == [(0, 3, "Ann", "PER"), (9, 13, "Rome", "LOC")]
    assert (event.type, event.trigger, event.attributes) == ("Move", Mention("left", 4, 8), {"Negation": True, "Tense": "Past"})
    assert [(a.role, a.mention) for a in event.arguments] == [("Who", Mention("Ann", 0, 3)), ("From", Mention("Rome", 9, 13))]
    assert document.entities[0].attributes == {"Seen": True}
    assert document.relations == ()
    assert document.clusters is None


def test_an_argument_may_be_an_event_that_is_told_later_and_two_events_may_share_a_trigger(tmp_path):
    document = _ann(
        tmp_path,
        "B blocks A growth",
        "T1\tP 0 1\tB",
        "T2\tDown 2 8\tblocks",
        "T3\tUp 11 17\tgrowth",
        "T4\tP 9 10\tA",
        "E1\tDown:T2 Theme:E2 Cause:T1",
        "E2\tUp:T3 Theme:T4",
        "E3\tUp:T3 ",
    )

    assert [(a.role, a.event) for a in document.events[0].arguments] == [("Theme", 1), ("Cause", None)]
    assert [event.trigger.start for event in document.events] == [2, 11, 11]
    assert document.events[2].arguments == ()


def test_numbers_of_roles_are_taken_off_unless_they_are_to_be_kept(tmp_path):
    lines = ("T1\tP 0 1\tA", "T2\tP 2 3\tB", "T3\tBind 4 9\tbound", "E1\tBind:T3 Theme:T1 Theme2:T2")

    stripped = _ann(tmp_path, "A B bound", *lines)
    kept = _ann(tmp_path, "A B bound", *lines, numbered_roles="keep")

    assert [argument.role for argument in stripped.events[0].arguments] == ["Theme", "Theme"]
    assert [argument.role for argument in kept.events[0].arguments] == ["Theme", "Theme2"]


def test_bionlp_has_its_proteins_in_one_file_and_the_events_in_another_and_either_may_be_empty(tmp_path):
    options = {"suffixes": ("a1", "a2"), "holds": ["events", "clusters"]}

    (full,) = _brat(
        tmp_path,
        "A and A2 grow",
        contents=[
            "T1\tProtein 0 1\tA\nT2\tProtein 6 8\tA2\n",
            "*\tEquiv T1 T2\nT3\tUp 9 13\tgrow\nE1\tUp:T3 Theme:T1\nM1\tNegation E1\n",
        ],
        **options,
    )
    (empty,) = _brat(tmp_path, "Nothing.", contents=["", ""], **options)

    assert _entities(full) == [(0, 1, "A", "Protein"), (6, 8, "A2", "Protein")]
    assert full.clusters == ((0, 1),)
    assert full.events[0].attributes == {"Negation": True}
    assert (empty.entities, empty.events, empty.clusters, empty.relations) == ((), (), (), None)


def test_any_file_of_a_brat_document_leads_to_the_others(tmp_path):
    _ann(tmp_path, "Ann", "T1\tPER 0 3\tAnn")

    (document,) = _read("brat", tmp_path / "note.ann")

    assert _entities(document) == [(0, 3, "Ann", "PER")]


def test_equivalences_are_clusters_where_the_corpus_holds_clusters_and_else_lie_in_meta(tmp_path):
    lines = ("T1\tPER 0 3\tAnn", "T2\tPER 4 7\tshe", "*\tAlias T1 T2")

    as_clusters = _ann(tmp_path, "Ann she", *lines, holds=["clusters"])
    in_meta = _ann(tmp_path, "Ann she", *lines)

    assert (as_clusters.clusters, as_clusters.meta) == (((0, 1),), {})
    assert (in_meta.clusters, in_meta.meta) == (None, {"equivalences": [{"type": "Alias", "entities": [0, 1]}]})


def test_a_discontinuous_mention_is_its_fragments_in_text_order_joined_by_one_space(tmp_path):
    document = _ann(tmp_path, "north and south pole", "T1\tLOC 16 20;0 5\tpole north", "T2\tLOC 10 20\tsouth pole")

    assert document.entities[0].mention == Mention("north pole", 0, 20, ((0, 5), (16, 20)))
    assert document.meta == {}


def test_mentions_may_be_nested_cross_share_their_place_and_be_said_twice(tmp_path):
    document = _ann(
        tmp_path,
        "Bank of Rome Hall",
        "T1\tORG 0 12\tBank of Rome",
        "T2\tLOC 8 12\tRome",
        "T3\tFAC 8 17\tRome Hall",
        "T4\tPER 8 12\tRome",
        "T5\tLOC 8 12\tRome",
    )

    assert _entities(document) == [
        (0, 12, "Bank of Rome", "ORG"),
        (8, 12, "Rome", "LOC"),
        (8, 17, "Rome Hall", "FAC"),
        (8, 12, "Rome", "PER"),
        (8, 12, "Rome", "LOC"),
    ]


def test_html_entities_of_a_text_count_as_they_are_written(tmp_path):
    document = _ann(tmp_path, "said &quot;Ann&quot;", "T1\tPER 11 14\tAnn", "T2\tPER 5 20\t&quot;Ann&quot;", 'T3\tPER 5 20\t"Ann"')

    assert document.text == "said &quot;Ann&quot;"
    assert _entities(document) == [
        (11, 14, "Ann", "PER"),
        (5, 20, "&quot;Ann&quot;", "PER"),
        (None, None, '"Ann"', "PER"),
    ]
    assert document.meta == {"ungrounded": 1}


def test_fragments_parted_at_a_line_end_are_one_mention_when_lines_are_joined(tmp_path):
    line = "T1\tLOC 0 4;5 9\tSalt Town"

    parted = _ann(tmp_path, "Salt\nTown.", line)
    joined = _ann(tmp_path, "Salt\nTown.", line, join_lines=True)

    assert parted.entities[0].mention == Mention("Salt Town", 0, 9, ((0, 4), (5, 9)))
    assert joined.entities[0].mention == Mention("Salt\nTown", 0, 9)


def test_a_line_end_in_a_mention_is_a_space_in_the_annotation_or_breaks_it_over_two_lines(tmp_path):
    spaced = _ann(tmp_path, "Salt\nTown.", "T1\tLOC 0 9\tSalt Town")
    broken = _ann(tmp_path, "Salt\nTown. Ann", "T1\tLOC 0 9\tSalt", "Town", "T2\tPER 11 14\tAnn")

    assert _entities(spaced) == [(0, 9, "Salt\nTown", "LOC")]
    assert _entities(broken) == [(0, 9, "Salt\nTown", "LOC"), (11, 14, "Ann", "PER")]
    assert spaced.meta == broken.meta == {}


def test_a_mention_that_differs_in_punctuation_is_read_as_the_text_has_it_and_counted(tmp_path):
    document = _ann(tmp_path, "go to Rome;Ann", "T1\tLOC 6 11\tRome、", "T2\tPER 11 14\tAnn")

    assert _entities(document) == [(6, 11, "Rome;", "LOC"), (11, 14, "Ann", "PER")]
    assert document.meta == {"respelled": 1}


def test_a_mention_with_wrong_offsets_keeps_its_string_and_has_no_place(tmp_path):
    document = _ann(tmp_path, "To Rome", "T1\tLOC 2 6\tRome", "T2\tLOC 30 34\tRome", "T3\tLOC 3 8\tRome")

    assert _entities(document) == [(None, None, "Rome", "LOC")] * 3
    assert document.meta == {"ungrounded": 3}


def test_each_character_of_a_line_end_counts_as_brat_counts(tmp_path):
    document = _ann(tmp_path, "😀\r\nAnn\r\n", "T1\tPER 3 6\tAnn\r")

    assert document.text == "😀\r\nAnn\r\n"
    assert _entities(document) == [(3, 6, "Ann", "PER")]


def test_an_empty_column_behind_the_mention_is_passed_over(tmp_path):
    assert _entities(_ann(tmp_path, "Ann", "T1\tPER 0 3\tAnn\t")) == [(0, 3, "Ann", "PER")]


def test_relations_join_entities_whatever_the_order_of_their_arguments(tmp_path):
    document = _ann(
        tmp_path, "Ann Rome", "T1\tPER 0 3\tAnn", "T2\tLOC 4 8\tRome", "R1\tIn Arg1:T1 Arg2:T2\t", "R2\tOf Arg2:T1 Arg1:T2"
    )

    assert [(r.type, r.head, r.tail) for r in document.relations] == [("In", 0, 1), ("Of", 1, 0)]


def test_a_relation_with_an_event_and_attributes_of_relations_lie_in_meta(tmp_path):
    document = _ann(
        tmp_path,
        "maybe Ann left",
        "T1\tPER 6 9\tAnn",
        "T2\tMove 10 14\tleft",
        "T3\tCue 0 5\tmaybe",
        "E1\tMove:T2",
        "R1\thas_cue Arg1:E1 Arg2:T3",
        "R2\tnear Arg1:T1 Arg2:T3",
        "A1\tSure R2 No",
        "A2\tSure R1",
    )

    assert [(r.type, r.head, r.tail) for r in document.relations] == [("near", 0, 1)]
    assert document.meta == {
        "event_relations": [{"type": "has_cue", "head": {"event": 0}, "tail": {"entity": 1}, "attributes": {"Sure": True}}],
        "relation_attributes": [{"relation": 0, "attributes": {"Sure": "No"}}],
    }


def test_a_trigger_that_a_relation_names_is_an_entity_too(tmp_path):
    document = _ann(tmp_path, "Ann left", "T1\tPER 0 3\tAnn", "T2\tMove 4 8\tleft", "E1\tMove:T2", "R1\tby Arg1:T2 Arg2:T1")

    assert _entities(document) == [(0, 3, "Ann", "PER"), (4, 8, "left", "Move")]
    assert (document.relations[0].head, document.relations[0].tail) == (1, 0)


def test_a_mention_has_as_many_norms_as_lines_name_it_and_notes_lie_in_meta(tmp_path):
    document = _ann(
        tmp_path,
        "Ann",
        "T1\tPER 0 3\tAnn",
        "N1\tReference T1 W:1+W:2\tAnn Quill",
        "N2\tReference T1 W:3",
        "N3\tReference Annotation:T1 Referent:OBT:4",
        "#1\tAnnotatorNotes T1\tWhich Ann?",
        "#2\tAnnotatorNotes N1\tunsure",
        "A1\tKind T1 a",
        "A2\tKind T1 b",
    )

    (entity,) = document.entities
    assert entity.norms == ("W:1+W:2", "W:3", "OBT:4")
    assert entity.attributes == {"Kind": ["a", "b"]}
    assert document.meta["notes"] == [
        {"type": "AnnotatorNotes", "of": {"entity": 0}, "text": "Which Ann?"},
        {"type": "AnnotatorNotes", "of": "N1", "text": "unsure"},
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(["T1\tPER 0 3"], "note.ann:1: the third column, the mention, is missing.", id="no mention"),
        pytest.param(
            ["T1\tPER 0-3\tAnn"],
            "note.ann:1: expected 'TYPE START END' (further fragments after ';'), found 'PER 0-3'.",
            id="no offsets",
        ),
        pytest.param(["T1\tPER 3 3\tAnn"], "note.ann:1: expected start < end, found 3 and 3.", id="empty span"),
        pytest.param(["T1\tPER 0 3;2 4\tAnn l"], "note.ann:1: the fragments overlap: 0 3;2 4.", id="overlapping fragments"),
        pytest.param(
            ["T1\tPER 0 3\tAnn", "Quill"],
            "note.ann:2: expected an id and a tab, as in 'T1\\tTYPE 0 3\\tAnn'; found 'Quill'.",
            id="a line of its own",
        ),
        pytest.param(
            ["X1\tPER 0 3\tAnn"], "note.ann:1: no kind of line begins with 'X'; expected one of T E R A M N # *.", id="kind"
        ),
        pytest.param(
            ["T1\tPER 0 3\tAnn", "", "T1\tPER 0 3\tAnn"],
            "note.ann:3: the id T1 is taken by an earlier line.",
            id="the same id twice",
        ),
        pytest.param(["E1\tMove:T2"], "note.ann:1: there is no T line T2, the trigger.", id="no trigger"),
        pytest.param(["E1\tMove"], "note.ann:1: expected NAME:ID, found 'Move'.", id="event without trigger"),
        pytest.param(
            ["T1\tMove 4 8\tleft", "E1\tMove:T1 Who:T9"], "note.ann:2: there is no line T9, the Who.", id="unknown argument"
        ),
        pytest.param(
            ["R1\tIn Arg1:T1 Arg2:T2"], "note.ann:1: there is no line T1, an end of the relation.", id="unknown end of a relation"
        ),
        pytest.param(
            ["R1\tIn Arg1:T1"],
            "note.ann:1: expected 3 or more words in the second column, found 'In Arg1:T1'.",
            id="relation with one end",
        ),
        pytest.param(["A1\tSure T1"], "note.ann:1: there is no line T1 to have the attribute Sure.", id="attribute of nothing"),
        pytest.param(["N1\tReference T1 W:1"], "note.ann:1: there is no T line T1 to normalise.", id="norm of nothing"),
        pytest.param(["*\tEquiv T1 T2"], "note.ann:1: there is no T line T1.", id="equivalence of nothing"),
    ],
)
def test_a_brat_file_with_a_line_that_cannot_be_read_is_no_document(tmp_path, lines, told):
    assert _refused(tmp_path, "Ann left.", *lines) == told


def test_lines_that_the_options_do_not_expect_are_refused(tmp_path):
    told = _refused(tmp_path, "Ann left", "T1\tMove 4 8\tleft", "E1\tMove:T1", holds=["relations"])

    assert told == "note.ann:2: a line of events, which `holds` of the options does not name."


def test_a_missing_file_of_a_brat_document_ends_the_reading(tmp_path):
    text = _text(tmp_path, "note.txt", "Ann")

    with pytest.raises(CorpusError) as missing:
        _read("brat", text, bad=lambda error, raw: None)
    with pytest.raises(CorpusError) as textless:
        _read("brat", tmp_path / "other.ann", bad=lambda error, raw: None)

    assert str(missing.value) == f"{tmp_path}/note.ann: no such file. The folder holds: note.txt."
    assert str(textless.value) == f"{tmp_path}/other.txt: no text beside the annotations: No such file or directory."


def test_a_text_that_is_not_utf8_is_told_with_its_line(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"Ann\nlives \xff\n")
    _text(tmp_path, "note.ann", "")

    with pytest.raises(CorpusError) as error:
        _read("brat", tmp_path / "note.txt")

    assert str(error.value) == f"{tmp_path}/note.txt:2: not UTF-8 (invalid start byte); convert the file to UTF-8 first."


def test_suffixes_that_are_none_are_refused():
    with pytest.raises(SettingsError) as error:
        build(options_of(LAYOUTS.get("brat")), {"annotations": ["../x"]}, where="test")

    assert str(error.value).endswith("annotations: expected suffixes such as ann, or a1 and a2; found ['../x'].")


def test_what_a_brat_folder_holds_is_guessed_from_its_lines(tmp_path):
    _ann(tmp_path, "Ann", "T1\tPER 0 3\tAnn", "*\tEquiv T1", holds=["clusters"])
    guess = LAYOUTS.get("brat").guess

    assert guess(tmp_path / "note.txt") == {"annotations": ["ann"], "holds": ["clusters"]}
    assert guess(_text(tmp_path, "alone.txt", "Ann")) is None


# PubTator

_BLOCK = """7|t|Velortan and rash.
7|a|Rash or hives are common.
7\t0\t8\tVelortan\tChemical\tD1\t
7\t13\t17\trash\tDisease\tD2\t
7\t19\t32\tRash or hives\tDisease\tD2|D3\tRash|hives
7\t37\t43\tcommon\tDisease\t-1\t
7\tCID\tD1\tD3
"""


def test_pubtator_relations_are_between_the_clusters_of_mentions_with_one_id(tmp_path):
    (document,) = _read("pubtator", _text(tmp_path, "cases.txt", _BLOCK))

    assert document.id == "7"
    assert document.text == "Velortan and rash. Rash or hives are common."
    assert _entities(document) == [
        (0, 8, "Velortan", "Chemical"),
        (13, 17, "rash", "Disease"),
        (19, 32, "Rash or hives", "Disease"),
        (37, 43, "common", "Disease"),
    ]
    assert [entity.norms for entity in document.entities] == [("D1",), ("D2",), ("D2", "D3"), ()]
    assert document.entities[2].attributes == {"parts": ["Rash", "hives"]}
    assert document.clusters == ((0,), (1, 2), (2,))
    assert [(r.type, r.head, r.tail, r.level) for r in document.relations] == [("CID", 0, 2, "cluster")]
    assert document.meta == {"place": 1}


def test_pubtator_ids_of_variants_and_ids_that_a_relation_names_are_not_parted_at_their_bars(tmp_path):
    path = _text(
        tmp_path,
        "cases.txt",
        "7|t|Velortan meets V600E, 5del, a loss and a gain.\n7\t0\t8\tVelortan\tChemical\tD1\n7\t15\t20\tV600E\tVariant\tp|SUB|V|600|E\n"
        "7\t22\t26\t5del\tVariant\ttmVar:c|DEL|5|;HGVS:c.5del\n7\t28\t34\ta loss\tVariant\tX|Y\n7\t39\t45\ta gain\tVariant\tX|Z\n"
        "7\tBind\tD1\tp|SUB|V|600|E\n7\tBind\tD1\tX|Y\n",
    )

    (document,) = _read("pubtator", path)

    assert [entity.norms for entity in document.entities] == [
        ("D1",),
        ("p|SUB|V|600|E",),
        ("tmVar:c|DEL|5|", "HGVS:c.5del"),
        ("X|Y",),
        ("X", "Z"),
    ]
    assert [(document.clusters[r.head], document.clusters[r.tail]) for r in document.relations] == [((0,), (1,)), ((0,), (3,))]
    assert "unplaced_relations" not in document.meta


def test_pubtator_mentions_with_wrong_offsets_have_no_place_and_are_counted(tmp_path):
    path = _text(tmp_path, "cases.txt", "7|t|Velortan.\n7|a|\n7\t1\t9\tVelortan\tChemical\tD1\n7\t8\t10\t.\tChemical\tD1\n")

    (document,) = _read("pubtator", path)

    assert document.text == "Velortan."
    assert [entity.mention for entity in document.entities] == [Mention("Velortan"), Mention(".")]
    assert document.meta == {"ungrounded": 2, "place": 1}


def test_a_pubtator_relation_of_an_id_without_mention_and_further_columns_are_kept_in_meta(tmp_path):
    path = _text(tmp_path, "cases.txt", f"{_BLOCK}7\tCID\tD9\tD2\n7\tCID\tD1\tD2\tNovel\n")

    (document,) = _read("pubtator", path)

    assert len(document.relations) == 2
    assert document.meta["unplaced_relations"] == [{"type": "CID", "head": "D9", "tail": "D2"}]
    assert document.meta["relation_columns"] == [{"relation": 1, "columns": ["Novel"]}]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        pytest.param("7|a|Rash.\n", "1: expected ID|t|TITLE at the start of a block, found '7|a|Rash.'.", id="no title"),
        pytest.param(
            "7|t|Rash.\n8\t0\t4\tRash\tDisease\tD2\n",
            "2: a line of '8' in the block of '7'; blank lines part the blocks.",
            id="another document's line",
        ),
        pytest.param(
            "7|t|Rash.\n7\t0\t4\tRash\n",
            "2: expected ID, START, END, MENTION, TYPE, NORM parted by tabs, found ['0', '4', 'Rash'].",
            id="columns missing",
        ),
        pytest.param("7|t|Rash.\n7\t4\t4\tRash\tDisease\tD2\n", "2: expected start < end, found 4 and 4.", id="empty span"),
        pytest.param("7|t|Rash.\n7\tCID\tD1\n", "2: expected ID, TYPE, ID, ID parted by tabs, found ['CID', 'D1'].", id="one id"),
    ],
)
def test_a_pubtator_block_that_cannot_be_read_is_left_out_and_the_next_is_read(tmp_path, block, told):
    path = _text(tmp_path, "cases.txt", f"{block}\n\n{_BLOCK}")
    errors = []

    documents = _read("pubtator", path, bad=lambda error, raw: errors.append((str(error), raw)))

    assert errors == [(f"{path}:{told}", block.rstrip("\n"))]
    assert [document.id for document in documents] == ["7"]


# Chinese Emergency Corpus


def _cec(folder, body, bad=raise_bad, head='<?xml version="1.0" encoding="UTF-8"?>\n'):
    return _read("cec", _text(folder, "fire.xml", f"{head}<Body>{body}</Body>"), bad)


_FIRE = """
    <Title>小镇失火 2人受伤</Title>
    <ReportTime type="absTime">2020年1月2日</ReportTime> 　小镇晚报
    <Content><Paragraph>
        <Sentence>
            <Event eid="e1" type="thoughtevent">据
                <Participant sid="s1">John</Participant>
                <Denoter did="d1" type="statement">Smith</Denoter>
            </Event>，
            <Event eid="e2" polarity="negative">
                <Time tid="t2" type="relTime">昨晚</Time>
                <means mid="m2">用水</means>
                <Object oid="o2">被
                    <Event eid="e3"><Participant sid="s3">工人</Participant><Denoter did="d3" type="action"/></Event>点燃的草堆</Object>
                <Denoter did="d2" type="operation" polarity="negative">扑灭</Denoter>
            </Event> 。
        </Sentence>
    </Paragraph><Paragraph><Sentence>完</Sentence></Paragraph></Content>
    <eRelation relType="Thoughtcontent6" thoughtevent_eid="e1" thoughtcontent_eids="e2-3"/>
    <eRelation relType="Causal" effect_eid="e2" cause_eid="e3,e9"/>
"""


def test_the_indentation_of_the_xml_is_no_text_but_spaces_within_it_are(tmp_path):
    (document,) = _cec(tmp_path, _FIRE)

    assert document.text == "小镇失火 2人受伤\n2020年1月2日\n小镇晚报\n据John Smith，昨晚用水被工人点燃的草堆扑灭。\n完"


def test_events_take_the_elements_of_their_own_with_their_tags_as_roles(tmp_path):
    (document,) = _cec(tmp_path, _FIRE)

    events = [(e.type, e.trigger and e.trigger.text, [(a.role, a.mention.text) for a in e.arguments]) for e in document.events]
    assert events == [
        ("statement", "Smith", [("Participant", "John")]),
        ("operation", "扑灭", [("Time", "昨晚"), ("means", "用水"), ("Object", "被工人点燃的草堆")]),
        ("action", None, [("Participant", "工人")]),
    ]
    assert [event.attributes for event in document.events] == [{"type": "thoughtevent"}, {"polarity": "negative"}, {}]
    assert [(e.type, e.attributes) for e in document.entities][:2] == [
        ("Participant", {"sid": "s1"}),
        ("Time", {"tid": "t2", "type": "relTime"}),
    ]


def test_relations_between_events_are_kept_and_ids_of_no_event_counted(tmp_path):
    (document,) = _cec(tmp_path, _FIRE)

    assert document.meta == {
        "empty": 1,
        "unresolved": 1,
        "event_relations": [
            {"type": "Thoughtcontent6", "heads": [0], "tails": [1, 2]},
            {"type": "Causal", "heads": [2], "tails": [1]},
        ],
    }


@pytest.mark.parametrize(
    ("body", "head", "told"),
    [
        pytest.param(
            "<Title>&b;</Title>",
            '<!DOCTYPE Body [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
            "1: the file has a DOCTYPE, and might declare entities in it; remove it.",
            id="entities",
        ),
        pytest.param(
            "<Title>x</Title>",
            '<!DOCTYPE Body SYSTEM "file:///etc/passwd">',
            "1: the file has a DOCTYPE, and might declare entities in it; remove it.",
            id="a file of the machine",
        ),
        pytest.param("<Title>\n失火</Titel>", "", "2: not XML: mismatched tag: line 2, column 4.", id="no XML"),
        pytest.param("<Event><Time>昨晚</Time>\n</Event>", "", "2: an Event without a Denoter that has a type.", id="no trigger"),
        pytest.param(
            '<Event><Denoter type="a">火</Denoter>\n<Denoter type="a">灾</Denoter></Event>',
            "",
            "2: an Event with two Denoters.",
            id="two triggers",
        ),
        pytest.param("", "", "1: the file holds no text.", id="nothing"),
        pytest.param("失火</Body><Body>", "", "1: not XML: junk after document element: line 1, column 15.", id="two roots"),
        pytest.param("失火", "<a>", "1: expected <Body> around everything, found <a>.", id="another root"),
    ],
)
def test_a_cec_file_that_cannot_be_read_is_told_with_its_line(tmp_path, body, head, told):
    errors = []

    documents = _cec(tmp_path, body, bad=lambda error, raw: errors.append(str(error)), head=head)

    assert documents == []
    assert errors == [f"{tmp_path}/fire.xml:{told}"]


# Inline tags


def test_inline_mentions_may_be_nested_and_misspelt_tags_stay_labels(tmp_path):
    path = _text(tmp_path, "lines.txt", "<ORG>Bank of <LOC>Rome</LOC></ORG> & <Loc>Lodz</Loc> < 3\n\nnothing\n")

    first, second = _read("inline", path)

    assert first.text == "Bank of Rome & Lodz < 3"
    assert _entities(first) == [(0, 12, "Bank of Rome", "ORG"), (8, 12, "Rome", "LOC"), (15, 19, "Lodz", "Loc")]
    assert (second.text, second.entities, second.meta) == ("nothing", (), {"place": 3})


def test_the_type_may_be_an_attribute_and_other_tags_text_or_passed_over(tmp_path):
    path = _text(tmp_path, "lines.txt", "<s>\n<ENAMEX TYPE=\"PERSON\" id='1'>Ann &amp; Co</ENAMEX> wrote <b>bold</b></s>\n")

    (document,) = _read("inline", path, type_attribute="TYPE", tags=["ENAMEX"], passed_over=["s"], escaped=True)

    assert document.text == "Ann & Co wrote <b>bold</b>"
    assert _entities(document) == [(0, 8, "Ann & Co", "PERSON")]
    assert document.entities[0].attributes == {"tag": "ENAMEX", "id": "1"}


@pytest.mark.parametrize(
    ("line", "options", "told"),
    [
        pytest.param("<PER>Ann", {}, "<PER> is never closed.", id="never closed"),
        pytest.param("Ann</PER>", {}, "column 4: expected no tag to be closed, found </PER>.", id="never opened"),
        pytest.param("<A>a <B>b</A></B>", {}, "column 10: expected </B>, found </A>.", id="crossing"),
        pytest.param("<PER></PER>", {}, "column 6: a mention without text before </PER>.", id="empty"),
        pytest.param("a<br/>", {}, "column 2: expected a tag that opens or closes a mention, found <br/>.", id="neither"),
        pytest.param("<E>a</E>", {"type_attribute": "TYPE"}, "<E>: the attribute TYPE is missing.", id="no type"),
    ],
)
def test_an_inline_line_that_cannot_be_read_is_left_out(tmp_path, line, options, told):
    path = _text(tmp_path, "lines.txt", f"{line}\nnext\n")
    errors = []

    documents = _read("inline", path, bad=lambda error, raw: errors.append((str(error), raw)), **options)

    assert errors == [(f"{path}:1: {told}", line)]
    assert [document.text for document in documents] == ["next"]


def test_inline_markup_is_recognised_by_its_tags(tmp_path):
    guess = LAYOUTS.get("inline").guess

    assert guess(_text(tmp_path, "a.txt", "<PER>Ann</PER> left\n")) == {}
    assert guess(_text(tmp_path, "b.txt", "Ann left\n")) is None
    assert guess(_text(tmp_path, "c.txt", "<PER>Ann left\n")) is None
