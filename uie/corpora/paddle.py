"""PaddleNLP's prompts `{"content", "prompt", "result_list": [{"text", "start", "end"}]}`, many to a text, in; one Document a text out."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, Place, array, placed, string, values_from_file, with_repeated, with_ungrounded
from uie.corpora.spans import mention_at
from uie.documents import Document, Entity, Mention, Relation, entity_index

_OF = "的"


@dataclass(frozen=True, slots=True)
class PaddleOptions:
    """`relations`: which prompts `X的Y` ask for a relation Y of X.

    "mentions": those where another prompt of the text found X (as PaddleNLP makes them); "text": also those where X merely stands in the
    text; "none": all prompts are types.
    """

    relations: Literal["mentions", "text", "none"] = "mentions"


@dataclass(frozen=True, slots=True)
class _Prompt:
    content: str
    prompt: str
    found: tuple[Mention, ...]


def read(path: Path, options: PaddleOptions, bad: OnBad) -> Iterator[Document]:
    """One Document for each text, at the place of its first prompt. All prompts are held in memory: those of a text need not be neighbours.

    `Document.asked` holds the types a text was asked for: one of them that found nothing is known to be absent. A text all of whose prompts
    found nothing is a Document without entities. Where a prompt `X的Y` found something but X stands at several places, its head is
    ungrounded and counted in `meta.ungrounded`. Relations are annotated where the file has any.
    """
    texts: dict[str, tuple[Place, list[_Prompt]]] = {}
    for place, prompt in values_from_file(path, bad, _prompt):
        texts.setdefault(prompt.content, (place, []))[1].append(prompt)
    asked = [_related(prompt, prompts, options) for _, prompts in texts.values() for prompt in prompts if prompt.found]
    relations = {related[1] for related in asked if related}
    for text, (place, prompts) in texts.items():
        yield placed(with_repeated(_document(text, prompts, relations, options)), place)


def _prompt(row: Json) -> _Prompt:
    content = string(row, "content")
    found = [_mention(content, result) for result in array(row, "result_list")]
    return _Prompt(content, string(row, "prompt"), tuple(found))


def _mention(content: str, result: Json) -> Mention:
    return mention_at(content, result["start"], result["end"], said=string(result, "text"))


def _related(prompt: _Prompt, prompts: Iterable[_Prompt], options: PaddleOptions) -> tuple[str, str] | None:
    """(X, Y) where the prompt asks for a relation: of the places of 的 the first that leaves an X to be asked for."""
    if options.relations == "none":
        return None
    parts = [(prompt.prompt[:at], prompt.prompt[at + 1 :]) for at, letter in enumerate(prompt.prompt) if letter == _OF]
    if not parts:
        return None
    mentions = {mention.text for other in prompts if other is not prompt for mention in other.found}
    for head, relation in parts:
        if relation and (head in mentions or (head and options.relations == "text" and head in prompt.content)):
            return head, relation
    return None


def _asks_absent_relation(prompt: _Prompt, relations: Collection[str]) -> bool:
    """Whether a prompt that found nothing asks for a relation of what is not in the text, which PaddleNLP makes as a negative."""
    return not prompt.found and any(prompt.prompt.endswith(_OF + relation) for relation in relations)


def _document(text: str, prompts: list[_Prompt], relations: Collection[str], options: PaddleOptions) -> Document:
    """`relations` are those of the whole file; without any, the Document says nothing of relations."""
    entities: list[Entity] = []
    links: list[tuple[str, str, tuple[Mention, ...]]] = []
    asked: dict[str, None] = {}
    for prompt in prompts:
        if related := _related(prompt, prompts, options):
            links.append((*related, prompt.found))
        elif not _asks_absent_relation(prompt, relations):
            asked[prompt.prompt] = None
            entities.extend(Entity(mention, prompt.prompt) for mention in prompt.found)
    found = [
        Relation(relation, _head(head, text, entities), entity_index(tail, entities))
        for head, relation, tails in links
        for tail in tails
    ]
    said: dict[str, Any] = {"entities": {name: {} for name in asked}}
    if relations:
        said["relations"] = {relation: {} for _, relation, _ in links}
    document = Document("", text, entities=tuple(entities), relations=tuple(found) if relations else None, asked=said)
    return with_ungrounded(document)


def _head(head: str, text: str, entities: list[Entity]) -> int:
    """The entity that is written so; an ungrounded one where there are several, since the prompt does not say which is meant."""
    places = {entity.mention for entity in entities if entity.mention.text == head and entity.mention.grounded}
    if len(places) == 1:
        return entity_index(places.pop(), entities)
    start = text.find(head)
    if not places and text.find(head, start + 1) < 0:
        return entity_index(Mention(head, start, start + len(head)), entities)
    return entity_index(Mention(head), entities)


LAYOUT = Layout(
    read,
    {
        "songs.txt": '{"content": "安娜作词的《远山》", "result_list": [{"text": "安娜", "start": 0, "end": 2}], "prompt": "人物"}\n'
        '{"content": "安娜作词的《远山》", "result_list": [{"text": "远山", "start": 6, "end": 8}], "prompt": "歌曲"}\n'
        '{"content": "安娜作词的《远山》", "result_list": [{"text": "安娜", "start": 0, "end": 2}], "prompt": "远山的作词"}\n'
        '{"content": "安娜作词的《远山》", "result_list": [], "prompt": "城市"}\n'
    },
)
