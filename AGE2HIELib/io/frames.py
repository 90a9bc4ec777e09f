"""Between the library's RAS+ volumes and SimpleITK's LPS+ images: the only place where the frame is flipped."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.volume import Grid, Volume

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SHEAR_TOLERANCE = 1e-3  # cosine between axes; SimpleITK keeps directions orthonormal


def to_sitk(volume: Volume) -> sitk.Image:
    """The volume as a SimpleITK image (bool becomes uint8); raises InputError for a sheared or singular grid."""
    array = volume.array.astype(np.uint8) if volume.array.dtype == bool else volume.array
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    spacing, direction, origin = sitk_geometry(volume.grid)
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    image.SetOrigin(origin)
    return image


def from_sitk(image: sitk.Image) -> Volume:
    """A 3D SimpleITK image of one value a voxel as a Volume in RAS+."""
    return Volume(np.ascontiguousarray(sitk.GetArrayFromImage(image).T), grid_of(image).affine_ras)


def grid_of(image: sitk.Image) -> Grid:
    """Where the voxels of a 3D SimpleITK image lie, in RAS+."""
    affine_lps = np.eye(4)
    affine_lps[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine_lps[:3, 3] = image.GetOrigin()
    i, j, k = image.GetSize()
    return Grid((i, j, k), LPS_FROM_RAS @ affine_lps)


def reference_image(grid: Grid) -> sitk.Image:
    """An empty image that carries a grid, as SimpleITK's resampling wants it."""
    image = sitk.Image([int(n) for n in grid.shape], sitk.sitkUInt8)
    spacing, direction, origin = sitk_geometry(grid)
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    image.SetOrigin(origin)
    return image


def sitk_geometry(grid: Grid) -> tuple[list[float], list[float], list[float]]:
    """(spacing, direction, origin) in LPS+; raises InputError for a sheared or singular grid."""
    spacing = grid.spacing_mm
    if not np.all(np.isfinite(grid.affine_ras)) or np.any(spacing <= 0):  # before anything is computed from them
        raise InputError(
            f"The image's geometry is singular (spacing {spacing.tolist()} mm). Convert the scan again from DICOM."
        )
    affine = LPS_FROM_RAS @ grid.affine_ras
    cosines = affine[:3, :3] / spacing
    shear = np.abs(cosines.T @ cosines - np.eye(3)).max()
    if shear > _SHEAR_TOLERANCE:
        raise InputError(
            f"The image's axes are not at right angles (cosine up to {shear:.4f}). Resample it on an unsheared grid."
        )
    u, _, vt = np.linalg.svd(cosines)  # the nearest orthonormal matrix: files round direction cosines
    return spacing.tolist(), (u @ vt).ravel().tolist(), affine[:3, 3].tolist()
