"""build_data: a mix of corpora → records, gold Documents, manifest."""

import json
from pathlib import Path

import pytest

from uie.errors import OutputError, SettingsError, UIEError
from uie.records.build import build_data
from uie.records.mix import Mix, MixCorpus, load_mix
from uie.records.record import read_records

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
    }
    assert [Path(path).name for path in manifest["inputs"]] == ["test.jsonl", "train.jsonl"]
    assert sorted(manifest["prompts"]) == ["ner/default.en", "re/default.en"]


def test_a_bad_line_stops_the_build_and_leaves_nothing(corpus: Path, tmp_path: Path) -> None:
    train = tmp_path / "corpus" / "train.jsonl"
    train.write_text(train.read_text(encoding="utf-8") + '{"id": "x"}\n', encoding="utf-8")

    with pytest.raises(UIEError, match=r"train\.jsonl:21: .*on_error=skip"):
        build_data(mix(corpus), out=tmp_path / "out")

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
        (["corpora=[{name: sample_en, tasks: [NR]}]"], "corpora: sample_en is annotated for NER, RE, EE, not for NR."),
        (["prompts={NER: [ner/default]}"], "prompts: no wording for RE, which sample_en asks; add prompts.RE."),
        (
            ["corpora=[{name: sample_en}, {name: sample_en}]"],
            "corpora: 'sample_en' is listed 2 times; list it once, with all its tasks.",
        ),
    ],
)
def test_a_mix_that_does_not_fit_its_corpora_is_refused(overrides: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        build_data(load_mix("sample", overrides), out=tmp_path / "out")

    assert str(error.value) == message
    assert not (tmp_path / "out").exists()


def test_an_unknown_mix_names_its_neighbours() -> None:
    with pytest.raises(
        SettingsError, match=r"^No mix is named 'sampel'\. Did you mean 'sample'\? Known: demo, sample, v3, wnut17\.$"
    ):
        load_mix("sampel")


def test_every_shipped_mix_loads_and_its_prompts_exist() -> None:
    from uie.prompting import load_prompt
    from uie.records.mix import mix_names

    names = mix_names()
    assert {"sample", "v3", "wnut17"} <= set(names)
    for name in names:
        for wordings in load_mix(name).prompts.values():
            for wording in wordings:
                load_prompt(f"{wording}.en")
                load_prompt(f"{wording}.zh")
