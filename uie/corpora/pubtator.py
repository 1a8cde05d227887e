"""PubTator blocks `ID|t|title`, `ID|a|abstract`, mention lines and relation lines in; a Document a block, relations between concepts, out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad, odd
from uie.corpora.lines import Block, documents_from_blocks
from uie.corpora.rows import NoOptions
from uie.documents import Document, Entity, Mention, Relation
from uie.errors import CorpusError, DocumentError

_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_VARIANT = re.compile(r"(tmVar:)?[cgmnpr]?\|(SUB|DEL|INS|INDEL|DUP|FS)\|.*")
"""A variant as tmVar writes it, its bars no borders of ids: `p|SUB|V|600|E`, `tmVar:c|DEL|5|`."""
_NONE = ("", "-", "-1")  # what stands where a mention has no id


@dataclass(slots=True)
class _Block:
    """One document of the file as its lines are read. `relations` are (type, id, id, further columns), `related` the ids that any
    relation of it names."""

    id: str
    title: str
    abstract: str = ""
    entities: list[Entity] = field(default_factory=list)
    relations: list[tuple[str, str, str, list[str]]] = field(default_factory=list)
    ungrounded: int = 0
    related: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return f"{self.title} {self.abstract}" if self.abstract else self.title


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a block; blank lines part the blocks. A block with a line that cannot be read is left out as a whole.

    - The text is the title, a space and the abstract: offsets run over both, and count one character between them.
    - A mention's ids, parted by `|` or `;`, are its norms (-1 is none); a `|` within an id that a relation line names, or within a
      variant of tmVar (`p|SUB|V|600|E`), parts nothing. A seventh column, what each id of a composite mention stands for,
      becomes the attribute `parts`; an empty one is passed over.
    - Relation lines name ids: all mentions of an id are a cluster (in the order of their first mention), and relations are between clusters
      (`level: cluster`); a mention with two ids is in two clusters. Columns behind the second id, such as BioRED's Novel, are in
      `meta.relation_columns`; relations of an id that no mention has are in `meta.unplaced_relations`.
    - A mention that is not what the text has at its offsets keeps its string and has no place (`meta.ungrounded`).
    """
    return documents_from_blocks(path, bad, lambda lines: _document(path, lines))


def _document(path: Path, lines: Block) -> Document:
    number, line = lines[0]
    start = _TEXT.fullmatch(line)
    if start is None or start[2] != "t":
        raise CorpusError(f"{path}:{number}: expected ID|t|TITLE at the start of a block, found {line[:80]!r}.")
    rows = [line.split("\t")[1:] for _, line in lines[1:]]
    block = _Block(start[1], start[3], related=frozenset(id for row in rows if _is_relation(row) for id in row[1:3]))
    for number, line in lines[1:]:
        where = f"{path}:{number}"
        abstract = _TEXT.fullmatch(line)
        id = abstract[1] if abstract else line.partition("\t")[0]
        if id != block.id:
            raise CorpusError(f"{where}: a line of {id[:40]!r} in the block of {block.id!r}; blank lines part the blocks.")
        if abstract and number == lines[1][0] and abstract[2] == "a":
            block.abstract = abstract[3]
        else:
            _annotation(where, line.split("\t")[1:], block)
    clusters: dict[str, list[int]] = {}
    for index, entity in enumerate(block.entities):
        for norm in entity.norms:
            clusters.setdefault(norm, []).append(index)
    order = {norm: index for index, norm in enumerate(clusters)}
    meta: dict[str, Any] = {**odd(ungrounded=block.ungrounded)}
    relations: list[Relation] = []
    for type, head, tail, more in block.relations:
        if head not in order or tail not in order:
            meta.setdefault("unplaced_relations", []).append({"type": type, "head": head, "tail": tail})
            continue
        if more:
            meta.setdefault("relation_columns", []).append({"relation": len(relations), "columns": more})
        relations.append(Relation(type, order[head], order[tail], level="cluster"))
    try:
        return Document(
            block.id,
            block.text,
            entities=tuple(block.entities),
            relations=tuple(relations),
            clusters=tuple(tuple(members) for members in clusters.values()),
            meta=meta,
        )
    except DocumentError as error:
        raise CorpusError(f"{path}:{lines[0][0]}: {error}") from None


def _annotation(where: str, columns: list[str], block: _Block) -> None:
    if _is_relation(columns):
        if len(columns) < 3 or not all(columns[:3]):
            raise CorpusError(f"{where}: expected ID, TYPE, ID, ID parted by tabs, found {columns!r}.")
        block.relations.append((columns[0], columns[1], columns[2], [column for column in columns[3:] if column]))
        return
    offsets = columns[:2]
    if not 4 <= len(columns) <= 6 or not all(re.fullmatch("[0-9]{1,9}", offset) for offset in offsets) or not all(columns[2:4]):
        raise CorpusError(f"{where}: expected ID, START, END, MENTION, TYPE, NORM parted by tabs, found {columns!r}.")
    start, end, string = int(columns[0]), int(columns[1]), columns[2]
    if start >= end:
        raise CorpusError(f"{where}: expected start < end, found {start} and {end}.")
    if block.text[start:end] == string and end <= len(block.text):
        mention = Mention(string, start, end)
    else:
        mention = Mention(string)
        block.ungrounded += 1
    norms, parts = [*columns[4:], "", ""][:2]
    block.entities.append(
        Entity(
            mention,
            columns[3],
            attributes={"parts": parts.split("|")} if parts else {},
            norms=tuple(dict.fromkeys(norm for norm in _ids(norms, block.related) if norm not in _NONE)),
        )
    )


def _is_relation(columns: list[str]) -> bool:
    """Whether what stands behind a line's first column begins with a type, and not with an offset."""
    return bool(columns) and not re.fullmatch("[-0-9.]+", columns[0])


def _ids(cell: str, related: frozenset[str]) -> list[str]:
    """The ids that a cell holds; of those with a bar, variants and what a relation names stay whole."""
    if cell in related:
        return [cell]
    return [id for part in cell.split(";") for id in ([part] if part in related or _VARIANT.fullmatch(part) else part.split("|"))]


LAYOUT = Layout(
    read,
    {
        "cases.txt": "7|t|Velortan and rash.\n7|a|Rash is common.\n7\t0\t8\tVelortan\tChemical\tD1\n7\t13\t17\trash\tDisease\tD2\n"
        "7\t19\t23\tRash\tDisease\tD2\n7\tCID\tD1\tD2\n"
    },
)
