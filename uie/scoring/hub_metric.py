"""Predictions and references, as tags or as Documents in JSON → a flat dict of figures: our rules as a Hugging Face `evaluate` metric.

    metric = evaluate.load(uie.scoring.hub_metric.PATH)
    metric.compute(predictions=[["B-PER", "O"]], references=[["B-PER", "O"]])                    # tags, as the metric seqeval takes them
    metric.compute(predictions=[json, …], references=[json, …], rule="textee")                   # Documents, one JSON object a string

`evaluate` copies this file and imports the copy under a name of its own: only then is there a class for it to find. Imported as a part of
uie, the file needs no `evaluate` and holds the path and the function that counts.
"""

from collections.abc import Sequence
from typing import Any

from uie.documents import Document, Entity, Mention, document_from_json
from uie.errors import ScoringError
from uie.scoring.chunks import SCHEMES, conll_chunks
from uie.scoring.counts import Counts
from uie.scoring.rules import is_main
from uie.scoring.score import score
from uie.scoring.scores import Aggregate, Scores
from uie.scoring.tag_rules import score_tags
from uie.storage import parse_object

PATH = __file__
Tags = Sequence[str]
# Rules that see where mentions are and of what type, and no strings or texts: all that tags say.
_RULES_OF_TAGS = ("boundary", "type-only", "partial", "muc", "spacy", "gliner")
_STRICT_TAGS = "seqeval-strict."


def figures(
    predictions: Sequence[str] | Sequence[Tags],
    references: Sequence[str] | Sequence[Tags],
    *,
    rule: str = "strict",
    measure: str = "",
) -> dict[str, float]:
    """Figures as shares from 0 to 1: `overall_precision`, `overall_recall`, `overall_f1`, and of each type `TYPE_precision`,
    `TYPE_recall`, `TYPE_f1` and `TYPE_number` (how many gold items).

    Of Documents, `measure` says which of a rule's measures these are (default: the first main one, such as "entities"); any other
    measure M has `M_precision`, `M_recall` and `M_f1`, blanks written as "_". Documents of several corpora are summed. Of tags, "strict"
    and "conlleval" read chunks as conlleval and seqeval's default mode do, "seqeval-strict.SCHEME" as its strict mode.

    Raises:
        ScoringError: the two do not belong together, a string is no Document, or the rule cannot be used on them.
    """
    if len(predictions) != len(references):
        raise ScoringError(f"{len(predictions)} predictions for {len(references)} references; give one for each.")
    if any(isinstance(one, str) for one in (*predictions, *references)):
        gold, predicted = (_documents(side, name) for side, name in ((references, "references"), (predictions, "predictions")))
        return _of_scores(score(gold, predicted, rule=rule), measure)
    if rule in ("strict", "conlleval") or rule.startswith(_STRICT_TAGS):
        scheme = rule.removeprefix(_STRICT_TAGS) if rule.startswith(_STRICT_TAGS) else None
        if scheme is not None and scheme not in SCHEMES:
            raise ScoringError(f"rule {rule!r}: expected one of the schemes {', '.join(SCHEMES)}.")
        by_type = score_tags(references, predictions, scheme=scheme)
        return {**_named("overall", sum(by_type.values(), Counts())), **_of_types(by_type)}
    if rule not in _RULES_OF_TAGS:
        known = ("strict", "conlleval", *(f"{_STRICT_TAGS}{scheme}" for scheme in SCHEMES), *_RULES_OF_TAGS)
        raise ScoringError(f"rule {rule!r} needs more than tags say; give Documents, or one of {', '.join(known)}.")
    gold, predicted = ([_tagged(number, tags) for number, tags in enumerate(side)] for side in (references, predictions))
    return _of_scores(score(gold, predicted, rule=rule), measure)


def _documents(side: Sequence[Any], name: str) -> list[Document]:
    """The Documents; one without an id is called by its number, on both sides alike."""
    found = []
    for number, text in enumerate(side):
        where = f"{name}, {number}"
        if not isinstance(text, str):
            raise ScoringError(f"{where}: expected a Document as JSON, as the others, found {type(text).__name__}.")
        row = parse_object(text, where, error=ScoringError)
        found.append(document_from_json({"id": str(number), **row}, where=where))
    return found


def _tagged(number: int, tags: Tags) -> Document:
    """A Document with the chunks of its tags, whose tokens are one letter each, so that shares of characters are those of tokens."""
    text = "x" * len(tags)
    entities = [Entity(Mention(text[first : last + 1], first, last + 1), type) for type, first, last in conll_chunks(tags)]
    return Document(str(number), text, entities=tuple(entities))


def _of_scores(scores: Scores, measure: str) -> dict[str, float]:
    aggregates = {aggregate.measure: aggregate for aggregate in reversed(scores.aggregates)}
    main = [one.measure for one in scores.aggregates if is_main(one.task, one.measure)]
    chosen = measure or next(iter([*main, *aggregates]))
    if chosen not in aggregates:
        raise ScoringError(f"no measure is named {measure!r}; scored were {', '.join(sorted(aggregates))}.")
    by_type: dict[str, Counts] = {}
    for row in scores.rows:
        if row.measure == chosen:
            for type, counts in row.by_type.items():
                by_type[type] = by_type[type] + counts if type in by_type else counts
    found = {**_named("overall", aggregates[chosen]), **_of_types(by_type)}
    for name, one in aggregates.items():
        if name != chosen:
            found |= _named(name.replace(" ", "_"), one)
    return found


def _of_types(by_type: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for type, counts in sorted(by_type.items()):
        found |= {**_named(type, counts), f"{type}_number": counts.gold}
    return found


def _named(name: str, counted: Counts | Aggregate) -> dict[str, float]:
    return dict(zip((f"{name}_precision", f"{name}_recall", f"{name}_f1"), counted.figures, strict=True))


if __name__ != "uie.scoring.hub_metric":
    import evaluate  # type: ignore[import-untyped]
    from evaluate.info import Features, Value  # type: ignore[import-untyped]

    _DESCRIPTION = "Precision, recall and F1 of information extraction by the rules of uie: entities, relations, events."
    _INPUTS = """
    Args:
        predictions: tag sequences, or predicted Documents of uie, each a JSON object as a string
        references: gold, in the same form
        rule: a scoring rule of uie (`uie eval --list-rules`), default "strict"
        measure: which measure the overall figures are of, default the first main one
    Returns:
        a flat dict: overall_precision, overall_recall, overall_f1; TYPE_precision, TYPE_recall, TYPE_f1, TYPE_number
    """

    class UieMetric(evaluate.Metric):  # type: ignore[misc]
        """The metric that `evaluate.load` finds."""

        def _info(self) -> evaluate.MetricInfo:
            sides = (Value("string"), [Value("string")])
            return evaluate.MetricInfo(
                description=_DESCRIPTION,
                citation="",
                inputs_description=_INPUTS,
                features=[Features({"predictions": side, "references": side}) for side in sides],
            )

        def _compute(self, predictions: Any, references: Any, rule: str = "strict", measure: str = "") -> dict[str, float]:
            return figures(predictions, references, rule=rule, measure=measure)
