"""Rows that another tool left after predicting → `Output`s: what was asked, the gold answer and what was generated.

    instructuie   InstructUIE and its forks (B2NER, O-LoRA), predict_eval_predictions.jsonl: {"Task", "Dataset", "Instance": {"sentence",
                  "label", "ground_truth", "instruction"}, "Prediction"}                        (src/run_uie.py, compute_rouge_metrics)
    seed000       its early fork on chatllama, N.jsonl: the same with {"sentence", "label"} only; a sentence may be the whole question
    iepile        IEPile and OneKE: rows of its test files with "output": {"id", "source", "instruction", "label", "output"}; the rows
                  of one source and id ask for parts of one schema                       (src/inference.py, ie2instruction/eval_func.py)
    llamafactory  generated_predictions.jsonl: {"prompt", "label", "predict"}; says nothing of task, text and format, which come from
                  the data file it was made of, row by row          (src/llamafactory/train/sft/trainer.py, scripts/vllm_infer.py)

Strings stay as they are, for rules that compare strings; the record of an Output says how they are read.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from uie.errors import RecordError, SettingsError, unknown_name
from uie.formats import format_for
from uie.records.record import Record
from uie.tasks.occurrences import is_unspaced
from uie.tasks.question import Answer, Frame, Named

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its place, for errors, and the name that its document has unless the row gives one."""

    where: str
    id: str
    value: Json


@dataclass(frozen=True, slots=True)
class Output:
    """One answer. `record.answer` is the gold answer that can be read, `gold` the one that rules of strings compare.

    The two differ in InstructUIE's relations only, where pairs without a relation (NA) are compared and not asked for.
    """

    where: str
    record: Record
    raw: str
    gold: str


@dataclass(frozen=True, slots=True)
class OutputLayout:
    """`fits` tells the layout by a row's keys; `read` gets all rows, and the task and the format that the user named ("": none)."""

    about: str
    fits: Callable[[Json], bool]
    read: Callable[[Sequence[Row], str, str], list[Output]]


def layout_of(row: Row) -> str:
    """The layout that a row's keys tell.

    Raises:
        RecordError: none has these keys.
    """
    found = next((name for name, layout in LAYOUTS.items() if layout.fits(row.value)), None)
    if found is None:
        raise RecordError(
            f"{row.where}: the keys {', '.join(row.value) or 'none'} are of no known layout; expected the output of {', '.join(LAYOUTS)}."
        )
    return found


def outputs_of(rows: Sequence[Row], layout: str, *, task: str = "", format: str = "") -> list[Output]:
    """The outputs of all rows, in their order; `task` and `format` go before what the rows say or look like.

    Raises:
        RecordError: a row is not of the layout, or lacks what is needed; what could not be told names the option that tells it.
        SettingsError: no layout has that name, or the format cannot write the task.
    """
    if layout not in LAYOUTS:
        raise SettingsError(unknown_name("layout of outputs", layout, LAYOUTS))
    for row in rows:
        if not LAYOUTS[layout].fits(row.value):
            near = ", ".join(row.value) or "none"
            raise RecordError(f"{row.where}: the keys {near} are not those of {layout} ({LAYOUTS[layout].about}).")
    return LAYOUTS[layout].read(rows, task, format)


def lang_of(text: str) -> str:
    """Chinese where a character is of a script without spaces, else English: what the layouts do not say."""
    return "zh" if any(map(is_unspaced, text)) else "en"


# InstructUIE and seed 000

_NO_LABELS = ("NA", "", "None")
_LABEL_LINE = re.compile(r"(?:Options?|Label Set|标签范围)\s*[:：]\s*(.+)")
_EVENT_LINE = re.compile(r"Event type:\s*(.+?),\s*Arguments type:\s*(.+?)\.?\s*$")
_GIVEN_EVENT = re.compile(r"Event type:\s*(.+)")
_WHOLE_QUESTION = re.compile(r"(?P<asked>.*(?:^|\n)\s*)Text: (?P<text>.*)\n\s*Answer:\s*", re.DOTALL)
_KIND = {
    **dict.fromkeys(("NER", "ES", "ET"), "entities"),
    **dict.fromkeys(("RE", "EP", "EPR"), "relations"),
    **dict.fromkeys(("EE", "EET", "EEA"), "events"),
}
_DIALECTS = ("typed.instructuie", "tuples.seed000")
_SAMPLE = 200  # gold answers that are looked at to tell the two wordings apart


def _fits_instructuie(row: Json) -> bool:
    instance = row.get("Instance")
    return "Prediction" in row and isinstance(instance, Mapping) and ("ground_truth" in instance or "instruction" in instance)


def _fits_seed000(row: Json) -> bool:
    return "Prediction" in row and isinstance(row.get("Instance"), Mapping) and not _fits_instructuie(row)


def _read_instructuie(rows: Sequence[Row], task: str, format: str) -> list[Output]:
    outputs = [_instance(row, task) for row in rows]
    format = format or _dialect(outputs)
    return [_with_gold_labels(replace(one, record=replace(one.record, format=format))) for one in outputs]


def _instance(row: Row, task: str) -> Output:
    value, instance = row.value, row.value["Instance"]
    sentence, raw = _text(instance, "sentence", row), _text(value, "Prediction", row)
    label = instance.get("label", instance.get("ground_truth"))
    gold = instance.get("ground_truth", label)
    if not isinstance(label, str) or not isinstance(gold, str):
        raise RecordError(f"{row.where}: Instance: expected the gold answer as a text under 'label', found {label!r}.")
    asked, text = _parted(sentence, str(instance.get("instruction") or ""))
    task = task or str(value.get("Task") or "")
    if task not in _KIND:
        raise RecordError(
            f"{row.where}: Task: expected one of {', '.join(_KIND)}, found {task or 'nothing'!r}; name it with --task."
        )
    schema, given = _asked(asked, task)
    lang = lang_of(text)
    dataset = str(value.get("Dataset") or "")
    record = Record(
        asked, text, label, row.id, task, dataset, lang=lang, schema=schema, text=text, source={"document_id": row.id}, given=given
    )
    return Output(row.where, record, raw, gold)


def _parted(sentence: str, instruction: str) -> tuple[str, str]:
    """Instruction and text; seed 000's sentence may be the whole question, which ends in a text and `Answer:`."""
    whole = _WHOLE_QUESTION.fullmatch(sentence)
    return (whole["asked"], whole["text"].rstrip()) if whole else (instruction, sentence)


def _asked(instruction: str, task: str) -> tuple[Json, Answer | None]:
    """The schema that the instruction's options make up, and the event that EEA gives; nothing where it names none."""
    found = _LABEL_LINE.findall(instruction)
    options = found[-1] if found else ""
    if task == "EE":
        parts = _EVENT_LINE.search(options)
        events, roles = (_listed(part) for part in parts.groups()) if parts else ([], [])
        return ({"events": {event: {"roles": roles} for event in events}} if events else {}), None
    if task == "EEA":
        event = _GIVEN_EVENT.search(instruction)
        name = event[1].strip() if event else ""
        return ({"events": {name: {"roles": _listed(options)}}}, Answer(frames=(Frame(name, None),))) if name else ({}, None)
    labels = _listed(options)
    if task == "EET":
        return ({"events": {label: {} for label in labels}} if labels else {}), None
    return ({_KIND[task]: labels} if labels else {}), None


def _listed(options: str) -> list[str]:
    """The labels of an option line: with commas between them, perhaps as a Python list. Those that stand for no label are left out."""
    quoted = re.findall(r"'([^']*)'|\"([^\"]*)\"", options) if options.strip().startswith("[") else []
    labels = [one or other for one, other in quoted] if quoted else re.split(r"[,，、]", options.strip(" []"))
    return [label for label in dict.fromkeys(label.strip() for label in labels) if label not in _NO_LABELS]


def _dialect(outputs: Sequence[Output]) -> str:
    """The wording of the two generations that reads the gold answers with fewer problems."""
    sample = [one for one in outputs if one.record.answer and one.record.answer.strip() not in _NO_LABELS][:_SAMPLE]
    problems = dict.fromkeys(_DIALECTS, 0)
    for name in _DIALECTS:
        for one in sample:
            problems[name] += _problems(one, name)
    return min(_DIALECTS, key=lambda name: problems[name])


def _problems(one: Output, format: str) -> int:
    record = one.record
    if record.task not in ("NER", "RE", "EE"):  # the early wording has no others
        return int(format == "tuples.seed000")
    answer, problems = format_for(format, record.task).decode(record.answer or "", record.question())
    return len(problems) + (not answer)


def _with_gold_labels(one: Output) -> Output:
    """The output with gold's labels among the asked ones: peers count them, whether the question showed them or not."""
    record = one.record
    if not record.schema:
        return one
    answer, _ = format_for(record.format, record.task).decode(record.answer or "", record.question())
    return replace(one, record=replace(record, schema=extended(record.schema, answer)))


def extended(schema: Mapping[str, Any], answer: Answer) -> Json:
    """A schema as a mapping that holds all labels of an answer."""
    known = {kind: dict.fromkeys(held) if not isinstance(held, Mapping) else dict(held) for kind, held in schema.items()}
    for mention in answer.mentions:
        if mention.type:
            known.setdefault("entities", {}).setdefault(mention.type, None)
    for triple in answer.triples:
        if triple.relation:
            known.setdefault("relations", {}).setdefault(triple.relation, None)
    for frame in answer.frames:
        if frame.type:
            held = known.setdefault("events", {}).setdefault(frame.type, {"roles": []})
            roles = dict.fromkeys([*(held or {}).get("roles", ()), *(filler.role for filler in frame.fillers)])
            known["events"][frame.type] = {"roles": list(roles)}
    return known


# IEPile and OneKE


def _fits_iepile(row: Json) -> bool:
    return "output" in row and "instruction" in row and is_iepile_question(row["instruction"])


def is_iepile_question(instruction: Any) -> bool:
    """Whether it is IEPile's instruction, a JSON object (mostly in a string) with schema and input."""
    asked = _parsed(instruction)
    return isinstance(asked, dict) and "input" in asked and "schema" in asked


def _parsed(value: Any) -> Any:
    """What a JSON string holds; what is no string stays, and so does one that is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _read_iepile(rows: Sequence[Row], task: str, format: str) -> list[Output]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (str(row.value.get("source") or ""), str(row.value.get("id", row.id)))
        groups.setdefault(key, []).append(row)
    found = {
        one.where: one
        for key, group in groups.items()
        for one in _group("/".join(filter(None, key)), key[0], group, rows, task, format)
    }
    return [found[row.where] for row in rows]


def _group(id: str, dataset: str, group: Sequence[Row], rows: Sequence[Row], task: str, format: str) -> Iterator[Output]:
    """The rows of one text; each gets the part of the label that it asks for, the first also what none asks for."""
    label = _label(group[0])
    for row in group[1:]:
        if _label(row) != label:
            raise RecordError(f"{row.where}: its label is not that of {group[0].where}, which has the same source and id.")
    task = task or iepile_task(group[0], [item for row in rows for item in _label(row)])
    records = [_question(row, id, dataset, task, format) for row in group]
    left, parts = label, []
    for record in records:
        own = _labels_of(record.schema, task)
        parts.append([item for item in left if _key(item, task) in own])
        left = [item for item in left if _key(item, task) not in own]
    parts[0] = [*parts[0], *left]
    for row, record, part in zip(group, records, parts, strict=True):
        given = _given_event(part, record.schema) if task == "EEA" else None
        gold = _written(part, task, record.schema)
        record = replace(record, answer=gold, given=given)
        answer, _ = format_for(record.format, task).decode(gold, record.question())
        record = replace(record, schema=extended(record.schema, answer))
        yield Output(row.where, record, _generated(row), gold)


def _label(row: Row) -> list[Json]:
    label = _parsed(row.value.get("label"))
    if not isinstance(label, list) or not all(isinstance(item, Mapping) for item in label):
        raise RecordError(
            f"{row.where}: label: expected the list of what is annotated, as in IEPile's test files, "
            f"found {type(label).__name__}; join them with the test file by --data."
        )
    return label


def iepile_task(row: Row, labels: Iterable[Mapping[str, Any]]) -> str:
    """What a row of IEPile asks: as it says, by the form of its schema, else by what the file's labels hold.

    Raises:
        RecordError: nothing of these says it.
    """
    said = str(row.value.get("task") or "")
    if said in _ITEM_KEYS:
        return said
    schema = _parsed(row.value["instruction"])["schema"]
    first = schema[0] if isinstance(schema, list) and schema else None
    if isinstance(first, Mapping):
        if "event_type" in first:
            return "EE" if first.get("trigger") else "EEA"
        return "SPO" if "predicate" in first else "KG"
    for item in labels:
        for key, task in (("entity_type", "NER"), ("event_type", "EET"), ("head_type", "SPO"), ("relation", "RE")):
            if key in item:
                return task
    raise RecordError(f"{row.where}: nothing says which task it is; name it with --task, such as --task NER.")


def _question(row: Row, id: str, dataset: str, task: str, format: str) -> Record:
    if task not in _ITEM_KEYS:
        raise RecordError(f"{row.where}: task {task!r}: IEPile has {', '.join(_ITEM_KEYS)}; name it with --task.")
    asked = _parsed(row.value["instruction"])
    text, schema = asked["input"], iepile_schema(asked["schema"], task, row.where)
    if not isinstance(text, str):
        raise RecordError(f"{row.where}: instruction: input: expected a text, found {text!r}.")
    return Record(
        str(asked.get("instruction", "")),
        text,
        None,
        row.id,
        task,
        dataset,
        lang=lang_of(text),
        format=format or "json.iepile",
        schema=schema,
        text=text,
        source={"document_id": id},
    )


def iepile_schema(asked: Any, task: str, where: str) -> Json:
    """The `schema` of an IEPile instruction as a mapping of ours.

    Raises:
        RecordError: it has not the form that it has for the task.
    """
    try:
        if task == "NER":
            return {"entities": list(dict.fromkeys(asked))}
        if task == "RE":
            return {"relations": list(dict.fromkeys(asked))}
        if task == "EET":
            return {"events": {event: {} for event in asked}}
        if task in ("EE", "EEA"):
            return {"events": {one["event_type"]: {"roles": list(dict.fromkeys(one["arguments"]))} for one in asked}}
        if task == "KG":
            attributes = dict.fromkeys(name for one in asked for name in one["attributes"])
            return {"entities": [one["entity_type"] for one in asked], "relations": list(attributes)}
        types = dict.fromkeys(one[end] for one in asked for end in ("subject_type", "object_type"))
        relations: dict[str, Json] = {}
        for one in asked:
            ends = relations.setdefault(one["predicate"], {"head": [], "tail": []})
            for end, type in (("head", one["subject_type"]), ("tail", one["object_type"])):
                ends[end] += [] if type in ends[end] else [type]
        return {"entities": list(types), "relations": relations}
    except (KeyError, TypeError, AttributeError):
        raise RecordError(f"{where}: instruction: schema: not as IEPile's for {task}: {asked!r}.") from None


_ITEM_KEYS = {
    "NER": "entity_type",
    "RE": "relation",
    "SPO": "relation",
    "KG": "relation",
    **dict.fromkeys(("EE", "EET", "EEA"), "event_type"),
}


def _key(item: Mapping[str, Any], task: str) -> str:
    return str(item.get(_ITEM_KEYS[task], ""))


def _labels_of(schema: Mapping[str, Any], task: str) -> set[str]:
    return set(schema["entities" if task == "NER" else "events" if task in ("EE", "EET", "EEA") else "relations"])


def _given_event(part: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> Answer | None:
    """The event whose arguments are asked: that of the label, else of the schema."""
    if part:
        trigger = str(part[0].get("event_trigger") or "")
        return Answer(frames=(Frame(_key(part[0], "EEA"), Named(trigger) if trigger else None),))
    return next((Answer(frames=(Frame(event, None),)) for event in schema["events"]), None)


def _written(part: Sequence[Mapping[str, Any]], task: str, schema: Mapping[str, Any]) -> str:
    """A part of the label as the answer that IEPile's evaluation would read as the same."""
    answer: dict[str, Any] = {}
    if task == "KG":
        entities: dict[str, dict[str, list[str]]] = {}
        for item in part:
            entities.setdefault(str(item["head"]), {}).setdefault(str(item["relation"]), []).append(str(item["tail"]))
        return json.dumps({next(iter(schema["entities"]), ""): entities}, ensure_ascii=False)
    for item in part:
        answer.setdefault(_key(item, task), []).append(_written_item(item, task))
    return json.dumps(answer, ensure_ascii=False)


def _written_item(item: Mapping[str, Any], task: str) -> Any:
    if task == "NER":
        return item["entity"]
    if task in ("RE", "SPO"):
        return {"subject": item.get("head", ""), "object": item.get("tail", "")}
    if task == "EET":
        return item["event_trigger"]
    roles: dict[str, list[str]] = {}
    for argument in item.get("arguments", ()):
        roles.setdefault(str(argument["role"]), []).append(argument["argument"])
    return {"trigger": item.get("event_trigger", ""), "arguments": roles}


def _generated(row: Row) -> str:
    """The answer; of a causal model IEPile's inference.py writes the question too, behind which the answer begins at its first brace."""
    raw, question = _text(row.value, "output", row), row.value["instruction"]
    if not isinstance(question, str) or question not in raw:
        return raw
    behind = raw.rpartition(question)[2]
    return behind[behind.find("{") :] if "{" in behind else behind


# LLaMA-Factory


def _fits_llamafactory(row: Json) -> bool:
    return "predict" in row and "label" in row


def _read_llamafactory(rows: Sequence[Row], task: str, format: str) -> list[Output]:
    raise RecordError(f"{rows[0].where}: says neither text nor task; name the data file it was predicted from with --data.")


@dataclass(frozen=True, slots=True)
class Joined:
    """`outputs` in the order of the data; how many labels there were that are not the data's answer, or only its beginning."""

    outputs: tuple[Output, ...]
    other_labels: int
    cut_labels: int


def joined(rows: Sequence[Row], asked: Sequence[Record], data: str) -> Joined:
    """Rows of `generated_predictions.jsonl` with the records they answer, by their order; the records' answers are gold.

    A row fits if its label is the record's answer, or its prompt holds the record's query; white space, which decoding may change,
    does not count. Fewer rows than records are the first ones (`max_samples`).

    Raises:
        RecordError: there are more rows than records, or a row does not fit; `data` names the records' file.
    """
    if len(rows) > len(asked):
        raise RecordError(f"{data}: {len(asked)} questions for {len(rows)} predictions; give the data file that was predicted.")
    outputs, unfit, other, cut = [], [], 0, 0
    for row, record in zip(rows, asked, strict=False):
        raw, label = _text(row.value, "predict", row), _text(row.value, "label", row)
        answer = record.answer
        if answer is None:
            raise RecordError(f"{data}: record {record.id}: no answer to compare with.")
        same, begins = _squeezed(label) == _squeezed(answer), bool(label.strip()) and _squeezed(answer).startswith(_squeezed(label))
        if not same and not begins:
            other += 1
            if _squeezed(record.query) not in _squeezed(str(row.value.get("prompt") or "")):
                unfit.append((row, answer))
        cut += begins and not same
        outputs.append(Output(row.where, record, raw, answer))
    if unfit:
        row, answer = unfit[0]
        raise RecordError(
            f"{row.where}: label {_short(row.value['label'])!r}, but {data} has {_short(answer)!r} in its place "
            f"({len(unfit)} of {len(rows)} rows differ); give the data file that was predicted, in its order."
        )
    return Joined(tuple(outputs), other, cut)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _text(value: Mapping[str, Any], key: str, row: Row) -> str:
    found = value.get(key)
    if not isinstance(found, str):
        raise RecordError(f"{row.where}: {key}: expected a text, found {found!r}.")
    return found


LAYOUTS: Mapping[str, OutputLayout] = {
    "instructuie": OutputLayout('{"Task", "Dataset", "Instance", "Prediction"}', _fits_instructuie, _read_instructuie),
    "seed000": OutputLayout(
        '{"Task", "Dataset", "Instance": {"sentence", "label"}, "Prediction"}', _fits_seed000, _read_instructuie
    ),
    "iepile": OutputLayout('{"id", "instruction", "label", "output"}', _fits_iepile, _read_iepile),
    "llamafactory": OutputLayout('{"prompt", "label", "predict"}', _fits_llamafactory, _read_llamafactory),
}
