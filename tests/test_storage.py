"""JSON Lines, whole files and folders, what is never overwritten, manifests."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import uie
from uie import storage
from uie.errors import CorpusError, OutputError, RecordError, UIEError
from uie.storage import claim_folder, read_jsonl, read_lines, whole_file, whole_folder, write_json, write_jsonl, write_manifest


def fill(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("old")
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def message(run: Callable[[], object], kind: type[UIEError]) -> str:
    with pytest.raises(kind) as error:
        run()
    return str(error.value)


# Reading


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"a\nb\n", [(1, "a"), (2, "b")], id="end of line at the end"),
        pytest.param(b"a\nb", [(1, "a"), (2, "b")], id="none at the end"),
        pytest.param(b"a\r\nb\r\n", [(1, "a"), (2, "b")], id="CRLF"),
        pytest.param(b"a\rb\n", [(1, "a\rb")], id="a lone CR belongs to the text"),
        pytest.param("a\u2028b\x85c\x0bd\n".encode(), [(1, "a\u2028b\x85c\x0bd")], id="other line separators belong to the text"),
        pytest.param(b"\xef\xbb\xbfa\nb\n", [(1, "a"), (2, "b")], id="byte order mark"),
        pytest.param("a\n\ufeffb\n".encode(), [(1, "a"), (2, "\ufeffb")], id="a mark elsewhere belongs to the text"),
        pytest.param(b"\n\na\n", [(1, ""), (2, ""), (3, "a")], id="blank lines count"),
        pytest.param(b"", [], id="empty file"),
    ],
)
def test_lines_are_read_with_their_numbers(content: bytes, lines: list[tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(content)

    assert list(read_lines(path)) == lines


def test_objects_are_read_with_their_line_numbers_and_blank_lines_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes('\ufeff{"a": 1}\r\n\r\n  \n{"b": "x\u2028y"}\n'.encode())

    assert list(read_jsonl(path)) == [(1, {"a": 1}), (4, {"b": "x\u2028y"})]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b'{"a": 1}\n\n{"a": \n', "3: not JSON: Expecting value: line 1 column 7 (char 6); expected one object a line.", id="cut"
        ),
        pytest.param(b'{"a": 1}\n[1]\n', "2: expected a JSON object, found list.", id="an array"),
        pytest.param(
            b'{"a": 1}\n{"a": 2}\n{"a": "\xff"}\n',
            "3: not UTF-8 (invalid start byte); convert the file to UTF-8 first.",
            id="Latin-1",
        ),
        pytest.param(
            b'{"a": "fine \\ud83d\\ude00"}\n{"a": "cut \\ud83d"}\n',
            "2: holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it.",
            id="half an emoji",
        ),
        pytest.param(b"[" * 100_000, "1: not JSON: ", id="nested too deep"),
    ],
)
def test_a_wrong_line_is_named_by_file_and_number(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)

    found = message(lambda: list(read_jsonl(path, error=RecordError)), RecordError)

    assert found.startswith(f"{path}:{expected}") if expected.endswith(": ") else found == f"{path}:{expected}"


def test_a_missing_file_is_answered_with_what_is_there(tmp_path: Path) -> None:
    folder = fill(tmp_path / "data", "dev.jsonl", "train.jsonl")
    (tmp_path / "empty").mkdir()

    def of(path: Path) -> str:
        return message(lambda: list(read_lines(path)), CorpusError)

    assert of(folder / "test.jsonl") == f"{folder}/test.jsonl: no such file. The folder holds: dev.jsonl, train.jsonl."
    assert of(tmp_path / "empty" / "x") == f"{tmp_path}/empty/x: no such file. The folder holds: nothing."
    assert of(tmp_path / "no" / "x") == f"{tmp_path}/no/x: no such file. The folder {tmp_path}/no does not exist either."
    assert of(folder) == f"{folder}: expected a file, found a folder."


# Files


def test_rows_are_written_as_they_will_be_read(tmp_path: Path) -> None:
    rows = [{"text": "中文 “x”\u2028\r\n"}, {}]
    path = tmp_path / "new" / "x.jsonl"

    assert write_jsonl(path, rows) == 2
    assert [row for _, row in read_jsonl(path)] == rows
    assert path.read_bytes().count(b"\n") == 2
    assert "中文" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_file_that_fails_leaves_nothing_behind_and_the_old_one_in_place(failure: type[BaseException], tmp_path: Path) -> None:
    path = fill(tmp_path, "x.jsonl") / "x.jsonl"

    def run() -> None:
        with whole_file(path) as out:
            out.write("new")
            out.flush()
            assert path.read_text() == "old"
            raise failure

    with pytest.raises(failure):
        run()

    assert names_in(tmp_path) == ["x.jsonl"]
    assert path.read_text() == "old"


def test_a_file_appears_when_its_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"

    with whole_file(path) as out:
        out.write("a\nb\n")
        assert not path.exists()

    assert path.read_bytes() == b"a\nb\n"
    assert names_in(tmp_path) == ["x.txt"]


# Folders


def test_a_folder_appears_when_its_block_ends(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"

    with whole_folder(folder) as partial:
        (partial / "x.txt").write_text("new")
        assert not folder.exists()

    assert names_in(tmp_path) == ["deep", "deep/out", "deep/out/x.txt"]
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_nothing_behind_and_the_old_one_in_place(failure: type[BaseException], tmp_path: Path) -> None:
    folder = fill(tmp_path / "out", "manifest.json")

    def run() -> None:
        with whole_folder(folder, overwrite=True) as partial:
            (partial / "x.txt").write_text("new")
            raise failure

    with pytest.raises(failure):
        run()

    assert names_in(tmp_path) == ["out", "out/manifest.json"]


def test_a_folder_that_came_into_use_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def run() -> None:
        with whole_folder(folder):
            fill(folder, "theirs.txt")

    assert message(run, OutputError) == f"{folder}: in use (it holds theirs.txt); choose another --out or say --overwrite."
    assert names_in(tmp_path) == ["out", "out/theirs.txt"]


def claim(folder: Path, overwrite: bool = False) -> None:
    claim_folder(folder, overwrite=overwrite)


def make_whole(folder: Path, overwrite: bool = False) -> None:
    with whole_folder(folder, overwrite=overwrite):
        pass


both = pytest.mark.parametrize("use", [claim, make_whole], ids=["filled over time", "whole"])


@both
def test_an_empty_folder_is_free(use: Callable[..., None], tmp_path: Path) -> None:
    use(tmp_path / "new")
    use(fill(tmp_path / "empty"))

    assert names_in(tmp_path) == ["empty", "new"]


@both
def test_a_folder_in_use_is_refused(use: Callable[..., None], tmp_path: Path) -> None:
    folder = fill(tmp_path / "out", "b.txt", "a.txt")

    assert (
        message(lambda: use(folder), OutputError) == f"{folder}: in use (it holds a.txt); choose another --out or say --overwrite."
    )
    assert names_in(folder) == ["a.txt", "b.txt"]


@both
def test_overwriting_empties_a_folder_that_uie_wrote(use: Callable[..., None], tmp_path: Path) -> None:
    folder = fill(tmp_path / "out", "a.txt", "manifest.json")

    use(folder, overwrite=True)

    assert names_in(tmp_path) == ["out"]


@both
def test_overwriting_never_removes_what_uie_did_not_write(use: Callable[..., None], tmp_path: Path) -> None:
    folder = fill(tmp_path / "thesis", "chapter1.tex")

    assert message(lambda: use(folder, overwrite=True), OutputError) == (
        f"{folder}: --overwrite removes only folders that uie wrote, and this one has no manifest.json."
    )
    assert names_in(folder) == ["chapter1.tex"]


@both
def test_a_file_in_the_folders_place_is_refused(use: Callable[..., None], tmp_path: Path) -> None:
    path = fill(tmp_path, "out") / "out"

    assert message(lambda: use(path), OutputError) == f"{path}: expected a folder, found a file; choose another --out."


@both
def test_a_linked_folder_stays_a_link(use: Callable[..., None], tmp_path: Path) -> None:
    target = fill(tmp_path / "large_disk" / "out", "manifest.json")
    link = tmp_path / "out"
    link.symlink_to(target)

    use(link, overwrite=True)

    assert link.is_symlink()
    assert names_in(target) == []


def test_resuming_takes_the_folder_as_it_is(tmp_path: Path) -> None:
    folder = fill(tmp_path / "out", "a.txt")
    file = folder / "a.txt"

    assert claim_folder(folder, resume=True) == folder
    assert names_in(folder) == ["a.txt"]
    assert claim_folder(tmp_path / "new", resume=True).is_dir()
    assert (
        message(lambda: claim_folder(file, resume=True), OutputError)
        == f"{file}: expected a folder, found a file; choose another --out."
    )


# Manifests and hashes


def test_a_manifest_says_what_made_the_folder(tmp_path: Path) -> None:
    write_manifest(tmp_path, "build-data", {"seed": 7}, counts={"in": 2, "out": 1})

    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["command"] == "build-data"
    assert manifest["settings"] == {"seed": 7}
    assert manifest["counts"] == {"in": 2, "out": 1}
    assert manifest["uie"] == uie.__version__
    assert set(manifest) == {"command", "settings", "uie", "commit", "python", "libraries", "counts"}
    assert "seqeval" in manifest["libraries"]


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uie, "__file__", str(tmp_path / "uie" / "__init__.py"))

    assert storage.environment()["commit"] is None


def test_hashes_are_sha_256_in_hex(tmp_path: Path) -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's example "abc"
    (tmp_path / "x").write_bytes(b"abc")

    assert storage.text_hash("abc") == abc
    assert storage.file_hash(tmp_path / "x") == abc


def test_json_is_written_for_people(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"名": [1]})

    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n "名": [\n  1\n ]\n}\n'
