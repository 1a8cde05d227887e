"""Two annotators' Documents of the same texts in, Cohen's κ over tokens out: how far they agree beyond what chance would give."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from uie.documents import Document
from uie.errors import ScoringError
from uie.scoring.joining import join
from uie.scoring.scope import Pair
from uie.tasks.occurrences import is_unspaced

Tokens = Sequence[tuple[int, int]]
_OUTSIDE = "O"
_RUN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two annotators label the tokens of one corpus.

    A token's label is the type of the mentions it is part of, the types where there are several, and O where there is none (IO labels:
    where one mention ends and the next of its type begins does not count). `unit`: "tokens" where every Document brings its own, else
    "words": runs of letters and digits, and alone every other sign and the characters of scripts without spaces, such as Chinese. `over`: "all" of them, or those
    "marked" by either annotator, without the many on which it is easy to agree that they are nothing.

    `observed` is the share of `units` with the same label; `expected` the share there would be by chance, if both gave each label as
    often as they do, but anywhere.
    """

    dataset: str
    documents: int
    unit: Literal["tokens", "words"]
    over: Literal["all", "marked"]
    units: int
    observed: float
    expected: float

    @property
    def kappa(self) -> float | None:
        """(observed - expected) / (1 - expected), as Cohen (1960), A Coefficient of Agreement for Nominal Scales.

        None at 0/0: without units, and where both give all of them one label, so that chance alone explains everything.
        """
        return None if self.expected == 1 or not self.units else (self.observed - self.expected) / (1 - self.expected)


def in_common(
    one: Sequence[Document], other: Sequence[Document]
) -> tuple[tuple[Document, ...], tuple[Document, ...], tuple[str, ...]]:
    """The Documents that both annotators have, by id, and a note for each who has others.

    Raises:
        ScoringError: they have none in common.
    """
    ids = {document.id for document in one} & {document.id for document in other}
    if not ids:
        raise ScoringError(
            "the two annotators have no document in common: documents are matched by id, and no id is on both sides."
        )
    kept = [tuple(document for document in side if document.id in ids) for side in (one, other)]
    notes = tuple(
        f"Left out, since only {whose} has them: {len(side) - len(own)} of {len(side)} documents."
        for whose, side, own in zip(("gold", "predicted"), (one, other), kept, strict=True)
        if len(own) < len(side)
    )
    return kept[0], kept[1], notes


def token_agreement(one: Iterable[Document], other: Iterable[Document]) -> tuple[Agreement, ...]:
    """For each corpus, the agreement of entities over all tokens and over those that are marked. It does not matter who is `one`.

    Raises:
        ScoringError: ids or texts do not agree, entities are not annotated on both sides, or mentions have no offsets.

    >>> token_agreement(read("ann.jsonl"), read("bo.jsonl"))[0].kappa  # doctest: +SKIP
    """
    by_dataset: dict[str, list[Pair]] = {}
    for pair in join(one, other):
        if pair.gold.entities is not None and pair.predicted.entities is not None:
            by_dataset.setdefault(pair.gold.dataset, []).append(pair)
    if not by_dataset:
        raise ScoringError("agreement is that of entities, and there is no document whose entities both sides annotate.")
    return tuple(row for dataset, pairs in sorted(by_dataset.items()) for row in _of_corpus(dataset, pairs))


def _of_corpus(dataset: str, pairs: Sequence[Pair]) -> Iterator[Agreement]:
    mentions = [mention for pair in pairs for side in (pair.gold, pair.predicted) for mention in _mentions(side)]
    if ungrounded := sum(mention is None for mention, _ in mentions):
        raise ScoringError(f"agreement is over tokens, and {ungrounded} of {len(mentions)} mentions have no offsets.")
    unit: Literal["tokens", "words"] = "tokens" if all(_own_tokens(pair) for pair in pairs) else "words"
    given = Counter[tuple[str, str]]()
    for pair in pairs:
        tokens = _own_tokens(pair) if unit == "tokens" else words(pair.gold.text)
        given.update(zip(io_labels(pair.gold, tokens), io_labels(pair.predicted, tokens), strict=True))
    marked = Counter({labels: times for labels, times in given.items() if labels != (_OUTSIDE, _OUTSIDE)})
    yield Agreement(dataset, len(pairs), unit, "all", given.total(), *observed_and_expected(given))
    yield Agreement(dataset, len(pairs), unit, "marked", marked.total(), *observed_and_expected(marked))


def observed_and_expected(given: Mapping[tuple[str, str], int]) -> tuple[float, float]:
    """(observed, expected) shares of agreement, from how often each pair of labels was given; both 0.0 where none was."""
    units = sum(given.values())
    if not units:
        return 0.0, 0.0
    first, second = Counter[str](), Counter[str]()
    for (one, other), times in given.items():
        first[one] += times
        second[other] += times
    same = sum(times for (one, other), times in given.items() if one == other)
    # Whole numbers until the end, so that full agreement by chance is exactly 1.
    return same / units, sum(times * second[label] for label, times in first.items()) / units**2


def io_labels(document: Document, tokens: Tokens) -> list[str]:
    """The label of each token, of which a mention may be only a part."""
    types: list[set[str]] = [set() for _ in tokens]
    ends = [end for _, end in tokens]
    for span, type in _mentions(document):
        for start, end in span or ():
            at = bisect_right(ends, start)
            while at < len(tokens) and tokens[at][0] < end:
                types[at].add(type)
                at += 1
    return ["+".join(sorted(own)) or _OUTSIDE for own in types]


def words(text: str) -> Tokens:
    """Where the words of a text stand, by the rule of `Agreement`."""
    found: list[tuple[int, int]] = []
    for run in _RUN.finditer(text):
        start = run.start()
        for at in range(run.start(), run.end()):
            if is_unspaced(text[at]):
                found += [(start, at), (at, at + 1)] if start < at else [(at, at + 1)]
                start = at + 1
        if start < run.end():
            found.append((start, run.end()))
    return found


def _mentions(document: Document) -> list[tuple[tuple[tuple[int, int], ...] | None, str]]:
    return [(entity.mention.span, entity.type or "mention") for entity in document.entities or ()]


def _own_tokens(pair: Pair) -> Tokens:
    return pair.gold.tokens or pair.predicted.tokens or ()
