"""Batches of Documents → what rules count of them, corpus by corpus and task by task. What of it is shown, `uie.scoring.score` decides."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uie.documents import Document
from uie.errors import ScoringError
from uie.schema import KINDS
from uie.scoring import Rule
from uie.scoring.answers import generated
from uie.scoring.audits import AuditTally
from uie.scoring.counts import ByType, Counts, Figures, ItemTally, Keys, Table, Tally
from uie.scoring.joining import Batch
from uie.scoring.rules import ARGUMENT_MEASURES, ENTITIES, RELATIONS_STRICT, MentionRule
from uie.scoring.scope import COREF, KNOWN_TASKS, TASKS, Pair, common_tasks, gold_mentions, restricted
from uie.scoring.scores import PerDocument, Row

OF_RELATIONS = ("RE", "SPO", "EP", "EPR", "RC", "KG", "JOINT")
_TYPED_ENTITIES = ("NER", "NER1", "ET")


@dataclass(slots=True)
class CorpusCounts:
    """`gold` and `predicted` say of the entities of each side whether there are any, and any with a type.

    `silent` counts the predictions that do not say what they should of a task: neither items nor that there are none. `relations` are
    the types that gold has or that were asked.
    """

    dataset: str
    audit: AuditTally
    silent: Counter[str] = field(default_factory=Counter)
    relations: set[str] = field(default_factory=set)
    tasks: dict[str, "TaskCounts"] = field(default_factory=dict)
    gold: "_Typing" = field(default_factory=lambda: _Typing())
    predicted: "_Typing" = field(default_factory=lambda: _Typing())

    def add(self, batch: Batch, rules: Mapping[str, Rule]) -> None:
        self.gold.see(batch.gold)
        if batch.asked is None:
            self.predicted.see(batch.predicted)
        for name, kind in () if batch.named else zip(TASKS, KINDS, strict=True):
            if (batch.asked is None or getattr(batch.asked, kind)) and getattr(batch.predicted[0], kind) is None:
                self.silent[name] += len(batch.gold) if getattr(batch.gold[0], kind) is not None else 0
        if batch.asked is not None:
            self.relations.update(label.label for label in batch.asked.relations)
        self.relations.update(relation.type for one in batch.gold for relation in one.relations or () if relation.type)
        quiet: set[int] = set()
        for name in batch.tasks:
            task = self.tasks.get(name)
            if task is None:
                counting = {rule: RuleCounts(one, name) for rule, one in rules.items()}
                task = self.tasks[name] = TaskCounts(self.dataset, name, counting)
            quiet = task.add(batch)
        if len(batch.tasks) != 1:
            quiet = set()
        self.audit.add_faultless(len(quiet))
        for place in range(len(batch.gold)) if len(quiet) < len(batch.gold) else ():
            if place not in quiet:
                self.audit.add(batch.pair(place), batch.tasks)

    def scored(self) -> Iterator["TaskCounts"]:
        """The tasks that can be scored: entities none of which has a type are bare arguments of relations, or spans only, and no NER."""
        untyped = self.gold.is_untyped or self.predicted.is_untyped
        for name in KNOWN_TASKS:
            if name in self.tasks and not (untyped and name in _TYPED_ENTITIES):
                yield self.tasks[name]

    def unsaid(self) -> Iterator[str]:
        """What is to be told of tasks that no prediction says anything of."""
        for name, predictions in self.silent.items():
            if predictions and name not in self.tasks:
                kind = KINDS[TASKS.index(name)]
                yield f"{self.dataset or 'no dataset'}, {name}: not scored; gold annotates {kind}, predictions hold none."


@dataclass(slots=True)
class _Typing:
    any: bool = False
    typed: bool = False

    @property
    def is_untyped(self) -> bool:
        return self.any and not self.typed

    def see(self, documents: Iterable[Document]) -> None:
        for document in () if self.typed else documents:
            for entity in document.entities or ():
                self.any = True
                if entity.type is not None:
                    self.typed = True
                    return

    def see_ends(self, documents: Iterable[Document]) -> None:
        """The same of entities that are ends of relations."""
        for document in () if self.typed else documents:
            for relation in document.relations or ():
                if relation.level == "entity":
                    self.any = True
                    self.typed |= any((document.entities or ())[end].type is not None for end in (relation.head, relation.tail))


@dataclass(slots=True)
class TaskCounts:
    """One task of one corpus, counted by all rules.

    `ungrounded` gold mentions of `mentions` have no offsets. Of predicted ones `placed` have, and `unplaced` have none though they
    stand in their texts, where nobody has tried to find them (Documents without `problems`).
    """

    dataset: str
    name: str
    rules: dict[str, "RuleCounts"]
    pairs: int = 0
    mentions: int = 0
    ungrounded: int = 0
    placed: int = 0
    unplaced: int = 0
    between_clusters: int = 0
    gold_ends: _Typing = field(default_factory=_Typing)
    predicted_ends: _Typing = field(default_factory=_Typing)

    @property
    def place(self) -> str:
        """The corpus and the task, for notes."""
        return f"{self.dataset or 'no dataset'}, {self.name}"

    def lacks_offsets(self, rule: Rule) -> str:
        """Why the rule cannot compare places; "" where it can, or does not."""
        if not rule.needs_offsets:
            return ""
        if self.ungrounded:
            return f"gold mentions without offsets: {self.ungrounded} of {self.mentions}"
        if self.unplaced and not self.placed and not getattr(rule, "grounds", False):
            return f"predicted mentions without offsets: all {self.unplaced} that stand in their texts"
        return ""

    def add(self, batch: Batch) -> set[int]:
        """The places in the batch of Documents in which an audit would find nothing; those of which that is known at no cost."""
        self.pairs += len(batch.gold)
        if all(own.of_entities for own in self.rules.values()):
            return self._add_entities(batch)
        pairs = [pair._replace(gold=restricted(pair.gold, batch.asked, self.name)) for pair in batch.pairs()]
        self._see(pairs)
        for own in self.rules.values():
            own.add(pairs)
        return set()

    def _add_entities(self, batch: Batch) -> set[int]:
        """The same for entities alone, many documents at a time: what most time goes into."""
        troubled = [place for place, document in enumerate(batch.predicted) if document.problems]
        malformed = {batch.gold[place].id: _malformed(batch.pair(place), self.name) for place in troubled}
        quiet: set[int] = set()
        for own in self.rules.values():
            items = own.add_entities(batch, malformed)
            if own.rule.needs_offsets:
                self.mentions += len(items.gold)
                self.ungrounded += sum([key[2] is None for key in items.gold])
                self._see_found(batch.predicted, items.predicted)
                quiet = items.quiet()
        return quiet.difference(troubled)

    def _see_found(self, predicted: Sequence[Document], keys: Keys) -> None:
        without = [key[0] for key in keys if key[2] is None]
        self.placed += len(keys) - len(without)
        for place in dict.fromkeys(without):
            self._see_mentions(predicted[place], only_unplaced=True)

    def _see_mentions(self, predicted: Document, *, only_unplaced: bool = False) -> None:
        for mention in gold_mentions(predicted, self.name):
            if mention.start is not None:
                self.placed += not only_unplaced
            elif predicted.problems is None:
                self.unplaced += mention.text in predicted.text

    def _see(self, pairs: Sequence[Pair]) -> None:
        gold = [pair.gold for pair in pairs]
        for document in gold:
            mentions = gold_mentions(document, self.name)
            self.mentions += len(mentions)
            self.ungrounded += sum(mention.start is None for mention in mentions)
        for pair in pairs:
            self._see_mentions(pair.predicted)
        if self.name in OF_RELATIONS:
            self.between_clusters += sum(relation.level != "entity" for one in gold for relation in one.relations or ())
            self.gold_ends.see_ends(gold)
            self.predicted_ends.see_ends(pair.predicted for pair in pairs)


class RuleCounts:
    """One rule's counts of one task of one corpus."""

    def __init__(self, rule: Rule, task: str) -> None:
        self.rule = rule
        self.of_entities = isinstance(rule, MentionRule) and rule.entity_keys is not None and rule.measures(task) == (ENTITIES,)
        self.failed: ScoringError | None = None
        self.left_out = 0
        self._task = task
        self._items = ItemTally()
        self._tallies = {measure: Tally() for measure in rule.measures(task)}
        self._malformed = rule.malformed.get(task, ())
        self._answers = _AnswerNotes()

    def add_entities(self, batch: Batch, malformed: Mapping[str, int]) -> "_Block":
        assert isinstance(self.rule, MentionRule)
        assert self.rule.entity_keys is not None
        gold, predicted = self.rule.entity_keys(batch.gold), self.rule.entity_keys(batch.predicted)
        asked = None if batch.asked is None else {label.label for label in batch.asked.entities}
        if asked is not None:
            gold = [key for key in gold if key[1] in asked]
        ids = [document.id for document in batch.gold]
        return _Block(gold, predicted, self._items.add_items(ids, gold, predicted, malformed), asked)

    def add(self, pairs: Sequence[Pair]) -> None:
        if self.failed is not None or not self._tallies:
            return
        try:
            for pair in pairs:
                self._add(pair)
        except ScoringError as error:  # whether it is told depends on what else there is
            self.failed = error
        if self.rule.facts.wording:
            self._answers.see(pairs, self.rule, self._task)

    def _add(self, pair: Pair) -> None:
        counts = self.rule.counts(pair, self._task)
        self.left_out += not counts
        malformed = _malformed(pair, self._task) if self._malformed and pair.predicted.problems else 0
        for measure, own in counts.items():
            if _is_measured(measure, own, pair):
                self._tallies[measure].add(pair.gold.id, own, malformed if measure in self._malformed else 0)

    def rows(self, task: TaskCounts) -> list[Row]:
        tallies: Mapping[str, Tally] = {ENTITIES: self._items} if self._items.ids else self._tallies
        untyped = task.gold_ends.is_untyped or task.predicted_ends.is_untyped
        return [
            self._row(task, measure, tally)
            for measure, tally in tallies.items()
            if tally.ids and not (untyped and measure == RELATIONS_STRICT)
        ]

    def _row(self, task: TaskCounts, measure: str, tally: Tally) -> Row:
        total = sum(tally.by_type.values(), Counts())
        by_type = {type: tally.by_type[type] for type in sorted(type for type in tally.by_type if type is not None)}
        own = _headline(self.rule, total, by_type)
        # Counts of a kind of their own (coreference) hold more than three numbers: these have no array that says them.
        per_document = PerDocument(tuple(tally.ids), tally.table()) if type(total) is Counts else None
        place = (task.dataset, task.name, measure, self.rule.facts.name, len(tally.ids))
        return Row(*place, total, by_type, None if own == total.figures else own, per_document)

    def written(self, task: TaskCounts) -> str:
        """What is said of a rule of answer strings where documents were written for it; "" where none were."""
        written, facts = self._answers.written, self.rule.facts
        if facts.input != "answers" or not written:
            return ""
        which = "all" if written == task.pairs else f"{written} of {task.pairs}"
        return f"answer strings are compared; {which} documents were written as {facts.wording!r} for it"

    def notes(self, task: TaskCounts) -> Iterator[str]:
        name, facts, seen = self.rule.facts.name, self.rule.facts, self._answers
        if seen.unread:
            yield f"{task.place}: answers that {name!r} cannot read and takes for empty: {seen.unread} of {seen.generated}."
        if facts.faults:
            yield f"{name}: {facts.faults}."


@dataclass(frozen=True, slots=True)
class _Block:
    """Entities of many documents, as a rule that compares places does it, and their counts."""

    gold: Keys
    predicted: Keys
    counts: Table
    asked: Container[str] | None

    def quiet(self) -> set[int]:
        """The documents that are empty on both sides or none, in which no place has two types that gold does not give it, and whose
        wrong entities have places and asked types."""
        right, wrong, missed = self.counts.T
        loud = (right + wrong == 0) != (right + missed == 0)
        has_wrong = wrong.tolist()
        suspects = [(key[0], key[2:]) for key in self.predicted if has_wrong[key[0]]]
        for place, type, start, *_ in (key for key in self.predicted if has_wrong[key[0]]):
            loud[place] |= start is None or (self.asked is not None and type not in self.asked)
        for where, times in Counter(suspects).items():
            loud[where[0]] |= times > 1
        return set(np.flatnonzero(~loud).tolist())


@dataclass(slots=True)
class _AnswerNotes:
    """Of a rule of answer strings: documents that were `written` for it, answers that were `generated`, and `unread` ones of these."""

    written: int = 0
    generated: int = 0
    unread: int = 0

    def see(self, pairs: Sequence[Pair], rule: Rule, task: str) -> None:
        readable = getattr(rule, "readable", lambda raw, task: True)  # of AnswerRules, and of gollie
        for pair in pairs:
            answers = generated(pair, task, rule.facts.wording)
            self.written += not answers
            self.generated += len(answers)
            self.unread += sum(not readable(answer.predicted, task) for answer in answers)


def _headline(rule: Rule, total: Counts, by_type: Mapping[str, Counts]) -> Figures:
    if rule.facts.headline == "micro":
        return rule.figures(total)
    figures = [rule.figures(counts) for counts in by_type.values() if counts.gold]
    return Figures(*(sum(column) / len(figures) for column in zip(*figures, strict=True))) if figures else Figures(0.0, 0.0, 0.0)


def _is_measured(measure: str, counts: ByType, pair: Pair) -> bool:
    """Whether the measure says anything of the pair: types of arguments must be asked, roles asked or there."""
    if measure == RELATIONS_STRICT:
        return pair.asked is None or bool(pair.asked.entities)
    return measure not in ARGUMENT_MEASURES or bool(counts) or pair.asked is None or any(e.roles for e in pair.asked.events)


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
        return [task for task in common_tasks(pair) if task != COREF]
    return [task for task, kind in zip(TASKS, KINDS, strict=True) if getattr(pair.asked, kind)]
