"""Where a NIfTI image lies: the sform, the qform and the unit of its header, odd values included.

The rules are those of the reference library (nifti1.h and nifti1_io.c, https://nifti.nimh.nih.gov); the choice between
the forms is nibabel's: the sform, where there is one. ITK, by which Slicer reads, chooses otherwise (as SimpleITK 2.5.7
with ITK 5.4 was seen to do): the sform only where its code is 1 or the qform has none, and always with the voxel sizes
of pixdim. What it would show is computed beside, and a difference is told in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import nibabel as nib
import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import sitk_geometry
from AGE2HIELib.volume import Grid

NiftiHeader = nib.Nifti1Header  # nibabel's NIfTI-2 header is a kind of it

_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown (read as mm, as every viewer does), metre, mm, micron
_LARGEST_CODE = 5  # NIFTI_XFORM_TEMPLATE_OTHER
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT
# Of b^2 + c^2 + d^2 of a quaternion over 1: components of 6 digits leave 3e-6; beyond this it is no rotation.
_MOST_EXCESS = 1e-3
_NO_REAL_PART = 1e-7  # nifti_quatern_to_mat44: below it the quaternion is a half turn


@dataclass(frozen=True)
class _Forms:
    """Both statements of a header about its place, in mm, RAS+; None where one is absent or of no use."""

    sform: np.ndarray | None
    qform: np.ndarray | None
    sform_code: int
    qform_code: int


def nifti_affine(header: NiftiHeader, shape: tuple[int, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """(4x4 affine in RAS+ mm, warnings).

    Raises:
        ValueError: the only statement about the place is none.
    """
    unit, warnings = _unit(header)
    voxels = (*shape, 1, 1, 1)[:3]
    grid = (voxels[0], voxels[1], voxels[2])
    forms = _forms(header, unit, grid)
    if forms.sform_code <= 0 and forms.qform_code <= 0:
        return _without_orientation(header, unit, grid), (
            *warnings,
            "The NIfTI file states no orientation: left and right may be exchanged. Slicer shows its second axis the "
            "other way, as a mirror image.",
        )
    affine, chosen = _chosen(header, forms, unit)
    if _of_use(affine, grid) is None:
        return affine, ()  # what is wrong with it is told by the check that every image goes through
    return affine, (*warnings, *chosen, *_differences(header, forms, Grid(grid, affine), unit))


def _unit(header: NiftiHeader) -> tuple[float, tuple[str, ...]]:
    """mm per unit of length; the three lowest bits of ``xyzt_units`` state it."""
    code = int(header["xyzt_units"]) & 7
    if code in _MM_PER_UNIT:
        return _MM_PER_UNIT[code], ()
    return 1.0, (f"The NIfTI file states a unit of length that does not exist (code {code}): mm are taken.",)


def _forms(header: NiftiHeader, unit: float, shape: tuple[int, int, int]) -> _Forms:
    sform_code, qform_code = int(header["sform_code"]), int(header["qform_code"])
    sform = _of_use(_scaled(header.get_sform(), unit), shape) if sform_code > 0 else None
    try:
        qform = _of_use(_scaled(_qform(header), unit), shape) if qform_code > 0 else None
    except ValueError:
        qform = None
    return _Forms(sform, qform, sform_code, qform_code)


def _of_use(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray | None:
    try:
        sitk_geometry(Grid(shape, affine))
    except InputError:
        return None
    return affine


def _scaled(affine: np.ndarray, unit: float) -> np.ndarray:
    scaled = np.array(affine, dtype=float)
    scaled[:3] *= unit
    return scaled


def _chosen(header: NiftiHeader, forms: _Forms, unit: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """The sform; the qform where there is no sform of use or of a known code. Warnings say what is odd about it."""
    known = forms.sform_code in range(1, _LARGEST_CODE + 1)
    if known and forms.sform is not None:
        return forms.sform, ()
    if forms.qform_code <= 0:
        return _scaled(header.get_sform(), unit), () if known else _unknown_code("sform", forms.sform_code)
    if forms.qform is None:
        return _scaled(_qform(header), unit), ()  # says why
    if known:
        return forms.qform, (
            "The sform of the NIfTI file is no grid (singular or sheared): its qform is used, as in Slicer.",
            *_odd_qfac(header),
        )
    return forms.qform, _unknown_code("qform", forms.qform_code) + _odd_qfac(header)


def _unknown_code(form: str, code: int) -> tuple[str, ...]:
    if code <= _LARGEST_CODE:
        return ()
    return (f"The {form} of the NIfTI file has the code {code}, which does not exist: it is used, as in Slicer.",)


def _odd_qfac(header: NiftiHeader) -> tuple[str, ...]:
    qfac = float(header["pixdim"][0])
    if not qfac < 0 or qfac == -1:
        return ()
    return (
        f"The NIfTI file states a qfac of {qfac:g}, where 1 or -1 is allowed: -1 is taken, as in Slicer. "
        "Other programs take 1, and show a mirror image.",
    )


def _voxel_sizes(header: NiftiHeader) -> np.ndarray:
    return np.asarray(header["pixdim"][1:4], dtype=float)


def _qform(header: NiftiHeader) -> np.ndarray:
    """4x4 of the quaternion, the voxel sizes (negative ones by their amount) and the offset; ValueError for none."""
    sizes = np.abs(_voxel_sizes(header))
    if not np.all(np.isfinite(sizes) & (sizes > 0)):
        raise ValueError(f"its voxel sizes are {' x '.join(f'{size:g}' for size in sizes)}")
    vector, offset = _quaternion(header)
    if not np.all(np.isfinite([*vector, *offset])):
        raise ValueError("its qform is not finite")
    if vector @ vector > 1 + _MOST_EXCESS:
        raise ValueError(f"its quaternion has the length {np.sqrt(vector @ vector):.4g}, over 1")
    affine: np.ndarray = nib.affines.from_matvec(_axes(header, vector) * sizes, offset)
    return affine


def _quaternion(header: NiftiHeader) -> tuple[np.ndarray, np.ndarray]:
    """(its imaginary part, the offset), both ``(3,)``, as they stand in the header."""
    vector = np.array([float(header[f"quatern_{part}"]) for part in "bcd"])
    return vector, np.array([float(header[f"qoffset_{axis}"]) for axis in "xyz"])


def _axes(header: NiftiHeader, vector: np.ndarray) -> np.ndarray:
    """3x3 unit columns of the quaternion whose imaginary part is ``vector``, as ``nifti_quatern_to_mat44`` has them."""
    squared = 1.0 - vector @ vector
    if squared < _NO_REAL_PART:
        quaternion = np.array([0.0, *(vector / np.linalg.norm(vector))])
    else:
        quaternion = np.array([np.sqrt(squared), *vector])
    axes = np.asarray(nib.quaternions.quat2mat(quaternion))
    qfac = -1.0 if float(header["pixdim"][0]) < 0 else 1.0  # 0 and NaN mean 1
    return axes * [1.0, 1.0, qfac]


def _without_orientation(header: NiftiHeader, unit: float, shape: tuple[int, int, int]) -> np.ndarray:
    """The origin in the middle and the first axis to the left, as nibabel and SPM have it."""
    sizes = np.abs(_voxel_sizes(header)) * unit
    if not np.all(np.isfinite(sizes) & (sizes > 0)):
        raise ValueError(f"its voxel sizes are {' x '.join(f'{size:g}' for size in sizes)}")
    steps = sizes * [-1.0, 1.0, 1.0]
    affine: np.ndarray = nib.affines.from_matvec(np.diag(steps), -steps * (np.array(shape) - 1) / 2)
    return affine


def _differences(header: NiftiHeader, forms: _Forms, used: Grid, unit: float) -> tuple[str, ...]:
    """What another reader, Slicer above all, would show otherwise."""
    shown = Grid(used.shape, _shown_by_slicer(header, forms, used, unit))
    away_mm = used.farthest_corner_mm(shown)
    slicer = "Slicer shows it there, too" if shown.lies_on(used) else f"Slicer shows a corner {away_mm:.3g} mm away"
    if forms.sform is not None and forms.qform is not None:
        sform, qform = Grid(used.shape, forms.sform), Grid(used.shape, forms.qform)
        if not qform.lies_on(sform):
            name = "sform" if used.affine_ras is forms.sform else "qform"
            return (
                f"The sform and the qform of the NIfTI file put a corner {sform.farthest_corner_mm(qform):.3g} mm "
                f"apart{_mirrored(sform, qform)}: its {name} is used. {slicer}{_mirrored(used, shown)}.",
            )
    if shown.lies_on(used):
        return ()
    sizes = " x ".join(f"{size:g}" for size in _voxel_sizes(header))
    words = " x ".join(f"{size:.3g}" for size in used.spacing_mm)
    return (
        f"The NIfTI file states voxel sizes of {sizes} beside a grid of {words} mm, which is used. "
        f"{slicer}{_mirrored(used, shown)}.",
    )


def _mirrored(one: Grid, other: Grid) -> str:
    handed = np.linalg.det(one.affine_ras[:3, :3]) * np.linalg.det(other.affine_ras[:3, :3])
    return ", as a mirror image" if handed < 0 else ""


def _shown_by_slicer(header: NiftiHeader, forms: _Forms, used: Grid, unit: float) -> np.ndarray:
    """ITK's grid: the directions of one form, and the voxel sizes of ``pixdim`` with their signs.

    Nothing is refused there: a quaternion is normalised, a size of 0 becomes 1, and so does one that is not finite.
    """
    sizes = _voxel_sizes(header)
    sizes = np.where(np.isfinite(sizes) & (sizes != 0), sizes, 1.0) * unit
    if forms.qform_code <= 0 or (forms.sform is not None and forms.sform_code == _SCANNER):
        form = used.affine_ras if forms.sform is None else forms.sform
        axes, origin = form[:3, :3] / np.linalg.norm(form[:3, :3], axis=0), form[:3, 3]
    else:
        vector, offset = (np.where(np.isfinite(part), part, 0.0) for part in _quaternion(header))
        axes, origin = _axes(header, vector), offset * unit
    affine: np.ndarray = nib.affines.from_matvec(axes * sizes, origin)
    return affine
