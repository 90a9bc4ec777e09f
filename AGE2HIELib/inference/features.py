"""How far a scan lies from those that the network has learned from, in the network's own terms.

Mahalanobis distance of the features that the head reads (Lee et al. 2018, arXiv:1807.03888), with a shrunk covariance,
over the root of their number: 1 would be usual with the plain covariance, 0.3 to 0.9 is with the shrunk one. The mean
over the members is held against a limit.

It has caught nothing yet: of 17 kinds of odd inputs to the demonstration model (noise alone, shuffled voxels, an even
brain, ADC times 0.62 or 1.3, z with its sign turned, half a brain) none lies beyond 0.91, and 3,014 fresh phantoms end
at 1.11.
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


def pooled_features(member: StagedNetwork, image: torch.Tensor) -> torch.Tensor:
    """``(N, F)``: what the linear head reads, of ``(N, C, D, H, W)``."""
    found: torch.Tensor = member.blocks(image).mean(dim=(2, 3, 4))
    return found


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
        every = [pooled_features(member, as_tensor(image, facts, member)).cpu().numpy() for member in members]
    away = [distances(features, own)[0] for features, own in zip(every, facts.cases.members, strict=True)]
    return at_most(
        DISTANCE,
        float(np.mean(away)),
        facts.cases.distance_limit,
        remedy="The network sees what its training cases had not. Look at the scan; do not rely on the number.",
        basis=facts.cases.distance_basis,
        severity="warn",
    )
