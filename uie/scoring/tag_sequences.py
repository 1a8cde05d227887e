"""Gold and predicted Documents with flat entities → IOB2 tags → seqeval's report, as the tagging literature prints it.

Our own figures do not come from here: tags cannot hold nested, crossing, discontinuous or ungrounded mentions, nor two types on one
span. On flat documents both agree (tests/scoring/test_scoring_tag_sequences.py).
"""

from collections.abc import Iterable

from seqeval.metrics import classification_report

from uie.documents import Document, Entity
from uie.scoring.joining import join
from uie.scoring.scope import Pair, common_tasks, restricted

Units = tuple[tuple[int, int], ...]


def seqeval_report(gold: Iterable[Document], predicted: Iterable[Document]) -> str | None:
    """seqeval's table for the documents that are flat on both sides, with a line that says how many are not and were left out.

    None when NER is not scored in any document. Malformed pieces of answers, which `uie.scoring.score` counts as false
    positives, have no tags and are not in the table.

    Raises:
        ScoringError: as `uie.scoring.score`.
    """
    pairs = [
        pair._replace(gold=restricted(pair.gold, pair.asked, "NER"))
        for pair in join(gold, predicted)
        if "NER" in common_tasks(pair)
    ]
    if not pairs:
        return None
    flat = [pair for pair in pairs if is_flat(pair.gold) and is_flat(pair.predicted)]
    tags = [tag_pair(pair) for pair in flat]
    if len(flat) == len(pairs):
        heading = f"seqeval, IOB2, documents: {len(flat)}"
    else:
        heading = (
            f"seqeval, IOB2, documents: {len(flat)} of {len(pairs)}; left out because they are not flat (nested, crossing, "
            f"discontinuous or ungrounded mentions): {len(pairs) - len(flat)}"
        )
    # seqeval cannot make a table without a row: it takes the longest of no type names.
    if not any(tag != "O" for pair_tags in tags for side in pair_tags for tag in side):
        return f"{heading}\n\nno entities on either side"
    report = classification_report([g for g, _ in tags], [p for _, p in tags], digits=4, zero_division=0)
    return f"{heading}\n\n{str(report).rstrip()}"


def is_flat(document: Document) -> bool:
    """Whether tags can hold the typed entities: grounded, contiguous, no two sharing a character."""
    end = 0
    for entity in sorted(_typed(document), key=lambda e: e.mention.order):
        mention = entity.mention
        if mention.start is None or mention.end is None or mention.fragments or mention.start < end:
            return False
        end = mention.end
    return True


def tag_pair(pair: Pair) -> tuple[list[str], list[str]]:
    """Gold and predicted tags of a flat pair, one for each token of the gold Document, else one for each character.

    Characters also serve where a mention of either side begins or ends within a token, which tags of tokens could not say.
    """
    characters: Units = tuple((at, at + 1) for at in range(len(pair.gold.text)))
    units = pair.gold.tokens or characters
    starts, ends = {start for start, _ in units}, {end for _, end in units}
    for entity in (*_typed(pair.gold), *_typed(pair.predicted)):
        if entity.mention.start not in starts or entity.mention.end not in ends:
            units = characters
    return iob2_tags(pair.gold, units), iob2_tags(pair.predicted, units)


def iob2_tags(document: Document, units: Units) -> list[str]:
    """A tag for each unit (start, end): B- for a mention's first, I- for its others, O outside. The Document must be flat."""
    starts = {start: index for index, (start, _) in enumerate(units)}
    ends = {end: index for index, (_, end) in enumerate(units)}
    tags = ["O"] * len(units)
    for entity in _typed(document):
        assert entity.mention.start is not None
        assert entity.mention.end is not None
        first, last = starts[entity.mention.start], ends[entity.mention.end]
        tags[first : last + 1] = [f"B-{entity.type}"] + [f"I-{entity.type}"] * (last - first)
    return tags


def _typed(document: Document) -> list[Entity]:
    return [entity for entity in document.entities or () if entity.type is not None]
