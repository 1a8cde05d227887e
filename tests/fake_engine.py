"""An engine that finds capitalised words: what prediction does around a model, in this process and, as a plugin, in others."""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from uie.extraction.answering import Answerer
from uie.generation import EngineOptions, Failed, Generation, Sampling, Turns

Answer = Callable[[str, str], str]
"""What is asked and the text it is asked about → the raw answer."""


def names(asked: str, text: str) -> str:
    """Every capitalised word is a person; whoever stands before "Acme" in one text works for it."""
    found = re.findall(r"[A-Z][a-z]+", text)
    if "relations" in asked.split("\n")[0]:
        return "\n".join(f"{name}_works for_Acme" for name in found if name != "Acme" and "Acme" in found) or "None"
    return "\n".join(f"{name}_person" for name in found) or "None"


class FakeEngine:
    """A token is a word. A text that holds "(bad)" cannot be answered, nor can a prompt of `longest` words or more."""

    name = "fake"

    def __init__(self, answer: Answer = names, *, longest: int = 1 << 20, seconds: float = 0.0) -> None:
        self.facts: dict[str, Any] = {"engine": "fake", "dtype": "none", "device": "none", "wrap": "plain"}
        self.longest = longest
        self.texts: list[str] = []
        self.samplings: list[Sampling] = []
        self._answer, self._seconds = answer, seconds

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def count_prompt_tokens(self, prompt: Turns) -> int:
        return len(prompt[-1][0].split())

    def generate(
        self, prompts: Sequence[Turns], grammars: object = None, sampling: Sampling = Sampling()
    ) -> Iterator[tuple[int, Generation | Failed]]:
        self.samplings.append(sampling)
        for index in sorted(range(len(prompts)), key=lambda index: -len(prompts[index][0][0])):
            asked, _, text = prompts[index][-1][0].rpartition("Text: ")
            self.texts.append(text)
            time.sleep(self._seconds)
            length = self.count_prompt_tokens(prompts[index])
            if "(bad)" in text:
                yield index, Failed("the text is bad.")
            elif length >= self.longest:
                yield index, Failed(f"{length} tokens; the model takes 1 to {self.longest - 1}.")
            else:
                yield index, Generation(self._answer(asked, text), "stop", 3, 0.5)

    def stream(self, prompt: Turns, sampling: Sampling = Sampling()) -> Iterator[str]:
        yield prompt[-1][0].upper()

    def answerer(self, *, max_new_tokens: int = 10) -> Answerer:
        return Answerer("fake", self, Sampling(max_new_tokens=max_new_tokens))


def load(model: str, options: EngineOptions) -> FakeEngine:
    """The plugin. It notes the texts it is asked, a file for each process, and takes FAKE_SECONDS for each."""
    return _Noting(seconds=float(os.environ.get("FAKE_SECONDS", "0")))


class _Noting(FakeEngine):
    def generate(
        self, prompts: Sequence[Turns], grammars: object = None, sampling: Sampling = Sampling()
    ) -> Iterator[tuple[int, Generation | Failed]]:
        for found in super().generate(prompts, grammars, sampling):
            with Path(os.environ["FAKE_NOTES"], str(os.getpid())).open("a", encoding="utf-8") as notes:
                notes.write(self.texts[-1] + "\n")
            yield found


def install(folder: Path) -> dict[str, str]:
    """An environment for processes in which `--engine fake --model MODEL` is known; MODEL is the folder "model" in `folder`."""
    plugin, model, notes = folder / "fake-1.0.dist-info", folder / "model", folder / "notes"
    for made in (plugin, model, notes):
        made.mkdir()
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: fake\nVersion: 1.0\n", encoding="utf-8")
    (plugin / "entry_points.txt").write_text("[uie.engines]\nfake = fake_engine:load\n", encoding="utf-8")
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (model / name).write_text("{}", encoding="utf-8")
    here = Path(__file__).parent
    path = os.pathsep.join([str(folder), str(here), str(here.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "PYTHONPATH": path, "FAKE_NOTES": str(notes), "OMP_NUM_THREADS": "1"}


def asked(folder: Path) -> list[str]:
    """The texts that any process was asked about."""
    return [line for notes in sorted((folder / "notes").iterdir()) for line in notes.read_text(encoding="utf-8").splitlines()]
