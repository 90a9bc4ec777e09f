"""What the tables of a dataset say of an infant: age at the scan, gestation at birth, cooling.

The age is that of ``tables.age_tables`` (scans.tsv, then sessions.tsv, then participants.tsv). Where no table has one,
it follows from ``scan_age`` and ``birth_age``, both in weeks from the last menstruation, as the developing Human
Connectome Project writes them into sessions.tsv and participants.tsv.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.bids.dataset import Dataset, Visit
from AGE2HIELib.bids.names import BidsFile
from AGE2HIELib.errors import InputError
from AGE2HIELib.tables.age_tables import AgeTable, ScanName, SubjectAges, label, read_participants
from AGE2HIELib.tables.numbers import number_in
from AGE2HIELib.tables.reading import Table, is_missing, read_cohort_table

DAYS_OF_A_YEAR = 365.25
_DAYS_OF_A_WEEK = 7.0
GESTATION = ("gestation_weeks", "gestational_age_weeks", "gestational_age", "birth_age")  # columns, in weeks
SCAN_AGE = ("scan_age", "postmenstrual_age", "pma")  # columns, in weeks
COOLED = ("cooled", "hypothermia", "cooling")
_YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


@dataclass(frozen=True)
class InfantRow:
    """What is known; None where no table says it.

    Attributes:
        age_years: at the scan.
        age_days: the same for the quality gate, or from weeks after the last menstruation. A table that says 0 years,
            months or weeks has rounded the age down, and says nothing of the day.
    """

    age_years: float | None = None
    age_days: float | None = None
    gestation_weeks: float | None = None
    cooled: bool | None = None


def read_infant_tables(dataset: Dataset) -> AgeTable | None:
    """participants.tsv; None where there is none."""
    return read_participants(dataset.root) if (dataset.root / "participants.tsv").is_file() else None


def infant_of(dataset: Dataset, participants: AgeTable | None, visit: Visit, image: BidsFile) -> InfantRow:
    """What the tables say of the infant of one image.

    Raises:
        InputError: a table of the infant cannot be read, or holds what cannot be.
    """
    if participants is None:
        return InfantRow()
    subject = f"sub-{visit.subject}"
    rows = participants.rows_of(subject)
    said = [(participants.table, row.cells) for row in rows[:1]]
    sessions = dataset.root / subject / f"{subject}_sessions.tsv"
    if sessions.is_file():
        said = [*_of_session(sessions, visit), *said]
    gestation, scan_weeks = _weeks(said, GESTATION), _weeks(said, SCAN_AGE)
    years = _age_years(dataset.root, participants, visit, image) if rows else None
    days = years * DAYS_OF_A_YEAR if years else None
    if days is None and gestation is not None and scan_weeks is not None:
        days = (scan_weeks - gestation) * _DAYS_OF_A_WEEK
        if days < 0:
            raise InputError(f"{visit.name}: scanned at {scan_weeks:g} weeks and born at {gestation:g}. Correct one.")
    return InfantRow(days / DAYS_OF_A_YEAR if days is not None else years, days, gestation, _yes_no(said, COOLED))


def _age_years(root: Path, participants: AgeTable, visit: Visit, image: BidsFile) -> float | None:
    """None where no table states it; what is stated and cannot be raises InputError."""
    session = f"ses-{visit.session}" if visit.session else ""
    stem = image.path.name.removesuffix(".gz").removesuffix(".nii")
    scan = ScanName(f"sub-{visit.subject}", session, stem)
    return SubjectAges(root, participants, [scan]).age_if_stated(scan)


def _of_session(path: Path, visit: Visit) -> list[tuple[Table, tuple[str, ...]]]:
    table = read_cohort_table(path)
    key = table.column("session_id")
    if key is None:
        return []
    return [(table, row.cells) for row in table.rows if label(row.cells[key]) == visit.session][:1]


def _cell(said: list[tuple[Table, tuple[str, ...]]], names: tuple[str, ...]) -> tuple[str, str]:
    """(column, text) of the first table that states one of these; empty where none does."""
    for table, cells in said:
        for name in names:
            column = table.column(name)
            if column is not None and not is_missing(cells[column]):
                return f"{name} in {table.name}", cells[column]
    return "", ""


def _weeks(said: list[tuple[Table, tuple[str, ...]]], names: tuple[str, ...]) -> float | None:
    where, text = _cell(said, names)
    if not text:
        return None
    weeks = number_in(text)
    if weeks is None:
        raise InputError(f"{where} is {text!r}. Write weeks as a number.")
    return weeks


def _yes_no(said: list[tuple[Table, tuple[str, ...]]], names: tuple[str, ...]) -> bool | None:
    where, text = _cell(said, names)
    if not text:
        return None
    if text.lower() not in _YES_NO:
        raise InputError(f"{where} is {text!r}. Write yes or no.")
    return _YES_NO[text.lower()]
