"""Checks of the computer, each a Finding with its remedy: Python, Slicer, packages, memory, disk, writable folders."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from AGE2HIELib.release import PYTHON, REQUIREMENTS

Status = Literal["good", "notice", "problem"]
SLICER = "5.12"
RAM_GB = 4.0  # a prediction takes under 2 GB; Slicer and the system want the rest
DISK_GB = 1.0  # an output folder takes some 10 MB; a raw DICOM series is unpacked into the temporary folder


@dataclass(frozen=True)
class ComputerCheck:
    """``notice``: a prediction runs, but slower or with less; ``problem``: it does not run. ``good``: no remedy."""

    name: str
    value: str
    status: Status
    remedy: str = ""


def good(name: str, value: str) -> ComputerCheck:
    return ComputerCheck(name, value, "good")


def notice(name: str, value: str, remedy: str) -> ComputerCheck:
    return ComputerCheck(name, value, "notice", remedy)


def problem(name: str, value: str, remedy: str) -> ComputerCheck:
    return ComputerCheck(name, value, "problem", remedy)


def version_at_least(found: str, least: str) -> bool:
    """Compared as pip does: 2.6.0rc1 comes before 2.6, 2.6.0+cpu does not. False for a text that is no version.

    True where packaging is missing, which another check says: then no version is known to be too old.
    """
    try:
        from packaging.version import InvalidVersion, Version
    except ImportError:
        return True
    try:
        return Version(found) >= Version(least)
    except InvalidVersion:
        return False


def python_version() -> ComputerCheck:
    running, needed = sys.version_info[:3], ".".join(map(str, PYTHON))
    text = ".".join(map(str, running))
    if running >= PYTHON:
        return good("Python", text)
    return problem("Python", text, f"Install Python {needed} or newer; in Slicer, install a newer Slicer.")


def slicer_version(asked_by: str | None) -> ComputerCheck:
    """``asked_by``: the version of the Slicer that asks, as it names itself; None from a command line."""
    if asked_by is None:
        return good("Slicer", "not asked from Slicer")
    if version_at_least(asked_by, SLICER):
        return good("Slicer", asked_by)
    return problem("Slicer", asked_by, f"Install Slicer {SLICER} or newer from download.slicer.org.")


def packages() -> ComputerCheck:
    """Those that are missing or too old, in one line that can be given to pip."""
    wanting = [f"{name}>={least}" for name, least in REQUIREMENTS.items() if name != "torch" and _lacks(name, least)]
    if not wanting:
        return good("packages", f"all {len(REQUIREMENTS) - 1} are there")
    remedy = "Click Predict outcome in Slicer, which offers to install them; elsewhere: pip install " + " ".join(
        wanting
    )
    return problem("packages", "missing or too old: " + ", ".join(wanting), remedy + ".")


def dicom_converter() -> ComputerCheck:
    """dcm2niix reads DICOM; without it every other format still works."""
    try:
        import dcm2niix
    except ImportError:
        return notice("DICOM reading", "dcm2niix is not installed", "Install it to read DICOM: pip install dcm2niix.")
    return good("DICOM reading", f"dcm2niix {version('dcm2niix')}") if dcm2niix.bin else _no_converter()


def _no_converter() -> ComputerCheck:
    return notice(
        "DICOM reading", "dcm2niix has no program", "Install it again: pip install --force-reinstall dcm2niix."
    )


def _lacks(name: str, least: str) -> bool:
    try:
        return not version_at_least(version(name), least)
    except PackageNotFoundError:
        return True


def memory(total_gb: float | None = None) -> ComputerCheck:
    """``total_gb`` is measured unless given, which takes a package: the doctor also runs where it is missing."""
    try:
        import psutil
    except ImportError:
        return notice("memory", "not known without psutil", f"Make sure that {RAM_GB:g} GB are there.")
    total = psutil.virtual_memory().total / 1e9 if total_gb is None else total_gb
    if total < RAM_GB:
        return notice("memory", f"{total:.1f} GB", f"Close other programs: {RAM_GB:g} GB are comfortable.")
    return good("memory", f"{total:.1f} GB")


def temporary_folder(folder: Path | None = None) -> ComputerCheck:
    """Where a run keeps its work until it is complete."""
    remedy = "Set TMPDIR (on Windows TEMP) to a folder that you may write to."
    try:
        place = folder or Path(tempfile.gettempdir())
    except OSError:  # none of those that Python knows can be written to
        return problem("temporary folder", "none can be written to", remedy)
    problem_found = _writing_fails(place)
    if problem_found:
        return problem("temporary folder", f"{place}: {problem_found}", remedy)
    free = shutil.disk_usage(place).free / 1e9
    if free < DISK_GB:
        return problem("temporary folder", f"{free:.2f} GB free", f"Free {DISK_GB:g} GB on that disk.")
    return good("temporary folder", f"writable, {free:.0f} GB free")


def models_folder(place: Path) -> ComputerCheck:
    """Where installed models lie; only installing one needs it."""
    existing = next((path for path in (place, *place.parents) if _exists(path)), Path())
    problem_found = _writing_fails(existing)
    if problem_found:
        remedy = "Models cannot be installed there; name a model's folder with --model, or set AGE2HIE_MODELS."
        return notice("models folder", f"{place}: {problem_found}", remedy)
    return good("models folder", str(place))


def _exists(path: Path) -> bool:
    """Also where another user's folder does not let us look: then that folder is what cannot be written to."""
    try:
        return path.exists()
    except OSError:
        return False


def _writing_fails(folder: Path) -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"age2hie")
    except OSError as error:
        return error.strerror or str(error)
    return ""
