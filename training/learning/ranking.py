"""A loss that knows the order of ages and how far apart they are (Cheng et al. 2021, arXiv:2106.03052).

``MSE + 10 (L_order + L_pairs)``. The authors take ranks from a recurrent network that was trained to sort 32 numbers;
here ``soft_ranks`` counts, for any number of ages. Their ages are in years, so that the pairs outweigh the order a
hundred times; here they are in standard deviations of the training ages, and the order counts.
"""

from __future__ import annotations

import torch
from torch.nn import functional

WEIGHT, PAIRS_WEIGHT = 10.0, 1.0  # as published
SOFTNESS = 0.1  # standard deviations of age between which an order is half sure; 2 to 3 years over a whole life


def ranking_loss(predicted: torch.Tensor, true: torch.Tensor) -> dict[str, torch.Tensor]:
    """Parts of the loss, weighted; ages ``(N,)`` in standard deviations.

    Pairs are drawn from torch's generator, which a fit seeds at every step.
    """
    return {
        "squared_loss": functional.mse_loss(predicted, true),
        "order_loss": WEIGHT * order_loss(predicted, true),
        "pairs_loss": WEIGHT * PAIRS_WEIGHT * pairs_loss(predicted, true, random_pairs(len(true), true.device)),
    }


def order_loss(predicted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of the soft ranks of ``predicted`` from the ranks of ``true``, in shares of N.

    0 where the order is right and neighbours are some ``SOFTNESS`` apart; subjects of one age share a rank.
    """
    lower, level = (true[None] < true[:, None]).sum(1), (true[None] == true[:, None]).sum(1)
    ranks = lower + (level + 1) / 2
    return functional.mse_loss(soft_ranks(predicted) / len(true), ranks / len(true))


def soft_ranks(values: torch.Tensor, softness: float = SOFTNESS) -> torch.Tensor:
    """``(N,)`` 1..N: one, and for each other value how sure it is that it is lower (a logistic function)."""
    lower = torch.sigmoid((values[:, None] - values[None]) / softness)
    return 0.5 + lower.sum(1)  # a value beside itself counts one half


def pairs_loss(predicted: torch.Tensor, true: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the differences within pairs; ``pairs``: ``(2, P)`` indices."""
    first, second = pairs
    return functional.mse_loss(predicted[first] - predicted[second], true[first] - true[second])


def random_pairs(count: int, device: torch.device) -> torch.Tensor:
    """``(2, count)`` indices below ``count``, drawn with replacement."""
    return torch.randint(count, (2, count)).to(device)
