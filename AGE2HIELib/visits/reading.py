"""A folder that ``predict`` has made, read as one of two scans; which two results can be compared."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.regions import RegionRow, measured_regions
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.pipeline.earlier import read_placement
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.placement_file import read_affine
from AGE2HIELib.report.folder import PLACEMENT
from AGE2HIELib.result.record import AtlasUsed, Model, Result
from AGE2HIELib.result.stored import RECORD, REGIONS, is_earlier, read_stored
from AGE2HIELib.volume import Grid, Volume

MAPS = ("adc", "brain_mask", "z_adc", "lesion", "regions")
_SHORT_SHA = 12


@dataclass(frozen=True)
class RegionMedians:
    """Median ADC (1e-6 mm^2/s) and z of one region; None where they cannot be given."""

    region: str
    hemisphere: str
    adc: float | None
    z: float | None


@dataclass(frozen=True)
class VisitMaps:
    """One scan's result; volumes in canonical voxel order on one grid.

    Attributes:
        stored: the grid as it is in the files.
        adc: 1e-6 mm^2/s.
        brain, lesion: bool.
        z: standard deviations.
        labels: of the atlas as placed, int.
        medians: by label.
        affine: of the placement: from points of the atlas to the scan's, LPS+ mm.
    """

    result: Result
    stored: Grid
    adc: Volume
    brain: Volume
    z: Volume
    lesion: Volume
    labels: Volume
    medians: dict[int, RegionMedians]
    affine: sitk.AffineTransform


def check_pair(first: Path, second: Path) -> tuple[Result, Result]:
    """The records of two results that can be compared.

    Raises:
        InputError: one is no result, is refused or has no lesion; both are of one scan; they were made with different
            models or atlases.
    """
    one, other = (_record(folder) for folder in (first, second))
    if one.input.sha256 == other.input.sha256:
        raise InputError(
            f"'{first.name}' and '{second.name}' are results of the same scan (SHA-256 "
            f"{one.input.sha256[:_SHORT_SHA]}...), so nothing can have changed. Give the results of two scans."
        )
    _check_same("models", one.model, other.model)
    _check_same("atlases", one.atlas, other.atlas)
    return one, other


def read_visit(folder: Path, result: Result, atlas_folder: Path | None) -> VisitMaps:
    """The maps of a result that ``check_pair`` has let pass.

    Args:
        atlas_folder: needed for a result without a table of regions, which the gate withheld; the bundled one if None.
    """
    stored = read_volume(folder / "adc.nii.gz")
    images = [read_on_grid(folder / f"{name}.nii.gz", stored.grid, what=name) for name in MAPS[1:]]
    adc, brain, z, lesion, labels = (to_canonical(image) for image in (stored, *images))
    inside = brain.like(brain.array > 0)
    if not inside.array.any():
        raise InputError(f"The brain_mask.nii.gz of '{folder.name}' is empty. Predict the scan again.")
    maps = {"adc": adc, "z": z, "lesion": lesion.like((lesion.array > 0) & inside.array)}
    return VisitMaps(
        result=result,
        stored=stored.grid,
        brain=inside,
        labels=labels.like(np.rint(labels.array).astype(np.int32)),
        medians=_table(folder / REGIONS) or _measured(folder, inside, maps, atlas_folder),
        affine=read_affine(folder / PLACEMENT),
        **maps,
    )


def _check_same(what: str, one: Model | AtlasUsed, other: Model | AtlasUsed) -> None:
    if one.sha256 != other.sha256:
        a, b = (f"{_named(used)} ({str(used.sha256)[:_SHORT_SHA]}...)" for used in (one, other))
        raise InputError(
            f"The results were made with different {what}: {a} and {b}. Predict both scans with the same one."
        )


def _named(used: Model | AtlasUsed) -> str:
    return f"{used.name} {used.version}" if isinstance(used, Model) else str(used.name)


def _record(folder: Path) -> Result:
    if not is_earlier(folder):
        raise InputError(
            f"'{folder.name}' is no folder that predict has made: it has no {RECORD}. Predict the scan first."
        )
    result = read_stored(folder / RECORD).result
    if result.probability_adverse is None and not result.quality.withheld:
        raise InputError(
            f"'{folder.name}' is the result of a refused scan, which has no maps to compare. Give another scan."
        )
    missing = [name for name in (*(f"{name}.nii.gz" for name in MAPS), PLACEMENT) if not (folder / name).is_file()]
    if missing or result.lesion is None:
        what = ", ".join(missing) or "a lesion in its record"
        raise InputError(f"'{folder.name}' lacks {what}, which a comparison needs. Predict the scan again.")
    return result


def _table(path: Path) -> dict[int, RegionMedians]:
    """Of regions.csv; empty where there is none, or one of before medians were measured."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        return {
            int(row["label"]): RegionMedians(
                row["region"],
                row["hemisphere"],
                _number(row["median_adc_1e6_mm2_s"]),
                _number(row["median_z"]),
            )
            for row in rows
        }
    except KeyError:
        return {}
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path.name} in '{path.parent.name}' is no table of regions. Predict the scan again."
        ) from error


def _number(text: str) -> float | None:
    return float(text) if text else None


def _measured(
    folder: Path, brain: Volume, maps: dict[str, Volume], atlas_folder: Path | None
) -> dict[int, RegionMedians]:
    atlas = load_atlas(atlas_folder)
    nowhere = brain.like(np.zeros(brain.array.shape, np.float32))
    rows = measured_regions(atlas, read_placement(folder, atlas), brain, saliency=nowhere, **maps)
    return {row.label: _medians(row) for row in rows}


def _medians(row: RegionRow) -> RegionMedians:
    return RegionMedians(row.region, row.hemisphere, row.median_adc_1e6_mm2_s, row.median_z)
