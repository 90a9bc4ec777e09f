"""Importance by learned noise where a structure stops ageing: does it fall to that of the background?

    python benchmark/importance.py [--subjects 400] [--explained 3] [--sfcn]

Lifespan phantoms of 0.05 to 3 years with four structures that age, each at its own pace, and one that never does
(``Testing/ageing_structures.py``). Printed is the mean importance over held-out subjects in each structure and in the
background, where all age, and where one stays as it is at one year: of a linear reader, which has a weight for each
place, or (``--sfcn``, one structure alone) of an SFCN, which takes the mean over places.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from figures import Figures

sys.path[:0] = [str(Path(__file__).parents[1] / "Testing"), str(Path(__file__).parents[1])]

from ageing_structures import (  # noqa: E402
    STRUCTURES,
    anatomies,
    importance,
    learned_by_network,
    learned_by_ridge,
    world,
)
from torch import nn  # noqa: E402

from training.preparing.store import PreparedCohort  # noqa: E402

_ANATOMIES, _OF_SFCN = 8, "hindbrain"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=400)
    parser.add_argument("--explained", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4, help="of the SFCN")
    parser.add_argument("--sfcn", action="store_true")
    asked = parser.parse_args()
    reader, worlds = ("sfcn", ("none", _OF_SFCN)) if asked.sfcn else ("linear", ("none", *STRUCTURES))
    made, figures = anatomies(_ANATOMIES), Figures(f"importance-{reader}")
    figures.add("explained", asked.explained, "held-out subjects")
    columns = [*STRUCTURES, "background"]
    print(f"| reader | does not age | {' | '.join(columns)} | r |\n|{' --- |' * (len(columns) + 3)}")
    for still in worlds:
        cohort = world(made, asked.subjects, (still,))
        found = importance(learned(reader, cohort, asked.epochs), cohort, made, explained=asked.explained)
        for column in columns:
            figures.add(f"{still}/{column}", found.of[column], "log(bound / sd)")
        figures.add(f"{still}/r", found.r, "of log age")
        cells = " | ".join(f"{found.of[one]:.3f}" for one in columns)
        print(f"| {reader} | {still} | {cells} | {found.r:.2f} |", flush=True)
    figures.write()


def learned(reader: str, cohort: PreparedCohort, epochs: int) -> nn.Module:
    if reader == "linear":
        return learned_by_ridge(cohort)
    with tempfile.TemporaryDirectory() as folder:
        return learned_by_network(cohort, Path(folder), epochs=epochs)


if __name__ == "__main__":
    main()
