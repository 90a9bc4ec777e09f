"""The brain's surface in a whole head, by the deformable model of Smith 2002 (BET, doi:10.1002/hbm.10062).

A sphere inside the brain grows until the signal below its surface is followed by the dark of fluid and bone. All
numbers without another source are the paper's; lengths are scaled by the head's size, which the paper's are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from scipy import ndimage

from AGE2HIELib.volume import Grid, Volume

_SUBDIVISIONS = 3  # of an icosahedron: 642 vertices, 7 mm apart on an adult's brain
_STEPS = 600  # the paper's 1000, for a surface four times finer
_SAMPLE_MM = 1.0  # between samples below the surface
_DARK_MM, _BRIGHT_MM = 20.0, 10.0  # how far below the surface the darkest and the brightest voxel are looked for
# Surfaces bent more than the first are smoothed, less than the second left: the paper's 3.33 and 10 mm times two, as
# the vertices are twice as far apart.
_RADII_MM = (6.67, 20.0)
_SMOOTHING_PULL, _SIGNAL_PULL = 0.5, 0.05
# Of the head's radius, where growth starts from 0.5: a surface smaller on average, or with a vertex further away, has
# found no brain. Brains reach 0.65 to 1.3.
_COLLAPSED, _ESCAPED = 0.2, 1.7
_LONGEST_EDGE = 0.5  # of the head's radius; 0.08 is usual
_PAINT_MM = 0.7  # between points that paint the surface into voxels, in voxels: no gap is left


@dataclass(frozen=True)
class HeadLevels:
    """What a head's voxels are: signals without unit, and where the growth starts.

    Attributes:
        dark: robust minimum, air.
        tissue: a tenth of the way from ``dark`` to the robust maximum, between bone and brain.
        brain: median of the tissue around the centre.
        centre_ras: inside the brain, mm.
        radius_mm: of a ball as large as the head's upper part.
        size: of the brain, 1 for an adult's; scales the lengths.
    """

    dark: float
    tissue: float
    brain: float
    centre_ras: np.ndarray
    radius_mm: float
    size: float


def brain_surface(head: Volume, levels: HeadLevels, threshold: float) -> Volume:
    """The inside of the surface as bool.

    Args:
        head: signal, any unit, air dark.
        levels: of this head.
        threshold: 0 to 1: higher stops the surface earlier (the paper's b_t).
    """
    directions, triangles, neighbours = _sphere()
    vertices = levels.centre_ras + directions * levels.radius_mm / 2
    to_index = np.linalg.inv(head.affine_ras)
    depths_mm = np.arange(0.0, _DARK_MM * levels.size + _SAMPLE_MM, _SAMPLE_MM)
    image = head.array.astype(np.float32)
    for _ in range(_STEPS):
        normals = _normals(vertices, triangles)
        samples = vertices[:, None] - depths_mm[None, :, None] * normals[:, None]
        values = _nearest(image, samples @ to_index[:3, :3].T + to_index[:3, 3])
        vertices = vertices + _update(vertices, normals, neighbours, values, levels, threshold)
        from_middle_mm = np.linalg.norm(vertices - vertices.mean(axis=0), axis=1)
        if from_middle_mm.mean() < _COLLAPSED * levels.radius_mm or from_middle_mm.max() > _ESCAPED * levels.radius_mm:
            return head.like(
                np.zeros(head.array.shape, dtype=bool)
            )  # it found no brain, and may have turned inside out
    corners = vertices[triangles]
    if np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max() > _LONGEST_EDGE * levels.radius_mm:
        return head.like(np.zeros(head.array.shape, dtype=bool))
    return _inside(vertices, triangles, head.grid)


def _update(
    vertices: np.ndarray,
    normals: np.ndarray,
    neighbours: np.ndarray,
    values: np.ndarray,
    levels: HeadLevels,
    threshold: float,
) -> np.ndarray:
    """(M, 3) mm: evenly spread, smooth, outwards where the signal below is the brain's (the paper's u1 to u3)."""
    weight = neighbours >= 0
    around = np.where(weight[..., None], vertices[neighbours], 0).sum(axis=1) / weight.sum(axis=1, keepdims=True)
    gap = around - vertices
    edge_mm = np.linalg.norm(vertices[neighbours[:, 0]] - vertices, axis=1).mean()
    along = (gap * normals).sum(axis=1)
    sideways = gap - along[:, None] * normals
    curvature = 2 * np.abs(along) / edge_mm**2
    low, high = (1 / (radius * levels.size) for radius in reversed(_RADII_MM))
    smoothing = (1 + np.tanh(6 / (high - low) * (curvature - (low + high) / 2))) / 2
    bright = round(_BRIGHT_MM * levels.size / _SAMPLE_MM) + 1
    darkest = np.clip(np.minimum(values.min(axis=1), levels.brain), levels.dark, None)
    brightest = np.minimum(np.maximum(values[:, :bright].max(axis=1), levels.tissue), levels.brain)
    limit = (brightest - levels.dark) * threshold + levels.dark
    signal = 2 * (darkest - limit) / np.maximum(brightest - levels.dark, np.finfo(np.float32).tiny)
    outwards = smoothing * along + _SIGNAL_PULL * signal * edge_mm
    return np.asarray(_SMOOTHING_PULL * sideways + outwards[:, None] * normals)


def _nearest(image: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Values at the nearest voxels (..., 3), 0 outside."""
    rounded = np.rint(indices).astype(np.intp)
    shape = np.array(image.shape)
    within = ((rounded >= 0) & (rounded < shape)).all(axis=-1)
    i, j, k = np.moveaxis(np.clip(rounded, 0, shape - 1), -1, 0)
    return np.asarray(np.where(within, image[i, j, k], 0))


def _normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(M, 3) unit vectors outwards: the mean of the triangles around each vertex, weighted by area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for axis in range(3):
        for corner in range(3):
            normals[:, axis] += np.bincount(triangles[:, corner], faces[:, axis], len(vertices))
    unit: np.ndarray = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return unit


@cache
def _sphere() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(unit vertices (M, 3), triangles (T, 3) seen anticlockwise from outside, neighbours (M, 6), -1 where none)."""
    golden = (1 + np.sqrt(5)) / 2
    corners = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    vertices = np.array([np.roll(corner, turn) for turn in range(3) for corner in corners], dtype=float)
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    distance = np.linalg.norm(vertices[:, None] - vertices[None], axis=2)
    close = (distance > 0) & (distance < 1.1)  # the edge of an icosahedron in the unit sphere is 1.05
    triples = combinations(range(len(vertices)), 3)
    triangles = np.array([(i, j, k) for i, j, k in triples if close[i, j] and close[j, k] and close[i, k]])
    for _ in range(_SUBDIVISIONS):
        vertices, triangles = _subdivided(vertices, triangles)
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    inwards = (np.cross(b - a, c - a) * a).sum(axis=1) < 0
    triangles[inwards] = triangles[inwards][:, ::-1]
    around: list[set[int]] = [set() for _ in vertices]
    for triangle in triangles:
        for corner in triangle:
            around[corner] |= set(triangle.tolist()) - {int(corner)}
    neighbours = np.array([sorted(near) + [-1] * (6 - len(near)) for near in around])
    return vertices, triangles, neighbours


def _subdivided(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every triangle in four, the new corners on the sphere."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, where = np.unique(edges, axis=0, return_inverse=True)
    middles = vertices[unique].sum(axis=1)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    ab, bc, ca = where.reshape(3, -1) + len(vertices)
    a, b, c = triangles.T
    parts = [np.stack(part, axis=1) for part in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
    return np.concatenate([vertices, middles]), np.concatenate(parts)


def _inside(vertices: np.ndarray, triangles: np.ndarray, grid: Grid) -> Volume:
    """Paint the triangles densely and fill what they enclose."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    longest_mm = max(float(np.linalg.norm(p - q, axis=1).max()) for p, q in ((a, b), (b, c), (c, a)))
    count = int(np.ceil(longest_mm / (_PAINT_MM * float(grid.spacing_mm.min())))) + 1
    shares = np.array([(u, v) for u in np.linspace(0, 1, count) for v in np.linspace(0, 1, count) if u + v <= 1])
    u, v = shares[:, 0, None, None], shares[:, 1, None, None]
    to_index = np.linalg.inv(grid.affine_ras)
    points = (a + u * (b - a) + v * (c - a)).reshape(-1, 3) @ to_index[:3, :3].T + to_index[:3, 3]
    rounded = np.clip(np.rint(points).astype(np.intp) + 1, 0, np.array(grid.shape) + 1)
    shell = np.zeros(np.array(grid.shape) + 2, dtype=bool)
    shell[tuple(rounded.T)] = True
    pieces, _ = ndimage.label(np.pad(~shell, 1, constant_values=True))
    filled = (pieces != pieces.flat[0])[2:-2, 2:-2, 2:-2]
    return Volume(filled, grid.affine_ras)
