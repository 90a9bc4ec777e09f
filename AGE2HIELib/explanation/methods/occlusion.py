"""Occlusion (Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53): how far the number falls when a part is hidden.

A cube is replaced by zeros, which is tissue of median ADC and normal z, and the answer stands at its centre. It makes
no use of gradients, and is what the other maps are examined against; it asks the network once for every place.
"""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.explanation.question import Answer, Question, as_numbers
from AGE2HIELib.networks.staged import Cells

STRIDE = 6  # voxels of the input from one place to the next: 12 mm in the demonstration model
MARGIN = 1  # voxels that the cube reaches beyond its cell on every side
_BATCH = 8


def occlusion(question: Question) -> Answer:
    """Places without brain are 0 and cost nothing."""
    return occluded(question, stride=STRIDE)


def occluded(question: Question, *, stride: int) -> Answer:
    """With so many voxels from one place to the next."""
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
