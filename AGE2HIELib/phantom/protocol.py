"""How the phantom is scanned: voxel sizes, b-values, directions and noise of acquisitions seen in BONBID-HIE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Protocol:
    """One acquisition.

    Attributes:
        matrix: voxels along i, j, k.
        spacing_mm: voxel size.
        b_values: one for each volume, s/mm^2.
        snr: signal of white matter at b = 0 over the noise of a volume.
        tilt_sd_degrees: spread of the slices' rotation about the left-right axis; a third of it about the others.
        acquired_mm: edge of a pixel as it was measured: scanners interpolate to finer ones, which smooths signal and
            noise in the plane.
        b_scale: the b-values that act over those that are stated: gradients are calibrated to some per cent.
        keeps_negative: whether the scanner's ADC keeps values below zero; otherwise it lies within 0..4095.
    """

    matrix: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    b_values: tuple[float, ...]
    snr: float
    tilt_sd_degrees: float
    acquired_mm: float
    keeps_negative: bool
    b_scale: float = 1.0


_ONE_SHELL = (0.0,) * 2 + (1000.0,) * 12
_TWO_SHELLS = (0.0,) * 2 + (500.0,) * 6 + (1000.0,) * 12
_THREE_AXES = (0.0,) + (1000.0,) * 3

# Matrix and noise after 28 BONBID-HIE infants: a voxel differs from the mean of its neighbours about as much (quartiles
# 62, 93 and 118e-6 mm^2/s; 60, 65 and 113 in 80 phantoms); neighbours in the plane are more alike than in the infants
# (correlation of ADC: 0.69, 0.74 and 0.84; 0.75, 0.88 and 0.90).
PROTOCOLS = {
    "2mm": Protocol((128, 128, 54), (2.0, 2.0, 2.0), _ONE_SHELL, 19, 12, 2.0, False),
    "2mm-shells": Protocol((96, 96, 50), (2.0, 2.0, 2.0), _TWO_SHELLS, 19, 12, 2.0, False),
    "4mm": Protocol((128, 128, 25), (1.5625, 1.5625, 4.0), _THREE_AXES, 42, 6, 2.7, True),
    "6mm": Protocol((160, 160, 18), (1.375, 1.375, 6.0), _THREE_AXES, 56, 10, 2.4, False),
}


def even_directions(count: int) -> np.ndarray:
    """``(count, 3)`` unit vectors whose mean square is the same along every axis of space.

    Three are the axes; more are spread by repulsion of their both ends (Jones et al. 1999,
    doi:10.1002/(SICI)1522-2594(199909)42:3<515::AID-MRM14>3.0.CO;2-Q) from a seeded start.
    """
    if count == 3:
        return np.eye(3)
    rng = np.random.default_rng(count)
    vectors = rng.standard_normal((count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for step in np.linspace(0.1, 0.005, 400):
        both = np.concatenate([vectors, -vectors])
        away = vectors[:, None] - both[None]
        distance = np.linalg.norm(away, axis=2, keepdims=True)
        force = np.where(distance > 1e-9, away / np.maximum(distance, 1e-9) ** 3, 0).sum(axis=1)
        vectors = vectors + step * force / np.linalg.norm(force, axis=1, keepdims=True)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors)


def gradient_table(protocol: Protocol) -> np.ndarray:
    """``(N, 3)`` directions in RAS+ for the protocol's volumes, zero rows at b = 0."""
    b_values = np.array(protocol.b_values)
    directions = np.zeros((len(b_values), 3))
    for b in np.unique(b_values[b_values > 0]):
        directions[b_values == b] = even_directions(int((b_values == b).sum()))
    return directions
