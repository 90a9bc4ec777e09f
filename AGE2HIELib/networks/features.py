"""What a network's first block says of an image, in few numbers: how far a scan lies from the training cases."""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.networks.staged import StagedNetwork


def first_block_features(member: StagedNetwork, image: torch.Tensor) -> np.ndarray:
    """``(N, 2 C)``: mean and standard deviation, over the image, of every channel of the network's first block, of
    ``(N, C, D, H, W)``.
    """
    return moments(member.below(image, member.layers[0]), mirrored=member.mirrored)


def moments(cells: torch.Tensor, *, mirrored: bool = False) -> np.ndarray:
    """``(N, 2 C)``: mean and standard deviation over the cells of every channel, of ``(N, C, d, h, w)``.

    Of a mirrored network, whose second half of the channels is the mirror image's, over the cells of both.
    """
    # numpy's sums have one order; torch's depend on the number of threads, and a result must not
    flat = cells.flatten(2).cpu().numpy().astype(np.float64)
    if mirrored:
        flat = np.concatenate(np.split(flat, 2, axis=1), axis=2)
    return np.concatenate([flat.mean(axis=2), flat.std(axis=2)], axis=1)
