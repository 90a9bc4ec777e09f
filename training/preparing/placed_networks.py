"""What some networks must be told of the cohort's grid and atlas before they can be built."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.region_cells import region_cells
from AGE2HIELib.volume import Grid
from training.preparing.inputs import adc_spec
from training.settings import Network, TrainingSettings

COVARIANCE, AUTOENCODER = PLACED = ("covariance", "autoencoder")
TAPS = 4  # C^0 to C^3; of a matrix whose largest eigenvalue is 1, further powers are nearly one pattern
LATENT = 64
# Of the input's first channel. ADC: up to 1700e-6 mm2/s, as everywhere (``FLUID_ADC``). T1, in spreads from the brain's
# median: fluid of the synthetic scans lies at -2 and below at every age.
ADC_TISSUE = (-3.0, 1.0)
T1_TISSUE = (-1.5, 4.0)


class PlacedNetwork(Network):
    """The network's settings with the atlas and the cells that the scans are placed on."""

    atlas: str
    spacing_mm: float

    @property
    def grid(self) -> Grid:
        """Of both modalities: affinely placed T1 has the infants' grid."""
        return adc_spec(self.spacing_mm, self.poolings).grid

    def cells(self) -> np.ndarray:
        """The region of each cell of the input, from 1 on."""
        return _cells(self.atlas, self.spacing_mm, self.poolings)

    def arguments(self, *, in_channels: int, outputs: int) -> dict[str, object]:
        """Of the network's constructor, as they stand in a bundle."""
        common = {"in_channels": in_channels, "outputs": outputs, "channels": list(self.channels)}
        common |= {"shape": list(self.grid.shape)}
        if self.name == AUTOENCODER:
            return {**common, "norm": self.norm, "latent": LATENT}
        regions = [[region.name, region.hemisphere] for region in _atlas(self.atlas).regions]
        return {
            **common,
            "taps": TAPS,
            "regions": regions,
            "tissue": list(T1_TISSUE if in_channels == 1 else ADC_TISSUE),
        }

    def outcome_arguments(self, *, in_channels: int) -> dict[str, object]:
        """Those of a network for the outcome: an autoencoder's latent numbers stay those of healthy infants, and a
        region's name says its side, so that a covariance network is asked once and not for the mirror image, too.
        """
        arguments = self.arguments(in_channels=in_channels, outputs=1)
        if self.name == COVARIANCE:
            return arguments
        return {**arguments, "pooling": self.pooling, "mirrored": True, "detached": True}


def network_of(settings: TrainingSettings) -> Network:
    """The settings of the network, complete for one that must know where it is placed."""
    network = settings.network
    if network.name not in PLACED:
        return network
    place = {"atlas": str(settings.input.atlas_folder), "spacing_mm": settings.input.spacing_mm}
    return PlacedNetwork(**network.model_dump(), **place)


@cache
def _cells(atlas: str, spacing_mm: float, poolings: int) -> np.ndarray:
    return region_cells(_atlas(atlas), adc_spec(spacing_mm, poolings).grid)


@cache
def _atlas(folder: str) -> Atlas:
    return load_atlas(Path(folder))
