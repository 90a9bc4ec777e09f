"""Whether the values are those of a newborn's ADC map, the image holds the whole brain, and the infant is young enough
for low ADC to show.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.infant import InfantFacts, pseudonormal_day
from AGE2HIELib.io.source import Source
from AGE2HIELib.preprocess.mask import MOST_FOUND_ALONE_ML
from AGE2HIELib.quality.check import AGE, FLUID, FOUND_ALONE, Check, at_most, between
from AGE2HIELib.volume import Volume

MEDIAN_ADC = (750.0, 2000.0)  # 1e-6 mm^2/s
ADC_OF_FLUID = (2100.0, 4800.0)  # 1e-6 mm^2/s
FLUID_PERCENTILE = 99.5
IMPLAUSIBLE_ADC = (0.0, 4000.0)  # 1e-6 mm^2/s; free water at 37 degrees has 3000
IMPLAUSIBLE_SHARE = 0.05
NOT_FINITE_SHARE = 0.02
BRAIN_ML = (230.0, 800.0)
SPACING_MM = (0.3, 8.0)
CUT_FACE = 0.5


def modality(source: Source) -> Check:
    fitted = source.dwi is not None
    return Check(
        name="modality and unit",
        value="fitted from diffusion-weighted volumes" if fitted else source.adc_unit_found or "none known",
        limit="an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes",
        passed=fitted or source.adc_unit_found is not None,
        remedy="The values are not those of an ADC map. Choose the ADC map or the raw diffusion series.",
        basis="The three units in which scanners and tools write ADC.",
    )


def value_checks(values: np.ndarray) -> list[Check]:
    """Args:
    values: ADC of the brain's voxels, 1e-6 mm^2/s; at least one.
    """
    low, high = IMPLAUSIBLE_ADC
    finite = values[np.isfinite(values)]
    odd = float(((finite <= low) | (finite >= high)).mean()) if len(finite) else 1.0
    median = float(np.median(finite)) if len(finite) else float("nan")
    return [
        at_most(
            "voxels without a value",
            float((~np.isfinite(values)).mean()),
            NOT_FINITE_SHARE,
            remedy="The signal is missing in part of the brain. Look at the raw volumes, or use another series.",
            basis="Chosen: such voxels are where the raw signal was not positive, next to none in a sound scan.",
        ),
        at_most(
            "voxels with an implausible ADC",
            odd,
            IMPLAUSIBLE_SHARE,
            remedy="The map is noisy or not an ADC map. Fit it from the raw series, or use another scan.",
            basis=f"Not between {low:g} and {high:g}: at most 0.0044 in 28 real newborns; free water has 3000.",
        ),
        between(
            "median ADC of the brain",
            median,
            MEDIAN_ADC,
            "1e-6 mm2/s",
            remedy="Is this a newborn's ADC map? Adults' is lower.",
            basis="28 real newborns have 872 (74 % of the brain injured) to 1623 (logarithm normal: 0.04 % of such "
            "infants lie outside); injured tissue has 819-1030, adults' raw series 665-695.",
        ),
    ]


def fluid_check(values: np.ndarray) -> Check:
    """Whether the scale of a given map is right: fluid has an ADC near that of free water.

    Not asked of raw series: there the b-values set the scale, and at high b the noise floor lowers the ADC of fluid.
    ``benchmark/fluid.py`` has the sound maps, and those of a wrong scale, by which the limits were chosen.

    Args:
        values: ADC of the brain's voxels, 1e-6 mm^2/s; at least one.
    """
    finite = values[np.isfinite(values)]
    return between(
        FLUID,
        float(np.percentile(finite, FLUID_PERCENTILE)) if len(finite) else float("nan"),
        ADC_OF_FLUID,
        "1e-6 mm2/s",
        remedy="Is the map's scale right (unit, b-value)? Compare fluid in the ventricles: about 3000. Override this "
        "if the scale is right.",
        basis="The 99.5th percentile of a given map. 28 real newborns have 2606 (74 % of the brain injured) to 3919 "
        "(logarithm normal: 0.06 % of such infants lie outside), 40 phantoms 2192-3162. Sound maps that are smoothed, "
        "or were made at b = 1500 and more with much noise, may lie below.",
        severity="warn",
    )


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


def mask_from_adc_alone(brain: Volume) -> Check:
    """Asked where the mask rests on an ADC map of a whole head, without the raw signal that shows the skull.

    Where a scanner stores pixels finer than it measured, the noise of bone and air is as smooth as tissue, and part of
    the head is taken for brain; ``brain_in_head`` cuts most of them.
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
        "0.01 % beyond) and 0.38 in phantoms with a skull (6 mm slices), at least 0.89 in halves of real ones, 0.59 "
        "in a phantom's head cut at a third, whose mask is narrow at the edge of the field.",
    )


def age_check(age_days: float, infant: InfantFacts) -> Check:
    """Whether low ADC may have returned to normal already, so that an injured brain looks sound.

    The check holds no number of the child's own: with the date of the scan it would be the date of birth.
    """
    day = pseudonormal_day(infant.cooled)
    treated = {True: "cooled", False: "not cooled", None: "cooled or not is not known"}[infant.cooled]
    early = age_days < day
    return Check(
        AGE,
        f"{'before' if early else 'not before'} day {day:g}; {treated}",
        f"before day {day:g}",
        early,
        "Low ADC may have returned to normal, so that injury is missed. Use an earlier scan, or other sequences.",
        "PMC3345786: ADC returns to normal after day 10 with cooling and from days 6-8 without.",
        "warn",
    )
