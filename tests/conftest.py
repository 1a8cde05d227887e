"""Fixtures that several packages share: a tiny model made from its config, with a tokenizer trained on the spot."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_models import make_tiny_model

# No test asks the network without the marker for it.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps records that tests encode out of the user's cache; models that lie there are still found."""
    from uie.resources import cache_folder

    models = cache_folder() / "models"
    cache = tmp_path_factory.mktemp("cache")
    if models.is_dir():
        (cache / "models").symlink_to(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UIE_CACHE", str(cache))
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer Llama in float32 and a byte-level tokenizer with ChatML turns and a default system message."""
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def records_file(tmp_path: Path) -> Path:
    """Eight records with three keys each."""
    people, places = ["Mira", "Anton", "Kim", "Lena"], ["Oslo", "Lima"]
    rows = [
        {
            "instruct": "You find the persons and places in a text.",
            "query": f"Text: {person} lives in {place}." + " So it is." * (number % 3),
            "answer": f"{person}_person\n{place}_place",
        }
        for number, (person, place) in enumerate((person, place) for person in people for place in places)
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
