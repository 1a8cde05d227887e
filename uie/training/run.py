"""TrainSettings → a run folder, in this process: transformers' Trainer on examples of ours, with adapters from peft."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from uie.errors import UIEError
from uie.extraction.answering import Answerer, room_for
from uie.generation import Sampling
from uie.generation.transformers_engine import TransformersEngine
from uie.models.attention import Attention
from uie.models.loading import QUANTISED, load_base, load_tokenizer, pick_device, resolve
from uie.models.sources import ModelSource
from uie.reports.training_page import write_training_page
from uie.storage import write_jsonl
from uie.training.arguments import training_arguments
from uie.training.basis import attention_for, computes_bf16, padding_id, plain_base, read_part
from uie.training.batches import ExampleSequence
from uie.training.card import write_card
from uie.training.checkpoints import take_up
from uie.training.combinations import refuse_on_this_machine
from uie.training.encoded import Examples
from uie.training.folder import (
    RunResult,
    close_run,
    discard_unstarted,
    forget_replaced,
    is_finished,
    open_run,
    read_result,
    write_questions,
)
from uie.training.guard import StepRecords, Watch, as_main_found, full_disk_told
from uie.training.log import RunLog
from uie.training.loss import Objective
from uie.training.memory import at_once, facts_of, halved_when_full, told_when_full, with_less_when_full
from uie.training.modes import Prepared, keep_beginning, prepare
from uie.training.pack_size import choose_pack_size, kept_pack_size
from uie.training.planning import Plan, plan
from uie.training.reporters import check_reporters, reporter_callbacks
from uie.training.saving import Selected, save, selected, weights_folder
from uie.training.selection import DevSample, SelectByF1
from uie.training.settings import TrainSettings
from uie.training.stopping import STOP, StopRequest, stopped
from uie.training.trainer import GradedTrainer


def train(
    settings: TrainSettings, *, resume: bool = False, overwrite: bool = False, callbacks: Sequence[TrainerCallback] = ()
) -> RunResult:
    """Trains in this process; see `uie.training.launch.launch`. `callbacks` are more of the Trainer's.

    Raises:
        UIEError: settings, records, model or folder are wrong.
    """
    refuse_on_this_machine(settings)  # before anything is written
    resolve(settings.model)
    check_reporters(settings)
    open_run(settings, resume=resume, overwrite=overwrite)
    if resume and is_finished(settings.out):
        return read_result(settings.out)
    (settings.out / STOP).unlink(missing_ok=True)
    try:
        return with_less_when_full(
            lambda going_on: train_claimed(settings, resume=going_on, callbacks=callbacks), settings, resume=resume
        )
    except UIEError:
        discard_unstarted(settings.out)
        raise


def train_claimed(settings: TrainSettings, *, resume: bool, callbacks: Sequence[TrainerCallback] = ()) -> RunResult:
    """The same in a run folder that is there; every process of a launched run comes here."""
    with full_disk_told(settings.out):
        return _train_claimed(settings, resume=resume, callbacks=callbacks)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known before weights are loaded. `at_once`: records that a process computes at once."""

    settings: TrainSettings
    source: ModelSource
    tokenizer: PreTrainedTokenizerBase
    examples: Examples
    dev: Examples | None
    device: torch.device
    bf16: bool
    attention: Attention
    at_once: int
    steps: int

    @classmethod
    def of(cls, settings: TrainSettings) -> "_Found":
        source = plain_base(settings)
        device = pick_device()
        bf16 = computes_bf16(settings, device)
        tokenizer = load_tokenizer(source)
        examples = read_part(settings, settings.train, tokenizer, on_error=settings.on_error)
        attention = attention_for(settings, source, device, bf16=bf16, examples=examples)
        dev = read_part(settings, settings.dev, tokenizer, on_error=settings.on_error) if settings.dev else None
        steps = settings.steps_for(len(examples))
        return cls(settings, source, tokenizer, examples, dev, device, bf16, attention, at_once(settings), steps)

    @property
    def rejected(self) -> list[dict[str, str]]:
        return [*self.examples.rejected, *(self.dev.rejected if self.dev else ())]


def _train_claimed(settings: TrainSettings, *, resume: bool, callbacks: Sequence[TrainerCallback]) -> RunResult:
    started = time.monotonic()
    found = _Found.of(settings)
    trainer, planned, prepared = _trainer(found)
    selection = _selection(trainer, found) if settings.f1.every else None
    _set_callbacks(trainer, settings, [*callbacks, *([selection] if selection else [])])
    main = trainer.is_world_process_zero()
    if main:
        _write_beginning(found, planned, prepared)
    # Not on a CPU, where two runs of the same settings are the same bit for bit: clocks would lay them out differently.
    if planned.collator_of is not None and found.device.type == "cuda" and not settings.spreads_weights:
        with halved_when_full(settings, found.at_once, lambda: "before the first step"):
            _set_pack_size(trainer, planned, settings.out)
    checkpoint = as_main_found(lambda: take_up(settings.out), is_main=main, device=trainer.args.device) if resume else None
    _take_steps(trainer, found, selection, checkpoint)
    result = _result(trainer, found, selection, seconds=time.monotonic() - started)
    if main:
        facts = {"base": str(found.source.base), **prepared.facts, **found.attention.facts, **planned.facts, **facts_of(settings)}
        facts |= {"quantised": QUANTISED[settings.bits]} if settings.bits in QUANTISED else {}
        origins = {"train": found.examples.origins, **({"dev": found.dev.origins} if found.dev else {})}
        write_card(settings, result, found.source, origins, facts)
        close_run(settings, result, facts)
        write_training_page(settings.out)
    return result


def _trainer(found: _Found) -> tuple[GradedTrainer, Plan, Prepared]:
    settings = found.settings
    arguments = training_arguments(
        settings,
        at_once=found.at_once,
        device=found.device,
        bf16=found.bf16,
        steps=found.steps,
        evaluates=found.dev is not None,
    )
    set_seed(settings.seed)
    model = _base(found, arguments)
    with halved_when_full(settings, found.at_once, lambda: "before the first step"):
        planned = plan(
            settings,
            model,
            found.examples,
            found.dev,
            steps=found.steps,
            at_once=found.at_once,
            device=arguments.device,
            pad_id=padding_id(found.tokenizer),
        )
    prepared = prepare(model, settings)
    trainer = GradedTrainer(
        model=prepared.model,
        args=arguments,
        train_dataset=ExampleSequence(found.examples, planned.order),
        eval_dataset=ExampleSequence(found.dev, range(len(found.dev))) if found.dev else None,
        data_collator=planned.collator,
    )
    trainer.step_records = StepRecords(found.examples, planned.order, settings.batch_size)
    trainer.objective = Objective(settings.label_smoothing, settings.prompt_loss_weight)
    trainer.lora_plus = settings.lora.plus if settings.mode == "lora" else None
    return trainer, planned, prepared


def _base(found: _Found, arguments: TrainingArguments) -> Any:
    settings = found.settings
    # A frozen base may lie in bfloat16; weights that are trained stay in float32, or small steps would be rounded away.
    dtype = torch.bfloat16 if found.bf16 and settings.mode == "lora" else torch.float32
    with told_when_full(settings, "while the model was loaded"):
        return load_base(
            found.source.base,
            dtype=dtype,
            device=torch.device("cpu") if settings.fsdp else arguments.device,
            bits=settings.bits,
            attention=found.attention.implementation,
        )


def _set_pack_size(trainer: GradedTrainer, planned: Plan, out: Path) -> None:
    """As the first process finds by trying. With spread weights it could not try alone, and a pack is a whole micro-batch."""
    assert planned.collator_of is not None
    collator_of = planned.collator_of
    at_once = trainer.args.per_device_train_batch_size

    def choose() -> int:
        return choose_pack_size(trainer, planned.samples, collator_of=collator_of, at_once=at_once)

    device: torch.device = trainer.args.device
    size = as_main_found(lambda: kept_pack_size(out, at_once, choose), is_main=trainer.is_world_process_zero(), device=device)
    trainer.data_collator = collator_of(size)


def _selection(trainer: GradedTrainer, found: _Found) -> SelectByF1:
    model: Any = trainer.model
    settings, tokenizer = found.settings, found.tokenizer
    room = room_for(found.examples.max_answer_tokens)
    kept = as_main_found(lambda: selected(settings), is_main=trainer.is_world_process_zero(), device=trainer.args.device)

    def keep(why: Selected) -> None:
        save(trainer, settings, tokenizer, bf16=found.bf16, why=why)

    return SelectByF1(
        settings.f1,
        DevSample.read(settings),
        Answerer(settings.model, TransformersEngine(model, tokenizer, settings.wrap), Sampling(max_new_tokens=room)),
        process=(trainer.args.process_index, trainer.args.world_size),
        log=trainer.log,
        save=keep,
        kept=kept,
        paused=trainer.throughput.paused,
    )


def _set_callbacks(trainer: Trainer, settings: TrainSettings, callbacks: Sequence[TrainerCallback]) -> None:
    for kind in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(kind)
    if trainer.is_world_process_zero():
        for callback in (RunLog(settings.out), _Begun(settings.out), *reporter_callbacks(settings)):
            trainer.add_callback(callback)
    trainer.add_callback(_IntervalsOfToday())
    for callback in callbacks:
        trainer.add_callback(callback)


class _Begun(TrainerCallback):
    """Lets go of the run that this one replaces, once there is a step to tell of."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        forget_replaced(self._out)


class _IntervalsOfToday(TrainerCallback):
    """log_steps, save_steps and eval_steps may change on --resume; the checkpoint's state would bring back those of then."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        state.compute_steps(args, state.max_steps)


def _write_beginning(found: _Found, planned: Plan, prepared: Prepared) -> None:
    """Says what will be trained and how, and writes what is known of the run already."""
    settings = found.settings
    prepared.tell()
    found.attention.tell()
    planned.tell()
    keep_beginning(prepared, settings)
    write_questions(settings.out, settings.wrap, found.examples.asked, max_answer_tokens=found.examples.max_answer_tokens)
    if found.rejected:
        write_jsonl(settings.out / "rejected" / "train.jsonl", found.rejected)


def _take_steps(trainer: GradedTrainer, found: _Found, selection: SelectByF1 | None, checkpoint: Path | None) -> None:
    """Trains to the end and saves the weights.

    Raises:
        TrainingStopped: it was asked for; a checkpoint is there.
    """
    settings = found.settings
    request = StopRequest(settings.out)
    watch = Watch(trainer, request)
    trainer.add_callback(watch)
    with request.listening(), halved_when_full(settings, found.at_once, lambda: f"at step {trainer.state.global_step + 1}"):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if not watch.has_stopped and selection is not None:
            selection.evaluate(trainer.state.global_step)  # saves where these weights are the best
        elif not watch.has_stopped:
            save(trainer, settings, found.tokenizer, bf16=found.bf16)
    if watch.has_stopped:
        raise stopped(settings.out)


def _result(trainer: GradedTrainer, found: _Found, selection: SelectByF1 | None, *, seconds: float) -> RunResult:
    return RunResult(
        out=found.settings.out,
        weights=weights_folder(found.settings),
        steps=trainer.state.global_step,
        records=len(found.examples),
        rejected=len(found.rejected),
        loss=_last(trainer, "loss") or math.nan,
        dev_loss=_last(trainer, "eval_loss"),
        seconds=round(seconds, 3),
        device=found.device.type,
        dtype="bfloat16" if found.bf16 else "float32",
        f1=selection.kept.f1 if selection and selection.kept else None,
        best_step=selection.kept.step if selection and selection.kept else None,
    )


def _last(trainer: Trainer, key: str) -> float | None:
    return next((row[key] for row in reversed(trainer.state.log_history) if key in row), None)
