"""A corpus in, a copy of it as Document JSON Lines out, in which what can be mended without a doubt is, each change listed. The input stays.

Four repairs: white space at the edges of a mention is left out, CR LF becomes LF, letters with accents are composed (NFC), and a mention
without a place that stands in the text once, and there as words of its own, gets that place. All else is copied as it was read.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from uie.corpora.config import DatasetConfig
from uie.corpora.findings import shortened
from uie.corpora.oddities import has_edges, is_composed, only_place
from uie.corpora.reading import corpus_folder, placed_files
from uie.corpora.spans import mention_over
from uie.documents import Argument, Document, Event, Mention, document_to_json
from uie.errors import OutputError
from uie.storage import environment, to_line, whole_file, whole_folder, write_json

EDGES, LINE_ENDS, ACCENTS, PLACE = "white space at the edge", "CR LF", "accents (NFC)", "place found"
_AROUND = 15  # characters shown on either side of a change within a text
_Change = Callable[[Mention], Mention]


@dataclass(frozen=True, slots=True)
class Repair:
    """One change. `where`: FILE:LINE of the Document; `before` and `after`: the mention, its places, or a piece of the text."""

    where: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RepairReport:
    """`config`: the YAML file that reads the copy. `repairs`: how many of each kind; `first`: the first of each kind, for people.

    `left`: FILE:LINE and reason of what could not be repaired safely or not be read, so that it is not in the copy.
    """

    config: Path
    repairs: Mapping[str, int]
    first: tuple[Repair, ...]
    left: tuple[str, ...]


def untaken(config: DatasetConfig, out: Path) -> tuple[Path, Path]:
    """The folder and the config's file of a repaired copy.

    Raises:
        OutputError: one of them is there already.
    """
    folder, path = out / config.name, out / f"{config.name}.yaml"
    for taken in (path, folder):
        if taken.is_file() or (taken.is_dir() and any(taken.iterdir())):
            raise OutputError(f"{taken}: is there already; choose another --fix, or remove what an earlier one wrote.")
    return folder, path


def repair_corpus(config: DatasetConfig, out: Path, *, data_root: Path | None) -> RepairReport:
    """Writes `OUT/NAME.yaml` and `OUT/NAME/` with a file for each split, and `repairs.jsonl`, which lists every change.

    The copy is read with `--data-root OUT` and has the same document ids and the same cut splits.

    Raises:
        CorpusError: the corpus' folder or a file is not there.
        OutputError: `OUT/NAME` or its config is there already.

    >>> repair_corpus(load_dataset_config("duee"), Path("repaired"), data_root=Path("corpora"))  # doctest: +SKIP
    """
    corpus_folder(config, data_root=data_root)
    folder, path = untaken(config, out)
    repairs: Counter[str] = Counter()
    first: dict[tuple[str, int], Repair] = {}
    left: list[str] = []
    with whole_folder(folder) as partial, ExitStack() as files:
        listing = files.enter_context(whole_file(partial / "repairs.jsonl"))
        for split in config.splits:
            with whole_file(partial / f"{split}.jsonl") as copy:
                placed = placed_files(config, split, data_root=data_root, bad=lambda error, raw: left.append(str(error)))
                for where, document in placed:
                    mended, changes, reasons = repaired(document, where)
                    left.extend(reasons)
                    for change in changes:
                        listing.write(to_line(asdict(change)))
                        first.setdefault((change.kind, min(repairs[change.kind], 3)), change)
                        repairs[change.kind] += 1
                    copy.write(to_line(_as_read(mended)))
        write_json(partial / "manifest.json", {"command": "corpora check --fix", "repairs": repairs, "left": left, **environment()})
    with whole_file(path) as file:
        # By way of JSON: YAML's safe writer knows no tuples.
        file.write(yaml.safe_dump(json.loads(json.dumps(_config_of_copy(config))), allow_unicode=True, sort_keys=False, width=140))
    shown = sorted((place for place in first if place[1] < 3), key=lambda place: place)
    return RepairReport(path, dict(repairs), tuple(first[place] for place in shown), tuple(left))


def _as_read(document: Document) -> dict[str, Any]:
    """The Document as a line that is read as the same Document: its number and split come from where it stands."""
    meta = dict(document.meta)
    row = document_to_json(replace(document, id=meta.pop("native_id", ""), meta=meta))
    return {key: value for key, value in row.items() if (key, value) != ("id", "")}


def _config_of_copy(config: DatasetConfig) -> dict[str, Any]:
    """The config with the layout `documents`; the files are no longer those of its source."""
    note = f"{config.note} Repaired by uie corpora check --fix; repairs.jsonl lists what was changed.".strip()
    kept = {key: value for key, value in asdict(config).items() if value not in ("", {}, (), None)}
    for key in ("layout", "options", "source", "folder", "shipped", "splits"):
        kept.pop(key, None)
    splits = {split: {"files": [f"{split}.jsonl"]} for split in config.splits}
    expected = {split: {k: v for k, v in asdict(counts).items() if v is not None} for split, counts in config.expected.items()}
    whole = {**kept, "note": note, "layout": "documents", "splits": splits}
    return {**whole, "folder": config.name, **({"expected": expected} if expected else {})}


def repaired(document: Document, where: str) -> tuple[Document, list[Repair], list[str]]:
    """The Document mended, what was changed, and what was left because no repair of it is safe."""
    changes: list[Repair] = []
    left: list[str] = []

    def trim(mention: Mention) -> Mention:
        return _trimmed(mention, document, where, changes, left)

    document = _with_mentions(document, trim)
    for kind, mend in ((LINE_ENDS, _line_ends), (ACCENTS, _composed)):
        document = _with_text(document, kind, mend, where, changes, left)

    def place(mention: Mention) -> Mention:
        start = None if mention.grounded else only_place(mention, document.text)
        if start is None:
            return mention
        found = Mention(mention.text, start, start + len(mention.text))
        changes.append(Repair(where, PLACE, mention.text, f"{found.start}..{found.end}"))
        return found

    return _with_mentions(document, place), changes, left


def _trimmed(mention: Mention, document: Document, where: str, changes: list[Repair], left: list[str]) -> Mention:
    if not has_edges(mention):
        return mention
    trimmed = mention.text.strip()
    if not trimmed:
        left.append(f"{where}: a mention is nothing but white space.")
        return mention
    if mention.grounded and mention.fragments:
        parts = tuple(_inner(document.text, part) for part in mention.fragments)
        if any(start >= end for start, end in parts):
            left.append(f"{where}: a part of the mention {mention.text!r} is nothing but white space.")
            return mention
        made = mention_over(document.text, parts)
    elif mention.start is not None and mention.end is not None:
        start, end = _inner(document.text, (mention.start, mention.end))
        made = Mention(trimmed, start, end)
    else:
        made = Mention(trimmed)
    changes.append(Repair(where, EDGES, mention.text, made.text))
    return made


def _inner(text: str, part: tuple[int, int]) -> tuple[int, int]:
    piece = text[part[0] : part[1]]
    return part[0] + len(piece) - len(piece.lstrip()), part[1] - len(piece) + len(piece.rstrip())


def _with_mentions(document: Document, change: _Change) -> Document:
    """The Document with each of its mentions changed; itself where none is."""
    before = document.mentions()
    after = [change(mention) for mention in before]
    return document if after == before else _rebuilt(document, document.text, iter(after))


def _rebuilt(document: Document, text: str, mentions: Iterator[Mention], tokens: Any = None) -> Document:
    """The Document over another text, its mentions in the order of `Document.mentions`."""
    entities = document.entities and tuple(replace(entity, mention=next(mentions)) for entity in document.entities)
    events = document.events and tuple(_rebuilt_event(event, mentions) for event in document.events)
    return replace(document, text=text, entities=entities, events=events, tokens=tokens or document.tokens)


def _rebuilt_event(event: Event, mentions: Iterator[Mention]) -> Event:
    trigger = event.trigger and next(mentions)
    return replace(event, trigger=trigger, arguments=tuple(_rebuilt_argument(argument, mentions) for argument in event.arguments))


def _rebuilt_argument(argument: Argument, mentions: Iterator[Mention]) -> Argument:
    return argument if argument.mention is None else replace(argument, mention=next(mentions))


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")


def _composed(text: str) -> str:
    return text if is_composed(text) else unicodedata.normalize("NFC", text)


def _with_text(
    document: Document, kind: str, mend: Callable[[str], str], where: str, changes: list[Repair], left: list[str]
) -> Document:
    """The text mended and every offset moved with it; untouched where an offset stands within what would be changed."""
    text = mend(document.text)

    def string(mention: Mention) -> Mention:
        if mention.grounded or mend(mention.text) == mention.text:
            return mention
        changes.append(Repair(where, kind, mention.text, mend(mention.text)))
        return Mention(mend(mention.text))

    if text == document.text:
        return _with_mentions(document, string)
    places = {offset for mention in document.mentions() for part in mention.span or () for offset in part}
    places |= {offset for token in document.tokens or () for offset in token}
    moved = _moved_places(document.text, text, places, mend)
    if moved is None:
        left.append(f"{where}: {kind}: not changed, since a mention or a token ends within a letter or a line end.")
        return document
    tokens = document.tokens and tuple((moved[start], moved[end]) for start, end in document.tokens)
    changes.append(Repair(where, kind, *_difference(document.text, text)))
    mentions = [_moved(string(mention), moved, text) for mention in document.mentions()]
    return _rebuilt(document, text, iter(mentions), tokens)


def _moved_places(before: str, after: str, places: set[int], mend: Callable[[str], str]) -> dict[int, int] | None:
    """Where each place of a text is in the mended one; None where the pieces between the places, mended one by one, do not make it."""
    moved: dict[int, int] = {}
    pieces: list[str] = []
    length = start = 0
    for place in sorted({*places, len(before)}):
        pieces.append(mend(before[start:place]))
        length += len(pieces[-1])
        moved[place], start = length, place
    return moved if "".join(pieces) == after else None


def _moved(mention: Mention, moved: Mapping[int, int], text: str) -> Mention:
    if mention.start is None or mention.end is None:
        return mention
    return mention_over(text, [(moved[start], moved[end]) for start, end in mention.span or ()])


def _difference(before: str, after: str) -> tuple[str, str]:
    """The first piece in which two texts differ, with a few characters around it."""
    same = next((place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - _AROUND)
    return shortened(before[start : same + 2 * _AROUND]), shortened(after[start : same + 2 * _AROUND])
