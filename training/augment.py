"""Augmentation of prepared inputs, on the device and a batch at a time.

ADC is a quantitative map: its level is shifted (sd 48e-6 mm^2/s, 4 % of tissue; half of that varying over the
brain), and its contrast is never stretched. z-maps of other atlases differ in offset and spread, and may be missing;
edges and noise differ between scanners.
"""

from __future__ import annotations

import torch
from torch.nn import functional

_SHIFT = 0.06  # of half the field of view
_AFFINE = 0.08  # sd of the entries of the linear part
_NO_Z, _OWN_Z = 0.15, 0.5  # share of the batch without z, and (of all) with the z of the bundled atlas or none


def augment(
    inputs: torch.Tensor, lesions: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prepared inputs ``(N, 3, D, H, W)`` -> ``(N, 2, D, H, W)``: ADC and one of the z-maps, or zeros.

    The lesions ``(N, 1, D, H, W)`` are moved along.
    """
    count = len(inputs)
    inside = (inputs != 0).any(dim=1, keepdim=True).float()
    adc, own_z, other_z = inputs[:, :1], inputs[:, 1:2], inputs[:, 2:3]
    draw = torch.rand(count, 1, 1, 1, 1, generator=generator)
    z = torch.where(draw < _OWN_Z, own_z, other_z)
    z = z * _between(count, 0.8, 1.25, generator) + 0.06 * _normal((count, 1, 1, 1, 1), generator)
    z = z + 0.06 * _smooth(z.shape, generator)
    adc = adc + 0.12 * _normal((count, 1, 1, 1, 1), generator) + 0.06 * _smooth(adc.shape, generator)
    noise = _between(count, 0.0, 0.12, generator)
    adc = adc + noise * _normal(adc.shape, generator)
    z = torch.where(draw < _NO_Z, torch.zeros_like(z), z + 0.5 * noise * _normal(z.shape, generator))
    both = torch.cat([adc, z], dim=1) * _edge(inside, generator)
    moved = _move(torch.cat([both, lesions], dim=1), generator)
    return moved[:, :2], moved[:, 2:]


def pick_z(inputs: torch.Tensor, source: str) -> torch.Tensor:
    """``(N, 3, ...)`` -> ``(N, 2, ...)`` without augmentation; source "atlas", "released" or "none"."""
    adc = inputs[:, :1]
    z = {"atlas": inputs[:, 1:2], "released": inputs[:, 2:3], "none": torch.zeros_like(adc)}[source]
    return torch.cat([adc, z], dim=1)


def _normal(shape: tuple[int, ...] | torch.Size, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(tuple(shape), generator=generator)


def _between(count: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, 1, 1, 1, 1, generator=generator)


def _smooth(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Random field of about unit variance that changes over some ten voxels."""
    coarse = _normal((shape[0], shape[1], 6, 7, 5), generator)
    return 1.5 * functional.interpolate(coarse, size=tuple(shape[2:]), mode="trilinear")


def _edge(inside: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The brain, for every other case without its outermost voxels: masks differ between sites."""
    eroded = -functional.max_pool3d(-inside, 3, stride=1, padding=1)
    take = torch.rand(len(inside), 1, 1, 1, 1, generator=generator) < 0.4
    return torch.where(take, eroded, inside)


def _move(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Small affine changes; left and right swapped in half of the cases (i is the left-right axis)."""
    count = len(images)
    theta = torch.eye(3, 4).repeat(count, 1, 1)
    theta[:, :, :3] += _AFFINE * 0.5 * torch.randn(count, 3, 3, generator=generator)
    theta[:, :, 3] = _SHIFT * torch.randn(count, 3, generator=generator) * 0.5
    mirrored = torch.rand(count, generator=generator) < 0.5
    theta[mirrored, :, 2] *= -1  # the last column of grid_sample's x, y, z is the first image axis
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)
