"""Ages as tables state them, in whichever unit they say, to years."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from AGE2HIELib.errors import InputError

YEARS = {"years": 1.0, "year": 1.0, "y": 1.0, "months": 1 / 12, "month": 1 / 12, "weeks": 7 / 365.25}
YEARS |= {"week": 7 / 365.25, "days": 1 / 365.25, "day": 1 / 365.25}
OLDEST_YEARS = 120.0  # the oldest person on record reached 122
_COLUMNS = {"age": None, "age_years": "years", "age_months": "months", "age_weeks": "weeks", "age_days": "days"}


def age_column(table: pd.DataFrame) -> str | None:
    """The column that holds the age, or None."""
    return next((column for column in table.columns if column.lower() in _COLUMNS), None)


def years_per_unit(table_path: Path, column: str) -> float:
    """Years to one unit of the column: from its name, else from the JSON beside the table, else years as BIDS has it.

    Raises:
        InputError: the stated unit is unknown.
    """
    unit = _COLUMNS[column.lower()] or _unit_beside(table_path, column) or "years"
    if unit.lower() not in YEARS:
        raise InputError(f"{table_path.name}: the age is in {unit!r}; write years, months, weeks or days as 'Units'.")
    return YEARS[unit.lower()]


def has_unit(table_path: Path, column: str) -> bool:
    """Whether a unit is stated anywhere."""
    return _COLUMNS[column.lower()] is not None or _unit_beside(table_path, column) is not None


def read_age(text: str, factor: float, *, stated: bool) -> float:
    """Age in years.

    Raises:
        InputError: it is missing, no number, negative, or (without a stated unit) too high to be years.
    """
    if not text:
        raise InputError("the age is missing. Fill it in, or leave the subject out")
    try:
        years = float(text) * factor
    except ValueError:
        raise InputError(f"the age is {text!r}. Write a number, with the unit in the column's name") from None
    if not 0 <= years <= OLDEST_YEARS:
        unit = "" if stated else ", and no unit is stated: name the column age_months, age_weeks or age_days"
        raise InputError(f"the age {text} is {years:.4g} years{unit or '. Correct it'}")
    return years


def _unit_beside(table_path: Path, column: str) -> str | None:
    sidecar = table_path.with_suffix(".json")
    if not sidecar.exists():
        return None
    try:
        entry = json.loads(sidecar.read_text(encoding="utf-8")).get(column, {})
    except (OSError, ValueError) as problem:
        raise InputError(f"{sidecar.name} is not JSON ({problem}). Correct it, or take it away.") from problem
    unit = entry.get("Units") if isinstance(entry, dict) else None
    return str(unit) if unit else None
