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

from AGE2HIELib.explanation.region_norms import (
    FEWEST_VOXELS,
    MOST_FLUID,
    NormalRanges,
    fluid_regions,
    label_boxes,
    labelled_box,
    normal_ranges,
    round_value,
)
from AGE2HIELib.explanation.region_tissue import FLUID_ADC, RegionTissue, region_tissues
from AGE2HIELib.preprocess.atlas import Atlas, Region
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.smoothing import part_of
from AGE2HIELib.result.region_summary import OTHER_SIDE, asymmetry
from AGE2HIELib.volume import Grid, Volume

_REGIONS = (Region(1, "brain", "left"), Region(2, "brain", "right"), Region(3, "brain", "midline"))
BRAIN_SHARE = 0.5  # of an atlas voxel that must be the scan's brain
LOW_Z = -2.0  # the organisers' rule for a lesion of BONBID-HIE
_NOWHERE = (slice(0, 0),) * 3

Measured = Literal["tissue", "fluid", "not measurable"]


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
    outweigh a lesion, so they are kept for the scripts that read them and shown nowhere.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        mean_adc_1e6_mm2_s: mean ADC over the label, fluid included, in 1e-6 mm^2/s.
        mean_z: mean of the z-map over the label, fluid included.
        saliency_share: part of all positive saliency in the brain that lies here, 0..1.
        saliency_peak: highest saliency here, in the map's own unit.
        label: the region's value in the atlas and in regions.nii.gz.
        measured: "tissue" where median and percentile can be given; "not measurable" where less than 0.1 ml of voxels
            hold this region alone, or over half of its label is fluid; "fluid" for a region that is fluid in healthy
            newborns, whose mean is all there is to say.
        median_adc_1e6_mm2_s, p10_adc_1e6_mm2_s, median_z: median and 10th percentile of ADC (1e-6 mm^2/s) and median z
            of the scan's voxels that hold this region alone and touch no fluid (``region_tissues``).
        share_z_below_minus_2: of the tissue in the label's core (one atlas voxel in; of the whole label where the core
            is small), 0..1.
        ml_z_below_minus_2: its volume, of ``tissue_ml``; also where a region is not measurable.
        tissue_ml: volume of the tissue in the core (or whole): ADC up to 1700e-6 mm^2/s.
        share_fluid: part of the core (or whole) that is fluid, 0..1.
        lesion_ml: volume of the whole label that is lesion.
        lesion_share: the same of ``volume_ml``, 0..1.
        normal_low_1e6_mm2_s, normal_high_1e6_mm2_s: what is usual in healthy newborns, as ``normal_ranges`` has it.
        asymmetry: median ADC against the other side's: (own - other) over the mean of both; below 0 on the lower side.
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
    lesion_ml: float | None = None
    lesion_share: float | None = None
    normal_low_1e6_mm2_s: float | None = None
    normal_high_1e6_mm2_s: float | None = None
    asymmetry: float | None = None


@dataclass(frozen=True)
class _OnAtlas:
    """A scan's maps on the atlas's grid, or the part of it that has labels; NaN outside the brain.

    Attributes:
        labels: the atlas's, 0 outside the brain.
        voxel_ml: the volume of each voxel in the scan.
        lesion: part of each voxel that is lesion, 0..1; None where none was asked for.
    """

    labels: np.ndarray
    adc: np.ndarray
    z: np.ndarray
    saliency: np.ndarray
    voxel_ml: np.ndarray
    lesion: np.ndarray | None

    def around(self, box: tuple[slice, ...]) -> _OnAtlas:
        """The part of the maps in a box."""
        lesion = None if self.lesion is None else self.lesion[box]
        return _OnAtlas(self.labels[box], self.adc[box], self.z[box], self.saliency[box], self.voxel_ml[box], lesion)


def _row(region: Region, maps: _OnAtlas, total: float) -> RegionRow:
    """Volume, means and evidence; ``total``: all positive saliency in the brain."""
    here = maps.labels == region.value
    evidence = maps.saliency[here]
    volume_ml = float(maps.voxel_ml[here].sum(dtype=np.float64))
    row = RegionRow(
        region.name,
        region.hemisphere,
        round_value(volume_ml),
        _mean(maps.adc[here]),
        _mean(maps.z[here]),
        round_value(float(np.maximum(evidence, 0).sum(dtype=np.float64)) / total) if total > 0 else None,
        round_value(float(evidence.max())) if evidence.size else None,
        region.value,
    )
    if maps.lesion is None or volume_ml <= 0:
        return row
    lesion_ml = float((maps.lesion[here] * maps.voxel_ml[here]).sum(dtype=np.float64))
    return replace(row, lesion_ml=round_value(lesion_ml), lesion_share=round_value(lesion_ml / volume_ml))


def _with_tissue(row: RegionRow, maps: _OnAtlas, tissue: RegionTissue | None, normal: NormalRanges) -> RegionRow:
    """The row with what its tissue says."""
    here = maps.labels == row.label
    core = binary_erosion(here)
    asked = (core if core.sum() >= FEWEST_VOXELS else here) & np.isfinite(maps.adc) & np.isfinite(maps.z)
    if not asked.any():
        return row
    wet = asked & (maps.adc > FLUID_ADC)
    dry = asked & ~wet
    low = dry & (maps.z < LOW_Z)
    fluid = float(wet.sum() / asked.sum())
    row = replace(
        row,
        share_fluid=round_value(fluid),
        tissue_ml=round_value(float(maps.voxel_ml[dry].sum(dtype=np.float64))),
        ml_z_below_minus_2=round_value(float(maps.voxel_ml[low].sum(dtype=np.float64))),
        share_z_below_minus_2=round_value(float(low.sum() / dry.sum())) if dry.sum() >= FEWEST_VOXELS else None,
    )
    if tissue is None or fluid > MOST_FLUID:
        return row
    normal_low, normal_high = normal.get(row.label, (None, None))
    return replace(
        row,
        measured="tissue",
        normal_low_1e6_mm2_s=normal_low,
        normal_high_1e6_mm2_s=normal_high,
        median_adc_1e6_mm2_s=round_value(tissue.median_adc),
        p10_adc_1e6_mm2_s=round_value(tissue.p10_adc),
        median_z=round_value(tissue.median_z),
    )


def measured_regions(
    atlas: Atlas,
    placement: Placement,
    brain: Volume,
    *,
    adc: Volume,
    z: Volume,
    saliency: Volume,
    lesion: Volume | None = None,
) -> tuple[RegionRow, ...]:
    """A row for each region, in the atlas's order.

    Volumes, shares and evidence are measured on the atlas's finer grid, where every region is the same set of voxels
    for every scan, with volumes as they are in the scan; near the brain's border only brain counts. Medians are of the
    scan's own voxels.

    On 30 phantoms of three acquisitions and five injuries (``benchmark/regions.py --first-seed 640000``, not those that
    the constants were chosen on) 95 % of the medians of thalamus, lentiform, caudate, brainstem and cerebellum lie
    within one standard deviation between healthy newborns of the truth (94 % at 2 mm slices, 92 % at 6 mm; means with
    fluid 45 %). Where 15 to 85 % of a structure is lesion it is 78 %: its median jumps from one part's to the other's,
    and the share below -2 is what to read. Cortex, 3 mm thick, keeps fluid in its medians at any spacing.

    Args:
        atlas: where the scan was placed.
        placement: of the scan.
        brain, adc, z, saliency, lesion: on the scan's grid, canonical voxel order; brain and lesion bool.
    """
    maps = _on_atlas(atlas, placement, brain, (adc, z, saliency, lesion))
    total = float(np.maximum(maps.saliency[maps.labels > 0], 0).sum(dtype=np.float64))
    tissues, fluid = region_tissues(atlas, placement, brain, adc, z), fluid_regions(atlas)
    boxes, normal = label_boxes(maps.labels), normal_ranges(atlas)
    rows = []
    for region in atlas.regions:
        here = maps.around(boxes.get(region.value, _NOWHERE))
        row = _row(region, here, total)
        if row.label in fluid:
            rows.append(replace(row, measured="fluid"))
        else:
            rows.append(_with_tissue(row, here, tissues.get(row.label), normal))
    return tuple(_beside_the_other_side(row, rows) for row in rows)


def _beside_the_other_side(row: RegionRow, rows: Sequence[RegionRow]) -> RegionRow:
    sides = {one.hemisphere: one.median_adc_1e6_mm2_s for one in rows if one.region == row.region}
    other = sides.get(OTHER_SIDE.get(row.hemisphere, ""))
    found = asymmetry(row.median_adc_1e6_mm2_s, other)
    return row if found is None else replace(row, asymmetry=round_value(found))


def _on_atlas(
    atlas: Atlas, placement: Placement, brain: Volume, scan_maps: tuple[Volume, Volume, Volume, Volume | None]
) -> _OnAtlas:
    """``scan_maps``: ADC, z, saliency and lesion, on the scan's grid."""
    box = labelled_box(atlas)
    grid = part_of(atlas.grid, box)
    adc, z, saliency, lesion = scan_maps

    def share_of(valid: np.ndarray) -> np.ndarray:
        return placement.share_in_atlas(brain.like(valid), grid)

    def placed(image: Volume, valid: np.ndarray, share: np.ndarray) -> np.ndarray:
        values = placement.to_atlas(image.like(np.where(valid, image.array, 0).astype(np.float32)), grid).array
        return within(values, share)

    def within(values: np.ndarray, share: np.ndarray) -> np.ndarray:
        return np.where(share >= BRAIN_SHARE, values / np.maximum(share, BRAIN_SHARE), np.nan)

    inside, measured = brain.array, brain.array & np.isfinite(adc.array)
    share = share_of(inside)
    evidence = placed(saliency, inside, share)
    return _OnAtlas(
        labels=np.where(np.isfinite(evidence), atlas.labels.array[box], 0),
        adc=placed(adc, measured, share if np.array_equal(measured, inside) else share_of(measured)),
        z=placed(z, inside, share),
        saliency=np.nan_to_num(evidence),
        voxel_ml=placement.volume_change(box).array * atlas.grid.voxel_ml,
        lesion=np.nan_to_num(within(share_of(lesion.array & inside), share)) if lesion is not None else None,
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
