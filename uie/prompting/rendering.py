"""A Prompt and a Question → `instruct` and `query`, the strings a model reads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined

from uie.errors import PromptError
from uie.formats import Description
from uie.prompting.files import Prompt
from uie.prompting.templates import OF_ONE_TEXT, rendered_block
from uie.schema import Label, Schema
from uie.tasks.names import name_of
from uie.tasks.question import Answer, Named, Question


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A solved example: a text, what was given with it, and its answer as the format writes it."""

    text: str
    answer: str
    given: Answer | None = None


@dataclass(frozen=True, slots=True)
class _Type:
    """What a template sees of a label: never the label itself, which answers do not show either."""

    name: str
    description: str
    roles: tuple["_Type", ...] = ()
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()


def render(
    prompt: Prompt,
    question: Question,
    description: Description,
    *,
    dataset: str = "",
    shared: tuple[Demonstration, ...] = (),
    own: tuple[Demonstration, ...] = (),
) -> tuple[str, str]:
    """`instruct`, which does not depend on the text, and `query`, which holds it (see the package docstring).

    `shared` are the demonstrations that a group of questions has in common, `own` those of this text. Line ends inside the text and
    the answer rule stay as they are. Descriptions are put on one line.

    Raises:
        PromptError: the question is of another task, the wording cannot show the demonstrations, or the template fails; the message
            names file and line.
    """
    if question.task != prompt.task:
        raise PromptError(f"prompt {prompt.name!r} is worded for {prompt.task}, the question is {question.task}.")
    if (shared or own) and not prompt.demonstrates:
        raise PromptError(
            f"prompt {prompt.name!r} shows no demonstrations; choose one that does, such as "
            f"{prompt.task.lower()}/fewshot.{prompt.lang}."
        )
    if own and "query" not in prompt.demonstrates:
        raise PromptError(f"prompt {prompt.name!r} shows demonstrations in instruct only; those of one text belong in query.")
    if "instruct" not in prompt.demonstrates:
        shared, own = (), (*shared, *own)
    instruct, variables = _shared_part(prompt, question.schema, question.lang, description, dataset, shared)
    of_text = {
        "demonstrations": _demonstrations(own, question.schema),
        "text": question.text,
        "given": None if question.given is None else _with_names(question.given, question.schema),
    }
    return instruct, _block("query", prompt, {**variables, **of_text})


@lru_cache(maxsize=64)  # 65 event types take milliseconds to write out, to look them up takes a tenth of one
def _shared_part(
    prompt: Prompt, schema: Schema, lang: str, description: Description, dataset: str, demonstrations: tuple[Demonstration, ...]
) -> tuple[str, dict[str, Any]]:
    """`instruct`, and the variables that do not depend on the text."""
    events = tuple(_Type(e.name, _one_line(e.description), _shown(e.roles)) for e in schema.events)
    shared = {
        "types": _shown(schema.entities),
        "relations": _shown_relations(schema),
        "events": events,
        "roles": _once(role for event in events for role in event.roles),
        "dataset": dataset,
        "answer_rule": description.answer_rule,
        "none_word": description.none_word,
        "lang": lang,
        "demonstrations": _demonstrations(demonstrations, schema),
    }
    hint = "{} changes from text to text and belongs in the block query: what the questions of a corpus share comes first"
    missing = {name: StrictUndefined(hint=hint.format(name), name=name) for name in OF_ONE_TEXT}
    return _block("instruct", prompt, {**shared, **missing}), shared


def _block(name: str, prompt: Prompt, variables: dict[str, Any]) -> str:
    return rendered_block(name, prompt.path, prompt.sha256, variables, exact=prompt.exact)


def _demonstrations(demonstrations: tuple[Demonstration, ...], schema: Schema) -> tuple[Demonstration, ...]:
    """As templates see them: names in place of labels."""
    return tuple(replace(d, given=None if d.given is None else _with_names(d.given, schema)) for d in demonstrations)


def _shown(labels: Iterable[Label]) -> tuple[_Type, ...]:
    return tuple(_Type(label.name, _one_line(label.description)) for label in labels)


def _shown_relations(schema: Schema) -> tuple[_Type, ...]:
    return tuple(
        _Type(
            relation.name,
            _one_line(relation.description),
            head=tuple(name_of(label, schema.entities) for label in relation.head),
            tail=tuple(name_of(label, schema.entities) for label in relation.tail),
        )
        for relation in schema.relations
    )


def _once(types: Iterable[_Type]) -> tuple[_Type, ...]:
    found: dict[str, _Type] = {}
    for one in types:
        found.setdefault(one.name, one)
    return tuple(found.values())


def _one_line(description: str) -> str:
    return " ".join(description.split())


def _with_names(given: Answer, schema: Schema) -> Answer:
    """The given parts as a prompt shows them: names in place of labels."""

    def named(mention: Named) -> Named:
        return mention if mention.type is None else replace(mention, type=name_of(mention.type, schema.entities))

    frames = []
    for frame in given.frames:
        event = schema.event(frame.type)
        roles = event.roles if event else ()
        fillers = tuple(replace(filler, role=name_of(filler.role, roles)) for filler in frame.fillers)
        frames.append(replace(frame, type=name_of(frame.type, schema.events), fillers=fillers))
    triples = (
        replace(t, head=named(t.head), relation=t.relation and name_of(t.relation, schema.relations), tail=named(t.tail))
        for t in given.triples
    )
    return Answer(tuple(map(named, given.mentions)), tuple(triples), tuple(frames))
