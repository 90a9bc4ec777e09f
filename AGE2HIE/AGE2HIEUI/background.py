"""One timer for everything that runs beside the panel."""

from __future__ import annotations

from collections.abc import Callable

import qt

POLL_MS = 100


class Background:
    """Calls each job every 100 ms in the panel's thread until it says that it is done; no job may wait."""

    def __init__(self) -> None:
        self._jobs: list[Callable[[], bool]] = []
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._tick)

    def add(self, job: Callable[[], bool]) -> None:
        """``job`` returns True once it is done."""
        self._jobs.append(job)
        self._timer.start()

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()
        self._timer.stop()

    def _tick(self) -> None:
        for job in list(self._jobs):
            if job() and job in self._jobs:
                self._jobs.remove(job)
        if not self._jobs:
            self._timer.stop()
