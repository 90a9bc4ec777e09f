"""Where each map's evidence lies: a row for each method, region and hemisphere."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from AGE2HIELib.explanation.region_norms import round_value
from AGE2HIELib.explanation.regions import BRAIN_SHARE, LOW_Z
from AGE2HIELib.preprocess.atlas import Region
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.volume import Volume


class Parts(Protocol):
    """What names places: an atlas, or the halves of a brain."""

    @property
    def labels(self) -> Volume: ...
    @property
    def regions(self) -> tuple[Region, ...]: ...


@dataclass(frozen=True)
class EvidenceRow:
    """One region of one hemisphere in one map; None where nothing can be said.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        mean, peak: of the map, in its own unit.
        share: part of all positive evidence in the brain that lies here, 0..1.
        asymmetry: (left - right) / (left + right) of the two sides' positive evidence, -1..1; the same in both rows.
        share_at_low_z: part of this region's positive evidence that lies where z is below -2, 0..1.
        adc_share, z_adc_share: how much of this region's evidence for the target comes from ADC, and how much from its
            z-map, 0..1, each channel's positive parts; only of methods that part the channels of the input.
    """

    method: str
    region: str
    hemisphere: str
    mean: float | None
    peak: float | None
    share: float | None
    asymmetry: float | None
    share_at_low_z: float | None
    label: int
    adc_share: float | None = None
    z_adc_share: float | None = None


def evidence_table(
    parts: Parts,
    placement: Placement,
    brain: Volume,
    z: Volume | None,
    maps: Mapping[str, Volume],
    channels: Mapping[str, Mapping[str, Volume]] | None = None,
) -> tuple[EvidenceRow, ...]:
    """The rows of every map, in the order of the regions, measured on the grid of their labels.

    Args:
        parts: in the frame that the scan was placed in.
        z: None where there is none, as for T1.
        brain, z, maps: on the scan's grid, canonical voxel order.
        channels: by method and then by channel, what each has of the map; same grid.
    """
    grid = parts.labels.grid
    weight = placement.to_atlas(brain.like(brain.array.astype(np.float32)), grid).array
    labels = np.where(weight >= BRAIN_SHARE, parts.labels.array, 0)

    def placed(image: Volume) -> np.ndarray:
        values = placement.to_atlas(image.like(np.where(brain.array, image.array, 0).astype(np.float32)), grid)
        return np.asarray(values.array.astype(np.float64) / np.maximum(weight, BRAIN_SHARE))

    low = placed(z) < LOW_Z if z is not None else None
    rows: list[EvidenceRow] = []
    for method, saliency in maps.items():
        found = _rows(method, parts.regions, labels, placed(saliency), low)
        of_channels = {name: placed(one) for name, one in (channels or {}).get(method, {}).items()}
        rows += _with_channels(found, labels, of_channels) if of_channels else found
    return tuple(rows)


def _with_channels(
    rows: Sequence[EvidenceRow], labels: np.ndarray, channels: Mapping[str, np.ndarray]
) -> list[EvidenceRow]:
    """With the part of each channel in the sum of all channels' positive evidence, region by region."""
    flat, size = labels.ravel(), 1 + max(row.label for row in rows)
    sums = {
        name: np.bincount(flat, weights=np.maximum(values, 0).ravel(), minlength=size)
        for name, values in channels.items()
    }
    whole = np.sum([*sums.values()], axis=0)

    def share(name: str, label: int) -> float | None:
        return _ratio(sums[name][label], whole[label]) if name in sums else None

    return [replace(row, adc_share=share("adc", row.label), z_adc_share=share("z_adc", row.label)) for row in rows]


def _rows(
    method: str, regions: Sequence[Region], labels: np.ndarray, saliency: np.ndarray, low: np.ndarray | None
) -> list[EvidenceRow]:
    positive = np.maximum(saliency, 0)
    flat, size = labels.ravel(), 1 + max(region.value for region in regions)
    count = np.bincount(flat, minlength=size)
    sums = np.bincount(flat, weights=saliency.ravel(), minlength=size)
    evidence = np.bincount(flat, weights=positive.ravel(), minlength=size)
    at_low = None if low is None else np.bincount(flat, weights=(positive * low).ravel(), minlength=size)
    total = evidence[1:].sum()
    sides = {(region.name, region.hemisphere): evidence[region.value] for region in regions}
    rows = []
    for region in regions:
        value, here = region.value, labels == region.value
        left, right = (sides.get((region.name, side)) for side in ("left", "right"))
        rows.append(
            EvidenceRow(
                method=method,
                region=region.name,
                hemisphere=region.hemisphere,
                mean=_ratio(sums[value], count[value]),
                peak=round_value(float(saliency[here].max())) if count[value] else None,
                share=_ratio(evidence[value], total),
                asymmetry=None if left is None or right is None else _ratio(left - right, left + right),
                share_at_low_z=None if at_low is None else _ratio(at_low[value], evidence[value]),
                label=value,
            )
        )
    return rows


def write_evidence_table(rows: Sequence[EvidenceRow], path: Path) -> None:
    """A CSV file; empty where there is nothing to say."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(EvidenceRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _ratio(part: float, whole: float) -> float | None:
    return round_value(float(part) / float(whole)) if whole > 0 else None
