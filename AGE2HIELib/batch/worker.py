"""What a child process does of a batch's work, and what it says of its memory."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psutil

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.parallel import begin_worker

_prepared: Any = None  # of this process


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MB: now, and the most it has ever had."""

    now_mb: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class WorkerAnswer:
    """``failure`` is the exception, in words, that the work raised; such a worker is not used again."""

    result: Any
    failure: str
    memory: Memory = Memory()


class PreparationError(RuntimeError):
    """A defect of ours, in the words of its traceback."""


def prepare_worker(prepare: Callable[[], Any]) -> WorkerAnswer:
    """The first work of a process, whose result is the process's number.

    Raises InputError for the caller to mend, PreparationError for us.
    """
    global _prepared
    _first_to_go()
    begin_worker()
    _prepared = prepared_by(prepare)
    return WorkerAnswer(os.getpid(), "", memory_here())


def prepared_by(prepare: Callable[[], Any]) -> Any:
    """``prepare()``. Raises InputError for the caller to mend, PreparationError for us."""
    try:
        return prepare()
    except InputError:
        raise
    except Exception:  # the front door of who asked for it writes it into its log
        raise PreparationError(traceback.format_exc()) from None


def work_on(work: Callable[[Any, Any], Any], item: Any) -> WorkerAnswer:
    """``work(prepared, item)``. SIGTERM ends it as an error would, so that nothing half made stays behind."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        return answer_of(work, _prepared, item)
    finally:
        signal.signal(signal.SIGTERM, before)


def answer_of(work: Callable[[Any, Any], Any], prepared: Any, item: Any) -> WorkerAnswer:
    """What the work makes of an item, or what it raised."""
    result, failure = None, ""
    try:
        result = work(prepared, item)
    except Exception as error:  # the front door of a worker: the others go on
        failure = "MemoryError" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    return WorkerAnswer(result, failure, memory_here())


def memory_here() -> Memory:
    """Of this process."""
    now = psutil.Process().memory_info().rss / 1e6
    return Memory(now, max(now, _peak_bytes() / 1e6))


def _peak_bytes() -> int:
    """``getrusage`` says for a child that was started by a large process how large that one was, so Linux is asked for
    what belongs to this program alone.
    """
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":
        most = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
        return int(most[1]) * 1024 if most else 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _end(_signal: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a terminal and the parent may both ask: once is enough
    raise SystemExit(-signal.SIGTERM)


def _first_to_go() -> None:
    """Where the computer's memory runs out, Linux is to end a worker (one failed case) and not their parent."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
