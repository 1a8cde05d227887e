"""Records with gold answers read back into the Documents that they speak of: the corpus layout `records`."""

import json

import pytest

from uie.corpora import LAYOUTS, options_of
from uie.corpora.config import load_dataset_config
from uie.corpora.reading import read_corpus
from uie.documents import Argument, Entity, Event, Mention, Relation
from uie.parsing.gold import guess
from uie.prompting import load_prompt
from uie.records.asking import asker
from uie.records.record import record_to_json
from uie.settings import build


@pytest.fixture
def read(tmp_path):
    def _read(*rows, array=False, **options):
        path = tmp_path / "train.jsonl"
        text = json.dumps(rows) if array else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
        layout = LAYOUTS.get("records")
        bad = []
        documents = list(
            layout.read(path, build(options_of(layout), options, where="test"), lambda error, raw: bad.append(str(error)))
        )
        return documents, [message.replace(f"{path}:", "") for message in bad]

    return _read


TEXT = "Ida left Leeds. Leeds slept."
SCHEMA = {"entities": {"PER": {"name": "person"}, "LOC": {"name": "town"}}, "relations": {"LEAVE": {"name": "leaves"}}}


def _record(answer, *, task="NER", text=TEXT, start=0, document="d/train/0", schema=SCHEMA, format="lines"):
    asked = {key: schema[key] for key in ({"NER": ["entities"], "RE": ["relations"]}[task])}
    source = {"document_id": document, "start": start}
    known = {"id": f"{document}#{task}{start}", "task": task, "lang": "en", "format": format}
    return {"instruct": "…", "query": text, "answer": answer, **known, "schema": asked, "text": text, "source": source}


def test_tasks_and_windows_of_one_document_come_together_and_names_become_labels(read):
    (document, other), bad = read(
        _record("Ida_person\nLeeds_town", text=TEXT[:15]),
        _record("Nobody_person", text="Nobody knew.", document="d/train/1"),
        _record("Leeds_town", text=TEXT[15:], start=15),
        _record("Ida_leaves_Leeds", task="RE"),
    )

    assert (bad, other.text, other.relations) == ([], "Nobody knew.", None)
    assert (document.id, document.text) == ("d/train/0", TEXT)
    assert document.entities == (
        Entity(Mention("Ida", 0, 3), "PER"),
        Entity(Mention("Leeds", 9, 14), "LOC"),
        Entity(Mention("Leeds", 16, 21), "LOC"),
    )
    assert document.relations == (Relation("LEAVE", 0, 1),)
    assert document.asked["tasks"] == ["NER", "RE"]
    assert document.asked["relations"] == {"LEAVE": {"name": "leaves"}}
    assert (document.problems, document.meta) == (None, {"place": 1})


def test_places_can_be_left_out(read):
    (document,), _ = read(_record("Ida_person\nLeeds_town"), places="none")

    assert document.entities == (Entity(Mention("Ida"), "PER"), Entity(Mention("Leeds"), "LOC"))


def test_bare_records_have_their_text_in_the_query(read):
    (ida, rain), bad = read(
        {"instruct": "…", "query": "文本：林夏在苏州_城。", "answer": "林夏_人名\n苏州_城_地名"},
        {"instruct": "…", "query": "今天下雨", "answer": "没有"},
        format="lines.seed001",
    )

    assert bad == []
    assert (ida.id, ida.text, ida.asked) == ("", "林夏在苏州_城。", None)
    assert ida.entities == (Entity(Mention("林夏", 0, 2), "人名"), Entity(Mention("苏州_城", 3, 7), "地名"))
    assert (rain.text, rain.entities, rain.meta["place"]) == ("今天下雨", (), 2)


def test_chatllama_questions_say_text_labels_and_task_and_their_answers_which_dialect(read):
    question = "Task: NER\nDataset: letters\nList all.\nOption:person,town \nText: Ida left Leeds. \nAnswer: "
    event = "Task: EE\nDataset: letters\nList all.\nOption:Event type: leave, Arguments type: who.\nText: Ida left. \nAnswer: "
    rows = (
        {"Task": "NER", "Dataset": "letters", "user_input": question, "completion": "(Ida, person), (Leeds, town)"},
        {"Task": "NER", "Dataset": "letters", "user_input": question.replace("Ida", "Nobody"), "completion": "None"},
        {"Task": "NER", "Dataset": "letters", "user_input": question, "completion": " person: Ida; town: Leeds"},
        {
            "Task": "EE",
            "Dataset": "letters",
            "user_input": event,
            "completion": "(type:leave, trigger:left, arguments:(name:Ida,role:who))",
        },
    )

    (early, none, late, happened), bad = read(*rows, array=True)

    assert bad == []
    assert (early.text, none.text) == ("Ida left Leeds.", "Nobody left Leeds.")
    assert early.entities == late.entities == (Entity(Mention("Ida", 0, 3), "person"), Entity(Mention("Leeds", 9, 14), "town"))
    assert none.entities == ()
    assert happened.events == (Event("leave", Mention("left", 4, 8), (Argument("who", Mention("Ida", 0, 3)),)),)
    assert list(early.asked["entities"]) == ["person", "town"]


def test_mentions_that_the_text_lacks_stay_and_are_counted(read):
    (document,), _ = read(_record("Ida_person\nYork_town"))

    assert document.entities == (Entity(Mention("Ida", 0, 3), "PER"), Entity(Mention("York"), "LOC"))
    assert document.meta["ungrounded"] == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (_record("Ida-person"), "1: the answer at 1 holds 'Ida-person', which its format does not write."),
        ({"instruct": "…", "query": "Ida", "answer": "None"}, None),
        ({"instruct": "…", "query": "Ida"}, "1: no 'answer'; only records with gold answers can be read as Documents."),
        ({"query": "Ida"}, "1: no 'instruct'; a record has instruct, query and answer; this line has query."),
        (
            {"user_input": "Ida", "completion": "None"},
            "1: Task: expected one of NER, ES, ET, RE, EP, EPR, EE, EET, EEA, found 'nothing'; name it with --task.",
        ),
    ],
    ids=["malformed", "no format", "no answer", "no record", "no task"],
)
def test_rows_that_cannot_be_read_go_to_bad(read, row, message):
    documents, bad = read(row)

    assert documents == []
    assert bad == [message or "1: does not say which format its answer has; set the option format, such as lines.seed001."]


def test_windows_with_a_hole_between_them_go_to_bad(read):
    documents, bad = read(_record("Leeds_town", text=TEXT[15:], start=15))

    assert documents == []
    assert bad == [
        "1: document d/train/0: no record asks about its characters 0 to 15; give all records of a document that was cut into windows."
    ]


@pytest.mark.parametrize(
    ("rows", "guessed"),
    [
        ([("Ida left Leeds.", "Ida_person\nLeeds_town"), ("It rains.", "None")], {"task": "NER", "format": "lines"}),
        ([("Ida left Leeds.", "Ida_leaves_Leeds"), ("It rains.", "None")], {"task": "RE", "format": "lines"}),
        ([("Ida left Leeds.", '{"person": ["Ida"], "town": ["Leeds"]}')], {"task": "NER", "format": "json"}),
        ([("Ida left Leeds.", "left_leave\n- Ida_who")], {"task": "EE", "format": "lines"}),
        ([("Ida left Leeds.", "person: Ida; town: Leeds")], {"task": "NER", "format": "typed"}),
    ],
    ids=["lines", "relations", "json", "events", "typed"],
)
def test_task_and_format_of_bare_records_are_guessed(tmp_path, rows, guessed):
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps({"instruct": "…", "query": query, "answer": answer}) + "\n" for query, answer in rows))

    assert guess(path) == guessed


def test_what_is_no_record_is_not_guessed_to_be_one_and_whole_records_need_no_options(tmp_path):
    other, whole = tmp_path / "other.json", tmp_path / "whole.jsonl"
    other.write_text('{"text": "Ida", "spo_list": []}\n')
    whole.write_text(json.dumps(_record("Ida_person")) + "\n")

    assert (guess(other), guess(whole)) == (None, {})


def test_documents_come_back_from_the_records_that_ask_them(read):
    config = load_dataset_config("sample_en")
    gold = list(read_corpus(config, "train", data_root=None))[:20]
    askers = [asker(task, config.schema(), load_prompt(f"{task.lower()}/default.en"), "lines") for task in ("NER", "RE", "EE")]
    rows = [record_to_json(record) for one in askers for document in gold for record in one.ask(document)]

    documents, bad = read(*rows)

    assert bad == []
    assert [document.id for document in documents] == [document.id for document in gold]
    assert [document.text for document in documents] == [document.text for document in gold]
    for found, document in zip(documents, gold, strict=True):
        assert _said(found) == _said(document)


def _said(document):
    named = [(entity.mention.text, entity.type) for entity in document.entities]
    return (
        sorted(named),
        sorted((named[one.head][0], one.type, named[one.tail][0]) for one in document.relations),
        sorted(
            (event.type, event.trigger.text, sorted((a.role, a.mention.text) for a in event.arguments)) for event in document.events
        ),
    )
