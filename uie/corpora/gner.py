"""GNER rows (words with their tags behind them, `word(B-type) word(O)`) in, Documents with entities out."""

import re
from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, id_of, placed, string, values_from_file
from uie.corpora.tokens import tagged_document
from uie.documents import Document
from uie.errors import CorpusError

_TAGGED = re.compile(r"(\S+?)\((O|[BI]-[^()]+)\)(?: |$)")


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row; words make the text with a space between them.

    `instance.words` and `instance.labels` go before `prompt_labels`, which says the same in one text. Where only that is there
    (in `instance` or in the row itself), all of it must be words with tags. A type may hold spaces: `B-average ratings`.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    instance = row.get("instance", row)
    if "words" in instance and "labels" in instance:
        words, tags = instance["words"], instance["labels"]
        if len(words) != len(tags) or not all(isinstance(one, str) and one for one in [*words, *tags]):
            raise CorpusError(f"expected as many labels as words, all of them texts; found {len(words)} words, {len(tags)} labels.")
    else:
        words, tags = _tagged(string(instance, "prompt_labels"))
    document = tagged_document(words, tags, "IOB2", "-", "space", "labels")
    return document.called(id_of(instance.get("id")), dataset="", split="", lang=document.lang, meta=document.meta)


def _tagged(answer: str) -> tuple[list[str], list[str]]:
    words, tags, place = [], [], 0
    while place < len(answer):
        found = _TAGGED.match(answer, place)
        if found is None:
            raise CorpusError(f"prompt_labels: expected word(tag), found {answer[place : place + 40]!r}.")
        words.append(found[1])
        tags.append(found[2])
        place = found.end()
    return words, tags


LAYOUT = Layout(
    read,
    {
        "train.jsonl": '{"dataset": "letters", "split": "train", "label_list": ["person", "town"],'
        ' "instance": {"id": "0", "prompt_labels": "Ida(B-person) Brook(I-person) left(O) Leeds(B-town)"}}\n'
    },
)
