"""What a user does in the panel, on a small scan whose saliency is a ball at a known place."""

from __future__ import annotations

from typing import Any

import numpy as np
from workers import STAGES, result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess

SHAPE = (30, 36, 12)
BALL_MM = 14.0
SPOT = (8, 22, 2)  # well off every middle, so that a flip along any axis moves it

# Rotated about two axes, anisotropic, and once for each handedness and storage order of the axes.
TILT = np.array([[0.96, -0.20, 0.19], [0.24, 0.94, -0.24], [-0.13, 0.28, 0.95]])
TILT, _ = np.linalg.qr(TILT)
ORIENTATIONS = {
    "axial RAS": np.diag([4.0, 3.5, 6.0]),
    "LPS": np.diag([-4.0, -3.5, 6.0]),
    "oblique": TILT @ np.diag([4.0, 3.5, 6.0]),
    "oblique, flipped and swapped": TILT @ np.array([[0, -3.5, 0], [4.0, 0, 0], [0, 0, -6.0]]),
}


def affine(directions: np.ndarray) -> np.ndarray:
    """With the grid's middle near the scene's origin."""
    matrix = np.eye(4)
    matrix[:3, :3] = directions
    matrix[:3, 3] = -directions @ (np.array(SHAPE) - 1) / 2 + (3.0, -5.0, 2.0)
    return matrix


def add_volume(host: Any, matrix: np.ndarray, name: str = "Infant A", value: float = 1000.0) -> Any:
    array = np.full(SHAPE, value, np.float32)
    array[2:6, 3:9, 2:4] = value + 400
    return host.slicer.util.addVolumeFromArray(array.transpose(2, 1, 0), matrix, name)


def play(panel: Any, process: PlayedProcess) -> PlayedProcess:
    panel.widget.logic.newProcess = lambda: process
    return process


def predict(host: Any, panel: Any, process: PlayedProcess) -> PlayedProcess:
    """One click, to its end."""
    play(panel, process)
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    return process


def good(matrix: np.ndarray, content: dict[str, Any] | None = None) -> PlayedProcess:
    return PlayedProcess([*STAGES, RESULT], write=result_writer(matrix, SHAPE, SPOT, content))


def node_names(host: Any) -> list[str]:
    nodes = host.slicer.mrmlScene.GetNodes()
    return sorted(nodes.GetItemAsObject(i).GetID() for i in range(nodes.GetNumberOfItems()))


def coloured(pixel: np.ndarray) -> bool:
    return bool(np.ptp(pixel.astype(int)) > 40)
