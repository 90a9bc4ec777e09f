"""Which region each cell of a network's input belongs to."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.volume import Grid

_PART_MM = 1.0  # of a cell, in which the atlas's label is looked up
_MOST_OF_A_CELL = 0.5
_FEWEST = 6  # cells of a region; a nucleus of 1 ml is narrower than cells of 4 mm and fills few of them


def region_cells(atlas: Atlas, grid: Grid) -> np.ndarray:
    """int16 on ``grid``: the number of the region (1 for the first of ``atlas.regions``) that fills at least half of a
    cell, else 0.

    A region that fills fewer than six cells has the six in which it takes the largest share.

    Args:
        grid: in the atlas's frame.
    """
    shares = _shares(atlas, grid)
    best = shares.argmax(axis=0)
    cells = np.where(np.take_along_axis(shares, best[None], axis=0)[0] >= _MOST_OF_A_CELL, best + 1, 0)
    for number in np.argsort(shares.sum(axis=(1, 2, 3)))[::-1]:  # the smallest last: they keep their cells
        if (cells == number + 1).sum() < _FEWEST:
            strongest = np.argsort(shares[number], axis=None)[::-1][:_FEWEST]
            strongest = strongest[shares[number].ravel()[strongest] > 0]
            cells.ravel()[strongest] = number + 1
    return cells.astype(np.int16)


def _shares(atlas: Atlas, grid: Grid) -> np.ndarray:
    """``(regions, D, H, W)``: part of each cell that each region fills."""
    parts = np.maximum(1, np.round(np.array(grid.spacing_mm) / _PART_MM)).astype(int)
    fine = [(np.arange(n * part) + 0.5) / part - 0.5 for n, part in zip(grid.shape, parts, strict=True)]
    to_atlas = np.linalg.inv(atlas.grid.affine_ras) @ grid.affine_ras
    points = np.stack(np.meshgrid(*fine, indexing="ij")).reshape(3, -1)
    indices = np.round(to_atlas[:3, :3] @ points + to_atlas[:3, 3:]).astype(int)
    inside = np.all((indices >= 0) & (indices < np.array(atlas.grid.shape)[:, None]), axis=0)
    labels = np.zeros(points.shape[1], dtype=np.int32)
    labels[inside] = atlas.labels.array[tuple(indices[:, inside])]
    i, j, k = grid.shape
    split = labels.reshape(i, parts[0], j, parts[1], k, parts[2])
    return np.stack([(split == region.value).mean(axis=(1, 3, 5)) for region in atlas.regions])
