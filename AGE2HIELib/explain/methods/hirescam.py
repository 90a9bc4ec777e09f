"""HiResCAM (Draelos and Carin 2020, arXiv:2011.08891): the sum over channels of gradient x activation.

Where everything above the layer is linear, its cells sum to the logit without the bias: nothing is lost or invented.
"""

from __future__ import annotations

import torch

from AGE2HIELib.explain.methods.activation import answer_at_layer
from AGE2HIELib.explain.question import Answer, Question


def hirescam(question: Question) -> Answer:
    return answer_at_layer(question, _combine)


def _combine(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (activation * gradient).sum(1)
