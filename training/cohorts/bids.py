"""Reads a BIDS folder of T1-weighted scans with ages (https://bids-specification.readthedocs.io).

An age is taken from the table nearest to the scan that has one: scans.tsv, then sessions.tsv, then participants.tsv.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from AGE2HIELib.errors import InputError
from training.cohorts.ages import age_column, has_unit, read_age, years_per_unit
from training.cohorts.problems import Problem
from training.cohorts.tables import read_table

_IMAGE = re.compile(
    r"^(?P<subject>sub-[A-Za-z0-9]+)(?:_(?P<session>ses-[A-Za-z0-9]+))?(?:_[A-Za-z0-9-]+)*_T1w\.nii(\.gz)?$"
)


@dataclass(frozen=True)
class AgeScan:
    """One T1-weighted scan. ``mask`` is a brain mask from ``derivatives``, where there is one."""

    subject: str
    session: str
    image: Path
    age_years: float
    mask: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.session}" if self.session else self.subject


def read_bids(root: Path) -> tuple[list[AgeScan], list[Problem]]:
    """All T1w scans with their ages, and everything that keeps some of them from being used."""
    participants = root / "participants.tsv"
    if not participants.is_file():
        return [], [Problem(root.name, "there is no participants.tsv. Give the root of a BIDS folder")]
    table = read_table(participants)
    if "participant_id" not in table.columns:
        return [], [Problem("participants.tsv", "there is no column participant_id. Name the subjects' column so")]
    problems = _duplicates(table)
    images = _images(root)
    scans = []
    for subject in dict.fromkeys(table["participant_id"]):
        mine = [image for image in images if _entities(image)[0] == subject]
        if not mine:
            problems.append(Problem("participants.tsv", f"{subject} has no T1w image. Add it, or take the row out"))
        for image in mine:
            try:
                age = _age(root, table, image)
            except InputError as problem:
                problems.append(Problem(_nearest_table(root, image)[0].name, f"{subject}: {problem}"))
                continue
            scans.append(AgeScan(subject, _entities(image)[1], image, age, _mask(root, image)))
    listed = set(table["participant_id"])
    for image in images:
        if _entities(image)[0] not in listed:
            problems.append(Problem(image.name, "its subject is not in participants.tsv. Add a row, or take it away"))
    return scans, problems


def _images(root: Path) -> Sequence[Path]:
    found = [*root.glob("sub-*/anat/*T1w.nii*"), *root.glob("sub-*/ses-*/anat/*T1w.nii*")]
    return sorted(path for path in found if _IMAGE.search(path.name))


def _entities(image: Path) -> tuple[str, str]:
    match = _IMAGE.search(image.name)
    assert match is not None  # _images kept those that match
    return match["subject"], match["session"] or ""


def _duplicates(table: pd.DataFrame) -> list[Problem]:
    counts = table["participant_id"].value_counts()
    twice = [(str(subject), int(count)) for subject, count in counts.items() if count > 1]
    return [Problem("participants.tsv", f"{subject} stands {count} times. Keep one row") for subject, count in twice]


def _nearest_table(root: Path, image: Path) -> tuple[Path, str, str]:
    """(table, column of the key, key) of the table that states this scan's age."""
    subject, session = _entities(image)
    stem = f"{subject}_{session}" if session else subject
    folder = image.parent.parent
    candidates = [
        (folder / f"{stem}_scans.tsv", "filename", image.relative_to(folder).as_posix()),
        (root / subject / f"{subject}_sessions.tsv", "session_id", session),
    ]
    for path, key, value in candidates:
        if path.is_file() and value:
            table = read_table(path)
            if key in table.columns and age_column(table) and (table[key] == value).any():
                return path, key, value
    return root / "participants.tsv", "participant_id", subject


def _age(root: Path, participants: pd.DataFrame, image: Path) -> float:
    path, key, value = _nearest_table(root, image)
    table = participants if path.name == "participants.tsv" else read_table(path)
    column = age_column(table)
    if column is None:
        raise InputError("no table has an age column. Add age (in years), age_months, age_weeks or age_days")
    stated = has_unit(path, column)
    factor = years_per_unit(path, column)
    text = str(table.loc[table[key] == value, column].iloc[0])
    return read_age(text, factor, stated=stated)


def _mask(root: Path, image: Path) -> Path | None:
    stem = image.name.split("_T1w")[0]
    found = sorted(root.glob(f"derivatives/**/{stem}*desc-brain_mask.nii*"))
    return found[0] if found else None
