"""The scan's slices as DICOM writes them: rows and columns, positions in LPS+ mm, and which image lies at each.

Everything here keeps to the scan's grid: axes are permuted and flipped, no voxel is moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset

from AGE2HIELib.io.coordinates import LPS_FROM_RAS, in_order_of, sitk_geometry
from AGE2HIELib.volume import SAME_GRID_VOXELS, Grid, Volume

GEOMETRY = (
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "Rows",
    "Columns",
    "InstanceNumber",
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
_PARALLEL = 0.999  # cosine: 2.6 degrees
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # columns run to the patient's left, rows to the back


@dataclass(frozen=True)
class SourceImage:
    """One image of the scan, or one frame of it.

    Attributes:
        frame: its number, from 1; None for an image of one frame.
        number: of the image in its series, for the order.
        size: (columns, rows); None where the header does not say.
        orientation: direction cosines along a row and along a column, LPS+; None where the header does not say.
        position: of the first pixel's centre, LPS+ mm; None where the header does not say.
    """

    sop_class: str
    sop_instance: str
    series: str
    frame: int | None = None
    number: int = 0
    size: tuple[int, int] | None = None
    orientation: tuple[float, ...] | None = None
    position: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Planes:
    """A scan's grid in the order in which DICOM stores it.

    Attributes:
        grid: of (column, row, slice); the first two run as in the scan's images, and slices along their normal, which
            is right-handed.
        sources: for each slice the image of the scan at its place, or None.
        whole: the image that a slice is said to come from where none lies at its place (a mosaic); None without images.
    """

    grid: Grid
    sources: tuple[SourceImage | None, ...]
    whole: SourceImage | None

    def ordered(self, volume: Volume) -> np.ndarray:
        """``(slices, rows, columns)`` of a volume on the scan's grid, in any voxel order."""
        return np.ascontiguousarray(in_order_of(volume, self.grid).array.transpose(2, 1, 0))

    @property
    def orientation(self) -> list[float]:
        """Direction cosines of rows and columns, LPS+, at right angles."""
        axes = np.array(sitk_geometry(self.grid)[1]).reshape(3, 3)
        return [*axes[:, 0].tolist(), *axes[:, 1].tolist()]

    @property
    def positions(self) -> list[list[float]]:
        """Of the first pixel of each slice, LPS+ mm."""
        slices = np.arange(self.grid.shape[2])
        indices = np.stack([0 * slices, 0 * slices, slices, 1 + 0 * slices])
        return np.asarray((LPS_FROM_RAS @ self.grid.affine_ras @ indices)[:3].T).tolist()  # type: ignore[no-any-return]

    def level_at(self, position: Sequence[float]) -> int:
        """Which slice has its first pixel at a position, LPS+ mm."""
        index = np.linalg.solve(LPS_FROM_RAS @ self.grid.affine_ras, [*map(float, position), 1.0])
        return round(float(index[2]))

    def source(self, level: int) -> SourceImage | None:
        return self.sources[level] or self.whole


def read_source_images(header: Dataset) -> list[SourceImage]:
    """Of a file's header its image, or each of its frames; what is not valid there is not known."""
    uids = (str(header.SOPClassUID), str(header.SOPInstanceUID), str(header.SeriesInstanceUID))
    number, size = _whole(header, "InstanceNumber") or 0, _size(header)
    frames = list(_frames(header))
    if not frames:
        several = (_whole(header, "NumberOfFrames") or 1) > 1
        orientation, position = (_numbers(header, keyword) for keyword in GEOMETRY[:2])
        return [SourceImage(*uids, None, number, size, orientation, None if several else position)]
    return [SourceImage(*uids, frame, number, size, *place) for frame, place in enumerate(frames, 1)]


def planes_of(grid: Grid, images: Sequence[SourceImage]) -> Planes:
    """
    Args:
        grid: of the scan, in any voxel order.
        images: of the scan, with what their headers say of their places.
    """
    directions = (image.orientation for image in images if image.orientation is not None)
    orientation = next((one for one in directions if _runs_along(grid, one)), _AXIAL)
    planes = _in_order(grid, orientation)
    sources = tuple(_at_each_slice(planes, images))
    return Planes(planes, sources, images[0] if images else None)


def _frames(header: Dataset) -> Iterator[tuple[tuple[float, ...] | None, tuple[float, ...] | None]]:
    """Orientation and position of each frame of a multi-frame image."""
    try:
        shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
        for group in header.get("PerFrameFunctionalGroupsSequence") or ():
            orientation = (group.get("PlaneOrientationSequence") or shared[0].get("PlaneOrientationSequence"))[0]
            position = group.get("PlanePositionSequence")[0]
            yield _numbers(orientation, GEOMETRY[0]), _numbers(position, GEOMETRY[1])
    except (TypeError, IndexError, AttributeError, ValueError, KeyError):  # damaged, or without places
        return


def _numbers(header: Dataset, keyword: str) -> tuple[float, ...] | None:
    wanted = {GEOMETRY[0]: 6, GEOMETRY[1]: 3}[keyword]
    try:
        values = tuple(float(value) for value in header.get(keyword))
    except (TypeError, ValueError):
        return None
    return values if len(values) == wanted and np.all(np.isfinite(values)) else None


def _whole(header: Dataset, keyword: str) -> int | None:
    try:
        return int(header.get(keyword))
    except (TypeError, ValueError, OverflowError):
        return None


def _size(header: Dataset) -> tuple[int, int] | None:
    columns, rows = _whole(header, "Columns"), _whole(header, "Rows")
    return (columns, rows) if columns and rows else None


def _axes_ras(orientation: Sequence[float]) -> np.ndarray:
    """3x3: along a row, along a column, and their normal, RAS+."""
    row, column = np.reshape(orientation, (2, 3))
    return np.asarray(LPS_FROM_RAS[:3, :3] @ np.stack([row, column, np.cross(row, column)], axis=1))


def _runs_along(grid: Grid, orientation: Sequence[float]) -> bool:
    """Whether each axis of the grid is one of the image's."""
    cosines = np.abs((grid.affine_ras[:3, :3] / grid.spacing_mm).T @ _axes_ras(orientation))
    return bool(np.all(cosines.max(axis=0) > _PARALLEL) and np.all(cosines.max(axis=1) > _PARALLEL))


def _in_order(grid: Grid, orientation: Sequence[float]) -> Grid:
    """The same voxels, with axes that run as the image's rows, columns and normal do."""
    wanted = np.eye(4)
    wanted[:3, :3] = _axes_ras(orientation)
    indices = Volume(np.zeros(grid.shape, np.bool_), grid.affine_ras)
    return in_order_of(indices, Grid((1, 1, 1), wanted)).grid


def _at_each_slice(grid: Grid, images: Sequence[SourceImage]) -> Iterator[SourceImage | None]:
    """The first of the images at the place of each slice: of a diffusion series that of the first volume."""
    found: dict[int, SourceImage] = {}
    from_lps = np.linalg.inv(LPS_FROM_RAS @ grid.affine_ras)
    for image in sorted(images, key=lambda one: (one.number, one.frame or 0)):
        if image.position is None or image.orientation is None or image.size not in (None, grid.shape[:2]):
            continue
        index: Any = from_lps @ [*image.position, 1.0]
        level = round(float(index[2]))
        near = np.abs(index[:3] - [0, 0, level]).max() <= SAME_GRID_VOXELS
        if near and 0 <= level < grid.shape[2] and _same_turn(grid, image.orientation):
            found.setdefault(level, image)
    yield from (found.get(level) for level in range(grid.shape[2]))


def _same_turn(grid: Grid, orientation: Sequence[float]) -> bool:
    """Whether rows and columns of an image run as those of the grid."""
    cosines = (grid.affine_ras[:3, :2] / grid.spacing_mm[:2] * _axes_ras(orientation)[:, :2]).sum(axis=0)
    return bool(np.all(cosines > _PARALLEL))
