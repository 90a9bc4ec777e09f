"""Slicer's own ``ScriptedLoadableModule``, ``parameterNodeWrapper``, ``packaging`` and ``i18n`` in place of the
stand-ins, from a folder with a copy of Slicer's sources or an installed Slicer.

They run over the host's widgets and application. Only pip is played: nothing is installed, and nobody is asked.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import subprocess
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

import slicer

FOLDER_VARIABLE = "SLICER_HOST_SOURCES"
OWN = ("i18n", "packaging", "ScriptedLoadableModule", "parameterNodeWrapper")
_PLACES = (".", "slicer", "Base/Python/slicer", "bin/Python/slicer")  # of the package, below the folder

# Widgets that the connectors of the parameter node wrapper ask for by name. The host has none of them: a .ui file that
# uses one is refused as before.
_CTK = (
    "ctkCheckBox",
    "ctkCheckablePushButton",
    "ctkColorPickerButton",
    "ctkComboBox",
    "ctkDirectoryButton",
    "ctkDoubleRangeSlider",
    "ctkDoubleSlider",
    "ctkDoubleSpinBox",
    "ctkPathLineEdit",
    "ctkRangeWidget",
)
_QMRML = ("qMRMLRangeWidget", "qMRMLSliderWidget", "qMRMLSpinBox")


def slicersFolder() -> Path | None:
    """The package ``slicer`` in the folder that the environment names; None where it names none. Raises OSError."""
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        return None
    for place in _PLACES:
        package = Path(named).resolve() / place
        if all((package / name).is_dir() or (package / f"{name}.py").is_file() for name in OWN):
            return package
    raise FileNotFoundError(f"{named} holds no copy of Slicer's sources: no folder with {', '.join(OWN)}")


def useSlicersOwn(package: Path, recorder: Any, ctk: Any) -> None:
    """``import slicer.packaging`` and its like find Slicer's own from now on."""
    for owner, names in ((ctk, _CTK), (slicer, _QMRML)):
        for name in names:
            setattr(owner, name, type(name, (QWidget,), {}))
    slicer.__path__.append(str(package))
    for name in OWN:
        module = importlib.import_module(f"slicer.{name}")
        if Path(str(module.__file__)).resolve().is_relative_to(package):
            continue
        raise ImportError(f"slicer.{name} comes from {module.__file__}, not from {package}")
    _playPip(recorder)


def _playPip(recorder: Any) -> None:
    """Below ``slicer.packaging``: what is installed, the user's answer, and the call of pip."""
    version = importlib.metadata.version

    def installed(name: str) -> str:
        if name in recorder.missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    def call(
        module: str, arguments: list[str], blocking: bool = True, logCallback: Any = None, completedCallback: Any = None
    ) -> None:
        if module != "pip" or arguments[0] != "install":
            raise NotImplementedError(f"the host plays no {module} {arguments[0]}")
        code = int(recorder.pipFails)
        if not code:
            names = arguments[1 : arguments.index("-c")] if "-c" in arguments else arguments[1:]
            recorder.install(names, arguments[arguments.index("-c") + 1] if "-c" in arguments else None)
        if completedCallback is not None:
            completedCallback(code)
        elif code:
            raise subprocess.CalledProcessError(code, ["pip"])

    vars(importlib.metadata)["version"] = installed
    slicer.util.executePythonModule = call
    slicer.util.confirmOkCancelDisplay = lambda *arguments, **options: not recorder.refuse
    slicer.util.errorDisplay = lambda *arguments, **options: None
