"""What some networks say beside their number: a value, or one for each region. Parts of result.json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceReading:
    """One region.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        value: in the unit of the reading.
        sd: the same in standard deviations from healthy subjects' values; None where they are not known.
    """

    region: str
    hemisphere: str
    value: float
    sd: float | None = None


@dataclass(frozen=True)
class NetworkReading:
    """Attributes:
    name: short and without spaces, for scripts: regional_residuals, anomaly, ...
    title: for people.
    meaning: of the values, in words.
    unit: of the values.
    value: of the whole brain; None for a reading of regions alone.
    share_below: part of healthy subjects, 0..1, with a lower value; None where it is not known.
    places: the most unusual first.
    """

    name: str
    title: str
    meaning: str
    unit: str
    value: float | None = None
    share_below: float | None = None
    places: tuple[PlaceReading, ...] = ()
