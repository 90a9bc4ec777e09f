"""The libraries and the machine that a number depends on."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from AGE2HIELib.release import __version__

# what reads, converts and computes; drawing and templates change no number
_LIBRARIES = ("torch", "numpy", "scipy", "SimpleITK", "nibabel", "dcm2niix")
_OWN_NETWORK = "sfcn"  # every other one is MONAI's


def software_versions(network: str) -> dict[str, str]:
    """With MONAI, where it made the ``network``."""
    used = _LIBRARIES if network == _OWN_NETWORK else (*_LIBRARIES, "monai")
    return {
        "version": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in used},
    }


def machine(device: str) -> str:
    """System, processor and its widest instructions, or the graphics card: with the libraries they choose the order in
    which sums are added up. Says nothing of whose computer it is.
    """
    import torch

    parts = [f"{platform.system()} {platform.machine()}", _processor()]
    if device == "cuda":
        parts.append(torch.cuda.get_device_name())
    else:
        parts.append(torch.backends.cpu.get_cpu_capability())
    return ", ".join(part for part in parts if part)


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
