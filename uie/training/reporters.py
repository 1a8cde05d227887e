"""`report_to` → transformers' callbacks for TensorBoard, Weights & Biases and MLflow. Importing it imports no torch."""

import importlib.util
from pathlib import Path
from typing import Any

from uie.errors import TrainingError
from uie.training.settings import TrainSettings

TENSORBOARD = "tensorboard"
"""As a setting, and the folder of the run where its event files lie."""


def missing_reporters(settings: TrainSettings) -> list[str]:
    """One message for each place that curves shall go to and whose package is not installed."""
    missing = [name for name in dict.fromkeys(settings.report_to) if importlib.util.find_spec(name) is None]
    return [f"report_to: {name} is not installed; pip install {name}, or leave it out." for name in missing]


def check_reporters(settings: TrainSettings) -> None:
    """
    Raises:
        TrainingError: a package is not installed.
    """
    if missing := missing_reporters(settings):
        raise TrainingError(" ".join(missing))


def reporter_callbacks(settings: TrainSettings) -> list[Any]:
    """Theirs, to be added to the Trainer in the process that tells; wandb and mlflow go by their own environment variables."""
    from transformers import integrations

    library: Any = integrations  # not typed
    names = dict.fromkeys(settings.report_to)
    others = [kind() for kind in library.get_reporting_integration_callbacks([name for name in names if name != TENSORBOARD])]
    return [*([_tensorboard(settings.out / TENSORBOARD)] if TENSORBOARD in names else []), *others]


def _tensorboard(folder: Path) -> Any:
    from transformers import integrations

    library: Any = integrations

    class EventFiles(library.TensorBoardCallback):  # type: ignore[misc]
        """Theirs, in the run folder; what a stopped run wrote after the checkpoint that this one goes on from is shown no more."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            step = state.global_step
            self.tb_writer = self._SummaryWriter(log_dir=str(folder), purge_step=step + 1 if step else None)
            super().on_train_begin(args, state, control, **given)

    return EventFiles()
