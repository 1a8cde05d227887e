"""KnowLM rows (InstructIE: `{"text", "relation"}`; older ones: `{"instruction", "input", "output": "(h,r,t)"}`) in, Documents with relations out."""

import re
from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, id_of, placed, string, text_of, values_from_file
from uie.corpora.strings import NOTHING, Named, related
from uie.documents import Document
from uie.errors import CorpusError

_TRIPLE = re.compile(r"\(([^,\n]+),([^,\n]+),([^,\n]+)\)")


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. Mentions have no places, so they stay strings; `meta.cate` is what kind of thing the text is about.

    The `output` of older rows is lines of triples, or `NAN` for none. It has no way to write a comma inside a mention, so a line
    with more than two is one that cannot be read, and its row goes to `bad`.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    if "relation" not in row and "output" not in row:
        raise CorpusError(f"expected the key relation or output; found {', '.join(row)}.")
    triples = [_typed(item) for item in row["relation"]] if "relation" in row else _written(row["output"])
    found = related(triples)
    said = string(row, "text" if "relation" in row else "input")
    return found.document(id_of(row.get("id")), said, offsets=False, cate=row.get("cate"))


def _typed(item: Json) -> tuple[Named, str, Named]:
    head, tail = (
        (string(item, end), text_of(item[type], type) if item.get(type) else None)
        for end, type in (("head", "head_type"), ("tail", "tail_type"))
    )
    return head, string(item, "relation"), tail


def _written(output: str) -> list[tuple[Named, str, Named]]:
    if output.strip() in NOTHING:
        return []
    found: list[tuple[Named, str, Named]] = []
    for line in filter(str.strip, output.split("\n")):
        triple = _TRIPLE.fullmatch(line.strip())
        if triple is None:
            raise CorpusError(f"output: expected (head,relation,tail), found {line!r}.")
        head, relation, tail = triple.groups()
        found.append(((head, None), relation, (tail, None)))
    return found


LAYOUT = Layout(
    read,
    {
        "train.json": '{"id": "1", "cate": "人物", "text": "林夏生于苏州。", "relation":'
        ' [{"head": "林夏", "head_type": "人物", "relation": "出生地点", "tail": "苏州", "tail_type": "地理地区"}]}\n'
        '{"cate": "人物", "instruction": "列出三元组。", "input": "林夏生于苏州。", "output": "(林夏,出生地点,苏州)"}\n'
    },
)
