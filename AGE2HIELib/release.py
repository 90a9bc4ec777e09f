"""This release: its version, and the packages that it needs. pyproject.toml and Slicer's list have the same."""

from __future__ import annotations

__version__ = "0.6.0"
REQUIREMENTS = {
    "numpy": "1.26",
    "scipy": "1.11",
    "SimpleITK": "2.3",
    "nibabel": "5.2",
    "pydicom": "2.4",
    "dcm2niix": "1.0.20220715",
    "pillow": "10.3",
    "Jinja2": "3.1",
    "torch": "2.6",
    "tqdm": "4.66",
    "psutil": "7.1",  # before that a clock that is set makes a living process another one
    "filelock": "3.24",
    "packaging": "21",
    "platformdirs": "3",
}
IN_SLICER = {"monai": "1.4"}  # beside these, for the networks of other groups' bundles
COMMAND_LINE = {"pebble": "5.1"}  # for batch, which Slicer's panel does not offer
PYTHON = (3, 11)
