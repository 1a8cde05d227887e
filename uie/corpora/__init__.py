"""Stage 1: corpus files in, Documents out. One module per layout; `dataset_configs/` says which corpus has which layout.

A layout's `read(path, options, bad) -> Iterator[Document]`:
- it streams where the layout allows; the Documents carry what the file says (the corpus' own id, if any, its own labels);
  `uie.corpora.reading` gives them their id, dataset, split and language;
- `options` is a frozen dataclass of the module's own: the annotation of the parameter says which (see `options_of`);
- what cannot be read goes to `bad(error, raw)` and is left out; the error's message begins with file and line. A file that
  is missing or is no such file at all is a CorpusError, whatever `bad` does;
- `Document.meta` holds `place`, where the Document stands in the file (a line number, or "item 3" of an array): findings name
  it, `uie.corpora.reading` takes it off;
- what can be read but is odd is kept: `meta` may hold `invalid_tags`, the number of tags that break their scheme, `ungrounded`,
  the number of mentions whose offsets the text denies, and `repaired`, that of mentions that were found elsewhere; `duplicates`,
  the number of relations that were said once more and are there once, `repeated`, that of entities that say what an earlier one says and
  are there all the same, and `unrelated`, that of pairs that are said to have none.
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
        "oneie": "uie.corpora.oneie:LAYOUT",
        "oneke": "uie.corpora.oneke:LAYOUT",
        "paddle": "uie.corpora.paddle:LAYOUT",
        "multihead": "uie.corpora.multihead:LAYOUT",
        "parallel": "uie.corpora.parallel:LAYOUT",
        "phee": "uie.corpora.phee:LAYOUT",
        "pointer": "uie.corpora.pointer:LAYOUT",
        "prodigy": "uie.corpora.prodigy:LAYOUT",
        "pubtator": "uie.corpora.pubtator:LAYOUT",
        "rams": "uie.corpora.rams:LAYOUT",
        "records": "uie.parsing.gold:LAYOUT",  # above this package: what answers say, formats know
        "semeval2010": "uie.corpora.semeval2010:LAYOUT",
        "spacy": "uie.corpora.spacy_docs:LAYOUT",
        "spert": "uie.corpora.spert:LAYOUT",
        "piped": "uie.corpora.piped:LAYOUT",
        "slash": "uie.corpora.slash:LAYOUT",
        "spacy_json": "uie.corpora.spacy_json:LAYOUT",
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
