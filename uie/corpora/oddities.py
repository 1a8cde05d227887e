"""Texts and mentions in, what is odd about their characters out: what a check tells and what a repair mends."""

import unicodedata

from uie.documents import Mention

# Zero-width joiners belong to emoji and to several scripts, so they are not among these.
INVISIBLE = {
    "\u00ad": "SOFT HYPHEN",
    "\u200b": "ZERO WIDTH SPACE",
    "\u200e": "LEFT-TO-RIGHT MARK",
    "\u200f": "RIGHT-TO-LEFT MARK",
    "\u2060": "WORD JOINER",
    "\ufeff": "ZERO WIDTH NO-BREAK SPACE",
}
_WITHOUT_SPACES = "\u2e80"  # from here on: scripts of East Asia, in which a word may begin after any letter


def invisible(text: str) -> str | None:
    """The first character of the text that nobody sees, by its code point and name."""
    if text.isascii():
        return None
    found = next((character for character in text if character in INVISIBLE), None)
    return None if found is None else f"U+{ord(found):04X} {INVISIBLE[found]}"


def is_composed(text: str) -> bool:
    """Whether the text is in Unicode's normal form C, in which a letter with its accent is one character where there is one."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def has_edges(mention: Mention) -> bool:
    """Whether the mention begins or ends with white space."""
    return mention.text[:1].isspace() or mention.text[-1:].isspace()


def only_place(mention: Mention, text: str) -> int | None:
    """Where the mention's string begins in the text, if it stands there once and is no part of a longer word; else None."""
    if not mention.text:
        return None
    start = text.find(mention.text)
    if start < 0 or text.find(mention.text, start + 1) >= 0:
        return None
    end = start + len(mention.text)
    cut = _within_word(text[start - 1 : start], mention.text[0]) or _within_word(mention.text[-1], text[end : end + 1])
    return None if cut else start


def _within_word(before: str, after: str) -> bool:
    return before.isalnum() and after.isalnum() and max(before, after) < _WITHOUT_SPACES
