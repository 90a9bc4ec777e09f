"""Whether the values are those of a newborn's ADC map."""

from __future__ import annotations

import numpy as np

from AGE2HIELib.io.source import Source
from AGE2HIELib.quality.check import Check, at_most, between

MEDIAN_ADC = (750.0, 2000.0)  # 1e-6 mm^2/s
IMPLAUSIBLE_ADC = (0.0, 4000.0)  # 1e-6 mm^2/s; free water at 37 degrees has 3000
IMPLAUSIBLE_SHARE = 0.05
NOT_FINITE_SHARE = 0.02


def modality(source: Source) -> Check:
    fitted = source.dwi is not None
    return Check(
        name="modality and unit",
        value="fitted from diffusion-weighted volumes" if fitted else source.adc_unit_found or "none known",
        limit="an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes",
        passed=fitted or source.adc_unit_found is not None,
        remedy="The values are not those of an ADC map. Choose the ADC map or the raw diffusion series.",
        basis="The three units in which scanners and tools write ADC.",
    )


def value_checks(values: np.ndarray) -> list[Check]:
    """Args:
    values: ADC of the brain's voxels, 1e-6 mm^2/s; at least one.
    """
    low, high = IMPLAUSIBLE_ADC
    finite = values[np.isfinite(values)]
    odd = float(((finite <= low) | (finite >= high)).mean()) if len(finite) else 1.0
    median = float(np.median(finite)) if len(finite) else float("nan")
    return [
        at_most(
            "voxels without a value",
            float((~np.isfinite(values)).mean()),
            NOT_FINITE_SHARE,
            remedy="The signal is missing in part of the brain. Look at the raw volumes, or use another series.",
            basis="Chosen: such voxels are where the raw signal was not positive, next to none in a sound scan.",
        ),
        at_most(
            "voxels with an implausible ADC",
            odd,
            IMPLAUSIBLE_SHARE,
            remedy="The map is noisy or not an ADC map. Fit it from the raw series, or use another scan.",
            basis=f"Not between {low:g} and {high:g}: at most 0.0044 in 28 real newborns; free water has 3000.",
        ),
        between(
            "median ADC of the brain",
            median,
            MEDIAN_ADC,
            "1e-6 mm2/s",
            remedy="Is this a newborn's ADC map? Adults' is lower.",
            basis="28 real newborns have 872 (74 % of the brain injured) to 1623 (logarithm normal: 0.04 % of such "
            "infants lie outside); injured tissue has 819-1030, adults' raw series 665-695.",
        ),
    ]
