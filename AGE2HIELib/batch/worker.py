"""A child process that does one piece of work after the other, and what it says of its memory."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from AGE2HIELib.errors import InputError
from AGE2HIELib.parallel import begin_worker


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MB: now, and the most it has ever had; 0 where the system does not say."""

    now_mb: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Ready:
    """The worker can take work, or says why it never will: ``problem`` is the caller's to mend, ``defect`` ours."""

    problem: str = ""
    defect: str = ""


@dataclass(frozen=True)
class Done:
    """``failure`` is the exception, in words, that the work raised; such a worker is not used again."""

    result: Any
    failure: str
    memory: Memory


class Dismissed(BaseException):
    """SIGTERM: the work ends as at an error, so that nothing half made stays behind."""


def serve(connection: Connection, prepare: Callable[[], Any], work: Callable[[Any, Any], Any]) -> None:
    """The life of a worker: prepare once, then ``work(prepared, item)`` for each item that comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent says what happens
    with suppress(Dismissed):
        signal.signal(signal.SIGTERM, _dismiss)
        try:
            _serve(connection, prepare, work)
        finally:
            signal.signal(
                signal.SIGTERM, signal.SIG_IGN
            )  # it ends by itself now: a late dismissal would be a traceback


def _serve(connection: Connection, prepare: Callable[[], Any], work: Callable[[Any, Any], Any]) -> None:
    _first_to_go()
    begin_worker()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            prepared = prepare()
        except InputError as error:
            connection.send(Ready(problem=str(error)))
            return
        except Exception:  # the parent's front door writes it into its log
            connection.send(Ready(defect=traceback.format_exc()))
            return
        connection.send(Ready())
        while True:
            connection.send(_done(work, prepared, connection.recv()))


def memory_here() -> Memory:
    """Of this process. ``getrusage`` says for a child that was started by a large process how large that one was, so
    Linux is asked for what belongs to this program alone.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        import resource  # raises ImportError on Windows

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS
        return Memory(peak, peak)
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith(("VmRSS", "VmHWM"))}
    now, peak = (kilobytes.get(name, 0) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return Memory(now, max(now, peak))


def _done(work: Callable[[Any, Any], Any], prepared: Any, item: Any) -> Done:
    result, failure = None, ""
    try:
        result = work(prepared, item)
    except Exception as error:  # the front door of a worker: the others go on
        failure = "MemoryError" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    return Done(result, failure, _memory())


def _memory() -> Memory:
    try:
        return memory_here()
    except ImportError:
        return Memory()


def _dismiss(_signal: int, _frame: object) -> NoReturn:
    raise Dismissed


def _first_to_go() -> None:
    """Where the computer's memory runs out, Linux is to end a worker (one failed case) and not their parent."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
