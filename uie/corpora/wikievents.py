"""WikiEvents lines (`{"doc_id", "sentences", "entity_mentions", "event_mentions"}`) and their file of clusters in, whole articles with events out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.oneie import annotation
from uie.corpora.rows import Json, array, documents_from_lines, string, text_of, values_from_lines
from uie.corpora.token_spans import TokenText
from uie.documents import Document, Mention
from uie.errors import CorpusError

_MOST_BETWEEN = 100  # characters between two sentences; the corpus has 8, a wrong offset would make gigabytes of white space


@dataclass(frozen=True, slots=True)
class WikieventsOptions:
    """`coref`: the file of clusters, such as `coref/dev.jsonlines`, from the folder of the corpus' file; empty: no clusters."""

    coref: str = ""


def read(path: Path, options: WikieventsOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. Entities and events look as in OneIE, with indices of tokens over the document, half-open.

    The offsets of tokens are characters of a text that the file does not have: its `text` is the sentences without what stood
    between them ("in SyriaThe desert"), which the offsets count. Where that is so, newlines stand in for it, as many as are missing.

    A mention whose `text` is not what stands there is an error, and so is a token. `relation_mentions` are passed over when empty,
    which they always are: relations were not annotated. So are `informative_mentions` of the file of clusters.
    """
    clusters = dict(_clusters(path.parent / options.coref, bad)) if options.coref else {}
    yield from documents_from_lines(path, bad, lambda row: _document(row, clusters))


def _clusters(path: Path, bad: OnBad) -> Iterator[tuple[str, list[Any]]]:
    """The name of each document with its clusters, which are lists of entities' ids."""
    return (found for _, found in values_from_lines(path, bad, lambda row: (string(row, "doc_key"), array(row, "clusters"))))


def _document(row: Json, clusters: Mapping[str, list[Any]]) -> Document:
    tokens = [token for sentence, _ in array(row, "sentences") for token in sentence]
    text = string(row, "text")
    if any(text[start:end] != token for token, start, end in tokens):
        text = _spread(row)
    whole = TokenText(text, tuple((start, end) for _, start, end in tokens))

    def mention(item: Json) -> Mention:
        place = whole.mention(item["start"], item["end"])
        return Mention(string(item, "text"), place.start, place.end)

    found = annotation({"relation_mentions": [], **row}, mention)
    name = string(row, "doc_id")
    return Document(
        name,
        text,
        entities=found.entities,
        relations=found.relations or None,
        events=found.events,
        clusters=tuple(_cluster(cluster, found.index) for cluster in clusters[name]) if name in clusters else None,
        tokens=whole.places,
    )


def _spread(row: Json) -> str:
    """The sentences where the offsets of their tokens put them, with newlines between."""
    text = ""
    for number, (tokens, sentence) in enumerate(array(row, "sentences")):
        first, start, _ = tokens[0]
        between = start - text_of(sentence, "the text of a sentence").find(first) - len(text)
        if not 0 <= between <= _MOST_BETWEEN:
            raise CorpusError(f"sentences: sentence {number} begins {between} characters behind the one before it.")
        text += "\n" * between + sentence
        for token, start, end in tokens:
            if text[start:end] != token:
                raise CorpusError(f"sentences: token {token!r} at {start}..{end}, but {text[start:end]!r} stands there.")
    return text


def _cluster(cluster: Any, index: Mapping[str, int]) -> tuple[int, ...]:
    unknown = [name for name in cluster if name not in index]
    if unknown:
        raise CorpusError(f"the file of clusters: no entity has the id {unknown[0]!r}.")
    return tuple(index[name] for name in cluster)


LAYOUT = Layout(
    read,
    {
        "news.jsonl": '{"doc_id": "n1", "text": "Flood in LodzTwo died", "sentences": [[[["Flood", 0, 5], ["in", 6, 8], ["Lodz", 9, 13]], "Flood in Lodz"], [[["Two", 14, 17], ["died", 18, 22]], "Two died"]], '
        '"entity_mentions": [{"id": "n1-T1", "start": 2, "end": 3, "entity_type": "GPE", "mention_type": "UNK", "text": "Lodz"}, {"id": "n1-T2", "start": 3, "end": 4, "entity_type": "PER", "mention_type": "UNK", "text": "Two"}], "relation_mentions": [], '
        '"event_mentions": [{"id": "n1-E1", "event_type": "Life.Die.Unspecified", "trigger": {"start": 4, "end": 5, "text": "died"}, "arguments": [{"entity_id": "n1-T1", "role": "Place", "text": "Lodz"}]}]}\n',
        "coref/news.jsonlines": '{"doc_key": "n1", "clusters": [["n1-T1"], ["n1-T2"]]}\n',
    },
    {"coref": "coref/news.jsonlines"},
)
