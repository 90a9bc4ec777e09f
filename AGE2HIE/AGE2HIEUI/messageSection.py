"""Where the panel says what went wrong: cause, remedy and code, and on request what the worker said."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.failureReport import failureReport
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.workerTexts import escaped


class MessageSection:
    """Part of the panel, not a pop-up; holds the failure for its details and its report.

    Args:
        ui: has ``messageFrame``, ``messageLabel``, ``detailsButton`` and ``copyReportButton``, with ``prefix`` before.
    """

    def __init__(self, ui: Any, prefix: str = "") -> None:
        def named(name: str) -> Any:
            return getattr(ui, prefix + name[0].upper() + name[1:] if prefix else name)

        self._frame, self._label, self._detailsButton = map(named, ("messageFrame", "messageLabel", "detailsButton"))
        self._failure: Failure | None = None
        self._detailsButton.connect("clicked()", self._showDetails)
        named("copyReportButton").connect("clicked()", self._copyReport)
        self.hide()

    def show(self, failure: Failure) -> None:
        self._failure = failure
        code = _("Code {code}").format(code=failure.code.value)
        self._label.setText(f"<b>{escaped(failure.message)}</b><br>{escaped(failure.remedy)}<br><small>{code}</small>")
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

    def _copyReport(self) -> None:
        if self._failure is not None:
            slicer.app.clipboard().setText(failureReport(self._failure))
