"""Do ways of learning differ on real newborns? Networks of every arm that learned from phantoms, beside expert lesions.

    python training/run.py pretrain --preset bundle --output RUN \\
        --set evaluate.arms=transfer,scratch,shuffled-age,untrained-frozen
    python training/run.py prepare --preset bundle --output RUN \\
        --set evaluate.arms=transfer,scratch,shuffled-age,untrained-frozen
    AGE2HIE_TEST_DATA=FOLDER python benchmark/arms.py --run RUN

RUN is a run of synthetic infants with all arms that are asked about. Each arm gets the networks that would be exported,
``export.members`` of them, each of which leaves out another part of the infants; arms share parts, order and
augmentation. What is fitted is kept in RUN. Printed for each arm: the area under the ROC curve for the simulated
outcome among the phantoms that a network left out (mean over the networks, and their range); and of the mean of its
networks on the newborns of BONBID-HIE, with released and with own z-maps: the area under the ROC curve for an expert
lesion load over 1 %, with a bootstrap interval over the newborns, and Spearman's correlation with the load. These
newborns shaped the phantoms and the design of the network, of which every arm has the same.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from real_cases import INJURED_LOAD
from scipy.stats import bootstrap, spearmanr
from sklearn.metrics import roc_auc_score

from AGE2HIELib.bundle.model_facts import ATLAS, RELEASED
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.parallel import run_all
from training.cohorts.bonbid import HieCase
from training.finetuning import LOGITS, Fit, export_split, exported_network, make_fit
from training.learning.outcomes import logits
from training.preparing.infants import infant_arrays
from training.preparing.inputs import adc_spec
from training.preparing.store import load_prepared
from training.run_folder import RunFolder, recorded_settings

_KINDS = (RELEASED, ATLAS)
_RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, metavar="RUN")
    options = parser.parse_args()
    run = RunFolder(options.run, recorded_settings(options.run))
    cohort = load_prepared(run.prepared_hie)
    split = export_split(run.settings, cohort.table)
    fits = [Fit(arm, split, inner) for arm in run.settings.evaluate.arms for inner in range(len(split.inner))]
    missing = [one for one in fits if not (run.fits / one.name / LOGITS).exists()]
    run_all(partial(make_fit, run=run), missing, jobs=run.settings.run.jobs, description="fine-tuning")
    volumes, loads = newborns(run, Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie")
    print(f"{len(cohort.table)} phantoms, {len(split.inner)} networks an arm; {len(loads)} newborns")
    print(
        "arm               phantoms AUC (range)    " + "    ".join(f"{kind}: AUC [95 %], Spearman" for kind in _KINDS)
    )
    for arm in run.settings.evaluate.arms:
        of_arm = [one for one in fits if one.arm == arm]
        left_out = [_left_out_auc(run, cohort.table, one) for one in of_arm]
        networks = [exported_network(one, run, cohort) for one in of_arm]
        shown = [
            _beside_load(np.mean([logits(network, volumes, kind) for network in networks], axis=0), loads)
            for kind in _KINDS
        ]
        phantoms = f"{np.mean(left_out):.2f} ({min(left_out):.2f}-{max(left_out):.2f})"
        print(f"{arm:18}{phantoms:24}" + "    ".join(shown))


def newborns(run: RunFolder, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """``(N, 3, D, H, W)`` as a run's infants are prepared, and the expert's load of each, a share of the brain."""
    atlas = load_atlas(run.settings.input.atlas_folder)
    spec = adc_spec(run.settings.input.spacing_mm, run.settings.network.poolings)
    found = [
        infant_arrays(case, atlas, spec, z_maps=RELEASED)
        for case in (_case(file, folder) for file in sorted((folder / "1ADC_ss").glob("*.mha")))
    ]
    return np.stack([arrays["volume"] for _, arrays in found]), np.array([row["lesion_load"] for row, _ in found])


def _case(image: Path, folder: Path) -> HieCase:
    """Nobody knows the outcome of these."""
    name = image.name.removesuffix("-ADC_ss.mha")
    return HieCase(
        case=name,
        subject=name,
        site="MGH",
        adverse=False,
        image=image,
        z_adc=folder / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha",
        lesion=folder / "3LABEL" / f"{name}_lesion.mha",
    )


def _left_out_auc(run: RunFolder, table: pd.DataFrame, one: Fit) -> float:
    found = pd.read_csv(run.fits / one.name / LOGITS, sep="\t", dtype={"case": str})
    inner = found[(found["role"] == "inner") & (found["z"] == ATLAS)]
    adverse = table.set_index("case")["adverse"].loc[inner["case"]].to_numpy(bool)
    return float(roc_auc_score(adverse, inner["logit"]))


def _beside_load(answers: np.ndarray, loads: np.ndarray) -> str:
    injured = loads > INJURED_LOAD
    spread = bootstrap(
        (answers[injured], answers[~injured]),
        lambda one, other: roc_auc_score(np.r_[np.ones(len(one)), np.zeros(len(other))], np.r_[one, other]),
        vectorized=False,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    auc, rank = roc_auc_score(injured, answers), spearmanr(answers, loads).statistic
    return f"{auc:.3f} [{spread.low:.2f}, {spread.high:.2f}], {rank:.2f}"


if __name__ == "__main__":
    main()
