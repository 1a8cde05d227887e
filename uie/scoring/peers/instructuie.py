"""The rules of InstructUIE and of B2NER, its fork: answer strings → counts.

    NER   pieces between semicolons, each a whole string "type: mention"; sets
    RE    pieces that hold a colon, "relation: head, tail"; sets, with exceptions for strings that hold ",na,"
    EEA   pieces that hold a colon, "argument: role"; sets
    EE    the set of events in brackets, each with its parts sorted: right as a whole or wrong as a whole
    EET   the whole string: right or wrong

Right or wrong as a whole is an accuracy there; here it is one true positive, or one false positive and one false negative, whose
precision, recall and F1 are all that accuracy. Two faults of its code have no counterpart here, since they are faults of calls:
`EvaluatorBase.add` given lists scores their first pair only, and `MetricF1.get_detail` after `get_metric` raises UnboundLocalError.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from uie.scoring import RuleFacts
from uie.scoring.answers import AnswerRule
from uie.scoring.counts import ByMeasure, Counts, Item, add_counts, count_items
from uie.scoring.rules import ARGUMENT_CLASSIFICATION, ENTITIES, RELATIONS_BOUNDARY, TRIGGER_CLASSIFICATION
from uie.scoring.scope import AnswerPair

EVENTS = "whole events"
_RIGHT, _WRONG = Counts(1, 0, 0), Counts(0, 1, 1)


def normalised(text: str) -> str:
    """White space collapsed, and removed beside punctuation; lower case; no braces; repeated , . ; once; "location" is "located"."""
    text = re.sub(r"\s*([,:()._;'-])\s*", r"\1", " ".join(text.split())).lower()
    text = text.replace("{", "").replace("}", "")
    for mark in ",.;":
        text = re.sub(rf"{re.escape(mark)}+", mark, text)
    return text.replace("’", "'").replace("location", "located")


def normalised_b2ner(text: str) -> str:
    """As InstructUIE, but full-width ； ： ， and curly quotes are ASCII, "located" is "location" and "organisation" "organization";
    of what follows the last colon, marks @ and # at its ends, and book marks and brackets round it, are taken off."""
    text = re.sub(r"\s*([,:()._;'-])\s*", r"\1", " ".join(text.split())).lower()
    text = text.replace("{", "").replace("}", "")
    for mark in ",.;":
        text = re.sub(rf"{re.escape(mark)}+", mark, text)
    text = text.translate(str.maketrans("；：，’‘“”", ";:,''\"\""))
    text = text.replace("located", "location").replace("organisation", "organization")
    before, colon, last = text.rpartition(":")
    if not colon:
        return text
    last = re.sub(r"[@#]+$", "", re.sub(r"^[@#]+", "", last))
    if inside := re.search(r"《(.+?)》", last):
        last = inside.group(1)
    if inside := re.search(r"^[《》<>（）()]+(.+?)[《》<>（）()]+$", last):
        last = inside.group(1)
    return f"{before}:{last}"


def in_brackets(text: str) -> list[str]:
    """What stands in outermost brackets; one bracket missing at the start, or at the end, is forgiven."""
    found: list[str] = []
    depth, opened = 0, -1
    for place, character in enumerate(text):
        if character == "(":
            if depth == 0:
                opened = place
            depth += 1
        elif character == ")":
            if opened < 0 and not found and place != 0:
                found.append(text[:place])
            if depth == 1 and opened + 1 != place:
                found.append(text[opened + 1 : place])
            depth = max(0, depth - 1)
    if depth == 1 and opened + 1 != len(text):
        found.append(text[opened + 1 :])
    return found


def at_commas(text: str) -> list[str]:
    """The text split at commas outside brackets. Of two commas side by side the second stays with what follows, as in the original."""
    found: list[str] = []
    depth, last = 0, -1
    for place, character in enumerate(text):
        if character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0 and last + 1 != place:
            found.append(text[last + 1 : place])
            last = place
    if last + 1 != len(text):
        found.append(text[last + 1 :])
    return found


@dataclass(frozen=True)
class _Dialect:
    """What InstructUIE and B2NER do differently."""

    normalise: Callable[[str], str]
    only_named: bool
    "whether pieces of NER without a colon are left out"
    types_of_events: bool
    "whether EET compares the set of event types instead of the whole string"

    def count(self, answers: Sequence[AnswerPair], task: str) -> ByMeasure:
        measure, count = {
            "NER": (ENTITIES, self._entities),
            "RE": (RELATIONS_BOUNDARY, self._relations),
            "EEA": (ARGUMENT_CLASSIFICATION, self._arguments),
            "EE": (EVENTS, self._events),
            "EET": (TRIGGER_CLASSIFICATION, self._triggers),
        }[task]
        total: dict[str | None, Counts] = {}
        for answer in answers:
            add_counts(total, count(answer.gold, answer.predicted))
        return {measure: total}

    def pieces(self, text: str, *, only_named: bool) -> set[str]:
        """The different pieces between semicolons. An empty answer has one piece, the empty string."""
        pieces = (self.normalise(piece) for piece in self.normalise(text).split(";"))
        return {piece for piece in pieces if ":" in piece or not only_named}

    def _entities(self, gold: str, predicted: str) -> dict[str | None, Counts]:
        sides = (self.pieces(side, only_named=self.only_named) for side in (gold, predicted))
        return count_items(*(_by_name(side) for side in sides))

    def _arguments(self, gold: str, predicted: str) -> dict[str | None, Counts]:
        """Gold is split before it is normalised, the prediction after."""
        wanted, found = gold.split(";"), self.normalise(predicted).split(";")
        sides = ({self.normalise(piece) for piece in side if ":" in piece} for side in (wanted, found))
        return count_items(*(_by_name(side, last=True) for side in sides))

    def _relations(self, gold: str, predicted: str) -> dict[str | None, Counts]:
        wanted, found = (self.pieces(side, only_named=True) for side in (gold, predicted))
        counts: dict[str | None, Counts] = {}
        for piece in wanted:
            if ",na," not in piece:
                add_counts(counts, {_name(piece): Counts(1, 0, 0) if piece in found else Counts(0, 0, 1)})
            elif not _denied(piece, found):
                add_counts(counts, {_name(piece): Counts(1, 0, 0)})
        for piece in found:
            if _denied(piece, wanted) if ",na," in piece else piece not in wanted:
                add_counts(counts, {_name(piece): Counts(0, 1, 0)})
        return counts

    def _events(self, gold: str, predicted: str) -> dict[str | None, Counts]:
        wanted, found = (
            {",".join(sorted(at_commas(self.normalise(event).replace("arguments:", "")))) for event in in_brackets(side)}
            for side in (gold, predicted)
        )
        return {None: _RIGHT if wanted == found else _WRONG}

    def _triggers(self, gold: str, predicted: str) -> dict[str | None, Counts]:
        if not self.types_of_events:
            return {None: _RIGHT if self.normalise(gold) == self.normalise(predicted) else _WRONG}
        wanted, found = ({piece.split(":")[0] for piece in self.pieces(s, only_named=False)} for s in (gold, predicted))
        return {None: _RIGHT if wanted == found else _WRONG}


def _denied(piece: str, others: Iterable[str]) -> bool:
    """Whether another piece names a relation where this one says ",na,"."""
    pattern = re.compile(re.escape(piece).replace(",na,", ",(.+),"))
    matches = (pattern.match(other) for other in others)
    return any(match is not None and match.group(1) != "na" for match in matches)


def _by_name(pieces: Iterable[str], *, last: bool = False) -> list[Item]:
    return [Item(_name(piece, last=last), piece) for piece in pieces]


def _name(piece: str, *, last: bool = False) -> str | None:
    """What stands before the first colon, or behind the last; no name where there is no colon."""
    if ":" not in piece:
        return None
    return piece.rpartition(":")[2] if last else piece.partition(":")[0]


_MEASURES = {
    "NER": (ENTITIES,),
    "RE": (RELATIONS_BOUNDARY,),
    "EE": (EVENTS,),
    "EET": (TRIGGER_CLASSIFICATION,),
    "EEA": (ARGUMENT_CLASSIFICATION,),
}
_BREAKS = {
    "gold": 'a relation whose string holds ",na," is wrong where gold has another that differs from it in this word only',
    "order": "EET compares the whole string: events in another order are wrong",
    "wrong": "a mention with a semicolon is split, and one of its pieces may be right",
}
INSTRUCTUIE = AnswerRule(
    RuleFacts(
        name="instructuie",
        compares='whole strings "type: mention", "relation: head, tail"; EE and EET the whole answer (accuracy)',
        used_by="InstructUIE (Wang et al. 2023); LHRLAB's fork; mean over data sets",
        source="BeyonderXX/InstructUIE src/evaluation/evaluator.py",
        input="answers",
        wording="typed.instructuie",
        duplicates="collapse within an answer",
        normalised='case, white space beside punctuation, braces, repeated punctuation; "location" is "located"',
        faults=(
            "NER: an empty gold answer (None) is an entity, so every rightly empty answer is a true positive: this inflates precision, recall "
            "and F1 of corpora with many empty texts; a semicolon in a mention makes two entities of it"
        ),
        breaks=_BREAKS,
    ),
    _MEASURES,
    _Dialect(normalised, only_named=False, types_of_events=False).count,
)
B2NER = AnswerRule(
    RuleFacts(
        name="b2ner",
        compares='whole strings "type: mention", as instructuie; pieces without a colon are nothing',
        used_by="B2NER (Yang et al. 2024); mean over data sets",
        source="UmeanNever/B2NER src/evaluation/evaluator.py",
        input="answers",
        wording="typed.instructuie",
        duplicates="collapse within an answer",
        normalised='as instructuie; full-width punctuation, quotes, brackets and book marks round a mention; "located" is "location"',
        faults="a semicolon in a mention makes two entities of it; EET compares event types only, not triggers, and as whole sets",
        breaks={broken: _BREAKS[broken] for broken in ("gold", "wrong")},
    ),
    _MEASURES,
    _Dialect(normalised_b2ner, only_named=True, types_of_events=True).count,
)
