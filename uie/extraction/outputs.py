"""`read_outputs`: a file that another tool left after predicting → gold and predicted Documents and answer strings, for any rule."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from uie.corpora import raise_bad
from uie.corpora.instructuie import InstructuieOptions
from uie.corpora.instructuie import read as read_instructuie
from uie.documents import Document
from uie.errors import RecordError
from uie.extraction.inputs import read_documents
from uie.extraction.walk import documents_of
from uie.formats import FORMATS
from uie.parsing.assembling import Answered, text_of
from uie.parsing.outputs import Output, Row, iepile_schema, iepile_task, is_iepile_question, joined, lang_of, layout_of, outputs_of
from uie.records.exchange.layout import SetAside, read_rows
from uie.records.exchange.moving import read_layout
from uie.records.record import Record, read_records
from uie.schema import KINDS, read_schema
from uie.scoring.scope import AnswerPair
from uie.scoring.score import AUTO
from uie.storage import parse_object
from uie.tasks import TASKS

Json = dict[str, Any]
_NAMES = ("predict_eval_predictions.jsonl", "generated_predictions.jsonl")
_FROM_ANSWERS = "the gold answers of the file"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What `uie.scoring.score.score` takes, and what to say beside its figures.

    `gold_from` says where gold came from; `rule` is the one to score by unless the user names another: `string` where gold was read
    from answers, whose mentions have no annotated offsets, else `auto`. `notes` are sentences a reader of the figures must know.
    """

    layout: str
    gold: tuple[Document, ...]
    predicted: tuple[Document, ...]
    answers: tuple[AnswerPair, ...]
    gold_from: str
    rule: str
    notes: tuple[str, ...]


def read_outputs(
    path: Path,
    *,
    layout: str = "",
    data: Path | None = None,
    gold: Path | None = None,
    task: str = "",
    format: str = "",
) -> Outputs:
    """Reads what another tool left (`uie.parsing.outputs` says which layouts there are); a folder stands for the files it holds.

    Args:
        layout: its name; "" goes by the keys of the first row.
        data: the file that was predicted. LLaMA-Factory's rows need theirs: records of ours, a file of alpaca, sharegpt or messages,
            or a folder with dataset_info.json. To IEPile's rows it gives instruction and label where the tool left them out. To those of
            InstructUIE and seed 000 a data file of InstructUIE (or the folder TASK/DATASET/test.json) gives annotated offsets.
        gold: gold Documents, joined by their texts; goes before all else as gold.
        task, format: where the rows do not say them.

    Raises:
        RecordError: a row cannot be read or joined, or something is not known; the message names the option that says it.
        SettingsError: a name is unknown.

    >>> found = read_outputs(Path("predict_eval_predictions.jsonl"))  # doctest: +SKIP
    >>> scores = score(found.gold, found.predicted, rule=found.rule, answers=found.answers)  # doctest: +SKIP
    """
    if task:
        TASKS.get(task)
    if format:
        FORMATS.get(format)
    rows = _rows(path)
    layout = layout or (layout_of(rows[0]) if data is None else _layout_with_data(rows[0]))
    notes: list[str] = []
    documents: list[Document] | None = None
    if layout == "llamafactory" and data is not None:
        outputs = _with_data(rows, data, task, format, notes)
        beside = data.parent / "documents" / data.name
        gold = gold or (beside if beside.is_file() else None)
    else:
        if layout == "iepile" and data is not None:
            rows = _completed(rows, data)
        outputs = outputs_of(rows, layout, task=task, format=format)
        if layout in ("instructuie", "seed000") and data is not None and gold is None:
            gold = data
            documents = [one for name, dataset in _trees(data, outputs) for one in _array(name, dataset)]
    for one in outputs:
        read_schema(one.record.schema, lang=one.record.lang, where=one.where)
    said = sorted({f"{one.record.task} as {one.record.format!r}" for one in outputs})
    notes.insert(0, f"{path}: {len(outputs)} answers of layout {layout!r}, read as {', '.join(said)}.")
    if gold is not None:
        outputs, found = _at_documents(outputs, list(read_documents(gold)) if documents is None else documents, gold, notes)
    else:
        found = _read_gold(outputs, notes)
    predicted = documents_of(Answered(one.record, one.raw) for one in outputs)
    answers = (AnswerPair(o.record.document_id, o.record.task, o.record.format, o.gold, o.raw) for o in outputs)
    gold_from = _FROM_ANSWERS if gold is None else str(gold)
    return Outputs(
        layout, tuple(found), tuple(predicted), tuple(answers), gold_from, "string" if gold is None else AUTO, tuple(notes)
    )


# The files


def _rows(path: Path) -> list[Row]:
    rows = [Row(where, f"{file.stem}#{number}", row) for file in _files(path) for number, where, row in read_rows(file)]
    if not rows:
        raise RecordError(f"{path}: the file holds no row.")
    return rows


def _files(path: Path) -> list[Path]:
    """The file itself, or of a folder the prediction file that its tool writes, else 0.jsonl, 1.jsonl, … of seed 000's processes."""
    if not path.is_dir():
        return [path]
    for name in _NAMES:
        if (path / name).is_file():
            return [path / name]
    numbered = sorted((file for file in path.glob("*.jsonl") if file.stem.isdigit()), key=lambda file: int(file.stem))
    if not numbered:
        raise RecordError(f"{path}: holds none of {', '.join(_NAMES)}, 0.jsonl; name the file.")
    return numbered


def _layout_with_data(row: Row) -> str:
    """As `layout_of`, where IEPile's rows may have nothing but their answer."""
    bare = "output" in row.value and "instruction" not in row.value
    return "iepile" if bare else layout_of(row)


def _completed(rows: Sequence[Row], data: Path) -> list[Row]:
    """IEPile's rows with the keys of their test file's rows, in the same order."""
    asked = [row for _, _, row in read_rows(data)]
    if len(asked) != len(rows):
        raise RecordError(f"{data}: {len(asked)} rows for {len(rows)} answers; give the test file that was predicted.")
    for number, (row, own) in enumerate(zip(rows, asked, strict=True), 1):
        if "output" not in row.value:
            raise RecordError(f"{row.where}: no 'output', the answer; the row has {', '.join(row.value)}.")
        if row.value.get("id", own.get("id")) != own.get("id"):
            raise RecordError(
                f"{row.where}: id {row.value['id']!r}, but row {number} of {data} has {own.get('id')!r}; "
                "give the test file that was predicted, in its order."
            )
    return [replace(row, value={**own, **row.value}) for row, own in zip(rows, asked, strict=True)]


# LLaMA-Factory's data


def _with_data(rows: Sequence[Row], data: Path, task: str, format: str, notes: list[str]) -> list[Output]:
    asked = list(_questions(data, task, format))
    found = joined(rows, asked, str(data))
    if len(rows) < len(asked):
        notes.append(f"{data}: the first {len(rows)} of {len(asked)} questions were predicted; the others are not scored.")
    if found.other_labels:
        notes.append(f"{data}: labels of the predictions that are not the data's answers, which count: {found.other_labels}.")
    if found.cut_labels:
        notes.append(f"{data}: labels that are cut off (cutoff_len); gold are the data's whole answers: {found.cut_labels}.")
    return list(found.outputs)


def _questions(data: Path, task: str, format: str) -> Iterator[Record]:
    """The records of a data file; those of other projects' layouts have the task and format that the user names."""
    kind = "llamafactory" if data.is_dir() or data.name == "dataset_info.json" else _kind(data)
    if kind == "records":
        for record in read_records(data, format=format):
            yield _spoken(record, data, task, format)
    elif kind == "iepile":
        for number, where, row in read_rows(data):
            yield _iepile_record(Row(where, f"{data.stem}#{number}", row), task)
    else:
        for found in read_layout(data, kind):
            if isinstance(found, SetAside):
                raise RecordError(f"{found.where}: {found.reason} Predictions of such data cannot be joined by their order.")
            if not task:
                raise RecordError(f"{data}: does not say which task its questions ask; name it with --task, such as --task NER.")
            yield _spoken(replace(found, task=task, lang=lang_of(found.query)), data, task, format)


_FIRST_KEYS = {"instruct": "records", "conversations": "sharegpt", "messages": "messages", "instruction": "alpaca"}


def _kind(data: Path) -> str:
    _, where, row = next(read_rows(data))
    if is_iepile_question(row.get("instruction")):
        return "iepile"
    kind = next((kind for key, kind in _FIRST_KEYS.items() if key in row), None)
    if kind is None:
        raise RecordError(
            f"{where}: expected records, or rows of alpaca, sharegpt or messages; found the keys {', '.join(row) or 'none'}."
        )
    return kind


def _spoken(record: Record, data: Path, task: str, format: str) -> Record:
    record = replace(record, task=task or record.task, format=format or record.format)
    if not record.format:
        raise RecordError(
            f"{data}: does not say how its answers are written; name the format with --format, such as --format json."
        )
    return record


def _iepile_record(row: Row, task: str) -> Record:
    """A training row of IEPile: its output is the gold answer."""
    asked, answer = row.value["instruction"], row.value.get("output")
    value = asked if isinstance(asked, Mapping) else parse_object(asked, f"{row.where}: instruction", error=RecordError)
    if not isinstance(answer, str):
        raise RecordError(f"{row.where}: output: expected the gold answer as a text, found {answer!r}.")
    task = task or iepile_task(row, ())
    text, schema = str(value["input"]), iepile_schema(value["schema"], task, row.where)
    dataset = str(row.value.get("source") or "")
    query = asked if isinstance(asked, str) else ""
    return Record("", query, answer, row.id, task, dataset, lang=lang_of(text), format="json.iepile", schema=schema, text=text)


# Gold


def _read_gold(outputs: Sequence[Output], notes: list[str]) -> list[Document]:
    """Gold as its answers say it, at the places where the parser would put a prediction."""
    found = list(documents_of(Answered(one.record, one.record.answer or "") for one in outputs))
    unread = [p for document in found for p in document.problems or () if p.get("kind") == "malformed"]
    if unread:
        notes.append(
            f"gold answers: pieces that could not be read, and are missing in gold: {len(unread)}, such as {unread[0]['piece']!r}."
        )
    notes.append(
        "gold was read from answers, which say no offsets; its mentions were placed in the texts as the parser places predicted ones: "
        "figures by offsets (strict) are not those of annotated offsets."
    )
    return [replace(document, problems=None, asked=None) for document in found]


def _at_documents(
    outputs: Sequence[Output], documents: Sequence[Document], source: Path, notes: list[str]
) -> tuple[list[Output], list[Document]]:
    """The outputs, each belonging to the gold Document of its text: of equal texts the n-th asked is the n-th of the Documents.

    Raises:
        RecordError: the text of an output is not among the Documents, or oftener than there.
    """
    by_id = {document.id: document for document in documents}
    by_text: dict[str, list[Document]] = {}
    for document in documents:
        by_text.setdefault(document.text, []).append(document)
    times: Counter[tuple[str, str, str]] = Counter()
    known: dict[tuple[str, str, str], Document] = {}
    missing: list[Output] = []
    placed: list[Output] = []
    for one in outputs:
        record = one.record
        # The rows of one document share its id, as IEPile's batches do: they are one asking.
        key, text = (record.task, record.dataset, record.document_id), text_of(record)
        if record.document_id not in by_id and key not in known:
            asked = (record.task, record.dataset, text)
            found = _of_dataset(by_text.get(text, []), record.dataset)
            if times[asked] >= len(found):
                missing.append(one)
                continue
            known[key] = found[times[asked]]
            times[asked] += 1
        document = by_id[record.document_id] if record.document_id in by_id else known[key]
        source_of = {**record.source, "document_id": document.id}
        placed.append(replace(one, record=replace(record, source=source_of, dataset=document.dataset, split=document.split)))
    if missing:
        raise RecordError(
            f"{missing[0].where}: {source} has no document (left) of the text {text_of(missing[0].record)[:60]!r}, "
            f"nor of {len(missing) - 1} further rows; give the gold of what was predicted, with the same texts."
        )
    used = {one.record.document_id for one in placed}
    if len(used) < len(documents):
        notes.append(f"{source}: documents that were not predicted, and are not scored: {len(documents) - len(used)}.")
    _check_labels(placed, by_id, source, notes)
    return placed, [document for document in documents if document.id in used]


def _check_labels(outputs: Sequence[Output], gold: Mapping[str, Document], source: Path, notes: list[str]) -> None:
    """Gold of labels that no question named would silently not be scored: it is told, and refused where there is no other."""
    for kind in KINDS:
        asked = {label for one in outputs for label in one.record.schema.get(kind, ())}
        if not asked:
            continue
        held = {label for one in outputs if kind in one.record.schema for label in _labels(gold[one.record.document_id], kind)}
        if held and not held & asked:
            raise RecordError(
                f"{source}: its labels ({_few(held)}) are none of those that were asked ({_few(asked)}); "
                "give gold Documents with the labels that the answers use."
            )
        if held - asked:
            notes.append(f"{source}: labels that were not asked, whose items are not scored: {_few(held - asked)}.")


def _labels(document: Document, kind: str) -> set[str]:
    items: Sequence[Any] = getattr(document, kind) or ()
    return {item.type for item in items if item.type is not None}


def _few(labels: set[str], most: int = 8) -> str:
    listed = sorted(labels)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")


def _of_dataset(documents: list[Document], dataset: str) -> list[Document]:
    """Those of the dataset where any is of it: two corpora may hold one text."""
    own = [document for document in documents if document.dataset == dataset]
    return own or documents


def _trees(data: Path, outputs: Sequence[Output]) -> Iterator[tuple[Path, str]]:
    """InstructUIE's data files of what was predicted, with their datasets: DATA/TASK/DATASET/test.json, or the file itself."""
    if not data.is_dir():
        datasets = {one.record.dataset for one in outputs}
        if len(datasets) > 1:
            raise RecordError(
                f"{data}: one data file for {len(datasets)} datasets; give the folder that holds TASK/DATASET/test.json."
            )
        yield data, next(iter(datasets))
        return
    for task, dataset in dict.fromkeys((one.record.task, one.record.dataset) for one in outputs):
        folder = "EE" if task in ("EET", "EEA") and not (data / task / dataset).is_dir() else task
        path = data / folder / dataset / "test.json"
        if not path.is_file():
            raise RecordError(f"{path}: no such file, the data that was predicted; leave --data out to read gold from the answers.")
        yield path, dataset


def _array(path: Path, dataset: str) -> Iterator[Document]:
    for number, document in enumerate(read_instructuie(path, InstructuieOptions(), raise_bad)):
        name = f"{path.parent.parent.name}/{dataset or path.parent.name}/{path.stem}/{number}"
        yield document.called(name, dataset=dataset, split=path.stem, lang=lang_of(document.text), meta=document.meta)
