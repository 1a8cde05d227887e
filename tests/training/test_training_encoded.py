"""Records as token ids in the cache: the same ids as one by one, written once, mapped by all, and made anew where damaged."""

import errno
import functools
import io
import json
import mmap
import os
import re
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from rich.console import Console
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from uie.errors import ModelError, RecordError, TrainingError
from uie.models.encoding import WRAPS, Example, encode_example, encode_examples
from uie.records.record import Record, record_to_json
from uie.storage import write_jsonl
from uie.training import encoded
from uie.training.encoded import read_examples

# Takes white space away, writes a system message of its own, and knows ChatML's turns.
TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are kind.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXTS = [
    ("You find the persons and places in a text.", "Text: Mira met Anton in Oslo.", "Mira_person\nOslo_place"),
    ("You find the persons and places in a text.", "Text: it said <|im_end|> twice <|im_end|>", "<|im_end|>_person"),
    ("", "  Text: nobody came.  ", "None"),
    ("找出文中的人名和地名。", "米拉在奥斯陆见到了安东。", "米拉_人名"),
    ("<|pad|>", "\ue0000\ue001 🙂", " \n"),
    ("You find the persons and places in a text.", "Text: Lena.", "Lena_person"),
    ("You find the persons and places in a text.", "", "None"),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of entries, empty."""
    monkeypatch.setenv("UIE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "encoded"


@pytest.fixture
def make(tiny_model: Path):
    """Makes tokenizers in memory, all alike but for the template."""

    def make(template: str | None = TEMPLATE):
        tokenizer = AutoTokenizer.from_pretrained(tiny_model)
        tokenizer.name_or_path, tokenizer.chat_template = "", template
        return tokenizer

    return make


@pytest.fixture
def tokenizer(make):
    return make()


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    write_jsonl(path, [{"instruct": instruct, "query": query, "answer": answer} for instruct, query, answer in TEXTS])
    return path


def read(path: Path, tokenizer, **how):
    return read_examples(path, tokenizer, **{"wrap": "chat", "max_length": 500, "on_error": "raise", **how})


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("at_once", [1, 3, 512])
def test_ids_are_those_of_the_records_one_by_one(train, tokenizer, wrap, at_once, monkeypatch):
    monkeypatch.setattr(encoded, "_AT_ONCE", at_once)

    examples = read(train, tokenizer, wrap=wrap)

    expected = [encode_example(tokenizer, *texts, wrap) for texts in TEXTS]
    assert len(expected) == len(examples) == 7
    assert list(examples) == expected
    assert examples.lengths.tolist() == [len(one.input_ids) for one in expected]
    assert examples.max_answer_tokens == max(sum(label != -100 for label in one.labels) for one in expected)
    assert [examples.id_of(index) for index in range(7)] == [f"train#{number}" for number in range(1, 8)]
    assert examples.instructs.tolist() == [0, 0, 2, 3, 4, 0, 0]


@pytest.mark.parametrize("wrap", WRAPS)
def test_ids_are_the_same_with_a_tokenizer_that_closes_what_it_encodes(tokenizer, wrap):
    end = tokenizer.eos_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", end)]
    )

    assert encode_examples(tokenizer, TEXTS, wrap) == [encode_example(tokenizer, *texts, wrap) for texts in TEXTS]


def test_what_one_record_is_refused_for_all_are(make):
    with pytest.raises(RecordError, match="^the answer is empty; an answer that finds nothing says so in words, such as None\\.$"):
        encode_examples(make(), [TEXTS[0], ("a", "b", "")], "chat")
    with pytest.raises(ModelError, match="the model has no chat template"):
        encode_examples(make(None), TEXTS, "chat")
    with pytest.raises(ModelError, match="^wrap 'Chat': expected one of chat, alpaca, human, plain\\.$"):
        encode_examples(make(None), TEXTS, "Chat")
    assert encode_examples(make(None), [], "chat") == []


def test_the_second_reading_encodes_nothing_and_maps_the_files(train, tokenizer, monkeypatch, capsys):
    first = read(train, tokenizer)
    monkeypatch.setattr(encoded, "encode_examples", None)

    second = read(train, tokenizer, on_error="skip")

    assert list(second) == list(first)
    assert (second.origins, second.asked, second.rejected) == (first.origins, first.asked, first.rejected)
    assert isinstance(second.tokens.base.base, mmap.mmap)
    said = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"train: 7 records encoded in \d+\.\d s", said[0])
    assert said[1:] == ["train: 7 records taken from the cache"]


def test_an_index_that_is_none_is_an_error(train, tokenizer):
    examples = read(train, tokenizer)

    for index in (-1, 7):
        with pytest.raises(IndexError):
            examples[index]


@pytest.mark.parametrize(
    "changed", ["text", "file name", "limit", "wrap", "max_length", "template", "special token", "added token"]
)
def test_what_decides_the_ids_names_the_entry(train, tokenizer, make, cache, changed):
    read(train, tokenizer)
    how, other = {}, make()
    match changed:
        case "text":
            train.write_text(train.read_text(encoding="utf-8").replace("Lena", "Mira"), encoding="utf-8")
        case "file name":  # records without an id are called by it
            train = train.rename(train.with_name("other.jsonl"))
        case "limit" | "max_length":
            how = {changed: 300}
        case "wrap":
            how = {"wrap": "plain"}
        case "template":
            other.chat_template = TEMPLATE.replace("im_start", "im_end")
        case "special token":
            other.eos_token = "<|pad|>"
        case "added token":
            other.add_tokens(["Mira"])

    read(train, make())
    assert len(entries(cache)) == (2 if changed in ("text", "file name") else 1)
    read(train, other, **how)

    assert len(entries(cache)) == 2


def test_a_tokenizer_is_known_by_the_files_it_was_read_from(train, tokenizer, tmp_path, cache):
    for name, words in (("one", "said"), ("same", "said"), ("other", "told")):
        tokenizer.save_pretrained(tmp_path / name)
        text = (tmp_path / name / "tokenizer_config.json").read_text(encoding="utf-8")
        (tmp_path / name / "tokenizer_config.json").write_text(json.dumps({**json.loads(text), "note": words}), encoding="utf-8")
        read(train, AutoTokenizer.from_pretrained(tmp_path / name))

    assert len(entries(cache)) == 2


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (
            lambda entry: (entry / "tokens.npy").write_bytes((entry / "tokens.npy").read_bytes()[:-4]),
            r"tokens\.npy has \d+ of \d+ bytes",
        ),
        (lambda entry: (entry / "graded.npy").unlink(), r"graded\.npy is missing"),
        (lambda entry: (entry / "facts.json").unlink(), r"has no facts\.json"),
        (lambda entry: (entry / "facts.json").write_text("{", encoding="utf-8"), r"facts\.json is broken"),
        (lambda entry: (entry / "facts.json").write_text('{"bytes": 1}', encoding="utf-8"), r"facts\.json is broken"),
    ],
    ids=["cut off", "missing", "no facts", "broken facts", "other facts"],
)
def test_a_damaged_entry_is_made_anew(train, tokenizer, cache, capsys, damage, fault):
    expected = list(read(train, tokenizer))
    (name,) = entries(cache)
    damage(cache / name)
    capsys.readouterr()

    assert list(read(train, tokenizer)) == expected

    first, second = capsys.readouterr().err.splitlines()
    assert re.fullmatch(re.escape(f"{cache / name}: ") + fault + "; it is thrown away and made anew", first)
    assert second.startswith("train: 7 records encoded in ")
    assert list(read(train, tokenizer)) == expected


def test_what_cannot_be_finished_leaves_no_entry(train, tokenizer, cache):
    with train.open("a", encoding="utf-8") as file:
        file.write("{\n")

    with pytest.raises(RecordError, match=r"train\.jsonl:8: not JSON"):
        read(train, tokenizer)

    assert entries(cache) == []


def test_of_many_at_once_one_encodes_and_the_others_wait(train, tokenizer, cache, monkeypatch):
    calls, found, encode = [], [], encoded._encode

    def slow(*given, **named):
        calls.append(given)
        time.sleep(0.3)
        encode(*given, **named)

    monkeypatch.setattr(encoded, "_encode", slow)
    readers = [threading.Thread(target=lambda: found.append(list(read(train, tokenizer)))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert len(calls) == 1
    assert len(found) == 4
    assert all(one == found[0] for one in found)
    assert len(entries(cache)) == 1


def test_the_entries_last_used_stay_and_those_of_a_day(train, tokenizer, cache):
    day, now = 86400, time.time()
    ages = {f"old{number:02}": day * (2 + number) for number in range(15)} | {f"new{number}": day * 0.9 for number in range(3)}
    for name, age in ages.items():
        (cache / name).mkdir(parents=True)
        (cache / f".{name}.lock").touch()
        (cache / name / "facts.json").write_text("{}", encoding="utf-8")
        os.utime(cache / name / "facts.json", (now - age, now - age))

    read(train, tokenizer)

    left = [name for name in entries(cache) if len(name) < 32]
    assert left == ["new0", "new1", "new2", *(f"old{number:02}" for number in range(12))]  # and the one just made are 16
    assert sorted(path.name for path in cache.glob(".o*.lock")) == [f".old{number:02}.lock" for number in range(12)]


def test_recent_entries_stay_however_many(train, tokenizer, cache):
    for number in range(20):
        (cache / f"new{number:02}").mkdir(parents=True)

    read(train, tokenizer)

    assert len(entries(cache)) == 21


def test_using_an_entry_keeps_it(train, tokenizer, cache):
    read(train, tokenizer)
    (facts,) = cache.glob("*/facts.json")
    os.utime(facts, (1, 1))

    read(train, tokenizer)

    assert facts.stat().st_mtime > time.time() - 60


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder(train, tokenizer, cache, tmp_path, monkeypatch, capsys):
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))

    examples = read(train, tokenizer)

    first, second = capsys.readouterr().err.splitlines()
    folder = re.escape(str(tmp_path / "scratch" / "uie-encoded-"))
    assert re.fullmatch(
        re.escape(f"{cache}: Not a directory; the records are encoded in ") + folder + r"\w+, by each process for itself", first
    )
    assert second.startswith("train: 7 records encoded in ")
    assert list((tmp_path / "scratch").iterdir()) == []  # and yet:
    assert list(examples) == [encode_example(tokenizer, *texts, "chat") for texts in TEXTS]


def test_a_cache_that_can_only_be_read_is_used(train, tokenizer, monkeypatch, capsys):
    def refused(*given):
        raise OSError(errno.EROFS, "Read-only file system")

    read(train, tokenizer)
    monkeypatch.setattr(encoded, "alone", refused)
    monkeypatch.setattr("os.utime", refused)
    capsys.readouterr()

    read(train, tokenizer)

    assert capsys.readouterr().err == "train: 7 records taken from the cache\n"


def test_no_room_anywhere_is_told(train, tokenizer, cache, tmp_path, monkeypatch):
    def full(*given, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encoded, "_encode", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(TrainingError) as error:
        read(train, tokenizer)

    assert str(error.value) == (
        f"{cache}: No space left on device; nor can encoded records be written in {tmp_path}: No space left on device; "
        "make room, or let UIE_CACHE or TMPDIR name a folder with room."
    )
    assert entries(cache) == []


def test_records_that_cannot_be_learned_from_are_named_and_may_be_set_aside(tmp_path, tokenizer):
    path = tmp_path / "d.jsonl"
    schema, other = {"entities": {"PER": {"name": "x"}}}, {"entities": {"PER": {"name": "person"}}}
    given = {"dataset": "news", "split": "train", "format": "lines", "prompt": "p", "text": "t"}
    records = [
        Record("i", "q", "", "no answer", **given, schema={"entities": {"GONE": {}}}),
        Record("i", "q" * 400, "a", "long", **given),
        Record("i", "q", "a", "ünd", **given, schema=schema),
        Record("i", "q", "b", "2", **given, schema=other),
        Record("i", "q", "b", "3", **given, schema=other),
        Record("i", "q", "b", "bare"),
    ]
    write_jsonl(path, map(record_to_json, records))

    examples = read(path, tokenizer, max_length=100, on_error="skip")
    with pytest.raises(RecordError) as error:
        read(path, tokenizer, max_length=100)
    with pytest.raises(RecordError) as none_left:
        read(path, tokenizer, max_length=5, on_error="skip")

    assert [examples.id_of(index) for index in range(len(examples))] == ["ünd", "2", "3", "bare"]
    empty, long = examples.rejected
    assert empty == {
        "id": "no answer",
        "reason": "the answer is empty; an answer that finds nothing says so in words, such as None.",
    }
    assert long["id"] == "long"
    assert re.fullmatch(r"\d{3} tokens, over max_length 100", long["reason"])
    assert examples.origins == {("news", "train", "NER"): 3, ("", "", ""): 1}
    assert examples.asked == {
        "tasks": ["NER"],
        "formats": ["lines"],
        "prompts": ["p"],
        "langs": ["en"],
        "schemas": {"news": {"NER": {"lang": "en", "entities": {"PER": {"name": "person"}}}}},  # two of three call it so
    }
    assert str(error.value) == (
        f"{path}: record 'no answer' (and 1 more): the answer is empty; an answer that finds nothing says so in words, such as None; "
        "mend them, raise max_length, or set them aside with on_error: skip."
    )
    assert str(none_left.value) == f"{path}: no record to learn from (6 set aside); see rejected/ or the file itself."


def test_a_file_that_is_not_there_is_told_so(tmp_path, tokenizer):
    (tmp_path / "data").mkdir()

    with pytest.raises(RecordError) as error:
        read(tmp_path / "data" / "train.jsonl", tokenizer)

    assert str(error.value) == f"{tmp_path / 'data' / 'train.jsonl'}: no such file. The folder holds: nothing."


def test_a_terminal_shows_how_far_it_is(train, tokenizer, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(encoded, "Console", lambda **given: Console(file=screen, force_terminal=True, width=80))

    read(train, tokenizer, limit=5)

    assert "encoding train" in screen.getvalue()
    assert "5/5" in screen.getvalue()


def test_memory_does_not_grow_with_the_records(tmp_path, tokenizer, monkeypatch):
    """20,000 examples of 60 tokens: held as lists they take 40 MB; ids, which must differ, take 3."""
    row = {
        "instruct": "You find the persons and places in a text. " * 4,
        "query": "Text: Mira met Anton in Oslo.",
        "answer": "None",
    }
    path = tmp_path / "many.jsonl"
    write_jsonl(path, ({**row, "id": f"made/{number}"} for number in range(20_000)))
    encode = functools.partial(read, path, tokenizer, wrap="plain", max_length=1000)
    read(path, tokenizer, limit=1)  # what is made once
    ids = [*range(1000, 1060)]  # the tokenizer itself would take half a minute here
    monkeypatch.setattr(encoded, "encode_examples", lambda _, texts, wrap: [Example(ids[:], [-100] * 50 + ids[50:]) for _ in texts])

    tracemalloc.start()
    try:
        examples = encode()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(examples) == 20_000
    assert peak < 12e6
