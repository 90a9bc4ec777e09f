"""Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74): channels weighted by their mean gradient.

It suits the last layer only: below further convolutions a channel speaks for adverse in one place and against it in
another, and the mean gives both places the same sign. Kept signed; the paper shows what is above 0.
"""

from __future__ import annotations

import torch

from AGE2HIELib.explain.methods.activation import answer_at_layer
from AGE2HIELib.explain.question import Answer, Question


def gradcam(question: Question) -> Answer:
    return answer_at_layer(question, _combine)


def _combine(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (activation * gradient.mean((2, 3, 4), keepdim=True)).sum(1)
