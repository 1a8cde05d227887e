"""Where a string stands in a text: all places, in order, at word boundaries where the script has them."""

from functools import lru_cache

from uie.documents import Mention


def places(text: str, string: str) -> list[int]:
    """The starts of `string` in `text`, from left to right, overlapping ones included.

    Places at word boundaries come alone if there is any: "art" is not found in "party" when "art" also stands by itself. Without
    one, all places count, since annotators do cut words.
    """
    found: list[int] = []
    start = text.find(string) if string else -1
    while start >= 0:
        found.append(start)
        start = text.find(string, start + 1)
    bounded = [start for start in found if at_word_boundaries(text, start, start + len(string))]
    return bounded or found


def numbered_places(text: str, string: str) -> list[int]:
    """All starts of `string`, in the order of their occurrence numbers: first its `places`, then those that cut words."""
    first = places(text, string)
    taken = set(first)
    found, start = list(first), text.find(string) if string else -1
    while start >= 0:
        if start not in taken:
            found.append(start)
        start = text.find(string, start + 1)
    return found


def at_word_boundaries(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` cuts no word. Scripts written without spaces (Chinese, Japanese, Thai …) have no boundary to cut."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    return 0 < at < len(text) and _in_word(text[at - 1]) and _in_word(text[at])


@lru_cache(maxsize=1 << 16)  # a text has few different characters, and asks of each one many times
def _in_word(character: str) -> bool:
    return character.isalnum() and not is_unspaced(character)


def is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script that writes no spaces between words."""
    code = ord(character)
    return (
        0x2E80 <= code <= 0x9FFF  # CJK radicals, kana, bopomofo, unified ideographs
        or 0xF900 <= code <= 0xFAFF  # compatibility ideographs
        or 0xFF66 <= code <= 0xFF9F  # half-width kana
        or 0x20000 <= code <= 0x3FFFF  # ideographs outside the basic plane
        or 0x0E00 <= code <= 0x0EFF  # Thai, Lao
        or 0x1000 <= code <= 0x109F  # Burmese
        or 0x1780 <= code <= 0x17FF  # Khmer
    )


def occurrence_of(text: str, mention: Mention) -> int | None:
    """Which of the string's `numbered_places` the mention takes, from 1; None when it is ungrounded or discontinuous."""
    if mention.start is None or mention.fragments:
        return None
    if text.find(mention.text) == mention.start == text.rfind(mention.text):
        return 1  # nearly always: the string stands there only
    found = numbered_places(text, mention.text)
    return found.index(mention.start) + 1 if mention.start in found else None
