"""`AuditTally`: gold and predicted Documents of one corpus, one after the other → its Audit: what was wrong with answers as such.

Most kinds are what the parser reports (`Document.problems`). Three are found here, by comparing with gold restricted to what was asked:

    contradictory_types  one predicted place, an entity's or a trigger's, has several types that gold does not all give it
    wrongly_empty        nothing was predicted for a task of which gold has items
    wrongly_filled       the reverse

"salvaged" sums up what was read in spite of its form: repaired, repaired_type, prose.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from uie.documents import Document, Mention
from uie.scoring.mistakes import LAYERS
from uie.scoring.rules import typed
from uie.scoring.scope import Pair, restricted
from uie.scoring.scores import CONTRADICTORY_TYPES, PROBLEM_KINDS, SALVAGED, WRONGLY_EMPTY, WRONGLY_FILLED, Audit, Example

MOST_EXAMPLES = 5


class AuditTally:
    """Counts the problems of one corpus; documents come in any number of calls, the examples are the first in their order."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        self._documents = 0
        self._pieces: Counter[str] = Counter()
        self._affected: Counter[str] = Counter()
        self._examples: dict[str, list[Example]] = {}

    def add(self, pair: Pair, tasks: Sequence[str]) -> None:
        """Adds a document that was scored for `tasks`. Its gold side may be restricted to what was asked, or not yet."""
        self._documents += 1
        found: dict[str, list[str]] = {}
        for problem in pair.predicted.problems or ():
            kind = str(problem.get("kind"))
            for name in (kind, "salvaged") if kind in SALVAGED else (kind,):
                found.setdefault(name, []).append(str(problem.get("piece", "")))
        for kind, piece in _compared(pair, tasks):
            found.setdefault(kind, []).append(piece)
        for kind, pieces in found.items():
            self._pieces[kind] += len(pieces)
            self._affected[kind] += 1
            kept = self._examples.setdefault(kind, [])
            kept += [Example(pair.gold.id, piece) for piece in pieces[: MOST_EXAMPLES - len(kept)]]

    def add_faultless(self, documents: int = 1) -> None:
        """Adds documents that are as gold is and have no problems."""
        self._documents += documents

    def finish(self) -> Audit:
        """The Audit, its kinds in the order of `PROBLEM_KINDS`, unknown ones last."""
        kinds = [*(kind for kind in PROBLEM_KINDS if kind in self._pieces), *sorted(set(self._pieces) - set(PROBLEM_KINDS))]
        return Audit(
            self._dataset,
            self._documents,
            {kind: self._pieces[kind] for kind in kinds},
            {kind: self._affected[kind] for kind in kinds},
            {kind: tuple(self._examples[kind]) for kind in kinds},
        )


def _compared(pair: Pair, tasks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The problems that are seen beside gold, as kind and piece; a contradiction is told once, however many tasks see it."""
    contradictions: dict[str, None] = {}
    for task in tasks:
        gold = restricted(pair.gold, pair.asked, task)
        wanted, found = _first_item(gold, task), _first_item(pair.predicted, task)
        if wanted is not None and found is None:
            yield WRONGLY_EMPTY, f"{task}: {wanted}"
        if wanted is None and found is not None:
            yield WRONGLY_FILLED, f"{task}: {found}"
        if found is not None:
            contradictions.update(dict.fromkeys(_contradictions(gold, pair.predicted, task)))
    for piece in contradictions:
        yield CONTRADICTORY_TYPES, piece


def _first_item(document: Document, task: str) -> str | None:
    """The first item of the task in words; None where there is none."""
    entities = document.entities or ()
    for layer in LAYERS.get(task, ()):
        if layer == "entity":
            for entity in entities if task == "ES" else typed(document):
                return f"{entity.mention.text} ({entity.type})" if entity.type else entity.mention.text
        elif layer == "relation":
            for relation in document.relations or ():
                if relation.level == "entity":
                    head, tail = (entities[end].mention.text for end in (relation.head, relation.tail))
                    return f"{head} – {relation.type or 'pair'} – {tail}"
        else:
            for event in document.events or ():
                if layer == "trigger":
                    return f"{event.trigger.text} ({event.type})" if event.trigger else event.type
                for argument in event.arguments:
                    return f"{argument.mention.text if argument.mention else 'an event'} ({event.type}/{argument.role})"
    return None


def _contradictions(gold: Document, predicted: Document, task: str) -> Iterator[str]:
    known = list(_typed_places(gold, task))
    types_at: dict[Mention, dict[str, None]] = {}
    for mention, type in _typed_places(predicted, task):
        types_at.setdefault(mention, {})[type] = None
    for mention, types in types_at.items():
        if len(types) > 1 and not set(types) <= {type for place, type in known if _same_place(place, mention)}:
            yield f"{mention.text}: {', '.join(sorted(types))}"


def _typed_places(document: Document, task: str) -> Iterator[tuple[Mention, str]]:
    layers = LAYERS.get(task, ())
    if "entity" in layers and task != "ES":
        yield from ((entity.mention, entity.type) for entity in typed(document) if entity.type is not None)
    if "trigger" in layers:
        yield from ((event.trigger, event.type) for event in document.events or () if event.trigger is not None)


def _same_place(one: Mention, other: Mention) -> bool:
    if one.grounded and other.grounded:
        return one.span == other.span
    return one.text == other.text
