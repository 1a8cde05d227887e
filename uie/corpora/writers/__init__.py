"""Documents in, files of another project's layout out: stage 1 the other way round. One module per layout.

A writer's `write(documents, out, options, lost) -> Mapping` writes the Documents as they come, in constant memory:
- `out` is the file, or the folder (which exists and is empty), to be written; the caller sees to it that it appears whole or not
  at all (`uie.corpora.converting`). A writer of folders writes each Document to its own split's part, `train` where it has none;
- `options` is a frozen dataclass of the module's own: the annotation of the parameter says which (see `writer_options`);
- what the layout cannot hold is left out and counted in `lost` by reason ("nested mention", "event"), never bent to fit;
- it returns the options with which `Writer.layout` reads back what was written.

What is no annotation (ids, `dataset`, `lang`, `meta`, `tokens`) is kept where the layout has a place for it, and not counted elsewhere.
"""

import typing
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from uie.documents import Document
from uie.registry import Registry


class Write(Protocol):
    """The interface of a writer's `write` (see the package docstring)."""

    def __call__(self, documents: Iterable[Document], out: Path, options: Any, lost: Counter[str]) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Writer:
    """One way of writing Documents down. The first line of the module that holds it says what comes out.

    `layout`: the name in `uie.corpora.LAYOUTS` that reads it back. `kind`: what is written, one file a split or one folder for all.
    `suffix`: of the file, "" for folders. `split_files`: where a folder has a split, as a pattern below it with `{split}`.
    """

    write: Write
    layout: str
    kind: Literal["file", "folder"] = "file"
    suffix: str = ""
    split_files: str = ""


WRITERS: Registry[Writer] = Registry(
    "writer",
    {
        "brat": "uie.corpora.writers.brat:WRITER",
        "conll": "uie.corpora.writers.conll:WRITER",
        "csv": "uie.corpora.writers.csv_rows:WRITER",
        "doccano": "uie.corpora.writers.doccano:WRITER",
        "documents": "uie.corpora.writers.documents:WRITER",
        "huggingface": "uie.corpora.writers.huggingface:WRITER",
        "iepile": "uie.corpora.writers.iepile:WRITER",
        "instructuie": "uie.corpora.writers.instructuie:WRITER",
        "labelstudio": "uie.corpora.writers.labelstudio:WRITER",
        "spacy": "uie.corpora.writers.docbin:WRITER",
    },
    group="uie.writers",
)


def writer_options(writer: Writer) -> type[Any]:
    """The settings dataclass that a writer takes, from the annotation of its parameter `options`."""
    return typing.cast(type[Any], typing.get_type_hints(writer.write)["options"])
