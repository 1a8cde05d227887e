"""Gold and predicted Documents → Scores: joined by id, restricted to what was asked, counted by a rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from uie.documents import Document
from uie.errors import ScoringError, SettingsError, unknown_name
from uie.schema import KINDS
from uie.scoring import RULES, Rule
from uie.scoring.audits import AuditTally
from uie.scoring.counting import OF_RELATIONS, CorpusCounts, RuleCounts, TaskCounts
from uie.scoring.joining import Batch, Joined
from uie.scoring.rules import with_symmetric
from uie.scoring.scope import GIVEN_GOLD, TASKS, AnswerPair
from uie.scoring.scores import Row, Scores, aggregate_rows

ALL = "all"
"""Stands for every rule that fits."""
AUTO = "auto"
"""Stands for strict where all gold mentions of a corpus have offsets, and for string where they have not."""
_AUTO_RULES = ("strict", "string")
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
    symmetric = tuple(symmetric)
    run = _Run(rule, _rules(rule, symmetric), symmetric)
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

    def __init__(self, rule: str, rules: Mapping[str, Rule], symmetric: tuple[str, ...]) -> None:
        self._rule = rule
        self._rules = rules
        self._symmetric = symmetric
        self._corpora: dict[str, CorpusCounts] = {}
        self._gold_kinds: set[str] = set()
        self._predicted_kinds: set[str] = set()
        self._asked_kinds: set[str] = set()

    def add(self, batch: Batch) -> None:
        dataset = batch.gold[0].dataset
        corpus = self._corpora.setdefault(dataset, CorpusCounts(dataset, AuditTally(dataset)))
        corpus.add(batch, self._rules)
        self._gold_kinds |= {kind for kind in KINDS if getattr(batch.gold[0], kind) is not None}
        self._predicted_kinds |= {kind for kind in KINDS if getattr(batch.predicted[0], kind) is not None}
        self._asked_kinds |= {kind for kind in KINDS if batch.asked is None or getattr(batch.asked, kind)}

    def scores(self, documents: int) -> Scores:
        """Raises ScoringError where there is nothing to show."""
        found = _Found()
        corpora = [corpus for _, corpus in sorted(self._corpora.items())]
        self._check_symmetric(corpora)
        for corpus in corpora:
            for task in corpus.scored():
                self._add_task(found, task)
            found.notes += corpus.unsaid()
        if not found.tasks:
            raise ScoringError(self._nothing())
        if found.ungrounded:
            raise ScoringError(
                f"rule {self._rule!r} needs offsets: {'; '.join(found.ungrounded)}. "
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

    def _check_symmetric(self, corpora: Iterable["CorpusCounts"]) -> None:
        known = {label for corpus in corpora for label in corpus.relations}
        for label in self._symmetric:
            if label not in known:
                raise SettingsError(unknown_name("relation", label, sorted(known)))

    def _add_task(self, found: "_Found", task: "TaskCounts") -> None:
        found.tasks.append(task.place)
        if silent := self._corpora[task.dataset].silent[task.name]:
            kind = KINDS[TASKS.index(task.name)]
            raise ScoringError(
                f"{task.place}: {silent} of {silent + task.pairs} predictions say nothing of {kind}, which gold annotates and the others "
                f'hold; where nothing was found "{kind}" is [], and "asked" says where it was not asked.'
            )
        why = task.lacks_offsets(self._rules["strict"]) if self._rule == AUTO else ""
        for name, own in task.rules.items():
            if self._rule == AUTO and (name == "strict") == bool(why):
                continue
            self._add_rule(found, task, name, own)
        if self._rule == AUTO and why:
            found.notes.append(f"{task.place}: scored by 'string'; {why}.")
        if task.name in GIVEN_GOLD:
            found.notes.append(f"{task.place}: answered with gold parts given.")
        if task.name in OF_RELATIONS and self._rule not in WITH_CLUSTERS and task.between_clusters:
            found.notes.append(f"{task.place}: gold relations between clusters, which are not scored: {task.between_clusters}.")

    def _add_rule(self, found: "_Found", task: "TaskCounts", name: str, own: "RuleCounts") -> None:
        """Adds the rule's rows, or the reason why it has none."""
        alone = self._rule != ALL
        if not own.rule.measures(task.name):
            found.leave_out(name, "the rule says nothing of such items", task.place)
            return
        if why := task.lacks_offsets(own.rule):
            if alone:
                found.ungrounded.append(f"{task.place}: {why}")
            found.leave_out(name, why, task.place)
            return
        if own.rule.needs_offsets and task.unplaced and not getattr(own.rule, "grounds", False):
            what = f"{task.unplaced} predicted mentions stand in their texts but have no offsets, and are wrong"
            found.tell(name, what, task.place)
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
