"""Python, Slicer and the packages that a prediction imports."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from AGE2HIELib.doctor.finding import Finding, good, notice, problem
from AGE2HIELib.doctor.versions import at_least
from AGE2HIELib.requirements import PYTHON, REQUIREMENTS

SLICER = "5.12"


def python_version() -> Finding:
    found, needed = sys.version_info[:3], ".".join(map(str, PYTHON))
    text = ".".join(map(str, found))
    if found >= PYTHON:
        return good("Python", text)
    return problem("Python", text, f"Install Python {needed} or newer; in Slicer, install a newer Slicer.")


def slicer_version(asked_by: str | None) -> Finding:
    """``asked_by``: the version of the Slicer that asks, as it names itself; None from a command line."""
    if asked_by is None:
        return good("Slicer", "not asked from Slicer")
    if at_least(asked_by, SLICER):
        return good("Slicer", asked_by)
    return problem("Slicer", asked_by, f"Install Slicer {SLICER} or newer from download.slicer.org.")


def packages() -> Finding:
    """Those that are missing or too old, in one line that can be given to pip."""
    wanting = [f"{name}>={least}" for name, least in REQUIREMENTS.items() if name != "torch" and _lacks(name, least)]
    if not wanting:
        return good("packages", f"all {len(REQUIREMENTS) - 1} are there")
    remedy = "Click Predict outcome in Slicer, which offers to install them; elsewhere: pip install " + " ".join(
        wanting
    )
    return problem("packages", "missing or too old: " + ", ".join(wanting), remedy + ".")


def dicom_converter() -> Finding:
    """dcm2niix reads DICOM; without it every other format still works."""
    try:
        import dcm2niix
    except ImportError:
        return notice("DICOM reading", "dcm2niix is not installed", "Install it to read DICOM: pip install dcm2niix.")
    return good("DICOM reading", f"dcm2niix {version('dcm2niix')}") if dcm2niix.bin else _no_converter()


def _no_converter() -> Finding:
    return notice(
        "DICOM reading", "dcm2niix has no program", "Install it again: pip install --force-reinstall dcm2niix."
    )


def _lacks(name: str, least: str) -> bool:
    try:
        return not at_least(version(name), least)
    except PackageNotFoundError:
        return True
