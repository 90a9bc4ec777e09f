"""Saliency from changed images: occlusion, and a learned map of tolerated noise.

Occlusion (Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53) replaces a cube by zeros, which is tissue of median
ADC and normal z, and the fall of the number stands at its centre. It makes no use of gradients, and is what the other
maps are examined against; it asks the network once for every place.

The noise map follows the voxel-level importance maps of Bintsi et al. 2021 (arXiv:2108.05388). As much Gaussian noise
as the number tolerates is added to the image, its standard deviation learned place by place:
``mean((f(x + noise) - f(x))^2) / TOLERANCE^2 - mean(log sd)`` is made as small as possible. Where nothing matters the
noise grows to its bound, where the evidence lies it stays small; the map is ``log(bound / sd)``, 0 where nothing is
lost, without sign and without unit.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import interpolate, max_pool3d

from AGE2HIELib.explanation.question import Answer, Question, as_numbers
from AGE2HIELib.networks.staged import Cells

STRIDE = 6  # voxels of the input from one place to the next: 12 mm in the demonstration model
MARGIN = 1  # voxels that the cube reaches beyond its cell on every side
_BATCH = 8
CELL = 4  # voxels of the input a cell of the map
LARGEST_SD, SMALLEST_SD = 1.0, 0.01  # in units of the network's input
TOLERANCE = 0.25  # of the number that is explained
STEPS, RATE, DRAWS = 80, 0.15, 2


def occlusion(question: Question) -> Answer:
    """Places without brain are 0 and cost nothing."""
    return occlusion_map(question, stride=STRIDE)


def occlusion_map(question: Question, *, stride: int) -> Answer:
    """``occlusion`` with ``stride`` voxels from one place of the cube to the next."""
    image = question.image
    where = Cells(stride, (stride - 1) / 2)
    shape = tuple(where.count(size) for size in image.shape[2:])
    inside = (image[0] != 0).any(0).cpu().numpy()
    cubes = {cell: _cube(cell, stride) for cell in np.ndindex(shape)}
    chosen = [cell for cell, cube in cubes.items() if bool(inside[cube].any())]
    cells = np.zeros(shape)
    with torch.no_grad():
        outputs = question.member(image)
        whole = float(question.target(outputs)[0])
        for first in range(0, len(chosen), _BATCH):
            batch = chosen[first : first + _BATCH]
            hidden = image.repeat(len(batch), 1, 1, 1, 1)
            for number, cell in enumerate(batch):
                i, j, k = cubes[cell]
                hidden[number, :, i, j, k] = 0
            for cell, score in zip(batch, question.target(question.member(hidden)).tolist(), strict=True):
                cells[cell] = whole - score
    return Answer(as_numbers(outputs), cells, where)


def _cube(cell: tuple[int, ...], stride: int) -> tuple[slice, ...]:
    return tuple(slice(max(stride * c - MARGIN, 0), stride * (c + 1) + MARGIN) for c in cell)


def noise_map(question: Question) -> Answer:
    image, target, member = question.image, question.target, question.member
    where = Cells(CELL, (CELL - 1) / 2, padded=CELL)
    i, j, k = image.shape[2:]
    shape = tuple(where.count(size) for size in (i, j, k))
    inside = (image != 0).any(1, keepdim=True)
    brain = max_pool3d(inside.float(), CELL, ceil_mode=True) > 0
    noise = torch.Generator().manual_seed(question.seed)
    with torch.no_grad():
        outputs = member(image)
        wanted = target(outputs)
    log_sd = torch.full((1, 1, *shape), float(np.log(0.1)), device=image.device, requires_grad=True)
    optimiser = torch.optim.Adam([log_sd], lr=RATE)
    for _ in range(STEPS):
        bounded = log_sd.clamp(float(np.log(SMALLEST_SD)), float(np.log(LARGEST_SD)))
        spread = interpolate(bounded.exp(), scale_factor=float(CELL), mode="trilinear")[..., :i, :j, :k]
        drawn = torch.randn((DRAWS, *image.shape[1:]), generator=noise).to(image.device)
        change = target(member(image + spread * inside * drawn)) - wanted
        loss = (change**2).mean() / TOLERANCE**2 - bounded[brain].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            log_sd.clamp_(float(np.log(SMALLEST_SD)), float(np.log(LARGEST_SD)))
    importance = torch.where(brain, float(np.log(LARGEST_SD)) - log_sd.detach(), 0.0)
    return Answer(as_numbers(outputs), importance[0, 0].cpu().numpy().astype(np.float64), where)
