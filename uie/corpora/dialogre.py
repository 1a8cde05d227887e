"""DialogRE arrays `[[[turn, …], [{"x", "y", "x_type", "y_type", "r": [label], "t": [trigger]}]]]` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, placed, string, text_of, values_from_array
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

UNANSWERABLE = "unanswerable"
"""The label of a pair that has no relation."""


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a dialogue: its turns, `Speaker 1: …`, joined by a newline.

    The layout has no offsets, so mentions stay strings without a place; some stand in the text in another case only. Each string with
    a type is one entity, `Speaker 1` as any other. A pair may have several relations, each of which is one; the pairs without
    (`unanswerable`) are counted in `meta.unrelated`, their entities are there. `meta.triggers` has the words that tell the relation,
    one string for each relation, "" where there are none. `rid` is the number of the label and is passed over.

    Raises:
        CorpusError: the file is not one JSON array.
    """
    rows = values_from_array(path, bad, _document, as_row=lambda item: {"dialogue": item}, expected="an array of dialogues")
    return (placed(document, place) for place, document in rows)


def _document(row: Json) -> Document:
    dialogue = array(row, "dialogue")
    if len(dialogue) != 2 or not all(isinstance(part, list) for part in dialogue):
        raise CorpusError(f"expected [turns, pairs], found a list of {len(dialogue)}.")
    turns, pairs = dialogue
    related, triggers = Related(), []
    for pair in pairs:
        head, tail = (related.entity(Entity(Mention(string(pair, end)), string(pair, f"{end}_type"))) for end in "xy")
        labels, told = array(pair, "r"), array(pair, "t")
        if len(labels) != len(told):
            raise CorpusError(f"{len(labels)} relations in r, but {len(told)} triggers in t.")
        for label, trigger in zip(labels, told, strict=True):
            if not isinstance(trigger, str):
                raise CorpusError(f"t: expected a text, found {trigger!r}.")
            relation = text_of(label, "r")
            if related.relate(None if relation == UNANSWERABLE else relation, head, tail):
                triggers.append(trigger)
    text = "\n".join(text_of(turn, "turn") for turn in turns)
    return related.document("", text, offsets=False, triggers=triggers if any(triggers) else None)


LAYOUT = Layout(
    read,
    {
        "dialogues.json": '[[["Speaker 1: Hello, boss.", "Speaker 2: Ann, you are late."],\n'
        '  [{"x": "Speaker 1", "y": "Ann", "x_type": "PER", "y_type": "STRING", "rid": [30], "r": ["per:alternate_names"], "t": [""]},\n'
        '   {"x": "Speaker 2", "y": "Speaker 1", "x_type": "PER", "y_type": "PER", "rid": [6], "r": ["per:subordinate"], "t": ["boss"]}]]]\n'
    },
)
