"""Stage 1: corpus files in, Documents out. One module per layout; `dataset_configs/` says which corpus has which layout.

A reader is a function `read(path, options, bad) -> Iterator[Document]`:
- it streams where the layout allows; the Documents carry what the file says (the corpus' own id, if any, its own labels);
  `uie.corpora.reading` gives them their id, dataset, split and language;
- `options` is a frozen dataclass of the module's own: the annotation of the parameter says which (see `options_of`);
- what cannot be read goes to `bad(error, raw)` and is left out; the error's message begins with file and line. A file that
  is missing or is no such file at all is a CorpusError, whatever `bad` does;
- what can be read but is odd is kept: `Document.meta` may hold `invalid_tags`, the number of tags that break their scheme.
"""

import typing
from collections.abc import Callable, Iterator
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


LAYOUTS: Registry[Reader] = Registry(
    "layout",
    {
        "cluener": "uie.corpora.cluener:read",
        "conll04": "uie.corpora.conll04:read",
        "documents": "uie.corpora.documents:read",
        "duee": "uie.corpora.duee:read",
        "entity_list": "uie.corpora.entity_list:read",
        "instructuie": "uie.corpora.instructuie:read",
        "parallel": "uie.corpora.parallel:read",
        "phee": "uie.corpora.phee:read",
        "spo": "uie.corpora.spo:read",
        "tokens": "uie.corpora.tokens:read",
    },
    group="uie.corpora",
)


def options_of(reader: Reader) -> type[Any]:
    """The settings dataclass that a reader takes, from the annotation of its parameter `options`."""
    return typing.cast(type[Any], typing.get_type_hints(reader)["options"])


def raise_bad(error: CorpusError, raw: str) -> None:
    """The default `bad`: the first line that cannot be read ends the reading."""
    raise error
