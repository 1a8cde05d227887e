"""DialogStudio's tagging dialogues (an utterance, and as the answer its tags) in, Documents with entities out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, parse_file, placed, string, values_from_items
from uie.corpora.tokens import tagged_document
from uie.documents import Document
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a dialogue of one turn. The file is an object of dialogues by name, or the array of `{"input", "output"}` before it.

    Words are parted by spaces and tagged in IOB2, one tag a word. A dialogue of several turns goes to `bad`.

    Raises:
        CorpusError: the file is no JSON object or array.
    """
    text, value = parse_file(path)
    if not isinstance(value, dict | list):
        raise CorpusError(f"{path}: expected an object of dialogues or an array, found {type(value).__name__}.")
    named = value.items() if isinstance(value, dict) else enumerate(value)
    items = ((f"item {name}", item) for name, item in named)
    return (placed(document, place) for place, document in values_from_items(path, text, items, bad, _document))


def _document(row: Json) -> Document:
    turns = row.get("log")
    if isinstance(turns, list) and len(turns) == 1:
        turns = turns[0]
    if turns is None:
        said, answer = string(row, "input"), string(row, "output")
    elif isinstance(turns, dict):
        said, answer = string(turns, "user utterance"), string(turns, "system response")
    else:
        raise CorpusError(f"log: expected one turn, found {turns!r}.")
    words, tags = said.split(), answer.split()
    if len(words) != len(tags):
        raise CorpusError(f"{len(words)} words, but {len(tags)} tags.")
    return tagged_document(words, tags, "IOB2", "-", "space", "the answer")


LAYOUT = Layout(
    read,
    {
        "films.json": '{"films--train--1": {"original dialog id": "", "log":'
        ' {"turn id": 1, "user utterance": "films by ida brook", "system response": "O O B-DIRECTOR I-DIRECTOR"}}}\n'
    },
)
