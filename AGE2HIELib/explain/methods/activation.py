"""What the CAM family has in common: a layer's activation and its gradient, made by one forward pass.

Below the layer the network runs without gradients, above it with them, and they are followed no further down than the
layer: at ``block2`` of a half-width SFCN that costs about a tenth of a prediction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from AGE2HIELib.explain.question import Answer, Question, as_numbers

# activation and gradient (1, channels, cells, cells, cells) -> map (1, cells, cells, cells)
Combine = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def answer_at_layer(question: Question, combine: Combine) -> Answer:
    """The map that ``combine`` makes of the layer's activation and the target's gradient there."""
    member, layer = question.member, question.layer
    with torch.no_grad():
        activation = member.below(question.image, layer)
    activation.requires_grad_(True)
    outputs = member.above(activation, layer)
    (gradient,) = torch.autograd.grad(question.target(outputs)[0], activation)
    with torch.no_grad():
        cells: np.ndarray = combine(activation, gradient)[0].cpu().numpy()
    return Answer(as_numbers(outputs), cells, member.cells(layer))
