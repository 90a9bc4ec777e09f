"""The tensor a network is fed: one function for the module, the command line and training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from AGE2HIELib.errors import ModelError
from AGE2HIELib.preprocess.morphometry import LOG_JACOBIAN, log_jacobian
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Grid, Volume

_BRAIN_SHARE = 0.5  # of a cell that must be brain
SEQUENCES = ("t1", "t2")  # of an infant beside the diffusion scan; any of them may be missing
_NAMES = ("adc", "z_adc", *SEQUENCES, LOG_JACOBIAN)
_SCALINGS = ("fixed", "robust")
_SPREAD = (10.0, 90.0)  # percentiles; their distance is 2.563 standard deviations of a normal distribution
_SPREAD_IN_SD = 2.563


@dataclass(frozen=True)
class Channel:
    """``clip((x - offset) / scale, low, high)``.

    Scaling "fixed" takes x as it is: ADC and z are quantitative. "robust" is for images without a unit, T1 and T2: x
    is first centred on the brain's median and divided by its spread, ``(p90 - p10) / 2.563``. ``log_jacobian`` is no
    image of the scan: it is the morphometry of its placement (``preprocess.morphometry``), and always "fixed".
    """

    name: Literal["adc", "z_adc", "t1", "t2", "log_jacobian"]
    offset: float
    scale: float
    low: float
    high: float
    scaling: Literal["fixed", "robust"] = "fixed"


@dataclass(frozen=True)
class InputSpec:
    """What a network must be fed: the grid, in the atlas's frame, and a scale for each channel."""

    grid: Grid
    channels: tuple[Channel, ...]

    @property
    def sequences(self) -> tuple[str, ...]:
        """Those of ``SEQUENCES`` that the network reads."""
        return tuple(channel.name for channel in self.channels if channel.name in SEQUENCES)

    def sequences_in(self, image: np.ndarray) -> tuple[str, ...]:
        """Those that are there in ``(1, C, D, H, W)``: a channel of a missing one is 0 everywhere."""
        there = {channel.name for number, channel in enumerate(self.channels) if image[0, number].any()}
        return tuple(name for name in self.sequences if name in there)

    @property
    def has_morphometry(self) -> bool:
        """Whether the network is fed how the scan had to be deformed, and so needs a placement that says it."""
        return any(channel.name == LOG_JACOBIAN for channel in self.channels)

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
        unknown = [c for c in channels if c.name not in _NAMES or c.scaling not in _SCALINGS]
        if unknown or not channels or min(i, j, k) < 1 or not np.isfinite(affine).all():
            raise ModelError(f"The model asks for the input {dict(description)}, which cannot be made. Export again.")
        return InputSpec(Grid((i, j, k), affine), channels)


def network_input(
    images: Mapping[str, Volume | None], brain: Volume, placement: Placement, spec: InputSpec
) -> np.ndarray:
    """Scale the images, place each once, and stack them.

    Args:
        images: by the name of their channel: ``adc`` (1e-6 mm^2/s), ``z_adc``, ``t1``, ``t2``; all on one grid in
            canonical voxel order. Not-finite voxels count as the channel's offset; a channel without an image is
            zeros, as z, T1 and T2 are in a part of the training cases. ``log_jacobian`` needs none.
        brain: bool, same grid.
        placement: of this scan.
        spec: from the model bundle.

    Returns:
        float32 ``(1, C, D, H, W)`` with D, H, W along right, anterior, superior; 0 outside the brain.

    Raises:
        InputError: the network reads morphometry, and the placement's deformation has none.
    """
    share = placement.to_atlas(brain.like(brain.array.astype(np.float32)), spec.grid).array
    inside = share >= _BRAIN_SHARE
    stacked = np.zeros((1, len(spec.channels), *spec.grid.shape), dtype=np.float32)
    for number, channel in enumerate(spec.channels):
        if channel.name == LOG_JACOBIAN:
            stacked[0, number] = np.where(inside, _scaled(log_jacobian(placement, spec.grid), channel), 0)
            continue
        source = images.get(channel.name)
        if source is None:
            continue
        values = source.array if channel.scaling == "fixed" else _standardised(source.array, brain.array)
        scaled = _scaled(values, channel)
        usable = brain.array & np.isfinite(scaled)
        placed = placement.to_atlas(source.like(np.where(usable, scaled, 0).astype(np.float32)), spec.grid).array
        # the brain's share takes the outside, which is 0, out of the mean at the border
        stacked[0, number] = np.where(inside, placed / np.maximum(share, _BRAIN_SHARE), 0)
    return stacked


def _scaled(values: np.ndarray, channel: Channel) -> np.ndarray:
    return np.clip((values - channel.offset) / channel.scale, channel.low, channel.high)


def _standardised(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """The values in spreads from the brain's median; an image that is even all over the brain stays even."""
    inside = values[brain & np.isfinite(values)]
    low, high = np.percentile(inside, _SPREAD)
    spread = (high - low) / _SPREAD_IN_SD
    return np.asarray((values - np.median(inside)) / (spread if spread > 0 else 1.0), dtype=np.float32)
