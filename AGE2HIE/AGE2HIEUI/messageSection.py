"""Where the panel says what went wrong: cause, remedy, and on request what the worker said."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import texts
from AGE2HIEUI.protocol import Failure


class MessageSection:
    """Part of the panel, not a pop-up; holds the failure for its details."""

    def __init__(self, frame: Any, label: Any, detailsButton: Any) -> None:
        self._frame, self._label, self._detailsButton = frame, label, detailsButton
        self._failure: Failure | None = None
        detailsButton.connect("clicked()", self._showDetails)
        self.hide()

    def show(self, failure: Failure) -> None:
        self._failure = failure
        self._label.setText(f"<b>{texts.escaped(failure.message)}</b><br>{texts.escaped(failure.remedy)}")
        self._detailsButton.setVisible(bool(failure.details))
        self._frame.setVisible(True)

    def hide(self) -> None:
        self._failure = None
        self._frame.setVisible(False)
        self._label.setText("")

    def _showDetails(self) -> None:
        if self._failure is not None:
            details = self._failure.details
            slicer.util.infoDisplay(self._failure.message, windowTitle=_("AGE2HIE"), detailedText=details)
