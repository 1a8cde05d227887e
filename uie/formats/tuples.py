r"""`tuples`: items in brackets, their fields separated by commas. Answer ↔ string.

    NER, ET        (mention, type), (mention, type)     RE, EPR   (head, relation, tail)
    NER1, ES       (mention), (mention)                 SPO       (head, type, relation, tail, type)
    EE             (trigger, type, (argument, role), (argument, role)), (trigger, type)
    EET            (trigger, type)                      EP        (head, tail)
    EEA            (argument, role)                     RC        (relation)
    JOINT          the tuples of NER, then those of SPO
    KG             (head, type, relation, tail)
    nothing found  None / 没有, by the prompt's language

An event's arguments stand in it as tuples of their own; a missing trigger is an empty field. `\` goes before commas, brackets and
backslashes in a field; line ends and blanks at a field's ends are escaped too. Occurrence numbers are not written.
"""

from collections.abc import Iterable
from collections.abc import Sequence as Listing

from uie.formats import Description
from uie.formats.fitting import Fitting, Texts
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import alone, decoded, guarded, is_prose, language, none_word, piece, unlisted
from uie.formats.scanning import BLANKS, Group, Piece, escaped, escapes, groups, joined, split
from uie.formats.wording import NONE_RULE, SLOT_NAMES, thing
from uie.tasks.items import ARGUMENT, EVENT, ROWS, TEXT_SLOTS, WITH_ARGUMENTS, Field, Item, Row, RowChoice, items_of, row_choices
from uie.tasks.items import item as item_of
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
_SPECIALS = "(),"
_COMMAS = ",，、"
_BETWEEN = " \t\r,，、.。[]{}"
_NO_ARGUMENTS = ("", "None", "没有", "none", "null")
_JOINING = ("", "and", "和", "以及", "及")


def describe(question: Question) -> Description:
    lang = language(question)
    rule = (_chinese_rule if lang == "zh" else _english_rule)(question.task)
    return Description(f"{rule}{' ' if lang == 'en' else ''}{NONE_RULE[lang]}", none_word(question))


def _english_rule(task: str) -> str:
    order = "" if task == "RC" else ", in the order of the text"
    shapes = [_shape(row, "en") for row in ROWS[task]]
    if task == "JOINT":
        return f"First write each entity as {shapes[0]}, then each relation as {shapes[1]}, separated by commas{order}."
    shape = "(trigger, type, (argument, role), (argument, role))" if task in WITH_ARGUMENTS else shapes[0]
    return f"Write each {thing(task, ROWS[task][0])} as {shape}, separated by commas{order}."


def _chinese_rule(task: str) -> str:
    order = "" if task == "RC" else "，按在文本中出现的顺序排列"
    shapes = [_shape(row, "zh") for row in ROWS[task]]
    if task == "JOINT":
        return f"先将每个实体写成“{shapes[0]}”，再将每个关系写成“{shapes[1]}”，用逗号分隔{order}。"
    shape = "(触发词, 事件类型, (论元, 角色), (论元, 角色))" if task in WITH_ARGUMENTS else shapes[0]
    return f"将每个结果写成“{shape}”，用逗号分隔{order}。"


def _shape(row: Row, lang: str) -> str:
    return f"({', '.join(SLOT_NAMES[lang][slot] for slot in row)})"


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order; the question's none word when it is empty."""
    return ", ".join(_written(one, question) for one in items_of(answer, question)) or none_word(question)


def _written(one: Item, question: Question) -> str:
    fields = [_field(field, question.text) for field in one.fields]
    if len(fields) == 1:
        return f"({guarded(fields[0], meant=Fitting(question).means((one,)))})"
    return f"({', '.join([*fields, *(_written(child, question) for child in one.children)])})"


def _field(field: Field, text: str) -> str:
    meant = field.slot not in TEXT_SLOTS or not text or field.text in text
    written = escaped(field.text, _SPECIALS, meant=meant)
    return written if meant else guarded(written, meant=False)


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the tuples say. A tuple that fits no row of the task is a "malformed" problem, as is an attempt at one without brackets."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[Listing[Item], Listing[Problem]]:
    items = _well_formed(raw, question)
    return (items, ()) if items is not None else read_loosely(raw, question, Fitting(question))


def _well_formed(raw: str, question: Question) -> list[Item] | None:
    """The items of an answer without a flaw in its syntax; None where there is one."""
    found, behind = groups(raw, loose=False)
    fitting = Fitting(question)
    items: list[Item] = []
    children: list[list[Item]] = []
    if behind.strip(BLANKS):
        return None
    for group in found:
        inner = question.task in WITH_ARGUMENTS and group.depth == 1
        if not group.closed or group.rest or group.before.strip(BLANKS) != ("," if items and not inner else ""):
            return None
        if group.depth and not inner:
            return None
        texts, row = _fields(group.pieces, (ARGUMENT,) if inner else ROWS[question.task], fitting)
        if texts is None:
            return None
        if inner:
            children[-1].append(item_of(row, texts))
        else:
            items.append(item_of(row, texts))
            children.append([])
            if row == EVENT:
                fitting.ask_roles_of(items[-1].text("event"))
    return [Item(one.fields, tuple(own)) for one, own in zip(items, children, strict=True)]


def _fields(pieces: list[Piece], rows: Iterable[Row], fitting: Fitting) -> tuple[Texts | None, Row]:
    """The texts of the first row that has as many fields, unless they make sense only in another way."""
    written = [(row, pieces) for row in rows]
    for row, fields in written:
        if (texts := fitting.exact(fields, row)) is not None:
            return texts, row
    if fitting.mended(written, pieces) is None and not any(fitting.says_none(fields, row) for row, fields in written):
        for row, fields in written:
            if (texts := fitting.as_it_stands(fields, row)) is not None:
                return texts, row
    return None, ()


def read_loosely(raw: str, question: Question, fitting: Fitting, *, escapes: bool = True) -> tuple[list[Item], list[Problem]]:
    """Items of tuples with full-width, missing or superfluous brackets, between whatever else a model writes."""
    reader = _Reader(question, fitting, escapes=escapes)
    found, behind = groups(raw, loose=True, escapes=escapes)
    for number, group in enumerate(found):
        if group.depth == 0:
            reader.between(group.before, expected="," if number else "")
        reader.add(group)
    reader.between(behind, expected="")
    reader.end()
    return [Item(one.fields, tuple(children)) for one, children in reader.found], reader.problems


class _Reader:
    """Takes groups in the order of their beginnings, however they are nested: names tell events from arguments."""

    def __init__(self, question: Question, fitting: Fitting, *, escapes: bool) -> None:
        self.found: list[tuple[Item, list[Item]]] = []
        self.problems: list[Problem] = []
        self._task = question.task
        self._fitting = fitting
        self._escapes = escapes
        self._event_is_open = False
        self._mends = ""  # what was passed over since the last item that does not belong there

    def between(self, text: str, *, expected: str) -> None:
        """What stands outside all groups: nothing but a comma, or items without brackets, or talk."""
        if text.strip(BLANKS) == expected:
            return
        others = False
        for line in text.split("\n"):
            for part in split(line, ";；", escapes=self._escapes):
                bare = unlisted(part.text.strip(_BETWEEN)).strip(_BETWEEN)
                if bare.casefold() not in _JOINING:
                    others = True
                    if not self._take_without_brackets(bare):
                        self.problems.append(Problem("prose" if is_prose(part.text) else "malformed", piece(part.text)))
        if not others:
            self._mends = self._mends or text.strip(BLANKS) or " "

    def add(self, group: Group) -> None:
        """A group and what follows its inner ones."""
        if group.depth:
            self._mends += group.before.strip(BLANKS)
        if group.is_blank and (group.holds_groups or group.depth):
            self._mends += str(group)  # brackets round the whole answer, or an empty list of arguments
        else:
            is_mended = bool(self._mends) or not group.closed or not group.ascii or (group.depth > 0 and not group.before.isspace())
            if not self._take(group, is_mended=is_mended):
                self.problems.append(Problem("malformed", piece(f"{self._mends}{group}")))
                self._event_is_open = self._event_is_open and group.depth > 0
            self._mends = ""
        for text in group.rest:
            self.between(text, expected="")

    def end(self) -> None:
        if self._mends.strip():
            self.problems.append(Problem("repaired", piece(self._mends)))

    def _take_without_brackets(self, line: str) -> bool:
        pieces = split(line, _COMMAS, escapes=self._escapes)
        for row in self._rows(0):
            texts = self._fitting.sure(pieces, row)
            rows = self._fitting.listed(pieces, row) if texts is None else [texts]
            if rows is not None:
                return self._keep(row, rows, line, is_mended=True)
        return False

    def _take(self, group: Group, *, is_mended: bool) -> bool:
        fitting, shown = self._fitting, f"{self._mends}{group}"
        pieces = _without_lists(group)
        is_mended = is_mended or pieces != group.pieces
        fields = _at_ascii_commas(pieces)
        first, *others = rows = self._rows(group.depth)
        is_lost = self._task in WITH_ARGUMENTS and group.depth > 0 and not self._event_is_open  # an argument of an unread event
        if not is_lost and (texts := fitting.exact(fields, first)) is not None:
            return self._keep(first, [texts], shown, is_mended=is_mended)
        for row in rows:
            if (texts := fitting.sure(fields, row)) is not None:
                return self._keep(row, [texts], shown, is_mended=is_mended or self._task in WITH_ARGUMENTS)
        if self._take_flat_event(pieces, shown):
            return True
        if (found := fitting.mended([(row, fields) for row in rows], pieces)) is not None:
            return self._keep(*found, shown, is_mended=True)
        if any(fitting.says_none(fields, row) for row in rows):
            self.problems.append(Problem("repaired", piece(shown)))
            self._event_is_open = self._event_is_open and group.depth > 0
            return True
        for row in rows if self._task not in WITH_ARGUMENTS else () if is_lost else (first,):
            if group.closed and (texts := fitting.as_it_stands(fields, row)) is not None:
                return self._keep(row, [texts], shown, is_mended=is_mended)
        return False

    def _take_flat_event(self, pieces: Listing[Piece], shown: str) -> bool:
        """An event with its arguments as further fields: (trigger, type, argument, role, argument, role)."""
        if self._task not in WITH_ARGUMENTS or len(pieces) < 4 or (event := self._fitting.sure(pieces[:2], EVENT)) is None:
            return False
        self._fitting.ask_roles_of(event[1])
        arguments = self._fitting.listed(pieces[2:], ARGUMENT)
        if arguments is None:
            self._fitting.ask_roles_of(self.found[-1][0].text("event") if self.found else "")
            return False
        self._keep(EVENT, [event], shown, is_mended=False)
        return self._keep(ARGUMENT, arguments, shown, is_mended=True)

    def _rows(self, depth: int) -> tuple[Row, ...]:
        if self._task not in WITH_ARGUMENTS:
            return ROWS[self._task]
        if not self._event_is_open:
            return (EVENT,)
        return (ARGUMENT, EVENT) if depth else (EVENT, ARGUMENT)

    def _keep(self, row: Row, rows: Iterable[Texts], shown: str, *, is_mended: bool) -> bool:
        for texts in rows:
            one = item_of(row, texts)
            if row == ARGUMENT and self._task in WITH_ARGUMENTS:
                self.found[-1][1].append(one)
                continue
            self.found.append((one, []))
            if row == EVENT:
                self._event_is_open = True
                self._fitting.ask_roles_of(one.text("event"))
        if is_mended:
            self.problems.append(Problem("repaired", piece(shown)))
        return True


def _without_lists(group: Group) -> list[Piece]:
    """The group's pieces without an empty list at the end and without a list's brackets round them."""
    pieces = list(group.pieces)
    if len(pieces) > 2 and (pieces[-1].text.strip(_BETWEEN) in _NO_ARGUMENTS):
        pieces = [*pieces[:-2], Piece(pieces[-2].text)]
    return pieces


def _at_ascii_commas(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces as they are without full-width commas as separators."""
    fields: list[list[Piece]] = [[]]
    for one in pieces:
        fields[-1].append(one)
        if one.end == ",":
            fields.append([])
    return [Piece(joined(parts), parts[-1].end) for parts in fields if parts]


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    one = Choice(tuple(_tuple(choice, question.text) for choice in row_choices(question)))
    return Choice((Literal(none_word(question)), Sequence((one, Repeat(Sequence((Literal(", "), one)))))))


def _tuple(choice: RowChoice, text: str) -> Grammar:
    parts: list[Grammar] = [Literal("(")]
    for slot, options in choice.slots:
        if len(parts) > 1:
            parts.append(Literal(", "))
        if options is not None:
            parts.append(Choice(tuple(Literal(_field(Field(slot, option), text)) for option in options)))
        else:
            span = SpanOf(text, escapes(_SPECIALS))
            parts.append(Choice((span, Literal(""))) if slot == "trigger" else span)
    if len(choice.slots) == 1:
        parts[-1] = alone(parts[-1], text)
    for child in choice.children:
        parts.append(Repeat(Sequence((Literal(", "), _tuple(child, text)))))
    return Sequence((*parts, Literal(")")))
