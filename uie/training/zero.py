"""TrainSettings → the DeepSpeed config. What the trainer knows already is "auto" there, so that no value is written twice."""

from typing import Any

from uie.training.settings import TrainSettings


def deepspeed_config(settings: TrainSettings) -> dict[str, Any] | None:
    """The JSON of DeepSpeed's `--deepspeed_config`, completed by transformers' trainer; None without DeepSpeed.

    The optimizer is torch's AdamW, as without DeepSpeed: DeepSpeed's own would be compiled on first use.
    """
    if settings.deepspeed == "none":
        return None
    stage = int(settings.deepspeed.removeprefix("zero"))
    zero: dict[str, Any] = {"stage": stage}
    if stage == 3:
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    return {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
    }
