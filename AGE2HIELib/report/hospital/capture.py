"""Saliency over ADC as secondary captures: one picture an axial slice, with what a reader must know burned in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from highdicom.sc import SCImage
from PIL import Image, ImageDraw

from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.coding import MANUFACTURER, MODEL_NAME, described
from AGE2HIELib.report.hospital.multiframe import Study
from AGE2HIELib.report.overlay import Maps, picture_font, saliency_over_adc
from AGE2HIELib.report.tiles import View, choose_view
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Volume

WIDTH = 512  # pixels
SERIES_NUMBER = 9502
_HEADER, _FOOTER = 44, 24  # pixels
_INK, _PAPER, _AMBER = (232, 234, 238), (12, 13, 16), (250, 196, 60)


def captures(study: Study, maps: Maps) -> Iterator[SCImage]:
    """From the lowest slice of the brain to the highest."""
    levels = np.flatnonzero(maps.brain.array.any(axis=(0, 1)))
    view = choose_view(maps.brain, columns=1, tile_width=WIDTH)
    pixel_mm = _pixel_mm(maps.brain, view)
    stamp, record, count = study.stamp, study.record, len(levels)
    for number, level in enumerate(levels, 1):
        image = SCImage.from_ref_dataset(
            ref_dataset=study.reference,
            pixel_array=slice_picture(record, maps, int(level), view, f"slice {number} of {count}"),
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            series_instance_uid=stamp.uid("series", "captures"),
            series_number=SERIES_NUMBER,
            sop_instance_uid=stamp.uid("instance", "captures", number),
            instance_number=number,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL_NAME,
            software_versions=__version__,
            series_description=described("saliency", demonstration=record.demonstration),
            specific_character_set=study.letters,
            pixel_spacing=pixel_mm,  # type: ignore[arg-type]  # highdicom says int, and writes decimals
            patient_orientation=("L", "P"),  # columns run to the patient's left, rows to the back
        )
        image.BodyPartExamined = "BRAIN"  # a paired part would want a side
        stamp.put_on(image)
        yield image


def _pixel_mm(brain: Volume, view: View) -> tuple[float, float]:
    """Between rows and between columns, so that distances measured in a capture are true; else a reader takes 1 mm."""
    across, along = ((high - low) * mm for (low, high), mm in zip(view.box, brain.grid.spacing_mm, strict=False))
    width, height = view.size
    return along / height, across / width


def _fitting_font(pen: ImageDraw.ImageDraw, text: str, width: float) -> Any:
    """The largest of up to 14 pixels in which a text is no wider: what it ends with must not be cut off."""
    fonts = (picture_font(size) for size in range(14, 7, -1))
    return next((font for font in fonts if pen.textlength(text, font=font) <= width), picture_font(7))


def slice_picture(record: Result, maps: Maps, level: int, view: View, place: str) -> np.ndarray:
    """``(height, width, 3)`` uint8; the patient's right on the left."""
    width, height = view.size
    picture = Image.new("RGB", (width, _HEADER + height + _FOOTER), _PAPER)
    pen = ImageDraw.Draw(picture)
    shown = saliency_over_adc(maps, view)(level)
    picture.paste(Image.fromarray(np.clip(np.rint(shown), 0, 255).astype(np.uint8)), (0, _HEADER))
    saliency = record.saliency
    heading = f"{saliency.title} over ADC ({saliency.meaning}), {place}" if saliency else place
    pen.text((6, 4), heading, font=_fitting_font(pen, heading, width - 12), fill=_INK)
    if record.demonstration:
        pen.text((6, 23), "DEMONSTRATION: the model saw synthetic data only", font=picture_font(14), fill=_AMBER)
    pen.text((6, _HEADER + height + 4), "Research use only. Not for clinical use.", font=picture_font(13), fill=_INK)
    bottom = _HEADER + height - 24
    pen.text((6, bottom), "R", font=picture_font(18), fill=_INK)
    pen.text((width - 6, bottom), "L", font=picture_font(18), fill=_INK, anchor="ra")
    return np.asarray(picture)
