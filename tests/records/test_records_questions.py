"""Documents of one corpus and split → groups of records: share, chunks, labels, copies, windows."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_corpora import Built, answered, asked, corpus, echoed, marked, mix

from uie.documents import Document, Entity, Mention
from uie.prompting import load_prompt
from uie.records.asking import asker
from uie.records.labels import sampled_kind
from uie.records.mix import Labels, MixCorpus, Windows
from uie.records.questions import pieces
from uie.records.record import Record
from uie.schema import read_schema
from uie.scoring.score import score
from uie.tasks import TASKS

FOUR = ["Ann/PER left Rome/LOC.", "Acme/ORG won Euro/MISC.", "Bob/PER spoke.", "It rained."]
NAMES = {"PER": "person", "LOC": "location", "ORG": "organization", "MISC": "other name"}


def ner(folder: Path, rows: list[Any], **settings: Any) -> str:
    return corpus(folder, "one", {"train": rows, "test": rows}, tasks=["NER"], **settings)


def groups(records: list[Record]) -> list[list[Record]]:
    """Neighbours with one beginning."""
    found: list[list[Record]] = []
    for record in records:
        if found and found[-1][0].instruct == record.instruct and found[-1][0].task == record.task:
            found[-1].append(record)
        else:
            found.append([record])
    return found


def f1s(gold: list[Document], predicted: list[Document], rule: str = "strict") -> list[float]:
    return [row.counts.f1 for row in score(gold, predicted, rule=rule).rows if row.counts.gold or row.counts.predicted]


# Groups


@pytest.mark.parametrize(("share", "sizes"), [(1, [1] * 10), (4, [2, 4, 4]), (10, [10]), (64, [10])])
def test_a_group_has_share_records(share: int, sizes: list[int], tmp_path: Path) -> None:
    name = ner(tmp_path, [f"Person{number}/PER spoke." for number in range(10)])
    labels = Labels(negatives=0.5, shuffle=True, mask=0.5, description_dropout=0.5)

    built = Built(tmp_path / "out", mix(name, share=share, labels=labels, prompts={"NER": ("ner/described", "ner/guideline")}))

    found = groups(built.train)
    if share > 1:
        assert sorted(map(len, found)) == sizes
    assert len({record.instruct for record in built.train}) <= len(sizes)
    assert len({(record.instruct, record.prompt) for record in built.train}) == len({record.instruct for record in built.train})
    assert {len({(r.prompt, str(r.schema)) for r in group}) for group in found} == {1}


def test_dev_and_test_ask_all_labels_in_order_in_the_first_wording(tmp_path: Path) -> None:
    name = ner(tmp_path, FOUR)
    labels = Labels(negatives=0, dropout=0.5, shuffle=True, mask=1, paraphrase=1, description_dropout=1, hard_negatives=1)

    built = Built(tmp_path / "out", mix(name, labels=labels, prompts={"NER": ("ner/described", "ner/brief")}))
    plain = Built(tmp_path / "plain", mix(name, prompts={"NER": ("ner/described", "ner/brief")}))

    assert built.test == plain.test
    assert {tuple(asked(record)) for record in built.test} == {("PER", "LOC", "ORG", "MISC")}
    assert {record.prompt for record in built.test} == {"ner/described.en"}


# Chunks


def test_chunks_ask_all_labels_a_few_at_a_time_in_their_order(tmp_path: Path) -> None:
    built = Built(tmp_path / "out", mix(ner(tmp_path, FOUR), share=2, labels=Labels(chunk=3)))

    for records in (built.train, built.test):
        by_document: dict[str, list[Record]] = {}
        for record in sorted(records, key=lambda record: record.id):
            by_document.setdefault(record.document_id, []).append(record)
        for id, own in by_document.items():
            assert [record.id for record in own] == [f"{id}#NER:0", f"{id}#NER:1"]
            assert [asked(record) for record in own] == [["PER", "LOC", "ORG"], ["MISC"]]
    second = [record.answer for record in sorted(built.test, key=lambda r: r.id) if record.document_id == "one/test/1"]
    assert second == ["Acme_organization", "Euro_other name"]
    assert built.row("NER", "test").records == 8
    assert built.row("NER", "test").empty == 4  # 0:1, 2:1, 3:0, 3:1


@pytest.mark.parametrize("task", list(TASKS))
def test_the_answers_of_the_chunks_together_are_the_whole_answer(task: str, tmp_path: Path) -> None:
    one = MixCorpus("sample_en", tasks=(task,), splits=("test",), limit={"test": 12})
    whole = Built(tmp_path / "whole", mix(one, format="json_spans"))
    assert len(whole.test) > 5
    for size in (1, 3):
        built = Built(tmp_path / str(size), mix(one, labels=Labels(chunk=size), format="json_spans"))

        assert {len(asked(record, sampled_kind(task))) for record in built.test} <= set(range(1, size + 1))
        if task not in ("NER1", "EEA", "RC"):  # these ask one type, one event or one pair at a time anyway
            assert len(built.test) > len(whole.test)
        chunked, at_once = ({document.id: document for document in echoed(one.test)} for one in (built, whole))
        assert not any(document.problems for document in chunked.values())
        assert {id: facts(one) for id, one in chunked.items()} == {id: facts(one) for id, one in at_once.items()}
        assert any(map(facts, chunked.values()))


def facts(document: Document) -> set[Any]:
    """What a Document says, each thing with its places; more than once counts."""
    entities = document.entities or ()
    found: Counter[Any] = Counter((entity.type, entity.mention) for entity in entities)
    found.update(
        (r.type, *((entities[end].type, entities[end].mention) for end in (r.head, r.tail))) for r in document.relations or ()
    )
    for event in document.events or ():
        found.update([(event.type, event.trigger), *((event.type, event.trigger, a.role, a.mention) for a in event.arguments)])
    return set(found.items())


def test_records_are_empty_by_what_they_say_and_not_by_how_it_is_written(tmp_path: Path) -> None:
    name = ner(tmp_path, FOUR)

    built = Built(tmp_path / "out", mix(name, format="json.iepile"))

    assert [record.answer for record in built.test][-1] == '{"person": [], "location": [], "organization": [], "other name": []}'
    assert built.row("NER", "test").empty == 1


# Labels of a group


def test_negatives_0_asks_only_what_the_group_holds(tmp_path: Path) -> None:
    name = ner(tmp_path, FOUR)

    one = Built(tmp_path / "1", mix(name, share=1, labels=Labels(negatives=0)))
    all_in_one = Built(tmp_path / "4", mix(name, share=4, labels=Labels(negatives=0)))

    by_text = {record.text: asked(record) for record in one.train}
    assert by_text["Ann left Rome."] == ["PER", "LOC"]
    assert by_text["Acme won Euro."] == ["ORG", "MISC"]
    assert by_text["Bob spoke."] == ["PER"]
    assert len(by_text["It rained."]) == 1  # something has to be asked
    assert {tuple(asked(record)) for record in all_in_one.train} == {("PER", "LOC", "ORG", "MISC")}


def test_negatives_half_asks_half_of_what_the_group_does_not_hold(tmp_path: Path) -> None:
    built = Built(tmp_path / "out", mix(ner(tmp_path, ["Ann/PER left Rome/LOC."] * 30), share=1, labels=Labels(negatives=0.5)))

    assert {tuple(asked(record)) for record in built.train} == {("PER", "LOC", "ORG"), ("PER", "LOC", "MISC")}


def test_hard_negatives_are_what_train_confuses(tmp_path: Path) -> None:
    rows = ["Paris/PER left.", "Paris/LOC burnt.", "Rome/LOC burnt.", "Rome/ORG won."]

    built = Built(tmp_path / "out", mix(ner(tmp_path, rows), share=1, labels=Labels(negatives=0, hard_negatives=1)))

    # LOC shares 1 of PER's 1 string, and 1 of ORG's 1: of equals, its name decides ("organization" has more of "location"'s pairs).
    assert {(record.text, tuple(asked(record))) for record in built.train} == {
        ("Paris left.", ("PER", "LOC")),
        ("Paris burnt.", ("LOC", "ORG")),
        ("Rome burnt.", ("LOC", "ORG")),
        ("Rome won.", ("LOC", "ORG")),
    }


def test_dropped_labels_are_neither_asked_nor_answered(tmp_path: Path) -> None:
    built = Built(tmp_path / "out", mix(ner(tmp_path, ["Ann/PER left Rome/LOC."] * 60), share=1, labels=Labels(dropout=0.5)))

    assert {tuple(asked(record)[:2]) for record in built.train} == {("PER", "LOC"), ("PER", "ORG"), ("LOC", "ORG"), ("ORG", "MISC")}
    for record in built.train:
        words = {"PER": "Ann_person", "LOC": "Rome_location"}
        assert answered(record) == ([words[label] for label in asked(record) if label in words] or ["None"])


def test_shuffled_labels_are_listed_in_another_order_and_answered_in_that_of_the_text(tmp_path: Path) -> None:
    built = Built(tmp_path / "out", mix(ner(tmp_path, ["Ann/PER left Rome/LOC."] * 150), share=1, labels=Labels(shuffle=True)))

    assert len({tuple(asked(record)) for record in built.train}) == 24
    assert {record.answer for record in built.train} == {"Ann_person\nRome_location"}
    for record in built.train:
        listed = [record.instruct.index(NAMES[label]) for label in asked(record)]
        assert listed == sorted(listed)


def test_masked_and_paraphrased_names_are_read_back_as_the_labels(tmp_path: Path) -> None:
    rows = [marked("Ann/PER left Rome/LOC for Acme/ORG.", ("LIVES", 0, 1), ("WORKS", 0, 2))] * 40
    name = corpus(tmp_path, "one", {"train": rows})
    labels = Labels(mask=0.4, paraphrase=0.5, shuffle=True, description_dropout=0.5)
    prompts = {task: (f"{task.lower()}/described",) for task in ("NER", "RE")}

    built = Built(tmp_path / "out", mix(name, share=2, labels=labels, prompts=prompts))

    first = {answered(record)[0].partition("_")[2] for record in built.train if record.task == "NER"}
    assert first == {"person", "human", "individual", "T1", "T2", "T3", "T4"}
    shown = {answered(record)[0].split("_")[1] for record in built.train if record.task == "RE"}
    assert shown == {"lives in", "R1", "R2"}
    for record in built.train:
        (document,) = echoed([record])
        assert document.problems == ()
        if record.task == "NER":
            assert [entity.type for entity in document.entities or ()] == ["PER", "LOC", "ORG"]
            for code in ("T1", "T2", "T3", "T4"):
                assert (code in record.answer.replace("\n", "_").split("_")) <= (code in record.instruct)  # type: ignore[union-attr]
    descriptions = Counter("a human being" in record.instruct for record in built.train if record.task == "NER")
    assert descriptions[True] > 5 < descriptions[False]


def test_roles_of_events_are_shuffled_masked_and_lose_descriptions(tmp_path: Path) -> None:
    labels = Labels(negatives=0, mask=1, shuffle=True)
    one = MixCorpus("sample_en", tasks=("EE", "EEA"), limit={"train": 60})

    built = Built(tmp_path / "out", mix(one, share=4, labels=labels, prompts={"EE": ("ee/guideline",)}))

    roles = [
        said for record in built.train for event in record.schema.get("events", {}).values() for said in event["roles"].values()
    ]
    assert len(roles) > 100
    assert all(said["name"].startswith("A") for said in roles)
    assert (
        len(
            {
                tuple(record.schema["events"]["acquisition"]["roles"])
                for record in built.train
                if "acquisition" in record.schema["events"]
            }
        )
        > 2
    )
    predicted = echoed(record for record in built.train if record.task == "EE")
    assert not any(document.problems for document in predicted)
    assert set(f1s(built.gold("train"), predicted)) == {1.0}


# Sometimes


def test_a_task_that_is_asked_sometimes_takes_a_share_of_train(tmp_path: Path) -> None:
    name = ner(tmp_path, [f"Person{number}/PER spoke." for number in range(200)])

    third, half = (
        Built(tmp_path / str(share), mix(MixCorpus(name, sometimes={"ES": share}), few_shot=None)) for share in (0.3, 0.5)
    )

    counts = {task: len([record for record in third.train if record.task == task]) for task in ("NER", "ES")}
    assert counts["NER"] == 200
    assert 40 < counts["ES"] < 80
    assert third.row("ES").documents == counts["ES"]
    assert {record.task for record in third.test} == {"NER"}  # a help in training
    asked_of = [{record.document_id for record in built.train if record.task == "ES"} for built in (third, half)]
    assert asked_of[0] < asked_of[1]


def test_a_task_that_is_named_and_asked_sometimes_is_tested_too(tmp_path: Path) -> None:
    name = ner(tmp_path, FOUR)

    built = Built(tmp_path / "out", mix(MixCorpus(name, tasks=("NER", "ES"), sometimes={"ES": 0.0})))

    assert [(row.split, row.task, row.records) for row in built.summary.rows] == [
        ("train", "NER", 4),
        ("train", "ES", 0),
        ("test", "NER", 4),
        ("test", "ES", 4),
    ]


def test_each_copy_draws_whether_it_is_asked(tmp_path: Path) -> None:
    name = ner(tmp_path, [f"Person{number}/PER spoke." for number in range(100)])

    built = Built(tmp_path / "out", mix(MixCorpus(name, take="upsample_2", sometimes={"ES": 0.5})))

    spans = [record for record in built.train if record.task == "ES"]
    copies = Counter(record.document_id for record in spans)
    assert set(copies.values()) == {1, 2}
    assert built.row("ES").documents == len(copies)
    assert {record.id.partition("#")[2] for record in spans} == {"ES", "ES~2"}


# Windows

SENTENCES = ["Ann/PER met Bob/PER.", "They went to Rome/LOC.", "Acme/ORG hired Cy/PER.", "It rained.", "Di/PER left."]
LONG = " ".join(SENTENCES)  # plain: 12 + 1 + 18 + 1 + 14 + 1 + 10 + 1 + 8 characters


def test_windows_tile_the_text_and_white_space_goes_to_the_first() -> None:
    text = "One two.\n\nThree four.  Five."

    found, lost = pieces(Document("d", text), Windows(12), len)

    assert [(piece.document.text, piece.start) for piece in found] == [("One two.\n\n", 0), ("Three four.  ", 10), ("Five.", 23)]
    assert lost == {}


def test_a_text_that_fits_and_a_text_that_is_not_cut_are_asked_whole() -> None:
    document = Document("d", "One two. Three.")

    assert [pieces(document, settings, len)[0] for settings in (Windows(), Windows(15))] == [
        pieces(document, Windows(), len)[0]
    ] * 2
    (one,) = pieces(document, Windows(15), len)[0]
    assert (one.document, one.start) == (document, None)


def test_the_records_of_a_cut_document_say_where_their_text_stands(tmp_path: Path) -> None:
    built = Built(tmp_path / "out", mix(ner(tmp_path, [LONG, "Short/MISC."]), windows=Windows(32)))

    assert [(record.id, record.start, record.text, record.answer) for record in built.test] == [
        ("one/test/0#NER@0", 0, "Ann met Bob. They went to Rome. ", "Ann_person\nBob_person\nRome_location"),
        ("one/test/0#NER@32", 32, "Acme hired Cy. It rained. ", "Acme_organization\nCy_person"),
        ("one/test/0#NER@58", 58, "Di left.", "Di_person"),
        ("one/test/1#NER", 0, "Short.", "Short_other name"),
    ]
    assert (built.row("NER", "test").documents, built.row("NER", "test").records) == (2, 4)
    assert {record.document_id for record in built.test} == {"one/test/0", "one/test/1"}


@pytest.mark.parametrize("overlap", [0, 20])
@pytest.mark.parametrize("chunk", [None, 2])
def test_the_answers_of_windows_and_chunks_together_are_the_gold_document(overlap: int, chunk: int | None, tmp_path: Path) -> None:
    name = ner(tmp_path, [LONG, f"{LONG} {LONG}", "Short/MISC."])

    built = Built(tmp_path / "out", mix(name, windows=Windows(34, overlap), labels=Labels(chunk=chunk), share=3))

    for split, records in (("train", built.train), ("test", built.test)):
        predicted, gold = echoed(records), built.gold(split)
        assert {document.id: document.text for document in predicted} == {document.id: document.text for document in gold}
        assert not any(document.problems for document in predicted)
        assert set(f1s(gold, predicted)) == {1.0}
        assert built.row("NER", split).lost == {}


def test_what_no_window_holds_is_counted_for_the_task_that_asks_it(tmp_path: Path) -> None:
    rows = [marked("Ann/PER slept. She lives in Rome/LOC.", ("LIVES", 0, 1)), marked("Bob/PER lives in Oslo/LOC.", ("LIVES", 0, 1))]
    name = corpus(tmp_path, "one", {"train": rows, "test": rows})

    built = Built(tmp_path / "out", mix(name, windows=Windows(22)))

    for split in ("train", "test"):
        assert built.row("NER", split).lost == {}
        assert built.row("RE", split).lost == {"relations": 1}
    predicted = {document.id: document for document in echoed(record for record in built.test if record.task == "RE")}
    assert predicted["one/test/0"].relations == ()
    assert len(predicted["one/test/1"].relations or ()) == 1
    assert built.manifest["counts"][1]["lost"] == {"relations": 1}


def test_a_mention_longer_than_a_window_is_lost_and_told(tmp_path: Path) -> None:
    text = "The Grand Old Duke of York slept."
    row = {"text": text, "entities": [{"start": 4, "end": 26, "text": text[4:26], "type": "PER"}], "relations": []}
    name = corpus(tmp_path, "one", {"train": [row]}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(name, take="upsample_2"), windows=Windows(12)))

    assert built.row("NER").lost == {"entities": 1}  # of a Document, not of each copy
    assert {record.answer for record in built.train} == {"None"}
    assert sorted(record.id for record in built.train if record.start == 0) == ["one/train/0#NER@0", "one/train/0#NER@0~2"]


def test_windows_fill_groups_like_documents(tmp_path: Path) -> None:
    name = ner(tmp_path, [LONG] * 8)  # three windows each
    built = Built(tmp_path / "out", mix(name, windows=Windows(32), share=4, labels=Labels(negatives=0.5, shuffle=True)))

    assert len(built.train) == 24
    assert {len(group) % 4 for group in groups(built.train)} == {0}


def test_windows_are_counted_in_tokens_of_a_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = Whitespace()
    words.save(str(tmp_path / "words.json"))

    built = Built(tmp_path / "out", mix(ner(tmp_path, [LONG]), windows=Windows(9, tokenizer=str(tmp_path / "words.json"))))

    # Words and full stops: 4 + 5 | 4 + 3 | 3
    assert [record.text for record in built.test] == ["Ann met Bob. They went to Rome. ", "Acme hired Cy. It rained. ", "Di left."]


def test_a_pair_and_its_kin_are_records_of_one_beginning_in_slices_of_share(tmp_path: Path) -> None:
    people = " ".join(f"P{number}/PER" for number in range(5))
    row = marked(f"{people} like Rome/LOC.", *(("LIVES", number, 5) for number in range(5)))
    name = corpus(tmp_path, "one", {"train": [row], "test": [row]})

    built = Built(tmp_path / "out", mix(MixCorpus(name, tasks=("RC",)), share=2))

    assert [record.id for record in built.test] == [f"one/test/0#RC:{number}" for number in range(5)]
    assert [record.given.triples[0].head.text for record in built.test if record.given] == ["P0", "P1", "P2", "P3", "P4"]
    numbers = [int(record.id[-1]) for record in built.train]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert all(numbers.index(even + 1) == numbers.index(even) + 1 for even in (0, 2))


def test_mentions_without_offsets_are_asked_in_the_window_that_holds_their_string() -> None:
    document = Document("d", "Ann slept. Bob woke.", entities=(Entity(Mention("Bob"), "PER"), Entity(Mention("Cy"), "PER")))

    found, lost = pieces(document, Windows(11), len)

    assert [[entity.mention.text for entity in piece.document.entities or ()] for piece in found] == [[], ["Bob"]]
    assert lost == {"entities": 1}


def test_what_the_annotators_were_not_asked_is_not_asked_of_a_model() -> None:
    schema = read_schema({"entities": ["PER", "LOC", "ORG"], "events": {"Move": {"roles": ["who", "where"]}}})
    entities = (Entity(Mention("Ann", 0, 3), "PER"),)
    asked = {"entities": {"PER": {}, "LOC": {}}, "events": {"Move": {"roles": ["who"]}}}
    document = Document("d", "Ann moves.", entities=entities, events=(), asked=asked)
    ner, ee = (asker(task, schema, load_prompt(f"{task.lower()}/default.en"), "lines") for task in ("NER", "EE"))

    (types,), (events,) = ner.ask(document), ee.ask(document)

    assert (list(types.schema["entities"]), types.answer) == (["PER", "LOC"], "Ann_PER")
    assert list(events.schema["events"]["Move"]["roles"]) == ["who"]
    assert ee.ask(replace(document, asked={"entities": {"PER": {}}})) == []
    assert list(ner.ask(replace(document, asked={"tasks": ["NER"]}))[0].schema["entities"]) == ["PER", "LOC", "ORG"]
