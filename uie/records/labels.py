"""Which labels a group of train questions asks for, and how it shows them: Schema + labels in the texts → Schemas. Pure.

Peers' best results come from here: sampled negatives and chunks (IEPile), label order, dropout and descriptions (B2NER), masked and
paraphrased names (GoLLIE). Each switch is a field of `uie.records.mix.Labels`; everything is drawn for the group, from its key.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from uie.records.drawing import choose, draw, share_of
from uie.records.mix import Labels
from uie.schema import KINDS, EventLabel, Label, Schema
from uie.tasks import TASKS
from uie.tasks.question import Answer

Key = tuple[str | int, ...]
_CODES = {"entities": "T", "relations": "R", "events": "E", "roles": "A"}


def sampled_kind(task: str) -> str:
    """The kind of label that sampling and chunks are about: relations where entities and relations are asked together."""
    return TASKS.get(task).kinds[-1]


def labels_of(answer: Answer, kind: str) -> set[str]:
    """The labels of that kind that an answer with all types holds."""
    return set(label_counts(answer, kind))


def label_counts(answer: Answer, kind: str) -> Counter[str]:
    """How many items of the answer bear each label of that kind; those without a label are not counted."""
    if kind == "entities":
        return Counter(mention.type for mention in answer.mentions if mention.type is not None)
    if kind == "relations":
        return Counter(triple.relation for triple in answer.triples if triple.relation is not None)
    return Counter(frame.type for frame in answer.frames)


def strings_of(answer: Answer, kind: str) -> Iterator[tuple[str, str]]:
    """Each label of that kind with the string that stands under it: a mention, the ends of a relation, a trigger."""
    if kind == "entities":
        yield from ((mention.type, mention.text) for mention in answer.mentions if mention.type is not None)
    elif kind == "relations":
        yield from ((t.relation, f"{t.head.text}\t{t.tail.text}") for t in answer.triples if t.relation is not None)
    else:
        yield from ((frame.type, frame.trigger.text) for frame in answer.frames if frame.trigger is not None)


def drawn_schema(
    schema: Schema,
    kind: str,
    present: AbstractSet[str],
    settings: Labels,
    *,
    confusable: Mapping[str, Sequence[str]],
    seed: int,
    key: Key,
) -> Schema:
    """The schema that a group asks for: of `kind` a sample of the labels, all kinds in a drawn order, with drawn names and descriptions.

    `present` are the labels that the group's texts hold: all are asked, but for dropout. Of the others the settings' share is asked,
    and for each present label those it is most easily confused with. At least one label is asked. `confusable` maps labels to
    others, the most alike first.
    """
    shown: dict[str, Any] = {}
    for each in KINDS:
        labels: Sequence[Label] = getattr(schema, each)
        if each == kind:
            asked = _asked([label.label for label in labels], present, settings, confusable, seed, key)
            labels = [label for label in labels if label.label in asked]
        shown[each] = _shown(labels, settings, seed, (*key, each), code=_CODES[each])
    return replace(schema, **shown)


def _asked(
    labels: list[str],
    present: AbstractSet[str],
    settings: Labels,
    confusable: Mapping[str, Sequence[str]],
    seed: int,
    key: Key,
) -> set[str]:
    found = [label for label in labels if label in present]
    asked = {label for label in found if share_of(seed, "label dropout", *key, label) >= settings.dropout}
    absent = sorted(set(labels) - set(found), key=lambda label: draw(seed, "negative label", *key, label))
    # Rounded up or down by chance, so that the share holds over all groups, be there ever so few labels.
    asked.update(absent[: int(settings.negatives * len(absent) + share_of(seed, "negatives", *key))])
    for label in found:
        alike = [other for other in confusable.get(label, ()) if other in absent]
        asked.update(alike[: settings.hard_negatives])
    return asked or set((absent or found)[:1])


def _shown(labels: Sequence[Label], settings: Labels, seed: int, key: Key, *, code: str) -> tuple[Any, ...]:
    """The labels, and the roles of events, as the group shows them.

    Names stay different from each other, so that answers can be read, and a code keeps its description: it says nothing by itself.
    """
    if settings.shuffle:
        labels = sorted(labels, key=lambda label: draw(seed, "label order", *key, label.label))
    taken = {label.name for label in labels}
    shown = []
    for number, label in enumerate(labels, 1):
        one, mask = (*key, label.label), f"{code}{number}"
        name, description = label.name, label.description
        if description and mask not in taken and share_of(seed, "mask", *one) < settings.mask:
            name = mask
        else:
            if share_of(seed, "description", *one) < settings.description_dropout:
                description = ""
            free = [other for other in label.paraphrases if other not in taken]
            if free and share_of(seed, "paraphrase", *one) < settings.paraphrase:
                name = choose(free, seed, "which paraphrase", *one)
        taken.add(name)
        label = replace(label, name=name, description=description)
        if isinstance(label, EventLabel):
            label = replace(label, roles=_shown(label.roles, settings, seed, (*one, "roles"), code=_CODES["roles"]))
        shown.append(label)
    return tuple(shown)


def confusable_labels(found: Mapping[str, Mapping[str, int]], labels: Sequence[Label]) -> dict[str, tuple[str, ...]]:
    """For each label the others, the most easily confused first.

    `found` maps a label to the strings that stand under it in the corpora, with counts. Two labels are alike as far as the same
    strings stand under both (the share of the smaller one's), then as far as their names share letter pairs (Dice).
    """
    alike: dict[str, tuple[str, ...]] = {}
    for label in labels:
        by_likeness = _likeness(label, found)
        others = [other for other in labels if other.label != label.label]
        others.sort(key=lambda other: (by_likeness(other), other.label))
        alike[label.label] = tuple(other.label for other in others)
    return alike


def _likeness(label: Label, found: Mapping[str, Mapping[str, int]]) -> Callable[[Label], tuple[float, float]]:
    own, pairs = found.get(label.label, {}), _letter_pairs(label.name)

    def negated(other: Label) -> tuple[float, float]:
        theirs, other_pairs = found.get(other.label, {}), _letter_pairs(other.name)
        both = sum(min(count, theirs[string]) for string, count in own.items() if string in theirs)
        least = min(sum(own.values()), sum(theirs.values()))
        letters = 2 * len(pairs & other_pairs) / (len(pairs) + len(other_pairs)) if pairs or other_pairs else 0.0
        return (-both / least if least else 0.0, -letters)

    return negated


def _letter_pairs(name: str) -> set[str]:
    folded = name.casefold()
    return {folded[i : i + 2] for i in range(len(folded) - 1)} or {folded}
