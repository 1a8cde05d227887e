r"""`lines`, the default format: one item a line, its fields joined by `_`. Answer ↔ string.

    NER, ET        mention_type                   RE, EPR   head_relation_tail
    NER1, ES       mention                        SPO       head_type_relation_tail_type
    EE             trigger_type, then a line `- argument_role` for each argument
    EET            trigger_type                   EP        head_tail
    EEA            argument_role                  RC        relation
    JOINT          the lines of NER, then those of SPO
    KG             head_type_relation_tail
    nothing found  None / 没有, by the prompt's language

A line of a mention and one name splits at its last unescaped `_`, any other at all of them; so `_` is escaped (`\_`) in names always
and in mentions wherever a line has more fields. Backslash, line ends, white space at a mention's ends and a trigger's leading `-`
are escaped too, and what would be mistaken for talk where a line is one field. Occurrence numbers are not written: items come in
text order and are grounded to successive places.
"""

from collections.abc import Iterable

from uie.formats import Description
from uie.formats.fitting import NONE_WORDS, Fitting, Texts
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import alone, decoded, guarded, is_prose, is_talk, is_wrapping, language, none_word, piece, unlisted
from uie.formats.scanning import BLANKS, Piece, escaped, escapes, joined, split
from uie.formats.wording import NONE_RULE, SLOT_NAMES, thing
from uie.tasks.items import (
    ARGUMENT,
    EVENT,
    PAIR,
    RELATION,
    ROWS,
    SPAN,
    TEXT_SLOTS,
    WITH_ARGUMENTS,
    Field,
    Item,
    Row,
    RowChoice,
    items_of,
    row_choices,
)
from uie.tasks.items import item as item_of
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
_DASH = (("-", "\\-"),)
_COMMAS = ",;，；、"


def describe(question: Question) -> Description:
    rules = _RULES[language(question)]
    return Description(rules(question.task), none_word(question))


def _english_rule(task: str) -> str:
    none = NONE_RULE["en"]
    if task == "EE":
        return f"For each event write a line trigger_type, then one line - argument_role for each argument. {none}"
    if task == "JOINT":
        entities, relations = (_pattern(row, "en") for row in ROWS[task])
        return f"First write one entity a line as {entities}, then one relation a line as {relations}, in the order of the text. {none}"
    (row,) = ROWS[task]
    how = "" if len(row) == 1 else f" as {_pattern(row, 'en')}"
    order = "" if task == "RC" else ", in the order of the text"
    return f"Write one {thing(task, row)} a line{how}{order}. {none}"


def _chinese_rule(task: str) -> str:
    none = NONE_RULE["zh"]
    if task == "EE":
        return f"每个事件先写一行“触发词_事件类型”，再为每个论元写一行“- 论元_角色”。{none}"
    if task == "JOINT":
        entities, relations = (_pattern(row, "zh") for row in ROWS[task])
        return f"先为每个实体写一行“{entities}”，再为每个关系写一行“{relations}”，按在文本中出现的顺序排列。{none}"
    (row,) = ROWS[task]
    order = "" if task == "RC" else "，按在文本中出现的顺序排列"
    return f"每行写一个结果，格式为“{_pattern(row, 'zh')}”{order}。{none}"


def _pattern(row: Row, lang: str) -> str:
    return "_".join(SLOT_NAMES[lang][slot] for slot in row)


_RULES = {"en": _english_rule, "zh": _chinese_rule}


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order; the question's none word when it is empty."""
    lines: list[str] = []
    for one in items_of(answer, question):
        lines.append(_written(one, question))
        lines += [f"- {_written(child, question)}" for child in one.children]
    return "\n".join(lines) or none_word(question)


def _written(one: Item, question: Question) -> str:
    row = one.row
    inner = not _splits_last(row, question.task)
    written = "_".join([_field(field, question, inner=inner) for field in one.fields])
    return guarded(written, meant=Fitting(question).means((one,))) if row in (SPAN, PAIR, RELATION) else written


def _field(field: Field, question: Question, *, inner: bool) -> str:
    is_text = field.slot in TEXT_SLOTS
    meant = not (is_text and question.text) or field.text in question.text
    written = escaped(field.text, "_" if inner or not is_text else "", meant=meant)
    if not meant:
        return guarded(written, meant=False)
    return f"\\{written}" if field.slot == "trigger" and written.startswith("-") else written


def _splits_last(row: Row, task: str) -> bool:
    """Whether a line has one mention before one name, or a mention only: then `_` in the mention is no separator."""
    return len(row) <= 2 and row[-1] != "tail" and task != "JOINT"


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the lines say. A line of another shape is a "malformed" problem; blank lines are passed over."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    reader = _Reader(question)
    for line in filter(None, (line.strip(BLANKS) for line in raw.split("\n"))):
        reader.add(line)
    return [Item(one.fields, tuple(children)) for one, children in reader.found], reader.problems


class _Reader:
    def __init__(self, question: Question) -> None:
        self.found: list[tuple[Item, list[Item]]] = []
        self.problems: list[Problem] = []
        self._task = question.task
        self._fitting = Fitting(question)
        self._event_is_open = False  # whether the next argument line has an event to belong to

    def add(self, line: str) -> None:
        is_argument = self._task in WITH_ARGUMENTS and line.startswith("- ")
        if not (self._as_written(line, is_argument) or self._mended(line, is_argument) or self._whatever(line, is_argument)):
            self.problems.append(Problem("prose" if is_prose(line) else "malformed", piece(line)))
            self._event_is_open = self._event_is_open and is_argument

    def _as_written(self, line: str, is_argument: bool) -> bool:
        if is_argument:
            return self._event_is_open and self._take(
                self._fitting.exact(_pieces(line[2:], ARGUMENT, self._task), ARGUMENT), ARGUMENT
            )
        return any(self._take(self._fitting.exact(_pieces(line, row, self._task), row), row) for row in ROWS[self._task])

    def _mended(self, line: str, is_argument: bool) -> bool:
        """Reads a line behind a bullet, several items on one line, an argument or event written like the other one, and whatever
        else can be told from names and text."""
        bare = unlisted(line).replace("＿", "_")
        rows = ROWS[self._task]
        fitting = self._fitting
        if self._task in WITH_ARGUMENTS:
            rows = (*([ARGUMENT] if self._event_is_open else []), EVENT)
            rows = rows if is_argument else rows[::-1]
        done = any(self._take(fitting.sure(_pieces(bare, row, self._task), row), row) for row in rows)
        done = done or any(self._take_all(self._listed(bare, row), row) for row in rows)
        if not done and (found := fitting.mended([(row, _pieces(bare, row, self._task)) for row in rows], split(bare, "_"))):
            row, texts = found
            done = self._take_all(texts, row)
        if done:
            self.problems.append(Problem("repaired", piece(line)))
        return done

    def _listed(self, line: str, row: Row) -> list[Texts] | None:
        parts = [part.text for part in split(line, _COMMAS) if not part.is_blank]
        if len(parts) < 2:
            return None
        texts = [self._fitting.sure(_pieces(part, row, self._task), row) for part in parts]
        found = [one for one in texts if one is not None]
        return found if len(found) == len(parts) else None

    def _whatever(self, line: str, is_argument: bool) -> bool:
        if is_argument and not self._event_is_open:
            return False
        body, rows = (line[2:], (ARGUMENT,)) if is_argument else (line, ROWS[self._task])
        for row in rows:
            pieces = _pieces(body, row, self._task)
            if self._fitting.says_none(pieces, row) or (is_argument and body.strip(BLANKS) in NONE_WORDS.values()):
                self.problems.append(Problem("repaired", piece(line)))
                self._event_is_open = is_argument
                return True
            if self._is_item(line, pieces, row) and self._take(self._fitting.as_it_stands(pieces, row), row):
                return True
        return False

    def _is_item(self, line: str, pieces: list[Piece], row: Row) -> bool:
        """Whether a line of the row's shape is more than talk that happens to have it."""
        if "\\" in line:
            return True
        if len(row) == 1:
            return not is_talk(line)
        if row != PAIR and self._fitting.is_named(pieces, row):
            return not any(is_wrapping(part.text) for slot, part in zip(row, pieces, strict=True) if slot in TEXT_SLOTS)
        return not is_wrapping(line)

    def _take_all(self, rows: Iterable[Texts] | None, row: Row) -> bool:
        for texts in rows or ():
            self._take(texts, row)
        return bool(rows)

    def _take(self, texts: Texts | None, row: Row) -> bool:
        if texts is None:
            return False
        one = item_of(row, texts)
        if row == ARGUMENT and self._task in WITH_ARGUMENTS:
            self.found[-1][1].append(one)
            return True
        self.found.append((one, []))
        self._event_is_open = True
        if row == EVENT:
            self._fitting.ask_roles_of(one.text("event"))
        return True


def _pieces(line: str, row: Row, task: str) -> list[Piece]:
    """The line's fields, as the row's lines are cut."""
    if not _splits_last(row, task):
        return split(line, "_")
    if len(row) == 1:
        return [Piece(line)]
    *head, last = split(line, "_")
    return [Piece(joined(head), "_"), last] if head else [last]


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    choices = [_line(choice, question) for choice in row_choices(question)]
    first = Choice(tuple(choices))
    listed = Sequence((first, Repeat(Sequence((Literal("\n"), first)))))
    return Choice((Literal(none_word(question)), listed))


def _line(choice: RowChoice, question: Question) -> Grammar:
    row = tuple(slot for slot, _ in choice.slots)
    inner = not _splits_last(row, question.task)
    parts: list[Grammar] = []
    for slot, options in choice.slots:
        if parts:
            parts.append(Literal("_"))
        part = _slot(slot, options, question, inner=inner)
        parts.append(part if len(row) > 1 else alone(part, question.text))
    for child in choice.children:
        parts.append(Repeat(Sequence((Literal("\n- "), _line(child, question)))))
    return Sequence(tuple(parts))


def _slot(slot: str, options: tuple[str, ...] | None, question: Question, *, inner: bool) -> Grammar:
    if options is not None:
        return Choice(tuple(Literal(_field(Field(slot, option), question, inner=inner)) for option in options))
    span = SpanOf(question.text, escapes("_" if inner else ""), _DASH if slot == "trigger" else ())
    return Choice((span, Literal(""))) if slot == "trigger" else span
