"""Overlap and distances of two masks: closed forms, and SimpleITK's filters on anisotropic oblique grids."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.lesion.agreement import mask_agreement, surface_distances

SPACING = (1.5, 2.0, 4.0)


def box(start: tuple[int, int, int], size: tuple[int, int, int]) -> np.ndarray:
    found = np.zeros((30, 24, 12), bool)
    found[tuple(slice(at, at + length) for at, length in zip(start, size, strict=True))] = True
    return found


def test_a_box_that_is_moved() -> None:
    """4 x 5 x 3 voxels, moved by 2 along the first axis: half in common; every voxel within 3 mm of the other."""
    one, other = box((5, 6, 4), (4, 5, 3)), box((7, 6, 4), (4, 5, 3))
    found = mask_agreement(one, other, SPACING)
    assert found.dice == 0.5
    assert found.volume_ml == found.reference_ml == pytest.approx(60 * 0.012)
    assert found.hausdorff_mm == pytest.approx(2 * 1.5)
    assert found.hausdorff95_mm == pytest.approx(3.0)
    assert mask_agreement(one, one, SPACING).surface_mm == 0
    assert mask_agreement(one, one, SPACING).dice == 1


def test_two_voxels_are_as_far_apart_as_they_lie() -> None:
    """3, 4 and 12 mm along the axes: 13 mm."""
    one, other = box((2, 2, 2), (1, 1, 1)), box((4, 4, 5), (1, 1, 1))
    found = mask_agreement(one, other, SPACING)
    assert found.dice == 0
    assert found.surface_mm == found.hausdorff_mm == found.hausdorff95_mm == pytest.approx(13.0)
    assert surface_distances(one, other, SPACING).tolist() == pytest.approx([13.0, 13.0])


@pytest.mark.parametrize("seed", range(6))
def test_simpleitk_says_the_same(seed: int) -> None:
    """Blobs on a grid of unequal voxels, turned in space; distances of surfaces by its signed maps."""
    rng = np.random.default_rng(seed)
    spacing = tuple(float(mm) for mm in rng.uniform(0.8, 5.0, 3))
    smooth = [sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(rng.normal(size=(14, 20, 24))), 2.0) for _ in "ab"]
    masks = [sitk.GetArrayFromImage(image) > 0.02 for image in smooth]
    for mask in masks:  # SimpleITK does not count the grid's edge as a surface
        mask[[0, -1]] = mask[:, [0, -1]] = mask[:, :, [0, -1]] = False
    turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    images = []
    for mask in masks:
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        image.SetSpacing(spacing)
        image.SetDirection(turned.ravel().tolist())
        images.append(image)
    found = mask_agreement(masks[0], masks[1], spacing[::-1])
    overlap, hausdorff = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
    overlap.Execute(*images)
    hausdorff.Execute(*images)
    assert found.dice == pytest.approx(overlap.GetDiceCoefficient())
    assert found.hausdorff_mm == pytest.approx(hausdorff.GetHausdorffDistance(), rel=1e-5)
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    maps = [
        sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(each, squaredDistance=False, useImageSpacing=True))
        for each in contours
    ]
    inside = [sitk.GetArrayFromImage(each) > 0 for each in contours]
    theirs = np.abs(np.concatenate([maps[1][inside[0]], maps[0][inside[1]]]))
    ours = surface_distances(masks[0], masks[1], spacing[::-1])
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), rtol=1e-4, atol=1e-4)


def test_evidence_inside_a_reference_against_chance() -> None:
    """Three quarters of the positive evidence in a tenth of the brain; what is negative or outside does not count."""
    brain, reference = box((0, 0, 0), (10, 10, 10)), box((0, 0, 0), (1, 10, 10))
    saliency = np.zeros(brain.shape)
    saliency[0, 0, 0], saliency[5, 5, 5], saliency[6, 5, 5], saliency[20, 20, 11] = 3.0, 1.0, -9.0, 50.0
    found = mask_agreement(reference, reference, SPACING, saliency=saliency, brain=brain)
    assert found.evidence_share == pytest.approx(0.75)
    assert found.chance_share == pytest.approx(0.1)
    assert mask_agreement(reference, reference, SPACING, saliency=-saliency * 0).evidence_share is None


def test_an_empty_mask_has_a_dice_of_nought_and_no_distance() -> None:
    found = mask_agreement(box((0, 0, 0), (0, 0, 0)), box((1, 1, 1), (2, 2, 2)), SPACING)
    assert (found.dice, found.surface_mm, found.hausdorff_mm) == (0, None, None)
    with pytest.raises(InputError, match="Both masks are empty"):
        mask_agreement(box((0, 0, 0), (0, 0, 0)), box((0, 0, 0), (0, 0, 0)), SPACING)
    with pytest.raises(InputError, match="30 x 24 x 11"):
        mask_agreement(box((0, 0, 0), (1, 1, 1)), box((0, 0, 0), (1, 1, 1))[:, :, :11], SPACING)
