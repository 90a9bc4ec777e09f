"""What networks over regions, and those that draw the whole image, must be told of the grid and the atlas."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.region_cells import region_cells
from AGE2HIELib.volume import Grid
from training.settings import Network

TAPS = 4  # C^0 to C^3; of a matrix whose largest eigenvalue is 1, further powers are nearly one pattern
LATENT = 64
# Of the input's first channel. ADC: up to 1700e-6 mm2/s, as everywhere (``FLUID_ADC``). T1, in spreads from the brain's
# median: what is darker counts as fluid.
ADC_TISSUE, T1_TISSUE = (-3.0, 1.0), (-1.5, 4.0)


def covariance_arguments(network: Network, grid: Grid, in_channels: int) -> dict[str, object]:
    """Of ``CovarianceNetwork``."""
    regions = [[region.name, region.hemisphere] for region in _atlas(network.atlas).regions]
    tissue = T1_TISSUE if in_channels == 1 else ADC_TISSUE
    return {"shape": list(grid.shape), "taps": TAPS, "regions": regions, "tissue": list(tissue)}


def autoencoder_arguments(grid: Grid) -> dict[str, object]:
    """Of ``AutoencoderNetwork``."""
    return {"shape": list(grid.shape), "latent": LATENT}


def cells_of_regions(network: Network, grid: Grid) -> np.ndarray:
    """The region of each cell of the input, from 1 on; 0 outside."""
    return _cells(network.atlas, network.spacing_mm, grid.shape)


@cache
def _cells(atlas: Path, spacing_mm: float, shape: tuple[int, int, int]) -> np.ndarray:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in shape]
    return region_cells(_atlas(atlas), Grid(shape, affine))


@cache
def _atlas(folder: Path) -> Atlas:
    return load_atlas(folder)
