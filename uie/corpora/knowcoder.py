"""KnowCoder lines `{"sentence"}` with `entities`, `relations` or `events`, beside code prompts, in, Documents with these annotations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.instructuie import document_of
from uie.corpora.rows import Json, NoOptions, placed, values_from_file
from uie.documents import Document


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row, read as InstructUIE's (see `uie.corpora.instructuie`): places hold where the text agrees with them.

    Events without arguments may lack the key. The prompts and their outputs, which say the same as code, are passed over.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    if "events" in row:
        row = {**row, "events": [{"arguments": [], **event} for event in row["events"]]}
    return document_of(row)


LAYOUT = Layout(
    read,
    {
        "data.jsonl": '{"sentence": "Ida Brook left Leeds.", "events": [{"type": "Departure", "trigger": "left", "pos": [10, 14],'
        ' "arguments": [{"role": "who", "type": "", "name": "Ida Brook", "pos": [0, 9]}]}]}\n'
    },
)
