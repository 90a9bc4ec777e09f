"""Finds what is wrong with the data before any time is spent: every problem with its file and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.parallel import run_all
from training.cohorts.bids import AgeScan, read_bids
from training.cohorts.bonbid import HieCase, read_bonbid
from training.cohorts.problems import Problem
from training.evaluation.splits import split_problems
from training.seen import seen_again, subject_hash
from training.settings import Settings

FEWEST_SUBJECTS = 8  # below this no held-out share is left to judge ages on


def check_ages(root: Path, settings: Settings) -> tuple[list[AgeScan], list[Problem]]:
    """The T1 scans and what is wrong with them."""
    scans, problems = read_bids(root)
    if not problems and len({scan.subject for scan in scans}) < FEWEST_SUBJECTS:
        problems.append(Problem(root.name, f"{len(scans)} subjects are too few. Give {FEWEST_SUBJECTS} or more"))
    files = [path for scan in scans for path in (scan.image, scan.mask) if path]
    return scans, problems + _unreadable(files, settings.run.jobs)


def check_infants(root: Path, mapping: Path | None, settings: Settings) -> tuple[list[HieCase], list[Problem]]:
    """The infants and what is wrong with them, the folds that cannot be made included."""
    try:
        cases, problems = read_bonbid(root, mapping)
    except InputError as problem:
        return [], [Problem(root.name, str(problem))]
    files = [path for case in cases for path in (case.image, case.z_adc, case.lesion) if path]
    problems += _unreadable(files, settings.run.jobs)
    return cases, problems + check_folds(case_table(cases), settings)


def case_table(cases: Sequence[HieCase]) -> pd.DataFrame:
    """What folds are made of: columns ``case subject site adverse``."""
    columns = ("case", "subject", "site", "adverse")
    return pd.DataFrame([[getattr(case, column) for column in columns] for case in cases], columns=columns)


def check_folds(table: pd.DataFrame, settings: Settings) -> list[Problem]:
    """Folds of the evaluation and of the export that the cases of a ``case_table`` do not suffice for."""
    if table.empty:
        return []
    evaluate = settings.evaluate
    inner = max(evaluate.inner_folds, settings.export.members)
    lines = split_problems(table, evaluate.folds, inner, protocols=evaluate.protocols)
    return [Problem("folds", line) for line in lines]


def check_overlap(scans: list[AgeScan], cases: list[HieCase]) -> list[Problem]:
    """Infants that are among the pretraining subjects, by their names; images are compared when they are prepared."""
    return seen_again([case.subject for case in cases], {subject_hash(scan.subject) for scan in scans})


def _unreadable(files: list[Path], jobs: int) -> list[Problem]:
    found = run_all(_why_unreadable, files, jobs=jobs, description="images read")
    return [Problem(path.name, why) for path, why in zip(files, found, strict=True) if why]


def _why_unreadable(path: Path) -> str:
    try:
        read_volume(path)
    except InputError as problem:
        return f"cannot be used: {problem}"
    return ""
