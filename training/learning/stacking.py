"""How the answers of parts of the brain become one: each part's own bias is taken away, and a ridge regression weighs.

Both are fitted to subjects that the network has not learned from, among those it may learn from: never to a test fold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from AGE2HIELib.networks.age import AgeNetwork, standardise
from AGE2HIELib.networks.parts import PartsNetwork

# A part that does not tell age answers the mean of all: divided by its slope it would be noise of any size.
SMALLEST_GAIN = 0.25
RIDGES = tuple(10.0**power for power in range(-3, 4))  # in units of the truth's sum of squares
_BATCH = 16


@dataclass(frozen=True)
class Stack:
    """Attributes:
    gain, offset: (parts,) of each part's answer over the truth: ``answer = gain * truth + offset`` on the average.
    weights: (parts,) of the corrected answers; their sum is 1.
    ridge: that was chosen, one of ``RIDGES``.
    """

    gain: np.ndarray
    offset: np.ndarray
    weights: np.ndarray
    ridge: float

    def corrected(self, answers: np.ndarray) -> np.ndarray:
        """``(N, parts)``, without what leans towards the mean."""
        return np.asarray((answers - self.offset) / self.gain)


def fit_stack(answers: np.ndarray, truth: np.ndarray) -> Stack:
    """From ``(N, parts)`` answers and ``(N,)`` truths of subjects that the parts have not learned from.

    The weights are drawn towards equal ones, ``min |truth - X w|^2 + ridge |w - 1/parts|^2`` with ``sum(w) = 1``: parts
    that lean nowhere, weighted so, lean nowhere together. The ridge has the least error of subjects left out one
    by one.
    """
    centred = truth - truth.mean()
    slope = centred @ (answers - answers.mean(axis=0)) / (centred @ centred)
    gain = np.maximum(slope, SMALLEST_GAIN)
    offset = answers.mean(axis=0) - gain * truth.mean()
    corrected = (answers - offset) / gain
    parts = answers.shape[1]
    equal = np.full(parts, 1 / parts)
    # directions in which the weights may change: those whose sum is 0
    _, _, across = np.linalg.svd(np.ones((1, parts)))
    free = across[1:].T
    moved, left = corrected @ free, truth - corrected @ equal
    scale = float(centred @ centred)
    errors = {ridge: _left_out_error(moved, left, ridge * scale) for ridge in RIDGES}
    ridge = min(reversed(RIDGES), key=errors.__getitem__)
    change = _solve(moved, left, ridge * scale)
    return Stack(gain, offset, equal + free @ change, ridge)


def _solve(moved: np.ndarray, left: np.ndarray, ridge: float) -> np.ndarray:
    return np.asarray(np.linalg.solve(moved.T @ moved + ridge * np.eye(moved.shape[1]), moved.T @ left))


def _left_out_error(moved: np.ndarray, left: np.ndarray, ridge: float) -> float:
    """Mean squared error of subjects left out one by one, in closed form."""
    hat = moved @ np.linalg.solve(moved.T @ moved + ridge * np.eye(moved.shape[1]), moved.T)
    return float(np.mean(((left - hat @ left) / (1 - np.diag(hat))) ** 2))


def stack_parts(
    network: AgeNetwork, volumes: np.ndarray, ages_years: np.ndarray, brain_ml: np.ndarray, rows: np.ndarray
) -> Stack:
    """Fit a network's parts to the subjects of ``rows``, and put gain, offset and weights into its head.

    In the unit that it has learned, standard deviations of years or of their logarithm.
    """
    encoder = network.encoder
    assert isinstance(encoder, PartsNetwork)
    head, device = encoder.parts_head, next(network.parameters()).device
    learning = network.training
    network.eval()
    head.gain.fill_(1.0)
    head.offset.fill_(0.0)
    found = []
    with torch.no_grad():
        for first in range(0, len(rows), _BATCH):
            part = rows[first : first + _BATCH]
            images = torch.from_numpy(np.asarray(volumes[part])).float().to(device)
            ml = torch.from_numpy(brain_ml[part]).float().to(device)
            found.append(network.lessons(images, ml)[:, 0].cpu())
    network.train(learning)
    truth = standardise(torch.from_numpy(ages_years[rows]), network.head).numpy()
    made = fit_stack(torch.cat(found).numpy().astype(np.float64), truth)
    for buffer, values in ((head.gain, made.gain), (head.offset, made.offset), (head.weights, made.weights)):
        buffer.copy_(torch.from_numpy(values).reshape(buffer.shape))
    return made
