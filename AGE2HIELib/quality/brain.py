"""Whether the image holds the whole brain of a newborn, at a resolution that shows its structures."""

from __future__ import annotations

from AGE2HIELib.quality.check import FOUND_ALONE, Check, at_most, between
from AGE2HIELib.volume import Volume

BRAIN_ML = (230.0, 800.0)
SPACING_MM = (0.3, 8.0)
CUT_FACE = 0.6
MOST_FOUND_ALONE_ML = 585.0


def voxel_size(adc: Volume) -> Check:
    spacing = adc.grid.spacing_mm
    low, high = SPACING_MM
    return Check(
        name="voxel size",
        value=" x ".join(f"{size:.2f}" for size in spacing) + " mm",
        limit=f"{low:g} to {high:g} mm along every axis",
        passed=bool(spacing.min() >= low and spacing.max() <= high),
        remedy="Check the header's spacing, or use a scan with thinner slices.",
        basis="BONBID-HIE has slices of 2-6 mm and 1.4-2 mm in plane; at 8 mm the basal ganglia are in two slices.",
    )


def brain_volume(brain: Volume) -> Check:
    return between(
        "brain volume",
        float(brain.array.sum()) * brain.grid.voxel_ml,
        BRAIN_ML,
        "ml",
        remedy="Is this a newborn's whole brain? Give a brain mask with --mask.",
        basis="28 real newborns have 341-578 ml (logarithm normal: 0.06 % of such infants lie outside), 56 of them "
        "304-578, halves of their brains 151-329, adults and T1 scans of children over 1000.",
    )


def found_alone(brain: Volume) -> Check:
    """Asked where the mask rests on an ADC map of a whole head, without the raw signal that shows the skull.

    Where a scanner stores pixels finer than it measured, the noise of bone and air is as smooth as tissue, and part of
    the head is taken for brain.
    """
    return at_most(
        FOUND_ALONE,
        float(brain.array.sum()) * brain.grid.voxel_ml,
        MOST_FOUND_ALONE_ML,
        remedy="Skull or scalp may lie in the brain mask. Look at the outline; give a brain mask with --mask, a "
        "skull-stripped ADC map, or the raw series.",
        basis="ml. 28 real newborns have 341-578 ml (logarithm normal: 3 % of such infants lie beyond, and are only "
        "warned of); whole heads of phantoms in interpolated pixels gave 592-891 where the brains have 340-469.",
        severity="warn",
    )


def cut_face(brain: Volume) -> Check:
    """A brain that is cut off ends in a face as wide as the brain."""
    faces = [0.0]
    for axis in range(3):
        areas = brain.array.sum(axis=tuple(other for other in range(3) if other != axis))
        occupied = areas[areas > 0]
        if len(occupied):
            faces += [occupied[0] / occupied.max(), occupied[-1] / occupied.max()]
    return at_most(
        "largest cut through the brain",
        float(max(faces)),
        CUT_FACE,
        remedy="Part of the brain is missing. Use a scan that holds all of it, or give a brain mask with --mask.",
        basis="First or last slice of the brain over its largest: at most 0.24 in 28 real newborns (root normal: under "
        "0.01 % beyond) and 0.38 in phantoms with a skull (6 mm slices), at least 0.89 in halves of real ones.",
    )
