"""An age in words."""

from __future__ import annotations


def in_years(age: float) -> str:
    """One digit after the point, two below two years, where a month counts."""
    return f"{age:.2f} years" if abs(age) < 2 else f"{age:.1f} years"
