"""Maps of an ellipsoid brain with one lesion, and a record that goes with them, for pictures, pages and reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.volume import Volume

SPACING_MM = (1.5, 1.5, 4.0)


def volume(array: np.ndarray) -> Volume:
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = [-60.0, -70.0, -40.0]
    return Volume(array, affine)


def ellipsoid_brain() -> Volume:
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in (80, 96, 22)], indexing="ij")
    return volume((i / 0.7) ** 2 + (j / 0.8) ** 2 + (k / 0.9) ** 2 < 1)


def lesion_maps() -> Maps:
    """Low ADC in front on the patient's left, which is the low end of the first axis."""
    brain = ellipsoid_brain()
    adc = np.where(brain.array, 1300.0, 0.0).astype(np.float32)
    lesion = np.zeros(adc.shape, dtype=bool)
    lesion[20:30, 60:75, 9:13] = True
    adc[lesion & brain.array] = 700.0
    z = np.where(lesion & brain.array, -5.0, 0.0).astype(np.float32)
    saliency = np.where(lesion & brain.array, 0.4, 0.0).astype(np.float32)
    return Maps(volume(adc), brain, volume(z), volume(saliency))


def small_record() -> dict[str, Any]:
    """What result.json holds of a prediction."""
    check = {"name": "brain volume", "value": 402.5, "limit": "200 to 700 ml", "passed": True, "remedy": ""}
    check |= {"basis": "newborns", "severity": "refuse", "overridden": False}
    return {
        "demonstration": True,
        "probability_adverse": 0.62,
        "interval": [0.4, 0.8],
        "members": [0.5, 0.505, 0.6, 0.7, 0.75],
        "threshold": 0.5,
        "prevalence": 0.41,
        "label": "demonstration",
        "prediction_set": {
            "coverage": 0.9,
            "set": ["favourable", "adverse"],
            "cases": {"favourable": 90, "adverse": 60},
        },
        "quality": {"passed": True, "overridden": [], "checks": [check]},
        "saliency": {
            "method": "hirescam",
            "title": "HiResCAM",
            "meaning": "what raised the score",
            "layer": "block2",
            "resolution_mm": [8.0, 8.0, 8.0],
        },
        "examination": None,
        "model": {"name": "m", "version": "1", "sha256": "0" * 64, "trained_on": "phantoms", "intended_use": "tests"}
        | {"prevalence": 0.41},
        "atlas": {"name": "a", "provenance": "synthetic"},
        "input": {
            "kind": "adc-mha",
            "sha256": "1" * 64,
            "shape": [80, 96, 22],
            "spacing_mm": [1.5, 1.5, 4.0],
            "adc_unit_found": "1e-6 mm2/s",
        },
        "settings": {"prevalence": None},
        "software": {"version": "0.1.0", "python": "3.11", "torch": "2"},
        "device": "cpu",
        "timing_s": {"read": 0.1},
        "warnings": ["<script>alert(1)</script>"],
    }
