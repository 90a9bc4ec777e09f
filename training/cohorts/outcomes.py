"""Outcome tables, read by a small mapping file that says which column holds what.

```toml
file = "clinical.xlsx"           # beside the mapping, .csv, .tsv or .xlsx
[columns]
case = "ID"                      # holds MGHNICU_001 or MGHNICU_001-VISIT_01
outcome = "Adverse outcome"
age_days = "Age at MRI (days)"   # may be left out
[outcome]
adverse = ["1", "adverse"]
normal = ["0", "normal"]
```
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from AGE2HIELib.errors import InputError
from training.cohorts.ages import date_of_serial
from training.cohorts.numbers import ambiguous_signs, number_in
from training.cohorts.problems import DataError, Problem
from training.cohorts.tables import Row, Table, is_missing, read_cohort_table

MAPPING = "outcomes.toml"
OLDEST_DAYS = 730.0  # the outcome is that at two years, and the scan lies before it


class _Columns(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    case: str
    outcome: str
    age_days: str = ""


class _Values(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    adverse: tuple[str, ...] = Field(min_length=1)
    normal: tuple[str, ...] = Field(min_length=1)


class Mapping(BaseModel):
    """The content of a mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    columns: _Columns
    outcome: _Values


@dataclass(frozen=True)
class CaseOutcome:
    """``case`` as the table writes it; ``age_days`` after birth is NaN where it is not known."""

    case: str
    adverse: bool
    age_days: float


def read_mapping(path: Path) -> Mapping:
    """Raises InputError: no such file, an unknown or missing key, one value that means both outcomes."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        mapping = Mapping.model_validate(content)
    except OSError as problem:
        raise InputError(
            f"There is no mapping file {path.name} ({problem.strerror}). Write one that names the outcome table and "
            "its columns; training/cohorts/outcomes.py shows how."
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(f"{path.name} is not TOML ({problem}). Correct it.") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        raise InputError(f"{path.name}: '{'.'.join(map(str, first['loc']))}': {first['msg'].lower()}.") from None
    both = set(mapping.outcome.adverse) & set(mapping.outcome.normal)
    if both:
        raise InputError(f"{path.name}: {', '.join(sorted(both))} means both adverse and normal. Keep one.")
    return mapping


@dataclass(frozen=True)
class _Places:
    """Where the mapping's columns stand in the table."""

    case: int
    outcome: int
    age_days: int | None


def read_outcomes(mapping_path: Path) -> tuple[list[CaseOutcome], list[Problem]]:
    """Every row's outcome, and the rows that cannot be used.

    A word that the mapping names is an outcome, also where other tables would mean a missing value by it: "none" may
    say that nothing was impaired. A row of a case that stands twice counts once, and is a problem.

    Raises:
        InputError: the mapping, or the table itself, cannot be read.
    """
    mapping = read_mapping(mapping_path)
    table = read_cohort_table(mapping_path.parent / mapping.file)
    places = _places(table, mapping.columns)
    outcomes: list[CaseOutcome] = []
    problems: list[Problem] = []
    rows: dict[str, list[Row]] = {}
    for row in table.rows:
        rows.setdefault(row.cells[places.case], []).append(row)
    for case, (row, *others) in rows.items():
        if is_missing(case):
            where = f"{table.name}, row {row.number}"
            problems.append(Problem(where, "it names no case. Fill it in, or take the row out"))
            continue
        if others:
            problems.append(Problem(table.name, f"{case} stands {1 + len(others)} times. Keep one row"))
        adverse, wrong_outcome = _adverse(row.cells[places.outcome], mapping.outcome)
        age, wrong_age = _age_days("" if places.age_days is None else row.cells[places.age_days])
        problems += [
            Problem(f"{table.name}, row {row.number}", f"{case}: {wrong}")
            for wrong in (wrong_outcome, wrong_age)
            if wrong
        ]
        if not wrong_outcome:
            outcomes.append(CaseOutcome(case, adverse, age))
    return outcomes, problems


def _places(table: Table, columns: _Columns) -> _Places:
    wanted = {name: table.column(name) for name in (columns.case, columns.outcome, columns.age_days) if name}
    absent = [name for name, place in wanted.items() if place is None]
    if absent:
        there = ", ".join(table.columns)
        raise DataError(table.name, f"there is no column {', '.join(absent)}; it has {there}. Correct the mapping")
    found = {name: place for name, place in wanted.items() if place is not None}
    age = found.get(columns.age_days)
    unclear = "" if age is None else ambiguous_signs(row.cells[age] for row in table.rows)
    if unclear:
        raise DataError(table.name, f"the column {columns.age_days} {unclear}")
    return _Places(found[columns.case], found[columns.outcome], age)


def _adverse(value: str, words: _Values) -> tuple[bool, str]:
    """(adverse, what is wrong): case counts only where the mapping itself tells words apart by it."""
    for same in (str, str.casefold):
        adverse, normal = ([same(word) for word in known] for known in (words.adverse, words.normal))
        if (same(value) in adverse) != (same(value) in normal):
            return same(value) in adverse, ""
    known = ", ".join((*words.adverse, *words.normal))
    if is_missing(value):
        shown = f" ({value!r})" if value else ""
        return False, f"the outcome is missing{shown}; known are {known}. Fill it in, or take the row out"
    return False, f"the outcome is {value!r}, not one of {known}. Correct it or the mapping"


def _age_days(text: str) -> tuple[float, str]:
    """(days after birth, what is wrong); NaN where it is not known."""
    if is_missing(text):
        return float("nan"), ""
    days = number_in(text)
    if days is None:
        return float("nan"), f"the age in days is {text!r}. Write a number, or leave it empty"
    day = date_of_serial(days)
    if day is not None:
        return float("nan"), f"the age in days is {text}, which is Excel's number for the date {day}. Write the age"
    if not 0 <= days <= OLDEST_DAYS:
        limits = f"from birth, 0, to the age of the outcome, {OLDEST_DAYS:.0f}"
        return float("nan"), f"the age in days is {text}; a scan's is {limits}. Correct it, or leave it empty"
    return days, ""
