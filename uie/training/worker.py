"""`python -m uie.training.worker RUN.yaml [--resume] --local_rank=N`: one process of a run that `uie.training.launch` started."""

import argparse
import sys
from pathlib import Path

from uie.errors import TrainingStopped, UIEError
from uie.settings import build, read_yaml
from uie.training.launch import report_failure
from uie.training.run import train_claimed
from uie.training.settings import TrainSettings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m uie.training.worker")
    parser.add_argument("settings", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--local_rank", type=int, default=0)  # read from the environment by torch; the launcher passes it as well
    given = parser.parse_args(arguments)
    settings = build(TrainSettings, read_yaml(given.settings), where=str(given.settings))
    try:
        train_claimed(settings, resume=given.resume)
    except TrainingStopped:  # `launch` tells it
        return 0
    except UIEError as error:
        report_failure(settings.out, str(error))
        print(f"uie: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
