"""Saliency from gradients: the CAM family at a layer, and integrated gradients at the image.

The CAM family makes a map from a layer's activation and its gradient by one forward pass. Below the layer the network
runs without gradients, above it with them, and they are followed no further down than the layer: at ``block2`` of a
half-width SFCN that costs about a tenth of a prediction. The methods differ in one formula, from activation and
gradient ``(1, channels, cells, cells, cells)`` to a map ``(1, cells, cells, cells)``. It is by hand: grad-cam and MONAI
scale each map to its own range, so that two infants' maps do not compare, and go backward through the whole network
(MONAI: 2.4 times a prediction, ``benchmark/explanations.py cost``).

Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365) follow a path that starts at a brain of median ADC and
normal z, which are zeros (taken as a limit: a network may take an image of nothing but zeros for no brain), so that the
map says what makes this infant's number differ from that of nothing remarkable. Every voxel of every channel has its
part, and the map is their sum over channels. All together give the change of the number between the two, within the
error of the integral, so that what ADC adds and what z adds sum to it. SmoothGrad (Smilkov et al. 2017,
arXiv:1706.03825) averages the maps of noisy copies, whose sum is the mean change.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers
from AGE2HIELib.networks.staged import Cells

Formula = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
STEPS = 48  # Gauss-Legendre nodes: the sums of the demonstration model's maps miss the change by less than 1 %
_BATCH = 4  # nodes at once, so that memory stays that of a few predictions
COPIES = 6
NOISE = 0.15  # standard deviation, in units of the network's input


def cam(formula: Formula) -> Callable[[Question], Answer]:
    """The saliency method that applies this formula at the layer in question."""

    def answer(question: Question) -> Answer:
        outputs, activation, gradient = _at_layer(question)
        with torch.no_grad():
            cells: np.ndarray = formula(activation, gradient)[0].cpu().numpy()
        return Answer(outputs, cells, question.member.cells(question.layer))

    return answer


def _at_layer(question: Question) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """(outputs, activation, gradient of what is explained), the last two ``(1, channels, cells, cells, cells)``."""
    member, layer = question.member, question.layer
    with torch.no_grad():
        below = member.below(question.image, layer)
    activation = below.detach().requires_grad_(True)  # what lies below may be kept for others
    outputs = member.above(activation, layer)
    (gradient,) = torch.autograd.grad(question.target(outputs)[0], activation)
    return as_numbers(outputs), activation.detach(), gradient


def hirescam_by_voxel(question: Question) -> Answer:
    """HiResCAM, and of a network that sums the evidence of voxels, that evidence where each voxel lies.

    What a cell holds of it is the mean of its voxels, so that gradient x activation is shared among them without a
    remainder: the map has the sum of the one by cells. What the features say of a cell is the same in all its voxels.
    """
    member, layer, image = question.member, question.layer, question.image
    outputs, activation, gradient = _at_layer(question)
    cells, own = member.cells(layer), member.evidence_channels(activation.shape[1])
    if not own or not _are_whole(cells, tuple(image.shape[2:])):
        return Answer(outputs, hirescam(activation, gradient)[0].cpu().numpy(), cells)
    with torch.no_grad():
        others = [channel for channel in range(activation.shape[1]) if channel not in own]
        of_features = hirescam(activation[:, others], gradient[:, others]).unsqueeze(1)
        shares = torch.cat([of_features, gradient[:, own]], dim=1) / math.prod(axis.stride for axis in cells.axes)
        of_voxels = functional.interpolate(shares, size=image.shape[2:], mode="nearest")
        values = of_voxels[:, 0] + (of_voxels[:, 1:] * member.voxel_evidence(image)).sum(1)
    return Answer(outputs, values[0].cpu().numpy(), WHOLE_IMAGE)


def _are_whole(cells: Cells, shape: tuple[int, ...]) -> bool:
    """Whether the cells are boxes of voxels that fill the image."""
    return all(
        size % axis.stride == 0 and axis.count(size) * axis.stride == size and axis.first == (axis.stride - 1) / 2
        for axis, size in zip(cells.axes, shape, strict=True)
    )


def hirescam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """HiResCAM (Draelos and Carin 2020, arXiv:2011.08891): the sum over channels of gradient x activation.

    Where everything above the layer is linear, its cells sum to the logit without the bias: nothing is lost or
    invented.
    """
    return (activation * gradient).sum(1)


def gradcam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74): channels weighted by their mean gradient.

    It suits the last layer only: below further convolutions a channel speaks for adverse in one place and against it
    in another, and the mean gives both places the same sign. Kept signed; the paper shows what is above 0.
    """
    return (activation * gradient.mean((2, 3, 4), keepdim=True)).sum(1)


def gradcam_plus_plus(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Grad-CAM++ (Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097): channels weighted by positive gradients.

    The weights are those of the paper for a score that passes an exponential, without the factor exp(score), which is
    the same for the whole map and would make two infants' maps incomparable. Never below 0 where the activation is not.
    """
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


def layercam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """LayerCAM (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943): activation x positive gradient, cell by cell.

    What speaks for the target and nothing else: never below 0 where the activation is not.
    """
    return (activation * gradient.clamp(min=0)).sum(1)


def integrated_gradients(question: Question) -> Answer:
    return _answer(question, _integral(question, question.image))


def smooth_integrated_gradients(question: Question) -> Answer:
    """Noise is added inside the brain alone: outside, the network has never seen anything but 0."""
    noise = torch.Generator().manual_seed(question.seed)
    inside = (question.image != 0).any(1, keepdim=True)
    total = np.zeros(tuple(question.image.shape[1:]))
    for _ in range(COPIES):
        drawn = torch.randn(question.image.shape, generator=noise).to(question.image.device)
        total += _integral(question, question.image + NOISE * drawn * inside)
    return _answer(question, total / COPIES)


def _answer(question: Question, by_channel: np.ndarray) -> Answer:
    return Answer(_outputs(question), by_channel.sum(axis=0), WHOLE_IMAGE, by_channel)


def _integral(question: Question, image: torch.Tensor) -> np.ndarray:
    """(C, D, H, W)."""
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
    return np.asarray((total * image)[0].cpu().numpy(), dtype=np.float64)


def _outputs(question: Question) -> np.ndarray:
    with torch.no_grad():
        return as_numbers(question.member(question.image))
