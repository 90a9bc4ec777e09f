"""Where the brain is: the zero background of a stripped image, or a classical mask of a whole head, which the placed
atlas brain then corrects.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.volume import Volume

# A stripped image is exactly 0 or NaN around one compact piece. 12 BONBID-HIE cases: border at least 0.977,
# largest piece at least 0.9999, holes at most 0.001; the ADC of a whole head (Siemens XA30): 0.85, 0.999, 0.020.
STRIPPED_BORDER = 0.9
STRIPPED_LARGEST_PIECE = 0.98
STRIPPED_HOLES = 0.01
# Scanners set the air of a whole head to 0 as well: what is as large as a newborn's head (twice its brain: 690 ml and
# more in six phantoms whose brains have 340-363 ml) is asked how much of it is brain: 0.45-0.54 there, 0.95-0.99 in
# seven real brains.
LARGEST_UNASKED_ML = 540.0
# 28 real newborns have 341-578 ml (logarithm normal: 3 % of such infants lie beyond); whole heads more.
MOST_FOUND_ALONE_ML = 585.0
BRAIN_OF_STRIPPED = 0.75

MEDIAN_RADIUS_MM = 2.0  # removes single noisy voxels, keeps the dark skull of a newborn (2-3 mm) open
OPENING_RADIUS_MM = 5.0  # cuts scalp, eyes and optic nerves from the brain; 3 to 6 mm compared on phantoms
CLOSING_RADIUS_MM = 4.0  # sulci and dark deep grey at the surface belong to the brain; not tuned
# Brain is brighter than this share of the tissue within BIAS_SD_MM; bone and most scalp are not. 15-25 mm and 0.35-0.65
# compared: on phantoms Dice 0.92-0.97, and the dark centre of an adult in a 32-channel coil (Siemens XA30) stays in.
BRAIN_SHARE = 0.6
BIAS_SD_MM = 15.0
FLUID_ADC = 2200.0  # 1e-6 mm2/s: 95 % of the brain voxels of 56 BONBID-HIE cases lie below 2275
FLUID_DEPTH_MM = 3.0  # fluid that is taken off the surface: about the subarachnoid space of the phantom
PLAUSIBLE_ADC = (300.0, 3400.0)  # 1e-6 mm2/s: below the deepest infarct, above free water at 37 degrees (3000)
# Median absolute deviation of ADC nearby, 1e-6 mm2/s: tissue scatters less, air more (5-95 %: -1300 to 1000). Chosen
# on phantoms, where ADC alone gave Dice 0.94-0.98 at an SNR of 20-22 (the tissue's own scatter is 50-110 there, the
# air's 250-430). At an SNR of 9 with three directions it is 180-210, and 250 left 2-22 ml of the brain (Dice 0.01-0.1):
# so at least this multiple of it, which gives 0.91-0.94 (1.8: 0.90-0.91).
ADC_SCATTER = 250.0
SCATTER_OF_TISSUE = 2.0
LARGEST_SCATTER = 450.0  # of what tells the tissue's own; that of air is above it, or its median below PLAUSIBLE_ADC
ADC_MEDIAN_RADIUS_MM = 3.0
_FEWEST_NEIGHBOURS = 13  # for a median; thick slices have them in the plane alone, and the radius grows until they are
_OTSU_BINS = 256
# An affine placement leaves a few mm of an infant's own shape; only what lies further out than that is cut off, and
# only holes deeper inside than that are filled.
_MARGIN_MM = 6.0
_CHANGED_SHARE = 0.005  # of the mask: below it a new placement would move nothing


def is_stripped(adc: Volume) -> bool:
    """Whether the background is exactly 0 or NaN around one compact piece, and that piece is a brain and no head."""
    inside = _measured(adc.array)
    border = np.ones(inside.shape, dtype=bool)
    border[1:-1, 1:-1, 1:-1] = False
    if not inside.any() or inside[border].mean() > 1 - STRIPPED_BORDER:
        return False
    count = inside.sum()
    piece = largest_piece(inside)
    holes = ndimage.binary_fill_holes(piece).sum() - piece.sum()
    compact = piece.sum() >= STRIPPED_LARGEST_PIECE * count and holes <= STRIPPED_HOLES * count
    return bool(compact and not (count * adc.grid.voxel_ml > LARGEST_UNASKED_ML and _is_head(adc, piece)))


def brain_mask(adc: Volume, *, contrast: Volume | None, stripped: bool | None = None) -> Volume:
    """The brain as bool on the ADC's grid, in closest-RAS order (slices along the last axis are the axial ones).

    Args:
        adc: 1e-6 mm^2/s, NaN where it could not be measured.
        contrast: mean b0 or trace on the same grid, which shows the head; None where there is only the ADC.
        stripped: what ``is_stripped`` says of the ADC, where it has been asked already.
    """
    if is_stripped(adc) if stripped is None else stripped:
        return adc.like(ndimage.binary_fill_holes(largest_piece(_measured(adc.array))))
    spacing_mm = adc.grid.spacing_mm
    bright = _smooth_tissue(adc.array, spacing_mm) if contrast is None else _bright(contrast.array, spacing_mm)
    return as_one_brain(bright, adc)


def as_one_brain(tissue: np.ndarray, adc: Volume) -> Volume:
    """The largest piece of tissue that is as thick as a brain, with its holes, without the fluid around it; bool."""
    spacing_mm = adc.grid.spacing_mm
    brain = _opened(tissue, spacing_mm)
    if not brain.any():
        return adc.like(brain)
    return adc.like(_without_outer_fluid(_closed(brain, spacing_mm), adc.array, spacing_mm))


def _opened(tissue: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """The largest piece that is as thick as a brain; empty where there is none."""
    core = largest_piece(depth_mm(tissue, spacing_mm) > OPENING_RADIUS_MM)
    if not core.any():
        return core
    return largest_piece(tissue & (depth_mm(~core, spacing_mm) <= OPENING_RADIUS_MM))


def _is_head(adc: Volume, piece: np.ndarray) -> bool:
    """Whether brain is too small a part of the piece for one without skull and scalp."""
    box = ndimage.find_objects(piece.astype(np.int8))[0]
    part = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
    spacing_mm = adc.grid.spacing_mm
    tissue = _smooth_tissue(adc.array[part], spacing_mm) & piece[part]
    brain = _opened(tissue, spacing_mm)
    return bool(not brain.any() or _closed(brain, spacing_mm).sum() < BRAIN_OF_STRIPPED * piece.sum())


def _measured(array: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(array) & (array != 0))


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """The largest piece, face-connected; an empty mask stays empty."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    return np.asarray(labels == np.bincount(labels.ravel())[1:].argmax() + 1)


def depth_mm(mask: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Distance of each voxel in the mask to the nearest one outside, 0 outside; beyond the image counts as inside."""
    if mask.all():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(mask, sampling=spacing_mm))


def _ball(radius_mm: float, spacing_mm: np.ndarray) -> np.ndarray:
    """Voxels within a radius, at least the centre: thin along thick slices."""
    reach = np.floor(radius_mm / spacing_mm).astype(int)
    offsets = np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij")
    squared = sum((offset * mm) ** 2 for offset, mm in zip(offsets, spacing_mm, strict=True))
    return np.asarray(squared <= radius_mm**2)


def _bright(contrast: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """As bright as the tissue around, so that a head coil's bright rim and dark centre do not matter."""
    image = np.nan_to_num(contrast.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    smooth = ndimage.median_filter(image, footprint=_ball(MEDIAN_RADIUS_MM, spacing_mm))
    log_signal = np.log(np.maximum(smooth, 1e-3 * max(np.percentile(smooth, 99), 0) + np.finfo(np.float32).tiny))
    tissue = np.asarray(log_signal > otsu_threshold(log_signal))
    if not tissue.any():
        return tissue
    sigma = BIAS_SD_MM / spacing_mm
    capped = np.minimum(smooth, np.percentile(smooth[tissue], 98))  # fluid must not dim what surrounds it
    for _ in range(2):  # the second time without the scalp that the first one took off
        weight = ndimage.gaussian_filter(tissue.astype(np.float32), sigma, truncate=2.5)
        nearby = ndimage.gaussian_filter(np.where(tissue, capped, 0), sigma, truncate=2.5) / np.maximum(weight, 1e-3)
        tissue &= smooth > BRAIN_SHARE * nearby
    return tissue


def _smooth_tissue(adc: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Plausible ADC that varies smoothly: the ADC of air and bone is noise, half of it negative."""
    bounded = np.clip(np.nan_to_num(adc, nan=0.0), -PLAUSIBLE_ADC[1], PLAUSIBLE_ADC[1]).astype(np.float32)
    footprint = _neighbourhood(spacing_mm)
    local = ndimage.median_filter(bounded, footprint=footprint)
    scatter = ndimage.median_filter(np.abs(bounded - local), footprint=footprint)
    plausible = (local > PLAUSIBLE_ADC[0]) & (local < PLAUSIBLE_ADC[1])
    core = largest_piece(depth_mm(plausible & (scatter < LARGEST_SCATTER), spacing_mm) > OPENING_RADIUS_MM)
    noise = float(np.median(scatter[core])) if core.any() else 0.0
    return np.asarray(plausible & (scatter < max(ADC_SCATTER, SCATTER_OF_TISSUE * noise)))


def _neighbourhood(spacing_mm: np.ndarray) -> np.ndarray:
    """The ball over which ADC is compared with what lies around."""
    radius_mm = ADC_MEDIAN_RADIUS_MM
    while (ball := _ball(radius_mm, spacing_mm)).sum() < _FEWEST_NEIGHBOURS:
        radius_mm *= 1.1
    return ball


def otsu_threshold(values: np.ndarray) -> float:
    """The value that parts two classes with the largest variance between them (doi:10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(values, bins=_OTSU_BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][np.argmax(below * above * (means[0] - means[1]) ** 2)])


def _closed(mask: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    near = depth_mm(~mask, spacing_mm) <= CLOSING_RADIUS_MM
    filled = ndimage.binary_fill_holes(mask | (depth_mm(near, spacing_mm) > CLOSING_RADIUS_MM))
    for axial in range(filled.shape[2]):  # the skull base opens holes downwards that each slice closes
        filled[:, :, axial] = ndimage.binary_fill_holes(filled[:, :, axial])
    return np.asarray(filled)


def _without_outer_fluid(mask: np.ndarray, adc: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Take fluid off the surface: it is around the brain, and its partial volume would look like oedema."""
    outer = depth_mm(mask, spacing_mm) <= FLUID_DEPTH_MM
    fluid = np.nan_to_num(adc, nan=np.inf) > FLUID_ADC
    return largest_piece(mask & ~(outer & fluid))


def refine_mask(adc: Volume, brain: Volume, placement: Placement, atlas: Atlas) -> tuple[Volume, Placement]:
    """Cut what lies well outside the placed atlas brain, fill what lies well inside, and place again if need be.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order.
        brain: classical mask, bool, not empty.
        placement: found with that mask.
        atlas: where it was placed.

    Returns:
        The corrected mask, and the placement that goes with it.
    """
    expected = placement.to_native(atlas.brain.like(atlas.brain.array.astype(np.float32))).array > 0.5
    if not expected.any():
        return brain, placement
    spacing_mm = adc.grid.spacing_mm
    near = ndimage.distance_transform_edt(~expected, sampling=spacing_mm) <= _MARGIN_MM
    deep = ndimage.distance_transform_edt(expected, sampling=spacing_mm) > _MARGIN_MM
    refined = largest_piece((brain.array & near) | deep)
    if (refined != brain.array).sum() <= _CHANGED_SHARE * brain.array.sum():
        return brain, placement
    corrected = brain.like(refined)
    return corrected, place_in_atlas(adc, corrected, atlas)
