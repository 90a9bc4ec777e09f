"""Robustness of a saliency map: its likeness to maps of random networks, of noisy or moved images, and to occlusion."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import comb

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from scipy.stats import spearmanr

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.explanation.compare import mark_strongest
from AGE2HIELib.explanation.perturbation_methods import occlusion_map
from AGE2HIELib.explanation.question import Answer, Question, find_target
from AGE2HIELib.explanation.saliency import ensemble_answers
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.probability import as_tensor
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import Cells, StagedNetwork

NOISE = 0.05  # in units of the network's input: 20e-6 mm^2/s of ADC, about that of a good scan in a cell
SHIFT = 1  # voxels of the network's input
_COARSE = 10  # voxels between places of occlusion: a third of the time of the method of that name


@dataclass(frozen=True)
class ExaminedMap:
    """What is examined: a map of one infant, and what it came from.

    Attributes:
        members, facts, image: as for ``saliency.explain_score``.
        layer: of the CAM family; a block of the network.
        target: a key of ``question.TARGETS``.
    """

    members: Sequence[StagedNetwork]
    facts: ModelFacts
    image: np.ndarray
    method: str
    layer: str
    target: str = "adverse"

    @property
    def inside(self) -> np.ndarray:
        """The brain, bool, on the voxels of the network's input."""
        return np.asarray((self.image[0] != 0).any(axis=0))


def answers(examined: ExaminedMap, members: Sequence[StagedNetwork], image: np.ndarray) -> list[Answer]:
    """Of other members or for another image than the examined one, asked in the same way."""
    target = find_target(examined.target)
    return ensemble_answers(members, examined.facts, image, method=examined.method, layer=examined.layer, target=target)


def mean_map(given: Sequence[Answer], examined: ExaminedMap) -> np.ndarray:
    """The ensemble's map on the voxels of the network's input."""
    cells = np.mean(np.stack([answer.cells for answer in given]), axis=0, dtype=np.float64)
    return on_voxels(np.asarray(cells), given[0].where, examined.image.shape[2:])


def on_voxels(cells: np.ndarray, where: Cells, shape: tuple[int, ...]) -> np.ndarray:
    """A map of cells, interpolated at every voxel of the input; the outermost cells hold on to the edge, but no farther
    than to where the next cell's centre would be.
    """
    axes = [(np.arange(size) - axis.first) / axis.stride for axis, size in zip(where.axes, shape, strict=True)]
    values = np.asarray(map_coordinates(cells, np.meshgrid(*axes, indexing="ij"), order=1, mode="nearest"))
    for axis, places in enumerate(axes):
        beyond = (places < -1) | (places > cells.shape[axis])
        values[(slice(None),) * axis + (beyond,)] = 0
    return values


def members_agree(given: Sequence[Answer]) -> float:
    """Size of the members' mean over the mean of their sizes, 0..1, where the mean holds the stronger half."""
    maps = np.stack([answer.cells for answer in given])
    mean, size = maps.mean(axis=0), np.abs(maps).mean(axis=0)
    strong = mark_strongest(mean) & (size > 0)
    return float((np.abs(mean)[strong] / size[strong]).mean()) if strong.any() else 0.0


def agreement_by_lot(members: int) -> float:
    """What ``members_agree`` would be for maps of one size whose signs are drawn by lot: 0.375 for five members."""
    ways = sum(comb(members, ups) * abs(2 * ups - members) for ups in range(members + 1))
    return float(ways / (members * 2**members))


def likeness(one: np.ndarray, other: np.ndarray, inside: np.ndarray) -> float:
    """Spearman correlation over the brain, -1..1; 0 where one of the maps is even."""
    correlation = spearmanr(one[inside], other[inside]).statistic
    return float(correlation) if np.isfinite(correlation) else 0.0


def cascade(examined: ExaminedMap, mean: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Likeness to the map as the head and ever more blocks below it are drawn anew: (lowest random block, likeness).

    Of the members' maps that is most like it: the mean of several draws would be less like anything than any of them.
    The last is a network that has learned nothing.
    """
    steps = []
    for blocks, name in enumerate(("head", *reversed(examined.members[0].layers))):
        members = [
            with_random_weights(member, examined.facts, seed, blocks=blocks)
            for seed, member in enumerate(examined.members)
        ]
        again = [mean_map([answer], examined) for answer in answers(examined, members, examined.image)]
        steps.append((name, max((likeness(member, mean, examined.inside) for member in again), key=abs)))
    return tuple(steps)


def with_random_weights(
    member: StagedNetwork, facts: ModelFacts, seed: int, *, blocks: int | None = None
) -> StagedNetwork:
    """A copy with the head and the upper ``blocks`` (all, unless given) as a network is before training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = build_network(facts.network, facts.network_arguments)
    copy = deepcopy(member)
    for own, new in zip(copy.read_out, fresh.read_out, strict=True):
        own.data.copy_(new.data)
    for name in list(reversed(member.layers))[:blocks]:
        block = fresh.blocks.get_submodule(name)
        if next(block.parameters(), None) is not None:  # what was measured and not learned stays
            copy.blocks.get_submodule(name).load_state_dict(block.state_dict())
    return copy.requires_grad_(False).eval()


def under_noise(examined: ExaminedMap, mean: np.ndarray) -> float:
    """Likeness to the map of the image with Gaussian noise of sd ``NOISE`` in the brain."""
    noise = np.random.default_rng(0).normal(0, NOISE, examined.image.shape) * examined.inside
    again = mean_map(answers(examined, examined.members, (examined.image + noise).astype(np.float32)), examined)
    return likeness(again, mean, examined.inside)


def under_shift(examined: ExaminedMap, mean: np.ndarray) -> float:
    """Likeness to the map of the image moved by ``SHIFT`` voxels along every axis, moved back."""
    moved = np.roll(examined.image, SHIFT, axis=(2, 3, 4))
    again = mean_map(answers(examined, examined.members, moved), examined)
    return likeness(np.roll(again, -SHIFT, axis=(0, 1, 2)), mean, examined.inside)


def like_occlusion(examined: ExaminedMap, mean: np.ndarray) -> float:
    """Spearman correlation, over places of the brain, of the map with how far the score falls when they are hidden."""
    target = find_target(examined.target)
    with full_precision():
        hidden = [
            occlusion_map(
                Question(member, as_tensor(examined.image, examined.facts, member), examined.layer, target),
                stride=_COARSE,
            )
            for member in examined.members
        ]
    falls = np.mean(np.stack([answer.cells for answer in hidden]), axis=0)
    inside = examined.inside
    values, weight = (_cube_sums(part, falls.shape) for part in (np.where(inside, mean, 0), inside))
    chosen = weight > 0
    return likeness(values / np.maximum(weight, 1), np.asarray(falls), chosen)


def _cube_sums(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sums over the cubes that occlusion hides; what is left over at the far ends belongs to no cube."""
    i, j, k = shape
    whole = np.zeros([size * _COARSE for size in shape])
    part = tuple(slice(min(have, want)) for have, want in zip(values.shape, whole.shape, strict=True))
    whole[part] = values[part]
    return np.asarray(whole.reshape(i, _COARSE, j, _COARSE, k, _COARSE).sum(axis=(1, 3, 5)))
