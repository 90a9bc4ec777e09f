"""The output folder: volumes on the input's own grid, tables, picture, page and record."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.io.coordinates import to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.report.backdrop import adc_backdrop
from AGE2HIELib.report.landmarks import centre_voxel, largest_lesion
from AGE2HIELib.report.lesion_picture import lesion_picture
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.report.page import Pictures, page_html
from AGE2HIELib.report.viewer import Shown, ranked, viewer_parts
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

OVERLAY = "overlay.png"
PAGE = "report.html"
PLACEMENT = "placement.h5"


def write_maps(maps: Maps, stored: Grid, folder: Path) -> None:
    """The volumes that exist, in the voxel order in which the input was stored."""
    volumes = {"adc": maps.adc, "brain_mask": maps.brain, "z_adc": maps.z, "saliency": maps.saliency}
    volumes |= {"regions": maps.regions, "lesion": maps.lesion}
    for name, volume in volumes.items():
        if volume is not None:
            write_volume(to_stored_order(volume, stored), folder / f"{name}.nii.gz")


def write_picture(maps: Maps, record: Result, folder: Path) -> None:
    """Slices of every map, side by side."""
    shown = record.saliency
    title = f"{shown.title} over ADC ({shown.meaning})" if shown else ""
    picture = overlay_picture(maps, demonstration=record.demonstration, saliency_title=title)
    picture.save(folder / OVERLAY, optimize=False)


def write_page(maps: Maps, regions: Sequence[RegionRow], record: Result, folder: Path, *, picture: Path) -> None:
    """The page for people; ``picture`` from ``write_picture`` may be missing."""
    slices = picture.read_bytes() if picture.is_file() else b""
    page = page_html(record, regions, Pictures(slices, _png(lesion_picture(maps)), packed_view(maps, record)))
    (folder / PAGE).write_text(page, encoding="utf-8")


def _png(picture: Image.Image | None) -> bytes:
    if picture is None:
        return b""
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=False)
    return content.getvalue()


def packed_view(maps: Maps, record: Result) -> dict[str, Any] | None:
    """The interactive view, of the saliency and the lesion; None where there is no saliency."""
    shown = record.saliency
    if maps.saliency is None or shown is None:
        return None
    chosen = {shown.method: ranked(shown.title, maps.saliency)}
    points = {}
    largest = largest_lesion(maps.lesion)
    if maps.lesion is not None and largest is not None:
        centre = centre_voxel(largest)
        chosen["lesion"] = Shown("Lesion", maps.lesion.like(maps.lesion.array.astype(np.float32)), centre)
        points["Go to the largest lesion"] = centre
    return viewer_parts(adc_backdrop(maps.adc), maps.brain, chosen, points)
