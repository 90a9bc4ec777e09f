"""DICOM out, on a study with a known patient: objects that validate and agree with result.json; no trace elsewhere."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hospital import PATIENT, Run, atlas_of, predict
from PIL import Image

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.io.coordinates import series_to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import read_source
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.report.hospital.capture import slice_picture
from AGE2HIELib.report.hospital.objects import check_possible, write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.tiles import choose_view
from AGE2HIELib.result.findings import SCORE_HEADING
from AGE2HIELib.result.stored import parse_result
from AGE2HIELib.system.logs import write_traceback
from AGE2HIELib.volume import Volume

WORDS = (
    "quellenthal", "zenobia", "mrn-7731905", "7731905", "acc-558213", "558213", "wyttenbach", "obermoser", "tiberius",
    "20200101", "2020-01-01", "01.01.2020", "01/01/2020", "2020/01/01",
)  # fmt: skip


@pytest.fixture(scope="module")
def moved(study: Path, untrained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return predict(study, untrained_model, tmp_path_factory.mktemp("m") / "out", "--dicom", "--prevalence", "0.15")


def test_a_study_is_the_nifti_phantom_of_its_seed(study: Path, tmp_path: Path) -> None:
    nifti = write_phantom(tmp_path, seed=3, file_format="nifti", injury="bgt", acquisition="6mm")
    one, other = (series_to_canonical(read_source(path).dwi) for path in (study, nifti))
    np.testing.assert_array_equal(one.array, other.array)
    assert one.grid.same_as(other.grid, 1e-3)
    np.testing.assert_allclose(np.abs((one.directions_ras * other.directions_ras).sum(axis=1)), [0, 1, 1, 1], atol=1e-4)
    np.testing.assert_allclose(adc_map(one).adc.array, adc_map(other).adc.array, rtol=1e-5)


def test_every_image_of_a_study_has_its_own_uid(tmp_path: Path) -> None:
    made = write_phantom(tmp_path, seed=3, file_format="dicom", injury="none", acquisition="2mm")
    paths = list(made.iterdir())
    uids = {pydicom.dcmread(p, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).SOPInstanceUID for p in paths}
    assert len(uids) == len(paths) == 15 * 54


def test_the_age_is_that_of_the_dates(study: Path) -> None:
    assert read_source(study).age_days == 3


def items(run: Run) -> list[pydicom.Dataset]:
    found: list[pydicom.Dataset] = []

    def walk(item: pydicom.Dataset) -> None:
        found.append(item)
        for child in item.get("ContentSequence", []):
            walk(child)

    walk(hd.sr.srread(run.folder / "dicom" / "report.dcm"))
    return found


def numbers(run: Run) -> dict[str, float]:
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: float(item.MeasuredValueSequence[0].NumericValue)
        for item in items(run)
        if item.get("ValueType") == "NUM"
    }


def test_the_report_has_the_numbers_of_the_record(predicted: Run) -> None:
    assert predicted.code == 0, predicted.said
    record, found = predicted.record, numbers(predicted)
    heading = "Demonstration score" if record["demonstration"] else "Probability of an adverse outcome at two years"
    assert found[heading] == pytest.approx(record["probability_adverse"], abs=1e-6)
    assert found["Lower end of its 90 % interval"] == pytest.approx(record["interval"][0], abs=1e-6)
    for check in record["quality"]["checks"]:
        if isinstance(check["value"], float):
            assert found[check["name"]] == pytest.approx(check["value"], rel=1e-4), check["name"]
    words = " ".join(str(item.get("TextValue", "")) for item in items(predicted))
    assert record["model"]["sha256"] in words
    assert "Research use only" in words


def evaluations(run: Run) -> dict[str, str]:
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.ConceptCodeSequence[0].CodeMeaning
        for item in items(run)
        if item.get("ValueType") == "CODE"
    }


def test_the_report_says_for_which_prevalence_its_numbers_hold(predicted: Run, moved: Run) -> None:
    for run, holds_for, basis in (
        (predicted, 0.4, "That of the cases the model was calibrated on"),
        (moved, 0.15, "Given by the user; assumes that nothing but it differs"),
    ):
        found = numbers(run)
        assert found["Prevalence of adverse outcomes that these numbers hold for"] == holds_for
        assert found["Prevalence that the model was calibrated at"] == 0.4
        assert found["Demonstration score"] == pytest.approx(run.record["probability_adverse"], abs=1e-6)
        assert evaluations(run)["Basis of the prevalence"] == basis
    assert numbers(moved)["Demonstration score"] < numbers(predicted)["Demonstration score"]


def test_the_report_has_the_injury_scores_of_the_record(predicted: Run, refused: Run) -> None:
    said = evaluations(predicted)
    assert said["Basis of the injury scores"] == SCORE_HEADING
    words = " ".join(str(item.get("TextValue", "")) for item in items(predicted))
    assert [score["name"] for score in predicted.record["scores"]][:3] == ["barkovich_bgt", "barkovich_ws", "nichd"]
    for score in predicted.record["scores"]:
        assert said[score["title"]] == score["value"]
        assert f"{score['title']}, {SCORE_HEADING}: {score['value']} ({score['meaning']})" in words
        assert score["cannot_see"] in words
    assert refused.record["scores"] == []
    assert "Basis of the injury scores" not in evaluations(refused)


def test_objects_are_in_the_patients_study(predicted: Run, study: Path) -> None:
    scan = pydicom.dcmread(next(study.iterdir()), stop_before_pixels=True)
    files = [pydicom.dcmread(path) for path in (predicted.folder / "dicom").iterdir()]
    for file in files:
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID"):
            assert file[keyword].value == scan[keyword].value
        assert file.SeriesInstanceUID != scan.SeriesInstanceUID
    assert len({file.SOPInstanceUID for file in files}) == len(files) > 10
    names = {path.stem.rsplit("-0", 1)[0] for path in (predicted.folder / "dicom").iterdir()}
    assert names >= {"report", "map-adc", "map-z", "map-saliency", "segmentation-regions", "saliency"}
    assert len({file.SeriesInstanceUID for file in files}) == len(names)


def test_a_refused_scan_has_a_report_that_says_why_and_no_number(refused: Run) -> None:
    assert refused.code == 3, refused.said
    assert [path.name for path in (refused.folder / "dicom").iterdir()] == ["report.dcm"]
    assert not {"Demonstration score", "Probability of an adverse outcome at two years"} & set(numbers(refused))
    words = " ".join(str(item.get("TextValue", "")) for item in items(refused))
    failed = [check for check in refused.record["quality"]["checks"] if not check["passed"]]
    assert failed
    for check in failed:
        assert f"(must be {check['limit']}): " in words
        assert check["remedy"] in words


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (dicom3tools)")
def test_the_validator_finds_no_error(predicted: Run, moved: Run, refused: Run, study: Path) -> None:
    paths = [*(predicted.folder / "dicom").iterdir(), *(refused.folder / "dicom").iterdir(), *sorted(study.iterdir())]
    paths.append(moved.folder / "dicom" / "report.dcm")
    for path in paths:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in done.stdout + done.stderr, (path.name, done.stderr)
        assert "Abort" not in done.stderr


def of_map(title: str, meaning: str) -> Any:
    """What a picture asks of a result."""
    return SimpleNamespace(saliency=SimpleNamespace(title=title, meaning=meaning), demonstration=True)


def test_left_is_left_in_a_capture() -> None:
    """The map is hot in the patient's left half alone, which a reader looks for on the right."""
    adc = Volume(np.full((40, 40, 3), 1200.0, np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))
    hot = np.zeros(adc.array.shape, np.float32)
    hot[8:12, 18:22, 1] = 1.0  # x grows to the right of the patient: low i is left
    maps = Maps(adc, adc.like(np.ones(adc.array.shape, bool)), adc.like(hot), adc.like(hot))
    record = of_map("map", "what raised it")
    picture = slice_picture(record, maps, 1, choose_view(maps.brain, columns=1, tile_width=512), "slice 2 of 3")
    picture = picture[60:-50].astype(int)  # without the words
    columns = np.flatnonzero((picture[..., 0] - picture[..., 2] > 60).any(axis=0))
    assert columns.size
    assert columns.min() > 512 / 2


@pytest.mark.parametrize("title", [method.title for method in METHODS.values()])
def test_no_heading_of_a_capture_is_cut_off(title: str) -> None:
    adc = Volume(np.full((40, 40, 3), 1200.0, np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))
    maps = Maps(adc, adc.like(np.ones(adc.array.shape, bool)), adc, adc)
    record = of_map(title, "evidence for an adverse outcome")
    picture = slice_picture(record, maps, 1, choose_view(maps.brain, columns=1, tile_width=512), "slice 22 of 57")
    words = picture[:22].astype(int).max(axis=(0, 2)) > 60
    assert words.any()
    assert not words[-4:].any()


def test_a_study_without_what_may_be_empty_and_without_preamble_gets_its_objects(
    predicted: Run, study: Path, tmp_path: Path
) -> None:
    """As a de-identifier leaves it; and a model's name need not fit the scan's character set."""
    file = pydicom.dcmread(min(study.iterdir()))
    for keyword in ("AccessionNumber", "StudyID", "PatientBirthDate", "PatientSex", "StudyTime", "PatientName"):
        if keyword in file:
            delattr(file, keyword)
    bare = tmp_path / "IM1"
    file.save_as(bare, enforce_file_format=False)
    bare.write_bytes(bare.read_bytes()[132:] if bare.read_bytes()[128:132] == b"DICM" else bare.read_bytes())
    content = predicted.record
    content["atlas"]["name"] = "Zoës Atlas 脳"
    record = parse_result(json.dumps(content))
    maps = Maps(*(read_volume(predicted.folder / f"{name}.nii.gz") for name in ("adc", "brain_mask")))
    write_objects(record, maps, atlas_of(), [bare], tmp_path / "dicom")
    report = pydicom.dcmread(tmp_path / "dicom" / "report.dcm")
    assert (report.AccessionNumber, report.StudyID, str(report.PatientName)) == ("", "", "")
    assert report.SpecificCharacterSet == "ISO_IR 192"
    own = pydicom.dcmread(predicted.folder / "dicom" / "report.dcm").get("SpecificCharacterSet")
    assert own == pydicom.dcmread(min(study.iterdir())).get("SpecificCharacterSet")
    assert "Zoës Atlas 脳".encode() in (tmp_path / "dicom" / "report.dcm").read_bytes()


@pytest.mark.parametrize("kind", ["dwi-nifti", "adc-mha", "dwi-nrrd"])
def test_other_formats_have_no_study(kind: str) -> None:
    with pytest.raises(InputError, match="is no DICOM"):
        check_possible(kind)


def test_a_missing_highdicom_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AGE2HIELib.report.hospital.objects.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install highdicom"):
        check_possible("dwi-dicom")


@pytest.mark.parametrize("error", [ImportError("of pydicom"), AttributeError("moved")])
def test_a_highdicom_that_does_not_load_has_a_remedy(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(name: str) -> None:
        raise error

    monkeypatch.setattr("AGE2HIELib.report.hospital.objects.import_module", broken)
    with pytest.raises(InputError, match=r"is there and does not load .*pip install --force-reinstall highdicom"):
        check_possible("dwi-dicom")


def content(path: Path) -> str:
    if path.suffix == ".png":
        with Image.open(path) as picture:
            return str(picture.info)
    data = path.read_bytes()
    return (gzip.decompress(data) if path.name.endswith(".gz") else data).decode("latin-1")


def traces(text: str) -> list[str]:
    return [word for word in WORDS if word in text.lower()]


@pytest.mark.parametrize("which", ["predicted", "refused"])
def test_nothing_outside_the_dicom_objects_tells_the_patient(which: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(which)
    assert traces(run.said) == []
    files = [path for path in run.folder.rglob("*") if path.is_file() and path.parent.name != "dicom"]
    assert {path.name for path in files} >= {"result.json", "report.html", "overlay.png", "adc.nii.gz"}
    for path in files:
        assert traces(content(path)) == [], path.name
    assert "age_days" not in (run.folder / "result.json").read_text()
    assert "quellenthal" in content(run.folder / "dicom" / "report.dcm").lower()  # the search does find


def test_a_traceback_keeps_no_words_of_an_exception(tmp_path: Path) -> None:
    try:
        try:
            raise ValueError(f"bad header of {PATIENT['PatientName']}")
        except ValueError as error:
            raise KeyError("/data/QUELLENTHAL_ZENOBIA_20200101/1.dcm") from error
    except KeyError:
        log = write_traceback(tmp_path / "out").read_text()
    assert "ValueError" in log
    assert "KeyError" in log
    assert "in test_a_traceback_keeps_no_words_of_an_exception" in log


def test_a_defect_on_a_named_study_leaves_a_log_without_the_name(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(path: Path, **_: object) -> None:
        raise RuntimeError(f"{path}: {PATIENT}")

    monkeypatch.setattr("AGE2HIELib.pipeline.inputs.read_scan", fails)
    assert cli.main(["predict", str(study), "--output", str(tmp_path / "out")]) == 1
    log = (tmp_path / "out.log").read_text()
    assert "RuntimeError" in log
    assert traces(log) == []
    captured = capfd.readouterr()
    assert traces(captured.out + captured.err) == []
