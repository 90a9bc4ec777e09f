"""A lesion that a reader has corrected is measured as the computed one was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.pipeline.correction import measure_corrected_lesion
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


def test_another_grid_and_an_empty_lesion_are_one_line(result: Path, atlas: Atlas, tmp_path: Path) -> None:
    whole = read_volume(result / "lesion.nii.gz")
    moved = whole.affine_ras.copy()
    moved[0, 3] += 5
    write_volume(Volume(whole.array, moved), tmp_path / "moved.nii.gz")
    write_volume(Volume(whole.array * 0, whole.affine_ras), tmp_path / "empty.nii.gz")
    with pytest.raises(InputError, match="does not lie on the scan's grid"):
        measure_corrected_lesion(result, tmp_path / "moved.nii.gz", atlas)
    with pytest.raises(InputError, match="no voxel of the brain"):
        measure_corrected_lesion(result, tmp_path / "empty.nii.gz", atlas)


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
