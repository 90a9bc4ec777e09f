"""What a node's child process makes of a study: the series that the rules pick, predicted once, or a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest
from dicom_objects import REPORT, write_object
from hospital import PATIENT

from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.prediction import PREDICTED, REFUSED, SKIPPED, UNUSABLE, Ending, StudyTask, predict_study
from AGE2HIELib.node.sender import objects_of
from AGE2HIELib.node.settings import Rule
from AGE2HIELib.pipeline.request import Request

pytestmark = pytest.mark.slow
ADC, RAW = Rule("scanner's ADC", image_type=("ADC",)), Rule("raw", b_values=(0.0, 1000.0), several="last")


def task_of(folder: Path, source: Path, *rules: Rule, model: Path | None = None, pattern: str = "*") -> StudyTask:
    """A node that has received the files of ``source``."""
    files = StudyFiles(folder)
    files.make()
    key = digest_of(str(source))
    files.received(key).mkdir(exist_ok=True)
    for number, path in enumerate(sorted(source.glob(pattern))):
        shutil.copy(path, files.received(key) / f"{number:05d}.dcm")
    request = Request(model=model, device="cpu", align="off", dicom=True)
    return StudyTask(files, key, files.digest(key), rules, request)


def test_the_picked_series_is_predicted_into_objects_of_the_study(
    study: Path, untrained_model: Path, tmp_path: Path
) -> None:
    task = task_of(tmp_path, study, ADC, model=untrained_model)
    assert predict_study(task) == Ending(PREDICTED, "series 6 by scanner's ADC")
    objects = objects_of(task.output / "dicom")
    assert [one.sop_class.name for one in objects].count("Comprehensive SR Storage") == 1
    header = pydicom.dcmread(next(study.iterdir()))
    for one in objects:
        made = pydicom.dcmread(one.path)
        assert (made.StudyInstanceUID, made.PatientID) == (header.StudyInstanceUID, PATIENT["PatientID"])
    before = {path: path.stat().st_mtime_ns for path in task.output.rglob("*")}
    assert predict_study(task).kind == PREDICTED  # after a kill between the prediction and its line in the queue
    assert {path: path.stat().st_mtime_ns for path in task.output.rglob("*")} == before
    assert list((tmp_path / "work").iterdir()) == []


def test_a_study_that_is_predicted_again_gives_the_same_objects(
    study: Path, untrained_model: Path, tmp_path: Path
) -> None:
    """After its result was deleted: in the PACS nothing is doubled."""
    task = task_of(tmp_path, study, ADC, model=untrained_model)
    runs = []
    for _ in range(2):
        assert predict_study(task).kind == PREDICTED
        made = [pydicom.dcmread(one.path) for one in objects_of(task.output / "dicom")]
        runs.append(sorted((one.SOPInstanceUID, one.SeriesInstanceUID, one.StudyInstanceUID) for one in made))
        task.files.forget_results(task.key)
        assert not task.output.exists()
    assert runs[0] == runs[1]
    assert len({instance for instance, _, _ in runs[0]}) == len(runs[0]) >= 8
    assert {one for _, _, one in runs[0]} == {pydicom.dcmread(next(study.iterdir())).StudyInstanceUID}


def test_a_scan_that_the_gate_refuses_has_a_report_as_well(tmp_path: Path, study: Path, untrained_model: Path) -> None:
    files = tmp_path / "half"
    files.mkdir()
    for path in study.glob("*-006-*"):
        image = pydicom.dcmread(path)
        if image.InstanceNumber <= 9:
            image.PixelData = bytes(len(image.PixelData))
        image.save_as(files / path.name)
    task = task_of(tmp_path / "node", files, model=untrained_model)
    ending = predict_study(task)
    assert ending.kind == REFUSED
    assert [one.path.name for one in objects_of(task.output / "dicom")] == ["report.dcm"]


def test_what_cannot_be_predicted_ends_with_a_reason_that_names_nobody(tmp_path: Path, study: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    for path in study.glob("*-005-*"):
        image = pydicom.dcmread(path)
        image.save_as(again / path.name)
        image.SeriesNumber, image.SeriesInstanceUID = 8, "1.2.3.8"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{image.InstanceNumber}"
        image.save_as(again / f"second-{path.name}")
    cut = tmp_path / "cut"
    shutil.copytree(study, cut)
    for path in cut.glob("*-006-000-009*"):
        path.write_bytes(path.read_bytes()[:-500])
    lacking = tmp_path / "lacking"
    shutil.copytree(study, lacking)
    next(lacking.glob("*-006-000-009*")).unlink()
    report = tmp_path / "report"
    write_object(report / "report.dcm", REPORT, "SR")
    for source, rules, kind, words in (
        (again, (), UNUSABLE, "Say by [[rules]] which is read."),
        (again, (Rule("raw", several="refuse"),), UNUSABLE, "2 series fulfil the rule 'raw': 5, 8."),
        (cut, (ADC,), UNUSABLE, "truncated"),
        (lacking, (ADC,), UNUSABLE, "lacks slices"),
        (study, (Rule("t1", description="t1"),), SKIPPED, "No series fulfils the rules."),
        (report, (), SKIPPED, "holds no MR images"),
    ):
        ending = predict_study(task_of(tmp_path / "node" / words[:4], source, *rules))
        assert ending.kind == kind, ending
        assert words in ending.reason
        assert not any(value in ending.reason for value in (*PATIENT.values(), "QUELLENTHAL", "Secret"))
        assert "--" not in ending.reason
