"""Records with their gold Documents, for runs that are scored while they train; and one thread for tiny models."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from uie.documents import Document, Entity, Mention, document_to_json
from uie.records.record import Record, record_to_json
from uie.storage import write_jsonl


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Two threads that share a tiny matrix mostly wait for one another, and other tests run beside."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def in_memory() -> Callable[..., "Examples"]:  # noqa: F821 - it needs torch, which tests elsewhere do without
    """Makes what `read_examples` maps out of Examples; `instructs` names the instruct of each."""

    def make(examples: Sequence, *, instructs: Sequence[str] = ()) -> "Examples":  # noqa: F821
        from uie.training.encoded import Examples

        ids = [str(number).encode() for number in range(len(examples))]
        return Examples(
            tokens=np.array([token for example in examples for token in example.input_ids], dtype=np.int32),
            starts=np.cumsum([0, *(len(example.input_ids) for example in examples)]),
            graded=np.array([sum(label != -100 for label in example.labels) for example in examples], dtype=np.int32),
            instructs=np.array([instructs.index(name) for name in instructs] or range(len(examples)), dtype=np.int32),
            id_bytes=np.frombuffer(b"".join(ids), dtype=np.uint8),
            id_starts=np.cumsum([0, *map(len, ids)]),
            rejected=[],
            origins={},
            asked={},
        )

    return make


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
