"""One English and one Chinese Document with every kind of annotation, and the questions of every task about them."""

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.schema import Schema, read_schema
from uie.tasks import Ask, asks
from uie.tasks.question import Question

_ENGLISH = 'Ann Lee joined Acme_Inc in Rome on Monday. In Rome, Acme_Inc fired Bob ("Bo") Ray; he flew to São Paulo.\nAnn Lee wept.'
_CHINESE = "王明加入了北方_公司，公司设在北京。北方_公司解雇了“李 雷”，李 雷飞往上海。"


def _at(text: str, string: str, number: int = 1) -> Mention:
    start = -1
    for _ in range(number):
        start = text.index(string, start + 1)
    return Mention(string, start, start + len(string))


def _english() -> Document:
    def at(string: str, number: int = 1) -> Mention:
        return _at(_ENGLISH, string, number)

    bob = 'Bob ("Bo") Ray'
    entities = (
        Entity(at("Ann Lee"), "PER"),
        Entity(at("Acme_Inc"), "ORG"),
        Entity(at("Rome"), "LOC"),
        Entity(at("Rome", 2), "LOC"),
        Entity(at("Acme_Inc", 2), "ORG"),
        Entity(at(bob), "PER"),
        Entity(at("Bo", 2), "PER"),
        Entity(at("São Paulo"), "LOC"),
        Entity(at("Ann Lee", 2), "PER"),
    )
    relations = (
        Relation("WORK", 0, 1),
        Relation("WORK", 5, 4),
        Relation("LEFT", 5, 4),
        Relation("IN", 1, 2),
        Relation("IN", 4, 3),
    )
    events = (
        Event(
            "HIRE", at("joined"), (Argument("who", at("Ann Lee")), Argument("firm", at("Acme_Inc")), Argument("where", at("Rome")))
        ),
        Event(
            "FIRE", at("fired"), (Argument("where", at("Rome", 2)), Argument("firm", at("Acme_Inc", 2)), Argument("who", at(bob)))
        ),
        Event("CRY", at("wept")),
    )
    return Document("made-up/en", _ENGLISH, entities=entities, relations=relations, events=events)


def _chinese() -> Document:
    def at(string: str, number: int = 1) -> Mention:
        return _at(_CHINESE, string, number)

    entities = (
        Entity(at("王明"), "PER"),
        Entity(at("北方_公司"), "ORG"),
        Entity(at("北京"), "LOC"),
        Entity(at("北方_公司", 2), "ORG"),
        Entity(at("李 雷"), "PER"),
        Entity(at("李 雷", 2), "PER"),
        Entity(at("上海"), "LOC"),
    )
    relations = (Relation("WORK", 0, 1), Relation("IN", 1, 2), Relation("WORK", 4, 3), Relation("LEFT", 4, 3))
    events = (
        Event("HIRE", at("加入"), (Argument("who", at("王明")), Argument("firm", at("北方_公司")))),
        Event("FIRE", at("解雇"), (Argument("firm", at("北方_公司", 2)), Argument("who", at("李 雷")))),
    )
    return Document("made-up/zh", _CHINESE, lang="zh", entities=entities, relations=relations, events=events)


DOCUMENTS = {"en": _english(), "zh": _chinese()}
EMPTY = {
    "en": Document("made-up/en/empty", "Nothing of note came to pass.", entities=(), relations=(), events=()),
    "zh": Document("made-up/zh/empty", "这里什么也没有发生。", lang="zh", entities=(), relations=(), events=()),
}
LABELS = {
    "entities": {
        "PER": {"name": {"en": "person", "zh": "人物"}, "description": {"en": "a human being, by name", "zh": "有名有姓的人"}},
        "ORG": {"name": {"en": "organization", "zh": "组织_机构"}},
        "LOC": {"name": {"en": "city/town", "zh": "城市"}},
    },
    "relations": {
        "WORK": {"name": {"en": "works for", "zh": "任职于"}, "head": ["PER"], "tail": ["ORG"]},
        "LEFT": {"name": {"en": "dismissed_by", "zh": "被_解雇"}, "head": ["PER"], "tail": ["ORG"]},
        "IN": {"name": {"en": "located in", "zh": "位于"}, "head": ["ORG"], "tail": ["LOC"]},
    },
    "events": {
        "HIRE": {
            "name": {"en": "start of work", "zh": "入职"},
            "roles": {
                "who": {"name": {"en": "employee", "zh": "雇员"}},
                "firm": {"name": {"en": "employer", "zh": "雇主"}},
                "where": {"name": {"en": "place", "zh": "地点"}},
            },
        },
        "FIRE": {
            "name": {"en": "end of work", "zh": "离职"},
            "roles": {
                "who": {"name": {"en": "employee", "zh": "雇员"}},
                "firm": {"name": {"en": "employer", "zh": "雇主"}},
                "where": {"name": {"en": "place", "zh": "地点"}},
            },
        },
        "CRY": {"name": {"en": "weeping", "zh": "哭泣"}},
    },
}


def schema(lang: str) -> Schema:
    return read_schema(LABELS, lang=lang)


def asked(task: str, lang: str = "en", *, document: Document | None = None) -> list[tuple[Question, Ask]]:
    """The task's questions about the made-up Document (or another one) with what was asked and is gold."""
    document = document or DOCUMENTS[lang]
    return [(Question(task, ask.schema, document.text, lang, ask.given), ask) for ask in asks(task, document, schema(lang))]
