"""What teaches an autoencoder to draw healthy brains: L1 in the brain, the latent numbers' divergence, erased cubes.

The loss is that of a Laplace likelihood, divided by the number of values in the brain: mean |x - x^| plus
``_SCALE / values`` times KL(q || N(0, I)), whose weight relative to the likelihood is then ``BETA``. Cubes of the input
are set to 0 and have to be drawn all the same (spatial erasing, as in Bengs et al. 2022, arXiv:2201.13081, who take
cubes of 8 to 16 voxels).
"""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.networks.autoencoder import AutoencoderNetwork, LatentHead

BETA = 1.0
_SCALE = 0.2  # mean absolute error of the redrawn image, in units of the input, as it is after training
_APART = 5
_ERASED = 3  # cubes
_EDGE = 0.2  # of a cube, of the image's side: 6 of 32 cells of 4 mm


def reconstruction_losses(
    network: AutoencoderNetwork, images: torch.Tensor, healthy: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Parts of the loss by name; only the images for which ``healthy`` (bool, ``(N,)``) holds teach."""
    nothing = images.new_zeros(())
    if not bool(healthy.any()):
        return {"redrawing_loss": nothing, "divergence_loss": nothing}
    own = images[healthy]
    inside = own != 0
    assert isinstance(network.head, LatentHead)
    mean, log_variance = network.latent(erased(own))
    drawn = network.decoder(mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean))
    values = inside.sum().clamp(min=1)
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
    return {
        "redrawing_loss": ((drawn - own).abs() * inside).sum() / values,
        "divergence_loss": BETA * _SCALE * divergence / values,
    }


def erased(images: torch.Tensor) -> torch.Tensor:
    """With cubes at random places set to 0, others in every image."""
    made = images.clone()
    for one in made:
        for _ in range(_ERASED):
            cube = tuple(_side(size) for size in one.shape[1:])
            one[(slice(None), *cube)] = 0
    return made


def _side(size: int) -> slice:
    edge = max(1, round(_EDGE * size))
    first = int(torch.randint(0, size - edge + 1, (1,)))
    return slice(first, first + edge)


def kept_apart(rows: np.ndarray) -> np.ndarray:
    """Every fifth is never redrawn while an autoencoder learns: its errors there are those in new subjects."""
    return np.sort(rows)[::_APART]


def active_nats(mean: torch.Tensor, log_variance: torch.Tensor, *, least: float = 0.1) -> tuple[int, float]:
    """How many latent numbers carry more than ``least`` nats in the mean over images, and what those carry each."""
    nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0)
    active = nats > least
    return int(active.sum()), float(nats[active].mean()) if bool(active.any()) else 0.0
