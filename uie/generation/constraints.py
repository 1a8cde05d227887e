r"""`Grammar` → a grammar in the Lark dialect of llguidance, which allows a model the grammar's strings and no others.

The whole answer is one terminal. Cut into rules it would be wrong: llguidance reads each terminal as far as it goes and never goes
back, so after the text "Ann_person, …" the answer `Ann_person` would be read as a mention that lacks its type. Our grammars know no
recursion, and inside a terminal every way of reading is kept.

A piece of the text is a path through the automaton of all its substrings, a character a step. Measured on one Xeon core with
llguidance 1.9.1, a vocabulary of 49,152 and `lines`, milliseconds (English words, invented; Chinese text is no slower):

    characters of text                     500    2,000   10,000   100,000
    to_lark                                0.4      0.9        2        22
    compiling it (llguidance)                7       14       47       477
    a mask: mean (largest)          0.07 (0.5)  0.1 (3)  0.2 (4)  0.4 (10)

65 event types with five roles each add 10 to `to_lark` and 7 to compiling, nothing to a mask. Chinese text of 50,000 characters
still fits llguidance's limits, one of 100,000 does not (`LLParserLimits.initial_lexer_fuel`): the matcher says so, the engine must ask it.
"""

import json
from collections.abc import Iterable
from itertools import pairwise

from uie.errors import ModelError
from uie.formats.grammar import Both, Grammar, SpanOf
from uie.generation.grammar_walk import GrammarWalk


def to_lark(grammar: Grammar) -> str:
    """The grammar for `llguidance.LLMatcher`; compiling it is left to the engine, which knows its tokenizer.

    Raises:
        ModelError: no string fits the grammar, or llguidance cannot be held to a node of it exactly.
    """
    terminals = _Terminals()
    answer = terminals.of(grammar)
    if answer is None:
        raise ModelError("Grammar for llguidance: no string fits it (a choice without options?), so that nothing could be written.")
    lark = "\n".join(["start: ANSWER", f"ANSWER: {answer}", *terminals.definitions(), ""])
    if not lark.isascii() and any("\ud800" <= character <= "\udfff" for character in lark):
        raise ModelError(
            "Grammar for llguidance: half a surrogate pair is no character; expected text that can be written as UTF-8."
        )
    return lark


class _Terminals(GrammarWalk):
    """The grammar's nodes as named terminals. Equal nodes share a name, so that a text's automaton is built once."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[str, str] = {}  # definition → name

    def definitions(self) -> list[str]:
        return [f"{name}: {definition}" for definition, name in self._names.items()]

    def _literal(self, text: str) -> str:
        return _quoted(text)

    def _choice(self, options: list[str]) -> str:
        return self._named("CHOICE", " | ".join(options))

    def _sequence(self, parts: list[str]) -> str:
        return self._named("SEQUENCE", " ".join(parts)) if parts else _quoted("")

    def _repeat(self, part: str, least: int, most: int | None) -> str:
        return self._named("REPEAT", f"{part}{{{least},{'' if most is None else most}}}")

    def _span(self, span: SpanOf) -> str | None:
        if not span.text.strip():
            return None
        written, leads = _writings(span)
        pieces = self._named("PIECES", f"%regex {_json({'substring_chunks': [written[character] for character in span.text]})}")
        codes = set(written.values())
        spaces = {code for character, code in written.items() if character.isspace()}
        last = f"(?:{_one_of(codes)}*{_one_of(codes, but=spaces)})?"  # the rest of the piece, no white space at its end
        ways = [f"{pieces} & /{_one_of(codes, but=spaces | leads.keys())}{last}/"]
        ways += [f"{_quoted(lead)} ({pieces} & /{_literally(code)}{last}/)" for code, lead in leads.items()]
        return self._named("SPAN", " | ".join(ways))

    def _other(self, node: Grammar) -> str | None:
        if not isinstance(node, Both):
            raise ModelError(f"Grammar for llguidance: it cannot hold {type(node).__name__} nodes; generate without grammars.")
        both = [self.of(node.one), self.of(node.other)]
        return None if None in both else self._named("BOTH", f"{both[0]} & {both[1]}")

    def _named(self, kind: str, definition: str) -> str:
        return self._names.setdefault(definition, f"{kind}{len(self._names)}")


def _writings(span: SpanOf) -> tuple[dict[str, str], dict[str, str]]:
    """How each character of the text is written, and what stands before the writing of one that begins a piece.

    Where a piece begins and ends must show in what is written: so no writing may begin another, and two characters that
    are written alike must be alike in being white space and in how they are written first.
    """
    escapes, first_escapes = dict(span.escapes), dict(span.first_escapes)
    for plain in (*escapes, *first_escapes):
        if len(plain) != 1:
            raise _unfit(f"escapes {plain!r}", "one character each")
    written = {character: escapes.get(character, character) for character in sorted(set(span.text))}
    codes = sorted(set(written.values()))
    if not codes[0]:
        raise _unfit("leaves a character of the text out", "each written as something")
    for code, following in pairwise(codes):  # sorted, so that one which begins others stands before one of them
        if following.startswith(code):
            raise _unfit(f"writes one character as {code!r} and another as {following!r}", "none that begins another")
    firsts: dict[str, str | None] = {}
    for character, code in written.items():
        first = None if character.isspace() else first_escapes.get(character, code)
        if first is not None and not first.endswith(code):
            raise _unfit(f"writes {character!r} as {first!r} first and as {code!r} elsewhere", "something before the latter")
        if firsts.setdefault(code, first) != first:
            raise _unfit(f"writes two characters as {code!r}", "different writings, as only one of them may begin a piece so")
    leads = {code: first.removesuffix(code) for code, first in firsts.items() if first not in (None, code)}
    return written, leads


def _unfit(found: str, expected: str) -> ModelError:
    return ModelError(f"Grammar for llguidance: SpanOf {found}; expected {expected}. Generate without grammars.")


def _one_of(codes: set[str], *, but: Iterable[str] = ()) -> str:
    """A regular expression for one of the writings, as far as the text's automaton has not settled it."""
    barred = set(but)
    alone = sorted({code[0] for code in codes if len(code) > 1 or code in barred})
    single = f"[^{''.join(map(_literally, alone))}]" if alone else "(?s:.)"
    return f"(?:{'|'.join([single, *(_literally(code) for code in sorted(codes - barred) if len(code) > 1)])})"


def _literally(text: str) -> str:
    return "".join(f"\\x{{{ord(character):x}}}" for character in text)


def _quoted(text: str) -> str:
    return _json(text).replace("\x7f", "\\u007f")  # the one character JSON allows in a string and Lark does not


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
