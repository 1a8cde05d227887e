"""Stage 6: gold and predicted Documents → Scores. Knows nothing of prompts or models.

A *rule* says what the items of a Document are and when two are the same. It is an object (or module) with
- `needs_offsets`: whether it is undefined where gold mentions have none;
- `malformed`: task → the measures in which a malformed piece of an answer counts as one false positive;
- `items(document, task) -> {measure: items}`: what is compared, for tasks "NER", "RE", "EE". It gives every measure it has for the
  task, also those without items.
Items of gold and prediction are matched one to one within a document (`uie.scoring.counts`).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, Protocol

from uie.documents import Document
from uie.registry import Registry


class Item(NamedTuple):
    """One thing to be right about. `type` groups items in per-type tables (None: the measure ignores types)."""

    type: str | None
    where: Hashable


class Rule(Protocol):
    """The interface of a rule (see the package docstring)."""

    @property
    def needs_offsets(self) -> bool: ...
    @property
    def malformed(self) -> Mapping[str, Sequence[str]]: ...
    def items(self, document: Document, task: str) -> Mapping[str, Sequence[Item]]: ...


RULES: Registry[Rule] = Registry(
    "scoring rule",
    {"strict": "uie.scoring.rules:STRICT", "string": "uie.scoring.rules:STRING"},
    group="uie.rules",
)
