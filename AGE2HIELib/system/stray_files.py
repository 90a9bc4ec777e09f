"""Files that belong to no result: those that killed runs leave behind, and those that operating systems add to folders.

The name of a temporary file or folder holds the mark of the process that made it, so that what a killed run has left is
not taken for what a living one is writing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePath

import psutil

_BETWEEN = "_"  # the parts of an owner's mark
_NAMES = {
    *(".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems"),  # macOS
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "system volume information", "$recycle.bin"),  # Windows
    *("lost+found", "@eadir"),  # Linux, and network drives
}


def owner_mark() -> str:
    """Names this process: the computer, its number and when it began, so that a number given again tells two apart."""
    pid = os.getpid()
    return _BETWEEN.join((_computer(), str(pid), _began(pid)))


def owner_is_gone(mark: str) -> bool:
    """True only where the process is known to have ended; one on another computer may live, whatever is seen here."""
    parts = mark.split(_BETWEEN)
    if len(parts) != 3 or parts[0] != _computer() or not parts[1].isdecimal():
        return False
    try:
        return _began(int(parts[1])) != parts[2]
    except psutil.AccessDenied:
        return False


def remove_stale_files(folder: Path, prefix: str) -> None:
    """Remove what lies in ``folder`` under ``prefix`` + an owner's mark + ``-...``, where the owner is gone."""
    for path in _entries(folder, prefix):
        if not owner_is_gone(path.name.removeprefix(prefix).split("-")[0]):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _entries(folder: Path, prefix: str) -> list[Path]:
    try:
        return [folder / name for name in os.listdir(folder) if name.startswith(prefix)]
    except OSError:  # not there, or not ours to look into
        return []


@cache
def _computer() -> str:
    """A digest: the name itself is nobody's business. Two containers of one name do not see each other's processes."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:10]


def _began(pid: int) -> str:
    """In hundredths of a second, the same whenever it is asked; empty where there is no such process.

    Linux keeps the time since the computer started, to which psutil adds that start, as the clock says now: a clock
    that is set meanwhile would make a living process another one.
    """
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return ""
        seconds = process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)
    except psutil.NoSuchProcess:
        return ""
    return str(round(100 * seconds))


def is_system_file(path: PurePath) -> bool:
    """Whether an operating system has made the file, or a folder that it lies in.

    Args:
        path: relative to the folder that the user named.
    """
    return any(part.casefold() in _NAMES or part.startswith("._") for part in path.parts)
