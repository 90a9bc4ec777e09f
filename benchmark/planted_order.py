"""Does a larger lesion score higher? One infant, one place, lesions of 1, 2, 4 and 8 % of the brain.

    python benchmark/planted_order.py [--infants 100] [--jobs 2] [--model DIR]

Each infant is scanned and placed anew with each lesion, as four children would be, and scored with the z-map of the
bundled atlas; warnings of the gate keep no score back, and infants that it refuses are left out. Printed: in how many
infants the four scores rise, and by how much from one lesion to the next.
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from explanation_cases import ACQUISITIONS
from figures import Figures

from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.pipeline.admission import Withheld, admit
from AGE2HIELib.pipeline.inputs import HieModel, Scan, load_model
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.quality.check import OVERRIDABLE
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_atlas, find_model
from AGE2HIELib.system.progress import Stages

FIRST_SEED = 610_000  # in no cohort
LOADS = (0.01, 0.02, 0.04, 0.08)
_SMALLEST_MM, _GROWTH_MM = 6.0, 10.0  # radius of a focal lesion of extent 0, and what extent 1 adds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    seeds = [FIRST_SEED + number for number in range(options.infants)]
    ask = partial(scores, model=find_model(options.model))
    every = np.array(run_all(ask, seeds, jobs=options.jobs, description="infants"))
    logits = every[np.isfinite(every).all(axis=1)]
    print(f"refused by the gate: {len(every) - len(logits)} of {len(every)} infants")
    rising = (np.diff(logits, axis=1) > 0).all(axis=1)
    print(f"scores rise with the load in {rising.sum()} of {len(rising)} infants")
    steps = ", ".join(f"{100 * a:g} to {100 * b:g} %" for a, b in pairwise(LOADS))
    rises = np.median(np.diff(logits, axis=1), axis=0)
    print(f"median rise of the logit ({steps}):", np.round(rises, 2))
    figures = Figures("planted_order")
    figures.add("infants", len(rising))
    figures.add("rising", rising.sum())
    for (low, high), rise in zip(pairwise(LOADS), rises, strict=True):
        figures.add(f"rise/{100 * low:g}-{100 * high:g}", rise, "logit, median")
    figures.write(model=options.model is None)


def scores(seed: int, *, model: Path) -> list[float]:
    """Mean logit of the members for each load; NaN where the gate refuses the scan."""
    infant, loaded = make_infant(seed), load_model(model, device="cpu")
    return [_score(infant, load, seed, loaded) for load in LOADS]


def _score(infant: Infant, load: float, seed: int, model: HieModel) -> float:
    brain_mm3 = 1000 * float(infant.brain.array.sum()) * infant.brain.grid.voxel_ml
    radius_mm = float(np.cbrt(3 * load * brain_mm3 / (4 * np.pi)))
    injury = injure(infant, "focal", seed=seed, extent=(radius_mm - _SMALLEST_MM) / _GROWTH_MM)
    adc = scanner_adc(infant, injury, PROTOCOLS[ACQUISITIONS[seed % len(ACQUISITIONS)]], seed=seed)
    scan = Scan(Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ()))
    atlas, every = load_atlas(find_atlas(None)), Request(override=OVERRIDABLE)
    admitted = admit(scan, model, atlas, every, Stages(STAGES))
    if isinstance(admitted, Withheld):
        return float("nan")
    image = torch.from_numpy(admitted.image)
    with torch.inference_mode():
        return float(np.mean([float(member(image)[0, 0]) for member in model.members]))


if __name__ == "__main__":
    main()
