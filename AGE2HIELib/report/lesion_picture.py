"""The lesion in one picture: the slices that hold it, ADC in grey and the lesion's outline."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from AGE2HIELib.report.colours import adc_scale
from AGE2HIELib.report.landmarks import lesion_slices
from AGE2HIELib.report.overlay import LESION_LINE, Maps, picture_font
from AGE2HIELib.report.tiles import choose_view, filled, outline, tile

SLICES = 3
_WIDTH, _GAP, _INK, _PAPER = 200, 4, (232, 234, 238), (12, 13, 16)
_FILL = 0.18  # opacity of the colour inside the outline


def lesion_picture(maps: Maps) -> Image.Image | None:
    """Slices that divide the lesion evenly, from below; None where there is no lesion."""
    lesion = maps.lesion
    if lesion is None or not lesion.array.any():
        return None
    levels = lesion_slices(lesion, SLICES)
    view = choose_view(maps.brain, columns=1, tile_width=_WIDTH)
    width, height = view.size
    picture = Image.new("RGB", (len(levels) * (width + _GAP) - _GAP, height), _PAPER)
    pen = ImageDraw.Draw(picture)
    scan_slices = maps.adc.array.shape[2]
    for column, level in enumerate(levels):
        left = column * (width + _GAP)
        drawn = tile(maps.adc, level, view, adc_scale())[..., :3]
        within = filled(lesion, level, view)
        drawn[within] = (1 - _FILL) * drawn[within] + _FILL * np.array(LESION_LINE)
        drawn[outline(lesion, level, view)] = LESION_LINE
        picture.paste(Image.fromarray(np.clip(np.rint(drawn), 0, 255).astype(np.uint8)), (left, 0))
        for text, at, anchor in (
            (f"{level + 1}/{scan_slices}", (left + 5, 4), "la"),
            ("R", (left + 5, height - 22), "la"),
            ("L", (left + width - 6, height - 22), "ra"),
        ):
            pen.text(at, text, font=picture_font(15), fill=_INK, anchor=anchor, stroke_width=2, stroke_fill=_PAPER)
    return picture
