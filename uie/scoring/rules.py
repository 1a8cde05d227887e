"""Rules that compare items for equality: `strict` (by offsets), `string`, `boundary`, `type-only`, `textee`. Document → items of each measure.

    NER  entities                  type, mention
    RE   relations boundary        relation, head, tail
         relations strict          + the types of both
    EE   trigger identification    trigger
         trigger classification    + event type
         argument identification   event type, argument                    (not tied to the trigger, as in universal-ie and TextEE)
         argument classification   + role
         argument attached         + trigger                               (AC+ of TextEE)

The other tasks are measured by the same rows: NER1 and ET as NER, EPR and RC as RE, SPO as RE with types, KG without those of the
values, EET by its triggers, EEA by its arguments, JOINT as NER and SPO; ES has `spans` (each span once, whatever its types) and EP
`pairs` (head, tail; each pair once).

A mention is its fragments under `strict` and its string under `string`, case and all. Everything is counted as a multiset, so the
true positives of a narrower measure never exceed those of a wider one (TextEE's sets do not have that property).
- An event without a trigger has "none" in the trigger's place, which equals only another "none": for corpora without triggers,
  trigger classification is the detection of event types.
- An argument that is an event stands for that event's trigger, as formats write it; for its type where it has none.
- Relations between clusters are no items (`uie.scoring.score` reports how many it left out), except for `any-gold-mention`.
- Relations that `symmetric` names have no direction: their ends may come in either order.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from uie.documents import Argument, Document, Entity, Event, Mention
from uie.scoring import Rule, RuleFacts
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, Keys, count_items
from uie.scoring.scope import Pair

ENTITIES = "entities"
SPANS = "spans"
PAIRS = "pairs"
RELATIONS_BOUNDARY = "relations boundary"
RELATIONS_STRICT = "relations strict"
TRIGGER_IDENTIFICATION = "trigger identification"
TRIGGER_CLASSIFICATION = "trigger classification"
ARGUMENT_IDENTIFICATION = "argument identification"
ARGUMENT_CLASSIFICATION = "argument classification"
ARGUMENT_ATTACHED = "argument attached"
ATTACHED_IDENTIFICATION = "argument attached identification"  # AI+ of TextEE

_RELATIONS = (RELATIONS_BOUNDARY, RELATIONS_STRICT)
_TRIGGERS = (TRIGGER_IDENTIFICATION, TRIGGER_CLASSIFICATION)
_ARGUMENTS = (ARGUMENT_IDENTIFICATION, ARGUMENT_CLASSIFICATION, ARGUMENT_ATTACHED)
MEASURES = {
    "NER": (ENTITIES,),
    "NER1": (ENTITIES,),
    "ES": (SPANS,),
    "ET": (ENTITIES,),
    "RE": _RELATIONS,
    "SPO": _RELATIONS,
    "EP": (PAIRS,),
    "EPR": (RELATIONS_BOUNDARY,),
    "RC": (RELATIONS_BOUNDARY,),
    "JOINT": (ENTITIES, *_RELATIONS),
    "KG": (RELATIONS_BOUNDARY,),
    "EET": _TRIGGERS,
    "EEA": _ARGUMENTS,
    "EE": (*_TRIGGERS, *_ARGUMENTS),
}
# What a summary shows: one figure for a task, two for events.
MAIN_MEASURES = {
    **MEASURES,
    "RE": (RELATIONS_BOUNDARY,),
    "SPO": (RELATIONS_STRICT,),
    "JOINT": (ENTITIES, RELATIONS_STRICT),
    "EE": (TRIGGER_CLASSIFICATION, ARGUMENT_CLASSIFICATION),
    "EET": (TRIGGER_CLASSIFICATION,),
    "EEA": (ARGUMENT_CLASSIFICATION,),
}
ARGUMENT_MEASURES = (*_ARGUMENTS, ATTACHED_IDENTIFICATION)
# For events a malformed piece counts against the triggers only: whether the line was to be a trigger or an argument cannot be told,
# and counted against both it would be wrong twice.
MALFORMED = {**MEASURES, "JOINT": _RELATIONS, "EE": _TRIGGERS}


def is_main(task: str, measure: str) -> bool:
    """Whether a summary shows the measure; one that only some rule has always counts as shown."""
    return measure in MAIN_MEASURES.get(task, ()) or measure not in (*MEASURES.get(task, ()), ATTACHED_IDENTIFICATION)


Place = Callable[[Mention], Hashable]


def span_of(mention: Mention) -> Hashable:
    """The fragments. An ungrounded mention is at no place that gold could have: gold without offsets is not scored by its place."""
    return mention.span or ("ungrounded", mention.text)


def text_of(mention: Mention) -> Hashable:
    return mention.text


@dataclass(frozen=True)
class MentionRule:
    """The measures above for the tasks of `own`; `place` says what of a mention must be equal, `set_wise` whether duplicates collapse."""

    facts: RuleFacts
    place: Place
    needs_offsets: bool
    own: Mapping[str, tuple[str, ...]]
    set_wise: bool = False
    ours: bool = True
    symmetric: frozenset[str] = frozenset()
    filler_place: Place | None = None  # where it is another one for arguments of events
    entity_keys: Callable[[Iterable[Document]], Keys] | None = None  # of typed entities, where they can be had faster than items

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return MALFORMED if self.ours else {}

    def measures(self, task: str) -> tuple[str, ...]:
        return self.own.get(task, ())

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        gold, predicted = self.items(pair.gold, task), self.items(pair.predicted, task)
        return {measure: self._matched(gold[measure], predicted[measure]) for measure in self.measures(task)}

    def _matched(self, gold: Sequence[Item], predicted: Sequence[Item]) -> dict[str | None, Counts]:
        if self.set_wise:
            return count_items(dict.fromkeys(gold), dict.fromkeys(predicted))
        return count_items(gold, predicted)

    def items(self, document: Document, task: str) -> dict[str, list[Item]]:
        """What is compared, by measure."""
        found: dict[str, list[Item]] = {}
        for read in _READ[task]:
            found.update(read(self, document))
        return found

    def _entities(self, document: Document) -> dict[str, list[Item]]:
        place = self.place
        return {ENTITIES: [Item(e.type, place(e.mention)) for e in document.entities or () if e.type is not None]}

    def _relations(self, document: Document) -> dict[str, list[Item]]:
        entities = document.entities or ()
        boundary, strict = [], []
        for relation in document.relations or ():
            if relation.level != "entity":
                continue
            ends = [_End(self.place(entity.mention), entity.type) for entity in (entities[relation.head], entities[relation.tail])]
            if relation.type in self.symmetric:
                ends.sort(key=repr)  # places of one rule may be of several kinds, which do not compare
            boundary.append(Item(relation.type, tuple(end.place for end in ends)))
            strict.append(Item(relation.type, (*(end.place for end in ends), *(end.type for end in ends))))
        return {RELATIONS_BOUNDARY: boundary, RELATIONS_STRICT: strict}

    def _spans(self, document: Document) -> dict[str, list[Item]]:
        mentions = dict.fromkeys(entity.mention for entity in document.entities or ())
        return {SPANS: [Item(None, self.place(mention)) for mention in mentions]}

    def _pairs(self, document: Document) -> dict[str, list[Item]]:
        entities = document.entities or ()
        pairs = {
            (entities[r.head].mention, entities[r.tail].mention): None for r in document.relations or () if r.level == "entity"
        }
        return {PAIRS: [Item(None, (self.place(head), self.place(tail))) for head, tail in pairs]}

    def _events(self, document: Document) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {measure: [] for measure in (*MEASURES["EE"], ATTACHED_IDENTIFICATION)}
        events, filler_place = document.events or (), self.filler_place or self.place
        for event in events:
            trigger = None if event.trigger is None else self.place(event.trigger)
            found[TRIGGER_IDENTIFICATION].append(Item(None, trigger))
            found[TRIGGER_CLASSIFICATION].append(Item(event.type, trigger))
            for argument in event.arguments:
                place = filler_place(filler(argument, events))
                typed_role = f"{event.type}/{argument.role}"
                found[ARGUMENT_IDENTIFICATION].append(Item(event.type, place))
                found[ARGUMENT_CLASSIFICATION].append(Item(typed_role, (event.type, argument.role, place)))
                found[ARGUMENT_ATTACHED].append(Item(typed_role, (event.type, argument.role, place, trigger)))
                found[ATTACHED_IDENTIFICATION].append(Item(event.type, (place, trigger)))
        return found


@dataclass(frozen=True, slots=True)
class _End:
    place: Hashable
    type: str | None


def filler(argument: Argument, events: Sequence[Event]) -> Mention:
    """The mention that fills the role; an event stands for its trigger, or for its type."""
    if argument.mention is not None:
        return argument.mention
    assert argument.event is not None
    target = events[argument.event]
    return target.trigger or Mention(target.type)


_READ: dict[str, tuple[Callable[[MentionRule, Document], dict[str, list[Item]]], ...]] = {
    **dict.fromkeys(("NER", "NER1", "ET"), (MentionRule._entities,)),
    **dict.fromkeys(("RE", "SPO", "EPR", "RC", "KG"), (MentionRule._relations,)),
    **dict.fromkeys(("EE", "EET", "EEA"), (MentionRule._events,)),
    "ES": (MentionRule._spans,),
    "EP": (MentionRule._pairs,),
    "JOINT": (MentionRule._entities, MentionRule._relations),
}


def _span_entity_keys(documents: Iterable[Document]) -> Keys:
    """What `span_of` compares, with the type. One loop, since attributes cost most of the time that scoring takes."""
    return [
        (place, entity.type, mention.start, mention.end, mention.fragments)
        for place, document in enumerate(documents)
        for entity in document.entities or ()
        for mention in (entity.mention,)
        if entity.type is not None
    ]


def _text_entity_keys(documents: Iterable[Document]) -> Keys:
    return [
        (place, entity.type, entity.mention.text)
        for place, document in enumerate(documents)
        for entity in document.entities or ()
        if entity.type is not None
    ]


@dataclass(frozen=True)
class LooseRule:
    """Items that leave out a part of what `strict` compares; `read` gives them for one Document."""

    facts: RuleFacts
    needs_offsets: bool
    own: Mapping[str, Mapping[str, Callable[[Document], Iterable[Item]]]]

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {task: tuple(m for m in MALFORMED[task] if m in self.own[task]) or tuple(self.own[task]) for task in self.own}

    def measures(self, task: str) -> tuple[str, ...]:
        return tuple(self.own.get(task, ()))

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        return {measure: count_items(read(pair.gold), read(pair.predicted)) for measure, read in self.own[task].items()}


def typed(document: Document) -> list[Entity]:
    """The entities that have a type: untyped ones are bare arguments of relations."""
    return [entity for entity in document.entities or () if entity.type is not None]


def _untyped_spans(document: Document) -> list[Item]:
    return [Item(None, span_of(entity.mention)) for entity in typed(document)]


def _entity_types(document: Document) -> list[Item]:
    return [Item(entity.type, None) for entity in typed(document)]


def _relation_types(document: Document) -> list[Item]:
    return [Item(relation.type, None) for relation in document.relations or () if relation.level == "entity"]


def _event_types(document: Document) -> list[Item]:
    return [Item(event.type, None) for event in document.events or ()]


_TEXTEE = (*_TRIGGERS, ARGUMENT_IDENTIFICATION, ARGUMENT_CLASSIFICATION, ATTACHED_IDENTIFICATION, ARGUMENT_ATTACHED)

STRICT = MentionRule(
    RuleFacts(
        name="strict",
        compares="type and offsets (all fragments); of relations and events every part",
        used_by="uie; equal to seqeval, conlleval and spaCy on flat documents",
        source="CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), with multisets instead of sets",
    ),
    span_of,
    needs_offsets=True,
    own=MEASURES,
    entity_keys=_span_entity_keys,
)
STRING = MentionRule(
    RuleFacts(
        name="string",
        compares="type and string of the mention, wherever it stands",
        used_by="uie, where offsets are not known; seed 001; the string- figures of universal-ie",
        source="universal-ie/UIE uie/extraction/scorer.py, match_mode normal",
    ),
    text_of,
    needs_offsets=False,
    own=MEASURES,
    entity_keys=_text_entity_keys,
)
BOUNDARY = LooseRule(
    RuleFacts(
        name="boundary",
        compares="offsets of the mention, whatever its type",
        used_by="uie: how much of the error is in finding, how much in naming",
        source="uie; mentions of one span with two types are two items",
    ),
    needs_offsets=True,
    own={task: {ENTITIES: _untyped_spans} for task in ("NER", "NER1", "JOINT")},
)
TYPE_ONLY = LooseRule(
    RuleFacts(
        name="type-only",
        compares="types of the document's entities, relations or events, wherever they are",
        used_by="uie: whether the right kinds of things were found, and how many",
        source="uie; the multiset of types of each document",
    ),
    needs_offsets=False,
    own={
        **{task: {ENTITIES: _entity_types} for task in ("NER", "NER1")},
        **{task: {RELATIONS_BOUNDARY: _relation_types} for task in ("RE", "SPO", "KG")},
        **{task: {TRIGGER_CLASSIFICATION: _event_types} for task in ("EE", "EET")},
        "JOINT": {ENTITIES: _entity_types, RELATIONS_BOUNDARY: _relation_types},
    },
)
TEXTEE = MentionRule(
    RuleFacts(
        name="textee",
        compares="TI trigger; TC + event type; AI event type and argument; AC + role; AI+ and AC+ also the trigger",
        used_by="TextEE (Huang et al. 2024), the standard of event extraction",
        source="ej0cl6/TextEE TextEE/scorer.py (which has token offsets; ours are of characters)",
        duplicates="collapse within a document: two events of one type that share an argument have it once",
        faults="a set holds an argument of two equal events once, so AC may be lower than AC+",
    ),
    span_of,
    needs_offsets=True,
    own={"EE": _TEXTEE, "EET": _TRIGGERS, "EEA": _TEXTEE[2:]},
    set_wise=True,
    ours=False,
)


def with_symmetric(rule: Rule, labels: Iterable[str]) -> Rule | None:
    """The rule with these relations without direction; None where the rule cannot."""
    return replace(rule, symmetric=frozenset(labels)) if isinstance(rule, MentionRule) else None
