"""overlay.png: ADC, z-map and saliency in axial slices from bottom to top, with legends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.report.colours import Scale, adc_scale, saliency_scale, z_scale
from AGE2HIELib.report.landmarks import notable_slices
from AGE2HIELib.report.tiles import View, choose_view, outline, tile
from AGE2HIELib.volume import Volume

COLUMNS = 8
TILE_WIDTH = 190  # pixels
_GAP, _HEADER, _FOOTER, _RIBBON, _LEGEND = 6, 40, 30, 34, 260  # pixels
_BACKGROUND, _TEXT, _FAINT, _LINE = (12, 13, 16), (232, 234, 238), (150, 155, 165), (90, 220, 160)
LESION_LINE = (120, 255, 120)  # green: neither a colour of z nor of saliency
# For the eye only: single voxels of a z-map scatter by 1 sd, and with a full width of 4 mm at half maximum beside the
# 2 mm of the map itself what is left of that scatter is clear in the picture.
Z_SHOWN_SIGMA_MM = 1.7
_Z_BACKDROP = 0.6  # how bright ADC is under z: fluid must not outshine it
_RIBBON_COLOURS = (250, 196, 60), (30, 22, 0)


@dataclass(frozen=True)
class Maps:
    """What a run found, on one grid in canonical (right, anterior, superior) voxel order; None: not made."""

    adc: Volume
    brain: Volume
    z: Volume | None = None
    saliency: Volume | None = None
    regions: Volume | None = None  # the atlas's labels as they were placed; they reach beyond the scan's brain
    lesion: Volume | None = None  # bool


@dataclass(frozen=True)
class MapRow:
    """One map in the mosaic: ``draw`` gives the picture of a slice, (height, width, 3) 0..255."""

    title: str
    low: str
    high: str
    scale: Scale
    draw: Callable[[int], np.ndarray]


def overlay_picture(maps: Maps, *, demonstration: bool, saliency_title: str = "") -> Image.Image:
    """The mosaic; the rows are those maps that exist. The peak's slice and the largest lesion's are among its own."""
    notes = notable_slices(maps.saliency, maps.lesion)
    view = choose_view(maps.brain, columns=COLUMNS, tile_width=TILE_WIDTH, among=tuple(notes))
    rows = _rows(maps, view, saliency_title)
    return mosaic(rows, view, maps.adc.array.shape[2], demonstration=demonstration, notes=notes)


def mosaic(
    rows: Sequence[MapRow], view: View, slices: int, *, demonstration: bool, notes: Mapping[int, str] | None = None
) -> Image.Image:
    """Rows of tiles with headings, sides and slice numbers; ``slices`` is how many the scan has, ``notes`` what is
    written beside the number of a slice.
    """
    width = COLUMNS * (TILE_WIDTH + _GAP) + _GAP
    ribbon = _RIBBON if demonstration else 0
    height = ribbon + len(rows) * (_HEADER + view.size[1] + _GAP) + _FOOTER
    picture = Image.new("RGB", (width, height), _BACKGROUND)
    pen = ImageDraw.Draw(picture)
    if demonstration:
        _draw_ribbon(pen, width)
    for number, row in enumerate(rows):
        top = ribbon + number * (_HEADER + view.size[1] + _GAP)
        _draw_header(picture, pen, row, top, width)
        for column, level in enumerate(view.slices):
            left = _GAP + column * (TILE_WIDTH + _GAP)
            _draw_tile(picture, pen, row.draw(level), (left, top + _HEADER), view)
            if number == 0:
                note = (notes or {}).get(level, "")
                pen.text(
                    (left + 5, top + _HEADER + 3),
                    f"{level + 1}/{slices} {note}".strip(),
                    font=picture_font(13),
                    fill=_TEXT if note else _FAINT,
                    stroke_width=2,
                    stroke_fill=_BACKGROUND,
                )
    note = "Axial slices from below (number/of). R, L: the patient's right and left (radiological convention)."
    pen.text((_GAP + 4, height - _FOOTER + 6), f"{note}  Research use only.", font=picture_font(14), fill=_FAINT)
    return picture


def _rows(maps: Maps, view: View, saliency_title: str) -> list[MapRow]:
    grey, adc = adc_scale(), _adc_slices(maps, view)
    rows = [MapRow("ADC (1e-6 mm2/s)", f"{grey.low:g}", f"{grey.high:g}", grey, adc)]
    if maps.z is not None:
        colours = z_scale()
        line = "; line: lesion" if maps.lesion is not None and maps.lesion.array.any() else ""
        title = f"ADC in sd from normal (z), smoothed for display, over ADC{line}"
        rows.append(MapRow(title, f"{colours.low:g}", f"+{colours.high:g}", colours, z_over_adc(maps, maps.z, view)))
    if maps.saliency is not None:
        rows.append(_saliency_row(saliency_title, maps, maps.saliency, view))
    return rows


def _adc_slices(maps: Maps, view: View) -> Callable[[int], np.ndarray]:
    def draw(level: int) -> np.ndarray:
        picture = tile(maps.adc, level, view, adc_scale())[..., :3]
        if maps.saliency is None:  # no number: show what was taken for the brain
            picture[outline(maps.brain, level, view)] = _LINE
        return picture

    return draw


def z_over_adc(maps: Maps, z: Volume, view: View) -> Callable[[int], np.ndarray]:
    """The picture of a slice, as ``saliency_over_adc``; z is smoothed and shown from 0.5 sd on."""
    shown, colours, grey = smooth_inside(z, maps.brain, Z_SHOWN_SIGMA_MM), z_scale(), adc_scale()

    def draw(level: int) -> np.ndarray:
        below = over(tile(maps.adc, level, view, grey, brain=maps.brain), np.zeros(3))
        picture = over(tile(shown, level, view, colours, brain=maps.brain), _Z_BACKDROP * below)
        if maps.lesion is not None:
            picture[outline(maps.lesion, level, view)] = LESION_LINE
        return picture

    return draw


def saliency_over_adc(maps: Maps, view: View) -> Callable[[int], np.ndarray]:
    """The picture of a slice, ``(height, width, 3)`` 0..255; every slice has the scale of the map's peak."""
    saliency, adc = maps.saliency, _adc_slices(maps, view)
    assert saliency is not None  # who asks has one
    hot = _hot(saliency)

    def draw(level: int) -> np.ndarray:
        return over(tile(saliency, level, view, hot, brain=maps.brain), adc(level))

    return draw


def _saliency_row(title: str, maps: Maps, saliency: Volume, view: View) -> MapRow:
    return MapRow(
        title, "0", f"peak {saliency.array.max(initial=0.0):.2g}", _hot(saliency), saliency_over_adc(maps, view)
    )


def _hot(saliency: Volume) -> Scale:
    peak = float(saliency.array.max(initial=0.0))
    return saliency_scale(peak if peak > 0 else 1.0)


def over(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    opacity = top[..., 3:]
    return np.asarray(top[..., :3] * opacity + below * (1 - opacity))


def _draw_tile(
    picture: Image.Image, pen: ImageDraw.ImageDraw, rgb: np.ndarray, at: tuple[int, int], view: View
) -> None:
    picture.paste(Image.fromarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8)), at)
    bottom = at[1] + view.size[1] - 24  # corners, which no brain reaches
    pen.text((at[0] + 5, bottom), "R", font=picture_font(17), fill=_TEXT, stroke_width=2, stroke_fill=_BACKGROUND)
    pen.text(
        (at[0] + view.size[0] - 6, bottom),
        "L",
        font=picture_font(17),
        fill=_TEXT,
        anchor="ra",
        stroke_width=2,
        stroke_fill=_BACKGROUND,
    )


def _draw_header(picture: Image.Image, pen: ImageDraw.ImageDraw, row: MapRow, top: int, width: int) -> None:
    pen.text((_GAP + 4, top + 12), row.title, font=picture_font(18), fill=_TEXT)
    font = picture_font(15)
    bar_width, bar_height = 160, 12
    left = width - _LEGEND
    bar = row.scale.rgb(np.linspace(row.scale.low, row.scale.high, bar_width))
    picture.paste(Image.fromarray(np.tile(bar[None], (bar_height, 1, 1)).astype(np.uint8)), (left, top + 16))
    pen.rectangle((left - 1, top + 15, left + bar_width, top + 16 + bar_height), outline=(80, 84, 92))
    pen.text((left - 8, top + 13), row.low, font=font, fill=_TEXT, anchor="ra")
    pen.text((left + bar_width + 8, top + 13), row.high, font=font, fill=_TEXT)


def _draw_ribbon(pen: ImageDraw.ImageDraw, width: int) -> None:
    fill, ink = _RIBBON_COLOURS
    pen.rectangle((0, 0, width, _RIBBON - 4), fill=fill)
    text = "DEMONSTRATION: the model saw synthetic data only. Not for clinical use."
    pen.text((width // 2, (_RIBBON - 4) // 2), text, font=picture_font(17), fill=ink, anchor="mm")


def picture_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)  # Pillow's own: the same picture on every machine, in ASCII
