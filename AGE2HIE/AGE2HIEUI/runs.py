"""Clicks that start the worker, and what becomes of what it has made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import checkTexts, display, panel, resume
from AGE2HIEUI.chosenInput import InputKey
from AGE2HIEUI.clinicalSection import ClinicalSection
from AGE2HIEUI.codes import Code
from AGE2HIEUI.command import WorkerCall
from AGE2HIEUI.compareSection import CompareSection
from AGE2HIEUI.logic import Logic
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.protocol import Failure, ResultRejected
from AGE2HIEUI.ready import NotReady, ready
from AGE2HIEUI.record import BadRecord, readQuality
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.run import Meters, Outcome, Run
from AGE2HIEUI.state import PanelState, Verdict
from AGE2HIEUI.worker import Worker


class PanelParts(Protocol):
    """What a run needs of the panel: ``widget.Widget`` has it."""

    ui: Any
    logic: Logic
    state: PanelState
    worker: Worker
    meters: Meters
    message: MessageSection
    results: ResultSection
    comparisons: CompareSection
    clinical: ClinicalSection

    def refresh(self) -> None:
        """Show what belongs to the chosen scan."""

    def fail(self, key: InputKey, failure: Failure) -> None:
        """Say it in the panel, and show no result beside it."""


class Runs:
    """Acts on the panel's parts, which ``widget`` holds.

    Args:
        requirements: file that lists the packages of a prediction.
        beforeInstalling: called where some of them are missing, since Slicer may be restarted then.
    """

    def __init__(self, widget: PanelParts, requirements: Path, beforeInstalling: Callable[[], None]) -> None:
        self._widget, self._requirements, self._beforeInstalling = widget, requirements, beforeInstalling

    def predict(self, override: tuple[str, ...] = ()) -> None:
        """Install what is missing, write the input, start the worker."""
        widget = self._widget
        given = (widget.state.parameters, panel.ageDays(widget.ui), override, widget.clinical.given)
        self._start(lambda: widget.logic.prepare(*given), self._predicted)

    def check(self) -> None:
        """The quality gate alone."""
        widget = self._widget
        given = (widget.state.parameters, panel.ageDays(widget.ui))
        self._start(lambda: widget.logic.prepareCheck(*given), self._checked)

    def override(self) -> None:
        """The number that a warning has kept back, if the user says so once more."""
        result = self._widget.state.refusal
        if result is not None and slicer.util.confirmYesNoDisplay(checkTexts.overrideText(result.quality.checks)):
            self.predict(result.quality.to_override)

    def compare(self) -> None:
        """As a prediction, of the same input; its result stays on the screen."""
        widget = self._widget
        widget.comparisons.message.hide()
        key, result = widget.state.key, widget.results.record
        given = (widget.state.parameters, panel.ageDays(widget.ui), result)
        call = self._ready(lambda: widget.logic.prepareComparison(*given), widget.comparisons.message.show)
        if call is not None:
            done = lambda outcome: self._compared(outcome, key, result)  # noqa: E731
            widget.worker.start(Run(call, widget.comparisons.meters, done))

    def _start(self, prepare: Callable[[], WorkerCall], done: Callable[[Outcome, InputKey], None]) -> None:
        """A run whose outcome stands in the place of the result."""
        widget = self._widget
        widget.message.hide()
        widget.state.remember(None)
        key = widget.state.key
        call = self._ready(prepare, lambda failure: widget.fail(key, failure))
        if call is not None:
            widget.worker.start(Run(call, widget.meters, lambda outcome: self._ended(outcome, key, done)))

    def _ended(self, outcome: Outcome, key: InputKey, done: Callable[[Outcome, InputKey], None]) -> None:
        """A run that was ended by a restart of Slicer does not come here."""
        resume.forget()
        done(outcome, key)

    def _ready(self, prepare: Callable[[], WorkerCall], fail: Callable[[Failure], None]) -> WorkerCall | None:
        try:
            return ready(
                self._requirements,
                prepare,
                self._beforeInstalling,
                networks=not self._widget.logic.elsewhere.named,
            )
        except NotReady as error:
            resume.forget()
            fail(error.failure)
            return None

    def _predicted(self, outcome: Outcome, key: InputKey) -> None:
        """A run ends in one of four ways: cancelled, failed, refused, predicted."""
        try:
            if outcome.failure is not None:
                self._widget.fail(key, outcome.failure)
            elif outcome.folder is not None:
                self._take(outcome.folder, key, refused=outcome.refused)
        except ResultRejected as error:
            self._widget.fail(self._widget.state.key, error.failure)

    def _take(self, folder: Path, key: InputKey, *, refused: bool) -> None:
        widget = self._widget
        widget.logic.chosen.checkUnchanged(key)
        result, record = widget.logic.load(folder, widget.state.parameters, key, refused=refused)
        if record is None:
            widget.state.remember(Verdict(key, result))
        elif key == widget.state.key:
            display.showResult(record, display.lookOf(widget.state.parameters))

    def _checked(self, outcome: Outcome, key: InputKey) -> None:
        widget = self._widget
        try:
            if outcome.failure is not None:
                widget.fail(key, outcome.failure)
            elif outcome.answer is not None:
                widget.logic.chosen.checkUnchanged(key)
                widget.state.remember(Verdict(key, check=readQuality(outcome.answer)))
        except ResultRejected as error:
            widget.fail(widget.state.key, error.failure)
        except BadRecord as error:
            message = _("The answer cannot be read: {error}").format(error=error)
            widget.fail(key, Failure(Code.BAD_RESULT, message, _("Try again; if it happens again, report it.")))

    def _compared(self, outcome: Outcome, key: InputKey, result: Any) -> None:
        """Whatever happens to a comparison, the result that it was asked for stays as it is."""
        widget = self._widget
        try:
            if outcome.failure is not None:
                widget.comparisons.message.show(outcome.failure)
            elif outcome.folder is not None:
                widget.logic.chosen.checkUnchanged(key)
                if not slicer.mrmlScene.IsNodePresent(result):
                    raise ResultRejected(
                        Failure(Code.GONE, _("The result was removed meanwhile."), _("Predict again."))
                    )
                widget.logic.loadComparison(outcome.folder, widget.state.parameters, result)
                widget.refresh()
                if widget.results.record is result:
                    widget.comparisons.show()
        except ResultRejected as error:
            widget.comparisons.message.show(error.failure)
