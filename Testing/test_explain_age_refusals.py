"""age2hie explain --target age refuses what it can make no age of, in one line."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from bundles import untrained_bundle
from calling import assert_refused_in_one_line, run
from t1_samples import spot_bundle, spotted

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spot_bundle(tmp_path_factory.mktemp("models") / "spots")


@pytest.fixture(scope="module")
def t1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "t1.nii.gz"
    write_volume(spotted("left", "upright"), path)
    return path


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--z-adc", "z.nii.gz"), "--z-adc"),
        (("--align", "on"), "--align"),
        (("--align", "off"), "--align"),
        (("--atlas", "ours"), "--atlas"),
        (("--series", "3"), "--series"),
        (("--examine",), "--examine"),
        (("--prevalence", "0.3"), "--prevalence"),
        (("--override", "postnatal age"), "--override"),
        (("--age-days", "3"), "--age-days"),
        (("--cooled", "no"), "--cooled"),
        (("--layer", "attic"), "no layer 'attic'"),
        (("--methods", "tealeaves"), "tealeaves"),
    ],
)
def test_options_that_make_no_sense_with_an_age_are_refused(
    t1: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    code, out, err = run(
        capfd,
        "explain",
        t1,
        "--target",
        "age",
        "--model",
        model,
        "--output",
        tmp_path / "out",
        *more,
        "--progress",
        "none",
    )
    assert_refused_in_one_line(code, out, err)
    assert said in err
    assert not (tmp_path / "out").exists()


def test_a_bundle_without_a_network_of_age_is_refused(
    t1: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    untrained_bundle(tmp_path / "plain", count=1)
    call = ("explain", t1, "--target", "age", "--output", tmp_path / "out", "--model", tmp_path / "plain")
    code, out, err = run(capfd, *call)
    assert_refused_in_one_line(code, out, err)
    assert "carries no brain-age network" in err


def _earlier(folder: Path) -> Path:
    folder.mkdir()
    (folder / "result.json").write_text("{}")
    write_volume(Volume(_ball(50.0), np.eye(4)), folder / "adc.nii.gz")
    return folder


def _explained(folder: Path) -> Path:
    folder.mkdir()
    (folder / "explanations.json").write_text('{"target": "adverse"}')
    write_volume(Volume(_ball(50.0), np.eye(4)), folder / "adc.nii.gz")
    return folder / "adc.nii.gz"


def _series(folder: Path, volumes: int) -> Path:
    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4, volumes), np.float32), np.eye(4)), folder / "dwi.nii.gz")
    (folder / "dwi.bval").write_text("0 1000 1000"[: 1 if volumes == 1 else None])
    return folder / "dwi.nii.gz"


def _image(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir()
    write_volume(Volume(array.astype(np.float32), np.diag([3.0, 3.0, 3.0, 1.0])), path)
    return path


def _ball(radius_mm: float) -> np.ndarray:
    away = np.linalg.norm((np.indices((40, 40, 40)).T - 20) * 3.0, axis=-1)
    return np.where(away < radius_mm, 100 - away, 0)


INPUTS = {
    "a result of predict": (_earlier, "holds no T1"),
    "the ADC map of a result": (lambda folder: _earlier(folder) / "adc.nii.gz", "made from a diffusion scan"),
    "the ADC map of a comparison": (_explained, "made from a diffusion scan"),
    "a diffusion series": (lambda folder: _series(folder, 3), "diffusion series"),
    "one volume of a series": (lambda folder: _series(folder, 1), "diffusion series"),
    "a folder": (lambda folder: folder.mkdir() or folder, "is a folder"),
    "nothing": (lambda folder: folder / "t1.nii.gz", "does not exist"),
    "no brain": (lambda folder: _image(folder / "t1.nii.gz", np.zeros((20, 20, 20))), "0 everywhere"),
    "too small a brain": (lambda folder: _image(folder / "t1.nii.gz", _ball(25.0)), "Give a brain mask"),
    "noise": (
        lambda folder: _image(folder / "t1.nii.gz", np.random.default_rng(0).random((48, 48, 48))),
        "No brain was found",
    ),
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_without_a_t1_scan_of_a_brain_are_refused(
    name: str, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, said = INPUTS[name]
    given = make(tmp_path / "given")
    code, out, err = run(capfd, "explain", given, "--target", "age", "--model", model, "--output", tmp_path / "out")
    assert_refused_in_one_line(code, out, err)
    assert said in err
    assert not (tmp_path / "out").exists()
