"""Wordings of other projects: each comes out byte for byte as docs and sample records of that project have it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from uie.documents import Document
from uie.formats import FORMATS
from uie.prompting import load_prompt, prompt_names, render
from uie.records.asking import asker
from uie.records.exchange.layout import prompt_of
from uie.schema import Schema, read_schema
from uie.tasks.question import Answer, Frame, Named, Question, Triple

ENTITIES = {"entities": ["person", "organization"]}
RELATIONS = {"relations": ["born in", "works for"]}
EVENTS = {"events": {"attack": {"roles": ["attacker", "victim"]}, "die": {"roles": ["victim", "place"]}}}


def said(name: str, labels: dict[str, Any], text: str, *, dataset: str = "", given: Answer | None = None) -> str:
    """All that a model reads, as every export writes it."""
    prompt = load_prompt(name)
    question = Question(prompt.task, read_schema(labels, lang=prompt.lang), text, prompt.lang, given)
    (format_name,) = prompt.formats
    instruct, query = render(prompt, question, FORMATS.get(format_name).describe(question), dataset=dataset)
    return f"{instruct}\n{query}" if instruct else query


# chatllama UIE (seed 000)

SEED000_HEAD = {
    "ner/seed000.1.en": "Please list all entity words in the text that fit the category.Output format is (word1, type1), (word2, type2). \n",
    "ner/seed000.2.en": "Please find all the entity words associated with the category in the given text.Output format is (word1, type1), "
    "(word2, type2). \n",
    "ner/seed000.3.en": "Please tell me all the entity words in the text that belong to a given category.Output format is (word1, type1), "
    "(word2, type2). \n",
    "re/seed000.1.en": "Given a phrase that describes the relationship between two words, extract the words and the lexical relationship "
    "between them. The output format should be :(word1, relation, word2). \n",
    "re/seed000.2.en": "Find the phrases in the following sentences that have a given relationship. The output format is :(word1, "
    "relation, word2). \n",
    "re/seed000.3.en": "Given a sentence, please extract the subject and object containing a certain relation in the sentence according "
    "to the following relation types, in the format of (word1, relation, word2). \n",
    "ee/seed000.1.en": "Locate the role in the text that participated in the event based on the event type and return it in the event "
    "list. \n",
    "ee/seed000.2.en": "Extract the event information in the text and return them in the event list. \n",
}


def test_seed000_is_the_user_input_of_its_records() -> None:
    schema = read_schema({"entities": ["person", "organization", "location"]})
    ask = asker("NER", schema, load_prompt("ner/seed000.1.en"), "tuples.seed000").ask

    (record,) = ask(Document("x", "EU rejects German call .", dataset="CoNLL 2003"))

    assert prompt_of(record) == (
        "Task: NER\nDataset: CoNLL 2003\nPlease list all entity words in the text that fit the category.Output format is (word1, type1), "
        "(word2, type2). \nOption:person,organization,location \nText: EU rejects German call .\nAnswer: "
    )


@pytest.mark.parametrize(("name", "instruction"), SEED000_HEAD.items(), ids=SEED000_HEAD)
def test_every_instruction_of_seed000_stands_before_its_options(name: str, instruction: str) -> None:
    task = name.partition("/")[0].upper()
    labels = {"NER": ENTITIES, "RE": RELATIONS, "EE": EVENTS}[task]
    options = {
        "NER": "person,organization",
        "RE": "born in,works for",
        "EE": "Event type: ['attack', 'die'], Arguments type: ['attacker', 'victim', 'place'].",
    }[task]

    assert said(name, labels, "They fired. ", dataset="x") == (
        f"Task: {task}\nDataset: x\n{instruction}Option:{options} \nText: They fired. \nAnswer: "
    )


# InstructUIE

PAIRS = Answer(triples=(Triple(Named("Bob"), None, Named("Paris")), Triple(Named("Ann"), None, Named("Rome"))))
INSTRUCTUIE = {
    "ner/instructuie.1.en": 'Please list all entity words in the text that fit the category.Output format is "type1: word1; type2: word2". '
    "\nOption: person, organization \nText: T \nAnswer:",
    "ner/instructuie.2.en": "Please find all the entity words associated with the category in the given text.Output format is "
    '"type1: word1; type2: word2". \nOption: person, organization \nText: T \nAnswer:',
    "ner/instructuie.3.en": "Please tell me all the entity words in the text that belong to a given category.Output format is "
    '"type1: word1; type2: word2". \nOption: person, organization \nText: T \nAnswer:',
    "re/instructuie.1.en": "Given a phrase that describes the relationship between two words, extract the words and the lexical "
    'relationship between them. The output format should be "relation1: word1, word2; relation2: word3, word4". \n'
    "Option: born in, works for \nText: T \nAnswer:",
    "re/instructuie.2.en": "Find the phrases in the following sentences that have a given relationship. The output format is "
    '"relation1: word1, word2; relation2: word3, word4". \nOption: born in, works for \nText: T \nAnswer:',
    "re/instructuie.3.en": "Given a sentence, please extract the subject and object containing a certain relation in the sentence "
    'according to the following relation types, in the format of "relation1: word1, word2; relation2: word3, word4". \n'
    "Option: born in, works for \nText: T \nAnswer:",
    "ee/instructuie.1.en": "Locate the role in the text that participated in the event based on the event type and return it in the "
    "event list. \n Option: Event type: ['attack', 'die'], Arguments type: ['attacker', 'victim', 'place']. \nText: T \nAnswer:",
    "ee/instructuie.2.en": "Extract the event information in the text and return them in the event list. \n"
    " Option: Event type: ['attack', 'die'], Arguments type: ['attacker', 'victim', 'place']. \nText: T \nAnswer:",
    "es/instructuie.1.en": 'Please list all entity words in the text that fit the category. Output format is "word1, word2". \n'
    "Option: person, organization \nText: T \nAnswer:",
    "et/instructuie.1.en": "Given options, please tell me the categories of all the listed entity words.Output format is "
    '"type1: word1; type2: word2". \nOption: person, organization \nText: T \n Entities: Bob, Ann \nAnswer:',
    "ep/instructuie.1.en": "Please list all entity pairs containing a certain relationship in the given options.Output format is "
    '"word1, word2; word3, word4". \nOption: born in, works for \nText: T \nAnswer:',
    "epr/instructuie.1.en": "Given options, please tell me the relationships of all the listed entity pairs.Output format is "
    '"relation1: word1, word2; relation2: word3, word4". \nOption: born in, works for \nText: T \n'
    " Entity Pairs:  Bob, Paris; Ann, Rome \nAnswer:",
    "eet/instructuie.1.en": 'Please tell me event type and its trigger word from given type options. Output format is "type: trigger".  '
    "Option: attack, die \nText: T \nAnswer:",
    "eea/instructuie.1.en": "Given event type and trigger, please tell me the arguments of all the listed option. Output format is "
    '"name1: role1; name2: role2". \nEvent type: attack \n  Option: attacker, victim \nText: T \nAnswer:',
}


@pytest.mark.parametrize(("name", "published"), INSTRUCTUIE.items(), ids=INSTRUCTUIE)
def test_instructuie_is_the_input_that_its_builder_makes(name: str, published: str) -> None:
    task = load_prompt(name).task
    labels: dict[str, Any] = EVENTS if task.startswith("EE") else ENTITIES if task in ("NER", "ES", "ET") else RELATIONS
    given = {"ET": Answer((Named("Bob"), Named("Ann"))), "EPR": PAIRS, "EEA": Answer(frames=(Frame("attack", Named("fired")),))}
    if task == "EEA":
        labels = {"events": {"attack": EVENTS["events"]["attack"]}}

    assert said(name, labels, "T", dataset="unseen", given=given.get(task)) == published


def test_every_instructuie_and_seed000_prompt_is_tested_here() -> None:
    names = {name for name in prompt_names() if "instructuie" in name or "seed000" in name}

    assert names == {*INSTRUCTUIE, *SEED000_HEAD}


# IEPile: its instruction is one JSON string

IEPILE = {
    "ner": (
        {"entities": ["人物", "组织机构"]},
        "你是专门进行实体抽取的专家。请从input中抽取出符合schema定义的实体，不存在的实体类型返回空列表。请按照JSON字符串的格式回答。",
        '["人物", "组织机构"]',
    ),
    "re": (
        {"relations": ["丈夫", "上映时间"]},
        "你是专门进行关系抽取的专家。请从input中抽取出符合schema定义的关系三元组，不存在的关系返回空列表。请按照JSON字符串的格式回答。",
        '["丈夫", "上映时间"]',
    ),
    "spo": (
        {
            "entities": ["作品", "人物", "日期"],
            "relations": {"作者": {"head": ["作品"], "tail": ["人物"]}, "时间": {"head": ["作品", "人物"], "tail": ["日期"]}},
        },
        "你是专门进行SPO三元组抽取的专家。请从input中抽取出符合schema定义的spo关系三元组，不存在的关系返回空列表。请按照JSON字符串的格式回答。",
        '[{"subject_type": "作品", "predicate": "作者", "object_type": "人物"}, '
        '{"subject_type": "作品", "predicate": "时间", "object_type": "日期"}, '
        '{"subject_type": "人物", "predicate": "时间", "object_type": "日期"}]',
    ),
    "ee": (
        {"events": {"下架": {"roles": ["时间", "下架方"]}, "地震": {}}},
        "你是专门进行事件提取的专家。请从input中抽取出符合schema定义的事件，不存在的事件返回空列表，不存在的论元返回NAN，"
        "如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
        '[{"event_type": "下架", "trigger": true, "arguments": ["时间", "下架方"]}, '
        '{"event_type": "地震", "trigger": true, "arguments": []}]',
    ),
    "eet": (
        {"events": ["下架", "地震"]},
        "你是专门进行事件提取的专家。请从input中抽取出符合schema定义的事件类型及事件触发词，不存在的事件返回空列表。请按照JSON字符串的格式回答。",
        '["下架", "地震"]',
    ),
    "eea": (
        {"events": {"裁员": {"roles": ["时间", "裁员方"]}}},
        "你是专门进行事件论元提取的专家。请从input中抽取出符合schema定义的事件论元及论元角色，不存在的论元返回NAN或空字典，"
        "如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
        '[{"event_type": "裁员", "trigger": ["裁"], "arguments": ["时间", "裁员方"]}]',
    ),
    "kg": (
        {"entities": ["人物", "城市"], "relations": {"配偶": {"head": ["人物"]}, "别名": {}}},
        "你是一个图谱实体知识结构化专家。根据输入实体类型(entity type)的schema描述，从文本中抽取出相应的实体实例和其属性信息，"
        "不存在的属性不输出, 属性存在多值就返回列表，并输出为可解析的json格式。",
        '[{"entity_type": "人物", "attributes": ["配偶", "别名"]}, {"entity_type": "城市", "attributes": ["别名"]}]',
    ),
}


@pytest.mark.parametrize("task", IEPILE)
def test_iepile_is_one_json_string_of_instruction_schema_and_input(task: str) -> None:
    labels, instruction, schema = IEPILE[task]
    given = Answer(frames=(Frame("裁员", Named("裁")),)) if task == "eea" else None

    assert said(f"{task}/iepile.zh", labels, '他说“"裁”\n了。', given=given) == (
        f'{{"instruction": "{instruction}", "schema": {schema}, "input": "他说“\\"裁”\\n了。"}}'
    )


@pytest.mark.parametrize("task", IEPILE)
def test_iepile_in_english_differs_in_its_instruction_only(task: str) -> None:
    labels, _, schema = IEPILE[task]
    given = Answer(frames=(Frame("裁员", Named("裁")),)) if task == "eea" else None

    english = json.loads(said(f"{task}/iepile.en", labels, "x", given=given))

    assert list(english) == ["instruction", "schema", "input"]
    assert english["instruction"].startswith("You are an expert in ")
    assert (english["schema"], english["input"]) == (json.loads(schema), "x")


def test_iepile_asks_for_arguments_of_an_event_without_a_trigger() -> None:
    labels = {"events": {"裁员": {"roles": ["时间"]}}}

    asked = said("eea/iepile.zh", labels, "x", given=Answer(frames=(Frame("裁员", None),)))

    assert json.loads(asked)["schema"] == [{"event_type": "裁员", "arguments": ["时间"]}]


def test_yayi_writes_its_types_with_slashes() -> None:
    assert said("ner/yayi.zh", {"entities": ["人物", "机构"]}, "xx") == (
        "文本：xx\n【实体抽取】抽取文本中可能存在的实体，并以json{人物/机构：[实体]}格式输出。"
    )


# Real records


def corpora(name: str) -> Path:
    root = os.environ.get("UIE_CORPORA")
    if not root:
        pytest.skip("UIE_CORPORA does not name the folder of the real corpora")
    return Path(root) / name


def rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def schema_of(task: str, asked: Any) -> Schema:
    """The labels that an IEPile question names, in their order."""
    if task == "SPO":
        types = dict.fromkeys(one[end] for one in asked for end in ("subject_type", "object_type"))
        relations = {one["predicate"]: {"head": [one["subject_type"]], "tail": [one["object_type"]]} for one in asked}
        labels = {"entities": list(types), "relations": relations}
    elif task == "KG":
        attributes = {name: {"head": [one["entity_type"]]} for one in asked for name in one["attributes"]}
        labels = {"entities": [one["entity_type"] for one in asked], "relations": attributes}
    elif task in ("EE", "EEA"):
        labels = {"events": {one["event_type"]: {"roles": one["arguments"]} for one in asked}}
    else:
        labels = {{"NER": "entities", "RE": "relations", "EET": "events"}[task]: asked}
    return read_schema(labels, lang="zh")


IEPILE_RECORDS = {"NER": 12, "RE": 144, "SPO": 83, "EE": 192, "EET": 192, "KG": 10}


@pytest.mark.parametrize(("task", "count"), IEPILE_RECORDS.items(), ids=IEPILE_RECORDS)
def test_every_instruction_of_iepiles_samples_comes_out(task: str, count: int) -> None:
    prompt = load_prompt(f"{task.lower()}/iepile.zh")
    compared = 0

    for split in ("train", "test"):
        for row in rows(corpora("iepile_samples") / task / f"{split}.json"):
            published = json.loads(row["instruction"])
            ask = asker(task, schema_of(task, published["schema"]), prompt, "json.iepile").ask
            (record,) = ask(Document("x", published["input"], lang="zh"))
            assert prompt_of(record) == row["instruction"]
            compared += 1

    assert compared == count


def test_every_question_for_arguments_of_iepiles_samples_comes_out() -> None:
    """Three of the twelve ask for several events at once, which records of ours never do; the wording can."""
    prompt, format = load_prompt("eea/iepile.zh"), FORMATS.get("json.iepile")
    several = []

    for split in ("train", "test"):
        for row in rows(corpora("iepile_samples") / "EEA" / f"{split}.json"):
            published = json.loads(row["instruction"])
            triggers = [(one["event_type"], trigger) for one in published["schema"] for trigger in one.get("trigger", [None])]
            given = Answer(frames=tuple(Frame(type, None if trigger is None else Named(trigger)) for type, trigger in triggers))
            question = Question("EEA", schema_of("EEA", published["schema"]), published["input"], "zh", given)
            assert render(prompt, question, format.describe(question)) == ("", row["instruction"])
            several.append(len(triggers) > 1)

    assert (len(several), sum(several)) == (12, 3)


def test_every_sample_record_of_seed001_comes_out() -> None:
    schema = read_schema({"entities": ["人名", "地名", "机构名"]}, lang="zh")
    ask = asker("NER", schema, load_prompt("ner/seed001.zh"), "lines.seed001").ask
    published = list(rows(corpora("msra_instruct") / "instruct_data" / "dev.txt"))

    for row in published:
        (record,) = ask(Document("x", row["query"].removeprefix("文本："), lang="zh"))
        assert (record.instruct, record.query) == (row["instruct"], row["query"])
    assert len(published) == 1000


@pytest.mark.parametrize(("task", "dataset", "count"), [("NER", "CrossNER_AI", 350), ("RE", "conll04", 231), ("EE", "PHEE", 600)])
def test_both_wordings_of_instructuie_are_what_its_builder_makes_of_a_dataset(task: str, dataset: str, count: int) -> None:
    folder = corpora("instructuie_derived") / "IE_INSTRUCTIONS" / task / dataset
    read = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    instructions = json.loads((corpora("instructuie_config") / "instruction_config.json").read_text(encoding="utf-8"))[task]
    sentences = [row["sentence"] for row in json.loads((folder / "dev.json").read_text(encoding="utf-8"))]
    if task == "EE":
        labels: dict[str, Any] = {"events": {kind: {"roles": read[1]} for kind in read[0]}}
        now, then = (f"{option}Event type: {read[0]}, Arguments type: {read[1]}." for option in (" Option: ", "Option:"))
    else:
        labels = {"entities" if task == "NER" else "relations": read}
        now, then = f"Option: {', '.join(read)}", f"Option:{','.join(read)}"

    for number, instruction in enumerate(instructions, 1):
        for sentence in sentences:
            made = said(f"{task.lower()}/instructuie.{number}.en", labels, sentence)
            assert made == f"{instruction['instruction']}{now} \nText: {sentence} \nAnswer:"
    for sentence in sentences:
        name = f"{task.lower()}/seed000.1.en"
        made = said(name, labels, sentence, dataset=dataset)
        assert made == f"Task: {task}\nDataset: {dataset}\n{SEED000_HEAD[name]}{then} \nText: {sentence}\nAnswer: "
    assert len(sentences) == count
