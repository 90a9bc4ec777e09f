"""What clinical variables add to the image: fresh synthetic infants of each site, by image, by variables, by both.

    python benchmark/clinical.py --run RUN --seed 71 [--cases 2000] [--model DIR] [--z atlas|released]

RUN is a complete run of ``training/run.py`` on synthetic infants, the one that the model comes from. Its out-of-fold
logits are those of infants whom the answering networks had not seen. For each fresh infant one of them is drawn, of the
same site and outcome, and with it the lesion load; the clinical variables are drawn anew (``synthetic_clinical.py``),
so no infant's variables are among those that the fusion was fitted on. Images themselves are not made.

How variables hang together with outcomes is an assumption of this program: the figures show that the fusion does what
it should, and nothing about children. Intervals: 95 %, bootstrap over infants. Calibration error is over ten groups of
equal size, beside it that of a perfectly calibrated model. The site's own share of adverse outcomes is given to both
numbers, as ``--prevalence`` would.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from figures import Figures
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.clinical.fusion import Fusion
from AGE2HIELib.clinical.variables import FUSED
from AGE2HIELib.system.places import find_model
from training.cohorts.synthetic_clinical import ASSUMPTION, draw_clinical
from training.cohorts.synthetic_hie import SITES
from training.evaluating import ensemble_logits
from training.evaluation.clinical import fused_logits
from training.evaluation.reliability import calibration_error, error_of_a_perfect_model, slope_and_intercept
from training.learning.fusion import fit_fusion
from training.preparing.store import load_prepared
from training.run_folder import RunFolder, recorded_settings

_COLUMNS = ("image", "clinical", "both", "gain")
_RESAMPLES = 300
_FIRST_SEED = 900_000_000  # of fresh infants; cohorts use others


@dataclass(frozen=True)
class FreshInfants:
    """``image``: calibrated logit; ``values``: of ``FUSED``; ``share``: of adverse outcomes at the infant's site;
    ``prevalence``: of the calibration.
    """

    site: np.ndarray
    adverse: np.ndarray
    image: np.ndarray
    values: np.ndarray
    share: np.ndarray
    prevalence: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, metavar="RUN")
    parser.add_argument("--cases", type=int, default=2000, help="of each site")
    parser.add_argument("--seed", type=int, default=71)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--z", choices=("atlas", "released"), default="atlas")
    options = parser.parse_args()
    model = read_bundle(find_model(options.model))
    assert model.clinical is not None  # the bundled model knows clinical variables
    known = answers(options.run, options.z)
    calibration = model.readings[options.z].calibration
    known = known.assign(image=calibration.intercept + calibration.slope * known["logit"])
    fresh = draw(known, options.cases, options.seed, calibration.prevalence)
    joint, alone = model.clinical.fusions[options.z], variables_alone(known)
    print(f"{model.name} {model.version}, z-maps {options.z}; {len(known)} infants in the run. {ASSUMPTION}\n")
    print(f"{'':10}{'image alone':24}{'clinical alone':24}{'image + clinical':24}gain over the better part")
    figures = Figures("clinical" if options.z == "atlas" else f"clinical-{options.z}")
    figures.add("cases", options.cases)
    for site in (*SITES, "both"):
        tell_areas(site, fresh, joint, alone, figures)
    print(f"\n{'given':34}{'AUC':8}{'slope':8}{'intercept':11}{'error':8}perfect")
    tell_calibration("image alone", fresh, lambda values: None, joint, figures)
    tell_calibration("everything", fresh, lambda values: values, joint, figures)
    for number, name in enumerate(FUSED):
        tell_calibration(f"all but {name}", fresh, partial(_without, at=number), joint, figures)
    for number, name in enumerate(FUSED):
        tell_calibration(f"only {name}", fresh, partial(_only, at=number), joint, figures)
    nothing = fused_logits(joint, fresh.image, np.full_like(fresh.values, np.nan))
    same = np.mean(nothing == fresh.image)
    print(f"\nnothing given: the image's logit in {same:.0%} of infants, to the last bit")
    figures.add("nothing/the-same", 100 * same, "%")
    figures.write(model=options.model is None)


def answers(root: Path, kind: str) -> pd.DataFrame:
    """Columns ``case site adverse logit load`` of the run's infants, by networks that had not seen them."""
    run = RunFolder(root, recorded_settings(root))
    table = load_prepared(run.prepared_hie).table
    found = ensemble_logits(run, table).query("z == @kind")
    return found.merge(table[["case", "site", "lesion_load"]], on="case").rename(columns={"lesion_load": "load"})


def draw(known: pd.DataFrame, cases: int, seed: int, prevalence: float) -> FreshInfants:
    """So many of each site, with the site's share of adverse outcomes."""
    rng = np.random.default_rng(seed)
    picked, shares = [], []
    for name, site in SITES.items():
        worse = round(site.adverse * cases)
        for outcome, count in ((True, worse), (False, cases - worse)):
            alike = known[(known["site"] == name) & (known["adverse"] == outcome)]
            picked.append(alike.iloc[rng.integers(0, len(alike), count)])
            shares += [worse / cases] * count
    rows = pd.concat(picked, ignore_index=True)
    values = drawn_values(rows, _FIRST_SEED + 1_000_000 * seed)
    sites, adverse, image = (rows[column].to_numpy() for column in ("site", "adverse", "image"))
    return FreshInfants(sites, adverse.astype(bool), image.astype(float), values, np.array(shares), prevalence)


def drawn_values(rows: pd.DataFrame, first_seed: int) -> np.ndarray:
    """``(N, len(FUSED))``."""
    pairs = zip(rows["adverse"].to_numpy(bool), rows["load"].to_numpy(float), strict=True)
    drawn = [draw_clinical(first_seed + n, adverse=bool(bad), load=load) for n, (bad, load) in enumerate(pairs)]
    return np.array([[one.number(name) for name in FUSED] for one in drawn])


def variables_alone(known: pd.DataFrame) -> Fusion:
    """The variables of the run's own infants, fitted without the image."""
    adverse = known["adverse"].to_numpy(bool)
    return fit_fusion(np.full(len(known), logit(adverse.mean())), drawn_values(known, 0), adverse, FUSED)


def tell_areas(site: str, fresh: FreshInfants, joint: Fusion, alone: Fusion, into: Figures) -> None:
    mine = np.full(len(fresh.adverse), True) if site == "both" else fresh.site == site
    adverse, values, image = fresh.adverse[mine], fresh.values[mine], fresh.image[mine]
    scores = (
        image,
        fused_logits(alone, np.full(len(image), alone.image_mean), values),
        fused_logits(joint, image, values),
    )
    areas = np.array([roc_auc_score(adverse, score) for score in scores])
    rng, drawn = np.random.default_rng(0), []
    for _ in range(_RESAMPLES):
        rows = rng.integers(0, len(adverse), len(adverse))
        drawn.append([roc_auc_score(adverse[rows], score[rows]) for score in scores])
    resampled = np.array(drawn)
    gain, gains = areas[2] - areas[:2].max(), resampled[:, 2] - resampled[:, :2].max(axis=1)
    cells = []
    for name, value, column in zip(_COLUMNS, (*areas, gain), (*resampled.T, gains), strict=True):
        low, high = np.percentile(column, [2.5, 97.5])
        cells.append(f"{value:.3f} ({low:.3f}-{high:.3f})")
        into.add(f"{site}/{name}", value, "", (low, high))
    print(f"{site:10}" + "".join(f"{cell:24}" for cell in cells))


def tell_calibration(
    name: str, fresh: FreshInfants, given: Callable[[np.ndarray], np.ndarray | None], joint: Fusion, into: Figures
) -> None:
    values = given(fresh.values)
    found = fresh.image if values is None else fused_logits(joint, fresh.image, values)
    probability = expit(found + logit(fresh.share) - logit(fresh.prevalence))
    slope, intercept = slope_and_intercept(probability, fresh.adverse)
    error, perfect = calibration_error(probability, fresh.adverse), error_of_a_perfect_model(probability)
    area = roc_auc_score(fresh.adverse, found)
    worth = {"auc": area, "slope": slope, "intercept": intercept, "error": error, "perfect": perfect}
    for key, value in worth.items():
        into.add(f"{name}/{key}", value)
    print(f"{name:34}{area:<8.3f}{slope:<8.2f}{intercept:<+11.2f}{error:<8.3f}{perfect:.3f}")


def _without(values: np.ndarray, at: int) -> np.ndarray:
    left = values.copy()
    left[:, at] = np.nan
    return left


def _only(values: np.ndarray, at: int) -> np.ndarray:
    left = np.full_like(values, np.nan)
    left[:, at] = values[:, at]
    return left


if __name__ == "__main__":
    main()
