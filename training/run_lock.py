"""One call at a time works in a run's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from AGE2HIELib.system.folder_lock import held_folder

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
    new = not root.exists()
    busy = f"Another call of run.py is at work in '{root.name}'. Wait for its end, or give another --output."
    unusable = (
        f"The run's folder '{root.name}' cannot be used: {{reason}} ({LOCK}). Give an --output that can be written, on "
        "a disk that can lock files; where another user's call was killed there, remove that file."
    )
    try:
        with held_folder(root, LOCK, busy=busy, unusable=unusable):
            yield
    finally:
        if new:
            with suppress(OSError):  # something was made there
                root.rmdir()
