"""What a check notes while it reads a corpus in, `Finding`s out: each thing once, with the place of the first and how many there are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong ("error") or worth knowing ("warning").

    `where`: FILE:LINE of the first place (FILE:item N in a JSON array, FILE where a Document is a whole file), or the split or corpus
    that it is about. `what`: a sentence. `times`: how many places there are in all.
    """

    level: Level
    where: str
    what: str
    times: int = 1

    def __str__(self) -> str:
        more = f" {self.times - 1:,} more like it." if self.times > 1 else ""
        return f"{self.level}: {self.where}: {self.what}{more}"


@dataclass(slots=True)
class _Noted:
    where: str
    example: str
    times: int = 0


@dataclass(slots=True)
class Tally:
    """Counts things by what there is to say of them; `example` is told of the first one only."""

    _noted: dict[tuple[Level, str], _Noted] = field(default_factory=dict)

    def error(self, what: str, where: str, *, example: str = "", times: int = 1) -> None:
        self._note("error", what, where, example, times)

    def warn(self, what: str, where: str, *, example: str = "", times: int = 1) -> None:
        self._note("warning", what, where, example, times)

    def findings(self) -> Iterator[Finding]:
        """Errors first, otherwise in the order in which they were met."""
        for level in ("error", "warning"):
            for (own, what), noted in self._noted.items():
                if own == level:
                    example = f", such as {shortened(noted.example)!r}" if noted.example else ""
                    end = "" if what.endswith("?") else "."
                    yield Finding(own, noted.where, f"{what}{example}{end}", noted.times)

    def _note(self, level: Level, what: str, where: str, example: str, times: int) -> None:
        self._noted.setdefault((level, what), _Noted(where, example)).times += times


def shortened(text: str, most: int = 60) -> str:
    """The text, or its first `most` characters with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(names: list[str], most: int = 12) -> str:
    """The names with commas between them; of many the first, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
