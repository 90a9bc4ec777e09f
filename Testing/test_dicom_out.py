"""DICOM objects of a result: they validate, say what result.json says, and lie in the patient's study."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from AGE2HIELib.cli import main
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.source import read_source
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.report.hospital.capture import slice_picture
from AGE2HIELib.report.hospital.objects import check_possible
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.tiles import choose_view
from AGE2HIELib.volume import Volume

pytestmark = pytest.mark.slow
needs_validator = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy: apt install dicom3tools")


@dataclass(frozen=True)
class Made:
    study: Path
    result: Path

    @property
    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.result / "result.json").read_text()))

    @property
    def objects(self) -> Path:
        return self.result / "dicom"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("hospital")
    study = write_phantom(folder, seed=7, file_format="dicom", injury="bgt", acquisition="6mm")
    words = ["predict", str(study), "--output", str(folder / "out"), "--dicom", "--progress", "none"]
    assert main(words) == 0
    return Made(study, folder / "out")


def items(content: pydicom.Dataset) -> Iterator[tuple[str, str, Any]]:
    """(code, meaning, value) of every item of a structured report."""
    for item in content.get("ContentSequence", []):
        name = item.ConceptNameCodeSequence[0] if "ConceptNameCodeSequence" in item else None
        value: Any = item.get("TextValue")
        if "MeasuredValueSequence" in item:
            value = float(item.MeasuredValueSequence[0].NumericValue)
        if "ConceptCodeSequence" in item:
            value = item.ConceptCodeSequence[0].CodeMeaning
        if name is not None:
            yield str(name.CodeValue), str(name.CodeMeaning), value
        yield from items(item)


def test_a_phantom_in_dicom_is_the_one_in_nifti(tmp_path: Path) -> None:
    dicom, nifti = (tmp_path / name for name in ("dicom", "nifti"))
    dicom.mkdir()
    nifti.mkdir()
    asked = {"seed": 3, "injury": "watershed", "acquisition": "4mm"}
    one = read_source(write_phantom(dicom, file_format="dicom", **asked))
    other = read_source(write_phantom(nifti, file_format="nifti", **asked))
    assert one.dwi is not None
    assert other.dwi is not None
    assert one.age_days == 3.0
    np.testing.assert_allclose(one.dwi.b_values, other.dwi.b_values)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in other.stored.shape], [1], indexing="ij")).reshape(4, -1)
    places = other.dwi.affine_ras @ corners
    indices = np.rint(np.linalg.solve(one.dwi.affine_ras, places)[:3]).astype(int)
    np.testing.assert_allclose((one.dwi.affine_ras @ [*indices, np.ones(8)])[:3], places[:3], atol=1e-3)
    rng = np.random.default_rng(0)  # the same place has the same signal, whatever the order of the voxels
    inside = np.array([rng.integers(0, n, 500) for n in other.stored.shape])
    there = np.linalg.solve(one.dwi.affine_ras, other.dwi.affine_ras @ [*inside, np.ones(500)])[:3]
    i, j, k = np.rint(there).astype(int)
    for volume in range(len(one.dwi.b_values)):
        np.testing.assert_array_equal(one.dwi.array[volume, i, j, k], other.dwi.array[volume, *inside])


@needs_validator
def test_a_validator_finds_no_error(made: Made) -> None:
    files = [next(made.study.glob("005-001-*")), next(made.study.glob("006-*")), *sorted(made.objects.iterdir())]
    for file in files:
        told = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
        assert "Error" not in told.stdout + told.stderr, f"{file.name}: {told.stderr}"


def test_the_report_says_what_the_record_says(made: Made) -> None:
    record, report = made.record, pydicom.dcmread(made.objects / "report.dcm")
    source = pydicom.dcmread(next(made.study.glob("005-*")), stop_before_pixels=True)
    for key in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID"):
        assert report[key].value == source[key].value
    assert report.SeriesInstanceUID != source.SeriesInstanceUID
    found = list(items(report))
    by_meaning = {meaning: value for _, meaning, value in found}
    assert by_meaning["Demonstration score"] == pytest.approx(record["probability_adverse"], rel=1e-9)
    assert by_meaning["Lower end of its 90 % interval"] == pytest.approx(record["interval"][0], rel=1e-9)
    assert by_meaning["Upper end of its 90 % interval"] == pytest.approx(record["interval"][1], rel=1e-9)
    assert not [meaning for _, meaning, _ in found if "Probability" in meaning]  # of a demonstration nothing is claimed
    for check in record["quality"]["checks"]:
        values = [value for _, meaning, value in found if meaning == check["name"]]
        assert "passed" in values
        if isinstance(check["value"], float):
            assert any(isinstance(v, float) and v == pytest.approx(check["value"], rel=1e-9) for v in values)
    texts = [str(value) for _, meaning, value in found if meaning == "Algorithm Parameters"]
    assert any(record["model"]["sha256"] in text for text in texts)
    assert any("Research use only" in text for text in texts)
    ours = {(code, meaning) for code, meaning, _ in found if code.startswith("check-")}
    assert len({code for code, _ in ours}) == len({meaning for _, meaning in ours})  # no two checks share a code
    assert max(len(code) for code, _ in ours) <= 16
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    named = {item.ReferencedSOPInstanceUID for series in evidence for item in series.ReferencedSOPSequence}
    read = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in made.study.glob("005-*")}
    assert named == read


def test_captures_lie_in_the_study_and_say_what_they_are(made: Made) -> None:
    files = sorted(made.objects.glob("saliency-*.dcm"))
    brain = _mask(made)
    assert len(files) == int(brain.any(axis=(0, 1)).sum())
    images = [pydicom.dcmread(file) for file in files]
    assert {image.StudyInstanceUID for image in images} == {
        pydicom.dcmread(made.objects / "report.dcm").StudyInstanceUID
    }
    assert len({image.SeriesInstanceUID for image in images}) == 1
    assert [image.InstanceNumber for image in images] == list(range(1, len(files) + 1))
    assert {tuple(image.PatientOrientation) for image in images} == {("L", "P")}
    assert {image.pixel_array.shape for image in images} == {images[0].pixel_array.shape}


def _mask(made: Made) -> np.ndarray:
    from AGE2HIELib.io.images import read_volume
    from AGE2HIELib.orientation import to_canonical

    return to_canonical(read_volume(made.result / "brain_mask.nii.gz")).array > 0


@pytest.mark.parametrize("side", ["right", "left"])
def test_left_is_left_in_captures(side: str) -> None:
    """Canonical voxels run to the right, to the front and up; the right side is on the left of a picture."""
    shape = (40, 48, 10)
    ball = np.zeros(shape, np.float32)
    ball[30:34, 30:36, 4:7] = 1.0
    if side == "left":
        ball = ball[::-1].copy()
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    brain = Volume(np.ones(shape, bool), affine)
    maps = Maps(brain.like(np.full(shape, 1000, np.float32)), brain, None, brain.like(ball))
    record = {"demonstration": True, "saliency": {"title": "T", "meaning": "m"}}
    view = choose_view(brain, columns=1, tile_width=512)
    picture = slice_picture(record, maps, 5, view, "slice 1 of 1").astype(int)
    tile = picture[44 : 44 + view.size[1]]
    coloured = np.ptp(tile, axis=2) > 60
    columns, rows = np.argwhere(coloured)[:, 1].mean(), np.argwhere(coloured)[:, 0].mean()
    assert (columns < view.size[0] / 2) == (side == "right")
    assert rows < view.size[1] / 2  # in front


def test_a_refused_scan_has_a_report_without_a_number(made: Made, tmp_path: Path) -> None:
    mask = tmp_path / "mask.nii.gz"
    from AGE2HIELib.io.images import read_volume, write_volume

    brain = read_volume(made.result / "brain_mask.nii.gz")
    half = brain.array.copy()
    half[: half.shape[0] // 2] = 0
    write_volume(brain.like(half), mask)
    words = ["predict", str(made.study), "--output", str(tmp_path / "out"), "--dicom", "--mask", str(mask)]
    assert main([*words, "--progress", "none"]) == 3
    assert [file.name for file in (tmp_path / "out" / "dicom").iterdir()] == ["report.dcm"]
    found = list(items(pydicom.dcmread(tmp_path / "out" / "dicom" / "report.dcm")))
    meanings = {meaning for _, meaning, _ in found}
    assert not {"Demonstration score", "Lower end of its 90 % interval"} & meanings
    assert ("Quality gate", "No number is given: see the checks") in {(meaning, value) for _, meaning, value in found}
    assert "refused" in [value for _, meaning, value in found if meaning == "largest cut through the brain"]


def test_other_formats_and_a_missing_package_are_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no DICOM"):
        check_possible("adc-mha")
    monkeypatch.setattr("AGE2HIELib.report.hospital.objects.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"age2hie\[dicom\]"):
        check_possible("adc-dicom")
