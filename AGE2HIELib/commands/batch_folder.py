"""The folder that a batch fills: it stays from call to call, and one call at a time writes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.outputs import PART, disk_errors, refuse_inputs
from AGE2HIELib.system.stray_files import remove_stale_files

LOCK = ".age2hie-lock"  # the system frees it with the process that holds it, however that ends


@contextmanager
def batch_folder(output: Path, *, inputs: Sequence[Path]) -> Iterator[Path]:
    """The folder, made where it is not there; what killed calls have left in it is removed before and after.

    Raises:
        InputError: it holds what is read, it cannot be written, or another batch is writing into it.
    """
    target = output.resolve()
    refuse_inputs(target, inputs)
    lock = FileLock(target / LOCK)
    try:
        target.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            f"Another batch is writing into '{output.name}'. Wait for its end, or choose another folder."
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"The output '{output.name}' cannot be used: {reason}. Choose a folder that can be written."
        ) from error
    try:
        remove_stale_files(target, PART)
        with disk_errors(output):
            yield target
    finally:
        remove_stale_files(target, PART)
        _remove(target / LOCK)  # while it is held: who waits for it sees that it is gone, and makes another
        lock.release()
        _remove(target / LOCK)  # Windows removes no open file


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
