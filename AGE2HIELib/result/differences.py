"""Two results of one scan, number by number: what differs, and by how much it might."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from AGE2HIELib.io.images import read_volume
from AGE2HIELib.result.stored import REGIONS
from AGE2HIELib.result.tolerance import Tolerance

VOLUMES = ("adc", "brain_mask", "z_adc", "saliency", "regions", "lesion")
# of the record: what is no finding (how long it took), is compared by its SHA-256, or is a text for people
_LEFT_OUT = ("timing_s", "warnings", "settings", "software", "machine", "device", "model", "atlas", "input")
# clusters are compared voxel by voxel
_TEXTS = ("remedy", "basis", "title", "meaning", "clusters", "range", "cannot_see", "source")
# the threshold is one where a prevalence was given: moved with the numbers, it is rounded as they are
_SCORES = ("probability_adverse", "interval", "members", "threshold", "prediction_set", "clinical")
# columns of the table of regions whose last digits move by a voxel at a limit of ADC or z, and those of the saliency
_COUNTED = ("saliency", "share", "ml_z", "tissue")
_SMALLEST_PART = 0.1  # ml, and of a region: a voxel more of a smaller part means nothing
_SMALLEST_CHECK = 1e-3  # a smaller value's part means nothing: most of these are shares of voxels


@dataclass(frozen=True)
class Difference:
    """One finding that is not what it was, in words."""

    name: str
    then: str
    now: str
    tolerance: str


def record_differences(then: Mapping[str, Any], now: Mapping[str, Any], allowed: Tolerance) -> list[Difference]:
    """Of every number, verdict and name in two records of result.json. What a newer version says besides of a thing
    that both know is nothing to compare.
    """
    before, after = dict(_findings(then)), dict(_findings(now))
    found = []
    things = {name.rpartition(".")[0] for name in before} - {""}
    added = {name for name in after.keys() - before.keys() if name.rpartition(".")[0] in things and name[-1] != "]"}
    for name in dict.fromkeys((*before, *(name for name in after if name not in added))):
        one, other = before.get(name, "-"), after.get(name, "-")
        limit = _limit(name, one, allowed, float(before.get("lesion.brain_ml", 0.0)))
        if not _within(one, other, limit):
            found.append(Difference(name, _text(one), _text(other), _limit_text(limit)))
    return found


def volume_differences(then: Path, now: Path, allowed: Tolerance) -> list[Difference]:
    """Of the volumes of two output folders; of each the largest difference."""
    found = []
    for name in VOLUMES:
        one, other = (folder / f"{name}.nii.gz" for folder in (then, now))
        if one.is_file() and other.is_file():
            found += _between_volumes(name, one, other, allowed)
        elif one.is_file() or other.is_file():
            before, after = ("there" if path.is_file() else "-" for path in (one, other))
            found.append(Difference(one.name, before, after, "none"))
    return found


def region_differences(then: Path, now: Path, allowed: Tolerance) -> list[Difference]:
    """Of the tables of regions of two output folders; of each column the worst row. Columns that a newer version has
    added are nothing to compare.
    """
    one, other = (_table(folder / REGIONS) for folder in (then, now))
    known = {column for column, _ in one}
    other = {key: value for key, value in other.items() if key[0] in known or not known}
    if one.keys() != other.keys():
        return [Difference(REGIONS, f"{len(one)} values", f"{len(other)} others", "none")]
    columns = dict.fromkeys(column for column, _ in one)
    found = []
    for column in columns:
        share = allowed.saliency if column.startswith(_COUNTED) else allowed.check
        rows = {row: (one[name, row], other[name, row]) for name, row in one if name == column}
        limit = share * max((abs(a) for a, _ in rows.values() if isinstance(a, float)), default=0.0)
        worse = {row: pair for row, pair in rows.items() if not _within(*pair, limit)}
        if worse:
            row = max(worse, key=lambda name: _apart(*worse[name]))
            before, after = (_text(value) for value in worse[row])
            found.append(Difference(f"{REGIONS}: {column}, {row}", before, after, _limit_text(limit)))
    return found


def _findings(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if key not in _LEFT_OUT:
            yield from _flat(key, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Lists of things with names by these names, so that a check that is new does not shift the others."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _TEXTS:
                yield from _flat(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            known = inner.get("name") if isinstance(inner, Mapping) else None
            rest = {key: part for key, part in inner.items() if key != "name"} if known else inner
            yield from _flat(f"{name}[{known or number}]", rest)
    else:
        yield name, value


def _limit(name: str, value: Any, allowed: Tolerance, brain_ml: float) -> float:
    if name.startswith(_SCORES):
        return allowed.score
    if name.startswith("examination"):
        return allowed.examination
    if name.startswith("lesion") and name != "lesion.brain_ml":
        return allowed.lesion * (brain_ml if name == "lesion.volume_ml" else 1.0)
    if name.startswith("scores") and _is_number(value):
        return allowed.saliency * max(abs(float(value)), _SMALLEST_PART)
    if name.startswith(("quality", "lesion")) and _is_number(value):
        return allowed.check * max(abs(float(value)), _SMALLEST_CHECK)
    return 0.0


def _between_volumes(name: str, one: Path, other: Path, allowed: Tolerance) -> list[Difference]:
    before, after = read_volume(one), read_volume(other)
    if not after.grid.lies_on(before.grid):
        return [Difference(f"{one.name}: grid", str(before.grid.shape), str(after.grid.shape), "none")]
    a, b = before.array.astype(np.float64), after.array.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if name in ("brain_mask", "regions", "lesion"):
        limit = allowed.voxels * float((a > 0).sum())
        if name == "lesion":
            brain = one.with_name("brain_mask.nii.gz")
            limit = allowed.lesion * float((read_volume(brain).array > 0).sum()) if brain.is_file() else 0.0
        size, what = float((~same).sum()), "voxels that differ"
    else:
        peak = float(np.nanmax(np.abs(a)))
        limit = {"adc": allowed.adc, "z_adc": allowed.z, "saliency": allowed.saliency * peak}[name]
        lost = bool((np.isnan(a) != np.isnan(b)).any())
        size, what = np.inf if lost else float(np.abs(a - b)[~same].max(initial=0.0)), "largest difference"
    if size <= limit:
        return []
    return [Difference(f"{one.name}: {what}", "0", f"{size:.3g}", _limit_text(limit))]


def _table(path: Path) -> dict[tuple[str, str], float | str]:
    """Values by column and region; empty where there is no table, as for a refused scan."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (column, f"{row.get('region')} {row.get('hemisphere')}"): _number(value)
        for row in rows
        for column, value in row.items()
        if column not in ("region", "hemisphere")
    }


def _number(text: str | None) -> float | str:
    try:
        return float(text or "")
    except ValueError:
        return text or "-"


def _within(one: Any, other: Any, limit: float) -> bool:
    if _is_number(one) and _is_number(other):
        return _apart(one, other) <= limit
    return type(one) is type(other) and bool(one == other)


def _apart(one: Any, other: Any) -> float:
    return abs(float(one) - float(other)) if _is_number(one) and _is_number(other) else np.inf


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return "none" if value is None else str(value)


def _limit_text(limit: float) -> str:
    return f"{limit:.2g}" if limit else "none"
