"""Grad-CAM++ (Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097): channels weighted by their positive gradients.

The weights are those of the paper for a score that passes an exponential, without the factor exp(score), which is the
same for the whole map and would make two infants' maps incomparable. Never below 0 where the activation is not.
"""

from __future__ import annotations

import torch

from AGE2HIELib.explain.methods.activation import answer_at_layer
from AGE2HIELib.explain.question import Answer, Question


def gradcampp(question: Question) -> Answer:
    return answer_at_layer(question, _combine)


def _combine(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    # gradients of a mean over thousands of cells are tiny, and their cubes would underflow: the weights do not depend
    # on the unit of the gradient but for one factor, which is put back at the end
    unit = gradient.abs().amax()
    if unit == 0:
        return torch.zeros_like(activation[:, 0])
    slope = gradient / unit
    square = slope**2
    curvature = 2 * square + (activation * unit * slope**3).sum((2, 3, 4), keepdim=True)
    share = square / torch.where(curvature != 0, curvature, torch.ones_like(curvature))
    weights = (share * slope.clamp(min=0)).sum((2, 3, 4), keepdim=True) * unit
    return (weights * activation).sum(1)
