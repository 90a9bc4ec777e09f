"""What is lost when an ensemble's mean is calibrated, and ranked, by single members' logits: simulated cohorts.

    python benchmark/member_noise.py [--cohorts 100]

Prints, for members that disagree more and more, the slope of the calibrated mean on fresh cases (1 is right), how often
sets at 0.90 hold the true outcome, and the share of sets with one outcome: medians over cohorts of 156 cases
(``Testing/simulated_members.py``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from figures import Figures

sys.path[:0] = [str(Path(__file__).parents[1] / "Testing"), str(Path(__file__).parents[1])]

from simulated_members import CASES, SHARED_SD, worth_of_ensembles, worth_of_members  # noqa: E402

_NOISES = (0.3, 0.6, 1.0, 1.5, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, default=100)
    cohorts = parser.parse_args().cohorts
    figures = Figures("member_noise")
    figures.add("infants", CASES)
    figures.add("shared-sd", SHARED_SD)
    print("| members' own noise, sd | made from | slope | coverage | sets of one outcome |")
    print("| --- | --- | --- | --- | --- |")
    for noise in _NOISES:
        for name, worth in (("members", worth_of_members), ("ensembles", worth_of_ensembles)):
            rng = np.random.default_rng(0)
            made = [worth(rng, noise) for _ in range(cohorts)]
            slope, coverage, one = (
                np.median([getattr(each, key) for each in made]) for key in ("slope", "coverage", "one_outcome")
            )
            for key, value in (("slope", slope), ("coverage", coverage), ("one-outcome", one)):
                figures.add(f"noise-{noise:g}/{key}/{name}", value)
            print(f"| {noise:g} | {name} | {slope:.2f} | {coverage:.3f} | {one:.2f} |")
    figures.write()


if __name__ == "__main__":
    main()
