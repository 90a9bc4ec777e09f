"""Unusable input and wrong calls: exit code 2, one line that helps, and nothing half written."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from bundles import untrained_bundle
from calling import assert_refused_in_one_line, run, save_nifti
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from AGE2HIELib.bundle.reading import MANIFEST
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import resource_path


def series(folder: Path, b_values: str | None) -> Path:
    path = save_nifti(folder / "dwi.nii.gz", np.random.default_rng(0).uniform(50, 200, (16, 16, 12, 4)))
    if b_values is not None:
        (folder / "dwi.bval").write_text(b_values)
    return path


def ball(value: float) -> np.ndarray:
    """A stripped ADC map: about ``value`` in a ball with fluid in the middle, exactly 0 around it."""
    radius = np.linalg.norm(np.indices((48, 48, 40)).T - [20, 24, 24], axis=-1).T
    varied = value * np.random.default_rng(0).normal(1.0, 0.08, radius.shape)
    return np.where(radius < 18, np.where(radius < 7, 2.2 * varied, varied), 0.0)


def truncated(folder: Path) -> Path:
    path = save_nifti(folder / "adc.nii.gz", ball(1300))
    path.write_bytes(path.read_bytes()[:2000])
    return path


def unrelated_dicom(folder: Path) -> Path:
    made = folder / "dicom"
    made.mkdir()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "OT", 1, 1
    dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 8, 8, 7
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.PixelData = bytes(64)
    dataset.save_as(made / "capture.dcm", enforce_file_format=True)
    return made


def empty_folder(folder: Path) -> Path:
    (folder / "nothing").mkdir()
    return folder / "nothing"


BAD_INPUT: dict[str, Callable[[Path], Path]] = {
    "no such file": lambda folder: folder / "absent.nii.gz",
    "missing bval": lambda folder: series(folder, None),
    "mismatched bval": lambda folder: series(folder, "0 1000 1000"),
    "bval of words": lambda folder: series(folder, "0 1000 many 1000"),
    "one b-value only": lambda folder: series(folder, "1000 1000 1000 1000"),
    "truncated": truncated,
    "NaN everywhere": lambda folder: save_nifti(folder / "adc.nii.gz", np.full((16, 16, 12), np.nan)),
    "a 2D image": lambda folder: save_nifti(folder / "adc.nii.gz", np.full((32, 32), 1300.0)),
    "unknown unit": lambda folder: save_nifti(folder / "adc.nii.gz", ball(13.0)),
    "empty folder": empty_folder,
    "unrelated DICOM": unrelated_dicom,
    "a text file": lambda folder: Path((folder / "notes.txt").write_text("adc") and folder / "notes.txt"),
}


@pytest.mark.parametrize("what", BAD_INPUT)
@pytest.mark.parametrize("command", ["predict", "check", "adc"])
def test_bad_input_ends_in_one_line_and_leaves_nothing(
    what: str, command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given, place = tmp_path / "given", tmp_path / "place"
    given.mkdir()
    place.mkdir()
    scan = BAD_INPUT[what](given)
    output = {"predict": ["--output", place / "out"], "adc": ["--output", place / "out.nii.gz"], "check": []}[command]
    assert_refused_in_one_line(*run(capfd, command, scan, *output))
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["predikt"],
        ["predict", "scan.nii.gz"],
        ["predict", "scan.nii.gz", "--output", "out", "--align", "maybe"],
        ["predict", "scan.nii.gz", "--output", "out", "--age-days", "young"],
        ["predict", "scan.nii.gz", "--output", "out", "--age-days", "-3"],
        ["predict", "scan.nii.gz", "--output", "out", "--gestation-weeks", "nan"],
        ["predict", "scan.nii.gz", "--output", "out", "--saliency", "guess"],
        ["adc", "scan.nii.gz", "--output", "out.png"],
        ["model", "info", "no-such-bundle"],
        ["atlas", "info", "no-such-atlas"],
    ],
)
def test_a_wrong_call_ends_in_one_line(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused_in_one_line(*run(capfd, *arguments))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def own_bundle(tmp_path: Path) -> Path:
    """A copy that may be spoiled."""
    folder = tmp_path / "bundle"
    untrained_bundle(folder, count=1, z_origins=("released", load_atlas(resource_path("atlas")).sha256))
    return folder


def put(bundle: Path, name: str, content: bytes) -> None:
    """Replace a file and its line in the manifest, as somebody with bad intentions would."""
    (bundle / name).write_bytes(content)
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def test_an_existing_output_is_left_alone(
    infant_file: Path, untrained_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "result.json").write_text("earlier")
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--model", untrained_model, "--output", out))
    bad = tmp_path / "absent.mha"
    assert run(capfd, "predict", bad, "--model", untrained_model, "--output", out, "--overwrite")[0] == 2
    assert (out / "result.json").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_unwritable_place_is_refused(infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--output", tmp_path / "file" / "out"))
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--output", infant_file.parent, "--overwrite"))
    assert infant_file.exists()


def test_a_bundle_with_a_changed_byte_is_refused(
    infant_file: Path, own_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = own_bundle / "models" / "member_0.pt"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(bytes(content))
    assert_refused_in_one_line(*run(capfd, "model", "verify", own_bundle))
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--model", own_bundle, "--output", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


class _Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        import os

        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("packed", [False, True], ids=["a bare pickle", "torch's own format"])
def test_code_in_the_weights_is_never_run(
    packed: bool, infant_file: Path, own_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "exploded"
    content = pickle.dumps({"head.linear.weight": _Bomb(mark)})
    if packed:
        with zipfile.ZipFile(tmp_path / "weights", "w") as archive:
            archive.writestr("archive/data.pkl", content)
            archive.writestr("archive/version", "3\n")
        content = (tmp_path / "weights").read_bytes()
    put(own_bundle, "models/member_0.pt", content)
    assert_refused_in_one_line(*run(capfd, "model", "verify", own_bundle))
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--model", own_bundle, "--output", tmp_path / "out"))
    assert not mark.exists()


def test_an_expression_in_inference_json_is_refused_and_never_evaluated(
    infant_file: Path, own_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "evaluated"
    expression = json.dumps({"network_def": f"$__import__('os').mkdir({str(mark)!r})"}).encode()
    put(own_bundle, "configs/inference.json", expression)
    assert_refused_in_one_line(*run(capfd, "model", "verify", own_bundle))
    assert_refused_in_one_line(*run(capfd, "predict", infant_file, "--model", own_bundle, "--output", tmp_path / "out"))
    assert not mark.exists()


def test_a_z_map_of_another_origin_is_refused(
    infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    untrained_bundle(folder, count=1, z_origins=("released",))
    code, out, err = run(capfd, "predict", infant_file, "--model", folder, "--output", tmp_path / "out")
    assert_refused_in_one_line(code, out, err)
    assert "was not trained on z-maps" in err


def test_a_z_map_that_lies_elsewhere_is_refused(
    infant_file: Path, untrained_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = save_nifti(tmp_path / "z.nii.gz", np.zeros((16, 16, 12)))
    arguments = ("predict", infant_file, "--model", untrained_model, "--output", tmp_path / "out")
    assert_refused_in_one_line(*run(capfd, *arguments, "--z-adc", other))
    assert_refused_in_one_line(*run(capfd, *arguments, "--mask", other))
