"""A lesion that a reader has corrected is measured as the computed one was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.pipeline.correction import measure_corrected_lesion
from AGE2HIELib.pipeline.earlier import read_earlier
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.result.correction import METHOD
from AGE2HIELib.result.decode import encode
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return load_atlas(resource_path("atlas"))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, untrained_model: Path) -> Path:
    """Of an infant whose basal ganglia are injured, slices of 6 mm."""
    folder = tmp_path_factory.mktemp("corrected")
    scan = write_phantom(folder, seed=11, file_format="mha", injury="bgt", acquisition="6mm")
    out = folder / "out"
    call = ["predict", str(scan), "--output", str(out), "--model", str(untrained_model), "--progress", "none"]
    assert cli.main([*call, "--override", "distance from the training cases"]) == 0
    return out


def test_the_computed_lesion_has_the_records_measures(result: Path, atlas: Atlas) -> None:
    """The placement comes from its file, within 0.2 mm: volumes are the same, shares of regions nearly so."""
    record = json.loads((result / "result.json").read_text(encoding="utf-8"))
    found = measure_corrected_lesion(result, result / "lesion.nii.gz", atlas)
    lesion = encode(found.lesion)
    assert record["lesion"]["volume_ml"] > 3
    for key in ("volume_ml", "brain_ml", "share", "side"):
        assert lesion[key] == record["lesion"][key], key
    assert [one["volume_ml"] for one in lesion["clusters"]] == [
        one["volume_ml"] for one in record["lesion"]["clusters"]
    ]
    assert lesion["interval"] == [lesion["share"]] * 2
    assert lesion["method"] == METHOD
    assert [one.value for one in found.scores] == [one["value"] for one in record["scores"]]


def test_one_half_of_it_is_on_one_side(result: Path, atlas: Atlas, tmp_path: Path) -> None:
    """What lies on the patient's right is rubbed out: left is left, and the regions of the right hold nothing."""
    whole = read_volume(result / "lesion.nii.gz")
    x = np.stack(np.indices(whole.array.shape), axis=-1) @ whole.affine_ras[0, :3] + whole.affine_ras[0, 3]
    middle = float(np.mean(x[read_volume(result / "brain_mask.nii.gz").array > 0]))
    half = Volume((whole.array > 0) & (x < middle - 3), whole.affine_ras)
    write_volume(half, tmp_path / "half.nii.gz")
    found = measure_corrected_lesion(result, tmp_path / "half.nii.gz", atlas)
    assert found.lesion.side == "left"
    np.testing.assert_allclose(found.lesion.volume_ml, half.array.sum() * half.grid.voxel_ml, rtol=1e-3)
    right = {region.value for region in atlas.regions if region.hemisphere == "right"}
    assert sum(one.lesion_ml or 0 for one in found.regions if one.label in right) < 0.1
    assert sum(one.lesion_ml or 0 for one in found.regions) > 1


@pytest.mark.parametrize("axes", ["PIR", "SAL", "RAI"])
def test_axes_in_another_order_change_nothing(result: Path, atlas: Atlas, tmp_path: Path, axes: str) -> None:
    """The left half alone: a mirrored reading would say right. A label of 7 and a value of 0.3 count as 1 does."""
    image = nibabel.load(result / "lesion.nii.gz")
    assert isinstance(image, nibabel.Nifti1Image)
    record = json.loads((result / "result.json").read_text(encoding="utf-8"))
    left = next(one for one in record["lesion"]["clusters"] if one["hemisphere"] == "left")
    mask, affine = np.asarray(image.dataobj) > 0, image.affine
    assert affine is not None
    x = np.stack(np.indices(mask.shape), axis=-1) @ affine[0, :3] + affine[0, 3]
    half = mask & (x < left["centre_ras_mm"][0] + 5)
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.io_orientation(affine), nibabel.orientations.axcodes2ornt(axes)
    )
    stored = {"PIR": (half * 7).astype(np.int16), "SAL": half * np.float32(0.3), "RAI": half.astype(np.uint8)}[axes]
    nibabel.save(nibabel.Nifti1Image(stored, affine).as_reoriented(turn), tmp_path / "turned.nii.gz")
    found = measure_corrected_lesion(result, tmp_path / "turned.nii.gz", atlas).lesion
    assert found.side == "left"
    np.testing.assert_allclose(found.volume_ml, half.sum() * abs(np.linalg.det(affine[:3, :3])) / 1000, rtol=1e-3)


def test_without_a_voxel_there_is_no_lesion(result: Path, atlas: Atlas, tmp_path: Path) -> None:
    """A reader may rub all of it out."""
    whole = read_volume(result / "lesion.nii.gz")
    write_volume(Volume(whole.array * 0, whole.affine_ras), tmp_path / "empty.nii.gz")
    found = measure_corrected_lesion(result, tmp_path / "empty.nii.gz", atlas)
    assert (found.lesion.volume_ml, found.lesion.side, found.lesion.clusters) == (0.0, "none", ())
    assert {one.name: one.value for one in found.scores}["barkovich_bgt"] == "0"
    assert all(not one.lesion_ml for one in found.regions)


def test_a_scan_without_a_number_is_measured_and_a_folder_that_is_not_whole_is_one_line(
    result: Path, atlas: Atlas, tmp_path: Path
) -> None:
    """A warning keeps the number back, and with it the evidence; a lesion is there all the same."""
    folder = tmp_path / "withheld"
    shutil.copytree(result, folder)
    for name in ("saliency.nii.gz", "regions.csv"):
        (folder / name).unlink()
    lesion = result / "lesion.nii.gz"
    assert measure_corrected_lesion(folder, lesion, atlas) == measure_corrected_lesion(result, lesion, atlas)
    z = read_volume(folder / "z_adc.nii.gz")
    write_volume(Volume(z.array[1:], z.affine_ras), folder / "z_adc.nii.gz")
    with pytest.raises(InputError, match=r"'z_adc\.nii\.gz'.*does not lie on the scan's grid"):
        measure_corrected_lesion(folder, lesion, atlas)
    with pytest.raises(InputError, match="does not lie on the scan's grid"):
        read_earlier(folder)
    shutil.copy(result / "z_adc.nii.gz", folder)
    (folder / "placement.h5").unlink()
    with pytest.raises(InputError, match=r"'withheld' holds no placement\.h5.*Predict the scan again"):
        measure_corrected_lesion(folder, lesion, atlas)


def test_another_grid_and_what_is_no_mask_are_one_line(result: Path, atlas: Atlas, tmp_path: Path) -> None:
    whole = read_volume(result / "lesion.nii.gz")
    moved = whole.affine_ras.copy()
    moved[0, 3] += 5
    write_volume(Volume(whole.array, moved), tmp_path / "moved.nii.gz")
    brain = read_volume(result / "brain_mask.nii.gz")
    write_volume(Volume(brain.array == 0, whole.affine_ras), tmp_path / "outside.nii.gz")
    soft = gaussian_filter(whole.array.astype(np.float32), 1)
    write_volume(Volume(soft, whole.affine_ras), tmp_path / "soft.nii.gz")
    write_volume(Volume(whole.array + np.float32(1e-6), whole.affine_ras), tmp_path / "shifted.nii.gz")
    with pytest.raises(InputError, match="does not lie on the scan's grid"):
        measure_corrected_lesion(result, tmp_path / "moved.nii.gz", atlas)
    with pytest.raises(InputError, match="no voxel of the brain"):
        measure_corrected_lesion(result, tmp_path / "outside.nii.gz", atlas)
    for name in ("soft", "shifted"):
        with pytest.raises(InputError, match=r"holds fractions such as .*Set what is lesion to 1"):
            measure_corrected_lesion(result, tmp_path / f"{name}.nii.gz", atlas)


def test_the_command_says_it_to_people_and_programs(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["lesion", str(result), "--corrected", str(result / "lesion.nii.gz")]
    assert cli.main(call) == 0
    said = capsys.readouterr().out
    assert said.startswith("lesion: ")
    largest = json.loads((result / "result.json").read_text(encoding="utf-8"))["lesion"]["clusters"][0]
    place = f"{largest['hemisphere']}, the largest part in {largest['region']}"
    assert f"{largest['volume_ml']:.2f} ml, {place}" in said
    assert cli.main([*call, "--progress", "jsonl"]) == 0
    event = json.loads(capsys.readouterr().out)
    assert event["event"] == "lesion"
    assert event["lesion"]["method"] == METHOD
    assert len(event["regions"]) > 20
