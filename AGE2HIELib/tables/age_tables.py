"""Which row of which table of a BIDS folder speaks of a scan.

The nearest first: scans.tsv, then sessions.tsv, then participants.tsv. A row of participants.tsv speaks of a session
where it names it, or where the subject has no other one: an age that stands once for several sessions is that of none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PureWindowsPath

from AGE2HIELib.errors import InputError
from AGE2HIELib.tables.ages import AgeColumn, age_columns, age_in
from AGE2HIELib.tables.problems import DataError, Problem
from AGE2HIELib.tables.reading import CohortRow, Table, is_missing, read_cohort_table

_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}  # as BIDS writes them
_SESSION_COLUMNS = ("session_id", "session")


@dataclass(frozen=True)
class ScanName:
    """What a scan is called: ``sub-01``, ``ses-b`` (empty where its name has none), and its file without the format."""

    subject: str
    session: str
    stem: str


@dataclass(frozen=True)
class AgeTable:
    """A table, the columns that hold ages, and those that say whose they are."""

    table: Table
    ages: tuple[AgeColumn, ...]
    key: int
    session: int | None = None

    def rows_of(self, name: str) -> tuple[CohortRow, ...]:
        return tuple(self._by_label.get(label(name), ()))

    def site_of(self, name: str) -> str:
        """What a column "site" says of a subject; empty where nothing does."""
        column = self.table.column("site")
        texts = [] if column is None else [row.cells[column] for row in self.rows_of(name)]
        return next((text for text in texts if not is_missing(text)), "")

    def sex_of(self, name: str) -> str:
        """ "F" or "M", as a column "sex" says of a subject; empty where nothing does, or says neither."""
        column = self.table.column("sex")
        texts = [] if column is None else [row.cells[column].strip().lower() for row in self.rows_of(name)]
        return next((_SEXES[text] for text in texts if text in _SEXES), "")

    @cached_property
    def _by_label(self) -> dict[str, list[CohortRow]]:
        """Thousands of participants are looked up one by one."""
        rows: dict[str, list[CohortRow]] = {}
        for row in self.table.rows:
            rows.setdefault(label(row.cells[self.key]), []).append(row)
        return rows

    def session_in(self, row: CohortRow) -> str:
        """As the row names it, without its prefix; empty where it names none."""
        text = "" if self.session is None else row.cells[self.session]
        return "" if is_missing(text) else label(text)


def label(text: str) -> str:
    """Tables may leave out the prefix: ``sub-01`` and ``01``, ``ses-b`` and ``b`` are one name."""
    return text[4:] if text.lower().startswith(("sub-", "ses-")) else text


def read_participants(root: Path) -> AgeTable:
    """``participants.tsv``; raises DataError where it cannot be used."""
    path = root / "participants.tsv"
    if not path.is_file():
        raise DataError(root.name, "there is no participants.tsv. Give the root of a BIDS folder")
    table = read_cohort_table(path)
    key = table.column("participant_id")
    if key is None:
        raise DataError(table.name, "there is no column participant_id. Name the subjects' column so")
    session = next((found for name in _SESSION_COLUMNS if (found := table.column(name)) is not None), None)
    return AgeTable(table, age_columns(table, root), key, session)


def wrong_rows(participants: AgeTable) -> list[Problem]:
    """Rows without a participant, and participants that have two rows for the same session."""
    table, problems, names = participants.table, [], Counter[str]()
    for row in table.rows:
        participant, session = row.cells[participants.key], participants.session_in(row)
        if is_missing(participant):
            where = f"{table.name}, row {row.number}"
            problems.append(Problem(where, "it names no participant. Fill it in, or take the row out"))
        else:
            names[_of_session(f"sub-{label(participant)}", session)] += 1
    return problems + [_twice(table, name, count) for name, count in names.items() if count > 1]


def _of_session(subject: str, session: str) -> str:
    return f"{subject} with ses-{session}" if session else subject


def _twice(table: Table, name: str, count: int) -> Problem:
    return Problem(table.name, f"{name} stands {count} times. Keep one row")


class SubjectAges:
    """The ages of one subject's scans, by tables that are read once."""

    def __init__(self, root: Path, participants: AgeTable, scans: Sequence[ScanName]) -> None:
        """``scans``: all of one subject. Raises DataError where one of its tables cannot be used."""
        self._subject = scans[0].subject
        folder = root / self._subject
        names = (f"{self._subject}*_scans.tsv", f"ses-*/{self._subject}*_scans.tsv")
        every = [_beside(path, root, "filename") for name in names for path in sorted(folder.glob(name))]
        self._scans = [table for table in every if table]
        self._sessions = _beside(folder / f"{self._subject}_sessions.tsv", root, "session_id")
        self._participants = participants
        self._known = {label(scan.session) for scan in scans}
        self._known |= {label(path.name) for path in folder.glob("ses-*") if path.is_dir()}
        if self._sessions:
            self._known |= {label(row.cells[self._sessions.key]) for row in self._sessions.table.rows}

    def age_years(self, scan: ScanName) -> float:
        """The age at a scan, by the nearest table that states it.

        Raises:
            DataError: no table speaks of this scan, its age is missing, or it cannot be used.
        """
        age, missing = self._stated(scan)
        if age is not None:
            return age
        if missing:
            raise DataError(missing, f"{scan.subject}: the age is missing. Fill it in, or leave the subject out")
        raise self._untold(scan)

    def age_if_stated(self, scan: ScanName) -> float | None:
        """The same where an age is of use and not needed: None where no table states one.

        Raises:
            DataError: it is stated and cannot be used.
        """
        return self._stated(scan)[0]

    def _stated(self, scan: ScanName) -> tuple[float | None, str]:
        """The age, and the first row that speaks of the scan and leaves it out."""
        missing = ""
        for table, rows in self._speaking(scan):
            where = f"{table.table.name}, row {rows[0].number}"
            if len(rows) > 1:
                problem = _twice(table.table, _of_session(scan.subject, table.session_in(rows[0])), len(rows))
                raise DataError(problem.where, problem.what)
            try:
                age = age_in(rows[0], table.ages)
            except InputError as problem:
                raise DataError(where, f"{scan.subject}: {problem}") from problem
            if age is not None:
                return age, ""
            missing = missing or where
        return None, missing

    def _speaking(self, scan: ScanName) -> Iterator[tuple[AgeTable, tuple[CohortRow, ...]]]:
        """Tables with ages and their rows that speak of this scan, the nearest first."""
        found = [(table, _rows_of_file(table, scan.stem)) for table in self._scans]
        if self._sessions and scan.session:
            found.append((self._sessions, self._sessions.rows_of(scan.session)))
        found.append((self._participants, self._rows_of_participant(scan)))
        yield from ((table, rows) for table, rows in found if rows and table.ages)

    def _rows_of_participant(self, scan: ScanName) -> tuple[CohortRow, ...]:
        mine = self._participants.rows_of(scan.subject)
        named = [self._participants.session_in(row) for row in mine]
        if not any(named):
            return mine if len(self._known) == 1 else ()
        if not scan.session and len(mine) == len(self._known) == 1:
            return mine  # a folder without sessions, and a table that gives the only one a name
        return tuple(row for row, session in zip(mine, named, strict=True) if session == label(scan.session))

    def _untold(self, scan: ScanName) -> DataError:
        if not any(table.ages for table in (*self._scans, self._sessions, self._participants) if table):
            what = "no table has an age column. Add age (in years), age_months, age_weeks or age_days"
            return DataError(self._participants.table.name, f"{scan.subject}: {what}")
        known = ", ".join(sorted(f"ses-{name}" if name else "no session" for name in self._known))
        return DataError(
            self._participants.table.name,
            f"{scan.subject}: no table says the age at {scan.session or 'the scan without a session'}, of several "
            f"({known}). Write it into {scan.subject}_sessions.tsv, or give participants.tsv a column session_id",
        )


def _beside(path: Path, root: Path, key: str) -> AgeTable | None:
    """A table of a subject's own; None where there is none, or none that could hold ages."""
    if not path.is_file():
        return None
    table = read_cohort_table(path)
    ages, column = age_columns(table, root), table.column(key)
    if column is None and ages:
        raise DataError(table.name, f"there is no column {key}, so its ages are nobody's. Add it, or take the ages out")
    return None if column is None else AgeTable(table, ages, column)


def _rows_of_file(table: AgeTable, stem: str) -> tuple[CohortRow, ...]:
    """By the file's own name, which holds subject and session, however its folders and its format are written."""
    names = [PureWindowsPath(row.cells[table.key]).name for row in table.table.rows]
    stems = [name.removesuffix(".gz").removesuffix(".nii") for name in names]
    return tuple(row for row, found in zip(table.table.rows, stems, strict=True) if found == stem)
