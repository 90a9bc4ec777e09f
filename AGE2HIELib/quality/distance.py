"""How far a scan lies from those that the network has learned from, in the network's own terms.

Mahalanobis distance (Lee et al. 2018, arXiv:1807.03888) with a shrunk covariance, over the root of the number of
features: about 0.5 to 1 for a case like the others. The features are those of the first block, mean and spread of each
channel over the image: the last block, which the head reads, has learned to forget what does not bear on the outcome
(in networks before 0.5 even an adult's values lay there among the training cases). The mean over the members is held
against a limit.

The direction in which injury moves the features counts little (``training.bundle_cases``), or the most severely
injured, of whom training has few, would be far away. In the demonstration model 0.9.0 (mean over members) 28 real
newborns with two z-maps each end at 2.05 (own 1.71), and the limit is 3.24; of ten phantoms with ADC and z exchanged
the nearest lies at 3.16. Noise of a brain's mean and spread and shuffled voxels (1.1-1.5) lie within, and other checks
refuse them; ADC times 0.62 to 1.3 (0.7-2.4) lies within as well, and of given maps the ADC of fluid shows some of it
(``benchmark/distances.py``, ``benchmark/fluid.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.bundle.training_cases import MemberCases
from AGE2HIELib.inference.probability import as_tensor
from AGE2HIELib.quality.check import DISTANCE, Check, at_most

if TYPE_CHECKING:
    from AGE2HIELib.networks.staged import StagedNetwork


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
    from AGE2HIELib.networks.features import first_block_features

    if facts.cases is None:
        return None
    with torch.no_grad(), full_precision():  # the explanation may go on from the same output, with gradients
        every = [first_block_features(member, as_tensor(image, facts, member)) for member in members]
    away = [distances(features, own)[0] for features, own in zip(every, facts.cases.members, strict=True)]
    return at_most(
        DISTANCE,
        float(np.mean(away)),
        facts.cases.distance_limit,
        remedy="The network sees what its training cases had not. Look at the scan; do not rely on the number.",
        basis=facts.cases.distance_basis,
        severity="warn",
    )
