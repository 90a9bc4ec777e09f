"""The libraries and the machine that a number depends on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from AGE2HIELib.release import __version__

# what reads, converts and computes; drawing and templates change no number
_LIBRARIES = ("torch", "numpy", "scipy", "SimpleITK", "nibabel", "dcm2niix")
_OF_NETWORKS = ("torch", "monai")
_OWN_NETWORK = "sfcn"  # every other one is MONAI's


@dataclass(frozen=True)
class Elsewhere:
    """Another computer, on which the networks ran: its ``machine``, and its versions of what networks are made with."""

    machine: str
    software: Mapping[str, str]


def software_versions(network: str, elsewhere: Elsewhere | None = None) -> dict[str, str]:
    """With MONAI, where it made the ``network``; of what only networks need, the versions of where they ran."""
    used = _LIBRARIES if network == _OWN_NETWORK else (*_LIBRARIES, "monai")
    return {
        "version": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in used},
        **({} if elsewhere is None else {name: elsewhere.software[name] for name in used if name in _OF_NETWORKS}),
    }


def network_software() -> dict[str, str]:
    """Versions, here, of what only networks need."""
    return {name: _version(name) for name in _OF_NETWORKS}


def machines(device: str, elsewhere: Elsewhere | None) -> str:
    """``machine``, of both computers where the networks ran on another one than the rest."""
    if elsewhere is None:
        return machine(device)
    return f"{', '.join(_system())}; the networks on another computer: {elsewhere.machine}"


def machine(device: str) -> str:
    """System, processor and its widest instructions, or the graphics card: with the libraries they choose the order in
    which sums are added up. Says nothing of whose computer it is.
    """
    import torch

    parts = _system()
    if device == "cuda":
        parts.append(torch.cuda.get_device_name())
    else:
        parts.append(torch.backends.cpu.get_cpu_capability())
    return ", ".join(parts)


def _system() -> list[str]:
    return [part for part in (f"{platform.system()} {platform.machine()}", _processor()) if part]


def _processor() -> str:
    """The model's name; Linux keeps it where ``platform`` does not look."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # Slicer's own packages may come without metadata
        return str(getattr(sys.modules.get(name), "__version__", "unknown"))
