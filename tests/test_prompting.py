"""Prompts: every shipped wording renders; what a template may see and do; errors by their whole message."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from made_up import asked as asked_of_made_up

from uie.errors import PromptError
from uie.formats import FORMATS, Description
from uie.prompting import Demonstration, Prompt, check_fits, check_prompts, load_prompt, prompt_names, render
from uie.schema import Schema, read_schema
from uie.tasks import TASKS, asked_of
from uie.tasks.question import Answer, Frame, Named, Question, Triple

HEAD = "---\ntask: NER\nlang: en\nformats: any\nabout: a test\n---\n"  # six lines: what follows starts at line 7
RULE = Description("Write mention_type.", "None")

ENGLISH = read_schema(
    {
        "entities": {"PER": {"name": "person", "description": "a human being, by name"}, "LOC": {"name": "location"}},
        "relations": {"WORK": {"name": "works for", "description": "is employed by"}, "LIVE": {"name": "lives in"}},
        "events": {
            "ATTACK": {
                "name": "attack",
                "description": "violence against people or things",
                "roles": {"ATT": {"name": "attacker", "description": "who does it"}, "VIC": {"name": "victim"}},
            },
            "STORM": {"name": "storm"},
        },
    }
)
CHINESE = read_schema(
    {"lang": "zh", "entities": ["人名", "地名", "机构名"], "relations": ["任职"], "events": {"会面": {"roles": ["参与者"]}}}
)


@pytest.fixture
def own_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's `./prompts`, to which a test adds files under `ner/`."""
    folder = tmp_path / "prompts"
    (folder / "ner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return folder


def write_prompt(folder: Path, instruct: str, query: str = "{{ text }}", *, name: str = "ner/own.en", head: str = HEAD) -> Path:
    path = folder / f"{name}.jinja"
    path.write_text(head + block("instruct", instruct) + block("query", query), encoding="utf-8")
    return path


def block(name: str, content: str) -> str:
    return f"{{% block {name} %}}\n{content}\n{{% endblock %}}\n"


def ask(prompt: Prompt, text: str, schema: Schema = ENGLISH, **more: Answer) -> tuple[str, str]:
    return render(prompt, Question(prompt.task, asked_of(prompt.task, schema), text, prompt.lang, **more), RULE)


def error_of(name: str) -> str:
    with pytest.raises(PromptError) as caught:
        load_prompt(name)
    return str(caught.value)


def render_error_of(name: str) -> str:
    prompt = load_prompt(name)
    with pytest.raises(PromptError) as caught:
        ask(prompt, "x")
    return str(caught.value)


# What ships


def test_every_shipped_prompt_is_sound_in_every_format_it_allows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # away from any ./prompts

    mistakes = check_prompts()

    assert mistakes == []
    assert len(prompt_names()) >= 150


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_task_has_a_default_a_described_and_a_fewshot_wording(lang: str) -> None:
    wanted = {f"{task.lower()}/{name}.{lang}" for task in TASKS for name in ("default", "described", "fewshot")}

    assert len(wanted) == 42
    assert wanted <= set(prompt_names(lang=lang))


@pytest.mark.parametrize("task", ["NER", "RE", "EE"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_entities_relations_and_events_have_seven_wordings(task: str, lang: str) -> None:
    names = ("brief", "default", "described", "guideline", "question", "fewshot", "reasoning")
    wanted = {f"{task.lower()}/{name}.{lang}" for name in names}

    assert wanted <= set(prompt_names(task, lang))
    assert all((load_prompt(name).task, load_prompt(name).lang) == (task, lang) for name in prompt_names(task, lang))
    assert len({ask(load_prompt(name), "x", CHINESE if lang == "zh" else ENGLISH) for name in wanted}) == 7


def test_the_instruction_never_changes_with_the_text() -> None:
    names = prompt_names()
    texts = ("Ann lives here.", 'Bob "left".\n\n\nHe did.')

    for name in names:
        prompt = load_prompt(name)
        question, _ = asked_of_made_up(prompt.task, prompt.lang)[0]
        (one, first), (other, second) = (render(prompt, replace(question, text=text), RULE) for text in texts)
        assert one == other
        assert texts[0] in first
        assert texts[1] in second or json.dumps(texts[1]) in second
    assert len(names) >= 150


@pytest.mark.parametrize("task", ["NER", "RE", "EE"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_reasoned_answer_is_read_from_behind_its_marker(task: str, lang: str) -> None:
    question, asked = asked_of_made_up(task, lang)[0]
    lines = FORMATS.get("lines")
    instruct, _ = render(load_prompt(f"{task.lower()}/reasoning.{lang}"), question, lines.describe(question))
    marker, thought = ("答案：", "王明是一个人。") if lang == "zh" else ("Answer:", "Ann Lee is a human being, so she counts.")

    assert asked.gold is not None
    answer, problems = lines.decode(f"{thought}\n\n{marker}\n{lines.encode(asked.gold, question)}", question)

    assert marker in instruct
    assert answer == asked.gold.without_occurrences()
    assert {problem.kind for problem in problems} == {"prose"}


def test_default_entities_in_english_reads_as_written_here() -> None:
    question = Question("NER", ENGLISH.only(["entities"]), "Ann lives in Rome.")

    rendered = render(load_prompt("ner/default.en"), question, FORMATS.get("lines").describe(question))

    assert rendered == (
        "Find all mentions of these entity types in the text: person, location.\n"
        "Write one mention a line as mention_type, in the order of the text. If there is none, write None.",
        "Text: Ann lives in Rome.",
    )


def test_guideline_events_in_english_reads_as_written_here() -> None:
    question = Question("EE", ENGLISH.only(["events"]), "They fired at him.")

    rendered = render(load_prompt("ee/guideline.en"), question, Description("RULE", "None"))

    assert rendered == (
        "You are a careful annotator. Mark every event in the text that belongs to one of these types (roles in parentheses):\n"
        "attack (attacker, victim): violence against people or things\n"
        "  attacker: who does it\n"
        "storm\n"
        "\n"
        "Rules:\n"
        "- The trigger is the word or phrase that most clearly expresses the event.\n"
        "- Copy triggers and arguments exactly as they stand in the text. Do not correct, shorten or translate them.\n"
        "- When the text reports several events, list each of them, also when they are of one type or share a trigger.\n"
        "- Give an event only the roles of its type. A role may have several arguments; list each. "
        "Leave out a role that the text does not fill.\n"
        "- Mark only what the text itself says. Do not guess.\n"
        "\n"
        "RULE",
        "Text: They fired at him.",
    )


def test_default_events_in_chinese_lists_roles_in_one_line() -> None:
    instruct, query = ask(load_prompt("ee/default.zh"), "双方会面。", CHINESE)

    assert instruct == ("找出文本中的以下事件，给出触发词和论元。\n事件类型（角色）：会面（参与者）。\nWrite mention_type.")
    assert query == "文本：双方会面。"


def test_seed001_has_the_published_wording_byte_for_byte() -> None:
    question = Question("NER", CHINESE.only(["entities"]), "我去北京。", "zh")

    rendered = render(load_prompt("ner/seed001.zh"), question, FORMATS.get("lines.seed001").describe(question))

    assert rendered == (
        "你现在是一个实体识别模型，你需要提取文本里面的人名、地名、机构名，"
        "如果存在结果，返回'实体_实体类型'，不同实体间用\n分隔。如果没有结果，回答'没有'。",
        "文本：我去北京。",
    )


GIVEN_AS_WRITTEN = {
    "ET": (
        'Text: {}\nMentions:\n- Ann Lee\n- Acme_Inc\n- Rome\n- Rome\n- Acme_Inc\n- Bob ("Bo") Ray\n- Bo\n- São Paulo\n- Ann Lee'
    ),
    "EPR": 'Text: {}\nPairs:\n- Ann Lee → Acme_Inc\n- Acme_Inc → Rome\n- Acme_Inc → Rome\n- Bob ("Bo") Ray → Acme_Inc',
    "RC": "Text: {}\nHead: Ann Lee\nTail: Acme_Inc",
    "EEA": "Text: {}\nEvent: start of work\nTrigger: joined",
}


@pytest.mark.parametrize(("task", "query"), GIVEN_AS_WRITTEN.items(), ids=GIVEN_AS_WRITTEN)
def test_what_is_given_stands_behind_the_text(task: str, query: str) -> None:
    question, _ = asked_of_made_up(task)[0]

    assert render(load_prompt(f"{task.lower()}/default.en"), question, RULE)[1] == query.format(question.text)


def test_an_event_without_a_trigger_is_given_by_its_type() -> None:
    question = Question("EEA", ENGLISH.only(["events"]), "It hailed.", given=Answer(frames=(Frame("STORM", None),)))

    assert render(load_prompt("eea/default.en"), question, RULE)[1] == "Text: It hailed.\nEvent: storm"


def test_examples_look_like_the_question() -> None:
    question, _ = asked_of_made_up("RC")[0]
    shared = (Demonstration("A met B.", "met", Answer(triples=(Triple(Named("A"), None, Named("B")),))),)
    own = (Demonstration("C left D.", "left\n\n\nfor good", Answer(triples=(Triple(Named("C"), None, Named("D")),))),)

    instruct, query = render(
        load_prompt("rc/fewshot.en"), replace(question, text="E fled."), Description("RULE", "None"), shared=shared, own=own
    )

    assert instruct == (
        "Which of these relations does the text state from the given head to the given tail? "
        "works for, dismissed_by, located in.\n"
        "RULE\n"
        "Text: A met B.\nHead: A\nTail: B\nAnswer:\nmet"
    )
    assert query == (
        "Text: C left D.\nHead: C\nTail: D\nAnswer:\nleft\n\n\nfor good\nText: E fled.\nHead: Ann Lee\nTail: Acme_Inc\nAnswer:"
    )


# What a template sees


def test_a_prompt_file_becomes_a_prompt(own_prompts: Path) -> None:
    path = write_prompt(own_prompts, "a", head=HEAD.replace("any", "[lines]"))

    prompt = load_prompt("ner/own.en")

    assert (prompt.name, prompt.task, prompt.lang, prompt.formats, prompt.about) == (
        "ner/own.en",
        "NER",
        "en",
        ("lines",),
        "a test",
    )
    assert prompt.path == path
    assert len(prompt.sha256) == 64
    assert "ner/own.en" in prompt_names("NER", "en")
    assert "ner/own.en" not in prompt_names("NER", "zh") + prompt_names("RE")


def test_a_prompt_is_also_found_by_its_path(tmp_path: Path) -> None:
    path = write_prompt(tmp_path, "Find them.", name="anything")

    assert ask(load_prompt(str(path)), "Ann.") == ("Find them.", "Ann.")


def test_comments_may_stand_anywhere(own_prompts: Path) -> None:
    path = own_prompts / "ner" / "own.en.jinja"
    path.write_text(
        f"{HEAD}{{# one #}}\n\n{{# two #}}\n{block('instruct', 'a{# three #}')}\n{{# four #}}\n{block('query', 'b')}\n",
        encoding="utf-8",
    )

    assert ask(load_prompt("ner/own.en"), "x") == ("a", "b")


def test_names_are_shown_and_labels_are_not_there(own_prompts: Path) -> None:
    write_prompt(own_prompts, "{{ types[0].name }}|{{ types[0].description }}|{{ types[1].description }}|{{ types[0].label }}")

    assert render_error_of("ner/own.en") == (
        f"{own_prompts}/ner/own.en.jinja:8: 'uie.prompting.rendering._Type object' has no attribute 'label'."
    )


@pytest.mark.parametrize("text", ["{{ x }}", "{% for %}", "{# gone? #}", "a\n\n\n\nb", "<b>&amp;</b>", "C:\\n"])
def test_a_text_is_shown_literally(text: str) -> None:
    assert ask(load_prompt("ner/default.en"), text)[1] == f"Text: {text}"


def test_a_description_is_shown_literally_on_one_line(own_prompts: Path) -> None:
    write_prompt(own_prompts, "{% for type in types %}\n- {{ type.description }}\n{% endfor %}")
    schema = read_schema({"entities": {"PER": "a {{ human }}\n  being\n"}})

    assert ask(load_prompt("ner/own.en"), "x", schema)[0] == "- a {{ human }} being"


def test_loops_leave_no_run_of_blank_lines(own_prompts: Path) -> None:
    write_prompt(own_prompts, "\n\na\n\n{% for type in types %}\n\n  \n{{ type.name }}\n\n{% endfor %}\n\n\nb\n\n")

    assert ask(load_prompt("ner/own.en"), "x")[0] == "a\n\nperson\n\nlocation\n\nb"


def test_line_ends_of_the_answer_rule_stay(own_prompts: Path) -> None:
    write_prompt(own_prompts, "{{ answer_rule }}")
    question = Question("NER", ENGLISH.only(["entities"]), "x")

    rendered = render(load_prompt("ner/own.en"), question, Description("one\n\n\ntwo", "None"))

    assert rendered[0] == "one\n\n\ntwo"


def test_given_parts_are_shown_by_their_names(own_prompts: Path) -> None:
    head = HEAD.replace("NER", "EE")
    (own_prompts / "ee").mkdir()
    write_prompt(
        own_prompts, "a", "{{ given.frames[0].trigger.text }} is a {{ given.frames[0].type }}", name="ee/own.en", head=head
    )

    _, query = ask(load_prompt("ee/own.en"), "Hail fell.", given=Answer(frames=(Frame("STORM", Named("Hail")),)))

    assert query == "Hail is a storm"


def test_roles_are_those_of_all_events_and_the_dataset_has_its_name(own_prompts: Path) -> None:
    (own_prompts / "ee").mkdir()
    shown = "{{ roles | map(attribute='name') | join(', ') }}; {{ roles[0].description }}; {{ dataset }}"
    write_prompt(own_prompts, shown, "{{ dataset }}{{ text }}", name="ee/own.en", head=HEAD.replace("NER", "EE"))
    events = {"A": {"roles": {"x": "the first", "y": ""}}, "B": {"roles": {"y": "", "x": "the second", "z": ""}}}
    question = Question("EE", read_schema({"events": events}), "!")

    assert render(load_prompt("ee/own.en"), question, RULE, dataset="PHEE") == ("x, y, z; the first; PHEE", "PHEE!")
    assert render(load_prompt("ee/own.en"), question, RULE) == ("x, y, z; the first;", "!")


def test_json_is_written_as_python_writes_it(own_prompts: Path) -> None:
    write_prompt(own_prompts, "{{ types | map(attribute='name') | list | tojson }}", "{{ {'x': text, 'y': true} | tojson }}")
    schema = read_schema({"entities": ["<b>&'é\"", "人名"]})

    assert ask(load_prompt("ner/own.en"), "a\n\n\n“b”", schema) == ('["<b>&\'é\\"", "人名"]', '{"x": "a\\n\\n\\n“b”", "y": true}')


# Exact wordings

EXACT = HEAD.replace("about:", "exact: true\nabout:")


def test_an_exact_wording_keeps_all_its_white_space(own_prompts: Path) -> None:
    write_prompt(
        own_prompts, "\n a \n\n\n\n{% for type in types %}\n{{ type.name }}\n{% endfor %}\n ", "Text: {{ text }} \n", head=EXACT
    )

    assert ask(load_prompt("ner/own.en"), " x\n") == ("\n a \n\n\n\nperson\nlocation\n ", "Text:  x\n \n")


def test_the_last_line_end_of_an_exact_block_belongs_to_its_tag_and_none_of_the_data(own_prompts: Path) -> None:
    path = own_prompts / "ner" / "own.en.jinja"
    path.write_text(EXACT + "{% block instruct %}{% endblock %}\n{% block query %}{{ text }}{% endblock %}", encoding="utf-8")
    assert ask(load_prompt("ner/own.en"), "x\n") == ("", "x\n")

    write_prompt(own_prompts, "", "{{ text }}", head=EXACT)
    assert ask(load_prompt("ner/own.en"), "x\n") == ("", "x\n")


# Demonstrations


def demonstrations(*texts: str) -> tuple[Demonstration, ...]:
    return tuple(Demonstration(text, f"{text}_answer") for text in texts)


LOOP = "{% for one in demonstrations %}{{ one.text }}={{ one.answer }}; {% endfor %}"


def test_shared_examples_go_into_instruct_and_those_of_one_text_into_query(own_prompts: Path) -> None:
    write_prompt(own_prompts, f"I {LOOP}", f"Q {LOOP}{{{{ text }}}}")
    prompt = load_prompt("ner/own.en")
    question = Question("NER", ENGLISH.only(["entities"]), "x")

    rendered = render(prompt, question, RULE, shared=demonstrations("a", "b"), own=demonstrations("c"))

    assert prompt.demonstrates == ("instruct", "query")
    assert rendered == ("I a=a_answer; b=b_answer;", "Q c=c_answer; x")


def test_query_shows_the_shared_examples_where_instruct_shows_none(own_prompts: Path) -> None:
    write_prompt(own_prompts, "I", f"Q {LOOP}{{{{ text }}}}")
    question = Question("NER", ENGLISH.only(["entities"]), "x")

    rendered = render(load_prompt("ner/own.en"), question, RULE, shared=demonstrations("a"), own=demonstrations("b"))

    assert rendered == ("I", "Q a=a_answer; b=b_answer; x")


def test_examples_that_would_not_be_shown_are_refused(own_prompts: Path) -> None:
    write_prompt(own_prompts, f"I {LOOP}")
    question = Question("NER", ENGLISH.only(["entities"]), "x")

    with pytest.raises(PromptError) as none:
        render(load_prompt("ner/default.en"), question, RULE, shared=demonstrations("a"))
    with pytest.raises(PromptError) as elsewhere:
        render(load_prompt("ner/own.en"), question, RULE, own=demonstrations("a"))

    assert str(none.value) == "prompt 'ner/default.en' shows no demonstrations; choose one that does, such as ner/fewshot.en."
    assert str(elsewhere.value) == ("prompt 'ner/own.en' shows demonstrations in instruct only; those of one text belong in query.")


# Errors


def test_a_misspelt_name_gets_its_neighbours() -> None:
    assert error_of("ner/guidelin.en") == (
        "No prompt is named 'ner/guidelin.en'. Did you mean 'ner/guideline.en' or 're/guideline.en' or 'ee/guideline.en'? "
        f"Known: {', '.join(prompt_names())}."
    )


FRONT_MATTER_MISTAKES = {
    "none": ("", ":1: no front matter; expected a line ---, the keys task, lang, formats and about, and a line ---."),
    "not closed": (
        "---\ntask: NER\n",
        ":1: no front matter; expected a line ---, the keys task, lang, formats and about, and a line ---.",
    ),
    "unknown key": (HEAD.replace("formats", "format"), ": format: unknown key; did you mean 'formats'?."),
    "no about": (HEAD.replace("about: a test\n", ""), ": about: missing; expected a text."),
    "other language": (HEAD.replace("lang: en", "lang: fr"), ": lang: expected one of 'en', 'zh', found 'fr'."),
    "formats is a text": (HEAD.replace("any", "lines"), ": formats: expected a list of texts, found 'lines'."),
    "unknown task": (
        HEAD.replace("NER", "NRE"),
        ": task: No task is named 'NRE'. Did you mean 'RE' or 'NER'? Known: EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
    ),
    "format of another task": (
        HEAD.replace("NER", "RE").replace("any", "[lines.seed001]"),
        ": formats: lines.seed001 does not write RE; it writes NER.",
    ),
    "other folder": (
        HEAD.replace("NER", "RE"),
        ": task RE and lang en belong to a name re/….en; rename the file or mend them.",
    ),
    "other ending": (
        HEAD.replace("lang: en", "lang: zh"),
        ": task NER and lang zh belong to a name ner/….zh; rename the file or mend them.",
    ),
    "a list": ("---\n- NER\n---\n", ": expected a mapping of settings, found list."),
}


@pytest.mark.parametrize(("head", "message"), FRONT_MATTER_MISTAKES.values(), ids=FRONT_MATTER_MISTAKES)
def test_broken_front_matter_is_named(own_prompts: Path, head: str, message: str) -> None:
    path = write_prompt(own_prompts, "a", head=head)

    assert error_of("ner/own.en") == f"{path}{message}"


def test_an_unknown_format_gets_its_neighbours(own_prompts: Path) -> None:
    path = write_prompt(own_prompts, "a", head=HEAD.replace("any", "[lines.sed001]"))

    assert error_of("ner/own.en") == (
        f"{path}: formats: No format is named 'lines.sed001'. Did you mean 'lines.seed001' or 'tuples.seed000'? "
        f"Known: {', '.join(FORMATS.names())}."
    )


TEMPLATE_MISTAKES = {
    "syntax": ("{% block instruct %}\na\n{{ b c }}\n{% endblock %}\n", ":9: expected token 'end of print statement', got 'c'."),
    "not closed": (
        "{% block instruct %}\na\n",
        ":8: Unexpected end of template. Jinja was looking for the following tags: 'endblock'."
        " The innermost block that needs to be closed is 'block'.",
    ),
    "no query": (
        block("instruct", "a") + block("qery", "b"),
        ": no block 'query'; found instruct, qery; expected instruct and query.",
    ),
    "no block": ("{# nothing #}\n", ": no block 'instruct'; found no block; expected instruct and query."),
    "twice": (block("instruct", "a") + block("instruct", "b") + block("query", "c"), ":10: block 'instruct' defined twice."),
    "outside": (
        block("instruct", "a") + "\n\nText:\n" + block("query", "b"),
        ":12: outside the blocks instruct and query only comments may stand.",
    ),
    "outside after a comment": (
        block("instruct", "a") + "{# b #}\n\n\nc\n" + block("query", "d"),
        ":13: outside the blocks instruct and query only comments may stand.",
    ),
    "variable outside": (
        "{% set a = 1 %}\n" + block("instruct", "a"),
        ":7: outside the blocks instruct and query only comments may stand.",
    ),
    "include": (
        block("instruct", "a") + block("query", "{% include 'b' %}"),
        ":11: a prompt is one file: extends, include and import are not available.",
    ),
    "unknown filter": (block("instruct", "{{ types | sortt }}") + block("query", "b"), ":8: No filter named 'sortt'."),
}


@pytest.mark.parametrize(("body", "message"), TEMPLATE_MISTAKES.values(), ids=TEMPLATE_MISTAKES)
def test_a_broken_template_is_named_with_its_line(own_prompts: Path, body: str, message: str) -> None:
    path = own_prompts / "ner" / "own.en.jinja"
    path.write_text(HEAD + body, encoding="utf-8")

    assert error_of("ner/own.en") == f"{path}{message}"


def test_a_file_that_is_not_utf8_is_named(own_prompts: Path) -> None:
    path = own_prompts / "ner" / "own.en.jinja"
    path.write_bytes(b"---\ntask: \xff\n---\n")

    assert error_of("ner/own.en") == f"{path}: not UTF-8: invalid start byte at byte 10."


SEEN = "A prompt sees types, relations, events, roles, dataset, answer_rule, none_word, lang, demonstrations, text, given."
RENDERING_MISTAKES = {
    "undefined": ("a\n{{ typs }}", f":9: 'typs' is undefined. {SEEN}"),
    "undefined in a loop": (
        "{% for type in types %}\n\n{{ type.nam }}\n{% endfor %}",
        ":10: 'uie.prompting.rendering._Type object' has no attribute 'nam'.",
    ),
    "text in instruct": (
        "Find them in: {{ text }}",
        ":8: text changes from text to text and belongs in the block query: what the questions of a corpus share comes first.",
    ),
    "runaway loop": (
        "{% for i in range(10**9) %}x{% endfor %}",
        ":8: Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).",
    ),
    "runaway power": ("{{ 9**9**9 }}", ":8: 387420489 ** 9 is too large for a prompt."),
    "runaway copies": ("{{ 'ab' * 10**9 }}", ":8: 1000000000 copies are more than the 10000 items that a prompt may make."),
    "insides of Python": ("{{ types.__class__ }}", ":8: access to attribute '__class__' of 'tuple' object is unsafe."),
    "random": ("{{ lipsum() }}", f":8: 'lipsum' is undefined. {SEEN}"),
    "division": ("{{ 1 / (types | length - 2) }}", ":8: division by zero."),
}


@pytest.mark.parametrize(("instruct", "message"), RENDERING_MISTAKES.values(), ids=RENDERING_MISTAKES)
def test_a_template_that_fails_is_named_with_its_line_at_once(own_prompts: Path, instruct: str, message: str) -> None:
    path = write_prompt(own_prompts, instruct)
    started = time.perf_counter()

    found = render_error_of("ner/own.en")

    assert found == f"{path}{message}"
    assert time.perf_counter() - started < 5


def test_prompts_differ_by_all_that_their_question_shares() -> None:
    """What the instruction depends on is kept between questions: none of it may be forgotten in the key."""
    prompt, other = load_prompt("ner/default.en"), load_prompt("ner/brief.en")
    question = Question("NER", ENGLISH.only(["entities"]), "x")
    fewer = Question("NER", read_schema({"entities": ["person"]}), "x")

    rendered = [
        render(prompt, question, RULE)[0],
        render(other, question, RULE)[0],
        render(prompt, fewer, RULE)[0],
        render(prompt, question, Description("Write it.", "None"))[0],
    ]

    assert rendered == [
        "Find all mentions of these entity types in the text: person, location.\nWrite mention_type.",
        "Entities: person, location.\nWrite mention_type.",
        "Find all mentions of these entity types in the text: person.\nWrite mention_type.",
        "Find all mentions of these entity types in the text: person, location.\nWrite it.",
    ]


def test_a_question_of_another_task_is_refused() -> None:
    with pytest.raises(PromptError) as caught:
        render(load_prompt("ner/default.en"), Question("RE", ENGLISH.only(["relations"]), "x"), RULE)

    assert str(caught.value) == "prompt 'ner/default.en' is worded for NER, the question is RE."


def test_a_prompt_changed_on_disk_is_not_rendered_under_its_old_hash(own_prompts: Path) -> None:
    path = write_prompt(own_prompts, "one")
    old = load_prompt("ner/own.en")
    write_prompt(own_prompts, "two")
    new = load_prompt("ner/own.en")

    assert (ask(old, "x")[0], ask(new, "x")[0]) == ("one", "two")  # compiled when it was loaded
    write_prompt(own_prompts, "three")
    stranger = Prompt("ner/own.en", "NER", "en", (), "a test", path, "0" * 64)  # as from a manifest
    with pytest.raises(PromptError) as caught:
        ask(stranger, "x")
    assert str(caught.value) == f"{path}: the file changed after the prompt was loaded; load it again."


# Fitting and checking


def test_a_fitting_prompt_passes() -> None:
    check_fits(load_prompt("ner/default.zh"), task="NER", format_name="lines.seed001", lang="zh")
    check_fits(load_prompt("ner/seed001.zh"), task="NER", format_name="lines.seed001")


MISFITS = {
    "format": (
        ("ner/seed001.zh", "NER", "lines", "zh"),
        "the format lines.seed001, not for lines. Prompts that fit: ner/brief.zh, ner/default.zh, ner/described.zh, "
        "ner/fewshot.zh, ner/guideline.zh, ner/question.zh, ner/reasoning.zh.",
    ),
    "task": (
        ("ner/default.en", "EE", "lines", "en"),
        "NER, not for EE. Prompts that fit: ee/brief.en, ee/default.en, ee/described.en, "
        "ee/fewshot.en, ee/guideline.en, ee/question.en, ee/reasoning.en.",
    ),
    "language": (
        ("re/default.en", "RE", "lines", "zh"),
        "en, not for zh. Prompts that fit: re/brief.zh, re/default.zh, re/described.zh, "
        "re/fewshot.zh, re/guideline.zh, re/question.zh, re/reasoning.zh.",
    ),
    "nothing fits": (("re/default.en", "XX", "lines", None), "RE, not for XX. Prompts that fit: none; write one under prompts/."),
}


@pytest.mark.parametrize(("case", "message"), MISFITS.values(), ids=MISFITS)
def test_a_misfit_names_the_prompts_that_fit(case: tuple[str, str, str, str | None], message: str) -> None:
    name, task, format_name, lang = case
    prompt = load_prompt(name)

    with pytest.raises(PromptError) as caught:
        check_fits(prompt, task=task, format_name=format_name, lang=lang)

    assert str(caught.value) == f"prompt {name!r} is worded for {message}"


def test_checking_reports_every_prompt_with_a_mistake(own_prompts: Path) -> None:
    formats = "[lines]"
    broken = write_prompt(own_prompts, "{{ typs }}", name="ner/broken.en")
    deaf = write_prompt(own_prompts, "{{ types[0].name }}", "Go.", name="ner/deaf.en", head=HEAD.replace("any", formats))
    alien = own_prompts / "mail.jinja"
    alien.write_text("Dear {{ name }},\n", encoding="utf-8")

    assert check_prompts() == [
        f"{alien}:1: no front matter; expected a line ---, the keys task, lang, formats and about, and a line ---.",
        f"{broken}:8: 'typs' is undefined. {SEEN}",
        f"{deaf}: query does not show the text.",
        f"{deaf}: the name of a type, 'entity two', is not shown.",
    ]


def test_checking_wants_the_rule_of_any_format_stated(own_prompts: Path) -> None:
    path = write_prompt(own_prompts, "{{ types | map(attribute='name') | join }}")

    mistakes = check_prompts()

    assert f"{path}: the rule of the format lines is not shown; show answer_rule, or name the formats it is worded for." in mistakes
    assert all(mistake.startswith(f"{path}: the rule of the format ") for mistake in mistakes)


def test_checking_wants_what_is_given_and_the_examples_shown(own_prompts: Path) -> None:
    (own_prompts / "ner" / "ignored.txt").touch()
    (own_prompts / "eea").mkdir()
    blind = write_prompt(
        own_prompts, "{{ events[0].name }}", name="eea/own.en", head=HEAD.replace("NER", "EEA").replace("any", "[lines]")
    )
    mean = "{% for one in demonstrations %}{{ one.text }}{% endfor %}"
    write_prompt(own_prompts, "{{ types }}", mean + "{{ text }}", head=EXACT)

    assert check_prompts() == [
        f"{blind}: query does not show what is given, 'given {{{{ one }}}}'.",
        f"{own_prompts}/ner/own.en.jinja: the demonstration's '{{{{ answer 1 }}}}' is not shown.",
        f"{own_prompts}/ner/own.en.jinja: the demonstration's '{{{{ answer 2 }}}}' is not shown.",
    ]
