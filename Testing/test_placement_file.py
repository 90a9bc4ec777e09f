"""placement.h5: other programs bring labels to the scan with it exactly as the library does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scans import bundled_atlas, stripped_scan, turned

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical, to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.placement_file import placement_from_file, write_placement, write_transform
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume

LABELS = resource_path("atlas") / "labels.nii.gz"
FLIP = np.array([-1.0, -1.0, 1.0])  # RAS+ and LPS+
# (acquisition, degrees about x, y and z, axes and flips of the stored order)
SCANS = {
    "axial, isotropic, RAS": ("2mm", (0, 0, 0), (0, 1, 2), (1, 1, 1)),
    "axial, thick slices, LPS": ("6mm", (0, 0, 0), (0, 1, 2), (-1, -1, 1)),
    "sagittal order, PIR": ("4mm", (0, 0, 0), (1, 2, 0), (-1, -1, 1)),
    "oblique, thick slices": ("6mm", (25, -12, 8), (0, 1, 2), (1, -1, 1)),
    "oblique and permuted": ("4mm", (-35, 10, 20), (2, 0, 1), (-1, 1, -1)),
    "double oblique, head first": ("2mm", (0, 38, -50), (0, 2, 1), (1, 1, -1)),
}


@cache
def placed(acquisition: str, degrees: tuple[float, float, float]) -> tuple[Volume, Volume, Placement]:
    adc, brain = (turned(volume, degrees) for volume in stripped_scan("bgt", acquisition, 23))
    affine = place_in_atlas(adc, brain, bundled_atlas())
    return adc, brain, deform(adc, brain, bundled_atlas(), affine)


def stored_as(volume: Volume, axes: tuple[int, ...], signs: tuple[int, ...]) -> Volume:
    """The same image with its voxels in another order."""
    array, affine = volume.array.transpose(axes), volume.affine_ras[:, [*axes, 3]].copy()
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return Volume(np.ascontiguousarray(array), affine)


@pytest.mark.parametrize("case", SCANS)
def test_simpleitk_brings_labels_to_the_scan_as_the_library_does(case: str, tmp_path: Path) -> None:
    """SimpleITK sees three files: the scan, the labels and placement.h5."""
    acquisition, degrees, axes, signs = SCANS[case]
    adc, _, placement = placed(acquisition, degrees)
    assert placement.displacement is not None
    stored = stored_as(adc, axes, signs)
    assert to_canonical(stored).grid.same_as(placement.native)
    write_volume(stored, tmp_path / "scan.nii.gz")
    write_placement(placement, tmp_path / "placement.h5")
    scan, labels = sitk.ReadImage(str(tmp_path / "scan.nii.gz")), sitk.ReadImage(str(LABELS))
    transform = sitk.ReadTransform(str(tmp_path / "placement.h5"))
    brought = sitk.GetArrayFromImage(sitk.Resample(labels, scan, transform, sitk.sitkNearestNeighbor, 0)).T
    own = to_stored_order(placement.to_native(bundled_atlas().labels, interpolation="nearest"), stored.grid).array
    assert len(np.unique(own)) > 30
    assert (own > 0).sum() > 1000
    assert (brought != own).sum() <= 1  # NIfTI rounds the scan's place to 6 digits: a voxel on a border may change
    mean = sitk.GetImageFromArray(np.ascontiguousarray(bundled_atlas().mean.array.T))
    mean.CopyInformation(labels)
    smooth = sitk.GetArrayFromImage(sitk.Resample(mean, scan, transform, sitk.sitkLinear, 0.0)).T
    same = to_stored_order(placement.to_native(bundled_atlas().mean), stored.grid).array
    np.testing.assert_allclose(smooth, same, atol=0.05)  # of 1e-6 mm2/s


def test_the_file_is_the_same_transform_to_the_last_digit(tmp_path: Path) -> None:
    _, _, placement = placed("4mm", (-35, 10, 20))
    write_placement(placement, tmp_path / "placement.h5")
    transform = sitk.ReadTransform(str(tmp_path / "placement.h5"))
    for point in np.random.default_rng(0).uniform(-60, 60, (200, 3)):
        then, now = (one.TransformPoint(point) for one in (placement.atlas_from_native, transform))
        np.testing.assert_allclose(now, then, atol=1e-12)
    assert (tmp_path / "placement.h5").stat().st_size < 5e6


@pytest.mark.parametrize("step", ["affine", "with the displacement"])
def test_a_placement_is_read_again(step: str, tmp_path: Path) -> None:
    adc, brain, placement = placed("4mm", (-35, 10, 20))
    atlas = bundled_atlas()
    if step == "affine":
        placement = place_in_atlas(adc, brain, atlas)
    write_placement(placement, tmp_path / "placement.h5")
    again = placement_from_file(tmp_path / "placement.h5", adc, brain, atlas)
    for name in ("similarity", "overlap", "coverage", "folding"):
        assert getattr(again, name) == pytest.approx(getattr(placement, name), rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(again.scale, placement.scale, rtol=1e-9)
    assert np.isnan(again.filled)
    assert (again.displacement is None) == (placement.displacement is None)
    then, now = (one.to_native(atlas.labels, interpolation="nearest").array for one in (placement, again))
    assert (then != now).sum() == 0
    inside = np.argwhere(atlas.brain.array)[::60] @ atlas.grid.affine_ras[:3, :3].T + atlas.grid.affine_ras[:3, 3]
    away = [
        np.subtract(placement.native_from_atlas.TransformPoint(point), again.native_from_atlas.TransformPoint(point))
        for point in inside * FLIP
    ]
    distance = np.linalg.norm(away, axis=1)
    assert distance.max() < (1e-9 if step == "affine" else 0.2)  # mm
    assert np.median(distance) < (1e-9 if step == "affine" else 0.03)


@pytest.mark.host
def test_slicer_opens_the_file_and_takes_it_in_the_same_direction(host: Any, tmp_path: Path) -> None:
    """What lies below the transform node is moved from the atlas to the scan."""
    adc, _, placement = placed("4mm", (-35, 10, 20))
    write_placement(placement, tmp_path / "placement.h5")
    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    storage = host.slicer.vtkMRMLTransformStorageNode()
    host.slicer.mrmlScene.AddNode(storage)
    storage.SetFileName(str(tmp_path / "placement.h5"))
    assert storage.ReadData(node) == 1
    inside = np.argwhere(adc.array != 0)[::211] @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3]
    to_atlas, to_scan = node.GetTransformFromParent(), node.GetTransformToParent()
    expected = np.array([placement.atlas_from_native.TransformPoint(point) for point in inside * FLIP]) * FLIP
    found = np.array([to_atlas.TransformPoint(point) for point in inside])
    assert np.linalg.norm(found - expected, axis=1).max() < 0.1  # mm: Slicer interpolates displacements by cubics
    back = np.array([to_scan.TransformPoint(point) for point in found])
    assert np.linalg.norm(back - inside, axis=1).max() < 0.1


def _mirror() -> sitk.Transform:
    mirror = sitk.AffineTransform(3)
    mirror.SetMatrix([-1, 0, 0, 0, 1, 0, 0, 0, 1])
    return mirror


def _of_another_atlas() -> sitk.Transform:
    field = sitk.Image([20, 20, 20], sitk.sitkVectorFloat64)
    both = sitk.CompositeTransform(3)
    both.AddTransform(sitk.DisplacementFieldTransform(field))
    both.AddTransform(sitk.AffineTransform(3))
    return both


NO_PLACEMENT = {
    "a mirror": (_mirror, "mirrors space"),
    "another atlas's": (_of_another_atlas, "belongs to another atlas"),
    "of 2D": (lambda: sitk.AffineTransform(2), "transform of 2D"),
    "a rotation alone": (lambda: sitk.Euler3DTransform(), "holds no placement"),
    "a translation": (lambda: sitk.TranslationTransform(3, (1.0, 2.0, 3.0)), "holds no placement"),
}


@pytest.mark.parametrize("what", NO_PLACEMENT)
def test_another_transform_is_refused(what: str, tmp_path: Path) -> None:
    make, message = NO_PLACEMENT[what]
    adc, brain, _ = placed("4mm", (-35, 10, 20))
    write_transform(make(), tmp_path / "other.h5")
    with pytest.raises(InputError, match=message):
        placement_from_file(tmp_path / "other.h5", adc, brain, bundled_atlas())


def test_a_file_that_is_cut_short_or_no_transform_is_refused(tmp_path: Path) -> None:
    adc, brain, placement = placed("4mm", (-35, 10, 20))
    write_placement(placement, tmp_path / "whole.h5")
    data = (tmp_path / "whole.h5").read_bytes()
    for name, content in {
        "cut": data[: len(data) // 2],
        "text": b"#Insight Transform File V1.0\n",
        "empty": b"",
    }.items():
        (tmp_path / f"{name}.h5").write_bytes(content)
        with pytest.raises(InputError, match=f"'{name}.h5' "):
            placement_from_file(tmp_path / f"{name}.h5", adc, brain, bundled_atlas())
    with pytest.raises(InputError, match="does not exist"):
        placement_from_file(tmp_path / "none.h5", adc, brain, bundled_atlas())
    with pytest.raises(InputError, match=r"end in \.h5"):
        write_placement(placement, tmp_path / "placement.nii.gz")
