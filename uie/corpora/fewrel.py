"""FewRel objects `{relation: [{"tokens", "h": [name, id, [[token, …]]], "t": …}]}` in, Documents with one relation each out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, parse_file, placed, text_of, values_from_items
from uie.corpora.token_spans import TokenText, named_entity, token_text
from uie.documents import Document, Entity
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
    whole = token_text(row["tokens"], "space")
    related = Related()
    clusters = []
    ends = []
    for key in ("h", "t"):
        mentions = [related.entity(entity) for entity in _entities(whole, row, key)]
        ends.append(mentions[0])
        if len(set(mentions)) > 1:
            clusters.append(tuple(dict.fromkeys(mentions)))
    related.relate(row["relation"], *ends)
    return related.document("", whole.text, tokens=whole.places, clusters=tuple(clusters) or None)


def _entities(whole: TokenText, row: Json, key: str) -> list[Entity]:
    end = array(row, key)
    if len(end) != 3 or not isinstance(end[2], list) or not end[2]:
        raise CorpusError(f"{key}: expected [name, id, [[token, …], …]], found {end!r}.")
    name, id, places = text_of(end[0], f"name of {key}"), end[1], end[2]
    norms = (text_of(id, f"id of {key}"),) if id else ()
    return [named_entity(whole.mention_of(tokens), name, None, any_case=True, norms=norms) for tokens in places]


LAYOUT = Layout(
    read,
    {
        "instances.json": '{"P19": [{"tokens": ["Ann", "Lee", "was", "born", "in", "Rome", "."],\n'
        '  "h": ["ann lee", "Q1", [[0, 1]]], "t": ["rome", "Q2", [[5]]]}]}\n'
    },
)
