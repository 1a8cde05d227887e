r"""`markup`: the text itself with a tag round each mention, named as its type. Answer ↔ string.

    NER, ET        <person>Ann Lee</person> joined <organization>Acme</organization>.
    NER1           the same, with the one type that is asked
    ES             <mention>Ann Lee</mention> joined <mention>Acme</mention>. / <实体>…</实体>
    EET            Ann Lee <start of work>joined</start of work> Acme.
    EEA            <employee>Ann Lee</employee> joined <employer>Acme</employer>.
    nothing found  None / 没有, by the prompt's language

Tags may lie in one another and even cross, as a closing tag says its type. What has no place in the text (an ungrounded or
discontinuous mention, a trigger that is not there), what crosses a mention of its own type, what has white space at its ends and what
has several places without an occurrence number stands behind the text, a line each: `<person>Ann Lee</person>`. Such a line begins
with `#3 ` if it is the third item of the answer and not behind all that is tagged. Of a question without a text (a bare record) there
are only such lines.

`<` and `&` of the text are written `&lt;` and `&amp;`; in names also `>`, line ends and a leading `/`. Occurrence numbers come back
from the places of the tags: the answer is aligned with the text, of which a model may have changed some, in linear time; a mention
that cannot be aligned has none. What is lost is the order of items that the answer has not in the order of the text, if their places
in the text need the tag to be told.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from uie.formats import Description
from uie.formats.grammar import Both, Choice, Grammar, Literal, Repeat
from uie.formats.grammar import Sequence as InOrder
from uie.formats.salvage import decoded, is_prose, is_wrapping, language, none_word, piece
from uie.schema import Label
from uie.tasks.items import ARGUMENT, EVENT, MENTION, ROWS, SPAN, Field, Item, items_of, row_choices
from uie.tasks.names import label_of
from uie.tasks.occurrences import numbered_places
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "NER1", "ES", "ET", "EET", "EEA")
_SQUARE = re.compile(r"[\[【](/?[^\[\]【】<>\n]++)[\]】]")
_CUT_TAG = re.compile(r"<(/?)[^<>\n]*\Z")
_SPAN_TAG = {"en": "mention", "zh": "实体"}
_TEXT_ESCAPES = {"&": "&amp;", "<": "&lt;"}
_NAME_ESCAPES = {**_TEXT_ESCAPES, ">": "&gt;", "\n": "&#10;", "\r": "&#13;"}
_MEANING = {written: plain for plain, written in _NAME_ESCAPES.items()} | {"&#47;": "/"}
_ENTITY = re.compile("|".join(_MEANING))
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[^<>]*+)>")
_BEHIND = re.compile(r"(?:\n|\A)(?:#(\d{1,6}) )?")
_ATTRIBUTE = re.compile(r"""\b(?:type|label|class|category|name|类型)\s*+=\s*+["']?([^"'=]*+)["']?\s*+/?\Z""")
_ROUND = {"answer", "text", "output", "result", "sentence", "response", "xml", "p", "body", "html"}
"""Tags that models put round the whole answer."""
_THOUGHTS = {"think", "thinking", "thought", "reasoning"}
_THINKING = {*_THOUGHTS, "s", "|im_end|", "|im_start|", "|endoftext|", "|eot_id|", "|end|"}
_LONGEST_MENTION = 300
"""Characters of a mention whose tag is not closed."""
_FULL_WIDTH = str.maketrans("＜＞／", "<>/")


def describe(question: Question) -> Description:
    row, lang = ROWS[question.task][0], language(question)
    thing, tag = _WORDS[lang][row]
    tag = _SPAN_TAG[lang] if question.task == "ES" else tag
    if lang == "zh":
        rule = f"抄写原文，并用标签标出每个{thing}：<{tag}>…</{tag}>。如果没有，写“没有”。"
    else:
        rule = f"Copy the text and put each {thing} between tags: <{tag}>…</{tag}>. If there is none, write None."
    return Description(rule, none_word(question))


_WORDS = {
    "en": {MENTION: ("mention", "type"), SPAN: ("mention", "type"), EVENT: ("trigger", "type"), ARGUMENT: ("argument", "role")},
    "zh": {MENTION: ("实体", "类型"), SPAN: ("实体", "类型"), EVENT: ("触发词", "事件类型"), ARGUMENT: ("论元", "角色")},
}


# Writing


@dataclass(frozen=True, slots=True)
class _Span:
    """A tagged piece of a text, with the name of its tag."""

    start: int
    end: int
    name: str

    def crosses(self, other: "_Span") -> bool:
        return self.start < other.start < self.end < other.end or other.start < self.start < other.end < self.end


def encode(answer: Answer, question: Question) -> str:
    """The text with tags, then what has no place in it; the question's none word when the answer is empty."""
    items, text = items_of(answer, question), question.text
    if not items:
        return none_word(question)
    tagged, behind = _placed(items, question)
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    for span in tagged:
        opening.setdefault(span.start, []).append(f"<{_in_tag(span.name)}>")
        closing.setdefault(span.end, []).append(f"</{_in_tag(span.name)}>")
    out, at = [], 0
    for cut in sorted({*opening, *closing, len(text)}):
        out += [_escaped(text[at:cut]), *reversed(closing.get(cut, ())), *opening.get(cut, ())]
        at = cut
    lines = [f"{rank}<{_in_tag(name)}>{_escaped(mention)}</{_in_tag(name)}>" for rank, mention, name in behind]
    return "\n".join([*(["".join(out)] if text else ()), *lines])


def _placed(items: Sequence[Item], question: Question) -> tuple[list[_Span], list[tuple[str, str, str]]]:
    """What is tagged in the text, in the order of the opening tags, and what stands behind it: rank, mention, name."""
    places = _Places(question.text)
    tagged: list[_Span] = []
    numbers: list[int] = []
    left: list[int] = []
    for number, one in enumerate(items):
        start = places.start(one.fields[0])
        span = None if start is None else _Span(start, start + len(one.fields[0].text), _name_of(one, question))
        if span is None or any(span.crosses(other) for other in tagged if other.name == span.name):
            left.append(number)
        elif _follows(span, tagged):
            tagged.append(span)
            numbers.append(number)
        elif places.is_single(one.fields[0]):
            left.append(number)
        else:
            at = next(at for at, other in enumerate(tagged) if (span.start, -span.end) < (other.start, -other.end))
            tagged.insert(at, span)
    last = max(numbers, default=-1)
    return tagged, [(f"#{n + 1} " if n < last else "", items[n].fields[0].text, _name_of(items[n], question)) for n in left]


def _follows(span: _Span, tagged: Sequence[_Span]) -> bool:
    """Whether the span's tag opens behind all others: of two that begin at one place and are of one type the longer one is first."""
    return not tagged or (
        span.start >= tagged[-1].start
        and all(span.end <= other.end for other in tagged if other.start == span.start and other.name == span.name)
    )


class _Places:
    """Where strings stand in the text; each string is looked up once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, list[int]] = {}

    def start(self, field: Field) -> int | None:
        """Where a field's tag goes; None where that cannot be told, or where a tag would not keep the field's white space."""
        if not field.text or field.text != field.text.strip():
            return None
        found = self._of(field.text)
        if field.occurrence is None:
            return found[0] if len(found) == 1 else None
        return found[field.occurrence - 1] if 0 < field.occurrence <= len(found) else None

    def is_single(self, field: Field) -> bool:
        return len(self._of(field.text)) == 1

    def occurrence(self, string: str, start: int | None) -> int | None:
        found = self._of(string) if start is not None else []
        return found.index(start) + 1 if start in found else None

    def _of(self, string: str) -> list[int]:
        if string not in self._found:
            self._found[string] = numbered_places(self._text, string)
        return self._found[string]


def _name_of(one: Item, question: Question) -> str:
    return one.fields[1].text if len(one.fields) > 1 else _span_tag(question)


def _span_tag(question: Question) -> str:
    """The tag of mentions whose type is not part of the answer."""
    entities = question.schema.entities
    return entities[0].name if question.task == "NER1" and entities else _SPAN_TAG[language(question)]


def _escaped(text: str) -> str:
    return "".join(_TEXT_ESCAPES.get(character, character) for character in text)


def _in_tag(name: str) -> str:
    written = "".join(_NAME_ESCAPES.get(character, character) for character in name)
    return f"&#47;{written[1:]}" if written.startswith("/") else written


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: _MEANING[found[0]], text) if "&" in text else text


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What is tagged. A text that was changed is reported once; words round it are prose; a tag without its other half is malformed."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    return _Reader(question).read(raw)


@dataclass(slots=True)
class _Open:
    """An opening tag: its name, what a closing tag may call it, where in the plain text the mention begins and (once known) ends.

    `written` is what its closing tag should hold, `piece` what a problem shows of it.
    """

    name: str
    keys: tuple[str, ...]
    start: int
    written: str
    piece: str
    end: int | None = None


@dataclass(slots=True)
class _Tagged:
    """An answer without its tags, the opening tags in order, and what was wrong with tags."""

    plain: str
    opens: list[_Open]
    problems: list[Problem]


class _Reader:
    def __init__(self, question: Question) -> None:
        self._task, self._text = question.task, question.text
        self._row = ROWS[question.task][0]
        self._labels = _labels(question)
        self._span_tag = _span_tag(question)
        self._places = _Places(question.text)
        self._label_of: dict[str, str | None] = {}

    def read(self, raw: str) -> tuple[list[Item], list[Problem]]:
        if (exact := self._exactly(self._tagged(raw, strictly=True))) is not None:
            return exact
        for mended in dict.fromkeys((raw, raw.translate(_FULL_WIDTH), _unescaped(raw), self._with_angles(raw))):
            tagged = self._tagged(mended, strictly=False)
            if tagged.opens or tagged.problems:
                repaired = [Problem("repaired", piece(raw))] if mended != raw else []
                items, problems = self._loosely(tagged)
                return items, [*repaired, *problems]
        return [], self._untagged(raw)

    # Tags

    def _with_angles(self, raw: str) -> str:
        """The answer with square brackets round known names as angle brackets."""
        if not self._labels:
            return raw
        return _SQUARE.sub(lambda tag: f"<{tag[1]}>" if self._label(tag[1].removeprefix("/")) is not None else tag[0], raw)

    def _tagged(self, raw: str, *, strictly: bool) -> _Tagged:
        """`strictly`: everything in angle brackets is a tag, closed by one of exactly the same name."""
        out: list[str] = []
        found = _Tagged("", [], [])
        stacks: dict[str | None, list[_Open]] = {}
        length = at = 0
        cut = None if strictly else _CUT_TAG.search(raw)
        if cut and cut[0] not in self._text:
            raw = raw[: cut.start()]
        for tag in _TAG.finditer(raw):
            name, repaired = (_unescaped(tag["name"]), False) if strictly else self._meant(tag)
            if name is None:
                continue
            out.append(_unescaped(raw[at : tag.start()]))
            length, at = length + len(out[-1]), tag.end()
            if self._is_wrapping(name):
                found.problems.append(Problem("prose" if name.casefold() in _ROUND else "malformed", piece(tag[0])))
                continue
            if repaired:
                found.problems.append(Problem("repaired", piece(tag[0])))
            keys = (name,) if strictly else self._keys(name, tag["name"])
            if not tag["close"]:
                found.opens.append(_Open(name, keys, length, _closing_name(tag["name"]), piece(tag[0])))
                for key in (*keys, None):
                    stacks.setdefault(key, []).append(found.opens[-1])
                continue
            matching = _last_open(stacks.get(keys[0], []))
            if matching is None and not strictly:
                matching = _last_open(stacks.get(None, []))  # `</>`, or another name: the last tag that is still open is meant
            if matching is None:
                found.problems.append(Problem("malformed", piece(tag[0])))
                continue
            matching.end = length
            if tag["name"] != matching.written:
                found.problems.append(Problem("repaired", piece(tag[0])))
        out.append(_unescaped(raw[at:]))
        found.plain = "".join(out)
        if cut and cut[1] and (matching := _last_open(stacks.get(None, []))) is not None:
            matching.end = len(found.plain)
            found.problems.append(Problem("repaired", piece(cut[0])))
        return found

    def _meant(self, tag: re.Match[str]) -> tuple[str | None, bool]:
        """The name that a tag has, and whether it is written in another way; None if this is no tag but a piece of the text."""
        name = _unescaped(tag["name"])
        if self._labels and self._label(name) is not None:
            return name, False
        if tag[0] in self._text:
            return None, False
        if "=" in name:
            found = _ATTRIBUTE.search(name)
            for meant in (name.split(None, 1)[0], found[1].strip() if found else ""):
                if meant and self._label(meant) is not None:
                    return meant, True
        return name.strip(), False

    def _keys(self, name: str, written: str) -> tuple[str, ...]:
        """What a closing tag may be called: the name in any spelling, or the first word of a tag with attributes."""
        return tuple(dict.fromkeys(map(self._key, (name, _closing_name(written)))))

    def _key(self, name: str) -> str:
        label = self._label(name.strip())
        return f"={name.strip().casefold() if label is None else label}"

    def _is_wrapping(self, name: str) -> bool:
        """Whether a tag is about the answer: thinking, an end token, a frame round all of it."""
        folded = name.strip().casefold()
        return (
            folded in _THINKING or folded in _ROUND
            if self._labels and self._label(name) is None
            else not self._labels and folded in _THOUGHTS
        )

    def _label(self, name: str) -> str | None:
        """The label that a name means, None for an unknown one. Where nothing is known every name is."""
        if name not in self._label_of:
            label, problems = label_of(name, self._labels)
            self._label_of[name] = None if any(problem.kind == "unknown_type" for problem in problems) else label
        return self._label_of[name]

    # Answers as they should be

    def _exactly(self, tagged: _Tagged) -> tuple[list[Item], list[Problem]] | None:
        """The items of an answer as `encode` writes it; None for any other."""
        text, plain, at = self._text, tagged.plain, len(self._text)
        if tagged.problems or not tagged.opens or not plain.startswith(text):
            return None
        found: list[tuple[int | None, Item]] = []
        problems: list[Problem] = []
        for opened in tagged.opens:
            rank, start = None, None
            if opened.end is None:
                return None
            if opened.start < len(text):
                if opened.end > len(text):
                    return None
                start = opened.start
            else:
                gap = _BEHIND.fullmatch(plain, at, opened.start)
                if gap is None or (gap[0][:1] != "\n" and at > 0):
                    return None
                rank = int(gap[1]) - 1 if gap[1] else None
                at = opened.end
            one = self._item(opened.name, plain[opened.start : opened.end], start, problems)
            if one is not None:
                found.append((rank, one))
        return None if plain[at:].strip() else (_ranked(found), problems)

    # Others

    def _loosely(self, tagged: _Tagged) -> tuple[list[Item], list[Problem]]:
        plain, problems, items = tagged.plain, tagged.problems, []
        opens = self._closed(tagged)
        aligned = _Aligned(plain, self._text)
        for opened in opens:
            if opened.end is None:
                problems.append(Problem("malformed", piece(f"{opened.piece}{plain[opened.start : opened.start + 80]}")))
                continue
            name, mention = opened.name, plain[opened.start : opened.end].strip()
            lead = len(plain[opened.start : opened.end]) - len(plain[opened.start : opened.end].lstrip())
            start = aligned.start(opened.start + lead, mention)
            if len(mention) < opened.end - opened.start:
                problems.append(Problem("repaired", opened.piece))
            if self._labels and self._label(name) is None and name in self._text and self._label(mention) is not None:
                name, mention, start = mention, name, None
                problems.append(Problem("repaired", opened.piece))
            one = self._item(name, mention, start, problems)
            if one is not None:
                items.append(one)
        problems += aligned.problems([(opened.start, opened.end) for opened in opens if opened.end is not None])
        return items, problems

    def _closed(self, tagged: _Tagged) -> list[_Open]:
        """The opening tags, of which one that has no other half ends at the next one of its name or at its line's end, if it can.

        Models close with `<person>` instead of `</person>`, or begin each line of a list with a tag.
        """
        plain, text = tagged.plain, self._text
        kept: list[_Open] = []
        waiting: _Open | None = None
        for opened in tagged.opens:
            if opened.end is not None:
                kept.append(opened)
                continue
            if waiting is not None and waiting.keys == opened.keys and opened.start - waiting.start < _LONGEST_MENTION:
                mention = plain[waiting.start : opened.start]
                if mention.strip() and "\n" not in mention:
                    waiting.end, waiting = opened.start, None
                    tagged.problems.append(Problem("repaired", opened.piece))
                    continue
            waiting = opened
            kept.append(opened)
            if (opened.start == 0 or plain[opened.start - 1] == "\n") and self._label(opened.name) is not None:
                stop = plain.find("\n", opened.start, opened.start + _LONGEST_MENTION)
                stop = min(len(plain), opened.start + _LONGEST_MENTION) if stop < 0 else stop
                mention = plain[opened.start : stop].strip()
                if mention and (not text or (mention in text and 2 * len(mention) < len(text))):
                    opened.start += len(plain[opened.start : stop]) - len(plain[opened.start : stop].lstrip())
                    opened.end, waiting = opened.start + len(mention), None
                    tagged.problems.append(Problem("repaired", opened.piece))
        return kept

    def _item(self, name: str, mention: str, start: int | None, problems: list[Problem]) -> Item | None:
        """The item of a tag; `start` is the mention's place in the text, where it is known."""
        if start is not None and mention != mention.strip():
            start += len(mention) - len(mention.lstrip())
            mention = mention.strip()
            problems.append(Problem("repaired", piece(mention)))
        slot = self._row[0]
        if not mention and slot != "trigger":
            problems.append(Problem("malformed", piece(f"<{name}>")))
            return None
        field = Field(slot, mention, self._places.occurrence(mention, start))
        if len(self._row) > 1:
            return Item((field, Field(self._row[1], name)))
        if name != self._span_tag:
            if self._task == "NER1" and self._label(name) is None and name not in _SPAN_TAG.values():
                problems.append(Problem("malformed", piece(f"<{name}>{mention}")))
                return None
            means = self._task == "NER1" and name not in _SPAN_TAG.values()
            problems.append(Problem("repaired_type" if means else "repaired", piece(name)))
        return Item((field,))

    def _untagged(self, raw: str) -> list[Problem]:
        """What is wrong with an answer without tags: nothing, if it is the text."""
        plain = _unescaped(raw)
        aligned = _Aligned(plain, self._text)
        if aligned.share > 0.5:
            return aligned.problems([])
        return [Problem("prose" if is_prose(raw.strip()) and not is_wrapping(raw) else "malformed", piece(raw))]


def _labels(question: Question) -> tuple[Label, ...]:
    """The types that a tag may be named as."""
    schema, given = question.schema, question.given
    if question.task == "EEA":
        event = schema.event(given.frames[0].type) if given and given.frames else None
        return event.roles if event else tuple(role for each in schema.events for role in each.roles)
    return schema.events if question.task == "EET" else schema.entities


def _closing_name(name: str) -> str:
    """What the closing tag of a tag holds: all of its name, or the word before its attributes."""
    return name.split(None, 1)[0] if "=" in name and name.strip() else name


def _last_open(stack: list[_Open]) -> _Open | None:
    """The last tag of the stack that is not closed; it and those behind it leave the stack."""
    while stack:
        if (opened := stack.pop()).end is None:
            return opened
    return None


def _ranked(found: Sequence[tuple[int | None, Item]]) -> list[Item]:
    """The items with a rank at their ranks, the others in order round them."""
    fixed: dict[int, Item] = {}
    others: list[Item] = []
    for rank, one in found:
        if rank is None or rank in fixed or rank >= len(found):
            others.append(one)
        else:
            fixed[rank] = one
    rest = iter(others)
    return [fixed[rank] if rank in fixed else next(rest) for rank in range(len(found))]


# Aligning

_GRAM, _NEAR, _FAR_GRAM, _FAR = 6, 24, 16, 4000
"""An answer that leaves the text is back in it where 6 characters of both agree, at most 24 further on in each; or where 16 do, at
most 4,000 further on in the text (a model may leave out sentences)."""
_SURROUNDING = 3


class _Aligned:
    """An answer's plain text laid on the text that was asked about. `share`: how much of the text is in it."""

    def __init__(self, plain: str, text: str) -> None:
        core = text.strip()
        self._plain, self._text = plain, text
        self._offset = plain.find(core) if core else -1
        self._end = self._offset + len(core)
        self._lead = len(text) - len(text.lstrip())
        self._starts: list[int] | None = None
        if core and self._offset < 0:
            self._starts = _starts(plain, text)
        self.share = 0.0 if not core else 1.0 if self._starts is None else sum(at >= 0 for at in self._starts) / len(text)

    def start(self, start: int, mention: str) -> int | None:
        """Where in the text a piece of the answer begins; None if the text there is another."""
        if not mention:
            return None
        if self._starts is not None:
            found = self._starts[start] if self._is_surrounded(start, len(mention)) else -1
        else:
            found = start - self._offset + self._lead if self._offset <= start < self._end else -1
        return found if found >= 0 and self._text.startswith(mention, found) else None

    def _is_surrounded(self, start: int, length: int) -> bool:
        """Whether the characters before or behind a piece are the text's, too: three, or all where the text has fewer."""
        assert self._starts is not None
        place, end = self._starts[start], start + length
        if place < 0:
            return False
        before, behind = min(_SURROUNDING, place), self._starts[end : end + _SURROUNDING]
        return (
            self._starts[start - before : start] == list(range(place - before, place))
            and (before == _SURROUNDING or start == before)
        ) or behind == list(range(place + length, place + length + _SURROUNDING))

    def problems(self, covered: Sequence[tuple[int, int]]) -> list[Problem]:
        """What of the answer is not the text: a change of it (once), lines round it. `covered`: what is tagged."""
        found: list[Problem] = []
        plain = self._plain
        if self._starts is not None:
            found.append(Problem("repaired", piece(plain)))
        uncovered = _uncovered(plain, covered)
        at = 0
        for line in plain.split("\n"):
            left = "".join(plain[place] for place in range(at, at + len(line)) if uncovered[place] and not self._is_text(place))
            if self._starts is not None and any(
                self._starts[place] >= 0 or not uncovered[place] for place in range(at, at + len(line))
            ):
                left = ""
            if any(map(str.isalpha, left)) or "```" in left:
                found.append(Problem("prose", piece(left)))
            elif left.strip() and not any(problem.kind == "repaired" for problem in found[:1]):
                found.insert(0, Problem("repaired", piece(left)))
            at += len(line) + 1
        return found

    def _is_text(self, place: int) -> bool:
        return self._starts is None and self._offset >= 0 and self._offset <= place < self._end


def _uncovered(plain: str, covered: Iterable[tuple[int, int]]) -> bytearray:
    """1 for each character that is in none of the pieces."""
    depth = [0] * (len(plain) + 1)
    for start, end in covered:
        depth[start] += 1
        depth[end] -= 1
    found, level = bytearray(len(plain)), 0
    for at in range(len(plain)):
        level += depth[at]
        found[at] = level == 0
    return found


def _starts(plain: str, text: str) -> list[int]:
    """For each character of the answer its place in the text, or -1."""
    found = [-1] * len(plain)
    at, place, lost = 0, 0, True
    while at < len(plain) and place < len(text):
        if not lost and plain[at] == text[place]:
            found[at] = place
            at, place = at + 1, place + 1
            continue
        back = _reentry(plain, text, at, place)
        if back is None:
            at, lost = at + _NEAR, True
        else:
            (at, place), lost = back, False
    return found


def _reentry(plain: str, text: str, at: int, place: int) -> tuple[int, int] | None:
    """Where the answer comes back to the text at or behind these places."""
    for ahead in range(at, min(at + _NEAR, len(plain))):
        gram = plain[ahead : ahead + _GRAM]
        if len(gram) < _GRAM and len(gram) < len(text) - place:
            break
        found = text.find(gram, place, place + _NEAR + _GRAM)
        if found >= 0:
            return ahead, found
    for ahead in range(at, min(at + _NEAR, len(plain) - _FAR_GRAM), _NEAR // 3):
        found = text.find(plain[ahead : ahead + _FAR_GRAM], place, place + _FAR)
        if found >= 0:
            return ahead, found
    return None


# Constraining

_DEPTH = 3


def grammar(question: Question) -> Grammar:
    """The text with tags round pieces of it, three deep at most (a mention in one in one), none crossing another.

    So every gold answer is accepted whose mentions are contiguous, in the text and not deeper; of a question about given mentions
    tags stand only where one of those begins or ends. Behind the text there may be events without a trigger.
    """
    text, none = question.text, Literal(none_word(question))
    names = _names(question)
    lines = [Literal(f"<{_in_tag(name)}></{_in_tag(name)}>") for name in names] if question.task == "EET" else []
    behind = [InOrder((Literal("\n"), Choice(tuple(lines))))] if lines else []
    choices: list[Grammar] = [none]
    if names and text.strip():
        choices.append(InOrder((Both(_with_tags(question, names), _nested(text, names)), *map(Repeat, behind))))
    if behind:
        first = InOrder((Literal(_escaped(text)), *behind)) if text else Choice(tuple(lines))
        choices.append(InOrder((first, *map(Repeat, behind))))
    return Choice(tuple(choices))


def _names(question: Question) -> tuple[str, ...]:
    rows = row_choices(question)
    if ROWS[question.task][0] == SPAN:
        return (_span_tag(question),)
    return tuple(dict.fromkeys(name for row in rows for name in row.slots[1][1] or ()))


def _with_tags(question: Question, names: Sequence[str]) -> Grammar:
    """The text with any tags at any place where a mention may begin or end."""
    text = question.text
    begins, ends = _bounds(question)
    opening = [Literal(f"<{_in_tag(name)}>") for name in names]
    closing = [Literal(f"</{_in_tag(name)}>") for name in names]
    tags = {(False, True): Repeat(Choice(tuple(opening))), (True, False): Repeat(Choice(tuple(closing)))}
    tags[True, True] = Repeat(Choice((*closing, *opening)))
    parts: list[Grammar] = []
    for at in range(len(text) + 1):
        here = (at in ends, at in begins)
        if here in tags:
            parts.append(tags[here])
        if at < len(text):
            parts.append(Literal(_escaped(text[at])))
    return InOrder(tuple(parts))


def _bounds(question: Question) -> tuple[set[int], set[int]]:
    text = question.text
    if question.task == "ET":
        given = {mention.text for mention in question.given.mentions} if question.given else set()
        spans = [
            (start, start + len(mention))
            for mention in given
            if mention == mention.strip()
            for start in numbered_places(text, mention)
        ]
        return {start for start, _ in spans}, {end for _, end in spans}
    solid = [not character.isspace() for character in text]
    return {at for at, is_solid in enumerate(solid) if is_solid}, {at + 1 for at, is_solid in enumerate(solid) if is_solid}


def _nested(text: str, names: Sequence[str]) -> Grammar:
    """Any characters of the text with tags that are closed in order, at least one of them, none empty."""
    plain: Grammar = Choice(tuple(Literal(_escaped(character)) for character in sorted(set(text))))
    inside, tagged = plain, plain
    for _ in range(_DEPTH):
        tagged = Choice(
            tuple(InOrder((Literal(f"<{_in_tag(name)}>"), Repeat(inside, 1), Literal(f"</{_in_tag(name)}>"))) for name in names)
        )
        inside = Choice((plain, tagged))
    return InOrder((Repeat(plain), tagged, Repeat(inside)))
