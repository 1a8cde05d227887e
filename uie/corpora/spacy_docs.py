"""spaCy's training examples in, Documents out: JSON `["text", {"entities": [[start, end, label]]}]` or `{"text", "spans"}`, or a DocBin (`.spacy`)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, Place, array, id_of, placed, string, text_of, values_from_file, with_repeated
from uie.corpora.spans import mention_at, typed
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError, DocumentError, unknown_name

_ZLIB = 0x78  # the first byte of a DocBin, which is compressed; JSON cannot begin with it
_KEYS = ("entities", "ents", "spans")


@dataclass(frozen=True, slots=True)
class SpacyOptions:
    """`spans`: the span group that is read (default: the entities; where an example has only one group, that one)."""

    spans: str = ""


def read(path: Path, options: SpacyOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an example. A DocBin needs spaCy and is held in memory; nothing in it is run, as a pickle would be.

    Its tokens are kept, and knowledge-base ids of entities as norms; a Doc whose entities were never set is not annotated.
    Labels of relations, dependencies and categories are passed over.

    Raises:
        CorpusError: the file is a DocBin and spaCy is not installed, or it is none.
    """
    if _is_docbin(path):
        yield from _docbin(path, options, bad)
    else:
        yield from (placed(with_repeated(document), place) for place, document in _examples(path, options, bad))


def _is_docbin(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return path.suffix == ".spacy" or file.read(1) == bytes([_ZLIB])
    except OSError:
        return False  # the reader of text says what is wrong


# JSON


def _examples(path: Path, options: SpacyOptions, bad: OnBad) -> Iterator[tuple[Place, Document]]:
    return values_from_file(path, bad, lambda row: _example(row, options), as_row=_row)


def _row(item: Any) -> Any:
    """An example `[text, annotation]` as the object that it is elsewhere."""
    if isinstance(item, list) and len(item) == 2 and isinstance(item[1], dict):
        return {**item[1], "text": item[0]}
    return item


def _example(row: Json, options: SpacyOptions) -> Document:
    if "paragraphs" in row:
        raise CorpusError("this is the training format of spaCy 2, which the layout spacy_json reads.")
    text, spans = string(row, "text"), _spans(row, options)
    return Document(id_of(row.get("id")), text, entities=tuple(_entity(text, span) for span in spans))


def _spans(row: Json, options: SpacyOptions) -> list[Any]:
    groups = row.get("spans")
    if isinstance(groups, dict) and (options.spans or "entities" not in row):
        name = options.spans or (next(iter(groups)) if len(groups) == 1 else "")
        if name not in groups:
            raise CorpusError(f"spans: {unknown_name('span group', name, groups)}")
        return array(groups, name)
    if options.spans:
        raise CorpusError(f"there are no span groups to take {options.spans!r} from.")
    for key in _KEYS:
        if key in row:
            return array(row, key)
    raise CorpusError(f"there is none of the keys {', '.join(_KEYS)}; the example has {', '.join(row)}.")


def _entity(text: str, span: Any) -> Entity:
    if isinstance(span, dict):
        return typed(mention_at(text, span["start"], span["end"], said=span.get("text")), span["label"])
    if not isinstance(span, list) or len(span) not in (3, 4):
        raise CorpusError(f"expected [start, end, label] or an object with start, end and label, found {span!r}.")
    return typed(mention_at(text, span[0], span[1]), span[2])


# DocBin


def _docbin(path: Path, options: SpacyOptions, bad: OnBad) -> Iterator[Document]:
    try:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab
    except ImportError:
        raise CorpusError(f'{path}: a DocBin, which spaCy reads and which is not installed: pip install "spacy>=3.8".') from None
    # What reading a foreign or cut file leads to: zlib says its own, then whatever the numbers inside happen to mean to spaCy and numpy.
    broken = (
        zlib.error,
        struct.error,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        OverflowError,
    )
    try:
        docs = DocBin().from_bytes(path.read_bytes()).get_docs(Vocab())
    except broken as error:
        raise CorpusError(f"{path}: not a DocBin: {_one_line(error)}") from None
    number = 0
    while True:
        place = f"item {number}"
        try:
            doc = next(docs, None)
        except broken as error:  # a generator that raised is over, and so is the file
            raise CorpusError(f"{path}:{place}: the rest of the DocBin cannot be read: {_one_line(error)}") from None
        if doc is None:
            return
        number += 1
        try:
            document = with_repeated(_of_doc(doc, options))
        except (CorpusError, DocumentError) as error:
            bad(CorpusError(f"{path}:{place}: {error}"), str(doc.text))
            continue
        yield placed(document, place)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


def _of_doc(doc: Any, options: SpacyOptions) -> Document:
    text = text_of(doc.text, "the text")
    spans, annotated = doc.ents, doc.has_annotation("ENT_IOB")
    if options.spans or (not annotated and len(doc.spans) == 1):
        name = options.spans or next(iter(doc.spans))
        if name not in doc.spans:
            raise CorpusError(unknown_name("span group", name, doc.spans))
        spans, annotated = doc.spans[name], True
    entities = [_of_span(span) for span in spans] if annotated else None
    tokens = tuple((token.idx, token.idx + len(token)) for token in doc)
    return Document("", text, entities=None if entities is None else tuple(entities), tokens=tokens)


def _of_span(span: Any) -> Entity:
    norms = (str(span.kb_id_),) if span.kb_id_ else ()
    return Entity(Mention(span.text, span.start_char, span.end_char), str(span.label_) or None, norms=norms)


LAYOUT = Layout(
    read,
    {
        "people.json": '[["Ann lives in Rome.", {"entities": [[0, 3, "person"], [13, 17, "city"]]}],\n ["Nobody is here.", {"entities": []}],\n'
        ' {"text": "Bo left.", "spans": [{"start": 0, "end": 2, "label": "person"}]}]\n'
    },
)
