"""Chat: commands, extractions, and what is shown of them."""

import io
import json
from pathlib import Path

import pytest
from gold_echo import GoldEcho
from rich.console import Console

from uie.documents import Document, Entity, Mention, Relation
from uie.extraction.extractor import Extractor
from uie.serving.chat import Chat, coloured, default_schema, language_of, listed, read_schema_source


def chat(raw: str = "Mira_person", **settings: object) -> tuple[Chat, io.StringIO]:
    out = io.StringIO()
    answerer = GoldEcho(lambda record: raw)
    return Chat(Extractor(answerer), Console(file=out, width=100), **settings), out  # type: ignore[arg-type]


def test_types_and_a_sentence_list_the_mentions_with_offsets() -> None:
    session, out = chat("Mira_person\nBolt_product\nEve_person\nwhat")

    session.handle(":types person, product")
    session.handle("Mira bought a Bolt.")

    assert out.getvalue() == (
        "Asking for person, product.\n"
        "Mira bought a Bolt.\n"
        "     0–4    person  Mira\n"
        "    14–18   product  Bolt\n"
        "  not in text person  Eve\n"
        "  malformed: what\n"
        "  ungrounded: Eve\n"
    )


def test_chinese_text_is_asked_in_chinese() -> None:
    session, out = chat("没有", schema={"entities": {"PER": {"name": {"en": "person", "zh": "人名"}}}})

    session.handle("今天下雨。")
    session.handle(":prompt")

    assert "nothing found" in out.getvalue()
    assert "人名" in out.getvalue()
    assert "ner/default.zh" in out.getvalue()


def test_raw_shows_the_answer_to_the_letter() -> None:
    session, out = chat("Mira_person [bold]\n")

    session.handle(":types person")
    session.handle("Mira came.")
    session.handle(":raw")

    assert out.getvalue().endswith("[NER]\nMira_person [bold]\n\n")


def test_task_chooses_what_is_asked_of_a_schema() -> None:
    session, out = chat("None", schema=read_schema_source("sample_en"))

    session.handle(":task re")
    session.handle("Mira came.")

    assert out.getvalue().startswith("RE: works for, located in, founded by")
    assert session.extractor.answerer.asked == ["chat/1#RE"]  # type: ignore[attr-defined]


def test_free_chat_carries_the_turns_and_goes_back() -> None:
    session, out = chat(schema={"entities": ["person"]})

    for line in (":free", "hello", "again", ":free", "Mira came."):
        session.handle(line)

    assert out.getvalue().splitlines()[:4] == [
        "Plain chat: the model answers as it likes. :free goes back.",
        "turn 1: HELLO",
        "turn 2: AGAIN",
        "Extracting again.",
    ]
    assert "person  Mira" in out.getvalue()


def test_json_is_one_document_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    session, out = chat(as_json=True)

    for line in (":types person", "Mira came.", "No Mira? Mira!"):
        session.handle(line)

    documents = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [document["entities"] for document in documents] == [
        [{"start": 0, "end": 4, "text": "Mira", "type": "person"}],
        [{"start": 3, "end": 7, "text": "Mira", "type": "person"}],
    ]
    assert capsys.readouterr().err == "Asking for person.\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":tipes person", "No chat command is named 'tipes'. Did you mean 'types'? "),
        (":types ,", ":types: expected names, such as :types person, product."),
        (":types a, a", ":types: entities: the label 'a' is given twice."),
        (":task ne", "No task is named 'NE'."),
        (":schema nowhere.yaml", "nowhere.yaml: no such file. No corpus is named 'nowhere.yaml'."),
        (":raw", "nothing was extracted yet; type a sentence first."),
        ("Mira came.", "Say what to extract first, such as :types person, product or :schema FILE."),
    ],
)
def test_mistakes_are_told_and_counted_and_the_chat_goes_on(line: str, said: str) -> None:
    session, out = chat()

    assert session.handle(line)

    assert out.getvalue().startswith(said)
    assert session.mistakes == 1


def test_quit_ends_it() -> None:
    session, _ = chat()

    assert not session.handle(":quit")


def test_a_schema_file_is_read_in_the_language_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text("entities:\n  ship: a vessel with a name\n", encoding="utf-8")
    session, out = chat("Aurora_ship")

    session.handle(f":schema {path}")
    session.handle("The Aurora sank.")

    assert out.getvalue() == "NER: ship\nThe Aurora sank.\n     4–10   ship  Aurora\n"


def test_nested_mentions_keep_their_own_colour() -> None:
    document = Document(
        "1",
        "Bank of Ghana",
        entities=(Entity(Mention("Bank of Ghana", 0, 13), "ORG"), Entity(Mention("Ghana", 8, 13), "LOC")),
        relations=(Relation("located in", 0, 1),),
    )

    spans = coloured(document).spans

    assert [(span.start, span.end) for span in spans] == [(0, 13), (8, 13)]
    assert spans[0].style != spans[1].style
    assert listed(document)[2].plain == "  located in  Bank of Ghana (0–13) → Ghana (8–13)"


def test_a_run_says_itself_what_it_can_be_asked() -> None:
    schemas = {
        "a": {"NER": {"lang": "en", "entities": {"PER": {"name": "person"}}}, "RE": {"lang": "en", "relations": {"WF": {}}}},
        "b": {"NER": {"lang": "zh", "entities": {"PER": {"name": "人名"}, "LOC": {"name": "地名"}}}},
    }

    assert default_schema({"schemas": schemas}) == {
        "entities": {"PER": {"name": {"en": "person", "zh": "人名"}}, "LOC": {"name": {"zh": "地名"}}},
        "relations": {"WF": {"name": {"en": "WF"}}},
    }
    assert default_schema({}) == {}


@pytest.mark.parametrize(("text", "lang"), [("Hello 你", "en"), ("王芳去了 Oslo", "zh"), ("12 %", "en")])
def test_the_language_is_what_most_letters_are(text: str, lang: str) -> None:
    assert language_of(text) == lang


def test_an_answer_that_failed_is_told_and_the_chat_goes_on() -> None:
    out = io.StringIO()
    session = Chat(Extractor(GoldEcho(fails=["chat/1#NER"])), Console(file=out, width=100), {"entities": ["person"]})  # type: ignore[arg-type]

    session.handle("Mira came.")
    session.handle(":raw")

    assert out.getvalue() == (
        "Mira came.\n  nothing found\n  failed: it was told to fail.\n[NER] no answer: it was told to fail.\n"
    )
