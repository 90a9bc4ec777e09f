"""The networks a model bundle may name: nothing outside this list is ever built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from AGE2HIELib.errors import ModelError

if TYPE_CHECKING:
    from AGE2HIELib.networks.staged import StagedNetwork


# Imported where they are built: a bundle can be looked at without the second that importing torch takes.
def _sfcn(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.sfcn import SFCN

    return SFCN(**arguments)


def _resnet18(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.monai_networks import resnet18

    return resnet18(**arguments)


def _densenet121(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.monai_networks import densenet121

    return densenet121(**arguments)


def _vgg(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.convolutions import vgg

    return vgg(**arguments)


def _planes(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.planes import Planes

    return Planes(**arguments)


def _slices(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.slices import SliceBag

    return SliceBag(**arguments)


def _patches(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.patches import Patches

    return Patches(**arguments)


def _global_local(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.global_local import GlobalLocal

    return GlobalLocal(**arguments)


def _scale_dense(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.scale_dense import ScaleDense

    return ScaleDense(**arguments)


def _two_stage(
    *, in_channels: int, trunk: str, trunk_arguments: Mapping[str, Any], outputs: int = 1, **arguments: Any
) -> StagedNetwork:
    from AGE2HIELib.networks.two_stage import TwoStage

    if trunk == TWO_STAGE or outputs != 1:
        raise ValueError("a two-stage network has one output and is made of two plain networks")
    first, second = (build_network(trunk, {**trunk_arguments, "in_channels": in_channels}) for _ in range(2))
    return TwoStage(first, second, **arguments)


TWO_STAGE = "two-stage"


def _covariance(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.covariance import CovarianceNetwork

    return CovarianceNetwork(**arguments)


def _autoencoder(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.autoencoder import AutoencoderNetwork

    return AutoencoderNetwork(**arguments)


def _fused(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.fused import FusedNetwork

    return FusedNetwork(**arguments)


def _streams(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.streams import StreamsNetwork

    return StreamsNetwork(**arguments)


def _swin(**arguments: Any) -> StagedNetwork:
    from AGE2HIELib.networks.swin import swin

    return swin(**arguments)


NETWORKS: dict[str, Callable[..., StagedNetwork]] = {
    "sfcn": _sfcn,
    "resnet18": _resnet18,
    "densenet121": _densenet121,
    "vgg": _vgg,
    "slab": _planes,
    "three-planes": _planes,
    "slices": _slices,
    "patches": _patches,
    "global-local": _global_local,
    "scaledense": _scale_dense,
    TWO_STAGE: _two_stage,
    "covariance": _covariance,
    "autoencoder": _autoencoder,
    "fused": _fused,
    "streams": _streams,
    "swin": _swin,
}

# Far above any network that fits the project's data; they keep a faulty file from asking for all memory.
MOST_CHANNELS = 1024
MOST_BLOCKS = 8
_COUNTS = ("in_channels", "outputs", "attention", "part", "step", "rounds", "width", "layers", "window")
_COUNTS_IN_LIST = ("dense", "shape", "sequences", "streams")


def check_network_name(name: str) -> None:
    if name not in NETWORKS:
        raise ModelError(
            f"The model asks for a network named {name!r}, which is not one of {', '.join(NETWORKS)}. "
            "Use a newer age2hie, or export the model again."
        )


def build_network(name: str, arguments: Mapping[str, Any]) -> StagedNetwork:
    """A network in evaluation mode, its weights still random.

    Args:
        name: a key of ``NETWORKS``.
        arguments: keyword arguments of its constructor, as they stand in a bundle's metadata.
    """
    check_network_name(name)
    checked = dict(arguments)
    if "channels" in checked:
        checked["channels"] = _checked_channels(checked["channels"])
    for key in _COUNTS:
        if key in checked:
            _check_count(key, checked[key])
    for key in _COUNTS_IN_LIST:
        listed = checked.get(key, [])
        if not isinstance(listed, list | tuple) or len(listed) > MOST_BLOCKS:
            raise ModelError(
                f"'{key}' is {listed!r}; it must list {MOST_BLOCKS} numbers at most. Export the model again."
            )
        for count in listed:
            _check_count(key, count)
    try:
        return NETWORKS[name](**checked).eval()
    except (TypeError, ValueError) as problem:
        raise ModelError(
            f"The network {name!r} cannot be built from {checked}: {problem}. Export the model again."
        ) from problem


def _checked_channels(channels: Any) -> tuple[int, ...]:
    if not isinstance(channels, list | tuple) or not 2 <= len(channels) <= MOST_BLOCKS:
        raise ModelError(
            f"'channels' is {channels!r}; it must list 2 to {MOST_BLOCKS} numbers. Export the model again."
        )
    for count in channels:
        _check_count("channels", count)
    return tuple(channels)


def _check_count(key: str, count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_CHANNELS:
        raise ModelError(f"'{key}' holds {count!r}; it must be 1 to {MOST_CHANNELS}. Export the model again.")
