"""From dev predictions to a calibration in the run, and from there to calibrated predictions."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from gold_echo import GoldEcho
from small_corpora import Built, corpus, mix

from uie.errors import RecordError, SettingsError
from uie.extraction.calibrating import calibrate_run, check_calibration
from uie.extraction.confidence import read_calibration
from uie.extraction.evaluation import evaluate_model
from uie.generation import Generation
from uie.records.record import Record
from uie.storage import file_hash


class Unsure(GoldEcho):
    """Names Rome a person in every other document. What is right it believes with 0.6, what is wrong with 0.5."""

    def answer(self, records: Sequence[Record], *, batch_size: int = 16) -> Iterator[tuple[Record, Generation]]:
        for number, record in enumerate(records):
            lines = (record.answer or "").splitlines(keepends=True)
            if number % 2:
                lines[2] = lines[2].replace("location", "person")
            ends = [len("".join(lines[:place])) for place in (1, 2, 3)]
            logprobs = [math.log(0.6), math.log(0.6), math.log(0.5 if number % 2 else 0.6)]
            yield record, Generation("".join(lines), "stop", 3, 0.1, logprobs, ends)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("calibrating")
    rows = [f"Ann{number}/PER met Bob{number}/PER in Rome{number}/LOC." for number in range(20)]
    return Built(folder / "out", mix(corpus(folder, "trips", {"train": rows[:1], "dev": rows, "test": rows[:10]}, tasks=("NER",))))


def test_a_run_is_calibrated_on_dev_and_predicts_calibrated_confidences(built: Built, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    dev, test = built.out / "dev.jsonl", built.out / "test.jsonl"
    check_calibration(run, dev)
    done = evaluate_model(str(run), dev, out=tmp_path / "dev", confidence=True, answerer=Unsure())  # type: ignore[arg-type]

    calibration = calibrate_run(run, dev, done)

    assert {name: curve.items for name, curve in calibration.curves.items()} == {"NER/entity": 60}
    assert calibration.data == file_hash(dev)
    assert read_calibration(run) == calibration
    assert [one.error_before for one in done.analysis.reliability] == [None]
    # 50 of 60 are right, believed with 0.6; 10 wrong ones with 0.5. Isotonic regression says so, but for half an item of 60.
    curve = calibration.curves["NER/entity"]
    assert (curve.method, curve(0.5), curve(0.6)) == ("isotonic", pytest.approx(0.5 / 60), pytest.approx(1 - 0.5 / 60))

    again = evaluate_model(str(run), test, out=tmp_path / "test", confidence=True, answerer=Unsure())  # type: ignore[arg-type]

    (found,) = again.analysis.reliability
    assert found.error_before == pytest.approx((25 * 0.4 + 5 * 0.5) / 30)
    assert found.calibration_error == pytest.approx(0.5 / 60)
    confidences = (entity.confidence or 0 for one in again.uncalibrated for entity in one.entities or ())
    assert {round(confidence, 6) for confidence in confidences} == {0.5, 0.6}


def test_records_of_test_are_refused(built: Built, tmp_path: Path) -> None:
    test = built.out / "test.jsonl"

    with pytest.raises(RecordError) as error:
        check_calibration(tmp_path, test)

    assert str(error.value) == (
        f"{test}: record {built.test[0].id} is of the split test: what is fitted on test cannot be judged by it; give dev records."
    )


def test_a_model_that_is_no_folder_can_hold_no_calibration(built: Built) -> None:
    with pytest.raises(SettingsError) as error:
        check_calibration(Path("org/model"), built.out / "dev.jsonl")

    assert str(error.value) == (
        "org/model: a calibration is kept in the run folder, and this is no folder; give a run of uie train."
    )
