"""Prepares T1 scans by the library's own steps: mask, bias, placement on the T1 template, robust scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.io.integrity import sha256_of_files
from AGE2HIELib.preprocess.network_input import InputSpec
from AGE2HIELib.preprocess.t1.placement import Kind, bundled_t1_template
from AGE2HIELib.preprocess.t1.prepare import PreparedT1, prepare_t1
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.volume import Volume
from training.cohorts.bids import AgeScan
from training.files import sha256_of
from training.preparing.store import PreparedCohort, image_file, keep_image, pack

MOST_LABELS = 255
VERSION = 2  # raise it when the same files would be prepared otherwise


@dataclass(frozen=True)
class ScanTask:
    """One scan and where its prepared image goes."""

    scan: AgeScan
    key: str
    folder: Path
    spec: InputSpec
    placement: Kind


def prepare_scans(
    scans: Sequence[AgeScan], folder: Path, spec: InputSpec, *, placement: Kind, jobs: int
) -> PreparedCohort:
    """Prepare what is not there yet, in parallel, and pack the cohort.

    Raises:
        InputError: images that cannot be prepared, a line each; what was prepared is kept.
    """
    tasks = [
        ScanTask(scan, sha256_of(_files(scan), VERSION, spec.to_json(), placement)[:32], folder, spec, placement)
        for scan in scans
    ]
    missing = [task for task in tasks if not image_file(folder, task.key).exists()]
    wrong = [line for line in run_all(prepare_t1_task, missing, jobs=jobs, description="T1 scans placed") if line]
    if wrong:
        raise InputError(f"{len(wrong)} image(s) cannot be prepared:\n" + "\n".join(wrong))
    columns = ["name", "subject", "session", "age_years"]
    columns += [column for column in ("site", "sex") if any(getattr(scan, column) for scan in scans)]
    rows = [{key: getattr(task.scan, key) for key in columns} for task in tasks]
    return pack(folder, [task.key for task in tasks], rows)


def _files(scan: AgeScan) -> list[Path | None]:
    return [scan.image, scan.mask, *([scan.labels] if scan.labels else [])]


def prepare_t1_task(task: ScanTask) -> str:
    """Prepare and keep one scan; returns what is wrong with it, or nothing."""
    try:
        row, arrays = _arrays(task)
    except InputError as problem:
        return f"{task.scan.image.name}: {problem}"
    keep_image(task.folder, task.key, row, arrays)
    return ""


def _arrays(task: ScanTask) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    t1 = read_volume(task.scan.image)
    mask = read_on_grid(task.scan.mask, t1.grid, what="brain mask") if task.scan.mask else None
    made = prepare_t1(t1, bundled_t1_template(), task.spec, mask=mask, placement=task.placement)
    row = {"brain_ml": made.brain_ml, "image_sha256": sha256_of_files([task.scan.image])}
    arrays = {"volume": made.image.astype(np.float16)}
    if task.scan.labels:
        labels = to_canonical(read_on_grid(task.scan.labels, t1.grid, what="segmentation"))
        arrays["labels"] = _placed_labels(labels, made, task.spec)
    return row, arrays


def _placed_labels(labels: Volume, made: PreparedT1, spec: InputSpec) -> np.ndarray:
    """``(D, H, W)`` uint8 on the network's grid, 0 outside the brain."""
    if labels.array.min() < 0 or labels.array.max() > MOST_LABELS:
        raise InputError(
            f"its segmentation holds {labels.array.min():g} to {labels.array.max():g}; labels are 0 to {MOST_LABELS}. "
            "Give tissues or structures, not a parcellation of the cortex."
        )
    placed = made.placement.to_atlas(labels.like(labels.array.astype(np.float32)), spec.grid, interpolation="nearest")
    return np.where(made.image[0] != 0, placed.array, 0).astype(np.uint8)
