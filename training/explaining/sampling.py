"""Which infants and which subjects are explained: evenly over what they differ in, the same ones every time."""

from __future__ import annotations

import numpy as np
import pandas as pd

ALL = "all"


def choose_cases(table: pd.DataFrame, count: int | str, *, seed: int) -> list[str]:
    """Cases in turn from every outcome of every site; those in which a lesion is marked come first.

    Args:
        table: of prepared infants, columns ``case site adverse`` and, where lesions are known, ``lesion_load``.
        count: how many, or "all".

    Returns:
        Fewer than ``count`` where there are no more. The first ones of a longer choice are the shorter one, so that
        asking for more does none again.
    """
    known = table["lesion_load"] > 0 if "lesion_load" in table else pd.Series(False, index=table.index)
    drawn = table.assign(marked=known).sample(frac=1, random_state=seed).sort_values("marked", kind="stable")
    waiting = [_cases(drawn, *group)[::-1].tolist() for group in _groups(table)]
    turns = max((len(group) for group in waiting), default=0)
    order = [group[turn] for turn in range(turns) for group in waiting if turn < len(group)]
    return order if count == ALL else order[: int(count)]


def _groups(table: pd.DataFrame) -> list[tuple[str, bool]]:
    """(site, adverse) so ordered that the first few hold both outcomes and all sites."""
    sites = sorted(table["site"].unique())
    return [(site, (number + turn) % 2 == 0) for turn in (0, 1) for number, site in enumerate(sites)]


def _cases(table: pd.DataFrame, site: str, adverse: bool) -> np.ndarray:
    return table.loc[(table["site"] == site) & (table["adverse"].astype(bool) == adverse), "case"].to_numpy()


def choose_subjects(table: pd.DataFrame, count: int) -> list[int]:
    """Index labels of ``count`` rows (fewer where there are no more), evenly over ``age_years``, youngest first.

    Each is the subject next in age to one of as many evenly spaced ages; of a subject only the first scan is taken.
    """
    left = table.drop_duplicates("subject")["age_years"].astype(float)
    chosen: list[int] = []
    for age in np.linspace(left.min(), left.max(), count) if len(left) else ():
        if left.empty:
            break
        chosen.append((left - age).abs().idxmin())
        left = left.drop(chosen[-1])
    return sorted(chosen, key=lambda row: float(table["age_years"][row]))
