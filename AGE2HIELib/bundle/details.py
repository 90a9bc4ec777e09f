"""What an installed model is, for the list from which it is chosen, and its removal.

The standard library is enough to read this file, so that Slicer's panel can do so before anything is installed. Nothing
is verified here: whoever uses a model has ``read_bundle`` check every file.
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import installed_models

CARD = "docs/README.md"
_LICENCE = "LICENSE"
_CHANNELS = {"adc": "ADC", "z_adc": "z-map of ADC", "t1": "T1", "log_jacobian": "local volume"}


@dataclass(frozen=True)
class ModelDetails:
    """Attributes:
    size_bytes: of all its files.
    licence: as its licence file begins; empty where it has none.
    task: what it predicts, and of whom.
    inputs: the maps that it reads, such as "ADC, z-map of ADC".
    installed: the day on which its files came here.
    """

    size_bytes: int
    licence: str
    task: str
    inputs: str
    installed: date


def model_details(folder: Path) -> ModelDetails:
    """Raises ModelError where the folder cannot be read."""
    try:
        described = folder / "configs" / "metadata.json"
        metadata = json.loads(described.read_text(encoding="utf-8"))
        channels = [str(channel["name"]) for channel in metadata["age2hie"]["network_input"]["channels"]]
        return ModelDetails(
            size_bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            licence=_licence(folder / _LICENCE),
            task=str(metadata.get("task", "")),
            inputs=", ".join(_CHANNELS.get(name, name) for name in channels),
            installed=date.fromtimestamp(described.stat().st_mtime),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The model {folder.name!r} cannot be described ({type(error).__name__}). Install it again."
        ) from error


@dataclass(frozen=True)
class ReferenceScores:
    """Sorted scores, 0..1, of cases of either outcome by networks that had not seen them, calibrated as a scan's is."""

    favourable: tuple[float, ...]
    adverse: tuple[float, ...]


def reference_scores(folder: Path, kind: str) -> ReferenceScores | None:
    """Where a score lies among others'; None for a bundle that keeps none, or none for input of this ``kind``."""
    try:
        scores = json.loads((folder / "configs" / "cases.json").read_text(encoding="utf-8"))["scores"][kind]
        metadata = json.loads((folder / "configs" / "metadata.json").read_text(encoding="utf-8"))
        calibration = metadata["age2hie"]["readings"][kind]["calibration"]
        slope, intercept = float(calibration["slope"]), float(calibration["intercept"])

        def calibrated(name: str) -> tuple[float, ...]:
            return tuple(1 / (1 + math.exp(-(intercept + slope * float(logit)))) for logit in scores[name])

        return ReferenceScores(calibrated("favourable"), calibrated("adverse"))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def read_model_card(folder: Path) -> str:
    """The card in Markdown. Raises ModelError where there is none."""
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"The model {folder.name!r} has no card that can be read. Install it again.") from error


def delete_model(folder: Path) -> None:
    """Remove an installed model from the disk.

    Raises:
        ModelError: it is the bundled one or not installed, or its files cannot be removed.
    """
    bundled, *installed = installed_models()
    if folder == bundled or folder not in installed:
        raise ModelError(f"{folder.name!r} is no model that was installed. Choose one that was.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(
            f"The model {folder.name!r} cannot be deleted ({error.strerror}). Close the programs that use it."
        ) from error


def _licence(path: Path) -> str:
    """Title and version, which are its first lines that are not empty."""
    if not path.is_file():
        return ""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " ".join(lines[:2]).split(",")[0][:80]
