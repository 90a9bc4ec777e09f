"""The output folder: volumes on the input's own grid, tables, picture, page and record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.io.coordinates import to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.report.backdrop import adc_backdrop
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.report.page import page_html
from AGE2HIELib.report.viewer import ranked, viewer_parts
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    page = page_html(record, regions, picture if picture.is_file() else None, _viewer(maps, record))
    (folder / PAGE).write_text(page, encoding="utf-8")


def _viewer(maps: Maps, record: Result) -> dict[str, Any] | None:
    shown = record.saliency
    if maps.saliency is None or shown is None:
        return None
    return viewer_parts(adc_backdrop(maps.adc), maps.brain, {shown.method: ranked(shown.title, maps.saliency)})
