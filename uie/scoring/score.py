"""Gold and predicted Documents → Scores: joined by id, restricted to what was asked, counted by a rule."""

from collections import Counter
from collections.abc import Iterable, Sequence

from uie.documents import Document
from uie.errors import ScoringError
from uie.schema import KINDS
from uie.scoring import RULES, Item, Rule
from uie.scoring.counts import Counts, count_matches
from uie.scoring.rules import ARGUMENT_MEASURES, RELATIONS_STRICT
from uie.scoring.scope import TASKS, Pair, common_tasks, gold_mentions, pair_of, scored_pairs
from uie.scoring.scores import Audit, Row, Scores, aggregate_rows

__all__ = ["Scores", "join", "score"]

FALLBACK_RULE = "string"


def score(gold: Iterable[Document], predicted: Iterable[Document], *, rule: str = "strict") -> Scores:
    """Score predictions against gold.

    Gold is restricted to `predicted.asked`; what was predicted is not: an unasked type is a false positive. Where `rule` needs
    offsets and gold mentions of a corpus have none, that corpus and task are scored by `string`, named in the row and in `notes`,
    and aggregated apart. Each malformed piece of an answer counts as one false positive of its task. Corpora are those of gold.
    Both sides are held in memory.

    Raises:
        ScoringError: ids or texts of the two sides do not agree, or nothing is both annotated and asked.
        SettingsError: no rule has that name.

    >>> scores = score(read("documents/test.jsonl"), read("predictions.jsonl"), rule="strict")  # doctest: +SKIP
    """
    asked_rule = RULES.get(rule)
    pairs = join(gold, predicted)
    by_dataset: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_dataset.setdefault(pair.gold.dataset, []).append(pair)
    rows: list[Row] = []
    notes: list[str] = []
    for dataset, own in sorted(by_dataset.items()):
        for task, scored in scored_pairs(own).items():
            name, used = rule, asked_rule
            if asked_rule.needs_offsets and (ungrounded := _ungrounded(scored, task)):
                name, used = FALLBACK_RULE, RULES.get(FALLBACK_RULE)
                notes.append(f"{dataset or 'no dataset'}, {task}: scored by {name!r}; gold mentions without offsets: {ungrounded}.")
            if task == "RE" and (left := _between_clusters(scored)):
                notes.append(f"{dataset or 'no dataset'}, RE: gold relations between clusters, which are not scored: {left}.")
            rows.extend(_task_rows(scored, dataset, task, name, used))
    if not rows:
        raise ScoringError(_nothing(pairs))
    audits = tuple(_audit(dataset, own) for dataset, own in sorted(by_dataset.items()))
    return Scores(rule, len(pairs), tuple(rows), aggregate_rows(rows), audits, tuple(notes))


# Joining


def join(gold: Iterable[Document], predicted: Iterable[Document]) -> list[Pair]:
    """Gold and predicted Documents by id, in the order of gold.

    Raises:
        ScoringError: an id is missing on one side or given twice, or one id has two texts; all of it in one message.
    """
    wanted, gold_twice = _by_id(gold)
    found, predicted_twice = _by_id(predicted)
    missing = [id for id in wanted if id not in found]
    unknown = [id for id in found if id not in wanted]
    other = [id for id, document in wanted.items() if id in found and found[id].text != document.text]
    mistakes = [
        _mistake("ids given twice in gold", gold_twice),
        _mistake("ids given twice among the predictions", predicted_twice),
        _mistake("gold documents without a prediction", missing, of=len(wanted)),
        _mistake("predicted documents that gold lacks", unknown, of=len(found)),
        _mistake("documents with another text than in gold", other),
    ]
    if any(mistakes):
        raise ScoringError(
            f"gold and predicted do not belong together: {'; '.join(filter(None, mistakes))}. "
            "Score predictions against the gold documents they were made from, all of them, each once."
        )
    return [pair_of(document, found[id]) for id, document in wanted.items()]


def _by_id(documents: Iterable[Document]) -> tuple[dict[str, Document], list[str]]:
    found: dict[str, Document] = {}
    twice: dict[str, None] = {}
    for document in documents:
        if document.id in found:
            twice[document.id] = None
        found[document.id] = document
    return found, list(twice)


def _mistake(what: str, ids: list[str], *, of: int | None = None) -> str:
    return f"{what}: {len(ids)}{f' of {of}' if of else ''}, such as {ids[0]!r}" if ids else ""


def _nothing(pairs: Sequence[Pair]) -> str:
    if not pairs:
        return "nothing to score: there are no gold documents."
    sides = []
    for name, documents in (("gold annotates", [p.gold for p in pairs]), ("predictions hold", [p.predicted for p in pairs])):
        kinds = [kind for kind in KINDS if any(getattr(document, kind) is not None for document in documents)]
        sides.append(f"{name} {', '.join(kinds) or 'none'}")
    asked = [kind for kind in KINDS if any(p.asked is None or getattr(p.asked, kind) for p in pairs)]
    return (
        f"nothing to score: {sides[0]}; {sides[1]}; asked were {', '.join(asked)}. "
        "One of entities (with types), relations, events must be in all three."
    )


# Counting


def _task_rows(pairs: Sequence[Pair], dataset: str, task: str, name: str, rule: Rule) -> list[Row]:
    totals: dict[str, dict[str | None, Counts]] = {}
    documents: Counter[str] = Counter()
    no_types = task == "RE" and (_ends_untyped(p.gold for p in pairs) or _ends_untyped(p.predicted for p in pairs))
    for pair in pairs:
        gold, predicted = rule.items(pair.gold, task), rule.items(pair.predicted, task)
        malformed = _malformed(pair, task)
        for measure, gold_items in gold.items():
            items = predicted[measure]
            if measure == RELATIONS_STRICT and (no_types or not _types_asked(pair)):
                continue
            if measure in ARGUMENT_MEASURES and not (gold_items or items or _roles_asked(pair)):
                continue
            documents[measure] += 1
            counts = totals.setdefault(measure, {})
            _add(counts, gold_items, items)
            if malformed and measure in rule.malformed.get(task, ()):
                counts[None] = counts.get(None, Counts()) + Counts(false_positive=malformed)
    return [
        Row(
            dataset,
            task,
            measure,
            name,
            documents[measure],
            sum(counts.values(), Counts()),
            {type: counts[type] for type in sorted(t for t in counts if t is not None)},
        )
        for measure, counts in totals.items()
    ]


def _add(totals: dict[str | None, Counts], gold: Sequence[Item], predicted: Sequence[Item]) -> None:
    """Matches type by type: items of different types never are equal."""
    sides: dict[str | None, tuple[list[Item], list[Item]]] = {}
    for side, items in enumerate((gold, predicted)):
        for item in items:
            sides.setdefault(item.type, ([], []))[side].append(item)
    for type, (wanted, found) in sides.items():
        totals[type] = totals.get(type, Counts()) + count_matches(wanted, found)


def _malformed(pair: Pair, task: str) -> int:
    """How many malformed pieces are the task's; a piece that names no task belongs to the only one that was asked."""
    own = 0
    for problem in pair.predicted.problems or ():
        if problem.get("kind") != "malformed":
            continue
        named = problem.get("task")
        if named is None:
            tasks = _predicted_tasks(pair)
            if len(tasks) != 1:
                raise ScoringError(
                    f"document {pair.predicted.id!r}: a malformed piece names no task, and {' and '.join(tasks)} were asked; "
                    'give the problem a "task".'
                )
            named = tasks[0]
        own += named == task
    return own


def _predicted_tasks(pair: Pair) -> list[str]:
    if pair.asked is None:
        return common_tasks(pair)
    return [task for task, kind in zip(TASKS, KINDS, strict=True) if getattr(pair.asked, kind)]


def _types_asked(pair: Pair) -> bool:
    return pair.asked is None or bool(pair.asked.entities)


def _roles_asked(pair: Pair) -> bool:
    return pair.asked is None or any(event.roles for event in pair.asked.events)


def _ends_untyped(documents: Iterable[Document]) -> bool:
    """Whether there are relations and no argument of any has a type: then types are no part of these annotations or answers."""
    ends = [
        (document.entities or ())[end].type
        for document in documents
        for relation in document.relations or ()
        if relation.level == "entity"
        for end in (relation.head, relation.tail)
    ]
    return bool(ends) and all(type is None for type in ends)


def _ungrounded(pairs: Iterable[Pair], task: str) -> int:
    return sum(not mention.grounded for pair in pairs for mention in gold_mentions(pair.gold, task))


def _between_clusters(pairs: Iterable[Pair]) -> int:
    return sum(relation.level != "entity" for pair in pairs for relation in pair.gold.relations or ())


def _audit(dataset: str, pairs: Sequence[Pair]) -> Audit:
    pieces: Counter[str] = Counter()
    affected: Counter[str] = Counter()
    for pair in pairs:
        kinds = [str(problem.get("kind")) for problem in pair.predicted.problems or ()]
        pieces.update(kinds)
        affected.update(set(kinds))
    return Audit(dataset, len(pairs), dict(sorted(pieces.items())), dict(sorted(affected.items())))
