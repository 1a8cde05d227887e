r"""The rule of UniversalNER: a JSON list of mentions for each type that was asked → counts.

An answer is read up to its first `]` (`\[(.*?)\]` at its start, on one line); what is not JSON then is an empty list, gold too.
"""

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uie.documents import Document
from uie.scoring import RuleFacts
from uie.scoring.answers import generated, schema_of
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, add_counts, count_items
from uie.scoring.rules import ENTITIES
from uie.scoring.scope import Pair

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SMOOTHING = 1e-10
_WORDING = "json"  # one type a question: ["Ann Lee", "Bob"]


def normalised(text: str) -> str:
    """As SQuAD: lower case, without ASCII punctuation and articles, white space collapsed."""
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(_PUNCTUATION)).split())


def mentions_of(raw: str) -> list[Any]:
    """The different normalised mentions of an answer; an element that is a list is a tuple of them."""
    start = re.match(r"\[(.*?)\]", raw)
    try:
        items = [_element(item) for item in json.loads(start.group())] if start else []
    except (ValueError, TypeError, RecursionError):
        return []
    return list(dict.fromkeys(items))


def _element(item: Any) -> Any:
    parts = item if isinstance(item, list) else [item]
    if not all(isinstance(part, str) for part in parts):
        raise TypeError("not a string: the whole answer counts as empty")
    return tuple(map(normalised, parts)) if isinstance(item, list) else normalised(item)


@dataclass(frozen=True)
class UniversalNerRule:
    facts: RuleFacts
    needs_offsets: bool = False

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return (ENTITIES,) if task in ("NER", "NER1") else ()

    def figures(self, counts: Counts) -> Figures:
        precision = counts.true_positive / (counts.predicted + _SMOOTHING)
        recall = counts.true_positive / (counts.gold + _SMOOTHING)
        return Figures(precision, recall, 2 * precision * recall / (precision + recall + _SMOOTHING))

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        total: dict[str | None, Counts] = {}
        for type, gold, predicted in _queries(pair, task):
            sides = ([Item(type, mention) for mention in mentions_of(raw)] for raw in (gold, predicted))
            add_counts(total, count_items(*sides))
        return {ENTITIES: total}

    def readable(self, raw: str, task: str) -> bool:
        return task != "NER1" or bool(mentions_of(raw)) or raw.strip() in ("[]", "None", "没有")


def _queries(pair: Pair, task: str) -> list[tuple[str | None, str, str]]:
    """Type, gold answer and predicted answer of each query."""
    own = generated(pair, task, _WORDING) if task == "NER1" else []
    if own:
        return [(None, answer.gold, answer.predicted) for answer in own]
    types = [label.label for label in schema_of(pair).entities]
    return [(type, _listed(pair.gold, type), _listed(pair.predicted, type)) for type in types]


def _listed(document: Document, type: str) -> str:
    return json.dumps([entity.mention.text for entity in document.entities or () if entity.type == type], ensure_ascii=False)


UNIVERSALNER = UniversalNerRule(
    RuleFacts(
        name="universalner",
        compares="normalised string of the mention, one list for each type",
        used_by="UniversalNER (Zhou et al. 2024)",
        source="universal-ner/universal-ner src/eval/evaluate.py",
        input="answers",
        wording=_WORDING,
        zero="0 (denominators plus 1e-10)",
        duplicates="collapse within an answer, after normalising",
        normalised="case, ASCII punctuation, articles (a, an, the), white space",
        faults=(
            "an answer is cut at its first ], so a mention that holds one empties the list, also gold's; mentions of punctuation only are equal; "
            'Chinese punctuation stays, and "a" of "Vitamin A" goes'
        ),
        breaks={
            "gold": "F1 is 1 - 1e-10 at most, and a list with a mention that holds ] is empty",
            "wrong": "a further mention that holds ] empties its list, and with it what was wrong there",
        },
    )
)
