"""Numbers of tokens in, as layouts count them, `Mention`s of the text that the tokens make out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from uie.corpora.spans import mention_over
from uie.corpora.tokens import Join, Offsets, joined
from uie.documents import Entity, Mention
from uie.errors import CorpusError


@dataclass(frozen=True, slots=True)
class TokenText:
    """The text that tokens make. `places`: where each stands in it; `starts`: at which of them each sentence begins."""

    text: str
    places: Offsets
    starts: tuple[int, ...] = (0,)

    def mention(self, start: object, end: object) -> Mention:
        """That of the tokens from `start` up to `end`, which is exclusive; otherwise as `token_span`."""
        first, last = token_span(self.places, start, end)
        return Mention(self.text[first:last], first, last)

    def mention_to(self, start: object, last: object) -> Mention:
        """That of the tokens from `start` to `last`, which is inclusive."""
        return self.mention(start, last + 1 if type(last) is int else last)

    def mention_in(self, sentence: object, start: object, end: object) -> Mention:
        """That of tokens of one sentence, counted from its first; `end` is exclusive.

        Raises:
            CorpusError: there is no such sentence, or it has no such tokens.
        """
        if type(sentence) is not int or not 0 <= sentence < len(self.starts):
            raise CorpusError(f"sentence {sentence!r}: there are {len(self.starts)}, counted from 0.")
        begin, behind = self.starts[sentence], self.end_of(sentence)
        first, last = token_span(self.places[begin:behind], start, end)
        return Mention(self.text[first:last], first, last)

    def mention_of(self, tokens: object) -> Mention:
        """That of the tokens with these numbers; where they do not stand side by side, a discontinuous one.

        Raises:
            CorpusError: they are no list of whole numbers in rising order, or there are no such tokens.
        """
        last = len(self.places) - 1
        if (
            not isinstance(tokens, list)
            or not tokens
            or any(type(token) is not int for token in tokens)
            or sorted(set(tokens)) != tokens
            or not 0 <= tokens[0] <= tokens[-1] <= last
        ):
            raise CorpusError(f"expected the numbers of tokens in rising order, from 0 to {last}, found {tokens!r}.")
        runs = [[token for _, token in run] for _, run in groupby(enumerate(tokens), lambda item: item[1] - item[0])]
        return mention_over(self.text, [(self.places[run[0]][0], self.places[run[-1]][1]) for run in runs])

    def end_of(self, sentence: int) -> int:
        """The number of the token behind the sentence."""
        return self.starts[sentence + 1] if sentence + 1 < len(self.starts) else len(self.places)


def token_text(tokens: object, join: Join) -> TokenText:
    """The text of a JSON list of tokens.

    Raises:
        CorpusError: it is no list of tokens, or one of them is empty.
    """
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) and token for token in tokens):
        raise CorpusError(f"expected a list of tokens, none of them empty, found {tokens!r}.")
    return TokenText(*joined(tokens, join))


def sentences_text(sentences: object, join: Join) -> TokenText:
    """As `token_text`, of a JSON list of sentences, each a list of tokens; they are joined as tokens are."""
    if not isinstance(sentences, list) or not all(isinstance(sentence, list) for sentence in sentences):
        raise CorpusError(f"expected a list of sentences, each a list of tokens, found {sentences!r}.")
    whole = token_text([token for sentence in sentences for token in sentence], join)
    return TokenText(whole.text, whole.places, tuple(_starts(sentences)))


def _starts(sentences: list[list[Any]]) -> Iterator[int]:
    start = 0
    for sentence in sentences:
        yield start
        start += len(sentence)


def token_span(places: Offsets, start: object, end: object) -> tuple[int, int]:
    """Where the tokens from `start` up to `end`, which is exclusive, begin and end; both as they come out of a file.

    Raises:
        CorpusError: they are no whole numbers, or there are no such tokens.
    """
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(places):
        raise CorpusError(f"tokens {start!r} to {end!r} (exclusive): there are {len(places)}, counted from 0.")
    return places[start][0], places[end - 1][1]


def named(mention: Mention, name: str, *, any_case: bool = False) -> Mention:
    """The mention, or one without a place when it is not `name`, the string that the file gives beside the offsets.

    White space may differ (names are often written as they were before the text was cut into tokens), with `any_case` case too.
    """
    one, other = ("".join(string.split()) for string in (mention.text, name))
    same = one.casefold() == other.casefold() if any_case else one == other
    return mention if same else Mention(name)


def named_entity(mention: Mention, name: str, type: str | None, *, any_case: bool = False, norms: tuple[str, ...] = ()) -> Entity:
    """The entity of `named`; a name that is written otherwise than the mention is kept in its attribute `name`."""
    mention = named(mention, name, any_case=any_case)
    return Entity(mention, type, attributes={} if mention.text == name else {"name": name}, norms=norms)
