"""Does a Prompt fit a question, and is it sound in everything it may be asked for? Prompts in, mistakes out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from uie.errors import PromptError
from uie.formats import FORMATS
from uie.prompting.files import Prompt, load_prompt, prompt_names
from uie.prompting.rendering import Demonstration, render
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.tasks import asked_of
from uie.tasks.question import Answer, Frame, Named, Question, Triple

T = TypeVar("T")


def check_fits(prompt: Prompt, *, task: str, format_name: str, lang: str | None = None) -> None:
    """Refuse a prompt that is worded for another task, format or language.

    Raises:
        PromptError: it does not fit; the message names the prompts that do.
    """
    if prompt.task != task:
        wrong = f"{prompt.task}, not for {task}"
    elif prompt.formats and format_name not in prompt.formats:
        wrong = f"the format {' or '.join(prompt.formats)}, not for {format_name}"
    elif lang is not None and prompt.lang != lang:
        wrong = f"{prompt.lang}, not for {lang}"
    else:
        return
    fitting = ", ".join(_fitting(task, format_name, lang)) or "none; write one under prompts/"
    raise PromptError(f"prompt {prompt.name!r} is worded for {wrong}. Prompts that fit: {fitting}.")


def _fitting(task: str, format_name: str, lang: str | None) -> list[str]:
    found = []
    for name in prompt_names(task, lang):
        try:
            prompt = load_prompt(name)
        except PromptError:  # a broken one is no advice; `check_prompts` reports it
            continue
        if not prompt.formats or format_name in prompt.formats:
            found.append(name)
    return found


def check_prompts() -> list[str]:
    """One line for each mistake in any prompt; empty when all are sound.

    Each is rendered in every format it allows, for made-up questions with all that may be given, and with demonstrations if it shows
    them. It must show the text, what is given, the names of all types, the demonstrations and, unless it is worded for certain
    formats, the format's own rule. Of an `exact` one only the text and the demonstrations are looked for: the rest is as its
    authors had it.
    """
    mistakes = []
    for name in prompt_names():
        try:
            prompt = load_prompt(name)
            for format_name in formats_of(prompt):
                for question in _made_up_questions(prompt.task, prompt.lang):
                    mistakes += _check_rendered(prompt, format_name, question)
        except PromptError as error:
            mistakes.append(str(error))
    return list(dict.fromkeys(mistakes))  # a mistake of the template itself shows in every format


def formats_of(prompt: Prompt) -> list[str]:
    """The formats in which the wording may be asked."""
    return [name for name in FORMATS if prompt.task in FORMATS.get(name).TASKS and (not prompt.formats or name in prompt.formats)]


def _check_rendered(prompt: Prompt, format_name: str, question: Question) -> list[str]:
    description = FORMATS.get(format_name).describe(question)
    examples = tuple(Demonstration(f"{{{{ text {n} }}}}", f"{{{{ answer {n} }}}}", question.given) for n in (1, 2))
    shared, own = (examples[:1], examples[1:]) if "query" in prompt.demonstrates else (examples, ())
    instruct, query = render(
        prompt,
        question,
        description,
        dataset="{{ name }}",
        shared=shared if prompt.demonstrates else (),
        own=own if prompt.demonstrates else (),
    )
    both = f"{instruct}\n{query}"
    mistakes = [] if _shows(query, question.text) else ["query does not show the text"]
    if prompt.demonstrates:
        strings = [string for example in examples for string in (example.text, example.answer)]
        mistakes += [f"the demonstration's {string!r} is not shown" for string in strings if string not in both]
    if not prompt.exact:
        schema = question.schema
        labels: tuple[Label, ...] = (*schema.entities, *schema.relations, *schema.events)
        mistakes += [f"query does not show what is given, {part!r}" for part in _given_strings(question.given) if part not in query]
        mistakes += [f"the name of a type, {label.name!r}, is not shown" for label in labels if label.name not in both]
        if not prompt.formats and description.answer_rule not in both:
            mistakes.append(
                f"the rule of the format {format_name} is not shown; show answer_rule, or name the formats it is worded for"
            )
    return [f"{prompt.path}: {mistake}." for mistake in mistakes]


def _shows(query: str, text: str) -> bool:
    """As it stands, or as a JSON string."""
    return text in query or json.dumps(text, ensure_ascii=False) in query


# Made-up questions


def _made_up_questions(task: str, lang: str) -> Iterator[Question]:
    """One question for each way in which the task's questions differ: in what is given, and in what a schema says of its types."""
    text = "{{ text }} {% of %}\n\n\n2 lines."
    for schema in _made_up_schemas(task, lang):
        for given in _made_up_given(task):
            yield Question(task, schema, text, lang, given)


def _made_up_given(task: str) -> list[Answer | None]:
    """What may be given: one thing and several, the same string twice, a trigger and none."""
    one, two = Named("given {{ one }}"), Named("given two")
    if task == "ET":
        return [Answer(mentions=(one,)), Answer(mentions=(one, two, replace(one, occurrence=2)))]
    pair, back = Triple(one, None, two), Triple(two, None, one)
    if task == "EPR":
        return [Answer(triples=(pair,)), Answer(triples=(pair, back))]
    if task == "RC":
        return [Answer(triples=(pair,))]
    return [Answer(frames=(Frame("event1", trigger),)) for trigger in (one, None)] if task == "EEA" else [None]


def _given_strings(given: Answer | None) -> list[str]:
    found = [] if given is None else [*given.mentions, *(end for t in given.triples for end in (t.head, t.tail))]
    found += [] if given is None else [frame.trigger for frame in given.frames if frame.trigger]
    return [named.text for named in found]


def _made_up_schemas(task: str, lang: str) -> list[Schema]:
    """Of each kind one type that is described (an event with roles, a relation with the types of its ends) and a plain one; then the
    plain ones alone."""

    def pair(kind: str, make: Callable[[str, str, str], T]) -> tuple[T, T]:
        return make(f"{kind}1", f"{kind} one", f"what {kind} one means"), make(f"{kind}2", f"{kind} two", "")

    entities, relations, (first, second) = pair("entity", Label), pair("relation", RelationLabel), pair("event", EventLabel)
    relations = (replace(relations[0], head=("entity1",), tail=("entity1", "entity2")), relations[1])
    events = (replace(first, roles=pair("role", Label)), second)
    whole = asked_of(task, Schema(lang, entities, relations, events))
    if task == "NER1":
        return [replace(whole, entities=(one,)) for one in entities]
    if task == "EEA":
        return [replace(whole, events=events[:1])]
    return [whole, Schema(lang, whole.entities[1:], whole.relations[1:], whole.events[1:])]
