"""`GradedTrainer`: transformers' Trainer with the loss per token that counts in the global batch, in training and on dev."""

import functools
from collections.abc import Iterator
from typing import Any

import torch

from uie.training.guard import GuardedTrainer
from uie.training.lora import plus_groups
from uie.training.loss import PLAIN, Objective, graded_loss
from uie.training.throughput import COUNTS, Throughput, counted, seconds_logged


class GradedTrainer(GuardedTrainer):
    """A Trainer that computes logits at graded positions only, and the dev loss per token.

    Steps of SmolLM2-135M (LoRA, bfloat16, 4 × 68 to 102 tokens, two-line answers, one core) take 1.23 times as long with all logits.
    """

    objective: Objective = PLAIN
    lora_plus: float | None = None

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # Both say that `compute_loss` has divided by the weight of the whole batch's tokens, over micro-batches and processes.
        self.model_accepts_loss_kwargs = True
        self.loss_is_scaled_for_ga = True
        self.throughput = Throughput(self.args.device)

    def get_train_dataloader(self) -> Any:
        """Batches that say what they consist of."""
        collate: Any = self.data_collator
        self.data_collator = functools.partial(counted, collate)
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = collate

    def training_step(self, model: Any, inputs: dict[str, Any], *given: Any, **named: Any) -> torch.Tensor:
        self.throughput.start(seconds_logged(self.state.log_history))
        self.throughput.add(inputs.pop(COUNTS))
        return super().training_step(model, inputs, *given, **named)

    def log(self, logs: dict[str, float], *given: Any, **named: Any) -> None:
        """Adds how far and how fast the run goes; every process comes here, and the first one tells."""
        if "loss" in logs:
            logs |= self.throughput.take(lambda counts: self.accelerator.reduce(counts, "sum"))
            at_once = self.args.train_batch_size * self.args.world_size
            logs["records"] = self.state.global_step * at_once * self.args.gradient_accumulation_steps
        super().log(logs | {"seconds": round(self.throughput.seconds, 3)}, *given, **named)

    def _evaluate(self, *given: Any, **named: Any) -> dict[str, float]:
        with self.throughput.paused():
            return super()._evaluate(*given, **named)

    def _save_checkpoint(self, *given: Any, **named: Any) -> None:
        with self.throughput.paused():
            super()._save_checkpoint(*given, **named)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The mean over tokens that `objective` describes; the Trainer wants it times the number of processes, which average it."""
        total, weight = graded_loss(model, inputs, self.objective)
        if num_items_in_batch is None:
            return total / weight
        loss: torch.Tensor = total * (self.accelerator.num_processes / num_items_in_batch)
        return loss

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        """What the tokens of the global batch weigh together; the Trainer's own counts those that are graded."""
        if not self.objective.prompt_weight:
            return super()._get_num_items_in_batch(batch_samples, device)
        weight = sum((self.objective.weights(batch).sum() for batch in batch_samples), torch.zeros(())).to(device)
        return self.accelerator.reduce(weight, "sum") if self.args.world_size > 1 else weight

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.lora_plus is None or self.optimizer is not None:
            return super().create_optimizer(model)
        of: Any = self.model if model is None else model
        kind, options = self.get_optimizer_cls_and_kwargs(self.args, of)
        groups = plus_groups(
            of,
            learning_rate=self.args.learning_rate,
            ratio=self.lora_plus,
            weight_decay=self.args.weight_decay,
        )
        self.optimizer = kind(groups, **options)
        return self.optimizer

    def evaluate(self, *given: Any, **named: Any) -> dict[str, float]:
        """The loss on dev per graded token, whatever `objective` is; the Trainer's own averages over batches, so that short answers
        count more.
        """
        model = self._wrap_model(self.model, training=False) if self.model_wrapped is None else self.model_wrapped
        model.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        with torch.no_grad():
            for inputs, is_own in self._dev_batches():
                with self.compute_loss_context_manager():
                    total, count = graded_loss(model, self._prepare_inputs(inputs))
                sums += torch.stack([total, count]) * is_own
        sums = self.accelerator.reduce(sums, "sum")
        model.train()
        metrics = {"eval_loss": (sums[0] / sums[1]).item()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _dev_batches(self) -> Iterator[tuple[dict[str, torch.Tensor], bool]]:
        """This process' batches of dev, and whether they are its own.

        All processes compute equally often, because where weights are spread they need each other for it; who has no batch left
        computes the first one again, which does not count. (accelerate's loader counts such records twice.)
        """
        dev: Any = self.eval_dataset
        size, processes = self.args.per_device_eval_batch_size, self.args.world_size
        starts = range(0, len(dev), size)
        for number in range(self.args.process_index, -(-len(starts) // processes) * processes, processes):
            is_own = number < len(starts)
            start = starts[number] if is_own else 0
            yield self.data_collator([dev[place] for place in range(start, min(start + size, len(dev)))]), is_own
