"""Stage 6: gold and predicted Documents → Scores. Knows nothing of prompts or models.

A *rule* sees one gold and one predicted Document (a `Pair`, gold restricted to what was asked), or the strings of their answers, and
yields counts for that document. Everything above (per type, micro, macro, weighted, means over corpora, buckets, intervals,
comparisons) is computed from these counts, so that no rule knows of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from uie.registry import Registry
from uie.scoring.counts import ByMeasure, Counts, Figures, Item
from uie.scoring.scope import Pair

__all__ = ["HOLDS", "RULES", "ByMeasure", "Figures", "Item", "Rule", "RuleFacts"]

# What one may expect of a rule; `RuleFacts.breaks` says which of these one does not have, and when.
HOLDS = {
    "gold": "gold scored against itself has an F1 of 1",
    "order": "the order of items and of documents does not matter",
    "wrong": "a further wrong item never raises F1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """What a reader must know of a rule; drawn as a table by docs/scoring.md."""

    name: str
    compares: str
    "what must be equal"
    used_by: str
    source: str
    input: Literal["documents", "answers"] = "documents"
    wording: str = ""
    "the format in which Documents are written for a rule that reads answers"
    zero: str = "0"
    "what 0/0 is"
    duplicates: str = "counted; each gold item can be found once"
    normalised: str = "nothing; case counts"
    "what is made equal before comparing"
    faults: str = ""
    "what the rule gets wrong, as its original does, and which figures that moves"
    breaks: Mapping[str, str] = field(default_factory=dict)
    "the keys of `HOLDS` that the rule does not have, with the reason"
    headline: Literal["micro", "macro"] = "micro"
    "the figure its users print: over all items, or the mean over the types of gold"


class Rule(Protocol):
    """The interface of a rule. Its figures are those of the counts unless `figures` rounds or smooths them as a peer does.

    `needs_offsets`: whether it is undefined where mentions have none; a rule with a true `grounds` needs those of gold only. `malformed`: task → the measures in which a malformed piece
    of an answer counts as one false positive. `measures(task)`: what it counts for a task, nothing where the rule says nothing of it.
    `counts(pair, task)`: measure → type → counts of one document, for all its measures; no measures at all where the document is one
    that the rule cannot take (`tags` of documents that are not flat).
    """

    @property
    def facts(self) -> RuleFacts: ...
    @property
    def needs_offsets(self) -> bool: ...
    @property
    def malformed(self) -> Mapping[str, Sequence[str]]: ...
    def measures(self, task: str) -> tuple[str, ...]: ...
    def counts(self, pair: Pair, task: str) -> ByMeasure: ...
    def figures(self, counts: Counts) -> Figures: ...


_SCHEMES = ("IOB2", "IOB1", "IOE1", "IOE2", "IOBES", "BILOU")

RULES: Registry[Rule] = Registry(
    "scoring rule",
    {
        "strict": "uie.scoring.rules:STRICT",
        "string": "uie.scoring.rules:STRING",
        "boundary": "uie.scoring.rules:BOUNDARY",
        "type-only": "uie.scoring.rules:TYPE_ONLY",
        "partial": "uie.scoring.overlap:PARTIAL",
        "muc": "uie.scoring.overlap:MUC",
        "head": "uie.scoring.arguments:HEAD",
        "any-gold-mention": "uie.scoring.arguments:ANY_GOLD_MENTION",
        "coreference": "uie.scoring.coreference:COREFERENCE",
        "conlleval": "uie.scoring.tag_rules:CONLLEVAL",
        **{f"seqeval-strict.{scheme}": f"uie.scoring.tag_rules:SEQEVAL_{scheme}" for scheme in _SCHEMES},
        "textee": "uie.scoring.rules:TEXTEE",
        "instructuie": "uie.scoring.peers.instructuie:INSTRUCTUIE",
        "b2ner": "uie.scoring.peers.instructuie:B2NER",
        "iepile": "uie.scoring.peers.iepile:IEPILE",
        "gollie": "uie.scoring.peers.gollie:GOLLIE",
        "universalner": "uie.scoring.peers.universalner:UNIVERSALNER",
        **{
            f"uie-offset.{config}": f"uie.scoring.peers.uie_offset:{config.upper()}"
            for config in ("first", "closest", "longer_first")
        },
        "cluener": "uie.scoring.peers.spans:CLUENER",
        "gliner": "uie.scoring.peers.spans:GLINER",
        "spacy": "uie.scoring.peers.spans:SPACY",
    },
    group="uie.rules",
)
