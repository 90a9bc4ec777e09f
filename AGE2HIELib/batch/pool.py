"""Work on many items in child processes, of which each may die, hang or grow without taking the others with it.

``concurrent.futures`` gives up every item when one process dies; Pebble fails that item alone, and ends one that takes
too long. Each worker is a Pebble pool of one process: so it can be replaced for the memory that it keeps, which Pebble
does not look at, and shares no pipe with others, which a process that is killed as it reads would leave locked. A
process is used for many items, because loading the model takes as long as half a prediction.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

from AGE2HIELib.batch.engine import LISTEN_S, NOBODY, STARTS, ItemEnd, Limits, Listener
from AGE2HIELib.batch.worker import WorkerAnswer, prepare_worker, work_on
from AGE2HIELib.errors import InputError
from AGE2HIELib.system.parallel import one_thread_for_children

try:
    from pebble import ProcessExpired, ProcessFuture, ProcessPool
except ImportError as problem:  # Slicer's panel does without, and so does not install it
    raise InputError("'batch' needs the package pebble, which is not installed: pip install pebble") from problem


@dataclass
class _Worker:
    """``current`` is what it does: the work on item ``number``, or where that is None its preparation."""

    pool: ProcessPool
    current: ProcessFuture[WorkerAnswer]
    since: float
    number: int | None = None
    done: int = 0
    process: BaseProcess | None = None  # once it is prepared


@dataclass
class Pool:
    """Runs ``work(prepare(), item)`` for every item, at most ``jobs`` at a time; both must be importable by name."""

    prepare: Callable[[], Any]
    work: Callable[[Any, Any], Any]
    jobs: int
    limits: Limits = field(default_factory=Limits)
    _workers: list[_Worker] = field(default_factory=list)
    _failed_starts: int = 0

    def run(self, items: Sequence[Any], listener: Listener = NOBODY) -> Generator[ItemEnd, None, None]:
        """Each item once, as it ends. Leaving the loop early, by an error or a signal, ends the workers.

        Raises:
            InputError: the preparation found something unusable, which would be so for every item.
            RuntimeError: the preparation has a defect, or workers die before they can take an item.
        """
        waiting = deque(enumerate(items))
        try:
            while waiting or any(worker.number is not None for worker in self._workers):
                self._hire(len(waiting))
                if not wait([worker.current for worker in self._workers], LISTEN_S, FIRST_COMPLETED).done:
                    listener.idle()
                for worker in [worker for worker in self._workers if self._speaks(worker)]:
                    ended = self._hear(worker)
                    if ended is not None:
                        yield ended
                    self._give(worker, waiting, listener)
        finally:
            self._dismiss(self._workers)

    def _hire(self, waiting: int) -> None:
        idle = sum(worker.number is None for worker in self._workers)
        for _ in range(min(self.jobs - len(self._workers), waiting - idle)):
            one_thread_for_children()
            pool = ProcessPool(1, context=multiprocessing.get_context("spawn"))
            with _deaf_to_interrupts():
                start = pool.schedule(prepare_worker, (self.prepare,))
            self._workers.append(_Worker(pool, start, time.monotonic()))

    def _speaks(self, worker: _Worker) -> bool:
        """It has ended what it does, or has had its time to start; Pebble's clock begins when it has."""
        late = worker.number is None and time.monotonic() - worker.since > self.limits.start_seconds
        return worker.current.done() or late

    def _hear(self, worker: _Worker) -> ItemEnd | None:
        """How the item in its hands has ended; None where it was starting."""
        number, worker.number = worker.number, None
        try:
            done = worker.current.result(timeout=0)
        except TimeoutError:
            limit = self.limits.start_seconds if number is None else self.limits.seconds
            done = WorkerAnswer(None, f"It did not end within {limit / 60:.3g} minutes.")
        except (ProcessExpired, BrokenProcessPool, SystemExit) as error:
            done = WorkerAnswer(None, death_in_words(_exit_code(error, worker.process)))
        worker.done += number is not None
        if done.failure or worker.done >= self.limits.items or done.memory.now_mb > self.limits.memory_mb:
            self._dismiss([worker])
        if number is not None:
            return ItemEnd(number, done.result, done.failure, done.memory)
        worker.process = next((each for each in multiprocessing.active_children() if each.pid == done.result), None)
        self._failed_starts = self._failed_starts + 1 if done.failure else 0
        if self._failed_starts >= STARTS:
            raise RuntimeError(f"{STARTS} workers in turn ended before their first case. {done.failure}")
        return None

    def _give(self, worker: _Worker, waiting: deque[tuple[int, Any]], listener: Listener) -> None:
        if worker not in self._workers:
            return
        if not waiting:
            self._dismiss([worker])
            return
        number, item = waiting[0]
        try:
            worker.current = worker.pool.schedule(work_on, (self.work, item), timeout=self.limits.seconds)
        except RuntimeError:  # it has died in the meantime, with nothing in its hands
            self._dismiss([worker])
            return
        worker.number = number
        waiting.popleft()
        listener.began(number)

    def _dismiss(self, workers: Sequence[_Worker]) -> None:
        """Ask all of them to end before the first is waited for."""
        self._workers = [worker for worker in self._workers if worker not in workers]
        for worker in workers:
            worker.pool.stop()
        with ThreadPoolExecutor(len(workers) or 1) as together:
            list(together.map(lambda worker: worker.pool.join(), workers))


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started inside never hears Ctrl-C, not even while it loads; here it is heard on leaving."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exit_code(error: BaseException, process: BaseProcess | None) -> int | None:
    """Pebble knows it where it saw the process end before the pipe to it broke."""
    known: int | None = getattr(error, "exitcode", getattr(error, "code", None))
    if known is None and process is not None:
        process.join(LISTEN_S)
        return process.exitcode
    return known


def death_in_words(exit_code: int | None) -> str:
    """``-11``: by which signal a process ended."""
    if exit_code is None or exit_code >= 0:
        return f"The process ended with exit code {exit_code}."
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = "unknown"
    memory = " The memory may have run out: try fewer --jobs." if name == "SIGKILL" else ""
    return f"The process was ended by signal {-exit_code} ({name}).{memory}"
