"""Gold and predicted Documents → Scores: joined by id, restricted to what was asked, counted by a rule."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uie.documents import Document
from uie.errors import ScoringError, SettingsError
from uie.schema import KINDS
from uie.scoring import RULES, Rule
from uie.scoring.answers import generated
from uie.scoring.counts import ByType, Counts, Figures, Tally
from uie.scoring.rules import ARGUMENT_MEASURES, RELATIONS_STRICT, MentionRule, with_symmetric
from uie.scoring.scope import (
    GIVEN_GOLD,
    TASKS,
    AnswerPair,
    Pair,
    common_tasks,
    gold_mentions,
    pair_of,
    scored_pairs,
    tasks_of,
)
from uie.scoring.scores import Audit, PerDocument, Row, Scores, aggregate_rows

__all__ = ["ALL", "AnswerPair", "Scores", "join", "score"]

FALLBACK_RULE = "string"
ALL = "all"
"""Stands for every rule that fits."""
OF_RELATIONS = ("RE", "SPO", "EP", "EPR", "RC", "KG", "JOINT")
WITH_CLUSTERS = ("any-gold-mention",)


def score(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    rule: str = "strict",
    answers: Iterable[AnswerPair] = (),
    symmetric: Iterable[str] = (),
) -> Scores:
    """Score predictions against gold.

    Gold is restricted to `predicted.asked`; what was predicted is not: an unasked type is a false positive. Where `strict` is asked
    and gold mentions of a corpus have no offsets, that corpus and task are scored by `string`, named in the row and in `notes`,
    and aggregated apart. Each malformed piece of an answer counts as one false positive of its task under our own rules. Corpora are
    those of gold. Both sides are held in memory.

    `answers` are the strings that were generated, for rules that compare strings; without them, or where they are in another format,
    the Documents are written in the rule's wording. `symmetric` names relations whose ends may come in either order. The rule "all"
    is every rule that fits: a row for each, and a note for each that does not.

    Raises:
        ScoringError: ids or texts of the two sides do not agree, or nothing is both annotated and asked; the rule needs offsets that
            gold does not have, or cannot be used on what was asked.
        SettingsError: no rule has that name, or the rule knows no symmetric relations.

    >>> scores = score(read("documents/test.jsonl"), read("predictions.jsonl"), rule="strict")  # doctest: +SKIP
    """
    rules = _rules(rule, tuple(symmetric))
    pairs = join(gold, predicted, answers)
    by_dataset: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_dataset.setdefault(pair.gold.dataset, []).append(pair)
    found = _Found()
    for dataset, own in sorted(by_dataset.items()):
        for task, scored in scored_pairs(own).items():
            place = f"{dataset or 'no dataset'}, {task}"
            found.tasks.append(place)
            for name, one in rules.items():
                _add_rule(found, _Scored(dataset, task, place, scored), name, one, alone=rule != ALL)
            if task in GIVEN_GOLD:
                found.notes.append(f"{place}: answered with gold parts given.")
            if task in OF_RELATIONS and rule not in WITH_CLUSTERS and (left := _between_clusters(scored)):
                found.notes.append(f"{place}: gold relations between clusters, which are not scored: {left}.")
    if not found.tasks:
        raise ScoringError(_nothing(pairs))
    if not found.rows:
        raise ScoringError(f"nothing to score: {'; '.join(found.why_not(every=True))}.")
    if rule != ALL and found.ungrounded:
        raise ScoringError(
            f"rule {rule!r} needs offsets, which gold mentions do not have: {'; '.join(found.ungrounded)}. "
            f"Score these corpora by {FALLBACK_RULE!r}, or leave them out."
        )
    audits = tuple(_audit(dataset, own) for dataset, own in sorted(by_dataset.items()))
    notes = tuple(dict.fromkeys((*found.notes, *(f"{reason}." for reason in found.why_not(every=rule != ALL)))))
    return Scores(rule, len({pair.gold.id for pair in pairs}), tuple(found.rows), aggregate_rows(found.rows), audits, notes)


def _rules(name: str, symmetric: tuple[str, ...]) -> dict[str, Rule]:
    rules = {one: RULES.get(one) for one in (RULES.names() if name == ALL else (name,))}
    if not symmetric:
        return rules
    directed = {one: with_symmetric(rule, symmetric) for one, rule in rules.items()}
    if name != ALL and directed[name] is None:
        raise SettingsError(f"rule {name!r} knows no symmetric relations; score by strict, string or textee.")
    return {one: directed[one] or rule for one, rule in rules.items()}


@dataclass(frozen=True, slots=True)
class _Scored:
    """One task of one corpus; `place` names both for notes."""

    dataset: str
    task: str
    place: str
    pairs: list[Pair]


@dataclass(slots=True)
class _Found:
    tasks: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ungrounded: list[str] = field(default_factory=list)
    unfit: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def leave_out(self, rule: str, reason: str, place: str) -> None:
        self.unfit.setdefault((rule, reason), []).append(place)

    def why_not(self, *, every: bool) -> list[str]:
        """A line for each rule and reason; unless `every`, only for rules that no row is of."""
        used = {row.rule for row in self.rows}
        return [
            f"{rule}: not scored on {'; '.join(places)}: {reason}"
            for (rule, reason), places in self.unfit.items()
            if every or rule not in used
        ]


def _add_rule(found: _Found, scored: _Scored, name: str, rule: Rule, *, alone: bool) -> None:
    """Adds the rule's rows, or the reason why it has none."""
    if not rule.measures(scored.task):
        found.leave_out(name, "the rule says nothing of such items", scored.place)
        return
    if rule.needs_offsets and (ungrounded := _ungrounded(scored.pairs, scored.task)):
        mentions = sum(len(gold_mentions(pair.gold, scored.task)) for pair in scored.pairs)
        if not alone:
            found.leave_out(name, "gold mentions have no offsets", scored.place)
            return
        if name != "strict":
            found.ungrounded.append(f"{scored.place}: {ungrounded} of {mentions}")
            return
        name, rule = FALLBACK_RULE, RULES.get(FALLBACK_RULE)
        found.notes.append(f"{scored.place}: scored by {name!r}; gold mentions without offsets: {ungrounded}.")
    try:
        rows, left_out = _task_rows(scored, name, rule)
    except ScoringError as error:
        if alone:
            raise
        found.leave_out(name, str(error).rstrip("."), scored.place)
        return
    if left_out and (alone or not rows):
        found.leave_out(
            name, f"{left_out} of {len(scored.pairs)} documents cannot be taken by the rule, and are left out", scored.place
        )
    found.rows += rows
    found.notes += _notes_of(rule, name, scored) if alone else ()


def _notes_of(rule: Rule, name: str, scored: _Scored) -> Iterator[str]:
    wording = rule.facts.wording
    if rule.facts.input == "answers":
        written = sum(not generated(pair, scored.task, wording) for pair in scored.pairs)
        if written:
            which = "all" if written == len(scored.pairs) else f"{written} of {len(scored.pairs)}"
            yield f"{scored.place}: {name!r} compares answer strings; {which} documents were written as {wording!r} for it."
    readable = getattr(rule, "readable", None)
    if readable is not None:
        raws = [answer.predicted for pair in scored.pairs for answer in generated(pair, scored.task, wording)]
        if unread := sum(not readable(raw, scored.task) for raw in raws):
            yield f"{scored.place}: answers that {name!r} cannot read and takes for empty: {unread} of {len(raws)}."
    if rule.facts.faults:
        yield f"{name}: {rule.facts.faults}."


# Joining


def join(gold: Iterable[Document], predicted: Iterable[Document], answers: Iterable[AnswerPair] = ()) -> list[Pair]:
    """Gold and predicted Documents by id, in the order of gold, each with its answers.

    Raises:
        ScoringError: an id is missing on one side or given twice, or one id has two texts; all of it in one message.
    """
    strings: dict[str, list[AnswerPair]] = {}
    for answer in answers:
        strings.setdefault(answer.document_id, []).append(answer)
    wanted, gold_twice = _by_id(gold)
    found, further, predicted_twice = _by_id_and_task(predicted)
    pairs: list[Pair] = []
    missing, other = list[str](), list[str]()
    for id, document in wanted.items():
        one = found.get(id)
        if one is None:
            missing.append(id)
        elif one.text != document.text:
            other.append(id)
        elif not (further or strings):
            pairs.append(pair_of(document, one))
        else:
            both = (one, *further.get(id, ()))
            other += [id for more in both if more.text != document.text][:1]
            pairs += [pair_of(document, more, tuple(strings.get(id, ()))) for more in both]
    unknown = [id for id in found if id not in wanted] if missing or len(found) != len(wanted) else []
    mistakes = [
        _mistake("ids given twice in gold", gold_twice),
        _mistake("ids given twice among the predictions", predicted_twice),
        _mistake("gold documents without a prediction", missing, of=len(wanted)),
        _mistake("predicted documents that gold lacks", unknown, of=len(found)),
        _mistake("documents with another text than in gold", other),
        _mistake("answers to documents that gold lacks", [id for id in strings if id not in wanted]),
    ]
    if any(mistakes):
        raise ScoringError(
            f"gold and predicted do not belong together: {'; '.join(filter(None, mistakes))}. "
            "Score predictions against the gold documents they were made from, all of them, each once."
        )
    return pairs


def _by_id(documents: Iterable[Document]) -> tuple[dict[str, Document], list[str]]:
    listed = list(documents)
    found = {document.id: document for document in listed}
    if len(found) == len(listed):
        return found, []
    times = Counter(document.id for document in listed)
    return found, [id for id, number in times.items() if number > 1]


def _by_id_and_task(documents: Iterable[Document]) -> tuple[dict[str, Document], dict[str, list[Document]], list[str]]:
    """Predicted Documents by id, and further ones of the same id; those that answer different tasks may share one."""
    listed = list(documents)
    found = {document.id: document for document in listed}
    further: dict[str, list[Document]] = {}
    twice: dict[str, None] = {}
    if len(found) == len(listed):
        return found, further, []
    found = {}
    for document in listed:
        if document.id not in found:
            found[document.id] = document
            continue
        others = [found[document.id], *further.get(document.id, ())]
        tasks = set(tasks_of(document))
        if any(not tasks or not tasks_of(other) or tasks & set(tasks_of(other)) for other in others):
            twice[document.id] = None
        further.setdefault(document.id, []).append(document)
    return found, further, list(twice)


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


def _row(tally: Tally, scored: _Scored, measure: str, name: str, rule: Rule) -> Row:
    total = sum(tally.by_type.values(), Counts())
    by_type = {type: tally.by_type[type] for type in sorted(type for type in tally.by_type if type is not None)}
    own = _headline(rule, total, by_type)
    per_document = PerDocument(tuple(tally.ids), np.array(tally.numbers).reshape(-1, 3))
    place = (scored.dataset, scored.task, measure, name, len(tally.ids))
    return Row(*place, total, by_type, None if own == total.figures else own, per_document)


def _headline(rule: Rule, total: Counts, by_type: Mapping[str, Counts]) -> Figures:
    if rule.facts.headline == "micro":
        return rule.figures(total)
    figures = [rule.figures(counts) for counts in by_type.values() if counts.gold]
    return Figures(*(sum(column) / len(figures) for column in zip(*figures, strict=True))) if figures else Figures(0.0, 0.0, 0.0)


def _task_rows(scored: _Scored, name: str, rule: Rule) -> tuple[list[Row], int]:
    """The rows, and how many documents the rule cannot take."""
    pairs, task = scored.pairs, scored.task
    if isinstance(rule, MentionRule) and (whole := rule.tally(pairs, task, lambda pair: _malformed(pair, task))):
        return [_row(whole, scored, rule.measures(task)[0], name, rule)], 0
    no_types = RELATIONS_STRICT in rule.measures(task) and (
        _ends_untyped(p.gold for p in pairs) or _ends_untyped(p.predicted for p in pairs)
    )
    hit_by_malformed = rule.malformed.get(task, ())
    tallies = {measure: Tally() for measure in rule.measures(task)}
    left_out = 0
    for pair in pairs:
        counts = rule.counts(pair, task)
        left_out += not counts
        malformed = _malformed(pair, task) if hit_by_malformed and pair.predicted.problems else 0
        for measure, own in counts.items():
            if _is_measured(measure, own, pair, no_types):
                tallies[measure].add(pair.gold.id, own, malformed if measure in hit_by_malformed else 0)
    rows = [_row(tally, scored, measure, name, rule) for measure, tally in tallies.items() if tally.ids]
    return rows, left_out


def _is_measured(measure: str, counts: ByType, pair: Pair, no_types: bool) -> bool:
    """Whether the measure says anything of the pair: types of arguments must be asked and there, roles asked or there."""
    if measure == RELATIONS_STRICT:
        return not no_types and _types_asked(pair)
    return measure not in ARGUMENT_MEASURES or bool(counts) or _roles_asked(pair)


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
    if pair.tasks:
        return list(pair.tasks)
    if pair.asked is None:
        return common_tasks(pair)
    return [task for task, kind in zip(TASKS, KINDS, strict=True) if getattr(pair.asked, kind)]


def _types_asked(pair: Pair) -> bool:
    return pair.asked is None or bool(pair.asked.entities)


def _roles_asked(pair: Pair) -> bool:
    return pair.asked is None or any(event.roles for event in pair.asked.events)


def _ends_untyped(documents: Iterable[Document]) -> bool:
    """Whether there are relations and no argument of any has a type: then types are no part of these annotations or answers."""
    found = False
    for document in documents:
        for relation in document.relations or ():
            if relation.level == "entity":
                found = True
                if any((document.entities or ())[end].type is not None for end in (relation.head, relation.tail)):
                    return False
    return found


def _ungrounded(pairs: Iterable[Pair], task: str) -> int:
    if task == "NER":  # the many: no list for each
        return sum(entity.mention.start is None for pair in pairs for entity in pair.gold.entities or ())
    return sum(mention.start is None for pair in pairs for mention in gold_mentions(pair.gold, task))


def _between_clusters(pairs: Iterable[Pair]) -> int:
    return sum(relation.level != "entity" for pair in pairs for relation in pair.gold.relations or ())


def _audit(dataset: str, pairs: Sequence[Pair]) -> Audit:
    pieces: Counter[str] = Counter()
    affected: Counter[str] = Counter()
    for pair in pairs:
        if not pair.predicted.problems:
            continue
        kinds = [str(problem.get("kind")) for problem in pair.predicted.problems]
        pieces.update(kinds)
        affected.update(set(kinds))
    return Audit(dataset, len(pairs), dict(sorted(pieces.items())), dict(sorted(affected.items())))
