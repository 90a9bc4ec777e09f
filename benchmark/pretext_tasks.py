"""Which pretraining helps where it must: outcomes that depend on the size of ventricles, which grow with age.

    python benchmark/pretext_tasks.py [--subjects 160] [--worlds 5] [--epochs 24]
    python benchmark/pretext_tasks.py --sex [--subjects 200] [--worlds 5] [--epochs 20]

Prints for each task, over worlds of other seeds, how well the ventricles' size (R2) and the outcome (AUC) are read off
the frozen trunk by ridge regression (``Testing/planted_dependence.py``): mean and range. With ``--sex``
the area under the ROC curve of the sex, where ventricles are larger in men and where they are not, beside the same
trunk untrained.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from figures import Figures

sys.path[:0] = [str(Path(__file__).parents[1] / "Testing"), str(Path(__file__).parents[1])]

from planted_dependence import gains, planted, sexes_read  # noqa: E402

from training.lessons import KINDS  # noqa: E402
from training.probes import UNTRAINED  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=160)
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--sex", action="store_true")
    asked = parser.parse_args()
    if asked.sex:
        sexes(asked)
        return
    found = []
    for seed in range(asked.worlds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(gains(planted(asked.subjects, seed=seed), KINDS, Path(folder), epochs=asked.epochs))
    figures = Figures("pretext_tasks")
    print("| learned | ventricles, R2 | outcome, AUC |")
    print("| --- | --- | --- |")
    for kind in KINDS:
        each = [[one[kind][place] for one in found] for place in (0, 1)]
        for name, values in zip(("ventricles/r2", "outcome/auc"), each, strict=True):
            figures.add(f"{kind}/{name}", np.mean(values), "mean, range over worlds", (min(values), max(values)))
        cells = [_cell(values) for values in each]
        print(f"| {kind} | {cells[0]} | {cells[1]} |")
    figures.write()


def sexes(asked: argparse.Namespace) -> None:
    figures = Figures("pretext_tasks-sex")
    print("| ventricles larger in men | trunk | sex, AUC |\n| --- | --- | --- |")
    for name, male in (("planted", 0.5), ("absent", 0.0)):
        found = []
        for seed in range(asked.worlds):
            with tempfile.TemporaryDirectory() as folder:
                read = sexes_read(male, _OF_SEX, Path(folder), subjects=asked.subjects, epochs=asked.epochs, seed=seed)
            found.append(read)
        for trunk in (*_OF_SEX, UNTRAINED):
            values = [one[trunk] for one in found]
            figures.add(f"{name}/{trunk}/auc", np.mean(values), "mean, range over worlds", (min(values), max(values)))
            print(f"| {name} | {trunk} | {_cell(values)} |", flush=True)
    figures.write()


_OF_SEX = ("sex",)


def _cell(values: list[float]) -> str:
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
