"""How far a scan lies from those that the network has learned from, in the network's own terms.

Mahalanobis distance (Lee et al. 2018, arXiv:1807.03888) with a shrunk covariance, over the root of the number of
features: about 0.5 to 1 for a case like the others. The features are those of the first block, mean and spread of each
channel over the image: the last block, which the head reads, has learned to forget what does not bear on the outcome,
and noise, shuffled voxels or an adult's values lay there among the training cases (at most 0.9, limit 2.0). The mean
over the members is held against a limit.

The direction in which injury moves the features counts little (``training.known_cases``), or the most severely
injured, of whom training has few, would be far away. In the demonstration model (mean over members) 28 real newborns
with two z-maps each end at 2.15 (own 1.64), and the limit is 2.93. Ten phantoms made into noise begin at 4.9, with ADC
and z exchanged at 4.0, ADC times 0.62 at 3.0. ADC times 0.8 (1.5-4.2) and 1.3 (1.6-2.2) are as far as sound infants
differ, and so are shuffled voxels (1.3-2.7): it does not ask where things lie, which is for the other checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.inference.facts import ModelFacts
from AGE2HIELib.inference.predict import as_tensor
from AGE2HIELib.inference.training_cases import MemberCases
from AGE2HIELib.quality.check import DISTANCE, Check, at_most

if TYPE_CHECKING:
    import torch

    from AGE2HIELib.networks.staged import StagedNetwork


def seen_features(member: StagedNetwork, image: torch.Tensor) -> np.ndarray:
    """``(N, 2 C)``: mean and standard deviation, over the image, of every channel of the network's first block, of
    ``(N, C, D, H, W)``.
    """
    return moments(member.below(image, member.layers[0]), mirrored=member.mirrored)


def moments(cells: torch.Tensor, *, mirrored: bool = False) -> np.ndarray:
    """``(N, 2 C)``: mean and standard deviation over the cells of every channel, of ``(N, C, d, h, w)``.

    Of a mirrored network, whose second half of the channels is the mirror image's, over the cells of both.
    """
    # numpy's sums have one order; torch's depend on the number of threads, and a result must not
    flat = cells.flatten(2).cpu().numpy().astype(np.float64)
    if mirrored:
        flat = np.concatenate(np.split(flat, 2, axis=1), axis=2)
    return np.concatenate([flat.mean(axis=2), flat.std(axis=2)], axis=1)


def distances(features: np.ndarray, cases: MemberCases) -> np.ndarray:
    """``(N,)`` of ``(N, F)``."""
    away = features.astype(np.float64) - cases.mean
    squared = np.einsum("ni,ij,nj->n", away, cases.precision, away)
    return np.asarray(np.sqrt(np.maximum(squared, 0) / len(cases.mean)))


def distance_check(members: Sequence[StagedNetwork], facts: ModelFacts, image: np.ndarray) -> Check | None:
    """None for a bundle that does not remember its training cases.

    Args:
        members, facts, image: as for ``predict``.
    """
    import torch

    from AGE2HIELib.inference.device import full_precision

    if facts.cases is None:
        return None
    with torch.inference_mode(), full_precision():
        every = [seen_features(member, as_tensor(image, facts, member)) for member in members]
    away = [distances(features, own)[0] for features, own in zip(every, facts.cases.members, strict=True)]
    return at_most(
        DISTANCE,
        float(np.mean(away)),
        facts.cases.distance_limit,
        remedy="The network sees what its training cases had not. Look at the scan; do not rely on the number.",
        basis=facts.cases.distance_basis,
        severity="warn",
    )
