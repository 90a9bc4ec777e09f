"""The tensor a network is fed: one function for the module, the command line and training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from AGE2HIELib.errors import ModelError
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Grid, Volume

_BRAIN_SHARE = 0.5  # of a cell that must be brain


@dataclass(frozen=True)
class Channel:
    """``clip((x - offset) / scale, low, high)``: a fixed scale, since ADC and z are quantitative."""

    name: Literal["adc", "z_adc"]
    offset: float
    scale: float
    low: float
    high: float


@dataclass(frozen=True)
class InputSpec:
    """What a network must be fed: the grid, in the atlas's frame, and a scale for each channel."""

    grid: Grid
    channels: tuple[Channel, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "shape": list(self.grid.shape),
            "affine_ras": self.grid.affine_ras.tolist(),
            "channels": [asdict(channel) for channel in self.channels],
        }

    @staticmethod
    def from_json(description: Mapping[str, Any]) -> InputSpec:
        """Raises ModelError when something is missing or not a number."""
        try:
            i, j, k = (int(n) for n in description["shape"])
            affine = np.array(description["affine_ras"], dtype=np.float64).reshape(4, 4)
            channels = tuple(Channel(**channel) for channel in description["channels"])
        except (KeyError, TypeError, ValueError) as problem:
            raise ModelError(f"The model's network input cannot be read: {problem}. Export it again.") from problem
        unknown = [channel.name for channel in channels if channel.name not in ("adc", "z_adc")]
        if unknown or not channels or min(i, j, k) < 1 or not np.isfinite(affine).all():
            raise ModelError(f"The model asks for the input {dict(description)}, which cannot be made. Export again.")
        return InputSpec(Grid((i, j, k), affine), channels)


def network_input(adc: Volume, brain: Volume, z: Volume | None, placement: Placement, spec: InputSpec) -> np.ndarray:
    """Place ADC and z once, scale them, and stack them.

    Args:
        adc: 1e-6 mm^2/s, canonical voxel order; not-finite voxels count as the channel's offset.
        brain: bool, same grid.
        z: on the same grid, or None: its channel is zeros, as in a part of the training cases.
        placement: of this scan.
        spec: from the model bundle.

    Returns:
        float32 ``(1, C, D, H, W)`` with D, H, W along right, anterior, superior; 0 outside the brain.
    """
    share = placement.to_atlas(brain.like(brain.array.astype(np.float32)), spec.grid).array
    inside = share >= _BRAIN_SHARE
    sources = {"adc": adc, "z_adc": z}
    stacked = np.zeros((1, len(spec.channels), *spec.grid.shape), dtype=np.float32)
    for number, channel in enumerate(spec.channels):
        source = sources[channel.name]
        if source is None:
            continue
        scaled = np.clip((source.array - channel.offset) / channel.scale, channel.low, channel.high)
        usable = brain.array & np.isfinite(scaled)
        placed = placement.to_atlas(source.like(np.where(usable, scaled, 0).astype(np.float32)), spec.grid).array
        # the brain's share takes the outside, which is 0, out of the mean at the border
        stacked[0, number] = np.where(inside, placed / np.maximum(share, _BRAIN_SHARE), 0)
    return stacked
