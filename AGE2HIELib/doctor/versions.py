"""Version numbers, compared as pip compares them."""

from __future__ import annotations


def at_least(found: str, least: str) -> bool:
    """2.6.0rc1 comes before 2.6, 2.6.0+cpu does not; a text that is no version is none that can be used.

    Where packaging is missing, which the doctor says by itself, nothing is known to be too old.
    """
    try:
        from packaging.version import InvalidVersion, Version
    except ImportError:
        return True
    try:
        return Version(found) >= Version(least)
    except InvalidVersion:
        return False
