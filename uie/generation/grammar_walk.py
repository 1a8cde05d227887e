"""What every language that a `Grammar` is written in shares: each node is written once, and what no string fits is left out."""

from abc import ABC, abstractmethod

from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf


class GrammarWalk(ABC):
    """The grammar's nodes as names or literals of one language; None stands for a node that no string fits."""

    def __init__(self) -> None:
        self._spans: dict[SpanOf, str | None] = {}
        self._seen: dict[int, str | None] = {}  # by identity: a shared node is walked once, however often it stands in the grammar

    def of(self, node: Grammar) -> str | None:
        """The name or literal that stands for the node; None where no string fits it."""
        if id(node) not in self._seen:
            self._seen[id(node)] = self._made(node)
        return self._seen[id(node)]

    def _made(self, node: Grammar) -> str | None:
        match node:
            case Literal(text):
                return self._literal(text)
            case Choice(options):
                found = dict.fromkeys(option for option in map(self.of, options) if option is not None)
                return self._choice(list(found)) if found else None
            case Sequence(parts):
                pieces = [piece for piece in map(self.of, parts) if piece is not None]
                return self._sequence(pieces) if len(pieces) == len(parts) else None
            case Repeat(part, least, most):
                return self._times(self.of(part), least, most)
            case SpanOf():
                if node not in self._spans:
                    self._spans[node] = self._span(node)
                return self._spans[node]
        return self._other(node)

    def _times(self, part: str | None, least: int, most: int | None) -> str | None:
        if most is not None and most < least:
            return None
        if part is None or most == 0:
            return None if least else self._literal("")
        return self._repeat(part, least, most)

    @abstractmethod
    def _literal(self, text: str) -> str: ...

    @abstractmethod
    def _choice(self, options: list[str]) -> str:
        """Of one or more options, no two alike."""

    @abstractmethod
    def _sequence(self, parts: list[str]) -> str:
        """Of any number of parts."""

    @abstractmethod
    def _repeat(self, part: str, least: int, most: int | None) -> str:
        """`most` is 1 or more, or None where there is no end."""

    @abstractmethod
    def _span(self, span: SpanOf) -> str | None:
        """A piece of the text; None where the text is nothing but white space."""

    @abstractmethod
    def _other(self, node: Grammar) -> str | None:
        """A node that not every language has.

        Raises:
            ModelError: this one has not.
        """
