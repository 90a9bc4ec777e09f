"""Ages as tables state them, in whichever unit they say, to years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.tables.numbers import ambiguous_signs, number_in
from AGE2HIELib.tables.problems import DataError
from AGE2HIELib.tables.reading import CohortRow, Table, is_missing
from AGE2HIELib.tables.units import stated_unit

_NAMES = {
    1.0: ("years", "year", "yrs", "yr", "y", "a"),  # "a" is UCUM's year
    1 / 12: ("months", "month", "mos", "mo"),
    7 / 365.25: ("weeks", "week", "wks", "wk", "w"),
    1 / 365.25: ("days", "day", "d"),
}
YEARS = {name: years for years, names in _NAMES.items() for name in names}
OLDEST_YEARS = 120.0  # the oldest person on record reached 122
_AGE = re.compile(rf"age(?:[\W_]+(?:in[\W_]+)?({'|'.join(sorted(YEARS, key=len, reverse=True))}))?\W*", re.IGNORECASE)
_ROUNDED_YEARS = 1.0  # an age in whole years is rounded down
_EXCEL_EPOCH = date(1899, 12, 30)
_DATES = (date(2000, 1, 1), date(2100, 1, 1))  # no scan of a cohort is older, in Excel's numbers 36526 to 73051


@dataclass(frozen=True)
class AgeColumn:
    """Where it stands in the table, the years to one unit of it, and whether a unit is stated."""

    index: int
    years_per_unit: float
    stated: bool


def age_columns(table: Table, root: Path) -> tuple[AgeColumn, ...]:
    """The columns that hold ages: ``age``, ``age_months``, ``Age (days)`` and the like.

    Args:
        root: of the BIDS folder, up to which JSON files may state the unit. Without any, years, as BIDS has it.

    Raises:
        DataError: an unknown unit, two units for one column, or decimal signs that cannot be told.
    """
    found = []
    for index, name in enumerate(table.columns):
        match = _AGE.fullmatch(name)
        if match is not None:
            found.append(_age_column(table, root, index, (match[1] or "").lower()))
    return tuple(found)


def _age_column(table: Table, root: Path, index: int, own: str) -> AgeColumn:
    name = table.columns[index]
    beside = stated_unit(table.path, root, name)
    if beside is not None and beside.unit not in YEARS:
        raise DataError(beside.where, f"{name} is in {beside.unit!r}. Write years, months, weeks or days as 'Units'")
    if beside is not None and own and YEARS[own] != YEARS[beside.unit]:
        raise DataError(table.name, f"{name} is in {beside.unit} according to {beside.where}. Correct one of the two")
    unclear = ambiguous_signs(row.cells[index] for row in table.rows)
    if unclear:
        raise DataError(table.name, f"the column {name} {unclear}")
    unit = own or (beside.unit if beside else "")
    return AgeColumn(index, YEARS[unit or "years"], bool(unit))


def age_in(row: CohortRow, columns: Sequence[AgeColumn]) -> float | None:
    """The age in years that a row states, of the finest unit where it does so more than once; None where it is missing.

    Raises:
        InputError: it is no number, negative, too high, or two of its ages contradict each other.
    """
    stated = [column for column in columns if not is_missing(row.cells[column.index])]
    if not stated:
        return None
    ages = [_years(row.cells[column.index], column) for column in stated]
    if max(ages) - min(ages) >= _ROUNDED_YEARS:
        shown = " and ".join(f"{age:.4g}" for age in ages)
        raise InputError(f"its age is {shown} years, by two columns. Correct one, or take one away")
    return ages[stated.index(min(stated, key=lambda column: column.years_per_unit))]


def _years(text: str, column: AgeColumn) -> float:
    value = number_in(text)
    if value is None:
        if text.endswith("+") and number_in(text[:-1]) is not None:  # BIDS writes 89+ to protect the oldest
            raise InputError(f"the age is {text!r}, a lower bound. Give the age, or leave the subject out")
        raise InputError(f"the age is {text!r}. Write a number, with the unit in the column's name")
    day = date_of_serial(value)
    years = value * column.years_per_unit
    if day is not None and (years > OLDEST_YEARS or column.years_per_unit == YEARS["days"]):
        raise InputError(f"the age is {text}, which is Excel's number for the date {day}. Write the age")
    if not 0 <= years <= OLDEST_YEARS:
        unit = ", and no unit is stated: name the column age_months, age_weeks or age_days"
        raise InputError(f"the age {text} is {years:.4g} years{'. Correct it' if column.stated else unit}")
    return years


def date_of_serial(value: float) -> date | None:
    """The day of this century that Excel keeps as this number; None for other numbers."""
    first, last = ((day - _EXCEL_EPOCH).days for day in _DATES)
    return _EXCEL_EPOCH + timedelta(days=int(value)) if value.is_integer() and first <= value < last else None
