"""`GuardedTrainer`: checkpoints that are whole or not there, steps that stop on a loss that is no number, a full disk told in a line."""

import contextlib
import errno
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from transformers import Trainer, TrainerCallback

from uie.errors import TrainingError, UIEError
from uie.models.encoding import Example
from uie.training.checkpoints import PARTIAL, checkpoints_of, fault_of, publish, remove_partial
from uie.training.encoded import Examples
from uie.training.stopping import StopRequest

_SHOWN = 5
T = TypeVar("T")


class StepRecords:
    """Which records the steps of a run see: `order` holds places in `examples`, `batch_size` of them a step."""

    def __init__(self, examples: Examples, order: NDArray[np.int64], batch_size: int) -> None:
        self._examples = examples
        self._order = order
        self._batch_size = batch_size

    def of(self, step: int) -> list[tuple[str, Example]]:
        """Ids and examples of a step, counted from 1."""
        places = self._order[(step - 1) * self._batch_size : step * self._batch_size]
        return [(self._examples.id_of(place), self._examples[place]) for place in places.tolist()]


class GuardedTrainer(Trainer):
    """A Trainer whose checkpoints appear whole, and that ends at a loss that is no number.

    The Trainer's own writes a checkpoint under its final name and removes an older one, so that a process killed there leaves
    the run with a broken newest one.
    """

    step_records: StepRecords | None = None
    _saves_to: Path | None = None
    _not_finite: torch.Tensor | None = None

    def training_step(self, *given: Any, **named: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*given, **named)
        # Kept as a tensor: asking for its value here would let a GPU wait at every micro-batch.
        bad = torch.where(torch.isfinite(loss), torch.zeros_like(loss), loss).detach()
        self._not_finite = bad if self._not_finite is None else self._not_finite + bad
        return loss

    def take_not_finite(self) -> float | None:
        """The nan or inf among the losses of this process since the last call, if there was one."""
        found = 0.0 if self._not_finite is None else self._not_finite.item()
        self._not_finite = None
        return found if found else None  # nan is true

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._saves_to) if self._saves_to else str(super()._get_output_dir(trial))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self._refuse_weights_that_are_no_numbers()
        checkpoints = Path(str(self.args.output_dir))
        if self.is_world_process_zero():
            remove_partial(checkpoints.parent)
        self.accelerator.wait_for_everyone()
        self._saves_to = checkpoints / PARTIAL
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self._saves_to = None
        self.accelerator.wait_for_everyone()
        if self.is_world_process_zero():
            publish(checkpoints.parent, f"checkpoint-{self.state.global_step}", keep=self.args.save_total_limit or 1)
        self.accelerator.wait_for_everyone()

    def _refuse_weights_that_are_no_numbers(self) -> None:
        """A loss is computed before the step: weights that the last step broke would show one step later, in the checkpoint's heir."""
        model: Any = self.model
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        is_broken = not all(bool(torch.isfinite(getattr(weight, "ds_tensor", weight)).all()) for weight in trained)
        if any_process(is_broken, self.args.device):
            raise not_finite_error(self, "weights are no numbers after", self.state.global_step, [])

    def lone_losses_not_finite(self, step: int) -> list[str]:
        """Ids of the records of a step whose loss, computed by itself with the present weights, is no number."""
        assert self.step_records is not None
        model: Any = self.model
        collate: Any = self.data_collator
        found = []
        model.eval()
        with torch.no_grad(), self.compute_loss_context_manager():
            for id, example in dict(self.step_records.of(step)).items():
                loss: Any = self.compute_loss(model, self._prepare_inputs(collate([example])))
                if not math.isfinite(loss.item()):
                    found.append(id)
        model.train()
        return found


class Watch(TrainerCallback):
    """Ends a run at the end of a step: where it is asked to, with a checkpoint; where a loss was no number, with an error."""

    def __init__(self, trainer: GuardedTrainer, request: StopRequest) -> None:
        self._trainer = trainer
        self._request = request
        self.has_stopped = False

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """One process knows here already, and its weights are those that gave the loss: each record can be asked by itself."""
        if args.world_size == 1 and not self._trainer.is_deepspeed_enabled:
            value = self._trainer.take_not_finite()
            if value is not None:
                step = state.global_step + 1
                raise not_finite_error(self._trainer, f"loss is {value} at", step, self._trainer.lone_losses_not_finite(step))

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        value = self._trainer.take_not_finite()
        if any_process(value is not None, args.device):
            raise not_finite_error(self._trainer, f"loss is {value or 'no number'} at", state.global_step, [])
        if any_process(self._request.asked, args.device) and state.global_step < state.max_steps:
            self.has_stopped = True
            control.should_log = control.should_save = control.should_training_stop = True


def any_process(flag: bool, device: torch.device) -> bool:
    """Whether it is so in any process: all must do the same, or those that go on wait for the others for ever."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return flag
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, op=torch.distributed.ReduceOp.MAX)
    return bool(flags.item())


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether an error says no more than that another process is gone: why, that one says, or who waits for it.

    By gloo or NCCL, which have no class of errors for it.
    """
    return any(words in str(error) for words in ("gloo/transport", "remote process exited"))


def as_main_found(find: Callable[[], T], *, is_main: bool, device: torch.device) -> T:
    """What the main process finds, in every process; its UIEError too is raised in all."""
    found: list[Any] = [None]
    if is_main:
        try:
            found = [find()]
        except UIEError as error:
            found = [error]
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.broadcast_object_list(found, device=device)
    if isinstance(found[0], UIEError):
        raise found[0]
    return found[0]  # type: ignore[no-any-return]


def not_finite_error(trainer: GuardedTrainer, what: str, step: int, culprits: Sequence[str]) -> TrainingError:
    """`culprits`: records whose loss alone is no number, where that is known."""
    ids = list(dict(trainer.step_records.of(step))) if trainer.step_records else []
    out = Path(str(trainer.args.output_dir)).parent
    where = f"{out}: the {what} step {step}"
    kept = checkpoints_of(out)
    after = f" The last checkpoint, {kept[0].name}, is from before." if kept else ""
    if culprits and len(culprits) < len(ids):
        return TrainingError(
            f"{where}, because of {len(culprits)} of its {len(ids)} records: {_few(culprits)}; look at them (uie records show), "
            f"or leave them out.{after}"
        )
    return TrainingError(
        f"{where}, whose {len(ids)} records are {_few(ids)}; lower the learning rate (now {trainer.args.learning_rate}), "
        f"or try precision fp32.{after}"
    )


def _few(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more


@contextlib.contextmanager
def full_disk_told(out: Path) -> Iterator[None]:
    """A disk that is full becomes a TrainingError that says what is left; what was half written is removed, so that there is room again."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_full(error):
            raise
        for partial in (out / "checkpoints" / PARTIAL, out / ".adapter", out / ".model"):
            shutil.rmtree(partial, ignore_errors=True)
        whole = next((path.name for path in checkpoints_of(out) if fault_of(path) is None), None)
        kept = f"the last checkpoint, {whole}, is whole" if whole else "there is no checkpoint yet"
        raise TrainingError(f"{out}: the disk is full; {kept}; make room and go on with --resume.") from None


def _is_full(error: BaseException | None) -> bool:
    """Python names the error by number, safetensors in words, and torch hides it behind a writer that failed."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    said = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed writing", "unexpected pos")
    return any(words in str(error) for words in said) or _is_full(error.__cause__) or _is_full(error.__context__)
