"""What goes with a result and may fail without it: pages, pictures and DICOM objects.

The number, ``result.json``, the volumes and the table of regions are the result. The rest is written whole or not at
all, and where it cannot be, for want of space or for a defect, the result says so and stands.
"""

from __future__ import annotations

import errno
import os
import shutil
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from AGE2HIELib.errors import InputError

_WITHOUT = "could not be written, and the result stands without"
_REMOVED = "Pages, pictures and DICOM objects were removed, since they left no space for the result itself."
_SCRATCH = ".unfinished"
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Extras:
    """The extras of one result, written one after another.

    Attributes:
        warnings: those of the result's record; what is missing is added to them.
        lost: what is missing, in sentences.
    """

    def __init__(self, folder: Path, warnings: list[str]) -> None:
        self._folder = folder
        self._before = {path.name for path in folder.iterdir()}
        self.warnings = warnings
        self.lost: list[str] = []

    def write(self, what: str, write: Callable[[Path], None]) -> None:
        """``write_extra``, and its sentence is kept."""
        missing = write_extra(what, write, self._folder)
        if missing is not None:
            self._miss(missing)

    def then(self, write_record: Callable[[], None]) -> None:
        """Write the record, which comes last because it names what is missing. Where the extras have filled the disk,
        they make way for it.

        Raises:
            OSError: there is no space without them either.
        """
        made = [path for path in self._folder.iterdir() if path.name not in self._before]
        try:
            write_record()
        except OSError as error:
            if error.errno not in _FULL or not made:
                raise
            for path in made:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            self._miss(_REMOVED)
            write_record()

    def _miss(self, sentence: str) -> None:
        self.lost.append(sentence)
        self.warnings.append(sentence)


def lost_extras(warnings: Sequence[str]) -> tuple[str, ...]:
    """Those of a record's warnings that say what is missing."""
    return tuple(warning for warning in warnings if _WITHOUT in warning or _REMOVED in warning)


def write_extra(what: str, write: Callable[[Path], None], folder: Path) -> str | None:
    """Let ``write`` fill an empty folder, and move what it has made into ``folder``.

    Args:
        what: the extra's name, with its article.

    Returns:
        A sentence that says what is missing and why, where it failed; None where it did not.
    """
    scratch = folder / _SCRATCH
    try:
        scratch.mkdir()
        write(scratch)
        for made in sorted(scratch.iterdir()):
            made.rename(folder / made.name)
        scratch.rmdir()
    except Exception as error:  # whatever an extra dies of, the number is there
        shutil.rmtree(scratch, ignore_errors=True)
        return f"{what[0].upper()}{what[1:]} {_WITHOUT}: {_reason(error)}"
    return None


def _reason(error: Exception) -> str:
    """Without the words of a library's exception, which may quote a header or a path."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return f"{os.strerror(error.errno)}."
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__qualname__} in {Path(last.filename).name}, line {last.lineno}."
