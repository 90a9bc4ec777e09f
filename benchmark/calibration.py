"""What the model's numbers are worth on fresh synthetic infants of each site: calibration, sets, distances.

    python benchmark/calibration.py --keep FOLDER [--cases 2000] [--model DIR] [--z own|released]
    python benchmark/calibration.py --keep FOLDER --run RUN [--model DIR] [--z own|released]

FOLDER is what ``fresh_cases.py`` has filled; cases that are not there yet are left out, and counted. With ``--run`` the
infants are those that a training run of another seed has prepared, whom the gate is not asked about. What the networks
answer (0.2 s a case and core) is kept there, by model and origin of z: a second call asks the rest. Their answers are
read by the calibration and the scores that the model has for z-maps of this origin. Calibration error
is over ten groups of equal size; beside it stands that of a perfectly calibrated model at as many cases (mean of 200
draws of outcomes from the probabilities themselves). Coverage stands beside the 99 % interval of a beta-binomial
distribution: with n calibration cases, ceil((n + 1) 0.9) of them ranked, the coverage of a set is itself drawn.
A second line has the figures with ``--prevalence``: each site's own share of adverse outcomes, counted among these very
infants.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figures import Figures
from fresh_cases import Fresh, cohort_cases, fresh_cases
from scipy.stats import betabinom
from sklearn.metrics import roc_auc_score

from AGE2HIELib.bundle.training_cases import SET_COVERAGE, counts
from AGE2HIELib.inference.prevalence import at_prevalence
from AGE2HIELib.inference.probability import Prediction, combine_logits
from AGE2HIELib.networks.features import moments
from AGE2HIELib.pipeline.inputs import HieModel, load_model, model_for_z
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.quality.distance import distances
from AGE2HIELib.system.places import find_model, resource_path
from training.evaluation.reliability import calibration_error, error_of_a_perfect_model, slope_and_intercept

_AT_ONCE = 16  # images: half the time of one by one


@dataclass(frozen=True)
class Answer:
    site: str
    adverse: bool
    logits: list[float]
    found: Prediction
    distance: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--cases", type=int, default=2000, help="of each site")
    parser.add_argument("--model", type=Path)
    parser.add_argument(
        "--z", choices=("own", "released"), default="own", help="z-maps; another group's need fresh_cases.py --released"
    )
    parser.add_argument("--run", type=Path, help="a training run whose infants neither model nor calibration has seen")
    options = parser.parse_args()
    atlas = load_atlas(resource_path("atlas"))
    model = model_for_z(load_model(find_model(options.model)), atlas, released=options.z == "released")
    infants = cohort_cases(options.run) if options.run else fresh_cases(options.keep, cases=options.cases)
    # the cases of all cohorts have the same names
    kept = (
        options.keep
        / f"answers-{options.run.name if options.run else 'fresh'}-{options.z}-{model.bundle.sha256[:12]}.jsonl"
    )
    every, refused = answers(infants, kept, options.z, model)
    print(f"\nz-maps {'of the bundled atlas' if options.z == 'own' else 'as another group would release them'}")
    print(f"{len(every) + refused} infants are there; stopped by the gate: {refused}")
    if not every:
        sys.exit("Nothing to measure: fill the folder with fresh_cases.py, for other groups' z-maps with --released.")
    figures = Figures(f"calibration-{'another-run-' if options.run else ''}{options.z}")
    figures.add("both/there", len(every) + refused)
    figures.add("both/stopped", refused)
    for site in (*sorted({one.site for one in every}), None):
        tell(site or "both", [one for one in every if site in (None, one.site)], model, figures)
    ranked = np.concatenate([one.adverse for one in model.bundle.scores])
    figures.add("calibrating/mean-logit-adverse", ranked.mean())
    figures.write(model=options.model is None)


def answers(infants: Iterable[Fresh], file: Path, kind: str, model: HieModel) -> tuple[list[Answer], int]:
    """Those for whom ``predict`` would give a number, and how many others there are."""
    kept = Kept(file)
    passed, refused, waiting = [], 0, {}
    for case in infants:
        image = getattr(case, kind)
        if image is None:
            continue
        if case.failed:
            refused += 1
            continue
        passed.append((case.case, case.site, case.adverse))
        if case.case not in kept.rows:
            waiting[case.case] = image
        if len(waiting) == _AT_ONCE:
            kept.add(waiting, model)
    kept.add(waiting, model)
    remembered = model.bundle.cases
    assert remembered is not None  # the bundled model remembers its cases
    every = []
    for name, site, adverse in passed:
        row = kept.rows[name]
        if row["distance"] > remembered.distance_limit:
            refused += 1
            continue
        found = combine_logits(row["logits"], model.bundle)
        every.append(Answer(site, adverse, row["logits"], found, row["distance"]))
    return every, refused


class Kept:
    """What the networks answered, by case: a line of a file each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.rows = {row["case"]: row for row in map(json.loads, lines)}

    def add(self, waiting: dict[str, np.ndarray], model: HieModel) -> None:
        """Ask about these images, and empty them."""
        if not waiting:
            return
        rows = asked(model, np.concatenate(list(waiting.values())))
        with self._file.open("a") as file:
            for name, row in zip(waiting, rows, strict=True):
                self.rows[name] = {"case": name} | row
                file.write(json.dumps(self.rows[name]) + "\n")
        waiting.clear()


def asked(model: HieModel, images: np.ndarray) -> list[dict[str, Any]]:
    """Logits and distance of each of some images: one pass of all through every member."""
    remembered = model.bundle.cases
    assert remembered is not None  # the bundled model remembers its cases
    logits, away = [], []
    with torch.inference_mode():
        for member, own in zip(model.members, remembered.members, strict=True):
            first = member.layers[0]
            cells = member.below(torch.from_numpy(images), first)
            logits.append(member.above(cells, first)[:, 0].numpy())
            away.append(distances(moments(cells, mirrored=member.mirrored), own))
    columns = zip(np.transpose(logits).tolist(), np.mean(away, axis=0).tolist(), strict=True)
    return [{"logits": one, "distance": distance} for one, distance in columns]


def tell(name: str, every: Sequence[Answer], model: HieModel, into: Figures) -> None:
    adverse = np.array([one.adverse for one in every])
    probability = np.array([one.found.probability_adverse for one in every])
    plain = worth(probability, adverse)
    print(f"{name:6}{len(every):5} cases, {adverse.mean():.2f} adverse: {in_words(plain)}")
    print(f"       with the site's prevalence: {in_words(worth(at_own_prevalence(every, model), adverse))}")
    into.add(f"{name}/cases", len(every))
    for key, value in plain.items():
        into.add(f"{name}/{key}", value)
    into.add(f"{name}/mean-logit-adverse", np.mean([np.mean(one.logits) for one in every if one.adverse]))
    for outcome, chosen in (("favourable", ~adverse), ("adverse", adverse)):
        share = tell_coverage(outcome, [one for one, is_it in zip(every, chosen, strict=True) if is_it], model)
        into.add(f"{name}/holds-{outcome}", share)
    sizes = [len(one.found.outcomes.outcomes) for one in every if one.found.outcomes]
    print(f"       sets of one outcome {np.mean(np.equal(sizes, 1)):.2f}, of both {np.mean(np.equal(sizes, 2)):.2f}")
    low, middle, high = np.percentile([one.distance for one in every], [50, 99, 100])
    print(f"       distance: median {low:.2f}, 99 % {middle:.2f}, largest {high:.2f}")


def worth(probability: np.ndarray, adverse: np.ndarray) -> dict[str, float]:
    """``auc``, ``slope``, ``intercept``, ``error``, that of a ``perfect`` model, ``brier``."""
    slope, intercept = slope_and_intercept(probability, adverse)
    return {
        "auc": float(roc_auc_score(adverse, probability)),
        "slope": slope,
        "intercept": intercept,
        "error": calibration_error(probability, adverse),
        "perfect": error_of_a_perfect_model(probability),
        "brier": float(np.mean((probability - adverse) ** 2)),
    }


def in_words(found: dict[str, float]) -> str:
    return (
        "AUC {auc:.3f}, slope {slope:.2f}, intercept {intercept:+.2f}, calibration error {error:.3f} "
        "(perfect: {perfect:.3f}), Brier {brier:.3f}".format(**found)
    )


def at_own_prevalence(every: Sequence[Answer], model: HieModel) -> np.ndarray:
    """``(N,)`` probabilities with the share of adverse outcomes of each infant's site given."""
    facts = {}
    for site in {one.site for one in every}:
        share = float(np.mean([one.adverse for one in every if one.site == site]))
        facts[site] = at_prevalence(model.bundle, share)
    return np.array([combine_logits(one.logits, facts[one.site]).probability_adverse for one in every])


def tell_coverage(outcome: str, every: Sequence[Answer], model: HieModel) -> float:
    """The share of these infants whose set holds their outcome; printed as well."""
    calibration = dict(zip(("favourable", "adverse"), counts(model.bundle.scores), strict=True))[outcome]
    held = sum(outcome in one.found.outcomes.outcomes for one in every if one.found.outcomes)
    rank = int(np.ceil((calibration + 1) * SET_COVERAGE))
    low, high = betabinom.interval(0.99, len(every), rank, calibration + 1 - rank)
    verdict = "inside" if low <= held <= high else "OUTSIDE"
    print(
        f"       coverage of {outcome:10} {held / len(every):.3f} ({len(every)} cases), {verdict} "
        f"{low / len(every):.3f}-{high / len(every):.3f} ({calibration} calibration cases)"
    )
    return held / len(every)


if __name__ == "__main__":
    main()
