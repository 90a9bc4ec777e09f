"""The weights of a bundle: read as plain numbers, without ever running what a file says, and put into networks.

They are kept as float16 and used as float32.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from AGE2HIELib.bundle.age_facts import AGE_WEIGHTS
from AGE2HIELib.bundle.reading import Bundle, read_verified_file, require_age_facts
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.preprocess.network_input import InputSpec

if TYPE_CHECKING:
    import torch
    from torch import nn

    from AGE2HIELib.networks.age import AgeNetwork
    from AGE2HIELib.networks.staged import StagedNetwork

_AGAIN = "Export the model again with age2hie, and use no weights from a source you do not trust."
_SMALL = (8, 8, 8)  # voxels of an image that only shows how many features there are


def pack_weights(state: Mapping[str, torch.Tensor]) -> bytes:
    """A ``.pt`` file with the floating-point weights rounded to float16."""
    import torch

    packed = {}
    for name, value in state.items():
        small = value.detach().cpu().contiguous()
        packed[name] = small.half() if small.is_floating_point() else small
        if not torch.isfinite(packed[name]).all():
            raise ModelError(
                f"The weights {name!r} reach {float(value.abs().max()):g}, beyond float16 or not finite. "
                "Train the network again, with a smaller learning rate or a norm."
            )
    file = io.BytesIO()
    torch.save(packed, file)
    return file.getvalue()


def unpack_weights(content: bytes, name: str) -> dict[str, torch.Tensor]:
    """Float32 weights from the bytes of a ``.pt`` file; a file that holds anything but tensors is refused."""
    import torch

    _check_container(content, name)
    try:
        state: Any = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError, AttributeError, TypeError) as problem:
        # torch's own message proposes weights_only=False: the one thing not to do, so it is not repeated.
        raise ModelError(
            f"{name} holds more than weights, or is damaged ({type(problem).__name__}). {_AGAIN}"
        ) from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{name} holds a {type(state).__name__} that is no table of tensors. {_AGAIN}")
    if any(value.layout != torch.strided for value in state.values()):
        raise ModelError(f"{name} holds tensors that are not stored number by number. {_AGAIN}")
    held = sum(value.numel() * value.element_size() for value in state.values())
    if held > len(content):  # one stored number may be repeated without end
        raise ModelError(f"{name} would unpack to {held} bytes from {len(content)}. {_AGAIN}")
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def fill_network(network: nn.Module, state: Mapping[str, torch.Tensor], name: str) -> None:
    """Put weights into a network that was built without memory (on torch's ``meta`` device)."""
    import torch

    wanted = network.state_dict()
    if wanted.keys() != state.keys():
        odd = sorted(wanted.keys() ^ state.keys())
        raise ModelError(f"{name} does not fit its network: {', '.join(odd[:4])} on one side only. {_AGAIN}")
    for key, value in state.items():
        if value.shape != wanted[key].shape or value.layout != torch.strided:
            raise ModelError(
                f"{name} does not fit its network: {key} has shape {tuple(value.shape)} instead of "
                f"{tuple(wanted[key].shape)}. {_AGAIN}"
            )
        if not np.isfinite(value.numpy()).all():  # torch's own test starts threads for each of these small arrays
            raise ModelError(f"{name} holds a value in {key} that is not finite. {_AGAIN}")
    network.load_state_dict(dict(state), assign=True)


def _check_container(content: bytes, name: str) -> None:
    """Only torch's own container: uncompressed, without TorchScript, which older torch runs whatever one asks."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError) as problem:
        raise ModelError(f"{name} is not a weights file of torch ({problem}). {_AGAIN}") from problem
    if any(entry.filename.endswith("constants.pkl") or "/code/" in entry.filename for entry in entries):
        raise ModelError(f"{name} holds a TorchScript program instead of weights. {_AGAIN}")
    unpacked_bytes = sum(entry.file_size for entry in entries)
    if unpacked_bytes > len(content) or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ModelError(f"{name} would unpack to {unpacked_bytes} bytes from {len(content)}. {_AGAIN}")


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
    _check_parts(network.encoder, facts.spec)
    state = unpack_weights(read_verified_file(bundle.folder, AGE_WEIGHTS, bundle.files), AGE_WEIGHTS)
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
    _check_parts(network, bundle.spec)
    state = unpack_weights(read_verified_file(bundle.folder, name, bundle.files), name)
    fill_network(network, state, name)
    network.requires_grad_(False).eval()
    _check_features(bundle, network)
    return network.to(device)


def _check_parts(network: StagedNetwork, spec: InputSpec) -> None:
    """A network of parts is made for images of one shape."""
    from AGE2HIELib.networks.parts import PartsNetwork

    if isinstance(network, PartsNetwork) and network.boxes.shape != spec.grid.shape:
        raise ModelError(
            f"The model's parts lie in an image of {network.boxes.shape} voxels, but it is fed {spec.grid.shape}. "
            "Export the model again."
        )


def _check_features(bundle: Bundle, network: StagedNetwork) -> None:
    import torch

    from AGE2HIELib.networks.features import first_block_features
    from AGE2HIELib.networks.parts import PartsNetwork

    if bundle.cases is None:
        return
    whole = isinstance(network, PartsNetwork) or network.only_shape is not None
    small = torch.zeros(1, len(bundle.spec.channels), *(bundle.spec.grid.shape if whole else _SMALL))
    features = first_block_features(network, small).shape[1]
    if bundle.cases.features != features:
        raise ModelError(
            f"The model remembers {bundle.cases.features} features of its training cases, but its network has "
            f"{features}. Export the model again."
        )
