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
from uie.records.writing import Shard, SplitWriter, finish
from uie.storage import whole_folder

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
    folder: Path, given: Groups, *, split: str = "train", seed: int = 0, parts: Iterable[str] = (), shards: int = 1, **order: object
) -> list[str]:
    """The ids in the order in which they are written."""
    with whole_folder(folder) as partial:
        waiting = []
        for index in range(shards):
            writer = SplitWriter(partial / f"waiting-{index}", split, seed=seed, shard=Shard(index, shards))
            for turn, (part, group) in enumerate((part, group) for part in parts or given for group in given[part]):
                if writer.shard.has(turn):
                    writer.group(part, [record(id) for id in group], turn=turn)
            waiting.append(writer.close())
        finish(waiting, partial, split, **order)  # type: ignore[arg-type]
    found = list(read_records(folder / f"{split}.jsonl"))  # refuses two records of one id
    for one in found:
        name = one.id.partition("~")[0]
        assert (one.query, one.answer) == (f"About {name}: “ä”\u2028", f"{name}_x")
    return [one.id for one in found]


def composed(folder: Path, *groups: tuple[str, list[str], int]) -> tuple[list[str], Mapping[str, int]]:
    """The ids of train batches of one record of the part `small` and one of `large`, and what came again; groups with their copy."""
    writer = SplitWriter(folder / "waiting", "train", seed=0)
    for turn, (part, ids, copy) in enumerate(groups):
        writer.group(part, [record(id) for id in ids], turn=turn, copy=copy)
    repeated = finish([writer.close()], folder, "train", batch=2, weights={"small": 1, "large": 1})
    return [one.id for one in read_records(folder / "train.jsonl")], repeated


def flat(given: Groups) -> list[str]:
    return [id for part in given.values() for group in part for id in group]


def part_of(id: str) -> str:
    return id.partition("/")[0]


# Kept and drawn


@pytest.mark.parametrize("shards", [1, 2, 3, 9])
@pytest.mark.parametrize("split", ["dev", "test"])
def test_dev_and_test_keep_the_order_in_which_records_come(split: str, shards: int, tmp_path: Path) -> None:
    given = groups(b=(3, 2), a=(2, 3))

    assert write(tmp_path / "out", given, split=split, shards=shards) == flat(given)


@pytest.mark.parametrize("order", [{}, {"batch": 4, "weights": {"a": 3, "b": 1, "c": 2}}])
def test_however_many_share_the_work_the_bytes_are_the_same(order: Mapping[str, object], tmp_path: Path) -> None:
    given = groups(a=(12, 3), b=(8, 2), c=(1, 1))
    write(tmp_path / "1", given, **order)

    for shards in (2, 3, 5, 30):
        write(tmp_path / f"{shards}", given, shards=shards, **order)
        assert (tmp_path / f"{shards}" / "train.jsonl").read_bytes() == (tmp_path / "1" / "train.jsonl").read_bytes()


def test_train_groups_are_drawn_whole(tmp_path: Path) -> None:
    given = groups(a=(12, 3), b=(8, 3))

    order = write(tmp_path / "out", given)

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


@pytest.mark.parametrize("documents", [0, 3, 64, 65, 128, 200])
@pytest.mark.parametrize("shards", [1, 2, 3])
def test_documents_stand_in_a_file_of_their_own_in_the_order_in_which_they_come(
    documents: int, shards: int, tmp_path: Path
) -> None:
    writers = [SplitWriter(tmp_path / f"waiting-{i}", "train", seed=0, shard=Shard(i, shards)) for i in range(shards)]
    for number in range(documents):
        for writer in writers:
            writer.document(Document(str(number), "text"))

    finish([writer.close() for writer in writers], tmp_path, "train")

    lines = (tmp_path / "documents" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [str(number) for number in range(documents)]
    assert (tmp_path / "train.jsonl").read_text(encoding="utf-8") == ""
    assert not list(tmp_path.glob("waiting*"))


def test_a_mistake_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        write(tmp_path / "out", groups(a=(2, 2)), batch=2, weights={"a": 0})

    assert str(error.value) == "weight: expected one above 0 among the corpora with records (a)."
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


# Composed


def test_every_batch_has_one_composition_and_nothing_is_left_out(tmp_path: Path) -> None:
    given = groups(a=(10, 4), b=(3, 2), c=(5, 1))

    order = write(tmp_path / "out", given, batch=8, weights={"a": 5, "b": 2, "c": 1})

    batches = [order[start : start + 8] for start in range(0, len(order), 8)]
    assert len(batches) == 8  # 40 records of a, 5 a batch; the others begin again
    assert all(Counter(map(part_of, batch)) == {"a": 5, "b": 2, "c": 1} for batch in batches)
    assert set(flat(given)) <= set(order)
    assert len(set(order)) == 64
    assert Counter(map(part_of, order)) == {"a": 40, "b": 16, "c": 8}


def test_every_window_of_a_batch_has_the_same_composition_where_shares_are_whole(tmp_path: Path) -> None:
    order = write(tmp_path / "out", groups(a=(6, 2), b=(3, 2)), batch=3, weights={"a": 2, "b": 1})

    for start in range(len(order) - 2):
        assert Counter(map(part_of, order[start : start + 3])) == {"a": 2, "b": 1}


def test_what_a_batch_cannot_hold_in_full_the_next_ones_make_up_for(tmp_path: Path) -> None:
    order = write(tmp_path / "out", groups(a=(30, 1), b=(30, 1)), batch=5, weights={"a": 1, "b": 1})

    counts = [Counter(map(part_of, order[start : start + 5])) for start in range(0, len(order), 5)]
    assert len(counts) == 12
    assert [count["a"] + count["b"] for count in counts] == [5] * 12
    assert {count["a"] for count in counts} == {2, 3}
    assert sum(count["a"] for count in counts) == sum(count["b"] for count in counts) == 30
    assert not any("~" in id for id in order)


def test_neighbours_of_a_group_stay_together_in_a_batch(tmp_path: Path) -> None:
    given = groups(a=(6, 4), b=(6, 4))

    order = write(tmp_path / "out", given, batch=8, weights={"a": 1, "b": 1})

    pieces = [order[start : start + 4] for start in range(0, 48, 4)]
    assert sorted(pieces) == sorted(group for part in given.values() for group in part)


def test_records_that_come_again_are_called_2_and_3_and_are_counted(tmp_path: Path) -> None:
    order, repeated = composed(tmp_path, ("small", ["s#NER"], 1), ("large", [f"l{number}#NER" for number in range(3)], 1))

    assert [id for id in order if id.startswith("s")] == ["s#NER", "s#NER~2", "s#NER~3"]
    assert repeated == {"small": 2}


def test_copies_that_come_again_take_no_others_id(tmp_path: Path) -> None:
    order, _ = composed(
        tmp_path,
        ("small", ["x#NER", "y#NER"], 1),
        ("small", ["x#NER~2"], 2),  # y was taken once only
        ("large", [f"l{number}#NER" for number in range(8)], 1),
    )

    small = [id for id in order if not id.startswith("l")]
    assert sorted(small[:3]) == ["x#NER", "x#NER~2", "y#NER"]
    again = {"x#NER": "x#NER~3", "x#NER~2": "x#NER~4", "y#NER": "y#NER~3"}
    last = {"x#NER": "x#NER~5", "x#NER~2": "x#NER~6", "y#NER": "y#NER~5"}
    assert small[3:] == [*(again[id] for id in small[:3]), *(last[id] for id in small[:2])]


def test_a_tilde_in_a_name_is_no_copy(tmp_path: Path) -> None:
    order, _ = composed(tmp_path, ("small", ["my~2/train/0#NER"], 1), ("large", [f"l{number}#NER" for number in range(2)], 1))

    assert [id for id in order if id.startswith("my")] == ["my~2/train/0#NER", "my~2/train/0#NER~2"]


def test_a_part_of_weight_0_is_left_out(tmp_path: Path) -> None:
    order = write(tmp_path / "out", groups(a=(3, 1), b=(3, 1)), batch=2, weights={"a": 1, "b": 0})

    assert set(map(part_of, order)) == {"a"}


def test_thirds_are_exact(tmp_path: Path) -> None:
    third = Fraction(1, 3)

    order = write(
        tmp_path / "out",
        groups(a=(6, 1), b=(2, 1), c=(2, 1), d=(2, 1)),
        batch=6,
        weights={"a": 1, "b": third, "c": third, "d": third},
    )

    assert len(order) == 12  # two batches of 3, 1, 1, 1, and no third one
    assert not any("~" in id for id in order)


def test_composed_train_without_records_is_an_empty_file(tmp_path: Path) -> None:
    assert write(tmp_path / "out", {}, batch=4, weights={}) == []
