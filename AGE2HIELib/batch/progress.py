"""What a batch tells while it works: a bar with the time left, or an event for each case."""

from __future__ import annotations

import sys
import time
from collections.abc import Set
from typing import Protocol

from tqdm import tqdm

from AGE2HIELib.batch.case import UNUSABLE, CaseEnded
from AGE2HIELib.batch.worker import Memory
from AGE2HIELib.system.parallel import bar_seconds
from AGE2HIELib.system.progress import Progress


class CaseProgress(Protocol):
    """Where the events of a batch go."""

    def began(self, name: str) -> None:
        """A worker takes a case."""

    def ended(self, case: CaseEnded, memory: Memory) -> None:
        """A case has its row."""

    def close(self) -> None:
        """No more cases: leave the stream tidy."""


class CaseBar:
    """A bar on stderr; in a log it speaks up now and then. The time left is reckoned from cases that were done now."""

    def __init__(self, of: int, quick: Set[str]) -> None:
        self._quick, self._done_now = quick, 0
        self._bar = tqdm(total=of, desc="cases", unit="case", smoothing=0, mininterval=bar_seconds(), file=sys.stderr)

    def began(self, name: str) -> None:
        pass

    def ended(self, case: CaseEnded, memory: Memory) -> None:
        if again(case, self._quick):
            self._bar.initial += 1
            if not self._done_now:
                self._bar.unpause()  # the clock of the others has not begun
        else:
            self._done_now += 1
        self._bar.update()

    def close(self) -> None:
        self._bar.close()


class CaseEvents:
    """``--progress jsonl``: ``stage`` as a case begins, ``case`` as it ends; for ``none`` both go nowhere."""

    def __init__(self, progress: Progress, of: int, quick: Set[str]) -> None:
        self._progress, self._quick = progress, quick
        self._of, self._begun, self._ended, self._done_now = of, 0, 0, 0
        self._since = time.monotonic()

    def began(self, name: str) -> None:
        self._begun += 1
        self._progress.stage(name, self._begun, self._of)

    def ended(self, case: CaseEnded, memory: Memory) -> None:
        self._ended += 1
        if not again(case, self._quick):
            self._done_now += 1
        elif not self._done_now:
            self._since = time.monotonic()
        left = (time.monotonic() - self._since) / self._done_now * (self._of - self._ended) if self._done_now else None
        self._progress.case(
            {
                "case": case.row.case,
                "code": case.row.exit_code,
                "kept": case.kept,
                "ended": self._ended,
                "of": self._of,
                "seconds_left": None if left is None else round(left, 1),
                "worker_mb": [round(memory.now_mb), round(memory.peak_mb)],
            }
        )

    def close(self) -> None:
        pass


def again(case: CaseEnded, quick: Set[str]) -> bool:
    """Whether a case says nothing of how long the others take: it was kept, or is as unusable as before."""
    return case.kept or (case.row.case in quick and case.row.exit_code == UNUSABLE)


def make_case_progress(kind: str, progress: Progress, *, of: int, quick: Set[str]) -> CaseProgress:
    """``kind`` is one of ``progress.KINDS``; ``quick``: names of cases that an earlier call found unusable."""
    return CaseBar(of, quick) if kind == "text" else CaseEvents(progress, of, quick)
