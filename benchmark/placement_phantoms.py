"""Placement of phantoms whose true place in the atlas is known: landmarks, regions, lesions and folding.

    python benchmark/placement_phantoms.py [--infants 4] [--first-seed 610000]

Every infant is scanned in three ways with and without an injury. Landmarks are the centroids of its regions. The z
inside its lesion is computed with the placement that was found in the lesion's presence and with that found in the same
scan without it: the lesion must hide nothing of itself. The seeds are in no cohort and not in the atlas.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from figures import Figures
from scipy.ndimage import binary_fill_holes
from tqdm import tqdm

from AGE2HIELib.io.coordinates import LPS_FROM_RAS, to_canonical
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scanner_adc
from AGE2HIELib.phantom.structures import VALUE
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.volume import Volume

ACQUISITIONS = ("2mm", "4mm", "6mm")
KINDS = ("none", "focal", "bgt", "watershed", "near-total")
_POINTS = 150  # a region, for its centroid
_FEWEST_VOXELS = 60


@dataclass(frozen=True)
class Row:
    """One scan; errors in mm, ``z_kept`` the lesion's z with it present over that with the healthy placement."""

    kind: str
    acquisition: str
    affine_mm: float
    centroid_mm: float
    filled: float
    deformed: bool
    folding: float
    z_kept: float
    dice: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=610_000)
    options = parser.parse_args()
    atlas = load_atlas(find_atlas(None))
    rows = [
        row
        for seed in tqdm(range(options.first_seed, options.first_seed + options.infants))
        for row in measured(seed, atlas)
    ]
    print_rows(rows)
    print_dice(rows, atlas)
    figures_of(rows).write()


def measured(seed: int, atlas: Atlas) -> list[Row]:
    infant, rows = make_infant(seed), []
    for acquisition in ACQUISITIONS:
        healthy, brain = _scan(infant, injure(infant, "none", seed=seed), acquisition, seed)
        reference = deform(healthy, brain, atlas, place_in_atlas(healthy, brain, atlas))
        for kind in KINDS:
            injury = injure(infant, kind, seed=seed)
            adc, brain = _scan(infant, injury, acquisition, seed)
            affine = place_in_atlas(adc, brain, atlas)
            placement = deform(adc, brain, atlas, affine)
            rows.append(
                Row(
                    kind=kind,
                    acquisition=acquisition,
                    affine_mm=centroid_error_mm(affine, infant),
                    centroid_mm=centroid_error_mm(placement, infant),
                    filled=placement.filled,
                    deformed=placement.displacement is not None,
                    folding=placement.folding,
                    z_kept=_lesion_z_kept(adc, brain, atlas, (placement, reference), injury),
                    dice=region_dice(placement, infant, atlas),
                )
            )
    return rows


def centroid_error_mm(placement: Placement, infant: Infant) -> float:
    """Mean over regions of the distance between where their centroid was placed and where it truly belongs."""
    affine = infant.labels.affine_ras
    flip = LPS_FROM_RAS[:3, :3]
    errors = []
    for value in np.unique(infant.labels.array):
        indices = np.argwhere(infant.labels.array == value)
        if value in (0, VALUE["cerebrospinal fluid"]) or len(indices) < _FEWEST_VOXELS:
            continue
        indices = indices[:: max(1, len(indices) // _POINTS)]
        truth = np.mean([[axis[tuple(index)] for axis in infant.template_points] for index in indices], axis=0)
        points = (indices @ affine[:3, :3].T + affine[:3, 3]) @ flip
        placed = (
            np.mean([placement.atlas_from_native.TransformPoint(point) for point in points.tolist()], axis=0) @ flip
        )
        errors.append(float(np.linalg.norm(placed - truth)))
    return float(np.mean(errors))


def region_dice(placement: Placement, infant: Infant, atlas: Atlas) -> dict[str, float]:
    """Dice of the atlas's regions on the scan's grid with the infant's own structures there."""
    true = to_canonical(nearest(infant.labels, placement.native)).array
    placed = placement.to_native(atlas.labels, interpolation="nearest").array
    found = {}
    for region in atlas.regions:
        both = (true == region.value).sum() + (placed == region.value).sum()
        if both:
            overlap = ((true == region.value) & (placed == region.value)).sum()
            found[f"{region.name} ({region.hemisphere})"] = float(2 * overlap / both)
    return found


def print_rows(rows: list[Row]) -> None:
    print(
        "injury      slices  centroids mm: affine  deformed  replaced  stays affine  folding %  lesion z kept (range)"
    )
    for kind in KINDS:
        for acquisition in ACQUISITIONS:
            group = [row for row in rows if (row.kind, row.acquisition) == (kind, acquisition)]
            kept = [row.z_kept for row in group if np.isfinite(row.z_kept)]
            kept_text = f"{min(kept):.3f}-{max(kept):.3f}" if kept else "-"
            print(
                f"{kind:11} {acquisition:>5}  {np.mean([row.affine_mm for row in group]):19.2f}  "
                f"{np.mean([row.centroid_mm for row in group]):8.2f}  {np.mean([row.filled for row in group]):8.2f}  "
                f"{sum(not row.deformed for row in group):7d} of {len(group)}  "
                f"{100 * max(row.folding for row in group):9.3f}  {kept_text}"
            )
    kept = [row.z_kept for row in rows if np.isfinite(row.z_kept)]
    print(
        f"all {len(rows)}: centroids {np.mean([row.affine_mm for row in rows]):.2f} -> "
        f"{np.mean([row.centroid_mm for row in rows]):.2f} mm; deformed ones "
        f"{np.mean([row.centroid_mm for row in rows if row.deformed]):.2f} mm; z of the lesion within 10 % in "
        f"{sum(abs(value - 1) <= 0.1 for value in kept)} of {len(kept)}"
    )


def figures_of(rows: list[Row]) -> Figures:
    """Errors of all scans, and of those with each acquisition."""
    figures = Figures("placement_phantoms")
    figures.add("scans", len(rows))
    for acquisition in ("all", *ACQUISITIONS):
        group = [row for row in rows if acquisition in ("all", row.acquisition)]
        figures.add(f"{acquisition}/affine/centroids", np.mean([row.affine_mm for row in group]), "mm")
        figures.add(f"{acquisition}/deformed/centroids", np.mean([row.centroid_mm for row in group]), "mm")
    kept = [row.z_kept for row in rows if np.isfinite(row.z_kept)]
    figures.add("lesions", len(kept))
    figures.add("lesions/z-within-tenth", sum(abs(value - 1) <= 0.1 for value in kept))
    figures.add("folding", 100 * max(row.folding for row in rows), "%, largest")
    return figures


def print_dice(rows: list[Row], atlas: Atlas) -> None:
    print("region (hemisphere)                             Dice, mean over scans (least)")
    of_region = defaultdict(list)
    for row in rows:
        for name, value in row.dice.items():
            of_region[name].append(value)
    for name, values in of_region.items():
        print(f"{name:47} {np.mean(values):.2f} ({min(values):.2f})")


def _scan(infant: Infant, injury: Injury, acquisition: str, seed: int) -> tuple[Volume, Volume]:
    adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS[acquisition], seed=seed))
    return adc, adc.like(binary_fill_holes(adc.array != 0))


def _lesion_z_kept(
    adc: Volume, brain: Volume, atlas: Atlas, placements: tuple[Placement, Placement], injury: Injury
) -> float:
    """Mean z in the lesion with the first placement over that with the second; NaN where there is none to see."""
    lesion = to_canonical(nearest(injury.lesion, adc.grid)).array & brain.array
    if lesion.sum() * adc.grid.voxel_ml < 0.5:
        return float("nan")
    found, true = (z_map(adc, brain, atlas, placement).array[lesion].mean() for placement in placements)
    return float(found / true)


if __name__ == "__main__":
    main()
