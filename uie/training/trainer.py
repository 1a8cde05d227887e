"""`GradedTrainer`: transformers' Trainer with the loss per graded token of the global batch, in training and on dev."""

from typing import Any

import torch

from uie.training.guard import GuardedTrainer
from uie.training.loss import graded_loss


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
