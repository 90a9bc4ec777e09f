"""Reads clinical variables from a file: a JSON object, or a CSV with a header and one row (in a batch one for a case, of
JSON a list of objects).

Each error is one line that names the variable, the value seen and what to do. A missing value is left out, empty, null
or ``n/a``; a file in which nothing is given is allowed, and warned of.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.clinical.variables import BY_NAME, SEX, SEX_WORDS, YES_NO, YES_NO_WORDS, ClinicalData, Variable
from AGE2HIELib.errors import InputError

CASE = "case"  # the column that names the cases of a batch
MISSING = ("", "n/a", "na", "#n/a", "null", "?", "unknown", "missing", "not known")
NOTHING_GIVEN = "The clinical file gives no variable: the number is that of the image alone."
_LARGEST_BYTES = 1_000_000
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # that begin a text
_SAVE = "Save it as a JSON object, or as a CSV with commas, a header and one row."
# what is known only after the scan, by words that are part of a column's name
_LATER = {
    "length of stay": ("stay", "los", "discharge", "discharged"),
    "ventilation": ("ventilation", "ventilated", "ventilator", "intubated", "intubation", "extubation", "cpap"),
    "nutrition": ("nutrition", "feeding", "feeds", "feed", "gavage", "tpn", "gastrostomy", "breastfeeding"),
    "an outcome": ("outcome", "death", "died", "deceased", "bayley", "gmfcs", "cp", "impairment"),
}
_OF_A_PERSON = ("name", "mrn", "id", "patient", "address", "initials")
_DATE_WORDS = ("date", "dob", "birthday", "birthdate", "datetime", "timestamp")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{8}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_WEEKS_AND_DAYS = re.compile(r"(\d{2})\s*(?:\+|w(?:eeks?)?\s*\+?)\s*([0-6])\s*d?(?:ays?)?", re.IGNORECASE)
_BASE_EXCESS = ("base_excess", "be", "base_excess_mmol_l")


@dataclass(frozen=True)
class ClinicalFile:
    """One infant's variables, and sentences for the reader."""

    data: ClinicalData
    warnings: tuple[str, ...] = ()


def read_clinical(path: Path) -> ClinicalFile:
    """The variables of one infant.

    Raises:
        InputError: the file cannot be read, or a column or a value of it cannot be used.
    """
    records = _records(path)
    if len(records) > 1:
        raise InputError(
            f"'{path.name}' has {len(records)} rows, and one infant has one. Leave one row in it; a table of several "
            f"infants, with a column '{CASE}', is for age2hie batch."
        )
    return clinical_file(_clinical(records[0], path) if records else ClinicalData())


def clinical_file(data: ClinicalData) -> ClinicalFile:
    """With the warning that belongs to it."""
    return ClinicalFile(data, () if data.given else (NOTHING_GIVEN,))


def read_clinical_table(path: Path) -> Mapping[str, ClinicalData]:
    """The variables of a batch's infants, by the value of the column ``case``.

    Raises:
        InputError: as for one infant, or a case that is not named or stands twice.
    """
    found: dict[str, ClinicalData] = {}
    for number, record in enumerate(_records(path), start=2):
        values = {_plain(name): (name, value) for name, value in record.items()}
        if CASE not in values:
            raise InputError(f"'{path.name}' has no column '{CASE}'. Add one with the names of the batch's cases.")
        column, case = values[CASE]
        case = "" if case is None else str(case).strip()
        if not case:  # a case may be called NA
            raise InputError(f"'{path.name}', row {number}: it names no case. Fill it in, or take the row out.")
        if case in found:
            raise InputError(f"'{path.name}' has the case {case} twice. Keep one row.")
        try:
            found[case] = _clinical({name: value for name, value in record.items() if name != column}, path)
        except InputError as error:
            raise InputError(f"{case}: {error}") from None
    return found


def value_of(variable: Variable, value: Any) -> float | bool | str | None:
    """A cell or a JSON value as the variable's own type, None where it is missing; whether it is possible is asked by
    ``ClinicalData``. InputError for what is no such value.
    """
    if value is None or (isinstance(value, str) and _is_missing(value)):
        return None
    if isinstance(value, bool) and variable.kind == YES_NO:
        return value
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise InputError(f"{variable.name} is {_short(value)}, which is no {variable.kind}. Write one value.")
    text = unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else repr(value)
    if variable.kind in (SEX, YES_NO):
        words: Mapping[str, bool | str] = SEX_WORDS if variable.kind == SEX else YES_NO_WORDS
        if text.casefold() not in words:
            wanted = "male or female" if variable.kind == SEX else "yes or no"
            raise InputError(f"{variable.name} is {_short(value)}; it must be {wanted}. Write one of them.")
        return words[text.casefold()]
    if variable.words and text.casefold() in variable.words:
        return variable.words[text.casefold()]
    return _number(variable, text)


def _number(variable: Variable, text: str) -> float:
    name = variable.name
    parts = _WEEKS_AND_DAYS.fullmatch(text) if name == "gestation_weeks" else None
    if parts:
        return int(parts[1]) + int(parts[2]) / 7
    if _COMMA.fullmatch(text):
        raise InputError(
            f"{name} is {_short(text)}, with a decimal comma. Write it with a point: {text[:60].replace(',', '.')}."
        )
    try:
        number = float(text)
    except ValueError:
        number = None
    if number is None or "_" in text:
        if _DATE.fullmatch(text):
            raise InputError(
                f"{name} is {_short(text)}, which looks like a date. No dates are read: give {_what(variable)}."
            )
        raise InputError(
            f"{name} is {_short(text)}, where a number belongs. Give {_what(variable)}, without words or a unit."
        )
    if _DATE.fullmatch(text) and len(text) == 8 and number > variable.possible[1]:
        raise InputError(
            f"{name} is {_short(text)}, which looks like a date. No dates are read: give {_what(variable)}."
        )
    if number != number or number in (float("inf"), float("-inf")):
        raise InputError(f"{name} is {text[:60]}, which is no number. Leave it empty where it is not known.")
    return number


def _what(variable: Variable) -> str:
    low, high = variable.possible
    unit = f" in {variable.unit}" if variable.unit else ""
    return f"a number{unit}, {low:g} to {high:g}"


def _clinical(record: Mapping[str, Any], path: Path) -> ClinicalData:
    values: dict[str, Any] = {}
    for column, value in record.items():
        variable = variable_named(column, path)
        if variable.name in values:
            raise InputError(f"'{path.name}' gives {variable.name} twice. Keep one.")
        values[variable.name] = value_of(variable, value)
    return ClinicalData(**values)


def variable_named(column: str, path: Path) -> Variable:
    """The one that a column names, whatever its capitals, blanks and hyphens; InputError for what is none, or is known
    only after the scan.
    """
    plain = _plain(column)
    if plain in BY_NAME:
        return BY_NAME[plain]
    where, words = f"'{path.name}', column {_short(column)}", set(plain.split("_"))
    if plain in _BASE_EXCESS:
        raise InputError(f"{where}: give base_deficit_mmol_l instead, the same number with the other sign.")
    for what, known in _LATER.items():
        if words & set(known):
            raise InputError(
                f"{where}: {what} is not used, since it is known only after the scan and would tell the outcome "
                "instead of predicting it. Take the column out."
            )
    if words & set(_DATE_WORDS) or plain in ("birth", "born"):
        raise InputError(f"{where}: no dates are read. Give age_days, the age at the scan in days, and no date.")
    if plain == CASE:
        raise InputError(f"{where}: it belongs to the table of a batch. Take it out for one infant.")
    if words & set(_OF_A_PERSON):
        raise InputError(f"{where}: nothing that names a person is read. Take the column out.")
    raise InputError(f"{where} is none that is known. {_near(plain)}")


def _near(plain: str) -> str:
    parts = [name for name in BY_NAME if len(plain) > 1 and (plain in name or name.split("_")[0] == plain)]
    near = list(dict.fromkeys([*difflib.get_close_matches(plain, BY_NAME, n=3, cutoff=0.6), *parts]))[:3]
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"Known are {', '.join(BY_NAME)}."


def _plain(column: str) -> str:
    return re.sub(r"[\s\-.]+", "_", unicodedata.normalize("NFC", column.strip()).casefold())


def _is_missing(text: str) -> bool:
    return text.strip().casefold() in MISSING


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _records(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, each by the names of its columns; none in a file that is empty."""
    text = _text(path).strip()
    if not text:
        return []
    return _json(text, path) if text[0] in "{[" else _csv(text, path)


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"'{path.name}' is a folder, a device or a pipe, and no file. {_SAVE}")
        if not path.is_file():
            raise InputError(f"There is no file '{path.name}' of clinical variables. Check its name.")
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"'{path.name}' takes {path.stat().st_size} bytes, too many for this. {_SAVE}")
        content = path.read_bytes()
    except OSError as problem:
        raise InputError(f"'{path.name}' cannot be read ({problem.strerror}). Check its permissions.") from problem
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"'{path.name}' is a workbook. {_SAVE}")
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:
        raise InputError(f"'{path.name}' is no text in {encoding.upper()}. {_SAVE}") from problem
    if "\x00" in text:
        raise InputError(f"'{path.name}' holds bytes of 0, which no text has. {_SAVE}")
    return text


def _json(text: str, path: Path) -> list[dict[str, Any]]:
    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        _refuse_repeated((name for name, _ in pairs), path)
        return dict(pairs)

    def refuse(constant: str) -> float:
        raise InputError(f"'{path.name}' holds {constant}, which is no number. Write null where it is not known.")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"'{path.name}' is not JSON ({problem}). Correct it, or save it as CSV.") from problem
    rows = found if isinstance(found, list) else [found]
    for row in rows:
        if not isinstance(row, dict):
            raise InputError(
                f"'{path.name}' holds {_short(row)} where an infant's variables should stand. Write an object for each "
                'infant, as {"cord_ph": 7.01}.'
            )
    return rows


def _csv(text: str, path: Path) -> list[dict[str, Any]]:
    first = text.splitlines()[0]
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        if sign in first and "," not in first:
            raise InputError(
                f"'{path.name}' separates its columns by {name}. Save it with commas, and numbers with a point."
            )
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, row))]
    except csv.Error as problem:
        raise InputError(f"'{path.name}' is no CSV ({problem}). {_SAVE}") from problem
    if not rows:  # blank cells alone
        return []
    header, *others = rows
    _refuse_repeated(header, path)
    if not others:  # names without a row may be values without their names
        for name in header:
            if _plain(name) != CASE:
                variable_named(name, path)
    for number, row in enumerate(others, start=2):
        if len(row) != len(header):
            raise InputError(
                f"'{path.name}', row {number} has {len(row)} cells, and the header {len(header)}. Write one value "
                "under each name, numbers with a point and not with a comma."
            )
    return [dict(zip(header, row, strict=True)) for row in others]


def _refuse_repeated(names: Iterable[str], path: Path) -> None:
    known: set[str] = set()
    for name in names:
        if not name.strip():
            raise InputError(f"'{path.name}' has a column without a name. Name it, or take it out.")
        if _plain(name) in known:
            raise InputError(f"'{path.name}' gives {_short(name)} twice. Keep one.")
        known.add(_plain(name))
