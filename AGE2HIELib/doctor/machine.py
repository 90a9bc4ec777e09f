"""Memory, disk, and places that must be writable."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from AGE2HIELib.doctor.finding import Finding, good, notice, problem

RAM_GB = 4.0  # a prediction takes under 2 GB; Slicer and the system want the rest
DISK_GB = 1.0  # an output folder takes some 10 MB; a raw DICOM series is unpacked into the temporary folder


def memory(total_gb: float | None = None) -> Finding:
    """``total_gb`` is measured unless given, which takes a package: the doctor also runs where it is missing."""
    try:
        import psutil
    except ImportError:
        return notice("memory", "not known without psutil", f"Make sure that {RAM_GB:g} GB are there.")
    total = psutil.virtual_memory().total / 1e9 if total_gb is None else total_gb
    if total < RAM_GB:
        return notice("memory", f"{total:.1f} GB", f"Close other programs: {RAM_GB:g} GB are comfortable.")
    return good("memory", f"{total:.1f} GB")


def temporary_folder(folder: Path | None = None) -> Finding:
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


def models_folder(place: Path) -> Finding:
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
