"""Read → write → read is the identity for what a layout can hold; what it cannot hold is counted, by hand here."""

import json
import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.config import dataset_names, load_dataset_config
from uie.corpora.converting import convert, corpus_parts, file_parts, written_files
from uie.corpora.reading import available_splits, read_corpus
from uie.corpora.writers import WRITERS, writer_options
from uie.corpora.writers.conll import simple_tokens
from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import CorpusError, OutputError, SettingsError
from uie.settings import build

# Writer, its options, and what its layout holds beside typed entities that stand in the text.
CASES = {
    "documents": ("documents", {}, {"everything"}),
    "huggingface": ("huggingface", {}, {"everything"}),
    "brat": ("brat", {}, {"relations", "events", "discontinuous", "event arguments", "attributes", "norms", "overlapping"}),
    "instructuie": ("instructuie", {}, {"relations", "events", "ungrounded", "overlapping", "no trigger"}),
    "iepile": ("iepile", {}, {"relations", "events", "ungrounded", "strings only", "overlapping", "no trigger"}),
    "doccano": ("doccano", {}, {"relations", "overlapping"}),
    "doccano for sequences": ("doccano", {"relations": False}, {"overlapping"}),
    "labelstudio": ("labelstudio", {}, {"relations", "overlapping", "untyped"}),
    "csv": ("csv", {}, {"ungrounded", "overlapping", "untyped"}),
    "csv with tabs": ("csv", {"separator": "\t"}, {"ungrounded", "overlapping", "untyped"}),
    "spacy": ("spacy", {}, {"tokens"}),
    "spacy span groups": ("spacy", {"spans": "sc"}, {"tokens", "overlapping"}),
    "conll": ("conll", {}, {"tokens", "untyped", "joined"}),
    "conll without blanks": ("conll", {}, {"tokens", "untyped", "unspaced"}),
    "conll BIOES": ("conll", {"scheme": "BIOES"}, {"tokens", "untyped", "joined"}),
    "conll BMES": ("conll", {"scheme": "BMES"}, {"tokens", "untyped", "joined"}),
    "conll BILUO": ("conll", {"scheme": "BILUO"}, {"tokens", "untyped", "joined"}),
    "conll offsets": ("conll", {"offsets": True}, {"tokens", "untyped", "blanks"}),
}


def write(name, documents, folder, **options):
    """What the writer lost, and a function that reads back what it wrote."""
    writer = WRITERS.get(name)
    lost = Counter()
    out = folder / f"out{writer.suffix}" if writer.kind == "file" else folder / "out"
    if writer.kind == "folder":
        out.mkdir()
    read_with = writer.write(documents, out, build(writer_options(writer), options, where=name), lost)
    layout = LAYOUTS.get(writer.layout)
    chosen = build(options_of(layout), read_with, where=writer.layout)

    def read():
        files = [out] if writer.kind == "file" else sorted(out.glob(written_files(writer, "train")))
        return [document for file in files for document in layout.read(file, chosen, raise_bad)]

    return dict(+lost), read


def said(document, places=True):
    """What a Document says, whatever its order and ids."""

    def mention(one):
        return None if one is None else (one.text, one.span if places else None)

    def entity(one):
        attributes = json.dumps(dict(one.attributes), sort_keys=True)
        return (mention(one.mention), one.type, one.confidence, attributes, one.norms)

    def event(one):
        return (one.type, mention(one.trigger))

    entities, relations, events = document.entities, document.relations, document.events
    found = {"text": document.text}
    if entities is not None:
        found["entities"] = Counter(map(entity, entities))
    if relations is not None:
        found["relations"] = Counter((r.type, entity(entities[r.head]), entity(entities[r.tail]), r.confidence) for r in relations)
    if events is not None:
        found["events"] = Counter(
            (
                *event(one),
                json.dumps(dict(one.attributes), sort_keys=True),
                one.confidence,
                tuple(
                    sorted(
                        repr((a.role, mention(a.mention) if a.event is None else event(events[a.event]), a.confidence))
                        for a in one.arguments
                    )
                ),
            )
            for one in events
        )
    return found


# What is generated

LABELS = st.sampled_from(["person", "B-LOC", "creative_work", "组织/机构", "Life.Die", "O"])
PIECES = [
    "Ann",
    "Rome",
    "in",
    "安娜",
    "罗马",
    "é",
    "😀",
    ".",
    ",",
    '"',
    "'",
    "_",
    "-DOC",
    "{",
    "]",
    "\\",
    "<b>",
    ";",
    "|",
    "0",
    "\ufeff",
]
SPACES = [" ", "  ", "\n", "\t", "\r\n", "\u3000", "\u2028"]


@st.composite
def documents(draw, holds):
    def can(what):
        return "everything" in holds or what in holds

    tokens = draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
    glue = {"joined": " ", "unspaced": ""}.get(next(iter(holds & {"joined", "unspaced"}), ""))
    gaps = st.sampled_from([" ", "   ", ""] if "blanks" in holds else ["", *SPACES])
    text, offsets = "", []
    for token in tokens:
        offsets.append((len(text), len(text) + len(token)))
        text += token + (glue if glue is not None else draw(gaps))
    text = text[: offsets[-1][1]]
    if "tokens" not in holds and not text.strip("\ufeff"):
        text += "x"

    def mention(grounded=True):
        if not grounded or (can("ungrounded") and ("strings only" in holds or draw(st.booleans()))):
            return Mention(draw(st.sampled_from(["Ann", "nobody, really", "😀 \n x"])))
        start = draw(st.integers(0, len(offsets) - 1))
        end = draw(st.integers(start, len(offsets) - 1))
        if can("discontinuous") and end - start > 1 and draw(st.booleans()):
            parts = (offsets[start], offsets[end])
            return Mention(" ".join(text[a:b] for a, b in parts), parts[0][0], parts[1][1], parts)
        start, end = offsets[start][0], offsets[end][1]
        return Mention(text[start:end], start, end)

    def attributes():
        if not can("attributes") or draw(st.booleans()):
            return {}
        if "everything" in holds:
            return draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, "x", None, [1, {"y": 2}], False])))
        return draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from([True, "x", "two words", ["x", "y"]])))

    def confidence():
        return draw(st.sampled_from([None, 0.5])) if "everything" in holds else None

    entities, taken = [], []
    for _ in range(draw(st.integers(0, 4))):
        one = mention()
        if not can("overlapping") and any(one.start < end and start < one.end for start, end in taken):
            continue
        taken.append((one.start, one.end))
        kind = None if can("untyped") and draw(st.integers(0, 4)) == 0 else draw(LABELS)
        norms = ("MESH:D01",) if can("norms") and draw(st.booleans()) else ()
        entities.append(Entity(one, kind, confidence(), attributes(), norms))
    relations = None
    if can("relations"):
        ends = st.integers(0, len(entities) - 1) if entities else st.nothing()
        pairs = draw(st.lists(st.tuples(LABELS, ends, ends), max_size=3)) if entities else []
        relations = tuple(Relation(*pair, confidence()) for pair in pairs)
    events = None
    if can("events"):
        number = draw(st.integers(0, 2))
        events = []
        for _ in range(number):
            arguments = []
            for _ in range(draw(st.integers(0, 2))):
                role = draw(st.sampled_from(["Who", "Site2", "角色"]))
                if can("event arguments") and draw(st.booleans()):
                    arguments.append(Argument(role, event=draw(st.integers(0, number - 1)), confidence=confidence()))
                elif entities:  # in brat, a filler is one
                    arguments.append(Argument(role, draw(st.sampled_from(entities)).mention, confidence=confidence()))
            trigger = None if can("no trigger") and draw(st.booleans()) else mention()
            events.append(Event(draw(LABELS), trigger, tuple(arguments), confidence(), attributes()))
        events = tuple(events)
    return Document(
        "",
        text,
        entities=tuple(entities),
        relations=relations,
        events=events,
        tokens=tuple(offsets) if "tokens" in holds or draw(st.booleans()) else None,
    )


@pytest.mark.parametrize("case", CASES)
def test_what_a_layout_holds_is_read_back_as_it_was(case, tmp_path_factory):
    name, options, holds = CASES[case]

    @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(documents(holds), min_size=1, max_size=3))
    def read_back(given_documents):
        folder = tmp_path_factory.mktemp("case")

        lost, read = write(name, given_documents, folder, **options)

        assert lost == {}
        assert [said(document) for document in read()] == [said(document) for document in given_documents]

    read_back()


@pytest.mark.parametrize("case", CASES)
def test_what_is_left_of_any_document_is_read_back_and_written_again_without_loss(case, tmp_path_factory):
    name, options, _ = CASES[case]

    @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(documents({"everything"}), min_size=1, max_size=3))
    def read_back(given_documents):
        folders = [tmp_path_factory.mktemp("case") for _ in range(2)]

        _, read_once = write(name, given_documents, folders[0], **options)
        once = read_once()
        lost, read_twice = write(name, once, folders[1], **options)

        assert lost == {}
        assert [said(document) for document in read_twice()] == [said(document) for document in once]

    read_back()


def test_every_writer_is_among_the_cases():
    assert {name for name, _, _ in CASES.values()} == set(WRITERS)


# What is lost

TEXT = "Ann Lee of Rome left. She wept."


def at(string, start=None):
    start = TEXT.index(string) if start is None else start
    return Mention(string, start, start + len(string))


FULL = Document(
    "full",
    TEXT,
    entities=(
        Entity(at("Ann Lee"), "person", confidence=0.5, attributes={"sure": True}, norms=("KB:1",)),
        Entity(at("Ann"), "first name"),  # nested
        Entity(at("Ann Lee"), "author"),  # the same place
        Entity(at("Lee of Rome"), "title"),  # crossing
        Entity(at("eft"), "part"),  # within a token
        Entity(Mention("Ann Rome", 0, 15, ((0, 3), (11, 15))), "pair"),  # discontinuous
        Entity(Mention("the city"), "city"),  # no place
        Entity(at("She")),  # no type
    ),
    relations=(Relation("lives in", 0, 6), Relation("is", 7, 0), Relation("one", 0, 0, level="cluster")),
    events=(
        Event(
            "leave", at("left"), (Argument("who", at("Ann Lee")), Argument("then", event=1), Argument("where", Mention("there")))
        ),
        Event("cry", None),
        Event("gather", Mention("Ann Rome", 0, 15, ((0, 3), (11, 15)))),
    ),
    clusters=((0, 7),),
)
NOTES = {"attribute": 1, "normalisation": 1, "confidence": 1}
STRUCTURES = {"relation": 3, "event": 3, "cluster of coreferent mentions": 1}
BESIDE_OTHERS = {
    "nested mention": 1,
    "second mention of one place": 1,
    "crossing mention": 1,
    "mention that does not meet token borders": 1,
}
LOST = {
    "documents": {},
    "huggingface": {},
    "conll": {
        **BESIDE_OTHERS,
        "discontinuous mention": 1,
        "ungrounded mention": 1,
        **NOTES,
        **STRUCTURES,
        "spacing of a text": 1,  # the full stops
    },
    "spacy": {
        **BESIDE_OTHERS,
        "discontinuous mention": 1,
        "ungrounded mention": 1,
        "untyped mention": 1,
        **NOTES,
        **STRUCTURES,
    },
    "doccano": {
        "discontinuous mention": 1,
        "ungrounded mention": 1,
        "untyped mention": 1,
        **NOTES,
        "relation of clusters": 1,
        "relation of a mention that is left out": 2,
        "event": 3,
        "cluster of coreferent mentions": 1,
    },
    "labelstudio": {
        "discontinuous mention": 1,
        "ungrounded mention": 1,
        **NOTES,
        "relation of clusters": 1,
        "relation of a mention that is left out": 1,
        "event": 3,
        "cluster of coreferent mentions": 1,
    },
    "csv": {
        "discontinuous mention": 1,
        **NOTES,
        **STRUCTURES,
    },
    "instructuie": {
        "discontinuous mention": 1,
        **NOTES,
        "relation of clusters": 1,
        "event with a trigger that is left out: discontinuous mention": 1,
        "event as argument": 1,
        "cluster of coreferent mentions": 1,
    },
    # Ann Lee twice, Ann, Lee of Rome, eft, Ann Rome, She; left, Ann Lee, and Ann Rome once more.
    "iepile": {
        "place of a mention": 10,
        **NOTES,
        "relation of clusters": 1,
        "event as argument": 1,
        "cluster of coreferent mentions": 1,
    },
    # The labels with blanks: first name, lives in. The city is ungrounded, and so is the filler; She has no type.
    "brat": {
        "label that the layout cannot write": 1,
        "ungrounded mention": 1,
        "untyped mention": 1,
        "confidence": 1,
        "relation of clusters": 1,
        "relation of a mention that is left out": 2,
        "event without a trigger": 1,
        "argument that is left out: ungrounded mention": 1,
        "argument that is an event left out": 1,
    },
}


@pytest.mark.parametrize("name", LOST)
def test_what_a_layout_cannot_hold_is_counted_by_reason(name, tmp_path):
    lost, read = write(name, [FULL], tmp_path)

    assert lost == LOST[name]
    assert len(read()) == 1


def test_the_losses_of_every_writer_are_worked_out():
    assert set(LOST) == set(WRITERS)


def test_a_document_that_is_not_annotated_for_what_a_layout_holds_is_left_out(tmp_path):
    lost, read = write("conll", [Document("1", "Ann wept.", events=())], tmp_path)

    assert lost == {"Document not annotated for entities": 1}
    assert read() == []


def test_blanks_in_labels_become_underscores_in_brat_when_asked(tmp_path):
    document = Document("1", "Ann wept.", entities=(Entity(Mention("Ann", 0, 3), "first name"),))

    lost, read = write("brat", [document], tmp_path, underscores=True)

    assert lost == {}
    assert [entity.type for entity in read()[0].entities] == ["first_name"]


# What is written, byte by byte

ANN = Document(
    "a-1",
    "Ann of Rome met Bo.",
    split="dev",
    entities=(Entity(Mention("Ann", 0, 3), "PER"), Entity(Mention("Rome", 7, 11), "LOC"), Entity(Mention("Bo", 16, 18), "PER")),
    relations=(Relation("from", 0, 1),),
    events=(Event("meet", Mention("met", 12, 15), (Argument("who", Mention("Ann", 0, 3)),)),),
)


def test_brat_is_written_as_brat_writes_it(tmp_path):
    write("brat", [ANN], tmp_path)

    assert sorted(path.name for path in (tmp_path / "out" / "dev").iterdir()) == ["a-1.ann", "a-1.txt"]
    assert (tmp_path / "out" / "dev" / "a-1.txt").read_text(encoding="utf-8") == ANN.text
    assert (tmp_path / "out" / "dev" / "a-1.ann").read_text(encoding="utf-8").splitlines() == [
        "T1\tPER 0 3\tAnn",
        "T2\tLOC 7 11\tRome",
        "T3\tPER 16 18\tBo",
        "T4\tmeet 12 15\tmet",
        "R1\tfrom Arg1:T1 Arg2:T2",
        "E1\tmeet:T4 who:T1",
    ]
    assert (tmp_path / "out" / "annotation.conf").read_text(encoding="utf-8").splitlines() == [
        "[entities]",
        "PER",
        "LOC",
        "",
        "[relations]",
        "from Arg1:<ENTITY>, Arg2:<ENTITY>",
        "",
        "[events]",
        "meet who*:<ANY>",
        "",
        "[attributes]",
    ]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB2", "B-PER O B-LOC O B-PER I-PER O"),
        ("BIOES", "S-PER O S-LOC O B-PER E-PER O"),
        ("BMES", "S-PER O S-LOC O B-PER E-PER O"),
        ("BILUO", "U-PER O U-LOC O B-PER L-PER O"),
    ],
)
def test_conll_tags_are_those_of_the_scheme(scheme, tags, tmp_path):
    text = "Ann of Rome met Bo Li ."
    places = [("Ann", 0, "PER"), ("Rome", 7, "LOC"), ("Bo Li", 16, "PER")]
    entities = tuple(Entity(Mention(string, start, start + len(string)), kind) for string, start, kind in places)

    lost, _ = write("conll", [Document("1", text, entities=entities)], tmp_path, scheme=scheme)

    lines = [f"{token}\t{tag}" for token, tag in zip(text.split(), tags.split(), strict=True)]
    assert (tmp_path / "out.conll").read_text(encoding="utf-8") == "\n".join(lines) + "\n\n"
    assert lost == {}


def test_a_chinese_text_without_tokens_is_one_character_a_line_and_joined_by_nothing(tmp_path):
    document = Document("1", "安娜在LA。", lang="zh", entities=(Entity(Mention("LA", 3, 5), "地名"),))

    lost, read = write("conll", [document], tmp_path)

    assert (tmp_path / "out.conll").read_text(encoding="utf-8") == "安\tO\n娜\tO\n在\tO\nLA\tB-地名\n。\tO\n\n"
    assert lost == {}
    assert read()[0].text == document.text


def test_simple_tokens_are_words_characters_and_signs():
    text = "Ann_2's été，東京タワー 한국 №5!"

    assert [text[start:end] for start, end in simple_tokens(text)] == [
        *["Ann_2", "'", "s", "été", "，", "東", "京", "タ", "ワ", "ー", "한", "국", "№", "5", "!"]
    ]


def test_instructuie_writes_the_labels_beside_the_rows(tmp_path):
    write("instructuie", [ANN], tmp_path)

    assert json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8")) == {
        "entities": ["PER", "LOC"],
        "relations": ["from"],
        "events": [["meet"], ["who"]],
    }
    assert json.loads((tmp_path / "out" / "dev.json").read_text(encoding="utf-8"))[0]["entities"][1] == {
        "name": "Rome",
        "type": "LOC",
        "pos": [7, 11],
    }


@pytest.mark.parametrize(
    ("task", "labels", "lost"),
    [
        ("NER", ["PER", "LOC"], {"relation": 1, "event": 1}),
        ("RE", ["from"], {"event": 1, "mention of no relation": 1}),
        ("EE", [["meet"], ["who"]], {"entity": 3, "relation": 1}),
    ],
)
def test_an_instructuie_folder_of_one_task_has_the_labels_that_instructuie_reads(task, labels, lost, tmp_path):
    found, _ = write("instructuie", [ANN], tmp_path, task=task)

    assert json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8")) == labels
    assert found == lost


def test_iepile_writes_three_lines_of_labels(tmp_path):
    write("iepile", [ANN], tmp_path)

    lines = (tmp_path / "out" / "schema.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [["PER", "LOC", "meet"], ["from", "who"], {"meet": ["who"]}]


def test_datasets_loads_the_folder_with_its_types_and_splits(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    bare = Document("b", "Nothing.", split="train", entities=(), meta={"source": 1})

    write("huggingface", [bare, FULL, ANN], tmp_path)
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))

    assert {split: len(rows) for split, rows in found.items()} == {"train": 2, "validation": 1}
    assert found["train"][0]["relations"] is None
    assert found["validation"][0]["entities"][1]["type"] == "LOC"
    assert json.loads(found["train"][0]["meta"]) == {"source": 1}


@pytest.mark.parametrize("tokens", [None, ((0, 3), (4, 9), (10, 12), (13, 18))], ids=["spaCy's tokens", "its own tokens"])
@pytest.mark.parametrize(("start", "end"), [(0, 4), (3, 9)], ids=["blank behind", "blank before"])
def test_a_mention_with_a_blank_at_its_edge_is_counted_as_lost_by_spacy(start, end, tokens, tmp_path):
    text = "Ann lives in Rome."
    entities = (Entity(Mention(text[start:end], start, end), "PER"),)

    lost, read = write("spacy", [Document("1", text, entities=entities, tokens=tokens)], tmp_path)

    assert lost == {"mention that does not meet token borders": 1}
    assert [document.entities for document in read()] == [()]


def test_spacy_trains_on_the_docs(tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    text = "Ann  of\nRome met."
    entities = (Entity(Mention("Rome", 8, 12), "LOC"),)
    lost, _ = write("spacy", [Document("1", text, entities=entities, tokens=((0, 3), (5, 7), (8, 12), (13, 17)))], tmp_path)

    (doc,) = DocBin().from_disk(tmp_path / "out.spacy").get_docs(spacy.blank("en").vocab)
    assert lost == {}
    assert doc.text == text
    assert [token.text for token in doc if not token.is_space] == ["Ann", "of", "Rome", "met."]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Rome", "LOC")]


UNTYPED = Document(
    "1",
    "Ann met Bo.",
    entities=(Entity(Mention("Ann", 0, 3), "PER"), Entity(Mention("Bo", 8, 10), "PER")),
    relations=(Relation(None, 0, 1), Relation("met", 0, 1)),
)


@pytest.mark.parametrize(
    ("name", "lost", "kept"),
    [
        ("documents", {}, [None, "met"]),
        ("huggingface", {}, [None, "met"]),
        ("labelstudio", {}, [None, "met"]),
        ("brat", {"untyped relation": 1}, ["met"]),
        ("doccano", {"untyped relation": 1}, ["met"]),
        ("instructuie", {"untyped relation": 1}, ["met"]),
        ("iepile", {"untyped relation": 1, "place of a mention": 2}, ["met"]),
    ],
)
def test_a_relation_without_a_type_is_read_back_or_counted_as_lost(name, lost, kept, tmp_path):
    found, read = write(name, [UNTYPED], tmp_path)

    assert found == lost
    assert [relation.type for relation in read()[0].relations] == kept


@pytest.mark.parametrize("name", ["instructuie", "iepile"])
def test_no_label_is_made_of_a_relation_without_a_type(name, tmp_path):
    write(name, [UNTYPED], tmp_path)

    written = "".join(path.read_text(encoding="utf-8") for path in sorted((tmp_path / "out").iterdir()))
    assert '"met"' in written
    assert "None" not in written
    assert "null" not in written


def test_brat_files_are_numbered_where_an_id_is_taken(tmp_path):
    ids = ["a", "a", "000003", "a", "a"]

    write("brat", [Document(id, f"Text {number}.", entities=()) for number, id in enumerate(ids)], tmp_path)

    folder = tmp_path / "out" / "train"
    assert {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")} == {
        "a": "Text 0.",
        "000001": "Text 1.",
        "000003": "Text 2.",
        "000004": "Text 3.",
        "000005": "Text 4.",
    }


@pytest.mark.parametrize(("id", "name"), [("é" * 50, "é" * 50), ("é" * 51, "000000"), ("安" * 100, "000000"), ("a/b", "000000")])
def test_brat_files_are_numbered_where_an_id_is_longer_than_a_hundred_bytes_or_no_name(id, name, tmp_path):
    write("brat", [Document(id, "Ann.", entities=())], tmp_path)

    assert [path.stem for path in (tmp_path / "out" / "train").glob("*.txt")] == [name]


@pytest.mark.parametrize("text", ["a\rb", "a\r", "a\r\nb", "a\n\rb"])
def test_a_carriage_return_in_a_table_is_read_back(text, tmp_path):
    document = Document(text, text, entities=(Entity(Mention(text, 0, len(text)), text),))

    _, read = write("csv", [document], tmp_path)

    assert [(found.id, found.text, found.entities) for found in read()] == [(text, text, document.entities)]


# Converting


def parts(**splits):
    return {name.strip("_"): iter(documents) for name, documents in splits.items()}


def test_a_conversion_is_refused_with_a_count_and_leaves_nothing(tmp_path):
    with pytest.raises(CorpusError) as refused:
        convert(parts(_=[FULL]), tmp_path / "out.csv", "csv")

    assert str(refused.value) == (
        "csv cannot hold everything: event (3), relation (3), attribute (1), cluster of coreferent mentions (1), confidence (1), "
        "discontinuous mention (1), normalisation (1); --drop leaves that out."
    )
    assert list(tmp_path.iterdir()) == []


def test_what_is_dropped_on_request_is_reported_and_stands_in_the_manifest(tmp_path):
    found = convert(parts(train=[FULL], dev=[ANN]), tmp_path / "out", "csv", drop=True, source="mine")

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert found.dropped == {**LOST["csv"], "relation": 4, "event": 4} == manifest["dropped"]
    assert found.documents == {"train": 1, "dev": 1} == manifest["documents"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dev.csv", "manifest.json", "train.csv"]
    assert (manifest["settings"]["source"], manifest["read_with"]["layout"]) == ("mine", "table")


def test_a_folder_layout_gets_every_split(tmp_path):
    convert(parts(train=[FULL], dev=[ANN]), tmp_path / "out", "huggingface")

    assert {path.name for path in (tmp_path / "out").glob("*.jsonl")} == {"train.jsonl", "dev.jsonl"}


def test_nothing_is_overwritten_unasked(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("mine")

    with pytest.raises(OutputError) as refused:
        convert(parts(_=[ANN]), out, "documents")
    assert str(refused.value) == f"{out}: is there already; choose another name or say --overwrite."
    assert out.read_text() == "mine"

    convert(parts(_=[ANN]), out, "documents", overwrite=True)
    assert json.loads(out.read_text(encoding="utf-8"))["id"] == "a-1"


def test_a_layout_that_can_hold_none_of_the_documents_is_refused_even_when_dropping(tmp_path):
    with pytest.raises(CorpusError) as refused:
        convert(parts(_=[Document("1", "Ann.", events=())]), tmp_path / "out.conll", "conll", drop=True)

    assert str(refused.value) == "conll can hold none of the 1 Documents: Document not annotated for entities (1)."


def test_a_misspelt_option_or_layout_is_told(tmp_path):
    with pytest.raises(SettingsError) as option:
        convert(parts(_=[ANN]), tmp_path / "out", "conll", options={"shceme": "BIOES"})
    with pytest.raises(SettingsError) as layout:
        convert(parts(_=[ANN]), tmp_path / "out", "conl")

    assert str(option.value) == "--to conll: options.shceme: unknown key; did you mean 'scheme'?"
    assert str(layout.value).startswith("No writer is named 'conl'. Did you mean 'conll'?")


def test_a_folder_is_read_by_the_splits_its_files_are_called_after(tmp_path):
    for name, text in (("a.train.conll", "Ann B-PER\n"), ("a.valid.conll", "Bo B-PER\n"), ("readme.md", "no data")):
        (tmp_path / name).write_text(text)

    found = {split: list(documents) for split, documents in file_parts(tmp_path, "tokens").items()}

    assert {split: [document.text for document in documents] for split, documents in found.items()} == {
        "train": ["Ann"],
        "dev": ["Bo"],
    }
    assert found["dev"][0].split == "dev"


def test_a_file_without_its_layout_is_asked_for_it(tmp_path):
    path = tmp_path / "my.jsonl"
    path.write_text("{}")

    with pytest.raises(CorpusError) as asked:
        corpus_parts(str(path), data_root=None)

    assert str(asked.value) == f"{path}: say in which layout it is: --from LAYOUT; uie corpora new {path} finds out."


# Real corpora

_FOLDER = os.environ.get("UIE_CORPORA")


@pytest.mark.skipif(not _FOLDER, reason="UIE_CORPORA is not set to the folder of the real corpora")
@pytest.mark.parametrize("corpus", [name for name in dataset_names() if not name.startswith("sample_")])
def test_what_every_layout_keeps_of_a_real_corpus_is_read_back(corpus, tmp_path):
    config = load_dataset_config(corpus)
    try:
        found = first(read_corpus(config, available_splits(config)[0], data_root=Path(_FOLDER)), 60, 8_000)
    except CorpusError as error:
        pytest.skip(str(error))
    documents = [document.called(document.id, dataset=corpus, split="", lang=config.lang, meta={}) for document in found]

    for case, (name, options, _) in CASES.items():
        folders = [tmp_path / case / number for number in ("1", "2")]
        for folder in folders:
            folder.mkdir(parents=True)
        lost, read = write(name, documents, folders[0], **options)
        once = read()
        again, read_again = write(name, once, folders[1], **options)

        assert again == {}, case
        assert [said(document) for document in read_again()] == [said(document) for document in once], case
        if lost == {}:
            # What fills a role without being an entity is one in brat.
            kinds = {"text", "events"} if name == "brat" and "EE" in config.tasks else {"text", "entities", "relations", "events"}
            assert [only(document, kinds) for document in once] == [only(document, kinds) for document in documents], case


def first(documents, most, characters):
    """The first Documents: `most` of them, or those whose texts have so many characters together."""
    found = []
    for document in islice(documents, most):
        found.append(document)
        characters -= len(document.text)
        if characters < 0:
            break
    return found


def only(document, kinds):
    return {kind: what for kind, what in said(document).items() if kind in kinds}


def test_a_written_folder_is_read_back_by_its_manifest_and_the_writers_name(tmp_path):
    document = Document("a", "Ann left.", entities=(Entity(Mention("Ann", 0, 3), "PER"),), split="dev")
    convert({"dev": iter([document])}, tmp_path / "out", "csv")

    parts = file_parts(tmp_path / "out", "csv")

    assert [(found.text, found.entities) for found in parts["dev"]] == [(document.text, document.entities)]


def test_an_option_that_avoids_a_loss_is_named(tmp_path):
    document = Document("a", "Ann left.", entities=(Entity(Mention("Ann", 0, 3), "given name"),))

    with pytest.raises(CorpusError) as refused:
        convert({"": iter([document])}, tmp_path / "out", "brat")

    lost = "brat cannot hold everything: label that the layout cannot write (1); --drop leaves that out"
    assert str(refused.value) == f"{lost}; --set underscores=true writes _ for blanks in labels."
