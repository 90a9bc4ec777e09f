"""What is no diffusion scan of a whole newborn brain, although nothing in the file is broken."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.phantom.lifespan import make_t1_subject, scan_t1
from AGE2HIELib.volume import DwiSeries, Volume
from fuzzing.cases import Kind, Workshop
from fuzzing.geometry_damaged import affine_of
from fuzzing.sound import ADC_FORMS, DWI_FORMS
from fuzzing.values_damaged import brain, changed, floats, series

REAL = Path(os.environ.get("AGE2HIE_TEST_DATA", ""))
_ALL = (*DWI_FORMS, *ADC_FORMS)
_ADC_FILES = ADC_FORMS[:4]


def _cut(at: Workshop, axis: int, *, upper: bool, share: float) -> Path:
    """The field of view ends within the brain: ``share`` of its length is outside."""
    array, affine = at.content.array, affine_of(at)
    occupied = np.flatnonzero(brain(at).any(axis=tuple(other for other in range(3) if other != axis)))
    first, last = int(occupied[0]), int(occupied[-1]) + 1
    at_voxel = round(last - share * (last - first)) if upper else round(first + share * (last - first))
    kept = slice(0, at_voxel) if upper else slice(at_voxel, None)
    where: list[slice | type(Ellipsis)] = [...] + [slice(None)] * 3  # type: ignore[valid-type]
    where[1 + axis] = kept
    if not upper:
        affine[:3, 3] += affine[:3, axis] * at_voxel
    return at.rewritten(replace(at.content, array=np.ascontiguousarray(array[tuple(where)]), affine_ras=affine))


def _half(at: Workshop) -> Path:
    axis = int(at.rng.integers(3))
    return _cut(at, axis, upper=bool(at.rng.integers(2)), share=float(at.rng.uniform(0.35, 0.65)))


def _top_or_base_missing(at: Workshop) -> Path:
    return _cut(at, 2, upper=bool(at.rng.integers(2)), share=float(at.rng.uniform(0.3, 0.5)))


def _half_empty(at: Workshop) -> Path:
    """The field of view is whole, but half of it holds nothing."""
    array = floats(at)
    middle = int(np.argwhere(brain(at)).mean(axis=0)[2])
    array[..., :middle] = 0
    return changed(at, array)


def _voids(at: Workshop, radius_mm: float, count: int) -> Path:
    """No signal in balls of the brain, as around metal.

    Their centres lie in the deepest tenth: what is bright in a raw volume is scalp and eyes as well.
    """
    array = floats(at)
    grid = at.content.grid
    depth = ndimage.distance_transform_edt(brain(at), sampling=grid.spacing_mm)
    places = np.argwhere(depth > np.percentile(depth[depth > 0], 90))
    steps = np.indices(grid.shape).reshape(3, -1).T * grid.spacing_mm
    void = np.zeros(grid.shape, dtype=bool)
    for place in places[at.rng.integers(len(places), size=count)]:
        void |= (np.linalg.norm(steps - place * grid.spacing_mm, axis=1) < radius_mm).reshape(grid.shape)
    array[..., void] = at.rng.uniform(0, 3, int(void.sum())).round() if isinstance(at.content, DwiSeries) else 0
    return changed(at, array)


def _large_void(at: Workshop) -> Path:
    return _voids(at, float(at.rng.uniform(25, 35)), 1)


def _small_voids(at: Workshop) -> Path:
    return _voids(at, float(at.rng.uniform(4, 7)), int(at.rng.integers(1, 4)))


def _striped(at: Workshop) -> Path:
    """Every second slice has lost most of its signal in the weighted volumes, as with motion between excitations."""
    array = floats(at)
    if isinstance(at.content, DwiSeries):
        array[1:, ..., ::2] *= 0.35
    else:
        array[..., ::2] *= 1.9
    return changed(at, array)


@cache
def _adult_t1() -> Volume:
    return scan_t1(make_t1_subject(3, age_years=40.0), seed=3)


@cache
def _infant_t1() -> Volume:
    return scan_t1(make_t1_subject(4, age_years=0.1), seed=4)


def _synthetic_t1(at: Workshop) -> Path:
    image = (_adult_t1, _infant_t1)[int(at.rng.integers(2))]()
    scale = float(at.one_of((1.0, 10.0, 1e-3)))
    path = at.folder / "t1.nii.gz"
    write_volume(image.like((image.array * scale).astype(np.float32)), path)
    return path


def _real(at: Workshop, pattern: str) -> Path:
    """A real scan where there are any, else the synthetic T1."""
    found = sorted(REAL.glob(pattern)) if REAL.is_dir() and str(REAL) != "." else []
    return found[int(at.rng.integers(len(found)))] if found else _synthetic_t1(at)


def _as_map(at: Workshop, image: np.ndarray) -> Path:
    path = at.folder / "map.nii.gz"
    write_volume(Volume(np.ascontiguousarray(image, dtype=np.float32), at.content.affine_ras), path)
    return path


def _one_volume(at: Workshop) -> Path:
    """b0 or a weighted volume alone, as a 3D image in scanner units."""
    return _as_map(at, series(at).array[int(at.rng.integers(2))])


def _ct(at: Workshop) -> Path:
    """Hounsfield units: air -1000, brain 20 to 45, a rim of bone."""
    inside = brain(at)
    bone = ndimage.binary_dilation(inside, iterations=2) & ~inside
    soft = at.rng.normal(32, 4, inside.shape)
    return _as_map(at, np.where(bone, 700, np.where(inside, soft, -1000)))


def _anisotropy(at: Workshop) -> Path:
    return _as_map(at, np.where(brain(at), at.rng.beta(2, 6, brain(at).shape), 0))


def _z_map(at: Workshop) -> Path:
    array = floats(at)
    return _as_map(at, np.where(array != 0, np.clip((array - 1250) / 150, -10, 10), 0))


def _mask(at: Workshop) -> Path:
    return _as_map(at, brain(at) * float(at.one_of((1.0, 255.0))))


def _inverted(at: Workshop) -> Path:
    """A map with its contrast turned over: fluid dark, tissue bright."""
    array = floats(at)
    return changed(at, np.where(array != 0, 2600 - np.clip(array, 0, 2500), 0).astype(np.float32))


def _sphere(at: Workshop) -> Path:
    """A bottle of water: a smooth ball of one ADC."""
    grid = at.content.grid
    steps = np.indices(grid.shape).reshape(3, -1).T - (np.array(grid.shape) - 1) / 2
    inside = (np.linalg.norm(steps * grid.spacing_mm, axis=1) < 46).reshape(grid.shape)
    return _as_map(at, np.where(inside, at.rng.normal(float(at.one_of((1100, 2000))), 30, grid.shape), 0))


def _adult_adc(at: Workshop) -> Path:
    """An adult's diffusivities at an adult's size."""
    affine = affine_of(at)
    affine[:3, :3] *= 1.45
    array = np.where(at.content.array != 0, 800 + 0.25 * (floats(at) - 1200), 0).astype(np.float32)
    return at.rewritten(replace(at.content, array=array, affine_ras=affine))


KINDS = (
    Kind("half of the brain", "refused", _ALL, _half),
    Kind("vertex or base missing", "refused", _ALL, _top_or_base_missing),
    Kind("half of the field of view empty", "refused", _ALL, _half_empty),
    Kind("large void", "refused", _ALL, _large_void),
    Kind("small voids", "untold", _ALL, _small_voids, "a few ml without signal look like a small cyst or an infarct"),
    Kind("every second slice weak", "refused", _ALL, _striped),
    Kind("synthetic T1 of an adult or infant", "refused", ("adc.nii",), _synthetic_t1),
    Kind("real T1 scans", "refused", ("adc.nii",), lambda at: _real(at, "t1-ages/**/*.nii.gz")),
    Kind("real adult diffusion", "refused", ("adc.nii",), lambda at: _real(at, "adc-nifti/*adc.nii.gz"), most=1),
    Kind("b0 or trace as a map", "kept back", ("dwi.nii",), _one_volume),
    Kind("CT", "refused", ("adc.nii",), _ct, most=6),
    Kind("fractional anisotropy", "refused", ("adc.nii",), _anisotropy, most=6),
    Kind("z-map for ADC", "refused", ("adc.nii",), _z_map, most=6),
    Kind("mask for ADC", "refused", ("adc.nii",), _mask, most=6),
    Kind("inverted contrast", "refused", _ADC_FILES, _inverted, most=8),
    Kind("water phantom", "refused", ("adc.nii",), _sphere, most=6),
    Kind("adult's ADC", "refused", _ADC_FILES, _adult_adc, most=8),
)
