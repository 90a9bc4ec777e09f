"""The tables of regions in the panel's words, with two or three digits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.tables import AMBER, RED, Column, Row

if TYPE_CHECKING:
    from AGE2HIELib.result.network_readings import NetworkReading
    from AGE2HIELib.result.region_summary import RegionSummary

_LOW, _VERY_LOW = 0.05, 0.25  # of a region that is lesion or low: amber, red behind its row


def readRegions(rows: Sequence[Mapping[str, str]]) -> tuple[RegionSummary, ...]:
    """The rows of regions.csv, the most affected first."""
    addLibraryToPath()
    from AGE2HIELib.result.region_summary import region_summaries

    return region_summaries(rows)


def regionColumns(*, lesion: bool, readings: Sequence[NetworkReading] = ()) -> list[Column]:
    """``lesion``: whether the table says how much of a region is lesion. ``readings``: what the network says of each
    region besides, a column each.
    """
    injured = Column(_("Lesion"), _("Volume of lesions in the region, and the part of it that is lesion."), number=True)
    low = Column(_("Low"), _("Part of the tissue more than two standard deviations below normal."), number=True)
    return [
        Column(_("Region"), _("Left and right are the patient's.")),
        injured if lesion else low,
        Column(_("ADC"), _("Median ADC of the tissue, without fluid, in 1e-6 mm2/s."), number=True),
        Column(
            _("vs normal"),
            _("How far the median lies from healthy newborns', in standard deviations; below -2 is unusual."),
            number=True,
        ),
        Column(
            _("vs other side"),
            _("Median ADC against the same region of the other side; negative: it is lower here."),
            number=True,
        ),
        Column(_("Evidence"), _("Part of the map's evidence for an adverse outcome that lies here."), number=True),
        *(Column(one.title, f"{one.meaning} ({one.unit})", number=True) for one in readings),
    ]


def regionRow(one: RegionSummary, *, lesion: bool, readings: Sequence[NetworkReading] = ()) -> Row:
    """Amber and red behind the cells of what is affected most."""
    cells = (
        placeName(one.region, one.hemisphere),
        lesionCell(one) if lesion else percent(one.low_share),
        figure(one.median_adc, 0),
        figure(one.median_z, 1),
        percent(one.asymmetry, signed=True),
        percent(one.evidence_share),
        *(figure(_reading(one, reading), 2) for reading in readings),
    )
    worst = max(one.lesion_share or 0.0, one.low_share or 0.0)
    return Row(cells, RED if worst >= _VERY_LOW else AMBER if worst >= _LOW else "")


def _reading(one: RegionSummary, reading: NetworkReading) -> float | None:
    return next((p.value for p in reading.places if (p.region, p.hemisphere) == (one.region, one.hemisphere)), None)


def lesionCell(one: RegionSummary) -> str:
    if one.lesion_ml is None:
        return _DASH
    if one.lesion_ml <= 0:
        return "0"
    return _("{ml} ml, {share}").format(ml=millilitres(one.lesion_ml), share=percent(one.lesion_share))


def evidenceTable(rows: Sequence[Mapping[str, str]], titles: Mapping[str, str]) -> tuple[list[Column], list[Row]]:
    """A row a region, a column a method, with the share of each map's evidence; the largest shares first.

    Args:
        rows: of evidence.csv.
        titles: of the methods, in the order of the columns.
    """
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        found = shares.setdefault((row["region"], row["hemisphere"]), {})
        if (value := _number(row.get("share", ""))) is not None:
            found[row["method"]] = value
    order = sorted(shares, key=lambda place: -max(shares[place].values(), default=0.0))
    columns = [Column(_("Region")), *(Column(title, number=True) for title in titles.values())]
    cells = (
        (placeName(region, side), *(percent(shares[region, side].get(method)) for method in titles))
        for region, side in order
    )
    return columns, [Row(each) for each in cells]


_DASH = "-"


def figure(value: float | None, digits: int) -> str:
    """A number with so many digits after the point, without a minus before nought; a dash for nothing."""
    if value is None:
        return _DASH
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def percent(share: float | None, *, signed: bool = False) -> str:
    """A share as per cent: whole ones, below ten with a digit more; ``signed``: with a plus before what is above 0."""
    if share is None:
        return _DASH
    value = 100 * share
    text = figure(value, 0 if abs(value) >= 9.95 or round(value, 1) == 0 else 1)
    return f"{'+' if signed and value > 0 and text != '0' else ''}{text} %"


def millilitres(volume: float) -> str:
    return figure(volume, 0 if volume >= 99.5 else 1 if volume >= 9.95 else 2)


def placeName(region: str, hemisphere: str) -> str:
    """A region with its side, in one cell."""
    return _("{region}, {side}").format(region=regionName(region), side=sideText(hemisphere))


def sideText(hemisphere: str) -> str:
    names = {"left": _("left"), "right": _("right"), "midline": _("middle"), "both": _("both sides"), "none": _("none")}
    return names.get(hemisphere, hemisphere)


def regionName(name: str) -> str:
    """Those of the bundled atlas in the reader's language; another atlas's as they are."""
    names = {
        "frontal cortex": _("frontal cortex"),
        "parietal cortex": _("parietal cortex"),
        "temporal cortex": _("temporal cortex"),
        "occipital cortex": _("occipital cortex"),
        "frontal white matter": _("frontal white matter"),
        "parietal white matter": _("parietal white matter"),
        "temporal white matter": _("temporal white matter"),
        "occipital white matter": _("occipital white matter"),
        "thalamus": _("thalamus"),
        "lentiform nucleus": _("lentiform nucleus"),
        "caudate nucleus": _("caudate nucleus"),
        "posterior limb of the internal capsule": _("internal capsule, posterior limb"),
        "anterior limb of the internal capsule": _("internal capsule, anterior limb"),
        "cerebellum": _("cerebellum"),
        "lateral ventricle": _("lateral ventricle"),
        "brainstem": _("brainstem"),
        "third and fourth ventricle": _("third and fourth ventricle"),
        "cerebrospinal fluid": _("cerebrospinal fluid"),
        "corpus callosum": _("corpus callosum"),
    }
    return names.get(name, name)


def _number(text: str) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
