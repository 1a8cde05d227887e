"""Layouts of relation corpora, each on a few lines of our own with the oddities that the real corpora have."""

import json

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.errors import CorpusError
from uie.settings import build


def _read(layout, path, content, bad=raise_bad, **options):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    layout = LAYOUTS.get(layout)
    return list(layout.read(path, build(options_of(layout), options, where="test"), bad))


def _entities(document):
    return [(e.mention.text, e.mention.start, e.mention.end, e.type) for e in document.entities]


def _names(document):
    return [(e.mention.text, e.type) for e in document.entities]


def _triples(document):
    name = [entity.mention.text for entity in document.entities]
    return [(name[r.head], r.type, name[r.tail]) for r in document.relations]


def _refused(layout, path, content, **options):
    """The one error, without the path before it."""
    found = []
    documents = _read(layout, path, content, lambda error, raw: found.append(str(error)), **options)
    assert documents == []
    (message,) = found
    return message.removeprefix(str(path))


# CopyRE


def test_copyre_strings_are_untyped_entities_without_a_place_each_once(tmp_path):
    mentions = [("Italy", "contains", "Rome"), ("Italy", "capital", "Rome"), ("Rome", "country", "Italy")]
    row = {
        "sentText": "Rome , Italy , Rome",
        "relationMentions": [{"em1Text": h, "label": r, "em2Text": t} for h, r, t in mentions],
    }

    (document,) = _read("copyre", tmp_path / "a.json", json.dumps(row))

    assert _entities(document) == [("Italy", None, None, None), ("Rome", None, None, None)]
    assert _triples(document) == mentions
    assert document.meta == {"place": 1}


def test_copyre_last_words_may_be_related_to_themselves(tmp_path):
    row = '{"sentText": "Ann Lee , Bob Lee", "relationMentions": [{"em1Text": "Lee", "em2Text": "Lee", "label": "/people/person/children"}]}'

    (document,) = _read("copyre", tmp_path / "a.json", row)

    assert _names(document) == [("Lee", None)]
    assert [(r.head, r.tail) for r in document.relations] == [(0, 0)]


def test_copyre_keeps_a_mention_that_is_not_in_the_text_and_a_pair_without_a_relation(tmp_path):
    row = '{"sentText": "Cancun is hot", "relationMentions": [{"em1Text": "Cancún", "em2Text": "hot", "label": "None"}]}'

    (document,) = _read("copyre", tmp_path / "a.json", row)

    assert _entities(document) == [("Cancún", None, None, None), ("hot", None, None, None)]
    assert document.relations == ()
    assert document.meta == {"place": 1, "unrelated": 1}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"sentText": "a"}', ":1: the key 'relationMentions' is missing."),
        ('{"sentText": "a", "relationMentions": {}}', ":1: relationMentions: expected a list, found {}."),
        (
            '{"sentText": "a", "relationMentions": [{"em1Text": "", "em2Text": "a", "label": "r"}]}',
            ":1: em1Text: expected a text, found ''.",
        ),
    ],
)
def test_copyre_says_what_a_line_lacks(tmp_path, row, message):
    assert _refused("copyre", tmp_path / "a.json", row) == message


# triples


def test_a_repeated_triple_is_kept_once_and_counted(tmp_path):
    triples = [["Ann", "knows", "Bob"], ["Bob", "knows", "Ann"], ["Ann", "knows", "Bob"], ["Ann", "knows", "Bob"]]

    (document,) = _read("triples", tmp_path / "a.json", json.dumps([{"text": "Ann, Bob", "triple_list": triples}], indent=4))

    assert _triples(document) == [("Ann", "knows", "Bob"), ("Bob", "knows", "Ann")]
    assert document.meta == {"place": "item 0", "duplicates": 2}


def test_a_triple_of_two_is_refused_with_its_item(tmp_path):
    content = json.dumps([{"text": "Ann", "triple_list": [["Ann", "knows"]]}])

    message = _refused("triples", tmp_path / "a.json", content)

    assert message == ":item 0: triple_list: expected [head, relation, tail], found ['Ann', 'knows']."


# spo_details


def _details(**changes):
    row = {
        "tokens": ["1", ".", "FC", "Lodz", "beat", "1", ".", "FC"],
        "spo_list": [["1 . FC Lodz", "rival", "1 . FC"], ["1 . FC", "short for", "1 . FC Lodz"]],
        "spo_details": [
            [0, 4, "None-label", "rival", 5, 8, "None-label"],
            [0, 3, "None-label", "short for", 0, 4, "None-label"],
        ],
    }
    return json.dumps([{**row, **changes}])


def test_spo_details_ground_overlapping_arguments_by_tokens_whose_end_is_exclusive(tmp_path):
    (document,) = _read("spo_details", tmp_path / "a.json", _details())

    assert document.text == "1 . FC Lodz beat 1 . FC"
    assert _entities(document) == [("1 . FC Lodz", 0, 11, None), ("1 . FC", 17, 23, None), ("1 . FC", 0, 6, None)]
    assert [(r.type, r.head, r.tail) for r in document.relations] == [("rival", 0, 1), ("short for", 2, 0)]
    assert document.tokens[3] == (7, 11)


def test_spo_details_that_name_another_string_leave_the_one_of_the_list_without_a_place(tmp_path):
    content = _details(spo_list=[["FC Lodz", "rival", "1 . FC"]], spo_details=[[0, 4, "ORG", "rival", 5, 8, "ORG"]])

    (document,) = _read("spo_details", tmp_path / "a.json", content)

    assert _entities(document) == [("FC Lodz", None, None, "ORG"), ("1 . FC", 17, 23, "ORG")]
    assert document.meta == {"place": "item 0", "ungrounded": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spo_list": []}, "0 triples in spo_list, but 2 in spo_details."),
        (
            {"spo_list": [["a", "b", "c"], ["a", "short for", "c"]]},
            "the relation is 'b' in spo_list, but 'rival' in spo_details.",
        ),
        ({"tokens": ["1"]}, "tokens 0 to 4 (exclusive): there are 1, counted from 0."),
        ({"spo_details": [[0, 4], [0, 3]]}, "spo_details: expected lists of 7, found [0, 4]."),
    ],
)
def test_spo_details_that_contradict_the_list_are_refused(tmp_path, changes, message):
    assert _refused("spo_details", tmp_path / "a.json", _details(**changes)) == f":item 0: {message}"


# ADE


def test_ade_lines_of_one_sentence_are_one_document_grounded_by_what_their_offsets_have_in_common(tmp_path):
    # In the abstract the sentence begins at 500: rash 500..504, zinc 511..515, the second rash 528..532.
    lines = (
        "7|rash after zinc salts, then rash|rash|528|532|zinc|511|515\n"
        "9|Zinc did harm.|harm|909|913|Zinc|900|904\n"
        "7|rash after zinc salts, then rash|rash|500|504|zinc|511|515\n"
    )

    first, second = _read("ade", tmp_path / "a.rel", lines)

    assert _entities(first) == [("rash", 28, 32, "Adverse-Effect"), ("zinc", 11, 15, "Drug"), ("rash", 0, 4, "Adverse-Effect")]
    assert [(r.type, r.head, r.tail) for r in first.relations] == [("Adverse-Effect", 0, 1), ("Adverse-Effect", 2, 1)]
    assert (first.id, first.meta) == ("7", {"place": 1})
    assert _entities(second) == [("harm", 9, 13, "Adverse-Effect"), ("Zinc", 0, 4, "Drug")]


def test_ade_drugs_may_lie_inside_their_effect(tmp_path):
    (document,) = _read("ade", tmp_path / "a.rel", "7|Died of zinc poisoning.|zinc poisoning|48|62|zinc|48|52\n")

    assert _entities(document) == [("zinc poisoning", 8, 22, "Adverse-Effect"), ("zinc", 8, 12, "Drug")]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("7|rash, zinc, rash, zinc|rash|40|44|zinc|46|50", id="two places fit"),
        pytest.param("7|rash, zinc|rash|40|44|zinc|99|103", id="no place fits"),
        pytest.param("7|rash, zinc|rash|40|49|zinc|46|50", id="a length is wrong"),
        pytest.param("7|rash, zinc|itch|40|44|zinc|46|50", id="a mention is not in the sentence"),
    ],
)
def test_ade_mentions_stay_without_a_place_where_offsets_do_not_settle_it(tmp_path, line):
    (document,) = _read("ade", tmp_path / "a.rel", line)

    assert [entity.mention.start for entity in document.entities] == [None, None]
    assert len(document.relations) == 1
    assert document.meta == {"place": 1, "ungrounded": 2}


def test_ade_doses_and_sentences_without_an_effect_are_read_too(tmp_path):
    doses = _read("ade", tmp_path / "dose.rel", "7|5 mg of zinc|5 mg|10|14|zinc|18|22\n", kind="Dose")
    negative = _read("ade", tmp_path / "neg.txt", "8 NEG Nobody | was harmed.\n")

    assert _entities(doses[0]) == [("5 mg", 0, 4, "Dose"), ("zinc", 8, 12, "Drug")]
    assert doses[0].relations[0].type == "Dose"
    assert [(d.id, d.text, d.entities, d.relations) for d in negative] == [("8", "Nobody | was harmed.", (), ())]


def test_a_sentence_of_two_abstracts_is_one_document_with_the_ids_of_both(tmp_path):
    lines = "7|zinc, rash|rash|16|20|zinc|10|14\n8|zinc, rash|rash|36|40|zinc|30|34\n"

    (document,) = _read("ade", tmp_path / "a.rel", lines)

    assert _entities(document) == [("rash", 6, 10, "Adverse-Effect"), ("zinc", 0, 4, "Drug")]
    assert document.meta == {"place": 1, "duplicates": 1, "ids": ["7", "8"]}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7|text", ":1: expected 8 columns parted by |, or PMID NEG SENTENCE, found 2: '7|text'."),
        ("7|a b|a|x|1|b|2|3", ":1: expected an offset of 'a', found 'x'."),
        ("7|a b||0|1|b|2|3", ":1: the third column is empty: '7|a b||0|1|b|2|3'."),
    ],
)
def test_ade_lines_that_are_none_are_refused(tmp_path, line, message):
    assert _refused("ade", tmp_path / "a.rel", line) == message


# DialogRE


def _dialogue(**changes):
    pair = {"x": "Speaker 1", "y": "Bob", "x_type": "PER", "y_type": "PER", "r": ["per:friends", "per:boss"], "t": ["", "my boss"]}
    none = {"x": "Speaker 1", "y": "Oslo", "x_type": "PER", "y_type": "GPE", "r": ["unanswerable"], "t": [""]}
    return json.dumps([[["Speaker 1: Hi, Bob, my boss.", "Speaker 2: oslo?"], [{**pair, **changes}, none]]])


def test_dialogre_pairs_have_several_relations_or_none_and_triggers_beside_them(tmp_path):
    (document,) = _read("dialogre", tmp_path / "a.json", _dialogue())

    assert document.text == "Speaker 1: Hi, Bob, my boss.\nSpeaker 2: oslo?"
    assert _entities(document) == [("Speaker 1", None, None, "PER"), ("Bob", None, None, "PER"), ("Oslo", None, None, "GPE")]
    assert _triples(document) == [("Speaker 1", "per:friends", "Bob"), ("Speaker 1", "per:boss", "Bob")]
    assert document.meta == {"place": "item 0", "unrelated": 1, "triggers": ["", "my boss"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_dialogue(t=[""]), ":item 0: 2 relations in r, but 1 triggers in t."),
        ('[["Speaker 1: Hi"]]', ":item 0: expected [turns, pairs], found a list of 1."),
        ("[3]", ":item 0: dialogue: expected a list, found 3."),
    ],
)
def test_dialogues_that_are_none_are_refused(tmp_path, content, message):
    assert _refused("dialogre", tmp_path / "a.json", content) == message


def test_a_dialogre_file_that_is_an_object_is_refused(tmp_path):
    with pytest.raises(CorpusError) as error:
        _read("dialogre", tmp_path / "a.json", "{}")

    assert str(error.value) == f"{tmp_path / 'a.json'}: expected an array of dialogues, found an object."


# SemEval-2010 task 8

BLOCKS = (
    '1\t"The <e1>crack</e1> is due to <e2>frost</e2>."\r\nCause-Effect(e2,e1)\r\nComment: frost is the cause\r\n\r\n'
    '2\t""No <e1>frost</e1>," said <e2>Ann</e2>, "tonight.""\r\nOther\r\nComment:\r\n\r\n'
    '3\t"The <e1>frost</e1> made <e2>cracks</e2>."\r\nCause-Effect(e1,e2)\r\n'
)


def test_semeval_labels_turn_head_and_tail_and_other_is_no_relation(tmp_path):
    first, second, third = _read("semeval2010", tmp_path / "a.txt", BLOCKS)

    assert (first.id, first.text) == ("1", "The crack is due to frost.")
    assert _entities(first) == [("crack", 4, 9, None), ("frost", 20, 25, None)]
    assert _triples(first) == [("frost", "Cause-Effect", "crack")]
    assert first.meta == {"place": 1, "comment": "frost is the cause"}
    assert second.text == '"No frost," said Ann, "tonight."'
    assert _entities(second) == [("frost", 4, 9, None), ("Ann", 17, 20, None)]
    assert (second.relations, second.meta) == ((), {"place": 5, "unrelated": 1})
    assert _triples(third) == [("frost", "Cause-Effect", "cracks")]
    assert third.meta == {"place": 9}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            '1\t"<e1>a</e1> <e2>b</e2>"',
            "expected a block of sentence, label and comment, found 1 lines, the last '1\\t\"<e1>a</e1> <e2>b</e2>\"'.",
        ),
        ('1\t"<e1>a</e1> b"\nOther', "expected one <e1>…</e1> and behind it one <e2>…</e2>, found '1\\t\"<e1>a</e1> b\"'."),
        ('1\t"<e1>a</e1> <e2>b</e2>"\nCause', "expected RELATION(e1,e2), RELATION(e2,e1) or Other, found 'Cause'."),
        ("1\ta\nOther", "expected NUMBER<TAB>\"SENTENCE\", found '1\\ta'."),
        (
            '1\t"<e1>a</e1> <e2>b</e2>"\nOther\nremark',
            "expected a block of sentence, label and comment, found 3 lines, the last 'remark'.",
        ),
    ],
)
def test_semeval_blocks_that_are_none_are_refused_with_their_first_line(tmp_path, block, message):
    assert _refused("semeval2010", tmp_path / "a.txt", f"\n{block}\n") == f":2: {message}"


# SciERC with markers


def test_marked_lines_of_one_sentence_are_one_document_and_square_brackets_hold_the_head(tmp_path):
    lines = [
        {"text": "A << parser >> with [[ beams ]] reads trees .", "label": "USED-FOR", "metadata": [3, 3, 1, 1]},
        {"text": "<< Beams >> help [[ all ]] .", "label": "PART-OF", "metadata": []},
        {"text": "A [[ parser << with beams >> ]] reads trees .", "label": "PART-OF", "metadata": [1, 3, 2, 3]},
        {"text": "A << parser >> with [[ beams ]] reads trees .", "label": "USED-FOR", "metadata": [3, 3, 1, 1]},
    ]

    first, second = _read("marked", tmp_path / "a.txt", "\n".join(map(json.dumps, lines)))

    assert first.text == "A parser with beams reads trees ."
    assert _entities(first) == [
        ("beams", 14, 19, None),
        ("parser", 2, 8, None),
        ("parser with beams", 2, 19, None),
        ("with beams", 9, 19, None),
    ]
    assert [(r.type, r.head, r.tail) for r in first.relations] == [("USED-FOR", 0, 1), ("PART-OF", 2, 3)]
    assert first.meta == {"place": 1, "duplicates": 1}
    assert (second.text, _triples(second), second.meta) == ("Beams help all .", [("all", "PART-OF", "Beams")], {"place": 2})


@pytest.mark.parametrize(
    ("text", "metadata", "message"),
    [
        ("[[ a ]] << b >>", [1, 1, 0, 0], "metadata: expected [0, 0, 1, 1], where the markers stand, found [1, 1, 0, 0]."),
        ("[[ a ]] << b", [], "expected one << and one >>, found 1 and 0: '[[ a ]] << b'."),
        ("]] a [[ << b >>", [], "tokens 1 to 0 (exclusive): there are 2, counted from 0."),
    ],
)
def test_markers_that_do_not_agree_are_refused(tmp_path, text, metadata, message):
    line = json.dumps({"text": text, "label": "COMPARE", "metadata": metadata})

    assert _refused("marked", tmp_path / "a.txt", line) == f":1: {message}"


# FewRel


def test_fewrel_names_are_told_apart_by_spelling_and_by_meaning(tmp_path):
    tokens = ["p38", "[", "MAPK", "]", "and", "ERK", "bind"]
    content = json.dumps({"P1": [{"tokens": tokens, "h": ["p38 [mapk]", "C1", [[0, 1, 2, 3]]], "t": ["jnk", None, [[5]]]}]})

    (document,) = _read("fewrel", tmp_path / "a.json", content)

    head, tail = document.entities
    assert _entities(document) == [("p38 [ MAPK ]", 0, 12, None), ("jnk", None, None, None)]
    assert (head.attributes, head.norms, tail.norms) == ({"name": "p38 [mapk]"}, ("C1",), ())
    assert [(r.type, r.head, r.tail) for r in document.relations] == [("P1", 0, 1)]
    assert document.meta == {"place": "item P1 0", "ungrounded": 1}


def test_fewrel_entities_with_several_mentions_are_clusters_and_gaps_are_fragments(tmp_path):
    content = json.dumps(
        {"P1": [{"tokens": ["Ann", "or", "Lee", "saw", "Ann"], "h": ["Ann", "", [[0], [4]]], "t": ["Ann Lee", "", [[0, 2]]]}]}
    )

    (document,) = _read("fewrel", tmp_path / "a.json", content)

    assert _entities(document) == [("Ann", 0, 3, None), ("Ann", 15, 18, None), ("Ann Lee", 0, 10, None)]
    assert document.entities[2].mention.fragments == ((0, 3), (7, 10))
    assert document.clusters == ((0, 1),)
    assert [(r.head, r.tail) for r in document.relations] == [(0, 2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"P1": 3}, ":item P1: expected a relation with a list of instances, found 3."),
        (
            {"P1": [{"tokens": ["a"], "h": ["a", "", [[1]]], "t": ["a", "", [[0]]]}]},
            ":item P1 0: expected the numbers of tokens in rising order, from 0 to 0, found [1].",
        ),
        (
            {"P1": [{"tokens": ["a"], "h": ["a", "", []], "t": ["a", "", [[0]]]}]},
            ":item P1 0: h: expected [name, id, [[token, …], …]], found ['a', '', []].",
        ),
        ({"P1": [{"tokens": ["a"]}]}, ":item P1 0: the key 'h' is missing."),
    ],
)
def test_fewrel_instances_that_are_none_are_refused(tmp_path, content, message):
    assert _refused("fewrel", tmp_path / "a.json", json.dumps(content)) == message


# SpERT, CrossRE, TACRED


def test_spert_spans_are_exclusive_and_a_span_may_have_two_types(tmp_path):
    row = {
        "tokens": ["Ann", "Lee", "leads", "Acme"],
        "entities": [{"type": t, "start": s, "end": e} for t, s, e in [("Peop", 0, 2), ("Org", 3, 4), ("Name", 0, 2)]],
        "relations": [{"type": "Work_For", "head": 0, "tail": 1}, {"type": "Work_For", "head": 0, "tail": 1}],
        "orig_id": 12,
    }

    (document,) = _read("spert", tmp_path / "a.json", json.dumps([row]))

    assert _entities(document) == [("Ann Lee", 0, 7, "Peop"), ("Acme", 14, 18, "Org"), ("Ann Lee", 0, 7, "Name")]
    assert _triples(document) == [("Ann Lee", "Work_For", "Acme")]
    assert (document.id, document.meta) == ("12", {"place": "item 0", "duplicates": 1})


def test_spert_relations_between_entities_that_are_not_there_are_refused(tmp_path):
    row = '[{"tokens": ["Ann"], "entities": [], "relations": [{"type": "r", "head": 0, "tail": 1}]}]'

    message = _refused("spert", tmp_path / "a.json", row)

    assert message == ":item 0: document '': relation 'r' points to entity 0, there are 0."


def test_crossre_ends_are_inclusive_and_pairs_have_several_relations(tmp_path):
    row = {
        "doc_key": "news-7",
        "sentence": ["Ann", "Lee", "leads", "Acme"],
        "ner": [[0, 1, "person"], [3, 3, "organisation"]],
        "relations": [[0, 1, 3, 3, "role", "boss", False, False], [3, 3, 0, 1, "role", "", False, True]],
    }

    (document,) = _read("crossre", tmp_path / "a.jsonl", json.dumps(row))

    assert _entities(document) == [("Ann Lee", 0, 7, "person"), ("Acme", 14, 18, "organisation")]
    assert _triples(document) == [("Ann Lee", "role", "Acme"), ("Acme", "role", "Ann Lee")]
    assert document.meta == {"place": 1, "remarks": [["boss", False, False], ["", False, True]]}


def test_crossre_entities_that_are_listed_twice_are_one_and_counted(tmp_path):
    row = '{"sentence": ["Ann", "left"], "ner": [[0, 0, "person"], [0, 0, "person"], [0, 0, "boss"]], "relations": []}'

    (document,) = _read("crossre", tmp_path / "a.jsonl", row)

    assert _names(document) == [("Ann", "person"), ("Ann", "boss")]
    assert document.meta == {"place": 1, "duplicates": 1}


def test_crossre_relations_of_what_is_no_entity_are_refused(tmp_path):
    row = '{"sentence": ["Ann", "left"], "ner": [[0, 0, "person"]], "relations": [[0, 0, 1, 1, "role"]]}'

    message = _refused("crossre", tmp_path / "a.jsonl", row)

    assert message == ":1: relation 'role': 'left' is not among the entities of ner."


def test_tacred_pairs_of_one_sentence_are_one_document(tmp_path):
    base = {"token": ["Ann", "Lee", "leads", "Acme"], "subj_start": 0, "subj_end": 1, "subj_type": "PERSON"}
    rows = [
        {**base, "id": "a", "relation": "per:employee_of", "obj_start": 3, "obj_end": 3, "obj_type": "ORGANIZATION"},
        {**base, "id": "b", "relation": "no_relation", "obj_start": 2, "obj_end": 2, "obj_type": "TITLE"},
    ]

    (document,) = _read("tacred", tmp_path / "a.json", json.dumps(rows))

    assert _entities(document) == [("Ann Lee", 0, 7, "PERSON"), ("Acme", 14, 18, "ORGANIZATION"), ("leads", 8, 13, "TITLE")]
    assert _triples(document) == [("Ann Lee", "per:employee_of", "Acme")]
    assert (document.id, document.meta) == ("a", {"place": "item 0", "unrelated": 1, "ids": ["a", "b"]})


# DuIE


def _spo(**changes):
    triple = {"subject": "安娜", "subject_type": "人物", "predicate": "饰演", "object": "女王", "object_type": "人物"}
    return json.dumps({"text": "安娜在《远山》中饰演女王", "spo_list": [{**triple, **changes}]}, ensure_ascii=False)


def test_duie_2_objects_of_several_parts_are_a_relation_each(tmp_path):
    content = _spo(object={"@value": "女王", "inWork": "远山"}, object_type={"@value": "人物", "inWork": "影视作品"})

    (document,) = _read("spo", tmp_path / "a.json", content)

    assert _entities(document) == [("安娜", None, None, "人物"), ("女王", None, None, "人物"), ("远山", None, None, "影视作品")]
    assert _triples(document) == [("安娜", "饰演", "女王"), ("安娜", "饰演.inWork", "远山")]


def test_duie_1_and_duie_2_say_a_plain_triple_alike(tmp_path):
    plain = _read("spo", tmp_path / "a.json", _spo())
    mapping = _read("spo", tmp_path / "b.json", _spo(object={"@value": "女王"}, object_type={"@value": "人物"}))

    assert plain == mapping
    assert _triples(plain[0]) == [("安娜", "饰演", "女王")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"object": {"inWork": "远山"}, "object_type": {"inWork": "作品"}},
            "饰演: the object has inWork, but the types are of inWork.",
        ),
        ({"object": {"@value": "女王", "inWork": "远山"}}, "饰演: the object has @value, inWork, but the types are of @value."),
        ({"object": {"@value": 3}}, "object.@value: expected a text, found 3."),
        ({"object": None}, "object: expected a text, found None."),
    ],
)
def test_duie_objects_without_value_or_type_are_refused(tmp_path, changes, message):
    assert _refused("spo", tmp_path / "a.json", _spo(**changes)) == f":1: {message}"


@pytest.mark.parametrize(
    "layout",
    ["ade", "copyre", "crossre", "dialogre", "fewrel", "marked", "semeval2010", "spert", "spo", "spo_details", "tacred", "triples"],
)
def test_the_example_of_a_layout_is_read_and_has_a_relation(tmp_path, layout):
    known = LAYOUTS.get(layout)
    ((name, content),) = known.example.items()

    documents = _read(layout, tmp_path / name, content, **known.options)

    assert documents
    assert any(document.relations for document in documents)
