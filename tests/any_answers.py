"""Strategies: any question of any task with any answer to it, strings full of the formats' own syntax."""

from hypothesis import strategies as st

from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.tasks.items import ROWS
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

ODD = [
    "_", "\\", "\\_", "\n", "\\n", "\r\n", " ", "\t", "- ", "-", "- a_b", "1. a", "None", "没有", "none", "no", "无", "N/A.", "👍🏽",
    "\u3000", "\u3000a", "\u2028", "\x0b", "\x85", "a ", " a", "_a_", "a\\", "(", ")", "(a, b)", "a (b)", "(a) b", "a)", "(a", ",", "a, b",
    ", ", ";", "a; b", ":", "a: b", "：", "（a，b）", "a；b", "、", '"', '"a"', "'a'", "“a”", "[a]", "{}", "<think>", "</think>", "</s>",
    "```", "```json", "Answer:", "Here they are:", "There are no entities.", "文中没有实体。", "שלום", "and", "a\nb", "per", "person",
]  # fmt: skip
STRINGS = st.sampled_from(ODD) | st.text('_\\\n\r\t -(),;:ansb中（）：“"', min_size=1, max_size=7) | st.text(min_size=1, max_size=5)
NAMES = STRINGS.filter(lambda name: name.strip() != "")


@st.composite
def named_labels(draw: st.DrawFn, least: int = 1) -> list[tuple[str, str]]:
    """(label, name) with labels and names distinct among themselves; a label may be another one's name."""
    labels = draw(st.lists(NAMES, min_size=least, max_size=3, unique=True))
    fresh = st.lists(NAMES, min_size=len(labels), max_size=len(labels), unique=True)
    return list(zip(labels, draw(st.permutations(labels) | fresh), strict=True))


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    return Schema(
        draw(st.sampled_from(["en", "zh"])),
        tuple(Label(*label) for label in draw(named_labels())),
        tuple(RelationLabel(*label) for label in draw(named_labels())),
        tuple(EventLabel(*label, "", tuple(Label(*role) for role in draw(named_labels(0)))) for label in draw(named_labels())),
    )


@st.composite
def questions_and_answers(draw: st.DrawFn, tasks: tuple[str, ...] = tuple(ROWS)) -> tuple[Question, Answer]:
    """Answers whose types are in the schema; all else is arbitrary. The text may be unknown, or hold some of the mentions, or others."""
    task, schema = draw(st.sampled_from(tasks)), draw(schemas())
    if task == "NER1":
        schema = Schema(schema.lang, schema.entities[:1])
    if task == "EEA":
        schema = Schema(schema.lang, events=schema.events[:1])
    mentions = draw(st.lists(STRINGS, min_size=1, max_size=4))
    text = draw(st.just("") | st.lists(st.sampled_from(mentions) | STRINGS, max_size=4).map(" ".join))
    string = st.sampled_from(mentions)
    entities, relations = ([label.label for label in kind] for kind in (schema.entities, schema.relations))
    given, answer = None, Answer()

    def named(*, typed: bool) -> Named:
        return Named(draw(string), draw(st.sampled_from(entities)) if typed else None)

    def triple(row: tuple[str, ...]) -> Triple:
        relation = draw(st.sampled_from(relations)) if "relation" in row else None
        return Triple(named(typed="head_type" in row), relation, named(typed="tail_type" in row))

    if task in ("NER", "NER1", "ES", "ET", "JOINT"):
        answer = Answer(mentions=tuple(named(typed=task != "ES") for _ in range(draw(st.integers(0, 3)))))
    if task in ("RE", "SPO", "EP", "EPR", "KG", "JOINT"):
        answer = Answer(answer.mentions, tuple(triple(ROWS[task][-1]) for _ in range(draw(st.integers(0, 3)))))
    if task == "RC":
        pair = Triple(named(typed=False), None, named(typed=False))
        found = draw(st.lists(st.sampled_from(relations), max_size=3))
        answer, given = Answer(triples=tuple(Triple(pair.head, relation, pair.tail) for relation in found)), Answer(triples=(pair,))
    if task in ("EE", "EET", "EEA"):
        frames = []
        for event in draw(st.lists(st.sampled_from(schema.events), max_size=3)):
            roles = [role.label for role in event.roles]
            fillers = st.builds(Filler, st.sampled_from(roles), string) if roles else st.nothing()
            most = 3 if roles and task != "EET" else 0
            trigger = draw(st.none() | string.map(Named))
            frames.append(Frame(event.label, trigger, tuple(draw(st.lists(fillers, max_size=most)) if most else ())))
        answer = Answer(frames=tuple(frames))
    if task == "EEA":
        asked = Frame(schema.events[0].label, Named("a"))
        fillers = tuple(filler for frame in answer.frames for filler in frame.fillers)
        answer, given = Answer(frames=(Frame(asked.type, asked.trigger, fillers),) if fillers else ()), Answer(frames=(asked,))
    return Question(task, schema, text, schema.lang, given), answer
