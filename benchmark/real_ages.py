"""Errors of age on real T1 scans, by band, of every network of age that a comparison of systems has trained.

    python benchmark/real_ages.py RUN SCANS [--jobs 1]

RUN is the folder of ``compare-systems`` (rows without a finished network of age are left out); SCANS a BIDS folder of
T1 scans with ages in participants.tsv. They are placed once for each grid, into RUN/prepared. They are test only:
nothing is fitted to them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from figures import Figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from AGE2HIELib.tables.problems import refuse
from training.cohorts.bids import read_bids
from training.evaluation.age import Band
from training.learning.ages import predicted_years
from training.learning.fitting import WEIGHTS
from training.lessons import TRUE, Lesson
from training.preparing.inputs import age_spec
from training.preparing.lifespan import prepare_scans
from training.preparing.store import PreparedCohort, load_prepared
from training.pretraining import trained_age_network
from training.run_folder import RunFolder, recorded_settings
from training.settings import T1_PLACEMENT

# As docs/systems.md has them: real scans are too few for finer ones
BANDS = tuple(
    Band(f"{low}-{high} years", low, 98 if high == 97 else high)
    for low, high in ((0, 3), (3, 18), (18, 40), (40, 60), (60, 97))
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("scans", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    figures = Figures("real_ages")
    for row in sorted((given.run / "rows").iterdir()):
        run = RunFolder(row, recorded_settings(row), given.run)
        if not (run.pretraining(TRUE) / WEIGHTS).exists():
            continue
        cohort = placed_scans(run, given.scans, given.jobs)
        ages, brain_ml = (cohort.table[name].to_numpy(float, copy=True) for name in ("age_years", "brain_ml"))
        network = trained_age_network(run, load_prepared(run.prepared_ages), Lesson(TRUE))
        years = predicted_years(network, cohort.volumes, brain_ml)
        if not figures.found:
            print_heading(ages, float(load_prepared(run.prepared_ages).table["age_years"].mean()), figures)
        print(f"| `{row.name}` | {' | '.join(cells(row.name, ages, years, figures))} |", flush=True)
    figures.write(model=False)


def placed_scans(run: RunFolder, scans: Path, jobs: int) -> PreparedCohort:
    """The scans as the network of this run is fed them."""
    found, problems = read_bids(scans)
    refuse(problems)
    spec = age_spec(run.settings.network)
    folder = run.prepared_ages.parent / f"real-{scans.name}"
    return prepare_scans(found, folder, spec, placement=T1_PLACEMENT, jobs=jobs)


def print_heading(ages: np.ndarray, mean_years: float, into: Figures) -> None:
    into.add("scans", len(ages))
    into.add("learned-mean", mean_years, "years")
    bands = [f"{one.name} ({inside(ages, one).sum()})" for one in BANDS if inside(ages, one).any()]
    print(f"{len(ages)} scans of {ages.min():.1f} to {ages.max():.1f} years; mean absolute error, years")
    print(f"| row | all | {' | '.join(bands)} | mean error | r |")
    print(f"|{' --- |' * (len(bands) + 4)}")
    found = cells("mean-age", ages, np.full(len(ages), mean_years), into)
    print(f"| mean age learned from ({mean_years:.0f}) | {' | '.join(found)} |")


def cells(row: str, ages: np.ndarray, years: np.ndarray, into: Figures) -> list[str]:
    """Mean absolute error of all and by band, the signed mean, the correlation."""
    error = years - ages
    bands = {one.name: inside(ages, one) for one in BANDS if inside(ages, one).any()}
    off = {"error": np.abs(error).mean()} | {f"error/{name}": np.abs(error[at]).mean() for name, at in bands.items()}
    r = float(np.corrcoef(ages, years)[0, 1]) if np.ptp(years) > 0 else float("nan")
    for name, value in (off | {"bias": error.mean()}).items():
        into.add(f"{row}/{name}", value, "years")
    into.add(f"{row}/r", r)
    return [*(f"{value:.1f}" for value in off.values()), f"{error.mean():+.1f}", f"{r:.2f}"]


def inside(ages: np.ndarray, band: Band) -> np.ndarray:
    return np.asarray((ages >= band.low) & (ages < band.high))


if __name__ == "__main__":
    main()
