"""A sequence of tags in, the mentions it marks out: the tagging schemes as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from uie.errors import CorpusError

SchemeName = Literal["IOB1", "IOB2", "IOE1", "IOE2", "BIOES", "BMES", "BILUO", "IO"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of tagging, in terms of B(egin), I(nside), E(nd) and S(ingle).

    `roles` says what each prefix of the scheme means. `first` are the roles that may stand after O, after an ended mention and
    after a mention of another type; `then` those that may follow inside a mention of the same type. Where `ended` is true, a mention must
    end with E or S; where `parting` is, E may only part two mentions of one type.
    Only what counts as invalid depends on the last four: every scheme is read by the same rule (see `mentions`).
    """

    roles: Mapping[str, str]
    first: str
    then: str
    ended: bool
    parting: bool = False


SCHEMES: Mapping[SchemeName, Scheme] = {
    "IOB1": Scheme({"B": "B", "I": "I"}, first="I", then="BI", ended=False),  # B only parts two mentions of one type
    "IOB2": Scheme({"B": "B", "I": "I"}, first="B", then="BI", ended=False),
    "IOE1": Scheme({"I": "I", "E": "E"}, first="IE", then="IE", ended=False, parting=True),
    "IOE2": Scheme({"I": "I", "E": "E"}, first="IE", then="IE", ended=True),
    "BIOES": Scheme({"B": "B", "I": "I", "E": "E", "S": "S"}, first="BS", then="IE", ended=True),
    "BMES": Scheme({"B": "B", "M": "I", "E": "E", "S": "S"}, first="BS", then="IE", ended=True),
    "BILUO": Scheme({"B": "B", "I": "I", "L": "E", "U": "S"}, first="BS", then="IE", ended=True),
    "IO": Scheme({}, first="I", then="I", ended=False),  # the bare type; neighbours of one type are one mention
}


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How tags are written: the scheme, what parts the prefix from the type, and whether the prefix stands behind (`PER-B`)."""

    scheme: SchemeName
    prefix_separator: str = "-"
    prefix_behind: bool = False


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


def mentions(tags: Sequence[str], scheme: SchemeName, *, prefix_separator: str = "-", prefix_behind: bool = False) -> Tagged:
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
    parting: int | None = None  # where an E stands that the next tag has to justify
    for position, tag in enumerate(tags):
        if tag == "O" and not is_open and parting is None:
            continue  # most tokens
        try:
            role, kind = split_tag(tag, scheme, prefix_separator, prefix_behind)
        except CorpusError as error:
            raise CorpusError(f"token {position + 1}: {error}") from None
        if parting is not None:
            if role == "O" or kind != open_type:
                invalid.append(parting)
            parting = None
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
            parting = position if table.parting else None
    if is_open:
        found.append(TaggedMention(start, len(tags), open_type))
        if table.ended and len(tags) - 1 not in invalid:
            invalid.append(len(tags) - 1)
    if parting is not None:
        invalid.append(parting)
    return Tagged(tuple(found), tuple(invalid))


@lru_cache(maxsize=4096)  # a corpus has few tags and many tokens
def split_tag(tag: str, scheme: SchemeName, separator: str = "-", behind: bool = False) -> tuple[str, str | None]:
    """(role, type): the role is one of O, B, I, E and S; the type None where the tag has none.

    A prefix ends at the first separator, one behind begins after the last: `B-creative-work` is of type `creative-work`. With the
    empty separator it is the first or last letter.

    Raises:
        CorpusError: the tag is not one of the scheme's.
    """
    if tag == "O":
        return "O", None
    roles = SCHEMES[scheme].roles
    if not roles and tag:
        return "I", tag
    if not separator:
        prefix, separated, kind = (tag[-1:], "", tag[:-1]) if behind else (tag[:1], "", tag[1:])
    elif behind:
        kind, separated, prefix = tag.rpartition(separator)
    else:
        prefix, separated, kind = tag.partition(separator)
    if prefix not in roles or (separated and not kind):
        known = [f"TYPE{separator}{known}" if behind else f"{known}{separator}TYPE" for known in roles] or ["TYPE"]
        raise CorpusError(f"the tag {tag!r} is not one of {scheme}: expected O, {', '.join(known)}")
    return roles[prefix], kind or None
