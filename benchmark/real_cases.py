"""The bundled model on the sample cases of BONBID-HIE: score beside expert lesion load, and seconds by stage.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/real_cases.py

The model has seen synthetic infants only. These cases shaped phantoms and atlas, and their scores chose the design of
the network and its augmentation: the figures are those of a development set, and flatter. The plain rule that it is
compared with is the volume with Z < -2 in the released map.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figures
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from AGE2HIELib.io.images import read_volume
from AGE2HIELib.pipeline.analysis import analyse
from AGE2HIELib.pipeline.inputs import load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import find_atlas, find_model
from AGE2HIELib.system.progress import Stages

INJURED_LOAD = 0.01
LESION_Z = -2.0
SHOWN_STAGES = ("read", "place", "z-map", "predict", "explain")


@dataclass(frozen=True)
class Row:
    """One case; ``load`` is the expert lesion's share of the brain, ``rule_ml`` the volume with Z < -2."""

    case: str
    load: float
    rule_ml: float
    released: float
    computed: float
    seconds: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="another bundle")
    options = parser.parse_args()
    folder = Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie"
    atlas, model = load_atlas(find_atlas(None)), load_model(find_model(options.model))
    rows = []
    for file in sorted((folder / "1ADC_ss").glob("*.mha")):
        name = file.name.removesuffix("-ADC_ss.mha")
        z_file = folder / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha"
        scores, stages = [], Stages(STAGES)
        for z_adc in (z_file, None):
            stages = Stages(STAGES)
            with stages("read"):
                scan = read_scan(file, z_adc=z_adc)
            found = analyse(scan, model, atlas, Request(), stages)
            scores.append(found.explanation.prediction.probability_adverse if found.explanation else float("nan"))
        z, lesion, adc = (read_volume(path) for path in (z_file, folder / "3LABEL" / f"{name}_lesion.mha", file))
        load = float((lesion.array > 0).sum() / (adc.array != 0).sum())
        rule_ml = float((z.array < LESION_Z).sum() * z.grid.voxel_ml)
        rows.append(Row(name, load, rule_ml, scores[0], scores[1], stages.seconds))
    print_table(rows)
    figures_of(rows).write(model=options.model is None, real=True)


def print_table(rows: list[Row]) -> None:
    print("case                  load %  Z<-2 ml  released Z  own Z   " + "  ".join(f"{s:>7}" for s in SHOWN_STAGES))
    for row in sorted(rows, key=lambda one: one.load):
        seconds = "  ".join(f"{row.seconds.get(stage, 0):7.2f}" for stage in SHOWN_STAGES)
        scores = f"{row.released:10.3f}  {row.computed:5.3f}"
        print(f"{row.case:20}  {100 * row.load:6.2f}  {row.rule_ml:7.1f}  {scores}   {seconds}")


def figures_of(rows: list[Row]) -> Figures:
    """How well the score with released z-maps, with our own, and the rule rank the cases; printed as well."""
    figures = Figures("real_cases")
    figures.add("newborns", len(rows))
    load = np.array([row.load for row in rows])
    for name, column in (("released", "released"), ("own", "computed"), ("rule", "rule_ml")):
        values = np.array([getattr(row, column) for row in rows])
        auc, rho = roc_auc_score(load > INJURED_LOAD, values), spearmanr(values, load).statistic
        print(f"{name}: AUROC for a load over 1 % {auc:.3f}, Spearman with the load {rho:.2f}")
        figures.add(f"{name}/auc", auc)
        figures.add(f"{name}/spearman", rho)
    for stage in SHOWN_STAGES:
        figures.add(f"seconds/{stage}", np.median([row.seconds.get(stage, 0) for row in rows]), "s, median")
    return figures


if __name__ == "__main__":
    main()
