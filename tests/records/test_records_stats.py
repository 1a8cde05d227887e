"""Statistics of record files: every figure worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from uie.errors import RecordError
from uie.records.stats import LabelCount, Lengths, Stats, stats

SCHEMA = {"lang": "en", "entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}}


def row(query: str, answer: str | None, **more: Any) -> dict[str, Any]:
    """The record of a text `query` asked with instruct "Find."; ids and documents are numbered by `write`."""
    found = {"instruct": "Find.", "query": query, "task": "NER", "dataset": "mine", "format": "lines", "prompt": "ner/brief.en"}
    found |= {"schema": SCHEMA, "text": query} | more
    return found if answer is None else found | {"answer": answer}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    lines = []
    for number, found in enumerate(rows):
        lines.append(json.dumps({"id": f"r{number}", "source": {"document_id": f"d{number}"}} | found))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_one_corpus_and_task_give_one_line_of_figures(tmp_path: Path) -> None:
    path = write(
        tmp_path / "train.jsonl",
        row("Ann met Bo", "Ann_person\nBo_person"),
        row("Ann in Rome", "Ann_person\nRome_place", prompt="ner/default.en"),
        row("Nothing", "None"),
    )

    assert stats(path) == (
        Stats(
            split="train",
            dataset="mine",
            task="NER",
            records=3,
            prompt=Lengths(16, 17, 17),  # "Find.", a line end, and 10, 11 and 7 characters
            answer=Lengths(20, 21, 21),
            empty=1 / 3,
            same_prompt=0,
            same_text=0,
            common_prefix=(0 + 10 + 6) / (16 + 17 + 13),  # "Find.\nAnn " is common to the first two, "Find.\n" to the last
            wordings={"ner/brief.en": 2, "ner/default.en": 1},
            labels=(LabelCount("entities", "PER", 3, 3), LabelCount("entities", "LOC", 3, 1)),
        ),
    )


def test_corpora_and_tasks_are_counted_apart_and_in_order(tmp_path: Path) -> None:
    path = write(
        tmp_path / "train.jsonl",
        row("a", "None", dataset="b"),
        row("a", "None", task="ES", dataset="b"),
        row("a", "None", dataset="a"),
    )

    assert [(one.dataset, one.task, one.records) for one in stats(path)] == [("a", "NER", 1), ("b", "ES", 1), ("b", "NER", 1)]


def test_of_a_folder_every_split_is_measured(tmp_path: Path) -> None:
    for split in ("test", "train"):
        write(tmp_path / f"{split}.jsonl", row("a", "None"))

    assert [one.split for one in stats(tmp_path)] == ["train", "test"]


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as error:
        stats(tmp_path)

    assert str(error.value) == (
        f"{tmp_path}: no records in this folder; expected one of train.jsonl, dev.jsonl, test.jsonl, as uie build-data writes them."
    )


def test_the_same_prompt_counts_once_it_comes_again_and_the_same_text_if_it_is_another_documents(tmp_path: Path) -> None:
    path = write(
        tmp_path / "train.jsonl",
        row("Ann", "Ann_person"),
        row("Ann", "Ann_person"),  # prompt and text again, of another document
        row("Q: Ann", "Ann_person", text="Ann", source={"document_id": "d0"}),  # the text of the first record's own document
        row("R: Ann", "Ann_person", text=" Ann", source={"document_id": "d9"}),  # white space aside the same text
    )

    (one,) = stats(path)

    assert (one.same_prompt, one.same_text) == (1, 2)


def test_what_95_percent_do_not_exceed_is_the_length_of_a_record(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", *(row("x" * length, "None") for length in range(1, 41)))

    (one,) = stats(path)

    assert one.prompt == Lengths(6 + 20, 6 + 38, 6 + 40)  # "Find." and a line end before each text


def test_records_without_answers_or_formats_have_figures_as_far_as_they_can(tmp_path: Path) -> None:
    bare = {"instruct": "", "query": "Ann", "task": "NER"}
    path = write(tmp_path / "x.jsonl", bare | {"answer": "None"}, bare | {"answer": "Ann_person", "query": "Bob"})

    (one,) = stats(path)
    (unanswered,) = stats(write(tmp_path / "y.jsonl", row("Ann", None)))

    assert (one.dataset, one.split, one.empty, one.labels, one.wordings) == ("", "x", 0.5, (), {"": 2})
    assert (unanswered.answer, unanswered.empty) == (None, None)
    assert unanswered.labels[0] == LabelCount("entities", "LOC", 1, 0)


def test_with_a_tokenizer_lengths_and_common_beginnings_count_tokens(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: number for number, word in enumerate(["<unk>", "Find.", "Ann", "met", "saw", "Bo", "None"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    path = write(tmp_path / "train.jsonl", row("Ann met Bo", "None"), row("Ann saw Bo", "None"))

    (one,) = stats(path, tokenizer=tokenizer)

    assert (one.prompt, one.answer) == (Lengths(4, 4, 4), Lengths(1, 1, 1))
    assert one.common_prefix == 2 / 8  # Find. Ann
