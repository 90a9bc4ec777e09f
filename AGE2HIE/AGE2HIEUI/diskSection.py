"""The fields for a scan that is not in the scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.choosing import chooseFile, chooseFolder
from AGE2HIEUI.chosenInput import ChosenInput
from AGE2HIEUI.inputs import DiskInput


class DiskSection:
    """``chosen.disk`` is what the fields say; no parameter of the scene is connected to them."""

    def __init__(self, ui: Any, chosen: ChosenInput, changed: Callable[[], None]) -> None:
        self._path, self._series = ui.inputPathEdit, ui.seriesEdit
        self._chosen, self._changed = chosen, changed
        for edit in (self._path, self._series):
            edit.connect("textChanged(QString)", self._onText)
        ui.inputFolderButton.connect("clicked()", lambda: self._choose(chooseFolder(_("DICOM folder"))))
        ui.inputFileButton.connect("clicked()", lambda: self._choose(chooseFile(_("Scan"))))

    def clear(self) -> None:
        for edit in (self._path, self._series):
            edit.setText("")

    def _choose(self, path: str) -> None:
        if path:  # empty: the dialog was cancelled
            self._path.setText(path)

    def _onText(self, _text: Any) -> None:
        self._chosen.disk = DiskInput(self._path.text, self._series.text.strip())
        self._changed()
