"""A synthetic head's T1 scan with a bright spot on one side, stored in several ways, and a bundle that looks for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from bundles import age_facts, untrained_facts, untrained_members
from planted import planted_age_weights
from scipy.spatial.transform import Rotation

from AGE2HIELib.bundle.writing import write_bundle
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.phantom.lifespan import T1Subject, make_t1_subject
from AGE2HIELib.phantom.scan import nearest, slice_average
from AGE2HIELib.phantom.structures import RIGHT_OFFSET, VALUE
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.volume import Grid, Volume

SPOT_MM = 5.0  # sd of the spot
_SPOT_SIGNAL = 500.0  # white matter has 100
_TURNED = Rotation.from_euler("xyz", (14, -9, 20), degrees=True).as_matrix()
# columns of the affine: isotropic; thick slices; axes permuted and against the patient's; oblique, in thick slices
AXES = {
    "upright": np.diag([2.2, 2.2, 2.2]),
    "anisotropic": np.diag([1.6, 2.0, 4.0]),
    "stored back to front": np.array([[0, 0, -2.2], [2.2, 0, 0], [0, -2.2, 0]]),
    "oblique": _TURNED @ np.diag([1.8, 2.2, 3.4]),
}


@cache
def adult() -> T1Subject:
    return make_t1_subject(54, 25.0)


def spot_mm(side: str) -> np.ndarray:
    """RAS+ mm of the middle of the spot: the lentiform nucleus of that side, 30 mm from the midline."""
    labels = adult().labels
    value = VALUE["lentiform nucleus"] + (RIGHT_OFFSET if side == "right" else 0)
    middle: np.ndarray = np.argwhere(labels.array == value).mean(axis=0)
    return np.asarray(labels.affine_ras[:3, :3] @ middle + labels.affine_ras[:3, 3])


@cache
def spotted(side: str, stored: str) -> Volume:
    """Stripped: exactly 0 outside the brain."""
    subject = adult()
    fine = subject.signal
    points = np.indices(fine.array.shape).reshape(3, -1).T @ fine.affine_ras[:3, :3].T + fine.affine_ras[:3, 3]
    away = np.linalg.norm(points - spot_mm(side), axis=1).reshape(fine.array.shape)
    bright = fine.array + _SPOT_SIGNAL * np.exp(-0.5 * (away / SPOT_MM) ** 2)
    grid = _grid(AXES[stored])
    inside = nearest(subject.brain.like(subject.brain.array.astype(np.uint8)), grid).array > 0
    scan = slice_average(fine.like(np.where(subject.brain.array, bright, 0).astype(np.float32)), grid)
    return scan.like(np.where(inside, np.maximum(scan.array, 1e-3), 0).astype(np.float32))


def _grid(axes: np.ndarray, field_mm: float = 190.0) -> Grid:
    shape = np.ceil(field_mm / np.linalg.norm(axes, axis=0)).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = [4.0, -3.0, 2.0] - axes @ ((shape - 1) / 2)
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def spot_bundle(folder: Path, **changes: Any) -> Path:
    """Age in years: 40 and 30 times the mean over cells of 4 mm of three times the brightest value above the median."""
    arguments, weights = planted_age_weights()
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-55.0, -63.0, -47.0]
    spec = InputSpec(Grid((56, 64, 48), affine), (Channel("t1", 0.0, 1.0, -40.0, 40.0, scaling="robust"),))
    facts = age_facts(
        network_arguments=arguments, spec=spec, head=AgeHead("huber", 40.0, 30.0), saliency_layer="block1"
    )
    whole = untrained_facts(age=facts, **changes)
    write_bundle(folder, facts=whole, members=untrained_members(whole, 1), results="", licence="", age_weights=weights)
    return folder
