"""predict and evaluate_model around an answerer that is known to be right (or wrong in a known way)."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gold_echo import GoldEcho

from uie.documents import document_from_json
from uie.errors import OutputError, RecordError, ScoringError, SettingsError
from uie.extraction.evaluation import answer_pairs, evaluate_model
from uie.extraction.inputs import Asking, kind_of_file, read_input
from uie.extraction.predict import PredictSettings, predict
from uie.records.build import build_data
from uie.records.mix import load_mix
from uie.schema import read_schema

PEOPLE = read_schema({"entities": {"PER": {"name": "person"}}})


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "records"
    build_data(load_mix("sample", ["limit=6"]), out=out)
    return out / "test.jsonl"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_predictions_come_in_the_order_of_the_input_one_document_each(records: Path, tmp_path: Path) -> None:
    summary = predict(PredictSettings("echo", records, tmp_path / "out"), answerer=GoldEcho())  # type: ignore[arg-type]

    assert (summary.documents, summary.records) == (12, 36)
    predictions = lines(tmp_path / "out" / "predictions.jsonl")
    order = list(dict.fromkeys(r["source"]["document_id"] for r in lines(records)))  # type: ignore[index]
    assert [p["id"] for p in predictions] == order
    assert all(p["problems"] == [] and {"entities", "relations", "events"} <= p.keys() for p in predictions)
    generation = lines(tmp_path / "out" / "generations.jsonl")[0]
    assert sorted(generation) == ["finish_reason", "prompt", "raw", "record_id", "seconds", "tokens"]


def test_a_killed_run_goes_on_where_it_stopped(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "killed")
    with pytest.raises(KeyboardInterrupt):
        predict(settings, answerer=GoldEcho(dies_after=10))  # type: ignore[arg-type]
    with (settings.out / "generations.jsonl").open("a", encoding="utf-8") as torn:
        torn.write('{"record_id": "sample_en/te')
    rest = GoldEcho()

    predict(settings, answerer=rest, resume=True)  # type: ignore[arg-type]
    predict(PredictSettings("echo", records, tmp_path / "whole"), answerer=GoldEcho())  # type: ignore[arg-type]

    assert len(rest.asked) == 26
    killed, whole = (tmp_path / name / "predictions.jsonl" for name in ("killed", "whole"))
    assert killed.read_bytes() == whole.read_bytes()
    assert len({row["record_id"] for row in lines(settings.out / "generations.jsonl")}) == 36


def test_a_finished_run_is_resumed_without_a_model(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("no such model", records, tmp_path / "out")
    predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]

    summary = predict(settings, resume=True)

    assert summary.records == 36
    assert summary.facts["engine"] == "echo"


def test_resuming_under_other_settings_is_refused(records: Path, tmp_path: Path) -> None:
    predict(PredictSettings("echo", records, tmp_path / "out"), answerer=GoldEcho())  # type: ignore[arg-type]

    with pytest.raises(OutputError) as error:
        predict(PredictSettings("other", records, tmp_path / "out"), answerer=GoldEcho(), resume=True)  # type: ignore[arg-type]

    assert str(error.value) == (
        f"{tmp_path / 'out'}: cannot resume: model was 'echo' and is now 'other'; give the same settings, another --out, or --overwrite."
    )


def test_a_folder_in_use_is_refused(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "out")
    predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]

    with pytest.raises(OutputError, match=r"in use \(it holds generations\.jsonl\); choose another --out or say --overwrite\.$"):
        predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]


def test_gold_answers_score_one_hundred_and_wrong_ones_what_they_are_worth(records: Path, tmp_path: Path) -> None:
    right = evaluate_model("echo", records, out=tmp_path / "right", rule="string", answerer=GoldEcho())  # type: ignore[arg-type]
    silent = GoldEcho(lambda record: "没有" if record.lang == "zh" else "None")
    nothing = evaluate_model("echo", records, out=tmp_path / "nothing", answerer=silent)  # type: ignore[arg-type]

    assert right.gold_from == str(records.parent / "documents" / "test.jsonl")
    assert {(a.task, a.counts.f1) for a in right.scores.aggregates} == {("NER", 1.0), ("RE", 1.0), ("EE", 1.0)}
    assert {(a.task, a.counts.true_positive, a.counts.false_positive) for a in nothing.scores.aggregates} == {
        ("NER", 0, 0),
        ("RE", 0, 0),
        ("EE", 0, 0),
    }


def test_a_malformed_piece_is_kept_and_counts_as_a_false_positive(records: Path, tmp_path: Path) -> None:
    answerer = GoldEcho(lambda record: f"{record.answer}\nno item" if record.id == "sample_en/test/0#NER" else record.answer or "")
    only = tmp_path / "one.jsonl"
    rows = [row for row in records.read_text(encoding="utf-8").splitlines() if json.loads(row)["task"] == "NER"]
    first = next(row for row in rows if "None" not in json.loads(row)["answer"])
    only.write_text(first + "\n", encoding="utf-8")
    answerer = GoldEcho(lambda record: f"{record.answer}\nno item")

    done = evaluate_model("echo", only, gold=records.parent / "documents" / "test.jsonl", out=tmp_path / "out", answerer=answerer)  # type: ignore[arg-type]

    (row,) = done.scores.rows
    assert (row.counts.false_positive, row.counts.false_negative) == (1, 0)
    (predicted,) = done.predicted
    assert predicted.problems == ({"kind": "malformed", "piece": "no item", "record_id": json.loads(first)["id"], "task": "NER"},)


def test_a_three_key_file_is_scored_by_string_against_its_own_answers(tmp_path: Path) -> None:
    path = tmp_path / "dev.txt"
    rows = [
        {"instruct": "提取人名、地名。", "query": "文本：王芳去了北京，又去了北京大学。", "answer": "王芳_人名\n北京_地名"},
        {"instruct": "提取人名、地名。", "query": "文本：今天下雨。", "answer": "没有"},
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    answerer = GoldEcho(lambda record: "王芳_人名\n上海_地名" if "王芳" in record.query else "没有")

    done = evaluate_model("echo", path, format="lines.seed001", out=tmp_path / "out", answerer=answerer)  # type: ignore[arg-type]

    assert done.gold_from == "answers"
    (row,) = done.scores.rows
    assert (row.rule, row.counts.true_positive, row.counts.false_positive, row.counts.false_negative) == ("string", 1, 1, 1)
    assert [p["kind"] for document in done.predicted for p in document.problems or ()] == ["ungrounded"]


def test_the_twenty_pairs_that_seed_001_prints_give_their_known_counts(tmp_path: Path) -> None:
    """Chinese-LLaMA-Alpaca-LoRA-Tuning prints 预测 and 真实 of twenty rows in its README; worked out by hand: TP 24, FP 8, FN 8."""
    pairs = lines(Path(__file__).parents[1] / "data" / "seed001_pairs.jsonl")
    path = tmp_path / "pairs.jsonl"
    rows = ({"instruct": "…", "query": f"{number}", "answer": pair["gold"]} for number, pair in enumerate(pairs))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    answerer = GoldEcho(lambda record: str(pairs[int(record.query)]["predicted"]))

    done = evaluate_model("echo", path, format="lines.seed001", out=tmp_path / "out", answerer=answerer)  # type: ignore[arg-type]

    (row,) = done.scores.rows
    assert (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative) == (24, 8, 8)
    assert (row.counts.precision, row.counts.recall, row.counts.f1) == (0.75, 0.75, 0.75)
    assert done.scores.audits[0].pieces["malformed"] == 1


def test_a_three_key_file_without_a_format_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    path.write_text('{"instruct": "a", "query": "b", "answer": "c_d"}\n', encoding="utf-8")

    with pytest.raises(RecordError) as error:
        evaluate_model("echo", path, out=tmp_path / "out", answerer=GoldEcho())  # type: ignore[arg-type]

    assert str(error.value) == "record dev#1 does not say which format its answer has; name it, such as --format lines.seed001."


def test_records_without_gold_documents_ask_for_them(records: Path, tmp_path: Path) -> None:
    moved = tmp_path / "test.jsonl"
    moved.write_bytes(records.read_bytes())

    with pytest.raises(ScoringError) as error:
        evaluate_model("echo", moved, out=tmp_path / "out", answerer=GoldEcho())  # type: ignore[arg-type]

    assert str(error.value) == f"{moved}: no gold Documents at {tmp_path / 'documents' / 'test.jsonl'}; name them with --gold."


def test_text_and_documents_are_asked_what_the_schema_holds(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Mira met Jon.\n\nNobody came.\n", encoding="utf-8")
    asking = Asking(("NER",), PEOPLE).as_trained({})

    found = list(read_input(text, asking=asking))

    assert [(record.id, record.text, record.answer) for record in found] == [
        ("notes#1#NER", "Mira met Jon.", None),
        ("notes#3#NER", "Nobody came.", None),
    ]
    assert "person" in found[0].instruct


def test_predictions_from_text_are_documents_with_offsets(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Mira met Jon.\n", encoding="utf-8")
    answerer = GoldEcho(lambda record: "Mira_person\nEve_person")

    predict(PredictSettings("echo", text, tmp_path / "out"), asking=Asking(("NER",), PEOPLE), answerer=answerer)  # type: ignore[arg-type]

    (row,) = lines(tmp_path / "out" / "predictions.jsonl")
    document = document_from_json(row)
    assert [(e.mention.text, e.mention.start, e.type) for e in document.entities or ()] == [
        ("Mira", 0, "PER"),
        ("Eve", None, "PER"),
    ]
    assert document.asked == {"lang": "en", "entities": {"PER": {"name": "person"}}, "tasks": ["NER"]}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('\n{"instruct": "a", "query": "b"}\n', "records"),
        ('{"id": "1", "text": "a"}\n', "documents"),
        ("A sentence.\n", "text"),
    ],
)
def test_a_file_says_itself_what_it_holds(content: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_text(content, encoding="utf-8")

    assert kind_of_file(path) == kind


def test_input_mistakes_are_one_line(records: Path, tmp_path: Path) -> None:
    odd, empty, text = tmp_path / "odd.jsonl", tmp_path / "empty.jsonl", tmp_path / "t.txt"
    odd.write_text('{"sentence": "a"}\n', encoding="utf-8")
    empty.write_text("\n", encoding="utf-8")
    text.write_text("a\n", encoding="utf-8")
    asking = Asking(("RE",), PEOPLE).as_trained({})

    said = []
    for path, how in ((odd, None), (empty, None), (text, None), (records, asking), (text, asking)):
        with pytest.raises((RecordError, SettingsError)) as error:
            list(read_input(path, asking=how))
        said.append(str(error.value))

    assert said == [
        f"{odd}:1: expected a Record (instruct, query), a Document (id, text) or plain text; found sentence.",
        f"{empty}: the file is empty.",
        f"{text} holds text: say what to ask, such as --task NER --schema FILE or --task NER --dataset NAME.",
        f"{records} holds Records, which say themselves what they ask; leave --task, --schema and --dataset out.",
        "task RE: the schema has no relations; add them to the schema or choose another --task.",
    ]


def test_a_limit_counts_documents_per_corpus(records: Path) -> None:
    found = list(read_input(records, asking=None, limit=2))

    assert len(found) == 12
    assert len({record.document_id for record in found}) == 4


def test_a_run_is_asked_as_it_was_trained() -> None:
    questions = {"formats": ["lines.seed001"], "prompts": ["ner/brief.zh", "re/brief.en", "ner/guideline.en"]}
    asking = Asking(("NER", "RE"), PEOPLE)

    trained, told = asking.as_trained(questions), Asking(("NER",), PEOPLE, "lines", {"NER": "ner/default"}).as_trained(questions)

    assert (trained.format, dict(trained.prompts)) == ("lines.seed001", {"NER": "ner/guideline.en", "RE": "re/brief.en"})
    assert (told.format, dict(told.prompts)) == ("lines", {"NER": "ner/default.en"})
    assert asking.as_trained({}).prompts == {"NER": "ner/default.en", "RE": "re/default.en"}


def test_another_batch_size_or_place_of_the_file_goes_on_with_the_same_answers(records: Path, tmp_path: Path) -> None:
    predict(PredictSettings("echo", records, tmp_path / "out"), answerer=GoldEcho())  # type: ignore[arg-type]
    moved = tmp_path / "moved.jsonl"
    moved.write_bytes(records.read_bytes())
    again = GoldEcho()

    predict(PredictSettings("echo", moved, tmp_path / "out", batch_size=2), answerer=again, resume=True)  # type: ignore[arg-type]

    assert again.asked == []


def test_weights_that_changed_in_between_are_not_resumed(records: Path, tmp_path: Path) -> None:
    weights = tmp_path / "model" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"first")
    settings = PredictSettings(str(weights.parent), records, tmp_path / "out")
    predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]
    predict(settings, answerer=GoldEcho(), resume=True)  # type: ignore[arg-type]
    weights.write_bytes(b"second")

    with pytest.raises(
        OutputError, match=r"out: cannot resume: weights was '[0-9a-f]{12}' and is now '[0-9a-f]{12}'; give the same"
    ):
        predict(settings, answerer=GoldEcho(), resume=True)  # type: ignore[arg-type]


def test_another_server_is_not_resumed_with(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "out", engine="openai", url="http://a/v1")
    predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]

    with pytest.raises(OutputError, match=r"cannot resume: url was 'http://a/v1' and is now 'http://b/v1';"):
        predict(replace(settings, url="http://b/v1"), answerer=GoldEcho(), resume=True)  # type: ignore[arg-type]


def test_what_auto_chooses_on_other_hardware_is_not_mixed(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        predict(settings, answerer=GoldEcho(dies_after=10))  # type: ignore[arg-type]
    other = GoldEcho()
    other.facts = {**other.facts, "dtype": "bfloat16"}

    with pytest.raises(OutputError) as error:
        predict(settings, answerer=other, resume=True)  # type: ignore[arg-type]

    assert str(error.value) == (
        f"{settings.out}: cannot resume: dtype was 'none' and is now 'bfloat16'; "
        "go on on such hardware as it was begun on, or give another --out, or --overwrite."
    )


def test_a_run_killed_before_its_last_manifest_knows_its_model(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "out")
    predict(settings, answerer=GoldEcho())  # type: ignore[arg-type]
    change_manifest(settings.out, lambda held: {**without(held, "counts"), "facts": {}, "finished": False})

    summary = predict(settings, answerer=GoldEcho(), resume=True)  # type: ignore[arg-type]

    assert summary.facts["max_new_tokens"] == 9


def test_facts_stand_in_the_manifest_before_the_first_answer(records: Path, tmp_path: Path) -> None:
    settings = PredictSettings("echo", records, tmp_path / "out")

    with pytest.raises(KeyboardInterrupt):
        predict(settings, answerer=GoldEcho(dies_after=0))  # type: ignore[arg-type]

    held = json.loads((settings.out / "manifest.json").read_text(encoding="utf-8"))
    assert (held["finished"], held["facts"]["max_new_tokens"]) == (False, 9)


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def without(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def test_an_evaluation_by_another_server_has_a_folder_of_its_own(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other, again = (
        evaluate_model("echo", records, engine="openai", url=url, answerer=GoldEcho())  # type: ignore[arg-type]
        for url in ("http://a/v1", "http://b/v1", "http://a/v1")
    )

    assert one.summary.out != other.summary.out
    assert one.summary.out == again.summary.out


def torn(path: Path, records: Path) -> tuple[Path, str]:
    """Records of NER, of which the first that has an answer says that it begins where no other record ends; its document's id."""
    rows = [row for row in lines(records) if row["task"] == "NER"]
    first = next(row for row in rows if row["answer"] != "None" and row["lang"] == "en")
    first["source"]["start"] = 4000  # type: ignore[index]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path, str(first["source"]["document_id"])  # type: ignore[index]


@pytest.mark.parametrize("confidence", [False, True], ids=["", "with confidences"])
def test_documents_whose_answers_do_not_fit_together_count_as_nothing_found(
    records: Path, tmp_path: Path, *, confidence: bool
) -> None:
    path, lost = torn(tmp_path / "torn.jsonl", records)
    gold = records.parent / "documents" / "test.jsonl"

    done = evaluate_model("echo", path, gold=gold, out=tmp_path / "out", confidence=confidence, answerer=GoldEcho())  # type: ignore[arg-type]

    assert len(done.gold) == len(done.predicted) == 12
    (nothing,) = [document for document in done.predicted if document.id == lost]
    assert nothing.entities == ()
    missed = len(next(document for document in done.gold if document.id == lost).entities or ())
    assert missed > 0
    assert sum(row.counts.false_negative for row in done.scores.rows) == missed
    assert done.scores.notes[0].startswith("1 question or document has no answer, and nothing was found there: such as ")
    assert lost in {row["id"] for row in lines(tmp_path / "out" / "predictions.jsonl")}


def test_questions_that_failed_are_noted_and_lower_rules_of_strings_too(records: Path, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    rows = [row for row in lines(records) if row["task"] == "NER" and row["lang"] == "en"]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    failing = next(str(row["id"]) for row in rows if row["answer"] != "None")
    gold = records.parent / "documents" / "test.jsonl"

    done = evaluate_model("echo", path, gold=gold, out=tmp_path / "out", rule="all", answerer=GoldEcho(fails=[failing]))  # type: ignore[arg-type]

    assert done.scores.notes[0] == (
        f"1 question or document has no answer, and nothing was found there: such as {failing}: it was told to fail."
    )
    assert len(answer_pairs(read_input(path, asking=None), tmp_path / "out")) == len(rows)
