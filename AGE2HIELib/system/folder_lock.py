"""One call at a time works in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from AGE2HIELib.errors import InputError


@contextmanager
def held_folder(folder: Path, name: str, *, busy: str, unusable: str) -> Iterator[None]:
    """Hold a folder, which is made where it is not there; the lock of a process that was killed holds nothing.

    Args:
        folder: that is held.
        name: of the lock's file in it.
        busy: what is said where another call holds it.
        unusable: the same where it cannot be made or locked; ``{reason}`` stands for the system's words.

    Raises:
        InputError: another call holds it, or it cannot be used.
    """
    lock = FileLock(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(busy) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(unusable.replace("{reason}", reason)) from error
    try:
        yield
    finally:
        _remove(folder / name)  # while it is held: who asks for it at this moment sees that it is gone
        lock.release()
        if os.name == "nt":  # which removes no open file; elsewhere this could be the next call's lock
            _remove(folder / name)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
