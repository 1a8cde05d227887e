"""Instruction data as corpora: chunks of a text merged, types asked in vain kept, strings without places left as strings."""

import json

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.documents import Argument, Entity, Event, Mention, Relation
from uie.errors import CorpusError
from uie.settings import build


@pytest.fixture
def read(tmp_path):
    """Writes rows (or a text) to a file, one a line, and reads it; what goes to `bad` is the second result."""

    def _read(layout: str, *rows, name: str = "data.json", **options):
        path = tmp_path / name
        lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        found = LAYOUTS.get(layout)
        bad = []
        documents = list(
            found.read(path, build(options_of(found), options, where="test"), lambda error, raw: bad.append(str(error)))
        )
        return documents, [message.replace(f"{path}:", "") for message in bad]

    return _read


def _strings(document):
    return [(entity.mention.text, entity.type) for entity in document.entities]


def _triples(document):
    of = [entity.mention.text for entity in document.entities]
    return [(of[relation.head], relation.type, of[relation.tail]) for relation in document.relations]


# IEPile


def _iepile(schema, text, **row):
    asked = json.dumps({"instruction": "抽取", "schema": schema, "input": text}, ensure_ascii=False)
    coded = {key: json.dumps(value, ensure_ascii=False) if key in ("output", "label") else value for key, value in row.items()}
    return {"instruction": asked, **coded}


def test_raw_iepile_rows_are_documents_each_with_strings_that_have_no_place(read):
    (named, related, happened), bad = read(
        "iepile",
        {"text": "林夏和林夏", "entity": [{"entity": "林夏", "entity_type": "人物"}, {"entity": "林夏", "entity_type": "人物"}]},
        {
            "id": 7,
            "text": "林夏生于苏州",
            "relation": [{"head": "林夏", "relation": "出生地点", "tail": "苏州", "tail_type": "城市"}],
        },
        {
            "text": "林夏离职",
            "event": [{"event_trigger": "离职", "event_type": "离职", "arguments": [{"argument": "林夏", "role": "离职者"}]}],
        },
    )

    assert bad == []
    assert named.entities == (Entity(Mention("林夏"), "人物"), Entity(Mention("林夏"), "人物"))
    assert (named.relations, named.events, named.asked) == (None, None, None)
    assert (related.id, _strings(related), _triples(related)) == (
        "7",
        [("林夏", None), ("苏州", "城市")],
        [("林夏", "出生地点", "苏州")],
    )
    assert happened.events == (Event("离职", Mention("离职"), (Argument("离职者", Mention("林夏")),)),)
    assert happened.entities is None


def test_iepile_train_rows_of_one_text_are_one_document_and_what_was_asked_in_vain_is_kept(read):
    (first, second), bad = read(
        "iepile",
        _iepile(["人物", "河流"], "林夏在苏州", task="NER", source="a", output={"人物": ["林夏"], "河流": []}),
        _iepile(["人物"], "今天下雨", task="NER", source="a", output={"人物": []}),
        _iepile(["城市"], "林夏在苏州", task="NER", source="a", output={"城市": ["苏州"]}),
    )

    assert bad == []
    assert _strings(first) == [("林夏", "人物"), ("苏州", "城市")]
    assert first.asked == {"entities": {"人物": {}, "河流": {}, "城市": {}}, "tasks": ["NER"]}
    assert (second.text, second.entities, second.asked["entities"]) == ("今天下雨", (), {"人物": {}})
    assert [document.meta["place"] for document in (first, second)] == [1, 2]


def test_iepile_test_rows_share_an_id_and_each_repeats_the_whole_label(read):
    label = [{"event_trigger": "离职", "event_type": "离职", "arguments": [{"argument": "林夏", "role": "离职者"}]}]
    rows = [
        _iepile([{"event_type": kind, "trigger": True, "arguments": ["时间", "离职者"]}], "林夏离职", id="x", label=label)
        for kind in ("上市", "离职", "裁员")
    ]

    (document,), bad = read("iepile", *rows)

    assert bad == []
    assert document.id == "x"
    assert document.events == (Event("离职", Mention("离职"), (Argument("离职者", Mention("林夏")),)),)
    assert list(document.asked["events"]) == ["上市", "离职", "裁员"]
    assert document.asked["events"]["上市"] == {"roles": ["时间", "离职者"]}


def test_iepile_rows_that_contradict_an_earlier_one_of_their_text_go_to_bad(read):
    documents, bad = read(
        "iepile",
        _iepile(["人物"], "林夏", task="NER", output={"人物": ["林夏"]}),
        _iepile(["人物"], "林夏", task="NER", output={"人物": []}),
        _iepile(["人物"], "甲", task="NER", id="1", label=[]),
        _iepile(["人物"], "乙", task="NER", id="1", label=[]),
    )

    assert [document.text for document in documents] == ["林夏", "甲"]
    assert bad == [
        "2: 人物: not the entities for the same text that 1 has.",
        "4: the id '1', but not the text that 3 has.",
    ]


def test_iepile_events_without_a_filler_or_trigger_have_none(read):
    schema = [{"event_type": "离职", "trigger": True, "arguments": ["时间", "离职者"]}]
    answer = {"离职": [{"trigger": "NAN", "arguments": {"时间": "NAN", "离职者": ["林夏", "李梅"]}}]}

    (document,), _ = read("iepile", _iepile(schema, "林夏和李梅", task="EE", output=answer))

    assert document.events == (Event("离职", None, (Argument("离职者", Mention("林夏")), Argument("离职者", Mention("李梅")))),)


def test_ends_of_iepile_relations_are_typed_where_the_schema_has_one_pair_of_types(read):
    schema = [
        {"subject_type": "歌曲", "predicate": "作词", "object_type": "人物"},
        {"subject_type": "公司", "predicate": "成立日期", "object_type": "日期"},
        {"subject_type": "学校", "predicate": "成立日期", "object_type": "日期"},
    ]
    answer = {"作词": [{"subject": "远山", "object": "林夏"}], "成立日期": [{"subject": "远帆", "object": "今年"}]}

    (document,), _ = read("iepile", _iepile(schema, "…", task="SPO", output=answer))

    assert _strings(document) == [("远山", "歌曲"), ("林夏", "人物"), ("远帆", None), ("今年", "日期")]
    assert _triples(document) == [("远山", "作词", "林夏"), ("远帆", "成立日期", "今年")]
    assert document.asked["relations"]["成立日期"] == {"head": ["公司", "学校"], "tail": ["日期"]}


def test_both_names_of_iepiles_ends_are_read(read):
    rows = [
        _iepile(["主演"], text, task="RE", output={"主演": [dict(zip(keys, ("远山", "林夏"), strict=True))]})
        for text, keys in (("一", ("head", "tail")), ("二", ("subject", "object")))
    ]

    documents, _ = read("iepile", *rows)

    assert [_triples(document) for document in documents] == [[("远山", "主演", "林夏")]] * 2


def test_iepile_graphs_have_typed_heads(read):
    schema = [{"entity_type": "人物", "attributes": ["别名", "父母"]}]
    answer = {"人物": {"林夏": {"别名": "小林", "父母": ["林父", "林母"]}}}

    (document,), _ = read("iepile", _iepile(schema, "…", task="KG", output=answer))

    assert _triples(document) == [("林夏", "别名", "小林"), ("林夏", "父母", "林父"), ("林夏", "父母", "林母")]
    assert _strings(document)[:2] == [("林夏", "人物"), ("小林", None)]


def test_iepile_graphs_may_ask_one_attribute_of_several_types_in_rows_of_their_own(read):
    rows = [
        _iepile(
            [{"entity_type": "人物", "attributes": ["别名", "父母"]}], "…", task="KG", output={"人物": {"林夏": {"别名": "小林"}}}
        ),
        _iepile([{"entity_type": "组织", "attributes": ["别名"]}], "…", task="KG", output={}),
        _iepile([{"entity_type": "城市", "attributes": ["别名"]}], "…", task="KG", output={"城市": {"苏州": {"别名": "姑苏"}}}),
    ]

    (document,), bad = read("iepile", *rows)

    assert bad == []
    assert _triples(document) == [("林夏", "别名", "小林"), ("苏州", "别名", "姑苏")]
    assert list(document.asked["entities"]) == ["人物", "组织", "城市"]


def test_iepile_relations_may_be_asked_between_several_types_in_rows_of_their_own(read):
    def asked(head, output):
        return _iepile([{"subject_type": head, "predicate": "成立日期", "object_type": "日期"}], "…", task="SPO", output=output)

    (document,), bad = read(
        "iepile",
        asked("学校", {"成立日期": [{"subject": "一中", "object": "今年"}]}),
        asked("公司", {"成立日期": []}),
        asked("学校", {"成立日期": []}),
    )

    assert bad == ["3: 成立日期: not the relations for the same text that 1 has."]
    assert (_strings(document), _triples(document)) == ([("一中", "学校"), ("今年", "日期")], [("一中", "成立日期", "今年")])
    assert document.asked["relations"]["成立日期"] == {"head": ["学校", "公司"], "tail": ["日期"]}


def test_iepile_test_rows_of_relations_repeat_their_label_whatever_types_they_ask(read):
    label = [{"head": "一中", "head_type": "学校", "relation": "成立日期", "tail": "今年", "tail_type": "日期"}]
    rows = [
        _iepile([{"subject_type": head, "predicate": "成立日期", "object_type": "日期"}], "…", task="SPO", id="x", label=label)
        for head in ("公司", "学校")
    ]

    (document,), bad = read("iepile", *rows)

    assert bad == []
    assert _triples(document) == [("一中", "成立日期", "今年")]


def test_iepile_rows_whose_id_is_null_are_told_apart_by_their_texts(read):
    rows = [_iepile(["人物"], text, task="NER", id=None, output={"人物": [text]}) for text in ("林夏", "李梅")]

    documents, bad = read("iepile", *rows)

    assert bad == []
    assert [(document.id, document.text) for document in documents] == [("", "林夏"), ("", "李梅")]


def test_the_task_of_iepile_rows_with_empty_labels_is_that_of_the_file(read):
    documents, bad = read(
        "iepile",
        _iepile(["裁员"], "今天下雨", id="1", label=[]),
        _iepile(["裁员"], "远帆裁员", id="2", label=[{"event_trigger": "裁员", "event_type": "裁员", "arguments": []}]),
    )

    assert bad == []
    assert [document.events for document in documents] == [(), (Event("裁员", Mention("裁员")),)]
    assert [document.asked["tasks"] for document in documents] == [["EET"], ["EET"]]


def test_iepile_rows_of_which_nothing_tells_the_task_go_to_bad_unless_it_is_set(read):
    row = _iepile(["裁员"], "今天下雨", id="1", label=[])

    assert read("iepile", row) == (
        [],
        ["1: nothing says which task it is; set the option task to one of NER, RE, SPO, KG, EE, EET, EEA."],
    )
    (document,), _ = read("iepile", row, task="RE")
    assert (document.relations, document.asked["relations"]) == ((), {"裁员": {}})


def test_adjacent_chunks_stream_and_a_text_that_returns_is_another_document(read):
    rows = [_iepile(["人物"], text, task="NER", output={"人物": []}) for text in ("甲", "甲", "乙", "甲")]

    assert [document.text for document in read("iepile", *rows)[0]] == ["甲", "乙"]
    assert [document.text for document in read("iepile", *rows, chunks="adjacent")[0]] == ["甲", "乙", "甲"]


def test_json_in_a_text_that_is_none_goes_to_bad(read):
    broken = {**_iepile(["人物"], "甲", task="NER", output={}), "output": '{"人物": ['}

    assert read("iepile", broken) == ([], ["1: expected JSON in a text, found '{\"人物\": ['."])


# UniversalNER, GNER


def _talk(text, *questions, **row):
    said = [f"Text: {text}", "I've read this text."]
    for type, answer in questions:
        said += [f"What describes {type} in the text?", answer]
    return {**row, "conversations": [{"from": ("human", "gpt")[n % 2], "value": value} for n, value in enumerate(said)]}


def test_universalner_questions_about_one_text_are_one_document(read):
    (leeds, rain), bad = read(
        "universalner",
        _talk("Ida left Leeds.", ("person", '["Ida"]'), ("river", "[]"), id="a"),
        _talk("It rains.", ("person", "[]"), id="b"),
        _talk("Ida left Leeds.", ("town in the north", '["Leeds"]'), id="c"),
    )

    assert bad == []
    assert (leeds.id, leeds.text, _strings(leeds)) == ("a", "Ida left Leeds.", [("Ida", "person"), ("Leeds", "town in the north")])
    assert leeds.asked == {"entities": {"person": {}, "river": {}, "town in the north": {}}, "tasks": ["NER"]}
    assert (rain.entities, rain.relations) == ((), None)


def test_universalner_answers_that_contradict_each_other_go_to_bad(read):
    row = _talk("Ida left.", ("person", '["Ida"]'), ("person", "[]"))

    assert read("universalner", row) == ([], ["1: conversations: 'person' is asked twice and answered in two ways."])


def test_universalner_is_read_from_an_array_too(read):
    documents, _ = read("universalner", json.dumps([_talk("Ida.", ("person", '["Ida"]'))], indent=1))

    assert [(_strings(document), document.meta["place"]) for document in documents] == [([("Ida", "person")], "item 0")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (_talk("Ida.", ("person", "Ida")), "conversations: expected a JSON list of mentions as the answer, found 'Ida'."),
        (_talk("Ida.", ("person", "[1]")), "mention: expected a text, found 1."),
        (_talk("Ida."), "conversations: expected human and gpt in turn, a text and at least one question with its answer."),
        (
            {"conversations": [{"from": who, "value": "Hello"} for who in ("human", "gpt", "human", "gpt")]},
            "conversations: expected 'Text: …' first, found 'Hello'.",
        ),
    ],
    ids=["no list", "no texts", "no question", "no text"],
)
def test_conversations_of_other_kinds_go_to_bad(read, row, message):
    assert read("universalner", row) == ([], [f"1: {message}"])


def test_gner_words_with_brackets_and_types_with_spaces_are_read(read):
    (document,), bad = read("gner", {"prompt_labels": "films(O) ((O) rated(O) pg(B-average ratings) 13(I-average ratings) )(O)"})

    assert bad == []
    assert document.text == "films ( rated pg 13 )"
    assert document.entities == (Entity(Mention("pg 13", 14, 19), "average ratings"),)


def test_gner_words_and_labels_go_before_the_text_that_says_the_same(read):
    instance = {"id": "3", "words": ["Ida", "left"], "labels": ["B-person", "O"], "prompt_labels": "cut off(O"}

    (document,), _ = read("gner", {"instance": instance})

    assert (document.id, document.entities) == ("3", (Entity(Mention("Ida", 0, 3), "person"),))


def test_gner_texts_that_are_not_all_tagged_words_go_to_bad(read):
    assert read("gner", {"prompt_labels": "Ida(B-person) left Leeds(O)"}) == (
        [],
        ["1: prompt_labels: expected word(tag), found 'left Leeds(O)'."],
    )


# universal-ie


def test_universal_ie_token_offsets_become_places_and_gaps_become_fragments(read):
    row = {
        "text": "ill and tired men",
        "tokens": ["ill", "and", "tired", "men"],
        "entity": [
            {"type": "group", "offset": [0, 3], "text": "ill men"},
            {"type": "group", "offset": [2, 3], "text": "tired men"},
            {"type": "group", "offset": [0], "text": "sick"},
        ],
        "relation": [
            {
                "type": "with",
                "args": [
                    {"type": "group", "offset": [2, 3], "text": "tired men"},
                    {"type": "state", "offset": [0], "text": "ill"},
                ],
            }
        ],
        "event": [],
    }

    (document,), bad = read("uie_json", row)

    assert bad == []
    assert [entity.mention for entity in document.entities] == [
        Mention("ill men", 0, 17, ((0, 3), (14, 17))),
        Mention("tired men", 8, 17),
        Mention("sick"),
        Mention("ill", 0, 3),
    ]
    assert document.relations == (Relation("with", 1, 3),)
    assert (document.events, document.meta["ungrounded"]) == ((), 1)


def test_universal_ie_tokens_of_unspaced_text_are_found_one_behind_the_other(read):
    argument = {"type": "离职者", "offset": [0, 1], "text": "林夏"}
    event = {"type": "离职", "offset": [2, 3], "text": "离职", "args": [argument]}

    (document,), _ = read(
        "uie_json", {"text": "林夏离职", "tokens": list("林夏离职"), "entity": [], "relation": [], "event": [event]}
    )

    assert document.events == (Event("离职", Mention("离职", 2, 4), (Argument("离职者", Mention("林夏", 0, 2)),)),)


def test_universal_ie_tokens_that_are_not_the_text_go_to_bad(read):
    row = {"text": "a b", "tokens": ["a", "c"], "entity": [], "relation": [], "event": []}

    assert read("uie_json", row) == ([], ["1: tokens: 'c' is not what comes next in the text, at 1."])


# KnowLM, OneKE, KnowCoder


def test_old_knowlm_triples_are_lines_and_nan_is_none(read):
    documents, bad = read(
        "knowlm",
        {"instruction": "…", "input": "林夏", "output": "(林夏,别名,小林)\n(林夏,出生地点,苏州)", "cate": "人物"},
        {"instruction": "…", "input": "雨", "output": "NAN"},
        {"instruction": "…", "input": "甲", "output": "(甲,乙,丙,丁)"},
    )

    assert [_triples(document) for document in documents] == [[("林夏", "别名", "小林"), ("林夏", "出生地点", "苏州")], []]
    assert documents[0].meta == {"cate": "人物", "place": 1}
    assert bad == ["3: output: expected (head,relation,tail), found '(甲,乙,丙,丁)'."]


def test_oneke_lists_say_what_is_annotated(read):
    (named, happened), bad = read(
        "oneke",
        {"sentence": "Ida", "entity_list": [{"name": "Ida", "type": "person"}]},
        {
            "sentence": "Ida left",
            "event_list": [{"event_type": "leave", "event_trigger": "left", "event_argument": {"who": "Ida", "when": "NAN"}}],
        },
    )

    assert bad == []
    assert (_strings(named), named.relations, named.events) == ([("Ida", "person")], None, None)
    assert happened.events == (Event("leave", Mention("left"), (Argument("who", Mention("Ida")),)),)
    assert happened.entities is None


def test_knowcoder_events_may_lack_arguments_and_a_place_that_is_empty_is_none(read):
    happened, named = read(
        "knowcoder",
        {"sentence": "Ida left.", "events": [{"type": "Leave", "trigger": "left", "pos": [4, 8]}], "one-stage": {"output": "…"}},
        {"sentence": "Ida left.", "entities": [{"type": "person", "name": "Ida", "pos": ""}]},
    )[0]

    assert happened.events == (Event("Leave", Mention("left", 4, 8)),)
    assert (named.entities, named.meta["ungrounded"]) == ((Entity(Mention("Ida"), "person"),), 1)


# DialogStudio, DeepKE


def test_dialogstudio_dialogues_and_the_pairs_before_them_are_read_alike(read):
    dialogue = {"log": {"user utterance": "films by ida brook", "system response": "O O B-DIRECTOR I-DIRECTOR"}}
    pair = {"input": "films by ida brook", "output": "O O B-DIRECTOR I-DIRECTOR"}

    found = [read("dialogstudio", json.dumps(whole, indent=1))[0] for whole in ({"films--train--1": dialogue}, [pair])]

    assert [[document.entities for document in documents] for documents in found] == [
        [(Entity(Mention("ida brook", 9, 18), "DIRECTOR"),)]
    ] * 2
    assert [documents[0].meta["place"] for documents in found] == ["item films--train--1", "item 0"]


def test_a_tag_too_few_goes_to_bad(read):
    assert read("dialogstudio", '[{"input": "a b", "output": "O"}]') == ([], ["item 0: 2 words, but 1 tags."])


def test_deepke_rows_of_one_text_are_one_document(read):
    documents, bad = read(
        "deepke",
        "sentence,relation,head,head_offset,tail,tail_offset",
        "Ida left Leeds for York,leaves,Ida,0,Leeds,9",
        '"Rain, again",None,Rain,0,again,6',
        "Ida left Leeds for York,goes to,Ida,0,York,18",
        name="train.csv",
    )

    leeds, rain = documents
    assert bad == []
    assert [entity.mention for entity in leeds.entities] == [Mention("Ida", 0, 3), Mention("Leeds", 9, 14), Mention("York")]
    assert leeds.relations == (Relation("leaves", 0, 1), Relation("goes to", 0, 2))
    assert leeds.meta == {"ungrounded": 1, "place": 2}
    assert (_strings(rain), rain.relations) == ([("Rain", None), ("again", None)], ())


def test_deepke_triples_of_two_rows_are_one_and_pairs_without_a_relation_are_counted(read):
    row = {"text": "Ida left Leeds", "head": "Ida", "tail": "Leeds", "relation": "leaves"}
    rows = [row, {**row, "head": "Leeds", "tail": "Ida", "relation": "None"}, row]

    (document,), bad = read("deepke", json.dumps(rows, indent=1))

    assert bad == []
    assert document.relations == (Relation("leaves", 0, 1),)
    assert document.meta == {"duplicates": 1, "unrelated": 1, "place": "item 0"}


def test_a_csv_line_with_a_comma_too_many_goes_to_bad(read):
    head = "sentence,relation,head,head_offset,tail,tail_offset"

    assert read("deepke", head, "Rain, again,None,Rain,0,again,6", name="train.csv") == (
        [],
        ["2: more columns than the first line names; quote what holds a comma."],
    )


def test_deepke_tells_its_rows_by_their_keys(read):
    rows = [
        {"sentence": "Ida", "entities": [{"word": "Ida", "label": "PER"}]},
        {"text": "Ida left", "labels": [["Ida", "did", "left"]]},
        {"text": "Ida left", "event_list": [{"event_type": "Leave", "arguments": [{"role": "who", "argument": "Ida"}]}]},
        {
            "text": "Ida left",
            "head_type": "person",
            "head_entity": "Ida",
            "relation": "did",
            "tail_type": "act",
            "tail_entity": "left",
        },
        {"id": "1", "data": [{"E": "PER", "W": "Ida"}]},
    ]

    (named, related, happened, typed), bad = read("deepke", json.dumps(rows, indent=1))

    assert _strings(named) == [("Ida", "PER")]
    assert _triples(related) == [("Ida", "did", "left")]
    assert happened.events == (Event("Leave", None, (Argument("who", Mention("Ida")),)),)
    assert (_strings(typed), _triples(typed)) == ([("Ida", "person"), ("left", "act")], [("Ida", "did", "left")])
    assert bad == ["item 4: the key 'text' is missing."]


def test_a_file_that_is_no_json_is_refused(tmp_path):
    path = tmp_path / "films.json"
    path.write_text('"films"')

    for layout, expected in (
        ("dialogstudio", "an object of dialogues or an array"),
        ("deepke", "an array of objects or one object"),
    ):
        found = LAYOUTS.get(layout)
        with pytest.raises(CorpusError) as error:
            list(found.read(path, build(options_of(found), {}, where="test"), raise_bad))
        assert str(error.value) == f"{path}: expected {expected}, found str."
