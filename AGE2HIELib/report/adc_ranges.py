"""Medians of ADC beside what has been published on newborns, with the source of every figure.

A figure stands here only if its source could be read (the abstract at least); docs/adc.md says which well-known ones
were left out for that reason. No row decides anything: scanners, b-values and the drawing of regions differ between
studies by more than many an injury.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from AGE2HIELib.explanation.regions import RegionRow


@dataclass(frozen=True)
class Published:
    """What one study found in one structure.

    Attributes:
        low, high: 1e-6 mm^2/s: the range of the study's means, or its mean less and plus one sd (``words`` says which).
        words: whose, when and how.
        source: DOI.
    """

    low: float
    high: float
    words: str
    source: str


@dataclass(frozen=True)
class ReferenceStructure:
    """A structure that studies measure.

    Attributes:
        regions: of the atlas, that make it up.
        healthy, injured: what has been published; empty where no figure could be read in its source.
    """

    name: str
    regions: tuple[str, ...]
    healthy: tuple[Published, ...] = ()
    injured: tuple[Published, ...] = ()


@dataclass(frozen=True)
class MeasuredStructure:
    """``left`` and ``right`` (or ``midline``): median without fluid, 1e-6 mm^2/s, averaged over the structure's
    regions by their volume; None where a region is not measurable or not there.
    """

    structure: ReferenceStructure
    left: float | None
    right: float | None
    midline: float | None


_SOTARDI = "10.1148/radiol.2020202279"
_BIRTH = "mean at birth, left and right, of a curve through 201 healthy children born at term"
_SPREAD = "mean of 14 healthy term newborns, the lowest to the highest of seven regions; median age 7 days"
_BARTHA = Published(980, 1480, _SPREAD, "10.3174/ajnr.A0521")
_WINDOW = "10.1177/1971400916678229"
_SEVERE = "mean less and plus its sd: severe HIE, cooled, days 3-10"

STRUCTURES = (
    ReferenceStructure(
        "Thalamus",
        ("thalamus",),
        (Published(1150, 1170, _BIRTH, _SOTARDI),),
        (
            Published(470, 790, f"lowest ADC of thalamus and basal ganglia, {_SEVERE}", _WINDOW),
            Published(920, 1040, "the same, mild to moderate HIE (16 infants together)", _WINDOW),
        ),
    ),
    ReferenceStructure(
        "Lentiform nucleus",
        ("lentiform nucleus",),
        (Published(1230, 1260, f"basal ganglia: {_BIRTH}", _SOTARDI),),
    ),
    ReferenceStructure(
        "Posterior limb of the internal capsule",
        ("posterior limb of the internal capsule",),
        (Published(1170, 1180, _BIRTH, _SOTARDI),),
        (
            Published(
                720, 1060, "mean less and plus its sd: HIE, survived; mean age 5.6 days", "10.1542/peds.2003-0935-L"
            ),
            Published(580, 920, "the same, died (28 infants together)", "10.1542/peds.2003-0935-L"),
        ),
    ),
    ReferenceStructure(
        "White matter",
        ("frontal white matter", "parietal white matter", "temporal white matter", "occipital white matter"),
        (_BARTHA,),
        (
            Published(280, 720, f"lowest ADC, {_SEVERE}", _WINDOW),
            Published(560, 1100, "the same, mild to moderate HIE (16 infants together)", _WINDOW),
        ),
    ),
    ReferenceStructure("Cortex", ("frontal cortex", "parietal cortex", "temporal cortex", "occipital cortex")),
    ReferenceStructure("Brainstem", ("brainstem",)),
)

COURSE = (
    ("Infants who develop an injury have lower ADC on days 2 to 3 than those who do not.", "10.1155/2015/653727"),
    (
        "ADC of injured tissue is low during the first week and returns to normal after day 10 in cooled infants, on "
        "days 6 to 8 in others: from then on a normal ADC hides an injury.",
        "10.1212/WNL.0b013e318253d589",
    ),
    ("In healthy newborns ADC falls as gestational age rises (31 to 41 weeks).", "10.1148/radiology.209.1.9769812"),
)


def measured_structures(regions: Sequence[RegionRow]) -> tuple[MeasuredStructure, ...]:
    """What this scan shows of every structure that has at least one measurable side."""
    rows = {(row.region, row.hemisphere): row for row in regions}
    found = []
    for structure in STRUCTURES:
        sides = {side: _median(structure, side, rows) for side in ("left", "right", "midline")}
        if any(value is not None for value in sides.values()):
            found.append(MeasuredStructure(structure, **sides))
    return tuple(found)


def _median(structure: ReferenceStructure, side: str, rows: dict[tuple[str, str], RegionRow]) -> float | None:
    parts = [rows.get((region, side)) for region in structure.regions]
    medians = [part.median_adc_1e6_mm2_s for part in parts if part is not None]
    volumes = [part.tissue_ml or 0.0 for part in parts if part is not None]
    known = [value for value in medians if value is not None]
    if len(known) < len(structure.regions) or not sum(volumes):
        return None
    return fmean(known, weights=volumes)
