"""The one call of the worker that may be under way, and the bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI import texts
from AGE2HIEUI.background import Background
from AGE2HIEUI.command import WorkerCall
from AGE2HIEUI.run import Outcome, Status, WorkerRun


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

    def update(self, status: Status) -> None:
        self.bar.setValue(int(1000 * status.fraction))
        if status.stage is not None:
            self.status.setText(texts.stageText(status.stage.name, status.secondsLeft))


@dataclass(frozen=True)
class _Job:
    run: WorkerRun
    meters: Meters
    subcommand: str
    done: Callable[[Outcome], None]


class Runner:
    """Two workers at once would share the memory that one of them needs.

    Args:
        attended: whether the panel is open; a run's end waits for it.
        changed: called once a run has begun, and once it is over.
    """

    def __init__(self, background: Background, attended: Callable[[], bool], changed: Callable[[], None]) -> None:
        self._background, self._attended, self._changed = background, attended, changed
        self._job: _Job | None = None

    @property
    def subcommand(self) -> str:
        """Of what runs; empty while nothing does."""
        return self._job.subcommand if self._job is not None else ""

    @property
    def folder(self) -> Path:
        """The private folder of what runs."""
        assert self._job is not None
        return self._job.run.folder

    def start(self, run: WorkerRun, call: WorkerCall, meters: Meters, done: Callable[[Outcome], None]) -> None:
        """``done`` gets the outcome in the panel's thread; the folder goes as soon as it returns."""
        self._job = _Job(run, meters, call.subcommand, done)
        failure = run.start(call)
        if failure is not None:
            self._finish(self._job, Outcome(failure=failure))
            return
        meters.show(True)
        self._background.add(self._poll)
        self._changed()

    def cancel(self) -> None:
        """The worker and all it has started end; the scene stays as it is."""
        if self._job is not None:
            self._job.meters.status.setText(_("cancelling"))
            self._job.run.cancel()

    def close(self) -> None:
        """End what runs; its outcome is not wanted any more."""
        if self._job is not None:
            self._job.run.close()
            self._job.meters.show(False)
            self._job = None

    def _poll(self) -> bool:
        """True once the run is over."""
        if self._job is None:
            return True
        if not self._attended():
            return False
        news = self._job.run.poll()
        if isinstance(news, Status):
            if not self._job.run.cancelled:
                self._job.meters.update(news)
            return False
        self._finish(self._job, news)
        return True

    def _finish(self, job: _Job, outcome: Outcome) -> None:
        try:
            job.done(outcome)
        finally:
            job.run.close()
            self._job = None
            job.meters.show(False)
            self._changed()
