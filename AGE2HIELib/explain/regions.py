"""What each region of the atlas holds in this scan: volume, diffusion and the share of the evidence."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Volume

BRAIN_SHARE = 0.5  # of an atlas voxel that must be the scan's brain
_DIGITS = 6  # significant digits in the table: float32 maps hold no more


@dataclass(frozen=True)
class RegionRow:
    """One region of one hemisphere; None where nothing can be said.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        mean_adc_1e6_mm2_s: mean ADC over measured voxels, in 1e-6 mm^2/s.
        mean_z: mean of the z-map.
        saliency_share: part of all positive saliency in the brain that lies here, 0..1.
        saliency_peak: highest saliency here, in the map's own unit.
        label: the region's value in the atlas and in regions.nii.gz.
    """

    region: str
    hemisphere: str
    volume_ml: float
    mean_adc_1e6_mm2_s: float | None
    mean_z: float | None
    saliency_share: float | None
    saliency_peak: float | None
    label: int


def region_table(
    labels: Volume, atlas: Atlas, *, adc: Volume, z: Volume | None = None, saliency: Volume | None = None
) -> tuple[RegionRow, ...]:
    """A row for each region, in the atlas's order.

    Args:
        labels: the atlas's labels within the brain, on any grid.
        atlas: names the labels.
        adc, z, saliency: maps on the same grid.
    """
    inside = labels.array > 0
    total = float(np.maximum(saliency.array[inside], 0).sum(dtype=np.float64)) if saliency is not None else 0.0
    rows = []
    for region in atlas.regions:
        here = labels.array == region.value
        evidence = saliency.array[here] if saliency is not None else np.empty(0)
        share = float(np.maximum(evidence, 0).sum(dtype=np.float64)) / total if total > 0 else None
        rows.append(
            RegionRow(
                region.name,
                region.hemisphere,
                rounded(float(here.sum()) * labels.grid.voxel_ml),
                _mean(adc.array[here]),
                _mean(z.array[here]) if z is not None else None,
                rounded(share) if share is not None else None,
                rounded(float(evidence.max())) if evidence.size else None,
                region.value,
            )
        )
    return tuple(rows)


def measured_regions(
    atlas: Atlas, placement: Placement, brain: Volume, *, adc: Volume, z: Volume, saliency: Volume
) -> tuple[RegionRow, ...]:
    """The table of a scan, measured on the atlas's finer grid, with volumes as they are in the scan.

    There every region is the same set of voxels for every scan: on the scan's own grid a small one would be a few
    voxels, and other ones for every way the slices lie. Near the brain's border only brain counts.

    Args:
        atlas: where the scan was placed.
        placement: of the scan.
        brain, adc, z, saliency: on the scan's grid, canonical voxel order.
    """

    def placed(image: Volume, valid: np.ndarray) -> Volume:
        weight = placement.to_atlas(brain.like(valid.astype(np.float32)), atlas.grid).array
        values = placement.to_atlas(image.like(np.where(valid, image.array, 0).astype(np.float32)), atlas.grid).array
        usable = weight >= BRAIN_SHARE
        return atlas.labels.like(np.where(usable, values / np.maximum(weight, BRAIN_SHARE), np.nan))

    evidence = placed(saliency, brain.array)
    labels = atlas.labels.like(np.where(np.isfinite(evidence.array), atlas.labels.array, 0))
    rows = region_table(
        labels,
        atlas,
        adc=placed(adc, brain.array & np.isfinite(adc.array)),
        z=placed(z, brain.array),
        saliency=evidence.like(np.nan_to_num(evidence.array)),
    )
    largest = 1 + max(row.label for row in rows)
    change = placement.volume_change().array.ravel()
    sizes = np.bincount(labels.array.ravel(), weights=change, minlength=largest) * atlas.grid.voxel_ml
    return tuple(replace(row, volume_ml=rounded(float(sizes[row.label]))) for row in rows)


def write_region_table(rows: Sequence[RegionRow], path: Path) -> None:
    """A CSV file; empty where there is nothing to say."""
    names = [field.name for field in fields(RegionRow)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return rounded(float(finite.mean(dtype=np.float64))) if finite.size else None


def rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
