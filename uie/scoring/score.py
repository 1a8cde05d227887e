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
from uie.scoring.audits import AuditTally
from uie.scoring.counts import ByType, Counts, Figures, ItemTally, Keys, Table, Tally
from uie.scoring.joining import Batch, Joined, join
from uie.scoring.rules import ARGUMENT_MEASURES, ENTITIES, RELATIONS_STRICT, MentionRule, with_symmetric
from uie.scoring.scope import COREF, GIVEN_GOLD, KNOWN_TASKS, TASKS, AnswerPair, Pair, common_tasks, gold_mentions, restricted
from uie.scoring.scores import PerDocument, Row, Scores, aggregate_rows

__all__ = ["ALL", "AUTO", "AnswerPair", "Scores", "join", "score"]

ALL = "all"
"""Stands for every rule that fits."""
AUTO = "auto"
"""Stands for strict where all gold mentions of a corpus have offsets, and for string where they have not."""
_AUTO_RULES = ("strict", "string")
OF_RELATIONS = ("RE", "SPO", "EP", "EPR", "RC", "KG", "JOINT")
WITH_CLUSTERS = ("any-gold-mention",)
_TYPED_ENTITIES = ("NER", "NER1", "ET")


def score(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    rule: str = "strict",
    answers: Iterable[AnswerPair] = (),
    symmetric: Iterable[str] = (),
) -> Scores:
    """Score predictions against gold.

    Gold is restricted to `predicted.asked`; what was predicted is not: an unasked type is a false positive. Each malformed piece of
    an answer counts as one false positive of its task under our own rules. Corpora are those of gold.

    Two lists may be in different orders. Iterators are read side by side and let go of, so that of files in one order only the
    counts of each document stay in memory.

    `answers` are the strings that were generated, for rules that compare strings; without them, or where they are in another format,
    the Documents are written in the rule's wording. `symmetric` names relations whose ends may come in either order. The rule "auto"
    is strict, or string for a corpus and task whose gold mentions have no offsets, named in the row and in `notes`. The rule "all" is
    every rule that fits: a row for each, and a note for each that does not.

    Raises:
        ScoringError: ids or texts of the two sides do not agree, or nothing is both annotated and asked; the rule needs offsets that
            gold does not have, or cannot be used on what was asked.
        SettingsError: no rule has that name, or the rule knows no symmetric relations.

    >>> scores = score(read("documents/test.jsonl"), read("predictions.jsonl"), rule="strict")  # doctest: +SKIP
    """
    run = _Run(rule, _rules(rule, tuple(symmetric)))
    joined = Joined(gold, predicted, answers)
    for batch in joined:
        run.add(batch)
    return run.scores(joined.documents)


def _rules(name: str, symmetric: tuple[str, ...]) -> dict[str, Rule]:
    names = {ALL: RULES.names(), AUTO: _AUTO_RULES}.get(name, (name,))
    rules = {one: RULES.get(one) for one in names}
    if not symmetric:
        return rules
    directed = {one: with_symmetric(rule, symmetric) for one, rule in rules.items()}
    if name != ALL and None in directed.values():
        raise SettingsError(f"rule {name!r} knows no symmetric relations; score by strict, string or textee.")
    return {one: directed[one] or rule for one, rule in rules.items()}


class _Run:
    """Everything that is counted, corpus by corpus and task by task; it is decided at the end what of it is shown."""

    def __init__(self, rule: str, rules: Mapping[str, Rule]) -> None:
        self._rule = rule
        self._rules = rules
        self._corpora: dict[str, _Corpus] = {}
        self._gold_kinds: set[str] = set()
        self._predicted_kinds: set[str] = set()
        self._asked_kinds: set[str] = set()

    def add(self, batch: Batch) -> None:
        dataset = batch.gold[0].dataset
        corpus = self._corpora.setdefault(dataset, _Corpus(dataset, AuditTally(dataset)))
        corpus.add(batch, self._rules)
        self._gold_kinds |= {kind for kind in KINDS if getattr(batch.gold[0], kind) is not None}
        self._predicted_kinds |= {kind for kind in KINDS if getattr(batch.predicted[0], kind) is not None}
        self._asked_kinds |= {kind for kind in KINDS if batch.asked is None or getattr(batch.asked, kind)}

    def scores(self, documents: int) -> Scores:
        """Raises ScoringError where there is nothing to show."""
        found = _Found()
        corpora = [corpus for _, corpus in sorted(self._corpora.items())]
        for corpus in corpora:
            for task in corpus.scored():
                self._add_task(found, task)
        if not found.tasks:
            raise ScoringError(self._nothing())
        if found.ungrounded:
            raise ScoringError(
                f"rule {self._rule!r} needs offsets, which gold mentions do not have: {'; '.join(found.ungrounded)}. "
                "Score these corpora by 'string', or leave them out."
            )
        if not found.rows:
            raise ScoringError(f"nothing to score: {'; '.join(found.why_not(every=True))}.")
        reasons = (f"{reason}." for reason in found.why_not(every=self._rule != ALL))
        used = {row.rule for row in found.rows}
        shown = used.pop() if self._rule == AUTO and len(used) == 1 else self._rule
        return Scores(
            shown,
            documents,
            tuple(found.rows),
            aggregate_rows(found.rows),
            tuple(corpus.audit.finish() for corpus in corpora),
            tuple(dict.fromkeys((*found.said(), *found.notes, *reasons))),
        )

    def _add_task(self, found: "_Found", task: "_Task") -> None:
        found.tasks.append(task.place)
        if silent := self._corpora[task.dataset].silent[task.name]:
            kind = KINDS[TASKS.index(task.name)]
            raise ScoringError(
                f"{task.place}: {silent} of {silent + task.pairs} predictions say nothing of {kind}, which gold annotates and the others "
                f'hold; where nothing was found "{kind}" is [], and "asked" says where it was not asked.'
            )
        for name, own in task.rules.items():
            if self._rule == AUTO and (name == "strict") == bool(task.ungrounded):
                continue
            self._add_rule(found, task, name, own)
        if self._rule == AUTO and task.ungrounded:
            found.notes.append(f"{task.place}: scored by 'string'; gold mentions without offsets: {task.ungrounded}.")
        if task.name in GIVEN_GOLD:
            found.notes.append(f"{task.place}: answered with gold parts given.")
        if task.name in OF_RELATIONS and self._rule not in WITH_CLUSTERS and task.between_clusters:
            found.notes.append(f"{task.place}: gold relations between clusters, which are not scored: {task.between_clusters}.")

    def _add_rule(self, found: "_Found", task: "_Task", name: str, own: "_Counting") -> None:
        """Adds the rule's rows, or the reason why it has none."""
        alone = self._rule != ALL
        if not own.rule.measures(task.name):
            found.leave_out(name, "the rule says nothing of such items", task.place)
            return
        if own.rule.needs_offsets and task.ungrounded:
            if alone:
                found.ungrounded.append(f"{task.place}: {task.ungrounded} of {task.mentions}")
            found.leave_out(name, "gold mentions have no offsets", task.place)
            return
        if own.failed is not None:
            if alone:
                raise own.failed
            found.leave_out(name, str(own.failed).rstrip("."), task.place)
            return
        rows = own.rows(task)
        reason = f"{own.left_out} of {task.pairs} documents cannot be taken by the rule, and are left out"
        if own.left_out and not rows:
            found.leave_out(name, reason, task.place)
        elif own.left_out:
            found.tell(name, reason, task.place)
        if written := own.written(task):
            found.tell(name, written, task.place)
        found.rows += rows
        found.notes += own.notes(task) if alone else ()

    def _nothing(self) -> str:
        if not self._corpora:
            return "nothing to score: there are no gold documents."
        gold, predicted, asked = (
            ", ".join(kind for kind in KINDS if kind in kinds)
            for kinds in (self._gold_kinds, self._predicted_kinds, self._asked_kinds)
        )
        return (
            f"nothing to score: gold annotates {gold or 'none'}; predictions hold {predicted or 'none'}; asked were {asked}. "
            "One of entities (with types), relations, events must be in all three (clusters in the first two)."
        )


@dataclass(slots=True)
class _Found:
    tasks: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ungrounded: list[str] = field(default_factory=list)
    unfit: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    told: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def leave_out(self, rule: str, reason: str, place: str) -> None:
        self.unfit.setdefault((rule, reason), []).append(place)

    def tell(self, rule: str, what: str, place: str) -> None:
        """Of a rule that has rows there."""
        self.told.setdefault((rule, what), []).append(place)

    def said(self) -> list[str]:
        """A line for all rules of which the same is told of the same places."""
        rules: dict[tuple[str, str], list[str]] = {}
        for (rule, what), places in self.told.items():
            rules.setdefault((what, "; ".join(places)), []).append(rule)
        return [f"{', '.join(names)}: {what} ({places})." for (what, places), names in rules.items()]

    def why_not(self, *, every: bool) -> list[str]:
        """A line for each rule and reason; unless `every`, only for rules that no row is of."""
        used = {row.rule for row in self.rows}
        return [
            f"{rule}: not scored on {'; '.join(places)}: {reason}"
            for (rule, reason), places in self.unfit.items()
            if every or rule not in used
        ]


# One corpus


@dataclass(slots=True)
class _Corpus:
    """`gold` and `predicted` say of the entities of each side whether there are any, and any with a type.

    `silent` counts the predictions that do not say what they should of a task: neither items nor that there are none.
    """

    dataset: str
    audit: AuditTally
    silent: Counter[str] = field(default_factory=Counter)
    tasks: dict[str, "_Task"] = field(default_factory=dict)
    gold: "_Typing" = field(default_factory=lambda: _Typing())
    predicted: "_Typing" = field(default_factory=lambda: _Typing())

    def add(self, batch: Batch, rules: Mapping[str, Rule]) -> None:
        self.gold.see(batch.gold)
        if batch.asked is None:
            self.predicted.see(batch.predicted)
        for name, kind in () if batch.named else zip(TASKS, KINDS, strict=True):
            if (batch.asked is None or getattr(batch.asked, kind)) and getattr(batch.predicted[0], kind) is None:
                self.silent[name] += len(batch.gold) if getattr(batch.gold[0], kind) is not None else 0
        quiet: set[int] = set()
        for name in batch.tasks:
            task = self.tasks.get(name)
            if task is None:
                counting = {rule: _Counting(one, name) for rule, one in rules.items()}
                task = self.tasks[name] = _Task(self.dataset, name, counting)
            quiet = task.add(batch)
        if len(batch.tasks) != 1:
            quiet = set()
        self.audit.add_faultless(len(quiet))
        for place in range(len(batch.gold)) if len(quiet) < len(batch.gold) else ():
            if place not in quiet:
                self.audit.add(batch.pair(place), batch.tasks)

    def scored(self) -> Iterator["_Task"]:
        """The tasks that can be scored: entities none of which has a type are bare arguments of relations, or spans only, and no NER."""
        untyped = self.gold.is_untyped or self.predicted.is_untyped
        for name in KNOWN_TASKS:
            if name in self.tasks and not (untyped and name in _TYPED_ENTITIES):
                yield self.tasks[name]


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
class _Task:
    """One task of one corpus, counted by all rules. `ungrounded` gold mentions of `mentions` have no offsets."""

    dataset: str
    name: str
    rules: dict[str, "_Counting"]
    pairs: int = 0
    mentions: int = 0
    ungrounded: int = 0
    between_clusters: int = 0
    gold_ends: _Typing = field(default_factory=_Typing)
    predicted_ends: _Typing = field(default_factory=_Typing)

    @property
    def place(self) -> str:
        """The corpus and the task, for notes."""
        return f"{self.dataset or 'no dataset'}, {self.name}"

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
                quiet = items.quiet()
        return quiet.difference(troubled)

    def _see(self, pairs: Sequence[Pair]) -> None:
        gold = [pair.gold for pair in pairs]
        for document in gold:
            mentions = gold_mentions(document, self.name)
            self.mentions += len(mentions)
            self.ungrounded += sum(mention.start is None for mention in mentions)
        if self.name in OF_RELATIONS:
            self.between_clusters += sum(relation.level != "entity" for one in gold for relation in one.relations or ())
            self.gold_ends.see_ends(gold)
            self.predicted_ends.see_ends(pair.predicted for pair in pairs)


class _Counting:
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
        if batch.asked is not None:
            asked = {label.label for label in batch.asked.entities}
            gold = [key for key in gold if key[1] in asked]
        ids = [document.id for document in batch.gold]
        return _Block(gold, predicted, self._items.add_items(ids, gold, predicted, malformed))

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

    def rows(self, task: _Task) -> list[Row]:
        tallies: Mapping[str, Tally] = {ENTITIES: self._items} if self._items.ids else self._tallies
        untyped = task.gold_ends.is_untyped or task.predicted_ends.is_untyped
        return [
            self._row(task, measure, tally)
            for measure, tally in tallies.items()
            if tally.ids and not (untyped and measure == RELATIONS_STRICT)
        ]

    def _row(self, task: _Task, measure: str, tally: Tally) -> Row:
        total = sum(tally.by_type.values(), Counts())
        by_type = {type: tally.by_type[type] for type in sorted(type for type in tally.by_type if type is not None)}
        own = _headline(self.rule, total, by_type)
        # Counts of a kind of their own (coreference) hold more than three numbers: these have no array that says them.
        per_document = PerDocument(tuple(tally.ids), tally.table()) if type(total) is Counts else None
        place = (task.dataset, task.name, measure, self.rule.facts.name, len(tally.ids))
        return Row(*place, total, by_type, None if own == total.figures else own, per_document)

    def written(self, task: _Task) -> str:
        """What is said of a rule of answer strings where documents were written for it; "" where none were."""
        written, facts = self._answers.written, self.rule.facts
        if facts.input != "answers" or not written:
            return ""
        which = "all" if written == task.pairs else f"{written} of {task.pairs}"
        return f"answer strings are compared; {which} documents were written as {facts.wording!r} for it"

    def notes(self, task: _Task) -> Iterator[str]:
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

    def quiet(self) -> set[int]:
        """The documents that are empty on both sides or none, and in which no place has two types that gold does not give it."""
        right, wrong, missed = self.counts.T
        loud = (right + wrong == 0) != (right + missed == 0)
        has_wrong = wrong.tolist()
        suspects = [(key[0], key[2:]) for key in self.predicted if has_wrong[key[0]]]
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
