"""What the exported bundle remembers of its cohort: out-of-fold logits, and the features of the training cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.covariance import LedoitWolf

from AGE2HIELib.inference.features import distances, seen_features
from AGE2HIELib.inference.training_cases import MemberCases, TrainingCases
from AGE2HIELib.networks.staged import StagedNetwork
from training.evaluation.splits import Split
from training.learning.augment import pick_z
from training.preparing.store import Prepared

# Of the demonstration model, 240 distances of left-out cases reach 1.49 and twelve real newborns 1.47; noise, shuffled
# voxels and ADC times 0.8 or 1.3 begin at 2.07. Chosen with these figures in sight. Of 3,998 fresh infants, seen later,
# 7 lie beyond, at 1.86 to 2.17: the most severely injured. With 1.5 they would pass, and ADC times 0.8 or 1.3 as well.
LIMIT_OVER_WORST = 1.25
ENOUGH = 120  # cases, evenly from every site, whose features are asked for: they fix a few dozen numbers' covariance
_BATCH = 8


def known_cases(
    members: Sequence[StagedNetwork], split: Split, cohort: Prepared, found: pd.DataFrame, z_maps: Sequence[str]
) -> TrainingCases:
    """Args:
    members: of the bundle; ``split.inner`` says which cases each of them learned from and which it left out.
    found: their logits, columns ``case role logit``, in the order of the members.
    z_maps: the origins of z that the networks were fed, as ``pick_z`` names them.
    """
    adverse = cohort.table.set_index("case")["adverse"].astype(bool)
    asked = evenly(cohort.table)
    parts, worst = [], []
    for member, (learned, left_out), own in zip(members, split.inner, _by_member(split, found), strict=True):
        features = _features(member, cohort, [case for case in learned if case in asked], z_maps)
        fitted = LedoitWolf().fit(features)
        outcome = adverse.loc[own["case"]].to_numpy(bool)
        logits = own["logit"].to_numpy(float)
        part = MemberCases(
            favourable=np.sort(logits[~outcome]),
            adverse=np.sort(logits[outcome]),
            mean=fitted.location_,
            precision=fitted.precision_,
        )
        parts.append(part)
        judged = [case for case in left_out if case in asked]
        worst.append(distances(_features(member, cohort, judged, z_maps), part))
    away = np.concatenate(worst)
    middle, high = float(np.median(away)), float(away.max())
    return TrainingCases(
        members=tuple(parts),
        distance_limit=round(LIMIT_OVER_WORST * high, 2),
        distance_basis=f"{LIMIT_OVER_WORST:g} times the largest of {len(away)} distances of cases that a member had "
        f"left out of its training (median {middle:.2f}, largest {high:.2f}).",
    )


def evenly(table: pd.DataFrame) -> frozenset[str]:
    """``ENOUGH`` cases or up to twice as many: every so-manieth of each site; all of a smaller cohort."""
    step = max(1, len(table) // ENOUGH)
    return frozenset(table["case"][table.groupby("site").cumcount() % step == 0])


def _by_member(split: Split, found: pd.DataFrame) -> list[pd.DataFrame]:
    inner = found[found["role"] == "inner"]
    return [inner[inner["case"].isin(left_out)] for _, left_out in split.inner]


def _features(member: StagedNetwork, cohort: Prepared, names: Sequence[str], z_maps: Sequence[str]) -> np.ndarray:
    """Every case with every z."""
    rows = cohort.rows("case", names)
    device = next(member.parameters()).device
    found = []
    with torch.inference_mode():
        for kind in z_maps:
            for start in range(0, len(rows), _BATCH):
                volumes = torch.from_numpy(np.asarray(cohort.volumes[rows[start : start + _BATCH]])).to(device)
                found.append(seen_features(member, pick_z(volumes, kind)))
    return np.concatenate(found)
