"""build_data: a mix of corpora → records, gold Documents, manifest."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_corpora import Built, echoed

from uie.corpora.config import load_dataset_config
from uie.documents import Document
from uie.errors import OutputError, SettingsError, UIEError
from uie.prompting import load_prompt
from uie.records.asking import asker
from uie.records.build import build_data
from uie.records.mix import Demonstrations, Labels, Mix, MixCorpus, Windows, load_mix, mix_names
from uie.records.record import read_records
from uie.records.selection import corpus_of
from uie.scoring.score import score
from uie.tasks import TASKS

CONFIG = """\
name: tiny
lang: en
layout: documents
tasks: [NER, RE]
folder: {folder}
splits:
  train: {{files: [train.jsonl]}}
  test: {{files: [test.jsonl]}}
labels:
  entities: {{PER: {{name: person}}, ORG: {{name: organization}}}}
  relations: {{WF: {{name: works for}}}}
"""


def document(number: int, split: str) -> dict[str, object]:
    name, firm = f"Ann{number}", f"Firm{number}"
    entities = [
        {"start": 0, "end": len(name), "text": name, "type": "PER"},
        {"start": len(name) + 10, "end": len(name) + 10 + len(firm), "text": firm, "type": "ORG"},
    ]
    return {
        "id": str(number),
        "split": split,
        "text": f"{name} works at {firm}.",
        "entities": entities,
        "relations": [{"type": "WF", "head": 0, "tail": 1}],
    }


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for split, count in (("train", 20), ("test", 3)):
        lines = (json.dumps(document(number, split)) for number in range(count))
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return config


def mix(corpus: Path, **settings: object) -> Mix:
    return Mix((MixCorpus(str(corpus)),), **settings)  # type: ignore[arg-type]


def test_a_record_holds_the_worded_question_and_its_answer(corpus: Path, tmp_path: Path) -> None:
    build_data(mix(corpus), out=tmp_path / "out")

    records = {record.id: record for record in read_records(tmp_path / "out" / "test.jsonl")}

    assert sorted(records) == [f"tiny/test/{n}#{task}" for n in range(3) for task in ("NER", "RE")]
    relation = records["tiny/test/1#RE"]
    assert relation.answer == "Ann1_works for_Firm1"
    assert relation.text == "Ann1 works at Firm1."
    assert relation.document_id == "tiny/test/1"
    assert relation.schema == {"lang": "en", "relations": {"WF": {"name": "works for"}}}
    assert "works for" in relation.instruct
    assert "Ann1 works at Firm1." in relation.query
    assert records["tiny/test/0#NER"].answer == "Ann0_person\nFirm0_organization"


def test_two_runs_give_the_same_bytes_and_another_seed_another_order(corpus: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        build_data(mix(corpus, seed=seed, share=4), out=tmp_path / name)

    files = {name: {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.jsonl")} for name in "abc"}

    assert len(files["a"]) == 6
    assert files["a"] == files["b"]
    assert files["a"][Path("train.jsonl")] != files["c"][Path("train.jsonl")]
    assert sorted(files["a"][Path("train.jsonl")].splitlines()) == sorted(files["c"][Path("train.jsonl")].splitlines())


def test_groups_of_share_records_stay_together_and_have_one_wording(corpus: Path, tmp_path: Path) -> None:
    prompts = {"NER": ("ner/default", "ner/brief"), "RE": ("re/default", "re/brief")}
    build_data(mix(corpus, share=5, prompts=prompts), out=tmp_path / "out")

    records = list(read_records(tmp_path / "out" / "train.jsonl"))

    groups = [records[i : i + 5] for i in range(0, len(records), 5)]
    assert len(groups) == 8
    assert all(len({(r.task, r.prompt, r.instruct) for r in group}) == 1 for group in groups)
    assert [group[0].task for group in groups] != ["NER"] * 4 + ["RE"] * 4  # they are mixed
    assert len({group[0].prompt for group in groups}) > 2  # wordings are drawn
    assert {r.prompt for r in read_records(tmp_path / "out" / "test.jsonl")} == {"ner/default.en", "re/default.en"}


def test_a_limit_takes_that_many_documents_and_a_larger_one_holds_them(corpus: Path, tmp_path: Path) -> None:
    taken = {}
    for limit in (4, 9):
        build_data(mix(corpus, limit=limit), out=tmp_path / str(limit))
        taken[limit] = {record.document_id for record in read_records(tmp_path / str(limit) / "train.jsonl")}

    assert (len(taken[4]), len(taken[9])) == (4, 9)
    assert taken[4] < taken[9]


def test_the_summary_and_the_manifest_count_what_was_written(corpus: Path, tmp_path: Path) -> None:
    summary = build_data(mix(corpus), out=tmp_path / "out")

    assert [(r.split, r.task, r.documents, r.records, r.empty) for r in summary.rows] == [
        ("train", "NER", 20, 20, 0),
        ("train", "RE", 20, 20, 0),
        ("test", "NER", 3, 3, 0),
        ("test", "RE", 3, 3, 0),
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"][0] == {
        "dataset": "tiny",
        "split": "train",
        "task": "NER",
        "documents": 20,
        "records": 20,
        "empty": 0,
        "cut": False,
        "lost": {},
        "dropped": {},
        "repeated": 0,
    }
    assert [Path(path).name for path in manifest["inputs"]] == ["test.jsonl", "train.jsonl"]
    assert sorted(manifest["prompts"]) == ["ner/default.en", "re/default.en"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_line_stops_the_build_and_leaves_nothing(workers: int, corpus: Path, tmp_path: Path) -> None:
    train = tmp_path / "corpus" / "train.jsonl"
    train.write_text(train.read_text(encoding="utf-8") + '{"id": "x"}\n', encoding="utf-8")

    with pytest.raises(UIEError, match=r"train\.jsonl:21: .*on_error=skip"):
        build_data(mix(corpus), out=tmp_path / "out", workers=workers)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "tiny.yaml"]


def test_on_error_skip_sets_a_bad_line_aside_and_counts_it(corpus: Path, tmp_path: Path) -> None:
    train = tmp_path / "corpus" / "train.jsonl"
    train.write_text('{"id": "x"}\n' + train.read_text(encoding="utf-8"), encoding="utf-8")

    summary = build_data(mix(corpus, on_error="skip"), out=tmp_path / "out")

    assert summary.rejected == 1
    (line,) = (tmp_path / "out" / "rejected" / "tiny.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["raw"] == '{"id": "x"}'
    assert summary.rows[0].records == 20


def test_a_folder_in_use_is_refused_and_kept(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError) as error:
        build_data(mix(corpus), out=out)
    with pytest.raises(OutputError) as stronger:
        build_data(mix(corpus), out=out, overwrite=True)

    assert str(error.value) == f"{out}: in use (it holds precious.txt); choose another --out or say --overwrite."
    assert str(stronger.value) == f"{out}: --overwrite removes only folders that uie wrote, and this one has no manifest.json."
    assert (out / "precious.txt").read_text(encoding="utf-8") == "mine"


def test_overwrite_replaces_what_an_earlier_build_wrote(corpus: Path, tmp_path: Path) -> None:
    build_data(mix(corpus), out=tmp_path / "out")

    build_data(mix(corpus, limit=1), out=tmp_path / "out", overwrite=True)

    assert len(list(read_records(tmp_path / "out" / "train.jsonl"))) == 2


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["corpora=[{name: sample_en, tasks: [NR]}]"],
            "corpora: sample_en: No task is named 'NR'. Did you mean 'NER' or 'NER1'? "
            "Known: EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
        ),
        (
            ["corpora=[{name: sample_en}, {name: sample_en}]"],
            "corpora: 'sample_en' is listed 2 times for train; list it once, with all its tasks.",
        ),
    ],
)
def test_a_mix_that_does_not_fit_its_corpora_is_refused(overrides: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        build_data(load_mix("sample", overrides), out=tmp_path / "out")

    assert str(error.value) == message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("share=0", "share: expected 1 or more, found 0."),
        ("limit=0", "limit: expected 1 or more, found 0."),
        ("empty=1.5", "empty: expected a share from 0 to 1, found 1.5."),
        ("temperature=0", "temperature: expected more than 0, found 0.0."),
        ("corpora=[]", "corpora: expected at least one."),
        (
            "corpora=[{name: a, take: some}]",
            "take: expected full, random, random_N, upsample_K or downsample (N, K from 1), found 'some'.",
        ),
        ("corpora=[{name: a, weight: -1}]", "weight: expected 0 or more, found -1.0."),
        ("corpora=[{name: a, limit: {train: 0}}]", "limit.train: expected 1 or more, found 0."),
        ("corpora=[{name: a, sometimes: {ES: 3}}]", "sometimes.ES: expected a share from 0 to 1, found 3.0."),
        (
            "corpora=[{name: a, splits: [tests]}]",
            "corpora: a: No split is named 'tests'. Did you mean 'test'? Known: dev, test, train.",
        ),
        ("corpora=[{name: a, weight: 2}]", "weight and task_weights say how train batches are composed; give batch, too."),
        ("task_weights={NER: 2}", "weight and task_weights say how train batches are composed; give batch, too."),
        ("task_weights={NER: -2}", "task_weights.NER: expected 0 or more, found -2.0."),
        (
            "prompts={NRE: [ner/default]}",
            "prompts: No task is named 'NRE'. Did you mean 'RE' or 'NER'? Known: EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
        ),
        ("labels.chunk=0", "labels.chunk: expected 1 or more, found 0."),
        ("labels.dropout=2", "labels.dropout: expected a share from 0 to 1, found 2.0."),
        ("labels.hard_negatives=-1", "labels.hard_negatives: expected 0 or more, found -1."),
        ("demonstrations.count=-1", "demonstrations.count: expected 0 or more, found -1."),
        ("windows.tokens=0", "windows.tokens: expected 1 or more, found 0."),
        ("windows.overlap=9", "windows.overlap: 9 without windows.tokens cuts nothing; give both."),
        ("windows={tokens: 5, overlap: 5}", "windows.overlap: expected 0 or more and less than windows.tokens (5), found 5."),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_before_anything_is_read(overrides: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_mix("sample", [overrides])

    assert str(error.value).partition("sample.yaml: ")[2] == message


def test_an_unknown_mix_names_its_neighbours() -> None:
    with pytest.raises(
        SettingsError,
        match=r"^No mix is named 'sampel'\. Did you mean 'sample'\? Known: cluener2020, conll04, demo, .*, sample, seed000, v3, wnut17, zero-shot\.$",
    ):
        load_mix("sampel")


def test_every_shipped_mix_asks_what_its_corpora_allow_in_wordings_that_fit() -> None:
    names = mix_names()
    assert {"sample", "v3", "wnut17", "seed000", "instructuie", "iepile", "gollie", "zero-shot"} <= set(names)

    for name in names:
        settings = load_mix(name)
        for one in settings.corpora:
            found = corpus_of(one, load_dataset_config(one.name))
            for task in found.tasks:
                for wording in settings.prompts[task]:
                    asker(task, found.schemas[task], load_prompt(f"{wording}.{found.lang}"), settings.format)


# The whole way: what is built, given back, is the gold again


@pytest.mark.parametrize("task", list(TASKS))
def test_gold_answers_of_a_build_given_back_are_the_gold(task: str, tmp_path: Path) -> None:
    corpora = (
        MixCorpus("sample_en", tasks=(task,), limit={"train": 40}),
        MixCorpus("sample_zh", tasks=(task,), limit={"train": 40}),
    )
    labels = Labels(shuffle=True, paraphrase=0.5, mask=0.3, description_dropout=0.5)

    built = Built(tmp_path / "out", Mix(corpora, labels=labels, format="json_spans", share=4))

    for split, least in (("train", 30), ("dev", 15), ("test", 50)):
        records = [record for record in built.records if record.split == split]
        predicted, gold = echoed(records), {document.id: document for document in built.gold(split)}
        assert len(predicted) > least
        assert not any(document.problems for document in predicted)
        rows = score([gold[document.id] for document in predicted], predicted).rows
        counts = [row.counts for row in rows if row.counts.gold or row.counts.predicted]
        assert counts
        assert {(count.false_positive, count.false_negative) for count in counts} == {(0, 0)}


EVERYTHING = {
    "labels": Labels(
        chunk=5, negatives=0.5, hard_negatives=1, shuffle=True, dropout=0.1, paraphrase=0.3, mask=0.2, description_dropout=0.3
    ),
    "windows": Windows(120, 20),
    "empty": 0.5,
    "deduplicate": True,
    "remove_leaks": True,
    "temperature": 2.0,
    "share": 4,
    "prompts": {task: (f"{task.lower()}/fewshot",) for task in ("NER", "RE", "EE")},
    "demonstrations": Demonstrations(2),
    "seed": 3,
}
SAMPLES = (
    MixCorpus(
        "sample_en", sometimes={"ES": 0.3}, take="random_30", limit={"dev": 3, "test": 3}, unseen=("money", "costs"), weight=2
    ),
    MixCorpus("sample_zh", take="upsample_2", limit={"train": 10, "dev": 3, "test": 3}),
)


def everything(**more: Any) -> Mix:
    return Mix(
        **{"corpora": SAMPLES, "batch": 6, **EVERYTHING, "prompts": {**EVERYTHING["prompts"], "ES": ("es/fewshot",)}, **more}
    )


def test_two_builds_with_every_switch_give_the_same_bytes_and_no_id_twice(tmp_path: Path) -> None:
    settings = everything()

    one, two, other = (
        Built(tmp_path / name, replace(settings, seed=seed)) for name, seed in (("1", 3), ("2", 3), ("3", 4))
    )  # reading refuses an id that comes twice

    assert one.bytes() == two.bytes()
    assert one.manifest["counts"] == two.manifest["counts"]
    assert one.bytes()["train.jsonl"] != other.bytes()["train.jsonl"]
    assert (one.bytes()["dev.jsonl"], one.gold("test")) != (b"", [])
    assert len(one.train) > 200
    marks = {record.id.partition("~")[2] for record in one.train}
    assert {"", "2"} < marks


def test_three_workers_give_the_bytes_and_counts_of_one(tmp_path: Path) -> None:
    settings = everything()

    one, three = Built(tmp_path / "1", settings), Built(tmp_path / "3", settings, workers=3)

    assert one.bytes() == three.bytes()
    assert one.manifest["counts"] == three.manifest["counts"]
    assert {**one.manifest, "settings": {}} == {**three.manifest, "settings": {}}


def test_the_order_of_the_corpora_changes_nothing_in_train_unless_batches_are_composed(tmp_path: Path) -> None:
    corpora = tuple(replace(one, weight=1) for one in SAMPLES)

    built = [
        Built(tmp_path / str(number), everything(corpora=order, batch=None))
        for number, order in enumerate((corpora, corpora[::-1]))
    ]

    assert built[0].bytes()["train.jsonl"] == built[1].bytes()["train.jsonl"]
    for split in ("dev", "test"):  # these keep the order of the corpora
        one, turned = (sorted(each.bytes()[f"{split}.jsonl"].splitlines()) for each in built)
        assert one == turned


def test_every_batch_is_composed_by_the_weights_of_corpora_and_tasks(tmp_path: Path) -> None:
    corpora = (MixCorpus("sample_en", weight=2, tasks=("NER", "RE")), MixCorpus("sample_zh", tasks=("EE",)))

    built = Built(tmp_path / "out", Mix(corpora, batch=12, task_weights={"NER": 3}, limit=40))

    parts = [f"{record.dataset}/{record.task}" for record in built.train]
    expected = {"sample_en/NER": 6, "sample_en/RE": 2, "sample_zh/EE": 4}
    assert len(parts) == 12 * 20  # 40 records of RE, 2 a batch
    assert all(Counter(parts[start : start + 12]) == expected for start in range(0, len(parts), 12))
    assert {(row.task, row.repeated) for row in built.summary.rows if row.split == "train"} == {("NER", 80), ("RE", 0), ("EE", 40)}
    assert {record.id for record in built.train if "~" not in record.id} == {
        f"{document.id}#{task}" for document in built.gold("train") for task in (("NER", "RE") if "_en" in document.id else ("EE",))
    }


def test_a_task_without_records_leaves_its_weight_to_the_others_of_its_corpus(tmp_path: Path) -> None:
    corpora = (MixCorpus("sample_en", tasks=("NER",), sometimes={"ES": 0.0}), MixCorpus("sample_zh", tasks=("NER",)))

    built = Built(tmp_path / "out", Mix(corpora, batch=4, limit=20))

    parts = [record.dataset for record in built.train]
    assert all(Counter(parts[start : start + 4]) == {"sample_en": 2, "sample_zh": 2} for start in range(0, len(parts), 4))


def test_windows_of_the_samples_tile_their_texts_and_lose_only_what_is_told(tmp_path: Path) -> None:
    one = MixCorpus("sample_en", splits=("test",))

    built = Built(tmp_path / "out", Mix((one,), windows=Windows(80), format="json_spans"))

    gold = built.gold("test")
    predicted = {document.id: document for document in echoed(built.test)}
    assert {document.id: document.text for document in predicted.values()} == {document.id: document.text for document in gold}
    lost = Counter[str]()
    for row in built.summary.rows:
        lost.update(row.lost)
    counted = {
        "entities": sum(len(d.entities or ()) for d in gold) - sum(entities_found(d, predicted[d.id]) for d in gold),
        "relations": sum(len(d.relations or ()) - len(predicted[d.id].relations or ()) for d in gold),
        "events": sum(len(d.events or ()) - len(predicted[d.id].events or ()) for d in gold),
        "arguments": sum(len(e.arguments) for d in gold for e in d.events or ())
        - sum(len(e.arguments) for d in predicted.values() for e in d.events or ()),
    }
    assert {kind: number for kind, number in counted.items() if number} == lost
    assert lost["relations"] > 3


def entities_found(gold: Document, predicted: Document) -> int:
    found = {(entity.mention, entity.type) for entity in predicted.entities or ()}
    return sum((entity.mention, entity.type) in found for entity in gold.entities or ())


def test_few_shot_and_demonstrations_and_a_chain_of_settings_meet(tmp_path: Path) -> None:
    settings = everything(few_shot=2, temperature=None, batch=None, corpora=(MixCorpus("sample_en", limit={"dev": 3, "test": 3}),))

    built = Built(tmp_path / "out", settings)

    labels = Counter(entity.type for document in built.gold("train") for entity in document.entities or ())
    assert min(labels.values()) >= 2
    train = {document.text for document in built.gold("train")}
    shown = {
        line.removeprefix("Text: ") for record in built.test for line in record.instruct.split("\n") if line.startswith("Text: ")
    }
    assert shown
    assert all(any(text.startswith(line) for text in train) for line in shown)
