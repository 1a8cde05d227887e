"""What is shown of records: asked, given, left out, windows, tokens; nothing that could steer a terminal."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from made_up import DOCUMENTS, schema

from uie.documents import document_to_json
from uie.errors import RecordError
from uie.prompting import load_prompt
from uie.records.asking import asker
from uie.records.record import Record, record_to_json
from uie.records.showing import Shown, Token, printable, shown, tokens_of
from uie.schema import Schema
from uie.storage import write_jsonl

DOCUMENT = DOCUMENTS["en"]


def records(task: str, asked: Schema | None = None, *, prompt: str = "") -> list[Record]:
    ask = asker(task, asked or schema("en"), load_prompt(prompt or f"{task.lower()}/default.en"), "lines")
    return ask.ask(DOCUMENT)


def file_of(folder: Path, found: Iterable[Record], *, documents: bool = True) -> Path:
    write_jsonl(folder / "train.jsonl", map(record_to_json, found))
    if documents:
        write_jsonl(folder / "documents" / "train.jsonl", [document_to_json(DOCUMENT)])
    return folder / "train.jsonl"


def only(*labels: str) -> Schema:
    whole = schema("en")
    return replace(whole, entities=tuple(label for label in whole.entities if label.label in labels))


def test_the_first_records_are_shown_unless_one_is_named(tmp_path: Path) -> None:
    (record,) = records("NER")
    path = file_of(tmp_path, [replace(record, id=f"made-up/en#NER:{number}") for number in range(5)])

    assert [one.record.id[-1] for one in shown(path, limit=2)] == ["0", "1"]
    assert [one.record.id[-1] for one in shown(path, id="made-up/en#NER:3")] == ["3"]
    assert [one.record.id[-1] for one in shown(path, id="made-up/en")] == ["0", "1", "2", "3", "4"]


def test_an_unknown_id_is_answered_by_the_nearest(tmp_path: Path) -> None:
    path = file_of(tmp_path, records("NER"))

    with pytest.raises(RecordError) as error:
        shown(path, id="made-up/en#NRE")

    assert str(error.value) == f"{path}: no record or document is called 'made-up/en#NRE'; near: 'made-up/en#NER'."


def test_labels_are_shown_by_name_and_events_with_their_roles(tmp_path: Path) -> None:
    (entities,), (events,) = records("NER"), records("EE")

    assert shown(file_of(tmp_path, [entities]))[0].asked == {"entities": ("person", "organization", "city/town")}
    assert shown(file_of(tmp_path, [events]))[0].asked["events"][0] == "start of work (employee, employer, place)"


def test_items_of_labels_that_are_not_asked_are_counted_from_the_gold_document(tmp_path: Path) -> None:
    path = file_of(tmp_path, records("NER", only("PER")))

    assert shown(path)[0].passed_over == {"LOC": 3, "ORG": 2}
    assert shown(file_of(tmp_path / "alone", records("NER", only("PER")), documents=False))[0].passed_over == {}


def test_of_a_known_corpus_the_labels_that_are_not_asked_are_named_and_stand_ins_explained(tmp_path: Path) -> None:
    (record,) = records("NER", only("PER"))
    asked = {"lang": "en", "entities": {"person": {"name": "T1"}, "law": {}}}
    path = file_of(tmp_path, [replace(record, dataset="sample_en", schema=asked)])

    one = shown(path)[0]

    assert one.asked == {"entities": ("T1 = person", "law")}
    assert len(one.not_asked["entities"]) == 12
    assert {"location", "organization"} < set(one.not_asked["entities"])
    assert list(one.not_asked) == ["entities"]


def test_of_a_window_its_place_and_what_its_border_cuts_are_told(tmp_path: Path) -> None:
    (record,) = records("NER")
    end = DOCUMENT.text.index("São") + 3  # in the middle of São Paulo
    window = replace(record, id="made-up/en#NER@15", text=DOCUMENT.text[15:end], source={"document_id": "made-up/en", "start": 15})

    one = shown(file_of(tmp_path, [window]))[0]

    assert one.is_window
    assert one.cut == {"entities": 1}
    assert not shown(file_of(tmp_path, [record]))[0].is_window


def test_given_parts_are_shown_as_a_reader_would_write_them(tmp_path: Path) -> None:
    pairs, frames, mentions = records("EPR"), records("EEA"), records("ET")

    found = shown(file_of(tmp_path, [*pairs, *frames, *mentions]))

    assert found[0].given[0] == "Ann Lee → Acme_Inc"
    assert found[1].given == ("joined: start of work",)
    assert found[-1].given[:2] == ("Ann Lee", "Acme_Inc")


def test_a_record_of_three_keys_is_shown_without_what_it_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "bare.jsonl"
    path.write_text(json.dumps({"instruct": "i", "query": "q", "answer": "a"}) + "\n")

    record = Record("i", "q", "a", id="bare#1")
    assert shown(path) == [Shown(record, {})]


def test_tokens_join_to_the_text_and_a_character_of_several_tokens_is_one_piece() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: number for number, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)

    assert tokens_of("a 王\n", tokenizer) == (Token("a"), Token(" "), Token("王", 3), Token("\n"))
    assert tokens_of("", tokenizer) == ()


def test_white_space_that_no_token_holds_goes_to_the_token_before_it() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()

    assert tokens_of("  Ann met \n Bob ", tokenizer) == (Token("  Ann "), Token("met \n "), Token("Bob "))
    assert tokens_of("  ", tokenizer) == (Token("  ", 0),)


def test_control_characters_are_shown_as_pictures() -> None:
    assert printable("a\x1b[31m\tb\n\x7f\x9b王") == "a␛[31m\tb\n␡␡王"
    assert printable("São Paulo\n") == "São Paulo\n"
