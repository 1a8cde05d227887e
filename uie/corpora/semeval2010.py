"""SemEval-2010 task 8 blocks in (`N<TAB>"sentence with <e1>…</e1> and <e2>…</e2>"`, label, comment), Documents with one relation out."""

import re
from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.lines import documents_from_blocks
from uie.corpora.relations import Related
from uie.corpora.rows import NoOptions
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

_SENTENCE = re.compile(r'([0-9]+)\t"(.*)"')  # the quotation marks are the file's; those inside belong to the sentence
_MARKED = re.compile(r"(.*)<e1>(.+)</e1>(.*)<e2>(.+)</e2>(.*)")
_TAG = re.compile(r"</?e[12]>")
_LABEL = re.compile(r"([^\s()]+)\((e1,e2|e2,e1)\)")
_COMMENT = "Comment:"
NO_RELATION = "Other"


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a block; blocks are parted by empty lines, lines may end with CRLF. The id is the number.

    The direction of a label is which nominal is the head: `Cause-Effect(e2,e1)` is a relation `Cause-Effect` from e2 to e1. The
    label `Other` is no relation (`meta.unrelated`); its two nominals are entities nevertheless. Nominals have no types. What stands
    behind `Comment:` is kept in `meta.comment`. A block without a label, as in the test file for participants, is refused.
    """
    return documents_from_blocks(path, bad, lambda block: _document([line for _, line in block], f"{path}:{block[0][0]}"))


def _document(lines: list[str], where: str) -> Document:
    if not 2 <= len(lines) <= 3 or (len(lines) == 3 and not lines[2].startswith(_COMMENT)):
        raise CorpusError(
            f"{where}: expected a block of sentence, label and comment, found {len(lines)} lines, the last {lines[-1]!r}."
        )
    sentence = _SENTENCE.fullmatch(lines[0])
    if sentence is None:
        raise CorpusError(f'{where}: expected NUMBER<TAB>"SENTENCE", found {lines[0]!r}.')
    marked = _MARKED.fullmatch(sentence[2])
    if marked is None or len(_TAG.findall(lines[0])) != 4:
        raise CorpusError(f"{where}: expected one <e1>…</e1> and behind it one <e2>…</e2>, found {lines[0]!r}.")
    before, first, between, second, _ = marked.groups()
    start = len(before) + len(first) + len(between)
    nominals = (Mention(first, len(before), len(before) + len(first)), Mention(second, start, start + len(second)))
    related = Related()
    e1, e2 = (related.entity(Entity(mention)) for mention in nominals)
    label = _LABEL.fullmatch(lines[1])
    if label is None and lines[1] != NO_RELATION:
        raise CorpusError(f"{where}: expected RELATION(e1,e2), RELATION(e2,e1) or {NO_RELATION}, found {lines[1]!r}.")
    head, tail = (e2, e1) if label and label[2] == "e2,e1" else (e1, e2)
    related.relate(label and label[1], head, tail)
    comment = lines[2].removeprefix(_COMMENT).strip() if len(lines) == 3 else ""
    return related.document(sentence[1], "".join(marked.groups()), comment=comment)


LAYOUT = Layout(
    read,
    {
        "nominals.txt": '1\t"The <e1>fire</e1> came from a "cold" <e2>spark</e2>."\nCause-Effect(e2,e1)\nComment:\n\n'
        '2\t"The <e1>cook</e1> saw the <e2>moon</e2>."\nOther\nComment: nothing holds\n\n'
    },
)
