"""Exact axis permutations and flips between a file's voxel order and the closest RAS+ order.

All processing runs in the closest-RAS order and results are put back at the end, so that the way a scan happens to
be stored cannot change what is computed from it: no voxel is interpolated here.
"""

from __future__ import annotations

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation, ornt_transform

from AGE2HIELib.volume import DwiSeries, Grid, Volume

_RAS = np.array([[0, 1], [1, 1], [2, 1]])


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
