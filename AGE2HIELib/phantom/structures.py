"""The structures of the phantom: label values, names, and their ADC in healthy term newborns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Hemisphere = Literal["left", "right", "midline"]
RIGHT_OFFSET = 32  # the right-hand copy of a paired structure


@dataclass(frozen=True)
class Structure:
    """``adc`` and ``adc_sd`` (between infants) in 1e-6 mm^2/s, ``b0_signal`` in arbitrary units."""

    value: int
    name: str
    adc: float
    adc_sd: float
    b0_signal: float
    paired: bool = True


# ADC: set so that the mean of many phantoms, smoothed and averaged as an atlas is, has the regional medians of 17
# BONBID-HIE cases with little or no injury that were placed in it, to some 40e-6 mm^2/s (caudate 70, callosum 60; fluid
# beside the brain 140 too high); spread as measured on 56 cases, whose brains have the percentiles (25/50/75 %)
# 1228/1353/1545. Pure cortex and white matter have about 1200 and 1550-1650 in the literature; at 2 mm they mix. White
# matter is brighter than cortex at b = 0, since it holds much water at term.
STRUCTURES = (
    Structure(1, "frontal cortex", 1105, 55, 150),
    Structure(2, "parietal cortex", 1080, 55, 150),
    Structure(3, "temporal cortex", 1165, 55, 150),
    Structure(4, "occipital cortex", 1080, 55, 150),
    Structure(5, "frontal white matter", 1340, 90, 185),
    Structure(6, "parietal white matter", 1270, 90, 185),
    Structure(7, "temporal white matter", 1320, 90, 185),
    Structure(8, "occipital white matter", 1305, 90, 185),
    Structure(9, "thalamus", 1040, 42, 135),
    Structure(10, "lentiform nucleus", 1155, 48, 140),
    Structure(11, "caudate nucleus", 1105, 52, 140),
    Structure(12, "posterior limb of the internal capsule", 1095, 45, 140),
    Structure(13, "anterior limb of the internal capsule", 1175, 50, 150),
    Structure(14, "cerebellum", 1150, 110, 145),
    Structure(15, "lateral ventricle", 2850, 150, 330),
    Structure(64, "brainstem", 1010, 64, 140, paired=False),
    Structure(65, "third and fourth ventricle", 2750, 150, 330, paired=False),
    Structure(66, "cerebrospinal fluid", 2700, 200, 310, paired=False),
    Structure(67, "corpus callosum", 1250, 70, 160, paired=False),
)
VALUE = {structure.name: structure.value for structure in STRUCTURES}
CORTEX = (1, 2, 3, 4)
WHITE_MATTER = (5, 6, 7, 8)
DEEP_GREY = (9, 10, 11, 12)
HINDBRAIN = (14, 64)
FLUID = (15, 65, 66)


def _base_value(value: int) -> int:
    return value - RIGHT_OFFSET if RIGHT_OFFSET < value < 2 * RIGHT_OFFSET else value


# The label of a structure whichever side it is on, by its label.
BASE_VALUE = np.array([_base_value(value) for value in range(256)], dtype=np.uint8)


def structure_table() -> list[tuple[int, str, Hemisphere]]:
    """(value, name, hemisphere) of every label, in a stable order."""
    rows: list[tuple[int, str, Hemisphere]] = []
    for structure in STRUCTURES:
        if structure.paired:
            rows += [
                (structure.value, structure.name, "left"),
                (structure.value + RIGHT_OFFSET, structure.name, "right"),
            ]
        else:
            rows.append((structure.value, structure.name, "midline"))
    return rows
