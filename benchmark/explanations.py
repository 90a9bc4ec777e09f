"""What the saliency maps are worth: on phantoms with known lesions, on real ones, under examination; what they cost.

    [AGE2HIE_TEST_DATA=FOLDER] python benchmark/explanations.py [phantoms] [real] [examined] [cost] [--jobs 2]

phantoms: peak in a focal lesion of 12 mm or more (dilated by half a cell of the map), beside the lowest place of the
z-map smoothed as far as such a lesion reaches, which needs no network; deletion beside turned copies of the map, which
takes most of the time.
real: share of a map's mass in the expert lesion over the lesion's share of the brain (1: chance), for loads over 1 %.
examined: how often the trained model and networks with random weights keep all figures of the examination.
cost: prediction with saliency over prediction alone, beside MONAI's Grad-CAM, five members.
The seeds are in no training cohort.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from explanation_cases import Placed, focal_infant, mixed_infant, real_cases
from figures import Figures

from AGE2HIELib.explanation.curves import curves
from AGE2HIELib.explanation.examination import BY_CHANCE, examine_map
from AGE2HIELib.explanation.methods import DEFAULT_METHOD
from AGE2HIELib.explanation.robustness import ExaminedMap, answers, mean_map, with_random_weights
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.inference.probability import as_tensor, predict_probability
from AGE2HIELib.pipeline.analysis import explain_prediction, on_scan_grid
from AGE2HIELib.pipeline.inputs import HieModel, load_model
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.result.verdicts import Examination
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_atlas, find_model
from AGE2HIELib.volume import Volume

PARTS = ("phantoms", "real", "examined", "cost")
REAL_METHODS = ("hirescam", "gradcam", "gradcam++", "layercam", "integrated-gradients")
_FOCAL, _MIXED, _RANDOM = 500_000, 600_000, 700_000  # first seeds
_LESION_SIGMA_MM = 3.0  # a Gaussian as wide as a ball of 12 mm: their sds along an axis are 3 and 2.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--cases", type=int, default=100, help="phantoms with a focal lesion")
    parser.add_argument("--examined", type=int, default=20, help="phantoms, and random networks, to examine")
    parser.add_argument("--deletion", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = options.parts or PARTS
    if "phantoms" in chosen:
        phantoms(options)
    if "examined" in chosen:
        examined(options)
    if "real" in chosen:
        real(options)
    if "cost" in chosen:
        cost(options)


def phantoms(options: argparse.Namespace) -> None:
    seeds = range(_FOCAL, _FOCAL + options.cases)
    work = partial(on_focal, path=options.model, with_deletion=options.deletion)
    every = _spread(work, seeds, options, "focal lesions")
    rows = [row for row in every if row is not None]
    print(f"\nphantoms with a focal lesion, {DEFAULT_METHOD}: {len(every)}; withheld {len(every) - len(rows)}")
    print(f"peak in the lesion, dilated by half a cell: {sum(row.pointing for row in rows)} of {len(rows)}")
    print(f"lowest smoothed z there: {sum(row.z_pointing for row in rows)} of {len(rows)}")
    figures = Figures("explanations-phantoms")
    figures.add("lesions", len(rows))
    figures.add("peak/in-lesion", sum(row.pointing for row in rows))
    figures.add("lowest-z/in-lesion", sum(row.z_pointing for row in rows))
    missed = [row for row in rows if not row.pointing]
    print(f"of the {len(missed)} missed peaks, smoothed z misses {sum(not row.z_pointing for row in missed)}")
    for name, group in (("found", [row for row in rows if row.pointing]), ("missed", missed)):
        if not group:
            continue
        depth, size = (np.percentile([getattr(row, key) for row in group], [0, 50, 100]) for key in ("z", "ml"))
        print(f"  lesions {name}: mean z {depth.round(2)}, ml {size.round(2)} (least, median, most)")
        figures.add(f"{name}/z-lowest", depth[0])
        figures.add(f"{name}/z-highest", depth[2])
        figures.add(f"{name}/ml-least", size[0], "ml")
        figures.add(f"{name}/ml-most", size[2], "ml")
    if options.deletion:
        passed = sum(row.deletion <= BY_CHANCE for row in rows)
        print(f"deletion, p at most {BY_CHANCE:g}: {passed} of {len(rows)}")
        figures.add("deletion/passed", passed)
    figures.write(model=options.model is None)


@dataclass(frozen=True)
class OnFocal:
    """Attributes:
    pointing, z_pointing: whether the peak of the map, and of the smoothed z-map turned round, is in the lesion.
    deletion: p; NaN where it was not asked for.
    z, ml: mean z of the lesion, and its volume.
    """

    pointing: bool
    z_pointing: bool
    deletion: float
    z: float
    ml: float


def on_focal(seed: int, *, path: Path | None, with_deletion: bool) -> OnFocal | None:
    """What the default method's map finds; None where the gate withholds the number."""
    model = _alone(path)
    placed = focal_infant(seed, model, load_atlas(find_atlas(None)))
    if placed is None:
        return None
    made = explain_prediction(model, placed.admitted.image)[1]
    saliency = on_scan_grid(made.saliency, placed.admitted)
    p = float("nan")
    if with_deletion:
        case = _case(model, placed)
        p = curves(case, mean_map(answers(case, case.members, case.image), case))[0].p
    half_cell_mm = max(made.resolution_mm) / 2
    named = [placed.found(one, half_cell_mm=half_cell_mm) for one in (saliency, low_z(placed))]
    pointing, z_pointing = (one is not None and one.pointing for one in named)
    z = placed.admitted.z.array[placed.lesion.array & placed.admitted.gated.brain.array]
    return OnFocal(pointing, z_pointing, p, float(z.mean()), z.size * placed.lesion.grid.voxel_ml)


def low_z(placed: Placed) -> Volume:
    """How low z lies, smoothed: the matched filter of a small lesion in noise."""
    admitted = placed.admitted
    return smooth_inside(admitted.z.like(-admitted.z.array), admitted.gated.brain, sigma_mm=_LESION_SIGMA_MM)


def examined(options: argparse.Namespace) -> None:
    kinds = (("trained", _MIXED, False), ("random weights", _RANDOM, True))
    figures = Figures("explanations-examined")
    for name, first, random in kinds:
        seeds = range(first, first + options.examined)
        rows = _spread(partial(on_mixed, path=options.model, random=random), seeds, options, name)
        done = [row for row in rows if row is not None]
        kept = sum(row.passed for row in done)
        print(f"\n{name}: {len(done)} phantoms, {kept} maps keep every figure, {len(done) - kept} trip the banner")
        for number, finding in enumerate(done[0].findings):
            values = np.array([row.findings[number].value for row in done])
            failed = sum(not row.findings[number].passed for row in done)
            low, middle, high = np.percentile(values, [0, 50, 100])
            print(f"  {finding.name:54} {low:7.3f} {middle:7.3f} {high:7.3f}  {finding.limit:13} failed {failed}")
            figures.add(f"{name}/{finding.name}", middle, "median", (low, high))
            figures.add(f"{name}/{finding.name}/failed", failed)
            if finding.p is not None:
                print(f"    p: {sorted(row.findings[number].p for row in done)}")
        figures.add(f"{name}/maps", len(done))
        figures.add(f"{name}/kept", kept)
    figures.write(model=options.model is None)


def on_mixed(seed: int, *, path: Path | None, random: bool) -> Examination | None:
    """The examination of one phantom's map, by the trained members or by members that have learned nothing."""
    model = _alone(path)
    placed = mixed_infant(seed, model, load_atlas(find_atlas(None)))
    if placed is None:
        return None
    case = _case(model, placed)
    if random:
        fresh = [with_random_weights(one, case.facts, 100 * seed + number) for number, one in enumerate(case.members)]
        case = replace(case, members=fresh)
    return examine_map(case)


def real(options: argparse.Namespace) -> None:
    model = load_model(find_model(options.model))
    folder = Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie"
    print("\nmass in the expert lesion over its share of the brain (1: chance)")
    print(f"{'case':6}{'load %':>8}" + "".join(f"{name:>22}" for name in REAL_METHODS))
    table = []
    for name, placed in real_cases(folder, model, load_atlas(find_atlas(None))):
        maps = [explain_prediction(model, placed.admitted.image, method)[1].saliency for method in REAL_METHODS]
        found = [placed.found(on_scan_grid(one, placed.admitted)) for one in maps]
        table.append([one.enrichment if one else float("nan") for one in found])
        print(f"{name:6}{100 * placed.load:8.2f}" + "".join(f"{value:22.2f}" for value in table[-1]))
    medians = np.nanmedian(table, axis=0)
    print(f"{'median':14}" + "".join(f"{value:22.2f}" for value in medians))
    figures = Figures("explanations-real")
    figures.add("newborns", len(table))
    for name, value in zip(REAL_METHODS, medians, strict=True):
        figures.add(f"{name}/enrichment", value, "times its share of the brain, median")
    figures.write(model=options.model is None, real=True)


def cost(options: argparse.Namespace) -> None:
    from monai.visualize.class_activation_maps import GradCAM

    model = load_model(find_model(options.model))
    shape = (1, len(model.bundle.spec.channels), *model.bundle.spec.grid.shape)
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    layer = f"blocks.{model.bundle.saliency_layer}"

    def monai() -> None:
        for member in model.members:
            network = member.requires_grad_(True)
            GradCAM(nn_module=network, target_layers=layer)(as_tensor(image, model.bundle, member), class_idx=0)
            member.requires_grad_(False)

    ways: dict[str, Callable[[], object]] = {
        "prediction alone": lambda: predict_probability(model.members, model.bundle, image),
        f"with {DEFAULT_METHOD}": lambda: explain_score(model.members, model.bundle, image),
        "with MONAI's Grad-CAM": monai,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(9):  # in turn, so that what else the machine does falls on all alike
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    base = float(np.median(seconds["prediction alone"][1:]))
    print(f"\nfive members, {torch.get_num_threads()} threads; median of 8")
    figures = Figures("explanations-cost")
    for short, (name, values) in zip(("alone", DEFAULT_METHOD, "monai"), seconds.items(), strict=True):
        middle = float(np.median(values[1:]))
        print(f"{name:24} {middle:6.3f} s  {middle / base:5.2f}x")
        figures.add(f"{short}/seconds", middle, "s")
        figures.add(f"{short}/times", middle / base, "times a prediction alone")
    figures.write(model=options.model is None)


def _case(model: HieModel, placed: Placed) -> ExaminedMap:
    return ExaminedMap(model.members, model.bundle, placed.admitted.image, DEFAULT_METHOD, model.bundle.saliency_layer)


def _alone(path: Path | None) -> HieModel:
    torch.set_num_threads(1)  # one process a core
    return load_model(find_model(path))


def _spread(work: Callable[[int], object], seeds: range, options: argparse.Namespace, title: str) -> list:  # type: ignore[type-arg]
    return run_all(work, list(seeds), jobs=options.jobs, description=title)


if __name__ == "__main__":
    main()
