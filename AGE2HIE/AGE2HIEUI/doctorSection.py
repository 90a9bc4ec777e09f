"""The fold-out that checks this computer before the first prediction."""

from __future__ import annotations

import json
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import workerTexts
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.worker import Worker


class DoctorSection:
    """``age2hie doctor`` in Slicer's own Python."""

    def __init__(self, ui: Any, worker: Worker) -> None:
        self._label = ui.doctorLabel
        self._worker = worker
        ui.doctorButton.connect("clicked()", self.check)

    def check(self) -> None:
        self._label.setText(_("Looking..."))
        arguments = ("doctor", "--json", "--slicer", str(slicer.app.applicationVersion))
        self._worker.start(Question(arguments, self._show))

    def _show(self, answer: Answer) -> None:
        try:
            self._label.setText(workerTexts.doctorText(json.loads(answer.text)))
        except (ValueError, KeyError, TypeError):
            self._label.setText(workerTexts.escaped(answer.error or _("The check gave no answer.")))
