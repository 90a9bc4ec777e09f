"""What the exported bundle remembers of its cohort: out-of-fold scores, and the features of the training cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from scipy.stats import t as t_distribution
from sklearn.covariance import LedoitWolf

from AGE2HIELib.bundle.training_cases import MemberCases, Scores, TrainingCases
from AGE2HIELib.networks.features import first_block_features
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.quality.distance import distances
from training.evaluation.splits import Split
from training.learning.augment import pick_z
from training.preparing.inputs import ADC_CHANNELS
from training.preparing.store import PreparedCohort

# Share of sound scans that the limit warns of, by the spread of the logarithms of left-out distances.
EXPECTED_WARNINGS = 0.004
# Real newborns scatter more than phantoms: by the same reckoning 996 of 1000 lie within 1.81 with our own z-maps and
# within 3.36 with released ones (28 of them, model 0.8.0), and of left-out phantoms within 1.31. ADC and z exchanged
# begin at 3.44 in ten phantoms (benchmark/distances.py). All of these were looked at when choosing; with model 0.9.0
# they are 1.73, 3.28, 1.24 and 3.16.
REAL_OVER_SYNTHETIC = 2.6
# How injured an infant is moves every feature; training has few of the most severely injured, so that direction counts
# as this many times more spread than was seen. With it newborns with loads of 57 and 74 % lie at 1.0 with our own z and
# at 2.1, the farthest of 28, and 1.7 with released ones (model 0.8.0).
SEVERITY_SPREAD = 5.0
LOW_ADC = 1000.0  # 1e-6 mm^2/s; its share of the brain says how injured an infant is
ENOUGH = 120  # cases, evenly from every site, whose features are asked for: they fix a few dozen numbers' covariance
_BATCH = 8
ADC = ADC_CHANNELS[0]


def bundle_cases(
    members: Sequence[StagedNetwork],
    split: Split,
    cohort: PreparedCohort,
    z_maps: Sequence[str],
    scores: Mapping[str, Scores],
    *,
    synthetic: bool,
) -> TrainingCases:
    """Args:
    members: of the bundle; ``split.inner`` says which cases each of them learned from and which it left out.
    z_maps: the kinds of z-map that a user's scan may come with.
    scores: of whole ensembles, by the kind of z-map.
    synthetic: whether the cohort is one of phantoms.
    """
    asked = evenly(cohort.table)
    parts, worst = [], []
    for member, (learned, left_out) in zip(members, split.inner, strict=True):
        features, injured = _features(member, cohort, [case for case in learned if case in asked], z_maps)
        mean, covariance = spread_of_features(features, injured)
        part = MemberCases(mean=mean, precision=np.linalg.inv(covariance))
        parts.append(part)
        judged = [case for case in left_out if case in asked]
        worst.append(distances(_features(member, cohort, judged, z_maps)[0], part))
    away = np.concatenate(worst)
    limit, basis = limit_of_distance(away, synthetic=synthetic)
    of_ensembles = {kind: (one,) for kind, one in scores.items()}
    return TrainingCases(tuple(parts), distance_limit=limit, distance_basis=basis, scores=of_ensembles)


def limit_of_distance(away: np.ndarray, *, synthetic: bool) -> tuple[float, str]:
    """(limit, its basis in words): the upper limit of one further case, as far as logarithms are normal.

    Args:
        away: ``(N,)`` distances of cases that a member had left out of its training.
        synthetic: whether these are phantoms.
    """
    logs = np.log(away)
    widened = logs.std(ddof=1) * np.sqrt(1 + 1 / len(logs))  # one further case, not the mean
    high = float(np.exp(logs.mean() + t_distribution.ppf(1 - EXPECTED_WARNINGS, len(logs) - 1) * widened))
    factor = REAL_OVER_SYNTHETIC if synthetic else 1.0
    basis = (
        f"By {len(away)} distances of cases that a member had left out of its training (median {np.median(away):.2f}, "
        f"largest {away.max():.2f}), {1 - EXPECTED_WARNINGS:.1%} of such cases lie within {high:.2f}"
    )
    return round(
        factor * high, 2
    ), f"{basis}; times {factor:g}, as real newborns scatter more." if synthetic else f"{basis}."


def spread_of_features(features: np.ndarray, injured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(F,)`` mean and ``(F, F)`` covariance, with room along the direction in which injury moves the features.

    Args:
        features: ``(N, F)``.
        injured: ``(N,)`` how injured each case is.
    """
    away = injured - injured.mean()
    slope = away @ features / max(float(away @ away), np.finfo(float).tiny)
    fitted = LedoitWolf().fit(features - np.outer(away, slope))
    direction = SEVERITY_SPREAD * injured.std() * slope
    return fitted.location_, fitted.covariance_ + np.outer(direction, direction)


def evenly(table: pd.DataFrame) -> frozenset[str]:
    """``ENOUGH`` cases or up to twice as many: every so-manieth of each site; all of a smaller cohort."""
    step = max(1, len(table) // ENOUGH)
    return frozenset(table["case"][table.groupby("site").cumcount() % step == 0])


def _features(
    member: StagedNetwork, cohort: PreparedCohort, names: Sequence[str], z_maps: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Features of every case with every z, and how injured it is."""
    rows = cohort.rows("case", names)
    device = next(member.parameters()).device
    found, injured = [], []
    with torch.inference_mode():
        for kind in z_maps:
            for start in range(0, len(rows), _BATCH):
                volumes = np.asarray(cohort.volumes[rows[start : start + _BATCH]])
                found.append(first_block_features(member, pick_z(torch.from_numpy(volumes).to(device), kind)))
                injured.append(injured_share(volumes))
    return np.concatenate(found), np.concatenate(injured)


def injured_share(volumes: np.ndarray) -> np.ndarray:
    """``(N,)`` share of the brain with low ADC, of ``(N, C, D, H, W)`` whose first channel is ADC."""
    scaled = volumes[:, 0].reshape(len(volumes), -1)
    brain = scaled != 0  # outside it the network is fed 0
    low = brain & (scaled < (LOW_ADC - ADC.offset) / ADC.scale)
    return np.asarray(low.sum(axis=1) / np.maximum(brain.sum(axis=1), 1))
