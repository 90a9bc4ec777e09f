"""The worker: ``age2hie`` in a process of its own, started and heard without waiting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import qt

from AGE2HIEUI.command import commandOf
from AGE2HIEUI.process import Ended, Process

_POLL_MS = 100


class Job(Protocol):
    """What a process is started for, and what becomes of what it says: ``run.Run`` or ``question.Question``.

    Attributes:
        closingSeconds: that a close may wait for the process, whose files go then.
    """

    closingSeconds: float

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of ``age2hie``."""

    def begin(self) -> None:
        """The process runs."""

    def fail(self, error: OSError) -> None:
        """The process could not be started."""

    def hear(self, part: bytes) -> None:
        """Take what has arrived."""

    def goOn(self) -> bool:
        """The process runs on, said at every look; False, once, where it is to be ended."""

    def cancel(self) -> None:
        """The user has asked for the end."""

    def end(self, ended: Ended) -> None:
        """The process has ended, and all it said was heard."""

    def close(self) -> None:
        """Whatever happened, it is over: leave nothing behind."""


class Worker:
    """One process at a time: a new job ends the one before. All calls come in the panel's thread, by a timer.

    Args:
        newProcess: makes a process.
        attended: whether anybody looks; a job's end waits for it.
        changed: called once a job has begun, and once it is over.
    """

    def __init__(
        self,
        newProcess: Callable[[], Process],
        attended: Callable[[], bool] = lambda: True,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._newProcess, self._attended, self._changed = newProcess, attended, changed
        self._running: tuple[Process, Job] | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.connect("timeout()", self._tick)

    @property
    def job(self) -> Job | None:
        """What runs."""
        return self._running[1] if self._running is not None else None

    def start(self, job: Job) -> None:
        self.close()
        process = self._newProcess()
        self._running = process, job
        try:
            process.start(commandOf(*job.arguments))
        except OSError as error:
            self._finish(job, partial(job.fail, error))
            return
        job.begin()
        self._timer.start()
        self._changed()

    def cancel(self) -> None:
        """The process and all it has started end; the job hears of it when they have."""
        if self._running is not None:
            process, job = self._running
            job.cancel()
            process.cancel()

    def close(self) -> None:
        """End what runs; how is not wanted any more, and nobody is told."""
        if self._running is not None:
            process, job = self._running
            if process.ended() is None:
                process.cancel()
                process.wait(job.closingSeconds)
            self._forget(job)

    def _tick(self) -> None:
        if self._running is None or not self._attended():
            return
        process, job = self._running
        if part := process.read():
            job.hear(part)
        ended = process.ended()
        if ended is not None:
            self._finish(job, partial(job.end, ended))
        elif not job.goOn():
            process.cancel()

    def _finish(self, job: Job, tell: Callable[[], None]) -> None:
        try:
            tell()
        finally:
            if self.job is job:
                self._forget(job)
                self._changed()

    def _forget(self, job: Job) -> None:
        self._running = None
        self._timer.stop()
        job.close()
