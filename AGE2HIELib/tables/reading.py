"""Reads tables people hand over: CSV, TSV or Excel, every cell as text and under the name of its own column."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.tables.problems import DataError

MISSING = ("", "n/a", "na", "nan", "none", "null", "?", "#n/a")  # BIDS writes n/a
_SEPARATORS = ("\t", ";", ",")  # where Excel's decimal sign is a comma, its CSV has semicolons
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # that begin a text
_SAVE = "Save it as CSV in UTF-8, as TSV, or as XLSX"


@dataclass(frozen=True)
class CohortRow:
    """``number`` as a spreadsheet counts (the header is 1); one stripped text for each column."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with a header. No row has more or fewer cells than the header."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[CohortRow, ...]

    @property
    def name(self) -> str:
        return self.path.name

    def column(self, name: str) -> int | None:
        """Where the column of this name stands, whatever its case; None where there is none.

        Raises:
            DataError: the name stands more than once.
        """
        for same in (str, str.casefold):
            found = [number for number, column in enumerate(self.columns) if same(column) == same(name)]
            if len(found) > 1:
                raise DataError(self.name, f"the column {name} stands {len(found)} times. Keep one, or rename one")
            if found:
                return found[0]
        return None


def is_missing(text: str) -> bool:
    """Whether a cell stands for a value that nobody knows."""
    return text.lower() in MISSING


def read_cohort_table(path: Path) -> Table:
    """A table in whichever of the usual forms: separated by tabs, semicolons or commas, UTF-8 or UTF-16, XLSX.

    Cells are stripped, empty rows and what an export leaves empty after the last column are left out. Nothing is
    taken for missing here: "none" may be an outcome.

    Raises:
        DataError: it cannot be read, or a row does not fit the header, so that values would stand under other names.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise DataError(path.name, f"cannot be read ({problem.strerror}). {_SAVE}") from problem
    if content.startswith(_OLD_EXCEL):
        raise DataError(path.name, f"is a workbook of Excel 97-2003. {_SAVE}")
    return _table(path, _excel(path, content) if content.startswith(_ZIP) else _text(path, content))


def _excel(path: Path, content: bytes) -> list[list[str]]:
    """The first sheet; what a formula gave when the workbook was saved."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drop-down lists and the like, which no value depends on
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True)
            rows = [[_cell_text(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, SyntaxError) as problem:
        raise DataError(path.name, f"is no workbook that can be read ({type(problem).__name__}). {_SAVE}") from problem
    return _with_every_column_named(rows)


def _with_every_column_named(rows: list[list[str]]) -> list[list[str]]:
    """A sheet's cells have their places: notes in a column without a name shift nothing."""
    width = max(map(len, rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    header = next((number for number, row in enumerate(padded) if any(row)), None)
    if header is not None:
        padded[header] = [name or f"(column {number})" for number, name in enumerate(padded[header], start=1)]
    return padded


def _cell_text(value: Any) -> str:
    """As the sheet shows it: a whole number has no point."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text(path: Path, content: bytes) -> list[list[str]]:
    """The records, split at the one separator that fits every row."""
    text = _decoded(path, content)
    header = next((line for line in text.splitlines() if line.strip()), "")
    used = [separator for separator in _SEPARATORS if separator in header] or ["\t"]
    if path.suffix.lower() == ".tsv" and "\t" in used:
        used = ["\t"]
    split = {separator: records for separator in used if (records := _records(text, separator))}
    if not split:
        raise DataError(path.name, "its quotation marks do not match. Correct them, or save it as XLSX")
    fitting = [separator for separator, records in split.items() if _misfit(_rows(records)) is None]
    if len(fitting) > 1:
        raise DataError(path.name, f"its columns may be separated by {_in_words(fitting)}. {_SAVE}")
    return split[fitting[0]] if fitting else next(iter(split.values()))


def _decoded(path: Path, content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:
        if encoding != "utf-8":
            raise DataError(path.name, f"is no {encoding} text ({problem.reason}). {_SAVE}") from problem
        text = content.decode("cp1252", errors="replace")  # Excel's plain CSV in western Europe and America
    if "\x00" in text:
        raise DataError(path.name, f"holds bytes of 0, which no text in UTF-8 has. {_SAVE}")
    return text


def _records(text: str, separator: str) -> list[list[str]]:
    """Empty where quotation marks do not match at this separator."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)) or [[]]
    except csv.Error:
        return []


def _table(path: Path, records: Iterable[Sequence[str]]) -> Table:
    rows = _rows(records)
    if not rows:
        raise DataError(path.name, "is empty. Write a header and a row for each participant")
    misfit = _misfit(rows)
    if misfit is not None:
        many, wanted = len(misfit.cells), len(rows[0].cells)
        raise DataError(
            f"{path.name}, row {misfit.number}",
            f"it has {many} cell{'' if many == 1 else 's'}, and the header {wanted}: values would stand under other "
            "names. Correct the row (an unknown value is written n/a) or the header",
        )
    return Table(path, rows[0].cells, tuple(rows[1:]))


def _rows(records: Iterable[Sequence[str]]) -> list[CohortRow]:
    """Those that hold something. What is empty behind the header's last name is a separator too many, no column."""
    found: list[CohortRow] = []
    for number, record in enumerate(records, start=1):
        cells = [cell.strip() for cell in record]
        width = len(found[0].cells) if found else 0
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if any(cells):
            found.append(CohortRow(number, tuple(cells)))
    return found


def _misfit(rows: Sequence[CohortRow]) -> CohortRow | None:
    return next((row for row in rows if len(row.cells) != len(rows[0].cells)), None)


def _in_words(separators: Iterable[str]) -> str:
    names = {"\t": "tabs", ";": "semicolons", ",": "commas"}
    return " or ".join(names[separator] for separator in separators)
