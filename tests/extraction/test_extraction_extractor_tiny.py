"""`Extractor.load` with a model of our own making: it loads, answers, and answers alike however it is asked."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_models import make_tiny_model

import uie
from uie.documents import Document

TEXTS = ["Mira met Anton in Oslo.", "Anton lives in Lima.", "nobody came.", "米拉在奥斯陆见到了安东。"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


def test_however_it_is_asked_a_text_is_answered_alike(model: Path) -> None:
    extractor = uie.Extractor.load(str(model), dtype="float32", device="cpu", max_new_tokens=12)

    def one(text: str) -> Document:
        return extractor.extract(Document("1", text), ["person", "place"])

    async def gathered() -> list[Document]:
        return list(await asyncio.gather(*(extractor.aextract(Document("1", text), ["person", "place"]) for text in TEXTS)))

    alone = [one(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        from_threads = list(pool.map(one, TEXTS))

    assert [document.text for document in alone] == TEXTS
    assert all(document.problems for document in alone)  # an untrained model writes nothing that can be read
    assert from_threads == alone
    assert asyncio.run(gathered()) == alone
    assert list(extractor.extract_all([Document("1", text) for text in TEXTS], ["person", "place"])) == alone


def test_constrained_answers_can_be_read_and_have_a_confidence(model: Path) -> None:
    pytest.importorskip("llguidance")
    extractor = uie.Extractor.load(str(model), dtype="float32", device="cpu", max_new_tokens=60, constrain=True, confidence=True)

    documents = list(extractor.extract_all(TEXTS, ["person", "place"]))

    entities = [entity for document in documents for entity in document.entities or ()]
    assert len(entities) > 0
    assert {problem["kind"] for document in documents for problem in document.problems or ()} <= {
        "truncated",
        "surplus",
        "malformed",
    }
    assert all(entity.mention.grounded and entity.type in ("person", "place") for entity in entities)
    assert all(entity.confidence is not None and 0 < entity.confidence <= 1 for entity in entities)
