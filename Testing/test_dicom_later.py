"""DICOM objects of a result that was made without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hospital import PATIENT, Run, half_study
from test_dicom_again import sums


def write_later(result: Path, study: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "AGE2HIELib.cli", "dicom", result, "--input", study, "--output", out, *more]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def copied(result: Path, to: Path) -> Path:
    """A result without its objects."""
    to.mkdir()
    for path in result.iterdir():
        if path.is_file():
            (to / path.name).write_bytes(path.read_bytes())
    return to


def test_objects_written_later_are_those_of_the_prediction_byte_for_byte(
    predicted: Run, study: Path, tmp_path: Path
) -> None:
    result = copied(predicted.folder, tmp_path / "result")
    before = sums(result)
    done = write_later(result, study, tmp_path / "objects", "--progress", "jsonl")
    assert done.returncode == 0, done.stderr
    assert sums(tmp_path / "objects") == sums(predicted.folder / "dicom")
    assert sums(result) == before
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["dicom", "result"]
    assert not any(value in done.stdout + done.stderr for value in PATIENT.values())


def test_a_refused_scan_has_a_report_alone(refused: Run, study: Path, tmp_path: Path) -> None:
    half = half_study(study, tmp_path)
    done = write_later(copied(refused.folder, tmp_path / "result"), half, tmp_path / "objects")
    assert done.returncode == 0, done.stderr
    assert sums(tmp_path / "objects") == sums(refused.folder / "dicom")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("scan", "was made from another scan"),
        ("format", "is no DICOM"),
        ("map", "does not hold all maps"),
        ("record", "result.json"),
    ],
)
def test_what_does_not_belong_together_is_one_line_and_nothing_is_written(
    wrong: str, said: str, predicted: Run, study: Path, infant_file: Path, tmp_path: Path
) -> None:
    result = copied(predicted.folder, tmp_path / "result")
    scan = {"scan": lambda: half_study(study, tmp_path), "format": lambda: infant_file}.get(wrong, lambda: study)()
    for name in {"map": ["adc.nii.gz"], "record": ["result.json"]}.get(wrong, []):
        (result / name).unlink()
    done = write_later(result, scan, tmp_path / "objects")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "objects").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
