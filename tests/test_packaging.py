"""The wheel: what setup.cfg lists is what there is, and an empty environment outside the checkout can use it."""

import configparser
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_setup_cfg_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")

    listed = config["options"]["packages"].split()
    found = sorted({".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "uie").rglob("*.py")})

    assert len(found) >= 14
    assert listed == sorted([*found, "uie.dataset_configs", "uie.prompts", "uie.samples"])


def test_constraints_pin_every_dependency_to_one_version() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}

    wanted = [config["options"]["install_requires"], *(v for k, v in config["options.extras_require"].items() if k != "all")]
    names = [line.split(">")[0].strip().lower() for block in wanted for line in block.strip().splitlines()]

    assert len(names) >= 15
    assert [name for name in names if name not in pinned] == []


@pytest.mark.slow
@pytest.mark.network
def test_the_wheel_works_in_an_empty_environment_outside_the_checkout(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(copy)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True)
    place = tmp_path / "elsewhere"
    place.mkdir()

    def uie(*arguments: str) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "UIE"))}
        command = [str(tmp_path / "env" / "bin" / "uie"), *arguments]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "ner/default.en" in uie("prompts", "list")
    assert "sample_zh" in uie("corpora", "list")
    assert "sample_en" in uie("build-data", "--config", "sample", "--out", "data")
    assert len((place / "data" / "test.jsonl").read_text(encoding="utf-8").splitlines()) == 273
    assert "torch" not in subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
