"""Work on many items in child processes, of which each may die, hang or grow without taking the others with it.

``concurrent.futures`` gives up every item when one process dies; here that item is told as failed, and a new process
takes the next one. A process is used for many items, because loading the model takes as long as half a prediction.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from AGE2HIELib.batch.worker import Done, Memory, Ready, serve
from AGE2HIELib.errors import InputError
from AGE2HIELib.parallel import one_thread_for_children

_GRACE_S = 10.0  # for a worker to leave after it was asked to; what it then leaves behind is removed by the next run
_STARTS = 3  # that may fail one after the other before there is no point in going on


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced: after so many items, or when it keeps so much memory after one.

    A prediction leaves 0.5 GB and has 0.8 GB at its peak, without growth over 1,000 cases of which 30 were predicted,
    and over 60 that all were (benchmark/batch.py); a series of many large volumes leaves more. ``seconds`` is the most
    that one item may take.
    """

    items: int = 100
    memory_mb: float = 1500.0
    seconds: float = 3600.0
    start_seconds: float = 600.0


@dataclass(frozen=True)
class Ended:
    """Item ``number`` has ended: with a result, or with what went wrong in words."""

    number: int
    result: Any
    failure: str
    memory: Memory


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    since: float
    number: int | None = None  # of the item in its hands
    ready: bool = False
    done: int = 0


@dataclass
class Pool:
    """Runs ``work(prepare(), item)`` for every item, at most ``jobs`` at a time; both must be importable by name.

    ``began`` is told the number of an item that a worker takes.
    """

    prepare: Callable[[], Any]
    work: Callable[[Any, Any], Any]
    jobs: int
    limits: Limits = Limits()
    began: Callable[[int], None] = lambda _number: None
    _workers: list[_Worker] = field(default_factory=list)
    _leaving: list[BaseProcess] = field(default_factory=list)
    _failed_starts: int = 0

    def run(self, items: Sequence[Any]) -> Generator[Ended, None, None]:
        """Each item once, as it ends. Leaving the loop early, by an error or a signal, ends the workers.

        Raises:
            InputError: the preparation found something unusable, which would be so for every item.
            RuntimeError: workers die before they can take an item.
        """
        waiting = deque(enumerate(items))
        try:
            while waiting or any(worker.number is not None for worker in self._workers):
                self._hire(len(waiting))
                for worker in self._heard():
                    ended = self._hear(worker)
                    if ended is not None:
                        yield ended
                    self._give(worker, waiting, items)
        finally:
            self._dismiss()

    def _hire(self, waiting: int) -> None:
        idle = sum(worker.number is None for worker in self._workers)
        context = multiprocessing.get_context("spawn")
        for _ in range(min(self.jobs - len(self._workers), waiting - idle)):
            one_thread_for_children()
            here, there = context.Pipe()
            process = context.Process(target=serve, args=(there, self.prepare, self.work), daemon=True)
            with _deaf_to_interrupts():
                process.start()
            there.close()  # so that the pipe ends with the worker
            self._workers.append(_Worker(process, here, time.monotonic()))

    def _heard(self) -> list[_Worker]:
        """Those that have something to say, have died or are out of time; waits until there is one."""
        left = min(self._end(worker) for worker in self._workers) - time.monotonic()
        speaking = wait([worker.connection for worker in self._workers], timeout=max(left, 0.0))
        now = time.monotonic()
        return [worker for worker in self._workers if worker.connection in speaking or now > self._end(worker)]

    def _end(self, worker: _Worker) -> float:
        """When its time is up."""
        return worker.since + (self.limits.seconds if worker.ready else self.limits.start_seconds)

    def _hear(self, worker: _Worker) -> Ended | None:
        said = self._said(worker)
        if isinstance(said, Ready):
            if said.problem:
                raise InputError(said.problem)
            if said.defect:
                raise RuntimeError(said.defect)
            worker.ready, self._failed_starts = True, 0
            return None
        number, worker.number = worker.number, None
        if isinstance(said, str):
            self._workers.remove(worker)
            if number is None:
                self._count_failed_start(said)
                return None
            return Ended(number, None, said, Memory())
        worker.done += 1
        if said.failure or worker.done >= self.limits.items or said.memory.now_mb > self.limits.memory_mb:
            self._let_go(worker)
        assert number is not None  # a worker answers what it was given
        return Ended(number, said.result, said.failure, said.memory)

    def _said(self, worker: _Worker) -> Ready | Done | str:
        """The message, or in words how the worker ended."""
        if not worker.connection.poll():
            worker.process.kill()
            worker.process.join()
            return f"It did not end within {(self._end(worker) - worker.since) / 60:.3g} minutes."
        try:
            said: Ready | Done = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_GRACE_S)
            return death_in_words(worker.process.exitcode)
        return said

    def _count_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _STARTS:
            raise RuntimeError(f"{_STARTS} workers in turn ended before their first case. {reason}")

    def _give(self, worker: _Worker, waiting: deque[tuple[int, Any]], items: Sequence[Any]) -> None:
        if worker not in self._workers or not worker.ready or worker.number is not None:
            return
        if not waiting:
            self._let_go(worker)
            return
        number, item = waiting.popleft()
        worker.number, worker.since = number, time.monotonic()
        self.began(number)
        try:
            worker.connection.send(item)
        except OSError:  # it has died in the meantime, which is heard in a moment
            return

    def _let_go(self, worker: _Worker) -> None:
        """A worker whose pipe ends leaves by itself."""
        self._workers.remove(worker)
        worker.connection.close()
        self._leaving = [process for process in self._leaving if process.is_alive()]
        self._leaving.append(worker.process)

    def _dismiss(self) -> None:
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        everyone = [*self._leaving, *(worker.process for worker in self._workers)]
        end = time.monotonic() + _GRACE_S
        try:
            for process in everyone:
                process.join(max(end - time.monotonic(), 0.0))
        finally:
            for process in everyone:
                process.kill()
                process.join()
            self._workers, self._leaving = [], []


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
