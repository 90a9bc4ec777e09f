"""A picture of many placements: the atlas's outline and deep structures drawn over each scan's own slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Volume

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # after the choice of a canvas without a window

_SHOWN_ADC = (400.0, 2600.0)
_LEVELS = (0.25, 0.4, 0.5, 0.6, 0.75)  # of the brain's extent along the scan's third axis
_DRAWN = {"thalamus": "yellow", "lentiform nucleus": "orange", "lateral ventricle": "deepskyblue", "cerebellum": "lime"}


def draw_sheet(scans: Sequence[tuple[str, Volume, Placement]], atlas: Atlas, file: Path) -> None:
    """One row a scan: its slices as they were acquired, the atlas brain in red, four structures in their colours."""
    figure, axes = plt.subplots(len(scans), len(_LEVELS), figsize=(2.2 * len(_LEVELS), 2.2 * len(scans)), squeeze=False)
    for row, (name, adc, placement) in zip(axes, scans, strict=True):
        brain = placement.to_native(atlas.brain.like(atlas.brain.array.astype(np.float32))).array
        labels = placement.to_native(atlas.labels, interpolation="nearest").array
        inside = np.argwhere(brain > 0.5)
        (left, back, low), (right, front, high) = inside.min(axis=0), inside.max(axis=0)
        aspect = adc.grid.spacing_mm[1] / adc.grid.spacing_mm[0]
        for panel, level in zip(row, _LEVELS, strict=True):
            k = round(low + level * (high - low))
            panel.imshow(
                adc.array[..., k].T, cmap="gray", origin="lower", vmin=_SHOWN_ADC[0], vmax=_SHOWN_ADC[1], aspect=aspect
            )
            panel.contour(brain[..., k].T, [0.5], colors="red", linewidths=0.8)
            for region in atlas.regions:
                here = labels[..., k] == region.value
                if region.name in _DRAWN and here.any():
                    panel.contour(here.T, [0.5], colors=_DRAWN[region.name], linewidths=0.6)
            panel.set(xlim=(left - 6, right + 6), ylim=(back - 6, front + 6), xticks=[], yticks=[])
        row[0].set_ylabel(name)
    figure.tight_layout(pad=0.3)
    figure.savefig(file, dpi=70)
    plt.close(figure)
