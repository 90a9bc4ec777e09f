"""Local ages of phantoms whose ventricles alone follow another age.

    python benchmark/local_age.py ROW [--subjects 12] [--other 90]

ROW is the folder of a run, or of the row ``patches`` of ``compare-systems``, whose network of patches has learned age.
Each subject is made twice: as it is, and with ventricles of the other age. For every cube: its share of ventricle, its
error in the subjects as they are, and how far it moves.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from figures import Figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from AGE2HIELib.explanation.age import age_target
from AGE2HIELib.explanation.network_maps import local_targets
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.parts import PartsNetwork
from AGE2HIELib.phantom import lifespan_curves as curves
from AGE2HIELib.phantom.lifespan import make_t1_subject, scan_t1
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.placement import resample
from AGE2HIELib.preprocess.t1.placement import bundled_t1_template
from AGE2HIELib.preprocess.t1.prepare import prepare_t1
from AGE2HIELib.volume import Grid
from training.learning.fitting import WEIGHTS
from training.lessons import TRUE, Lesson, age_module
from training.preparing.inputs import t1_spec
from training.preparing.store import load_prepared
from training.run_folder import RunFolder, recorded_settings
from training.settings import T1_PLACEMENT

_FIRST_SEED = 910_000  # of no cohort
_AGES = (5.0, 40.0)  # years: ventricles of 20 to 45 years differ little, those of 90 are twice as wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", type=Path)
    parser.add_argument("--cohort", type=Path, help="folder of the prepared T1 scans (default: ROW/prepared/ages)")
    parser.add_argument("--subjects", type=int, default=12)
    parser.add_argument("--other", type=float, default=90.0, help="age of the ventricles, years")
    given = parser.parse_args()
    settings = recorded_settings(given.row)
    cohort = load_prepared(given.cohort or given.row / "prepared" / "ages")
    network, _ = age_module(settings, cohort, Lesson(TRUE))
    weights = torch.load(RunFolder(given.row, settings).pretraining(TRUE) / WEIGHTS, weights_only=True)
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)
    encoder = network.encoder
    if not isinstance(encoder, PartsNetwork):
        sys.exit(f"{given.row.name} holds no network of parts")
    spec = t1_spec(settings.input.spacing_mm, T1_PLACEMENT, settings.network.poolings)
    ages = np.linspace(*_AGES, given.subjects)
    plain, moved = [], []
    for seed, age in enumerate(ages, start=_FIRST_SEED):
        plain.append(local_years(network, seed, age, spec=spec))
        level = curves.VENTRICLE_SCALE.at(given.other)
        with patch.object(curves, "VENTRICLE_SCALE", curves.AgeCurve((0.0, 1.0), (level, level))):
            moved.append(local_years(network, seed, age, spec=spec))
    change = (np.array(moved) - np.array(plain)).mean(axis=0)
    error = np.abs(np.array(plain) - ages[:, None, None, None]).mean(axis=0)
    share = ventricle_share(encoder, spec.grid)
    print(f"{'cube (right, anterior, superior)':34}{'ventricle %':>12}{'MAE, years':>12}{'moves, years':>14}")
    for part in sorted(np.ndindex(*share.shape), key=lambda one: -share[one]):
        print(f"{part!s:34}{100 * share[part]:12.2f}{error[part]:12.1f}{change[part]:14.1f}")
    over, beside = share >= np.quantile(share, 0.75), share == 0
    near, far = (np.abs(change[where]).mean() for where in (over, beside))
    print(f"over the ventricles {near:.1f} years, without any {far:.1f}")
    print(f"cubes without ventricle that move by more than their MAE: {int((np.abs(change) > error)[beside].sum())}")
    print(f"sum of the weights: {float(encoder.parts_head.weights.sum()):.6f}")
    figures = Figures("local_age")
    order = np.argsort(-share.ravel())
    for name, part in zip(("first", "second"), order, strict=False):  # by their share of ventricle
        figures.add(f"{name}/moves", change.ravel()[part], "years")
        figures.add(f"{name}/error", error.ravel()[part], "years")
    moves = np.abs(change[beside])
    figures.add("without-ventricle/least", moves.min(), "years")
    figures.add("without-ventricle/most", moves.max(), "years")
    figures.add("without-ventricle/error", error[beside][np.argmax(moves / error[beside])], "years, of the most moved")
    figures.write()


def local_years(network: AgeNetwork, seed: int, age: float, *, spec: object) -> np.ndarray:
    """(parts, parts, parts) years of a phantom that is scanned and prepared as a real one is."""
    scan = scan_t1(make_t1_subject(seed, age), seed=seed)
    ready = prepare_t1(scan, bundled_t1_template(), spec, mask=None, placement=T1_PLACEMENT)  # type: ignore[arg-type]
    encoder = network.encoder
    assert isinstance(encoder, PartsNetwork)
    found = local_targets(encoder, torch.from_numpy(ready.image[None]), age_target(network.head))[0]
    linear = network.head.kind == "huber" and network.head.target == "years"
    return np.asarray(found * network.head.sd + network.head.mean if linear else found)


def ventricle_share(encoder: PartsNetwork, grid: Grid) -> np.ndarray:
    """Of each cube, by the atlas's lateral ventricles."""
    import SimpleITK as sitk

    atlas = load_atlas()
    names = [region.value for region in atlas.regions if region.name == "lateral ventricle"]
    inside = atlas.labels.like(np.isin(atlas.labels.array, names).astype(np.float32))
    placed = resample(inside, grid, sitk.Transform(), "linear", 0.0).array
    boxes = encoder.boxes
    return np.array([placed[boxes.slices(part)].mean() for part in np.ndindex(*boxes.count)]).reshape(boxes.count)


if __name__ == "__main__":
    main()
