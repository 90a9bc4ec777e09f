"""Numbers as people write them in tables: with a point, or throughout a column with a comma."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)


def ambiguous_signs(cells: Iterable[str]) -> str:
    """Why the numbers of a column cannot be told, or nothing.

    A comma is a decimal sign where no number of the column has a point and at least one cannot be in thousands.
    """
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    comma, point = ([cell for cell in numbers if sign in cell] for sign in ",.")
    if comma and point:
        return f"holds {comma[0]} and {point[0]}, and which sign is the decimal one is not known. Write points only"
    if comma and all(_MAYBE_THOUSANDS.fullmatch(cell) for cell in comma):
        thousands = comma[0].replace(",", "")
        decimal = comma[0].replace(",", ".")
        return f"holds {comma[0]}, which may be {decimal} or {thousands}. Write it with a point, or without a comma"
    return ""


def number_in(text: str) -> float | None:
    """The number that a cell holds and nothing else; None for words, units, infinity, or digits in groups."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
