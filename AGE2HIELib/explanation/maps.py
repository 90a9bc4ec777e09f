"""A saliency map, and a prediction with one: plain data, which is read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from AGE2HIELib.inference.probability import Prediction
from AGE2HIELib.volume import Volume

AGE_TARGET = "age"  # as --target names it


@dataclass(frozen=True, kw_only=True)
class SaliencyMap:
    """Where the evidence for a number lies.

    Attributes:
        saliency: on the method's own cells, in the frame that the scan was placed in; positive speaks for the target.
            Neither clipped nor scaled to the map's range, so that two scans' maps can be compared: the unit is that of
            what is explained, but for the noise map, which has none.
        layer: what the CAM family was asked at; empty for the methods that look at the image itself.
        resolution_mm: edge lengths of a cell, or of what a value stands for, along right, anterior, superior.
    """

    saliency: Volume
    method: str
    layer: str
    target: str
    resolution_mm: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Explanation(SaliencyMap):
    """A prediction and where its evidence lies, in the unit of the calibrated logit.

    Attributes:
        agreement: same cells, 0..1: the size of the mean of the members' maps over the mean of their sizes. 1 where
            all members say the same, about 0.4 where five members' signs are drawn by lot.
        channels: by the name of a channel of the network's input (``adc``, ``z_adc``), its part of the map: same
            cells, and their sum is the map; empty for a method that cannot part them.
    """

    prediction: Prediction
    agreement: Volume
    channels: Mapping[str, Volume] = field(default_factory=dict)
