"""Whether the atlas fits the brain, and what was given beside the scan belongs to it: a z-map the right way round, a
mask that lies on the brain.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.quality.check import GIVEN_MASK, Check, at_least, at_most, between
from AGE2HIELib.volume import Volume

FIELD_OF_VIEW_SHARE = 0.90
OVERLAP = 0.80
STRETCH = 1.5
FOLDING = 0.001
SIMILARITY = 0.01
MIRRORED_GAIN = 0.05  # where mirroring gains as much similarity, the scan lies back to front
LIES_MIRRORED = (
    "Mirrored front to back the scan would resemble the atlas more: its header may be wrong. Convert it again from the "
    "DICOM files."
)

SHARED_DETAIL = 0.2
Z_DETAIL = "fine detail shared by z-map and ADC"
Z_SCALE = "change of ADC where z changes by 1"
SCALE_ADC = (75.0, 1200.0)  # 1e-6 mm^2/s
LIKE_FOUND_MASK = 0.9
_ADC_RANGE = (0.0, 4000.0)  # 1e-6 mm^2/s
_FLUID_ADC = 2200.0  # 1e-6 mm^2/s; borders of fluid are where they are in any brain, and outweigh tissue
_SATURATED_Z = 9.9  # released maps are clipped to 10
_MIRRORED = [axes for count in (1, 2, 3) for axes in combinations(range(3), count)]
_COVERED = 0.5  # of the brain that a z-map must hold to be compared
_FINE_FWHM_MM, _COARSE_OVER_FINE = 2.0, 1.5  # released maps were smoothed by 2 mm; anatomy of other infants is coarser
_TAILS = (2.0, 98.0)  # percentiles, to which values are clipped
_FWHM_PER_SIGMA = 2.3548


def placement_checks(placement: Placement, atlas: Atlas, mirrored: float | None = None) -> list[Check]:
    """``mirrored``: the similarity of the mirrored scan, where it was asked."""
    remedy = f"Look at the brain mask over the scan; placement in {atlas.name} failed or the brain is not whole."
    low, _, high = placement.scale
    liker_mirrored = mirrored is not None and placement.similarity < mirrored - MIRRORED_GAIN
    return [
        at_least(
            "field of view",
            placement.coverage,
            FIELD_OF_VIEW_SHARE,
            remedy="The scan does not hold the whole brain.",
            basis="Share of the atlas brain that the image holds: 0.99-1.00 in 28 real newborns.",
        ),
        at_least(
            "overlap with the atlas brain",
            placement.overlap,
            OVERLAP,
            remedy=remedy,
            basis="Dice after placement: 0.90-0.94 in 28 real newborns, 0.55-0.91 in what is no whole brain.",
        ),
        at_most(
            "stretch of the placement",
            high / low,
            STRETCH,
            remedy=remedy,
            basis="Largest over smallest factor: 1.05-1.26 in 28 real newborns (0.13 % of such infants lie beyond), "
            "1.13-3.6 for half a brain.",
        ),
        at_least(
            "similarity to the atlas",
            placement.similarity,
            SIMILARITY if mirrored is None else max(SIMILARITY, mirrored - MIRRORED_GAIN),
            remedy=LIES_MIRRORED if liker_mirrored else remedy,
            # after the affine step, because a deformation makes anything look similar
            basis="Correlation with the atlas mean before the deformation: 0.21-0.57 in 27 real newborns and 0.027 in "
            "one, whose white matter is no brighter than its grey (0.14 % of such infants lie below); with the atlas "
            "before this one -0.11 to -0.02 in four T1 scans of newborn size, -0.09 to 0.03 in twelve of noise.",
        ),
        at_most(
            "folding of the placement",
            placement.folding,
            FOLDING,
            remedy=remedy,
            basis="Of the atlas brain, where the placement turns space inside out: 0 in 28 real newborns and "
            "4,000 phantoms.",
        ),
    ]


def supplied_checks(adc: Volume, brain: Volume, found: Volume, *, mask: Volume | None, z: Volume | None) -> list[Check]:
    """Checks of what was supplied beside the scan: a brain mask, a z-map; none of what was not.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, the one that is used.
        found: bool, what ``brain_mask`` finds in the scan.
        mask, z: what the user gave; all on one grid.
    """
    checks = [] if mask is None else [mask_check(mask, found)]
    if z is None or not brain.array.any():
        return checks
    return [*checks, z_map_check(adc, brain, z), z_scale_check(adc, brain, z)]


def z_map_check(adc: Volume, brain: Volume, z: Volume) -> Check:
    """How far the fine detail of z follows that of ADC, less what the likest mirror image of z does (0 if below).

    z is smoothed ADC less a normative mean, over a normative sd, and both of these are averages over infants, so that
    what changes from voxel to voxel is the scan's own: it does not need a lesion, and no other infant's map has it.

    Args:
        adc: 1e-6 mm^2/s.
        brain: bool, not empty.
        z: given by the user, 0 where there is none; all on one grid.
    """
    return at_least(
        Z_DETAIL,
        _shared_detail(adc, brain.array, z.array),
        SHARED_DETAIL,
        remedy="The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or "
        "leave --z-adc out: one is made from the atlas.",
        basis="Correlation of what changes within some 2 mm, in tissue: 0.33-0.77 in 28 real newborns with the z-maps "
        "released with them (0.04 % of such infants lie below), at most -0.33 where these were mirrored, at most 0.04 "
        "with other infants' maps laid over theirs (112 pairs).",
    )


def z_scale_check(adc: Volume, brain: Volume, z: Volume) -> Check:
    """Spread of the fine detail of ADC over that of z: the standard deviation between infants that z is in units of.

    Args:
        as for ``z_map_check``, which does not see a factor.
    """
    details = _details(adc, brain.array, z.array)
    both = details.tissue & details.usable
    spread_adc, spread_z = (_spread(detail[both]) for detail in (details.of_adc, details.of_z))
    return between(
        Z_SCALE,
        spread_adc / spread_z if spread_z > 0 else float("nan"),
        SCALE_ADC,
        "1e-6 mm2/s",
        remedy="The z-map is not in standard deviations: it may have been multiplied when it was saved. Give it as it "
        "was made, or leave --z-adc out: one is made from the atlas.",
        basis="206-366 in 28 real newborns with the z-maps released with them (logarithm normal: under 0.01 % of such "
        "infants lie beyond a fourth or four times its mean of 296), 172-232 with maps made here from the bundled "
        "atlas; a tenth or ten times as much where a map was scaled.",
    )


def mask_check(given: Volume, found: Volume) -> Check:
    """Dice of the mask that the user gave with what ``brain_mask`` finds."""
    total = int(given.array.sum() + found.array.sum())
    return at_least(
        GIVEN_MASK,
        2 * float((given.array & found.array).sum()) / max(total, 1),
        LIKE_FOUND_MASK,
        remedy="Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong.",
        basis="Dice, of a phantom with a skull: 0.94 for its true brain, 0.88 for one moved by 5 mm, 0.76 for one "
        "upside down (which was predicted as 0.94 beside 0.24). One mirrored left to right cannot be told (0.91).",
        severity="warn",
    )


@dataclass(frozen=True)
class _Details:
    """Fine detail of both maps, where each is known, and where it is that of tissue within the range of values."""

    of_adc: np.ndarray
    of_z: np.ndarray
    measured: np.ndarray
    held: np.ndarray
    tissue: np.ndarray
    usable: np.ndarray


def _details(adc: Volume, brain: np.ndarray, z: np.ndarray) -> _Details:
    held = np.isfinite(z) & (z != 0)
    measured = brain & np.isfinite(adc.array)
    spacing_mm = adc.grid.spacing_mm
    return _Details(
        of_adc=_fine_detail(np.clip(adc.array, *_ADC_RANGE), measured, spacing_mm),
        of_z=_fine_detail(np.clip(z, -_SATURATED_Z, _SATURATED_Z), held, spacing_mm),
        measured=measured,
        held=held,
        tissue=binary_erosion(measured) & (adc.array < _FLUID_ADC),
        usable=binary_erosion(held) & (np.abs(np.where(held, z, 0)) < _SATURATED_Z),
    )


def _shared_detail(adc: Volume, brain: np.ndarray, z: np.ndarray) -> float:
    """NaN where z is none in most of the brain, or the same everywhere."""
    details = _details(adc, brain, z)

    def shared(axes: tuple[int, ...]) -> float:
        if (details.measured & np.flip(details.held, axes)).sum() <= _COVERED * details.measured.sum():
            return float("nan")
        both = details.tissue & np.flip(details.usable, axes)
        return _correlation(details.of_adc[both], np.flip(details.of_z, axes)[both])

    return shared(()) - max([0.0, *(value for axes in _MIRRORED if np.isfinite(value := shared(axes)))])


def _fine_detail(values: np.ndarray, known: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """What a narrow smoothing within ``known`` keeps and a wider one does not."""
    fine_mm = max(_FINE_FWHM_MM, float(spacing_mm.min()))
    weights = known.astype(np.float32)
    filled = np.where(known, values, 0).astype(np.float32)

    def smooth(fwhm_mm: float) -> np.ndarray:
        sigma = fwhm_mm / _FWHM_PER_SIGMA / spacing_mm
        share = gaussian_filter(weights, sigma)
        return np.asarray(gaussian_filter(filled, sigma) / np.maximum(share, 1e-3))

    band: np.ndarray = smooth(fine_mm) - smooth(_COARSE_OVER_FINE * fine_mm)
    return band


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Of values clipped to their own percentiles, so that no single one rules; NaN where one of them is constant."""
    if not len(first):
        return float("nan")
    one, other = _without_tails(first), _without_tails(second)
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) > 0 and np.ptp(other) > 0 else float("nan")


def _spread(values: np.ndarray) -> float:
    """Standard deviation of the same; NaN for none."""
    return float(_without_tails(values).std()) if len(values) else float("nan")


def _without_tails(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(values, *np.percentile(values, _TAILS)))
