"""From the weights in a bundle to networks on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from AGE2HIELib.bundle.age_facts import AGE_WEIGHTS
from AGE2HIELib.bundle.manifest import read_verified
from AGE2HIELib.bundle.reading import Bundle, require_age_facts
from AGE2HIELib.bundle.weights import fill_network, unpack_weights
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.registry import build_network

if TYPE_CHECKING:
    from AGE2HIELib.networks.age import AgeNetwork
    from AGE2HIELib.networks.staged import StagedNetwork

_SMALL = (8, 8, 8)  # voxels of an image that only shows how many features there are


def check_weights(bundle: Bundle) -> int:
    """Load every network once, as a prediction will; returns how many members there are."""
    members = load_members(bundle)
    if bundle.age is not None:
        load_age(bundle)
    return len(members)


def load_members(bundle: Bundle, device: str = "cpu") -> tuple[StagedNetwork, ...]:
    """The networks, float32, in evaluation mode and without gradients for their weights."""
    return tuple(_load_member(bundle, name, device) for name in bundle.members)


def load_age(bundle: Bundle, device: str = "cpu") -> AgeNetwork:
    """The network, float32, in evaluation mode and without gradients for its weights; ModelError where the bundle has
    none, or one that does not fit its description.
    """
    import torch

    from AGE2HIELib.networks.age import AgeNetwork

    facts = require_age_facts(bundle)
    with torch.device("meta"):  # as for members
        network = AgeNetwork(build_network(facts.network, facts.network_arguments), facts.head)
    if facts.saliency_layer not in network.encoder.layers:
        raise ModelError(
            f"The model explains age at layer {facts.saliency_layer!r}, but its network has "
            f"{', '.join(network.encoder.layers)}. Export the model again."
        )
    state = unpack_weights(read_verified(bundle.folder, AGE_WEIGHTS, bundle.files), AGE_WEIGHTS)
    fill_network(network, state, AGE_WEIGHTS)
    return network.requires_grad_(False).eval().to(device)


def _load_member(bundle: Bundle, name: str, device: str) -> StagedNetwork:
    import torch

    with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
        network = build_network(bundle.network, bundle.network_arguments)
    if bundle.saliency_layer not in network.layers:
        raise ModelError(
            f"The model explains layer {bundle.saliency_layer!r}, but its network has {', '.join(network.layers)}. "
            "Export the model again."
        )
    state = unpack_weights(read_verified(bundle.folder, name, bundle.files), name)
    fill_network(network, state, name)
    network.requires_grad_(False).eval()
    _check_features(bundle, network)
    return network.to(device)


def _check_features(bundle: Bundle, network: StagedNetwork) -> None:
    import torch

    from AGE2HIELib.networks.features import first_block_features

    if bundle.cases is None:
        return
    small = torch.zeros(1, len(bundle.spec.channels), *_SMALL)
    features = first_block_features(network, small).shape[1]
    if bundle.cases.features != features:
        raise ModelError(
            f"The model remembers {bundle.cases.features} features of its training cases, but its network has "
            f"{features}. Export the model again."
        )
