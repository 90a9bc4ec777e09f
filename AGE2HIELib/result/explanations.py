"""What explanations.json is where an outcome is explained: several saliency maps of one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.verdicts import Examination


@dataclass(frozen=True)
class MapFacts:
    """One map.

    Attributes:
        method: as ``--methods`` names it; part of the names of its files.
        title: for people.
        resolution_mm: size of the cells that it was made of.
        members_agree_where_marked: mean of 0 to 1; None where the map marks nothing.
        signed: whether it has negative values as well.
        unit: of its values.
        layer: of the network, for the methods that look at one.
        peak, least: largest and smallest value in the brain.
        names_a_place: whether it is above zero anywhere.
        channels: in the map's unit, what each channel of the network's input (``adc``, ``z_adc``) adds to the number:
            their sum is the change from a brain of median ADC and normal z. Empty for a method that cannot part them.
    """

    method: str
    title: str
    resolution_mm: tuple[float, ...]
    members_agree_where_marked: float | None
    signed: bool = False
    unit: str = ""
    layer: str | None = None
    peak: float | None = None
    least: float | None = None
    names_a_place: bool = True
    channels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Explanations:
    """Attributes:
    result: of the same scan, by the same network, as a prediction gives it; its saliency and examination are None.
    target: the outcome that the maps speak for.
    share: of a map's evidence that ``agreement.nii.gz`` counts as marked.
    examination: of each map that was examined.
    """

    result: Result
    target: Literal["adverse", "favourable"]
    share: float
    maps: tuple[MapFacts, ...]
    examination: tuple[Examination, ...] = ()


def decode_explanations(content: dict[str, Any]) -> Explanations:
    """From the object that ``json.loads`` gives: the keys of ``result`` stand in it beside the others."""
    return decode(Explanations, {**content, "result": {**content, "saliency": None, "examination": None}})
