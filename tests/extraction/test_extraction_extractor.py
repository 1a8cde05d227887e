"""`Extractor`: texts and a schema → Documents; one text, many, as they finish, from threads and from asyncio."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from uie.documents import Document, Entity, Mention, Relation
from uie.errors import ModelError, PredictionError, SchemaError
from uie.extraction import extractor as module
from uie.extraction.extractor import Extractor, language_of
from uie.generation import Failed, Generation, Sampling
from uie.records.record import Record

Raw = str | Failed | Generation | None


class Scripted:
    """Writes what a table says of each text, else None; longest text first; keeps what it was asked together, and in which thread."""

    def __init__(self, raws: Mapping[str, Raw] | Callable[[str], Raw] | None = None, *, constrain: bool = False) -> None:
        self.questions: dict[str, object] = {}
        self.constrain = constrain
        self.engine = object()
        self.sampling = Sampling()
        self.batches: list[list[str]] = []
        self.answered: list[str] = []
        self.threads: set[int] = set()
        self.before: Callable[[str], object] = lambda text: None
        self._raw = raws if callable(raws) else (raws or {}).get

    def answer(self, records: Sequence[Record], *, batch_size: int = 16) -> Iterator[tuple[Record, Generation | Failed]]:
        self.batches.append([record.text for record in records])
        self.threads.add(threading.get_ident())
        for record in sorted(records, key=lambda record: -len(record.text)):
            self.before(record.text)
            self.answered.append(record.text)
            raw = self._raw(record.text) or "None"
            yield record, Generation(raw, "stop", 3, 0.5) if isinstance(raw, str) else raw


class Gate:
    """Holds the model at its first answer until it is opened."""

    def __init__(self, answerer: Scripted) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        answerer.before = self

    def __call__(self, text: str) -> None:
        self.reached.set()
        assert self.opened.wait(30)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def waiting(extractor: Extractor) -> int:
    return len(extractor._gathering._waiting)


def types(document: Document) -> list[tuple[str, str | None]]:
    return [(entity.mention.text, entity.type) for entity in document.entities or ()]


def test_a_list_of_names_asks_for_entities() -> None:
    extractor = Extractor(Scripted({"Mira met Eve.": "Mira_person\nEve_person"}))

    document = extractor.extract("Mira met Eve.", ["person", "ship"])

    assert document.entities == (Entity(Mention("Mira", 0, 4), "person"), Entity(Mention("Eve", 9, 12), "person"))
    assert (document.id, document.text, document.relations, document.events) == ("text", "Mira met Eve.", None, None)
    assert document.asked == {"lang": "en", "entities": {"person": {}, "ship": {}}, "tasks": ["NER"]}


def test_a_document_is_asked_all_whatever_it_was_asked_before() -> None:
    extractor = Extractor(Scripted({"Mira met Eve.": "Mira_person"}))
    before = Document("d", "Mira met Eve.", entities=(), asked={"entities": {"ship": {}}, "tasks": ["NER"]}, problems=())

    document = extractor.extract(before, ["person"])

    assert document.entities == (Entity(Mention("Mira", 0, 4), "person"),)
    assert document.asked == {"lang": "en", "entities": {"person": {}}, "tasks": ["NER"]}


def test_all_that_a_schema_names_is_asked_unless_tasks_are_named() -> None:
    schema = {"entities": ["person"], "relations": ["knows"]}
    answerer = Scripted({"Mira knows Eve.": "Mira_knows_Eve"})

    both = Extractor(answerer).extract("Mira knows Eve.", schema)
    one = Extractor(answerer).extract("Mira knows Eve.", schema, tasks=["RE"])

    assert [len(batch) for batch in answerer.batches] == [2, 1]
    assert (both.asked or {})["tasks"] == ["NER", "RE"]
    assert (one.asked or {})["tasks"] == ["RE"]
    assert one.relations == (Relation("knows", 0, 1),)


def test_a_text_is_asked_in_its_own_language() -> None:
    extractor = Extractor(Scripted())
    schema = {"entities": {"PER": {"name": {"en": "person", "zh": "人名"}}}}

    chinese = extractor.explain("今天下雨。", schema).answers[0][0]
    english = extractor.explain("It rains.", schema).answers[0][0]

    assert (chinese.prompt, "人名" in chinese.instruct) == ("ner/default.zh", True)
    assert (english.prompt, "person" in english.instruct) == ("ner/default.en", True)


@pytest.mark.parametrize(("text", "lang"), [("Hello 你", "en"), ("王芳去了 Oslo", "zh"), ("12 %", "en")])
def test_the_language_is_what_most_letters_are(text: str, lang: str) -> None:
    assert language_of(text) == lang


def test_an_answer_that_cannot_be_had_is_a_problem_and_the_others_come() -> None:
    extractor = Extractor(Scripted({"Mira.": "Mira_person", "long": Failed("9 tokens; the model takes 5.")}))

    documents = list(extractor.extract_all(["Mira.", "long", "Eve."], ["person"]))

    assert [types(document) for document in documents] == [[("Mira", "person")], [], []]
    assert documents[1].problems == (
        {"kind": "failed", "piece": "9 tokens; the model takes 5.", "record_id": "text/1#NER", "task": "NER"},
    )
    assert [documents[0].problems, documents[2].problems] == [(), ()]


def test_a_text_with_nothing_to_read_is_not_asked_about() -> None:
    answerer = Scripted()

    empty, blank = Extractor(answerer).extract_all(["", " \n"], {"relations": ["knows"]})

    assert answerer.batches == []
    assert (empty.text, empty.entities, empty.relations, empty.events, empty.problems) == ("", (), (), None, ())
    assert (blank.text, blank.asked) == (" \n", {"lang": "en", "relations": {"knows": {}}, "tasks": ["RE"]})


def test_what_a_constrained_answer_says_too_often_is_left_out() -> None:
    raws: dict[str, Raw] = {"Mira came.": "Mira_person\nMira_person"}

    free = Extractor(Scripted(raws)).extract("Mira came.", ["person"])
    held = Extractor(Scripted(raws, constrain=True)).extract("Mira came.", ["person"])

    assert types(free) == [("Mira", "person"), ("Mira", "person")]
    assert types(held) == [("Mira", "person")]
    assert [problem["kind"] for problem in held.problems or ()] == ["surplus"]


def test_items_have_the_confidence_of_their_tokens() -> None:
    # "Mira" with 0.5, "_" with 0.1, "person" with 0.8, the end with 0.9: what the format puts between does not count
    logprobs = [math.log(0.5), math.log(0.1), math.log(0.8), math.log(0.9)]
    answer = Generation("Mira_person", "stop", 4, 0.5, logprobs, [4, 5, 11, 11])

    document = Extractor(Scripted({"Mira came.": answer})).extract("Mira came.", ["person"])

    assert [entity.confidence for entity in document.entities or ()] == [pytest.approx(0.4)]


def test_documents_keep_their_ids_and_strings_are_numbered() -> None:
    given = Document("mine/7", "Mira came.", dataset="mine", split="dev")

    documents = list(Extractor(Scripted()).extract_all([given, "Eve came."], ["person"]))

    assert [(document.id, document.dataset, document.split) for document in documents] == [
        ("mine/7", "mine", "dev"),
        ("text/1", "", ""),
    ]


def test_results_come_in_the_order_of_the_texts_whatever_is_answered_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 3)
    texts = [f"{'very ' * (number % 4)}{number}" for number in range(10)]
    answerer = Scripted()

    documents = list(Extractor(answerer).extract_all(texts, ["person"]))

    assert [document.text for document in documents] == texts
    assert answerer.answered != texts
    assert sorted(answerer.answered) == sorted(texts)


def test_no_more_than_two_blocks_of_texts_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 3)
    read: list[int] = []

    def texts() -> Iterator[str]:
        for number in range(1000):
            read.append(number)
            yield f"text {number}"

    documents = Extractor(Scripted()).extract_all(texts(), ["person"])
    held = []
    for number, _ in enumerate(documents):
        held.append(len(read) - number)
        if number == 30:
            break

    assert len(held) == 31
    assert max(held) == 6


def test_a_stream_gives_what_is_finished_while_the_rest_is_not() -> None:
    answerer = Scripted({"long text": "long_person"})
    extractor = Extractor(answerer)
    opened = threading.Event()
    answerer.before = lambda text: text == "long text" or opened.wait(30)

    stream = extractor.stream(["short", "long text"], ["person"])
    first = next(stream)
    opened.set()

    assert (first[0], types(first[1])) == (1, [("long", "person")])
    assert [index for index, _ in stream] == [0]


def test_a_stream_numbers_texts_through_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    texts = ["a", "bbb", "cc", "d", "eeee"]

    found = list(Extractor(Scripted()).stream(texts, ["person"]))

    assert sorted((index, document.text) for index, document in found) == list(enumerate(texts))


def test_nothing_is_answered_for_who_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 4)
    answerer = Scripted()
    extractor = Extractor(answerer)
    left = threading.Event()
    answerer.before = lambda text: text == "text 0" or left.wait(30)

    stream = extractor.stream((f"text {number}" for number in range(100)), ["person"])
    first = next(stream)
    stream.close()
    left.set()
    extractor.extract("the next one", ["person"])

    assert first[0] == 0
    assert answerer.answered == ["text 0", "text 1", "the next one"]


def test_threads_share_batches_and_the_model_runs_in_one_thread() -> None:
    texts = [f"Mira{number} came." for number in range(20)]
    answerer = Scripted({text: f"{text.split()[0]}_person" for text in texts})
    extractor = Extractor(answerer)
    gate = Gate(answerer)

    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(extractor.extract, texts[0], ["person"])
        assert gate.reached.wait(30)
        others = [pool.submit(extractor.extract, text, ["person"]) for text in texts[1:]]
        until(lambda: waiting(extractor) == 19)
        gate.opened.set()
        documents = [future.result() for future in (first, *others)]

    assert [types(document) for document in documents] == [[(text.split()[0], "person")] for text in texts]
    assert [len(batch) for batch in answerer.batches] == [1, 19]
    assert len(answerer.threads) == 1
    assert answerer.threads != {threading.get_ident()}


def test_tasks_of_asyncio_share_batches_and_others_run_meanwhile() -> None:
    texts = [f"Mira{number} came." for number in range(20)]
    answerer = Scripted({text: f"{text.split()[0]}_person" for text in texts})
    extractor = Extractor(answerer)
    gate = Gate(answerer)

    async def open_when_all_wait() -> None:
        await asyncio.sleep(0)
        await asyncio.to_thread(gate.reached.wait, 30)
        gate.opened.set()

    async def all_of_them() -> list[Document]:
        asked = [extractor.aextract(text, ["person"]) for text in texts]
        *documents, _ = await asyncio.gather(*asked, open_when_all_wait())
        return documents

    documents = asyncio.run(all_of_them())

    assert [types(document) for document in documents] == [[(text.split()[0], "person")] for text in texts]
    assert sum(len(batch) for batch in answerer.batches) == 20
    assert len(answerer.batches) <= 3
    assert len(answerer.threads) == 1


def test_an_async_for_goes_through_all_texts_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    texts = ["a", "bbb", "cc", "d", "eeee"]

    async def read() -> list[str]:
        return [document.text async for document in Extractor(Scripted()).aextract_all(texts, ["person"])]

    assert asyncio.run(read()) == texts


def test_a_task_that_is_cancelled_is_not_answered() -> None:
    answerer = Scripted()
    extractor = Extractor(answerer)
    gate = Gate(answerer)

    async def cancel_one() -> None:
        first = asyncio.create_task(extractor.aextract("first", ["person"]))
        await asyncio.to_thread(gate.reached.wait, 30)
        unwanted = asyncio.create_task(extractor.aextract("unwanted", ["person"]))
        wanted = asyncio.create_task(extractor.aextract("wanted", ["person"]))
        while waiting(extractor) < 2:
            await asyncio.sleep(0.001)
        unwanted.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unwanted
        gate.opened.set()
        await asyncio.gather(first, wanted)

    asyncio.run(cancel_one())

    assert answerer.answered == ["first", "wanted"]


def test_an_error_of_the_engine_is_raised_to_who_asked_and_the_extractor_goes_on() -> None:
    answerer = Scripted({"Mira came.": "Mira_person"})
    extractor = Extractor(answerer)

    def refuse(text: str) -> None:
        raise ModelError("engine scripted: no grammars; take transformers.")

    answerer.before = refuse
    with pytest.raises(ModelError) as error:
        list(extractor.extract_all(["a", "b"], ["person"]))
    answerer.before = lambda text: None

    assert str(error.value) == "engine scripted: no grammars; take transformers."
    assert types(extractor.extract("Mira came.", ["person"])) == [("Mira", "person")]


def test_a_result_may_be_asked_about_while_others_are_awaited() -> None:
    extractor = Extractor(Scripted())

    texts = [extractor.extract(f"{document.text}!", ["person"]).text for document in extractor.extract_all(["a", "b"], ["person"])]

    assert texts == ["a!", "b!"]


def test_who_asks_for_nothing_is_told_before_the_model_is_asked() -> None:
    answerer = Scripted()

    with pytest.raises(SchemaError) as error:
        Extractor(answerer).extract("Mira came.", [])

    assert str(error.value) == "schema: it names nothing to ask for; give entity names such as ['person', 'product']."
    assert answerer.batches == []


def test_a_json_schema_gives_an_object() -> None:
    schema = {"type": "object", "properties": {"person": {"type": "array", "items": {"type": "string"}}}}

    found = Extractor(Scripted({"Mira came.": "Mira_person"})).extract_as("Mira came.", schema)

    assert found == {"person": ["Mira"]}


def test_an_object_is_not_made_of_an_answer_that_failed() -> None:
    schema = {"type": "object", "properties": {"person": {"type": "array", "items": {"type": "string"}}}}

    with pytest.raises(PredictionError) as error:
        Extractor(Scripted({"Mira came.": Failed("the server is gone.")})).extract_as("Mira came.", schema)

    assert str(error.value) == "no answer: the server is gone."


def test_a_long_text_is_asked_about_in_windows_and_across_their_border() -> None:
    answerer = Scripted(lambda text: "Mira_knows_Eve" if "Mira" in text and "Eve" in text else "None")
    text = "aaa bbb Mira Eve ccc ddd"  # where an engine has no tokenizer a window is measured in characters

    document = Extractor(answerer, window=12).extract(text, {"relations": ["knows"]})

    assert answerer.batches == [["aaa bbb Mira ", "Eve ccc ddd"], ["Mira Eve ccc"]]
    assert document.text == text
    assert [entity.mention for entity in document.entities or ()] == [Mention("Mira", 8, 12), Mention("Eve", 13, 16)]
    assert document.relations == (Relation("knows", 0, 1),)


@pytest.mark.parametrize(
    ("minimum", "kept"),
    [(0.0, ["Mira", "Aurora"]), (0.5, ["Aurora"]), ({"ship": 0.9}, ["Mira"]), ({"person": 0.3}, ["Mira", "Aurora"])],
)
def test_what_is_not_sure_enough_is_left_out(minimum: float | dict[str, float], kept: list[str]) -> None:
    # Mira_person with 0.8 * 0.5 = 0.4, Aurora_ship with 0.8
    chances = [0.8, 1.0, 0.5, 1.0, 0.8, 1.0, 1.0, 1.0]
    answer = Generation(
        "Mira_person\nAurora_ship", "stop", 8, 0.5, [math.log(chance) for chance in chances], [4, 5, 11, 12, 18, 19, 23, 23]
    )
    extractor = Extractor(Scripted({"Mira saw the Aurora.": answer}), min_confidence=minimum)

    document = extractor.extract("Mira saw the Aurora.", ["person", "ship"])

    assert [entity.mention.text for entity in document.entities or ()] == kept


def test_an_engine_that_forgets_a_prompt_keeps_nobody_waiting() -> None:
    answerer = Scripted()
    answerer.answer = lambda records, *, batch_size=16: iter(())  # type: ignore[method-assign]

    with pytest.raises(RuntimeError, match="the engine left a prompt without an answer"):
        Extractor(answerer).extract("Mira came.", ["person"])
