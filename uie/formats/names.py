"""Labels → the names an answer shows, and the names a model wrote → labels."""

from collections.abc import Iterable

from uie.schema import Label
from uie.tasks.question import Problem


def name_of(label: str, known: Iterable[Label]) -> str:
    """The name of a label; a label the schema does not hold stands for itself."""
    return next((item.name for item in known if item.label == label), label)


def label_of(name: str, known: Iterable[Label]) -> tuple[str, tuple[Problem, ...]]:
    """The label of a name.

    A model may write the corpus' label itself instead of its name: read, and reported as repaired. An unknown name stays as it
    was written and is reported. Where nothing is known (a three-key record file says no types), every name stands for itself.
    """
    labels = tuple(known)
    if not labels:
        return name, ()
    for item in labels:
        if item.name == name:
            return item.label, ()
    if any(item.label == name for item in labels):
        return name, (Problem("repaired_type", name),)
    return name, (Problem("unknown_type", name),)
