"""How many graded tokens a second `uie train` learns from, beside trl's SFTTrainer and beside padding every example to 192 tokens.

python benchmarks/training.py [--model NAME|tiny|1b] [--mode lora|full] [--steps N] [--rounds N] [--case share8|share1|types40] [--only WAY]…

Every way trains the same model in the same precision on the same records in the same order, BATCH records a step, with the same
adapter, so that a step of one has learned what a step of the other has. The ways are:

- ours: `uie train` with packing, PACKED records at once (which takes less memory than MICRO side by side);
- ours, plain: the same without packing, MICRO records at once, as in all other ways but the last;
- trl: SFTTrainer as its defaults have it (gradient checkpointing on), told to grade completions only, as it does for prompts and
  completions; once more with gradient checkpointing off;
- padded: transformers' Trainer with every example padded to 192 tokens and logits everywhere, micro-batches of 12, as the script of
  seed project 001 trained; what of a record lies behind the 192nd token is cut, and grades nothing. Left out for `types40`, where
  no answer would be left.

Each runs in a process of its own, one after the other, --rounds times in turn. A figure is graded tokens over the seconds of all steps
but the first. The share of the peak counts the multiplications of the layers for the tokens a way really computes, padding
included (forward 2 a weight and token, backward 2, with trained weights 2 more), over those of a large matrix product measured in the
same process. Losses are those of the steps, in nats a graded token.
Examples of `types40` have 1,200 tokens: 8 of them side by side without gradient checkpointing take more than 24 GB.
Records are WNUT-17's, from the folder that UIE_CORPORA names, or the sample corpus where it is not set; `types40` asks them all for 40
described types.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

BATCH = 24
MICRO = 8
PACKED = 24
PADDED_MICRO = 12
PADDED_LENGTH = 192
WARM = 1
RECORDS = 1200
LORA = {"r": 8, "alpha": 16, "dropout": 0.0}
RATE = 2e-4
WAYS = ("ours", "ours, plain", "trl", "trl, no checkpointing", "padded")
CASES = ("share8", "share1", "types40")
FIELDS = ("person", "place", "team", "company", "product", "book", "film", "song", "game", "festival")
ASPECTS = (
    ("famous", "known far beyond the text, such as one that newspapers write about without explaining"),
    ("local", "known to the people of one town or region only, or named for a place nearby"),
    ("historical", "no longer there at the time of the text, or spoken of as belonging to the past"),
    ("invented", "made up: of a story, a joke, a game or an advertisement, and not to be met in the world"),
)


# Records


def records_file(case: str, folder: Path) -> Path:
    from uie.records.build import build_data
    from uie.records.mix import load_mix
    from uie.records.record import read_records, record_to_json
    from uie.storage import write_jsonl

    root = os.environ.get("UIE_CORPORA")
    corpus = "wnut17" if root else "sample_en"
    share = 1 if case == "share1" else 8
    mix = load_mix("v3", [f"corpora=[{{name: {corpus}, tasks: [NER]}}]", f"share={share}"])
    build_data(mix, out=folder / "built", data_root=Path(root) if root else None)
    records = list(read_records(folder / "built" / "train.jsonl"))
    if case == "types40":
        records = [with_forty_types(record) for record in records]
    path = folder / "train.jsonl"
    write_jsonl(path, map(record_to_json, records[:RECORDS]))
    return path


def with_forty_types(record: Any) -> Any:
    from uie.documents import Document
    from uie.prompting.files import load_prompt
    from uie.records.asking import asker
    from uie.schema import Label, Schema

    types = tuple(
        Label(f"{aspect}_{field}", f"{aspect} {field}", f"a {field} that is {said}") for field in FIELDS for aspect, said in ASPECTS
    )
    one = asker("NER", Schema("en", types), load_prompt("ner/described.en"), "lines")
    (asked,) = one.ask(Document(record.id, record.text, record.dataset))
    return replace(record, instruct=asked.instruct, query=asked.query)


# Models


def model_folder(name: str, folder: Path) -> str:
    """A catalogue name as it is; `tiny` and `1b` are Llamas of random weights with the tokenizer of SmolLM2."""
    sizes = {
        "tiny": {"hidden_size": 160, "intermediate_size": 640, "num_hidden_layers": 10, "num_attention_heads": 5},
        "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 15, "num_attention_heads": 16},
    }
    if name not in sizes:
        return name
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from uie.models.loading import load_tokenizer, resolve

    tokenizer = load_tokenizer(resolve("smollm2-135m-q4"))
    torch.manual_seed(0)
    given: dict[str, Any] = {"vocab_size": len(tokenizer), "tie_word_embeddings": True, **sizes[name]}
    LlamaForCausalLM(LlamaConfig(**given)).to(torch.bfloat16).save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / name)
    return str(folder / name)


# The ways, each in a process of its own


@dataclass(frozen=True)
class Measured:
    """Of one way: seconds and losses of its steps, graded and computed tokens a step, weights of layers, peak in FLOP a second."""

    seconds: list[float]
    losses: list[float]
    graded: list[int]
    computed: list[int]
    weights: int
    peak: float
    memory: int


def measure(way: str, model: str, mode: str, steps: int, records: Path) -> Measured:
    from uie.models.loading import load_tokenizer, resolve
    from uie.training.settings import LoraSettings, TrainSettings

    out = Path(tempfile.mkdtemp()) / "run"
    settings = TrainSettings(
        model=model, train=records, out=out, mode=mode, lora=LoraSettings(**LORA), max_steps=steps, batch_size=BATCH,  # type: ignore[arg-type]
        micro_batch=PACKED if way == "ours" else MICRO, packing="none" if way == "ours, plain" else "prefix", learning_rate=RATE, schedule="constant", warmup_share=0.0,
        max_length=2048, save_steps=10**6, log_steps=1, deepspeed="none",
    )  # fmt: skip
    tokenizer = load_tokenizer(resolve(model))
    if way.startswith("ours"):
        return _ours(settings, tokenizer)
    return _theirs(way, settings, tokenizer)


def _timer() -> Any:
    import torch
    from transformers import TrainerCallback

    class Timer(TrainerCallback):
        def __init__(self) -> None:
            self.ends: list[float] = []
            self.losses: list[float] = []

        def _now(self) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.ends.append(time.perf_counter())

        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._now()

        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._now()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
            if "loss" in logs:
                self.losses.append(logs["loss"])

    return Timer()


def counting(collate: Callable[[Any], dict[str, Any]], counts: list[tuple[int, int]]) -> Callable[[Any], dict[str, Any]]:
    """The same collator, which notes graded and computed tokens of every micro-batch."""

    def counted(examples: Any) -> dict[str, Any]:
        batch = collate(examples)
        counts.append((int((batch["labels"] != -100).sum()), batch["input_ids"].numel()))
        return batch

    return counted


def _ours(settings: Any, tokenizer: Any) -> Measured:
    from uie.training.run import train

    timer = _timer()
    train(settings, callbacks=[timer])
    return _measured(timer, layouts(settings, tokenizer), settings, per_step=BATCH // settings.micro_batch)


def layouts(settings: Any, tokenizer: Any) -> list[tuple[int, int]]:
    """Graded tokens and places computed of every micro-batch of ours."""
    import torch

    from uie.training.batches import collate
    from uie.training.packing import collate_packs

    examples, order = planned_examples(settings, tokenizer)
    counts: list[tuple[int, int]] = []
    lay_out: Any = functools.partial(collate, pad_id=0)
    if settings.packing != "none":
        lay_out = functools.partial(collate_packs, pad_id=0, mask_dtype=torch.float32)
    lay_out = counting(lay_out, counts)
    size = settings.micro_batch
    for at in range(0, len(order), size):
        lay_out([examples[place] for place in order[at : at + size]])
    return counts


def _theirs(way: str, settings: Any, tokenizer: Any) -> Measured:
    import torch
    from transformers import Trainer, TrainingArguments

    from uie.models.loading import load_base, pick_device, resolve

    examples, order = planned_examples(settings, tokenizer)
    rows = [examples[place] for place in order]
    device = pick_device()
    dtype = torch.bfloat16 if settings.mode == "lora" else torch.float32
    model: Any = load_base(resolve(settings.model).base, dtype=dtype, device=device)
    micro = PADDED_MICRO if way == "padded" else MICRO
    common: dict[str, Any] = {
        "output_dir": str(settings.out), "max_steps": settings.max_steps, "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": BATCH // micro, "learning_rate": RATE, "lr_scheduler_type": "constant", "bf16": True,
        "use_cpu": device.type == "cpu", "logging_steps": 1, "save_strategy": "no", "report_to": "none", "disable_tqdm": True,
        "train_sampling_strategy": "sequential", "dataloader_pin_memory": False, "max_grad_norm": 1.0,
    }  # fmt: skip
    adapter = lora_config(model, settings)
    timer = _timer()
    counts: list[tuple[int, int]] = []
    trainer: Any
    if way == "padded":
        from peft import get_peft_model

        if adapter is not None:
            model = get_peft_model(model, adapter)
        trainer = Trainer(
            model=model, args=TrainingArguments(**common), train_dataset=rows, data_collator=counting(pad_to_192, counts)
        )
    else:
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        prepared = Dataset.from_list(
            [{"input_ids": row.input_ids, "completion_mask": [int(label != -100) for label in row.labels]} for row in rows]
        )
        more = {"gradient_checkpointing": False} if way != "trl" else {}
        trainer = SFTTrainer(
            model=model, args=SFTConfig(**common, **more, completion_only_loss=True, max_length=2048), train_dataset=prepared,
            processing_class=tokenizer, peft_config=adapter,
        )  # fmt: skip
        trainer.data_collator = counting(trainer.data_collator, counts)
    trainer.add_callback(timer)
    trainer.train()
    return _measured(timer, counts, settings, per_step=BATCH // micro)


def planned_examples(settings: Any, tokenizer: Any) -> tuple[Any, list[int]]:
    """The examples, and the order in which `uie train` takes them; without packing that is another one, by length."""
    from uie.training.batches import plan_order
    from uie.training.encoded import read_examples
    from uie.training.packing import prefix_groups

    examples = read_examples(settings.train, tokenizer, wrap=settings.wrap, max_length=settings.max_length, on_error="raise")
    groups = None if settings.packing == "none" else prefix_groups(examples)
    order = plan_order(examples.lengths, steps=settings.max_steps, batch_size=BATCH, seed=settings.seed, groups=groups)
    return examples, [int(place) for place in order]


def lora_config(model: Any, settings: Any) -> Any:
    from peft import LoraConfig

    from uie.models.families import lora_targets

    if settings.mode != "lora":
        return None
    targets, _ = lora_targets(model)
    return LoraConfig(
        task_type="CAUSAL_LM", r=LORA["r"], lora_alpha=LORA["alpha"], lora_dropout=LORA["dropout"], target_modules=list(targets)
    )


def pad_to_192(examples: Any) -> dict[str, Any]:
    import torch

    rows = [(row.input_ids[:PADDED_LENGTH], row.labels[:PADDED_LENGTH]) for row in examples]
    return {
        "input_ids": torch.tensor([ids + [0] * (PADDED_LENGTH - len(ids)) for ids, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (PADDED_LENGTH - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([labels + [-100] * (PADDED_LENGTH - len(labels)) for _, labels in rows]),
    }


def _measured(timer: Any, counts: list[tuple[int, int]], settings: Any, *, per_step: int) -> Measured:
    import resource

    import torch

    steps = len(timer.ends) - 1
    batches = [counts[at : at + per_step] for at in range(0, steps * per_step, per_step)]
    cuda = torch.cuda.is_available()
    return Measured(
        seconds=[end - start for start, end in zip(timer.ends, timer.ends[1:], strict=False)],
        losses=timer.losses,
        graded=[sum(graded for graded, _ in batch) for batch in batches],
        computed=[sum(tokens for _, tokens in batch) for batch in batches],
        weights=layer_weights(settings.model),
        peak=peak_flops(),
        memory=torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def layer_weights(model: str) -> int:
    """Weights that every token is multiplied with: all but embeddings and output, which few places need."""
    from uie.models.loading import load_shape, resolve

    shape: Any = load_shape(resolve(model).base)
    return sum(
        weight.numel()
        for name, weight in shape.named_parameters()
        if weight.dim() == 2 and "embed" not in name and "lm_head" not in name
    )


def peak_flops() -> float:
    """Of a product of two square matrices in bfloat16, the fastest of several."""
    import torch

    cuda = torch.cuda.is_available()
    size = 8192 if cuda else 2048
    one = torch.randn(size, size, device="cuda" if cuda else "cpu", dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        one @ one
        if cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


# The report


def speed(measured: list[Measured]) -> float:
    """Graded tokens a second over all rounds."""
    return sum(sum(one.graded[WARM:]) for one in measured) / sum(sum(one.seconds[WARM:]) for one in measured)


def share_of_peak(measured: list[Measured], mode: str) -> float:
    passes = 4 if mode == "lora" else 6
    return statistics.mean(passes * one.weights * sum(one.computed[WARM:]) / sum(one.seconds[WARM:]) / one.peak for one in measured)


def show(case: str, mode: str, found: dict[str, list[Measured]]) -> None:
    ours = speed(found["ours"])
    print(f"\n{case}, {mode}: {'':14} graded/s   ours is   of the peak   tokens a step   mean loss   last loss   GiB")
    for way, measured in found.items():
        one = measured[0]
        losses = one.losses
        print(
            f"  {way:24} {speed(measured):10.1f} {ours / speed(measured):7.2f} x {share_of_peak(measured, mode):11.1%} "
            f"{statistics.mean(one.computed):15.0f} {statistics.mean(losses):11.4f} {losses[-1]:11.4f} {max(m.memory for m in measured) / 2**30:5.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-q4")
    parser.add_argument("--mode", choices=("lora", "full"), default="lora")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--only", choices=WAYS, action="append", help="these ways, of which the first is ours")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)  # a process of its own
    parser.add_argument("--records", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(vars(measure(given.way, given.model, given.mode, given.steps, given.records))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        model = model_folder(given.model, Path(scratch))
        for case in given.case or CASES:
            folder = Path(scratch) / case
            folder.mkdir()
            records = records_file(case, folder)
            ways = given.only or [way for way in WAYS if (case, way) != ("types40", "padded")]
            found: dict[str, list[Measured]] = {way: [] for way in ways}
            for _ in range(given.rounds):
                for way in ways:
                    found[way].append(in_its_own_process(way, model, given.mode, given.steps, records))
            show(case, given.mode, found)


def in_its_own_process(way: str, model: str, mode: str, steps: int, records: Path) -> Measured:
    command = [
        sys.executable,
        __file__,
        "--way",
        way,
        "--model",
        model,
        "--mode",
        mode,
        "--steps",
        str(steps),
        "--records",
        str(records),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}: {done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
