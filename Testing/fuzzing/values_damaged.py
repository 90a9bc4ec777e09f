"""Voxels that hold no signal, or one that no scanner gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from AGE2HIELib.io.coordinates import series_to_canonical, to_stored_order
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.cases import Kind, Workshop
from fuzzing.sound import ADC_FORMS, DWI_FORMS

_FLOAT_FORMS = ("adc.nii", "adc.nii.gz", "adc.mha", "adc.nrrd")
_DWI_FILES = ("dwi.nii", "dwi.nii.gz", "dwi.nrrd", "dwi.nhdr")
_NOT_FINITE = (np.nan, np.inf, -np.inf)


def changed(at: Workshop, array: np.ndarray) -> Path:
    """The scan with other values."""
    return at.rewritten(replace(at.content, array=array))


def series(at: Workshop) -> DwiSeries:
    assert isinstance(at.content, DwiSeries)
    return at.content


def floats(at: Workshop) -> np.ndarray:
    return np.array(at.content.array, dtype=np.float32)


def brain(at: Workshop) -> np.ndarray:
    """Bool, of the stripped map, or found in a raw series: half of a head is not half of its brain."""
    if isinstance(at.content, Volume):
        return np.asarray(at.content.array != 0)
    fit = adc_map(series_to_canonical(at.content))
    return to_stored_order(brain_mask(fit.adc, contrast=fit.mean_b0), at.content.grid).array


def _everywhere(at: Workshop) -> Path:
    value = at.one_of((*_NOT_FINITE, 0.0, 1.0, 1200.0, -1200.0, 32000.0))
    return changed(at, np.full_like(floats(at), value))


def _one_value_in_the_brain(at: Workshop) -> Path:
    """A constant where the brain was: the outline of an infant, and nothing in it."""
    return changed(at, np.where(brain(at), np.float32(1200), 0).astype(np.float32))


def _all_negative(at: Workshop) -> Path:
    return changed(at, -np.abs(floats(at)))


def _few_not_finite(at: Workshop) -> Path:
    """Up to 20 single voxels of the brain."""
    array = floats(at)
    places = np.argwhere(brain(at))
    for place in places[at.rng.integers(len(places), size=int(at.rng.integers(1, 21)))]:
        array[(..., *place)] = at.one_of(_NOT_FINITE)
    return changed(at, array)


def _half_not_finite(at: Workshop) -> Path:
    array = floats(at)
    array[..., at.rng.uniform(size=array.shape[-3:]) < 0.5] = at.one_of(_NOT_FINITE)
    return changed(at, array)


def _background(at: Workshop) -> Path:
    """Outside the brain something other than 0: NaN, which is as good."""
    return changed(at, np.where(brain(at), floats(at), np.nan).astype(np.float32))


def _spikes(at: Workshop) -> Path:
    """A few voxels of the brain at the end of what a float can hold."""
    array = floats(at)
    places = np.argwhere(brain(at))
    for place in places[at.rng.integers(len(places), size=int(at.rng.integers(1, 6)))]:
        array[(..., *place)] = at.one_of((3e38, -3e38, 1e20, -1e20, 1e-38))
    return changed(at, array)


def _volume_without_signal(at: Workshop) -> Path:
    array = floats(at)
    array[int(at.rng.integers(len(array)))] = at.one_of((*_NOT_FINITE, 0.0, -5.0))
    return changed(at, array)


def _constant_volume(at: Workshop) -> Path:
    array = floats(at)
    array[int(at.rng.integers(len(array)))] = float(array[0].max() / 2)
    return changed(at, array)


def _all_volumes_the_same(at: Workshop) -> Path:
    array = floats(at)
    return changed(at, np.broadcast_to(array[0], array.shape).copy())


def _noise(at: Workshop) -> Path:
    """Every value drawn anew: none of the scan is left."""
    array = floats(at)
    scale = float(np.abs(array).mean()) + 1.0
    way = at.one_of(("uniform", "normal", "rician"))
    if way == "uniform":
        return changed(at, at.rng.uniform(0, 2 * scale, array.shape).astype(np.float32))
    real = at.rng.normal(0, scale, array.shape)
    made = real if way == "normal" else np.hypot(real, at.rng.normal(0, scale, array.shape))
    return changed(at, made.astype(np.float32))


def _shuffled(at: Workshop) -> Path:
    """The brain's own values in another order: histogram and outline are right, anatomy is not."""
    array = floats(at)
    inside = array != 0
    array[inside] = at.rng.permutation(array[inside])
    return changed(at, array)


def _slices_shuffled(at: Workshop) -> Path:
    array = floats(at)
    return changed(at, array[..., at.rng.permutation(array.shape[-1])])


def _other_unit(at: Workshop) -> Path:
    """A unit that is none of the three."""
    return changed(at, floats(at) * np.float32(at.one_of((1 / 40, 40.0, 1e5, 1e-5, 1e-9))))


def _known_unit(at: Workshop) -> Path:
    return changed(at, floats(at) * np.float32(at.one_of((1e-3, 1e-6))))


def _gain(at: Workshop) -> Path:
    """A receiver's gain: the ratio of the volumes stays."""
    return changed(at, floats(at) * np.float32(at.one_of((1e-4, 0.37, 1e4))))


def _too_low_or_high(at: Workshop) -> Path:
    """A map whose scale is off by half or double."""
    return changed(at, floats(at) * np.float32(at.one_of((0.45, 2.2))))


def _offset(at: Workshop) -> Path:
    """Signed samples written as unsigned: everything is 32768 too high."""
    return changed(at, floats(at) + np.float32(32768))


def _saturated(at: Workshop) -> Path:
    """The receiver clipped: most of b0 has one value."""
    array = floats(at)
    return changed(at, np.minimum(array, np.percentile(array[0], 60)).astype(np.float32))


KINDS = (
    Kind("one value everywhere", "refused", (*_FLOAT_FORMS, *_DWI_FILES), _everywhere),
    Kind("one value in the brain", "refused", ADC_FORMS, _one_value_in_the_brain),
    Kind("all negative", "refused", (*_FLOAT_FORMS, "dwi.nii"), _all_negative, most=5),
    Kind("up to 20 voxels not finite", "either", (*_FLOAT_FORMS, *_DWI_FILES), _few_not_finite),
    Kind("half of the voxels not finite", "refused", (*_FLOAT_FORMS, *_DWI_FILES), _half_not_finite),
    Kind("NaN outside the brain", "sound", _FLOAT_FORMS, _background, most=4),
    Kind("voxels at the end of what floats hold", "either", (*_FLOAT_FORMS, *_DWI_FILES), _spikes),
    Kind("a volume without signal", "refused", _DWI_FILES, _volume_without_signal),
    Kind("a constant volume", "refused", DWI_FORMS[:4], _constant_volume),
    Kind("all volumes the same", "refused", DWI_FORMS, _all_volumes_the_same),
    Kind("noise", "refused", (*_FLOAT_FORMS, *_DWI_FILES), _noise),
    Kind("voxels shuffled within the brain", "refused", ADC_FORMS, _shuffled),
    Kind("slices shuffled", "refused", (*ADC_FORMS, *DWI_FORMS), _slices_shuffled),
    Kind("a unit that nobody uses", "refused", _FLOAT_FORMS, _other_unit),
    Kind("a known unit", "sound", _FLOAT_FORMS, _known_unit, most=4),
    Kind("another gain", "sound", _DWI_FILES, _gain, most=6),
    Kind("half or double the ADC", "refused", _FLOAT_FORMS, _too_low_or_high),
    Kind("unsigned for signed", "refused", ("adc.nii", "adc.mha", "dwi.nii", "dwi.nrrd"), _offset, most=8),
    Kind("receiver saturated", "refused", _DWI_FILES, _saturated),
)
