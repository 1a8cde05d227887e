"""Solved examples: which Documents of train serve, for which question, and never the question's own text."""

from pathlib import Path

import pytest
from made_up import DOCUMENTS, schema
from small_corpora import Built, corpus, mix

from uie.documents import Document, Entity, Mention
from uie.errors import PromptError, SettingsError
from uie.prompting import load_prompt
from uie.records.asking import asker
from uie.records.demonstrations import GroupExamples, Pool
from uie.records.mix import Demonstrations, MixCorpus, Windows
from uie.schema import Schema, read_schema

TYPES = read_schema({"entities": ["PER", "LOC", "ORG"]})
PER, LOC, ORG = (("entities", label) for label in ("PER", "LOC", "ORG"))
FEWSHOT = {"NER": ("ner/fewshot",), "RE": ("re/fewshot",)}


def document(id: str, text: str, *words: tuple[str, str]) -> Document:
    entities = tuple(Entity(Mention(word, text.index(word), text.index(word) + len(word)), type) for word, type in words)
    return Document(id, text, entities=entities)


TEN = [document(str(number), f"Text {number} names Ann.", ("Ann", "PER")) for number in range(10)]
MANY = [
    document("p1", "Ann slept.", ("Ann", "PER")),
    document("p2", "Bob woke.", ("Bob", "PER")),
    document("l1", "Rome burnt.", ("Rome", "LOC")),
    document("b1", "Ann saw Oslo.", ("Ann", "PER"), ("Oslo", "LOC")),
    document("n1", "It rained."),
]


def pool(documents: list[Document], *, seed: int = 0) -> Pool:
    return Pool(
        ((one, {("entities", entity.type or "") for entity in one.entities or ()}) for one in documents), seed=seed, corpus="corpus"
    )


def examples(
    documents: list[Document],
    *,
    count: int,
    kind: str = "random",
    key: int = 0,
    texts: tuple[str, ...] = ("?",),
    schema: Schema = TYPES,
) -> list[tuple[str, str]]:
    """Text and answer of what a NER question about the first of `texts` gets, first the group's, then its own."""
    one = asker("NER", schema, load_prompt("ner/fewshot.en"), "lines")
    settings = Demonstrations(count, kind)  # type: ignore[arg-type]
    group = GroupExamples(settings, pool(documents), one, key=("corpus", "NER", 1, key), texts=texts)
    shared, own = group.of(texts[0])(schema)
    assert not (shared if kind == "nearest" else own)
    return [(each.text, each.answer) for each in (*shared, *own)]


# The pool


def test_a_pool_gives_all_its_documents_from_a_drawn_one_on() -> None:
    orders = {tuple(one.document.id for one in pool(TEN).drawn(("k", number))) for number in range(100)}

    assert len(orders) == 10  # the pool's order, begun at each of its ten Documents
    assert {tuple(sorted(order)) for order in orders} == {tuple("0123456789")}
    assert {order[0] for order in orders} == set("0123456789")


def test_a_pools_order_depends_on_the_seed_and_not_on_that_of_reading() -> None:
    def order(documents: list[Document], seed: int) -> list[str]:
        return [one.document.id for one in pool(documents, seed=seed).nearest("")]

    assert order(TEN, 0) == order(TEN[::-1], 0) != order(TEN, 1)


def test_a_pool_holds_5000_documents_at_most() -> None:
    texts = (document(str(number), f"{number}") for number in range(5003))

    assert len(list(pool(list(texts)).drawn(("k",)))) == 5000


def test_documents_are_found_by_the_labels_they_hold() -> None:
    found = pool(MANY)

    assert {one.document.id for one in found.drawn(("k",), holding={LOC})} == {"l1", "b1"}
    assert list(found.drawn(("k",), holding={ORG})) == []
    assert list(pool([]).drawn(("k",))) == list(pool([]).nearest("x")) == []


def test_the_nearest_share_the_most_and_rarest_letters() -> None:
    texts = ["The cat sat.", "The dog sat on the mat.", "A zebra sat.", "狗坐在垫子上。"]
    found = pool([document(str(number), text) for number, text in enumerate(texts)])

    assert [one.document.text for one in found.nearest("The zebras slept")][0] == "A zebra sat."
    assert [one.document.text for one in found.nearest("the dog sat on THE MAT.")][:2] == [
        "The dog sat on the mat.",
        "The cat sat.",
    ]
    assert [one.document.text for one in found.nearest("猫坐在垫子上")][0] == "狗坐在垫子上。"


# Examples of a group


def test_random_examples_are_count_solved_ones_of_the_group() -> None:
    found = examples(MANY, count=3)

    assert len(set(found)) == 3
    assert set(found) <= {
        ("Ann slept.", "Ann_PER"),
        ("Bob woke.", "Bob_PER"),
        ("Rome burnt.", "Rome_LOC"),
        ("Ann saw Oslo.", "Ann_PER\nOslo_LOC"),
        ("It rained.", "None"),
    }
    assert found == examples(MANY, count=3, texts=("another text",))
    assert {tuple(examples(MANY, count=1, key=key)) for key in range(60)} == {(one,) for one in examples(MANY, count=5)}


def test_no_example_has_a_text_of_the_group_whatever_its_spaces() -> None:
    for key in range(20):
        texts = [text for text, _ in examples(MANY, count=9, key=key, texts=("Bob woke.", "Rome  burnt. "))]
        assert sorted(texts) == ["Ann saw Oslo.", "Ann slept.", "It rained."]


def test_per_type_takes_one_for_each_label_that_none_before_holds() -> None:
    for key in range(20):
        texts = [text for text, _ in examples(MANY, count=5, kind="per_type", key=key)]
        assert texts in (
            ["Ann saw Oslo."],
            ["Ann slept.", "Rome burnt."],
            ["Bob woke.", "Rome burnt."],
            ["Ann slept.", "Ann saw Oslo."],
            ["Bob woke.", "Ann saw Oslo."],
        )
    assert {len(examples(MANY, count=1, kind="per_type", key=key)) for key in range(20)} == {1}


def test_per_type_goes_by_what_the_question_asks() -> None:
    (one,) = examples(MANY, count=5, kind="per_type", schema=read_schema({"entities": ["LOC"]}))

    assert one in {("Rome burnt.", "Rome_LOC"), ("Ann saw Oslo.", "Oslo_LOC")}


def test_the_nearest_stands_last_and_is_never_the_text_itself() -> None:
    found = examples(MANY, count=2, kind="nearest", texts=("Ann slept.", "It rained."))

    assert [text for text, _ in found][-1] == "Ann saw Oslo."
    assert len(found) == 2
    assert "Ann slept." not in [text for text, _ in found]


def test_each_question_of_a_group_has_examples_for_the_types_that_it_asks() -> None:
    one = asker("NER1", TYPES, load_prompt("ner1/default.en"), "lines")
    group = GroupExamples(Demonstrations(9, "random"), pool(MANY), one, key=("k",), texts=())
    person, location = (read_schema({"entities": [label]}) for label in ("PER", "LOC"))

    answers = {each.text: (each.answer,) for each in group.of("?")(person)[0]}
    assert answers == {
        "Ann slept.": ("Ann",),
        "Bob woke.": ("Bob",),
        "Rome burnt.": ("None",),
        "Ann saw Oslo.": ("Ann",),
        "It rained.": ("None",),
    }
    assert {each.text: each.answer for each in group.of("?")(location)[0]}["Ann saw Oslo."] == "Oslo"


def test_examples_of_arguments_are_of_the_event_that_is_asked() -> None:
    whole = schema("en")
    one = asker("EEA", whole, load_prompt("eea/default.en"), "lines")
    events = {("events", event.type) for event in DOCUMENTS["en"].events or ()}
    group = GroupExamples(Demonstrations(3), Pool([(DOCUMENTS["en"], events)], seed=0, corpus="c"), one, key=("k",), texts=())
    fire = next(event for event in whole.events if event.label == "FIRE")

    ((found,), own) = group.of("?")(Schema("en", events=(fire,)))

    assert own == ()
    assert found.given is not None
    assert [frame.type for frame in found.given.frames] == ["FIRE"]
    assert found.answer == 'Rome_place\nAcme_Inc_employer\nBob ("Bo") Ray_employee'


# In a build

TRAIN = [f"Person{number}/PER saw Town{number}/LOC." for number in range(12)]
TEST = ["Ann/PER saw Rome/LOC.", "Person3/PER saw Town3/LOC."]


def demonstrated(record: object) -> list[str]:
    """The texts of TRAIN that a record's question shows beside its own."""
    shown = f"{record.instruct}\n{record.query}"  # type: ignore[attr-defined]
    numbers = [number for number in range(12) if f"Person{number} saw Town{number}." in shown]
    own = [number for number in numbers if f"Person{number} saw Town{number}." == record.text]  # type: ignore[attr-defined]
    assert shown.count(f"{record.text}") == 1  # type: ignore[attr-defined]
    return [f"Person{number}" for number in numbers if number not in own]


@pytest.mark.parametrize("kind", ["random", "per_type", "nearest"])
def test_questions_of_every_split_show_train_texts_and_not_their_own(kind: str, tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN, "test": TEST}, tasks=["NER"])
    count = 1 if kind == "per_type" else 3  # one text holds both labels

    built = Built(tmp_path / "out", mix(name, prompts=FEWSHOT, share=4, demonstrations=Demonstrations(count, kind)))  # type: ignore[arg-type]

    assert (len(built.train), len(built.test)) == (12, 2)
    assert {len(demonstrated(record)) for record in built.records} == {count}
    assert not any("Ann saw Rome" in record.instruct + record.query for record in built.train)


def test_a_groups_examples_stand_in_instruct_and_a_texts_own_in_query(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN}, tasks=["NER"])
    shared, own = (
        Built(tmp_path / kind, mix(name, prompts=FEWSHOT, share=4, demonstrations=Demonstrations(2, kind)))  # type: ignore[arg-type]
        for kind in ("random", "nearest")
    )

    assert len({record.instruct for record in shared.train}) == 3
    assert all("Person" in record.instruct and record.query.count("Person") == 1 for record in shared.train)
    assert len({record.instruct for record in own.train}) == 1
    assert all("Person" not in record.instruct and record.query.count("_person") == 2 for record in own.train)


def test_examples_ask_what_the_group_asks_under_its_names(tmp_path: Path) -> None:
    from uie.records.mix import Labels

    name = corpus(tmp_path, "small", {"train": [*TRAIN, "It rained."]}, tasks=["NER"])
    labels = Labels(negatives=0, mask=1, dropout=0.5)

    built = Built(tmp_path / "out", mix(name, prompts=FEWSHOT, share=2, labels=labels, demonstrations=Demonstrations(2)))

    assert len(built.train) == 13
    for record in built.train:
        names = {said.get("name") for said in record.schema["entities"].values()}
        assert names <= {"T1", "T2", "organization", "other name"}
        for number in demonstrated(record):
            assert (f"{number}_T" in record.instruct) == ("PER" in record.schema["entities"])
        assert "_person" not in record.instruct


def test_few_shot_examples_come_from_the_few(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN, "test": TEST}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(name, prompts=FEWSHOT, few_shot=3, demonstrations=Demonstrations(2)))

    train = {record.text.split()[0] for record in built.train}
    assert len(train) == 3
    assert {each for record in built.records for each in demonstrated(record)} <= train


def test_texts_that_would_be_cut_are_no_examples(tmp_path: Path) -> None:
    long = "Someone/PER saw Village/LOC. " + "Nothing else happened there. " * 3
    name = corpus(tmp_path, "small", {"train": [*TRAIN[:3], long.strip()]}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(name, prompts=FEWSHOT, share=1, windows=Windows(60), demonstrations=Demonstrations(3)))

    windows = [record for record in built.train if "@" in record.id]
    assert [record.start for record in sorted(windows, key=lambda record: record.start)] == [0, 50]
    assert all(sorted(demonstrated(record)) == ["Person0", "Person1", "Person2"] for record in windows)
    assert all("Nothing else" not in record.instruct for record in built.train)


def test_a_corpus_that_is_only_tested_takes_its_examples_from_its_train_split(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN, "test": TEST}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(name, splits=("test",)), prompts=FEWSHOT, demonstrations=Demonstrations(3)))

    assert (len(built.train), len(built.test)) == (0, 2)
    assert {len(demonstrated(record)) for record in built.test} == {3}
    assert any(path.name == "train.jsonl" for path in map(Path, built.manifest["inputs"]))


def test_examples_come_from_what_training_takes_also_where_test_is_listed_apart(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN, "test": TEST}, tasks=["NER"])
    corpora = (MixCorpus(name, splits=("test",)), MixCorpus(name, splits=("train",), take="random_2"))

    built = Built(tmp_path / "out", mix(*corpora, prompts=FEWSHOT, demonstrations=Demonstrations(3)))

    train = {record.text.split()[0] for record in built.train}
    assert len(train) == 2
    assert {each for record in built.test for each in demonstrated(record)} <= train


def test_a_corpus_without_train_cannot_give_examples(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"test": TEST}, tasks=["NER"])

    with pytest.raises(SettingsError) as error:
        Built(tmp_path / "out", mix(name, prompts=FEWSHOT, demonstrations=Demonstrations(1)))

    assert str(error.value) == "demonstrations: small has no train split that they could come from."


def test_a_wording_without_demonstrations_is_refused(tmp_path: Path) -> None:
    name = corpus(tmp_path, "small", {"train": TRAIN}, tasks=["NER"])

    with pytest.raises(PromptError) as error:
        Built(tmp_path / "out", mix(name, demonstrations=Demonstrations(1)))

    assert str(error.value) == ("prompt 'ner/default.en' shows no demonstrations; choose one that does, such as ner/fewshot.en.")
