"""Workers for the panel to meet: the real one behind a stand-in PythonSlicer, and played ones of every bad habit."""

from __future__ import annotations

import csv
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume
from AGE2HIEPlayed import event, record

REGIONS = {
    1: ("frontal cortex", "left"),
    33: ("frontal cortex", "right"),
    9: ("thalamus", "left"),
    15: ("lateral ventricle", "left"),
}


def stand_in_python(folder: Path, before: str = "") -> Path:
    """A PythonSlicer that, like Slicer's, is a launcher: the interpreter is its child. ``before``: shell lines."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "PythonSlicer"
    program.write_text(f'#!/bin/sh\n{before}\n{shlex.quote(sys.executable)} "$@" &\nwait $!\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


STAGES = [
    event(event="stage", name=name, index=n + 1, of=10, fraction=n / 10) for n, name in enumerate(("read", "model"))
]


def refused_record() -> dict[str, Any]:
    check = {
        "name": "brain volume",
        "value": 1200.0,
        "limit": "230 to 700 ml",
        "passed": False,
        "remedy": "Is this a newborn?",
    }
    return record(
        probability_adverse=None,
        interval=None,
        members=[],
        label=None,
        saliency=None,
        quality={"passed": False, "checks": [check]},
    )


def withheld_record() -> dict[str, Any]:
    """As ``refused_record``, but nothing worse than a warning."""
    held = refused_record()
    held["quality"]["checks"] = [{**held["quality"]["checks"][0], **WARNING}]
    return held


WARNING = {"name": "step between slices", "value": 0.4, "severity": "warn", "overridden": False}


def result_writer(
    affine_ras: np.ndarray,
    shape: tuple[int, int, int],
    spot: tuple[int, int, int],
    content: dict[str, Any] | None = None,
) -> Callable[[Path], None]:
    """Writes an output folder whose saliency is a ball of 2 voxels around ``spot``, the rest 0; ADC is 1000."""

    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(content or record()), encoding="utf-8")
        if (content or record())["probability_adverse"] is None:
            return
        indices = np.indices(shape)
        ball = sum((axis - at) ** 2 for axis, at in zip(indices, spot, strict=True)) <= 4
        adc = np.full(shape, 1000, np.float32)
        labels = np.where(indices[0] < shape[0] // 2, 1, 33).astype(np.int16)
        volumes = {
            "adc": adc,
            "z_adc": np.where(ball, -4, 0).astype(np.float32),
            "saliency": ball.astype(np.float32) * 0.4,
            "brain_mask": np.ones(shape, np.uint8),
            "regions": labels,
        }
        for name, array in volumes.items():
            write_volume(Volume(array, affine_ras), folder / f"{name}.nii.gz")
        with (folder / "regions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["region", "hemisphere", "volume_ml", "mean_adc_1e6_mm2_s", "mean_z", "label"])
            writer.writerows([name, side, 1.5, 1300.0, "", label] for label, (name, side) in REGIONS.items())
        (folder / "report.html").write_text("<html>Bericht für Zoë</html>", encoding="utf-8")

    return write
