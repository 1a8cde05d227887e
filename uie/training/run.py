"""TrainSettings → a run folder, in this process: transformers' Trainer on examples of ours, with adapters from peft."""

import functools
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import PreTrainedTokenizerBase, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from uie.errors import ModelError, TrainingError, UIEError
from uie.extraction.answering import Answerer, room_for
from uie.generation.transformers_engine import TransformersEngine
from uie.models.loading import best_dtype, load_base, load_tokenizer, pick_device, resolve
from uie.models.sources import ModelSource
from uie.records.record import read_records
from uie.storage import to_line, write_json, write_jsonl
from uie.training.batches import Examples, ExampleSequence, encode_records
from uie.training.card import write_card
from uie.training.checkpoints import take_up
from uie.training.folder import (
    RunResult,
    close_run,
    discard_unstarted,
    is_finished,
    open_run,
    read_result,
    write_questions,
)
from uie.training.guard import GuardedTrainer, StepRecords, Watch, as_main_found, full_disk_told
from uie.training.lora import add_adapter, check_adapter, name_base
from uie.training.loss import graded_loss
from uie.training.planning import Plan, plan
from uie.training.selection import LOGGED, DevSample, SelectByF1
from uie.training.settings import TrainSettings
from uie.training.stopping import STOP, StopRequest, stopped
from uie.training.zero import deepspeed_config


def train(
    settings: TrainSettings, *, resume: bool = False, overwrite: bool = False, callbacks: Sequence[TrainerCallback] = ()
) -> RunResult:
    """Trains in this process; see `uie.training.launch.launch`. `callbacks` are more of the Trainer's.

    Raises:
        UIEError: settings, records, model or folder are wrong.
    """
    resolve(settings.model)  # before anything is written
    open_run(settings, resume=resume, overwrite=overwrite)
    if resume and is_finished(settings.out):
        return read_result(settings.out)
    (settings.out / STOP).unlink(missing_ok=True)
    try:
        return train_claimed(settings, resume=resume, callbacks=callbacks)
    except UIEError:
        discard_unstarted(settings.out)
        raise


def train_claimed(settings: TrainSettings, *, resume: bool, callbacks: Sequence[TrainerCallback] = ()) -> RunResult:
    """The same in a run folder that is there; every process of a launched run comes here."""
    with full_disk_told(settings.out):
        return _train_claimed(settings, resume=resume, callbacks=callbacks)


def _train_claimed(settings: TrainSettings, *, resume: bool, callbacks: Sequence[TrainerCallback]) -> RunResult:
    started = time.monotonic()
    source = resolve(settings.model)
    if source.kind != "model":
        raise ModelError(
            f"{settings.model}: training starts from a plain model, this is a {source.kind} folder; merge it first: uie models merge"
        )
    device = pick_device()
    bf16 = settings.precision == "bf16" or (settings.precision == "auto" and best_dtype(device) == torch.bfloat16)
    tokenizer = load_tokenizer(source)
    examples = _read(settings, settings.train, tokenizer)
    dev = _read(settings, settings.dev, tokenizer) if settings.dev else None
    steps = settings.max_steps or math.ceil(len(examples.examples) * settings.epochs / settings.batch_size)
    arguments = _arguments(settings, device=device, bf16=bf16, steps=steps, evaluates=dev is not None)
    trainer, planned = _trainer(settings, source, arguments, tokenizer, examples, dev, steps, bf16=bf16)
    selection = _selection(trainer, settings, tokenizer, examples, bf16=bf16) if settings.f1.every else None
    _set_callbacks(trainer, settings, [*callbacks, *([selection] if selection else [])])
    main = trainer.is_world_process_zero()
    rejected = [*examples.rejected, *(dev.rejected if dev else ())]
    if main:
        planned.tell()
        write_questions(settings.out, settings.wrap, examples.records, max_answer_tokens=examples.max_answer_tokens)
        if rejected:
            write_jsonl(settings.out / "rejected" / "train.jsonl", rejected)
    checkpoint = None
    if resume:
        checkpoint = as_main_found(lambda: take_up(settings.out), is_main=main, device=arguments.device)
    request = StopRequest(settings.out)
    watch = Watch(trainer, request)
    trainer.add_callback(watch)
    with request.listening():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if not watch.has_stopped and selection is not None:
            selection.evaluate(trainer.state.global_step)  # saves where these weights are the best
        elif not watch.has_stopped:
            _save(trainer, settings, tokenizer, bf16=bf16)
    if watch.has_stopped:
        if main and settings.is_launched:
            (settings.out / STOP).touch()  # tells `launch` that the end was asked for
        raise stopped(settings.out)
    result = RunResult(
        out=settings.out,
        weights=_weights(settings),
        steps=trainer.state.global_step,
        records=len(examples.examples),
        rejected=len(rejected),
        loss=_last(trainer, "loss") or math.nan,
        dev_loss=_last(trainer, "eval_loss"),
        seconds=round(time.monotonic() - started, 3),
        device=arguments.device.type,
        dtype="bfloat16" if bf16 else "float32",
        f1=selection.f1 if selection else None,
        best_step=selection.step if selection else None,
    )
    if main:
        facts = {"base": str(source.base), "trained_parameters": _trained_parameters(trainer.model), **planned.facts}
        write_card(settings, result, source, {"train": examples.records, **({"dev": dev.records} if dev else {})}, facts)
        close_run(settings, result, facts)
    return result


def _read(settings: TrainSettings, path: Path, tokenizer: PreTrainedTokenizerBase) -> Examples:
    return encode_records(
        islice(read_records(path), settings.limit),
        tokenizer,
        wrap=settings.wrap,
        max_length=settings.max_length,
        on_error=settings.on_error,
        path=path,
    )


def _arguments(settings: TrainSettings, *, device: torch.device, bf16: bool, steps: int, evaluates: bool) -> TrainingArguments:
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    at_once = settings.micro_batch * processes
    if settings.batch_size % at_once:
        raise TrainingError(f"batch_size: expected a multiple of micro_batch × processes = {at_once}, found {settings.batch_size}.")
    arguments = TrainingArguments(
        output_dir=str(settings.out / "checkpoints"),
        use_cpu=device.type == "cpu",
        bf16=bf16,
        seed=settings.seed,
        max_steps=steps,
        per_device_train_batch_size=settings.micro_batch,
        gradient_accumulation_steps=settings.batch_size // at_once,
        per_device_eval_batch_size=settings.micro_batch,
        learning_rate=settings.peak_learning_rate,
        lr_scheduler_type=settings.schedule if settings.schedule != "constant" else "constant_with_warmup",
        warmup_steps=int(steps * settings.warmup_share),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        activation_checkpointing=settings.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        deepspeed=deepspeed_config(settings),
        train_sampling_strategy="sequential",  # plan_order has drawn the order
        logging_steps=settings.log_steps,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=settings.eval_steps or steps,
        save_steps=settings.save_steps,
        save_total_limit=settings.keep_checkpoints,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=device.type != "cpu",
        ddp_find_unused_parameters=False,
        report_to="none",
        disable_tqdm=True,
    )
    if settings.deepspeed != "none":
        import deepspeed  # optional where one process trains

        # On CPU transformers starts torch's processes only, and ZeRO-3, asking DeepSpeed, would believe that it is alone.
        deepspeed.init_distributed(dist_backend="gloo" if device.type == "cpu" else None)
    return arguments


def _trainer(
    settings: TrainSettings,
    source: ModelSource,
    arguments: TrainingArguments,
    tokenizer: PreTrainedTokenizerBase,
    examples: Examples,
    dev: Examples | None,
    steps: int,
    *,
    bf16: bool,
) -> tuple["GradedTrainer", Plan]:
    set_seed(settings.seed)
    # A frozen base may lie in bfloat16; weights that are trained stay in float32, or small steps would be rounded away.
    dtype = torch.bfloat16 if bf16 and settings.mode == "lora" else torch.float32
    model: Any = load_base(source.base, dtype=dtype, device=arguments.device)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    planned = plan(
        settings, model, examples, dev, steps=steps, processes=arguments.world_size, device=arguments.device, pad_id=pad_id
    )
    if settings.mode == "lora":
        model = add_adapter(model, settings.lora)
    trainer = GradedTrainer(
        model=model,
        args=arguments,
        train_dataset=ExampleSequence(examples.examples, planned.order),
        eval_dataset=ExampleSequence(dev.examples, range(len(dev.examples))) if dev else None,
        data_collator=planned.collator,
    )
    trainer.step_records = StepRecords(examples, planned.order, settings.batch_size)
    return trainer, planned


def _selection(
    trainer: Trainer, settings: TrainSettings, tokenizer: PreTrainedTokenizerBase, examples: Examples, *, bf16: bool
) -> SelectByF1:
    model: Any = trainer.model
    answerer = Answerer(
        settings.model, TransformersEngine(model, tokenizer), tokenizer, settings.wrap, room_for(examples.max_answer_tokens), {}
    )
    return SelectByF1(
        settings.f1,
        DevSample.read(settings),
        answerer,
        process=(trainer.args.process_index, trainer.args.world_size),
        log=trainer.log,
        save=functools.partial(_save, trainer, settings, tokenizer, bf16=bf16),
    )


def _portable(model: str) -> str:
    """The base's name as an adapter shall hold it: a folder by its whole path."""
    return str(Path(model).resolve()) if Path(model).is_dir() else model


class GradedTrainer(GuardedTrainer):
    """A Trainer that computes logits at graded positions only, and the dev loss per token.

    Steps of SmolLM2-135M (LoRA, bfloat16, 4 × 68 to 102 tokens, two-line answers, one core) take 1.23 times as long with all logits.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # Both say that `compute_loss` has divided by the graded tokens of the whole batch, over micro-batches and processes.
        self.model_accepts_loss_kwargs = True
        self.loss_is_scaled_for_ga = True

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Mean negative log-likelihood of the graded tokens; the Trainer wants it times the number of processes, which average it."""
        total, count = graded_loss(model, inputs)
        if num_items_in_batch is None:
            return total / count
        loss: torch.Tensor = total * (self.accelerator.num_processes / num_items_in_batch)
        return loss

    def evaluate(self, *given: Any, **named: Any) -> dict[str, float]:
        """The loss on dev per graded token; the Trainer's own averages over batches, so that short answers count more."""
        model = self._wrap_model(self.model, training=False) if self.model_wrapped is None else self.model_wrapped
        model.eval()
        sums = torch.zeros(2, device=self.args.device)
        with torch.no_grad():
            for inputs in self.get_eval_dataloader():
                with self.compute_loss_context_manager():
                    total, count = graded_loss(model, self._prepare_inputs(inputs))
                sums += torch.stack([total.float(), count.float()])
        sums = self.accelerator.reduce(sums, "sum")
        model.train()
        metrics = {"eval_loss": (sums[0] / sums[1]).item()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def _set_callbacks(trainer: Trainer, settings: TrainSettings, callbacks: Sequence[TrainerCallback]) -> None:
    for kind in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(kind)
    if trainer.is_world_process_zero():
        trainer.add_callback(_Log(settings.out / "log.jsonl"))
    for callback in callbacks:
        trainer.add_callback(callback)


class _Log(TrainerCallback):
    """log.jsonl, and on stderr a bar for a terminal or one line per entry for a file."""

    _KEYS = {
        "loss": "loss",
        "eval_loss": "dev_loss",
        LOGGED: "f1",
        f"{LOGGED}_low": "f1_low",
        f"{LOGGED}_high": "f1_high",
        "learning_rate": "learning_rate",
        "grad_norm": "grad_norm",
    }

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bar: Progress | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._drop_after(state.global_step)
        if sys.stderr.isatty():
            from rich.console import Console

            columns = (
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("", total=state.max_steps, completed=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self._bar:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **given: Any) -> None:
        row: dict[str, Any] = {ours: (logs or {})[theirs] for theirs, ours in self._KEYS.items() if theirs in (logs or {})}
        if not row:
            return
        if parts := {key.removeprefix(f"{LOGGED}/"): f1 for key, f1 in (logs or {}).items() if key.startswith(f"{LOGGED}/")}:
            row["f1_of"] = parts
        with self._path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(to_line({"step": state.global_step, **row}))
        said = " ".join(f"{key} {row[key]:.4f}" for key in ("loss", "dev_loss", "f1") if key in row)
        if self._bar:
            self._bar.update(self._task, description=said)
        else:
            print(f"step {state.global_step}/{state.max_steps} {said}", file=sys.stderr, flush=True)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self._bar:
            self._bar.stop()

    def _drop_after(self, step: int) -> None:
        """Removes what a stopped run logged after the checkpoint that this one goes on from."""
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            self._path.write_text("".join(kept), encoding="utf-8")


def _trained_parameters(model: Any) -> int:
    """How many numbers are trained; ZeRO-3 leaves empty tensors behind that know their size as ds_numel."""
    return sum(int(getattr(p, "ds_numel", p.numel())) for p in model.parameters() if p.requires_grad)


def _last(trainer: Trainer, key: str) -> float | None:
    return next((row[key] for row in reversed(trainer.state.log_history) if key in row), None)


def _weights(settings: TrainSettings) -> Path:
    return settings.out / ("adapter" if settings.mode == "lora" else "model")


def _save(trainer: Trainer, settings: TrainSettings, tokenizer: PreTrainedTokenizerBase, *, bf16: bool) -> None:
    """adapter/ or model/ with its tokenizer; it appears whole. All processes take part: ZeRO-3 gathers the weights from them."""
    weights = _weights(settings)
    partial = settings.out / f".{weights.name}"
    if trainer.is_world_process_zero():
        shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed here
    trainer.accelerator.wait_for_everyone()
    model: Any = trainer.model
    if settings.deepspeed == "zero3":
        trainer.save_model(str(partial))
    elif trainer.is_world_process_zero():  # the trainer's way under ZeRO 1 and 2 copies tensors and so saves tied weights twice
        if bf16 and settings.mode == "full" and not trainer.is_deepspeed_enabled:
            _save_in_bfloat16(model, partial)  # float32 was for training; DeepSpeed gathers bfloat16 by itself
        else:
            model.save_pretrained(partial)
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(partial)
        (partial / "training_args.bin").unlink(missing_ok=True)  # a pickle, and run.yaml says it all
        if settings.mode == "lora":
            name_base(partial, _portable(settings.model))
            check_adapter(partial)
        shutil.rmtree(weights, ignore_errors=True)  # of the same run: a step that was not as good, or resumed after its end
        partial.replace(weights)
    trainer.accelerator.wait_for_everyone()


def _save_in_bfloat16(model: Any, folder: Path) -> None:
    """Saves a copy; the model itself is still trained in float32. Weights that are tied stay so."""
    copies: dict[int, torch.Tensor] = {}
    state = {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() not in copies:
            copies[tensor.data_ptr()] = tensor.to(torch.bfloat16)
        state[name] = copies[tensor.data_ptr()]
    model.save_pretrained(folder, state_dict=state)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))  # says what the model in memory is
    write_json(folder / "config.json", {**config, "dtype": "bfloat16"})
