"""Augmentation of prepared volumes, on the device and a batch at a time.

ADC is quantitative: its level changes by at most 5 %, and its contrast never. z-maps of other atlases differ in
offset and spread, and may be missing. T1 has no unit: gain and bias vary more. All numbers come from a table of
uniform ones, a row for each sample (``randomness.uniforms``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch.nn import functional

from AGE2HIELib.bundle.model_facts import z_and_sequences
from AGE2HIELib.preprocess.network_input import SEQUENCES

_DEGREES = 10.0
_STRETCH = 0.06  # sd of the relative size along each axis
_SHIFT = 0.03  # sd, of half the field of view
_LATTICE = (6, 7, 5)  # of the smooth fields
_NO_Z, _OWN_Z = 0.15, 0.5  # share of the samples without z, and (of all) with the z of the bundled atlas or none
# Share of the samples (with z) whose ADC is blank: each channel is learned for itself, and an infant whose ADC is low
# or high all over, as scanners have it, is judged by z. Of two networks, that with 0.5 here and lesions that are
# shallower in ADC alone ranked 28 real newborns a little better (areas 0.98 and 0.96, with released and own z, for 0.97
# and 0.95; these infants chose).
_NO_ADC = 0.5
# Expert lesions are shallower in ADC than marked ones of phantoms (medians 1013 and 889e-6 mm^2/s) at the same z: up to
# this much is taken off them, in units of the channel, which is 240e-6 mm^2/s. Set by that difference; not
# compared with 0.4, which it was before lesions were marked so.
_SHALLOWER = 0.6
# Some newborns' z lies above 0 all over (medians up to 1.8): such a share of the samples is raised by up to this much.
_RAISED, _RAISED_BY = 0.35, 0.6
_ADC_SCALE = 0.05
_LEFT_OUT = 0.4  # share of the samples without T1, and of those without T2: as good as any of 0.25 to 0.5 by the source
_ADC_OFFSET_IN_SCALES = 1300.0 / 400.0  # where ADC is 0 lies so far below the middle of its channel
_SWAPPED, _MOVED = 0.5, 0.5  # shares of the samples
_THICK = 0.3  # share of the samples whose slices are thickened
_FIELD_VALUES = math.prod(_LATTICE)
_FIRST_FIELD = 32  # columns before it hold single numbers
TABLE_VALUES = _FIRST_FIELD + 2 * _FIELD_VALUES  # uniform numbers that a sample needs


@dataclass(frozen=True)
class Draws:
    """``table``: ``(N, values)`` uniform numbers on the device. ``bank``: standard normal numbers there."""

    table: torch.Tensor
    bank: torch.Tensor

    def uniform(self, column: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """``(N, 1, 1, 1, 1)`` between ``low`` and ``high``."""
        return (low + (high - low) * self.table[:, column]).view(-1, 1, 1, 1, 1)

    def normal(self, first: int, count: int) -> torch.Tensor:
        """``(N, count)`` standard normal numbers from as many columns."""
        inside = self.table[:, first : first + count].clamp(1e-6, 1 - 1e-6)
        quantiles: torch.Tensor = torch.special.ndtri(inside)
        return quantiles

    def smooth(self, number: int, shape: torch.Size) -> torch.Tensor:
        """``(N, 1, D, H, W)`` of about unit variance that changes over some ten voxels."""
        field = self.normal(_FIRST_FIELD + number * _FIELD_VALUES, _FIELD_VALUES).view(-1, *_LATTICE)
        # trilinear interpolation one axis after another: ten times faster than the general one
        depth, height, width = (_between(n, size).to(field) for n, size in zip(_LATTICE, shape[2:], strict=True))
        field = torch.einsum("nijk,di->ndjk", field, depth)
        field = torch.einsum("ndjk,hj->ndhk", field, height)
        return 1.5 * torch.einsum("ndhk,wk->ndhw", field, width).unsqueeze(1)

    def noise(self, column: int, shape: torch.Size) -> torch.Tensor:
        """``(N, C, D, H, W)`` cut from the bank, each sample at a place of its own."""
        size = int(torch.Size(shape[1:]).numel())
        if size >= len(self.bank):
            return self.bank.repeat(size // len(self.bank) + 2)[:size].view(1, *shape[1:]).expand(shape)
        starts = (self.table[:, column] * (len(self.bank) - size)).long().tolist()
        return torch.stack([self.bank[start : start + size] for start in starts]).view(shape)


def augment_adc(
    volumes: torch.Tensor, lesions: torch.Tensor | None, draws: Draws, *, morphometry: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """``(N, 3 + S, D, H, W)`` as stored -> ``(N, 2 + S, D, H, W)``: ADC, one of the z-maps or zeros, and S further
    sequences, each of which is left out at times, or morphometry, which is not; and the moved lesions.

    Lesions are ``(N, 1, D, H, W)``; where there are none an empty tensor comes back.
    """
    volumes = volumes.float()
    inside = (volumes[:, :1] != 0) | (volumes[:, 1:2] != 0)
    adc = volumes[:, :1]
    if lesions is not None:
        adc = adc + draws.uniform(20, 0.0, _SHALLOWER) * lesions.float()
    choice = draws.uniform(0)
    z = torch.where(choice < _OWN_Z, volumes[:, 1:2], volumes[:, 2:3])
    z = z + (draws.uniform(22) < _RAISED) * draws.uniform(21, 0.0, _RAISED_BY)
    normal = draws.normal(1, 2).view(-1, 2, 1, 1, 1, 1)
    z = z * draws.uniform(3, 0.8, 1.25) + 0.06 * (normal[:, 0] + draws.smooth(0, z.shape))
    scale = draws.uniform(4, 1 - _ADC_SCALE, 1 + _ADC_SCALE)
    adc = adc * scale + _ADC_OFFSET_IN_SCALES * (scale - 1) + 0.04 * draws.smooth(1, adc.shape)
    noise = draws.uniform(5, 0.0, 0.12) * draws.noise(6, torch.Size((len(volumes), 2, *volumes.shape[2:])))
    z = torch.where(choice < _NO_Z, torch.zeros_like(z), z + 0.5 * noise[:, 1:])
    shown = (draws.uniform(19) >= _NO_ADC) | (choice < _NO_Z)
    others = volumes[:, 3:] if morphometry else _varied_sequences(volumes[:, 3:], draws)
    image = torch.cat([shown * (adc + noise[:, :1]), z, others], dim=1) * inside
    if lesions is None:
        return apply_affine(_thickened(image, draws), draws), volumes.new_zeros(0)
    both = apply_affine(torch.cat([_thickened(image, draws), lesions.float()], dim=1), draws)
    return both[:, : image.shape[1]], both[:, image.shape[1] :]


def _varied_sequences(sequences: torch.Tensor, draws: Draws) -> torch.Tensor:
    """``(N, S, D, H, W)`` with another gain and offset, each left out (0 everywhere) by chance; those that are absent
    stay so.
    """
    there = (sequences != 0).flatten(2).any(2).view(*sequences.shape[:2], 1, 1, 1)
    varied = []
    for number, one in enumerate(sequences.split(1, dim=1)):
        gain, offset = draws.uniform(23 + number, 0.9, 1.1), draws.uniform(25 + number, -0.1, 0.1)
        kept = there[:, number : number + 1] & (draws.uniform(27 + number) >= _LEFT_OUT)
        varied.append(torch.where(kept, one * gain + offset, 0.0))
    return torch.cat(varied, 1) if varied else sequences


def augment_t1(volumes: torch.Tensor, draws: Draws) -> torch.Tensor:
    """``(N, C, D, H, W)`` -> the same, with another gain, bias field, noise, slices and place of T1, the first channel;
    morphometry, where it is the second, is only resampled with it.
    """
    return apply_affine(_varied_t1(volumes, draws), draws)


def augment_t1_with(volumes: torch.Tensor, marks: torch.Tensor, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
    """The same, and ``(N, classes, D, H, W)`` shares of classes that are moved with it; the first is the outside."""
    moved = apply_affine(torch.cat([_varied_t1(volumes, draws), marks], dim=1), draws)
    count = volumes.shape[1]
    inside = moved[:, count + 1 :]
    return moved[:, :count], torch.cat([1 - inside.sum(1, keepdim=True).clamp(0, 1), inside], dim=1)


def _varied_t1(volumes: torch.Tensor, draws: Draws) -> torch.Tensor:
    volumes = volumes.float()
    t1 = volumes[:, :1]
    image = t1 * draws.uniform(3, 0.9, 1.1) + draws.uniform(4, -0.1, 0.1) + 0.06 * draws.smooth(0, t1.shape)
    image = (image + draws.uniform(5, 0.0, 0.12) * draws.noise(6, image.shape)) * (t1 != 0)
    return _thickened(torch.cat([image, volumes[:, 1:]], dim=1), draws)


def pick_z(volumes: torch.Tensor, source: str) -> torch.Tensor:
    """``(N, 3 + S, ...)`` -> ``(N, 2 + S, ...)`` without augmentation.

    Args:
        source: "atlas", "released" or "none", or such a kind with what is there beside it (``model_facts.KINDS``),
            which leaves the other sequences out.
    """
    volumes = volumes.float()
    adc, sequences = volumes[:, :1], volumes[:, 3:]
    z_kind, there = z_and_sequences(source)
    z = {"atlas": volumes[:, 1:2], "released": volumes[:, 2:3], "none": torch.zeros_like(adc)}[z_kind]
    if there is not None:
        left_out = [number for number, name in enumerate(SEQUENCES) if name not in there]
        sequences = sequences.index_fill(1, torch.tensor(left_out, device=volumes.device, dtype=torch.long), 0.0)
    return torch.cat([adc, z, sequences], dim=1)


def apply_affine(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Half of the samples left-right swapped; half turned by up to 10 degrees about each axis, stretched and shifted.

    The others keep their place: moving is what costs most, and placed scans are where they belong on the average.
    """
    images = torch.where(draws.uniform(16) < _SWAPPED, images.flip(2), images)  # i is left-right
    chosen = torch.nonzero(draws.table[:, 18] < _MOVED)[:, 0]
    if len(chosen) == 0:
        return images
    part = images[chosen]
    grid = functional.affine_grid(affine_matrices(draws, part.shape)[chosen], list(part.shape), align_corners=False)
    images[chosen] = functional.grid_sample(part, grid, align_corners=False)
    return images


def affine_matrices(draws: Draws, shape: torch.Size) -> torch.Tensor:
    """``(N, 3, 4)`` for ``affine_grid``, whose x, y, z are the last, middle and first image axis."""
    angles = (draws.table[:, 7:10] * 2 - 1) * (_DEGREES * torch.pi / 180)
    rotation = torch.linalg.matrix_exp(_cross_products(angles))
    linear = rotation * torch.exp(_STRETCH * draws.normal(10, 3)).unsqueeze(1)
    half = torch.tensor([shape[4], shape[3], shape[2]], dtype=linear.dtype, device=linear.device)
    linear = linear * half.view(1, 1, 3) / half.view(1, 3, 1)  # a turn in voxels, not in halves of the field
    return torch.cat([linear, (_SHIFT * draws.normal(13, 3)).unsqueeze(2)], dim=2)


def _cross_products(angles: torch.Tensor) -> torch.Tensor:
    """``(N, 3, 3)`` matrices whose exponential turns about the axis ``angles`` by its length."""
    x, y, z = angles.unbind(1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).view(-1, 3, 3)


def _thickened(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Some samples with slices of twice the thickness, as clinical scans have them."""
    chosen = torch.nonzero(draws.table[:, 17] < _THICK)[:, 0]
    if len(chosen) == 0:
        return images
    thick = functional.avg_pool3d(images[chosen], (1, 1, 2))
    images = images.clone()
    images[chosen] = functional.interpolate(thick, size=images.shape[2:], mode="nearest")
    return images


@cache
def _between(lattice: int, size: int) -> torch.Tensor:
    """``(size, lattice)`` weights of linear interpolation from the lattice's points to ``size`` voxels."""
    return functional.interpolate(torch.eye(lattice)[None], size=size, mode="linear")[0].T.contiguous()
