"""Shards on a Ray cluster of two nodes, of which one is killed; the fake engine is a plugin of every node."""

import json
import os
import threading
import time
from pathlib import Path

import fake_engine
import pytest

from uie.extraction.inputs import Asking
from uie.extraction.parallel import predict_in_shards
from uie.extraction.predict import PredictSettings
from uie.schema import read_schema

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_a_node_that_dies_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    from uie.extraction.cluster import run_on_ray

    environment = fake_engine.install(tmp_path) | {"FAKE_SECONDS": "0.05", "RAY_DISABLE_IMPORT_WARNING": "1"}
    for name, value in environment.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    notes = tmp_path / "notes.txt"
    notes.write_text("".join(f"Ann met number {n}.\n" for n in range(80)), encoding="utf-8")
    asking = Asking(("NER",), read_schema({"entities": {"PER": {"name": "person"}}}))
    settings = PredictSettings(str(tmp_path / "model"), notes, tmp_path / "out", engine="fake")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    shards = tmp_path / "out" / "shards"

    before: list[str] = []

    def kill() -> None:
        """The second node, as soon as two tasks have written something."""
        while sum(path.stat().st_size > 0 for path in shards.glob("*/generations.jsonl")) < 2:
            time.sleep(0.1)
        before.extend(fake_engine.asked(tmp_path))
        cluster.remove_node(second, allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        summary = predict_in_shards(settings, run_on_ray, shards=2, asking=asking)
    finally:
        killer.join()
        ray.shutdown()
        cluster.shutdown()

    assert (summary.documents, summary.records, summary.failed) == (80, 80, 0)
    lines = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"notes#{n}" for n in range(1, 81)]
    assert len(before) < 30
    assert len(fake_engine.asked(tmp_path)) <= 81  # at most the answer that was being written when the node died is made twice
