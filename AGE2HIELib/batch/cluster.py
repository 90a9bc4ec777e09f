"""Work on many items by the workers of a dask.distributed scheduler, of which each may be lost at any moment.

A worker gets one item at a time, and only this module hands items out: where dask did, a worker that fails fast (a node
without the shared disk) would be given all of them, and an item whose worker dies would be begun as often as the
scheduler's ``allowed-failures`` says. dask starts the processes, carries the work, tells who is there, and replaces a
process that takes more memory than its ``--memory-limit``.
"""

from __future__ import annotations

import logging
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from AGE2HIELib.batch.cluster_client import Client, Future, connected, send
from AGE2HIELib.batch.cluster_worker import ClusterTask, WorkerFacts, end_process, prepare_here, work_here
from AGE2HIELib.batch.engine import LISTEN_S, NOBODY, STARTS, EngineLostError, ItemEnd, Limits, Listener
from AGE2HIELib.batch.worker import Memory, PreparationError, WorkerAnswer
from AGE2HIELib.errors import InputError

_log = logging.getLogger(__name__)
_FETCH_S = 60.0  # a result is a row; a worker that does not hand it over is lost
_REPLACE_S = 30.0  # for a nanny to start another process
_SHARE_KEPT = 0.7  # of a worker's memory after an item; at 0.8 dask gives it nothing more to do
_TRIES = 2  # of an item whose worker is lost
_LOST = (
    "The worker was lost twice with it. Its memory may have run out: see the workers' logs, or give each more "
    "with --memory-limit."
)


@dataclass(frozen=True)
class Cluster:
    """Does ``work(prepare(), item)`` for every item on the workers of ``scheduler``, with at most ``jobs`` of them.

    Attributes:
        scheduler: its address, as ``tcp://head:8786``.
        prepare, work: importable by name on the workers.
        jobs: 0 for as many as there are; who joins later is used too.
        packages: folders of packages that ``prepare`` and ``work`` lie in and that nobody has installed.
    """

    scheduler: str
    prepare: Callable[[], Any]
    work: Callable[[Any, Any], Any]
    jobs: int = 0
    limits: Limits = field(default_factory=Limits)
    packages: tuple[Path, ...] = ()

    def run(self, items: Sequence[Any], listener: Listener = NOBODY) -> Generator[ItemEnd, None, None]:
        """Each item once, as it ends; one whose worker is lost is tried once more, by another worker.

        What a worker is doing when the loop is left, it ends, and nobody hears of it.

        Raises:
            InputError: the scheduler does not answer, or none of the workers can do the work.
            EngineLostError: the scheduler is gone.
            RuntimeError: the preparation has a defect.
        """
        task = ClusterTask.of(uuid4().hex, self.prepare, self.work, self.packages)
        with connected(self.scheduler) as client:
            yield from _Run(self, client, task, items, listener).endings()


@dataclass
class _Worker:
    """Of ``number`` and ``future`` it has the item and what will be its answer; no number while it prepares itself.

    ``replaced_by``: until when its process is awaited to be gone, in seconds of the clock.
    """

    address: str
    future: Future[WorkerAnswer] | None = None
    since: float = 0.0
    number: int | None = None
    ready: bool = False
    facts: WorkerFacts = field(default_factory=WorkerFacts)
    replaced_by: float | None = None


@dataclass
class _Run:
    """One call of ``Cluster.run``.

    Attributes:
        workers: by address: those that are used.
        refused: by address: why a worker is not used.
        done: futures that have ended, with the address of their worker; filled by a thread of dask's.
    """

    cluster: Cluster
    client: Client
    task: ClusterTask
    items: Sequence[Any]
    listener: Listener
    workers: dict[str, _Worker] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)
    lost: Counter[int] = field(default_factory=Counter)
    done: queue.SimpleQueue[tuple[str, Future[WorkerAnswer]]] = field(default_factory=queue.SimpleQueue)
    failed_starts: int = 0
    looked: float = float("-inf")
    said_alone: bool = False

    def endings(self) -> Iterator[ItemEnd]:
        self.waiting.extend(range(len(self.items)))
        try:
            while self.waiting or any(worker.number is not None for worker in self.workers.values()):
                yield from self._look()
                self._give()
                heard = self._heard()
                if not heard:
                    self.listener.idle()
                for address, future in heard:
                    yield from self._hear(address, future)
        finally:
            left = [worker.future for worker in self.workers.values() if worker.future is not None]
            with suppress(Exception):  # the scheduler may be gone, and nothing depends on it
                self.client.cancel(left, force=True)

    def _look(self) -> Iterator[ItemEnd]:
        """Once a second: who is there, who is not any more, and who takes too long."""
        now = time.monotonic()
        if now - self.looked < LISTEN_S:
            return
        self.looked = now
        there = self._addresses()
        for worker in [worker for address, worker in self.workers.items() if address not in there]:
            yield from self._lose(worker)
        for worker in [*self.workers.values()]:
            limit = self.cluster.limits.start_seconds if worker.number is None else self.cluster.limits.seconds
            if worker.future is not None and now - worker.since > limit:
                yield from self._give_up(worker, f"It did not end within {limit / 60:.3g} minutes.")
            elif worker.replaced_by is not None and now > worker.replaced_by:
                worker.ready, worker.replaced_by = True, None  # another process has taken its address
        new = [address for address in there if address not in self.workers and address not in self.refused]
        room = max((self.cluster.jobs or len(there)) - len(self.workers), 0)
        for address in new[:room]:
            self._ask(_Worker(address), prepare_here)
        if there and all(address in self.refused for address in there):
            raise InputError(self._nobody_fits())
        if not there and not self.said_alone:
            self.listener.said(f"No worker has joined {self.cluster.scheduler}: waiting for one.")
        self.said_alone = not there

    def _addresses(self) -> set[str]:
        try:
            if self.client.status == "running":
                return set(self.client.nthreads())
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:  # as dask tells a connection that has ended
            raise self._scheduler_gone() from error
        raise self._scheduler_gone()

    def _scheduler_gone(self) -> EngineLostError:
        return EngineLostError(f"The scheduler {self.cluster.scheduler} is gone. Start it and its workers again.")

    def _nobody_fits(self) -> str:
        reasons = Counter(self.refused.values()).most_common()
        more = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
        count = len(self.refused)
        return f"None of {count} worker{'' if count == 1 else 's'} can do this work{more}. {reasons[0][0]}"

    def _ask(self, worker: _Worker, function: Callable[..., WorkerAnswer], *more: Any) -> None:
        """``function`` on this worker and on no other."""
        address = worker.address
        worker.since = time.monotonic()
        worker.future = send(self.client, address, function, self.task, *more)
        self.workers[address] = worker
        worker.future.add_done_callback(lambda future: self.done.put((address, future)))

    def _give(self) -> None:
        for worker in self.workers.values():
            if not self.waiting:
                return
            if worker.ready and worker.future is None:
                worker.number = self.waiting.popleft()
                self._ask(worker, work_here, self.items[worker.number])
                self.listener.began(worker.number)

    def _heard(self) -> list[tuple[str, Future[WorkerAnswer]]]:
        """Everything that has ended; waits a little for the first."""
        heard: list[tuple[str, Future[WorkerAnswer]]] = []
        with suppress(queue.Empty):
            heard.append(self.done.get(timeout=LISTEN_S))
            while True:
                heard.append(self.done.get_nowait())
        return heard

    def _hear(self, address: str, future: Future[WorkerAnswer]) -> Iterator[ItemEnd]:
        worker = self.workers.get(address)
        if worker is None or worker.future is not future:
            return  # it was given up
        try:
            answer: WorkerAnswer = future.result(timeout=_FETCH_S)
        except PreparationError:
            raise
        except InputError as error:
            self._refuse(worker, str(error))
        except ImportError:
            self._refuse(worker, "It has no age2hie, or lacks a part of it. Start the workers in its environment.")
        except Exception as error:  # dask has several for a worker, or a result, that is no more
            _log.info("%s: %s", address, error)
            yield from self._lose(worker)
        else:
            number, worker.number, worker.future = worker.number, None, None
            if number is None:
                worker.facts, self.failed_starts = answer.result, 0
            worker.ready = True
            most_mb = min(self.cluster.limits.memory_mb, _SHARE_KEPT * worker.facts.memory_mb)
            if answer.failure or answer.memory.now_mb > most_mb:
                self._replace(worker)
            if number is not None:
                yield ItemEnd(number, answer.result, answer.failure, answer.memory)

    def _refuse(self, worker: _Worker, reason: str) -> None:
        """It is not used again in this run; an item that it had goes to another."""
        del self.workers[worker.address]
        if worker.number is not None:
            self.waiting.appendleft(worker.number)
        if reason not in self.refused.values():  # a hundred workers of one image have one reason
            self.listener.said(f"The worker {worker.address}, and any like it, is left out. {reason}")
        self.refused[worker.address] = reason

    def _lose(self, worker: _Worker) -> Iterator[ItemEnd]:
        """It is gone; its item is tried once more, and a process that was to be replaced is missed by nobody."""
        if self.client.status != "running":
            raise self._scheduler_gone()  # then all are
        del self.workers[worker.address]
        number = worker.number
        if number is not None:
            self.lost[number] += 1
            if self.lost[number] >= _TRIES:
                yield ItemEnd(number, None, _LOST, Memory())
            else:
                self.waiting.appendleft(number)
        elif not worker.ready and worker.replaced_by is None:
            self.failed_starts += 1
            if self.failed_starts >= STARTS:
                raise EngineLostError(
                    f"{STARTS} workers in turn were lost as they loaded the model. See their logs, and give each at "
                    "least 2 GB (--memory-limit)."
                )

    def _give_up(self, worker: _Worker, reason: str) -> Iterator[ItemEnd]:
        """What it does cannot be stopped: its process is ended, or, where nobody replaces that, not used again."""
        number, worker.number, future, worker.future = worker.number, None, worker.future, None
        self.client.cancel([future], force=True)
        if worker.facts.has_nanny:
            self._replace(worker)
        else:
            self._refuse(worker, reason)
        if number is not None:
            yield ItemEnd(number, None, reason, Memory())

    def _replace(self, worker: _Worker) -> None:
        """It keeps too much memory, or something went wrong in it."""
        if not worker.facts.has_nanny:
            return
        worker.ready, worker.replaced_by = False, time.monotonic() + _REPLACE_S
        with suppress(Exception):  # it may have gone by itself
            self.client.run(end_process, workers=[worker.address], wait=False, on_error="ignore")
