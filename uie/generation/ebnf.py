r"""`Grammar` → EBNF as llama.cpp (GBNF) and xgrammar (vLLM, SGLang, OpenVINO) read it: the grammar's strings and no others.

A piece of the text is a path through the text's suffix automaton (Blumer et al., 1985): a rule a state, a character a step, so that n
characters make at most 2n rules, which every slot that takes a piece shares. `\uXXXX` is the one numeric escape that both readers
understand alike (xgrammar reads `\x` as far as hexadecimal digits go). Measured on one Xeon core with xgrammar 0.2.8, a vocabulary of
49,152 and `lines`, milliseconds:

    characters of text                     100      300      500     2,000
    to_ebnf                                  1        2        9        25
    compiling it (xgrammar)                 15       54       84       470
    a mask: mean (largest)          0.01 (0.1)  0.01 (0.1)  0.06 (2)  0.03 (0.4)
"""

from typing import NamedTuple

from uie.errors import ModelError
from uie.formats.grammar import Grammar, SpanOf
from uie.generation.grammar_walk import GrammarWalk

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NOTHING = '""'


def to_ebnf(grammar: Grammar) -> str:
    """Rules, one a line, of which the first is `root`.

    Raises:
        ModelError: no string fits the grammar, or EBNF has no words for it: an intersection (`Both`), NUL, half a surrogate pair.
    """
    rules = _Rules()
    answer = rules.of(grammar)
    if answer is None:
        raise ModelError("Grammar as EBNF: no string fits it (a choice without options?), so that nothing could be written.")
    return "\n".join([f"root ::= {answer}", *rules.lines, ""])


class _Rules(GrammarWalk):
    """The grammar's nodes as named rules. Equal nodes share one."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._names: dict[str, str] = {}  # definition → name

    def _literal(self, text: str) -> str:
        return _quoted(text)

    def _choice(self, options: list[str]) -> str:
        return self._joined(options, " | ")

    def _sequence(self, parts: list[str]) -> str:
        return self._joined([part for part in parts if part != _NOTHING], " ")

    def _repeat(self, part: str, least: int, most: int | None) -> str:
        if part == _NOTHING:
            return _NOTHING
        times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most), f"{{{least},{'' if most is None else most}}}")
        return self._named(f"{part}{times}")

    def _span(self, span: SpanOf) -> str | None:
        """The rule for the pieces; of each state of the automaton but the first, one for what may follow a piece that leads there."""
        automaton = _suffix_automaton(span.text)
        name, written = f"text{len(self._spans)}", dict(span.escapes)
        rests: dict[int, str] = {}  # of the states that lead to a piece's end; "" where nothing may follow
        for state in automaton.longest_first[:-1]:
            may_end = not automaton.entered_by[state].isspace()
            following = _steps(automaton.ways[state], rests, written)
            if following:
                rests[state] = f"{name}-{state}"
                self.lines.append(f"{name}-{state} ::= {' | '.join([_NOTHING, *following] if may_end else following)}")
            elif may_end:
                rests[state] = ""
        solid = {first: to for first, to in automaton.ways[0].items() if not first.isspace()}
        begun = _steps(solid, rests, written | dict(span.first_escapes))
        return self._named(" | ".join(begun)) if begun else None

    def _other(self, node: Grammar) -> str | None:
        raise ModelError(
            f"Grammar as EBNF: it cannot hold {type(node).__name__} nodes; use the engine transformers, "
            "another format, or generate without constraints."
        )

    def _joined(self, parts: list[str], between: str) -> str:
        if not parts:
            return _NOTHING
        return parts[0] if len(parts) == 1 else self._named(between.join(parts))

    def _named(self, definition: str) -> str:
        if definition not in self._names:
            self._names[definition] = f"part{len(self._names)}"
            self.lines.append(f"{self._names[definition]} ::= {definition}")
        return self._names[definition]


class _SuffixAutomaton(NamedTuple):
    """The smallest automaton that reads all pieces of a text, each from state 0; every state may be a piece's end."""

    ways: list[dict[str, int]]
    "of each state: a character → the state it leads to"
    entered_by: list[str]
    "of each state the one character that leads there"
    longest_first: list[int]
    "all states, each before those which lead to it"


def _suffix_automaton(text: str) -> _SuffixAutomaton:
    ways: list[dict[str, int]] = [{}]
    entered_by, lengths, links = [""], [0], [-1]
    last = 0
    for character in text:
        new = len(ways)
        ways.append({})
        entered_by.append(character)
        lengths.append(lengths[last] + 1)
        links.append(0)
        at = last
        while at >= 0 and character not in ways[at]:
            ways[at][character] = new
            at = links[at]
        if at >= 0:
            known = ways[at][character]
            if lengths[known] == lengths[at] + 1:
                links[new] = known
            else:  # shorter pieces that end here have other continuations than the longer ones: they get a state of their own
                links[new] = shorter = len(ways)
                ways.append(dict(ways[known]))
                entered_by.append(character)
                lengths.append(lengths[at] + 1)
                links.append(links[known])
                links[known] = shorter
                while at >= 0 and ways[at].get(character) == known:
                    ways[at][character] = shorter
                    at = links[at]
        last = new
    return _SuffixAutomaton(ways, entered_by, sorted(range(len(ways)), key=lambda state: -lengths[state]))


def _steps(ways: dict[str, int], rests: dict[int, str], written: dict[str, str]) -> list[str]:
    """Each character as it is written, with what may follow it."""
    return [f"{_quoted(written.get(one, one))} {rests[to]}".rstrip() for one, to in ways.items() if to in rests]


def _quoted(text: str) -> str:
    for character in text:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise ModelError(f"Grammar as EBNF: {character!r} cannot be written; expected text without it.")
    return '"' + "".join(_ESCAPES.get(character) or _plain(character) for character in text) + '"'


def _plain(character: str) -> str:
    is_control = character < " " or "\x7f" <= character < "\xa0"
    return f"\\u{ord(character):04x}" if is_control else character
