"""How fast each format writes and reads answers, beside `json` on the same answers, and whether reading stays linear up to 1 MB.

python benchmarks/records.py [FORMAT ...]

Times are CPU seconds, since other work on the machine counts in no others. First, per task: gold answers of the sample corpora,
median of alternating rounds; "× json" is the time of the format over that of `json.dumps` (encode) or `json.loads` (decode).
Then, of long bad answers, the time per byte by length; 1 MB : 10 kB is 1 where work is linear, 100 where it is quadratic. At last
for each format the kind of bad answer with the largest such ratio, and the slowest at 1 MB. Formats that are named are read
only in the second part.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from uie.corpora.config import load_dataset_config
from uie.corpora.reading import read_files
from uie.formats import FORMATS
from uie.records.asking import prompt_language
from uie.tasks import asks
from uie.tasks.question import Answer, Question, answer_to_json

ROUNDS = 7
PLAIN = "plain JSON"
TASKS = ("NER", "RE", "EE")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SMALL, LARGE = 10_000, 1_000_000
SHORTEST_SECONDS = 0.1  # a small answer is read as often as that takes


@dataclass(frozen=True)
class Gold:
    """A question with its gold answer."""

    question: Question
    answer: Answer


def golds(task: str) -> list[Gold]:
    found = []
    for name in ("sample_en", "sample_zh"):
        config = load_dataset_config(name)
        schema = config.schema(prompt_language(config.lang))
        for split in config.splits:
            for document in read_files(config, split, data_root=None):
                for one in asks(task, document, schema):
                    if one.gold is not None:
                        found.append(Gold(Question(task, one.schema, document.text, one.schema.lang, one.given), one.gold))
    return found


def seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


# Records per second


def speeds(task: str) -> None:
    records = golds(task)
    formats = [name for name in FORMATS if task in FORMATS.get(name).TASKS]
    runs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {}
    as_json = [answer_to_json(record.answer) for record in records]
    dumped = [json.dumps(row, ensure_ascii=False) for row in as_json]
    runs[PLAIN] = (
        lambda: [json.dumps(row, ensure_ascii=False) for row in as_json],
        lambda: [json.loads(line) for line in dumped],
    )
    for name in formats:
        one = FORMATS.get(name)
        written = [one.encode(record.answer, record.question) for record in records]
        runs[name] = (
            lambda one=one: [one.encode(record.answer, record.question) for record in records],
            lambda one=one, written=written: [
                one.decode(raw, record.question) for raw, record in zip(written, records, strict=True)
            ],
        )
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in runs}
    for turn in range(ROUNDS + 1):
        for name, both in runs.items():
            for taken, run in zip(times[name], both, strict=True):
                gc.collect()
                found = seconds(run)
                if turn:  # the first warms caches
                    taken.append(found)
    encoding, decoding = (statistics.median(taken) for taken in times[PLAIN])
    print(f"\n{task}: {len(records)} records\n{'':18}{'encode/s':>10}{'× json':>8}{'decode/s':>12}{'× json':>8}")
    for name, (encode, decode) in times.items():
        written, read = statistics.median(encode), statistics.median(decode)
        print(
            f"{name:18}{len(records) / written:10,.0f}{written / encoding:8.1f}{len(records) / read:12,.0f}{read / decoding:8.1f}"
        )


# Long answers


def long_answers(name: str, gold: Gold, size: int) -> dict[str, str]:
    """Bad answers of `size` characters, by what is bad about them."""
    one = FORMATS.get(name)
    once = one.encode(gold.answer, gold.question)
    times = size // max(len(once), 1) + 2
    many = replace(
        gold.answer,
        mentions=gold.answer.mentions * times,
        triples=gold.answer.triples * times,
        frames=gold.answer.frames * times,
    )
    whole = one.encode(many, gold.question)
    # Markup writes the text once, however many mentions there are: there the longest answer is the text again and again.
    cut = whole if len(whole) >= size else f"{once[:-1]} " * times
    return {
        "loop": (f"{once}\n" * times)[:size],
        "cut off": cut[:size],
        "open [": ("[" * size)[:size],
        "open (": ("(" * size)[:size],
        "open {": ('{"a":' * size)[:size],
        "open <": ("<a>" * size)[:size],
        "quotes": ('"a' * size)[:size],
        "nested": ('A(a=[("' * size)[:size],
    }


def seconds_a_byte(decode: Callable[[str], object], raw: str) -> float:
    taken, count = 0.0, 0
    best = float("inf")
    while taken < SHORTEST_SECONDS or count < 2:
        found = seconds(lambda: decode(raw))
        taken, count, best = taken + found, count + 1, min(best, found)
        if found > 1:  # a long one is measured once
            break
    return best / len(raw)


def growth(name: str) -> str:
    """Prints a line for each kind of bad answer, and returns what to say of them all."""
    one = FORMATS.get(name)
    task = next(task for task in TASKS if task in one.TASKS)
    gold = max(golds(task), key=lambda gold: len(gold.answer.mentions + gold.answer.triples + gold.answer.frames))
    by_size = {size: long_answers(name, gold, size) for size in SIZES}
    ratios: dict[str, float] = {}
    at_last: dict[str, float] = {}
    for kind in by_size[SMALL]:
        cost = {size: seconds_a_byte(lambda raw: one.decode(raw, gold.question), by_size[size][kind]) for size in SIZES}
        each = "".join(f"{cost[size] * 1e9:10,.0f}" for size in SIZES)
        ratios[kind], at_last[kind] = cost[LARGE] / cost[SMALL], cost[LARGE]
        print(f"{name:18}{task:5}{kind:8}{each}{ratios[kind]:14.2f}", flush=True)
    steepest, slowest = max(ratios, key=lambda kind: ratios[kind]), max(at_last, key=lambda kind: at_last[kind])
    return f"{name:18}{ratios[steepest]:8.2f}  {steepest:10}{at_last[slowest] * 1e9:10,.0f}  {slowest}"


def main() -> None:
    for task in TASKS:
        speeds(task)
    sizes = "".join(f"{f'{size // 1000} kB':>10}" for size in SIZES)
    print(f"\nDecoding, nanoseconds a byte by length of the answer\n{'':31}{sizes}{'1 MB : 10 kB':>14}")
    said = [growth(name) for name in sys.argv[1:] or FORMATS.names()]
    print(f"\n{'':18}{'1 MB : 10 kB, steepest':20}{'ns a byte at 1 MB, slowest':>28}")
    print("\n".join(said))


if __name__ == "__main__":
    main()
