"""Frames and voxel orders: RAS+ in the library, LPS+ in SimpleITK, any order of axes in files.

The sign between RAS+ and LPS+ is changed here only. All processing runs in the voxel order closest to RAS, and results
are put back into the file's order at the end, so that the way a scan is stored cannot change what is computed from it.
These are exact permutations and flips of axes: no voxel is interpolated.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation, ornt_transform

from AGE2HIELib.errors import InputError
from AGE2HIELib.volume import DwiSeries, Grid, Volume

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SHEAR_TOLERANCE = 1e-3  # cosine between axes; SimpleITK keeps directions orthonormal
_RAS = np.array([[0, 1], [1, 1], [2, 1]])


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


def ras_matrix(transform: sitk.Transform) -> np.ndarray:
    """``(4, 4)`` RAS+ mm of a linear SimpleITK transform."""
    points = [transform.TransformPoint(point) for point in (np.zeros(3).tolist(), *np.eye(3).tolist())]
    matrix = np.eye(4)
    matrix[:3, 3] = points[0]
    matrix[:3, :3] = (np.array(points[1:]) - points[0]).T
    return LPS_FROM_RAS @ matrix @ LPS_FROM_RAS


def lps_transform(matrix: np.ndarray) -> sitk.AffineTransform:
    """A ``(4, 4)`` affine in RAS+ mm as SimpleITK takes it."""
    lps = LPS_FROM_RAS @ matrix @ LPS_FROM_RAS
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(lps[:3, :3].ravel().tolist())
    transform.SetTranslation(lps[:3, 3].tolist())
    return transform


def to_canonical(volume: Volume) -> Volume:
    """The same voxels in the order closest to (right, anterior, superior)."""
    return _reordered(volume, io_orientation(volume.affine_ras))


def series_to_canonical(series: DwiSeries) -> DwiSeries:
    """``to_canonical`` for every volume of a series; directions are in RAS+ and stay as they are."""
    volumes = [to_canonical(series.volume(n)) for n in range(len(series.array))]
    array = np.stack([volume.array for volume in volumes])
    return DwiSeries(array, volumes[0].affine_ras, series.b_values, series.directions_ras)


def to_stored_order(volume: Volume, stored: Grid) -> Volume:
    """Put a volume that was made by ``to_canonical`` back into the voxel order of ``stored``, exactly."""
    stored_orientation = io_orientation(stored.affine_ras)
    back = ornt_transform(_RAS, stored_orientation)
    restored = _reordered(volume, back)
    if not restored.grid.same_as(stored):
        raise ValueError("the volume does not lie on the stored grid")
    return Volume(restored.array, stored.affine_ras)


def in_order_of(volume: Volume, scan: Grid) -> Volume:
    """The same voxels with axes that run as the scan's do, told by the two grids alone, however oblique they are."""
    voxels_of_scan = np.linalg.solve(scan.affine_ras, volume.affine_ras)
    return _reordered(volume, io_orientation(voxels_of_scan))


def _reordered(volume: Volume, orientation: np.ndarray) -> Volume:
    array = np.ascontiguousarray(apply_orientation(volume.array, orientation))
    return Volume(array, volume.affine_ras @ inv_ornt_aff(orientation, volume.array.shape))
