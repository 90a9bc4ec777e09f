"""Finds the files that travel with the library, wherever it is installed."""

from pathlib import Path


def resource_path(*parts: str) -> Path:
    """``Resources/`` of a checkout, or ``AGE2HIELib/_resources`` of an installed wheel or extension."""
    package = Path(__file__).parent
    installed = package / "_resources"
    root = installed if installed.is_dir() else package.parent / "Resources"
    return root.joinpath(*parts)
