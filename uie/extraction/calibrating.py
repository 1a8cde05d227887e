"""`calibrate_run`: a run's predictions on dev records → RUN/calibration.json, by which its later predictions are calibrated."""

from collections.abc import Iterable
from pathlib import Path

from uie.errors import RecordError, SettingsError
from uie.extraction.confidence import write_calibration
from uie.extraction.evaluation import Evaluation
from uie.records.record import read_records
from uie.scoring.calibration import Calibration, calibrate
from uie.scoring.confidence import judged
from uie.scoring.joining import join
from uie.storage import file_hash


def check_calibration(run: Path, records: Path) -> None:
    """Refuses what nothing may be calibrated by, before anything is predicted.

    Raises:
        SettingsError: the model is no folder, so that it cannot hold a calibration.
        RecordError: a record is of the split test, which calibrations are judged by.
    """
    if not run.is_dir():
        raise SettingsError(f"{run}: a calibration is kept in the run folder, and this is no folder; give a run of uie train.")
    for record in read_records(records):
        if record.split == "test":
            raise RecordError(
                f"{records}: record {record.id} is of the split test: what is fitted on test cannot be judged by it; give dev records."
            )


def calibrate_run(run: Path, records: Path, done: Evaluation, *, symmetric: Iterable[str] = ()) -> Calibration:
    """Fits a calibration to what was predicted for the records, and keeps it in the run's folder.

    Raises:
        ScoringError: no predicted item has a confidence.
    """
    judgements = judged(done.scores, join(done.gold, done.uncalibrated), symmetric=symmetric)
    calibration = calibrate(judgements, data=file_hash(records))
    write_calibration(run, calibration)
    return calibration
