"""Layouts of other projects: the exact bytes each gets, what comes back, and what is set aside with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from uie.errors import OutputError, RecordError, SettingsError, UIEError
from uie.records.exchange import LAYOUTS
from uie.records.exchange.layout import SetAside, prompt_of
from uie.records.exchange.moving import export_records, import_records, read_layout
from uie.records.record import Record, read_records, record_to_json

PEOPLE = Record("Find the people.", "Text: Ann met Bob.\nAnswer: ", "Ann_person\nBob_person", id="a#NER", dataset="mine")
WHO = Record("", "谁来了？", "没有", id="b#RE", task="RE", lang="zh")
PROMPT = r'"Find the people.\nText: Ann met Bob.\nAnswer: "'
ANSWER = r'"Ann_person\nBob_person"'

# Worked out by hand from what the projects read: Stanford Alpaca, ShareGPT, the OpenAI API, the chatllama files of the LLaMA tuning
# on InstructUIE's data (one line, four keys, no line end), BELLE's conversations (one object a line), and trl's prompt-completion.
BYTES = {
    "alpaca": (
        "[\n"
        r'{"instruction": "Find the people.", "input": "Text: Ann met Bob.\nAnswer: ", "output": "Ann_person\nBob_person"},'
        "\n"
        '{"instruction": "谁来了？", "input": "", "output": "没有"}\n'
        "]\n"
    ),
    "sharegpt": (
        "[\n"
        f'{{"conversations": [{{"from": "human", "value": {PROMPT}}}, {{"from": "gpt", "value": {ANSWER}}}]}},\n'
        '{"conversations": [{"from": "human", "value": "谁来了？"}, {"from": "gpt", "value": "没有"}]}\n'
        "]\n"
    ),
    "messages": (
        "[\n"
        f'{{"messages": [{{"role": "user", "content": {PROMPT}}}, {{"role": "assistant", "content": {ANSWER}}}]}},\n'
        '{"messages": [{"role": "user", "content": "谁来了？"}, {"role": "assistant", "content": "没有"}]}\n'
        "]\n"
    ),
    "trl": (
        "[\n"
        f'{{"prompt": [{{"role": "user", "content": {PROMPT}}}], "completion": [{{"role": "assistant", "content": {ANSWER}}}]}},\n'
        '{"prompt": [{"role": "user", "content": "谁来了？"}], "completion": [{"role": "assistant", "content": "没有"}]}\n'
        "]\n"
    ),
    "trl-text": (
        "[\n"
        r'{"prompt": "Find the people.\nText: Ann met Bob.\nAnswer: \n", "completion": "Ann_person\nBob_person"},'
        "\n"
        r'{"prompt": "谁来了？\n", "completion": "没有"}'
        "\n]\n"
    ),
    "chatllama": (
        f'[{{"Task": "NER", "Dataset": "mine", "user_input": {PROMPT}, "completion": {ANSWER}}}, '
        '{"Task": "RE", "Dataset": "", "user_input": "谁来了？", "completion": "没有"}]'
    ),
    "belle": (
        f'{{"id": "a#NER", "conversations": [{{"from": "human", "value": {PROMPT}}}, {{"from": "assistant", "value": {ANSWER}}}]}}\n'
        '{"id": "b#RE", "conversations": [{"from": "human", "value": "谁来了？"}, {"from": "assistant", "value": "没有"}]}\n'
    ),
}
IN_A_FOLDER = ("huggingface", "llamafactory")


def write_records(path: Path, *records: Record) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record_to_json(record)) + "\n" for record in records), encoding="utf-8")
    return path


def write_rows(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def words(record: Record) -> tuple[str, str, str | None]:
    return record.instruct, record.query, record.answer


def read_one(tmp_path: Path, layout: str, row: Any) -> Record | SetAside:
    (found,) = read_layout(write_rows(tmp_path / "rows.jsonl", row), layout)
    return found


def test_every_layout_is_tested_byte_for_byte() -> None:
    assert sorted([*BYTES, *IN_A_FOLDER]) == LAYOUTS.names()


@pytest.mark.parametrize("layout", BYTES)
def test_a_layout_is_written_byte_for_byte(layout: str, tmp_path: Path) -> None:
    source = write_records(tmp_path / "in.jsonl", PEOPLE, WHO)

    written = export_records(source, layout, out=tmp_path / "out.json")

    assert (tmp_path / "out.json").read_bytes().decode() == BYTES[layout]
    assert written == {tmp_path / "out.json": 2}


@pytest.mark.parametrize("layout", ["alpaca", "sharegpt", "messages", "trl", "trl-text"])
def test_a_file_called_jsonl_holds_one_row_a_line(layout: str, tmp_path: Path) -> None:
    source = write_records(tmp_path / "in.jsonl", PEOPLE, WHO)

    export_records(source, layout, out=tmp_path / "out.jsonl")

    as_lines = BYTES[layout].removeprefix("[\n").removesuffix("]\n").replace("},\n{", "}\n{")
    assert (tmp_path / "out.jsonl").read_bytes().decode() == as_lines
    assert len(as_lines.splitlines()) == 2


@pytest.mark.parametrize("layout", ["alpaca", "chatllama", "llamafactory", "huggingface"])
def test_instruct_query_and_answer_come_back(layout: str, tmp_path: Path) -> None:
    export_records(write_records(tmp_path / "in.jsonl", PEOPLE, WHO), layout, out=tmp_path / "out")

    back = [found for found in read_layout(tmp_path / "out", layout) if isinstance(found, Record)]

    assert [words(record) for record in back] == [words(PEOPLE), words(WHO)]


@pytest.mark.parametrize("layout", ["sharegpt", "messages", "trl", "trl-text", "belle"])
def test_a_joined_question_comes_back_as_the_query(layout: str, tmp_path: Path) -> None:
    export_records(write_records(tmp_path / "in.jsonl", PEOPLE, WHO), layout, out=tmp_path / "out.json")

    back = [found for found in read_layout(tmp_path / "out.json", layout) if isinstance(found, Record)]

    joined = ("", "Find the people.\nText: Ann met Bob.\nAnswer: ", "Ann_person\nBob_person")
    assert [words(record) for record in back] == [joined, words(WHO)]


def test_the_layouts_that_know_more_bring_it_back(tmp_path: Path) -> None:
    source = write_records(tmp_path / "in.jsonl", PEOPLE, WHO)
    for layout in ("chatllama", "belle"):
        export_records(source, layout, out=tmp_path / layout)

    (chatllama, _), (belle, _) = (list(read_layout(tmp_path / layout, layout)) for layout in ("chatllama", "belle"))

    assert isinstance(chatllama, Record)
    assert isinstance(belle, Record)
    assert (chatllama.id, chatllama.task, chatllama.dataset) == ("chatllama#1", "NER", "mine")
    assert belle.id == "a#NER"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
RECORDS = st.builds(Record, TEXT, TEXT.filter(bool), TEXT, id=st.just("x"))


@given(RECORDS)
def test_any_record_comes_back_from_alpaca_as_it_was(record: Record) -> None:
    back = LAYOUTS.get("alpaca").read(LAYOUTS.get("alpaca").write(record))

    assert (back["instruct"], back["query"], back["answer"]) == words(record)


@pytest.mark.parametrize("layout", sorted({*BYTES, *IN_A_FOLDER}))
@given(RECORDS)
def test_any_record_comes_back_with_the_same_prompt_and_answer(layout: str, record: Record) -> None:
    row = json.loads(json.dumps(LAYOUTS.get(layout).write(record)))

    back = LAYOUTS.get(layout).read(row)

    assert prompt_of(Record(back["instruct"], back["query"], back["answer"], id="x")) == prompt_of(record)
    assert back["answer"] == record.answer


def test_a_record_without_query_is_asked_by_its_instruct_alone(tmp_path: Path) -> None:
    export_records(write_records(tmp_path / "in.jsonl", Record("Say hello.", "", "Hello.", id="x")), "alpaca", out=tmp_path / "o")

    (back,) = read_layout(tmp_path / "o", "alpaca")

    assert isinstance(back, Record)
    assert words(back) == ("", "Say hello.", "Hello.")


USER, GPT = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}
ASK, REPLY = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
READ = {
    "alpaca without input": ("alpaca", {"instruction": "q", "output": "a"}, ("", "q", "a")),
    "alpaca with null input": ("alpaca", {"instruction": "q", "input": None, "output": "a", "history": []}, ("", "q", "a")),
    "alpaca with system": ("alpaca", {"system": "s", "instruction": "i", "input": "q", "output": "a"}, ("s\ni", "q", "a")),
    "alpaca with system, no input": ("alpaca", {"system": "s", "instruction": "q", "input": "", "output": "a"}, ("s", "q", "a")),
    "sharegpt": ("sharegpt", {"conversations": [USER, GPT], "tools": ""}, ("", "q", "a")),
    "sharegpt, system key": ("sharegpt", {"system": "s", "conversations": [USER, GPT]}, ("s", "q", "a")),
    "sharegpt, system turn": ("sharegpt", {"conversations": [{"from": "system", "value": "s"}, USER, GPT]}, ("s", "q", "a")),
    "messages, system": ("messages", {"messages": [{"role": "system", "content": "s"}, ASK, REPLY]}, ("s", "q", "a")),
    "messages, empty system": ("messages", {"messages": [{"role": "system", "content": ""}, ASK, REPLY]}, ("", "q", "a")),
    "trl, system": ("trl", {"prompt": [{"role": "system", "content": "s"}, ASK], "completion": [REPLY]}, ("s", "q", "a")),
    "trl-text of others": ("trl-text", {"prompt": "The sky is", "completion": " blue."}, ("", "The sky is", " blue.")),
    "chatllama without task": ("chatllama", {"user_input": "q", "completion": "a"}, ("", "q", "a")),
    "chatllama, two lines of text": (
        "chatllama",
        {"Task": "NER", "Dataset": "d", "user_input": "Task: NER\nList.\nText: a\nText: b\nAnswer: ", "completion": "None"},
        ("Task: NER\nList.", "Text: a\nText: b\nAnswer: ", "None"),
    ),
    "chatllama, nothing before the text": ("chatllama", {"user_input": "\nText: a", "completion": "b"}, ("", "\nText: a", "b")),
    "belle conversation": ("belle", {"id": "m1", "conversations": [USER, {"from": "assistant", "value": "\na"}]}, ("", "q", "\na")),
    "belle instruction": ("belle", {"instruction": "q", "input": "", "output": "a"}, ("", "q", "a")),
    "belle 0.5M": ("belle", {"input": "q", "target": "a"}, ("", "q", "a")),
    "belle embedded": (
        "belle",
        {"instruction": "Human: 你好\nAssistant:", "input": "", "output": "您好。"},
        ("", "你好", "您好。"),
    ),
    "belle embedded, as trained": ("belle", {"instruction": "Human: \nq\n\nAssistant: \n", "output": "a"}, ("", "q", "a")),
    "belle, Assistant: inside a line": (
        "belle",
        {"instruction": "Human: Is Assistant: a word?\nAssistant:", "output": "a"},
        ("", "Is Assistant: a word?", "a"),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_row_is_read(name: str, tmp_path: Path) -> None:
    layout, row, expected = READ[name]

    found = read_one(tmp_path, layout, row)

    assert isinstance(found, Record), found
    assert words(found) == expected


SEVERAL = "several turns; a record is one question with its answer."
ASIDE = {
    "alpaca, history": ("alpaca", {"instruction": "q", "output": "a", "history": [["q", "a"]]}, SEVERAL),
    "alpaca, no output": ("alpaca", {"instruction": "q", "input": ""}, "no 'output'; the row has instruction, input."),
    "alpaca, number": ("alpaca", {"instruction": "q", "output": 7}, "output: expected a text, found int."),
    "alpaca, no answer": ("alpaca", {"instruction": "q", "output": None}, "output: expected a text, found NoneType."),
    "sharegpt, turns": ("sharegpt", {"conversations": [USER, GPT, USER, GPT]}, SEVERAL),
    "sharegpt, no answer": ("sharegpt", {"conversations": [USER]}, "turns of user; expected user, assistant."),
    "sharegpt, nobody": ("sharegpt", {"conversations": []}, "turns of nobody; expected user, assistant."),
    "sharegpt, model first": ("sharegpt", {"conversations": [GPT, USER]}, "turns of assistant, user; expected user, assistant."),
    "sharegpt, tools": ("sharegpt", {"conversations": [USER, GPT], "tools": "[{}]"}, "tools; a record has none."),
    "sharegpt, function": (
        "sharegpt",
        {"conversations": [USER, {"from": "function_call", "value": "{}"}]},
        "a turn of 'function_call'; expected one of human, user, gpt, assistant, system, developer.",
    ),
    "sharegpt, two systems": (
        "sharegpt",
        {"system": "s", "conversations": [{"from": "system", "value": "t"}, USER, GPT]},
        "two system messages.",
    ),
    "sharegpt, no list": ("sharegpt", {"conversations": "q"}, "conversations: expected a list of objects, found str."),
    "messages, picture": (
        "messages",
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}, REPLY]},
        "content: expected a text, found list.",
    ),
    "trl, two answers": ("trl", {"prompt": [ASK], "completion": [REPLY, ASK, REPLY]}, SEVERAL),
    "chatllama, question only": ("chatllama", {"user_input": "q"}, "no 'completion'; the row has user_input."),
    "belle embedded, turns": (
        "belle",
        {"instruction": "Human: q\nAssistant: a\nHuman: r\nAssistant:", "input": "", "output": "b"},
        SEVERAL,
    ),
    "belle embedded, no end": (
        "belle",
        {"instruction": "Human: q", "input": "", "output": "b"},
        "begins with 'Human:' and does not end with a line 'Assistant:'.",
    ),
    "huggingface, no JSON": (
        "huggingface",
        {"instruct": "i", "query": "q", "answer": "a", "schema": "{"},
        "schema: expected JSON in a text.",
    ),
}


@pytest.mark.parametrize("name", ASIDE)
def test_a_row_that_is_no_question_with_its_answer_is_set_aside_with_the_reason(name: str, tmp_path: Path) -> None:
    layout, row, reason = ASIDE[name]

    assert read_one(tmp_path, layout, row) == SetAside(f"{tmp_path / 'rows.jsonl'}:1", reason, row)


def test_an_array_is_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('\ufeff\n[{"instruction": "q",\n"output": "a"},\n{"instruction": "r"}]', encoding="utf-8")

    record, aside = read_layout(path, "alpaca")

    assert isinstance(record, Record)
    assert record.id == "rows#1"
    assert aside == SetAside(f"{path}: row 2", "no 'output'; the row has instruction.", {"instruction": "r"})


def test_a_row_without_an_id_of_its_own_is_called_after_file_and_number(tmp_path: Path) -> None:
    rows = [{"id": id, "input": "q", "target": "a"} for id in ("x", 7, "x", None)]

    back = read_layout(write_rows(tmp_path / "b.json", *rows), "belle")

    assert [found.id for found in back if isinstance(found, Record)] == ["x", "7", "b#3", "b#4"]


def test_import_writes_what_is_known_and_counts_what_it_sets_aside(tmp_path: Path) -> None:
    source = write_rows(
        tmp_path / "chat.jsonl",
        {"conversations": [USER, GPT]},
        {"conversations": [USER, GPT] * 2},
        {"conversations": [USER, GPT] * 3},
    )

    done = import_records(source, "sharegpt", out=tmp_path / "r.jsonl", task="RE", format="lines", lang="zh", dataset="d")

    given = '"task":"RE","dataset":"d","lang":"zh","format":"lines"'
    assert (tmp_path / "r.jsonl").read_text() == f'{{"instruct":"","query":"q","answer":"a","id":"chat#1",{given}}}\n'
    assert (done.records, done.reasons) == (1, {SEVERAL: 2})
    rejected = [json.loads(line) for line in (tmp_path / "r.rejected.jsonl").read_text().splitlines()]
    assert rejected[0] == {"where": f"{source}:2", "reason": SEVERAL, "raw": {"conversations": [USER, GPT] * 2}}
    assert len(rejected) == 2


def test_an_import_that_replaces_another_leaves_no_old_rejected_file(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", {"instruction": "q", "output": "a"}, {"instruction": "r"})
    import_records(source, "alpaca", out=tmp_path / "r.jsonl")
    write_rows(source, {"instruction": "q", "output": "a"})

    import_records(source, "alpaca", out=tmp_path / "r.jsonl", overwrite=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "r.jsonl"]


def build(tmp_path: Path) -> Path:
    for split, records in {"train": [PEOPLE, WHO], "dev": [WHO], "test": []}.items():
        write_records(tmp_path / "build" / f"{split}.jsonl", *records)
    return tmp_path / "build"


@pytest.mark.parametrize(
    ("layout", "train", "dev"),
    [
        ("alpaca", "train.json", "dev.json"),
        ("messages", "train.jsonl", "dev.jsonl"),
        ("chatllama", "UIE_train.json", "UIE_dev.json"),
        ("llamafactory", "train.json", "dev.json"),
        ("huggingface", "train.jsonl", "dev.jsonl"),
    ],
)
def test_a_build_folder_gives_a_file_for_every_split_that_holds_records(layout: str, train: str, dev: str, tmp_path: Path) -> None:
    out = tmp_path / "out"

    written = export_records(build(tmp_path), layout, out=out)

    assert written == {out / train: 2, out / dev: 1}
    assert {path.name for path in out.iterdir()} - {"README.md", "dataset_info.json"} == {train, dev, "manifest.json"}
    assert json.loads((out / "manifest.json").read_text())["counts"] == {train: 2, dev: 1}


def test_llamafactory_gets_a_description_of_every_file(tmp_path: Path) -> None:
    export_records(build(tmp_path), "llamafactory", out=tmp_path / "my data")

    columns = {"prompt": "instruction", "query": "input", "response": "output"}
    assert json.loads((tmp_path / "my data" / "dataset_info.json").read_text()) == {
        "my_data_train": {"file_name": "train.json", "columns": columns},
        "my_data_dev": {"file_name": "dev.json", "columns": columns},
    }
    assert (tmp_path / "my data" / "train.json").read_bytes().decode() == BYTES["alpaca"]


def test_llamafactory_entries_are_read_by_their_columns_and_tags(tmp_path: Path) -> None:
    info = {
        "plain": {"file_name": "plain.json"},
        "renamed": {"file_name": "renamed.json", "columns": {"prompt": "question", "response": "reply", "system": "role"}},
        "chat": {
            "file_name": "chat.json",
            "formatting": "sharegpt",
            "columns": {"messages": "talk"},
            "tags": {"role_tag": "who", "content_tag": "says", "user_tag": "me", "assistant_tag": "it"},
        },
        "hub": {"hf_hub_url": "someone/something"},
        "gone": {"file_name": "gone.json"},
        "dpo": {"file_name": "plain.json", "ranking": True},
        "text": {"file_name": "plain.json", "columns": {"prompt": "text"}},
        "wiki": {"file_name": "wiki.txt"},
        "odd": {"file_name": "plain.json", "formatting": "openai"},
    }
    (tmp_path / "dataset_info.json").write_text(json.dumps(info))
    write_rows(tmp_path / "plain.json", {"instruction": "q", "input": "", "output": "a", "history": [["not", "mapped"]]})
    write_rows(tmp_path / "renamed.json", {"question": "q", "input": "not mapped", "reply": "a", "role": "s"})
    write_rows(tmp_path / "chat.json", {"talk": [{"who": "me", "says": "q"}, {"who": "it", "says": "a"}]})

    found = list(read_layout(tmp_path, "llamafactory"))

    assert [(record.id, *words(record)) for record in found if isinstance(record, Record)] == [
        ("plain#1", "", "q", "a"),
        ("renamed#1", "s", "q", "a"),
        ("chat#1", "", "q", "a"),
    ]
    assert {aside.where.rpartition(": ")[2]: aside.reason for aside in found if isinstance(aside, SetAside)} == {
        "hub": "names no data file in the folder; download the dataset first.",
        "gone": "no file gone.json in the folder.",
        "dpo": "holds preferences or media; a record is a question with its answer.",
        "text": "its columns do not name prompt and response.",
        "wiki": "wiki.txt: expected a .json or .jsonl file.",
        "odd": "formatting 'openai'; expected alpaca or sharegpt.",
    }
    (only,) = read_layout(tmp_path / "dataset_info.json", "llamafactory", dataset="chat")
    assert isinstance(only, Record)
    assert only.dataset == "chat"


FULL = Record(
    "Find.",
    "Ann met Bob.",
    "None",
    id="full",
    dataset="mine",
    split="train",
    format="lines",
    prompt="ner/default.en",
    schema={"lang": "en", "entities": {"PER": {"name": "person"}}},
    text="Ann met Bob.",
    source={"document_id": "mine/1", "start": 4},
)


def test_a_hugging_face_folder_has_texts_only_the_same_columns_in_every_row_and_a_card_that_names_its_files(tmp_path: Path) -> None:
    folder = build(tmp_path)
    write_records(folder / "train.jsonl", FULL, WHO)

    export_records(folder, "huggingface", out=tmp_path / "hub")

    rows = [json.loads(line) for line in (tmp_path / "hub" / "train.jsonl").read_text().splitlines()]
    assert {type(value) for row in rows for value in row.values()} == {str}
    assert len({tuple(row) for row in rows}) == 1
    assert rows[0]["source"] == '{"document_id": "mine/1", "start": 4}'
    _, front, body = (tmp_path / "hub" / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front) == {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "train.jsonl"}, {"split": "validation", "path": "dev.jsonl"}],
            }
        ],
        "language": ["en", "zh"],
    }
    assert body.startswith("# hub\n")
    assert body.endswith("| train | mine | NER | 1 |\n| train | - | RE | 1 |\n| validation | - | RE | 1 |\n")


def test_a_hugging_face_folder_brings_whole_records_back(tmp_path: Path) -> None:
    export_records(write_records(tmp_path / "in.jsonl", FULL, WHO), "huggingface", out=tmp_path / "hub")

    import_records(tmp_path / "hub", "huggingface", out=tmp_path / "back.jsonl")

    assert list(read_records(tmp_path / "back.jsonl")) == [FULL, WHO]


@pytest.mark.parametrize(
    "card",
    [
        "no front matter",
        "---\nlicense: mit\n---\n",
        "---\nconfigs:\n- config_name: a\n  data_files: data/*.jsonl\n---\n",
        "---\nconfigs:\n- config_name: a\n  data_files: [data/x.jsonl]\n---\n",
        "---\nconfigs:\n- config_name: a\n  data_files:\n  - split: train\n    path: [data/x.jsonl]\n---\n",
    ],
)
def test_the_files_of_a_hugging_face_folder_are_those_of_its_card(card: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    inside = "data_files" in card
    write_rows(tmp_path / "data" / "x.jsonl", {"instruct": "i", "query": "inside", "answer": "a"})
    write_rows(tmp_path / "x.jsonl", {"instruct": "i", "query": "outside", "answer": "a"})
    (tmp_path / "README.md").write_text(card)

    (found,) = read_layout(tmp_path, "huggingface")

    assert isinstance(found, Record)
    assert found.query == ("inside" if inside else "outside")


UNANSWERED = Record("i", "q", None, id="r")
EXPORT_MISTAKES = {
    "no answer": ("in.jsonl", "alpaca", "out.json", "{tmp}/in.jsonl: record r: no answer, which training files need; leave such records out."),
    "no answer, folder": ("in.jsonl", "huggingface", "out", "{tmp}/in.jsonl: record r: no answer, which training files need; leave such records out."),
    "unknown": (
        "in.jsonl",
        "alpacca",
        "out.json",
        "No layout is named 'alpacca'. Did you mean 'alpaca'? Known: alpaca, belle, chatllama, huggingface, llamafactory, messages, "
        "sharegpt, trl, trl-text.",
    ),
    "no records": ("empty.jsonl", "alpaca", "out.json", "{tmp}/empty.jsonl: the file holds no record."),
    "no records in a folder": ("bare", "alpaca", "out", "{tmp}/bare: train.jsonl: no record in any of them."),
    "no build": ("other", "alpaca", "out", "{tmp}/other: expected train.jsonl, dev.jsonl or test.jsonl, as uie build-data writes; it holds nothing."),
    "missing": ("none.jsonl", "alpaca", "out", "{tmp}/none.jsonl: no such file. The folder holds: bare, empty.jsonl, in.jsonl, other."),
    "onto itself": ("in.jsonl", "alpaca", "in.jsonl", "{tmp}/in.jsonl: is the file that is read; choose another --out."),
    "onto its folder": ("bare", "alpaca", "bare", "{tmp}/bare: holds the records that are exported; choose another --out."),
    "over its folder": ("bare", "alpaca", "", "{tmp}: holds the records that are exported; choose another --out."),
    "in use": ("in.jsonl", "alpaca", "empty.jsonl", "{tmp}/empty.jsonl: is there already; choose another --out or say --overwrite."),
    "a folder": ("in.jsonl", "alpaca", "other", "{tmp}/other: expected the name of a file, found a folder; say --out {tmp}/other/NAME.jsonl."),
    "a file": ("in.jsonl", "huggingface", "empty.jsonl", "{tmp}/empty.jsonl: expected a folder, found a file; choose another --out."),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORT_MISTAKES)
def test_an_export_that_cannot_be_done_is_told_in_one_line_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    source, layout, out, said = EXPORT_MISTAKES[name]
    write_records(tmp_path / "in.jsonl", PEOPLE, UNANSWERED)
    write_records(tmp_path / "empty.jsonl")
    write_records(tmp_path / "bare" / "train.jsonl")
    (tmp_path / "other").mkdir()

    with pytest.raises(UIEError) as error:
        export_records(tmp_path / source, layout, out=tmp_path / out)

    assert str(error.value) == said.format(tmp=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare", "empty.jsonl", "in.jsonl", "other"]
    assert (tmp_path / "empty.jsonl").read_text() == ""


def test_overwrite_replaces_a_file_and_a_folder_that_was_exported(tmp_path: Path) -> None:
    source, out = write_records(tmp_path / "in.jsonl", WHO), tmp_path / "out.json"
    out.write_text("old")
    for _ in range(2):
        export_records(source, "alpaca", out=out, overwrite=True)
        export_records(source, "huggingface", out=tmp_path / "hub", overwrite=True)

    assert json.loads(out.read_text()) == [{"instruction": "谁来了？", "input": "", "output": "没有"}]


IMPORT_MISTAKES = {
    "another layout": (
        "belle.jsonl",
        "alpaca", {},
        "{tmp}/belle.jsonl:1: no 'instruction'; the row has id, conversations. No row of {tmp}/belle.jsonl can be read as alpaca. "
        "The row looks like belle or sharegpt.",
    ),
    "no layout at all": (
        "odd.jsonl",
        "alpaca", {},
        "{tmp}/odd.jsonl:1: no 'instruction'; the row has x. No row of {tmp}/odd.jsonl can be read as alpaca.",
    ),
    "not JSON": ("notes.txt", "alpaca", {}, "{tmp}/notes.txt:1: not JSON: Expecting value: line 1 column 1 (char 0); expected one object a line."),
    "broken array": ("broken.json", "alpaca", {}, "{tmp}/broken.json:2: not JSON: Expecting value; expected an array of objects, or one object a line."),
    "array of texts": ("texts.json", "alpaca", {}, "{tmp}/texts.json: row 1: expected a JSON object, found str."),
    "half a character": (
        "half.json",
        "alpaca", {},
        "{tmp}/half.json: row 1: holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it.",
    ),
    "empty": ("empty.json", "alpaca", {}, "{tmp}/empty.json: the file is empty."),
    "no rows": ("none.json", "alpaca", {}, "{tmp}/none.json: no rows."),
    "unknown entry": ("info.json", "llamafactory", {"dataset": "identty"}, "{tmp}/info.json: No dataset is named 'identty'. Did you mean 'identity'? Known: identity."),
    "malformed entry": ("info.json", "llamafactory", {}, "{tmp}/info.json: identity: expected a mapping, found list."),
    "unknown task": ("belle.jsonl", "belle", {"task": "NERR"}, "No task is named 'NERR'. Did you mean 'NER' or 'NER1'? Known: {known}"),
    "unknown format": ("belle.jsonl", "belle", {"format": "line"}, "No format is named 'line'. Did you mean 'lines'? Known: {known}"),
    "taken": ("belle.jsonl", "belle", {"out": "odd.jsonl"}, "{tmp}/odd.jsonl: is there already; choose another --out or say --overwrite."),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPORT_MISTAKES)
def test_an_import_that_cannot_be_done_is_told_in_one_line_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    source, layout, settings, said = IMPORT_MISTAKES[name]
    names = {key: value for key, value in settings.items() if key != "out"}
    files = {
        "belle.jsonl": json.dumps({"id": "1", "conversations": [USER, GPT]}),
        "odd.jsonl": '{"x": 1}',
        "notes.txt": "A sentence.",
        "broken.json": '[{"instruction": "q"},\n}]',
        "texts.json": '["q"]',
        "half.json": r'[{"instruction": "\ud83d", "output": "a"}]',
        "empty.json": "\n",
        "none.json": "[]",
        "info.json": '{"identity": []}',
    }
    for file, text in files.items():
        (tmp_path / file).write_text(text)

    with pytest.raises(UIEError) as error:
        import_records(tmp_path / source, layout, out=tmp_path / settings.get("out", "out.jsonl"), **names)

    known = str(error.value).rpartition(" Known: ")[2]  # tasks and formats come to be
    assert str(error.value) == said.format(tmp=tmp_path, known=known)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_the_errors_are_of_the_kind_of_what_is_wrong(tmp_path: Path) -> None:
    source = write_records(tmp_path / "in.jsonl", UNANSWERED)

    with pytest.raises(RecordError):
        export_records(source, "alpaca", out=tmp_path / "out.json")
    with pytest.raises(OutputError):
        export_records(source, "alpaca", out=source)
    with pytest.raises(SettingsError):
        export_records(source, "none", out=tmp_path / "out.json")
