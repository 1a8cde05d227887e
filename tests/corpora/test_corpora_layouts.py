"""Each layout's reader, on a hand-written file with the layout's traps (tests/data/corpora)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.documents import Mention
from uie.errors import CorpusError
from uie.settings import build

FILES = Path(__file__).parent.parent / "data" / "corpora"


def _read(layout, path, bad=raise_bad, **options):
    layout = LAYOUTS.get(layout)
    documents = layout.read(path, build(options_of(layout), options, where="test"), bad)
    return [
        replace(document, meta={key: value for key, value in document.meta.items() if key != "place"}) for document in documents
    ]


def _entities(document):
    return [(entity.mention.start, entity.mention.end, entity.mention.text, entity.type) for entity in document.entities]


def test_token_lines_with_only_a_tab_part_sentences_too():
    documents = _read("tokens", FILES / "tokens.conll", separator="\t")

    assert [document.text for document in documents] == ["Mara Quill sings Salt Harbour", "😀 Lodz", "Anna left"]


def test_token_offsets_are_code_points_and_types_keep_their_hyphen():
    first, second, third = _read("tokens", FILES / "tokens.conll", separator="\t")

    assert _entities(first) == [(0, 10, "Mara Quill", "person"), (17, 29, "Salt Harbour", "creative-work")]
    assert _entities(second) == [(2, 6, "Lodz", "location")]
    assert _entities(third) == [(0, 4, "Anna", "person")]
    assert second.tokens == ((0, 1), (2, 6))
    assert (first.relations, first.events) == (None, None)


def test_invalid_tags_are_counted_in_the_document():
    documents = _read("tokens", FILES / "tokens.conll", separator="\t")

    assert [dict(document.meta) for document in documents] == [{}, {}, {"invalid_tags": 1}]


def test_token_columns_are_chosen_and_document_starts_passed_over(tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("-DOCSTART- -X- O O\r\n\r\n1 Bonn NNP I-LOC\r\n2 is VBZ O\r\n")

    (document,) = _read("tokens", path, scheme="IOB1", token_column=1)

    assert document.text == "Bonn is"
    assert _entities(document) == [(0, 4, "Bonn", "LOC")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a\tO\nb\n", ":2: expected 2 columns parted by '\\t', found 1: 'b'."),
        ("\tO\n", ":1: the token is empty: '\\tO'."),
        ("a\tO\nb\tQ-x\n", ":1: token 2: the tag 'Q-x' is not one of IOB2: expected O, B-TYPE, I-TYPE."),
    ],
)
def test_a_sentence_with_a_broken_line_goes_to_bad_and_the_next_is_read(tmp_path, lines, message):
    path = tmp_path / "tokens.txt"
    path.write_text(lines + "\nfine\tO\n")
    found = []

    documents = _read("tokens", path, lambda error, raw: found.append((str(error), raw)), separator="\t")

    assert [document.text for document in documents] == ["fine"]
    assert found == [(f"{path}{message}", lines.rstrip("\n"))]


def test_parallel_files_of_characters_are_joined_by_nothing():
    first, second = _read("parallel", FILES / "parallel" / "sentences.txt", tags_file="tags.txt", join="none")

    assert first.text == "李梅住在苏州"
    assert _entities(first) == [(0, 2, "李梅", "PER"), (4, 6, "苏州", "LOC")]
    assert (second.text, second.entities) == ("今天下雨", ())


def test_parallel_files_of_different_length_are_refused(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("a b\nc\n")
    (tmp_path / "tags.txt").write_text("O O\n")

    with pytest.raises(CorpusError) as error:
        _read("parallel", path, tags_file="tags.txt")

    assert str(error.value) == f"{path}:2: tags.txt has no line 2; the two files must have the same number of lines."


def test_parallel_lines_of_different_length_go_to_bad(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("a b\n\nc\n")
    (tmp_path / "tags.txt").write_text("O\n\nO\n")
    found = []

    documents = _read("parallel", path, lambda error, raw: found.append((str(error), raw)), tags_file="tags.txt")

    assert [document.text for document in documents] == ["c"]
    assert found == [(f"{path}:1: 2 tokens, but tags.txt has 1 tags in that line.", "a b")]


def test_conll04_relations_count_the_mentions_in_the_order_of_the_tags():
    first, second = _read("conll04", FILES / "conll04.json")

    assert first.text == "Ida Brook works for Penrose Mills in Leeds ."
    assert _entities(first) == [(0, 9, "Ida Brook", "Peop"), (20, 33, "Penrose Mills", "Org"), (37, 42, "Leeds", "Loc")]
    assert [(r.type, r.head, r.tail) for r in first.relations] == [("Work_For", 0, 1), ("OrgBased_In", 1, 2)]
    assert (second.id, second.entities, second.relations) == ("18", (), ())


def test_conll04_relations_over_broken_tags_are_refused(tmp_path):
    path = tmp_path / "conll04.json"
    path.write_text('[{"tokens": ["a", "b"], "tags": ["L-Loc", "U-Loc"], "relations": [{"head": 0, "tail": 1, "type": "x"}]}]')

    with pytest.raises(CorpusError) as error:
        _read("conll04", path)

    assert str(error.value) == f"{path}:item 0: the tags break BILUO, so that it is unsure which mentions the relations mean."


@pytest.mark.parametrize(("tokens", "found"), [('"ab"', "'ab'"), ("[]", "[]"), ('["a", ""]', "['a', '']")])
def test_conll04_tokens_that_are_no_list_of_tokens_are_refused(tmp_path, tokens, found):
    path = tmp_path / "conll04.json"
    path.write_text(f'[{{"tokens": {tokens}, "tags": ["O", "O"], "relations": []}}]')

    with pytest.raises(CorpusError) as error:
        _read("conll04", path)

    assert str(error.value) == f"{path}:item 0: expected a list of tokens, none of them empty, found {found}."


def test_a_file_that_is_no_array_is_refused(tmp_path):
    path = tmp_path / "conll04.json"
    path.write_text('{"tokens": []}')

    with pytest.raises(CorpusError) as error:
        _read("conll04", path)

    assert str(error.value) == f"{path}: expected an array of objects, found an object."


def test_cluener_ends_are_inclusive_and_a_mention_may_stand_twice():
    (document,) = _read("cluener", FILES / "cluener.json")

    assert _entities(document) == [
        (0, 2, "小禾", "name"),
        (3, 6, "星河镇", "address"),
        (7, 11, "《星河》", "movie"),
        (12, 15, "星河镇", "address"),
    ]


def test_a_cluener_line_without_labels_is_not_taken_for_one_without_entities(tmp_path):
    path = tmp_path / "test.json"
    path.write_text('{"id": 0, "text": "今天下雨"}\n', encoding="utf-8")

    with pytest.raises(CorpusError) as error:
        _read("cluener", path)

    assert str(error.value) == f"{path}:1: the key 'label' is missing."


def test_an_offset_that_misses_its_mention_is_not_repaired(tmp_path):
    path = tmp_path / "dev.json"
    path.write_text('{"text": "abc", "label": {"x": {"b": [[0, 0]]}}}\n')
    found = []

    assert _read("cluener", path, lambda error, raw: found.append(str(error))) == []
    assert found == [f"{path}:1: document '': mention 'b' at 0..1, but the text has 'a' there."]


def test_triples_share_one_entity_for_a_string_with_a_type():
    (document,) = _read("spo", FILES / "spo.json")

    assert _entities(document) == [
        (None, None, "low tide", "歌曲"),
        (None, None, "林夏", "人物"),
        (None, None, "low tide", "音乐专辑"),
    ]
    assert [(r.type, r.head, r.tail) for r in document.relations] == [("作词", 0, 1), ("作曲", 0, 1), ("所属专辑", 0, 2)]


def test_duee_mentions_stay_as_annotated_blank_newline_and_all():
    first, second = _read("duee", FILES / "duee.json")

    (event,) = first.events
    assert first.text[4] == "\n"
    assert (event.type, event.trigger) == ("组织关系-裁员", Mention("裁员", 13, 15))
    assert [(a.role, a.mention) for a in event.arguments] == [
        ("时间", Mention("周一", 5, 7)),
        ("裁员方", Mention(" 远帆公司", 8, 13)),
        ("裁员人数", Mention("百人", 15, 17)),
    ]
    assert (second.id, second.events, second.entities) == ("a2", (), None)


def test_duee_events_may_share_a_trigger_and_fill_a_role_twice(tmp_path):
    path = tmp_path / "dev.json"
    trigger = {"trigger": "裁员", "trigger_start_index": 5}
    fillers = [
        {"role": "裁员方", "argument": "远帆", "argument_start_index": 0},
        {"role": "裁员方", "argument": "近帆", "argument_start_index": 3},
    ]
    events = [
        {"event_type": "组织关系-裁员", **trigger, "arguments": fillers},
        {"event_type": "财经/交易-出售/收购", **trigger, "arguments": []},
    ]
    path.write_text(json.dumps({"text": "远帆和近帆裁员", "event_list": events}, ensure_ascii=False), encoding="utf-8")

    (document,) = _read("duee", path)

    assert [(event.type, event.trigger) for event in document.events] == [
        ("组织关系-裁员", Mention("裁员", 5, 7)),
        ("财经/交易-出售/收购", Mention("裁员", 5, 7)),
    ]
    assert [(a.role, a.mention) for a in document.events[0].arguments] == [
        ("裁员方", Mention("远帆", 0, 2)),
        ("裁员方", Mention("近帆", 3, 5)),
    ]


def test_entity_list_ends_are_exclusive():
    first, second = _read("entity_list", FILES / "entity_list.txt")

    assert _entities(first) == [(0, 2, "李梅", "PER"), (4, 6, "苏州", "LOC")]
    assert second.entities == ()


def test_an_offset_that_is_null_is_refused(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(
        '{"text": "a", "entity_list": [{"entity_index": {"begin": null, "end": null}, "entity_type": "x", "entity": "a"}]}\n'
    )

    with pytest.raises(CorpusError) as error:
        _read("entity_list", path)

    assert str(error.value) == f"{path}:1: begin: expected a whole number, found None."


def test_phee_sub_roles_are_roles_and_fragments_stand_in_the_order_of_the_text():
    (document,) = _read("phee", FILES / "phee.json")

    (event,) = document.events
    assert (document.id, event.type, event.trigger) == ("p_1", "Adverse_event", Mention("induced", 56, 63))
    assert [(a.role, a.mention) for a in event.arguments] == [
        ("Effect", Mention("rash fever", 7, 41, ((7, 11), (36, 41)))),
        ("Effect", Mention("rash of the arms", 7, 23)),
        ("Severity", Mention("Severe", 0, 6)),
        ("Treatment", Mention("oral velortan and zumab", 67, 90)),
        ("Treatment.Route", Mention("oral", 67, 71)),
        ("Treatment.Drug", Mention("velortan", 72, 80)),
        ("Treatment.Drug", Mention("zumab", 85, 90)),
        ("Treatment.Combination.Trigger", Mention("and", 81, 84)),
        ("Treatment.Combination.Drug", Mention("velortan", 72, 80)),
        ("Treatment.Combination.Drug", Mention("zumab", 85, 90)),
    ]
    assert event.attributes == {"Severity": "High"}


def test_phee_annotations_of_several_events_may_share_a_trigger(tmp_path):
    path = tmp_path / "phee.json"
    trigger = {"text": [["induced"]], "start": [[9]]}
    adverse = {"event_type": "Adverse_event", "Trigger": trigger, "Effect": {"text": [["a rash"]], "start": [[17]]}}
    helpful = {"event_type": "Potential_therapeutic_event", "Trigger": trigger}
    row = {"id": "7", "context": "Velortan induced a rash.", "annotations": [{"events": [adverse, helpful]}]}
    path.write_text(json.dumps(row))

    (document,) = _read("phee", path)

    assert [(event.type, event.trigger, len(event.arguments)) for event in document.events] == [
        ("Adverse_event", Mention("induced", 9, 16), 1),
        ("Potential_therapeutic_event", Mention("induced", 9, 16), 0),
    ]


def test_a_phee_fragment_that_is_not_where_it_should_be_goes_to_bad(tmp_path):
    path = tmp_path / "phee.json"
    event = {"event_type": "X", "Trigger": {"text": [["rash"]], "start": [[1]]}}
    path.write_text(json.dumps({"id": "7", "context": "a rash", "annotations": [{"events": [event]}]}))
    found = []

    assert _read("phee", path, lambda error, raw: found.append(str(error))) == []
    assert found == [f"{path}:1: document '7': mention 'rash' at 1..5, but the text has ' ras' there."]


def test_documents_are_read_by_split_or_all():
    assert [document.text for document in _read("documents", FILES / "documents.jsonl")] == ["Ida sings.", "Nobody is here."]
    (only,) = _read("documents", FILES / "documents.jsonl", split="test")
    assert (only.id, only.text, only.entities) == ("", "Nobody is here.", ())


def test_a_line_that_is_not_json_goes_to_bad_and_the_next_is_read(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text('{"text": \n{"text": "fine"}\n')
    found = []

    documents = _read("documents", path, lambda error, raw: found.append((str(error), raw)))

    assert [document.text for document in documents] == ["fine"]
    message = f"{path}:1: not JSON: Expecting value: line 1 column 10 (char 9); expected one object a line."
    assert found == [(message, '{"text": ')]
