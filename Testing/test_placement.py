"""A brain is found in the atlas wherever it lies, and left stays left."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from marks import long
from scans import bundled_atlas, infant_with, stripped_scan, turned

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.phantom.fields import sample
from AGE2HIELib.phantom.infant import FINE_MM, Infant
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.volume import Volume

AFFINE_LEAVES_MM = 4.5  # the infant's own shape differs from the template by 2.2 mm rms along each axis


def landmark_errors_mm(placement: Placement, infant: Infant, rotation: np.ndarray) -> np.ndarray:
    """Distance in the atlas between where points of the infant were placed and where they truly belong."""
    grid = infant.labels.grid
    rng = np.random.default_rng(0)
    inside = np.argwhere(infant.labels.array > 0)
    chosen = inside[rng.choice(len(inside), 300, replace=False)]
    points = chosen @ grid.affine_ras[:3, :3].T + grid.affine_ras[:3, 3]
    truth = np.stack([axis[tuple(chosen.T)] for axis in infant.template_points], axis=1)
    flip = LPS_FROM_RAS[:3, :3]
    scanner = points @ rotation.T
    placed = np.array([placement.atlas_from_native.TransformPoint(point) for point in scanner @ flip]) @ flip
    return np.linalg.norm(placed - truth, axis=1)


@pytest.mark.parametrize("acquisition", ["2mm", "4mm", "6mm"])
@pytest.mark.parametrize("kind", ["none", "near-total"])
def test_points_land_where_they_belong_whatever_the_slices_and_the_injury(acquisition: str, kind: str) -> None:
    infant, _ = infant_with(kind, 11)
    adc, brain = stripped_scan(kind, acquisition, 11)
    placement = place_in_atlas(adc, brain, bundled_atlas())
    errors = landmark_errors_mm(placement, infant, np.eye(3))
    assert np.mean(errors) < AFFINE_LEAVES_MM
    assert placement.overlap > 0.9
    assert placement.similarity > 0.3


@pytest.mark.parametrize(
    "degrees", [long((30, 0, 0)), long((60, 0, 0)), (134, 0, 0), (-90, 10, 0), long((0, 40, 0)), (0, 0, -40)]
)
def test_tilted_heads_are_found_and_never_mirrored(degrees: tuple[float, float, float]) -> None:
    adc, brain = stripped_scan("none", "2mm", 12)
    upright = place_in_atlas(adc, brain, bundled_atlas())
    tilted_adc = turned(adc, degrees)
    tilted = place_in_atlas(tilted_adc, turned(brain, degrees), bundled_atlas())
    matrix = np.array(sitk.AffineTransform(tilted.native_from_atlas).GetMatrix()).reshape(3, 3)
    assert np.linalg.det(matrix) > 0
    on_atlas = [p.to_atlas(image, bundled_atlas().grid).array for p, image in ((upright, adc), (tilted, tilted_adc))]
    both = np.minimum(*on_atlas) > 0
    assert np.corrcoef(on_atlas[0][both], on_atlas[1][both])[0, 1] > 0.9


def test_a_lesion_on_the_left_is_placed_on_the_left() -> None:
    adc, brain = stripped_scan("none", "4mm", 13)
    marker = np.zeros(adc.array.shape, np.float32)
    x_mm = (np.indices(adc.array.shape).reshape(3, -1).T @ adc.affine_ras[:3, :3].T + adc.affine_ras[:3, 3])[:, 0]
    marker[(x_mm.reshape(adc.array.shape) < -15) & brain.array] = 1.0
    placement = place_in_atlas(adc, brain, bundled_atlas())
    atlas = bundled_atlas()
    placed = placement.to_atlas(adc.like(marker), atlas.grid).array > 0.5
    x_atlas = np.argwhere(placed) @ atlas.grid.affine_ras[:3, :3].T + atlas.grid.affine_ras[:3, 3]
    assert np.percentile(x_atlas[:, 0], 99) < 0


@pytest.mark.parametrize("shift_mm", [(2e-6, -4e-6, 3e-6), (137.123, -58.71, 911.05)])
def test_where_the_scanner_puts_its_origin_does_not_matter(shift_mm: tuple[float, float, float]) -> None:
    """The same voxels elsewhere: the placement moves with them, to the last digits of float64 and not of the search."""
    adc, brain = stripped_scan("none", "6mm", 14)
    affine = adc.affine_ras.copy()
    affine[:3, 3] += shift_mm
    placements = [
        place_in_atlas(Volume(adc.array, where), Volume(brain.array, where), bundled_atlas())
        for where in (adc.affine_ras, affine)
    ]
    flip = LPS_FROM_RAS[:3, :3]
    for point in ((0.0, 0.0, 0.0), (30.0, -40.0, 25.0)):
        here, there = (flip @ np.array(one.native_from_atlas.TransformPoint(point)) for one in placements)
        np.testing.assert_allclose(there - here, shift_mm, atol=1e-9)


def test_thread_count_changes_nothing() -> None:
    adc, brain = stripped_scan("none", "6mm", 14)
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    matrices = []
    for threads in (1, 3):
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        transform = place_in_atlas(adc, brain, bundled_atlas()).native_from_atlas
        matrices.append(transform.GetParameters())
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    assert matrices[0] == matrices[1]  # to the last digit


def test_to_native_undoes_to_atlas() -> None:
    adc, brain = stripped_scan("none", "2mm", 12)
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    back = placement.to_native(placement.to_atlas(adc, atlas.grid))
    assert back.grid.same_as(adc.grid)
    inner = sitk.GetArrayFromImage(sitk.BinaryErode(sitk.GetImageFromArray(brain.array.astype(np.uint8)), [3] * 3)) > 0
    assert np.corrcoef(back.array[inner], adc.array[inner])[0, 1] > 0.9


def test_truth_is_consistent_with_the_template() -> None:
    """The phantom's own map to the template and the atlas agree: the placed thalami are the atlas's."""
    infant, _ = infant_with("none", 11)
    atlas = bundled_atlas()
    labels = sample(atlas.labels.array.astype(np.float32), infant.template_points, FINE_MM)
    thalamus = infant.labels.array == 9
    assert np.mean(np.abs(labels[thalamus] - 9) < 0.5) > 0.7


def test_an_empty_mask_is_refused() -> None:
    adc, brain = stripped_scan("none", "6mm", 14)
    empty: Volume = brain.like(np.zeros(brain.array.shape, bool))
    with pytest.raises(InputError, match="--mask"):
        place_in_atlas(adc, empty, bundled_atlas())
