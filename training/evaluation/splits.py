"""Which cases train and which test: every arm sees the same folds, and no child is on both sides of one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from AGE2HIELib.errors import InputError

SAME_SITE, POOLED, CROSS_SITE = PROTOCOLS = ("same-site", "pooled", "cross-site")
_CLASSES = {False: "normal", True: "adverse"}

Fold = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Split:
    """One training set and the cases it is judged on.

    Attributes:
        protocol: one of ``PROTOCOLS``.
        setting: the site (same-site), "pooled", or "A->B" (cross-site; "others->B" with more than two sites).
        repeat, fold: counted from 0; cross-site has fold 0 only.
        train, test: identifiers of cases, sorted.
        inner: folds of the training cases alone, (fit, validate), for calibration and threshold.
    """

    protocol: str
    setting: str
    repeat: int
    fold: int
    train: tuple[str, ...]
    test: tuple[str, ...]
    inner: tuple[Fold, ...]


@dataclass(frozen=True)
class Folding:
    """How many outer folds, repeats and inner folds, and the seed of all of them."""

    folds: int
    repeats: int
    inner_folds: int
    seed: int


def make_splits(
    cases: pd.DataFrame,
    *,
    folds: int,
    repeats: int,
    inner_folds: int,
    seed: int,
    protocols: Sequence[str] = PROTOCOLS,
) -> list[Split]:
    """Folds stratified by outcome and site, whole subjects at a time; the order of the rows does not matter.

    Args:
        cases: columns ``case``, ``subject``, ``site``, ``adverse``.
        protocols: with one site only same-site is made: pooled would be the same, and cross-site has nowhere to go.

    Raises:
        InputError: the first of ``split_problems``.
    """
    problems = split_problems(cases, folds, inner_folds, protocols=protocols)
    if problems:
        raise InputError(problems[0])
    how = Folding(folds, repeats, inner_folds, seed)
    table = cases.sort_values("case", ignore_index=True)
    sites = sorted(table["site"].unique())
    made: list[Split] = []
    if SAME_SITE in protocols:
        for site in sites:
            made += _outer(table[table["site"] == site], SAME_SITE, str(site), how)
    if POOLED in protocols and len(sites) > 1:
        made += _outer(table, POOLED, POOLED, how)
    if CROSS_SITE in protocols and len(sites) > 1:
        for site in sites:
            made += _across(table, str(site), how)
    return made


def split_problems(
    cases: pd.DataFrame, folds: int, inner_folds: int, *, protocols: Sequence[str] = PROTOCOLS
) -> list[str]:
    """Everything that stands against splitting these cases, a line each; empty when nothing does."""
    if min(folds, inner_folds) < 2:
        return [f"{folds} folds and {inner_folds} inner folds: both must be 2 or more."]
    problems = [_repeated(cases)] if cases["case"].duplicated().any() else []
    for column, what in (("adverse", "both outcomes"), ("site", "more than one site")):
        spread = cases.groupby("subject")[column].nunique()
        problems += [
            f"Subject {subject} has cases with {what}: an outcome and a site belong to the child. Correct the table."
            for subject in spread.index[spread > 1]
        ]
    if cases["adverse"].nunique() < 2:
        only = _CLASSES[bool(cases["adverse"].iloc[0])] if len(cases) else "no"
        return [*problems, f"All {len(cases)} cases are of one class ({only}): add cases of the other one."]
    return [*problems, *_thin_strata(cases, folds, inner_folds, protocols)]


def _repeated(cases: pd.DataFrame) -> str:
    twice = sorted(cases["case"][cases["case"].duplicated()].unique())
    return f"Case {twice[0]} stands more than once in the table ({len(twice)} such cases): keep one row for each."


def _thin_strata(cases: pd.DataFrame, folds: int, inner_folds: int, protocols: Sequence[str]) -> Iterator[str]:
    """A line for each site and class with too few subjects for a part in every outer and inner fold."""
    subjects = cases.drop_duplicates("subject")
    cross_only = set(protocols) <= {CROSS_SITE}
    for site in sorted(subjects["site"].unique()):
        for adverse, name in _CLASSES.items():
            count = int(((subjects["site"] == site) & (subjects["adverse"] == adverse)).sum())
            need = inner_folds if cross_only else _subjects_needed(folds, inner_folds)
            if count < need:
                asked = f"{inner_folds} inner folds" if cross_only else f"{folds} folds with {inner_folds} inner folds"
                yield (
                    f"Site {site} has {count} {name} subject{'' if count == 1 else 's'}, and {asked} need {need}: "
                    "use fewer folds, add cases, or leave the site out."
                )


def _subjects_needed(folds: int, inner_folds: int) -> int:
    """Smallest n that leaves ``inner_folds`` subjects to train on when the largest of ``folds`` parts is taken away."""
    count = folds
    while count - -(-count // folds) < inner_folds:
        count += 1
    return count


def _outer(table: pd.DataFrame, protocol: str, setting: str, how: Folding) -> Iterator[Split]:
    for repeat in range(how.repeats):
        parts = _parts(table, how.folds, _seed(how.seed, protocol, setting, repeat))
        for fold, (train, test) in enumerate(parts):
            yield _split(table, Split(protocol, setting, repeat, fold, train, test, ()), how)


def _across(table: pd.DataFrame, site: str, how: Folding) -> Iterator[Split]:
    """Train on every other site; a repeat differs from the next in its inner folds only."""
    here = table["site"] == site
    others = sorted(table.loc[~here, "site"].unique())
    setting = f"{others[0] if len(others) == 1 else 'others'}->{site}"
    train, test = tuple(table.loc[~here, "case"]), tuple(table.loc[here, "case"])
    for repeat in range(how.repeats):
        yield _split(table, Split(CROSS_SITE, setting, repeat, 0, train, test, ()), how)


def _split(table: pd.DataFrame, split: Split, how: Folding) -> Split:
    """The split with its inner folds."""
    training = table[table["case"].isin(split.train)]
    seed = _seed(how.seed, split.protocol, split.setting, split.repeat, split.fold, "inner")
    inner = tuple(_parts(training, how.inner_folds, seed))
    return Split(split.protocol, split.setting, split.repeat, split.fold, split.train, split.test, inner)


def _parts(table: pd.DataFrame, folds: int, seed: int) -> list[Fold]:
    """Subjects, not cases, are dealt out: then a stratum's counts differ by one at most, and no subject is divided."""
    subjects = table.drop_duplicates("subject").sort_values("subject", ignore_index=True)
    strata = subjects["site"].astype(str) + "|" + subjects["adverse"].astype(str)
    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    parts = []
    for _, held in dealer.split(np.zeros(len(subjects)), strata):
        out = table["subject"].isin(subjects["subject"].iloc[held])
        parts.append((tuple(table.loc[~out, "case"]), tuple(table.loc[out, "case"])))
    return parts


def _seed(*key: object) -> int:
    """The same key gives the same folds in every process (Python's own hash of a string does not)."""
    return zlib.crc32("|".join(map(str, key)).encode("utf-8"))


def calibrating(splits: Sequence[Split]) -> list[Split]:
    """Those that predict every case once by networks that never saw it: the first repeat of the pooled protocol, or of
    the same-site one where there is one site (its pooled protocol would be the same). The mean over repeats would
    scatter less than any one ensemble does.
    """
    protocol = POOLED if any(split.protocol == POOLED for split in splits) else SAME_SITE
    return [split for split in splits if split.protocol == protocol and split.repeat == 0]


def calibration_problem(cases: pd.DataFrame, protocols: Sequence[str]) -> str:
    """What is wrong where ``protocols`` lack the one that ``calibrating`` needs; empty where they do not."""
    needed = POOLED if cases["site"].nunique() > 1 else SAME_SITE
    if needed in protocols:
        return ""
    return (
        f"The exported model is calibrated on the {needed} protocol, which evaluate.protocols "
        f"({', '.join(protocols)}) lacks: add {needed!r} to it."
    )


def whole_cohort(cases: pd.DataFrame, *, inner_folds: int, seed: int) -> Split:
    """All cases for training and none for a test: what an exported model learns from."""
    table = cases.sort_values("case", ignore_index=True)
    every = tuple(table["case"])
    return _split(table, Split("export", "all", 0, 0, every, (), ()), Folding(0, 1, inner_folds, seed))
