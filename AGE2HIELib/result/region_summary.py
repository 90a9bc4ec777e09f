"""The table of regions as a reader wants it: the worst first, each beside its other side.

The standard library is enough to read this file, so that Slicer's panel can do so before anything is installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

OTHER_SIDE = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class RegionSummary:
    """One region of one hemisphere; None where regions.csv has no figure.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        label: the region's value in regions.nii.gz.
        median_adc: of its tissue, 1e-6 mm^2/s.
        median_z: distance of the tissue's median from healthy newborns, in standard deviations.
        low_share: part of its tissue that lies two standard deviations below, 0..1.
        lesion_ml: volume of lesions in it.
        lesion_share: part of it that is lesion, 0..1.
        evidence_share: part of the map's positive evidence that lies in it, 0..1.
        asymmetry: median ADC against the other side's: (own - other) over the mean of both; below 0 on the lower side.
    """

    region: str
    hemisphere: str
    label: int
    median_adc: float | None = None
    median_z: float | None = None
    low_share: float | None = None
    lesion_ml: float | None = None
    lesion_share: float | None = None
    evidence_share: float | None = None
    asymmetry: float | None = None


def region_summaries(rows: Iterable[Mapping[str, str]]) -> tuple[RegionSummary, ...]:
    """The rows of regions.csv, the most injured first; columns that a file of an earlier version lacks stay None.

    Raises:
        KeyError, ValueError: a row without region, hemisphere or label.
    """
    found = [_summary(row) for row in rows]
    return by_severity([replace(one, asymmetry=_asymmetry(one, found)) for one in found])


def by_severity(regions: Sequence[RegionSummary]) -> tuple[RegionSummary, ...]:
    """By the share that is lesion, then the share far below normal, then the median; regions without figures last."""
    return tuple(sorted(regions, key=lambda one: severity(one.lesion_share, one.low_share, one.median_z)))


def severity(lesion_share: float | None, low_share: float | None, median_z: float | None) -> tuple[float, float, float]:
    """What regions are sorted by, on the page as in the panel: the worst has the lowest.

    Shares are compared to a percent, so that a stray voxel does not outweigh the median.
    """
    lesion, low = (round(-(share or 0.0), 2) for share in (lesion_share, low_share))
    return lesion, low, math.inf if median_z is None else median_z


def asymmetry(own: float | None, other: float | None) -> float | None:
    """Of two sides' medians: (own - other) over the mean of both; None where one of them is not known."""
    if own is None or other is None or own + other <= 0:
        return None
    return 2 * (own - other) / (own + other)


def _asymmetry(one: RegionSummary, all_of_them: Sequence[RegionSummary]) -> float | None:
    """As the file has it, or, of an earlier version without that column, from the medians."""
    if one.asymmetry is not None:
        return one.asymmetry
    sides = {each.hemisphere: each.median_adc for each in all_of_them if each.region == one.region}
    return asymmetry(one.median_adc, sides.get(OTHER_SIDE.get(one.hemisphere, "")))


def _summary(row: Mapping[str, str]) -> RegionSummary:
    figure = {name: _figure(row.get(name)) for name in row}
    return RegionSummary(
        row["region"],
        row["hemisphere"],
        int(float(row["label"])),
        median_adc=figure.get("median_adc_1e6_mm2_s"),
        median_z=figure.get("median_z"),
        low_share=figure.get("share_z_below_minus_2"),
        lesion_ml=figure.get("lesion_ml"),
        lesion_share=figure.get("lesion_share"),
        evidence_share=figure.get("saliency_share"),
        asymmetry=figure.get("asymmetry"),
    )


def _figure(text: str | None) -> float | None:
    """None for an empty cell, and for what is no number."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
