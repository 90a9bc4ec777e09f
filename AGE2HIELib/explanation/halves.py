"""The two halves of the brain as regions, for scans in which no finer ones can be told.

T1 scans of any age are placed undeformed in a template whose anatomy is a synthetic newborn's, in the frame of the
bundled atlas. That brings the midline where it belongs, but not the atlas's regions: in ten real scans of infants and
adults the voxels that it calls lateral ventricle, which are fluid and dark in T1, came out as bright as the brain's
median (0.0 to 0.8 spreads above it). On synthetic scans regions lie 1.5 to 2.6 mm off (test_t1.py), but whoever gives a
scan wants to know about that one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AGE2HIELib.preprocess.atlas import Region
from AGE2HIELib.volume import Grid, Volume

_REGIONS = (Region(1, "brain", "left"), Region(2, "brain", "right"), Region(3, "brain", "midline"))


@dataclass(frozen=True)
class Halves:
    """As an atlas gives its regions: ``labels`` holds the values of ``regions``."""

    labels: Volume
    regions: tuple[Region, ...]


def halves(grid: Grid) -> Halves:
    """Of a grid in the template's frame, whose x is 0 in the midline; voxels on it belong to neither half."""
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    row = grid.affine_ras[0]
    right_mm = row[0] * i + row[1] * j + row[2] * k + row[3]
    labels = np.select([right_mm < 0, right_mm > 0], [1, 2], default=3).astype(np.int16)
    labels = np.broadcast_to(labels, grid.shape).copy()
    there = set(np.unique(labels).tolist())
    return Halves(Volume(labels, grid.affine_ras), tuple(region for region in _REGIONS if region.value in there))
