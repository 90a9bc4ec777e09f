"""Nothing about the patient in results, messages, logs or temporary files; the objects of ``--dicom`` aside."""

from __future__ import annotations

import gzip
import json
import os
import stat
import tempfile
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from AGE2HIELib.cli import main
from AGE2HIELib.phantom.write import write_phantom

pytestmark = pytest.mark.slow
NAME, IDENTITY, ACCESSION, PLACE, DOCTOR = "Quillfeather", "ZX81773105", "ACC5512887", "Yewbarrow Infirmary", "Ottoline"
BORN = {"20191229", "2019-12-29", "29.12.2019", "29/12/2019", "12/29/2019", "29 Dec 2019"}
SECRETS = {NAME, NAME.upper(), NAME.lower(), IDENTITY, ACCESSION, PLACE, DOCTOR, *BORN}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's study that says whose it is, in a folder that does not."""
    folder = write_phantom(
        tmp_path_factory.mktemp("private"), seed=7, file_format="dicom", injury="bgt", acquisition="6mm"
    )
    for path in folder.iterdir():
        image = pydicom.dcmread(path)
        image.PatientName, image.PatientID, image.PatientBirthDate = f"{NAME}^Jo", IDENTITY, "20191229"
        image.SeriesDescription = image.ProtocolName = image.ImageComments = f"DWI {NAME}"
        image.AccessionNumber, image.InstitutionName, image.ReferringPhysicianName = ACCESSION, PLACE, f"{DOCTOR}^A"
        image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = "20200101"
        image.save_as(path)
    return folder


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def found_in(folder: Path) -> list[tuple[str, str]]:
    """(file, secret) of every file outside ``dicom/``; names of files count, too."""
    hits = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or "dicom" in inside.parts:
            continue
        text = content(path) + str(inside).encode()
        hits += [(str(inside), secret) for secret in SECRETS if secret.encode() in text]
    return hits


def test_no_output_and_no_event_names_the_patient(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = main(["predict", str(study), "--output", str(out), "--progress", "jsonl"])
    told = "".join(capfd.readouterr())
    assert code == 0, told
    assert found_in(tmp_path) == []
    assert [secret for secret in SECRETS if secret in told] == []
    checks = {check["name"]: check for check in json.loads((out / "result.json").read_text())["quality"]["checks"]}
    assert checks["postnatal age"]["passed"]  # the age was read and used
    assert "3" not in str(checks["postnatal age"]["value"])


@pytest.mark.parametrize("how", ["refused", "unusable"])
def test_no_failure_names_the_patient(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    words = ["predict", str(study), "--output", str(tmp_path / "out")]
    if how == "unusable":
        words += ["--series", "99"]
    if how == "refused":
        monkeypatch.setattr("AGE2HIELib.quality.values.BRAIN_ML", (10.0, 20.0))
    assert main(words) == {"refused": 3, "unusable": 2}[how]
    told = "".join(capfd.readouterr())
    assert [secret for secret in SECRETS if secret in told] == []
    assert found_in(tmp_path) == []


def test_two_series_are_listed_without_their_descriptions(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a technician wrote into them is free text: it reaches neither stderr nor the table of a batch."""
    case = tmp_path / "cases" / "one"
    case.mkdir(parents=True)
    for path in study.glob("005-*"):
        image = pydicom.dcmread(path)
        image.save_as(case / path.name)
        image.SeriesInstanceUID, image.SeriesNumber = "1.2.3.8", 8
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.save_as(case / f"again {path.name}")
    assert main(["predict", str(case), "--output", str(tmp_path / "out")]) == 2
    told = "".join(capfd.readouterr())
    assert "holds 2 diffusion series: 5 (diffusion, b " in told
    assert [secret for secret in SECRETS if secret in told] == []
    assert main(["batch", str(tmp_path / "cases"), "--output", str(tmp_path / "all"), "--jobs", "1"]) == 1
    assert "holds 2 diffusion series: 5 (diffusion, b " in (tmp_path / "all" / "cases.tsv").read_text()
    assert found_in(tmp_path / "all") == []


def test_temporary_files_are_private_and_removed(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    modes: list[int] = []
    real = tempfile.mkdtemp

    def watched(*arguments: object, **options: object) -> str:
        made = real(*arguments, **options)  # type: ignore[call-overload]
        modes.append(stat.S_IMODE(os.stat(made).st_mode))
        return str(made)

    monkeypatch.setattr(tempfile, "mkdtemp", watched)
    assert main(["predict", str(study), "--output", str(tmp_path / "out"), "--progress", "none"]) == 0
    assert modes  # the converter's
    assert set(modes) == {0o700}
    assert list(scratch.iterdir()) == []
    monkeypatch.setattr("AGE2HIELib.pipeline.admission.place_in_atlas", lambda *_: 1 / 0)
    assert main(["predict", str(study), "--output", str(tmp_path / "other"), "--progress", "none"]) == 1
    assert list(scratch.iterdir()) == []
