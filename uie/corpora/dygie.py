"""DyGIE++ lines `{"doc_key", "sentences", "ner", "relations", "clusters", "events"}` in, Documents of several sentences out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, raise_bad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, array, documents_from_lines, id_of, text_of
from uie.corpora.token_spans import sentences_text
from uie.corpora.tokens import Join
from uie.documents import Argument, Document, Entity, Event, Mention, entity_index
from uie.errors import CorpusError

_ANNOTATIONS = ("ner", "relations", "clusters", "events")
_MOST_GUESSED_FROM = 50  # lines; one with a second sentence is enough to tell


@dataclass(frozen=True, slots=True)
class DygieOptions:
    """`origin`: whether the indices of tokens count from the beginning of the document or of their sentence.

    `join`: how tokens make the text; sentences are joined in the same way.
    """

    origin: Literal["document", "sentence"] = "document"
    join: Join = "space"


def read(path: Path, options: DygieOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout's ends are inclusive; all of it but `sentences` may be missing, though not everything.

    A mention outside the sentence that it is listed for is an error: then `origin` is probably the other one. Mentions of relations
    and clusters that are no entities become untyped ones. `event_clusters` and what a model predicted (`predicted_ner`, …) are
    passed over. A relation that is listed twice is one; `meta.duplicates` counts the others.
    """
    return documents_from_lines(path, bad, lambda row: _document(row, options))


def guess(path: Path) -> Mapping[str, Any] | None:
    """Which `origin` puts the first mentions into their sentences."""
    for origin in ("document", "sentence"):
        try:
            found = list(islice(read(path, DygieOptions(origin), raise_bad), _MOST_GUESSED_FROM))
        except CorpusError:
            continue
        return {"origin": origin} if found else None
    return None


def _document(row: Json, options: DygieOptions) -> Document:
    whole = sentences_text(row["sentences"], options.join)
    if not any(key in row for key in _ANNOTATIONS):
        raise CorpusError(f"expected at least one of {', '.join(_ANNOTATIONS)}; found {', '.join(row)}.")

    def mention(sentence: int, start: Any, last: Any) -> Mention:
        """The one from token `start` to `last`, inclusive, which must stand in that sentence."""
        begin, end = whole.starts[sentence], whole.end_of(sentence)
        shift = begin if options.origin == "sentence" else 0
        if type(start) is not int or type(last) is not int:
            raise CorpusError(f"tokens {start!r} to {last!r} are no numbers of tokens.")
        if not begin <= start + shift <= last + shift < end:
            tokens = f"{begin - shift} to {end - shift - 1}"
            other = "sentence" if options.origin == "document" else "document"
            raise CorpusError(
                f"tokens {start!r} to {last!r} are not in sentence {sentence}, which has the tokens {tokens}; "
                f"if few mentions are where they should be, set the option origin: {other}."
            )
        return whole.mention_to(start + shift, last + shift)

    entities: list[Entity] = []
    for sentence, (start, last, type_) in _by_sentence(row, "ner", len(whole.starts)):
        entities.append(Entity(mention(sentence, start, last), text_of(type_, "the type of an entity")))
    related = Related(entities)
    for sentence, (start, last, tail_start, tail_last, type_) in _by_sentence(row, "relations", len(whole.starts)):
        head = entity_index(mention(sentence, start, last), entities)
        tail = entity_index(mention(sentence, tail_start, tail_last), entities)
        related.relate(text_of(type_, "the type of a relation"), head, tail)
    events = []
    for sentence, event in _by_sentence(row, "events", len(whole.starts)):
        events.append(event_of(event, partial(mention, sentence)))
    clusters = []
    for cluster in array(row, "clusters") if "clusters" in row else []:
        if options.origin == "sentence":
            raise CorpusError("clusters: they reach over sentences, so that numbers of tokens within a sentence say nothing.")
        clusters.append(tuple(entity_index(whole.mention_to(start, last), entities) for start, last in cluster))
    return Document(
        id_of(row.get("doc_key")),
        whole.text,
        entities=tuple(entities) if "ner" in row or entities else None,
        relations=tuple(related.relations) if "relations" in row else None,
        events=tuple(events) if "events" in row else None,
        clusters=tuple(clusters) if "clusters" in row else None,
        tokens=whole.places,
        meta=related.meta,
    )


def event_of(event: Any, mention: Callable[[Any, Any], Mention]) -> Event:
    """The event that a list `[[trigger, type], [start, last, role], …]` means.

    The trigger is one token, or start and last of several; `mention` makes one of the two.
    """
    (*place, type), *arguments = event
    if len(place) not in (1, 2):
        raise CorpusError(f"a trigger is [token, type] or [start, last, type], found {event[0]!r}.")
    return Event(
        text_of(type, "the type of an event"),
        mention(place[0], place[-1]),
        tuple(Argument(text_of(role, "the role of an argument"), mention(start, last)) for start, last, role in arguments),
    )


def _by_sentence(row: Json, key: str, sentences: int) -> Iterator[tuple[int, Any]]:
    """What the lists under `key`, one for each sentence, hold, each with the number of its sentence."""
    if key not in row:
        return
    lists = array(row, key)
    if len(lists) != sentences:
        raise CorpusError(f"{key}: expected a list for each of {sentences} sentences, found {len(lists)}.")
    for number, items in enumerate(lists):
        if not isinstance(items, list):
            raise CorpusError(f"{key}: expected a list for sentence {number}, found {items!r}.")
        for item in items:
            yield number, item


LAYOUT = Layout(
    read,
    {
        "papers.json": '{"doc_key": "p1", "sentences": [["We", "test", "parsers", "."], ["They", "beat", "rules", "."]], '
        '"ner": [[[2, 2, "Method"]], [[4, 4, "Generic"], [6, 6, "Method"]]], "relations": [[], [[4, 4, 6, 6, "COMPARE"]]], '
        '"clusters": [[[2, 2], [4, 4]]], "events": [[], [[[5, "win"], [4, 4, "winner"]]]]}\n'
    },
    guess=guess,
)
