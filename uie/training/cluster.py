"""Environment variables → which process of how many this is, where torchrun, deepspeed or srun started it. Imports no torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from uie.errors import TrainingError

_SAID = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")  # by torchrun, deepspeed and launchers like them
_FIRST_PORT, _PORTS = 20_000, 10_000  # below 32768, from where Linux draws the ports of outgoing connections


@dataclass(frozen=True, slots=True)
class Place:
    """One of `processes` that were started together, number `rank` of all and `local_rank` on its machine, both from 0.

    Rank 0 listens on `address` and `port`, where the others find it.
    """

    rank: int
    processes: int
    local_rank: int
    address: str
    port: int

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def variables(self) -> dict[str, str]:
        """What torch.distributed reads."""
        held = (self.rank, self.processes, self.local_rank, self.address, self.port)
        return {name: str(value) for name, value in zip(_SAID, held, strict=True)}


def place_of(environment: Mapping[str, str]) -> Place | None:
    """Where this process stands; None where nothing says that it is one of several.

    Under SLURM only a step of `srun` says so: a batch script and a shell have the job's variables too and are one process. What
    torchrun says goes before, for it may be started by srun.

    Raises:
        TrainingError: the environment speaks of several processes and does not say which one this is.
    """
    if all(environment.get(name) for name in _SAID):
        return Place(
            _number(environment, "RANK"),
            _number(environment, "WORLD_SIZE"),
            _number(environment, "LOCAL_RANK"),
            environment["MASTER_ADDR"],
            _number(environment, "MASTER_PORT"),
        )
    if environment.get("SLURM_STEP_NUM_TASKS"):
        return _place_in_step(environment)
    if environment.get("WORLD_SIZE", "1") != "1":
        missing = ", ".join(name for name in _SAID if not environment.get(name))
        raise TrainingError(
            f"The environment says WORLD_SIZE={environment['WORLD_SIZE']} but not {missing}; "
            "start with torchrun, deepspeed or srun, or unset WORLD_SIZE."
        )
    return None


def _place_in_step(environment: Mapping[str, str]) -> Place:
    """As `man srun` describes its OUTPUT ENVIRONMENT VARIABLES; an address and a port that the batch script exports are kept."""
    nodes = next((environment[name] for name in ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST") if environment.get(name)), "")
    port = _FIRST_PORT + (_number(environment, "SLURM_JOB_ID", 0) + _number(environment, "SLURM_STEP_ID", 0)) % _PORTS
    return Place(
        _number(environment, "SLURM_PROCID"),
        _number(environment, "SLURM_STEP_NUM_TASKS"),
        _number(environment, "SLURM_LOCALID"),
        environment.get("MASTER_ADDR") or first_host(nodes) or "127.0.0.1",
        _number(environment, "MASTER_PORT", port),
    )


def first_host(nodes: str) -> str:
    """The first of SLURM's list of nodes: "node[03-05,9],gpu1" → "node03"."""
    first = re.match(r"(?:[^,\[]|\[[^\]]*\])*", nodes)
    return re.sub(r"\[([^\],-]*)[^\]]*\]", r"\1", first[0]) if first else ""


def _number(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    value = environment.get(name, "")
    if value.isdecimal():
        return int(value)
    if not value and default is not None:
        return default
    raise TrainingError(f"The environment says {name}={value!r}; expected a number. Start with torchrun, deepspeed or srun.")
