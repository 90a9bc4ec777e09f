"""The whole way: the same infant gives the same answer however the scan is stored, on synthetic and on real scans."""

from __future__ import annotations

import csv
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from marks import long
from nibabel.orientations import apply_orientation, inv_ornt_aff
from real_scans import adc_file, every_newborn, z_file

from AGE2HIELib import cli
from AGE2HIELib.io.coordinates import from_sitk, to_sitk
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume

VOLUMES = ("adc", "brain_mask", "z_adc", "saliency")
# The most injured one, an oblique one with the released z, and one of 6 mm; the gate is asked of more in test_quality.
SHORT_RUNS = {("305", False), ("028", True), ("373", False)}
REAL_RUNS = [
    pytest.param(
        case,
        with_z,
        marks=[] if (case, with_z) in SHORT_RUNS else pytest.mark.long,
        id=f"{case}-{'released' if with_z else 'own'} z",
    )
    for case in every_newborn()
    for with_z in (False, True)
]
# A permutation of each kind, flips of each axis, one mirrored and one turned storage.
ORIENTATIONS = [((0, 1, 2), (-1, 1, 1)), ((1, 0, 2), (1, -1, 1)), ((2, 0, 1), (1, 1, -1)), ((2, 1, 0), (-1, -1, -1))]


@dataclass(frozen=True)
class Answer:
    code: int
    record: dict
    regions: list[dict[str, str]]


@pytest.fixture(scope="session")
def model(untrained_model: Path) -> Path:
    """The demonstration model where it is bundled."""
    demo = resource_path("models", "demo")
    return demo if demo.is_dir() else untrained_model


def predict(scan: Path, model: Path, out: Path, *more: object) -> Answer:
    arguments = ["predict", scan, "--model", model, "--output", out, "--progress", "none", *more]
    code = cli.main([str(argument) for argument in arguments])
    with (out / "result.json").open() as file:
        record = json.load(file)
    table = out / "regions.csv"
    regions = list(csv.DictReader(table.open())) if table.exists() else []
    return Answer(code, record, regions)


def stored_as(scan: Volume, axes: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """The same voxels in another order in the file."""
    orientation = np.array([[axes.index(axis), flips[axis]] for axis in range(3)])
    array = np.ascontiguousarray(apply_orientation(scan.array, orientation))
    return Volume(array, scan.affine_ras @ inv_ornt_aff(orientation, scan.array.shape))


def assert_same_regions(one: Answer, other: Answer, *, relative: float, z: float) -> None:
    for row, same in zip(one.regions, other.regions, strict=True):
        assert (row["region"], row["hemisphere"]) == (same["region"], same["hemisphere"])
        for column, tolerance in (("volume_ml", relative), ("mean_adc_1e6_mm2_s", relative)):
            assert float(row[column]) == pytest.approx(float(same[column]), rel=tolerance), row
        assert float(row["mean_z"]) == pytest.approx(float(same["mean_z"]), abs=z), row


@pytest.fixture(scope="session")
def reference(infant_file: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return predict(infant_file, model, tmp_path_factory.mktemp("reference") / "out")


def test_the_number_of_orientations_is_48() -> None:
    every = itertools.product(itertools.permutations(range(3)), itertools.product((-1, 1), repeat=3))
    assert len(list(every)) == 48


@pytest.mark.parametrize(("axes", "flips"), ORIENTATIONS)
def test_axes_permuted_and_flipped_in_the_file_change_nothing(
    axes: tuple[int, ...], flips: tuple[int, ...], infant_file: Path, model: Path, reference: Answer, tmp_path: Path
) -> None:
    scan = stored_as(read_volume(infant_file), axes, flips)
    write_volume(scan, tmp_path / "adc.nii.gz")
    answer = predict(tmp_path / "adc.nii.gz", model, tmp_path / "out")
    assert answer.code == 0
    assert answer.record["probability_adverse"] == pytest.approx(reference.record["probability_adverse"], abs=1e-6)
    assert_same_regions(answer, reference, relative=1e-4, z=1e-3)
    for name in VOLUMES:
        written = nibabel.load(tmp_path / "out" / f"{name}.nii.gz")
        assert written.shape == scan.array.shape
        np.testing.assert_allclose(written.affine, scan.affine_ras, atol=1e-4)


def turned(image: sitk.Image) -> sitk.Image:
    """Resampled linearly, within the brain, on a grid of the same spacing that is turned by 12 degrees in all."""
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.15, -0.1, 0.12)  # radians
    centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    axes = np.array(turn.GetMatrix()).reshape(3, 3) @ np.array(image.GetDirection()).reshape(3, 3)
    size = [int(np.ceil(1.1 * n)) for n in image.GetSize()]
    target = sitk.Image(size, sitk.sitkFloat32)
    target.SetSpacing(image.GetSpacing())
    target.SetDirection(axes.ravel().tolist())
    target.SetOrigin((np.array(centre) - axes @ (np.array(image.GetSpacing()) * (np.array(size) - 1) / 2)).tolist())
    total = sitk.Resample(sitk.Cast(image, sitk.sitkFloat32), target)
    share = sitk.Resample(sitk.Cast(image != 0, sitk.sitkFloat32), target)
    return sitk.Mask(total / sitk.Clamp(share, lowerBound=0.5), share > 0.5)


@pytest.fixture(scope="session")
def oblique(infant_file: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """The newborn with 6 mm slices, which the interpolation mixes: the hardest of the acquisitions."""
    folder = tmp_path_factory.mktemp("oblique")
    write_volume(from_sitk(turned(to_sitk(read_volume(infant_file)))), folder / "adc.nii.gz")
    return predict(folder / "adc.nii.gz", model, folder / "out")


def changes(one: Answer, other: Answer) -> tuple[np.ndarray, np.ndarray]:
    """By region: relative change of mean ADC, and change of mean z."""
    pairs = [pair for pair in zip(one.regions, other.regions, strict=True) if pair[1]["mean_adc_1e6_mm2_s"]]
    adc = [float(a["mean_adc_1e6_mm2_s"]) / float(b["mean_adc_1e6_mm2_s"]) - 1 for a, b in pairs]
    z = [float(a["mean_z"]) - float(b["mean_z"]) for a, b in pairs]
    return np.abs(adc), np.abs(z)


@pytest.mark.slow
def test_oblique_storage_changes_the_score_little(oblique: Answer, reference: Answer) -> None:
    assert oblique.code == 0
    assert oblique.record["probability_adverse"] == pytest.approx(reference.record["probability_adverse"], abs=0.03)
    assert np.median(changes(oblique, reference)[0]) < 0.02


@pytest.mark.slow
@pytest.mark.xfail(
    strict=True,
    reason="fluid, and injured deep grey matter in thick slices, change more when interpolated: within 2 % or "
    "0.05 z are 31-33 of 34 regions at 2 mm slices, 28-31 at 4 mm, 27-31 at 6 mm (three infants each), 32-34 in four "
    "real cases",
)
def test_oblique_storage_keeps_every_region_within_2_percent_or_0_05_z(oblique: Answer, reference: Answer) -> None:
    adc, z = changes(oblique, reference)
    assert np.all((adc <= 0.02) | (z <= 0.05))


def test_the_demo_says_where_the_report_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not resource_path("models", "demo").is_dir():
        pytest.skip("the demonstration model is not bundled yet")
    assert cli.main(["demo", "--output", str(tmp_path / "demo")]) == 0
    assert str(tmp_path / "demo" / "report.html") in capsys.readouterr().out
    record = json.loads((tmp_path / "demo" / "result.json").read_text())
    assert record["input"]["kind"] == "dwi-nifti"
    assert record["input"]["b_values_used"][0] == 0.0
    assert record["label"] == "demonstration"
    assert (tmp_path / "demo" / "scan" / "dwi.bval").exists()


@pytest.mark.real
@pytest.mark.parametrize(("case", "with_z"), REAL_RUNS)
def test_real_infants_are_predicted_on_their_own_grid(
    case: str, with_z: bool, real_data: Path, model: Path, tmp_path: Path
) -> None:
    scan, released = adc_file(real_data, case), z_file(real_data, case)
    answer = predict(scan, model, tmp_path / "out", *(["--z-adc", released] if with_z else []))
    assert answer.code == 0, answer.record["quality"]
    given = sitk.ReadImage(str(scan))
    for name in VOLUMES:
        written = sitk.ReadImage(str(tmp_path / "out" / f"{name}.nii.gz"))
        assert written.GetSize() == given.GetSize()
        for measure in ("GetSpacing", "GetOrigin", "GetDirection"):
            np.testing.assert_allclose(getattr(written, measure)(), getattr(given, measure)(), atol=1e-4)
    if with_z:
        written = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "z_adc.nii.gz")))
        np.testing.assert_allclose(written, sitk.GetArrayFromImage(sitk.ReadImage(str(released))), atol=1e-5)


@pytest.mark.real
@pytest.mark.parametrize(
    ("scan", "series"),
    [
        long("dwi-dicom/siemens-xa30", "10"),
        ("dwi-dicom/siemens-xa30", "11"),
        long("dwi-dicom/siemens-mosaic", None),
        long("dwi-dicom/philips-classic", None),
        ("dwi-dicom/ge-phantom", None),
        ("adc-nifti/sub-strokecase0009_ses-0001_adc.nii.gz", None),
    ],
)
def test_adults_and_a_phantom_are_refused(
    scan: str, series: str | None, real_data: Path, model: Path, tmp_path: Path
) -> None:
    more = ["--align", "off", *(["--series", series] if series else [])]
    answer = predict(real_data / scan, model, tmp_path / "out", *more)
    assert answer.code == 3
    assert answer.record["probability_adverse"] is None
    assert any(not check["passed"] and check["remedy"] for check in answer.record["quality"]["checks"])
