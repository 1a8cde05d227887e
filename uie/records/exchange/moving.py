"""Files of records or a build folder → files of another project's layout; such files → a file of records."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from uie.errors import OutputError, RecordError
from uie.formats import FORMATS
from uie.records.exchange import LAYOUTS
from uie.records.exchange.layout import Json, SetAside, Source, Written, read_rows, write_rows
from uie.records.record import Record, read_records, record_from_json, record_to_json
from uie.storage import file_hash, to_line, whole_file, whole_folder, write_manifest
from uie.tasks import TASKS

_SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Imported:
    """How many records were written to `out`, and for each reason how many rows were set aside in `rejected`."""

    out: Path
    records: int
    rejected: Path
    reasons: Mapping[str, int]


def export_records(source: Path, layout: str, *, out: Path, overwrite: bool = False) -> dict[Path, int]:
    """Writes the records of a file, or of every split of a build folder, in a layout (see `LAYOUTS`). Returns each file's records.

    A file gives a file and a folder a folder with one file a split; llamafactory and huggingface always give a folder. Where a
    layout leaves it open, a file called `.jsonl` holds one row a line and any other an array.

    Raises:
        UIEError: a record has no answer, there is no record, or `out` is in use.
    """
    into = LAYOUTS.get(layout)
    splits = _splits(source)
    if source.is_dir() or into.beside is not None:
        return _export_folder(source, splits, layout, out, overwrite=overwrite)
    _refuse_file(out, source, overwrite=overwrite)
    written = _write(out, next(iter(splits)), source, layout)
    if written is None:
        raise RecordError(f"{source}: the file holds no record.")
    return {out: written.records}


def import_records(
    source: Path,
    layout: str,
    *,
    out: Path,
    task: str = "",
    dataset: str = "",
    lang: str = "",
    format: str = "",
    overwrite: bool = False,
) -> Imported:
    """Writes what a file (or a folder, as the layout has it) holds as records, with the keys that are known.

    Task, dataset, language and answer format go before what the rows say; a dataset of LLaMA-Factory is also the one entry to read.
    Rows that are no question with its answer go to `NAME.rejected.jsonl` beside `out`.

    Raises:
        UIEError: no row can be read, the file is no JSON, a name is unknown, or `out` is in use.
    """
    if task:
        TASKS.get(task)
    if format:
        FORMATS.get(format)
    given = {key: value for key, value in {"task": task, "dataset": dataset, "lang": lang, "format": format}.items() if value}
    rejected = out.with_name(f"{out.stem}.rejected.jsonl")
    for path in (out, rejected):
        _refuse_file(path, source, overwrite=overwrite)
    count, reasons, first = 0, Counter[str](), None
    with contextlib.ExitStack() as files:
        records = files.enter_context(whole_file(out))
        set_aside: IO[str] | None = None
        for found in read_layout(source, layout, dataset=dataset):
            if isinstance(found, Record):
                records.write(to_line(_known_keys(found) | given))
                count += 1
                continue
            first = first or found
            reasons[found.reason] += 1
            set_aside = set_aside or files.enter_context(whole_file(rejected))
            set_aside.write(to_line({"where": found.where, "reason": found.reason, "raw": found.row}))
        if first is not None and not count:
            raise RecordError(
                f"{first.where}: {first.reason} No row of {source} can be read as {layout}.{_hint(first.row, layout)}"
            )
        if not count:
            raise RecordError(f"{source}: no rows.")
    if not reasons:
        rejected.unlink(missing_ok=True)  # of the import that this one replaces
    return Imported(out, count, rejected, reasons)


def read_layout(path: Path, layout: str, *, dataset: str = "") -> Iterator[Record | SetAside]:
    """The records of a file or folder in a layout, and what none could be made of, in the order of the file.

    A row keeps its id; one without an id, or with that of an earlier row, is called FILE#NUMBER. For `dataset` see `import_records`.

    Raises:
        UIEError: the file is missing, or holds no JSON objects.
    """
    of = LAYOUTS.get(layout)
    sources = of.sources(path, dataset) if of.sources else iter([Source(path, of.read)])
    seen: set[str] = set()
    for source in sources:
        if isinstance(source, SetAside):
            yield source
            continue
        for number, where, row in read_rows(source.path):
            try:
                record = _record(source, row, where=where, id=f"{source.dataset or source.path.stem}#{number}", seen=seen)
            except RecordError as error:
                yield SetAside(where, str(error).removeprefix(f"{where}: "), row)
            else:
                seen.add(record.id)
                yield record


def _record(source: Source, row: Json, *, where: str, id: str, seen: set[str]) -> Record:
    found = ({"dataset": source.dataset} if source.dataset else {}) | source.read(row)
    if found.get("id") in seen:
        del found["id"]
    record = record_from_json(found, where=where, id=id)
    if record.id in seen:
        raise RecordError(f"the id {record.id!r} is taken by an earlier row.")
    return record


_ALWAYS = ("instruct", "query", "answer", "id")


def _known_keys(record: Record) -> Json:
    """The record's JSON without the keys that would only repeat what is assumed anyway."""
    assumed = record_to_json(Record("", "", "", id=""))
    return {key: value for key, value in record_to_json(record).items() if key in _ALWAYS or value != assumed.get(key)}


def _hint(row: Json, layout: str) -> str:
    """The layouts that can read the row, for one who named the wrong one."""
    names: list[str] = []
    for name in set(LAYOUTS) - {layout}:
        with contextlib.suppress(RecordError):
            LAYOUTS.get(name).read(row)
            names.append(name)
    return f" The row looks like {' or '.join(sorted(names))}." if names else ""


def _splits(source: Path) -> dict[str, Path]:
    """The record files of a build folder by split; a file by itself is the split it is called after, else train."""
    if not source.is_dir():
        return {source.stem if source.stem in _SPLITS else "train": source}
    found = {split: path for split in _SPLITS if (path := source / f"{split}.jsonl").is_file()}
    if not found:
        holds = ", ".join(sorted(path.name for path in source.iterdir())[:6]) or "nothing"
        raise RecordError(f"{source}: expected train.jsonl, dev.jsonl or test.jsonl, as uie build-data writes; it holds {holds}.")
    return found


def _export_folder(source: Path, splits: dict[str, Path], layout: str, out: Path, *, overwrite: bool) -> dict[Path, int]:
    own = source.resolve()
    if out.resolve() in (own, *own.parents):
        raise OutputError(f"{out}: holds the records that are exported; choose another --out.")
    into = LAYOUTS.get(layout)
    with whole_folder(out, overwrite=overwrite) as folder:
        files = {split: folder / into.file.format(split=split) for split in splits}
        data = [written for split, path in splits.items() if (written := _write(files[split], split, path, layout))]
        if not data:
            raise RecordError(f"{source}: {', '.join(path.name for path in splits.values())}: no record in any of them.")
        for name, text in into.beside(out.resolve().name, data).items() if into.beside else ():
            with whole_file(folder / name) as file:
                file.write(text)
        write_manifest(
            folder,
            "records export",
            {"source": str(source), "to": layout},
            inputs={str(path): file_hash(path) for path in splits.values()},
            counts={written.file: written.records for written in data},
        )
    return {out / written.file: written.records for written in data}


def _write(path: Path, split: str, source: Path, layout: str) -> Written | None:
    """Writes the records of one file; None, and no file, if there are none."""
    into = LAYOUTS.get(layout)
    counts: Counter[tuple[str, str]] = Counter()
    langs: set[str] = set()

    def rows() -> Iterator[Json]:
        for record in read_records(source):
            if record.answer is None:
                raise RecordError(f"{source}: record {record.id}: no answer, which training files need; leave such records out.")
            counts[record.dataset, record.task] += 1
            langs.add(record.lang)
            yield into.write(record)

    written = rows()
    first = next(written, None)
    if first is None:
        return None
    with whole_file(path) as file:
        write_rows(file, itertools.chain([first], written), into.style or ("lines" if path.suffix == ".jsonl" else "array"))
    return Written(split, path.name, counts, frozenset(langs))


def _refuse_file(out: Path, source: Path, *, overwrite: bool) -> None:
    if out.is_dir():
        raise OutputError(f"{out}: expected the name of a file, found a folder; say --out {out / 'NAME.jsonl'}.")
    if out.resolve() == source.resolve():
        raise OutputError(f"{out}: is the file that is read; choose another --out.")
    if out.exists() and not overwrite:
        raise OutputError(f"{out}: is there already; choose another --out or say --overwrite.")
