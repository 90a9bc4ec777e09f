"""LayerCAM (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943): activation x positive gradient, cell by cell.

What speaks for the target and nothing else: never below 0 where the activation is not.
"""

from __future__ import annotations

import torch

from AGE2HIELib.explain.methods.activation import answer_at_layer
from AGE2HIELib.explain.question import Answer, Question


def layercam(question: Question) -> Answer:
    return answer_at_layer(question, _combine)


def _combine(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (activation * gradient.clamp(min=0)).sum(1)
