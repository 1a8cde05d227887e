"""What a model writes round its answer (thinking, fences, lead-ins, none words in other spellings): raw answer → the part to read.

A format reads an answer as it stands first. Only if something in it could not be read is the wrapping taken off and the rest read
again: so salvage can never damage a well-formed answer.
"""

import re
from collections.abc import Callable, Sequence

from uie.formats.fitting import NONE_WORDS as NONE_WORDS
from uie.formats.fitting import Fitting
from uie.formats.grammar import Choice, Grammar, Literal, SpanOf
from uie.tasks.items import Item, answer_of
from uie.tasks.question import Answer, Problem, Question

Read = Callable[[str, Question], tuple[Sequence[Item], Sequence[Problem]]]
"""A format's own reading of an answer: its items and what could not be read."""

_LOOSE_NONE = {
    "none", "null", "nil", "nan", "n/a", "na", "nothing", "empty", "no",
    "没有", "无", "沒有", "空", "暂无", "未找到", "不存在",
}  # fmt: skip
_SAID_NONE = re.compile(
    r"(?:there (?:is|are|was|were) )?(?:no|none|not any)\b(?=[^:;_()\[\]{}<>|\n]{0,60}"
    r"\b(?:entit|relation|event|argument|mention|trigger|type|pair|span|match|found))[^:;_()\[\]{}<>|\n]{0,100}"
    r"|(?:该|本|此)?(?:文本|文|句子|句)?[中里]?(?:没有|未|无|不存在|不包含)(?=[^：:；;_()（）{}\[\]<>|\n]{0,30}"
    r"(?:实体|关系|事件|论元|触发词|信息|结果|找到|发现|提及|提到))[^：:；;_()（）{}\[\]<>|\n]{0,50}",
    re.IGNORECASE,
)
_END_TOKENS = re.compile(r"<\|(?:im_end|endoftext|eot_id|end)\|>|</s>|<\|im_start\|>")
_AT_THE_END = re.compile(rf"\s*(?<!\\)(?:(?:{_END_TOKENS.pattern})\s*)+\Z")
_LONGEST_END = 200
_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_MARKER = re.compile(
    r"^[ \t*#]*(?:final[ ]answer|answer|output|result|答案|最终答案|输出|结果)[ \t*]*[:：][ \t*]*", re.IGNORECASE | re.MULTILINE
)
_FENCE = re.compile(  # with its language, which may stand before the answer on one line; or at the end of such a line
    r"^[ \t]*(?:```|~~~)[ \t]*(?:[A-Za-z][\w+-]*[ \t]*(?=\n|\Z)|(?:json|python|xml|text|plaintext)(?=[\s{\[(<]))?[ \t]*\n?"
    r"|(?:```|~~~)[ \t]*$",
    re.MULTILINE,
)
_BULLET = re.compile(r"(?:[-*•·+>]|\(?\d{1,3}[.)、．）:：])[ \t]*")
_HALVES = re.compile("[\ud800-\udfff]")
_LONGEST_PIECE = 200


def language(question: Question) -> str:
    """The language in which formats word rules and none words."""
    return "zh" if question.lang == "zh" else "en"


def none_word(question: Question) -> str:
    return NONE_WORDS[language(question)]


def decoded(raw: str, question: Question, read: Read) -> tuple[Answer, tuple[Problem, ...]]:
    """The Answer in `raw`: read as it stands or, where that fails in part, without what stands round it.

    Either language's none word is an empty answer; other words for nothing are one too, reported as repaired, unless they are a
    mention of the text or a name of the schema. An empty string is reported as "empty".
    """
    raw, broken = _whole(raw)
    raw, ends = _without_end(raw, question)
    items, problems = _read(raw, question, read)
    if any(problem.kind == "malformed" for problem in problems):
        inner, prose = unwrapped(raw)
        if prose:
            items, problems = _read(inner, question, read)
            problems = (*prose, *problems)
    answer, repaired = answer_of(items, question)
    return answer, (*broken, *ends, *problems, *(Problem(one.kind, _shortened(one.piece)) for one in repaired))


def _without_end(raw: str, question: Question) -> tuple[str, tuple[Problem, ...]]:
    """The answer without end tokens behind it, which would else look like the end of its last mention."""
    end = _AT_THE_END.search(raw[-_LONGEST_END:])
    if end is None or end[0].strip() in question.text:
        return raw, ()
    return raw[: len(raw) - len(end[0])], (Problem("prose", end[0].strip()),)


def _whole(raw: str) -> tuple[str, tuple[Problem, ...]]:
    """The answer with U+FFFD for half a surrogate pair, which no file can hold."""
    if not _HALVES.search(raw):
        return raw, ()
    whole = raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole, (Problem("repaired", piece(whole)),)


def _read(raw: str, question: Question, read: Read) -> tuple[Sequence[Item], Sequence[Problem]]:
    if (nothing := _nothing(raw)) is not None:
        return (), nothing
    items, problems = read(raw, question)
    if _says_none(raw) and not (Fitting(question).means(items) and not problems):
        return (), (Problem("repaired", piece(raw)),)
    return items, problems


def _nothing(raw: str) -> tuple[Problem, ...] | None:
    """The problems of an answer that is a none word or blank; None when it says something else."""
    stripped = raw.strip()
    if stripped in NONE_WORDS.values():
        return ()
    return None if stripped else (Problem("empty", raw[:_LONGEST_PIECE]),)


def _says_none(raw: str) -> bool:
    """Whether the answer says in other words than the none words that there is nothing."""
    if len(raw) > 200:
        return False
    stripped = raw.strip(" \t\r\n.。!！*\"'`“”")
    word = stripped.strip(" \t\r\n\"'()（）[]{}【】")
    if not word:
        return set(raw.strip()) <= set("()（）[]{} ")
    return word.casefold() in _LOOSE_NONE or _SAID_NONE.fullmatch(stripped) is not None


def guarded(written: str, *, meant: bool) -> str:
    """An item or field, with a backslash where it would be read as a word for nothing, as talk or as one behind a bullet.

    `meant`: the text or the schema holds what is written, so that only a none word itself could be mistaken.
    """
    if _nothing(written) is None and (meant or not (_says_none(written) or is_talk(written) or unlisted(written) != written)):
        return written
    at = next((at for at, character in enumerate(written) if character not in "nrst"), 0)  # `\\n` would be a line end
    return f"{written[:at]}\\{written[at:]}"


def alone(part: Grammar, text: str) -> Grammar:
    """What a model may write as an item of one field: what `guarded` writes for it."""
    match part:
        case Choice(options):
            return Choice(tuple(alone(option, text) for option in options))
        case Literal(name):
            return Literal(guarded(name, meant=True))
        case SpanOf():
            return Choice((part, *(Literal(guarded(word, meant=True)) for word in NONE_WORDS.values() if word in text)))
    return part


def unwrapped(raw: str) -> tuple[str, tuple[Problem, ...]]:
    """The answer without thinking, end tokens, the words up to an answer marker, and what stands outside a code fence.

    Everything that is taken off is reported as prose.
    """
    prose: list[str] = []
    text = raw
    if found := list(_THOUGHT.finditer(text)):
        prose, text = [*prose, text[: found[-1].end()]], text[found[-1].end() :]
    if unclosed := _THINKING.search(text):
        prose, text = [*prose, text[unclosed.start() :]], text[: unclosed.start()]
    if end := _END_TOKENS.search(text):
        prose, text = [*prose, text[end.start() :]], text[: end.start()]
    if markers := list(_MARKER.finditer(text)):
        prose, text = [*prose, text[: markers[-1].end()]], text[markers[-1].end() :]
    fences = list(_FENCE.finditer(text))
    if fences:
        pieces = [text[: fences[0].start()]]
        inside: list[str] = []
        for number, fence in enumerate(fences):
            stop = fences[number + 1].start() if number + 1 < len(fences) else len(text)
            (inside if number % 2 == 0 else pieces).append(text[fence.end() : stop])
        shown = " ".join(fence.group().strip() for fence in fences)
        prose, text = [*prose, *pieces, shown], "\n".join(part.rstrip("\n") for part in inside)
    return text.strip(), tuple(Problem("prose", piece(part)) for part in prose if part.strip())


def unlisted(line: str) -> str:
    """The line without the bullet or number at its beginning."""
    bullet = _BULLET.match(line)
    return line[bullet.end() :] if bullet else line


def is_talk(line: str) -> bool:
    """Whether a line is prose or holds something that `unwrapped` takes off. What holds a backslash was written as an item."""
    return "\\" not in line and (is_prose(line) or is_wrapping(line))


def is_wrapping(text: str) -> bool:
    """Whether the text holds a thinking tag, an end token, an answer marker or a code fence."""
    return any(found.search(text) is not None for found in (_THINKING, _THOUGHT, _END_TOKENS, _MARKER, _FENCE))


def is_prose(line: str) -> bool:
    """Whether a line that holds no item is talk about the answer rather than an attempt at an item."""
    stripped = line.rstrip(" *")
    return stripped.endswith((":", "：")) or (
        stripped.endswith((".", "!", "。", "！")) and (len(stripped.split()) > 5 or len(stripped) > 40)
    )


def piece(text: str) -> str:
    """The text as a problem shows it: a long one by its beginning and end."""
    return _shortened(text.strip())


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_PIECE:
        return text
    return f"{text[: _LONGEST_PIECE // 2]} … {text[-_LONGEST_PIECE // 2 :]}"
