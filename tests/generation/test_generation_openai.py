"""The engine that asks a server, against one that does its worst."""

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hostile_server import Asked, HostileServer, Reply, chat_completion, completion, hostile_server, models
from tiny_models import CHAT_TEMPLATE, make_tiny_tokenizer

from uie.errors import ModelError
from uie.formats.grammar import Both, Choice, Literal, Sequence, SpanOf
from uie.generation import ENGINES, EngineOptions, Failed, Sampling
from uie.generation.openai_engine import OpenAIEngine, load
from uie.generation.server_answers import ends_of
from uie.generation.server_kinds import look
from uie.generation.server_prompts import Prompts
from uie.generation.servers import Patience, RequestFailed, Server, _seconds_until

KEY = "sk-very-secret"
LINE = Sequence((SpanOf("Mira met Anton."), Literal("_person")))


def engine_of(
    server: HostileServer, *, prompts: Prompts | None = None, model: str = "m", key: str = "", **patience: Any
) -> OpenAIEngine:
    asked = Server(server.url, {"UIE_API_KEY": key}, Patience(**{"timeout_seconds": 5.0, "pause_seconds": 0.01, **patience}))
    return OpenAIEngine(asked, look(asked, model), prompts)


def asking(*words: str) -> list[list[tuple[str, str]]]:
    return [[(word, "")] for word in words]


def said(asked: Asked) -> str:
    return asked.body["messages"][-1]["content"]


def echo(asked: Asked) -> Reply:
    return Reply(chat_completion(said(asked).upper()))


def first_tries(*replies: Reply, of: str = "one") -> Callable[[Asked], Reply]:
    """These, one after the other, to the prompt `of`; then, and to all others, an echo."""
    return lambda asked: replies[asked.number] if said(asked) == of and asked.number < len(replies) else echo(asked)


def raws(answers: dict[int, Any]) -> dict[int, str]:
    return {index: getattr(answer, "raw", answer) for index, answer in answers.items()}


@pytest.fixture(scope="module")
def tokenizer():
    return make_tiny_tokenizer(CHAT_TEMPLATE)


# Many at a time


def test_answers_come_as_they_finish() -> None:
    second_is_done = threading.Event()

    def answer(asked: Asked) -> Reply:
        if said(asked) == "one":
            assert second_is_done.wait(10)
        return echo(asked)

    with hostile_server(answer) as server:
        order = []
        for index, found in engine_of(server).generate(asking("one", "two"), sampling=Sampling(batch_size=2)):
            order.append((index, found.raw))
            second_is_done.set()

    assert order == [(1, "TWO"), (0, "ONE")]


def test_no_more_requests_are_under_way_than_asked_for() -> None:
    with hostile_server(lambda asked: Reply(chat_completion("x"), after_seconds=0.02)) as server:
        answers = dict(engine_of(server).generate(asking(*map(str, range(24))), sampling=Sampling(batch_size=4)))

        assert len(answers) == len(server.bodies("/v1/chat/completions")) == 24
        assert server.most_at_once() == 4


def test_a_caller_who_takes_no_more_answers_ends_the_asking() -> None:
    with hostile_server(lambda asked: Reply(chat_completion("x"), after_seconds=0.05)) as server:
        answers = engine_of(server).generate(asking(*map(str, range(50))), sampling=Sampling(batch_size=2))
        next(answers)
        answers.close()
        time.sleep(0.3)

        assert len(server.bodies("/v1/chat/completions")) <= 5


# What is asked again


@pytest.mark.parametrize(
    ("trouble", "patience"),
    [
        pytest.param([Reply(b"boom", status=500)] * 2, {}, id="500 twice"),
        pytest.param([Reply({"error": {"message": "slow down"}}, status=429)], {}, id="429"),
        pytest.param([Reply(chat_completion("half an answer"), cut=20)], {}, id="cut in the middle"),
        pytest.param([Reply(b"", cut=0, headers={"Content-Length": "10"})], {}, id="cut at once"),
        pytest.param([Reply(b'{"choices": [{"message"')], {}, id="broken JSON"),
        pytest.param([Reply(b"\xff\xfe")], {}, id="no UTF-8"),
        pytest.param([Reply({"choices": []})], {}, id="no choices"),
        pytest.param([Reply([1, 2])], {}, id="a list"),
        pytest.param([Reply({"choices": [{"message": {"content": 7}, "finish_reason": "stop"}]})], {}, id="a number for words"),
        pytest.param([Reply(chat_completion("late"), after_seconds=0.6)], {"timeout_seconds": 0.2}, id="stalls"),
    ],
)  # fmt: skip
def test_trouble_that_passes_costs_no_answer(trouble: list[Reply], patience: dict[str, float]) -> None:
    with hostile_server(first_tries(*trouble)) as server:
        answers = dict(engine_of(server, **patience).generate(asking("one", "two")))

        assert raws(answers) == {0: "ONE", 1: "TWO"}
        assert len(server.bodies("/v1/chat/completions")) == 2 + len(trouble)


def test_the_server_says_when_it_may_be_asked_again() -> None:
    with hostile_server(first_tries(Reply(b"", status=429, headers={"Retry-After": "0.4"}))) as server:
        answers = dict(engine_of(server).generate(asking("one")))

        first, second = [asked.at for asked in server.asked if asked.body]
        assert raws(answers) == {0: "ONE"}
        assert 0.4 <= second - first < 2


def test_retry_after_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)

    assert 28 < _seconds_until(format_datetime(moment, usegmt=True)) <= 30
    assert _seconds_until("Sun, 06 Nov 1994 08:49:37 GMT") == 0
    assert [_seconds_until(nonsense) for nonsense in (None, "", "soon", "inf", "-3")] == [0] * 5


def test_pauses_grow_and_differ_by_chance() -> None:
    patience, failed = Patience(pause_seconds=1, tries=6), RequestFailed("busy", again=True)

    pauses = [[patience.pause(tried, failed) or 0 for _ in range(50)] for tried in (1, 2, 3, 4)]

    assert all(0.5 * 2**place <= pause <= 1.5 * 2**place for place, row in enumerate(pauses) for pause in row)
    assert all(len(set(row)) > 10 for row in pauses)
    assert patience.pause(6, failed) is None
    assert patience.pause(1, RequestFailed("busy", again=True, after=1e6)) is None


# What is given up


@pytest.mark.parametrize(
    ("reply", "reason", "tries"),
    [
        pytest.param(
            Reply({"error": {"message": "too many\ntokens", "code": 400}}, status=400), "HTTP 400: too many tokens", 1, id="refused"
        ),
        pytest.param(Reply({"detail": "no such model"}, status=404), "HTTP 404: no such model", 1, id="unknown model"),
        pytest.param(Reply(b"", status=418), "HTTP 418: I'm a Teapot", 1, id="no words"),
        pytest.param(Reply({"error": "busy"}, status=503), "HTTP 503: busy (tried 3 times)", 3, id="busy for good"),
        pytest.param(Reply(b"{"), "the server's answer is no JSON: b'{' (tried 3 times)", 3, id="nonsense for good"),
        pytest.param(
            Reply(chat_completion("x", finish_reason="content_filter")), "the server broke the answer off (content_filter)", 1, id="filtered"
        ),
        pytest.param(Reply(b"", status=307, headers={"Location": "http://127.0.0.1:9/"}), "HTTP 307: Temporary Redirect", 1, id="sent on"),
        pytest.param(Reply(b"", status=429, headers={"Retry-After": "9999"}), "HTTP 429: Too Many Requests", 1, id="come back tomorrow"),
    ],
)  # fmt: skip
def test_what_fails_for_good_fails_for_that_prompt_alone(reply: Reply, reason: str, tries: int) -> None:
    with hostile_server(first_tries(*[reply] * 9)) as server:
        answers = dict(engine_of(server, tries=3).generate(asking("one", "two", "three")))

        assert raws(answers) == {0: Failed(reason), 1: "TWO", 2: "THREE"}
        assert len(server.bodies("/v1/chat/completions")) == 2 + tries


def test_no_server_is_told_before_anything_is_asked() -> None:
    with hostile_server(echo) as server:
        url = server.url

    with pytest.raises(ModelError) as error:
        load("m", EngineOptions(url=url))

    assert str(error.value) == (
        f"{url}/v1: no server that could be asked ([Errno 111] Connection refused); start one there, or give its address."
    )


def test_a_refused_key_is_told_before_anything_is_asked_and_never_shown() -> None:
    echoed = Reply({"error": {"message": f"Incorrect API key provided: {KEY}"}}, status=401)

    with hostile_server(echo, {"/v1/models": echoed}) as server:
        with pytest.raises(ModelError) as error:
            engine_of(server, key=KEY)

        assert str(error.value) == (
            f"{server.url}/v1: the server refuses the key (HTTP 401: Incorrect API key provided: (the key)); set UIE_API_KEY."
        )
        assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {KEY}"]


def test_the_key_is_in_no_fact_and_no_reason() -> None:
    padding = "x" * 270  # a reason is cut: no part of the key must be left at its end
    replies = {
        "refused": lambda sent: Reply({"error": sent}, status=400),
        "no answer": lambda sent: Reply({"error": sent}),
        "cut": lambda sent: Reply({"error": padding + sent}, status=400),
        "no answer, cut": lambda sent: Reply({"error": padding[40:] + sent}),
        "no JSON": lambda sent: Reply(f"Sorry, {sent}, but this is no JSON".encode()),
    }
    streamed = {"an event": lambda sent: Reply(events({"error": sent}))}

    with hostile_server(lambda asked: (replies | streamed)[said(asked)](asked.headers["Authorization"])) as server:
        engine = engine_of(server, key=KEY, tries=1)
        reasons = [answer.reason for _, answer in sorted(engine.generate(asking(*replies)))]
        with pytest.raises(ModelError) as error:
            list(engine.stream([("an event", "")]))

    assert reasons[:2] == ["HTTP 400: Bearer (the key)", 'no answer in what the server sent: {"error": "Bearer (the key)"}']
    assert str(error.value) == reasons[1]
    assert [reason for reason in [*reasons, str(engine.facts)] if "sk-" in reason] == []


def test_an_answer_that_happens_to_hold_the_key_is_left_as_it_is() -> None:
    with hostile_server(lambda asked: Reply(chat_completion("the latest contest"))) as server:
        answers = dict(engine_of(server, key="test").generate(asking("one")))

    assert raws(answers) == {0: "the latest contest"}


@pytest.mark.parametrize(
    ("url", "environment", "sent"),
    [
        ("http://localhost:1", {"OPENAI_API_KEY": "a"}, "a"),
        ("https://example.org", {"OPENAI_API_KEY": "a"}, "a"),
        ("http://example.org", {"OPENAI_API_KEY": "a"}, ""),
        ("http://example.org", {"OPENAI_API_KEY": "a", "UIE_API_KEY": "b"}, "b"),
        ("https://example.org", {"OPENAI_API_KEY": "a", "UIE_API_KEY": " b\n"}, "b"),
        ("http://127.0.0.1", {}, ""),
    ],
)
def test_openais_key_goes_over_no_open_line(url: str, environment: dict[str, str], sent: str) -> None:
    assert Server(url, environment)._key == sent


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("https://example.org/v1/", "https://example.org/v1"),
        ("https://example.org/openai/v2", "https://example.org/openai/v2"),
    ],
)
def test_an_address_without_a_path_is_given_v1(url: str, asked: str) -> None:
    assert Server(url, {}).url == asked


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (EngineOptions(), "engine openai: no server; give its address, such as --url http://localhost:8000/v1."),
        (
            EngineOptions(url="localhost:8000"),
            "'localhost:8000' is no server's address; expected one such as http://localhost:8000/v1.",
        ),
        (EngineOptions(url="http://[x"), "'http://[x' is no server's address; expected one such as http://localhost:8000/v1."),
        (
            EngineOptions(url="http://me:secret@localhost"),
            "the server's address holds a password, which would be shown; put a key into UIE_API_KEY instead.",
        ),
        (
            EngineOptions(url="http://localhost", device="cpu"),
            "engine openai: dtype and device are chosen where the server is started; leave them out.",
        ),
    ],
)
def test_options_it_can_do_nothing_with_are_refused(options: EngineOptions, message: str) -> None:
    with pytest.raises(ModelError) as error:
        load("m", options)

    assert str(error.value) == message


def test_a_key_that_no_header_can_hold_is_not_shown() -> None:
    with pytest.raises(ModelError) as error:
        Server("http://localhost", {"UIE_API_KEY": f"{KEY}\nX"})

    assert (
        str(error.value) == "the key in UIE_API_KEY or OPENAI_API_KEY holds white space or signs that no header can; copy it again."
    )


def test_a_server_on_this_machine_is_asked_through_no_proxy(monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with hostile_server(echo) as server:
        assert raws(dict(engine_of(server).generate(asking("one")))) == {0: "ONE"}


# Which server, which model


@pytest.mark.parametrize(
    ("listed", "model", "expected"),
    [
        pytest.param(models("a/m", owner="vllm"), "runs/mine", ("vllm", "a/m"), id="the only one"),
        pytest.param(models("base", "mine", owner="vllm"), "runs/mine", ("vllm", "mine"), id="one of several, by its last name"),
        pytest.param({"data": [{"id": "x", "owned_by": "vllm", "root": "runs/mine"}]}, "runs/mine", ("vllm", "x"), id="by its place"),
        pytest.param(models("m", owner="sglang"), "m", ("sglang", "m"), id="sglang"),
        pytest.param(models("m.gguf", owner="llamacpp"), "m", ("llama.cpp", "m.gguf"), id="llama.cpp"),
        pytest.param(models("m:latest", "n", owner="library"), "m:latest", ("ollama", "m:latest"), id="ollama"),
        pytest.param(models("cached/a"), "runs/mine", ("unknown", "runs/mine"), id="what an unknown server lists need not be all"),
        pytest.param(Reply(b"", status=500), "m", ("unknown", "m"), id="no list"),
        pytest.param(Reply(b"<html>"), "m", ("unknown", "m"), id="no JSON"),
        pytest.param({"data": [7, {"id": None}, {"root": []}]}, "m", ("unknown", "m"), id="nonsense"),
    ],
)  # fmt: skip
def test_the_server_says_what_it_is_and_what_it_calls_the_model(listed: Any, model: str, expected: tuple[str, str]) -> None:
    with hostile_server(echo, {"/v1/models": listed}) as server:
        served = look(Server(server.url, {}), model)

    assert (served.kind.name, served.name) == expected


def test_a_model_that_a_server_does_not_list_is_told() -> None:
    with hostile_server(echo, {"/v1/models": models("a", "b", owner="vllm")}) as server, pytest.raises(ModelError) as error:
        look(Server(server.url, {}), "c")

    assert str(error.value) == f"{server.url}/v1: the server has no model named 'c'; it lists a, b."


# What is asked


def test_where_no_tokenizer_is_at_hand_messages_are_sent_and_the_facts_say_so() -> None:
    with hostile_server(echo, {"/v1/models": models("m", owner="openai")}) as server:
        engine = load("m", EngineOptions(url=server.url))
        turns = [("one", "first"), ("two", "")]
        answers = dict(engine.generate([turns], sampling=Sampling(max_new_tokens=7, temperature=0.5, top_p=0.9, seed=3)))

        assert server.bodies("/v1/chat/completions") == [
            {
                "model": "m",
                "max_completion_tokens": 7,
                "temperature": 0.5,
                "top_p": 0.9,
                "seed": 3,
                "messages": [
                    {"role": "user", "content": "one"},
                    {"role": "assistant", "content": "first"},
                    {"role": "user", "content": "two"},
                ],
            }
        ]
    assert (answers[0].raw, answers[0].finish_reason, answers[0].tokens, answers[0].logprobs) == ("TWO", "stop", 3, None)
    assert answers[0].seconds > 0
    assert engine.facts == {
        "engine": "openai", "server": "openai", "served": "m", "endpoint": "chat",
        "dtype": "the server's", "device": "the server's", "wrap": "the server's",
    }  # fmt: skip


def test_where_a_tokenizer_is_at_hand_the_wrapped_prompt_is_sent_as_tokens(tokenizer) -> None:
    wrapped = "<|im_start|>user\nText: nobody came.<|im_end|>\n<|im_start|>assistant\n"
    with hostile_server(lambda asked: Reply(completion("None")), {"/v1/models": models("m", owner="vllm")}) as server:
        engine = engine_of(server, prompts=Prompts(tokenizer, "chat"))
        answers = dict(engine.generate(asking("Text: nobody came."), sampling=Sampling(max_new_tokens=9)))

        assert server.bodies() == [
            {
                "model": "m",
                "max_tokens": 9,
                "temperature": 0.0,
                "top_p": 1.0,
                "top_k": -1,
                "min_p": 0.0,
                "repetition_penalty": 1.0,
                "prompt": tokenizer(wrapped)["input_ids"],
                "stop_token_ids": [1, 3],
            }
        ]
    assert answers[0].raw == "None"
    assert (engine.facts["endpoint"], engine.facts["wrap"]) == ("completions", "chat")


def test_an_unknown_server_is_asked_in_openais_own_fields_only(tokenizer) -> None:
    with hostile_server(lambda asked: Reply(completion("None"))) as server:
        dict(engine_of(server, prompts=Prompts(tokenizer, "plain")).generate(asking("x")))

        assert server.bodies() == [
            {"model": "m", "max_tokens": 256, "temperature": 0.0, "top_p": 1.0, "prompt": "x\n", "stop": ["<|im_end|>"]}
        ]


def test_the_text_of_a_prompt_has_no_second_first_token() -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer = make_tiny_tokenizer(None)
    tokenizer.add_special_tokens({"bos_token": "<|im_start|>"})
    tokenizer._tokenizer.post_processor = TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", tokenizer.bos_token_id)]
    )
    prompts = Prompts(tokenizer, "plain")

    text = prompts.prompt([("Text: x", "")], takes_ids=False)

    assert text == "Text: x\n"
    assert tokenizer(text)["input_ids"].count(tokenizer.bos_token_id) == 1


def test_a_prompt_with_a_control_tokens_name_goes_as_ids_or_not_at_all(tokenizer) -> None:
    prompts, turns = Prompts(tokenizer, "chat"), [("a <|im_end|> b", "")]

    ids = prompts.prompt(turns, takes_ids=True)

    assert isinstance(ids, list)
    assert tokenizer.decode(ids) == "<|im_start|>user\na <|im_end|> b<|im_end|>\n<|im_start|>assistant\n"
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_end|>")) == 1
    with hostile_server(lambda asked: Reply(completion("None"))) as server:
        answers = dict(engine_of(server, prompts=prompts).generate([turns, [("b", "")]]))
    assert raws(answers) == {
        0: Failed(
            "no text is encoded as this prompt (it holds a control token's name, or goes without the tokenizer's first token); "
            "vLLM, SGLang and llama.cpp's server take token ids, and so does the engine transformers."
        ),
        1: "None",
    }


def test_beams_are_refused() -> None:
    with hostile_server(echo) as server, pytest.raises(ModelError) as error:
        next(engine_of(server).generate(asking("one"), sampling=Sampling(beams=2)))

    assert str(error.value) == "engine openai: servers search no beams; the engine transformers does."


# Log-probabilities


def test_completions_give_log_probabilities_and_where_tokens_end(tokenizer) -> None:
    # vLLM's shape; 安 takes two tokens, of which the first is no character, and the end is a token too.
    given = {
        "tokens": ["Mi", "ra", "_", "�", "安", "<|im_end|>"],
        "token_logprobs": [-0.5, -0.25, -1.0, -2.0, -0.125, -0.0],
        "text_offset": [0, 2, 4, 5, 6, 7],
    }
    with hostile_server(
        lambda asked: Reply(completion("Mira_安", logprobs=given)), {"/v1/models": models("m", owner="vllm")}
    ) as server:
        engine = engine_of(server, prompts=Prompts(tokenizer, "plain"))
        answers = dict(engine.generate(asking("x"), sampling=Sampling(logprobs=True)))

        assert server.bodies()[0]["logprobs"] == 1
    assert answers[0].logprobs == [-0.5, -0.25, -1.0, -2.0, -0.125, 0.0]
    assert answers[0].ends == [2, 4, 5, 5, 6, 6]


def test_chats_give_log_probabilities_in_a_shape_of_their_own() -> None:
    given = {"content": [{"token": "No", "logprob": -1.5, "bytes": [78, 111]}, {"token": "ne", "logprob": -0.5}]}
    with hostile_server(lambda asked: Reply(chat_completion("None", logprobs=given))) as server:
        answers = dict(engine_of(server).generate(asking("x"), sampling=Sampling(logprobs=True)))

        assert server.bodies("/v1/chat/completions")[0]["logprobs"] is True
    assert (answers[0].logprobs, answers[0].ends) == ([-1.5, -0.5], [2, 4])


@pytest.mark.parametrize(
    ("raw", "tokens", "ends"),
    [
        pytest.param("ab cd", ["ab", " cd"], [2, 5], id="plain"),
        pytest.param("ab cd", ["ab", "cd", "</s>"], [3, 5, 5], id="spaces left out"),
        pytest.param(" ab c", ["ab", " c"], [3, 5], id="the first space left out"),
        pytest.param("安东x", ["�", "�", "�", "�", "x"], [0, 0, 0, 2, 3], id="pieces of characters"),
        pytest.param("安", ["bytes:\\xe5\\xae", "bytes:\\x89"], [0, 1], id="a character at the end"),
        pytest.param("aXbbbbbbba", ["a", "�", "b", "b"], [1, 2, 3, 10], id="what is missing at the end is the last one's"),
        pytest.param("", ["<|im_end|>"], [0], id="nothing but an end"),
        pytest.param("abc", [], [], id="no tokens"),
    ],
)
def test_tokens_end_where_they_are_found_in_the_answer(raw: str, tokens: list[str], ends: list[int]) -> None:
    assert ends_of(raw, tokens) == ends


@pytest.mark.parametrize("given", [None, {}, {"content": None}, {"tokens": ["a"], "token_logprobs": [None]}, [1]])
def test_a_server_without_log_probabilities_is_told_and_no_answer_is_lost(given: Any) -> None:
    good = {"content": [{"token": "x", "logprob": -1.0}]}

    with hostile_server(lambda asked: Reply(chat_completion("x", logprobs=good if said(asked) == "one" else given))) as server:
        answers = engine_of(server).generate(asking("one", "two"), sampling=Sampling(logprobs=True, batch_size=1))
        assert next(answers)[1].logprobs == [-1.0]
        with pytest.raises(ModelError) as error:
            next(answers)

    assert str(error.value) == (
        "engine openai: the server gives no log-probabilities; vLLM, SGLang and llama.cpp's server do, and the engine transformers."
    )


# Grammars: the fields as the servers' documentation has them, not run against the servers here.

EBNF = 'root ::= part0\npart0 ::= "None" | "no"\n'


@pytest.mark.parametrize(
    ("owner", "pages", "field"),
    [
        pytest.param("vllm", {"/version": {"version": "0.12.0"}}, {"structured_outputs": {"grammar": EBNF}}, id="vllm"),
        pytest.param(
            "vllm", {"/version": {"version": "0.11.0rc2.dev7"}}, {"structured_outputs": {"grammar": EBNF}}, id="vllm 0.11"
        ),
        pytest.param("vllm", {"/version": {"version": "0.10.2"}}, {"guided_grammar": EBNF}, id="vllm before 0.11"),
        pytest.param("vllm", {}, {"structured_outputs": {"grammar": EBNF}}, id="vllm behind a wall"),
        pytest.param("sglang", {}, {"ebnf": EBNF}, id="sglang"),
        pytest.param("llamacpp", {}, {"grammar": EBNF}, id="llama.cpp"),
    ],
)
def test_grammars_go_where_each_server_takes_them(tokenizer, owner: str, pages: dict[str, Any], field: dict[str, Any]) -> None:
    grammar = Choice((Literal("None"), Literal("no")))

    with hostile_server(lambda asked: Reply(completion("None")), {"/v1/models": models("m", owner=owner)} | pages) as server:
        answers = dict(engine_of(server, prompts=Prompts(tokenizer, "plain")).generate(asking("x"), [grammar]))

        (body,) = server.bodies()
        assert {name: body[name] for name in field} == field
        assert {"structured_outputs", "guided_grammar", "ebnf", "grammar"} & set(body) == set(field)
    assert raws(answers) == {0: "None"}


@pytest.mark.parametrize(("owner", "kind"), [("library", "ollama"), ("openai", "openai"), ("who", "unknown")])
def test_servers_that_take_json_schemas_only_take_no_grammars(owner: str, kind: str) -> None:
    with hostile_server(echo, {"/v1/models": models("m", owner=owner)}) as server, pytest.raises(ModelError) as error:
        next(engine_of(server).generate(asking("x"), [LINE]))

    assert str(error.value) == (
        f"engine openai: a server of kind {kind} holds answers to JSON schemas at most, which cannot say that a mention is a piece of "
        "the text; use vLLM, SGLang, llama.cpp's server or the engine transformers, or no constraints."
    )
    assert server.bodies("/v1/chat/completions") == []


def test_without_llguidance_answers_cannot_be_checked(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)

    with hostile_server(echo, {"/v1/models": models("m", owner="vllm")}) as server, pytest.raises(ModelError) as error:
        next(engine_of(server).generate(asking("x"), [LINE]))

    assert str(error.value) == "engine openai: constrained answers are checked by llguidance; install uie-llm[train]."


def test_an_answer_that_was_not_held_to_its_grammar_is_no_answer() -> None:
    raws_given = {"held": "Mira_person", "not": "Sure! Mira_person", "cut": "Mira met An", "cut wrong": "Mira met Ma"}

    def answer(asked: Asked) -> Reply:
        finish = "length" if said(asked).startswith("cut") else "stop"
        return Reply(chat_completion(raws_given[said(asked)], finish_reason=finish))

    with hostile_server(answer, {"/v1/models": models("m", owner="vllm")}) as server:
        answers = dict(engine_of(server).generate(asking(*raws_given), [LINE] * 4))

    assert raws(answers) == {
        0: "Mira_person",
        1: Failed("the server did not hold the answer to its grammar: 'Sure! Mira_person'"),
        2: "Mira met An",
        3: Failed("the server did not hold the answer to its grammar: 'Mira met Ma'"),
    }


def test_a_grammar_that_ebnf_cannot_hold_fails_for_its_prompt_alone() -> None:
    with hostile_server(lambda asked: Reply(chat_completion("a")), {"/v1/models": models("m", owner="sglang")}) as server:
        answers = dict(engine_of(server).generate(asking("x", "y"), [Both(Literal("a"), Literal("a")), Literal("a")]))

    assert raws(answers) == {
        0: Failed(
            "Grammar as EBNF: it cannot hold Both nodes; use the engine transformers, another format, or generate without constraints."
        ),
        1: "a",
    }


# Streams


def events(*pieces: Any, done: bool = True) -> bytes:

    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces] + ["data: [DONE]\n\n"] * done
    return "".join([": a comment\n\n", *lines]).encode()


def chunk(text: str | None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {} if text is None else {"content": text}, "finish_reason": finish}]}


def test_streamed_pieces_are_together_the_answer() -> None:
    sent = events(chunk("No"), chunk("ne"), chunk(None, "stop"), {"choices": [], "usage": {}}, done=True)

    with hostile_server(lambda asked: Reply(sent)) as server:
        assert list(engine_of(server).stream([("x", "")])) == ["No", "ne"]
        assert server.bodies("/v1/chat/completions")[0]["stream"] is True


def test_a_stream_of_completions_is_read_too(tokenizer) -> None:
    sent = events(completion("No", finish=None), completion("ne", finish="length"), done=False)

    with hostile_server(lambda asked: Reply(sent)) as server:
        assert list(engine_of(server, prompts=Prompts(tokenizer, "plain")).stream([("x", "")])) == ["No", "ne"]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(Reply(events(chunk("No"), done=False)), "{url}: the stream broke off before the answer's end.", id="no end"),
        pytest.param(Reply(events(chunk("No")), cut=30), "the server's answer is no JSON: b'{{\"choices\":'", id="cut"),
        pytest.param(
            Reply(events(chunk("No"), {"error": "out of memory"})),
            'no answer in what the server sent: {{"error": "out of memory"}}',
            id="an error in the middle",
        ),
        pytest.param(Reply({"error": "busy"}, status=503), "HTTP 503: busy", id="refused"),
    ],
)
def test_a_stream_that_breaks_off_is_told(reply: Reply, message: str) -> None:
    with hostile_server(lambda asked: reply) as server:
        with pytest.raises(ModelError) as error:
            list(engine_of(server).stream([("x", "")]))

        assert str(error.value) == message.format(url=f"{server.url}/v1")


# The whole way


def test_a_model_folder_gives_tokenizer_and_wrap(tiny_model, tokenizer) -> None:
    with hostile_server(lambda asked: Reply(completion("None")), {"/v1/models": models("served", owner="llamacpp")}) as server:
        engine = ENGINES.get("openai")(str(tiny_model), EngineOptions(url=server.url))
        dict(engine.generate(asking("x")))

        (body,) = server.bodies()
    assert (body["model"], tokenizer.decode(body["prompt"])) == (
        "served",
        "<|im_start|>system\n<|im_end|>\n<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n",
    )
    assert (body["top_k"], body["repeat_penalty"]) == (0, 1.0)
    assert (engine.facts["server"], engine.facts["wrap"]) == ("llama.cpp", "chat")


def test_a_folder_without_a_model_is_told(tmp_path) -> None:
    with hostile_server(echo) as server, pytest.raises(ModelError) as error:
        load(str(tmp_path), EngineOptions(url=server.url))

    assert str(error.value).startswith(f"{tmp_path}: no model in this folder")


def test_a_wrap_is_refused_where_the_server_wraps() -> None:
    with hostile_server(echo) as server, pytest.raises(ModelError) as error:
        load("gpt", EngineOptions(url=server.url, wrap="alpaca"))

    assert str(error.value) == (
        "engine openai: the server wraps prompts itself, as the model's tokenizer is not here; leave the wrap out."
    )
