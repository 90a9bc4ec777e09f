"""One call of the worker from the click to its output folder, driven by a timer that never waits."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from AGE2HIEUI.command import WorkerCall, commandOf
from AGE2HIEUI.process import Process
from AGE2HIEUI.protocol import REFUSED, Conversation, Failure, Stage
from AGE2HIEUI.remaining import progressOf

_SILENT_SECONDS = 600.0  # beyond what the longest stage may take
_SLOW = 10.0  # times slower than expected a stage may be before its worker counts as hung
_CLOSING_SECONDS = 3.0


@dataclass(frozen=True)
class Status:
    """For the progress bar: ``secondsLeft`` is None while nothing can be said."""

    stage: Stage | None
    fraction: float
    secondsLeft: float | None


@dataclass(frozen=True)
class Outcome:
    """How a run ended: with a folder (of a prediction or a refusal), a failure, or, cancelled by the user, neither."""

    folder: Path | None = None
    refused: bool = False
    failure: Failure | None = None


class WorkerRun:
    """Owns the worker and a private temporary folder, which ``close`` removes whatever happened."""

    def __init__(self, process: Process, clock: Callable[[], float] = time.monotonic) -> None:
        self._process = process
        self._clock = clock
        self.folder = Path(tempfile.mkdtemp(prefix="age2hie-"))  # only this user may enter it
        self._conversation: Conversation | None = None
        self._expected: Mapping[str, float] = {}
        self._stage: Stage | None = None
        self._started = self._heard = self._stageBegan = clock()
        self._cancelled = False
        self._hung = False

    @property
    def output(self) -> Path:
        """Where the worker is to write; it does not exist before, so nothing old can lie there."""
        return self.folder / "output"

    @property
    def cancelled(self) -> bool:
        """Whether it was told to end, and may still be ending."""
        return self._cancelled

    def start(self, call: WorkerCall) -> Failure | None:
        """Start the worker; a failure where it cannot be started."""
        self._conversation = Conversation(self.output, call.record, call.recordsRefusal)
        self._expected = call.seconds
        self._started = self._heard = self._stageBegan = self._clock()
        try:
            self._process.start(commandOf(*call.arguments))
        except OSError as error:
            return Failure(_("The worker cannot be started: {error}").format(error=error), _("Install AGE2HIE again."))
        return None

    def poll(self) -> Status | Outcome:
        """Take what has arrived and return at once."""
        part = self._process.read()
        assert self._conversation is not None  # from ``start`` on
        if part:
            self._heard = self._clock()
            self._conversation.hear(part)
        ended = self._process.ended()
        if ended is None:
            return self._status(self._conversation.stage)
        if self._cancelled:
            return Outcome(failure=self._hungFailure()) if self._hung else Outcome()
        failure = self._conversation.failure(ended)
        return Outcome(failure=failure) if failure else Outcome(self.output, refused=ended.code == REFUSED)

    def cancel(self) -> None:
        """End the worker and everything it has started; the outcome comes by ``poll``."""
        self._cancelled = True
        self._process.cancel()

    def close(self) -> None:
        """Leave nothing behind: no process, no file."""
        if self._process.ended() is None:
            self._process.cancel()
            self._process.wait(_CLOSING_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _status(self, stage: Stage | None) -> Status:
        now = self._clock()
        if now - self._heard > self._patience and not self._cancelled:
            self._hung = True
            self.cancel()
        if stage is None:
            return Status(None, 0.0, None)
        if stage is not self._stage:
            self._stage, self._stageBegan = stage, now
        return Status(stage, *progressOf(self._expected, stage.name, now - self._started, now - self._stageBegan))

    @property
    def _patience(self) -> float:
        """Seconds of silence: a map may take minutes, in which the worker has nothing to say."""
        return _SILENT_SECONDS + _SLOW * max(self._expected.values())

    def _hungFailure(self) -> Failure:
        message = _("The worker said nothing for {minutes:.0f} minutes and was ended.").format(
            minutes=self._patience / 60
        )
        return Failure(message, _("Try again; if it happens again, choose the device 'CPU'."))
