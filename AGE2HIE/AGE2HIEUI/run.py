"""One run of ``age2hie predict``, ``check`` or ``explain``: what the worker says, how far it is, what came of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI import workerTexts
from AGE2HIEUI.codes import Code
from AGE2HIEUI.command import WorkerCall
from AGE2HIEUI.process import Ended
from AGE2HIEUI.protocol import REFUSED, Failure, Heard, ending, failureOf, heard
from AGE2HIEUI.remaining import progressOf

_SILENT_SECONDS = 600.0  # beyond what the longest stage may take
_SLOW = 10.0  # times slower than expected a stage may be before its worker counts as hung


@dataclass(frozen=True)
class Outcome:
    """How a run ended: with a folder (of a prediction or a refusal), an answer, a failure, or, cancelled by the user,
    none of them.
    """

    folder: Path | None = None
    answer: Mapping[str, Any] | None = None
    refused: bool = False
    failure: Failure | None = None


@dataclass(frozen=True)
class Meters:
    """The widgets beside the button that was clicked."""

    bar: Any
    status: Any
    cancel: Any

    def show(self, running: bool) -> None:
        """While a worker runs, only Cancel can be clicked."""
        self.cancel.setEnabled(running)
        self.bar.setVisible(running)
        self.status.setVisible(running)
        if running:
            self.bar.setValue(0)
            self.status.setText("")

    def update(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        self.bar.setValue(int(1000 * fraction))
        if stage:
            self.status.setText(workerTexts.stageText(stage, secondsLeft))


class Run:
    """A job of the worker, which owns the call's private folder from now on.

    Args:
        done: gets the outcome; the folder goes as soon as it returns.
    """

    closingSeconds = 3.0

    def __init__(
        self,
        call: WorkerCall,
        meters: Meters,
        done: Callable[[Outcome], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.call, self._meters, self._done, self._clock = call, meters, done, clock
        self._expected = call.seconds
        self._heard = Heard()
        self._started = self._spoke = self._stageBegan = clock()
        self._cancelled = self._hung = False

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.call.arguments

    def begin(self) -> None:
        self._started = self._spoke = self._stageBegan = self._clock()
        self._meters.show(True)

    def fail(self, error: OSError) -> None:
        message = _("The worker cannot be started: {error}").format(error=error)
        self._done(Outcome(failure=Failure(Code.NOT_STARTED, message, _("Install AGE2HIE again."))))

    def hear(self, part: bytes) -> None:
        before, self._heard = self._heard.stage, heard(self._heard, part, self.call.output)
        self._spoke = self._clock()
        if self._heard.stage is not before:
            self._stageBegan = self._spoke

    def goOn(self) -> bool:
        if self._cancelled or self._hung:
            return True
        now = self._clock()
        self._showProgress(now)
        self._hung = now - self._spoke > self._patience
        return not self._hung

    def cancel(self) -> None:
        self._cancelled = True
        self._meters.status.setText(_("cancelling"))

    def end(self, ended: Ended) -> None:
        self._done(self._outcome(ended))

    def close(self) -> None:
        shutil.rmtree(self.call.folder, ignore_errors=True)
        self._meters.show(False)

    @property
    def _patience(self) -> float:
        """Seconds of silence: a map may take minutes, in which the worker has nothing to say."""
        return _SILENT_SECONDS + _SLOW * max(self._expected.values())

    def _showProgress(self, now: float) -> None:
        stage = self._heard.stage
        if stage is None:
            self._meters.update(0.0, "", None)
        else:
            passed = now - self._started, now - self._stageBegan
            fraction, secondsLeft = progressOf(self._expected, stage.name, *passed)
            self._meters.update(fraction, stage.name, secondsLeft)

    def _outcome(self, ended: Ended) -> Outcome:
        if self._hung:
            minutes = self._patience / 60
            message = _("The worker said nothing for {minutes:.0f} minutes and was ended.").format(minutes=minutes)
            return Outcome(
                failure=Failure(Code.SILENT, message, _("Try again; if it happens again, choose the device 'CPU'."))
            )
        if self._cancelled:
            return Outcome()
        failure = failureOf(self._heard, ended, self.call)
        if failure is not None:
            return Outcome(failure=failure)
        refused = ended.code == REFUSED
        if self.call.answer:
            return Outcome(answer=ending(self._heard, self.call).answer, refused=refused)
        return Outcome(self.call.output, refused=refused)
