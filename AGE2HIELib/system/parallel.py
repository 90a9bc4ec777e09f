"""Runs one function over many items in processes of one thread each, so that results do not depend on the cores."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import SimpleITK as sitk
from tqdm import tqdm

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def one_sitk_thread() -> Iterator[None]:
    """Every filter and metric that is made inside computes on one thread; the number from before comes back.

    ``SetNumberOfThreads`` of a registration does not reach its metric: the correlation is summed up in as many parts as
    there are threads, and the affine parameters then differ by 1e-9 (measured).
    """
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


def run_all(
    function: Callable[[Item], Result], items: Sequence[Item], *, jobs: int, description: str, shown: bool = True
) -> list[Result]:
    """``[function(item) for item in items]``, ``jobs`` at a time; the order and the results do not depend on it.

    Every process starts anew and computes on one thread: libraries that were loaded here are not forked, and a sum
    is added up in the same order however many cores there are. ``jobs`` 0 takes every core; ``shown`` draws the bar.
    """
    if not items:
        return []
    if (jobs or core_count()) == 1:
        with _one_thread_here():
            return [function(item) for item in _bar(items, len(items), description, shown)]
    from concurrent.futures import as_completed

    results: dict[int, Result] = {}
    with _pool(min(jobs or core_count(), len(items))) as pool:
        waiting = {pool.submit(function, item): number for number, item in enumerate(items)}
        for done in _bar(as_completed(waiting), len(items), description, shown):
            results[waiting[done]] = _result(done, pool)
    return [results[number] for number in range(len(items))]


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bar_seconds() -> float:
    """A bar on a terminal moves; in a log it speaks up now and then."""
    return 0.5 if sys.stderr.isatty() else 15.0


def _bar(items: Iterable[Item], total: int, description: str, shown: bool) -> Iterable[Item]:
    bar: Iterable[Item] = tqdm(items, total=total, desc=description, mininterval=bar_seconds(), disable=not shown)
    return bar


def _result(done: Any, pool: ProcessPoolExecutor) -> Any:
    try:
        return done.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)  # what has not begun need not be waited for
        raise


def _pool(jobs: int) -> ProcessPoolExecutor:
    import multiprocessing  # only here: a prediction takes one_sitk_thread from this file, and needs no processes
    from concurrent.futures import ProcessPoolExecutor

    one_thread_for_children()
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=begin_worker)


def one_thread_for_children() -> None:
    for variable in _THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")  # read by the children when they load their libraries


def compute_on_one_thread() -> None:
    """For the rest of this process."""
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"  # torch, if the work needs it, is loaded after this
    _one_thread()


def begin_worker() -> None:
    """A process that was started from here computes on one thread and ends with its parent."""
    compute_on_one_thread()
    end_with_parent()


def end_with_parent() -> None:
    """A killed run must leave no process behind that goes on writing into its folder."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one_thread() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if "torch" in sys.modules:  # it takes a second to load, and most work here does without
        sys.modules["torch"].set_num_threads(1)


@contextmanager
def _one_thread_here() -> Iterator[None]:
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with one_sitk_thread():
        _one_thread()
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
