"""The transformers engine: our decoding loop against plain `generate` and against loops that keep nothing."""

import re
from collections.abc import Sequence

import llguidance
import pytest
import torch
from grammar_check import accepts

from uie.errors import ModelError
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, SpanOf
from uie.formats.grammar import Sequence as InTurn
from uie.generation import ENGINES, EngineOptions, Failed, Sampling, Turns
from uie.generation.guiding import Guide, Guides
from uie.generation.rows import Prefix, Rows, batches_of
from uie.generation.transformers_engine import TransformersEngine
from uie.generation.written import Writer
from uie.models.encoding import encode_conversation
from uie.models.loading import load_model, load_tokenizer, resolve

INSTRUCT = "You find the persons and places in a text."
QUERIES = [
    "Text: Mira met Anton in Oslo.",
    "Text: nobody came.",
    "Anton",
    "米拉在奥斯陆见到了安东。",
    "Text: Anton lives in Lima. Lima. Lima.",
]
PROMPTS: list[Turns] = [[(f"{INSTRUCT}\n{query}", "")] for query in QUERIES]
NUMBER = 3  # a token that ends answers in these tests: a random model writes its own end by chance only


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return load_tokenizer(resolve(str(tiny_model)))


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(resolve(str(tiny_model)), dtype="float32", device="cpu")


@pytest.fixture
def engine(model, tokenizer):
    return TransformersEngine(model, tokenizer, "chat")


@pytest.fixture
def sliding(model, tokenizer):
    """A model whose layers see the last 8 places only."""
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(1)
    config = MistralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, sliding_window=8, initializer_range=0.2,
    )  # fmt: skip
    return TransformersEngine(MistralForCausalLM(config).eval(), tokenizer, "chat")


def ids_of(tokenizer, prompt: Turns) -> list[int]:
    return encode_conversation(tokenizer, prompt, "chat")


def plain_generate(model, prompt: list[int], stops: list[int], max_new_tokens: int, **how) -> list[int]:
    """transformers' own loop on one prompt; the end is left out."""
    ids = torch.tensor([prompt])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=stops,
        pad_token_id=0,
        **how,
    )
    new = out[0, len(prompt) :].tolist()
    return new[:-1] if new[-1] in stops else new


def ner(text: str) -> Grammar:
    line = InTurn((SpanOf(text), Literal("_"), Choice((Literal("person"), Literal("place")))))
    return Choice((Literal("None"), InTurn((line, Repeat(InTurn((Literal("\n"), line)), 0, 3)))))


def held_step_by_step(engine: TransformersEngine, prompt: list[int], grammar: Grammar, most: int) -> tuple[list[int], list[float]]:
    """The likeliest allowed tokens and their log-probabilities, everything computed anew at every token; no cache, no batch."""
    model = engine._model
    guides = Guides(engine.tokenizer, vocabulary=model.get_output_embeddings().weight.shape[0], ends=sorted(engine._stop))
    guide = guides.guide(grammar)
    tokens: list[int] = []
    logprobs: list[float] = []
    while len(tokens) < most and (not tokens or tokens[-1] not in engine._stop):
        if guide.is_whole:
            return [*tokens, min(engine._stop)], [*logprobs, 0.0]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + tokens]), use_cache=False).logits[:, -1].float()
        guides.hold(logits, [guide])
        chosen = int(logits.argmax())
        forced = guide.take(chosen)
        tokens += [chosen, *forced]
        logprobs += [logits.log_softmax(-1)[0, chosen].item(), *[0.0] * len(forced)]
    return tokens[:most], logprobs[:most]


# Free


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_answers_are_those_of_plain_generate(model, tokenizer, engine, batch_size):
    prompts = [ids_of(tokenizer, prompt) for prompt in PROMPTS]
    # A random model ends no answer by itself: call frequent tokens an end, so that rows leave the batch at different steps.
    free = [plain_generate(model, prompt, [NUMBER], 80) for prompt in prompts]
    stops = sorted({NUMBER, free[0][3], free[1][20], free[2][70]})
    engine._stop = frozenset(stops)
    engine._writer = Writer(tokenizer, stops)

    answers = dict(engine.generate(PROMPTS, None, Sampling(max_new_tokens=80, batch_size=batch_size)))

    expected = [plain_generate(model, prompt, stops, 80) for prompt in prompts]
    assert [answers[i].raw for i in range(5)] == [tokenizer.decode(ids, skip_special_tokens=True) for ids in expected]
    assert len({len(ids) for ids in expected}) > 1
    assert [answers[i].finish_reason for i in range(5)] == ["length" if len(ids) == 80 else "stop" for ids in expected]
    assert [answers[i].tokens for i in range(5)] == [min(len(ids) + 1, 80) for ids in expected]


def test_prompts_that_wait_join_the_rows_when_half_of_them_are_finished(model, tokenizer, engine, monkeypatch):
    asked = [[(f"{words} {number}" * (1 + number % 3), "")] for number in range(4) for ((words, _),) in PROMPTS[:3]]
    prompts = [ids_of(tokenizer, prompt) for prompt in asked]
    free = [plain_generate(model, prompt, [NUMBER], 40) for prompt in prompts]
    stops = sorted({NUMBER, free[0][2], free[5][9], free[7][25]})
    engine._stop = frozenset(stops)
    engine._writer = Writer(tokenizer, stops)
    joined, join = [], Rows.joined
    monkeypatch.setattr(Rows, "joined", lambda rows, other: joined.append(len(other._prompts)) or join(rows, other))

    answers = dict(engine.generate(asked, None, Sampling(max_new_tokens=40, batch_size=4)))

    expected = [plain_generate(model, prompt, stops, 40) for prompt in prompts]
    assert [answers[i].raw for i in range(12)] == [tokenizer.decode(ids, skip_special_tokens=True) for ids in expected]
    assert joined
    assert all(size >= 2 for size in joined[:-1])


def calls(model) -> tuple[list[tuple[int, ...]], object]:
    """The shapes of input_ids that the model is called with from now on."""
    seen: list[tuple[int, ...]] = []
    hook = model.register_forward_pre_hook(
        lambda module, given, named: seen.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    return seen, hook


def test_the_common_prefix_is_read_once_and_serves_the_next_batch_too(model):
    held = Prefix()
    seen, hook = calls(model)
    with torch.inference_mode():
        one = Rows(model, [[5, 6, 7, 8, 9], [5, 6, 7, 10], [5, 6, 7, 8, 9, 11]], held).start()
        two = Rows(model, [[5, 6, 7, 4, 4], [5, 6, 7, 4, 9]], held).start()
        alone = [model(input_ids=torch.tensor([ids])).logits[0, -1] for ids in ([5, 6, 7, 10], [5, 6, 7, 4, 9])]
    hook.remove()

    assert seen[:4] == [(1, 3), (3, 3), (1, 1), (2, 1)]
    torch.testing.assert_close(torch.stack([one[1], two[1]]), torch.stack(alone))


def test_a_prefix_that_is_held_in_part_is_read_from_there(model):
    held = Prefix()
    with torch.inference_mode():
        Rows(model, [[5, 6, 7, 8], [5, 6, 7, 9]], held).start()
        found = Rows(model, [[5, 6, 2, 8], [5, 6, 2, 9]], held).start()
        alone = model(input_ids=torch.tensor([[5, 6, 2, 9]])).logits[0, -1]

    torch.testing.assert_close(found[1], alone)
    assert held.ids == [5, 6, 2]


def test_logprobs_are_those_of_the_model(model, tokenizer, engine):
    answers = dict(engine.generate(PROMPTS[:3], None, Sampling(max_new_tokens=4, logprobs=True)))

    for number, prompt in enumerate(PROMPTS[:3]):
        ids = ids_of(tokenizer, prompt)
        for found in answers[number].logprobs:
            with torch.no_grad():
                expected = model(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            assert found == pytest.approx(expected.max().item(), abs=1e-4)
            ids.append(int(expected.argmax()))
        assert len(answers[number].logprobs) == len(answers[number].ends) == answers[number].tokens == 4


def test_ends_say_what_was_written_up_to_each_token(engine):
    ((_, answer),) = engine.generate(PROMPTS[3:4], None, Sampling(max_new_tokens=30, logprobs=True))

    assert answer.ends == sorted(answer.ends)
    assert answer.ends[-1] == len(answer.raw.rstrip("�"))


def test_ends_of_a_character_of_several_tokens_are_at_its_last(engine, tokenizer):
    ids = tokenizer.encode("a€b", add_special_tokens=False)

    ends = engine._writer.ends(ids)

    assert len(ids) == 5  # a, three bytes, b
    assert ends == [1, 1, 1, 2, 3]


def test_a_prompt_alone_guesses_ahead_by_copying_from_itself(model, tokenizer, engine):
    seen, hook = calls(model)
    ((_, answer),) = engine.generate(PROMPTS[4:5], None, Sampling(max_new_tokens=80))
    hook.remove()

    expected = plain_generate(model, ids_of(tokenizer, PROMPTS[4]), sorted(engine._stop), 80)
    assert answer.raw == tokenizer.decode(expected, skip_special_tokens=True)
    assert len(seen) < answer.tokens  # a random model soon repeats itself
    assert max(width for _, width in seen[1:]) > 1


def test_streamed_pieces_are_together_the_answer(engine):
    pieces = list(engine.stream(PROMPTS[3], Sampling(max_new_tokens=30)))

    ((_, answer),) = engine.generate(PROMPTS[3:4], None, Sampling(max_new_tokens=30))
    assert "".join(pieces) == answer.raw
    assert len(pieces) > 1


def test_a_prompt_longer_than_the_model_takes_fails_alone(engine, tokenizer):
    long: Turns = [("Mira " * 600, "")]
    length = len(ids_of(tokenizer, long))

    found = dict(engine.generate([PROMPTS[0], long], None, Sampling(max_new_tokens=2)))

    assert found[1] == Failed(f"{length} tokens; the model takes 1 to 511; ask about shorter windows (--window).")
    assert found[0].tokens == 2
    with pytest.raises(ModelError) as error:
        list(engine.stream(long))
    assert str(error.value) == f"{length} tokens; the model takes 1 to 511; begin anew."


def test_an_answer_ends_where_the_model_does(engine, tokenizer):
    words = "Mira " * 600
    at = max(n for n in range(600) if len(ids_of(tokenizer, [(words[: 5 * n], "")])) <= 505)
    prompt: Turns = [(words[: 5 * at], "")]
    left = 512 - len(ids_of(tokenizer, prompt))

    ((_, answer),) = engine.generate([prompt], None, Sampling(max_new_tokens=50))

    assert 7 <= left < 50
    assert (answer.tokens, answer.finish_reason) == (left, "length")


# Held to a grammar


@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("kind", ["engine", "sliding"])
def test_under_a_grammar_the_likeliest_allowed_tokens_are_written(kind, batch_size, tokenizer, request):
    engine = request.getfixturevalue(kind)
    grammars = [ner(query) for query in QUERIES]
    sampling = Sampling(max_new_tokens=60, batch_size=batch_size, logprobs=True)

    answers = dict(engine.generate(PROMPTS, grammars, sampling))

    for number, (prompt, grammar) in enumerate(zip(PROMPTS, grammars, strict=True)):
        answer = answers[number]
        tokens, logprobs = held_step_by_step(engine, ids_of(tokenizer, prompt), grammar, 60)
        assert answer.raw == tokenizer.decode(tokens, skip_special_tokens=True)
        assert answer.logprobs == pytest.approx(logprobs, abs=1e-4)
        assert (answer.finish_reason == "length") == (len(tokens) == 60 and tokens[-1] not in engine._stop)
        if answer.finish_reason == "stop":
            assert accepts(grammar, answer.raw)
    assert any(answer.finish_reason == "stop" for answer in answers.values())


def test_what_a_grammar_forces_costs_no_step(model, engine):
    seen, hook = calls(model)
    ((_, answer),) = engine.generate(PROMPTS[:1], [Literal("Mira_person\nAnton_person")], Sampling(logprobs=True))
    hook.remove()

    assert (answer.raw, answer.finish_reason) == ("Mira_person\nAnton_person", "stop")
    assert set(answer.logprobs) == {0.0}  # the only allowed token has all the probability
    assert len(seen) < 4 < answer.tokens


def test_a_grammar_that_nothing_fits_fails_its_prompt_alone(engine):
    found = dict(engine.generate(PROMPTS[:2], [Choice(()), Literal("None")], Sampling()))

    assert found[1].raw == "None"
    assert found[0] == Failed(
        "Grammar for llguidance: no string fits it (a choice without options?), so that nothing could be written; "
        "ask about a shorter window, or without constraints."
    )


class _Small(Guides):
    """Gives up in the middle of answers that hold an x."""

    def guide(self, grammar: Grammar) -> Guide:
        limits = llguidance.LLParserLimits(step_max_items=3)
        return Guide(llguidance.LLMatcher(self._tokenizer, grammar.text, log_level=0, limits=limits))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_grammar_that_is_given_up_in_mid_answer_fails_its_prompt_alone(engine, batch_size, temperature):
    vocabulary = engine._model.get_output_embeddings().weight.shape[0]
    engine._guides = _Small(engine.tokenizer, vocabulary=vocabulary, ends=sorted(engine._stop))
    large = Literal('start: "N" (a|b)*\na: "x" c?\nb: "x" c c?\nc: /y+z?/')
    small = Literal('start: "None"')
    sampling = Sampling(max_new_tokens=40, batch_size=batch_size, temperature=temperature, logprobs=True)

    found = dict(engine.generate(PROMPTS[:4], [small, large, small, large], sampling))

    assert [found[number].raw for number in (0, 2)] == ["None", "None"]
    for number in (1, 3):
        assert re.fullmatch(
            r"the answer's grammar is too large for llguidance \(.*\); ask about a shorter window, or without constraints\.",
            found[number].reason,
        )


# Drawn, and by beams


def answers_of(engine, prompts: Sequence[Turns], sampling: Sampling) -> list[str]:
    found = dict(engine.generate(prompts, None, sampling))
    return [found[number].raw for number in range(len(prompts))]


def test_what_is_drawn_depends_on_seed_and_prompt_and_not_on_the_batch(engine):
    drawn = answers_of(engine, PROMPTS, Sampling(max_new_tokens=12, temperature=1.0, seed=1))
    again = answers_of(engine, PROMPTS[::-1], Sampling(max_new_tokens=12, temperature=1.0, seed=1, batch_size=2))[::-1]
    other = answers_of(engine, PROMPTS, Sampling(max_new_tokens=12, temperature=1.0, seed=2))

    assert drawn == again
    assert all(one != two for one, two in zip(drawn, other, strict=True))


def test_the_smallest_top_p_leaves_the_likeliest_token(engine):
    drawn = answers_of(engine, PROMPTS, Sampling(max_new_tokens=12, temperature=1.0, top_p=1e-9))

    assert drawn == answers_of(engine, PROMPTS, Sampling(max_new_tokens=12))


def test_draws_follow_the_models_probabilities(engine, model, tokenizer):
    ids = ids_of(tokenizer, PROMPTS[2])
    with torch.no_grad():
        probabilities = model(input_ids=torch.tensor([ids])).logits[0, -1].softmax(-1)
    words = [tokenizer.decode([token], skip_special_tokens=True) for token in range(len(probabilities))]
    word = words[int(probabilities.argmax())]  # which several tokens may write
    drawn = sum(
        answers_of(engine, PROMPTS[2:3], Sampling(max_new_tokens=1, temperature=1.0, seed=seed)) == [word] for seed in range(300)
    )

    expected = 300 * sum(float(share) for share, written in zip(probabilities, words, strict=True) if written == word)
    assert abs(drawn - expected) < 4 * expected**0.5


def test_beams_are_those_of_plain_generate(engine, model, tokenizer):
    found = answers_of(engine, PROMPTS[:1], Sampling(max_new_tokens=12, beams=3))

    expected = plain_generate(model, ids_of(tokenizer, PROMPTS[0]), sorted(engine._stop), 12, num_beams=3)
    assert found == [tokenizer.decode(expected, skip_special_tokens=True)]


def test_beams_go_with_nothing_else(engine):
    with pytest.raises(ModelError) as error:
        next(engine.generate(PROMPTS, [Literal("None")] * 5, Sampling(beams=2)))

    assert str(error.value) == (
        "engine transformers: beams go with neither grammars nor log-probabilities nor sampling; leave them out."
    )


# Names and batches


def test_the_engine_is_found_by_its_name_and_says_what_it_runs(tiny_model):
    engine = ENGINES.get("transformers")(str(tiny_model), EngineOptions(dtype="float32", device="cpu"))

    assert engine.facts == {"engine": "transformers", "dtype": "float32", "device": "cpu", "wrap": "chat"}


def test_batches_go_by_length_when_all_prompts_start_alike():
    prompts = [[1, 2] + [3 + n] * n for n in (1, 9, 2, 8)]

    assert batches_of(prompts, 2) == [[1, 3], [2, 0]]


def test_batches_go_by_prefix_when_groups_of_prompts_start_alike():
    first, second = [1] * 50, [2] * 50
    prompts = [first + [3] * 4, second + [3] * 4, first + [4] * 3, second + [4] * 3]

    assert batches_of(prompts, 2) == [[0, 2], [1, 3]]


def test_an_address_is_refused(tiny_model):
    with pytest.raises(ModelError) as error:
        ENGINES.get("transformers")(str(tiny_model), EngineOptions(url="http://localhost:8000/v1"))

    assert str(error.value) == "engine transformers: runs the model itself; leave the url out, or take the engine openai."
