"""Rotation matrices of a placement; scipy's take a fifth of a second to import, and as long for 600 of them."""

from __future__ import annotations

import numpy as np


def turned_head(degrees: np.ndarray) -> np.ndarray:
    """``(N, 3, 3)``: first about the first axis, then the second, then the third, all fixed in space.

    Args:
        degrees: ``(N, 3)``.
    """
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    (a, b, c), (x, y, z) = cosine.T, sine.T
    return np.stack(
        [
            np.stack([b * c, x * y * c - a * z, a * y * c + x * z], axis=1),
            np.stack([b * z, x * y * z + a * c, a * y * z - x * c], axis=1),
            np.stack([-y, x * b, a * b], axis=1),
        ],
        axis=1,
    )


def rotation_of(vector: np.ndarray) -> np.ndarray:
    """``(3, 3)`` about a vector by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    # sin(angle) / angle and (1 - cos(angle)) / angle^2, which have limits at 0
    along, twice = np.sinc(angle / np.pi), np.sinc(angle / (2 * np.pi)) ** 2 / 2
    return np.asarray(np.eye(3) + along * cross + twice * cross @ cross)
