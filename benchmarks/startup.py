"""How long `uie --help` and `uie --version` take beside a bare `python -c pass`: medians of alternating runs, and their ratio.

python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "uie --version": [sys.executable, "-m", "uie.cli", "--version"],
    "uie --help": [sys.executable, "-m", "uie.cli", "--help"],
}


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(RUNS + 1):
        for name, command in COMMANDS.items():
            taken = seconds(command)
            if run:  # the first warms the disk
                times[name].append(taken)
    limit = statistics.median(times["python -c pass"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:16} {median * 1000:6.0f} ms   {median / limit:4.1f} x")


if __name__ == "__main__":
    main()
