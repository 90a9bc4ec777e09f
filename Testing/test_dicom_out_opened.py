"""DICOM out, opened by what hospitals and Slicer open it with: DCMTK, and the reader of Slicer's volumes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from hospital import PATIENT, Run

from AGE2HIELib.report.hospital.capture import captures
from AGE2HIELib.report.hospital.multiframe import Study, reference_image
from AGE2HIELib.report.hospital.planes import planes_of
from AGE2HIELib.report.hospital.stamp import Stamp
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.volume import Volume

NEEDS_DCMTK = pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump is not installed (dcmtk)")
_NUMBER = re.compile(r'<contains NUM:\(,,"(?P<name>[^"]+)"\)="(?P<value>[^"]+)" \((?P<unit>[^,]+),UCUM,')
_TEXT = re.compile(r'TEXT:\(,,"(?P<name>[^"]+)"\)="(?P<text>.*)">$', re.MULTILINE)
_CODE = re.compile(r'<contains CODE:\(,,"(?P<name>[^"]+)"\)=\([^,]+,99AGE2HIE,"(?P<meaning>[^"]+)"\)>')
_NO_NUMBER = {"Demonstration score", "Probability of an adverse outcome at two years"}


def dump(run: Run) -> str:
    """What dsrdump says of the report, long values in full; a complaint fails the test."""
    file = run.folder / "dicom" / "report.dcm"
    done = subprocess.run(["dsrdump", "+Pl", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
    return done.stdout


def numbers(said: str) -> dict[str, tuple[float, str]]:
    return {found["name"]: (float(found["value"]), found["unit"]) for found in _NUMBER.finditer(said)}


@NEEDS_DCMTK
def test_dcmtk_reads_the_number_of_the_record(predicted: Run) -> None:
    record, said = predicted.record, dump(predicted)
    assert "Comprehensive SR Document" in said
    assert f"Patient             : {PATIENT['PatientName']}" in said
    found = numbers(said)
    low, high = record["interval"]
    wanted = {
        "Demonstration score": record["probability_adverse"],
        "Lower end of its 90 % interval": low,
        "Upper end of its 90 % interval": high,
        "Threshold of the model": record["threshold"],
    }
    assert {name: found[name] for name in wanted} == {n: (pytest.approx(v, abs=1e-9), "1") for n, v in wanted.items()}


@NEEDS_DCMTK
def test_dcmtk_reads_the_model_of_the_record(predicted: Run) -> None:
    record, said = predicted.record, dump(predicted)
    texts = [(found["name"], found["text"]) for found in _TEXT.finditer(said)]
    # of the number, the injury scores and the gate
    assert texts.count(("Algorithm Name", record["model"]["name"])) == 3
    assert texts.count(("Algorithm Version", record["model"]["version"])) == 3
    assert texts.count(("Algorithm Parameters", f"Model SHA-256: {record['model']['sha256']}")) == 3
    assert ("Algorithm Parameters", "Research use only. Not a medical device.") in texts


@NEEDS_DCMTK
@pytest.mark.parametrize("which", ["predicted", "refused"])
def test_dcmtk_reads_the_checks_of_the_record(which: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(which)
    said = dump(run)
    checks = run.record["quality"]["checks"]
    measured = {check["name"]: float(check["value"]) for check in checks if isinstance(check["value"], int | float)}
    assert len(measured) >= 8
    found = numbers(said)
    assert {name: value for name, (value, _unit) in found.items() if name in measured} == pytest.approx(measured)
    assert found["brain volume"][1] == "ml"
    assert found["median ADC of the brain"][1] == "um2/s"
    verdicts = {found["name"]: found["meaning"] for found in _CODE.finditer(said)}
    for check in checks:
        wanted = "passed" if check["passed"] else {"warn": "warning", "refuse": "refused"}[check["severity"]]
        assert verdicts[check["name"]] == wanted
    assert bool(_NO_NUMBER & found.keys()) == (which == "predicted")


@NEEDS_DCMTK
def test_dcmtk_takes_every_object_for_a_dicom_file(predicted: Run, refused: Run) -> None:
    paths = [str(path) for run in (predicted, refused) for path in sorted((run.folder / "dicom").iterdir())]
    done = subprocess.run(["dcmftest", *paths], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"yes: {path}" for path in paths]


def captured(run: Run) -> list[Path]:
    return sorted((run.folder / "dicom").glob("saliency-*.dcm"))


@pytest.mark.host
def test_slicer_opens_the_captures_as_the_stack_that_they_are(host: Any, predicted: Run) -> None:
    """As its DICOM module does with a colour series; the lowest slice is first, and nothing is turned round."""
    import vtk

    files = captured(predicted)
    names = vtk.vtkStringArray()
    for path in files:
        names.InsertNextValue(str(path))
    node = host.slicer.modules.volumes.logic().AddArchetypeVolume(str(files[0]), "captures", 0, names)
    assert node.GetClassName() == "vtkMRMLVectorVolumeNode"
    read = [pydicom.dcmread(path) for path in files]
    assert [file.InstanceNumber for file in read] == list(range(1, len(files) + 1))
    np.testing.assert_array_equal(host.slicer.util.arrayFromVolume(node), [file.pixel_array for file in read])
    rows_mm, columns_mm = read[0].PixelSpacing
    np.testing.assert_allclose(node.GetSpacing()[:2], (columns_mm, rows_mm), rtol=1e-6)
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    directions = np.sign(host.slicer.util.arrayFromVTKMatrix(matrix)[:3, :3].diagonal())
    np.testing.assert_array_equal(directions, (-1, -1, 1))  # columns to the left, rows to the back, slices upwards


@pytest.mark.host
def test_slicer_opens_one_capture_alone(host: Any, predicted: Run) -> None:
    path = captured(predicted)[len(captured(predicted)) // 2]
    storage = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode")
    storage.SetFileName(str(path))
    storage.SetSingleFile(1)
    assert storage.ReadData(node) == 1
    pixels = pydicom.dcmread(path).pixel_array
    assert np.ptp(pixels.astype(int), axis=2).max() > 60  # it does hold colour
    np.testing.assert_array_equal(host.slicer.util.arrayFromVolume(node), pixels[None])


def test_distances_in_a_capture_are_true(study: Path) -> None:
    """Two hot places 60 mm apart to the side and 50 mm to the back, in a picture that is enlarged unevenly."""
    adc = Volume(np.full((50, 40, 1), 1200.0, np.float32), np.diag([2.0, 2.5, 4.0, 1.0]))
    hot = np.zeros(adc.array.shape, np.float32)
    for place in ((8, 8), (38, 28)):
        hot[place[0] - 1 : place[0] + 2, place[1] - 1 : place[1] + 2] = 1.0
    maps = Maps(adc, adc.like(np.ones(adc.array.shape, bool)), adc.like(hot), adc.like(hot))
    saliency = SimpleNamespace(title="map", meaning="what raised it")
    record: Any = SimpleNamespace(saliency=saliency, demonstration=False)
    header = pydicom.dcmread(next(study.iterdir()), stop_before_pixels=True)
    planes, stamp = planes_of(adc.grid, []), Stamp("key", "20260101", "120000")
    image = next(captures(Study(record, reference_image(header, planes, stamp), planes, stamp, None, True), maps))
    pixels = image.pixel_array.astype(int)
    rows, columns = np.nonzero(pixels[..., 0] - pixels[..., 2] > 60)
    upper = rows < np.median((rows.min(), rows.max()))
    spots = [np.array((rows[part].mean(), columns[part].mean())) for part in (upper, ~upper)]
    np.testing.assert_allclose(np.abs(spots[1] - spots[0]) * image.PixelSpacing, (50, 60), atol=1)
