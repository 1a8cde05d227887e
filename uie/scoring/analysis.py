"""`analyse`: gold and predicted Documents → everything a report shows: scores with intervals, baseline, buckets, confusions, mistakes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from uie.documents import Document, Relation
from uie.scoring.agreement import Agreement
from uie.scoring.breakdown import Bucket, Seen, buckets, fitting
from uie.scoring.confidence import Reliability, judged, reliability
from uie.scoring.joining import join
from uie.scoring.lookup import Lookup
from uie.scoring.mistakes import CORRECT, LAYERS, Confusion, ConfusionTally, Index, Mistake, mistakes
from uie.scoring.scope import AnswerPair, Pair, common_tasks, gold_mentions, restricted
from uie.scoring.score import score
from uie.scoring.scores import SALVAGED, Scores, with_intervals
from uie.scoring.uncertainty import RESAMPLES


@dataclass(frozen=True, slots=True)
class Marked:
    """One document of the error browser: gold restricted to what was asked, what was predicted, and what became of the items of both.

    Indices in `mistakes` are those of these two Documents.
    """

    gold: Document
    predicted: Document
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What reports draw.

    `scores` and `baseline` (a lookup of training mentions, None without training Documents) have intervals. `buckets` are those of all
    breakdowns that fit the rule; there are none for the rule "all". `confusions` and `marked` are by offsets whatever the rule, by
    strings under `string` and where gold has no offsets. `marked` holds the documents in which something is wrong, an item or a piece
    of the answer that was not understood, in the order of gold. `reliability` is of the main measures whose
    predicted items have confidences. `agreement` is there where both sides are annotators and it was asked for.
    """

    scores: Scores
    baseline: Scores | None = None
    buckets: tuple[Bucket, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    marked: tuple[Marked, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    agreement: tuple[Agreement, ...] = ()


def analyse(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    rule: str = "strict",
    answers: Iterable[AnswerPair] = (),
    symmetric: Iterable[str] = (),
    train: Iterable[Document] | None = None,
    uncalibrated: Iterable[Document] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Analysis:
    """Score predictions and find out what is wrong with them. Both sides are held in memory.

    `train` are the Documents that the baseline and the breakdowns by what was seen learn from; `uncalibrated` are the predicted ones
    with the confidences that they had before they were calibrated. The other arguments are those of `uie.scoring.score.score` and
    `uie.scoring.scores.with_intervals`.

    Raises:
        ScoringError, SettingsError: as `uie.scoring.score.score`.

    >>> analysis = analyse(read("documents/test.jsonl"), read("predictions.jsonl"), train=read("train.jsonl"))  # doctest: +SKIP
    """
    gold, predicted, symmetric = tuple(gold), tuple(predicted), frozenset(symmetric)
    known = None if train is None else tuple(train)
    scores = score(gold, predicted, rule=rule, answers=answers, symmetric=symmetric)
    baseline = None
    if known is not None:
        baseline = with_intervals(
            lookup_scores(known, gold, predicted, rule=rule, symmetric=symmetric), resamples=resamples, seed=seed
        )
    pairs, seen = join(gold, predicted), Seen.learn(known or ())
    found = buckets(scores, pairs, fitting(scores, seen), seen)
    confusions, marked = _confusions_and_marked(scores, pairs, symmetric)
    before = tuple(uncalibrated)
    sure = _reliability(scores, pairs, join(gold, before) if before else (), symmetric)
    return Analysis(with_intervals(scores, resamples=resamples, seed=seed), baseline, found, confusions, marked, sure)


def _reliability(
    scores: Scores, pairs: Sequence[Pair], before: Sequence[Pair], symmetric: Collection[str]
) -> tuple[Reliability, ...]:
    was = {(one.dataset, one.task, one.measure): one for one in judged(scores, before, symmetric=symmetric)}
    now = judged(scores, pairs, symmetric=symmetric)
    return tuple(reliability(one, was.get((one.dataset, one.task, one.measure))) for one in now)


def lookup_scores(
    train: Iterable[Document],
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    rule: str = "strict",
    symmetric: Iterable[str] = (),
) -> Scores:
    """The scores of the lookup baseline (`uie.scoring.lookup`) on what each of the predictions was asked.

    Raises:
        ScoringError: as `uie.scoring.score.score`.
    """
    lookup, by_id = Lookup.learn(train), {document.id: document for document in gold}
    found = [lookup.predict(by_id[one.id], one.asked) for one in predicted if one.id in by_id]
    return score(tuple(by_id.values()), found, rule=rule, symmetric=symmetric)


def _confusions_and_marked(
    scores: Scores, pairs: Sequence[Pair], symmetric: Collection[str]
) -> tuple[tuple[Confusion, ...], tuple[Marked, ...]]:
    scored = {(row.dataset, row.task): row.rule == "string" for row in scores.rows if row.task in LAYERS}
    by_dataset: dict[str, list[tuple[Pair, dict[str, Document]]]] = {}
    for pair in pairs:
        dataset = pair.gold.dataset
        sides = {task: restricted(pair.gold, pair.asked, task) for task in common_tasks(pair) if (dataset, task) in scored}
        by_dataset.setdefault(dataset, []).append((pair, sides))
    confusions: list[Confusion] = []
    marked: list[Marked] = []
    for dataset, own in sorted(by_dataset.items()):
        how = {task: _compared_how(own, task, by_string) for (name, task), by_string in scored.items() if name == dataset}
        tally = ConfusionTally(dataset)
        for pair, sides in own:
            found = {task: mistakes(side, pair.predicted, task, symmetric=symmetric, **how[task]) for task, side in sides.items()}
            for ours in found.values():
                tally.add(ours)
            if any(one.kind != CORRECT for ours in found.values() for one in ours) or _not_understood(pair.predicted):
                marked.append(_marked(pair, sides, found))
        confusions += tally.finish()
    place = {pair.gold.id: number for number, pair in enumerate(pairs)}
    return tuple(confusions), tuple(sorted(marked, key=lambda one: place[one.gold.id]))


def _compared_how(pairs: Sequence[tuple[Pair, Mapping[str, Document]]], task: str, by_string: bool) -> dict[str, bool]:
    """How `mistakes` compares a task of one corpus: by string where gold has no offsets; end types where both sides have any."""
    own = [(sides[task], pair.predicted) for pair, sides in pairs if task in sides]
    ungrounded = any(not mention.grounded for gold, _ in own for mention in gold_mentions(gold, task))
    end_types = task in ("SPO", "JOINT") and _any_end_typed(gold for gold, _ in own) and _any_end_typed(found for _, found in own)
    return {"by_string": by_string or ungrounded, "end_types": end_types}


def _any_end_typed(documents: Iterable[Document]) -> bool:
    return any(
        (document.entities or ())[end].type is not None
        for document in documents
        for relation in document.relations or ()
        if relation.level == "entity"
        for end in (relation.head, relation.tail)
    )


def _not_understood(predicted: Document) -> bool:
    return any(problem.get("kind") not in SALVAGED for problem in predicted.problems or ())


# One gold Document of all tasks, from those that are restricted to one each


def _marked(pair: Pair, sides: Mapping[str, Document], found: Mapping[str, tuple[Mistake, ...]]) -> Marked:
    """The mistakes of all tasks, with the items of gold that any of them is about (with the ends of relations) in one Document."""
    entities, relations = dict[int, None](), dict[int, None]()
    whole: dict[str, tuple[list[int], list[int]]] = {}
    for task, side in sides.items():
        places = whole[task] = (_places(side.entities, pair.gold.entities), _places(side.relations, pair.gold.relations))
        for one in found[task]:
            if isinstance(one.gold, int) and one.layer == "entity":
                entities[places[0][one.gold]] = None
            elif isinstance(one.gold, int) and one.layer == "relation":
                relations[places[1][one.gold]] = None
    all_entities, all_relations = pair.gold.entities or (), pair.gold.relations or ()
    for index in relations:
        entities.update(dict.fromkeys((all_relations[index].head, all_relations[index].tail)))
    new_entity, new_relation = ({old: new for new, old in enumerate(sorted(kept))} for kept in (entities, relations))
    gold = replace(
        pair.gold,
        entities=None if pair.gold.entities is None else tuple(all_entities[old] for old in new_entity),
        relations=None if pair.gold.relations is None else tuple(_moved(all_relations[old], new_entity) for old in new_relation),
        events=next((side.events for side in sides.values() if side.events is not None), None),
        clusters=None,
    )
    told = []
    for task, ours in found.items():
        of_entities, of_relations = whole[task]
        for one in ours:
            at: Index | None = one.gold
            if isinstance(at, int) and one.layer == "entity":
                at = new_entity[of_entities[at]]
            elif isinstance(at, int) and one.layer == "relation":
                at = new_relation[of_relations[at]]
            told.append(replace(one, gold=at))
    return Marked(gold, pair.predicted, tuple(told))


def _places(kept: Sequence[Any] | None, whole: Sequence[Any] | None) -> list[int]:
    """Where the items of a restricted Document, which are some of the whole one's in their order, stand in the whole one."""
    rest: Iterator[tuple[int, Any]] = iter(enumerate(whole or ()))
    return [next(number for number, one in rest if one is item) for item in kept or ()]


def _moved(relation: Relation, entities: Mapping[int, int]) -> Relation:
    return replace(relation, head=entities[relation.head], tail=entities[relation.tail])
