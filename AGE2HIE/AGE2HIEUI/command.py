"""The call of ``age2hie predict`` that a choice of parameters means."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from AGE2HIEUI.library import libraryParent
from AGE2HIEUI.process import Command

_PROGRAM = ("-m", "AGE2HIELib.cli")


@dataclass(frozen=True)
class Request:
    """One prediction, in files; everything optional may be left out."""

    scan: Path
    output: Path
    series: str | None = None
    zAdc: Path | None = None
    mask: Path | None = None
    model: Path | None = None
    atlas: Path | None = None
    ageDays: float | None = None
    gestationWeeks: float | None = None
    cooled: str | None = None
    saliency: str | None = None
    device: str = "auto"


def predictCommand(request: Request) -> Command:
    """``age2hie predict`` in Slicer's own Python; every option is one argument, so no name can become an option."""
    options = {
        "series": request.series,
        "z-adc": request.zAdc,
        "mask": request.mask,
        "model": request.model,
        "atlas": request.atlas,
        "age-days": request.ageDays,
        "gestation-weeks": request.gestationWeeks,
        "cooled": request.cooled,
        "saliency": request.saliency,
        "device": request.device,
        "output": request.output,
        "progress": "jsonl",
    }
    given = tuple(f"--{name}={value}" for name, value in options.items() if value is not None)
    return commandOf("predict", *given, "--", str(request.scan))


def commandOf(*arguments: str) -> Command:
    """Any call of ``age2hie`` as a child of Slicer's own Python. Raises FileNotFoundError where that is not found."""
    return Command((pythonSlicer(), *_PROGRAM, *arguments), workerEnvironment(os.environ))


def pythonSlicer() -> str:
    """Slicer's Python: PythonSlicer is on Slicer's path; a test puts a stand-in there."""
    found = shutil.which("PythonSlicer")
    if found is None:
        raise FileNotFoundError(_("PythonSlicer was not found on the path of this Slicer: install Slicer again."))
    return found


def workerEnvironment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Slicer's own environment, since its Python needs it, with our library first and UTF-8 whatever the locale."""
    before = inherited.get("PYTHONPATH")
    path = os.pathsep.join([str(libraryParent()), *([before] if before else [])])
    return {**inherited, "PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
