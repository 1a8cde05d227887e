"""What the JSON formats share on the way in: whatever a model wrote as JSON → items.

The format's own `Layout` is read without a word. Everything else that can be understood is read too and makes one "repaired" problem
for the answer: mended syntax (`tolerant_json`), other names of fields, records where names should be keys or the other way round, a
lone string for a list, `{"Ann": "person"}`, `["Ann", "person"]`, a wrapper like `{"entities": …}`, fields that nobody asked for.
"""

import re
from collections.abc import Iterable
from collections.abc import Sequence as Listed
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from uie.formats.json_writing import ARGUMENTS, ENTITIES, RELATIONS, Layout, number_field, written
from uie.formats.salvage import Read, decoded, is_prose, piece, unlisted, unwrapped
from uie.formats.text_order import in_text_order
from uie.formats.tolerant_json import Cut, Missing, Object, Value, Word, loads, scan
from uie.schema import Label
from uie.tasks.items import (
    ARGUMENT,
    ATTRIBUTE,
    EVENT,
    MENTION,
    ROWS,
    TEXT_SLOTS,
    TRIPLE,
    TYPED_TRIPLE,
    WITH_ARGUMENTS,
    Field,
    Item,
    Row,
)
from uie.tasks.names import label_of
from uie.tasks.question import Answer, Problem, Question


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What models call the fields of records, without case, spaces and punctuation. Of two open slots the one further left in a row wins.
_ALIASES: dict[str, frozenset[str]] = {
    "mention": _words(
        "mention entity name text span word value string term entityname entitytext entitymention 实体 名称 提及 文本 实体名称 词"
    ),
    "type": _words("type label category class entitytype entitylabel tag kind 类型 实体类型 标签 类别"),
    "head": _words(
        "head subject subj headentity headmention subjectentity source from entity1 arg1 entity name mention 头实体 主体 主语 头 主实体"
    ),
    "head_type": _words("headtype subjecttype headentitytype type1 entitytype 头实体类型 主体类型 头类型 实体类型"),
    "relation": _words("relation predicate relationtype relationship rel type label attribute property 关系 关系类型 谓词 属性"),
    "tail": _words(
        "tail object obj tailentity tailmention objectentity target to entity2 arg2 value 尾实体 客体 宾语 尾 客实体 属性值 值"
    ),
    "tail_type": _words("tailtype objecttype tailentitytype type2 尾实体类型 客体类型 尾类型"),
    "trigger": _words("trigger eventtrigger triggerword word mention text 触发词 事件触发词"),
    "event": _words("event eventtype type label category 事件类型 类型 事件"),
    "argument": _words("argument text entity name mention value span argumenttext filler content 论元 实体 名称"),
    "role": _words("role argumentrole roletype type label rolename 角色 论元角色 类型"),
}
_ARGUMENT_FIELDS = _words("arguments args roles participants eventarguments argument 论元 参数 论元列表")
_EVENT_FIELDS = _words("trigger eventtrigger triggerword event eventtype 触发词 事件触发词 事件类型 事件")
_OCCURRENCE_FIELDS = _words("occurrence occurrences occurrencenumber nth 次序 出现次序 第几次")
_ENTITY_KEYS = _words("entities entity mentions ner 实体 实体列表")
_RELATION_KEYS = _words("relations relation triples triplets spo re 关系 关系列表 三元组")
_WRAPPERS = (
    _ENTITY_KEYS
    | _RELATION_KEYS
    | _words(
        "answer answers result results output outputs response data json items list pairs events event attributes 答案 结果 输出"
    )
    | _words("arguments args roles triggers types 事件 论元")
)
_NAMES: dict[Row, str] = {
    MENTION: "type", TRIPLE: "relation", TYPED_TRIPLE: "relation", ATTRIBUTE: "relation", EVENT: "event", ARGUMENT: "role"
}  # fmt: skip
"""The slot of a row whose names a model may take for keys."""
_OPTIONAL = ("trigger", "head_type", "tail_type")
_NOTHING = _words("none null nil nan n/a na undefined nothing empty 没有 无 沒有 空 - ... …")
_LISTED = re.compile(r"\s*[,;，；、]\s*")
_DEEPEST, _DEEPEST_SHOWN = 12, 6


def decode_with(read: Read, raw: str, question: Question, *, empty: tuple[str, ...] = ()) -> tuple[Answer, tuple[Problem, ...]]:
    """As `salvage.decoded`; `empty` are the format's own ways to say that there is nothing."""
    return (Answer(), ()) if raw.strip() in empty else decoded(raw, question, read)


def read_with(layout: Layout, *, ordered: bool = False) -> Read:
    """The reading of a format. `ordered`: items were grouped when they were written and go back into the order of the text."""
    return partial(_read, layout, ordered)


def _read(layout: Layout, ordered: bool, raw: str, question: Question) -> tuple[Listed[Item], list[Problem]]:
    text, prose = (raw, ()) if loads(raw) is not None else unwrapped(raw)
    scanned = scan(text)
    reader = _Reader(question, layout)
    problems = [*prose]
    if scanned.values:
        items = [one for value in scanned.values for one in reader.all(value)]
        talk = [outside for outside in scanned.outside if unlisted(outside).strip()]
        problems += [Problem("prose", piece(outside)) for outside in talk]
        mended = scanned.mended or reader.mended or len(talk) < len(scanned.outside)
    else:
        items = reader.bare_name(text)
        problems += [] if items else [Problem("prose" if is_prose(text) else "malformed", piece(text))]
        mended = bool(items)
    problems += reader.problems
    if mended:
        problems.append(Problem("repaired", piece(text)))
    return (in_text_order(items, question.text) if ordered else items), problems


@dataclass(frozen=True, slots=True)
class _Part:
    """What is being read: a row, its slots whose strings are still to come as keys, and what the keys outside have said.

    `listed`: it stands in a list. `event`: the event that arguments belong to, as the answer names it.
    """

    row: Row
    groups: tuple[str, ...]
    known: tuple[Field, ...] = ()
    depth: int = 0
    listed: bool = False
    event: str = ""

    @property
    def open(self) -> tuple[str, ...]:
        taken = {one.slot for one in self.known}
        return tuple(slot for slot in self.row if slot not in taken)

    def inside(self, *, listed: bool = False) -> "_Part":
        return replace(self, depth=self.depth + 1, listed=listed)

    def under(self, key: str) -> "_Part":
        known = (*self.known, Field(self.groups[0], key))
        return replace(self, groups=self.groups[1:], known=known, depth=self.depth + 1, listed=False)


class _Reader:
    def __init__(self, question: Question, layout: Layout) -> None:
        self.problems: list[Problem] = []
        self.mended = False
        self._question = question
        self._layout = layout
        self._task = question.task
        self._held = question.text
        given = question.given.frames if question.given else ()
        self._given_event = given[0].type if given else None
        self._given_trigger = given[0].trigger.text if given and given[0].trigger else ""
        self._known: dict[tuple[str, str, str], bool] = {}

    def all(self, value: Value) -> list[Item]:
        rows = ROWS[self._task]
        return self._joint(value, 0) if len(rows) > 1 else self._items(value, self._part(rows[0]))

    def bare_name(self, text: str) -> list[Item]:
        """The item of an answer that is nothing but a name, where names are all that is asked."""
        row = ROWS[self._task][0]
        name = text.strip().strip(".。*`\"'")
        bare = len(row) == 1 and row[0] not in TEXT_SLOTS and self._is_name(row[0], name)
        return [Item((Field(row[0], name),))] if bare else []

    def _part(self, row: Row, depth: int = 0, *, event: str = "") -> _Part:
        return _Part(row, self._layout.groups.get(row, ()), depth=depth, event=event)

    def _malformed(self, value: Value) -> list[Item]:
        self.problems.append(Problem("malformed", piece(_shown(value))))
        return []

    def _nothing(self) -> list[Item]:
        self.mended = True
        return []

    # Names

    def _labels(self, slot: str, event: str) -> tuple[Label, ...]:
        schema = self._question.schema
        if slot in ("type", "head_type", "tail_type"):
            return schema.entities
        if slot == "relation":
            return schema.relations
        if slot == "event":
            return schema.events
        if slot != "role":
            return ()
        found = schema.event(self._given_event or label_of(event, schema.events)[0])
        return found.roles if found else ()

    def _is_name(self, slot: str, text: str, event: str = "") -> bool:
        """Whether the question knows the text as a name in this slot, in whatever spelling."""
        key = (slot, event, text)
        if key not in self._known:
            labels = self._labels(slot, event) if text else ()
            self._known[key] = bool(labels) and all(one.kind != "unknown_type" for one in label_of(text, labels)[1])
        return self._known[key]

    # Values

    def _items(self, value: Value, part: _Part) -> list[Item]:
        if part.depth > _DEEPEST:
            return self._malformed(value)
        if isinstance(value, list):
            return self._list(value, part)
        if isinstance(value, Object):
            return self._object(value, part)
        if isinstance(value, Cut):
            return self._malformed(value) if value.text else []
        return self._nothing() if isinstance(value, Missing) else self._lone(value, part)

    def _list(self, value: list[Value], part: _Part) -> list[Item]:
        if (fields := self._positional(value, part)) is not None:
            self.mended = True
            return self._finished(fields, part, value)
        self.mended = self.mended or bool(value and (part.groups or part.listed))
        inner = part.inside(listed=True)
        return [item for one in value for item in self._items(one, inner)]

    def _positional(self, value: list[Value], part: _Part) -> dict[str, Field] | None:
        """The fields of a row that is written as a list of its strings, such as ["Ann", "works for", "Acme"]."""
        needed = tuple(slot for slot in part.open if slot not in _OPTIONAL)
        slots = next((slots for slots in (part.open, needed) if len(slots) == len(value) > 1), ())
        texts = [_text(one) for one in value if isinstance(one, str | Word)]
        if len(texts) != len(slots) or not slots or (part.groups and not part.listed):
            return None
        names = [slot for slot in slots if slot not in TEXT_SLOTS]
        if names and not part.listed and not any(self._is_name(names[0], text, part.event) for text in texts):
            return None  # as good as anything a list of mentions without types
        return {slot: Field(slot, text) for slot, text in zip(slots, texts, strict=True)}

    def _lone(self, value: str | Word, part: _Part) -> list[Item]:
        text, held = _text(value), self._held
        if isinstance(value, Word):
            self.mended = True
        if text in self._layout.nothing:
            return []
        alone = not part.listed and part.row not in self._layout.alone
        empty = text.casefold() in _NOTHING
        if empty and (isinstance(value, Word) or len(part.open) != 1):
            return self._nothing()
        if len(part.open) != 1:
            return self._malformed(value)
        (slot,) = part.open
        if slot in TEXT_SLOTS and text not in held:
            if empty and alone:
                return self._nothing()
            pieces = _LISTED.split(text) if not part.listed else []
            if held and len(pieces) > 1 and all(one and one in held for one in pieces):
                self.mended = True
                return [item for one in pieces for item in self._finished({slot: Field(slot, one)}, part, value)]
        self.mended = self.mended or alone or self._layout.is_record(part.row, 1, self._task)
        return self._finished({slot: Field(slot, text)}, part, value)

    # Objects

    def _object(self, value: Object, part: _Part) -> list[Item]:
        if not value.pairs:
            return self._nothing() if part.listed else []
        if not part.groups and self._is_own(value, part):
            self.mended = self.mended or not part.listed
            return self._records(value, part)
        natural = _NAMES.get(part.row, "")
        if not part.groups and natural in part.open and not self._is_record(value, named := replace(part, groups=(natural,))):
            self.mended, part = True, named  # names as keys where records were asked
        if part.groups and not self._is_record(value, part):
            return [item for key, one in value.pairs for item in self._under_key(key, one, part)]
        if part.groups or not part.listed or not self._layout.is_record(part.row, len(part.open), self._task):
            self.mended = True
        if part.groups or any(self._slot(key, part.open) for key, _ in value.pairs) or part.row == EVENT:
            return self._records(value, part)
        if [slot for slot in part.open if slot not in _OPTIONAL] == ["head", "tail"]:  # {"Ann": "Acme"}
            inner = replace(part, groups=("head",))
            return [item for key, one in value.pairs for item in self._under_key(key, one, inner)]
        return self._misplaced_keys(value, part) if len(part.open) == 1 else self._malformed(value)

    def _is_own(self, value: Object, part: _Part) -> bool:
        """Whether an object is a record as the format itself writes it, perhaps cut off: whatever names the schema may have."""
        if not self._layout.is_record(part.row, len(part.open), self._task):
            return False
        fields = {name for slot in part.open for name in self._layout.names(slot) if slot not in self._layout.unwritten}
        more = {number_field(slot, part.row) for slot in part.open if slot in TEXT_SLOTS} if self._layout.numbered else set()
        return all(
            key == ARGUMENTS if isinstance(one, Object | list) else key in fields or key in more or key == ARGUMENTS
            for key, one in value.pairs
        )

    def _is_record(self, value: Object, part: _Part) -> bool:
        """Whether an object whose keys should be names is a record with a field for the name instead."""
        name = part.groups[0]
        known = sum(self._is_name(name, key, part.event) for key, _ in value.pairs)
        if known == len(value.pairs):
            return False
        scalars = {self._slot(key, part.open) for key, one in value.pairs if isinstance(one, str | Word)}
        if name in scalars:
            return len(value.pairs) > 1
        strings = scalars.intersection(TEXT_SLOTS).difference(part.groups)
        return known == 0 and bool(strings) and not all(self._is_name(name, _only(one), part.event) for _, one in value.pairs)

    def _under_key(self, key: str, value: Value, part: _Part) -> list[Item]:
        slot = part.groups[0]
        if isinstance(value, Missing):
            return self._key_alone(key, part)
        if slot not in TEXT_SLOTS and not self._is_name(slot, key, part.event):
            others = [one for one in part.open if one != slot]
            turned = len(others) == 1 and others[0] in TEXT_SLOTS and self._is_name(slot, name := _only(value), part.event)
            if turned and key and (not self._held or key in self._held):  # {"Ann": "person"}
                self.mended = True
                return self._finished({slot: Field(slot, name), others[0]: Field(others[0], key)}, part, value)
            if slot == "role" and self._given_event is not None and _plain(key) in _EVENT_FIELDS:
                return self._nothing()  # the given event once more
            if isinstance(value, Object | list) and self._labels(slot, part.event):
                if slot == "role" and self._is_name("event", key):
                    return self._framed(key, value, part)
                if _plain(key) in _WRAPPERS:
                    self.mended = True
                    return self._items(value, part.inside())
            if not _says(value) or value in self._layout.nothing:
                self.mended = self.mended or bool(self._labels(slot, part.event))
        return self._items(value, part.under(key)) if key else self._malformed(value)

    def _framed(self, event: str, value: Value, part: _Part) -> list[Item]:
        """[{"trigger": "hired", "arguments": {…}}]: the arguments that are asked, with the event that is given round them."""
        records = value if isinstance(value, list) else [value]
        is_given = label_of(event, self._question.schema.events)[0] == self._given_event
        self.mended = self.mended or not self._layout.framed or len(records) != 1 or not is_given
        found: list[Item] = []
        for record in records:
            for key, one in record.pairs if isinstance(record, Object) else ():
                if key == ARGUMENTS:
                    found += self._items(one, part.inside())
                elif _plain(key) not in _EVENT_FIELDS:
                    found += self._under_key(key, one, part.inside())
                elif _only(one) not in (self._given_trigger, *self._layout.nothing):
                    self.mended = True
            if not isinstance(record, Object):
                self._malformed(record)
        return found

    def _key_alone(self, key: str, part: _Part) -> list[Item]:
        """A key without a value: a name of which there is nothing, talk, or something in a wrong place."""
        if self._is_name(part.groups[0], key, part.event) or not key.strip(" .…"):
            return self._nothing()
        if is_prose(key):
            self.problems.append(Problem("prose", piece(key)))
            return []
        return self._malformed(key)

    def _misplaced_keys(self, value: Object, part: _Part) -> list[Item]:
        """An object where strings should stand: {"person": ["Ann"]} or {"entities": ["Ann"]} for ["Ann"], or {"Ann", "Bob"}."""
        found: list[Item] = []
        (slot,) = part.open
        is_text = slot in TEXT_SLOTS
        for key, one in value.pairs:
            if isinstance(one, Missing):
                found += self._items(key, part.inside(listed=True))
            elif not key or _plain(key) in _WRAPPERS or (is_text and self._is_name("type", key)):
                found += self._items(one, part.inside())
            elif (is_text and key in self._held) or (not is_text and self._is_name(slot, key, part.event)):
                found += self._finished({slot: Field(slot, key)}, part, one)
            else:
                self._malformed(Object(((key, one),)))
        return found

    # Records

    def _records(self, value: Object, part: _Part) -> list[Item]:
        """The items of a record; a field that stands in it twice begins another one."""
        found: list[Item] = []
        filled: dict[str, Value] = {}
        rest: list[tuple[str, Value]] = []
        for key, one in value.pairs:
            slot = self._slot(key, part.open)
            if slot in filled:
                self.mended = True
                found += self._record(filled, rest, part, value)
                filled, rest = {}, []
            if slot:
                self.mended = self.mended or key not in self._layout.names(slot) or slot in self._layout.unwritten
                filled[slot] = one
            else:
                rest.append((key, one))
        return found + self._record(filled, rest, part, value)

    def _slot(self, key: str, slots: tuple[str, ...]) -> str:
        """Which of the slots a field of this name fills; "" if none."""
        plain = _plain(key)
        exact = (slot for slot in slots if key in self._layout.names(slot))
        spelt = (slot for slot in slots if plain == _plain(slot))
        return next(exact, "") or next(spelt, "") or next((slot for slot in slots if plain in _ALIASES[slot]), "")

    def _record(self, filled: dict[str, Value], rest: list[tuple[str, Value]], part: _Part, value: Object) -> list[Item]:
        missing = [slot for slot in part.open if slot not in filled and slot not in self._layout.unwritten]
        if "relation" in missing and "tail" in missing and "head" in filled and rest:
            return self._attributes(filled, rest, part, value)
        says_nothing = not filled and not any(self._says_arguments(key, part) for key, _ in rest)
        if says_nothing or any(slot not in _OPTIONAL for slot in missing):
            return self._malformed(value)
        self.mended = self.mended or bool(missing)
        numbers = self._numbers(rest, part)
        choices: list[tuple[Field, ...]] = []
        for slot, one in filled.items():
            fields = self._field(slot, one, numbers.get(slot))
            if fields is None:
                return self._malformed(value)
            choices.append(fields)
            type_slot = f"{slot}_type"
            if type_slot in missing and (type := _inner(one, _ALIASES["type"])):
                choices.append((Field(type_slot, type),))
        if sum(len(fields) > 1 for fields in choices) > 1:
            return self._malformed(value)
        return [
            item for fields in product(*choices) for item in self._finished({one.slot: one for one in fields}, part, value, rest)
        ]

    def _attributes(self, filled: dict[str, Value], rest: list[tuple[str, Value]], part: _Part, value: Object) -> list[Item]:
        """{"head": "Ann", "works for": "Acme"}: relations as the names of fields."""
        self.mended = True
        known = list(part.known)
        for slot, one in filled.items():
            fields = self._field(slot, one, None)
            if fields is None or len(fields) != 1:
                return self._malformed(value)
            known += fields
        inner = _Part(part.row, ("relation",), tuple(known), part.depth + 1)
        return [item for key, one in rest for item in self._under_key(key, one, inner)]

    def _field(self, slot: str, value: Value, number: int | None) -> tuple[Field, ...] | None:
        """The strings that a field holds; None where something in it cannot be read."""
        if isinstance(value, Object):  # {"head": {"text": "Ann", "type": "person"}}
            self.mended = True
            inner = _inner(value, _ALIASES["mention"]) if slot in TEXT_SLOTS else ""
            return (Field(slot, inner, number),) if inner else None
        if isinstance(value, list):
            self.mended = True
            found = [None if isinstance(one, list) else self._field(slot, one, number) for one in value]
            return tuple(one for fields in found if fields for one in fields) if found and None not in found else None
        if isinstance(value, Cut | Missing):
            return None
        text = _text(value)
        if isinstance(value, Word):
            self.mended = True
            text = "" if text.casefold() in _NOTHING else text
        if slot == "trigger" and text in self._layout.nothing:
            text = ""
        return (Field(slot, text, number),) if text or slot in _OPTIONAL else None

    def _numbers(self, rest: list[tuple[str, Value]], part: _Part) -> dict[str, int]:
        """The occurrence numbers among a record's other fields; what says a number is no longer among the `rest`."""
        if not self._layout.numbered:
            return {}
        found: dict[str, int] = {}
        strings = [slot for slot in part.open if slot in TEXT_SLOTS]
        others: list[tuple[str, Value]] = []
        for key, value in rest:
            exact = next((slot for slot in strings if key == number_field(slot, part.row)), "")
            plain = _plain(key)
            slot = exact or next((one for one in strings if plain.removeprefix(one) in _OCCURRENCE_FIELDS), "")
            if not slot:
                others.append((key, value))
                continue
            text = _text(value) if isinstance(value, str | Word) else ""
            is_number = re.fullmatch(r"[1-9][0-9]{0,5}", text) is not None
            self.mended = self.mended or not (exact and is_number and isinstance(value, Word))
            if is_number:
                found[slot] = int(text)
        rest[:] = others
        return found

    def _says_arguments(self, key: str, part: _Part) -> bool:
        return part.row == EVENT and (_plain(key) in _ARGUMENT_FIELDS or self._is_name("role", key, _known(part, "event")))

    def _finished(self, fields: dict[str, Field], part: _Part, value: Value, rest: Iterable[tuple[str, Value]] = ()) -> list[Item]:
        """The item with these fields and those that the keys outside gave; its arguments stand in the rest of its record."""
        fields = {**{one.slot: one for one in part.known}, **fields}
        needed = [slot for slot in part.row if slot not in _OPTIONAL and slot not in self._layout.unwritten]
        if any(slot not in fields or not fields[slot].text for slot in needed):
            return self._malformed(value)
        fields = {"trigger": Field("trigger", ""), **self._turned_back(fields, part)}
        children: list[Item] = []
        if part.row == EVENT and self._task in WITH_ARGUMENTS:
            children = self._arguments(fields["event"].text, rest)
        elif list(rest):
            self.mended = True
        held = [self._placed(fields[slot]) for slot in part.row if slot in fields and (fields[slot].text or slot == "trigger")]
        return [Item(tuple(held), tuple(children))]

    def _placed(self, one: Field) -> Field:
        """A string with one place in the text stands there: said or not, that is its number."""
        if not self._layout.numbered or one.slot not in TEXT_SLOTS or one.occurrence is not None or not one.text:
            return one
        start = self._held.find(one.text)
        return replace(one, occurrence=1) if start >= 0 and self._held.find(one.text, start + 1) < 0 else one

    def _turned_back(self, fields: dict[str, Field], part: _Part) -> dict[str, Field]:
        """Fields in their right places where a name stands in a mention's place and the mention in the name's."""
        event = fields["event"].text if "event" in fields else part.event
        for slot in part.row:
            if slot in TEXT_SLOTS or slot not in fields or self._is_name(slot, text := fields[slot].text, event):
                continue
            names = [one for one in fields if one in TEXT_SLOTS and self._is_name(slot, fields[one].text, event)]
            if len(names) == 1 and text and (not self._held or text in self._held):
                self.mended = True
                return {**fields, slot: Field(slot, fields[names[0]].text), names[0]: Field(names[0], text)}
        return fields

    def _arguments(self, event: str, rest: Iterable[tuple[str, Value]]) -> list[Item]:
        children: list[Item] = []
        part, rest = self._part(ARGUMENT, 2, event=event), tuple(rest)
        self.mended = self.mended or not any(key == ARGUMENTS for key, _ in rest)
        for key, value in rest:
            self.mended = self.mended or key != ARGUMENTS
            if _plain(key) in _ARGUMENT_FIELDS:
                children += self._items(value, part)
            elif self._is_name("role", key, event):  # {"trigger": "hired", "employer": "Acme"}
                children += self._items(value, replace(part, groups=(), known=(Field("role", key),)))
        return children

    # Entities and relations in one answer

    def _joint(self, value: Value, depth: int) -> list[Item]:
        if depth > _DEEPEST or isinstance(value, str | Word | Cut):
            return self._malformed(value)
        if isinstance(value, Missing):
            return self._nothing()
        grouped = bool(self._layout.groups)
        if isinstance(value, list):
            self.mended = self.mended or grouped
            return [item for one in value for item in self._joint(one, depth + 1)]
        if any(isinstance(one, str | Word | Cut) for _, one in value.pairs):
            ends = {self._slot(key, ("mention", "type", "head", "tail")) for key, _ in value.pairs}
            row = MENTION if ends.isdisjoint(("head", "tail")) else TYPED_TRIPLE
            self.mended = self.mended or depth == 0
            return self._items(value, replace(self._part(row, depth), listed=True))
        return [item for key, one in value.pairs for item in self._joint_pair(key, one, depth)]

    def _joint_pair(self, key: str, value: Value, depth: int) -> list[Item]:
        if self._layout.groups and key in (ENTITIES, RELATIONS):
            return self._items(value, self._part(MENTION if key == ENTITIES else TYPED_TRIPLE, depth + 1))
        self.mended = True
        is_relation = self._is_name("relation", key)
        if not is_relation and not self._is_name("type", key):
            plain = _plain(key)
            if plain in _ENTITY_KEYS | _RELATION_KEYS:
                return self._items(value, self._part(MENTION if plain in _ENTITY_KEYS else TYPED_TRIPLE, depth + 1))
            if plain in _WRAPPERS:
                return self._joint(value, depth + 1)
        row, slot = (TYPED_TRIPLE, "relation") if is_relation else (MENTION, "type")
        return self._under_key(key, value, _Part(row, (slot,), depth=depth + 1))


def _text(value: str | Word) -> str:
    return value if isinstance(value, str) else value.text


def _only(value: Value) -> str:
    """The one string that a value holds, alone or in a list; "" if there is not exactly one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return _text(value) if isinstance(value, str | Word) else ""


def _says(value: Value) -> bool:
    return bool(value.pairs) if isinstance(value, Object) else bool(value) if isinstance(value, list) else True


def _inner(value: Value, names: frozenset[str]) -> str:
    """The string in the first field of an object that has one of these names."""
    pairs = value.pairs if isinstance(value, Object) else ()
    return next((one for key, one in pairs if _plain(key) in names and isinstance(one, str)), "")


def _known(part: _Part, slot: str) -> str:
    return next((one.text for one in part.known if one.slot == slot), "")


def _plain(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalnum())


def _shown(value: Value, depth: int = 0) -> str:
    """The value as a problem shows it: as JSON again, as far as it was any."""
    if isinstance(value, str):
        return written(value) if depth else value
    if isinstance(value, Word | Cut):
        return value.text
    if isinstance(value, Missing):
        return ""
    if depth > _DEEPEST_SHOWN:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(_shown(one, depth + 1) for one in value)}]"
    return f"{{{', '.join(f'{written(key)}: {_shown(one, depth + 1)}' for key, one in value.pairs)}}}"
