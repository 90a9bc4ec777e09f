"""Maps that some networks hold themselves: the attention of a bag of slices, and the answers of parts of the image."""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, Target, as_numbers
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.networks.slices import SliceBag
from AGE2HIELib.networks.staged import StagedNetwork

_ELSE = "Choose another method, or a model of such a network."


def attention(question: Question) -> Answer:
    """What each axial slice counts for, at every voxel of the brain in it; the slices' shares sum to 1.

    Raises:
        InputError: the network has no attention.
    """
    member = question.member
    if not isinstance(member, SliceBag):
        raise InputError(f"Only a network of slices has a map of attention, and this one is none. {_ELSE}")
    with torch.no_grad():
        outputs = member(question.image)
        share = member.attention(question.image)[0].cpu().numpy().astype(np.float64)
    inside = (question.image[0] != 0).any(0).cpu().numpy()
    return Answer(as_numbers(outputs), np.where(inside, share, 0.0), WHOLE_IMAGE)


def local_answers(question: Question) -> Answer:
    """What every part of the image answers by itself, less the answer for the whole; 0 where no part looks.

    Parts overlap: a voxel has the mean of those that hold it.

    Raises:
        InputError: the network has no parts.
    """
    member, image = question.member, question.image
    if not isinstance(member, PartsNetwork):
        raise InputError(f"Only a network of patches has local answers, and this one is none. {_ELSE}")
    with torch.no_grad():
        outputs = member(image)
        whole = float(question.target(outputs)[0])
        local = local_targets(member, image, question.target)[0].astype(np.float64) - whole
    voxels = np.nan_to_num(member.boxes.on_voxels(local, tuple(image.shape[2:])))
    inside = (image[0] != 0).any(0).cpu().numpy()
    return Answer(as_numbers(outputs), np.where(inside, voxels, 0.0), WHOLE_IMAGE, part=member.boxes.size)


def local_targets(member: PartsNetwork, image: torch.Tensor, target: Target) -> np.ndarray:
    """``(N, C, D, H, W)`` -> ``(N, parts, parts, parts)``: the target of every part's answer."""
    local = member.local(image)
    flat = target(local.movedim(1, -1).flatten(0, -2))
    return np.asarray(flat.reshape(len(image), *local.shape[2:]).cpu().numpy())


def has_parts(member: StagedNetwork) -> bool:
    """Whether ``local_answers`` has a map of it."""
    return isinstance(member, PartsNetwork)
