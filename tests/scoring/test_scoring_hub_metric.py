"""The Hugging Face metric module, loaded by the real `evaluate` from its file, offline."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evaluate
import pytest
from seqeval.metrics import f1_score, precision_score, recall_score

from uie.errors import ScoringError
from uie.scoring import hub_metric

GOLD = [["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]
PREDICTED = [["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]


@pytest.fixture(scope="module")
def metric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    caches = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evaluate.config, "HF_MODULES_CACHE", str(caches / "modules"))
        patched.setattr(evaluate.loading.config, "HF_MODULES_CACHE", str(caches / "modules"))
        patched.setattr(sys, "path", list(sys.path))  # where evaluate puts the folder of the copy
        yield evaluate.load(hub_metric.PATH, cache_dir=str(caches / "results"))


def document(*entities: tuple[str, int, str], text: str = "Ann met Bob in Rome.", **more: Any) -> str:
    found = [{"start": at, "end": at + len(mention), "text": mention, "type": type} for mention, at, type in entities]
    return json.dumps({"text": text, "entities": found, **more})


def test_tags_are_counted_as_seqeval_counts_them(metric: Any) -> None:
    """The example of evaluate's own metric seqeval: one of two right."""
    found = metric.compute(predictions=PREDICTED, references=GOLD)

    assert found == {
        "overall_precision": precision_score(GOLD, PREDICTED),
        "overall_recall": recall_score(GOLD, PREDICTED),
        "overall_f1": f1_score(GOLD, PREDICTED),
        "MISC_precision": 0.0,
        "MISC_recall": 0.0,
        "MISC_f1": 0.0,
        "MISC_number": 1,
        "PER_precision": 1.0,
        "PER_recall": 1.0,
        "PER_f1": 1.0,
        "PER_number": 1,
    }
    assert found["overall_f1"] == 0.5


def test_what_is_predicted_and_what_is_gold_are_not_mixed_up(metric: Any) -> None:
    found = metric.compute(predictions=[["B-PER", "B-PER"]], references=[["B-PER", "O"]])

    assert (found["overall_precision"], found["overall_recall"]) == (0.5, 1.0)


def test_batches_may_be_added_one_after_the_other(metric: Any) -> None:
    for predicted, gold in zip(PREDICTED, GOLD, strict=True):
        metric.add(prediction=predicted, reference=gold)

    assert metric.compute()["overall_f1"] == 0.5


def test_documents_are_given_as_json(metric: Any) -> None:
    gold = [document(("Ann", 0, "PER"), ("Rome", 15, "LOC")), document(text="Nobody.")]
    predicted = [document(("Ann", 0, "PER"), ("Bob", 8, "LOC")), document(text="Nobody.")]

    found = metric.compute(predictions=predicted, references=gold)

    assert {key: found[key] for key in ("overall_f1", "PER_f1", "LOC_f1", "LOC_number")} == {
        "overall_f1": 0.5,
        "PER_f1": 1.0,
        "LOC_f1": 0.0,
        "LOC_number": 1,
    }


def test_the_rule_can_be_named(metric: Any) -> None:
    gold, predicted = [document(("Ann", 0, "PER"))], [document(("Ann", 0, "LOC"))]

    assert metric.compute(predictions=predicted, references=gold, rule="boundary")["overall_f1"] == 1.0


@pytest.mark.parametrize(
    ("rule", "f1"), [("conlleval", 0.5), ("seqeval-strict.IOB2", 0.5), ("boundary", 0.5), ("type-only", 1.0), ("partial", 7 / 8)]
)
def test_tags_under_other_rules(rule: str, f1: float) -> None:
    """The predicted MISC is one token too long: three of four tokens in common are 3/4 of a point, beside the one that is right."""
    found = hub_metric.figures(PREDICTED, GOLD, rule=rule)

    assert found["overall_f1"] == pytest.approx(f1)


def test_other_measures_stand_beside_the_chosen_one() -> None:
    relation = {"relations": [{"type": "lives in", "head": 0, "tail": 1}]}
    gold = [document(("Ann", 0, "PER"), ("Rome", 15, "LOC"), **relation)]
    predicted = [document(("Ann", 0, "PER"), ("Rome", 15, "ORG"), **relation)]

    found = hub_metric.figures(predicted, gold)
    chosen = hub_metric.figures(predicted, gold, measure="relations boundary")

    assert (found["overall_f1"], found["relations_boundary_f1"], found["relations_strict_f1"]) == (0.5, 1.0, 0.0)
    assert (chosen["overall_f1"], chosen["lives in_f1"], chosen["entities_f1"]) == (1.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("predictions", "references", "options", "message"),
    [
        ([["O"]], [], {}, "1 predictions for 0 references; give one for each."),
        (
            [["O"]],
            [["O"]],
            {"rule": "seqeval-strict.X"},
            "rule 'seqeval-strict.X': expected one of the schemes IOB1, IOE1, IOB2, IOE2, IOBES, BILOU.",
        ),
        (
            [["O"]],
            [["O"]],
            {"rule": "textee"},
            "rule 'textee' needs more than tags say; give Documents, or one of strict, conlleval, seqeval-strict.IOB1, seqeval-strict.IOE1, "
            "seqeval-strict.IOB2, seqeval-strict.IOE2, seqeval-strict.IOBES, seqeval-strict.BILOU, boundary, type-only, partial, muc, spacy, gliner.",
        ),
        (["{}"], [["O"]], {}, "references, 0: expected a Document as JSON, as the others, found list."),
        (
            [document()],
            [document()],
            {"measure": "entity"},
            "no measure is named 'entity'; scored were entities.",
        ),
    ],
)
def test_what_cannot_be_scored_is_an_error(predictions: Any, references: Any, options: dict[str, str], message: str) -> None:
    with pytest.raises(ScoringError) as error:
        hub_metric.figures(predictions, references, **options)

    assert str(error.value) == message


def test_as_a_part_of_uie_it_loads_neither_evaluate_nor_torch() -> None:
    code = "import uie.scoring.hub_metric as m, sys; print(sorted({'evaluate', 'datasets', 'torch'} & set(sys.modules)), Path(m.PATH).name)"
    done = subprocess.run([sys.executable, "-c", f"from pathlib import Path; {code}"], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[] hub_metric.py"
    assert Path(hub_metric.PATH).is_file()
