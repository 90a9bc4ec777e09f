"""Where the saliency peaks on phantoms with one focal lesion of 12 mm or more: is it in the lesion?

    python benchmark/focal_lesions.py [--cases 50] [--first-seed 500000]

A hit is a peak inside the lesion dilated by half a cell of the map. The seeds are in no training cohort.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt
from tqdm import tqdm

from AGE2HIELib.commands.reading import resolve_atlas
from AGE2HIELib.installed import find_model
from AGE2HIELib.io.source import Source
from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.protocol import PROTOCOLS
from AGE2HIELib.phantom.scan import nearest, scanner_adc
from AGE2HIELib.pipeline import STAGES, HieModel, Scan, analyse, load_model
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.progress import Silent, Stages

ACQUISITIONS = ("2mm", "4mm", "6mm")


def peak_distance_mm(seed: int, model: HieModel, atlas: Atlas, *, method: str | None = None) -> tuple[float, float]:
    """(distance of the saliency's peak from the lesion in mm, half a cell of the map in mm); NaN where refused."""
    infant = make_infant(seed)
    extent = float(np.random.default_rng([seed, 20]).uniform())
    injury = injure(infant, "focal", seed=seed, extent=extent)
    adc = scanner_adc(infant, injury, PROTOCOLS[ACQUISITIONS[seed % len(ACQUISITIONS)]], seed=seed)
    scan = Scan(Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ()))
    found = analyse(scan, model, atlas, Stages(STAGES, Silent()), method=method)
    if found.saliency is None or found.explanation is None:
        return float("nan"), float("nan")
    peak = np.unravel_index(int(found.saliency.array.argmax()), found.saliency.array.shape)
    lesion = to_canonical(nearest(injury.lesion, adc.grid))
    distance = distance_transform_edt(~lesion.array, sampling=lesion.grid.spacing_mm)
    return float(distance[peak]), max(found.explanation.resolution_mm) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=500_000)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--method")
    options = parser.parse_args()
    atlas, model = load_atlas(resolve_atlas(None)), load_model(find_model(options.model))
    seeds = range(options.first_seed, options.first_seed + options.cases)
    found = np.array([peak_distance_mm(seed, model, atlas, method=options.method) for seed in tqdm(seeds)])
    refused = np.isnan(found[:, 0])
    hits = found[~refused, 0] <= found[~refused, 1]
    print(f"peak in the lesion (dilated by half a cell): {hits.sum()} of {len(found)}; refused: {refused.sum()}")
    print(f"distance of the peak from the lesion, mm, 50/90 %: {np.nanpercentile(found[:, 0], [50, 90]).round(1)}")


if __name__ == "__main__":
    main()
