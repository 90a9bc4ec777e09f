"""Class-activation maps of the Grad-CAM family, made by the forward pass that also gives the prediction.

Below the named layer the network runs without gradients, above it with them, and they are followed no further down
than the layer: at ``block2`` of a half-width SFCN that costs about a tenth of a prediction.

HiResCAM (Draelos and Carin 2020, arXiv:2011.08891), the sum over channels of gradient x activation, is the default.
Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74) first averages each channel's gradient over the image,
which suits the last layer only: below further convolutions a channel speaks for adverse in one place and against
it in another, and the mean gives both places the same sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.facts import ModelFacts
from AGE2HIELib.inference.predict import Prediction, as_tensor, prediction
from AGE2HIELib.networks.staged import Cells, StagedNetwork
from AGE2HIELib.volume import Grid, Volume


@dataclass(frozen=True)
class Explanation:
    """A prediction and where its evidence lies.

    Attributes:
        saliency: on the layer's own cells, in the atlas's frame; positive speaks for an adverse outcome. Neither
            clipped nor scaled to the map's range, so that two infants' maps can be compared: the unit is that of the
            calibrated logit.
        resolution_mm: edge lengths of a cell, along right, anterior, superior.
    """

    prediction: Prediction
    saliency: Volume
    method: str
    layer: str
    resolution_mm: tuple[float, float, float]


def _hirescam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (activation * gradient).sum(1)


def _gradcam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (activation * gradient.mean((2, 3, 4), keepdim=True)).sum(1)


METHODS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "hirescam": _hirescam,
    "gradcam": _gradcam,
}
DEFAULT_METHOD = "hirescam"


def explain(
    members: Sequence[StagedNetwork],
    facts: ModelFacts,
    image: np.ndarray,
    *,
    method: str = DEFAULT_METHOD,
    layer: str | None = None,
) -> Explanation:
    """Predict, and map the evidence: the mean of the members' maps, which is the map of their mean logit.

    Args:
        members, facts, image: as for ``predict``, which gives the same prediction.
        method: a key of ``METHODS``.
        layer: a block of the network; the model's own choice unless given.
    """
    layer = layer or facts.saliency_layer
    if method not in METHODS:
        raise InputError(f"There is no saliency method {method!r}. Choose one of {', '.join(METHODS)}.")
    if layer not in members[0].layers:
        raise InputError(f"The network has no layer {layer!r}. Choose one of {', '.join(members[0].layers)}.")
    logits, maps = [], []
    with full_precision():
        for member in members:
            logit, cells = _logit_and_map(member, as_tensor(image, facts, member), layer, method)
            logits.append(logit)
            maps.append(cells)
    grid = feature_grid(facts.spec.grid, members[0].cells(layer))
    saliency = facts.calibration.slope * np.mean(maps, axis=0, dtype=np.float64)
    if saliency.shape != grid.shape:
        raise ValueError(f"layer {layer} has {saliency.shape} cells, {grid.shape} were expected")
    right, anterior, superior = (float(mm) for mm in grid.spacing_mm)
    volume = Volume(saliency.astype(np.float32), grid.affine_ras)
    return Explanation(prediction(logits, facts), volume, method, layer, (right, anterior, superior))


def feature_grid(grid: Grid, cells: Cells) -> Grid:
    """The cells of a layer as a grid in the frame of ``grid``, the network's input."""
    i, j, k = (cells.count(size) for size in grid.shape)
    voxel_from_cell = np.diag([cells.stride, cells.stride, cells.stride, 1.0])
    voxel_from_cell[:3, 3] = cells.first
    return Grid((i, j, k), grid.affine_ras @ voxel_from_cell)


def _logit_and_map(member: StagedNetwork, image: torch.Tensor, layer: str, method: str) -> tuple[float, np.ndarray]:
    with torch.no_grad():
        activation = member.below(image, layer)
    activation.requires_grad_(True)
    logit = member.above(activation, layer)[0, 0]
    (gradient,) = torch.autograd.grad(logit, activation)
    with torch.no_grad():
        cells: np.ndarray = METHODS[method](activation, gradient)[0].cpu().numpy()
    return float(logit.detach()), cells
