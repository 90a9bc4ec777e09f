"""Images as the library sees them: voxels together with where they lie in the scanner's RAS+ frame, in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A given map, mask or atlas image lies on a grid when its corners agree to this (design.md, section 5). Files that keep
# 6 digits are off by a thousandth of it, and half a voxel, the commonest mistake, is five times as much.
SAME_GRID_VOXELS = 0.1


@dataclass(frozen=True)
class Grid:
    """Where voxels lie: ``affine_ras`` maps voxel indices (i, j, k) to RAS+ mm at voxel centres."""

    shape: tuple[int, int, int]
    affine_ras: np.ndarray

    @property
    def spacing_mm(self) -> np.ndarray:
        """``(3,)`` distance between neighbouring voxel centres along i, j, k."""
        return np.asarray(np.linalg.norm(self.affine_ras[:3, :3], axis=0))

    @property
    def voxel_ml(self) -> float:
        return float(abs(np.linalg.det(self.affine_ras[:3, :3]))) / 1000.0

    def same_as(self, other: Grid, tolerance_mm: float = 1e-4) -> bool:
        """Same size, and every corner voxel within ``tolerance_mm``: for what this program itself has written."""
        if self.shape != other.shape:
            return False
        return bool(np.abs((self.affine_ras - other.affine_ras) @ self._corners()).max() <= tolerance_mm)

    def lies_on(self, scan: Grid, tolerance_voxels: float = SAME_GRID_VOXELS) -> bool:
        """Same size, and every corner voxel within a part of the scan's own voxel, along each of the scan's axes.

        For files from elsewhere, which repeat a scan's geometry to the digits of their format.
        """
        if self.shape != scan.shape:
            return False
        try:
            indices = np.linalg.solve(scan.affine_ras, self.affine_ras @ self._corners())
        except np.linalg.LinAlgError:
            return False
        return bool(np.abs(indices - self._corners()).max() <= tolerance_voxels)

    def farthest_corner_mm(self, other: Grid) -> float:
        """How far apart the same corner voxel lies in two grids of one size, at most."""
        return float(np.linalg.norm(((self.affine_ras - other.affine_ras) @ self._corners())[:3], axis=0).max())

    def _corners(self) -> np.ndarray:
        """``(4, 8)`` indices of the corner voxels, with a 1 behind them."""
        return np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], [1], indexing="ij")).reshape(4, -1)


@dataclass(frozen=True)
class Volume:
    """A 3D image: ``array`` (I, J, K), ``affine_ras`` 4x4: from voxel indices to RAS+ mm at voxel centres, as in NIfTI.

    >>> import numpy as np
    >>> import AGE2HIELib as hie
    >>> adc = hie.Volume(np.full((4, 4, 3), 1200.0), np.diag([1.5, 1.5, 4.0, 1.0]))
    >>> adc.grid.shape, adc.grid.spacing_mm.tolist(), round(adc.grid.voxel_ml, 6)
    ((4, 4, 3), [1.5, 1.5, 4.0], 0.009)
    >>> adc.like(adc.array > 1300).array.any().item()  # other values on the same grid
    False
    """

    array: np.ndarray
    affine_ras: np.ndarray

    @property
    def grid(self) -> Grid:
        i, j, k = self.array.shape
        return Grid((i, j, k), self.affine_ras)

    def like(self, array: np.ndarray) -> Volume:
        """New values on the same grid."""
        if array.shape != self.array.shape:
            raise ValueError(f"shape {array.shape} is not this volume's {self.array.shape}")
        return Volume(array, self.affine_ras)


@dataclass(frozen=True)
class DwiSeries:
    """Diffusion-weighted volumes of one acquisition.

    Attributes:
        array: ``(N, I, J, K)`` magnitudes in scanner units.
        affine_ras: 4x4, mm.
        b_values: ``(N,)`` s/mm^2.
        directions_ras: ``(N, 3)`` unit vectors in RAS+; zero rows for b = 0 and for trace (direction-averaged)
            volumes; None where the file holds none.
    """

    array: np.ndarray
    affine_ras: np.ndarray
    b_values: np.ndarray
    directions_ras: np.ndarray | None = None

    @property
    def grid(self) -> Grid:
        i, j, k = self.array.shape[1:]
        return Grid((i, j, k), self.affine_ras)

    def volume(self, index: int) -> Volume:
        return Volume(self.array[index], self.affine_ras)
