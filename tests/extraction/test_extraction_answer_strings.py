"""Rules of answer strings get what was generated, not what was read from it."""

import json
from pathlib import Path

from gold_echo import GoldEcho

from uie.extraction.evaluation import evaluate_model
from uie.scoring.counts import Counts


def records(path: Path, format: str, rows: list[tuple[str, str]]) -> Path:
    """Three-key records with a schema, each about its own text."""
    lines = (
        {
            "instruct": "…",
            "query": text,
            "answer": answer,
            "id": f"r{number}",
            "task": "NER",
            "format": format,
            "text": text,
            "source": {"document_id": f"d{number}"},
            "schema": {"entities": ["person"]},
        }
        for number, (text, answer) in enumerate(rows)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def gold(path: Path, texts: list[str]) -> Path:
    lines = (
        {
            "id": f"d{n}",
            "text": text,
            "entities": [{"start": 0, "end": 3, "text": text[:3], "type": "person"}] if "Ann" in text else [],
        }
        for n, text in enumerate(texts)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_rule_of_answer_strings_gets_the_generations(tmp_path: Path) -> None:
    texts = ["Ann ran", "rain fell"]
    asked = records(tmp_path / "records.jsonl", "json.iepile", [(texts[0], '{"person": ["Ann"]}'), (texts[1], '{"person": []}')])
    cut_off = GoldEcho(lambda record: (record.answer or "")[:-1])  # our parser closes the bracket, json.loads does not

    def counts(rule: str) -> Counts:
        done = evaluate_model(
            "echo",
            asked,
            gold=gold(tmp_path / "gold.jsonl", texts),
            out=tmp_path / "out",
            rule=rule,
            answerer=cut_off,  # type: ignore[arg-type]
        )
        return done.scores.rows[0].counts

    assert counts("string") == Counts(1, 0, 0)
    assert counts("iepile") == Counts(0, 0, 1)


def test_a_rule_of_another_wording_gets_the_documents_written_in_it(tmp_path: Path) -> None:
    texts = ["Ann ran", "rain fell"]
    asked = records(tmp_path / "records.jsonl", "lines", [(texts[0], "Ann_person"), (texts[1], "None")])

    done = evaluate_model(
        "echo",
        asked,
        gold=gold(tmp_path / "gold.jsonl", texts),
        out=tmp_path / "out",
        rule="instructuie",
        answerer=GoldEcho(),  # type: ignore[arg-type]
    )

    assert done.scores.rows[0].counts == Counts(2, 0, 0)  # of which one is the empty answer
    assert (
        "instructuie: answer strings are compared; all documents were written as 'typed.instructuie' for it (no dataset, NER)."
        in (done.scores.notes)
    )
