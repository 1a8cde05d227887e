"""Every layout that has an example: the example is read, and no corruption of it gives anything but Documents and CorpusErrors."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from uie.corpora import BESIDE, LAYOUTS, ODD, options_of, raise_bad
from uie.documents import Document
from uie.errors import CorpusError
from uie.settings import build

EXAMPLES = [name for name in LAYOUTS if LAYOUTS.get(name).example]
OTHERS: tuple[Any, ...] = ("odd", "", 7, -1, 10**9, 2.5, True, None, [], [0], ["odd"], {}, {"odd": 1}, [[]], [{}])
"""What a JSON value is replaced by; each value by three of them, drawn."""
MOST = 250
"""Corruptions of a file that are tried; more are drawn from."""
OWN_META = ("documents", "huggingface")
"""Layouts of Documents as we write them, whose meta may hold anything."""


def written(name: str, folder: Path) -> Path:
    """The files of the example in the folder; the one that is read."""
    files = LAYOUTS.get(name).example
    for file, content in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
    return folder / next(iter(files))


def read(name: str, path: Path, bad=raise_bad) -> list[Document]:
    layout = LAYOUTS.get(name)
    return list(layout.read(path, build(options_of(layout), dict(layout.options), where=name), bad))


def test_nearly_all_layouts_have_an_example():
    assert len(EXAMPLES) > 40
    assert len(EXAMPLES) / len(LAYOUTS.names()) > 0.9


@pytest.mark.parametrize("name", LAYOUTS.names())
def test_options_say_what_they_mean(name):
    options = options_of(LAYOUTS.get(name))

    assert options.__doc__
    assert not options.__doc__.startswith(f"{options.__name__}(")  # the signature, which a dataclass has for want of words


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_read_whole(name, tmp_path):
    documents = read(name, written(name, tmp_path))

    assert documents
    assert all(document.text.strip() for document in documents)
    assert any(document.mentions() for document in documents)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_corrupted_is_documents_and_errors_that_name_the_file(name, tmp_path):
    path = written(name, tmp_path)
    files = LAYOUTS.get(name).example
    chance = random.Random(name)
    tried = 0

    for file, content in files.items():
        variants = list(corrupted(content, chance))
        for variant in variants if len(variants) <= MOST else chance.sample(variants, MOST):
            (tmp_path / file).write_bytes(variant)
            complaints: list[tuple[CorpusError, str]] = []
            try:
                documents = read(name, path, lambda error, raw: complaints.append((error, raw)))  # noqa: B023 (read at once)
            except CorpusError as error:
                documents = []
                complaints.append((error, ""))
            except Exception as found:
                pytest.fail(f"{file} as {variant!r}: {type(found).__name__}: {found}")
            tried += 1
            assert all(isinstance(document, Document) for document in documents)
            assert name in OWN_META or {key for document in documents for key in document.meta} <= {"place", *ODD, *BESIDE}
            for error, raw in complaints:
                assert isinstance(error, CorpusError), variant
                assert isinstance(raw, str), variant
                assert any(str(tmp_path / one) in str(error) for one in files), (variant, str(error))
        (tmp_path / file).write_bytes(content.encode("utf-8"))

    assert tried > 10 * len(files)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("is_folder", [False, True], ids=["missing", "folder"])
def test_a_file_that_is_not_there_is_an_error_whatever_is_done_about_bad_rows(name, is_folder, tmp_path):
    if name == "huggingface" and is_folder:
        pytest.skip("it reads folders")
    path = written(name, tmp_path)
    path.unlink()
    if is_folder:
        path.mkdir()

    with pytest.raises(CorpusError) as error:
        read(name, path, lambda error, raw: None)

    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"], ids=["empty", "blank", "byte order mark"])
def test_a_file_without_content_holds_no_mentions(name, content, tmp_path):
    path = written(name, tmp_path)
    path.write_bytes(content)

    try:
        documents = read(name, path, lambda error, raw: None)
    except CorpusError:
        return

    assert [document.mentions() for document in documents] in ([], [[]])


IDS = ("id", "orig_id", "sent_id", "sentId", "doc_key", "title", "sourcefile", "_input_hash")
IDENTIFIED = [
    "cluener",
    "conll04",
    "copyre",
    "crossre",
    "doccano",
    "docred",
    "duee",
    "dygie",
    "eeqa",
    "entity_list",
    "iepile",
    "instructuie",
    "knowlm",
    "labelstudio",
    "oneie",
    "oneke",
    "phee",
    "pointer",
    "prodigy",
    "spacy_json",
    "spert",
    "spo",
    "spo_details",
    "tacred",
    "triples",
    "universalner",
    "w2ner",
]


@pytest.mark.parametrize("name", IDENTIFIED)
def test_an_id_that_is_null_is_none(name, tmp_path):
    path = written(name, tmp_path)
    content = path.read_text(encoding="utf-8")
    rows = json.loads(content) if content.startswith("[") else [json.loads(line) for line in content.splitlines()]
    rows = [row | dict.fromkeys(IDS) for row in rows]
    path.write_text(
        json.dumps(rows) if content.startswith("[") else "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )

    documents = read(name, path)

    assert {document.id for document in documents} == {""}


def corrupted(content: str, chance: random.Random) -> Iterator[bytes]:
    whole = content.encode("utf-8")
    yield from (whole[:end] for end in range(0, len(whole), 10))
    yield from (chance.randbytes(60) for _ in range(3))
    for _ in range(5):
        at = chance.randrange(len(whole) + 1)
        yield whole[:at] + chance.randbytes(3) + whole[at:]
    yield content.encode("latin-1", "replace") + b"\xe9\n"
    yield content.encode("utf-16")
    yield content.replace("\n", "\r\n").encode("utf-8")
    yield b"\n" + whole
    yield whole + b"\x00"
    yield from (one.encode("utf-8") for one in _lines_changed(content))
    yield from (one.encode("utf-8") for one in _numbers_changed(content))
    yield from (one.encode("utf-8") for one in _json_changed(content, chance))


def _lines_changed(content: str) -> Iterator[str]:
    lines = content.splitlines(keepends=True)
    for number in range(len(lines)):
        yield "".join([*lines[:number], *lines[number + 1 :]])
        yield "".join([*lines[:number], lines[number], *lines[number:]])


def _numbers_changed(content: str) -> Iterator[str]:
    for place, character in enumerate(content):
        if character.isdecimal() and character.isascii():
            for other in ("9", "-1", "99999", "x"):
                yield content[:place] + other + content[place + 1 :]


def _json_changed(content: str, chance: random.Random) -> Iterator[str]:
    """Of a file that is JSON or JSON Lines: each key and item removed, each value replaced."""
    try:
        yield from (json.dumps(value, ensure_ascii=False) for value in _changed(json.loads(content), chance))
        return
    except ValueError:
        pass
    lines = content.splitlines()
    for number, line in enumerate(lines):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        for changed in _changed(value, chance):
            yield "\n".join([*lines[:number], json.dumps(changed, ensure_ascii=False), *lines[number + 1 :]]) + "\n"


def _changed(value: Any, chance: random.Random) -> Iterator[Any]:
    yield from chance.sample(OTHERS, 3)
    if isinstance(value, dict):
        for key, item in value.items():
            yield {other: one for other, one in value.items() if other != key}
            yield from ({**value, key: changed} for changed in _changed(item, chance))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield [*value[:place], *value[place + 1 :]]
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in _changed(item, chance))
    elif isinstance(value, str) and value[:1] in ("{", "["):  # JSON in a text, as IEPile has it
        try:
            inner = json.loads(value)
        except ValueError:
            return
        yield from (json.dumps(changed, ensure_ascii=False) for changed in _changed(inner, chance))
