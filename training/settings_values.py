"""Values of settings that pydantic's own types cannot tell right from wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from AGE2HIELib.pipeline.request import (
    ANOMALY,
    ATTENTION,
    EVIDENCE,
    LOCAL,
    NETWORK_METHODS,
    RESIDUALS,
    SALIENCY_METHODS,
)

NetworkName = Literal[
    "sfcn",
    "resnet18",
    "densenet121",
    "scaledense",
    "vgg",
    "slab",
    "three-planes",
    "slices",
    "patches",
    "global-local",
    "covariance",
    "autoencoder",
    "fused",
    "streams",
    "swin",
]
_MOST = 1024
# What network.options may say; everything else about a network follows from the other settings and the grid.
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "scaledense": ("width", "layers"),
    "slab": ("dense",),
    "three-planes": ("dense",),
    "slices": ("attention", "dense"),
    "global-local": ("rounds",),
    "covariance": ("taps",),
    "autoencoder": ("latent",),
    "swin": ("window",),
}
_MAP_OF = {
    ATTENTION: ("slices",),
    LOCAL: ("patches", "global-local"),
    RESIDUALS: ("covariance",),
    EVIDENCE: ("covariance",),
    ANOMALY: ("autoencoder",),
}


def check_options(network: str, options: Mapping[str, Any]) -> None:
    """ValueError for an option that this network lacks, and for one that is no count (or list of counts)."""
    allowed = _OPTIONS.get(network, ())
    for name, value in options.items():
        if name not in allowed:
            known = f"has {', '.join(allowed)}" if allowed else "has none"
            raise ValueError(
                f"the setting network.options names '{name}', and the network {network} {known}: leave it out"
            )
        listed = value if name == "dense" and isinstance(value, list | tuple) else [value]
        if not all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= _MOST for n in listed):
            wanted = f"a list of whole numbers from 1 to {_MOST}" if name == "dense" else f"1 to {_MOST}"
            raise ValueError(f"the setting network.options says {name}: {value!r}; it must be {wanted}")
        if name == "dense" and listed == [value]:
            raise ValueError(f"the setting network.options says dense: {value!r}; it must be a list, such as [{value}]")


def check_map(network: str, method: str) -> None:
    """ValueError for a map that this network does not hold."""
    holders = _MAP_OF.get(method, (network,))
    if network not in holders:
        raise ValueError(
            f"the setting explain.method {method} is a map of {' and '.join(holders)}, and network.name is {network}"
        )


def cases_by_site(value: Any) -> Any:
    """ValueError for other sites than the two, and for ``{MGH=12}``, which YAML takes as a name without a value."""
    if isinstance(value, Mapping) and any(number is None for number in value.values()):
        raise ValueError("write numbers of cases with colons, as in hie.cases={MGH: 12, BCH: 10}")
    if isinstance(value, Mapping) and not set(value) <= {"MGH", "BCH"}:
        raise ValueError("synthetic sites are MGH and BCH")
    return value


def number_or_folder(value: Any) -> Any:
    """A whole number from 0, or the name of a folder; ValueError for anything else."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or value == ""
        or (isinstance(value, int) and value < 0)
    ):
        raise ValueError("give a number of synthetic infants, 0 for none, or a folder")
    return value


def number_or_all(value: Any) -> Any:
    """A whole number from 0, or ``all``; ValueError for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not whole and value != "all":
        raise ValueError("give a number of infants, 0 for none, or all")
    return value


def known_method(name: str) -> str:
    """The name of a saliency method; ValueError where there is no such one."""
    every = (*SALIENCY_METHODS, *NETWORK_METHODS)
    if name not in every:
        raise ValueError(f"choose one of {', '.join(every)}")
    return name
