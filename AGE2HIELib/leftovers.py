"""What a killed run leaves behind, told from what a living one is writing: the name says whose it is."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

_BETWEEN = "_"  # the parts of an owner's mark


def owner_mark() -> str:
    """Names this process: the computer, its number and when it began, so that a number given again tells two apart."""
    pid = os.getpid()
    return _BETWEEN.join((_computer(), str(pid), _began(pid)))


def owner_is_gone(mark: str) -> bool:
    """True only where the process is known to have ended; one on another computer may live, whatever is seen here."""
    parts = mark.split(_BETWEEN)
    if len(parts) != 3 or parts[0] != _computer() or not parts[1].isdecimal():
        return False
    pid, began = int(parts[1]), parts[2]
    if Path("/proc/self/stat").exists():
        return _began(pid) != began
    if os.name != "posix":  # there this question would end the process
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what lies in ``folder`` under ``prefix`` + an owner's mark + ``-...``, where the owner is gone."""
    for path in _entries(folder, prefix):
        if not owner_is_gone(path.name.removeprefix(prefix).split("-")[0]):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def living_owner(folder: Path, prefix: str) -> Path | None:
    """The mark in ``folder`` of another process that may be alive."""
    for path in _entries(folder, prefix):
        mark = path.name.removeprefix(prefix).split("-")[0]
        if mark != owner_mark() and not owner_is_gone(mark):
            return path
    return None


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
    """In ticks since the computer started; empty where there is no such process, or no way to know."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *_ = after = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return "" if state in ("Z", "X") else after[19]
