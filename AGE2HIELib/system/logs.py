"""Logs: notices of libraries are silenced, and the traceback of a defect goes into a file beside the output."""

from __future__ import annotations

import logging
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path


def quiet_libraries() -> None:
    """Notices of libraries would make more than one line of an error; ours are kept in the result."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


def log_path(output: Path) -> Path:
    """Where the traceback of a defect is written: beside the output."""
    return output.resolve().parent / f"{output.name}.log"


def write_traceback(output: Path | None) -> Path:
    """The traceback of the present exception beside the output folder, or, where that cannot be, in the folder for
    temporary files.
    """
    beside = log_path(output) if output else Path.cwd() / "age2hie.log"
    for path in _log_places(beside):
        try:
            path.write_text(_told(sys.exception()), encoding="utf-8")
        except OSError:
            continue
        return path
    return Path("no file, since none could be written")


def _log_places(beside: Path) -> Iterator[Path]:
    yield beside
    try:
        temporary = tempfile.gettempdir()
    except OSError:  # no folder that can be written to
        return
    yield Path(temporary, beside.name)


def _told(error: BaseException | None) -> str:
    """Where it happened and of what kind; an exception's words may hold a path or a header, and so a patient's name."""
    if error is None:
        return ""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    places = "".join(traceback.format_tb(error.__traceback__))
    before = f"{_told(earlier)}\nwhich led to\n\n" if earlier else ""
    return f"{before}Traceback (most recent call last):\n{places}{type(error).__qualname__} (its words are not kept)\n"
