"""The fold-out that checks this computer before the first prediction, and installs packages without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import workerTexts
from AGE2HIEUI.choosing import chooseFolder
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.worker import Worker


class DoctorSection:
    """``age2hie doctor`` in Slicer's own Python."""

    def __init__(self, ui: Any, worker: Worker) -> None:
        self._ui, self._label = ui, ui.doctorLabel
        self._worker = worker
        ui.doctorButton.connect("clicked()", self.check)
        ui.wheelsButton.connect("clicked()", self._chooseWheels)
        ui.wheelsCancelButton.connect("clicked()", worker.cancel)
        self._showRunning(False)

    def check(self) -> None:
        self._ask(_("Looking..."))

    def installFrom(self, folder: Path) -> None:
        """``age2hie doctor --install``: what the folder lacks is said, and then nothing is installed."""
        self._ask(_("Installing from the folder..."), f"--install={folder}")

    def _ask(self, waiting: str, *more: str) -> None:
        self._label.setText(waiting)
        self._showRunning(True)
        arguments = ("doctor", "--json", "--slicer", str(slicer.app.applicationVersion), *more)
        self._worker.start(Question(arguments, self._show))

    def _chooseWheels(self) -> None:
        folder = chooseFolder(_("Folder of packages (.whl files)"))
        if folder:
            self.installFrom(Path(folder))

    def _show(self, answer: Answer) -> None:
        self._showRunning(False)
        if answer.cancelled:
            self._label.setText(_("Cancelled."))
            return
        try:
            self._label.setText(workerTexts.doctorText(json.loads(answer.text)))
        except (ValueError, KeyError, TypeError):
            self._label.setText(workerTexts.escaped(answer.error or _("The check gave no answer.")))

    def _showRunning(self, running: bool) -> None:
        self._ui.wheelsCancelButton.setEnabled(running)
        for button in (self._ui.doctorButton, self._ui.wheelsButton):
            button.setEnabled(not running)
