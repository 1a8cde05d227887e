"""The rules of CLUENER2020, GLiNER and spaCy for entities: sets of typed mentions → counts."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from uie.scoring import RuleFacts
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, count_items
from uie.scoring.rules import ENTITIES, span_of, typed
from uie.scoring.scope import Pair


@dataclass(frozen=True)
class EntityRule:
    """`sides` gives what is compared of both; gold is a set, the prediction too unless `sides` repeats items."""

    facts: RuleFacts
    sides: Callable[[Pair], tuple[Iterable[Item], Iterable[Item]]]
    needs_offsets: bool

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return (ENTITIES,) if task in ("NER", "NER1") else ()

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        return {ENTITIES: count_items(*self.sides(pair))}


def _strings(pair: Pair) -> tuple[Iterable[Item], Iterable[Item]]:
    gold, predicted = (dict.fromkeys(Item(e.type, e.mention.text) for e in typed(side)) for side in (pair.gold, pair.predicted))
    return gold, predicted


def _listed(pair: Pair) -> tuple[Iterable[Item], Iterable[Item]]:
    gold, predicted = ([Item(e.type, span_of(e.mention)) for e in typed(side)] for side in (pair.gold, pair.predicted))
    return dict.fromkeys(gold), predicted


def _words(pair: Pair) -> tuple[Iterable[Item], Iterable[Item]]:
    tokens = pair.gold.tokens or [match.span() for match in re.finditer(r"\w+(?:[-_]\w+)*|\S", pair.gold.text)]
    starts, ends = [start for start, _ in tokens], [end for _, end in tokens]

    def place(span: Hashable) -> Hashable:
        if not (isinstance(span, tuple) and isinstance(span[0], tuple)):
            return span
        return bisect_right(ends, span[0][0]), bisect_left(starts, span[-1][1]) - 1

    gold, predicted = (
        dict.fromkeys(Item(e.type, place(span_of(e.mention))) for e in typed(side)) for side in (pair.gold, pair.predicted)
    )
    return gold, predicted


CLUENER = EntityRule(
    RuleFacts(
        name="cluener",
        compares="type and string of the mention",
        used_by="CLUENER2020 (Xu et al. 2020), CLUE benchmark",
        source="CLUEbenchmark/CLUENER2020 score.py",
        zero="0 (the original divides by zero and stops)",
        duplicates="collapse within a text: a string is found or not, however often it stands there",
        faults="the headline is the mean over types, so that predictions of types that gold lacks cost nothing",
        headline="macro",
    ),
    _strings,
    needs_offsets=False,
)
GLINER = EntityRule(
    RuleFacts(
        name="gliner",
        compares="type, first and last word",
        used_by="GLiNER (Zaratiana et al. 2024)",
        source="urchade/GLiNER gliner/evaluation/evaluator.py",
        duplicates="collapse",
        normalised="offsets to the words that they touch: the Document's tokens, else those of GLiNER's splitter",
        faults="a boundary within a word counts as right",
    ),
    _words,
    needs_offsets=True,
)
SPACY = EntityRule(
    RuleFacts(
        name="spacy",
        compares="type, first and last character",
        used_by="spaCy",
        source="spacy/scorer.py get_ner_prf",
        duplicates="gold is a set; a second equal prediction is wrong (a Doc holds none, nor overlapping mentions)",
        breaks={"gold": "where gold has one mention twice, the second of the prediction is wrong"},
    ),
    _listed,
    needs_offsets=True,
)
