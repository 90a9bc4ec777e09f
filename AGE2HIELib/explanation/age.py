"""Where in T1 a network sees age.

What is explained is an age in years: the mean of the bins under the soft head's distribution, or the huber head's
output times the standard deviation of the training ages, or out of its logarithm where that is what it learned. What
the brain volume adds, where the network depends on it, has no place and is in no map. Positive values raise the age, as
against nothing at that place in the layer that is explained: for methods that look at the image, as against tissue of
median signal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from AGE2HIELib.explanation.maps import AGE_TARGET, SaliencyMap
from AGE2HIELib.explanation.question import Answer, Question, Target, check_layer, output_number
from AGE2HIELib.explanation.registry import find_method
from AGE2HIELib.explanation.saliency import on_cells
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.networks.age import AgeNetwork, years_from_outputs
from AGE2HIELib.networks.age_head import YEARS, AgeHead
from AGE2HIELib.volume import Grid


@dataclass(frozen=True, kw_only=True)
class AgeExplanation(SaliencyMap):
    """A predicted age, and where it is seen; values are years, but for the noise map, which has no unit.

    Attributes:
        years: the network's answer, what the brain volume adds included.
    """

    years: float


def explain_age(
    network: AgeNetwork, image: np.ndarray, brain_ml: float, grid: Grid, *, method: str, layer: str
) -> AgeExplanation:
    """Predict an age, and map it.

    Args:
        network: in evaluation mode, its weights without gradients.
        image: float32 ``(1, C, D, H, W)`` as ``prepare_t1`` makes it, 0 outside the brain.
        brain_ml: volume of the brain.
        grid: of the image, in the T1 template's frame.
        method: a key of ``registry.METHODS``.
        layer: a block of the encoder, for the CAM family.

    Raises:
        InputError: there is no such method or layer.
    """
    answer = answer_age(network, image, method=method, layer=layer)
    device = next(network.parameters()).device
    with torch.inference_mode(), full_precision():
        # asked whole: the map's own pass leaves out what the brain volume adds
        outputs = network(_tensor(image, device), torch.tensor([brain_ml], dtype=torch.float32, device=device))
        years = float(network.years(outputs)[0])
    return AgeExplanation(**vars(on_cells(answer, grid, method=method, layer=layer, target=AGE_TARGET)), years=years)


def answer_age(network: AgeNetwork, image: np.ndarray, *, method: str, layer: str, seed: int = 0) -> Answer:
    """The map in years on the method's own cells; arguments and errors as of ``explain_age``, ``seed`` of what a method
    draws at random.
    """
    encoder, asked = network.encoder, find_method(method)
    check_layer(encoder, layer)
    tensor = _tensor(image, next(encoder.parameters()).device)
    with full_precision():
        answer = asked.answer(Question(encoder, tensor, layer, age_target(network.head), seed=seed))
    years = network.head.sd if _is_linear(network.head) and asked.in_logits else 1.0
    return replace(answer, cells=years * np.asarray(answer.cells, dtype=np.float64))


def age_target(head: AgeHead) -> Target:
    """What of the outputs is explained: the age in years, or the standardised age where years are linear in it."""
    return output_number(0) if _is_linear(head) else partial(years_from_outputs, head=head)


def _is_linear(head: AgeHead) -> bool:
    return head.kind == "huber" and head.target == YEARS


def _tensor(image: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).to(device)
