"""How fast scoring is, beside seqeval, nervaluate and the time it takes to parse the two files; the bootstrap beside one pass.

python benchmarks/scoring.py [SENTENCES]

Sentences of 8 to 30 tokens with 0 to 4 flat entities of 6 types, of which a model found about three quarters, got a tenth wrong and
invented some. Everything runs in this process on the same sentences. Times are CPU seconds, the least of three runs (one run for
what takes over ten seconds); a ratio says how many times as long the other takes. The last part shows that time is linear in the
number of documents and that streamed scoring needs no more memory for more of them.
"""

import gc
import json
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from nervaluate import Evaluator
from seqeval.metrics import classification_report

from uie.documents import Document, Entity, Mention, document_from_json, document_to_json
from uie.scoring.score import score
from uie.scoring.tag_rules import score_tags
from uie.scoring.tag_sequences import iob2_tags
from uie.scoring.uncertainty import RESAMPLES, bootstrap
from uie.storage import read_jsonl, write_jsonl

SENTENCES = 200_000
TYPES = ("person", "location", "organization", "product", "event", "work")
BOOTSTRAP_DOCUMENTS = 10_000
LONG = 10.0


def sentences(number: int, *, seed: int = 0) -> tuple[list[Document], list[Document]]:
    rng = random.Random(seed)
    gold, predicted = [], []
    for index in range(number):
        words = [f"w{rng.randrange(5000)}" for _ in range(rng.randint(8, 30))]
        ends = np.cumsum([len(word) + 1 for word in words]).tolist()
        tokens = tuple((end - 1 - len(word), end - 1) for word, end in zip(words, ends, strict=True))
        text = " ".join(words)
        places = sorted(rng.sample(range(len(words) - 2), rng.randint(0, 4)))
        spans = [(place, min(place + rng.randint(0, 2), following - 1)) for place, following in pairwise([*places, len(words)])]
        right = [_entity(text, tokens, span, rng.choice(TYPES)) for span in spans]
        found = [
            _distorted(text, tokens, entity, span, rng) for entity, span in zip(right, spans, strict=True) if rng.random() < 0.85
        ]
        gold.append(Document(f"s{index}", text, "made", entities=tuple(right), tokens=tokens))
        predicted.append(Document(f"s{index}", text, "made", entities=tuple(found)))
    return gold, predicted


def _entity(text: str, tokens: tuple[tuple[int, int], ...], span: tuple[int, int], type: str) -> Entity:
    start, end = tokens[span[0]][0], tokens[span[1]][1]
    return Entity(Mention(text[start:end], start, end), type)


def _distorted(text: str, tokens: tuple[tuple[int, int], ...], entity: Entity, span: tuple[int, int], rng: random.Random) -> Entity:
    draw = rng.random()
    if draw < 0.06:
        return Entity(entity.mention, rng.choice(TYPES))
    if draw < 0.12:
        return _entity(text, tokens, (span[0], span[0]), str(entity.type))
    return entity


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of the fastest of three runs; of one run where it is long."""
    times: list[float] = []
    while len(times) < (1 if times and times[0] > LONG else 3):
        gc.collect()
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def documents(path: Path) -> Iterator[Document]:
    return (document_from_json(row) for _, row in read_jsonl(path))


def spans(document: Document) -> list[dict[str, object]]:
    return [{"label": e.type, "start": e.mention.start, "end": e.mention.end} for e in document.entities or ()]


def main(number: int) -> None:
    gold, predicted = sentences(number)
    tagged = [
        [iob2_tags(document, one.tokens or ()) for document, one in zip(side, gold, strict=True)] for side in (gold, predicted)
    ]
    ours = seconds(lambda: score(gold, predicted))
    tags = seconds(lambda: score_tags(*tagged))
    seqeval = seconds(lambda: classification_report(*tagged))
    rows = [("score, from Documents", ours), ("score_tags, from tag sequences", tags), ("seqeval classification_report", seqeval)]
    as_spans = [[spans(document) for document in side] for side in (gold, predicted)]
    rows.append(("nervaluate", seconds(lambda: Evaluator(*as_spans, tags=list(TYPES), loader="dict").evaluate())))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("gold.jsonl", "predicted.jsonl")]
        for path, side in zip(paths, (gold, predicted), strict=True):
            write_jsonl(path, (document_to_json(document) for document in side))
        plain = seconds(lambda: [json.loads(line) for path in paths for line in path.open(encoding="utf-8")])
        parsed = seconds(lambda: [document for path in paths for document in documents(path)])
        streamed = seconds(lambda: score(documents(paths[0]), documents(paths[1])))
        rows += [("json.loads of every line of the two files", plain), ("the two files as Documents", parsed)]
        rows.append(("score, streamed from the two files", streamed))
        print(f"{number:,} sentences\n{'CPU s':>9} {'× score':>8} {'× tags':>8}")
        for name, took in rows:
            print(f"{took:9.3f} {took / ours:8.1f} {took / tags:8.1f}  {name}")
        few = slice(0, BOOTSTRAP_DOCUMENTS)
        one_pass = seconds(lambda: score(gold[few], predicted[few]))
        counts = score(gold[few], predicted[few]).rows[0].per_document
        assert counts is not None
        resampled = seconds(lambda: bootstrap(counts.counts))
        print(
            f"\nbootstrap, {RESAMPLES:,} resamples of {BOOTSTRAP_DOCUMENTS:,} documents: {resampled:.3f} s, {resampled / one_pass:.1f} scoring passes"
        )
        print("\ndocuments   s / 1,000   peak MiB while streaming")
        for size in (number // 16, number // 4, number):
            print(growth(gold[:size], predicted[:size], paths))


def growth(gold: list[Document], predicted: list[Document], paths: list[Path]) -> str:
    for path, side in zip(paths, (gold, predicted), strict=True):
        write_jsonl(path, (document_to_json(document) for document in side))
    took = seconds(lambda: score(gold, predicted))
    tracemalloc.start()
    score(documents(paths[0]), documents(paths[1]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{len(gold):9,} {1000 * took / len(gold):11.5f} {peak / 2**20:10.1f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SENTENCES)
