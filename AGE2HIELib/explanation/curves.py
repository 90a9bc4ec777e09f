"""Deletion and insertion (Petsiuk et al. 2018, arXiv:1806.07421): does the score follow what the map names?

Parts of the brain become tissue of median ADC and normal z, the strongest of the map first, or are put back into a
brain of such tissue. What a map must beat are maps that know nothing and are as smooth as itself: orders of single
cubes average out, so that half of all empty maps would beat them, while a smooth map takes much of a lesion, or none,
at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.stats import ortho_group

from AGE2HIELib.explanation.question import find_target
from AGE2HIELib.explanation.robustness import ExaminedMap
from AGE2HIELib.inference.device import full_precision

DRAWN = 20  # turned copies of the map; each counts with its negative, and so does the map's own negative
REFERENCES = 2 * DRAWN + 1
# of the brain's parts at which the score is asked: a small lesion is told from its surroundings by the first, and since
# they are the same from both ends, a map's negative is asked with it
SHARES = (0.05, 0.3, 0.7, 0.95)
_EDGE = 4  # voxels along an edge of a part
_BATCH = 4  # images at once: a convolution of one image takes PyTorch two to three times as long
_ROUNDING = 1e-5  # of a score, relative: scores that lie closer are equal

Score = Callable[[Sequence[np.ndarray]], np.ndarray]  # bool arrays (D, H, W) of the voxels that are there -> (N,)


def turned_maps(saliency: np.ndarray, inside: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """A map turned, and mirrored, at random about the middle of the brain: the spin test of cortical maps
    (Alexander-Bloch 2018, doi:10.1016/j.neuroimage.2018.05.070) in three dimensions.

    The brain is turned as the ellipsoid of its second moments, which is mapped onto itself: smoothness, values, and how
    they grow from the middle to the outline stay the map's own. Outside the brain the map is continued with the nearest
    value in it.

    Args:
        saliency: float, 3D.
        inside: the brain, bool, same shape; it spans all three axes.
        count: of maps; the same ones for the same input.

    Yields:
        Maps of the same shape, 0 outside the brain.
    """
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    continued = saliency[tuple(nearest)]
    places = np.stack(np.nonzero(inside)).astype(np.float64)
    middle = places.mean(axis=1, keepdims=True)
    scale = places.std(axis=1, keepdims=True)  # the brain stands straight in the network's input
    directions = (places - middle) / scale
    for rotation in ortho_group.rvs(3, size=count, random_state=np.random.default_rng(0)):
        drawn = np.zeros(saliency.shape)
        drawn[inside] = map_coordinates(continued, rotation @ directions * scale + middle, order=1, mode="nearest")
        yield drawn


@dataclass(frozen=True)
class Curve:
    """Attributes:
    beside_references: mean score along the curve less the mean over the references, in logits.
    p: probability that a map which knows nothing does as well, one-sided: (1 + references at least as good) /
        (1 + references), so 2/42 or less where at most one of them is.
    """

    beside_references: float
    p: float


def curves(examined: ExaminedMap, mean: np.ndarray) -> tuple[Curve, Curve]:
    """Deletion, below 0 for a map that names what the score rests on, and insertion, above 0 for such a map.

    Args:
        mean: the map on the voxels of the network's input.
    """
    return compare_with_turned(mean, examined.inside, lambda there: _scores(examined, there))


def compare_with_turned(mean: np.ndarray, inside: np.ndarray, score: Score) -> tuple[Curve, Curve]:
    """``curves`` for any score. Were the map without information, it, its negative and its turned copies would be
    exchangeable; p is the rank of the map's own area among all ``REFERENCES`` + 1.
    """
    parts = part_numbers(inside)
    own = _areas(mean, parts, score)
    # what is put back first is what is taken away last: the negative's deletion is the map's insertion
    drawn = [area for turned in turned_maps(mean, inside, DRAWN) for area in _areas(turned, parts, score)]
    return _curve(own[0], [own[1], *drawn], sign=1), _curve(own[1], [own[0], *drawn], sign=-1)


def part_numbers(inside: np.ndarray) -> np.ndarray:
    """Cubes that hold brain, numbered from 0; -1 outside the brain."""
    i, j, k = np.indices(inside.shape) // _EDGE
    cubes = (i * inside.shape[1] + j) * inside.shape[2] + k
    numbers = np.full(inside.shape, -1)
    numbers[inside] = np.unique(cubes[inside], return_inverse=True)[1]
    return numbers


def _curve(own: float, references: Sequence[float], *, sign: int) -> Curve:
    """``sign`` 1: the lower the better; -1: the higher."""
    better = sign * (np.array(references) - own)
    as_good = int((better <= _ROUNDING * max(1.0, abs(own))).sum())
    return Curve(own - float(np.mean(references)), (1 + as_good) / (1 + len(references)))


def _areas(saliency: np.ndarray, parts: np.ndarray, score: Score) -> tuple[float, float]:
    """Mean score of a map's deletion and of its insertion."""
    turn = _turns(saliency, parts)
    inside = parts >= 0
    gone = score([inside & (turn >= share) for share in SHARES])
    there = score([inside & (turn < share) for share in SHARES])
    return float(gone.mean()), float(there.mean())


def _turns(saliency: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """When a voxel's part has its turn, 0 (the strongest) to 1; equal parts in an order drawn by lot."""
    inside = parts >= 0
    sums = np.bincount(parts[inside], weights=saliency[inside])
    means = sums / np.bincount(parts[inside])
    order = np.lexsort((np.random.default_rng(0).random(len(means)), -means))
    when = np.ones(len(order) + 1)  # the last, which number -1 means, is what lies outside the brain
    when[order] = np.arange(len(order)) / len(order)
    return np.asarray(when[parts])


def _scores(examined: ExaminedMap, there: Sequence[np.ndarray]) -> np.ndarray:
    """What is explained, uncalibrated: the mean of the members' target for the image with these voxels alone."""
    target = find_target(examined.target)
    images = np.concatenate([np.where(voxels, examined.image, 0) for voxels in there]).astype(np.float32)
    scores = []
    with torch.inference_mode(), full_precision():
        for member in examined.members:
            device = next(member.parameters()).device
            batches = torch.from_numpy(images).to(device, memory_format=torch.channels_last_3d).split(_BATCH)
            scores.append(torch.cat([target(member(batch)) for batch in batches]).cpu().numpy())
    return np.asarray(np.mean(scores, axis=0, dtype=np.float64))
