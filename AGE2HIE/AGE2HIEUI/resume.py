"""After a restart that an installation asked for: the module with the chosen scan, and the click that was made.

Where the scan lies is written into the user's own settings while packages are installed, and at no other time: it is
removed when the run that was asked for has ended, and at the next start in any case.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import slicer

from AGE2HIEUI.inputs import DiskInput

_MARK = "AGE2HIE/afterRestart"
_LONGEST_SECONDS = 900.0  # an older mark is of a start that nobody remembers


def remember(node: Any, disk: DiskInput) -> None:
    """The chosen scan: a path, or a node that lies in one file; of any other, the module alone is opened again."""
    place = {"path": disk.path, "series": disk.series} if disk.path else {"file": _fileOf(node)}
    slicer.app.userSettings().setValue(_MARK, json.dumps({**place, "time": time.time()}))


def forget() -> None:
    slicer.app.userSettings().remove(_MARK)


def resume() -> None:
    """At Slicer's start: nothing where no installation was under way."""
    mark = _taken()
    if mark is None:
        return
    slicer.util.selectModule("AGE2HIE")
    widget = slicer.util.getModuleWidget("AGE2HIE")
    if mark.get("path"):
        widget.ui.inputPathEdit.setText(mark["path"])
        widget.ui.seriesEdit.setText(mark.get("series", ""))
    elif mark.get("file") and Path(mark["file"]).is_file():
        widget.ui.inputSelector.setCurrentNode(slicer.util.loadVolume(mark["file"]))
    else:
        return
    if widget.ui.predictButton.enabled:
        widget.ui.predictButton.click()


def _taken() -> dict[str, Any] | None:
    """The mark, which is gone then; None where there is none that is young and whole."""
    text = slicer.app.userSettings().value(_MARK)
    forget()
    try:
        mark = json.loads(str(text)) if text else None
        young = mark is not None and 0 <= time.time() - float(mark["time"]) < _LONGEST_SECONDS
    except (ValueError, KeyError, TypeError):
        return None
    return dict(mark) if young and mark is not None else None


def _fileOf(node: Any) -> str:
    storage = node.GetStorageNode() if node is not None else None
    return (storage.GetFileName() or "") if storage is not None else ""
