"""Images of 34 regions whose values follow age, and a covariance network that has learned it."""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.networks.covariance import CovarianceNetwork

REGIONS = 34
SHAPE = (REGIONS, 2, 3)  # region n is the slice n - 1
NAMES = [[f"region {n // 2}", "left" if n % 2 == 0 else "right"] for n in range(REGIONS)]
NOISE = 0.4


def labels_of(groups: np.ndarray) -> np.ndarray:
    """``(34,)`` number of the group of each region, from 1 on -> labels of the image."""
    return np.broadcast_to(groups[:, None, None], SHAPE).astype(np.int16).copy()


def aged_images(count: int, *, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images ``(N, 1, 34, 2, 3)``, left and right alike but for noise, and standardised ages ``(N,)``."""
    rng = np.random.default_rng(seed)
    ages = rng.uniform(-1.7, 1.7, count)
    of_pair = rng.normal(0, NOISE, (count, REGIONS // 2)).repeat(2, axis=1)
    values = 0.5 * ages[:, None] + of_pair + rng.normal(0, NOISE, (count, REGIONS)) + 0.3
    image = np.broadcast_to(values[:, None, :, None, None], (count, 1, *SHAPE))
    return torch.tensor(image.copy()).float(), torch.tensor(ages).float()


def new_network() -> CovarianceNetwork:
    torch.manual_seed(0)
    made = CovarianceNetwork(1, (5, 5), taps=4, shape=SHAPE, regions=NAMES, tissue=(-9.0, 9.0))
    made.values.labels.copy_(torch.from_numpy(labels_of(np.arange(1, REGIONS + 1))))
    return made.requires_grad_(False)


def taught_network(*, steps: int = 250) -> CovarianceNetwork:
    """It has learned the ages of 256 subjects."""
    images, ages = aged_images(256, seed=1)
    made = new_network().requires_grad_(True)
    made.measure([images])
    optimiser = torch.optim.Adam(made.parameters(), lr=0.02)
    for _ in range(steps):
        loss = (made(images)[:, 0] - ages).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    made.eval()
    made.measure_answers([images])
    return made.requires_grad_(False)
