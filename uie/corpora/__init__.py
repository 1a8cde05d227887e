"""Stage 1: corpus files in, Documents out. One module per layout; `dataset_configs/` says which corpus has which layout.

A layout's `read(path, options, bad) -> Iterator[Document]`:
- it streams where the layout allows; the Documents carry what the file says (the corpus' own id, if any, its own labels);
  `uie.corpora.reading` gives them their id, dataset, split and language;
- `options` is a frozen dataclass of the module's own: the annotation of the parameter says which (see `options_of`);
- what cannot be read goes to `bad(error, raw)` and is left out; the error's message begins with file and line. A file that
  is missing or is no such file at all is a CorpusError, whatever `bad` does;
- `Document.meta` holds `place`, where the Document stands in the file (a line number, or "item 3" of an array): findings name
  it, `uie.corpora.reading` takes it off;
- nothing is dropped silently: what is odd, or has no place in a Document, is counted or listed in `meta` under a name of `ODD`, and
  `uie corpora check` tells each with its number and first place;
- what a corpus says beside its annotation is in `meta` under a name of `BESIDE`. `native_id` is its own id, which
  `uie.corpora.reading` puts there.
"""

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from uie.documents import Document
from uie.errors import CorpusError
from uie.registry import Registry

OnBad = Callable[[CorpusError, str], None]
"""What to do about a line or item that cannot be read: given the error and the raw text."""

ODD: Mapping[str, str] = {
    "invalid_tags": "a tag breaks its scheme and is read as conlleval reads it",
    "ungrounded": "a mention's offsets are missing or not those of its string; it is kept without a place",
    "repaired": "a mention's offsets are not those of its string; it is kept where the string stands",
    "respelled": "a mention's string differs from the text in punctuation; it is read as the text has it",
    "repeated": "an entity says what an earlier one says; both are kept",
    "duplicates": "an annotation is said once more; it is kept once",
    "unrelated": "a pair is said to have no relation; its mentions are kept",
    "unlabelled": "an annotation has the label of those that are none; it is left out",
    "passed_over": "an annotation is of no text (a choice, a rating); it is left out",
    "empty": "an element that marks a mention has no text; it is left out",
    "outside": "an element that marks a mention stands outside all events; its text is kept, the mention left out",
    "unresolved": "a relation of events names an event that there is not; that end is left out",
    "repeated_ids": "an event has the id of an earlier one, which is the one that relations mean",
    "repaired_answers": "an answer is not quite as its format writes it; it is read all the same",
    "event_relations": "a relation has an event at an end; it is kept in meta, not as a relation",
    "unplaced_relations": "a relation names an id that no mention has; it is kept in meta, not as a relation",
    "equivalences": "mentions are said to mean the same; that is kept in meta, not as a cluster",
}
"""What readers find odd, by its name in `Document.meta` (a number, or a list of them), in the words of `uie corpora check`."""

BESIDE: Mapping[str, str] = {
    "annotator": "who annotated, where several people did",
    "answer": "what the annotator answered, if not accept",
    "cate": "what kind of thing the text is about",
    "comment": "of the annotators on the text",
    "evidence": "for each relation the sentences that prove it",
    "ids": "of the rows that the Document is made of, where they differ",
    "notes": "of the annotators on single annotations",
    "relation_attributes": "attributes of relations, by the relation's number",
    "relation_columns": "what else a relation's line says, by the relation's number",
    "remarks": "for each relation what follows its label",
    "triggers": "for each relation the words that tell it",
}
"""What a corpus says beside its annotation, by its name in `Document.meta`."""


def odd(**counts: int) -> dict[str, int]:
    """Of numbers by names of `ODD` those that are not 0, for `Document.meta`.

    Raises:
        KeyError: `ODD` has no such name, so that no check would ever tell it.
    """
    for name in counts:
        ODD[name]
    return {name: times for name, times in counts.items() if times}


def times_odd(value: Any) -> int:
    """How many of them a value of `Document.meta` under a name of `ODD` means; 0 for what no reader writes there."""
    if isinstance(value, list | tuple):
        return len(value)
    return value if type(value) is int else 0


class Reader(Protocol):
    """The interface of a layout's `read` (see the package docstring)."""

    def __call__(self, path: Path, options: Any, bad: OnBad) -> Iterator[Document]: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of writing a corpus down. The first line of the module that holds it says what goes in and what comes out.

    `example`: the files of a tiny corpus, in words of our own, by name below one folder; the first one is what `read` is given, with
    `options`. Binary layouts have none. `guess`: the options that suit a file, None when it is not of this layout at all; a layout
    whose options have defaults that always do needs none.
    """

    read: Reader
    example: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    guess: Callable[[Path], Mapping[str, Any] | None] | None = None


LAYOUTS: Registry[Layout] = Registry(
    "layout",
    {
        "ade": "uie.corpora.ade:LAYOUT",
        "brat": "uie.corpora.brat:LAYOUT",
        "casie": "uie.corpora.casie:LAYOUT",
        "cec": "uie.corpora.cec:LAYOUT",
        "cluener": "uie.corpora.cluener:LAYOUT",
        "conll04": "uie.corpora.conll04:LAYOUT",
        "copyre": "uie.corpora.copyre:LAYOUT",
        "crossre": "uie.corpora.crossre:LAYOUT",
        "deepke": "uie.corpora.deepke:LAYOUT",
        "dialogre": "uie.corpora.dialogre:LAYOUT",
        "dialogstudio": "uie.corpora.dialogstudio:LAYOUT",
        "doc2edag": "uie.corpora.doc2edag:LAYOUT",
        "doccano": "uie.corpora.doccano:LAYOUT",
        "docred": "uie.corpora.docred:LAYOUT",
        "documents": "uie.corpora.documents:LAYOUT",
        "duee": "uie.corpora.duee:LAYOUT",
        "dygie": "uie.corpora.dygie:LAYOUT",
        "eeqa": "uie.corpora.eeqa:LAYOUT",
        "entity_list": "uie.corpora.entity_list:LAYOUT",
        "fewrel": "uie.corpora.fewrel:LAYOUT",
        "gner": "uie.corpora.gner:LAYOUT",
        "huggingface": "uie.corpora.huggingface:LAYOUT",
        "iepile": "uie.corpora.iepile:LAYOUT",
        "inline": "uie.corpora.inline:LAYOUT",
        "instructuie": "uie.corpora.instructuie:LAYOUT",
        "knowcoder": "uie.corpora.knowcoder:LAYOUT",
        "knowlm": "uie.corpora.knowlm:LAYOUT",
        "labelstudio": "uie.corpora.labelstudio:LAYOUT",
        "mapping": "uie.corpora.mapping:LAYOUT",
        "marked": "uie.corpora.marked:LAYOUT",
        "multihead": "uie.corpora.multihead:LAYOUT",
        "oneie": "uie.corpora.oneie:LAYOUT",
        "oneke": "uie.corpora.oneke:LAYOUT",
        "paddle": "uie.corpora.paddle:LAYOUT",
        "parallel": "uie.corpora.parallel:LAYOUT",
        "phee": "uie.corpora.phee:LAYOUT",
        "piped": "uie.corpora.piped:LAYOUT",
        "pointer": "uie.corpora.pointer:LAYOUT",
        "prodigy": "uie.corpora.prodigy:LAYOUT",
        "pubtator": "uie.corpora.pubtator:LAYOUT",
        "rams": "uie.corpora.rams:LAYOUT",
        "records": "uie.parsing.gold:LAYOUT",  # above this package: what answers say, formats know
        "semeval2010": "uie.corpora.semeval2010:LAYOUT",
        "slash": "uie.corpora.slash:LAYOUT",
        "spacy": "uie.corpora.spacy_docs:LAYOUT",
        "spacy_json": "uie.corpora.spacy_json:LAYOUT",
        "spert": "uie.corpora.spert:LAYOUT",
        "spo": "uie.corpora.spo:LAYOUT",
        "spo_details": "uie.corpora.spo_details:LAYOUT",
        "table": "uie.corpora.table:LAYOUT",
        "tacred": "uie.corpora.tacred:LAYOUT",
        "tokens": "uie.corpora.tokens:LAYOUT",
        "triples": "uie.corpora.triples:LAYOUT",
        "uie_json": "uie.corpora.uie_json:LAYOUT",
        "universalner": "uie.corpora.universalner:LAYOUT",
        "w2ner": "uie.corpora.w2ner:LAYOUT",
        "wikievents": "uie.corpora.wikievents:LAYOUT",
    },
    group="uie.corpora",
)


def options_of(layout: Layout) -> type[Any]:
    """The settings dataclass that a layout's reader takes, from the annotation of its parameter `options`."""
    return typing.cast(type[Any], typing.get_type_hints(layout.read)["options"])


def raise_bad(error: CorpusError, raw: str) -> None:
    """The default `bad`: the first line that cannot be read ends the reading."""
    raise error


def ignore_bad(error: CorpusError, raw: str) -> None:
    """The `bad` of a look at a file before it is read, which tells its errors then."""
