"""OneIE lines `{"sent_id", "tokens", "entity_mentions", "relation_mentions", "event_mentions"}` in, Documents of one sentence each out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, array, documents_from_lines, id_of, string
from uie.corpora.token_spans import named, token_text
from uie.corpora.tokens import Join
from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import CorpusError

_SIDE = ("mention_type", "entity_subtype")  # of an entity; UNK says that nobody looked


@dataclass(frozen=True, slots=True)
class OneieOptions:
    """`join`: how tokens make the text."""

    join: Join = "space"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a row says: `index` tells which entity has an id."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    events: tuple[Event, ...]
    index: dict[str, int]


def read(path: Path, options: OneieOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. Indices of tokens are half-open; arguments name entities by their ids.

    A mention whose `text` is not what its tokens say (white space aside) has no place and counts as ungrounded. `mention_type` and
    `entity_subtype` become attributes of the entity. Of a relation, the subtype is passed over, as are `pieces` and `token_lens`,
    which belong to a model's tokenizer.
    """
    return documents_from_lines(path, bad, lambda row: _document(row, options))


def _document(row: Json, options: OneieOptions) -> Document:
    whole = token_text(row["tokens"], options.join)

    def mention(item: Json) -> Mention:
        return named(whole.mention(item["start"], item["end"]), string(item, "text"))

    found = annotation(row, mention)
    triggers = [event.trigger for event in found.events if event.trigger]
    ungrounded = sum(not mention.grounded for mention in (*(entity.mention for entity in found.entities), *triggers))
    return Document(
        id_of(row.get("sent_id")),
        whole.text,
        entities=found.entities,
        relations=found.relations,
        events=found.events,
        tokens=whole.places,
        meta=odd(ungrounded=ungrounded),
    )


def annotation(row: Json, mention: Callable[[Json], Mention]) -> Annotation:
    """The entities, relations and events of a row; `mention` reads the place and text of an entity or a trigger."""
    entities: list[Entity] = []
    index: dict[str, int] = {}
    for item in array(row, "entity_mentions"):
        name = string(item, "id")
        if name in index:
            raise CorpusError(f"entity_mentions: the id {name!r} is there twice.")
        index[name] = len(entities)
        side = {key: string(item, key) for key in _SIDE if item.get(key, "UNK") != "UNK"}
        entities.append(Entity(mention(item), string(item, "entity_type"), attributes=side))

    def entity(item: Json) -> int:
        if (name := string(item, "entity_id")) not in index:
            raise CorpusError(f"entity_id: no entity has the id {name!r}.")
        return index[name]

    relations = []
    for item in array(row, "relation_mentions"):
        ends = {string(argument, "role"): entity(argument) for argument in array(item, "arguments")}
        if set(ends) != {"Arg-1", "Arg-2"}:
            raise CorpusError(f"relation_mentions: expected the arguments Arg-1 and Arg-2, found {', '.join(ends) or 'none'}.")
        relations.append(Relation(string(item, "relation_type"), ends["Arg-1"], ends["Arg-2"]))
    events = []
    for item in array(row, "event_mentions"):
        arguments = tuple(
            Argument(string(argument, "role"), entities[entity(argument)].mention) for argument in array(item, "arguments")
        )
        events.append(Event(string(item, "event_type"), mention(item["trigger"]), arguments))
    return Annotation(tuple(entities), tuple(relations), tuple(events), index)


LAYOUT = Layout(
    read,
    {
        "sentences.json": '{"doc_id": "d1", "sent_id": "d1-0", "tokens": ["Ann", "left", "Rome"], "entity_mentions": [{"id": "E1", "start": 0, "end": 1, "text": "Ann", "entity_type": "PER", "mention_type": "NAM"}, {"id": "E2", "start": 2, "end": 3, "text": "Rome", "entity_type": "GPE", "mention_type": "NAM"}], "relation_mentions": [{"id": "R1", "relation_type": "PHYS", "arguments": [{"entity_id": "E1", "role": "Arg-1", "text": "Ann"}, {"entity_id": "E2", "role": "Arg-2", "text": "Rome"}]}], "event_mentions": [{"id": "V1", "event_type": "Movement:Leave", "trigger": {"start": 1, "end": 2, "text": "left"}, "arguments": [{"entity_id": "E2", "role": "Origin", "text": "Rome"}]}]}\n'
    },
)
