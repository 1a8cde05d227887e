"""Documents with their places, one after the other, in; what is wrong or odd about each of them and about the labels out, as findings."""

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from uie.corpora import ODD, times_odd
from uie.corpora.config import DatasetConfig
from uie.corpora.findings import Finding, Tally, listed
from uie.corpora.label_names import near_equal
from uie.corpora.oddities import has_edges, invisible, is_composed, only_place
from uie.documents import Document, Mention
from uie.schema import Label

LabelPath = tuple[str, ...]
"""("entities", type), ("relations", type), ("events", type) or ("events", type, role)."""


class Inspector:
    """Looks at each Document once; `findings` tells everything at the end."""

    def __init__(self, config: DatasetConfig) -> None:
        self._config = config
        schema = config.schema()
        self._described: dict[LabelPath, Label] = {("entities", label.label): label for label in schema.entities}
        self._described |= {("relations", label.label): label for label in schema.relations}
        self._ends = {label.label: (label.head, label.tail) for label in schema.relations}
        for event in schema.events:
            self._described["events", event.label] = event
            self._described |= {("events", event.label, role.label): role for role in event.roles}
        self._tally = Tally()
        self._labels: dict[LabelPath, _Label] = {}
        self._several = _Several()

    def look(self, document: Document, where: str) -> None:
        for task, annotation in (("NER", document.entities), ("RE", document.relations), ("EE", document.events)):
            if task in self._config.tasks and annotation is None:
                self._tally.error(f"{task} is a task of the config, but the Document is not annotated for it", where)
        self._look_at_labels(document, where)
        self._look_at_text(document.text, where)
        for mention in document.mentions():
            self._look_at_mention(mention, document, where)
        self._several.look(document, where)
        self._look_at_oddities(document, where)

    def findings(self) -> Iterator[Finding]:
        """Errors first; then of what the labels are like."""
        yield from self._tally.findings()
        yield from self._several.findings()
        yield from self._near_equal_labels()
        never = [".".join(path) for path in self._described if path not in self._labels]
        if never:
            yield Finding(
                "warning",
                self._config.name,
                f"{_number(len(never), 'label')} of the schema never occur{_s(never)}: {listed(never)}.",
            )
        without = [".".join(path) for path, label in self._described.items() if not label.description]
        if without:
            yield Finding(
                "warning",
                self._config.name,
                f"{_number(len(without), 'label')} {_have(without)} no description: {listed(without)}.",
            )

    def _look_at_oddities(self, document: Document, where: str) -> None:
        """What the reader counted, and what is said twice, which not every reader counts."""
        for key, what in ODD.items():
            if key != "repeated" and (times := times_odd(document.meta.get(key))):
                self._tally.warn(what, where, times=times)
        entities, relations = document.entities or (), document.relations or ()
        if times := len(entities) - len({(entity.mention, entity.type) for entity in entities}):
            self._tally.warn(ODD["repeated"], where, times=times)
        if times := len(relations) - len({(one.type, one.head, one.tail, one.level) for one in relations}):
            self._tally.warn("a relation says what an earlier one says; both are kept", where, times=times)

    # Labels

    def _look_at_labels(self, document: Document, where: str) -> None:
        for entity in document.entities or ():
            if entity.type is not None:
                self._met(("entities", entity.type), "entity type", where)
        for relation in document.relations or ():
            if relation.type is None or not self._met(("relations", relation.type), "relation type", where):
                continue
            if relation.level == "entity":
                self._look_at_ends(document, relation.type, (relation.head, relation.tail), where)
        for event in document.events or ():
            if self._met(("events", event.type), "event type", where):
                for argument in event.arguments:
                    self._met(("events", event.type, argument.role), f"role of event type {event.type!r}", where)

    def _met(self, path: LabelPath, kind: str, where: str) -> bool:
        """Counts the label; whether the schema has it."""
        label = self._labels.get(path)
        if label is None:
            label = self._labels[path] = _Label(where, unknown="" if path in self._described else self._unknown(path, kind))
        label.times += 1
        if label.unknown:
            self._tally.error(label.unknown, where)
        return not label.unknown

    def _unknown(self, path: LabelPath, kind: str) -> str:
        """What to say of a label that the schema lacks: worked out once, since looking for its neighbours is slow."""
        known = [other[-1] for other in self._described if other[:-1] == path[:-1]]
        near = difflib.get_close_matches(path[-1], known, n=1)
        what, _, of = kind.partition(" of ")
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"the schema has no {what} {path[-1]!r}{f' of {of}' if of else ''}{hint}"

    def _look_at_ends(self, document: Document, type: str, ends: tuple[int, int], where: str) -> None:
        for end, index, allowed in zip(("head", "tail"), ends, self._ends[type], strict=True):
            kind = (document.entities or ())[index].type
            if allowed and kind is not None and kind not in allowed:
                self._tally.warn(
                    f"the {end} of a relation {type!r} is of type {kind!r}; the schema lists {', '.join(allowed)}", where
                )

    def _near_equal_labels(self) -> Iterator[Finding]:
        kinds: dict[str, dict[str, _Label]] = {}
        for path, label in self._labels.items():
            kind = "roles" if len(path) == 3 else path[0]
            known = kinds.setdefault(kind, {}).setdefault(path[-1], _Label(label.where))
            known.times += label.times
        for kind, labels in kinds.items():
            for rarer, commoner in near_equal({name: label.times for name, label in labels.items()}):
                times = f"{_number(labels[rarer].times, 'time')} and {_number(labels[commoner].times, 'time')}"
                what = f"{kind}: {rarer!r} and {commoner!r} look like one label ({times})."
                yield Finding("warning", labels[rarer].where, what, labels[rarer].times)

    # Texts and mentions

    def _look_at_text(self, text: str, where: str) -> None:
        if not text.strip():
            self._tally.warn("the text is empty", where)
        if "\r" in text:
            self._tally.warn("the text has carriage returns (CR), as of lines that end with CR LF", where)
        if not is_composed(text):
            self._tally.warn("the text is not in normal form C: an accent is a character of its own", where)
        if (found := invisible(text)) is not None:
            self._tally.warn(f"the text has characters that nobody sees ({found})", where)

    def _look_at_mention(self, mention: Mention, document: Document, where: str) -> None:
        if has_edges(mention):
            self._tally.warn("a mention begins or ends with white space", where, example=mention.text)
        if mention.grounded:
            return
        if mention.text not in document.text:
            self._tally.warn("a mention is not in the text", where, example=mention.text)
        elif self._config.offsets and not document.meta.get("ungrounded"):
            self._tally.warn(
                "a mention has no offsets, though the config says that the corpus has them", where, example=mention.text
            )
        if only_place(mention, document.text) is not None:
            self._tally.warn(
                "a mention has no offsets and stands in the text once (--fix writes them)", where, example=mention.text
            )


@dataclass(slots=True)
class _Label:
    where: str
    times: int = 0
    unknown: str = ""


@dataclass(slots=True)
class _Several:
    """Spans that are entities of two types or more: a contradiction in most corpora, ordinary in some."""

    where: str = ""
    example: str = ""
    spans: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def look(self, document: Document, where: str) -> None:
        types: dict[object, set[str]] = {}
        for entity in document.entities or ():
            if entity.type is not None and entity.mention.grounded:
                types.setdefault(entity.mention.span, set()).add(entity.type)
        for span, several in types.items() if len(types) < len(document.entities or ()) else ():
            if len(several) > 1:
                self._note(document, span, sorted(several), where)

    def _note(self, document: Document, span: object, several: list[str], where: str) -> None:
        if not self.spans:
            mention = next(entity.mention for entity in document.entities or () if entity.mention.span == span)
            self.where, self.example = where, f"{mention.text!r} is {' and '.join(map(repr, several))}"
        self.spans += 1
        self.pairs.update((one, other) for place, one in enumerate(several) for other in several[place + 1 :])

    def findings(self) -> Iterator[Finding]:
        if self.spans:
            (one, other), times = self.pairs.most_common(1)[0]
            most = f"; most often {one!r} and {other!r}, {times:,} times" if len(self.pairs) > 1 else ""
            yield Finding("warning", self.where, f"one span has several types: {self.example}{most}.", self.spans)


def _number(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _s(names: list[str]) -> str:
    return "s" if len(names) == 1 else ""


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
