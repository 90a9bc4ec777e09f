"""Finds what is wrong with the data before any time is spent: every problem with its file and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.io.integrity import sha256_of_files
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.preprocess.t1.mask import stripped_brain
from AGE2HIELib.preprocess.t1.prepare import finite_t1, plausible_brain_ml
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.tables.problems import DataError, Problem
from training.cohorts.bids import AgeScan, read_bids
from training.cohorts.bonbid import HieCase, read_bonbid
from training.evaluation.splits import calibration_problem, split_problems
from training.leakage import image_hash, leaked_subjects, subject_hash
from training.preparing.infants import NO_BRAIN, read_infant
from training.settings import TrainingSettings

Item = TypeVar("Item", AgeScan, HieCase)

FEWEST_SUBJECTS = 8  # below this no held-out share is left to judge ages on


def check_ages(root: Path, settings: TrainingSettings) -> tuple[list[AgeScan], list[Problem]]:
    """The T1 scans and what is wrong with them."""
    scans, problems = read_bids(root)
    if not problems and len({scan.subject for scan in scans}) < FEWEST_SUBJECTS:
        problems.append(Problem(root.name, f"{len(scans)} subjects are too few. Give {FEWEST_SUBJECTS} or more"))
    return scans, [*problems, *one_age_problem(root, scans), *_refused(_why_no_t1, scans, settings.run.jobs)]


def one_age_problem(root: Path, scans: Sequence[AgeScan]) -> list[Problem]:
    """Scans of one age teach none: what a network learns is divided by the spread of the ages."""
    if not scans or len({scan.age_years for scan in scans}) > 1:
        return []
    said = f"every subject is {scans[0].age_years:g} years old, and age is learned from differences"
    return [Problem(root.name, f"{said}. Give subjects of several ages")]


def check_infants(root: Path, mapping: Path | None, settings: TrainingSettings) -> tuple[list[HieCase], list[Problem]]:
    """The infants and what is wrong with them, the folds that cannot be made included."""
    try:
        cases, problems = read_bonbid(root, mapping, settings.hie.outcome)
    except DataError as error:
        return [], [error.problem]
    except InputError as problem:
        return [], [Problem(root.name, str(problem))]
    problems += [*_without_atlas(settings), *_refused(_why_no_infant, cases, settings.run.jobs)]
    return cases, problems + check_folds(case_table(cases), settings)


def case_table(cases: Sequence[HieCase]) -> pd.DataFrame:
    """What folds are made of: columns ``case subject site adverse``."""
    columns = ("case", "subject", "site", "adverse")
    return pd.DataFrame([[getattr(case, column) for column in columns] for case in cases], columns=columns)


def check_folds(table: pd.DataFrame, settings: TrainingSettings) -> list[Problem]:
    """Folds of the evaluation and of the export that the cases of a ``case_table`` do not suffice for."""
    if table.empty:
        return []
    evaluate = settings.evaluate
    inner = max(evaluate.inner_folds, settings.export.members)
    lines = split_problems(table, evaluate.folds, inner, protocols=evaluate.protocols)
    lacking = calibration_problem(table, evaluate.protocols)
    lines += [lacking] if lacking else []
    return [Problem("folds", line) for line in lines]


def check_overlap(scans: Sequence[AgeScan], cases: Sequence[HieCase]) -> list[Problem]:
    """Infants that are among the pretraining subjects, by their names or by the very same file."""
    seen = {subject_hash(scan.subject) for scan in scans}
    files = [case.image for case in cases if case.image.is_file()]  # a link that leads nowhere is another problem
    sizes = {file.stat().st_size for file in files}
    twins = [scan.image for scan in scans if scan.image.is_file() and scan.image.stat().st_size in sizes]
    seen |= {image_hash(sha256_of_files([image])) for image in twins}  # files of other sizes need not be read again
    hashes = [sha256_of_files([file]) for file in files] if twins else []
    return leaked_subjects([case.subject for case in cases], seen, hashes)


def _without_atlas(settings: TrainingSettings) -> list[Problem]:
    folder = settings.input.atlas_folder
    try:
        load_atlas(folder)
    except InputError as problem:
        return [Problem(folder.name, str(problem))]
    return []


def _refused(why: Callable[[Item], str], items: Sequence[Item], jobs: int) -> list[Problem]:
    """What preparing would refuse, but for what takes as long as preparing itself."""
    found = run_all(why, items, jobs=jobs, description="images read")
    return [
        Problem(item.image.name, f"cannot be used: {text}") for item, text in zip(items, found, strict=True) if text
    ]


def _why_no_infant(case: HieCase) -> str:
    try:
        scan, _ = read_infant(case)
    except InputError as problem:
        return str(problem)
    assert scan.source.adc is not None  # read_infant refuses others
    return "" if brain_mask(to_canonical(scan.source.adc), contrast=None).array.any() else NO_BRAIN


def _why_no_t1(scan: AgeScan) -> str:
    """Whether a brain can be found in a whole head takes half a minute, and is left to preparing."""
    try:
        t1 = read_volume(scan.image)
        mask = read_on_grid(scan.mask, t1.grid, what="brain mask") if scan.mask else None
        brain = stripped_brain(finite_t1(t1)) if mask is None else mask.like(mask.array > 0)
        if brain is not None:
            plausible_brain_ml(brain)
    except InputError as problem:
        return str(problem)
    return ""
