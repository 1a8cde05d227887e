"""The start and end that an annotation tool gives in, a `Mention` out; and whose annotations are read, where several people made them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from uie.corpora.rows import text_of
from uie.documents import Entity, Mention
from uie.errors import CorpusError, unknown_name

OffsetUnit = Literal["characters", "utf-16"]
"""What offsets count: Unicode code points, as we do, or UTF-16 code units, of which an emoji has two, as JavaScript does."""


def mention_at(text: str, start: Any, end: Any, *, said: Any = None, unit: OffsetUnit = "characters") -> Mention:
    """What stands from `start` to `end`, exclusive, which must be `said` where the file gives that too.

    Raises:
        CorpusError: the offsets are no whole numbers, are not in the text, or something else stands there.
    """
    place = _place(text, start, end, unit)
    if said is not None and (place is None or said != text[slice(*place)]):
        found = "nothing" if place is None else repr(text[slice(*place)])
        hint = "; it does if offsets count UTF-16 code units: set the option unit: utf-16"
        fits = unit == "characters" and _stands(text, start, end, said, "utf-16")
        raise CorpusError(
            f"the mention {said!r} does not stand at {start}..{end}, where the text has {found}{hint if fits else ''}."
        )
    if place is None:
        raise CorpusError(f"offsets {start} and {end} ({unit}) mark nothing in a text of {len(text)} characters.")
    return Mention(text[slice(*place)], *place)


def mention_or_words(text: str, start: Any, end: Any, *, said: Any, unit: OffsetUnit) -> Mention:
    """As `mention_at`, but where something else stands there, and not because offsets count in another way, the ungrounded words."""
    lost = isinstance(said, str) and said and not _stands(text, start, end, said, unit)
    if lost and not (unit == "characters" and _stands(text, start, end, said, "utf-16")):
        return Mention(said)
    return mention_at(text, start, end, said=said, unit=unit)


def _stands(text: str, start: Any, end: Any, said: str, unit: OffsetUnit) -> bool:
    place = _place(text, start, end, unit)
    return place is not None and text[slice(*place)] == said


def _place(text: str, start: Any, end: Any, unit: OffsetUnit) -> tuple[int, int] | None:
    """The place in code points; None where the offsets mark nothing."""
    if type(start) is not int or type(end) is not int:
        raise CorpusError(f"expected whole numbers as offsets, found {start!r} and {end!r}.")
    if unit == "utf-16":
        return _from_utf16(text, start, end)
    return (start, end) if 0 <= start < end <= len(text) else None


def _from_utf16(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The place in code points; None where there is none, or within a character."""
    units = text.encode("utf-16-le")
    if not 0 <= start < end <= len(units) // 2:
        return None
    try:
        first, last = (len(units[: 2 * at].decode("utf-16-le")) for at in (start, end))
    except UnicodeDecodeError:
        return None
    return first, last


def mention_over(text: str, parts: Sequence[tuple[int, int]]) -> Mention:
    """What stands in the parts of the text, which are in its order: a discontinuous mention where there are several."""
    said = " ".join(text[start:end] for start, end in parts)
    return Mention(said, parts[0][0], parts[-1][1], tuple(parts) if len(parts) > 1 else ())


def typed(mention: Mention, type: Any) -> Entity:
    """An entity, whose type must be a text."""
    return Entity(mention, text_of(type, f"the type of {mention.text!r}"))


@dataclass(slots=True)
class Annotators:
    """Whose annotations are read: those of `wanted`, or everybody's where that is empty; `seen` gathers who there is."""

    wanted: str
    seen: dict[str, None] = field(default_factory=dict)

    def takes(self, *names: str) -> bool:
        """Whether the annotator who goes by these names is read."""
        self.seen.update((name, None) for name in names if name)
        return not self.wanted or self.wanted in names

    def check(self, path: Path) -> None:
        """To be called when the file is through: a name that never occurs would leave a corpus without Documents.

        Raises:
            CorpusError: nobody goes by the name that is wanted.
        """
        if self.wanted and self.wanted not in self.seen:
            raise CorpusError(f"{path}: {unknown_name('annotator', self.wanted, self.seen)}")
