"""One picture of many systems' maps: a row a system, slices of the newborn on the left and of the T1 on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from AGE2HIELib.explanation.compare import standing
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.report.backdrop import Backdrop, adc_backdrop, t1_backdrop
from AGE2HIELib.report.colours import standing_scale
from AGE2HIELib.report.overlay import over, picture_font
from AGE2HIELib.report.tiles import choose_view, tile
from AGE2HIELib.volume import Volume

_SLICES, _TILE, _GAP, _HEADING = 5, 110, 3, 20  # pixels
_BACKGROUND, _TEXT = (12, 13, 16), (232, 234, 238)


@dataclass(frozen=True)
class MapShown:
    """A map over its scan, in canonical voxel order; ``heading``: what was read off the scan."""

    heading: str
    below: Backdrop
    brain: Volume
    saliency: Volume | None

    @staticmethod
    def read(folder: Path, scan: str | Path, saliency: str, heading: str) -> MapShown:
        """Of an output folder of ``predict`` or ``explain``; ``scan``: the T1's file, or the name of the ADC map."""
        brain = _volume(folder / "brain_mask.nii.gz")
        brain = brain.like(brain.array > 0)
        if isinstance(scan, Path):
            below = t1_backdrop(_volume(scan), brain)
        else:
            below = adc_backdrop(_volume(folder / f"{scan}.nii.gz"))
        file = folder / f"{saliency}.nii.gz"
        return MapShown(heading, below, brain, _volume(file) if file.exists() else None)


def _volume(file: Path) -> Volume:
    return to_canonical(read_volume(file))


def draw_rows(rows: Sequence[tuple[str, Sequence[MapShown]]], file: Path) -> None:
    """``rows``: a system's name and its maps; colours tell what share of a map's evidence lies in stronger voxels."""
    strips = [(name, [(one.heading, _strip(one)) for one in shown]) for name, shown in rows]
    width = 2 * _SLICES * (_TILE + _GAP) + 4 * _GAP
    heights = [_HEADING + max((strip.height for _, strip in parts), default=0) + _GAP for _, parts in strips]
    sheet = Image.new("RGB", (width, sum(heights)), _BACKGROUND)
    pen, top = ImageDraw.Draw(sheet), 0
    for (name, parts), height in zip(strips, heights, strict=True):
        for number, (heading, strip) in enumerate(parts):
            left = _GAP + number * (width // 2)
            words = f"{name}: {heading}" if number == 0 else heading
            pen.text((left, top + 3), words, font=picture_font(13), fill=_TEXT)
            sheet.paste(strip, (left, top + _HEADING))
        top += height
    sheet.save(file, optimize=True)


def _strip(one: MapShown) -> Image.Image:
    view, scale = choose_view(one.brain, columns=_SLICES, tile_width=_TILE), standing_scale()
    strip = Image.new("RGB", (_SLICES * (_TILE + _GAP), view.size[1]), _BACKGROUND)
    ranked = None if one.saliency is None else one.saliency.like(standing(one.saliency.array).astype(np.float32))
    for number, level in enumerate(view.slices):
        rgb = tile(one.below.volume, level, view, one.below.scale)[..., :3]
        if ranked is not None:
            rgb = over(tile(ranked, level, view, scale, brain=one.brain), rgb)
        strip.paste(Image.fromarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8)), (number * (_TILE + _GAP), 0))
    return strip
