"""What a network over regions must be told of the cohort's grid and atlas before it can be built."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.region_cells import region_cells
from AGE2HIELib.volume import Grid
from training.preparing.inputs import adc_spec
from training.settings import Network, TrainingSettings

COVARIANCE = "covariance"
TAPS = 4  # C^0 to C^3; on matrices with a largest eigenvalue of 1 the further powers are nearly one pattern
# Of the input's first channel. ADC: up to 1700e-6 mm2/s, as everywhere (``FLUID_ADC``). T1, in spreads from the brain's
# median: fluid of the synthetic scans lies at -2 and below at every age.
ADC_TISSUE = (-3.0, 1.0)
T1_TISSUE = (-1.5, 4.0)


class CovarianceSettings(Network):
    """The network's settings with the atlas and the cells that the scans are placed on."""

    atlas: str
    spacing_mm: float

    def cells(self) -> np.ndarray:
        """The region of each cell of the input, from 1 on."""
        return _cells(self.atlas, self.spacing_mm)

    @property
    def grid(self) -> Grid:
        """Of both modalities: affinely placed T1 has the infants' grid."""
        return adc_spec(self.spacing_mm).grid


def network_of(settings: TrainingSettings) -> Network:
    """The settings of the network, complete for one over regions."""
    network = settings.network
    if network.name != COVARIANCE:
        return network
    place = {"atlas": str(settings.input.atlas_folder), "spacing_mm": settings.input.spacing_mm}
    return CovarianceSettings(**network.model_dump(), **place)


def covariance_arguments(network: CovarianceSettings, *, in_channels: int, outputs: int) -> dict[str, object]:
    """Arguments of ``CovarianceNetwork``, as they stand in a bundle."""
    regions = [[region.name, region.hemisphere] for region in _atlas(network.atlas).regions]
    return {
        "in_channels": in_channels,
        "outputs": outputs,
        "channels": list(network.channels),
        "taps": TAPS,
        "shape": list(network.grid.shape),
        "regions": regions,
        "tissue": list(T1_TISSUE if in_channels == 1 else ADC_TISSUE),
    }


@cache
def _cells(atlas: str, spacing_mm: float) -> np.ndarray:
    return region_cells(_atlas(atlas), adc_spec(spacing_mm).grid)


@cache
def _atlas(folder: str):  # type: ignore[no-untyped-def]
    return load_atlas(Path(folder))
