"""One call at a time works in a run's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from AGE2HIELib.errors import InputError

LOCK = ".run-lock"


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Hold the folder, which is made where it is not there; the lock of a process that was killed holds nothing.

    Of processes that ``torchrun`` or Lightning started together only the first asks for it: the others are its own.

    Raises:
        InputError: another call is at work there, or the folder cannot be written.
    """
    if (os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or "0") != "0":
        yield
        return
    lock, new = FileLock(root / LOCK), not root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            f"Another call of run.py is at work in '{root.name}'. Wait for its end, or give another --output."
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"The run's folder '{root.name}' cannot be used: {reason} ({LOCK}). Give an --output that can be written, "
            "on a disk that can lock files; where another user's call was killed there, remove that file."
        ) from error
    try:
        yield
    finally:
        _remove(root / LOCK)  # while it is held: who asks for it at this moment makes another
        lock.release()
        if os.name == "nt":  # which removes no open file; elsewhere this could be the next call's lock
            _remove(root / LOCK)
        if new:
            with suppress(OSError):  # something was made there
                root.rmdir()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
