"""Where in the network's input slabs, slices, cubes and patches lie: places in mm as indices of the grid."""

from __future__ import annotations

from math import ceil, floor

import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.covariance import CovarianceNetwork
from AGE2HIELib.networks.planes import AXES
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.volume import Grid
from training.learning.placing_regions import autoencoder_arguments, cells_of_regions, covariance_arguments
from training.preparing.inputs import ADC_CHANNELS, MORPHOMETRY_CHANNELS, SEQUENCE_CHANNELS, T1_CHANNELS, adc_spec
from training.settings import FUSED, STREAMS, Network

# Beside the axial slab of ``network.slab_mm``: through thalamus and lentiform nucleus, and about the midline.
CORONAL_MM, SAGITTAL_MM = (0.0, 14.0), (-8.0, 8.0)
CUBE_MM = 48.0  # of patches: 24 voxels of 2 mm
PATCH_MM, STEP_MM = 64.0, 32.0  # of the Global-Local Transformer, whose voxels are of 1 mm
SLICES = 5  # that it sees
_ROUNDING = 1e-6  # voxels


def placed_arguments(network: Network, in_channels: int) -> dict[str, object]:
    """Arguments of a network that looks at fixed places of the grid it is fed; none for one that does not."""
    spacing_mm = network.spacing_mm
    grid = adc_spec(spacing_mm, network.poolings).grid
    if network.name == "covariance":
        return covariance_arguments(network, grid, in_channels)
    if network.name == "autoencoder":
        return autoencoder_arguments(grid)
    if network.name == FUSED:
        one_sequence = in_channels == len(T1_CHANNELS)
        return {"sequences": [in_channels] if one_sequence else [len(ADC_CHANNELS), *(1 for _ in SEQUENCE_CHANNELS)]}
    if network.name == STREAMS:
        shape = len(MORPHOMETRY_CHANNELS)
        return {"streams": [in_channels - shape, shape]}
    if network.name == "slab":
        return {"planes": [slab(grid, "superior", network.slab_mm)]}
    if network.name == "three-planes":
        places = {"superior": network.slab_mm, "anterior": CORONAL_MM, "right": SAGITTAL_MM}
        return {"planes": [slab(grid, *place) for place in places.items()]}
    if network.name == "patches":
        return {"shape": list(grid.shape), "part": round(CUBE_MM / spacing_mm)}
    if network.name == "global-local":
        middle = (network.slab_mm[0] + network.slab_mm[1]) / 2
        first = round(middle / spacing_mm + (grid.shape[2] - 1) / 2 - (SLICES - 1) / 2)
        parts = {"part": round(PATCH_MM / spacing_mm), "step": round(STEP_MM / spacing_mm)}
        return {"shape": list(grid.shape), "slices": [first, SLICES], **parts}
    return {}


def place_regions(made: StagedNetwork, network: Network) -> None:
    """Tell a network over regions, and one that holds such networks, where they lie; others need not be told."""
    for part in made.modules():
        if isinstance(part, CovarianceNetwork):
            grid = adc_spec(network.spacing_mm, network.poolings).grid
            part.values.labels.copy_(torch.from_numpy(cells_of_regions(network, grid)))


def slab(grid: Grid, axis: str, between_mm: tuple[float, float]) -> list[object]:
    """``[axis, first, count]`` of the slices of a centred grid whose centres lie between two places of an axis.

    Raises:
        InputError: there is no slice between them.
    """
    along = AXES.index(axis)
    origin, spacing_mm = float(grid.affine_ras[along, 3]), float(grid.spacing_mm[along])
    low, high = ((place - origin) / spacing_mm for place in between_mm)
    first, last = ceil(low - _ROUNDING), floor(high + _ROUNDING)
    if first < 0 or last >= grid.shape[along] or last < first:
        raise InputError(
            f"There is no slice of {spacing_mm:g} mm between {between_mm[0]:g} and {between_mm[1]:g} mm {axis} in the "
            "network's input. Set network.slab_mm to two places, the lower first, within the brain."
        )
    return [axis, first, last - first + 1]
