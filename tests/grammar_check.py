"""Two judges of a `Grammar`: what the engine makes of it, and a recogniser in plain Python that does nothing clever."""

from functools import cache
from random import Random

import llguidance

from uie.formats.grammar import Both, Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.generation.constraints import to_lark


@cache
def byte_tokenizer() -> llguidance.LLTokenizer:
    """One token a byte."""
    return llguidance.LLTokenizer("byte")


def matcher(grammar: Grammar) -> llguidance.LLMatcher:
    made = llguidance.LLMatcher(byte_tokenizer(), to_lark(grammar), log_level=0)
    assert not made.is_error(), made.get_error()
    return made


def accepts(grammar: Grammar, string: str) -> bool:
    """Whether a model that llguidance holds to the grammar may write exactly this."""
    return matched(matcher(grammar), string)


def matched(fresh: llguidance.LLMatcher, string: str) -> bool:
    tokens = byte_tokenizer().tokenize_bytes(string.encode())
    matched = fresh.try_consume_tokens(tokens) == len(tokens) and fresh.is_accepting()
    assert not fresh.is_error(), fresh.get_error()
    assert fresh.reset()
    return matched


def walked(fresh: llguidance.LLMatcher, rng: Random, *, longest: int = 4000) -> str:
    """What a model writes that takes any byte the engine lets it take, all alike; where it may stop, it does so one time in three.

    The engine lets nobody stop before the answer is whole; beyond `longest` bytes none that goes on is taken where one may stop.
    """
    tokenizer, written = byte_tokenizer(), bytearray()
    while True:
        offered = [8 * at + bit for at, byte in enumerate(fresh.compute_bitmask()) if byte for bit in range(8) if byte >> bit & 1]
        offered = [token for token in offered if token != tokenizer.eos_token]
        assert offered or fresh.is_accepting(), (bytes(written), fresh.get_error())
        if fresh.is_accepting() and (not offered or len(written) > longest or rng.random() < 1 / 3):
            break
        token = rng.choice(offered)
        assert fresh.consume_token(token), fresh.get_error()
        written += tokenizer.decode_bytes([token])
    assert fresh.reset()
    return written.decode()


def recognises(grammar: Grammar, string: str) -> bool:
    """Whether the string is one of the grammar's, by its definition."""
    return len(string) in _ends(grammar, string, 0)


def _ends(grammar: Grammar, string: str, start: int) -> set[int]:
    """Where what the grammar stands for may end in the string, when it begins at `start`."""
    match grammar:
        case Literal(text):
            return {start + len(text)} if string.startswith(text, start) else set()
        case Choice(options):
            return {end for option in options for end in _ends(option, string, start)}
        case Sequence(parts):
            reached = {start}
            for part in parts:
                reached = {end for at in reached for end in _ends(part, string, at)}
            return reached
        case Repeat(part, least, most):
            reached, found = {start}, set()
            # More rounds than characters left bring nothing new: a round that reads nothing may be left out or made up.
            for times in range(min(least + len(string) - start if most is None else most, least + len(string)) + 1):
                found |= reached if times >= least else set()
                reached = {end for at in reached for end in _ends(part, string, at)}
            return found
        case SpanOf(text):
            return {
                end for begin in range(len(text)) if not text[begin].isspace() for end in _span_ends(grammar, begin, string, start)
            }
        case Both(one, other):
            return _ends(one, string, start) & _ends(other, string, start)
    raise AssertionError(grammar)


def _span_ends(span: SpanOf, begin: int, string: str, start: int) -> set[int]:
    found, reached = set(), start
    for at in range(begin, len(span.text)):
        character = span.text[at]
        written = dict(span.escapes).get(character, character)
        if at == begin:
            written = dict(span.first_escapes).get(character, written)
        if not string.startswith(written, reached):
            break
        reached += len(written)
        if not character.isspace():
            found.add(reached)
    return found
