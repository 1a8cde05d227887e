"""Documents in, a DocBin of spaCy out (`.spacy`), as `spacy train` takes it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.documents import Document, Mention
from uie.errors import CorpusError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class DocbinOptions:
    """`spans`: the key of a span group, which may hold nested and crossing mentions (for spaCy's `spancat`); "": entities (`ner`).

    `lang`: whose tokenizer parts a text that comes without tokens (default: of the first Document's language).
    """

    spans: str = ""
    lang: str = ""


def write(documents: Iterable[Document], out: Path, options: DocbinOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """The tokens are the Document's own, else those of spaCy's tokenizer; what is between them stays, as tokens of white space.

    A DocBin is one compressed piece: all of it is in memory until it is written.
    """
    try:
        import spacy
        from spacy.tokens import Doc, DocBin, Span
    except ImportError:
        raise CorpusError("spaCy is not installed; install it to read and write .spacy files: pip install spacy.") from None
    holds = Holds(overlapping=bool(options.spans))
    found_bin = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "SPACY"], store_user_data=False)
    bare = spacy.blank("xx")
    language: Language | None = None
    for document in documents:
        if document.tokens:
            doc = _parted(document, bare, Doc)
        else:
            language = language or _language(options.lang or document.lang)
            doc = language.make_doc(document.text)
        borders = _Borders(doc)
        found = kept(document, holds, lost, borders.missed)
        if found is None:
            continue
        spans = [Span(doc, *borders.inside(entity.mention), label=entity.type or "") for entity in found.entities or ()]
        if options.spans:
            doc.spans[options.spans] = spans
        else:
            doc.set_ents(spans, default="outside")
        found_bin.add(doc)
    out.write_bytes(found_bin.to_bytes())
    return {"spans": options.spans} if options.spans else {}


def _language(lang: str) -> "Language":
    """The tokenizer of a language; of one that spaCy does not know, the one for any.

    Raises:
        CorpusError: the tokenizer needs a package that is not installed, as that of Japanese does.
    """
    import spacy

    try:
        spacy.util.get_lang_class(lang)
    except ImportError:
        return spacy.blank("xx")
    try:
        return spacy.blank(lang)
    except ImportError as error:
        raise CorpusError(
            f"spacy: the tokenizer of {lang!r}: {' '.join(str(error).split())} Or name another: --set lang=xx."
        ) from None


def _parted(document: Document, language: "Language", doc: "type[Doc]") -> "Doc":
    """The text by the Document's own tokens: white space between them beyond one blank is a token of its own, as spaCy has it."""
    words: list[str] = []
    spaces: list[bool] = []
    last = 0
    for start, end in [*(document.tokens or ()), (len(document.text), len(document.text))]:
        between = document.text[last:start]
        if words and between.startswith(" "):
            spaces[-1], between = True, between[1:]
        if between:
            words.append(between)
            spaces.append(False)
        if end > start:
            words.append(document.text[start:end])
            spaces.append(False)
        last = end
    return doc(language.vocab, words=words, spaces=spaces)


class _Borders:
    """Where the tokens of a Doc begin and end, by offset."""

    def __init__(self, doc: "Doc") -> None:
        self._starts = {token.idx: token.i for token in doc}
        self._ends = {token.idx + len(token): token.i + 1 for token in doc}

    def missed(self, mention: Mention) -> str:
        """Why the mention cannot be written as tokens, if it cannot."""
        meets = mention.start in self._starts and mention.end in self._ends
        return "" if meets else "mention that does not meet token borders"

    def inside(self, mention: Mention) -> tuple[int, int]:
        """The first token of a mention that is not missed, and the one behind its last."""
        assert mention.start is not None
        assert mention.end is not None
        return self._starts[mention.start], self._ends[mention.end]


WRITER = Writer(write, "spacy", suffix=".spacy")
