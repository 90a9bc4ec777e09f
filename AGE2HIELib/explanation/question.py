"""What a saliency method is asked, and what it answers: one member of an ensemble, one image, one output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.staged import Cells, StagedNetwork

Target = Callable[[torch.Tensor], torch.Tensor]  # outputs (N, outputs) -> what is explained (N,)


@dataclass(frozen=True)
class Question:
    """Attributes:
    member: in evaluation mode, its weights without gradients.
    image: (1, C, D, H, W) on the member's device; 0 is tissue of median ADC and normal z, and outside the brain.
    layer: block that the CAM family stops at; the others look at the image itself.
    target: picks the number that is explained.
    seed: of what is drawn at random.
    """

    member: StagedNetwork
    image: torch.Tensor
    layer: str
    target: Target
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """Attributes:
    outputs: (outputs,) of the member for the image.
    cells: the map, 3D, on ``where``.
    where: how the map's cells lie in the image.
    by_channel: (C, cells, cells, cells), whose sum over channels is ``cells``; None where a method cannot part them.
    part: voxels, along each axis, of the part of the image that a value stands for; None where that is a cell.
    """

    outputs: np.ndarray
    cells: np.ndarray
    where: Cells
    by_channel: np.ndarray | None = None
    part: tuple[int, int, int] | None = None


WHOLE_IMAGE = Cells(1, 0.0)  # a cell for each voxel of the network's input


def _adverse(outputs: torch.Tensor) -> torch.Tensor:
    return outputs[:, 0]


def _favourable(outputs: torch.Tensor) -> torch.Tensor:
    return -outputs[:, 0]


# By the name that the command line gives them: a favourable outcome is explained by the logit's negative.
TARGETS: dict[str, Target] = {"adverse": _adverse, "favourable": _favourable}


def output_number(number: int) -> Target:
    """The target that is one of several outputs."""

    def one(outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, number]

    return one


def find_target(name: str) -> Target:
    if name not in TARGETS:
        raise InputError(f"There is no target {name!r}. Choose one of {', '.join(TARGETS)}.")
    return TARGETS[name]


def check_layer(network: StagedNetwork, layer: str) -> None:
    if layer not in network.layers:
        raise InputError(f"The network has no layer {layer!r}. Choose one of {', '.join(network.layers)}.")


def as_numbers(outputs: torch.Tensor) -> np.ndarray:
    """(1, outputs) -> (outputs,)."""
    return np.asarray(outputs.detach().cpu().numpy()[0], dtype=np.float64)
