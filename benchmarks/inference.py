"""How many documents a second `uie` extracts from, beside plain `generate` and beside the most that the machine could do.

python benchmarks/inference.py RUN [--documents N] [--rounds N] [--case wnut17-short …] [--way "openvino bfloat16" …] [--url http://…]

RUN is a run folder with an adapter (a LoRA of SmolLM2-135M). Every way answers the same questions, likeliest token by likeliest
token, at most ROOM tokens an answer, BATCH side by side. The ways are:

- ours: `Answerer` with the engine transformers, free and constrained, in float32 and bfloat16;
- openvino: the same with the engine openvino, where it is installed;
- server: the same with the engine openai, where `--url` names a server of the run's merged weights, started in bfloat16;
- plain: transformers' `generate` on batches in the input's order, padded, adapter merged;
- one by one: `generate` for one prompt after the other with the adapter beside the weights, on the first ALONE documents.

What an engine does once (compiling a tokenizer, comparing its first answers with transformers) is done before, on WARM other documents.
Each runs in a process of its own, so many rounds in turn; the fastest round counts. `same` is the share of answers that are those of
plain generate in float32. The ceiling is what the measured peak of matrix products allows where each row's own tokens are computed once,
the common prefix once in all, and everything else is free: (prefix + sum of rest and answer) x 2 x weights over the peak.
The cases: wnut17 (short answers) and conll04's relations (long answers), each asked in few words (some 50 tokens before the text) and with
ten further types, all described (some 350). The texts come from the folder that UIE_CORPORA names.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BATCH = 16
ROOM = 64
ALONE = 30
WARM = 8
MORE_TYPES = ("vessel", "river", "crop", "tool", "law", "bird", "song", "road", "coin", "dish")
CASES = ("wnut17-short", "wnut17-long", "conll04-short", "conll04-long")
WAYS = (
    "plain float32",
    "plain bfloat16",
    "one by one bfloat16",
    "ours float32",
    "ours bfloat16",
    "ours constrained float32",
    "ours constrained bfloat16",
    "openvino float32",
    "openvino bfloat16",
    "openvino constrained bfloat16",
    "server bfloat16",
    "server constrained bfloat16",
)
ENGINES = {"ours": "transformers", "openvino": "openvino", "server": "openai"}


@dataclass(frozen=True)
class Measured:
    """Of one way: seconds for the documents, their answers, tokens generated, matmul peak in FLOP a second, weights."""

    documents: int
    seconds: float
    answers: list[str]
    tokens: int
    ceiling: float


def records_of(case: str, documents: int) -> list[Any]:
    from uie.corpora.config import load_dataset_config
    from uie.corpora.reading import read_corpus
    from uie.prompting import load_prompt
    from uie.records.asking import asker
    from uie.schema import Label, RelationLabel

    corpus, prefix = case.split("-")
    config = load_dataset_config("conll04_json" if corpus == "conll04" else corpus)
    task = "NER" if corpus == "wnut17" else "RE"
    schema = config.schema()
    if prefix == "long":
        kind, of = ("entities", Label) if task == "NER" else ("relations", RelationLabel)
        more = tuple(
            of(f"x{number}", f"{word} {number}", f"a {word} that the text mentions in passing, of the kind numbered {number}")
            for number, word in enumerate(MORE_TYPES)
        )
        schema = replace(schema, **{kind: getattr(schema, kind) + more})
    wording = "default" if prefix == "short" else "described"
    one = asker(task, schema, load_prompt(f"{task.lower()}/{wording}.en"), "lines")
    found = []
    for document in read_corpus(config, "test", data_root=Path(os.environ["UIE_CORPORA"])):
        found += one.ask(document)
        if len(found) >= documents:
            break
    return found[:documents]


def measure(way: str, model: str, case: str, documents: int, url: str) -> Measured:
    import torch

    kind, dtype = way.rsplit(" ", 1)
    records = records_of(case, (ALONE if kind == "one by one" else documents) + WARM)
    records, others = records[:-WARM], records[-WARM:]
    with torch.inference_mode():
        if kind.split()[0] in ENGINES:
            answers, tokens, seconds, prompts, weights = ours(kind, dtype, model, records, others, url)
        else:
            answers, tokens, seconds, prompts, weights = theirs(kind, dtype, model, records)
    return Measured(len(records), seconds, answers, tokens, ceiling(prompts, tokens, weights, dtype) / len(records))


def ours(
    kind: str, dtype: str, model: str, records: list[Any], others: list[Any], url: str
) -> tuple[list[str], int, float, list[list[int]], int]:
    from uie.extraction.answering import load_answerer, turns_of
    from uie.generation import EngineOptions
    from uie.models.encoding import default_wrap, encode_conversation
    from uie.models.loading import load_model, load_tokenizer
    from uie.models.sources import resolve, run_questions

    name, constrain = ENGINES[kind.split()[0]], "constrained" in kind
    options = EngineOptions(url=url) if name == "openai" else EngineOptions(dtype=dtype)
    answerer = load_answerer(model, engine=name, options=options, max_new_tokens=ROOM, constrain=constrain)
    list(answerer.answer(others))
    started = time.perf_counter()
    found = {record.id: generation for record, generation in answerer.answer(records, batch_size=BATCH)}
    seconds = time.perf_counter() - started
    source = resolve(model)
    tokenizer = load_tokenizer(source)
    wrap = run_questions(source).get("wrap") or default_wrap(tokenizer)
    prompts = [encode_conversation(tokenizer, turns_of(record), wrap) for record in records]
    answers = [found[record.id].raw for record in records]
    return answers, sum(g.tokens for g in found.values()), seconds, prompts, weights_of(load_model(source, merge=True))


def theirs(kind: str, dtype: str, model: str, records: list[Any]) -> tuple[list[str], int, float, list[list[int]], int]:
    import torch

    from uie.extraction.answering import turns_of
    from uie.models.encoding import default_wrap, encode_conversation, stop_ids
    from uie.models.loading import load_model, load_tokenizer, resolve
    from uie.models.sources import run_questions

    source = resolve(model)
    tokenizer = load_tokenizer(source)
    loaded: Any = load_model(source, dtype=dtype, merge=kind == "plain")
    wrap = run_questions(source).get("wrap") or default_wrap(tokenizer)
    stops = sorted(stop_ids(tokenizer))
    size = BATCH if kind == "plain" else 1
    started = time.perf_counter()
    prompts = [encode_conversation(tokenizer, turns_of(record), wrap) for record in records]
    answers, tokens = [], 0
    for at in range(0, len(prompts), size):
        batch = prompts[at : at + size]
        width = max(map(len, batch))
        ids = torch.tensor([[0] * (width - len(row)) + row for row in batch])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in batch])
        out = loaded.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=ROOM, do_sample=False, eos_token_id=stops, pad_token_id=stops[0]
        )
        for row in out[:, width:].tolist():
            end = next((place for place, token in enumerate(row) if token in stops), len(row))
            answers.append(tokenizer.decode(row[:end], skip_special_tokens=True))
            tokens += min(end + 1, len(row))
    return answers, tokens, time.perf_counter() - started, prompts, weights_of(loaded)


def weights_of(model: Any) -> int:
    """Weights that every token is multiplied with."""
    return sum(
        weight.numel()
        for name, weight in model.named_parameters()
        if weight.dim() == 2 and not any(part in name for part in ("embed", "lm_head", "lora_"))
    )


def ceiling(prompts: list[list[int]], tokens: int, weights: int, dtype: str) -> float:
    """Seconds that the multiplications alone take at the measured peak."""
    import torch

    from uie.generation.rows import common_prefix

    prefix = len(common_prefix(prompts))
    needed = prefix + sum(len(prompt) - prefix for prompt in prompts) + tokens
    size = 2048
    one = torch.randn(size, size, dtype=getattr(torch, dtype))
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        one @ one
        best = min(best, time.perf_counter() - started)
    return 2 * weights * needed / (2 * size**3 / best)


def show(case: str, found: dict[str, Measured]) -> None:
    rate = {way: one.documents / one.seconds for way, one in found.items()}
    right = found["plain float32"].answers
    print(f"\n{case:26} documents/s   x plain   x one by one   of the ceiling   same   tokens an answer")
    for way, one in found.items():
        plain = rate[f"plain {way.rsplit(' ', 1)[1]}"]
        same = sum(a == b for a, b in zip(one.answers, right, strict=False)) / one.documents
        print(
            f"  {way:24} {rate[way]:11.2f} {rate[way] / plain:9.2f} {rate[way] / rate['one by one bfloat16']:14.2f} "
            f"{one.ceiling * rate[way]:15.1%} {same:7.1%} {one.tokens / one.documents:12.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--way", choices=WAYS, action="append", help="beside the plain ones and one by one")
    parser.add_argument("--url", default="", help="a server of the run's merged weights")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # a process of its own
    given = parser.parse_args()
    if given.here:
        print(json.dumps(vars(measure(given.way[0], given.model, given.case[0], given.documents, given.url))))
        return
    here = {"ours": True, "openvino": bool(find_spec("openvino_genai")), "server": bool(given.url)}
    wanted = [way for way in WAYS if way.split()[0] not in here or (here[way.split()[0]] and way in (given.way or WAYS))]
    for case in given.case or CASES:
        found: dict[str, Measured] = {}
        for _ in range(given.rounds):
            for way in wanted:
                one = in_its_own_process(way, given.model, case, given.documents, given.url)
                if way not in found or one.seconds < found[way].seconds:
                    found[way] = one
        show(case, found)


def in_its_own_process(way: str, model: str, case: str, documents: int, url: str) -> Measured:
    command = [sys.executable, __file__, model, "--here", "--way", way, "--case", case, "--documents", str(documents), "--url", url]
    with tempfile.TemporaryFile("w+") as told:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=told, text=True, check=False)
        if done.returncode:
            told.seek(0)
            raise SystemExit(f"{way}: {told.read()[-3000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
