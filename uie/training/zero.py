"""TrainSettings → the config of DeepSpeed or of FSDP. What the trainer knows already is "auto" there, so that no value is written twice."""

from typing import Any

from uie.training.settings import TrainSettings


def deepspeed_config(settings: TrainSettings) -> dict[str, Any] | None:
    """The JSON of DeepSpeed's `--deepspeed_config`, completed by transformers' trainer; None without DeepSpeed.

    The optimizer is torch's AdamW, as without DeepSpeed, also where its moments are kept on the CPU: DeepSpeed's own would be
    compiled on first use, and would round otherwise.
    """
    if settings.deepspeed == "none":
        return None
    config = {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_optimization": _zero(settings),
        "zero_allow_untested_optimizer": True,
    }
    if settings.offload.optimizer != "none":
        config["zero_force_ds_cpu_optimizer"] = False
    return config


def fsdp_config(settings: TrainSettings) -> dict[str, Any] | None:
    """The `fsdp_config` of transformers' arguments, for FSDP2: each transformer layer is spread by itself. None without FSDP."""
    if not settings.fsdp:
        return None
    return {
        "version": 2,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "reshard_after_forward": True,
        "state_dict_type": "FULL_STATE_DICT",
    }


def _zero(settings: TrainSettings) -> dict[str, Any]:
    stage = int(settings.deepspeed.removeprefix("zero"))
    zero: dict[str, Any] = {"stage": stage}
    if stage == 3:
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    for what, key in (("optimizer", "offload_optimizer"), ("parameters", "offload_param")):
        device = getattr(settings.offload, what)
        if device != "none":
            zero[key] = {"device": device, "pin_memory": True}
        if device == "nvme":
            zero[key]["nvme_path"] = str(settings.offload.folder)
    return zero
