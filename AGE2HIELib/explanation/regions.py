"""What each region of the atlas holds in a scan (volume, diffusion, share of the evidence), and halves of the brain.

T1 scans have the two halves alone as regions. They are placed undeformed in a template whose anatomy is a synthetic
newborn's, in the frame of the bundled atlas. That brings the midline where it belongs, but not the atlas's regions: in
ten real scans of infants and adults the voxels that it calls lateral ventricle, which are fluid and dark in T1, came
out as bright as the brain's median (0.0 to 0.8 spreads above it). On synthetic scans regions lie 1.5 to 2.6 mm off
(test_t1.py), but a user wants to know about a real one.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.ndimage import binary_erosion

from AGE2HIELib.preprocess.atlas import Atlas, Region, once_per_atlas
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Grid, Volume

_REGIONS = (Region(1, "brain", "left"), Region(2, "brain", "right"), Region(3, "brain", "midline"))
BRAIN_SHARE = 0.5  # of an atlas voxel that must be the scan's brain
# 1e-6 mm^2/s: white matter, the wettest tissue of a newborn, has 1550-1650 in the literature; ventricles have 2542
# (median of 56 infants of BONBID-HIE). With 1500 the medians of phantoms are no nearer to the truth.
FLUID_ADC = 1700.0
MOST_FLUID = 0.2  # of a region: with more, a few voxels at the fluid's edge are left, and they hold fluid as well
FEWEST_VOXELS = 50  # of the atlas: 0.1 ml at 1.25 mm, nine voxels of a scan with slices of 6 mm
LOW_Z = -2.0  # the organisers' rule for a lesion of BONBID-HIE
_DIGITS = 6  # significant digits in the table: float32 maps hold no more

Measured = Literal["core", "whole", "fluid", "not measurable"]


@dataclass(frozen=True)
class Halves:
    """As an atlas gives its regions: ``labels`` holds the values of ``regions``."""

    labels: Volume
    regions: tuple[Region, ...]


def halves(grid: Grid) -> Halves:
    """Of a grid in the template's frame, whose x is 0 in the midline; voxels on it belong to neither half."""
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    row = grid.affine_ras[0]
    right_mm = row[0] * i + row[1] * j + row[2] * k + row[3]
    labels = np.select([right_mm < 0, right_mm > 0], [1, 2], default=3).astype(np.int16)
    labels = np.broadcast_to(labels, grid.shape).copy()
    there = set(np.unique(labels).tolist())
    return Halves(Volume(labels, grid.affine_ras), tuple(region for region in _REGIONS if region.value in there))


@dataclass(frozen=True)
class RegionRow:
    """One region of one hemisphere; None where nothing can be said.

    The means are over the whole label, fluid included: in a small structure beside a ventricle a few voxels of fluid
    outweigh a lesion, so they are kept for the scripts that read them and shown nowhere. What follows ``label`` is of
    tissue alone (ADC up to ``FLUID_ADC``), in the label's core.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        mean_adc_1e6_mm2_s: mean ADC over the label, fluid included, in 1e-6 mm^2/s.
        mean_z: mean of the z-map over the label, fluid included.
        saliency_share: part of all positive saliency in the brain that lies here, 0..1.
        saliency_peak: highest saliency here, in the map's own unit.
        label: the region's value in the atlas and in regions.nii.gz.
        measured: in the "core" (one atlas voxel in) or, where that holds fewer than ``FEWEST_VOXELS``, in the "whole"
            label; "not measurable" where over a fifth of that is fluid, or fewer voxels than that are tissue; "fluid"
            for a region that is fluid in healthy newborns, whose mean is all there is to say.
        median_adc_1e6_mm2_s, p10_adc_1e6_mm2_s: median and 10th percentile of ADC, 1e-6 mm^2/s.
        median_z: of the same voxels.
        share_z_below_minus_2: of the same voxels, 0..1.
        ml_z_below_minus_2: their volume, of ``tissue_ml``; also where a region is not measurable.
        tissue_ml: volume of what was measured.
        share_fluid: part of the core (or whole) that is fluid, 0..1.
    """

    region: str
    hemisphere: str
    volume_ml: float
    mean_adc_1e6_mm2_s: float | None
    mean_z: float | None
    saliency_share: float | None
    saliency_peak: float | None
    label: int
    measured: Measured = "not measurable"
    median_adc_1e6_mm2_s: float | None = None
    median_z: float | None = None
    p10_adc_1e6_mm2_s: float | None = None
    share_z_below_minus_2: float | None = None
    ml_z_below_minus_2: float | None = None
    tissue_ml: float | None = None
    share_fluid: float | None = None


def region_table(
    labels: Volume,
    atlas: Atlas,
    *,
    adc: Volume,
    z: Volume | None = None,
    saliency: Volume | None = None,
    voxel_ml: Volume | None = None,
) -> tuple[RegionRow, ...]:
    """A row for each region, in the atlas's order.

    Args:
        labels: the atlas's labels within the brain, on any grid.
        atlas: names the labels.
        adc, z, saliency: maps on the same grid.
        voxel_ml: the volume of each voxel in the scan; that of the grid where None.
    """
    inside = labels.array > 0
    total = float(np.maximum(saliency.array[inside], 0).sum(dtype=np.float64)) if saliency is not None else 0.0
    sizes = np.full(labels.array.shape, labels.grid.voxel_ml) if voxel_ml is None else voxel_ml.array
    rows = []
    for region in atlas.regions:
        here = labels.array == region.value
        evidence = saliency.array[here] if saliency is not None else np.empty(0)
        share = float(np.maximum(evidence, 0).sum(dtype=np.float64)) / total if total > 0 else None
        row = RegionRow(
            region.name,
            region.hemisphere,
            round_value(float(sizes[here].sum(dtype=np.float64))),
            _mean(adc.array[here]),
            _mean(z.array[here]) if z is not None else None,
            round_value(share) if share is not None else None,
            round_value(float(evidence.max())) if evidence.size else None,
            region.value,
        )
        is_fluid = region.value in _fluid_regions(atlas)
        rows.append(replace(row, measured="fluid") if is_fluid else _with_tissue(row, here, adc, z, sizes))
    return tuple(rows)


def _with_tissue(row: RegionRow, here: np.ndarray, adc: Volume, z: Volume | None, sizes: np.ndarray) -> RegionRow:
    """The row with what its tissue says; ``here``: the label, ``sizes``: of voxels in ml."""
    core = binary_erosion(here)
    place: Measured = "core" if core.sum() >= FEWEST_VOXELS else "whole"
    known = (core if place == "core" else here) & np.isfinite(adc.array)
    if z is not None:
        known &= np.isfinite(z.array)
    tissue = known & (adc.array <= FLUID_ADC)
    if not known.any():
        return row
    fluid = 1 - float(tissue.sum() / known.sum())
    low = tissue & (z.array < LOW_Z) if z is not None else None
    row = replace(
        row,
        share_fluid=round_value(fluid),
        tissue_ml=round_value(float(sizes[tissue].sum(dtype=np.float64))),
        ml_z_below_minus_2=round_value(float(sizes[low].sum(dtype=np.float64))) if low is not None else None,
    )
    if fluid > MOST_FLUID or tissue.sum() < FEWEST_VOXELS:
        return row
    values = adc.array[tissue].astype(np.float64)
    return replace(
        row,
        measured=place,
        median_adc_1e6_mm2_s=round_value(float(np.median(values))),
        p10_adc_1e6_mm2_s=round_value(float(np.percentile(values, 10))),
        median_z=round_value(float(np.median(z.array[tissue]))) if z is not None else None,
        share_z_below_minus_2=round_value(float(low.sum() / tissue.sum())) if low is not None else None,
    )


@once_per_atlas
def _fluid_regions(atlas: Atlas) -> frozenset[int]:
    """Labels that hold too much fluid to be measured in healthy newborns already: ventricles, and the fluid around."""
    fluid = atlas.mean.array > FLUID_ADC
    values = [region.value for region in atlas.regions]
    shares = {value: fluid[atlas.labels.array == value] for value in values}
    return frozenset(value for value, share in shares.items() if share.size and share.mean() > MOST_FLUID)


def measured_regions(
    atlas: Atlas, placement: Placement, brain: Volume, *, adc: Volume, z: Volume, saliency: Volume
) -> tuple[RegionRow, ...]:
    """The table of a scan, measured on the atlas's finer grid, with volumes as they are in the scan.

    On 30 phantoms of three acquisitions and five injuries (``benchmark/regions.py``) 91 % of the medians of thalamus,
    lentiform, caudate, brainstem and cerebellum lie within one standard deviation between healthy newborns of the
    truth (97 % at 2 mm slices, 84 % at 6 mm; means with fluid 60 %). Where 15 to 85 % of a structure is lesion it is
    73 %: its median jumps from one part's to the other's, and the share below -2 is what to read.

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
    return region_table(
        labels,
        atlas,
        adc=placed(adc, brain.array & np.isfinite(adc.array)),
        z=placed(z, brain.array),
        saliency=evidence.like(np.nan_to_num(evidence.array)),
        voxel_ml=labels.like(placement.volume_change().array * atlas.grid.voxel_ml),
    )


def write_region_table(rows: Sequence[RegionRow], path: Path) -> None:
    """A CSV file; empty where there is nothing to say."""
    names = [field.name for field in fields(RegionRow)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return round_value(float(finite.mean(dtype=np.float64))) if finite.size else None


def round_value(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
