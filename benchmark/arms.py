"""Do ways of learning differ on real newborns? Networks of every arm that learned from phantoms, beside expert lesions.

    python training/run.py prepare  --preset bundle --output RUN --set run.seed=500 --set export.members=3 \\
        --set "evaluate.arms=[transfer, scratch, shuffled-age]"
    python training/run.py pretrain ...                                              (the same settings)
    AGE2HIE_TEST_DATA=FOLDER python benchmark/arms.py --run RUN --name arms-batch-norm

Each arm gets the networks that would be exported, ``export.members`` of them, each of which leaves out another part of
the infants; arms share parts, order and augmentation. What is fitted stays in RUN. Printed: how far off the pretrained
networks are in held-out subjects, and for each arm the area under the ROC curve for the simulated outcome among the
phantoms that a network left out (mean over the networks, and their range); and of the mean of its networks on the
newborns of BONBID-HIE, with released and with own z-maps: the area under the ROC curve for an expert lesion load over
1 %, with a bootstrap interval over the newborns, and Spearman's correlation with the load. "Voxels alone" are the same
networks without what their features add to the sum of the voxels' evidence (``SumOfVoxels``). These newborns shaped the
phantoms and the design that every arm shares. With ``--set network.norm=group --set pretrain.epochs=12 --set
pretrain.learning_rate=2e-3``, the settings of model 0.7.2, the trunks learn hardly any age (``--name arms``).
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from figures import Figures
from real_cases import INJURED_LOAD
from scipy.stats import bootstrap, spearmanr
from sklearn.metrics import roc_auc_score
from torch import nn

from AGE2HIELib.bundle.model_facts import ATLAS, RELEASED
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.parallel import run_all
from training.cohorts.bonbid import HieCase
from training.evaluation.age import EVERYONE, age_summary
from training.finetuning import LOGITS, Fit, export_split, exported_network, make_fit
from training.learning.outcomes import logits
from training.preparing.infants import infant_arrays
from training.preparing.inputs import infant_spec
from training.preparing.store import PreparedCohort, load_prepared
from training.run_folder import RunFolder, recorded_settings

_KINDS = {RELEASED: "released", ATLAS: "own"}
_RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, metavar="RUN")
    parser.add_argument("--name", default="arms", help="of the file of figures (default: arms)")
    options = parser.parse_args()
    run = RunFolder(options.run, recorded_settings(options.run))
    cohort = load_prepared(run.prepared_hie)
    split = export_split(run.settings, cohort.table)
    arms = run.settings.evaluate.arms
    fits = [Fit(arm, split, inner) for arm in arms for inner in range(len(split.inner))]
    missing = [one for one in fits if not (run.fits / one.name / LOGITS).exists()]
    run_all(partial(make_fit, run=run), missing, jobs=run.settings.run.jobs, description="fine-tuning")
    volumes, loads = newborns(run, Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie")
    print(f"{len(cohort.table)} phantoms, {len(split.inner)} networks an arm; {len(loads)} newborns")
    figures = Figures(options.name)
    for name, count in (("phantoms", len(cohort.table)), ("networks", len(split.inner)), ("newborns", len(loads))):
        figures.add(name, count)
    _add_age(figures, run)
    for arm in arms:
        of_arm = [one for one in fits if one.arm == arm]
        networks = [exported_network(one, run, cohort) for one in of_arm]
        ways: dict[str, list[nn.Module]] = {arm: list(networks)}
        if all(network.sum is not None for network in networks):
            ways[f"{arm}-voxels-alone"] = [VoxelsAlone(network) for network in networks]
        for name, way in ways.items():
            left_out = [_left_out_auc(cohort, one, network) for one, network in zip(of_arm, way, strict=True)]
            figures.add(f"{name}/phantoms", np.mean(left_out), "", (min(left_out), max(left_out)))
            print(f"{name}: phantoms left out {np.mean(left_out):.3f} ({min(left_out):.3f}-{max(left_out):.3f})")
            for kind, shown in _KINDS.items():
                answers = np.array([logits(network, volumes, kind) for network in way])
                _beside_load(figures, f"{name}/{shown}", answers, loads)
    figures.write(real=True)


class VoxelsAlone(nn.Module):
    """The answer of a network that sums the evidence of voxels, without what its features add."""

    def __init__(self, network: StagedNetwork) -> None:
        super().__init__()
        self.voxels, self.sum = network.voxels, network.sum

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """``(N, C, D, H, W)`` -> ``(N, 1)``."""
        evidence = self.voxels(image, image.shape[2:])  # type: ignore[misc]  # None is asked before
        answer: torch.Tensor = self.sum.logarithm(evidence.mean((2, 3, 4)))  # type: ignore[union-attr]
        return answer


def newborns(run: RunFolder, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """``(N, channels, D, H, W)`` as a run's infants are prepared, and the expert's load, a share of each brain."""
    atlas, spec = load_atlas(run.settings.input.atlas_folder), infant_spec(run.settings.network)
    cases = [_case(file, folder) for file in sorted((folder / "1ADC_ss").glob("*.mha"))]
    found = [infant_arrays(case, atlas, spec, z_maps=RELEASED) for case in cases]
    return np.stack([arrays["volume"] for _, arrays in found]), np.array([row["lesion_load"] for row, _ in found])


def _case(image: Path, folder: Path) -> HieCase:
    """One newborn; ``adverse`` is not known of any and not asked for."""
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


def _add_age(figures: Figures, run: RunFolder) -> None:
    """How far off the pretrained networks are in held-out subjects, beside the mean age."""
    table = age_summary(pd.read_csv(run.age_predictions, sep="\t", dtype={"subject": str}))
    for row in table[table["band"] == EVERYONE].to_dict("records"):
        figures.add(f"pretraining/{row['pretraining']}", row["mae_years"], "years")
        print(f"pretraining, {row['pretraining']}: {row['mae_years']:.1f} years off in {row['n']} held-out subjects")


def _left_out_auc(cohort: PreparedCohort, one: Fit, network: nn.Module) -> float:
    rows = cohort.rows("case", one.split.inner[one.inner][1])
    return float(
        roc_auc_score(cohort.table["adverse"].to_numpy(bool)[rows], logits(network, cohort.volumes[rows], ATLAS))
    )


def _beside_load(figures: Figures, name: str, answers: np.ndarray, loads: np.ndarray) -> None:
    """``answers``: ``(networks, N)`` logits; their mean is judged, and each network alone for the range."""
    injured, mean = loads > INJURED_LOAD, answers.mean(axis=0)
    spread = bootstrap(
        (mean[injured], mean[~injured]),
        lambda one, other: roc_auc_score(np.r_[np.ones(len(one)), np.zeros(len(other))], np.r_[one, other]),
        vectorized=False,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    alone = [roc_auc_score(injured, one) for one in answers]
    auc, rho = roc_auc_score(injured, mean), spearmanr(mean, loads).statistic
    figures.add(f"{name}/auc", auc, "", (spread.low, spread.high))
    figures.add(f"{name}/spearman", rho)
    figures.add(f"{name}/least", min(alone))
    figures.add(f"{name}/most", max(alone))
    interval = f"[{spread.low:.3f}, {spread.high:.3f}]"
    print(f"  {name}: AUROC {auc:.3f} {interval}, alone {min(alone):.3f}-{max(alone):.3f}, Spearman {rho:.3f}")


if __name__ == "__main__":
    main()
