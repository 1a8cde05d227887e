"""TrainSettings → transformers' TrainingArguments: every option of theirs that we set, in one place."""

import os

import torch
from transformers import TrainingArguments

from uie.errors import TrainingError
from uie.training.settings import TrainSettings
from uie.training.zero import deepspeed_config, fsdp_config


def training_arguments(
    settings: TrainSettings, *, at_once: int, device: torch.device, bf16: bool, steps: int, evaluates: bool
) -> TrainingArguments:
    """`at_once`: how many records a process computes at once, `micro_batch` or a divisor of it."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    unit = settings.micro_batch * processes
    if settings.batch_size % unit:
        raise TrainingError(f"batch_size: expected a multiple of micro_batch × processes = {unit}, found {settings.batch_size}.")
    arguments = TrainingArguments(
        output_dir=str(settings.out / "checkpoints"),
        use_cpu=device.type == "cpu",
        bf16=bf16,
        seed=settings.seed,
        max_steps=steps,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=settings.batch_size // (at_once * processes),
        per_device_eval_batch_size=at_once,
        learning_rate=settings.peak_learning_rate,
        lr_scheduler_type=settings.schedule if settings.schedule != "constant" else "constant_with_warmup",
        warmup_steps=int(steps * settings.warmup_share),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        neftune_noise_alpha=settings.neftune,
        activation_checkpointing=settings.gradient_checkpointing,  # FSDP's own renames layers, and peft then finds no adapter to save
        activation_checkpointing_kwargs={"use_reentrant": False},
        deepspeed=deepspeed_config(settings),
        fsdp=settings.fsdp,  # type: ignore[arg-type] # a word in older versions
        fsdp_config=fsdp_config(settings),
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
        report_to="none",  # run.py adds them itself, so that TensorBoard's files lie in the run folder
        run_name=settings.out.resolve().name,
        disable_tqdm=True,
    )
    # A process trains on one GPU. Where one sees several, transformers would spread each batch over them, and take as many records more.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    if settings.deepspeed != "none":
        import deepspeed  # optional where one process trains

        if device.type == "cpu":
            # A faster sum over the processes of one machine, compiled on first use: that takes minutes, and a compiler.
            deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        # On CPU transformers starts torch's processes only, and ZeRO-3, asking DeepSpeed, would believe that it is alone.
        deepspeed.init_distributed(dist_backend="gloo" if device.type == "cpu" else None)
    return arguments
