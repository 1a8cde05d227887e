"""Lines with mentions in tags, `<PER>Ann</PER> moved to <LOC>Rome</LOC>.`, in; a Document a line, the tags taken off, out."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import placed
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines

_NAME = r"[^\W\d][\w.:-]*"
_TAG = re.compile(rf"<(/?)({_NAME})((?:\s+{_NAME}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(/?)>")
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class InlineOptions:
    """How mentions are marked.

    `type_attribute`: where the type stands, as in `<ENAMEX TYPE="PERSON">` (default: the tag's name is the type); the tag's name is
    then the attribute `tag` of the entity. `tags`: the names that mark mentions (default: every name); any other `<…>` is text. `passed_over`: tags of the layout
    itself, such as `<s>` and `</s>`, which are neither text nor mentions. `escaped`: whether `&lt;` stands for `<`, as in XML.
    """

    type_attribute: str = ""
    tags: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    escaped: bool = False


def read(path: Path, options: InlineOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line; blank lines, and lines of nothing but passed-over tags, are none. Mentions may be nested.

    Labels are as they are written: `<LOC>` and `<Loc>` are two types, a misspelt one is one more. White space belongs to the text, inside tags and
    out. Attributes of a tag but the type's are those of the entity. A `<` that begins no tag is text.
    """
    for number, line in read_lines(path):
        try:
            document = _document(line, options)
        except CorpusError as error:
            bad(CorpusError(f"{path}:{number}: {error}"), line)
            continue
        if document.text.strip():
            yield placed(document, number)


def _document(line: str, options: InlineOptions) -> Document:
    text = ""
    done = 0
    opened: list[tuple[str, str, int, int]] = []  # name, attributes as written, start, number of the entity
    entities: dict[int, Entity] = {}
    begun = 0
    for tag in _TAG.finditer(line):
        closing, name, attributes, alone = tag.groups()
        if options.tags and name not in (*options.tags, *options.passed_over):
            continue
        text += _plain(line[done : tag.start()], options)
        done = tag.end()
        if name in options.passed_over:
            continue
        if alone or (closing and attributes):
            raise CorpusError(f"column {tag.start() + 1}: expected a tag that opens or closes a mention, found {tag[0]}.")
        if not closing:
            opened.append((name, attributes, len(text), begun))
            begun += 1
            continue
        if not opened or opened[-1][0] != name:
            expected = f"</{opened[-1][0]}>" if opened else "no tag to be closed"
            raise CorpusError(f"column {tag.start() + 1}: expected {expected}, found {tag[0]}.")
        _, attributes, start, index = opened.pop()
        if start == len(text):
            raise CorpusError(f"column {tag.start() + 1}: a mention without text before {tag[0]}.")
        entities[index] = _entity(Mention(text[start:], start, len(text)), name, attributes, options)
    if opened:
        raise CorpusError(f"<{opened[-1][0]}> is never closed.")
    text += _plain(line[done:], options)
    return Document("", text, entities=tuple(entities[index] for index in sorted(entities)))


def _plain(text: str, options: InlineOptions) -> str:
    return html.unescape(text) if options.escaped else text


def _entity(mention: Mention, name: str, written: str, options: InlineOptions) -> Entity:
    attributes = {key: _plain(one or other, options) for key, one, other in _ATTRIBUTE.findall(written)}
    if not options.type_attribute:
        return Entity(mention, name, attributes=attributes)
    if not attributes.get(options.type_attribute):
        raise CorpusError(f"<{name}{written}>: the attribute {options.type_attribute} is missing.")
    type = attributes.pop(options.type_attribute)
    return Entity(mention, type, attributes={"tag": name, **attributes})


def _guess(path: Path) -> Mapping[str, Any] | None:
    """Inline markup where a line of the first hundred has a mention and every one of them can be read."""
    found = 0
    try:
        for number, line in read_lines(path):
            if number > 100:
                break
            found += len(_document(line, InlineOptions()).entities or ())
    except CorpusError:
        return None
    return {} if found else None


LAYOUT = Layout(
    read, {"moves.txt": "<PER>Ann</PER> moved to <LOC>Rome</LOC>.\n<ORG>Bank of <LOC>Rome</LOC></ORG> closed.\n"}, guess=_guess
)
