"""The transformers engine: our greedy loop against plain `generate`."""

import pytest
import torch

from uie.errors import ModelError
from uie.generation import ENGINES, Sampling
from uie.generation.transformers_engine import TransformersEngine, batches_of
from uie.models.encoding import encode_prompt
from uie.models.loading import load_model, load_tokenizer, resolve

INSTRUCT = "You find the persons and places in a text."
QUERIES = [
    "Text: Mira met Anton in Oslo.",
    "Text: nobody came.",
    "Anton",
    "米拉在奥斯陆见到了安东。",
    "Text: Anton lives in Lima. Lima. Lima.",
]


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return load_tokenizer(resolve(str(tiny_model)))


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(resolve(str(tiny_model)), dtype="float32", device="cpu")


def plain_generate(model, prompt: list[int], stops: list[int], max_new_tokens: int) -> list[int]:
    """transformers' own greedy loop on one prompt; the end is left out."""
    ids = torch.tensor([prompt])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=stops,
        pad_token_id=0,
    )
    new = out[0, len(prompt) :].tolist()
    return new[:-1] if new[-1] in stops else new


def prompts_of(tokenizer) -> list[list[int]]:
    return [encode_prompt(tokenizer, INSTRUCT, query, "chat") for query in QUERIES]


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_answers_are_those_of_plain_generate(model, tokenizer, batch_size):
    prompts = prompts_of(tokenizer)
    engine = TransformersEngine(model, tokenizer)
    # A random model ends no answer by itself: call frequent tokens an end, so that rows leave the batch at different steps.
    free = [plain_generate(model, prompt, [3], 80) for prompt in prompts]
    stops = sorted({3, free[0][3], free[1][20], free[2][70]})
    engine._stop = frozenset(stops)

    answers = dict(engine.generate(prompts, None, Sampling(max_new_tokens=80, batch_size=batch_size)))

    expected = [plain_generate(model, prompt, stops, 80) for prompt in prompts]
    assert [answers[i].raw for i in range(5)] == [tokenizer.decode(ids, skip_special_tokens=True) for ids in expected]
    assert len({len(ids) for ids in expected}) > 1
    assert [answers[i].finish_reason for i in range(5)] == ["length" if len(ids) == 80 else "stop" for ids in expected]
    assert [answers[i].tokens for i in range(5)] == [min(len(ids) + 1, 80) for ids in expected]


def test_the_common_prefix_is_computed_once(model, tokenizer):
    seen = []
    hook = model.register_forward_pre_hook(
        lambda module, given, named: seen.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    prompts = [[5, 6, 7, 8, 9], [5, 6, 7, 10], [5, 6, 7, 8, 9, 11]]

    list(TransformersEngine(model, tokenizer).generate(prompts, None, Sampling(max_new_tokens=1)))

    hook.remove()
    assert seen == [(1, 3), (3, 3)]


def test_logprobs_are_those_of_the_model(model, tokenizer):
    prompts = prompts_of(tokenizer)[:3]
    engine = TransformersEngine(model, tokenizer)

    answers = dict(engine.generate(prompts, None, Sampling(max_new_tokens=4, logprobs=True)))

    for prompt, answer in zip(prompts, (answers[i] for i in range(3)), strict=True):
        ids = list(prompt)
        for found in answer.logprobs:
            with torch.no_grad():
                expected = model(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            assert found == pytest.approx(expected.max().item(), abs=1e-4)
            ids.append(int(expected.argmax()))
        assert len(answer.logprobs) == answer.tokens == 4


def test_streamed_pieces_are_together_the_answer(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)
    prompt = prompts_of(tokenizer)[3]

    pieces = list(engine.stream(prompt, Sampling(max_new_tokens=30)))

    (_, answer) = next(engine.generate([prompt], None, Sampling(max_new_tokens=30)))
    assert "".join(pieces) == answer.raw
    assert len(pieces) > 1


def test_a_prompt_longer_than_the_model_takes_is_named(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    with pytest.raises(ModelError) as error:
        next(engine.generate([[5], [5] * 512], None, Sampling()))

    assert str(error.value) == "prompt 1: 512 tokens; the model takes 1 to 511; ask about shorter windows."


def test_an_answer_ends_where_the_model_does(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    (_, answer) = next(engine.generate([[5] * 505], None, Sampling(max_new_tokens=50)))

    assert (answer.tokens, answer.finish_reason) == (7, "length")


def test_grammars_are_refused_not_relaxed(model, tokenizer):
    from uie.formats.grammar import Literal

    with pytest.raises(ModelError) as error:
        next(TransformersEngine(model, tokenizer).generate([[5]], [Literal("None")]))

    assert str(error.value) == "engine transformers: cannot hold answers to a grammar yet; generate without grammars."


def test_the_engine_is_found_by_its_name():
    assert ENGINES.names() == ["transformers"]
    assert ENGINES.get("transformers") is TransformersEngine


def test_batches_go_by_length_when_all_prompts_start_alike():
    prompts = [[1, 2] + [3 + n] * n for n in (1, 9, 2, 8)]

    assert batches_of(prompts, 2) == [[1, 3], [2, 0]]


def test_batches_go_by_prefix_when_groups_of_prompts_start_alike():
    first, second = [1] * 50, [2] * 50
    prompts = [first + [3] * 4, second + [3] * 4, first + [4] * 3, second + [4] * 3]

    assert batches_of(prompts, 2) == [[0, 2], [1, 3]]
