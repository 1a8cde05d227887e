"""FewRel objects `{relation: [{"tokens", "h": [name, id, [[token, …]]], "t": …}]}` in, Documents with one relation each out."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, parse_file, placed, text_of, values_from_items
from uie.corpora.tokens import joined_tokens
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import check_characters


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an instance: a sentence with one pair. What else its sentence says stands with another instance or nowhere.

    Tokens are joined by a space; `h` and `t` list the tokens of each mention. The relation is between the first mentions; where there
    are more, they are entities too and a cluster with the first. `norms` has the id of Wikidata or UMLS, if there is one. A name that
    is written otherwise than the tokens, in case or spacing, is kept in the attribute `name`. A name that says something else makes a
    mention of that name without a place, counted in `meta.ungrounded`. Places in the file are told as `item RELATION NUMBER`.

    Raises:
        CorpusError: the file is not one JSON object.
    """
    text, relations = parse_file(path, "an object of relations")
    if not isinstance(relations, dict):
        raise CorpusError(f"{path}: expected an object of relations, found {type(relations).__name__}.")
    check_characters(dict.fromkeys(relations), str(path))
    for relation, instances in relations.items():
        if not relation or not isinstance(instances, list):
            bad(
                CorpusError(f"{path}:item {relation}: expected a relation with a list of instances, found {instances!r}."), relation
            )
            continue
        named = [
            (f"item {relation} {number}", {**instance, "relation": relation} if isinstance(instance, dict) else instance)
            for number, instance in enumerate(instances)
        ]
        for place, document in values_from_items(path, text, named, bad, _document):
            yield placed(document, place)


def _document(row: Json) -> Document:
    text, offsets = joined_tokens(row["tokens"], "space")
    related = Related()
    clusters = []
    ends = []
    for key in ("h", "t"):
        mentions = [related.entity(entity) for entity in _entities(text, offsets, row, key)]
        ends.append(mentions[0])
        if len(set(mentions)) > 1:
            clusters.append(tuple(dict.fromkeys(mentions)))
    related.relate(row["relation"], *ends)
    return related.document("", text, offsets=True, tokens=offsets, clusters=tuple(clusters) or None)


def _entities(text: str, offsets: tuple[tuple[int, int], ...], row: Json, key: str) -> list[Entity]:
    end = array(row, key)
    if len(end) != 3 or not isinstance(end[2], list) or not end[2]:
        raise CorpusError(f"{key}: expected [name, id, [[token, …], …]], found {end!r}.")
    name, id, places = text_of(end[0], f"name of {key}"), end[1], end[2]
    norms = (text_of(id, f"id of {key}"),) if id else ()
    return [_entity(_mention(text, offsets, tokens), name, norms) for tokens in places]


def _mention(text: str, offsets: tuple[tuple[int, int], ...], tokens: object) -> Mention:
    """The mention of these tokens; where they do not stand side by side, a discontinuous one."""
    if not isinstance(tokens, list) or not tokens or not all(type(token) is int for token in tokens):
        raise CorpusError(f"expected a list of token numbers, found {tokens!r}.")
    if sorted(set(tokens)) != tokens or tokens[0] < 0 or tokens[-1] >= len(offsets):
        raise CorpusError(f"expected rising numbers of tokens from 0 to {len(offsets) - 1}, found {tokens!r}.")
    runs = [[token for _, token in run] for _, run in groupby(enumerate(tokens), lambda item: item[1] - item[0])]
    spans = tuple((offsets[run[0]][0], offsets[run[-1]][1]) for run in runs)
    mention = " ".join(text[start:end] for start, end in spans)
    return Mention(mention, spans[0][0], spans[-1][1], spans if len(spans) > 1 else ())


def _entity(mention: Mention, name: str, norms: tuple[str, ...]) -> Entity:
    if mention.text == name:
        return Entity(mention, norms=norms)
    if _letters(mention.text) == _letters(name):
        return Entity(mention, norms=norms, attributes={"name": name})
    return Entity(Mention(name), norms=norms)


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()


LAYOUT = Layout(
    read,
    {
        "instances.json": '{"P19": [{"tokens": ["Ann", "Lee", "was", "born", "in", "Rome", "."],\n'
        '  "h": ["ann lee", "Q1", [[0, 1]]], "t": ["rome", "Q2", [[5]]]}]}\n'
    },
)
