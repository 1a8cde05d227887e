"""Records with their gold answers (ours, bare instruct/query/answer, chatllama's) in, the Documents that they speak of out.

The corpus layout `records`. It stands here and not in `uie.corpora`, which knows no formats: only the registry there names it.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, odd, raise_bad
from uie.corpora.rows import Place, placed, values_from_file
from uie.documents import Document, Mention
from uie.errors import CorpusError, UIEError
from uie.formats import FORMATS, format_for
from uie.parsing.assembling import Answered, predicted_document, shares_document
from uie.parsing.grounding import ground
from uie.parsing.outputs import Row, lang_of, outputs_of
from uie.records.record import Record, record_from_json
from uie.schema import Schema
from uie.tasks.question import Question

# The text in the query of a record that has no key for it, as seed 001 and the chatllama-based UIE write theirs.
_QUERY = re.compile(r"(?:文本：|Text: )(.*?)(?:\s*\nAnswer:\s*)?", re.DOTALL)
_SAMPLE = 100  # rows that are looked at to guess
_UNREAD = ("malformed", "prose", "empty")


@dataclass(frozen=True, slots=True)
class RecordsOptions:
    """What the rows do not say themselves.

    `format`: how answers are written, such as `lines.seed001` (chatllama rows: default as they look); `task`: what is asked (default
    `NER`). `places`: whether mentions are looked up in the text as a model's are ("found"), or stay strings ("none").
    """

    format: str = ""
    task: str = ""
    places: Literal["found", "none"] = "found"


def read(path: Path, options: RecordsOptions, bad: OnBad) -> Iterator[Document]:
    """One Document for the records of one document: windows, parts of a schema, and tasks that say different things of a text.

    A record without `text` has it in its query, behind `文本：` or `Text: ` if that is there. Answers are read as those of models are, but
    a piece that cannot be understood is no model's fault here: its Document goes to `bad`. `Document.asked` holds what the records
    ask; it is less than the corpus' schema where labels were drawn. `meta.ungrounded` counts mentions that the text lacks, and
    `meta.repaired_answers` pieces that are not as the format writes them. All answers are held until the end of the file: the
    records of a document may stand anywhere in it.
    """
    held: dict[tuple[str, str], list[tuple[Place, Record]]] = {}
    for place, record in values_from_file(path, bad, lambda row: _record(row, options)):
        name = str(record.source.get("document_id", "")) or f"{place}"
        held.setdefault((name, "" if shares_document(record.task) else record.task), []).append((place, record))
    for rows in held.values():
        place, first = rows[0]
        try:
            document = _document(rows)
        except UIEError as error:
            bad(CorpusError(f"{path}:{place}: {error}"), first.answer or "")
            continue
        yield placed(_without_places(document) if options.places == "none" else document, place)


def _record(row: Mapping[str, Any], options: RecordsOptions) -> Record:
    try:
        record = _chatllama(row, options) if "user_input" in row else _own(row, options)
    except CorpusError:
        raise
    except UIEError as error:
        raise CorpusError(str(error).removeprefix(": ")) from None
    if record.answer is None:
        raise CorpusError("no 'answer'; only records with gold answers can be read as Documents.")
    if not record.format:
        raise CorpusError("does not say which format its answer has; set the option format, such as lines.seed001.")
    return record


def _own(row: Mapping[str, Any], options: RecordsOptions) -> Record:
    given = {key: value for key, value in (("format", options.format), ("task", options.task)) if value}
    record = record_from_json({**given, **row}, where="", id="")
    if not record.is_bare:
        return record
    behind = _QUERY.fullmatch(record.query)
    text = behind[1] if behind else record.query
    if not text.strip():
        raise CorpusError("query: expected a text, found nothing.")
    return replace(record, text=text, lang=record.lang if "lang" in row else lang_of(text))


def _chatllama(row: Mapping[str, Any], options: RecordsOptions) -> Record:
    """Its rows are read as the outputs of the same project are, which hold the same question."""
    said = {"Task": row.get("Task") or options.task, "Dataset": row.get("Dataset")}
    value = {
        **said,
        "Instance": {"sentence": row["user_input"], "label": row["completion"]},
        "Prediction": row["completion"],
    }
    (output,) = outputs_of([Row("", "", value)], "seed000", format=options.format)
    return replace(output.record, source={})


def _document(rows: list[tuple[Place, Record]]) -> Document:
    named = [(f"{place}", replace(record, id=f"{place}")) for place, record in rows]
    document = predicted_document([Answered(record, record.answer or "") for _, record in named])
    problems = document.problems or ()
    for problem in problems:
        if problem["kind"] in _UNREAD:
            raise CorpusError(f"the answer at {problem['record_id']} holds {problem['piece']!r}, which its format does not write.")
    repaired = sum(problem["kind"].startswith("repaired") for problem in problems)
    ungrounded = sum(not mention.grounded for mention in document.mentions())
    first = rows[0][1]
    return replace(
        document,
        id=str(first.source.get("document_id", "")),
        asked=document.asked if any(record.schema for _, record in rows) else None,
        problems=None,
        meta=odd(ungrounded=ungrounded, repaired_answers=repaired),
    )


def _without_places(document: Document) -> Document:
    def string(mention: Mention) -> Mention:
        return Mention(mention.text)

    entities = document.entities and tuple(replace(entity, mention=string(entity.mention)) for entity in document.entities)
    events = document.events and tuple(
        replace(
            event,
            trigger=event.trigger and string(event.trigger),
            arguments=tuple(replace(one, mention=one.mention and string(one.mention)) for one in event.arguments),
        )
        for event in document.events
    )
    return replace(document, entities=entities, events=events)


def guess(path: Path) -> Mapping[str, Any] | None:
    """The task and format that fit the most answers of the first bare records; {} where rows say both themselves.

    An answer fits if the format would write it as it stands, of strings that are in the text: reading alone is tolerant, and a
    relation's line reads as a mention with an odd type too.
    """
    rows = itertools.islice(values_from_file(path, raise_bad, dict), _SAMPLE)
    try:
        sample = [
            _record(row, RecordsOptions(format="lines")) for _, row in rows if "user_input" not in row and not row.get("format")
        ]
    except CorpusError:
        return None
    if not sample:
        return {}
    ways = [(task, name) for task in ("NER", "RE", "EE") for name in FORMATS if task in FORMATS.get(name).TASKS]
    task, format = max(ways, key=lambda way: sum(_fits(record, *way) for record in sample))
    return {"task": task, "format": format}


def _fits(record: Record, task: str, format: str) -> bool:
    codec, question = format_for(format, task), Question(task, Schema(record.lang), record.text, record.lang)
    answer, _ = codec.decode(record.answer or "", question)
    found = ground(answer, record.text)
    return bool(answer) and not found.problems and codec.encode(answer, question).strip() == (record.answer or "").strip()


LAYOUT = Layout(
    read,
    {
        "train.jsonl": '{"instruct": "List persons and towns.", "query": "Text: Ida Brook left Leeds.", "answer": "Ida Brook_person\\nLeeds_town"}\n'
        '{"instruct": "List persons and towns.", "query": "Text: Nobody knew why.", "answer": "None"}\n'
    },
    {"format": "lines"},
    guess,
)
