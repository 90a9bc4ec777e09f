"""The first quality gate: whether a scan is an ADC map of a whole newborn brain that the atlas fits.

Limits come from 12 real newborns (which must pass) and from adults' ADC maps, T1-weighted scans, noise and halves of
the same newborns' brains (which must not). A scan is refused by the checks together: each of them lets something pass
that another one stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AGE2HIELib.io.source import Source
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Volume

# Newborns of BONBID-HIE have 304-578 ml, halves of the sample cases 151-329, adults and T1 of children over 1000.
BRAIN_ML = (230.0, 700.0)
# Sample cases have medians of 989 (57 % of the brain injured) to 1340; all 56 have 1226-1623 in normal-looking brain;
# adults' raw series have 665-695, at which a newborn's brain would be one lesion. An adult's clinical map (904) passes
# here and is refused by its volume.
MEDIAN_ADC = (750.0, 1900.0)
# Slices are 2-6 mm in BONBID-HIE and 1.4-2 mm in plane; at 8 mm the basal ganglia are in two slices.
SPACING_MM = (0.3, 8.0)
# A brain that is cut off ends in a face as wide as the brain. First or last slice of the brain over its largest slice:
# at most 0.23 in sample cases and 0.38 in phantoms with a skull (6 mm slices), at least 0.89 in halves of the sample
# cases, of which one (the upper 70 % of 449) passes every other check.
CUT_FACE = 0.6
IMPLAUSIBLE_ADC = (0.0, 4000.0)  # 1e-6 mm^2/s; free water at 37 degrees has 3000
IMPLAUSIBLE_SHARE = 0.05  # sample cases have at most 0.002
NOT_FINITE_SHARE = 0.02  # where the raw signal was not positive
FIELD_OF_VIEW_SHARE = 0.90  # of the atlas brain that the field of view must hold; sample cases have 0.99-1.00
OVERLAP = 0.80  # Dice of the brains after placement: 0.90-0.93 in sample cases, 0.55-0.91 in what is not a whole brain
STRETCH = 1.42  # largest over smallest factor of the placement: 1.05-1.30, and 1.13-3.6 for half a brain
# Of the atlas brain, where the displacement turns space inside out: 0 in 12 sample cases and 60 phantoms.
FOLDING = 0.001
# Correlation with the atlas mean after the affine step, because a deformation makes anything look similar: 0.23-0.60 in
# 11 sample cases and 0.046 in one (028), whose white matter is no brighter than its grey; -0.11 to -0.02 in four T1
# scans of newborn size, -0.09 to 0.03 in twelve of noise. Adults and some halves pass here: this check is for what is
# no ADC map.
SIMILARITY = 0.04


@dataclass(frozen=True)
class Check:
    """One question the gate asks: the value seen, the limit in words, and what to do where it is not met."""

    name: str
    value: float | str | None
    limit: str
    passed: bool
    remedy: str


@dataclass(frozen=True)
class Quality:
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


def check_quality(source: Source, adc: Volume, brain: Volume, placement: Placement | None, atlas: Atlas) -> Quality:
    """Ask every question that can be asked; ``placement`` is None where no brain was found.

    Args:
        source: what was read, for the unit.
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: bool, same grid.
        placement: in ``atlas``.
        atlas: for its name in the remedies.
    """
    checks = [_unit(source), _spacing(adc), _brain_volume(brain), _cut_face(brain)]
    values = adc.array[brain.array]
    if len(values):
        checks += [_finite(values), _implausible(values), _median(values)]
    if placement is not None:
        checks += _placement_checks(placement, atlas)
    return Quality(tuple(checks))


def _unit(source: Source) -> Check:
    fitted = source.dwi is not None
    return Check(
        name="modality and unit",
        value="fitted from diffusion-weighted volumes" if fitted else source.adc_unit_found or "none known",
        limit="an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes",
        passed=fitted or source.adc_unit_found is not None,
        remedy="The values are not those of an ADC map. Choose the ADC map or the raw diffusion series.",
    )


def _spacing(adc: Volume) -> Check:
    spacing = adc.grid.spacing_mm
    low, high = SPACING_MM
    return Check(
        name="voxel size",
        value=" x ".join(f"{size:.2f}" for size in spacing) + " mm",
        limit=f"{low:g} to {high:g} mm along every axis",
        passed=bool(spacing.min() >= low and spacing.max() <= high),
        remedy="Check the header's spacing, or use a scan with thinner slices.",
    )


def _brain_volume(brain: Volume) -> Check:
    millilitres = float(brain.array.sum()) * brain.grid.voxel_ml
    return _between(
        "brain volume", millilitres, BRAIN_ML, "ml", "Is this a newborn's whole brain? Give a brain mask with --mask."
    )


def _cut_face(brain: Volume) -> Check:
    faces = [0.0]
    for axis in range(3):
        areas = brain.array.sum(axis=tuple(other for other in range(3) if other != axis))
        occupied = areas[areas > 0]
        if len(occupied):
            faces += [occupied[0] / occupied.max(), occupied[-1] / occupied.max()]
    return _at_most(
        "largest cut through the brain",
        float(max(faces)),
        CUT_FACE,
        "Part of the brain is missing. Use a scan that holds all of it, or give a brain mask with --mask.",
    )


def _finite(values: np.ndarray) -> Check:
    return _at_most(
        "voxels without a value",
        float((~np.isfinite(values)).mean()),
        NOT_FINITE_SHARE,
        "The signal is missing in part of the brain. Look at the raw volumes, or use another series.",
    )


def _implausible(values: np.ndarray) -> Check:
    low, high = IMPLAUSIBLE_ADC
    finite = values[np.isfinite(values)]
    return _at_most(
        "voxels with an implausible ADC",
        float(((finite <= low) | (finite >= high)).mean()) if len(finite) else 1.0,
        IMPLAUSIBLE_SHARE,
        "The map is noisy or not an ADC map. Fit it from the raw series, or use another scan.",
    )


def _median(values: np.ndarray) -> Check:
    finite = values[np.isfinite(values)]
    median = float(np.median(finite)) if len(finite) else float("nan")
    return _between(
        "median ADC of the brain", median, MEDIAN_ADC, "1e-6 mm2/s", "Is this a newborn's ADC map? Adults' is lower."
    )


def _placement_checks(placement: Placement, atlas: Atlas) -> list[Check]:
    remedy = f"Look at the brain mask over the scan; placement in {atlas.name} failed or the brain is not whole."
    low, _, high = placement.scale
    return [
        _at_least("field of view", placement.coverage, FIELD_OF_VIEW_SHARE, "The scan does not hold the whole brain."),
        _at_least("overlap with the atlas brain", placement.overlap, OVERLAP, remedy),
        _at_most("stretch of the placement", high / low, STRETCH, remedy),
        _at_least("similarity to the atlas", placement.similarity, SIMILARITY, remedy),
        _at_most("folding of the placement", placement.folding, FOLDING, remedy),
    ]


def _between(name: str, value: float, limits: tuple[float, float], unit: str, remedy: str) -> Check:
    low, high = limits
    return Check(name, _finite_or_none(value), f"{low:g} to {high:g} {unit}", bool(low <= value <= high), remedy)


def _at_most(name: str, value: float, limit: float, remedy: str) -> Check:
    return Check(name, _finite_or_none(value), f"at most {limit:g}", bool(value <= limit), remedy)


def _at_least(name: str, value: float, limit: float, remedy: str) -> Check:
    return Check(name, _finite_or_none(value), f"at least {limit:g}", bool(value >= limit), remedy)


def _finite_or_none(value: float) -> float | None:
    """JSON knows no NaN."""
    return float(value) if np.isfinite(value) else None
