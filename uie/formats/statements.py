"""Python-like statements in a model's raw answer → `Call`s: the shared ground of the formats `code` and `code.gollie`.

One scan cuts the answer into calls and the lines between them, so that a broken or cut-off call takes no other with it. On the way
each call is written anew: full-width punctuation as ASCII, missing commas and brackets added, bare words quoted. What comes out is
bounded in length and nesting and parsed by `ast`, each call alone. Nothing is ever evaluated.
"""

import ast
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from uie.formats.salvage import is_prose, piece
from uie.tasks.question import Problem

LONGEST = 50_000
"""Characters of a call that is still read."""
DEEPEST = 8
"""Open brackets at once: an event, its list, an argument make three."""

Value: TypeAlias = "str | Call | tuple[Value, ...] | None"


@dataclass(frozen=True, slots=True)
class Call:
    """`name(positional…, key=value…)`; a value is a string, None, a call, or a tuple of such."""

    name: str
    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A call, the piece of the answer that it was read from, and whether its syntax had to be mended.

    `lost` is what broke off at its end: a malformed piece by itself if the rest of the call can be understood.
    """

    call: Call
    piece: str
    repaired: bool = False
    lost: str = ""


# A word of a value may hold anything that neither ends a value nor begins a string or bracket.
_TOKEN = re.compile(
    r"""(?P<string>"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+'|[“”][^“”\n]*+[“”]|[‘’][^‘’\n]*+[‘’])"""
    r"""|(?P<cut>["'“”‘’][^\n]*+)"""
    r"""|(?P<open>[(\[{（【［｛])|(?P<close>[)\]}）】］｝])|(?P<comma>[,，、;；])|(?P<equals>[=＝:：])"""
    r"""|(?P<newline>\n)|(?P<space>[^\S\n]++)|(?P<comment>\#[^\n]*+)|(?P<word>\w++|.)"""
)
_OUTSIDE = re.compile(
    r"(?P<call>[^\W\d]\w*+(?:\.[^\W\d]\w*+)*+[ \t]?+[(（])|(?P<newline>\n)|(?P<mark>[,，、;；\[\]【】])|(?P<comment>\#[^\n]*+)|(?P<junk>\w++|.)"
)
_DEFINITION = re.compile(
    r"(?:@\w++[ \t]*+|(?:class[ \t]++\w++[ \t]*+[:(]|def[ \t]++\w++[ \t]*+\(|from[ \t]++[\w.]++[ \t]++import\b|import[ \t]++\w)[^\n]*+(?:\n++[ \t][^\n]*+)*+)(?:\n|\Z)"
)
_ASSIGNED = re.compile(r"[ \t]*+\w++[ \t]*+(?::[^=\n(]{1,40}+)?=(?!=)[ \t]*+")
_BULLET = re.compile(r"(?:[-*•·+>]|[(（]?\d{1,3}[.)、．）:：])[ \t]*+")
_ARGUMENTS_AHEAD = re.compile(r"""\s*+(?:["'“‘)）\[【]|(?P<key>[^\W\d]\w*+[ \t]*+[=＝:：])|[^\W\d]\w*+[(（])""")
_CALL_AHEAD = re.compile(r"[^\W\d]\w*+[(（]")
_KEY_AHEAD = re.compile(r"[^\W\d]\w*+[ \t]*+[=＝](?![=＝])")
_ESCAPE = re.compile(r"""\\(?:([\\'"abfnrtv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5})|(.))""", re.DOTALL)
_WRAPPING = re.compile(r"</?\w++>|```|~~~|<\|")  # what the salvage takes off once something is malformed
_WRAPPERS = {"append", "extend", "add", "print"}
_ASCII = str.maketrans("（）［］【】｛｝，、；;＝：:{}", "()[][][],,,,===[]")
_CLOSING = {"(": ")", "[": "]"}
_QUOTES = "\"'“”‘’"
_LONGEST_NAME = 200


def calls(raw: str, known: Callable[[str], bool]) -> list[Statement | Problem]:
    """The answer's calls in order, and a problem for each line that is none.

    `known` says whether a name that is no identifier ("works for") is one that the answer may hold: then all the words before a
    bracket are the call's name, else only the last one.
    """
    return [
        each for found in _Scanner(raw, known).run() for each in (_unwrapped(found) if isinstance(found, Statement) else (found,))
    ]


def _unwrapped(found: Statement) -> Iterable[Statement]:
    """The calls in `entities.append(…)`, `print(…)` and their like."""
    if found.call.name not in _WRAPPERS:
        return (found,)
    inner = [each for value in found.call.positional for each in (value if isinstance(value, tuple) else (value,))]
    return tuple(Statement(call, found.piece, True) for call in inner if isinstance(call, Call)) or (found,)


def quoted(text: str) -> str:
    """The string literal that stands for the text, in double quotes; only what must be escaped is."""
    return f'"{"".join(map(literal, text))}"'


_LITERAL = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(character: str) -> str:
    """How a character is written in a string literal. Half a surrogate pair could not be parsed as it is."""
    if character in _LITERAL:
        return _LITERAL[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 32 or code == 127 else f"\\u{code:04x}" if 0xD800 <= code < 0xE000 else character


class _Scanner:
    """One pass over an answer. `by_line`: a line end ends a call, whatever is open (second reading of calls that ran into one another)."""

    def __init__(self, raw: str, known: Callable[[str], bool], *, by_line: bool = False) -> None:
        self._raw = raw
        self._known = known
        self._by_line = by_line
        self._found: list[Statement | Problem] = []
        self._junk: list[str] = []  # what the line holds beside calls, cut at commas and list brackets
        self._has_calls = False

    def run(self) -> list[Statement | Problem]:
        raw, at, line = self._raw, 0, 0
        since = 0  # where the words before a possible call begin
        while at < len(raw):
            if at == line:
                if definition := _DEFINITION.match(raw, at):
                    self._found.append(Problem("prose", piece(definition[0])))
                    at = line = since = definition.end()
                    continue
                if assigned := _ASSIGNED.match(raw, at):
                    if assigned[0].strip(" \t=") != "result":
                        self._found.append(Problem("repaired", piece(assigned[0])))
                    at = since = assigned.end()
                    line = -1
                    continue
                if bullet := _BULLET.match(raw, at):
                    at = bullet.end()  # passed over, but a part of what stands before a call
                    continue
            token = _OUTSIDE.match(raw, at)
            assert token is not None
            at = token.end()
            if token.lastgroup == "call" and self._is_call(token, since):
                at = since = self._call(token, since)
                line = -1
            elif token.lastgroup == "newline":
                self._note(raw[since : token.start()])
                self._end_line()
                line = since = at
            elif token.lastgroup == "mark":
                self._note(raw[since : token.start()])
                since = at
            elif token.lastgroup == "comment":
                self._note(raw[since : token.start()])
                self._found.append(Problem("prose", piece(token[0])))
                since = at
        self._note(raw[since:])
        self._end_line()
        return self._found

    def _note(self, text: str) -> None:
        text = text.strip()
        if text and text.strip(".。") and not text.isspace():
            self._junk.append(text)

    def _end_line(self) -> None:
        line = ", ".join(self._junk)
        if any(character.isalnum() for character in line):
            talk = self._has_calls or is_prose(line) or line == "None"
            kind = "prose" if talk and not _WRAPPING.search(line) else "malformed"
            self._found.append(Problem(kind, piece(line)))
        self._junk, self._has_calls = [], False

    def _is_call(self, token: re.Match[str], since: int) -> bool:
        """Whether this is more than a word before a bracket: a name that the answer may hold, or arguments that look like some."""
        name = token[0][:-1]
        if self._known(name.strip()) or self._known(self._whole_name(since, token.end() - 1)):
            return True
        ahead = _ARGUMENTS_AHEAD.match(self._raw, token.end())
        return ahead is not None and (name == name.strip() or ahead["key"] is not None)

    def _whole_name(self, since: int, bracket: int) -> str:
        """All the words before a bracket, without a bullet."""
        if bracket - since > _LONGEST_NAME:
            return ""
        return _BULLET.sub("", self._raw[since:bracket].strip(), count=1).strip(" `*")

    def _call(self, token: re.Match[str], since: int) -> int:
        """Reads the call that begins with this token; the answer is where it ends."""
        raw = self._raw
        start, bracket = token.start(), token.end() - 1
        written = raw[since:bracket].strip()
        name = raw[start:bracket].strip().rpartition(".")[2]
        repaired = written != identifier(name)
        whole = self._whole_name(since, bracket)
        bare = _BULLET.sub("", raw[since:start].strip(), count=1).strip(" `*")
        if bare and self._known(whole):
            name, bare, start = identifier(whole), "", since
        name = identifier(name)
        writer = _Writer(raw, bracket, indent=_indent(raw, start), by_line=self._by_line)
        end = writer.run()
        chunk = raw[start:end]
        call = parsed(name + writer.text()) if writer.deepest <= DEEPEST else None
        again = None
        if call is None and "\n" in chunk and not self._by_line:
            again = _Scanner(chunk, self._known, by_line=True).run()
            again = again if any(isinstance(found, Statement) for found in again) else None
            self._found += again or ()
        if call is not None:
            self._found.append(Statement(call, piece(chunk), repaired or writer.repaired, piece(writer.lost)))
        elif again is None:
            self._found.append(Problem("prose" if is_prose(_line_of(raw, start)) else "malformed", piece(chunk)))
        self._has_calls = True
        if bare:
            self._junk.append(bare)
        return max(end, bracket + 1)


def identifier(name: str) -> str:
    """The name in Python's normal form, with `_` for what no identifier may hold."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name.strip()))
    return plain if plain.isidentifier() else f"_{plain}"


def _indent(raw: str, at: int) -> int:
    """How many characters of white space begin the line."""
    line = raw.rfind("\n", max(at - 400, 0), at) + 1
    return len(raw[line:at]) - len(raw[line:at].lstrip())


def _line_of(raw: str, at: int) -> str:
    stop = raw.find("\n", at)
    return raw[at : stop if stop >= 0 else len(raw)]


class _Writer:
    """Writes a call's brackets and what is in them as Python, mended where it must be."""

    def __init__(self, raw: str, bracket: int, *, indent: int, by_line: bool) -> None:
        self.repaired = False
        self.lost = ""  # what an incomplete call lost at its end
        self.deepest = 0
        self._raw = raw
        self._at = bracket
        self._indent = indent
        self._by_line = by_line
        self._out: list[str] = []
        self._open: list[str] = []
        self._value: tuple[int, int] | None = None  # a bare value or name that is being read
        self._strings: list[str] = []  # the value is these string literals and nothing else
        self._last = "comma"  # the kind of the last token that means something
        self._safe = (0, 0, bracket)  # how much is written, how many brackets are open, up to where, behind the last whole value

    def text(self) -> str:
        return "".join(self._out)

    def run(self) -> int:
        """Where the call ends: behind its bracket, or where it breaks off."""
        raw, broken_line = self._raw, False
        while self._at < len(raw):
            token = _TOKEN.match(raw, self._at)
            assert token is not None
            kind, start = token.lastgroup, token.start()
            if kind == "newline":
                if self._by_line:
                    return self._break_off(start)
                broken_line = True
            elif kind in ("space", "comment"):
                self.repaired = self.repaired or kind == "comment"
            elif kind == "word" and self._runs_into_another(start, broken_line):
                return self._break_off(start)
            else:
                broken_line = False
                self._at = token.end()
                if kind == "cut" and not self._ends_here(token):
                    return self._break_off(token.end(), lost=token[0])
                if kind != "cut":
                    self._take(str(kind), token)
                if not self._open:
                    return self._at
            self._at = max(self._at, token.end())
        return self._break_off(len(raw))

    def _runs_into_another(self, start: int, broken_line: bool) -> bool:
        """Whether a new call begins here although this one has not ended. A comma or key that is missing is added."""
        if self._last == "word" and broken_line and _CALL_AHEAD.match(self._raw, start):
            self._flush()
            return True
        if self._last != "value":
            return False
        if _KEY_AHEAD.match(self._raw, start) and self._open[-1] == "(":
            self._take_comma()
            self.repaired = True
            return False
        if not _CALL_AHEAD.match(self._raw, start) or (self._strings == [] and self._value is not None):
            return False
        line = self._raw.rfind("\n", max(start - 400, 0), start) + 1
        if self._open[-1] == "[" and not (broken_line and start - line <= self._indent):
            self._take_comma()
            self.repaired = True
            return False
        return True

    def _ends_here(self, token: re.Match[str]) -> bool:
        """An unclosed string: read up to its closing brackets if it stands at the end of its line, where only a quote is missing."""
        start = token.start() if self._value is None else self._value[0]
        body = self._raw[start : token.end()].lstrip(_QUOTES).rstrip()
        value = body.rstrip(_QUOTES + ")]）】, ，;；")
        tail = body[len(value) :]
        if not value or not tail.strip(_QUOTES + ", ，;；") or '="' in value or "='" in value:
            return False
        self._out.append(quoted(value))
        self._value, self._strings, self._last, self.repaired = None, [], "value", True
        self._mark_safe()
        for mark in tail:
            if mark in ")]）】" and self._open:
                self._close()
        return True

    def _take(self, kind: str, token: re.Match[str]) -> None:
        if kind == "string":
            alone = self._value is None
            self._extend(token)
            if alone or (self._strings and token[0][0] in "\"'"):  # Python joins strings that stand side by side
                self._strings.append(token[0])
            else:
                self._strings = []
        elif kind == "open":
            self._take_open(token[0].translate(_ASCII), token)
        elif kind == "close":
            self._flush()
            if token[0].translate(_ASCII) != token[0] or _CLOSING[self._open[-1]] != token[0].translate(_ASCII):
                self.repaired = True
            self._close()
        elif kind == "comma":
            self.repaired = self.repaired or token[0] != ","
            self._take_comma()
        elif kind == "equals" and self._value and not self._strings and self._last == "word" and self._may_be_keyed():
            self._take_key(token[0])
        else:  # a word, or a sign that can only be part of a bare value
            if self._strings:
                self.repaired = True
            self._extend(token)
            self._strings = []
            self._last = "word"

    def _may_be_keyed(self) -> bool:
        return self._open[-1] == "(" and not self._out[-1].endswith("=")

    def _extend(self, token: re.Match[str]) -> None:
        """The value goes on up to here. A string behind a bare word, or the reverse, makes all of it one bare value."""
        self._value = (token.start() if self._value is None else self._value[0], token.end())
        self._last = "value"

    def _take_open(self, bracket: str, token: re.Match[str]) -> None:
        self.repaired = self.repaired or bracket != token[0]
        if self._value is not None and bracket == "(" and not self._strings:
            name = self._raw[self._value[0] : self._value[1]].strip()
            self._out.append(identifier(name))
            self.repaired = self.repaired or self._out[-1] != name
        elif self._value is not None:
            self._flush()
            self._out.append(", ")
            self.repaired = True
        elif bracket == "(" and self._open:
            bracket = "["  # a tuple is read as a list, so that one of a single value is none the less one
        self._value, self._strings = None, []
        self._out.append(bracket)
        self._open.append(bracket)
        self.deepest = max(self.deepest, len(self._open))
        self._last = "comma"

    def _take_comma(self) -> None:
        self._flush()
        if self._last == "value":
            self._out.append(", ")
        self._last = "comma"

    def _take_key(self, sign: str) -> None:
        assert self._value is not None
        name = self._raw[self._value[0] : self._value[1]].strip()
        self._out.append(f"{identifier(name)}=")
        self.repaired = self.repaired or sign != "=" or self._out[-1] != f"{name}="
        self._value, self._last = None, "equals"

    def _flush(self) -> None:
        """Writes the value that has been read, if any."""
        if self._value is None:
            return
        start, end = self._value
        if self._strings:
            self._out.append(" ".join(map(self._string, self._strings)))
        else:
            bare = self._raw[start:end].strip()
            if bare not in ("None", "null"):
                self.repaired = True
            inner = _ESCAPE.sub(lambda found: found[0] if found[1] is None else found[0][-1], bare.strip(_QUOTES))
            self._out.append("None" if bare in ("None", "null") else quoted(inner))
        self._value, self._strings, self._last = None, [], "value"
        self._mark_safe()

    def _string(self, token: str) -> str:
        """A string literal that Python reads without a warning; a backslash that escapes nothing stands for itself."""
        if token[0] in "\"'":
            body = _ESCAPE.sub(lambda found: found[0] if found[1] else f"\\\\{found[2]}", token[1:-1])
            body = "".join(character if character in _LITERAL else literal(character) for character in body)
            return f"{token[0]}{body}{token[0]}"
        self.repaired = True
        return quoted(token[1:-1])

    def _close(self) -> None:
        self._out.append(_CLOSING[self._open.pop()])
        self._last = "value"
        self._mark_safe()

    def _mark_safe(self) -> None:
        self._safe = (len(self._out), len(self._open), self._at)

    def _break_off(self, end: int, *, lost: str = "") -> int:
        """Ends a call that is not complete: what follows its last whole value is given up, its brackets are closed."""
        if self._strings and not lost:
            self._flush()
        elif self._value is not None:
            lost = lost or self._raw[self._value[0] : self._value[1]]
        if not self._open:
            return end
        written, still_open, up_to = self._safe
        if written == 0:  # nothing but the bracket
            written, still_open = 1, 1
        if lost.strip(_QUOTES + " \t\r"):
            self.lost = self._raw[up_to:end].strip(", \n\t")
        del self._out[written:]
        self._out += [_CLOSING[bracket] for bracket in reversed(self._open[:still_open])]
        self._open = []
        self.repaired = True
        return end


# Parsing


def parsed(text: str) -> Call | None:
    """The call that a piece of Python is; None when it is anything else, too long, or holds what no answer holds."""
    if len(text) > LONGEST:
        return None
    try:
        body = ast.parse(text, mode="eval").body
        return _call(body) if isinstance(body, ast.Call) else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _call(node: ast.Call) -> Call:
    if not isinstance(node.func, ast.Name):
        raise ValueError
    keywords = tuple((keyword.arg or "", _value(keyword.value)) for keyword in node.keywords)
    return Call(node.func.id, tuple(map(_value, node.args)), keywords)


def _value(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=str() as value):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair of `\ud83d` no file can hold
        case ast.Constant(value=None):
            return None
        case ast.List(elts=values) | ast.Tuple(elts=values):
            return tuple(map(_value, values))
        case ast.Call():
            return _call(node)
    raise ValueError
