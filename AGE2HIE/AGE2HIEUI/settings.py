"""The user's choices of method and look, kept by Slicer from one start to the next.

Nothing of an infant is among them: neither a scan, nor its age, gestation or treatment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

_GROUP = "AGE2HIE/choices1/"  # another number where a parameter's values change their meaning
KEPT = (
    "model",
    "prevalence",
    "atlasFolder",
    "saliencyMethod",
    "device",
    "align",
    "earlierResults",
    "layer",
    "threshold",
    "opacity",
    "colours",
    "showAtlasOutline",
    "examine",
    "compareMethods",
    "compareTarget",
    "compareShare",
    "compareOpacity",
)
_FOLDERS = ("model", "atlasFolder")  # which may have been deleted since


def restoreChoices(parameterNode: Any, *, newScene: bool = False) -> None:
    """Give a new parameter node what the user chose last; one that has values, as from a saved scene, keeps them.

    Args:
        newScene: the scene was closed: the node stays, and Slicer has written its defaults into it by now.
    """
    stored = slicer.app.userSettings()
    for name in KEPT:
        text = stored.value(_GROUP + name)
        if text is None or (parameterNode.HasParameter(name) and not newScene):
            continue
        if name in _FOLDERS and text and not Path(str(text)).is_dir():
            continue
        parameterNode.SetParameter(name, str(text))


def rememberChoices(parameterNode: Any) -> None:
    """Called after every change; writes what differs from what is kept."""
    stored = slicer.app.userSettings()
    for name in KEPT:
        text = parameterNode.GetParameter(name) if parameterNode.HasParameter(name) else None
        if text is not None and str(stored.value(_GROUP + name)) != text:
            stored.setValue(_GROUP + name, text)


def forgetChoices() -> None:
    """Those that a parameter no longer takes, as after a version that knew other values."""
    slicer.app.userSettings().remove(_GROUP.rstrip("/"))
