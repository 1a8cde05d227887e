"""The rule of IEPile, DeepKE-LLM and OneKE (`ie2instruction/eval`, match_mode normal): JSON answers → counts.

    NER        (mention, type)                RE, SPO, KG   (head, relation, tail)
    EET        (trigger, event type)          EE            events (event type, trigger), arguments (event type, argument, role)
    EEA        arguments as of EE

Answers to the chunks of one schema are put together before they are compared. An answer that is no JSON object is empty. SPO's types
are not in the answers: there they are looked up by the relation's name, so that they add nothing to it. Triples are read from
"subject" and "object", and from "head" and "tail", as which the project's own training answers write those of RE.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from uie.scoring import RuleFacts
from uie.scoring.answers import AnswerRule
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, count_items
from uie.scoring.rules import ARGUMENT_CLASSIFICATION, ENTITIES, RELATIONS_BOUNDARY, TRIGGER_CLASSIFICATION
from uie.scoring.scope import AnswerPair

NAN = "NAN"
_TRIPLES = (RELATIONS_BOUNDARY,)
_MEASURES = {
    "NER": (ENTITIES,),
    "RE": _TRIPLES,
    "SPO": _TRIPLES,
    "KG": _TRIPLES,
    "EE": (TRIGGER_CLASSIFICATION, ARGUMENT_CLASSIFICATION),
    "EET": (TRIGGER_CLASSIFICATION,),
    "EEA": (ARGUMENT_CLASSIFICATION,),
}


def count(answers: Sequence[AnswerPair], task: str) -> ByMeasure:
    sides = []
    for raws in ([answer.gold for answer in answers], [answer.predicted for answer in answers]):
        found: dict[str, list[Item]] = {measure: [] for measure in _MEASURES[task]}
        for raw in raws:
            for measure, item in _read(raw, task):
                if measure in found:
                    found[measure].append(item)
        sides.append(found)
    gold, predicted = sides
    return {measure: count_items(gold[measure], predicted[measure]) for measure in gold}


def readable(raw: str, task: str) -> bool:
    return _object(raw) is not None


def _object(raw: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read(raw: str, task: str) -> Iterator[tuple[str, Item]]:
    for name, value in (_object(raw) or {}).items():
        if task == "KG":
            yield from ((RELATIONS_BOUNDARY, item) for item in _attributes(value))
        elif isinstance(value, list):
            for one in value:
                yield from _item(name, one, task)


def _item(name: str, one: Any, task: str) -> Iterator[tuple[str, Item]]:
    if task in ("NER", "EET"):
        if isinstance(one, str):
            yield ENTITIES if task == "NER" else TRIGGER_CLASSIFICATION, Item(name, one)
    elif isinstance(one, dict):
        if task in ("RE", "SPO"):
            head, tail = one.get("subject", one.get("head", "")), one.get("object", one.get("tail", ""))
            if isinstance(head, str) and isinstance(tail, str):
                yield RELATIONS_BOUNDARY, Item(name, (head, tail))
            return
        trigger = one.get("trigger", "")
        if task == "EE" and not isinstance(trigger, str):
            return
        yield TRIGGER_CLASSIFICATION, Item(name, trigger if isinstance(trigger, str) else "")
        for role, filler in _fillers(one.get("arguments", {} if task == "EE" else one)):
            yield ARGUMENT_CLASSIFICATION, Item(f"{name}/{role}", filler)


def _attributes(entities: Any) -> Iterator[Item]:
    for head, attributes in entities.items() if isinstance(entities, dict) else ():
        for relation, tail in _fillers(attributes, nan=""):
            yield Item(relation, (head, tail))


def _fillers(roles: Any, *, nan: str = NAN) -> Iterator[tuple[str, str]]:
    """Role and filler; what is no string is compared as JSON."""
    for role, held in roles.items() if isinstance(roles, dict) else ():
        for filler in held if isinstance(held, list) else [held]:
            text = filler if isinstance(filler, str) else json.dumps(filler, sort_keys=True)
            if text != nan or not nan:
                yield role, text


def figures(counts: Counts) -> Figures:
    """Precision and recall in percent, rounded to two digits, and F1 computed from these and rounded."""
    precision, recall = round(100 * counts.precision, 2), round(100 * counts.recall, 2)
    f1 = round(2 * precision * recall / (precision + recall), 2) if precision + recall else 0.0
    return Figures(precision / 100, recall / 100, f1 / 100)


IEPILE = AnswerRule(
    RuleFacts(
        name="iepile",
        compares="strings as they stand: (mention, type), (head, relation, tail), (event type, trigger), (event type, argument, role)",
        used_by="IEPile, OneKE, DeepKE-LLM (Gui et al. 2024)",
        source="zjunlp/IEPile ie2instruction/eval, match_mode normal",
        input="answers",
        wording="json.iepile",
        faults=(
            "rounds precision and recall before F1, which moves it by 0.01 points; an answer that is no JSON is empty, which costs recall but no "
            "precision; arguments are not tied to their trigger; types of arguments of relations do not count"
        ),
    ),
    _MEASURES,
    count,
    figures_of=figures,
    readable=readable,
)
