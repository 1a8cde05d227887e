"""Groups of records → a split's file: kept, drawn or composed order."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from uie.documents import Document
from uie.errors import SettingsError
from uie.records.record import Record, read_records
from uie.records.writing import split_writer

Groups = Mapping[str, list[list[str]]]


def record(id: str) -> Record:
    return Record("Find.", f"About {id}: “ä”\u2028", f"{id}_x", id=id, text=id)


def groups(**sizes: tuple[int, int]) -> Groups:
    """Of each part so many groups of so many records."""
    return {
        part: [[f"{part}/train/{number}#NER.{inside}" for inside in range(size)] for number in range(count)]
        for part, (count, size) in sizes.items()
    }


def write(
    folder: Path, given: Groups, *, split: str = "train", seed: int = 0, parts: Iterable[str] = (), **order: object
) -> list[str]:
    """The ids in the order in which they are written."""
    with split_writer(folder, split, seed=seed) as writer:
        for part in parts or given:
            for group in given[part]:
                writer.group(part, [record(id) for id in group])
        writer.finish(**order)  # type: ignore[arg-type]
    found = list(read_records(folder / f"{split}.jsonl"))  # refuses two records of one id
    for one in found:
        name = one.id.partition("~")[0]
        assert (one.query, one.answer) == (f"About {name}: “ä”\u2028", f"{name}_x")
    return [one.id for one in found]


def flat(given: Groups) -> list[str]:
    return [id for part in given.values() for group in part for id in group]


def part_of(id: str) -> str:
    return id.partition("/")[0]


# Kept and drawn


@pytest.mark.parametrize("split", ["dev", "test"])
def test_dev_and_test_keep_the_order_in_which_records_come(split: str, tmp_path: Path) -> None:
    given = groups(b=(3, 2), a=(2, 3))

    with split_writer(tmp_path, split, seed=0) as writer:
        for group in (group for part in given.values() for group in part):
            writer.group("part", [record(id) for id in group])

    assert [one.id for one in read_records(tmp_path / f"{split}.jsonl")] == flat(given)


def test_train_groups_are_drawn_whole(tmp_path: Path) -> None:
    given = groups(a=(12, 3), b=(8, 3))

    order = write(tmp_path, given)

    assert sorted(order) == sorted(flat(given))
    assert order != flat(given)
    pieces = [order[start : start + 3] for start in range(0, 60, 3)]
    assert sorted(pieces) == sorted(group for part in given.values() for group in part)
    changes = sum(part_of(one[0]) != part_of(other[0]) for one, other in zip(pieces, pieces[1:], strict=False))
    assert changes > 2  # parts are mixed


def test_the_drawn_order_depends_on_the_seed_and_not_on_the_order_of_the_parts(tmp_path: Path) -> None:
    given = groups(a=(12, 3), b=(8, 3))

    one, turned, other = (
        write(tmp_path / "1", given, parts="ab"),
        write(tmp_path / "2", given, parts="ba"),
        write(tmp_path / "3", given, seed=1),
    )

    assert one == turned != other


def test_documents_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    with split_writer(tmp_path, "train", seed=0) as writer:
        for number in range(3):
            writer.document(Document(str(number), "text"))
        writer.finish()

    lines = (tmp_path / "documents" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["0", "1", "2"]
    assert (tmp_path / "train.jsonl").read_text(encoding="utf-8") == ""


def test_a_mistake_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        write(tmp_path, groups(a=(2, 2)), batch=2, weights={"a": 0})

    assert str(error.value) == "weight: expected one above 0 among the corpora with records (a)."
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


# Composed


def test_every_batch_has_one_composition_and_nothing_is_left_out(tmp_path: Path) -> None:
    given = groups(a=(10, 4), b=(3, 2), c=(5, 1))

    order = write(tmp_path, given, batch=8, weights={"a": 5, "b": 2, "c": 1})

    batches = [order[start : start + 8] for start in range(0, len(order), 8)]
    assert len(batches) == 8  # 40 records of a, 5 a batch; the others begin again
    assert all(Counter(map(part_of, batch)) == {"a": 5, "b": 2, "c": 1} for batch in batches)
    assert set(flat(given)) <= set(order)
    assert len(set(order)) == 64
    assert Counter(map(part_of, order)) == {"a": 40, "b": 16, "c": 8}


def test_every_window_of_a_batch_has_the_same_composition_where_shares_are_whole(tmp_path: Path) -> None:
    order = write(tmp_path, groups(a=(6, 2), b=(3, 2)), batch=3, weights={"a": 2, "b": 1})

    for start in range(len(order) - 2):
        assert Counter(map(part_of, order[start : start + 3])) == {"a": 2, "b": 1}


def test_what_a_batch_cannot_hold_in_full_the_next_ones_make_up_for(tmp_path: Path) -> None:
    order = write(tmp_path, groups(a=(30, 1), b=(30, 1)), batch=5, weights={"a": 1, "b": 1})

    counts = [Counter(map(part_of, order[start : start + 5])) for start in range(0, len(order), 5)]
    assert len(counts) == 12
    assert [count["a"] + count["b"] for count in counts] == [5] * 12
    assert {count["a"] for count in counts} == {2, 3}
    assert sum(count["a"] for count in counts) == sum(count["b"] for count in counts) == 30
    assert not any("~" in id for id in order)


def test_neighbours_of_a_group_stay_together_in_a_batch(tmp_path: Path) -> None:
    given = groups(a=(6, 4), b=(6, 4))

    order = write(tmp_path, given, batch=8, weights={"a": 1, "b": 1})

    pieces = [order[start : start + 4] for start in range(0, 48, 4)]
    assert sorted(pieces) == sorted(group for part in given.values() for group in part)


def test_records_that_come_again_are_called_2_and_3_and_are_counted(tmp_path: Path) -> None:
    with split_writer(tmp_path, "train", seed=0) as writer:
        writer.group("small/NER", [record("s#NER")])
        writer.group("large/NER", [record(f"l{number}#NER") for number in range(3)])
        writer.finish(batch=2, weights={"small/NER": 1, "large/NER": 1})

    order = [one.id for one in read_records(tmp_path / "train.jsonl")]
    assert [id for id in order if id.startswith("s")] == ["s#NER", "s#NER~2", "s#NER~3"]
    assert writer.repeated == {"small/NER": 2}


def test_copies_that_come_again_take_no_others_id(tmp_path: Path) -> None:
    with split_writer(tmp_path, "train", seed=0) as writer:
        writer.group("small", [record("x#NER"), record("x#NER~2"), record("y#NER")])  # y was taken once only
        writer.group("large", [record(f"l{number}#NER") for number in range(8)])
        writer.finish(batch=2, weights={"small": 1, "large": 1})

    order = [one.id for one in read_records(tmp_path / "train.jsonl")]
    assert [id for id in order if not id.startswith("l")] == [
        "x#NER", "x#NER~2", "y#NER", "x#NER~3", "x#NER~4", "y#NER~3", "x#NER~5", "x#NER~6",
    ]  # fmt: skip


def test_a_tilde_in_a_name_is_no_copy(tmp_path: Path) -> None:
    with split_writer(tmp_path, "train", seed=0) as writer:
        writer.group("small", [record("my~2/train/0#NER")])
        writer.group("large", [record(f"l{number}#NER") for number in range(2)])
        writer.finish(batch=2, weights={"small": 1, "large": 1})

    order = [one.id for one in read_records(tmp_path / "train.jsonl")]
    assert [id for id in order if id.startswith("my")] == ["my~2/train/0#NER", "my~2/train/0#NER~2"]


def test_a_part_of_weight_0_is_left_out(tmp_path: Path) -> None:
    order = write(tmp_path, groups(a=(3, 1), b=(3, 1)), batch=2, weights={"a": 1, "b": 0})

    assert set(map(part_of, order)) == {"a"}


def test_thirds_are_exact(tmp_path: Path) -> None:
    third = Fraction(1, 3)

    order = write(
        tmp_path, groups(a=(6, 1), b=(2, 1), c=(2, 1), d=(2, 1)), batch=6, weights={"a": 1, "b": third, "c": third, "d": third}
    )

    assert len(order) == 12  # two batches of 3, 1, 1, 1, and no third one
    assert not any("~" in id for id in order)


def test_composed_train_without_records_is_an_empty_file(tmp_path: Path) -> None:
    assert write(tmp_path, {}, batch=4, weights={}) == []
