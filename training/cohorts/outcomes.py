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
[clinical]                       # may be left out, and so may each variable (AGE2HIELib/clinical/variables.py)
cord_ph = "Cord pH"
[others.motor]                   # may be left out: further outcomes of the same children, under any names
column = "Motor at two years"    # an empty cell is an outcome that is not known
adverse = ["impaired"]
normal = ["normal"]
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from AGE2HIELib.clinical.reading import value_of, variable_named
from AGE2HIELib.clinical.variables import BY_NAME, ClinicalData, Variable, check_value
from AGE2HIELib.errors import InputError
from AGE2HIELib.tables.ages import date_of_serial
from AGE2HIELib.tables.numbers import ambiguous_signs, number_in
from AGE2HIELib.tables.problems import DataError, Problem
from AGE2HIELib.tables.reading import CohortRow, Table, is_missing, read_cohort_table

MAPPING = "outcomes.toml"
_AGE = "age_days"
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


class _Other(_Values):
    column: str


class Mapping(BaseModel):
    """The content of a mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    columns: _Columns
    outcome: _Values
    clinical: dict[str, str] = {}
    others: dict[str, _Other] = {}


@dataclass(frozen=True)
class CaseOutcome:
    """What the table says of one case.

    Attributes:
        case: as the table writes it.
        age_days: after birth; NaN where it is not known.
        clinical: its clinical variables, those of the mapping.
        others: further outcomes by name, those that are known.
    """

    case: str
    adverse: bool
    age_days: float
    clinical: ClinicalData = field(default_factory=ClinicalData)
    others: dict[str, bool] = field(default_factory=dict)


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
    for words in (mapping.outcome, *mapping.others.values()):
        both = set(words.adverse) & set(words.normal)
        if both:
            raise InputError(f"{path.name}: {', '.join(sorted(both))} means both adverse and normal. Keep one.")
    for name in mapping.clinical:
        if variable_named(name, path).name == _AGE:
            raise InputError(f"{path.name}: the age at the scan stands as {_AGE} under [columns]. Move it there.")
    return mapping


@dataclass(frozen=True)
class _Places:
    """Where the mapping's columns stand in the table."""

    case: int
    outcome: int
    age_days: int | None
    clinical: dict[str, int]
    others: dict[str, int]


def read_outcomes(mapping_path: Path) -> tuple[list[CaseOutcome], list[Problem]]:
    """Every row's outcome, and the rows that cannot be used.

    A word that the mapping names is an outcome, also where other tables would mean a missing value by it: "none" may
    say that nothing was impaired. A row of a case that stands twice counts once, and is a problem.

    Raises:
        InputError: the mapping, or the table itself, cannot be read.
    """
    mapping = read_mapping(mapping_path)
    table = read_cohort_table(mapping_path.parent / mapping.file)
    places = _places(table, mapping)
    outcomes: list[CaseOutcome] = []
    problems: list[Problem] = []
    rows: dict[str, list[CohortRow]] = {}
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
        clinical, wrong_values = _clinical({name: row.cells[place] for name, place in places.clinical.items()})
        known, wrong_others = _others({name: row.cells[place] for name, place in places.others.items()}, mapping)
        age, wrong_age = _age_days("" if places.age_days is None else row.cells[places.age_days])
        problems += [
            Problem(f"{table.name}, row {row.number}", f"{case}: {wrong}")
            for wrong in (wrong_outcome, wrong_age, *wrong_values, *wrong_others)
            if wrong
        ]
        if not wrong_outcome:
            outcomes.append(CaseOutcome(case, adverse, age, clinical, known))
    return outcomes, problems


def _places(table: Table, mapping: Mapping) -> _Places:
    columns, others = mapping.columns, {name: other.column for name, other in mapping.others.items()}
    clinical = {variable_named(name, Path(MAPPING)).name: column for name, column in mapping.clinical.items()}
    named = (columns.case, columns.outcome, columns.age_days, *clinical.values(), *others.values())
    wanted = {name: table.column(name) for name in named if name}
    absent = [name for name, place in wanted.items() if place is None]
    if absent:
        there = ", ".join(table.columns)
        raise DataError(table.name, f"there is no column {', '.join(absent)}; it has {there}. Correct the mapping")
    found = {name: place for name, place in wanted.items() if place is not None}
    for name in (columns.age_days, *clinical.values()):
        unclear = ambiguous_signs(row.cells[found[name]] for row in table.rows) if name else ""
        if unclear:
            raise DataError(table.name, f"the column {name} {unclear}")
    return _Places(
        case=found[columns.case],
        outcome=found[columns.outcome],
        age_days=found.get(columns.age_days),
        clinical={name: found[column] for name, column in clinical.items()},
        others={name: found[column] for name, column in others.items()},
    )


def _clinical(cells: dict[str, str]) -> tuple[ClinicalData, Sequence[str]]:
    """(variables of a row, what is wrong with others of them, which count as missing)."""
    values: dict[str, Any] = {}
    wrong = []
    for name, text in cells.items():
        try:
            value = _value(BY_NAME[name], text)
        except InputError as problem:
            wrong.append(str(problem).rstrip("."))
            continue
        if value is not None:
            values[name] = value
    return ClinicalData(**values), wrong


def _value(variable: Variable, text: str) -> float | bool | str | None:
    if is_missing(text) and text.casefold() not in (variable.words or {}):
        return None
    number = number_in(text)
    value = value_of(variable, text if number is None else f"{number:g}")
    if value is not None:
        check_value(variable, value)
    return value


def _others(cells: dict[str, str], mapping: Mapping) -> tuple[dict[str, bool], Sequence[str]]:
    """(further outcomes that are known, what is wrong with others of them); an empty cell is not known."""
    known, wrong = {}, []
    for name, text in cells.items():
        adverse, problem = _adverse(text, mapping.others[name])
        if not problem:
            known[name] = adverse
        elif not is_missing(text):
            wrong.append(f"{name}: {problem}")
    return known, wrong


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
