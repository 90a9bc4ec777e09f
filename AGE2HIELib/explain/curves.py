"""Deletion and insertion (Petsiuk et al. 2018, arXiv:1806.07421): does the score follow what the map names?

Parts of the brain become tissue of median ADC and normal z, the strongest of the map first, or are put back into a
brain of such tissue. Random orders of the same parts are what a map must beat.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from AGE2HIELib.explain.asked_again import Case
from AGE2HIELib.explain.question import find_target
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.predict import as_tensor

STEPS = 10  # a tenth of the brain's parts at each
RANDOM_ORDERS = 5
_EDGE = 4  # voxels along an edge of a part

Changed = Callable[[np.ndarray], np.ndarray]  # the image with these voxels changed


def deletion(case: Case, mean: np.ndarray) -> float:
    """Mean score of the ensemble (logit) along the curve less the mean over random orders: below 0 for a map that names
    what the score rests on.

    Args:
        mean: the map on the voxels of the network's input.
    """
    return _beside_random(case, mean, lambda gone: np.where(gone, 0, case.image))


def insertion(case: Case, mean: np.ndarray) -> float:
    """As ``deletion``; above 0 for a map that names what the score rests on."""
    return _beside_random(case, mean, lambda there: np.where(there, case.image, 0))


def part_numbers(inside: np.ndarray) -> np.ndarray:
    """Cubes that hold brain, numbered from 0; -1 outside the brain."""
    i, j, k = np.indices(inside.shape) // _EDGE
    cubes = (i * inside.shape[1] + j) * inside.shape[2] + k
    numbers = np.full(inside.shape, -1)
    numbers[inside] = np.unique(cubes[inside], return_inverse=True)[1]
    return numbers


def _means(values: np.ndarray, parts: np.ndarray) -> np.ndarray:
    inside = parts >= 0
    sums = np.bincount(parts[inside], weights=values[inside])
    return np.asarray(sums / np.bincount(parts[inside]))


def _beside_random(case: Case, mean: np.ndarray, changed: Changed) -> float:
    parts = part_numbers(case.inside)
    own = _area(case, parts, np.argsort(-_means(mean, parts), kind="stable"), changed)
    generator = np.random.default_rng(0)
    count = int(parts.max()) + 1
    return own - float(
        np.mean([_area(case, parts, generator.permutation(count), changed) for _ in range(RANDOM_ORDERS)])
    )


def _area(case: Case, parts: np.ndarray, order: np.ndarray, changed: Changed) -> float:
    """Mean score while the parts are changed in this order."""
    when = np.ones(len(order) + 1)  # the last, which number -1 means, is what lies outside the brain
    when[order] = np.arange(len(order)) / len(order)
    turn = when[parts]
    steps = np.arange(1, STEPS) / STEPS
    return float(np.mean([_score(case, changed(turn < step)) for step in steps]))


def _score(case: Case, image: np.ndarray) -> float:
    """What is explained, uncalibrated: the mean of the members' target."""
    target = find_target(case.target)
    given = image.astype(np.float32)
    with torch.inference_mode(), full_precision():
        return float(np.mean([float(target(one(as_tensor(given, case.facts, one)))) for one in case.members]))
