"""Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365), alone and averaged over noise.

The path starts at a brain of median ADC and normal z, which are zeros (taken as a limit: a network may take an image of
nothing but zeros for no brain), so that the map says what makes this infant's number differ from that of nothing
remarkable. Summed over channels; all voxels together give the change of
the number between the two, within the error of the integral. SmoothGrad (Smilkov et al. 2017, arXiv:1706.03825)
averages the maps of noisy copies, whose sum is the mean change.
"""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers

STEPS = 48  # Gauss-Legendre nodes: the sums of the demonstration model's maps miss the change by less than 1 %
_BATCH = 4  # nodes at once, so that memory stays that of a few predictions
COPIES = 6
NOISE = 0.15  # standard deviation, in units of the network's input


def integrated_gradients(question: Question) -> Answer:
    return Answer(_outputs(question), _integral(question, question.image), WHOLE_IMAGE)


def smooth_integrated_gradients(question: Question) -> Answer:
    """Noise is added inside the brain alone: outside, the network has never seen anything but 0."""
    noise = torch.Generator().manual_seed(question.seed)
    inside = (question.image != 0).any(1, keepdim=True)
    total = np.zeros(tuple(question.image.shape[2:]))
    for _ in range(COPIES):
        drawn = torch.randn(question.image.shape, generator=noise).to(question.image.device)
        total += _integral(question, question.image + NOISE * drawn * inside)
    return Answer(_outputs(question), total / COPIES, WHOLE_IMAGE)


def _integral(question: Question, image: torch.Tensor) -> np.ndarray:
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    along, weights = (nodes + 1) / 2, weights / 2
    total = torch.zeros_like(image)
    for first in range(0, STEPS, _BATCH):
        chosen = slice(first, first + _BATCH)
        steps = image.new_tensor(along[chosen]).reshape(-1, 1, 1, 1, 1)
        on_path = (steps * image).requires_grad_(True)
        score = question.target(question.member(on_path)).sum()
        (gradient,) = torch.autograd.grad(score, on_path)
        total += (gradient * image.new_tensor(weights[chosen]).reshape(-1, 1, 1, 1, 1)).sum(0, keepdim=True)
    return np.asarray((total * image).sum(1)[0].cpu().numpy(), dtype=np.float64)


def _outputs(question: Question) -> np.ndarray:
    with torch.no_grad():
        return as_numbers(question.member(question.image))
