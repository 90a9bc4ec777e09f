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

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from AGE2HIELib.errors import InputError
from training.cohorts.problems import Problem
from training.cohorts.tables import read_table

MAPPING = "outcomes.toml"


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
class Outcome:
    """``case`` as the table writes it; ``age_days`` after birth is NaN where it is not known."""

    case: str
    adverse: bool
    age_days: float


def read_mapping(path: Path) -> Mapping:
    """Raises InputError: no such file, an unknown or missing key, one value that means both outcomes."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
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


def read_outcomes(mapping_path: Path) -> tuple[list[Outcome], list[Problem]]:
    """Every row's outcome, and the rows that cannot be used."""
    mapping = read_mapping(mapping_path)
    table = read_table(mapping_path.parent / mapping.file)
    wanted = [mapping.columns.case, mapping.columns.outcome, *filter(None, [mapping.columns.age_days])]
    absent = [column for column in wanted if column not in table.columns]
    if absent:
        there = ", ".join(map(str, table.columns))
        return [], [
            Problem(mapping.file, f"there is no column {', '.join(absent)}; it has {there}. Correct the mapping")
        ]
    outcomes, problems = [], _duplicates(table, mapping)
    for _, row in table.drop_duplicates(mapping.columns.case).iterrows():
        case = str(row[mapping.columns.case])
        if not case:
            problems.append(Problem(mapping.file, "a row names no case. Fill it in, or take the row out"))
            continue
        value = str(row[mapping.columns.outcome])
        if value not in (*mapping.outcome.adverse, *mapping.outcome.normal):
            known = ", ".join((*mapping.outcome.adverse, *mapping.outcome.normal))
            problems.append(
                Problem(
                    mapping.file, f"{case}: the outcome is {value!r}, not one of {known}. Correct it or the mapping"
                )
            )
            continue
        age = _age_days(row, mapping, case, problems)
        outcomes.append(Outcome(case, value in mapping.outcome.adverse, age))
    return outcomes, problems


def _duplicates(table: pd.DataFrame, mapping: Mapping) -> list[Problem]:
    counts = table[mapping.columns.case].value_counts()
    return [
        Problem(mapping.file, f"{case} stands {count} times. Keep one row")
        for case, count in counts.items()
        if count > 1 and case
    ]


def _age_days(row: pd.Series, mapping: Mapping, case: str, problems: list[Problem]) -> float:
    text = str(row[mapping.columns.age_days]) if mapping.columns.age_days else ""
    try:
        return float(text) if text else float("nan")
    except ValueError:
        problems.append(
            Problem(mapping.file, f"{case}: the age in days is {text!r}. Write a number, or leave it empty")
        )
        return float("nan")
