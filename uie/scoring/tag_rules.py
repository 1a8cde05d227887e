"""Rules of tag sequences: `conlleval`, and seqeval's strict mode with each scheme. Tags, or Documents written as tags → counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from uie.documents import Document
from uie.errors import ScoringError
from uie.scoring import RuleFacts
from uie.scoring.chunks import SCHEMES, Chunk, conll_chunk_tables, conll_chunks, strict_chunks, tags_of
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, add_counts, count_items
from uie.scoring.rules import ENTITIES, typed
from uie.scoring.scope import Pair
from uie.scoring.tag_sequences import is_flat, tag_pair


@dataclass(frozen=True)
class TagRule:
    """`scheme` is None for conlleval's reading, which needs none.

    From Documents, gold is written as tags of its tokens (of its characters where it has none, or where a mention cuts one), and so
    is what tags can hold of the prediction: mentions from left to right, longer first, without overlap. What they cannot hold is a
    false positive each. A Document whose gold mentions are not flat is left out, whatever was predicted.
    """

    facts: RuleFacts
    scheme: str | None = None
    needs_offsets: bool = True

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return (ENTITIES,) if task in ("NER", "NER1") else ()

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        if not is_flat(pair.gold):
            return {}
        flat, rest = _flat_part(pair.predicted)
        gold, predicted = (self._from_iob2(tags) for tags in tag_pair(pair._replace(predicted=flat)))
        return {ENTITIES: count_items(_items(gold), (*_items(predicted), *rest))}

    def _from_iob2(self, tags: Sequence[str]) -> list[Chunk]:
        chunks = conll_chunks(tags)
        return chunks if self.scheme is None else self.chunks(tags_of(chunks, len(tags), self.scheme))

    def chunks(self, tags: Sequence[str]) -> list[Chunk]:
        return conll_chunks(tags) if self.scheme is None else strict_chunks(tags, self.scheme)


def _items(chunks: Iterable[Chunk]) -> list[Item]:
    return [Item(type, (first, last)) for type, first, last in chunks]


def _flat_part(predicted: Document) -> tuple[Document, list[Item]]:
    """The Document with the mentions that tags can hold, and the others as items that no gold chunk equals."""
    if is_flat(predicted):
        return predicted, []
    kept, rest, end = [], [], 0
    for entity in sorted(typed(predicted), key=lambda entity: (*entity.mention.order, entity.type or "")):
        mention = entity.mention
        if mention.start is None or mention.end is None or mention.fragments or mention.start < end:
            rest.append(Item(entity.type, None))
        else:
            kept.append(entity)
            end = mention.end
    return replace(predicted, entities=tuple(kept), relations=None, events=None, clusters=None), rest


def score_tags(
    gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]], *, scheme: str | None = None
) -> dict[str | None, Counts]:
    """The counts of each type for sentences given as tags: as conlleval.pl, or as seqeval's strict mode with a scheme.

    Raises:
        ScoringError: the sides do not have as many sentences, or a sentence as many tags; a tag is not of the scheme.
    """
    if scheme is not None and scheme not in SCHEMES:
        raise ScoringError(f"no tagging scheme is named {scheme!r}; known: {', '.join(SCHEMES)}.")
    rule = replace(CONLLEVAL, scheme=scheme)
    total: dict[str | None, Counts] = {}
    wanted, found = list(gold), list(predicted)
    uneven = sum(len(one) != len(other) for one, other in zip(wanted, found, strict=False))
    if len(wanted) != len(found) or uneven:
        raise ScoringError(
            f"gold has {len(wanted)} tagged sentences and the prediction {len(found)}; "
            f"sentences with another number of tags than in gold: {uneven}. Give one tag for each token on both sides."
        )
    if scheme is None:
        return _conll_counts(wanted, found)
    for one, other in zip(wanted, found, strict=True):
        chunks = rule.chunks(one)
        add_counts(total, count_items(_items(chunks), _items(chunks if one == other else rule.chunks(other))))
    return total


def _conll_counts(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str | None, Counts]:
    types, (wanted, found) = conll_chunk_tables(gold, predicted)
    # No two chunks of a side share a token, so that type and place fit into one number that no other chunk has.
    width = int(max([0, *wanted[-1:, 2], *found[-1:, 2]])) + 1
    gold_of, found_of = (np.bincount(table[:, 0], minlength=len(types)) for table in (wanted, found))
    first = np.intersect1d(
        wanted[:, 0] * width + wanted[:, 1], found[:, 0] * width + found[:, 1], assume_unique=True, return_indices=True
    )
    same_end = wanted[first[1], 2] == found[first[2], 2]
    right_of = np.bincount(first[0][same_end] // width, minlength=len(types))
    return {
        type: Counts(right, predictions - right, golds - right)
        for type, right, predictions, golds in zip(types, right_of.tolist(), found_of.tolist(), gold_of.tolist(), strict=True)
        if golds or predictions
    }


CONLLEVAL = TagRule(
    RuleFacts(
        name="conlleval",
        compares="type, first and last token of chunks; any tag may begin one",
        used_by="CoNLL-2000 to CoNLL-2003; seqeval's default mode",
        source="conlleval.pl (CoNLL-2000); seqeval 1.2.2 metrics/sequence_labeling.py",
        duplicates="tags cannot hold any: a second equal mention is a false positive",
        faults="takes flat Documents only; those with nested, crossing, discontinuous or ungrounded gold mentions are left out",
        breaks={
            "wrong": "of predicted mentions that overlap, tags hold those that begin first: one more may push out the one that kept a right one out"
        },
    )
)


def _strict(scheme: str) -> TagRule:
    facts = replace(
        CONLLEVAL.facts,
        name=f"seqeval-strict.{scheme}",
        compares=f"type, first and last token of chunks; tags that {scheme} does not allow are none",
        used_by=f"seqeval, mode strict, scheme {scheme}",
        source="seqeval 1.2.2 scheme.py",
    )
    return TagRule(facts, scheme)


SEQEVAL_IOB2, SEQEVAL_IOB1, SEQEVAL_IOE1, SEQEVAL_IOE2, SEQEVAL_IOBES, SEQEVAL_BILOU = map(
    _strict, ("IOB2", "IOB1", "IOE1", "IOE2", "IOBES", "BILOU")
)
