"""The folder that a batch fills: it stays from call to call, and one call at a time writes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.leftovers import living_owner, owner_mark, remove_leftovers
from AGE2HIELib.outputs import PART, disk_errors, refuse_inputs

_RUNNING = ".running-"  # begins the name of the file that says whose batch is at work


@contextmanager
def batch_folder(output: Path, *, inputs: Sequence[Path]) -> Iterator[Path]:
    """The folder, made where it is not there; what killed calls have left in it is removed before and after.

    Raises:
        InputError: it holds what is read, it cannot be written, or another batch is writing into it.
    """
    target = output.resolve()
    refuse_inputs(target, inputs)
    running = target / f"{_RUNNING}{owner_mark()}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target, _RUNNING)
        remove_leftovers(target, PART)
        running.touch()  # before the question: of two that begin together neither may miss the other
        other = living_owner(target, _RUNNING)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"The output '{output.name}' cannot be used: {reason}. Choose a folder that can be written."
        ) from error
    try:
        if other is not None:
            raise InputError(
                f"Another batch is writing into '{output.name}'. Wait for its end, or choose another folder; if it was "
                "killed where that cannot be seen from here (another computer, a container, Windows), remove "
                f"'{other.name}' in it."
            )
        with disk_errors(output):
            yield target
    finally:
        remove_leftovers(target, PART)
        running.unlink(missing_ok=True)
