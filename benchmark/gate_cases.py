"""Scans that the quality gate must refuse: of the data folder, and phantoms that are cut, mis-scaled or damaged.

And the row that is kept of what the gate says of any scan.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import affine_transform

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.quality import Check, Quality
from AGE2HIELib.volume import Volume

Row = dict[str, Any]  # kind, name, checks

PHANTOM = "phantom"
_ADULTS = ("siemens-xa30", "siemens-mosaic", "philips-classic", "ge-phantom")
_VOXELS = {"1.5 times as large": 1.5, "half as large": 0.5, "as large as a rat's": 0.2}
_SLICES = {"slices twice as thick": 2.0, "slices half as thick": 0.5}
_OTHERS = (1, 5, 11, 17)  # of the infants after it
_VALUES = {"values doubled": 2.0, "values halved": 0.5}


@dataclass(frozen=True)
class Bad:
    """One scan that must not pass; ``source`` reads it, and may raise InputError, which stops it as well."""

    kind: str
    name: str
    source: partial[Source]


def real_bad_scans() -> Iterator[Bad]:
    """Adults' diffusion scans and a bottle, T1 images of all ages."""
    data = Path(os.environ["AGE2HIE_TEST_DATA"])
    adults = [data / "dwi-dicom" / name for name in _ADULTS] + sorted((data / "adc-nifti").glob("*adc.nii.gz"))
    yield from (Bad("adult or bottle", path.name, partial(read_source, path)) for path in adults)
    for path in sorted((data / "t1-ages").glob("sub-*/**/*T1w.nii.gz")):
        yield Bad("T1 image", path.name, partial(read_source, path))


def real_newborns() -> list[Path]:
    return sorted((Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie" / "1ADC_ss").glob("*.mha"))


def spoilt(name: str, adc: Volume, *, seed: int) -> Iterator[Bad]:
    """A sound stripped ADC map in every way of being none.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order, 0 outside the brain.
    """
    rng = np.random.default_rng([seed, 30])
    brain = adc.array != 0
    normal = np.where(brain, rng.normal(1300, 300, brain.shape), 0)
    flat = rng.uniform(1, 4000, brain.shape)
    shuffled = np.zeros(brain.shape)
    shuffled[brain] = rng.permutation(adc.array[brain])
    for label, array in (("normal", normal), ("uniform", flat), ("shuffled", shuffled)):
        yield _bad("noise", f"{name} {label}", adc.like(array.astype(np.float32)))
    for axis in range(3):
        for upper in (False, True):
            yield _bad("half a brain", f"{name} axis {axis} {'upper' if upper else 'lower'}", _half(adc, axis, upper))
    for label, factor in _VOXELS.items():
        yield _bad("mis-scaled", f"{name} {label}", _scaled(adc, np.full(3, factor)))
    for label, factor in _SLICES.items():
        yield _bad("mis-scaled", f"{name} {label}", _scaled(adc, np.array([1, 1, factor])))
    for label, factor in _VALUES.items():
        yield _bad("mis-scaled", f"{name} {label}", adc.like((adc.array * factor).astype(np.float32)))
    yield _bad("gross stripes", f"{name} 15 %", _striped(adc, 0.15))
    yield _bad("lost slice", name, _dimmed(adc, 1.0))


def warned_of(name: str, adc: Volume) -> Iterator[Bad]:
    """What the gate need not refuse, but must not let pass without a word."""
    yield _bad("light stripes", f"{name} 6 %", _striped(adc, 0.06))
    yield _bad("dark slice", f"{name} 40 %", _dimmed(adc, 0.4))


def read(bad: Bad) -> Source | None:
    """None where reading stops already."""
    try:
        return bad.source()
    except InputError:
        return None


def _bad(kind: str, name: str, adc: Volume) -> Bad:
    return Bad(kind, name, partial(Source, "adc-mha", "", None, adc, "1e-6 mm2/s", ()))


def _half(adc: Volume, axis: int, upper: bool) -> Volume:
    occupied = np.argwhere(adc.array != 0)[:, axis]
    middle = (occupied.min() + occupied.max()) // 2
    half = np.moveaxis(adc.array.copy(), axis, 0)
    half[slice(0, middle) if upper else slice(middle, None)] = 0
    return adc.like(np.moveaxis(half, 0, axis))


def _scaled(adc: Volume, factors: np.ndarray) -> Volume:
    return replace(adc, affine_ras=adc.affine_ras @ np.diag([*factors, 1.0]))


def _striped(adc: Volume, amplitude: float) -> Volume:
    found = adc.array.copy()
    found[:, :, ::2] *= 1 + amplitude
    found[:, :, 1::2] *= 1 - amplitude
    return adc.like(found)


def _dimmed(adc: Volume, share: float) -> Volume:
    """The slice in the middle of the brain has lost this share of its values."""
    occupied = np.argwhere(adc.array != 0)[:, 2]
    found = adc.array.copy()
    found[:, :, (occupied.min() + occupied.max()) // 2] *= 1 - share
    return adc.like(found)


def newborn_adc(path: Path) -> Volume:
    stored = read_source(path).adc
    assert stored is not None  # an ADC map was asked for
    return to_canonical(stored)


def released_z(adc: Path) -> Path:
    name = adc.name.removesuffix("-ADC_ss.mha")
    return adc.parent.parent / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha"


def wrong_z_maps(adc: Path, brain: Volume) -> Iterator[tuple[str, Volume]]:
    """(kind, z on the brain's grid): mirrored ones, and other infants' whose brain's box is laid over this one's."""
    own = to_canonical(read_volume(released_z(adc)))
    for axes in ((0,), (1,), (2,), (0, 1)):
        yield "mirrored z-map", brain.like(np.flip(own.array, axes))
    files = real_newborns()
    for step in _OTHERS:
        other = to_canonical(read_volume(released_z(files[(files.index(adc) + step) % len(files)])))
        (middle, extent), (other_middle, other_extent) = _box(brain.array), _box(other.array != 0)
        matrix = other_extent / extent
        placed = affine_transform(
            other.array, matrix, other_middle - matrix * middle, output_shape=brain.array.shape, order=1
        )
        yield "another infant's z-map", brain.like(placed)


def _box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and extent, in voxels."""
    places = np.argwhere(mask)
    return (places.min(axis=0) + places.max(axis=0)) / 2, np.ptp(places, axis=0) + 1.0


def rows_file(folder: Path, of: str, name: str) -> Path:
    """Where the rows of one item of a group of scans are kept."""
    return folder / f"gate-{of}-{name}.json"


def row_of(kind: str, name: str, quality: Quality, *, unreadable: bool = False) -> Row:
    return {"kind": kind, "name": name, "unreadable": unreadable, "checks": [_plain(one) for one in quality.checks]}


def _plain(check: Check) -> Row:
    return {key: getattr(check, key) for key in ("name", "value", "limit", "passed", "severity")}
