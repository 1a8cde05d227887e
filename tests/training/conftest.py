"""Records with their gold Documents, for runs that are scored while they train."""

from pathlib import Path

import pytest

from uie.documents import Document, Entity, Mention, document_to_json
from uie.records.record import Record, record_to_json
from uie.storage import write_jsonl

SCHEMA = {"entities": {"person": "", "place": ""}}


@pytest.fixture
def dev_records(tmp_path: Path) -> Path:
    """Four records, each a sentence with a person and a place, and their gold Documents beside them."""
    documents, rows = [], []
    for number, (person, place) in enumerate([("Mira", "Oslo"), ("Kim", "Lima"), ("Lena", "Rome"), ("Anton", "Bern")]):
        text = f"{person} likes {place}."
        start = text.index(place)
        entities = (Entity(Mention(person, 0, len(person)), "person"), Entity(Mention(place, start, start + len(place)), "place"))
        documents.append(Document(f"made/{number}", text, "made", "dev", entities=entities))
        answer = f"{person}_person\n{place}_place"
        source = {"document_id": f"made/{number}", "start": 0}
        given = {"id": f"made/{number}#0", "task": "NER", "dataset": "made", "split": "dev", "lang": "en", "format": "lines"}
        rows.append(Record("Who and where?", text, answer, schema=SCHEMA, text=text, source=source, **given))
    path = tmp_path / "data" / "dev.jsonl"
    write_jsonl(path.parent / "documents" / "dev.jsonl", map(document_to_json, documents))
    write_jsonl(path, map(record_to_json, rows))
    return path
