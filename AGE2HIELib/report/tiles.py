"""Axial slices as pictures: pixels square in mm, patient's right on the left (radiological convention)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from AGE2HIELib.report.colours import Scale
from AGE2HIELib.volume import Volume

_MARGIN_MM = 5.0  # around the brain
_ENDS = 0.08  # of the brain's height left out at top and bottom, where slices show little


@dataclass(frozen=True)
class View:
    """Which part of a canonical (right, anterior, superior) grid is drawn, and how large.

    Attributes:
        slices: indices along the third axis, from below.
        box: first and last-plus-one index along the first two axes.
        size: pixels (width, height) of a tile.
    """

    slices: tuple[int, ...]
    box: tuple[tuple[int, int], tuple[int, int]]
    size: tuple[int, int]


def choose_view(brain: Volume, *, columns: int, tile_width: int, among: Sequence[int] = ()) -> View:
    """Slices evenly through the brain in mm; the whole field of view where the mask is empty.

    Args:
        columns: how many slices.
        tile_width: pixels.
        among: slices that must be shown: each takes the place of the nearest of the others.
    """
    shown = brain.array if brain.array.any() else np.ones(brain.array.shape, dtype=bool)
    spacing = brain.grid.spacing_mm
    box = []
    for axis in (0, 1):
        occupied = np.flatnonzero(shown.any(axis=(1 - axis, 2)))
        margin = int(np.ceil(_MARGIN_MM / spacing[axis]))
        box.append((max(int(occupied[0]) - margin, 0), min(int(occupied[-1]) + margin + 1, shown.shape[axis])))
    levels = np.flatnonzero(shown.any(axis=(0, 1)))
    ends = _ENDS * (levels[-1] - levels[0])
    evenly = np.unique(np.rint(np.linspace(levels[0] + ends, levels[-1] - ends, columns)).astype(int))
    width_mm, height_mm = ((high - low) * mm for (low, high), mm in zip(box, spacing, strict=False))
    height = max(1, round(tile_width * height_mm / width_mm))
    return View(_with_slices(evenly.tolist(), among), (box[0], box[1]), (tile_width, height))


def _with_slices(evenly: Sequence[int], among: Sequence[int]) -> tuple[int, ...]:
    chosen, wanted = list(evenly), set(among)
    for level in sorted(wanted - set(chosen)):
        free = [place for place, other in enumerate(chosen) if other not in wanted]
        if free:
            chosen[min(free, key=lambda place: abs(chosen[place] - level))] = level
    return tuple(sorted(chosen))


def tile(volume: Volume, level: int, view: View, scale: Scale, *, brain: Volume | None = None) -> np.ndarray:
    """``(height, width, 4)`` float: colour 0..255 and opacity 0..1; nothing is drawn outside ``brain``."""
    values = np.nan_to_num(_slice(volume.array, level, view).astype(np.float32))
    enlarged, inside = _enlarged(values, view.size), np.ones(view.size[::-1])
    if brain is not None:
        mask = _slice(brain.array, level, view).astype(np.float32)
        weight = _enlarged(mask, view.size)
        # colours at the brain's edge come from the brain alone
        enlarged = _enlarged(values * mask, view.size) / np.maximum(weight, 1e-3)
        inside = np.asarray(weight > 0.5, dtype=np.float64)
    return np.concatenate([scale.rgb(enlarged), (scale.opacity(enlarged) * inside)[..., None]], axis=-1)


def outline(brain: Volume, level: int, view: View) -> np.ndarray:
    """``(height, width)`` bool: a line of about two pixels along the edge of the mask."""
    within = filled(brain, level, view)
    edge = np.zeros_like(within)
    edge[1:-1, 1:-1] = within[1:-1, 1:-1] & ~(
        within[2:, 1:-1] & within[:-2, 1:-1] & within[1:-1, 2:] & within[1:-1, :-2]
    )
    return edge


def filled(mask: Volume, level: int, view: View) -> np.ndarray:
    """``(height, width)`` bool: where a slice of the mask is."""
    return np.asarray(_enlarged(_slice(mask.array, level, view).astype(np.float32), view.size) > 0.5)


def _slice(array: np.ndarray, level: int, view: View) -> np.ndarray:
    """Rows from anterior to posterior, columns from the patient's right to left."""
    (right_low, right_high), (front_low, front_high) = view.box
    return array[right_low:right_high, front_low:front_high, level][::-1, ::-1].T


def _enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32), mode="F")
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
