"""Training Documents → a baseline that knows nothing but the strings annotated there: the figure that a model must beat.

After the baseline of the CoNLL-2003 shared task (Tjong Kim Sang and De Meulder 2003), which marks phrases of the training data, the
longest first. That one takes phrases with a single class; ours asks how often a phrase was a mention at all: a string gets type t
if it was a mention of type t at more than half of the places where it stands in the training texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from uie.documents import Argument, Document, Entity, Event, Mention, Relation, entity_index
from uie.schema import KINDS, Schema
from uie.scoring.scope import asked_schema
from uie.tasks.occurrences import at_word_boundaries


class _Strings:
    """A set of strings that can be found in texts; `places` are at word boundaries and match case."""

    def __init__(self, strings: Iterable[str]) -> None:
        self._strings = {string for string in strings if string}
        lengths: dict[str, set[int]] = {}
        for string in self._strings:
            lengths.setdefault(string[0], set()).add(len(string))
        self._lengths = {first: sorted(own, reverse=True) for first, own in lengths.items()}

    def places(self, text: str) -> Iterator[tuple[int, str]]:
        """Every place with its string: from left to right, longer strings first."""
        for start, character in enumerate(text):
            lengths = self._lengths.get(character)
            if lengths is None or not at_word_boundaries(text, start, start):
                continue
            for length in lengths:
                string = text[start : start + length]
                if string in self._strings and len(string) == length and at_word_boundaries(text, start, start + length):
                    yield start, string


class _Typed:
    """Strings with the types that they mostly have."""

    def __init__(self, annotated: Iterable[tuple[str, list[tuple[Mention, str]]]]) -> None:
        """From texts with their mentions and types. Mentions that cut a word or have gaps are strings that no text shows; left out."""
        listed = list(annotated)
        times: dict[str, Counter[str]] = {}
        for text, mentions in listed:
            for mention, type in mentions:
                if _is_phrase(text, mention):
                    times.setdefault(mention.text, Counter())[type] += 1
        known, places = _Strings(times), Counter[str]()
        for text, _ in listed:
            places.update(string for _, string in known.places(text))
        self._types = {
            string: sorted((type for type, n in own.items() if 2 * n > places[string]), key=lambda type: (-own[type], type))
            for string, own in times.items()
        }
        self._strings = _Strings(string for string, types in self._types.items() if types)

    def find(self, text: str, asked: frozenset[str] | None) -> Iterator[tuple[Mention, str]]:
        """The longest known strings from left to right, none overlapping, with their most frequent type among those asked."""
        position = 0
        for start, string in self._strings.places(text):
            type = next((type for type in self._types[string] if asked is None or type in asked), None)
            if start >= position and type is not None:
                position = start + len(string)
                yield Mention(string, start, position), type


def _is_phrase(text: str, mention: Mention) -> bool:
    if mention.start is None or mention.end is None:
        return True
    return not mention.fragments and at_word_boundaries(text, mention.start, mention.end)


@dataclass(frozen=True)
class _Corpus:
    """What one corpus taught; `kinds` are those it annotates."""

    kinds: frozenset[str]
    entities: _Typed
    triggers: _Typed
    triples: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    fillers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @staticmethod
    def learn(documents: list[Document]) -> "_Corpus":
        kinds = frozenset(kind for kind in KINDS if any(getattr(d, kind) is not None for d in documents))
        triples: dict[str, dict[tuple[str, str], None]] = {}
        fillers: dict[str, dict[tuple[str, str], None]] = {}
        for document in documents:
            entities = document.entities or ()
            for relation in document.relations or ():
                if relation.level == "entity" and relation.type is not None:
                    head, tail = entities[relation.head].mention.text, entities[relation.tail].mention.text
                    triples.setdefault(head, {})[relation.type, tail] = None
            for event in document.events or ():
                for argument in event.arguments:
                    if argument.mention is not None:
                        fillers.setdefault(event.type, {})[argument.role, argument.mention.text] = None
        return _Corpus(
            kinds,
            _Typed((d.text, _typed_entities(d)) for d in documents if d.entities is not None),
            _Typed((d.text, _typed_triggers(d)) for d in documents if d.events is not None),
            {head: tuple(own) for head, own in triples.items()},
            {type: tuple(own) for type, own in fillers.items()},
        )


def _typed_entities(document: Document) -> list[tuple[Mention, str]]:
    return [(entity.mention, entity.type) for entity in document.entities or () if entity.type is not None]


def _typed_triggers(document: Document) -> list[tuple[Mention, str]]:
    return [(event.trigger, event.type) for event in document.events or () if event.trigger is not None]


class Lookup:
    """The baseline. Each corpus is known by its own training documents only, since labels of different corpora are not the same."""

    def __init__(self, corpora: Mapping[str, _Corpus]) -> None:
        self._corpora = corpora
        self._ends = {name: _Strings(_relation_ends(corpus)) for name, corpus in corpora.items()}
        self._fillers = {
            name: _Strings(string for own in corpus.fillers.values() for _, string in own) for name, corpus in corpora.items()
        }

    @classmethod
    def learn(cls, documents: Iterable[Document]) -> "Lookup":
        """What gold training Documents teach, by their `dataset`."""
        by_dataset: dict[str, list[Document]] = {}
        for document in documents:
            by_dataset.setdefault(document.dataset, []).append(document)
        return cls({name: _Corpus.learn(own) for name, own in by_dataset.items()})

    def predict(self, document: Document, asked: Mapping[str, Any] | None = None) -> Document:
        """What the baseline says of the document's text; its annotations are not looked at.

        Entities: known strings, the longest from left to right, with the type they mostly have. Relations: known triples of strings
        both of which stand in the text, at the first place of each. Events: known triggers, found as entities are; arguments: every
        string that filled a role of the event's type and stands in the text, at its first place. A kind that `asked` lacks (without
        `asked`: that the training documents do not annotate) is None. A corpus without training documents gets no items.
        """
        schema = asked_schema(asked)
        corpus = self._corpora.get(document.dataset) or _Corpus(frozenset(KINDS), _Typed([]), _Typed([]))
        kinds = corpus.kinds if schema is None else frozenset(kind for kind in KINDS if getattr(schema, kind))
        entities: list[Entity] = []
        relations: tuple[Relation, ...] | None = None
        if "entities" in kinds:
            found = corpus.entities.find(document.text, _labels(schema, "entities"))
            entities = [Entity(mention, type) for mention, type in found]
        if "relations" in kinds:
            relations = tuple(self._relations(document, corpus, schema, entities))
        return Document(
            id=document.id,
            text=document.text,
            dataset=document.dataset,
            split=document.split,
            lang=document.lang,
            entities=tuple(entities) if kinds & {"entities", "relations"} else None,
            relations=relations,
            events=tuple(self._events(document, corpus, schema)) if "events" in kinds else None,
            tokens=document.tokens,
            asked=asked,
            problems=(),
        )

    def _relations(self, document: Document, corpus: _Corpus, schema: Schema | None, entities: list[Entity]) -> Iterator[Relation]:
        """The relations; arguments that are no entities yet are added to `entities`, untyped."""
        asked = _labels(schema, "relations")
        first = _first_places(self._ends.get(document.dataset), document.text)
        for head, start in first.items():
            for type, tail in corpus.triples.get(head, ()):
                if tail in first and (asked is None or type in asked):
                    ends = Mention(head, start, start + len(head)), Mention(tail, first[tail], first[tail] + len(tail))
                    yield Relation(type, entity_index(ends[0], entities), entity_index(ends[1], entities))

    def _events(self, document: Document, corpus: _Corpus, schema: Schema | None) -> Iterator[Event]:
        first = _first_places(self._fillers.get(document.dataset), document.text)
        for trigger, type in corpus.triggers.find(document.text, _labels(schema, "events")):
            label = None if schema is None else schema.event(type)
            roles = None if label is None else {role.label for role in label.roles}
            arguments = [
                Argument(role, Mention(string, first[string], first[string] + len(string)))
                for role, string in corpus.fillers.get(type, ())
                if string in first and (roles is None or role in roles)
            ]
            yield Event(type, trigger, tuple(sorted(arguments, key=_argument_order)))


def _relation_ends(corpus: _Corpus) -> Iterator[str]:
    for head, own in corpus.triples.items():
        yield head
        yield from (tail for _, tail in own)


def _labels(schema: Schema | None, kind: str) -> frozenset[str] | None:
    return None if schema is None else frozenset(label.label for label in getattr(schema, kind))


def _first_places(strings: _Strings | None, text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for start, string in strings.places(text) if strings else ():
        found.setdefault(string, start)
    return found


def _argument_order(argument: Argument) -> tuple[tuple[int, int], str]:
    assert argument.mention is not None
    return (argument.mention.order, argument.role)
