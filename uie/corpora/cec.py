"""XML of the Chinese Emergency Corpus, `<Event>` with `<Denoter>`, `<Participant>`, `<Time>` … in running text, in; one Document with events out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import NoOptions
from uie.documents import Argument, Document, Entity, Event, Mention
from uie.errors import CorpusError, DocumentError

_BLOCKS = ("Title", "ReportTime", "Content", "Paragraph")
_STRUCTURE = ("Body", *_BLOCKS, "Sentence")
_IDS = ("tid", "lid", "sid", "oid", "mid", "did")
# Which attribute of an eRelation names the event that it goes out from; the other one names where it goes.
_HEADS = ("cause_eid", "bevent_eid", "thoughtevent_eid", "accompanya_eid", "fevent_eid", "concurrencya_eid")


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a file.

    - White space next to a tag, and any with a line break in it, is the indentation of whoever wrote the XML and no text; between two
      Latin letters or digits it stands for a space. Title, report time, what follows it, and each paragraph are lines of the text.
    - An event's type is that of its `Denoter` (the trigger), its arguments are all other elements in it, each in the innermost event around it,
      with the tag as role: misspelt tags stay (`means`, a `Title` inside an event). Attributes of `Event` but its id, and `polarity`
      of the Denoter, are attributes of the event.
    - Each argument is an entity too, which holds the attributes of the tag. An element without text is none (`meta.empty` counts);
      outside events elements are structure (`meta.outside` counts those that usually are not).
    - `eRelation` is between events: `meta.event_relations`, `heads` and `tails` being indices of events ("e2-e5" means all from e2 to e5);
      `meta.unresolved` counts ids among them that no event has, `meta.repeated_ids` events whose id an earlier one has, which is meant.

    A file with a DOCTYPE is refused, so that no entity can be declared and none expanded.
    """
    parser = _Parser()
    try:
        content = path.read_bytes()
        document = parser.parse(content, path)
    except OSError as found:
        raise CorpusError(f"{path}: cannot be read: {found.strerror}.") from None
    except (CorpusError, DocumentError) as error:
        where = f"{path}:{parser.expat.CurrentLineNumber}"
        bad(CorpusError(f"{where}: {error}"), content.decode("utf-8", "backslashreplace"))
        return
    yield document


@dataclass(slots=True)
class _Open:
    """An element whose end is still to come. `start`: where its text begins, once there is any."""

    tag: str
    attributes: Mapping[str, str]
    start: int | None = None
    event: "_OpenEvent | None" = None


@dataclass(slots=True)
class _OpenEvent:
    """An event while it is read; its number is known from its beginning on."""

    attributes: dict[str, Any]
    type: str | None = None
    trigger: Mention | None = None
    arguments: list[Argument] = field(default_factory=list)


class _Parser:
    """The text as it grows, and what is open at its end."""

    def __init__(self) -> None:
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._characters
        self.expat.StartDoctypeDeclHandler = self._refuse
        self.text = ""
        self.spaced = self.parted = False  # white space, a block's border since the last character
        self.open: list[_Open] = []
        self.events: list[_OpenEvent] = []
        self.ids: dict[str, int] = {}
        self.entities: list[Entity] = []
        self.relations: list[dict[str, str]] = []
        self.odd: Counter[str] = Counter()

    def parse(self, content: bytes, path: Path) -> Document:
        try:
            self.expat.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding that is unknown, or none
            raise CorpusError(f"not XML: {error}.") from None
        if not self.text:
            raise CorpusError("the file holds no text.")
        relations = [self._relation(relation) for relation in self.relations]
        meta = {**odd(**self.odd), **({"event_relations": relations} if relations else {})}
        events = tuple(
            Event(event.type or "", event.trigger, tuple(event.arguments), attributes=event.attributes) for event in self.events
        )
        return Document(path.stem, self.text, lang="zh", entities=tuple(self.entities), events=events, meta=meta)

    def _refuse(self, *declared: Any) -> None:
        raise CorpusError("the file has a DOCTYPE, and might declare entities in it; remove it.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.open and tag != "Body":
            raise CorpusError(f"expected <Body> around everything, found <{tag}>.")
        around = self.open[-1].event if self.open else None
        self.parted |= around is None and tag in _BLOCKS
        element = _Open(tag, attributes, event=around)
        if tag == "Event":
            element.event = _OpenEvent({key: value for key, value in attributes.items() if key != "eid"})
            id = attributes.get("eid", "")
            if id in self.ids:
                self.odd["repeated_ids"] += 1
            self.ids.setdefault(id, len(self.events))
            self.events.append(element.event)
        elif tag == "eRelation":
            self.relations.append(attributes)
        elif around is None and tag not in _STRUCTURE:
            self.odd["outside"] += 1
        self.open.append(element)

    def _end(self, tag: str) -> None:
        element = self.open.pop()
        self.parted |= element.event is None and tag in _BLOCKS
        if tag == "Event" and element.event is not None and element.event.type is None:
            raise CorpusError("an Event without a Denoter that has a type.")
        if tag in ("Event", "eRelation") or element.event is None:
            return
        mention = None if element.start is None else Mention(self.text[element.start :], element.start, len(self.text))
        if mention is None:
            self.odd["empty"] += 1
        if tag == "Denoter":
            self._trigger(element.event, element.attributes, mention)
        elif mention is not None:
            element.event.arguments.append(Argument(tag, mention))
            self.entities.append(Entity(mention, tag, attributes=dict(element.attributes)))

    def _trigger(self, event: _OpenEvent, attributes: Mapping[str, str], mention: Mention | None) -> None:
        if event.type is not None:
            raise CorpusError("an Event with two Denoters.")
        event.type, event.trigger = attributes.get("type") or None, mention
        for key, value in attributes.items():
            if key != "type" and key not in _IDS:
                event.attributes[key] = value

    def _characters(self, data: str) -> None:
        core = data.strip()
        if not core:
            self.spaced |= bool(data)
            return
        self.spaced |= data[0].isspace()
        for part in re.split(r"\s*[\r\n]\s*", core):
            if self.parted and self.text:
                self.text += "\n"
            elif self.spaced and _is_latin(self.text[-1:]) and _is_latin(part[:1]):
                self.text += " "
            for element in self.open:
                if element.start is None:
                    element.start = len(self.text)
            self.text += part
            self.parted, self.spaced = False, True
        self.spaced = data[-1].isspace()

    def _relation(self, attributes: Mapping[str, str]) -> dict[str, Any]:
        ends: dict[str, list[int]] = {"heads": [], "tails": []}
        for key, value in attributes.items():
            if key.endswith(("_eid", "_eids")):
                ends["heads" if key in _HEADS else "tails"] += self._indices(value)
        return {"type": attributes.get("relType", ""), **ends}

    def _indices(self, ids: str) -> list[int]:
        found = []
        for part in ids.split(","):
            range = re.fullmatch(r"e([0-9]{1,4})-e?([0-9]{1,4})", part.strip())
            names = _names(int(range[1]), int(range[2])) if range else [part.strip()]
            for name in names:
                if name in self.ids:
                    found.append(self.ids[name])
                else:
                    self.odd["unresolved"] += 1
        return found


def _names(first: int, last: int) -> list[str]:
    return [f"e{number}" for number in range(first, last + 1)]


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


LAYOUT = Layout(
    read,
    {
        "fire.xml": '<?xml version="1.0" encoding="UTF-8"?>\n<Body>\n\t<Title>小镇失火</Title>\n\t<Content><Paragraph><Sentence>\n'
        '\t\t<Event eid="e1"><Time tid="t1" type="relTime">昨晚</Time>\n\t\t\t<Location lid="l1">小镇</Location>发生\n'
        '\t\t\t<Denoter did="d1" type="emergency">火灾</Denoter>\n\t\t</Event>。\n\t</Sentence></Paragraph></Content>\n</Body>\n'
    },
)
