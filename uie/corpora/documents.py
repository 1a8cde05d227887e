"""Our own Document JSON Lines in (see `uie.documents`), the same Documents out, of one split or of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, documents_from_lines
from uie.documents import Document, document_from_json


@dataclass(frozen=True, slots=True)
class DocumentsOptions:
    """`split`: which Documents of the file, by their key `split` (default: all)."""

    split: str | None = None


def read(path: Path, options: DocumentsOptions, bad: OnBad) -> Iterator[Document]:
    """The Documents of the file; a user's own corpus needs no other layout if they can write this one."""

    def wanted(row: Json) -> Document | None:
        if options.split is not None and row.get("split") != options.split:
            return None
        return document_from_json({"id": "", **row})

    return documents_from_lines(path, bad, wanted)


LAYOUT = Layout(
    read,
    {"people.jsonl": '{"text": "Ann lives in Rome.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "person"}]}\n'},
)
