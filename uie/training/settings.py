"""`TrainSettings`: what `uie train` takes, from a YAML file or keyword by keyword. Imports no torch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from uie.errors import SettingsError
from uie.training.combinations import refusals


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """Low-rank adapters (Hu et al. 2021), as peft names their parts."""

    r: int = 8
    "rank"
    alpha: int = 16
    "scale times rank: the adapter's output counts alpha / r"
    dropout: float = 0.05
    "share of the adapter's inputs that is dropped in training; 0 saves a CPU a sixth of its time"
    targets: tuple[str, ...] = ()
    "names of the layers that get an adapter, such as [q_proj, v_proj]; empty: those of the model's family (uie models families)"
    dora: bool = False
    "DoRA (Liu et al. 2024): direction by the adapter, length of each output's weights learned by itself; slower, better at small ranks"
    rslora: bool = False
    "rsLoRA (Kalajdzievski 2023): the scale is alpha / √r, so that a larger rank learns more"
    pissa: bool = False
    "PiSSA (Meng et al. 2024): the adapter starts as the base's largest singular vectors; saved as a LoRA of twice the rank"
    plus: float | None = None
    "LoRA+ (Hayou et al. 2024): learning rate of the B matrices over that of the A matrices, such as 16; nothing: the same"

    def __post_init__(self) -> None:
        if self.plus is not None and self.plus <= 0:
            raise SettingsError(f"lora.plus: expected more than 0, found {self.plus}.")
        if self.r < 1:
            raise SettingsError(f"lora.r: expected at least 1, found {self.r}.")
        if self.pissa and self.dora:
            raise SettingsError(
                "lora.pissa: is saved as the difference of two products, and dora's lengths are in neither; take one of them."
            )
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"lora.dropout: expected 0 to below 1, found {self.dropout}.")


@dataclass(frozen=True, slots=True)
class OffloadSettings:
    """What DeepSpeed keeps outside the GPU's memory: less of it is needed, and a step takes longer."""

    optimizer: Literal["none", "cpu", "nvme"] = "none"
    "where AdamW's moments lie and are computed; cpu from zero1 on, nvme with zero3"
    parameters: Literal["none", "cpu", "nvme"] = "none"
    "where weights lie that are not being used; zero3 only"
    folder: Path | None = None
    "a folder on a fast local disk, for nvme"

    def __post_init__(self) -> None:
        if "nvme" in (self.optimizer, self.parameters) and self.folder is None:
            raise SettingsError("offload.folder: expected a folder on a fast local disk, for nvme, found nothing.")

    @property
    def is_asked(self) -> bool:
        return self.optimizer != "none" or self.parameters != "none"


@dataclass(frozen=True, slots=True)
class F1Settings:
    """F1 on a sample of dev while training: answers are generated and scored, and the weights that score best are kept."""

    every: int | None = None
    "steps between evaluations, one more at the end; nothing: no F1, and the last weights are kept"
    documents: int = 100
    "dev documents of each corpus that are answered"
    rule: str = "auto"
    "how to count, of uie eval --list-rules; auto: strict, or string where gold has no offsets"
    format: str = ""
    "the format of answers of dev records that name none, such as lines.seed001"
    patience: int | None = None
    "stop after so many evaluations in a row without a better F1; nothing: never"
    batch_size: int = 16
    "answers generated side by side, in each process"

    def __post_init__(self) -> None:
        for name in ("every", "documents", "patience", "batch_size"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise SettingsError(f"f1.{name}: expected at least 1, found {getattr(self, name)}.")
        if self.patience is not None and self.every is None:
            raise SettingsError("f1.patience: needs f1.every, the steps between evaluations.")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of `uie train`."""

    model: str
    "the base: model folder, catalogue name or hub id"
    train: Path
    "Records to learn from (train.jsonl of uie build-data, or any file with instruct, query, answer)"
    out: Path
    "run folder"
    dev: Path | None = None
    "Records for the loss on unseen ones"
    wrap: Literal["chat", "alpaca", "human", "plain"] = "chat"
    "how instruct and query are put to the model; kept with the run, prediction uses it"
    mode: Literal["lora", "freeze", "full"] = "lora"
    "train an adapter, the last layers only, or every weight"
    lora: LoraSettings = field(default_factory=LoraSettings)
    "the adapter's size and kind; of no effect with other modes"
    trained_layers: int = 2
    "with mode freeze: so many of the last layers are trained; of no effect with other modes"
    bits: Literal[16, 8, 4] = 16
    "of the frozen base's weights with mode lora: 8 (LLM.int8) and 4 (nf4, QLoRA) through bitsandbytes; 16: as precision says"
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    "how attention is computed; auto: flash attention where it is installed and nothing is packed, sdpa on a GPU, eager on a CPU"
    neftune: float | None = None
    "NEFTune (Jain et al. 2023): noise on the embeddings while training, such as 5; nothing: none"
    label_smoothing: float = 0.0
    "share of each graded token's probability that is spread over the vocabulary"
    prompt_loss_weight: float = 0.0
    "what a prompt's token counts in the loss, against 1 for an answer's; 0: only answers are learned"
    epochs: float = 1.0
    "how often each record is seen"
    max_steps: int | None = None
    "stop after so many steps instead of epochs"
    batch_size: int = 16
    "records a step, over all processes"
    micro_batch: int = 8
    "records a process computes at once, and so at most in a pack; batch_size is a multiple of micro_batch × processes"
    packing: Literal["auto", "prefix", "none"] = "auto"
    "prefix: what prompts of a micro_batch begin with alike is computed once; auto: where the model can do so exactly"
    learning_rate: float | None = None
    "peak; default 2e-4 for lora (as QLoRA trains models of this size), 1e-5 for full"
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    "how the learning rate falls after warming up"
    warmup_share: float = 0.03
    "share of the steps in which the learning rate rises from 0"
    weight_decay: float = 0.0
    "AdamW's"
    max_grad_norm: float = 1.0
    "longer gradients are scaled down to it; 0: never"
    max_length: int = 1024
    "longest example in tokens, answer included; a longer one is never cut, see on_error"
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    "bf16 computes in bfloat16 and keeps trained weights in float32; auto: bf16 where the hardware has it"
    gradient_checkpointing: bool = False
    "compute activations twice instead of keeping them: less memory, a third slower"
    deepspeed: Literal["none", "zero0", "zero1", "zero2", "zero3"] = "none"
    "what DeepSpeed spreads over the processes: nothing, optimizer states, and gradients, and weights"
    offload: OffloadSettings = field(default_factory=OffloadSettings)
    "what DeepSpeed keeps in the computer's memory or on disk instead of the GPU's"
    fsdp: bool = False
    "torch's fully sharded data parallel instead of DeepSpeed: weights, gradients and optimizer states spread over the processes"
    processes: int = 1
    "processes on this machine (one for each GPU); with a hostfile on each machine"
    hostfile: Path | None = None
    "DeepSpeed's list of machines, HOST slots=N a line"
    seed: int = 0
    "order of the records, adapter's first weights, dropout"
    limit: int | None = None
    "only the first N records of train and of dev"
    report_to: tuple[Literal["tensorboard", "wandb", "mlflow"], ...] = ()
    "where curves go besides log.jsonl and training.html"
    log_steps: int = 10
    "steps between lines of log.jsonl"
    eval_steps: int | None = None
    "steps between losses on dev; default: once, at the end"
    f1: F1Settings = field(default_factory=F1Settings)
    "F1 on dev while training, and which weights are kept by it"
    save_steps: int = 200
    "steps between checkpoints that --resume starts from"
    keep_checkpoints: int = 2
    "how many checkpoints stay; the oldest go first"
    on_error: Literal["raise", "skip"] = "raise"
    "a record without answer or over max_length stops the run, or goes to rejected/"

    def __post_init__(self) -> None:
        if mistakes := list(self._mistakes()):
            raise SettingsError("; ".join([*(mistake.removesuffix(".") for mistake in mistakes[:-1]), mistakes[-1]]))

    def _mistakes(self) -> Iterator[str]:
        for name in ("batch_size", "micro_batch", "max_length", "processes", "log_steps", "save_steps", "keep_checkpoints"):
            if getattr(self, name) < 1:
                yield f"{name}: expected at least 1, found {getattr(self, name)}."
        for name in ("max_steps", "eval_steps", "limit"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                yield f"{name}: expected at least 1 or nothing, found {getattr(self, name)}."
        if self.trained_layers < 1:
            yield f"trained_layers: expected at least 1, found {self.trained_layers}."
        if self.neftune is not None and self.neftune <= 0:
            yield f"neftune: expected more than 0 or nothing, found {self.neftune}."
        for name in ("label_smoothing", "prompt_loss_weight"):
            if not 0 <= getattr(self, name) <= 1:
                yield f"{name}: expected 0 to 1, found {getattr(self, name)}."
        if self.epochs <= 0:
            yield f"epochs: expected more than 0, found {self.epochs}."
        if not 0 <= self.warmup_share <= 1:
            yield f"warmup_share: expected 0 to 1, found {self.warmup_share}."
        if self.eval_steps and self.dev is None:
            yield "eval_steps: needs dev, the records to compute the loss on."
        if self.f1.every and self.dev is None:
            yield "f1.every: needs dev, the records to answer."
        at_once = self.micro_batch * self.processes
        if self.hostfile is None and at_once > 0 and self.batch_size % at_once:
            yield f"batch_size: expected a multiple of micro_batch × processes = {at_once}, found {self.batch_size}."
        yield from refusals(self)

    def steps_for(self, records: int) -> int:
        """How many steps a run over so many records takes."""
        return self.max_steps or math.ceil(records * self.epochs / self.batch_size)

    @property
    def peak_learning_rate(self) -> float:
        if self.learning_rate is not None:
            return self.learning_rate
        return 2e-4 if self.mode == "lora" else 1e-5

    @property
    def spreads_weights(self) -> bool:
        """Whether each process holds a part of the model only."""
        return self.deepspeed == "zero3" or self.fsdp

    @property
    def is_launched(self) -> bool:
        """Whether the run needs processes that know of each other, be it one only."""
        return self.processes > 1 or self.deepspeed != "none" or self.fsdp or self.hostfile is not None
