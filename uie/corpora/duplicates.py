"""Texts → whether the same text was there before, in one split (`Seen`) or in a split that tests it (`Leaks`), at some 90 bytes a text."""

import hashlib
import unicodedata


def text_key(text: str) -> bytes:
    """12 bytes that two texts share if they differ only in white space or in how accents are composed (NFC): the BLAKE2b hash.

    Two different texts among ten million share a key with probability 6e-16. Upper and lower case, and no space against some,
    are differences: "U S" is not "US".
    """
    same = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.blake2b(same.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Seen:
    """The texts that were added, at 75 to 130 bytes each from 50,000 texts on; fewer take 4 MB at most, together."""

    def __init__(self) -> None:
        # A key of 12 bytes takes 48, as one of 8 would. The rest is the set's table, 30 to 60 % full, and its old form while it grows.
        self._keys: set[bytes] = set()

    def add(self, text: str) -> bool:
        """Whether the text is new."""
        known = len(self._keys)
        self._keys.add(text_key(text))
        return len(self._keys) > known

    def __contains__(self, text: str) -> bool:
        return text_key(text) in self._keys

    def __len__(self) -> int:
        return len(self._keys)


class Leaks:
    """Which texts would leak: those of test must not be in train or dev, those of dev not in train. Hold test and dev first."""

    def __init__(self) -> None:
        self._test, self._dev = Seen(), Seen()

    def hold(self, split: str, text: str) -> None:
        """Remember a text of dev or test, of any corpus; train's are nobody's leak."""
        if split == "test":
            self._test.add(text)
        elif split == "dev":
            self._dev.add(text)

    def holds(self, split: str, text: str) -> bool:
        """Whether a Document of `split` with this text has to go. Nothing is ever taken from test."""
        return split != "test" and (text in self._test or (split == "train" and text in self._dev))
