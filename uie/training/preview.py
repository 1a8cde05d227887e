"""TrainSettings → what a run of them would do, found out from tokenizer, config and records; no weights are loaded, nothing is written."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import PretrainedConfig

from uie.errors import UIEError
from uie.models.attention import Attention
from uie.models.loading import load_shape, load_tokenizer, pick_device
from uie.training.basis import attention_for, computes_bf16, padding_id, plain_base, read_part
from uie.training.combinations import machine_refusals
from uie.training.encoded import Examples
from uie.training.folder import check_folder, input_hashes
from uie.training.modes import prepare
from uie.training.planning import plan
from uie.training.reporters import missing_reporters
from uie.training.settings import TrainSettings

T = TypeVar("T")
# Of a quantised weight. nf4: half a byte, a byte of scale for 64, and 4 bytes of scale of 256 such scales (QLoRA, section 3: 0.127 bits
# a weight). int8: a byte, and 4 of scale for each row, of which there is one for some thousand weights.
_BYTES_OF_BITS = {16: 0.0, 8: 1.001, 4: 0.5 + 1 / 64 + 4 / (64 * 256)}
# Bytes that a Llama layer keeps of a place for each of its hidden size, of its inner size, and of its heads' scores, by the size of a
# number: counted through torch's saved_tensors_hooks. Adapters beside frozen layers keep less of the hidden size than layers in training.
_KEPT = {("lora", 2): (29, 8, 6), ("lora", 4): (32, 16, 4), ("full", 2): (34, 8, 6), ("full", 4): (40, 16, 4)}
_PROGRAM = 520 * 2**20  # resident after importing torch 2.13, transformers 5.23, peft and accelerate
_WEIGHTS, _MOMENTS = "weights", "AdamW's moments"
_MOST_PLANNED = 2000  # steps whose order is drawn to estimate padding


@dataclass(frozen=True, slots=True)
class FirstRecord:
    """The first record that is trained on; its last `graded` tokens are graded. `pieces[i]` is the text of `input_ids[i]`."""

    id: str
    input_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    prompt: str
    answer: str
    graded: int


@dataclass(frozen=True, slots=True)
class RecordsFound:
    """Of train or dev. `reasons`: why records are set aside, with how many and the first one's id. Lengths in tokens, answer included."""

    kept: int
    reasons: tuple[tuple[str, int, str], ...]
    mean_tokens: float
    longest_tokens: int
    longest_id: str
    mean_graded: float


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """`shared_share` and `padding_share` as `planning.Plan`; `packing_note`: what is not known before weights are there."""

    steps: int
    epochs: float
    warmup_steps: int
    accumulation: int
    largest: tuple[int, int]
    packing: str
    packing_note: str
    shared_share: float
    padding_share: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """`what` is trained, in words."""

    what: str
    trained: int
    frozen: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in each process, by what they hold, with the formula in numbers. An estimate: libraries' buffers come on top.

    `offloaded`: what lies elsewhere, and with the formula where; it is no part of the total.
    """

    parts: tuple[tuple[str, int, str], ...]
    offloaded: tuple[tuple[str, int, str], ...] = ()

    @property
    def total(self) -> int:
        return sum(size for _, size, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Preview:
    """What could be found out; a part that a mistake stands in the way of is None. `mistakes` are all that were found."""

    mistakes: tuple[str, ...]
    first: FirstRecord | None
    train: RecordsFound | None
    dev: RecordsFound | None
    batches: BatchPlan | None
    parameters: Parameters | None
    memory: Memory | None
    processes: tuple[str, ...]


def preview(settings: TrainSettings, *, resume: bool = False, overwrite: bool = False) -> Preview:
    """Looks at everything that a run would look at before its first step, and collects what is wrong instead of stopping at it."""
    mistakes: list[str] = []

    def tried(find: Callable[[], T]) -> T | None:
        try:
            return find()
        except UIEError as error:
            if str(error) not in mistakes:
                mistakes.append(str(error))
            return None

    device = tried(pick_device) or torch.device("cpu")
    bf16 = computes_bf16(settings, device)
    source = tried(lambda: plain_base(settings))
    tokenizer = tried(lambda: load_tokenizer(source)) if source else None
    train = tried(lambda: read_part(settings, settings.train, tokenizer, on_error="skip")) if tokenizer else None
    dev_file = settings.dev
    dev = tried(lambda: read_part(settings, dev_file, tokenizer, on_error="skip")) if tokenizer and dev_file else None
    for examples, path in ((train, settings.train), (dev, settings.dev)):
        if examples and examples.rejected and settings.on_error == "raise":
            of = len(examples) + len(examples.rejected)
            mistakes += [_unlearnable(path, count, of, reason, id) for reason, count, id in _reasons(examples)]
    if source:
        tried(lambda: check_folder(settings, input_hashes(settings) if resume else {}, resume=resume, overwrite=overwrite))
    mistakes += [*missing_reporters(settings), *machine_refusals(settings)]
    attention = None
    if source:
        attention = tried(lambda: attention_for(settings, source, device, bf16=bf16, examples=train))
    implementation = attention.implementation if attention else None
    model = tried(lambda: load_shape(source.base, attention=implementation)) if source else None
    batches = None
    if model is not None and train and tokenizer is not None:
        steps, pad_id = settings.steps_for(len(train)), padding_id(tokenizer)
        batches = tried(lambda: _batches(settings, model, train, dev, steps=steps, device=device, pad_id=pad_id))
    if settings.f1.every and train and dev:
        from uie.training.selection import DevSample

        tried(lambda: DevSample.read(settings))
    parameters = tried(lambda: _parameters(settings, model)) if model is not None else None
    memory = None
    if model is not None and parameters and train and batches:
        found = _memory(settings, model, parameters, train, batches, bf16=bf16, attention=implementation)
        memory = _where_it_lies(found, settings, device)
    return Preview(
        mistakes=tuple(mistakes),
        first=_first(tokenizer, train) if train else None,
        train=_found(train) if train else None,
        dev=_found(dev) if dev else None,
        batches=batches,
        parameters=parameters,
        memory=memory,
        processes=tuple(_what_processes_do(settings, batches, attention, device=device, bf16=bf16)),
    )


def _unlearnable(path: Path | None, count: int, of: int, reason: str, id: str) -> str:
    return (
        f"{path}: {count} of {of} records cannot be learned from, the first {id!r}: {reason}; mend them, raise max_length, "
        "or set them aside with on_error: skip."
    )


def _reasons(examples: Examples) -> list[tuple[str, int, str]]:
    """Reasons without the length of the one record, how many records each has, and the first one's id."""
    first: dict[str, str] = {}
    reasons = [re.sub(r"^\d+ tokens, ", "", row["reason"]).rstrip(".") for row in examples.rejected]
    for reason, row in zip(reasons, examples.rejected, strict=True):
        first.setdefault(reason, row["id"])
    return [(reason, count, first[reason]) for reason, count in Counter(reasons).most_common()]


def _found(examples: Examples) -> RecordsFound:
    lengths = examples.lengths
    longest = int(lengths.argmax())
    return RecordsFound(
        kept=len(lengths),
        reasons=tuple(_reasons(examples)),
        mean_tokens=float(lengths.mean()),
        longest_tokens=int(lengths[longest]),
        longest_id=examples.id_of(longest),
        mean_graded=float(examples.graded.mean()),
    )


def _first(tokenizer: Any, examples: Examples) -> FirstRecord:
    example, graded = examples[0], int(examples.graded[0])
    prompt, answer = example.input_ids[:-graded], example.input_ids[-graded:]
    return FirstRecord(
        id=examples.id_of(0),
        input_ids=tuple(example.input_ids),
        pieces=tuple(tokenizer.decode([id]) for id in example.input_ids),
        prompt=tokenizer.decode(prompt),
        answer=tokenizer.decode(answer),
        graded=graded,
    )


def _batches(
    settings: TrainSettings, model: Any, train: Examples, dev: Examples | None, *, steps: int, device: torch.device, pad_id: int
) -> BatchPlan:
    planned = plan(
        settings,
        model,
        train,
        dev,
        steps=min(steps, _MOST_PLANNED),
        at_once=settings.micro_batch,
        device=device,
        pad_id=pad_id,
    )
    facts = planned.facts
    note = facts.get("packing_reason", "if a trial with the weights agrees" if facts["packing"] == "prefix" else "")
    return BatchPlan(
        steps=steps,
        epochs=steps * settings.batch_size / len(train),
        warmup_steps=int(steps * settings.warmup_share),
        accumulation=settings.batch_size // (settings.micro_batch * settings.processes),
        largest=planned.largest,
        packing=facts["packing"],
        packing_note=note,
        shared_share=facts["shared_share"],
        padding_share=facts["padding_share"],
    )


def _parameters(settings: TrainSettings, model: Any) -> Parameters:
    with torch.device("meta"):
        prepared = prepare(model, settings)
    return Parameters(prepared.what, prepared.trained, prepared.frozen)


def _memory(
    settings: TrainSettings,
    model: Any,
    parameters: Parameters,
    train: Examples,
    batches: BatchPlan,
    *,
    bf16: bool,
    attention: str | None,
) -> Memory:
    """Weights, gradients and AdamW's two moments by count; activations by what a Llama-like layer keeps for its backward pass.

    Trained weights have a copy in bfloat16 where that is computed with. With gradient checkpointing a layer keeps its input only, and
    one layer at a time all; with mode freeze the layers below those that are trained keep nothing.
    """
    config: PretrainedConfig = model.config.get_text_config()
    stage = 3 if settings.fsdp else 0 if settings.deepspeed == "none" else int(settings.deepspeed[-1])
    n = settings.processes
    small = 2 if bf16 else 4
    trained, frozen = parameters.trained, parameters.frozen
    each = 6 if bf16 else 4
    quantised = _quantised(model) if settings.bits < 16 else 0
    quantised_size = int(quantised * _BYTES_OF_BITS[settings.bits])
    weights = trained * each + (frozen - quantised) * (small if settings.mode == "lora" else 4) + quantised_size
    share = {name: n if stage >= at else 1 for name, at in (("optimizer", 1), ("gradients", 2), ("weights", 3))}

    rows, width = batches.largest
    hidden, layers = int(config.hidden_size), int(config.num_hidden_layers)
    layers = min(layers, settings.trained_layers) if settings.mode == "freeze" else layers
    inner = int(getattr(config, "intermediate_size", None) or 4 * hidden)
    of_hidden, of_inner, of_score = _KEPT["lora" if settings.mode == "lora" else "full", small]
    of_layer, said = of_hidden * hidden + of_inner * inner, f"{of_hidden} × {hidden} + {of_inner} × {inner:,}"
    if attention == "eager":
        heads = int(config.num_attention_heads)
        of_layer, said = of_layer + of_score * heads * width, f"{said} + {of_score} × {heads} heads × {width}"
    if settings.gradient_checkpointing:
        activations, said = rows * width * (layers * hidden * small + of_layer), f"({layers} × {hidden * small:,} + {said} bytes)"
    else:
        activations, said = rows * width * layers * of_layer, f"{layers} layers × ({said} bytes)"
    graded = rows * width if settings.prompt_loss_weight else settings.micro_batch * train.max_answer_tokens
    vocabulary = int(config.vocab_size)

    def over(name: str) -> str:
        return f" ÷ {n} processes" if share[name] > 1 else ""

    base = f"{frozen - quantised:,} × {small if settings.mode == 'lora' else 4} + " if frozen else ""
    base += f"{quantised:,} × {_BYTES_OF_BITS[settings.bits]:.4f} + " if quantised else ""
    return Memory(
        (
            (_WEIGHTS, weights // share["weights"], f"({base}{trained:,} × {each} bytes){over('weights')}"),
            ("gradients", trained * 4 // share["gradients"], f"{trained:,} × 4 bytes{over('gradients')}"),
            (_MOMENTS, trained * 8 // share["optimizer"], f"{trained:,} × 8 bytes{over('optimizer')}"),
            ("activations", activations, f"{rows} × {width} places × {said}"),
            ("logits", graded * vocabulary * 12, f"{graded:,} graded places × {vocabulary:,} × 12 bytes"),
        )
    )


def _where_it_lies(memory: Memory, settings: TrainSettings, device: torch.device) -> Memory:
    """On a CPU the program lies in the same memory; what is offloaded lies elsewhere."""
    program = () if device.type == "cuda" else (("program", _PROGRAM, "Python, torch, transformers"),)
    places = {"nvme": f"in {settings.offload.folder}"}
    if device.type == "cuda":
        places["cpu"] = "in the machine's memory"
    lies = {_WEIGHTS: places.get(settings.offload.parameters), _MOMENTS: places.get(settings.offload.optimizer)}
    return Memory(
        (*program, *(part for part in memory.parts if not lies.get(part[0]))),
        tuple((name, size, f"{said}, {lies[name]}") for name, size, said in memory.parts if lies.get(name)),
    )


def _quantised(model: Any) -> int:
    """How many weights bitsandbytes would quantise: those of frozen linear layers but the output's."""
    output = model.get_output_embeddings()
    linear = (layer for layer in model.modules() if isinstance(layer, torch.nn.Linear) and layer is not output)
    return sum(layer.weight.numel() for layer in linear if not layer.weight.requires_grad)


def _what_processes_do(
    settings: TrainSettings, batches: BatchPlan | None, attention: Attention | None, *, device: torch.device, bf16: bool
) -> list[str]:
    n = settings.processes
    where = f"processes on each machine of {settings.hostfile}" if settings.hostfile else ("processes" if n > 1 else "process")
    kind = "GPU, each its own," if device.type == "cuda" and n > 1 else "GPU" if device.type == "cuda" else "CPU"
    found = [f"{n} {where} on the {kind} in {'bfloat16' if bf16 else 'float32'}"]
    found += [attention.line()] if attention else []
    if batches and settings.hostfile is None:
        times = (
            f"{batches.accumulation} times {settings.micro_batch} records"
            if batches.accumulation > 1
            else f"{settings.micro_batch} records"
        )
        found.append(f"each computes {times} a step; together {settings.batch_size}")
    whole = "each holds all weights, gradients and optimizer states" if n > 1 else ""
    spread = {
        "none": whole,
        "zero0": whole,
        "zero1": "DeepSpeed spreads the optimizer states over them",
        "zero2": "DeepSpeed spreads gradients and optimizer states over them",
        "zero3": "DeepSpeed spreads weights, gradients and optimizer states over them",
        "fsdp": "torch spreads weights, gradients and optimizer states over them",
    }["fsdp" if settings.fsdp else settings.deepspeed]
    found += [spread] if spread else []
    found.append(
        f"the first writes {settings.out}: a checkpoint every {settings.save_steps} steps, of which {settings.keep_checkpoints} stay"
    )
    if settings.dev:
        found.append(f"dev loss every {settings.eval_steps} steps" if settings.eval_steps else "dev loss at the end")
    if settings.f1.every:
        found.append(
            f"F1 on {settings.f1.documents} dev documents a corpus every {settings.f1.every} steps, each answers its share; the best weights stay"
        )
    return found
