"""Questions one after another, each answered in a process that is ended where nobody waits for the answer any more."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from AGE2HIELib.errors import InputError
from AGE2HIELib.serving.work import begin, error_line, ready

try:
    from pebble import ProcessExpired, ProcessPool
except ImportError as problem:
    raise InputError("'serve' needs the package pebble, which is not installed: pip install pebble") from problem

_START_S = 300.0  # torch on a slow disk, a driver that wakes up
_DIED, _SLOW = 1, 2
Work = Callable[[bytes, str], str]


class WorkQueue:
    """One process, which loads torch once and answers one question at a time.

    Args:
        device: where the networks run.
        waiting: questions that may wait.
        seconds: longest time for one.
        work: what the process does with a question; importable by name.
    """

    def __init__(self, device: str, waiting: int, seconds: float, work: Work) -> None:
        self._device, self._most, self._seconds, self._work = device, waiting + 1, seconds, work
        self._lock = threading.Lock()
        self._entered: list[Future[str]] = []
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=1, initializer=begin, context=context)

    def start(self) -> str:
        """The device that answers are computed on; InputError where it is not there."""
        future: Future[str] = self._pool.schedule(ready, args=[self._device], timeout=_START_S)
        return future.result()

    def enter(self, body: bytes) -> Future[str] | None:
        """A question's place in the queue; None where too many wait."""
        with self._lock:
            self._entered = [one for one in self._entered if not one.done()]
            if len(self._entered) >= self._most:
                return None
            future: Future[str] = self._pool.schedule(self._work, args=[body, self._device], timeout=self._seconds)
            self._entered.append(future)
            return future

    def ahead(self, future: Future[str]) -> int:
        """How many are answered before it."""
        with self._lock:
            return sum(not one.done() for one in self._entered[: self._entered.index(future)])

    def stop(self) -> None:
        """At once: the process is ended."""
        self._pool.stop()
        self._pool.join()


def outcome(future: Future[str], seconds: float) -> str:
    """The line that a question ends with; ``future`` is done."""
    try:
        return future.result()
    except CancelledError:
        return error_line(_SLOW, "The question was cancelled. Ask again.")
    except TimeoutError:
        return error_line(_SLOW, f"The answer took more than {seconds:g} s. Ask for a quicker method.")
    except ProcessExpired as died:
        return error_line(_DIED, f"The process of the networks ended ({died.exitcode}). Its memory may have run out.")
    except Exception as error:  # of the pool itself
        return error_line(_DIED, f"A defect of age2hie ({type(error).__qualname__}). Please report it.")
