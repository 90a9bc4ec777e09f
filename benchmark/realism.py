"""Phantoms of the training cohort beside the given newborns: descriptors, the plain rule, and who can tell them apart.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/realism.py [--phantoms 60] [--jobs 2]

The classifier is a logistic regression on the descriptors' ranks (missing ones take the median), judged by ten times
repeated five-fold cross-validation: an area under the curve of 0.5 cannot tell them apart. The given newborns shaped
the phantoms: other ones are likely to be told apart more easily.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from figures import Figures
from realism_descriptors import descriptors
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_atlas
from training.cohorts.synthetic_hie import SITES, Planned, made_case, planned_cases

SEED = 41  # of the phantoms, which no training cohort has
INJURED_PERCENT = 1.0
SOUND_PERCENT = 1.0
LOW = "z < -2, % of the brain"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--table", type=Path, help="write the descriptors of all cases here, as TSV")
    options = parser.parse_args()
    files = sorted((Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie" / "1ADC_ss").glob("*.mha"))
    real = pd.DataFrame(run_all(of_newborn, files, jobs=options.jobs, description="newborns"))
    share = {site: round(options.phantoms / len(SITES)) for site in SITES}
    plan = planned_cases(share, seed=SEED)
    phantoms = pd.DataFrame(run_all(of_phantom, plan, jobs=options.jobs, description="phantoms"))
    figures = Figures("realism")
    figures.add("newborns", len(real))
    figures.add("phantoms", len(phantoms))
    print_table(real, phantoms)
    print_rule(real, phantoms, figures)
    print_told_apart(real, phantoms, figures)
    figures.write(real=True)
    if options.table:
        both = pd.concat([real.assign(kind="newborn"), phantoms.assign(kind="phantom")])
        both.to_csv(options.table, sep="\t", index=False)


def of_newborn(file: Path) -> dict[str, float]:
    """Descriptors of one released case."""
    name = file.name.removesuffix("-ADC_ss.mha")
    folder = file.parent.parent
    stored = read_volume(file)
    z = read_on_grid(folder / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha", stored.grid, what="z-map")
    lesion = read_on_grid(folder / "3LABEL" / f"{name}_lesion.mha", stored.grid, what="lesion mask")
    return descriptors(to_canonical(stored), to_canonical(z), to_canonical(lesion))


def of_phantom(case: Planned) -> dict[str, float]:
    """Descriptors of one infant of a training cohort, whose z-map is the one that imitates released ones."""
    made = made_case(case, load_atlas(find_atlas(None)))
    return descriptors(made["adc"], made["z"], made["lesion"])


def print_table(real: pd.DataFrame, phantoms: pd.DataFrame) -> None:
    """Quartiles of every descriptor, and the area under the curve of that descriptor alone."""
    print(f"{'':34}{len(real)} newborns: quartiles    {len(phantoms)} phantoms: quartiles   alone")
    for name in real.columns:
        a, b = real[name].dropna(), phantoms[name].dropna()
        auc = roc_auc_score(np.r_[np.zeros(len(a)), np.ones(len(b))], np.r_[a, b])
        quartiles = [" ".join(f"{value:8.2f}" for value in np.percentile(part, (25, 50, 75))) for part in (a, b)]
        print(f"{name:34}{quartiles[0]}   {quartiles[1]}   {max(auc, 1 - auc):.2f}")
    for word, table in (("newborns", real), ("phantoms", phantoms)):
        low = table[LOW][table["load %"] < SOUND_PERCENT]
        print(f"{word} with a load under 1 %: {LOW}: median {low.median():.2f}, 95 of 100 {low.quantile(0.95):.2f}")


def print_rule(real: pd.DataFrame, phantoms: pd.DataFrame, into: Figures) -> None:
    """What the volume with z < -2 says of the load."""
    for word, table in (("newborns", real), ("phantoms", phantoms)):
        injured = table["load %"] > INJURED_PERCENT
        auc = roc_auc_score(injured, table[LOW])
        rho = spearmanr(table[LOW], table["load %"]).statistic
        into.add(f"rule/{word}/auc", auc)
        into.add(f"rule/{word}/spearman", rho)
        print(f"rule z < -2 on {word}: AUROC for a load over 1 % {auc:.3f}, Spearman {rho:.2f}")


def print_told_apart(real: pd.DataFrame, phantoms: pd.DataFrame, into: Figures) -> None:
    both = pd.concat([real, phantoms], ignore_index=True)
    is_phantom = np.r_[np.zeros(len(real)), np.ones(len(phantoms))]
    ranks = QuantileTransformer(n_quantiles=20, output_distribution="normal")
    judges = {
        "logistic regression": make_pipeline(
            SimpleImputer(strategy="median"), ranks, LogisticRegression(C=0.1, class_weight="balanced")
        ),
        "random forest": make_pipeline(
            SimpleImputer(strategy="median"), RandomForestClassifier(200, class_weight="balanced", random_state=0)
        ),
    }
    for word, judge in judges.items():
        folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=10, random_state=0)
        aucs = []
        for train, test in folds.split(both, is_phantom):
            judge.fit(both.iloc[train], is_phantom[train])
            aucs.append(roc_auc_score(is_phantom[test], judge.predict_proba(both.iloc[test])[:, 1]))
        into.add(f"told apart/{word}/auc", np.mean(aucs))
        print(f"told apart by {word}: AUROC {np.mean(aucs):.2f}")
    weight = pd.Series(judges["random forest"].fit(both, is_phantom)[-1].feature_importances_, both.columns)
    print("what the forest looks at:", ", ".join(f"{k} {v:.2f}" for k, v in weight.nlargest(8).items()))


if __name__ == "__main__":
    main()
