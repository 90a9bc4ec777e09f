"""A text about a failure for whoever is asked for help. It holds no message and no path: either may name a patient."""

from __future__ import annotations

import platform
import re
from pathlib import PurePosixPath

import slicer

from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.protocol import Failure

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>[\w<>.]+)')
_ERROR = re.compile(r"^(?P<name>(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt))\b", re.MULTILINE)
_MOST_FRAMES = 12
_PACKAGE_DEPTH = 3  # of the end of a file's path: below it lies our own code or a package, and above it the computer


def failureReport(failure: Failure) -> str:
    """Code, versions, stage and where in the program it happened; in English, for a report that others read."""
    addLibraryToPath()
    from AGE2HIELib.release import __version__

    lines = [
        f"code: {failure.code.value} ({failure.code.name})",
        f"stage: {failure.stage or 'none'}",
        f"age2hie: {__version__}",
        f"slicer: {slicer.app.applicationVersion}",
        f"python: {platform.python_version()}",
        f"system: {platform.system()} {platform.machine()}",
        *(f"error: {name}" for name in dict.fromkeys(_ERROR.findall(failure.details))),
        *_frames(failure.details),
    ]
    return "\n".join(lines) + "\n"


def _frames(details: str) -> list[str]:
    """The innermost ones, of our own code and of packages; those of other files are left out."""
    found = []
    for match in _FRAME.finditer(details):
        parts = PurePosixPath(match["file"].replace("\\", "/")).parts
        ours = next((parts.index(name) for name in ("AGE2HIELib", "AGE2HIEUI", "site-packages") if name in parts), None)
        if ours is not None:
            place = "/".join(parts[ours:][-_PACKAGE_DEPTH - 1 :])
            found.append(f"at: {place}, line {match['line']}, {match['function']}")
    return found[-_MOST_FRAMES:]
