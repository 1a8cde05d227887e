"""Where a raw answer writes its items: found in gold answers of every format, and proved by breaking what was found."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import made_up
import pytest

from uie.formats import FORMATS
from uie.parsing.locating import Place, Places, locate
from uie.schema import read_schema
from uie.tasks.items import Item, items_of
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

CELLS = [
    pytest.param(format, task, lang, id=f"{format}-{task}-{lang}")
    for format in FORMATS
    for task in FORMATS.get(format).TASKS
    for lang in ("en", "zh")
]


@dataclass(frozen=True)
class Written:
    """A field of an item, where it is written, and what the item is: its strings, those of its event before them."""

    row: tuple[str, ...]
    slot: str
    text: str
    place: Place | None


def written(raw: str, answer: Answer, question: Question, format: str) -> list[Written]:
    located = locate(raw, answer, question, format)
    tops = [*located.mentions, *located.triples, *(located.frames if question.task != "EEA" else sum(located.fillers, ()))]
    found: list[Written] = []
    items = items_of(answer, question)
    for number, (one, places) in enumerate(zip(items, tops, strict=True)):
        found += fields((), one, places)
        for child, own in zip(one.children, located.fillers[number] if one.children else (), strict=True):
            found += fields(strings(one), child, own)
    return found


def fields(parent: tuple[str, ...], one: Item, places: Places) -> Iterator[Written]:
    for field in one.fields:
        yield Written((*parent, *strings(one)), field.slot, field.text, places.get(field.slot))


def strings(one: Item) -> tuple[str, ...]:
    return tuple(field.text for field in one.fields)


def rows(answer: Answer, question: Question) -> Counter[tuple[str, ...]]:
    items = items_of(answer, question)
    return Counter([*map(strings, items), *(strings(one) + strings(child) for one in items for child in one.children)])


def in_letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


@pytest.mark.parametrize(("format", "task", "lang"), CELLS)
def test_every_string_of_a_gold_answer_is_found_and_no_other_is_taken_for_it(format: str, task: str, lang: str) -> None:
    module = FORMATS.get(format)
    seen = 0
    for question, ask in made_up.asked(task, lang):
        raw = module.encode(ask.gold, question)
        answer, _ = module.decode(raw, question)

        found = written(raw, answer, question, format)

        for one in found:
            if one.place is None:  # types of a relation's ends, which some formats do not write
                assert one.slot in ("head_type", "tail_type"), one
                assert format == "json.iepile"
                continue
            seen += 1
            assert in_letters(one.text) in in_letters(re.sub("<.+?>", "", raw[slice(*one.place)])), one
            assert broken(raw, one.place, answer, question, format)[one.row] > 0, (one, raw)
        own = [(one.slot, one.place) for one in found if one.slot in ("mention", "tail", "trigger", "argument")]
        assert len(set(own)) == len(own)
    assert seen > 0


def broken(raw: str, place: Place, answer: Answer, question: Question, format: str) -> Counter[tuple[str, ...]]:
    """The rows that are no longer read when what stands at the place is another string."""
    start, end = place
    again, _ = FORMATS.get(format).decode(f"{raw[:start]}Zq{raw[end:]}", question)
    return rows(answer, question) - rows(again, question)


def question(task: str, text: str, **schema: object) -> Question:
    return Question(task, read_schema(schema), text)


PEOPLE = {"entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}}


@pytest.mark.parametrize(
    ("format", "raw", "mentions", "places"),
    [
        pytest.param("lines", "Ann Lee_person\nLee_person", [("Ann Lee", "PER"), ("Lee", "PER")], ["Ann Lee", "\nLee"], id="in another one"),
        pytest.param("lines", "Lee_person\nLee_person", [("Lee", "PER"), ("Lee", "PER")], ["Lee", "\nLee"], id="the same twice"),
        pytest.param("lines", "Lee_Persons", [("Lee", "PER")], ["Lee"], id="a name in another spelling"),
        pytest.param("lines", "Lee_PER", [("Lee", "PER")], ["Lee"], id="the label instead of the name"),
        pytest.param("json", '{"place": ["Lee"], "person": ["Lee"]}', [("Lee", "PER"), ("Lee", "LOC")], ['person": ["Lee', 'place": ["Lee'], id="under two keys"),
        pytest.param("json", '{"person": ["a person", "person"]}', [("person", "PER")], ['", "person'], id="a mention like its key"),
        pytest.param("json", r'{"person": ["\u004cee"]}', [("Lee", "PER")], [r"\u004cee"], id="escaped by number"),
        pytest.param("typed", "person: Ann Lee; person: Ann", [("Ann", "PER")], ["; person: Ann"], id="at the beginning of another one"),
        pytest.param("markup", "<person>Bo <person>Lee</person></person>", [("Bo Lee", "PER"), ("Lee", "PER")], ["Bo <person>Lee", "<person>Lee"], id="nested"),
    ],
)  # fmt: skip
def test_the_right_one_of_several_places_is_found(
    format: str, raw: str, mentions: list[tuple[str, str]], places: list[str]
) -> None:
    answer = Answer(tuple(Named(*mention) for mention in mentions))

    located = locate(raw, answer, question("NER", "Ann Lee, Lee, Bo Lee, a person", **PEOPLE), format)

    ends = [own["mention"][1] for own in located.mentions]
    assert ends == [raw.index(place) + len(place) for place in places]
    assert all(set(own) == {"mention", "type"} for own in located.mentions)


def test_what_is_not_written_is_not_found() -> None:
    asked = question("NER", "Ann", **PEOPLE)

    located = locate("Ann_person", Answer((Named("Bob", "PER"), Named("Ann", "LOC"))), asked, "lines")

    assert located.mentions == ({}, {})


def test_arguments_are_looked_for_behind_their_own_trigger() -> None:
    schema = {"events": {"hire": {"roles": {"who": {}}}}}
    raw = "joined_hire\n- Ann_who\nhired_hire\n- Ann_who"
    frames = tuple(Frame("hire", Named(trigger), (Filler("who", "Ann"),)) for trigger in ("joined", "hired"))

    located = locate(raw, Answer(frames=frames), question("EE", "Ann joined. Bo hired Ann.", **schema), "lines")

    assert [own[0]["argument"][0] for own in located.fillers] == [raw.index("Ann"), raw.rindex("Ann")]


def test_relations_say_where_both_ends_stand() -> None:
    asked = question("RE", "Ann knows Bo. Bo knows Ann.", relations={"knows": {}})
    raw = "Ann_knows_Bo\nBo_knows_Ann"
    answer = Answer(triples=(Triple(Named("Ann"), "knows", Named("Bo")), Triple(Named("Bo"), "knows", Named("Ann"))))

    located = locate(raw, answer, asked, "lines")

    assert located.triples == (
        {"head": (0, 3), "relation": (4, 9), "tail": (10, 12)},
        {"head": (13, 15), "relation": (16, 21), "tail": (22, 25)},
    )


def test_an_entity_is_not_looked_for_among_the_relations() -> None:
    asked = question("JOINT", "Annabel Lee knows Bo.", entities={"person": {}}, relations={"knows": {}})
    raw = (
        '{"entities": {"person": ["Annabel Lee", "Bo"]}, '
        '"relations": {"knows": [{"head": "Annabel Lee", "head_type": "person", "tail": "Bo", "tail_type": "person"}]}}'
    )
    people = Named("Annabel Lee", "person"), Named("Bo", "person")

    located = locate(raw, Answer(people, (Triple(people[0], "knows", people[1]),)), asked, "json")

    assert [own["mention"][0] for own in located.mentions] == [raw.index("Annabel Lee"), raw.index("Bo")]
    assert located.triples[0]["tail"][0] == raw.rindex("Bo")


def test_a_name_inside_a_mention_is_not_its_class() -> None:
    asked = question("EET", "They launched it.", events={"launch": {}})
    raw = 'Launch(trigger="launched")'

    located = locate(raw, Answer(frames=(Frame("launch", Named("launched")),)), asked, "code")

    assert located.frames == ({"event": (0, 6), "trigger": (16, 24)},)
