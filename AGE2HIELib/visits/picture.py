"""comparison.png: both scans' ADC, their difference and their lesions, in the first scan's slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from AGE2HIELib.preprocess.rigid import Rigid
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.report.colours import Scale, adc_scale, z_scale
from AGE2HIELib.report.landmarks import lesion_slices
from AGE2HIELib.report.overlay import COLUMNS, TILE_WIDTH, MapRow, mosaic, over
from AGE2HIELib.report.tiles import View, choose_view, tile
from AGE2HIELib.visits.reading import VisitMaps
from AGE2HIELib.visits.registration import on_first
from AGE2HIELib.volume import Volume

# told apart by people who do not see red or green: amber, magenta, light blue (RGB)
COLOURS = {"in both": (240, 170, 40), "new": (214, 40, 110), "gone": (80, 195, 240)}
_DIFFERENCE = 600.0  # 1e-6 mm^2/s, at the ends of the scale: what lies between a deep lesion (819) and white matter
_OPACITY = 0.8
_SMOOTHING_MM = 1.5  # noise of two scans adds up in their difference
_LESION_SLICES = 3  # that are among the slices in any case
_HALF = 0.5  # of a voxel: as much of it must be brain, or lesion
_BLOCK = 40  # anchors of one colour, so that a legend has blocks and no slope


@dataclass(frozen=True)
class SecondOnFirst:
    """The second scan's maps on the first scan's grid, canonical voxel order, interpolated once.

    Attributes:
        adc, z: 0 outside the second scan's brain; ADC in 1e-6 mm^2/s.
        lesion: bool, where at least half of a voxel is lesion.
        difference: second minus first of the smoothed ADC, 0 outside either brain.
        both: bool, brain in both scans.
    """

    adc: Volume
    z: Volume
    lesion: Volume
    difference: Volume
    both: Volume


def second_on_first(before: VisitMaps, after: VisitMaps, rigid: Rigid) -> SecondOnFirst:
    grid, weight = before.adc.grid, after.brain.array.astype(np.float32)
    share = on_first(after.brain.like(weight), rigid, grid).array
    brain = share >= _HALF

    def there(volume: Volume) -> Volume:
        """Of the brain alone: what lies outside it must not darken its edge."""
        inside = np.nan_to_num(volume.array.astype(np.float32)) * weight
        values = on_first(volume.like(inside), rigid, grid).array
        return before.adc.like(np.where(brain, values / np.maximum(share, _HALF), 0).astype(np.float32))

    lesion = on_first(after.lesion.like(after.lesion.array.astype(np.float32)), rigid, grid).array >= _HALF
    both = before.brain.array & brain
    smooth = smooth_inside(before.adc, before.brain, _SMOOTHING_MM).array
    other = there(smooth_inside(after.adc, after.brain, _SMOOTHING_MM)).array
    return SecondOnFirst(
        there(after.adc),
        there(after.z),
        before.brain.like(lesion),
        before.adc.like(np.where(both, other - smooth, 0).astype(np.float32)),
        before.brain.like(both),
    )


def lesion_parts(first: Volume, second: Volume) -> dict[str, np.ndarray]:
    """Bool, by the names of ``COLOURS``."""
    one, other = first.array, second.array
    return {"in both": one & other, "new": other & ~one, "gone": one & ~other}


def picture_of(before: VisitMaps, shown: SecondOnFirst, *, demonstration: bool) -> Image.Image:
    """The mosaic; the patient's left is on the right, as in every picture."""
    either = before.brain.like(before.lesion.array | shown.lesion.array)
    among = lesion_slices(either, _LESION_SLICES) if either.array.any() else ()
    view = choose_view(before.brain, columns=COLUMNS, tile_width=TILE_WIDTH, among=among)
    grey, change = adc_scale(), replace(z_scale(), low=-_DIFFERENCE, high=_DIFFERENCE, alpha=(1.0,))
    ends = (f"{grey.low:g}", f"{grey.high:g}")

    def difference(level: int) -> np.ndarray:
        return over(tile(shown.difference, level, view, change, brain=shown.both), np.zeros(3))

    rows = [
        MapRow("First scan: ADC (1e-6 mm2/s)", *ends, grey, _adc(before.adc, view)),
        MapRow("Second scan on the first: ADC", *ends, grey, _adc(shown.adc, view)),
        MapRow("Second minus first", f"{change.low:g}", f"+{change.high:g}", change, difference),
        MapRow("Lesion over the first scan", " / ".join(COLOURS), "", _legend(), _lesions(before, shown, view)),
    ]
    return mosaic(rows, view, before.adc.array.shape[2], demonstration=demonstration)


def _adc(adc: Volume, view: View) -> Callable[[int], np.ndarray]:
    return lambda level: np.asarray(tile(adc, level, view, adc_scale())[..., :3])


def _lesions(before: VisitMaps, shown: SecondOnFirst, view: View) -> Callable[[int], np.ndarray]:
    parts = lesion_parts(before.lesion, shown.lesion)
    below = _adc(before.adc, view)

    def draw(level: int) -> np.ndarray:
        picture = below(level)
        for name, part in parts.items():
            colour = Scale(0.0, 1.0, (COLOURS[name],), alpha=(0.0, 0.0, _OPACITY, _OPACITY))
            picture = over(tile(before.brain.like(part.astype(np.float32)), level, view, colour), picture)
        return picture

    return draw


def _legend() -> Scale:
    return Scale(0.0, 1.0, tuple(colour for colour in COLOURS.values() for _ in range(_BLOCK)))
