"""A folder of wheels for a computer without network: first what it lacks is said, then pip installs from it alone.

Only the standard library and pip are needed: this is asked where nothing is installed yet.
"""

from __future__ import annotations

import importlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from AGE2HIELib.errors import InputError

# What Slicer ships or its user has chosen: pip may add to it, not change it.
KEPT = ("numpy", "scipy", "SimpleITK", "pydicom", "highdicom", "torch", "pillow", "requests", "packaging")
_OTHER = " (only for another Python or system)"


@dataclass(frozen=True)
class Wheel:
    """A file for this Python and system."""

    path: Path
    version: Any


def install_from(folder: Path, requirements: Mapping[str, str]) -> tuple[str, ...]:
    """Install what this Python lacks, and what that needs in turn, from the folder and from nowhere else.

    Args:
        folder: of .whl files, as ``pip download`` fills it.
        requirements: package names, each with the least version.

    Returns:
        What was installed, as requirements; empty where nothing was missing.

    Raises:
        InputError: the folder lacks something or holds a damaged file, and nothing was installed; or pip failed.
    """
    if not folder.is_dir():
        raise InputError(f"'{folder.name}' is no folder. Name one with the wheels that pip download has put there.")
    wanted = [f"{name}>={least}" for name, least in requirements.items()]
    missing = _missing(folder, wanted)
    if missing:
        system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        raise InputError(
            f"The folder '{folder.name}' lacks wheels for this computer ({system}): {', '.join(missing)}. Nothing was "
            "installed. Add them with pip download, as docs/panel.md says."
        )
    wanting = tuple(each for each in wanted if not _installed(_packaging().requirements.Requirement(each)))
    if wanting:
        _pip(folder, wanting)
        importlib.invalidate_caches()
    return wanting


def kept_versions(but: tuple[str, ...] = ()) -> str:
    """The versions of ``KEPT`` that are installed now, as constraints for pip; ``but``: names that may be replaced."""
    lines = []
    for name in (each for each in KEPT if each not in but):
        try:
            lines.append(f"{name}=={version(name).split('+')[0]}\n")
        except PackageNotFoundError:
            continue
    return "".join(lines)


def _missing(folder: Path, wanted: list[str]) -> list[str]:
    """What neither this Python has nor the folder holds, all at once: pip names the first and stops."""
    parse = _packaging().requirements.Requirement
    missing: list[str] = []
    open_ones, known = [(parse(each), "") for each in wanted], set[str]()
    while open_ones:
        requirement, extra = open_ones.pop(0)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        text = f"{requirement.name}{requirement.specifier}"
        if text in known or _installed(requirement):
            continue
        known.add(text)
        found, others = _wheels(folder, requirement)
        if not found:
            missing.append(text + (_OTHER if others else ""))
            continue
        newest = max(found, key=lambda wheel: wheel.version)
        for line in _needs(newest.path):
            open_ones += [(parse(line), each) for each in ("", *requirement.extras)]
    return missing


def _installed(requirement: Any) -> bool:
    try:
        return bool(requirement.specifier.contains(version(requirement.name), prereleases=True))
    except PackageNotFoundError:
        return False


def _wheels(folder: Path, requirement: Any) -> tuple[list[Wheel], bool]:
    """Those that fit, and whether there are some for other computers."""
    packaging = _packaging()
    ours = set(packaging.tags.sys_tags())
    fit, others = [], False
    for path in sorted(folder.glob("*.whl")):
        try:
            name, found, _build, tags = packaging.utils.parse_wheel_filename(path.name)
        except packaging.utils.InvalidWheelFilename:
            continue
        if name != packaging.utils.canonicalize_name(requirement.name):
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            continue
        if ours & tags:
            fit.append(Wheel(path, found))
        else:
            others = True
    return fit, others


def _needs(path: Path) -> list[str]:
    """The requirements that a wheel states. Raises InputError for one that was copied in part."""
    try:
        with zipfile.ZipFile(path) as wheel:
            name = next(each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
            header = HeaderParser().parsestr(wheel.read(name).decode("utf-8"))
    except (zipfile.BadZipFile, StopIteration, OSError, ValueError) as error:
        raise InputError(f"The wheel '{path.name}' is damaged. Nothing was installed. Copy it again.") from error
    return [str(line) for line in header.get_all("Requires-Dist", [])]


def _pip(folder: Path, wanting: tuple[str, ...]) -> None:
    """Resolves everything before it installs anything."""
    asked = tuple(each.split(">=")[0] for each in wanting)  # what is there of these is too old
    with tempfile.TemporaryDirectory(prefix="age2hie-") as scratch:
        constraints = Path(scratch) / "constraints.txt"
        constraints.write_text(kept_versions(but=asked), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--isolated", "--no-input", "--disable-pip-version-check"]
        command += ["--no-index", "--find-links", str(folder), "--only-binary", ":all:", "-c", str(constraints)]
        quiet = {**os.environ, "PIP_CONFIG_FILE": os.devnull}  # a site's own folders and mirrors are not asked either
        done = subprocess.run([*command, *wanting], capture_output=True, text=True, env=quiet, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [f"code {done.returncode}"]
        raise InputError(
            f"pip could not install from '{folder.name}' ({lines[0].removeprefix('ERROR: ').rstrip('.')}). Fetch the "
            "wheels again in one call of pip download, so that their versions fit together."
        )


def _packaging() -> Any:
    """``packaging``, or, where it is not installed yet, the copy that pip brings. Raises InputError without pip."""
    for name in ("packaging", "pip._vendor.packaging"):
        try:
            found = importlib.import_module(name)
            for part in ("requirements", "tags", "utils"):
                importlib.import_module(f"{name}.{part}")
        except ImportError:
            continue
        return found
    raise InputError("This Python has no pip, so nothing can be installed. Run: python -m ensurepip")
