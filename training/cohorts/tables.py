"""Reads tables people hand over: CSV, TSV or Excel, every cell as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from AGE2HIELib.errors import InputError

MISSING = ("", "n/a", "na", "nan", "none", "null", "?")  # BIDS writes n/a


def read_table(path: Path) -> pd.DataFrame:
    """The table with stripped text in every cell and missing values as empty text.

    Raises:
        InputError: the file cannot be read, or a column's name stands twice.
    """
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            table = pd.read_excel(path, dtype=str, keep_default_na=False)
        else:
            separator = "\t" if path.suffix.lower() == ".tsv" else ","
            table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError, UnicodeDecodeError) as problem:  # pandas' parser errors are ValueErrors
        raise InputError(
            f"{path.name} cannot be read as a table ({problem}). Save it as CSV, TSV or XLSX."
        ) from problem
    table.columns = [str(column).strip() for column in table.columns]
    table = table.fillna("").map(lambda cell: str(cell).strip())
    return table.map(lambda cell: "" if cell.lower() in MISSING else cell)
