"""How fast a build reads, asks and writes, beside `json` alone on the same lines, and how its memory grows with the corpus.

python benchmarks/build.py [DOCUMENTS] [WORKERS ...]

The corpus is the English samples, repeated with new ids until there are so many (default 1,000,000). Every measurement is a process
of its own, one after the other: (a) `build_data`, which reads the Documents, asks for their entities and writes records and gold;
(b) `json.loads` and `json.dumps` of the same lines, read from a file and written to one. Then the peak memory of (a) at a hundredth
and a tenth of the corpus and at the whole of it, with and without deduplication (which keeps a hash of every text; so that none is
a duplicate here, each text ends with its number). Imports are not counted.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from uie import resources

DOCUMENTS = 1_000_000


def make_corpus(folder: Path, documents: int) -> None:
    """FOLDER/corpus.jsonl, and the config that describes it."""
    config = yaml.safe_load((resources.shipped("dataset_configs") / "sample_en.yaml").read_text(encoding="utf-8"))
    own = {"name": "corpus", "lang": "en", "layout": "documents", "folder": str(folder), "tasks": ["NER"]}
    own |= {"splits": {"train": {"files": ["corpus.jsonl"]}}, "labels": {"entities": config["labels"]["entities"]}}
    (folder / "corpus.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    samples = [json.loads(line) for line in (resources.samples() / "sample_en.jsonl").read_text(encoding="utf-8").splitlines()]
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as out:
        for number in range(documents):
            row = samples[number % len(samples)]
            row = {**row, "id": str(number), "text": f"{row['text']} {number}", "split": "train"}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def build(folder: Path, workers: int, deduplicate: bool) -> None:
    from uie.records.build import build_data
    from uie.records.mix import Mix
    from uie.settings import build as settings_of

    settings: dict[str, Any] = {"corpora": [{"name": str(folder / "corpus.yaml"), "splits": ["train"]}]}
    mix = settings_of(Mix, {**settings, "deduplicate": deduplicate}, where="benchmark")
    started = time.perf_counter()
    build_data(mix, out=folder / "out", workers=workers, overwrite=True)
    report(started)


def plain(folder: Path) -> None:
    started = time.perf_counter()
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines, (folder / "plain.jsonl").open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(json.loads(line), ensure_ascii=False) + "\n")
    report(started)


def report(started: float) -> None:
    seconds = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "peak": peak * 1024}))


def measured(what: str, folder: Path, *more: object) -> dict[str, float]:
    command = [sys.executable, __file__, what, str(folder), *map(str, more)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main(documents: int, workers: list[int]) -> None:
    print(f"{documents:,} documents; seconds, documents/s, times (b), peak memory")
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "whole"
        folder.mkdir()
        make_corpus(folder, documents)
        base = measured("plain", folder)
        show("(b) json.loads + json.dumps", base, documents, base)
        for number in workers:
            show(f"(a) build_data, workers: {number}", measured("build", folder, number, False), documents, base)
        shutil.rmtree(folder)
        print("peak memory, without deduplication and with it")
        for size in (documents // 100, documents // 10, documents):
            folder = Path(root) / str(size)
            folder.mkdir()
            make_corpus(folder, size)
            peaks = [measured("build", folder, 1, deduplicate)["peak"] / 2**20 for deduplicate in (False, True)]
            print(f"{size:>10,} documents  {peaks[0]:7.1f} MiB  {peaks[1]:7.1f} MiB")
            shutil.rmtree(folder)


def show(name: str, found: dict[str, float], documents: int, base: dict[str, float]) -> None:
    seconds = found["seconds"]
    print(
        f"{name:30} {seconds:8.1f} s  {documents / seconds:9,.0f}/s  {seconds / base['seconds']:5.2f} ×  {found['peak'] / 2**20:7.1f} MiB"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["plain", folder]:
            plain(Path(folder))
        case ["build", folder, workers, deduplicate]:
            build(Path(folder), int(workers), deduplicate == "True")
        case [documents, *workers]:
            main(int(documents), [int(number) for number in workers] or [1])
        case []:
            main(DOCUMENTS, [1])
