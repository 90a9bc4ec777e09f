"""Grids that cannot be, or that lie about where the voxels are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
from scipy.spatial.transform import Rotation

from fuzzing.cases import Kind, Workshop
from fuzzing.headers_damaged import nifti_changed, put
from fuzzing.sound import ADC_FORMS, DWI_FORMS, NIFTI_FORMS, NRRD_FORMS

_ALL = (*DWI_FORMS[:4], *ADC_FORMS[:4])
_PIXDIM, _QFORM_CODE, _SROW, _UNITS = 76, 252, 280, 123


def with_affine(at: Workshop, affine: np.ndarray) -> Path:
    """The voxels as they are, on another grid; NIfTI by its sform alone, since no qform holds every matrix."""
    if at.form not in NIFTI_FORMS:
        return at.rewritten(replace(at.content, affine_ras=affine))

    def change(content: bytearray) -> None:
        put(content, _QFORM_CODE, [0, 1], "<i2")
        put(content, _SROW, affine[:3], "<f4")

    return nifti_changed(at, change)


def affine_of(at: Workshop) -> np.ndarray:
    return np.array(at.content.affine_ras)


def _scaled(at: Workshop, *factors: float) -> Path:
    affine = affine_of(at)
    affine[:3] *= float(at.one_of(factors))
    return with_affine(at, affine)


def _singular(at: Workshop) -> Path:
    affine = affine_of(at)
    way = int(at.rng.integers(4))
    if way == 0:
        affine[:3, int(at.rng.integers(3))] = 0
    elif way == 1:
        affine[:3, 1] = affine[:3, 0]
    elif way == 2:
        affine[:3, :3] = 0
    else:
        affine[int(at.rng.integers(3)), int(at.rng.integers(4))] = at.one_of((np.nan, np.inf))
    return with_affine(at, affine)


def _sheared(at: Workshop) -> Path:
    affine = affine_of(at)
    affine[:3, 2] += affine[:3, 0] * float(at.rng.uniform(0.1, 1.5))
    return with_affine(at, affine)


def _left_handed(at: Workshop) -> Path:
    """Axes reversed in the file, and the header says so: the same head."""
    axis = int(at.rng.integers(3))
    affine = affine_of(at)
    affine[:3, 3] += affine[:3, axis] * (at.content.array.shape[-3:][axis] - 1)
    affine[:3, axis] *= -1
    flipped = np.flip(at.content.array, axis=at.content.array.ndim - 3 + axis)
    return at.rewritten(replace(at.content, array=np.ascontiguousarray(flipped), affine_ras=affine))


def _mirrored(at: Workshop) -> Path:
    """The voxels are mirrored and the header does not say so: left is taken for right."""
    return at.rewritten(replace(at.content, array=np.ascontiguousarray(np.flip(at.content.array, axis=-3))))


def _upside_down(at: Workshop) -> Path:
    """The slices run the other way than the header says."""
    return at.rewritten(replace(at.content, array=np.ascontiguousarray(np.flip(at.content.array, axis=-1))))


def _turned(at: Workshop) -> Path:
    """The head lies otherwise in the scanner: by any angle."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.random(random_state=int(at.rng.integers(1 << 31))).as_matrix()
    return with_affine(at, turn @ affine_of(at))


def _far_away(at: Workshop) -> Path:
    affine = affine_of(at)
    affine[:3, 3] += at.rng.choice([-1, 1], 3) * float(at.one_of((500.0, 1e4)))
    return with_affine(at, affine)


def _impossibly_far(at: Workshop) -> Path:
    affine = affine_of(at)
    affine[:3, 3] = float(at.one_of((1e12, -1e30)))
    return with_affine(at, affine)


def _slightly_scaled(at: Workshop) -> Path:
    affine = affine_of(at)
    affine[:3] *= float(at.rng.choice([0.9, 0.95, 1.05, 1.1]))
    return with_affine(at, affine)


def _one_axis(at: Workshop) -> Path:
    """One spacing is wrong by a factor of two or more."""
    affine = affine_of(at)
    affine[:3, int(at.rng.integers(3))] *= float(at.one_of((0.25, 0.4, 2.5, 4.0)))
    return with_affine(at, affine)


def _other_length_unit(at: Workshop) -> Path:
    """The same grid stated in metres or micrometres."""
    code, factor = ((1, 1e-3), (3, 1e3))[int(at.rng.integers(2))]

    def change(content: bytearray) -> None:
        put(content, _UNITS, [code], "u1")
        put(content, _QFORM_CODE, [0, 1], "<i2")
        put(content, _SROW, affine_of(at)[:3] * factor, "<f4")

    return nifti_changed(at, change)


def _no_orientation(at: Workshop) -> Path:
    """Neither sform nor qform: what lies where is a guess, and the result says so."""
    return nifti_changed(at, lambda content: put(content, _QFORM_CODE, [0, 0], "<i2"))


def _qform_differs(at: Workshop) -> Path:
    """A qform that says another thing than the sform, which rules."""
    return nifti_changed(at, lambda content: put(content, 256, at.rng.uniform(-0.5, 0.5, 6), "<f4"))


def _broken_qform(at: Workshop) -> Path:
    """Only a qform, and one that is no rotation; or spacings of 0 and NaN in it."""

    def change(content: bytearray) -> None:
        put(content, _QFORM_CODE, [1, 0], "<i2")
        if at.one_of((True, False)):
            put(content, 256, [5.0, 5.0, 5.0], "<f4")
        else:
            put(content, _PIXDIM + 4, [at.one_of((0.0, np.nan, np.inf))] * 3, "<f4")

    return nifti_changed(at, change)


def _many_axes(at: Workshop) -> Path:
    """A single volume with one or more axes of length 1 behind it."""
    return _nifti(at, at.content.array.reshape(*at.content.array.shape, *([1] * int(at.rng.integers(1, 4)))))


def _flat(at: Workshop) -> Path:
    """One slice, one row or one voxel of the scan."""
    array = at.content.array
    choices = (array[:, :, 9], array[:, :, 9:10], array[:, 60, 9], array[60:61, 60:61, 9:10], array[:, 60:61, :])
    return _nifti(at, choices[int(at.rng.integers(len(choices)))])


def _vectors(at: Workshop) -> Path:
    array = at.content.array
    shape = (*array.shape, 1, 3) if at.one_of((True, False)) else (*array.shape, 2, 2)
    return _nifti(at, np.broadcast_to(array.reshape(*array.shape, 1, 1), shape))


def _nifti(at: Workshop, array: np.ndarray) -> Path:
    path = at.folder / "axes.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array, dtype=np.float32), at.content.affine_ras), path)
    return path


def _thin(at: Workshop) -> Path:
    """Two or three slices."""
    array, start = at.content.array, int(at.rng.integers(4, 12))
    count = int(at.rng.integers(2, 4))
    affine = affine_of(at)
    affine[:3, 3] += affine[:3, 2] * start
    return at.rewritten(
        replace(at.content, array=np.ascontiguousarray(array[..., start : start + count]), affine_ras=affine)
    )


KINDS = (
    Kind("singular or not finite affine", "refused", (*NIFTI_FORMS, *NRRD_FORMS[:2]), _singular),
    Kind("sheared affine", "refused", (*NIFTI_FORMS, *NRRD_FORMS[:2]), _sheared),
    Kind("left-handed grid", "sound", _ALL, _left_handed, most=10),
    Kind("mirrored voxels", "untold", _ALL, _mirrored,
         "a mirrored infant is an infant; only the header says which side is left"),
    Kind("slices in reverse order", "untold", _ALL, _upside_down,
         "it is the mirrored infant, lying the other way round in the scanner, and the placement takes any lie"),
    Kind("head turned by any angle", "untold", _ALL, _turned,
         "any lie in the scanner is sound; the search for the placement ends some tenths of a mm elsewhere"),
    Kind("head far from the origin", "sound", _ALL, _far_away, most=8),
    Kind("origin beyond any scanner", "either", _ALL, _impossibly_far, most=6),
    Kind("spacing 10 times or more off", "refused", _ALL, lambda at: _scaled(at, 0.1, 10.0, 0.01, 100.0)),
    Kind("spacing beyond anything", "refused", _ALL, lambda at: _scaled(at, 1e-6, 1e-20, 1e6, 1e20)),
    Kind("animal-like scale", "refused", _ALL, lambda at: _scaled(at, 0.2, 0.35, 0.5, 0.7)),
    Kind("adult scale", "refused", _ALL, lambda at: _scaled(at, 1.35, 1.5, 1.6)),
    Kind("spacing up to 10 % off", "untold", _ALL, _slightly_scaled, "newborn brains differ by more than that in size"),
    Kind("one spacing wrong", "refused", _ALL, _one_axis),
    Kind("grid in metres or micrometres", "sound", NIFTI_FORMS, _other_length_unit, most=4),
    Kind("no orientation", "untold", NIFTI_FORMS, _no_orientation,
         "without sform and qform left may be right, and the tilt of the slices is lost; the result warns"),
    Kind("qform beside another sform", "sound", NIFTI_FORMS, _qform_differs, most=4),
    Kind("broken qform", "refused", NIFTI_FORMS, _broken_qform),
    Kind("4D and more of one volume", "sound", ("adc.nii",), _many_axes, most=4),
    Kind("one slice, row or voxel", "refused", ("adc.nii",), _flat, most=8),
    Kind("vectors and matrices", "refused", ("adc.nii",), _vectors, most=4),
    Kind("two or three slices", "refused", _ALL, _thin),
)  # fmt: skip
