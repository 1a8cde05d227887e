"""Import: wordings of other projects become prompt files that say byte for byte what those projects make of them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from uie.errors import OutputError, PromptError
from uie.formats import Description
from uie.prompting import Demonstration, load_prompt, render
from uie.prompting.importing import Imported, import_prompts, instruct_uie_template
from uie.schema import read_schema
from uie.tasks.question import Answer, Frame, Named, Question, Triple

SCHEMA = read_schema(
    {
        "entities": {"PER": {"name": "person", "description": "a human\n being"}, "ORG": {"name": "organization"}},
        "relations": ["born in", "works for"],
        "events": {"attack": {"roles": ["attacker", "victim"]}},
    }
)
KINDS = {"NER": ["entities"], "RC": ["relations"], "RE": ["relations"], "EEA": ["events"], "EE": ["events"]}
NASTY = "A {{ b }} {% c %} {# d #} {e} {0 \\n \"f\" 'g' } }}"
EXAMPLES = (Demonstration("Bo wept.", " person: Bo"), Demonstration("Rain.", " None"))


def said(path: Path, text: str, *, dataset: str = "", given: Answer | None = None, shared: tuple[Demonstration, ...] = ()) -> str:
    """All that a model reads."""
    prompt = load_prompt(str(path))
    question = Question(prompt.task, SCHEMA.only(KINDS[prompt.task]), text, prompt.lang, given)
    instruct, query = render(prompt, question, Description("RULE", "None"), dataset=dataset, shared=shared)
    return f"{instruct}\n{query}" if instruct else query


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def imported(tmp_path: Path, name: str, content: Any, **options: Any) -> Imported:
    return import_prompts(write(tmp_path / name, content), tmp_path / "out", **options)


def names(tmp_path: Path, done: Imported) -> list[str]:
    return [path.relative_to(tmp_path / "out").as_posix() for path in done.written]


# InstructUIE and chatllama UIE


@pytest.mark.parametrize(
    "instruction", [f"{NASTY} \n", NASTY, " \n\n x \r\n\t\n", "\nx ", "{", "{{{", "a\n---\nb {%", "{% raw %} \n"]
)
def test_an_instruction_comes_out_as_it_stands_whatever_it_holds(tmp_path: Path, instruction: str) -> None:
    path = write(tmp_path / "x.en.jinja", instruct_uie_template(instruction, "NER", "en", "instructuie"))

    assert said(path, "{{ t }}\n") == f"{instruction}Option: person, organization \nText: {{{{ t }}}}\n \nAnswer:"
    assert "\r" not in path.read_bytes().decode()
    assert not any(line != line.rstrip() for line in path.read_text(encoding="utf-8").split("\n"))


def test_the_heading_of_a_wording_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "x.en.jinja"

    write(path, instruct_uie_template("Find. \n", "NER", "en", "seed000", heading=False))
    assert said(path, "T", dataset="D") == "Find. \nOption:person,organization \nText: T\nAnswer: "

    write(path, instruct_uie_template("Find. \n", "NER", "en", "instructuie", heading=True))
    assert said(path, "T", dataset="D") == "Task:NER\nDataset:D\nFind. \nOption: person, organization \nText: T \nAnswer:"


def test_what_an_instruction_says_of_answers_tells_the_wording(tmp_path: Path) -> None:
    tuples = [{"instruction_type": "zero-shot", "instruction": "List (word1, type1), (word2, type2). \n"}]
    typed = [{"instruction_type": "zero-shot", "instruction": 'List "type1: word1; type2: word2". \n'}]
    events = [{"instruction_type": "zero-shot", "instruction": "Find events. \n"}]

    v3 = imported(tmp_path, "v3.json", {"NER": tuples, "EE": events})
    now = imported(tmp_path, "now.json", {"NER": typed, "EE": events})
    told = imported(tmp_path, "told.json", {"EE": events}, wording="seed000", heading=False)

    assert names(tmp_path, v3) == ["ner/v3.1.en.jinja", "ee/v3.1.en.jinja"]
    assert [load_prompt(str(path)).formats for path in v3.written] == [("tuples.seed000",)] * 2
    assert [load_prompt(str(path)).formats for path in now.written] == [("typed.instructuie",)] * 2
    options = "Option:Event type: ['attack'], Arguments type: ['attacker', 'victim']."
    assert said(v3.written[1], "T", dataset="D") == f"Task: EE\nDataset: D\nFind events. \n{options} \nText: T\nAnswer: "
    assert said(now.written[1], "T") == f"Find events. \n {options.replace(':', ': ', 1)} \nText: T \nAnswer:"
    assert said(told.written[0], "T") == f"Find events. \n{options} \nText: T\nAnswer: "


def test_each_instruction_gets_a_number_and_its_kind(tmp_path: Path) -> None:
    items = [
        {"instruction_type": "zero-shot", "instruction": "One."},
        {"instruction_type": "few-shot", "instruction": "Few."},
        {"instruction_type": "zero-shot", "instruction": "两个。"},
    ]

    done = imported(tmp_path, "mine.json", {"NER": items, "QA": items[:1]})

    assert names(tmp_path, done) == ["ner/mine.1.en.jinja", "ner/mine-few-shot.1.en.jinja", "ner/mine.2.zh.jinja"]
    assert done.skipped == (f"{tmp_path}/mine.json: QA: zero-shot 1: QA is no task of ours.",)
    assert load_prompt(str(done.written[2])).about == "InstructUIE: mine.json, zero-shot instruction 2"
    assert said(done.written[1], "T", shared=EXAMPLES) == (
        "Few.Option: person, organization \nText: Bo wept. \nAnswer: person: Bo\nText: Rain. \nAnswer: None\nText: T \nAnswer:"
    )


def test_the_pair_of_a_relation_question_stands_in_its_instruction(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.en.jinja", instruct_uie_template("In above text, how is {0} to {1}{2}? \n", "RC", "en", "instructuie")
    )
    pair = Answer(triples=(Triple(Named("{1}"), None, Named("Rome")),))

    assert said(path, "T", given=pair) == "Text: T \nIn above text, how is {1} to Rome{2}? \nOption: born in, works for \nAnswer:"


def test_all_instructions_of_instructuie_are_imported(tmp_path: Path) -> None:
    root = os.environ.get("UIE_CORPORA")
    if not root:
        pytest.skip("UIE_CORPORA does not name the folder of the real corpora")

    done = import_prompts(Path(root) / "instructuie_config" / "instruction_config.json", tmp_path / "out")

    assert (len(done.written), done.skipped) == (17, ())
    assert [load_prompt(str(path)).task for path in done.written].count("RC") == 3


# B2NER

B2NER = {
    "zh": {
        "NER": [
            {"instruction_type": "zero-shot", "instruction": "找出实体。\n标签: {labels_str}\n\n文本: {text} \n"},
            {
                "instruction_type": "zero-shot-with-description",
                "instruction": "标签: {labels_str}\n描述: {label_descriptions_str}\n\n文本: {text} \n",
            },
        ],
        "Sentiment": [{"instruction_type": "zero-shot", "instruction": "{labels_str} {text}"}],
    },
    "en": {
        "NER": [{"instruction_type": "few-shot", "instruction": "Labels: {labels_str} \n\n@@examples@@Text: {text} \n"}],
        "EEA": [{"instruction_type": "zero-shot", "instruction": "{event_type}, {event_trigger}\n{labels_str}\n{text} \n"}],
    },
    "de": {"NER": [{"instruction_type": "zero-shot", "instruction": "Finde {labels_str} in {text} \n"}]},
}


def test_b2ner_fills_its_placeholders(tmp_path: Path) -> None:
    done = imported(tmp_path, "ml.json", B2NER)

    plain, described, few, arguments, german = done.written
    assert names(tmp_path, done) == [
        "ner/ml.1.zh.jinja",
        "ner/ml-zero-shot-with-description.1.zh.jinja",
        "ner/ml-few-shot.1.en.jinja",
        "eea/ml.1.en.jinja",
        "ner/ml-de.1.en.jinja",
    ]
    assert done.skipped == (f"{tmp_path}/ml.json: zh: Sentiment: zero-shot 1: Sentiment is no task of ours.",)
    assert said(plain, "文") == "找出实体。\n标签: person, organization\n\n文本: 文 \n答案:"
    assert said(described, "文") == '标签: person, organization\n描述: person 是指 "a human being"\n\n文本: 文 \n答案:'
    assert said(german, "T") == "Finde person, organization in T \nAntwort:"
    event = Answer(frames=(Frame("attack", Named("fired")),))
    assert said(arguments, "T", given=event) == "attack, fired\nattacker, victim\nT \nAnswer:"
    assert said(few, "T") == "Labels: person, organization \n\nText: T \nAnswer:"
    assert said(few, "T", shared=EXAMPLES) == (
        "Labels: person, organization \n\nText: Bo wept. \nAnswer: person: Bo \n\nText: Rain. \nAnswer: None \n\nText: T \nAnswer:"
    )


# BiLLa


def test_billas_wordings_stand_before_or_after_the_text(tmp_path: Path) -> None:
    write(tmp_path / "p" / "ner.pre.prompt", f"请找出实体。\n\n{NASTY} \r\n")
    write(tmp_path / "p" / "ner.post.prompt", "Find the names above.\n")
    write(tmp_path / "p" / "en-zh.prompt", "Translate.\n")

    done = import_prompts(tmp_path / "p", tmp_path / "out")

    assert names(tmp_path, done) == ["ner/ner-post.1.en.jinja", "ner/ner-pre.1.zh.jinja", "ner/ner-pre.2.en.jinja"]
    assert done.skipped == (f"{tmp_path}/p/en-zh.prompt: neither TYPE.pre.prompt nor TYPE.post.prompt.",)
    post, first, second = done.written
    assert said(first, " A.\n\n B. \n") == "请找出实体。\n A.\n\n B.\n\n"
    assert said(second, "A.") == f"{NASTY} \nA.\n\n"
    assert said(post, " A.\n") == " A.\nFind the names above.\n"


def test_a_type_that_is_no_task_needs_one(tmp_path: Path) -> None:
    path = write(tmp_path / "news.pre.prompt", "Go.\n")

    with pytest.raises(PromptError) as caught:
        import_prompts(path, tmp_path / "out")
    done = import_prompts(path, tmp_path / "out", task="RE")

    assert str(caught.value) == (
        f"{path}: 'news' does not say which task it asks; add --task, one of "
        "EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO."
    )
    assert names(tmp_path, done) == ["re/news-pre.1.en.jinja"]


# alpaca-lora

ALPACA = {
    "description": "A {test}: #} it.",
    "prompt_input": "Below.\n\n### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n",
    "prompt_no_input": "### Instruction:\n{instruction}\n\n### Response:\n",
    "response_split": "### Response:",
}


def test_alpacas_template_goes_round_the_default_wording(tmp_path: Path) -> None:
    done = imported(tmp_path, "alpaca.json", ALPACA, task="NER")

    assert names(tmp_path, done) == ["ner/alpaca.1.en.jinja", "ner/alpaca.2.en.jinja"]
    instruct = "Find all mentions of these entity types in the text: person, organization.\nRULE"
    assert said(done.written[0], "A\n") == (f"Below.\n\n### Instruction:\n{instruct}\n\n### Input:\nText: A\n\n\n### Response:\n")
    assert said(done.written[1], "A") == f"### Instruction:\n{instruct}\nText: A\n\n### Response:\n"
    assert load_prompt(str(done.written[0])).about == "alpaca-lora: alpaca.json, prompt_input. A {test}: #} it."
    assert '"response_split": "### Response:"' in done.written[0].read_text(encoding="utf-8")


def test_alpacas_template_asks_entities_relations_and_events_unless_told(tmp_path: Path) -> None:
    done = imported(tmp_path, "alpaca.json", ALPACA, lang="zh")

    assert names(tmp_path, done) == [f"{task}/alpaca.{n}.zh.jinja" for task in ("ner", "re", "ee") for n in (1, 2)]
    assert said(done.written[5], "文。") == (
        "### Instruction:\n找出文本中的以下事件，给出触发词和论元。\n事件类型（角色）：attack（attacker、victim）。\nRULE\n文本：文。\n\n"
        "### Response:\n"
    )


# Errors


def test_what_is_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    imported(tmp_path, "alpaca.json", ALPACA, task="NER")

    with pytest.raises(OutputError) as caught:
        imported(tmp_path, "alpaca.json", ALPACA, task="NER")
    imported(tmp_path, "alpaca.json", ALPACA, task="NER", overwrite=True)

    assert str(caught.value) == (
        f"{tmp_path}/out/ner/alpaca.1.en.jinja is there already; choose another folder or say --overwrite."
    )


ITEM = {"instruction_type": "zero-shot", "instruction": "x"}
KNOWN = "the instructions of InstructUIE or B2NER ({TASK: [{'instruction_type', 'instruction'}]}), or a template of alpaca-lora"
MISTAKES = {
    "not json": ("{", ": not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
    "a list": ([1], f": expected {KNOWN}; found [1]."),
    "empty": ({}, f": expected {KNOWN}; found the keys none."),
    "other keys": ({"a": 1, "b": [2]}, f": expected {KNOWN}; found the keys 'a', 'b'."),
    "no list": ({"en": {"NER": "x"}}, ": en: NER: expected a list of instructions, found 'x'."),
    "no kind": (
        {"NER": [ITEM, {"instruction": "y"}]},
        ": NER: item 1: expected {'instruction_type': 'zero-shot' or 'few-shot', 'instruction': a text}, found {'instruction': 'y'}.",
    ),
    "both wordings": (
        {"NER": [{**ITEM, "instruction": "(word1, type1)"}], "RE": [{**ITEM, "instruction": "relation1: word1"}]},
        ": some instructions describe answers as (word1, type1), some as type1: word1; import them apart.",
    ),
    "placeholder": (
        {"en": {"NER": [{**ITEM, "instruction": "{labels_str} {txt}"}]}},
        ": en: NER: zero-shot 1: No placeholder is named '{txt}'. Did you mean '{text}'? Known: "
        "@@examples@@, {event_trigger}, {event_type}, {label_descriptions_str}, {labels_str}, {text}.",
    ),
    "nothing of ours": ({"QA": [ITEM]}, ": no wording that can be imported. {path}: QA: zero-shot 1: QA is no task of ours."),
    "no instruction": ({"prompt_input": "x"}, ": prompt_input: expected a text with {instruction}, found 'x'."),
    "half a character": (
        '{"NER": [{"instruction_type": "zero-shot", "instruction": "\\ud800"}]}',
        ": holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it.",
    ),
}


@pytest.mark.parametrize(("content", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_broken_source_is_named_and_nothing_is_written(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(PromptError) as caught:
        imported(tmp_path, "x.json", content)

    assert str(caught.value) == f"{tmp_path}/x.json{message}".replace("{path}", f"{tmp_path}/x.json")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_and_an_unknown_task_are_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError) as empty:
        import_prompts(tmp_path, tmp_path / "out")
    with pytest.raises(PromptError) as task:
        import_prompts(tmp_path, tmp_path / "out", task="NRE")

    assert str(empty.value) == (
        f"{tmp_path}: no .prompt and no .json file; expected TYPE.pre.prompt and TYPE.post.prompt, or {KNOWN}."
    )
    assert str(task.value).startswith("No task is named 'NRE'. Did you mean 'RE' or 'NER'?")
