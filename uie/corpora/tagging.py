"""A sequence of tags in, the mentions it marks out: the tagging schemes as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from uie.errors import CorpusError

SchemeName = Literal["IOB1", "IOB2", "BIOES", "BMES", "BILUO", "IO"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of tagging, in terms of B(egin), I(nside), E(nd) and S(ingle).

    `roles` says what each prefix of the scheme means. `first` are the roles that may stand after O, after an ended mention and
    after a mention of another type; `then` those that may follow inside a mention of the same type. Where `ended` is true, a mention must end with E or S.
    Only what counts as invalid depends on the last three: every scheme is read by the same rule (see `mentions`).
    """

    roles: Mapping[str, str]
    first: str
    then: str
    ended: bool


SCHEMES: Mapping[SchemeName, Scheme] = {
    "IOB1": Scheme({"B": "B", "I": "I"}, first="I", then="BI", ended=False),  # B only parts two mentions of one type
    "IOB2": Scheme({"B": "B", "I": "I"}, first="B", then="BI", ended=False),
    "BIOES": Scheme({"B": "B", "I": "I", "E": "E", "S": "S"}, first="BS", then="IE", ended=True),
    "BMES": Scheme({"B": "B", "M": "I", "E": "E", "S": "S"}, first="BS", then="IE", ended=True),
    "BILUO": Scheme({"B": "B", "I": "I", "L": "E", "U": "S"}, first="BS", then="IE", ended=True),
    "IO": Scheme({}, first="I", then="I", ended=False),  # the bare type; neighbours of one type are one mention
}


@dataclass(frozen=True, slots=True)
class TaggedMention:
    """Tokens `start` to `end` (exclusive) with a type; None where the tags name none."""

    start: int
    end: int
    type: str | None


@dataclass(frozen=True, slots=True)
class Tagged:
    """`invalid` are the positions of tags that break the scheme; the mentions they belong to are read all the same."""

    mentions: tuple[TaggedMention, ...]
    invalid: tuple[int, ...]


def mentions(tags: Sequence[str], scheme: SchemeName, *, prefix_separator: str = "-") -> Tagged:
    """The mentions that tags mark, in text order.

    Invalid sequences are read as conlleval.pl (CoNLL-2000) reads them, with E and S as seqeval 1.2.2 adds them: a mention begins
    at B and S, after O, after E and S, and wherever the type changes; it ends before the next one begins, before O, and after E and S.

    Raises:
        CorpusError: a tag is not one of the scheme's; the message names token, tag and scheme, the caller adds file and line.
    """
    table = SCHEMES[scheme]
    found: list[TaggedMention] = []
    invalid: list[int] = []
    start = 0
    open_type: str | None = None
    is_open = False
    for position, tag in enumerate(tags):
        try:
            role, kind = _split(tag, table, scheme, prefix_separator)
        except CorpusError as error:
            raise CorpusError(f"token {position + 1}: {error}") from None
        continues = is_open and kind == open_type and role != "O"
        if continues:
            broken = role not in table.then
        else:
            broken = (role != "O" and role not in table.first) or (is_open and table.ended)
        if broken:
            invalid.append(position)
        if is_open and not (continues and role in "IE"):
            found.append(TaggedMention(start, position, open_type))
            is_open = False
        if role == "O":
            continue
        if not is_open:
            start, open_type, is_open = position, kind, True
        if role in "ES":
            found.append(TaggedMention(start, position + 1, open_type))
            is_open = False
    if is_open:
        found.append(TaggedMention(start, len(tags), open_type))
        if table.ended and len(tags) - 1 not in invalid:
            invalid.append(len(tags) - 1)
    return Tagged(tuple(found), tuple(invalid))


def _split(tag: str, table: Scheme, scheme: str, separator: str) -> tuple[str, str | None]:
    """(role, type). The prefix ends at the first separator only: `B-creative-work` is of type `creative-work`."""
    if tag == "O":
        return "O", None
    if not table.roles and tag:
        return "I", tag
    prefix, separated, kind = tag.partition(separator)
    if prefix not in table.roles or (separated and not kind):
        known = ", ".join(f"{known}{separator}TYPE" for known in table.roles) or "TYPE"
        raise CorpusError(f"the tag {tag!r} is not one of {scheme}: expected O, {known}")
    return table.roles[prefix], kind or None
