"""Documents in, our own JSON Lines out: one Document a line, with everything it holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from uie.corpora.rows import NoOptions
from uie.corpora.writers import Writer
from uie.documents import Document, document_to_json
from uie.storage import to_line


def write(documents: Iterable[Document], out: Path, options: NoOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """Nothing is lost."""
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(to_line(document_to_json(document)))
    return {}


WRITER = Writer(write, "documents", suffix=".jsonl")
