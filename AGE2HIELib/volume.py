"""Images as the library sees them: voxels together with where they lie in the scanner's RAS+ frame, in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
        """Same size, and every corner voxel within ``tolerance_mm``."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], [1], indexing="ij")).reshape(4, -1)
        return bool(np.abs((self.affine_ras - other.affine_ras) @ corners).max() <= tolerance_mm)


@dataclass(frozen=True)
class Volume:
    """A 3D image: ``array`` indexed (i, j, k), ``affine_ras`` 4x4 in mm."""

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
