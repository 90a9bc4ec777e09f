"""torch, and whether it can use the graphics card that is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from AGE2HIELib.doctor.checks import ComputerCheck, good, notice, problem, version_at_least
from AGE2HIELib.release import REQUIREMENTS

# Not measured: no card was at hand. One member at a time on 56x64x48 voxels needs little beside CUDA's own context; who
# has less is told, and a run that finds too little goes on on the CPU.
GPU_MEMORY_GB = 2.0
_TORCH_REMEDY = "Install torch: in Slicer with the PyTorch extension (PyTorch Util), elsewhere with pip install torch."


@dataclass(frozen=True)
class Card:
    """A graphics card as NVIDIA's driver sees it; ``cuda`` is the newest CUDA that the driver can run."""

    name: str
    driver: str
    cuda: str
    memory_gb: float


def torch_and_card() -> list[ComputerCheck]:
    """Two lines: the torch build, and the device that ``--device auto`` will take."""
    card = nvidia_card()
    try:
        import torch
    except ImportError:
        return [problem("torch", "not installed", _TORCH_REMEDY), _card_line(card)]
    except OSError as error:  # a library of torch's cannot be loaded: seen with the wrong build
        return [problem("torch", f"installed, but it does not load ({error})", _TORCH_REMEDY), _card_line(card)]
    from AGE2HIELib.inference.device import choose_device

    build = torch.version.cuda
    works = choose_device("auto") == "cuda"
    return [_torch_line(torch.__version__), *device_findings(card, build, works=works)]


def device_findings(card: Card | None, build: str | None, *, works: bool) -> list[ComputerCheck]:
    """What the card, torch's CUDA build (None: a CPU build) and a trial mean for the user."""
    if card is None:
        return [good("device", "CPU; no NVIDIA graphics card was found, and none is needed")]
    label = f"{card.name}, driver {card.driver} (CUDA {card.cuda}), {card.memory_gb:.1f} GB"
    if build is None:
        text = f"CPU, although there is {label}: this torch was built without CUDA"
        return [notice("device", text, "Install torch for CUDA with Slicer's PyTorch extension to use the card.")]
    if not works:
        newer = not version_at_least(card.cuda, build)
        why = f"torch needs CUDA {build}, the driver runs up to {card.cuda}" if newer else "a trial computation failed"
        remedy = "Update the NVIDIA driver, or install the torch build for this driver with Slicer's PyTorch extension."
        return [notice("device", f"CPU, although there is {label}: {why}", remedy)]
    if card.memory_gb < GPU_MEMORY_GB:
        text = f"{label}; {GPU_MEMORY_GB:g} GB are needed"
        return [
            notice("device", text, "Choose the device 'cpu'; a run that finds too little memory goes there itself.")
        ]
    return [good("device", label)]


def nvidia_card() -> Card | None:
    """The first card that ``nvidia-smi`` lists; None where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        wanted = "--query-gpu=name,driver_version,memory.total"
        line = _output(program, wanted, "--format=csv,noheader,nounits").splitlines()[0]
        name, driver, memory = (part.strip() for part in line.split(","))
        cuda = re.search(r"CUDA Version:\s*([\d.]+)", _output(program))
        return Card(name, driver, cuda.group(1) if cuda else "unknown", float(memory) / 1024)
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout


def _torch_line(found: str) -> ComputerCheck:
    least = REQUIREMENTS["torch"]
    if version_at_least(found, least):
        return good("torch", found)
    return problem("torch", f"{found}; {least} or newer is needed", _TORCH_REMEDY)


def _card_line(card: Card | None) -> ComputerCheck:
    return good("device", card.name if card else "CPU; no NVIDIA graphics card was found, and none is needed")
