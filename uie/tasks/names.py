"""Labels → the names an answer shows, and the names a model wrote → labels."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from uie.schema import Label
from uie.tasks.question import Problem

_PLURALS = (("ies", "y"), ("es", ""), ("s", ""))


def name_of(label: str, known: Iterable[Label]) -> str:
    """The name of a label; a label the schema does not hold stands for itself."""
    for item in known:
        if item.label == label:
            return item.name
    return label


def label_of(name: str, known: Iterable[Label]) -> tuple[str, tuple[Problem, ...]]:
    """The label of a name.

    A model may write the corpus' label itself, or the name in another case, spelling of spaces, width or number ("Persons"): read,
    and reported as repaired, as long as it can mean one label only. An unknown name stays as it was written and is reported. Where
    nothing is known (a three-key record file says no types), every name stands for itself.
    """
    labels = tuple(known)
    if not labels:
        return name, ()
    for item in labels:
        if item.name == name:
            return item.label, ()
    meant = _meanings(labels)
    for key in _readings(name):
        if len(found := meant.get(key, ())) == 1:
            return found[0], (Problem("repaired_type", name),)
    return name, (Problem("unknown_type", name),)


@lru_cache(maxsize=256)
def _meanings(labels: tuple[Label, ...]) -> dict[str, tuple[str, ...]]:
    """Reading → the labels that may be meant by it. A label stands for itself before any looser reading."""
    meant: dict[str, tuple[str, ...]] = {}
    for item in labels:
        for key in dict.fromkeys((f"={item.label}", _loose(item.name), _loose(item.label))):
            if item.label not in meant.get(key, ()):
                meant[key] = (*meant.get(key, ()), item.label)
    return meant


def _readings(name: str) -> list[str]:
    """What a name may stand for, the most literal first."""
    loose = _loose(name)
    singulars = [loose.removesuffix(end) + instead for end, instead in _PLURALS if loose.endswith(end)]
    plurals = [f"{loose}s", f"{loose}es"]  # the schema's own name may be the plural
    return [f"={name}", loose, *singulars, *plurals]


def _loose(name: str) -> str:
    """Without case, width, spaces and punctuation: "Work_For" and "works－for" differ in one letter only."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded
