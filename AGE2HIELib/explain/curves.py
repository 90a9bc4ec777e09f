"""Deletion and insertion (Petsiuk et al. 2018, arXiv:1806.07421): does the score follow what the map names?

Parts of the brain become tissue of median ADC and normal z, the strongest of the map first, or are put back into a
brain of such tissue. Random orders of the same parts are what a map must beat.
"""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.explain.asked_again import Case
from AGE2HIELib.explain.question import find_target
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.predict import as_tensor

STEPS = 10  # a tenth of the brain's parts at each
RANDOM_ORDERS = 5
_EDGE = 4  # voxels along an edge of a part


def deletion_and_insertion(case: Case, mean: np.ndarray) -> tuple[float, float]:
    """Mean score of the ensemble along each curve less the mean over random orders, in logits.

    Args:
        mean: the map on the voxels of the network's input.

    Returns:
        (deletion, insertion): a map that names what the score rests on has the first below 0 and the second above.
    """
    inside = case.inside
    parts = part_numbers(inside)
    own = _areas(case, parts, np.argsort(-_means(mean, parts), kind="stable"))
    generator = np.random.default_rng(0)
    count = int(parts.max()) + 1
    chance = np.mean([_areas(case, parts, generator.permutation(count)) for _ in range(RANDOM_ORDERS)], axis=0)
    return float(own[0] - chance[0]), float(own[1] - chance[1])


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


def _areas(case: Case, parts: np.ndarray, order: np.ndarray) -> tuple[float, float]:
    """(mean score while deleting, mean score while inserting) for parts in this order."""
    when = np.ones(len(order) + 1)  # the last, which number -1 means, is what lies outside the brain
    when[order] = np.arange(len(order)) / len(order)
    turn = when[parts]
    steps = np.arange(1, STEPS) / STEPS
    deleted = np.mean([_score(case, np.where(turn < step, 0, case.image)) for step in steps])
    inserted = np.mean([_score(case, np.where(turn < step, case.image, 0)) for step in steps])
    return float(deleted), float(inserted)


def _score(case: Case, image: np.ndarray) -> float:
    """What is explained, uncalibrated: the mean of the members' target."""
    target = find_target(case.target)
    given = image.astype(np.float32)
    with torch.inference_mode(), full_precision():
        return float(np.mean([float(target(one(as_tensor(given, case.facts, one)))) for one in case.members]))
