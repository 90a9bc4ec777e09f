"""A saliency map is questioned before it is believed: six figures, each with the limit it must keep.

The network is asked again with weights drawn anew, with a little noise, with the image moved, and with parts of the
image taken away in the order in which the map names them. A map that looks the same whatever the network has learned
explains the image and not the number (Adebayo et al. 2018, arXiv:1810.03292).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from scipy.stats import spearmanr

from AGE2HIELib.explain.compare import standing
from AGE2HIELib.explain.question import Answer, find_target
from AGE2HIELib.explain.saliency import ensemble_answers
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.facts import ModelFacts
from AGE2HIELib.inference.predict import as_tensor
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import Cells, StagedNetwork

NOISE = 0.05  # in units of the network's input: 20e-6 mm^2/s of ADC, about that of a good scan in a cell
SHIFT = 1  # voxels of the network's input
PARTS = 10  # of the brain that are taken away one after the other
RANDOM_ORDERS = 5
_BLOCK = 4  # voxels along an edge of what is taken away at once


@dataclass(frozen=True)
class Finding:
    """Attributes:
    name: of the figure.
    value: what was found.
    limit: in words; ``passed`` says whether it was kept.
    meaning: what it says about the map when it fails.
    """

    name: str
    value: float
    limit: str
    passed: bool
    meaning: str


@dataclass(frozen=True)
class Case:
    """What is examined: a map of one infant and what it came from."""

    members: Sequence[StagedNetwork]
    facts: ModelFacts
    image: np.ndarray
    method: str
    layer: str
    target: str


def examine(case: Case) -> tuple[Finding, ...]:
    """Every figure; about fifteen seconds for a method of the CAM family on two cores."""
    answers = _answers(case, case.members, case.image)
    mean = _mean(answers, case)
    inside = (case.image[0] != 0).any(axis=0)
    deletion, insertion, by_chance = _curves(case, mean, inside)
    return (
        _at_least(
            "agreement of the ensemble's members",
            _members_agree(answers),
            0.8,
            "the members of the ensemble name different places",
        ),
        _at_most(
            "likeness to the map of a network with random weights",
            _likeness_to_random(case, mean, inside),
            0.5,
            "the map would look much the same had the network learned nothing",
        ),
        _at_least(
            "likeness under a little noise", _under_noise(case, mean, inside), 0.7, "noise of a scan changes the map"
        ),
        _at_least(
            "likeness when the image is moved", _under_shift(case, mean, inside), 0.7, "a shift of a voxel changes it"
        ),
        _at_most(
            "score kept when the named parts are taken away, over random parts",
            deletion - by_chance[0],
            0.0,
            "taking away what the map names changes the score less than taking away anything",
        ),
        _at_least(
            "score reached when the named parts come first, over random parts",
            insertion - by_chance[1],
            0.0,
            "what the map names does not bring the score back sooner than anything else",
        ),
    )


def _answers(case: Case, members: Sequence[StagedNetwork], image: np.ndarray) -> list[Answer]:
    target = find_target(case.target)
    return ensemble_answers(members, case.facts, image, method=case.method, layer=case.layer, target=target)


def _mean(answers: Sequence[Answer], case: Case) -> np.ndarray:
    """The ensemble's map on the voxels of the network's input."""
    cells = np.mean([answer.cells for answer in answers], axis=0, dtype=np.float64)
    return on_voxels(cells, answers[0].where, case.image.shape[2:])


def on_voxels(cells: np.ndarray, where: Cells, shape: tuple[int, ...]) -> np.ndarray:
    """A map of cells, interpolated at every voxel of the input; the outermost cells hold on to the edge."""
    axes = [(np.arange(size) - where.first) / where.stride for size in shape]
    return np.asarray(map_coordinates(cells, np.meshgrid(*axes, indexing="ij"), order=1, mode="nearest"))


def _members_agree(answers: Sequence[Answer]) -> float:
    """Size of the members' mean over the mean of their sizes, where the mean holds the stronger half."""
    maps = np.stack([answer.cells for answer in answers])
    mean, size = maps.mean(axis=0), np.abs(maps).mean(axis=0)
    strong = (standing(mean) >= 0.5) & (size > 0)
    return float((np.abs(mean)[strong] / size[strong]).mean()) if strong.any() else 0.0


def _likeness(one: np.ndarray, other: np.ndarray, inside: np.ndarray) -> float:
    """Spearman correlation over the brain; 0 where one of the maps is even."""
    found = spearmanr(one[inside], other[inside]).statistic
    return float(found) if np.isfinite(found) else 0.0


def _likeness_to_random(case: Case, mean: np.ndarray, inside: np.ndarray) -> float:
    """The largest likeness once all blocks are random; drawn from the head downwards, as Adebayo et al. cascade."""
    members = [randomised(member, case.facts, seed) for seed, member in enumerate(case.members)]
    return abs(_likeness(_mean(_answers(case, members, case.image), case), mean, inside))


def randomised(member: StagedNetwork, facts: ModelFacts, seed: int, *, blocks: int | None = None) -> StagedNetwork:
    """A copy with the head and the upper ``blocks`` (all, unless given) as the network is before training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = build_network(facts.network, facts.network_arguments)
    copy = deepcopy(member)
    names = list(member.layers)[::-1]
    chosen = names if blocks is None else names[:blocks]
    copy.head.load_state_dict(fresh.head.state_dict())
    for name in chosen:
        getattr(copy.blocks, name).load_state_dict(getattr(fresh.blocks, name).state_dict())
    return copy.requires_grad_(False).eval()


def _under_noise(case: Case, mean: np.ndarray, inside: np.ndarray) -> float:
    noise = np.random.default_rng(0).normal(0, NOISE, case.image.shape) * inside
    again = _mean(_answers(case, case.members, (case.image + noise).astype(np.float32)), case)
    return _likeness(again, mean, inside)


def _under_shift(case: Case, mean: np.ndarray, inside: np.ndarray) -> float:
    moved = np.roll(case.image, SHIFT, axis=(2, 3, 4))
    again = _mean(_answers(case, case.members, moved), case)
    return _likeness(np.roll(again, -SHIFT, axis=(0, 1, 2)), mean, inside)


def _curves(case: Case, mean: np.ndarray, inside: np.ndarray) -> tuple[float, float, tuple[float, float]]:
    """Mean score while parts are taken away, and while they are put back, in the map's order and in random ones."""
    blocks = _block_means(np.where(inside, mean, -np.inf), inside)
    order = np.argsort(-blocks[blocks > -np.inf], kind="stable")
    deletion, insertion = _areas(case, inside, order)
    generator = np.random.default_rng(0)
    chance = [_areas(case, inside, generator.permutation(len(order))) for _ in range(RANDOM_ORDERS)]
    deleted, inserted = np.mean(chance, axis=0)
    return deletion, insertion, (float(deleted), float(inserted))


def _block_means(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean over the brain of each block of voxels, -inf where a block has none."""
    number = _block_numbers(inside.shape)
    count = np.bincount(number[inside], minlength=number.max() + 1)
    total = np.bincount(number[inside], weights=values[inside], minlength=number.max() + 1)
    return np.where(count > 0, total / np.maximum(count, 1), -np.inf)


def _block_numbers(shape: tuple[int, ...]) -> np.ndarray:
    i, j, k = np.indices(shape) // _BLOCK
    return np.asarray((i * (shape[1] // _BLOCK + 1) + j) * (shape[2] // _BLOCK + 1) + k)


def _areas(case: Case, inside: np.ndarray, order: np.ndarray) -> tuple[float, float]:
    """(mean score while deleting, mean score while inserting) of the ensemble, for blocks in this order."""
    number = _block_numbers(inside.shape)
    present = np.unique(number[inside])
    rank = np.full(number.max() + 1, len(present))
    rank[present[order]] = np.arange(len(present))
    when = rank[number] / len(present)
    steps = np.arange(1, PARTS) / PARTS
    without = np.stack([np.where(when < step, 0, case.image[0]) for step in steps])
    alone = np.stack([np.where(when < step, case.image[0], 0) for step in steps])
    return _mean_score(case, without), _mean_score(case, alone)


def _mean_score(case: Case, images: np.ndarray) -> float:
    target = find_target(case.target)
    with torch.no_grad(), full_precision():
        return float(
            np.mean(
                [
                    target(member(as_tensor(image[None].astype(np.float32), case.facts, member))).item()
                    for member in case.members
                    for image in images
                ]
            )
        )


def _at_least(name: str, value: float, limit: float, meaning: str) -> Finding:
    return Finding(name, value, f"at least {limit:g}", value >= limit, meaning)


def _at_most(name: str, value: float, limit: float, meaning: str) -> Finding:
    return Finding(name, value, f"at most {limit:g}", value <= limit, meaning)
