"""Rules with another view of what an argument is: `head` (its head word) and `any-gold-mention` (its coreference cluster)."""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from uie.documents import Document, Mention
from uie.scoring import RuleFacts
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, count_items
from uie.scoring.rules import MALFORMED, MEASURES, RELATIONS_BOUNDARY, MentionRule, span_of
from uie.scoring.scope import Pair
from uie.tasks.occurrences import is_unspaced

# What follows the head of an English noun phrase.
_AFTER_HEAD = re.compile(r",|\b(?:of|in|on|at|from|for|with|by|to|near|who|that|which|whose|where|when)\b")


@dataclass(frozen=True)
class PlacedRule:
    """A MentionRule whose places depend on the gold Document."""

    facts: RuleFacts
    own: Mapping[str, tuple[str, ...]]
    needs_offsets: bool = True

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {task: MALFORMED[task] for task in self.own}

    def measures(self, task: str) -> tuple[str, ...]:
        return self.own.get(task, ())

    def figures(self, counts: Counts) -> Figures:
        return counts.figures


class HeadRule(PlacedRule):
    def counts(self, pair: Pair, task: str) -> ByMeasure:
        text, heads = pair.gold.text, _annotated_heads(pair.gold)

        def place(mention: Mention) -> Hashable:
            return heads.get(span_of(mention)) or head_of(mention, text, lang=pair.gold.lang)

        rule = MentionRule(self.facts, span_of, True, self.own, filler_place=place)
        return rule.counts(pair, task)


def _annotated_heads(gold: Document) -> dict[Hashable, Hashable]:
    """Span → the head that the corpus gives as the entity's attribute `head`: [start, end]."""
    found: dict[Hashable, Hashable] = {}
    for entity in gold.entities or ():
        head = entity.attributes.get("head")
        if isinstance(head, Sequence) and not isinstance(head, str) and len(head) == 2:
            found[span_of(entity.mention)] = (tuple(head),)
    return found


def head_of(mention: Mention, text: str, *, lang: str) -> Hashable:
    """The place of the mention's last word; in English of the last before a comma, a preposition or a relative clause.

    Mentions in scripts without spaces are their own heads, and so are those with gaps or without a place.
    """
    if mention.start is None or mention.end is None or mention.fragments:
        return span_of(mention)
    end = mention.end
    if lang == "en" and (after := _AFTER_HEAD.search(text, mention.start + 1, mention.end)):
        end = after.start()
    words = list(re.finditer(r"\w+(?:['’-]\w+)*", text[mention.start : end]))
    if not words or is_unspaced(words[-1].group()[-1]):
        return span_of(mention)
    return ((mention.start + words[-1].start(), mention.start + words[-1].end()),)


class ClusterRule(PlacedRule):
    def counts(self, pair: Pair, task: str) -> ByMeasure:
        clusters = _clusters(pair.gold)
        if clusters is None:
            return {}

        def place(mention: Mention) -> Hashable:
            return clusters.get(span_of(mention), span_of(mention))

        if RELATIONS_BOUNDARY in self.measures(task):
            gold, predicted = (dict.fromkeys(_relations(side, place)) for side in (pair.gold, pair.predicted))
            return {RELATIONS_BOUNDARY: count_items(gold, predicted)}
        return MentionRule(self.facts, span_of, True, self.own, set_wise=True, filler_place=place).counts(pair, task)


def _clusters(gold: Document) -> dict[Hashable, Hashable] | None:
    """Span → its cluster; None where the Document is not annotated with clusters."""
    if gold.clusters is None:
        return None
    entities = gold.entities or ()
    return {span_of(entities[index].mention): number for number, cluster in enumerate(gold.clusters) for index in cluster}


def _relations(document: Document, place: Callable[[Mention], Hashable]) -> Iterator[Item]:
    """Relations between entities and between clusters; a cluster is where its first mention is."""
    entities, clusters = document.entities or (), document.clusters or ()
    for relation in document.relations or ():
        ends = [end if relation.level == "entity" else clusters[end][0] for end in (relation.head, relation.tail)]
        yield Item(relation.type, tuple(place(entities[end].mention) for end in ends))


_EVENTS = {task: MEASURES[task] for task in ("EE", "EEA")}
HEAD = HeadRule(
    RuleFacts(
        name="head",
        compares="as strict, but of arguments of events the head word only",
        used_by="event extraction since Li et al. (2013), where corpora annotate heads (ACE 2005)",
        source="heads that gold annotates (attribute head), else the last word before a preposition, comma or relative clause",
        normalised="arguments to their head words",
    ),
    _EVENTS,
)
ANY_GOLD_MENTION = ClusterRule(
    RuleFacts(
        name="any-gold-mention",
        compares="as strict, but of arguments and of ends of relations any mention of the same gold cluster",
        used_by="document-level extraction: DocRED (Yao et al. 2019), WikiEvents' coreference F1 (Li et al. 2021)",
        source="gold's clusters, for both sides; Documents without clusters are left out",
        duplicates="collapse within a document: two mentions of one entity are one argument",
        normalised="mentions to their gold clusters",
    ),
    {"RE": (RELATIONS_BOUNDARY,), "SPO": (RELATIONS_BOUNDARY,), **_EVENTS},
)
