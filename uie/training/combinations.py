"""TrainSettings → why they cannot be run, in the user's words; and which combinations of them were run where. Imports no torch at the top."""

import functools
import importlib.util
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uie.errors import TrainingError

if TYPE_CHECKING:
    from uie.training.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Rule:
    """Settings that do not go together where `applies`. `reason` and `instead` (the nearest that works) may name settings in braces."""

    name: str
    applies: "Callable[[TrainSettings], bool]"
    reason: str
    instead: str

    def message(self, settings: "TrainSettings") -> str:
        return f"{self.reason}; {self.instead}.".format(s=settings, spread="fsdp" if settings.fsdp else settings.deepspeed)


# Tried with transformers 5.23, peft 0.21.2, accelerate 1.15, deepspeed 0.19.8 and bitsandbytes 0.50.2 unless a comment says otherwise.
RULES = (
    Rule(
        "bits without lora",
        lambda s: s.bits < 16 and s.mode != "lora",
        "bits: weights of {s.bits} bits cannot be trained, and mode {s.mode} would train them",
        "take mode: lora, which trains an adapter beside them, or bits: 16",
    ),
    Rule(
        # bitsandbytes' MatmulLtState.CB refers to the whole matrix after DeepSpeed has emptied the weight.
        "8 bits with zero3",
        lambda s: s.bits == 8 and s.deepspeed == "zero3",
        "bits: 8 under zero3 saves nothing: bitsandbytes keeps each int8 matrix whole in every process",
        "take bits: 4, or deepspeed: zero2",
    ),
    Rule(
        # AttributeError: 'Parameter' object has no attribute 'CB'.
        "8 bits with fsdp",
        lambda s: s.bits == 8 and s.fsdp,
        "bits: 8 under fsdp: bitsandbytes finds its int8 weights without their scales",
        "take bits: 4, or deepspeed: zero2 instead of fsdp",
    ),
    Rule(
        "pissa with bits",
        lambda s: s.mode == "lora" and s.lora.pissa and s.bits < 16,
        "lora.pissa: takes what the adapter begins as off the base's weights, and those of {s.bits} bits cannot take such small changes",
        "take bits: 16, or leave pissa out",
    ),
    Rule(
        "pissa with zero3",
        lambda s: s.mode == "lora" and s.lora.pissa and s.deepspeed == "zero3",
        "lora.pissa: needs whole matrices for their singular vectors, and under zero3 a process holds parts from the start",
        "take zero2 or fsdp, or leave pissa out",
    ),
    Rule(
        # peft copies the base's layer (tuners/lora/dora.py), and the copy's weights are none of DeepSpeed's.
        "dora in 4 bits with zero3",
        lambda s: s.mode == "lora" and s.lora.dora and s.bits == 4 and s.deepspeed == "zero3",
        "lora.dora: peft copies layers of 4 bits, and zero3 does not know the copies",
        "take fsdp or zero2, or bits: 16, or leave dora out",
    ),
    Rule(
        "deepspeed and fsdp",
        lambda s: s.fsdp and s.deepspeed != "none",
        "fsdp: is one way to spread a model over processes, and deepspeed: {s.deepspeed} is another",
        "take one of them",
    ),
    Rule(
        # FP16_UnfusedOptimizer.initialize_optimizer_states takes a step of zeros: AdamW's bias correction then divides the first real
        # step by the numbers of the second, which makes it 0.74 of what it should be. Seen as other losses than those of zero1.
        "zero0 in bf16",
        lambda s: s.deepspeed == "zero0" and s.precision != "fp32",
        "zero0: in bfloat16 DeepSpeed makes its first steps too short without spreading anything, so that losses differ from all other ways",
        "take zero1, or deepspeed: none, or precision: fp32",
    ),
    Rule(
        "offload without zero",
        lambda s: s.offload.is_asked and s.deepspeed == "none",
        "offload: is DeepSpeed's, and deepspeed is none",
        "take deepspeed: zero2 for the optimizer, or zero3 for parameters too, without fsdp",
    ),
    Rule(
        "optimizer offloaded by zero0",
        lambda s: s.offload.optimizer != "none" and s.deepspeed == "zero0",
        "offload.optimizer: zero0 keeps AdamW's moments where the weights are",
        "take zero1",
    ),
    Rule(
        "optimizer on nvme below zero3",
        lambda s: s.offload.optimizer == "nvme" and s.deepspeed in ("zero1", "zero2"),
        "offload.optimizer: to a disk only zero3 moves it",
        "take zero3, or offload.optimizer: cpu",
    ),
    Rule(
        "parameters offloaded below zero3",
        lambda s: s.offload.parameters != "none" and s.deepspeed in ("zero0", "zero1", "zero2"),
        "offload.parameters: only zero3 moves weights, {s.deepspeed} needs them where they are",
        "take zero3, or offload.optimizer alone",
    ),
    Rule(
        "f1 where weights are spread",
        lambda s: s.f1.every is not None and s.spreads_weights,
        "f1.every: under {spread} no process holds the whole model to answer with",
        "take zero2, or leave f1 out",
    ),
    Rule(
        "neftune in packs",
        lambda s: s.packing == "prefix" and s.neftune is not None,
        "packing: prefix would let records share the noise that neftune adds to their common beginning",
        "take packing: none, or leave neftune out",
    ),
    Rule(
        "prompt loss in packs",
        lambda s: s.packing == "prefix" and s.prompt_loss_weight > 0,
        "packing: prefix and prompt_loss_weight: the last token of a common beginning would have to predict several at once",
        "take packing: none, or prompt_loss_weight: 0",
    ),
)


def refusals(settings: "TrainSettings") -> tuple[str, ...]:
    """Why these settings work on no machine, each reason a sentence with the nearest that works. `TrainSettings` raises them."""
    return tuple(rule.message(settings) for rule in RULES if rule.applies(settings))


def machine_refusals(settings: "TrainSettings") -> tuple[str, ...]:
    """Why they do not work on this machine. What other machines of a hostfile have is not asked."""
    return tuple(_missing(settings))


def refuse_on_this_machine(settings: "TrainSettings") -> None:
    """
    Raises:
        TrainingError: `machine_refusals` finds something; all of it in one line.
    """
    if found := machine_refusals(settings):
        raise TrainingError("; ".join([*(mistake.removesuffix(".") for mistake in found[:-1]), found[-1]]))


def _missing(settings: "TrainSettings") -> Iterator[str]:
    import torch  # only where a run comes next

    has_deepspeed = _is_installed("deepspeed")
    if (settings.deepspeed != "none" or settings.hostfile) and not has_deepspeed:
        yield "deepspeed is not installed; install uie-llm[train], or leave deepspeed and hostfile out."
    if settings.hostfile and not settings.hostfile.is_file():
        yield f"hostfile: {settings.hostfile}: no such file."
    gpus = torch.cuda.device_count()
    if gpus and settings.hostfile is None and settings.processes > gpus:
        yield f"processes: expected at most {gpus}, the GPUs of this machine, found {settings.processes}."
    if settings.bits < 16 and not _is_installed("bitsandbytes"):
        yield f"bits: {settings.bits} needs bitsandbytes, which is not installed; install uie-llm[quant], or take bits: 16."
    if settings.hostfile is None and not gpus:
        if settings.fsdp:
            yield "fsdp: accelerate spreads over GPUs only, and this machine has none; take deepspeed: zero3."
        if settings.mode == "lora" and settings.lora.dora and settings.bits == 8:
            yield "lora.dora: on a CPU peft loses the scales of 8-bit weights, and this machine has no GPU; take bits: 4 or 16."
    if "nvme" in (settings.offload.optimizer, settings.offload.parameters) and has_deepspeed and not _writes_nvme():
        yield "offload: nvme needs libaio, which DeepSpeed does not find; install libaio-dev, or take cpu."


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _writes_nvme() -> bool:
    from deepspeed.ops.op_builder import AsyncIOBuilder

    return bool(AsyncIOBuilder().is_compatible(verbose=False))


# What was run


@dataclass(frozen=True, slots=True)
class Cell:
    """A combination of the published table. `spread` is a value of `deepspeed`, or "fsdp"; `offload` names what goes where."""

    mode: str
    bits: int
    spread: str
    offload: str
    packing: str


@dataclass(frozen=True, slots=True)
class Case:
    """A cell with the rest that a test needs to run it."""

    cell: Cell
    gradient_checkpointing: bool
    precision: str

    def settings(self) -> dict[str, Any]:
        """Keys of `TrainSettings`."""
        return {
            **_settings(self.cell),
            "gradient_checkpointing": self.gradient_checkpointing,
            "precision": self.precision,
        }


MODES = ("lora", "freeze", "full")
BITS = (16, 8, 4)
SPREADS = ("none", "zero0", "zero1", "zero2", "zero3", "fsdp")
OFFLOADS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "optimizer: cpu": {"optimizer": "cpu"},
    "parameters: cpu": {"parameters": "cpu"},
    "both: cpu": {"optimizer": "cpu", "parameters": "cpu"},
    "nvme": {"optimizer": "nvme", "folder": "nvme"},
}
"""nvme stands for the optimizer, the parameters or both on a disk."""
PACKINGS = ("none", "prefix")


_USUAL = (
    Case(Cell("lora", 16, "none", "none", "prefix"), False, "fp32"),
    Case(Cell("lora", 16, "zero2", "none", "none"), False, "fp32"),
    Case(Cell("lora", 16, "fsdp", "none", "none"), True, "fp32"),
    Case(Cell("lora", 4, "zero3", "none", "none"), False, "fp32"),
    Case(Cell("full", 16, "zero3", "none", "none"), False, "fp32"),
)
"""Begun with, whatever pairs they have: what people are most likely to take."""


def cells() -> tuple[Cell, ...]:
    """Every cell of the table, legal or not."""
    return tuple(itertools.starmap(Cell, itertools.product(MODES, BITS, SPREADS, OFFLOADS, PACKINGS)))


def rules_against(cell: Cell) -> tuple[str, ...]:
    """Names of the rules that refuse a cell; in float32, because `zero0` takes nothing else."""
    return _rules_against({**_settings(cell), "precision": "fp32"})


def verdict(cell: Cell) -> str:
    """What is known of a cell: "refused", "CPU" (a test runs it there) or "word" (the libraries say that it works). None ran on a GPU yet."""
    if rules_against(cell):
        return "refused"
    return "CPU" if cell in ran_on_cpu() else "word"


def ran_on_cpu() -> frozenset[Cell]:
    """What tests/training/test_training_combinations.py runs."""
    return frozenset(case.cell for case in covering())


@functools.cache
def covering() -> tuple[Case, ...]:
    """Few legal cases in which every two values of different settings that can stand together do so once.

    Chosen greedily after the usual ones: the case next that has most pairs which none before it had. What needs more than a CPU (nvme) is left out.
    """
    legal = [
        (case, _pairs(case))
        for cell in cells()
        if cell.offload != "nvme"
        for case in (Case(cell, saves, precision) for saves in (False, True) for precision in ("fp32", "bf16"))
        if not _rules_against(case.settings())
    ]
    chosen = list(_USUAL)
    left = frozenset[Any]().union(*(pairs for _, pairs in legal)).difference(*map(_pairs, chosen))
    while left:
        case, pairs = max(legal, key=lambda found: len(found[1] & left))
        chosen.append(case)
        left -= pairs
    return tuple(sorted(chosen, key=lambda case: SPREADS.index(case.cell.spread)))


def _pairs(case: Case) -> frozenset[Any]:
    cell = case.cell
    values = (cell.mode, cell.bits, cell.spread, cell.offload, cell.packing, case.gradient_checkpointing, case.precision)
    return frozenset(itertools.combinations(enumerate(values), 2))


def _settings(cell: Cell) -> dict[str, Any]:
    found: dict[str, Any] = {"mode": cell.mode, "bits": cell.bits, "packing": cell.packing}
    found |= {"fsdp": True} if cell.spread == "fsdp" else {"deepspeed": cell.spread}
    return found | ({"offload": dict(OFFLOADS[cell.offload])} if OFFLOADS[cell.offload] else {})


def _rules_against(settings: Mapping[str, Any]) -> tuple[str, ...]:
    from uie.training.settings import OffloadSettings, TrainSettings  # which imports this module

    class Unchecked(TrainSettings):
        """May contradict itself."""

        def __post_init__(self) -> None:
            pass

    nowhere = Path()
    offload = OffloadSettings(**settings.get("offload", {}))
    given = Unchecked(model="", train=nowhere, out=nowhere, **{**settings, "offload": offload})
    return tuple(rule.name for rule in RULES if rule.applies(given))
