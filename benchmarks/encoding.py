"""Seconds and memory of making examples of a records file: one by one into lists, by `read_examples`, and from its cache.

    python benchmarks/encoding.py data/v3/train.jsonl --model smollm2-135m-q4

Each way runs in a process of its own; memory is its resident set beyond what it was with the tokenizer loaded, at its highest (pages of
mapped files included) and at the end. The last line is `plan_order` over a million examples in groups of 8.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = {"one by one": "one by one, as lists", "new": "`read_examples`, empty cache", "cached": "`read_examples`, from the cache"}


def measure(way: str, model: str, records: Path) -> dict[str, float]:
    from uie.models.encoding import encode_example
    from uie.models.loading import load_tokenizer, resolve
    from uie.records.record import read_records
    from uie.training.encoded import read_examples

    tokenizer = load_tokenizer(resolve(model))
    before, started, used = resident(), time.monotonic(), time.process_time()
    if way == "one by one":
        kept = [
            (record, encode_example(tokenizer, record.instruct, record.query, record.answer or "", "chat"))
            for record in read_records(records)
        ]
    else:
        kept = read_examples(records, tokenizer, wrap="chat", max_length=1 << 20, on_error="raise")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, cpu = time.monotonic() - started, time.process_time() - used
    return {"records": len(kept), "seconds": seconds, "cpu": cpu, "peak": peak - before, "held": resident() - before}


def resident() -> float:
    """MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def ordering() -> float:
    import numpy as np

    from uie.training.batches import plan_order

    lengths, groups = np.random.default_rng(0).integers(40, 300, 1_000_000), np.arange(1_000_000) // 8
    started = time.monotonic()
    plan_order(lengths, steps=62_500, batch_size=16, seed=0, groups=groups)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path)
    parser.add_argument("--model", default="smollm2-135m-q4")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.way, given.model, given.records)))
        return
    from uie.models.sources import resolve

    model = str(resolve(given.model).base)
    print("| way | records | s | CPU s | MiB at its highest | MiB held |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as cache:
        for way, words in WAYS.items():
            command = [sys.executable, __file__, str(given.records), "--model", model, "--way", way]
            done = subprocess.run(command, env={**os.environ, "UIE_CACHE": cache}, stdout=subprocess.PIPE, text=True, check=True)
            found = json.loads(done.stdout)
            print(
                f"| {words} | {found['records']:,} | {found['seconds']:.1f} | {found['cpu']:.1f} | {found['peak']:.0f} | {found['held']:.0f} |"
            )
    print(f"\nplan_order, a million examples: {ordering():.1f} s")


if __name__ == "__main__":
    main()
