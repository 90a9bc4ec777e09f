"""From a network that knows age to one that learns the outcome: what is kept, what is new, what learns how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.networks.covariance import CovarianceNetwork
from AGE2HIELib.networks.fused import FusedNetwork
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.networks.streams import StreamsNetwork
from training.learning.augment import pick_z
from training.learning.keyed import Rates
from training.learning.placing import place_regions, placed_arguments
from training.preparing.inputs import ADC_CHANNELS, age_spec, infant_spec
from training.settings import OF_PARTS, Finetune, Network

_OF_OWN_WIDTH = ("resnet18", "densenet121", "scaledense")  # network.channels says nothing of them


@dataclass(frozen=True)
class Start:
    """Where fine-tuning starts.

    Attributes:
        network: one output, the logit.
        groups: parameters with their rates; what is in none of them does not learn.
        norms_frozen: whether batch norm keeps the statistics it has.
    """

    network: StagedNetwork
    groups: tuple[Rates, ...]
    norms_frozen: bool


def network_arguments(network: Network, *, in_channels: int, outputs: int) -> dict[str, object]:
    """Arguments for ``networks.registry.build_network``, as they stand in a bundle."""
    arguments: dict[str, object] = {"in_channels": in_channels, "outputs": outputs}
    if network.name != "covariance":
        arguments["norm"] = network.norm
    if network.name not in _OF_OWN_WIDTH:
        arguments["channels"] = list(network.channels)
    return {**arguments, **placed_arguments(network, in_channels), **network.options}


def outcome_arguments(network: Network) -> dict[str, object]:
    """The same of a network for the outcome, whose answer to an image and to its mirror image is one."""
    arguments = network_arguments(network, in_channels=len(infant_spec(network).channels), outputs=1)
    if network.name == "covariance":
        return arguments  # a region's name says its side
    if network.name == "autoencoder":  # its latent numbers stay those of healthy infants
        arguments = {**arguments, "detached": True}
    pooling = "mean" if network.name in OF_PARTS else network.pooling
    return {**arguments, "pooling": pooling, "mirrored": True}


def new_outcome_network(network: Network, *, seed: int) -> StagedNetwork:
    """A network for the outcome with first weights that depend on the seed alone."""
    return _new(network, outcome_arguments(network), seed)


def age_arguments(network: Network, outputs: int = 1) -> dict[str, object]:
    """The same of a network that reads T1 scans."""
    return network_arguments(network, in_channels=len(age_spec(network).channels), outputs=outputs)


def new_age_network(network: Network, *, seed: int) -> StagedNetwork:
    """The same of a network that reads T1 scans, with one output."""
    return _new(network, age_arguments(network), seed)


def new_network(network: Network, *, in_channels: int, outputs: int, seed: int) -> StagedNetwork:
    """A network with first weights that depend on the seed alone."""
    return _new(network, network_arguments(network, in_channels=in_channels, outputs=outputs), seed)


def _new(network: Network, arguments: Mapping[str, object], seed: int) -> StagedNetwork:
    torch.manual_seed(seed)
    made = built(network.name, {**arguments, "dropout": network.dropout})
    place_regions(made, network)
    return made


def built(name: str, arguments: Mapping[str, object]) -> StagedNetwork:
    """``build_network`` of arguments that settings have made; InputError where they make none."""
    try:
        return build_network(name, arguments)
    except ModelError as problem:
        why = str(problem.__cause__ or problem).removesuffix(" Export the model again.").rstrip(".")
        raise InputError(
            f"The network {name} cannot be made: {why}. Change network.channels, network.options, network.pooling or "
            "input.spacing_mm."
        ) from problem


def from_scratch(network: Network, options: Finetune, *, seed: int) -> Start:
    """Every weight new, everything learns at one rate."""
    made = new_outcome_network(network, seed=seed)
    return Start(made, (Rates(tuple(made.parameters()), options.scratch_rate),), norms_frozen=False)


def untrained_frozen(network: Network, options: Finetune, *, seed: int, volumes: np.ndarray, z_maps: str) -> Start:
    """Every weight new, and only the linear head learns: what the architecture alone gives."""
    made = new_outcome_network(network, seed=seed)
    measure_norms(made, volumes, z_maps)
    made.blocks.requires_grad_(False)
    return Start(made, (Rates(made.read_out, options.head_rate),), norms_frozen=True)


def from_ages(
    network: Network,
    options: Finetune,
    trunk: Mapping[str, torch.Tensor],
    *,
    seed: int,
    volumes: np.ndarray,
    z_maps: str,
) -> Start:
    """The trunk of an age network under a new head.

    Args:
        trunk: state of an encoder that saw one channel; its stem is copied to both input channels and halved, so
            that features keep their size. Batch norm is given the statistics of the training infants and then kept.
        volumes: of the training infants, ``(N, 3, D, H, W)``.
    """
    made = new_outcome_network(network, seed=seed)
    load_blocks(made, _widened(made, trunk))
    measure_norms(made, volumes, z_maps)
    return Start(made, _staged_rates(made, options), norms_frozen=True)


def load_blocks(network: StagedNetwork, trunk: Mapping[str, torch.Tensor]) -> None:
    """Give the blocks the weights of a trunk; what it has beside them is left out."""
    kept = {name: value for name, value in trunk.items() if name.startswith("blocks.")}
    missing, unexpected = network.load_state_dict(kept, strict=False)
    assert not unexpected
    assert not any(name.startswith("blocks.") for name, _ in network.named_parameters() if name in missing)


def _widened(network: StagedNetwork, trunk: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """The trunk with a stem, or filters, for as many channels as the infants' images have."""
    if isinstance(network, CovarianceNetwork | FusedNetwork | StreamsNetwork):
        return network.adopted(trunk)
    widened = {stem: widen_stem(trunk[stem], len(ADC_CHANNELS)) for stem in network.stems}
    return {**trunk, **widened}


def widen_stem(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """``(out, n, k, k, k)`` -> ``(out, channels * n, k, k, k)``: copied and divided, so that equal inputs give
    the same.

    ``n``: slices that are read as channels, those of one image after those of another; 1 of other networks.
    """
    return weight.repeat(1, channels, 1, 1, 1) / channels


def _staged_rates(network: StagedNetwork, options: Finetune) -> tuple[Rates, ...]:
    """Head and stem learn from the start, then one block after another from the head downwards, ever more slowly."""
    blocks = list(network.blocks)
    groups = [
        Rates(network.read_out, options.head_rate),
        Rates(tuple(blocks[0].parameters()), options.trunk_rate),  # it has never seen ADC
    ]
    for depth, block in enumerate(reversed(blocks[1:])):
        release = options.frozen_epochs + depth * options.unfreeze_every
        rate = options.trunk_rate * options.layer_decay**depth
        groups.append(Rates(tuple(block.parameters()), rate, min(release, options.epochs - 1)))
    return tuple(groups)


def measure_norms(network: StagedNetwork, volumes: np.ndarray, z_maps: str) -> None:
    """Give batch norms the mean and variance of these volumes; other norms have none to give."""
    norms: Sequence[nn.BatchNorm3d] = [m for m in network.modules() if isinstance(m, nn.BatchNorm3d)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over all batches
    network.train()
    with torch.no_grad():
        for part in np.array_split(np.arange(len(volumes)), max(1, len(volumes) // 8)):
            network(pick_z(torch.from_numpy(np.asarray(volumes[part])), z_maps))
    for norm in norms:
        norm.momentum = 0.1
    network.eval()
