"""Prepared cohorts on disk: each image once by its content, then all of them in one memory-mapped array.

``images/KEY.npz`` holds one prepared image; KEY is the hash of its files and of everything that decides how it is
prepared, so a changed image or setting is prepared again and the rest is not. ``volumes.npy`` and ``table.tsv`` are
made from these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.files import sha256_of, write_text, write_tsv, write_whole


@dataclass(frozen=True)
class PreparedCohort:
    """A cohort as the network sees it.

    Attributes:
        volumes: ``(N, C, D, H, W)`` float16, memory-mapped, in the network's scaling.
        lesions: ``(N, D, H, W)`` uint8, memory-mapped; None where a case has no expert lesion.
        labels: the same of a segmentation; None where a scan has none.
        table: N rows in the same order.
        sha256: of everything that went in.
    """

    volumes: np.ndarray
    lesions: np.ndarray | None
    table: pd.DataFrame
    sha256: str
    labels: np.ndarray | None = None

    def rows(self, column: str, values: Sequence[str]) -> np.ndarray:
        """Indices of the rows whose ``column`` holds these values, in the order of ``values``."""
        place = {value: number for number, value in enumerate(self.table[column])}
        return np.array([place[value] for value in values], dtype=np.int64)


def image_file(folder: Path, key: str) -> Path:
    return folder / "images" / f"{key}.npz"


def keep_image(folder: Path, key: str, row: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Store one prepared image with its row of the table, whole or not at all."""
    write_whole(image_file(folder, key), lambda part: np.savez(part, row=json.dumps(row), **arrays))


def pack(folder: Path, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> PreparedCohort:
    """One array of all images; ``rows`` are what the cohort's tables say, joined with what preparing measured."""
    digest = sha256_of([], *keys, *(json.dumps(row, sort_keys=True, default=str) for row in rows))
    if not _is_packed(folder, digest):
        _write_arrays(folder, keys)
        measured = [json.loads(str(np.load(image_file(folder, key))["row"])) for key in keys]
        write_tsv(folder / "table.tsv", pd.DataFrame([{**r, **m} for r, m in zip(rows, measured, strict=True)]))
        write_text(folder / "prepared.json", json.dumps({"sha256": digest, "images": len(keys)}))
    return load_prepared(folder)


def load_prepared(folder: Path) -> PreparedCohort:
    """What ``pack`` wrote."""
    # copy-on-write, so that torch takes the arrays as they are
    table = pd.read_csv(folder / "table.tsv", sep="\t", dtype=_TEXT, keep_default_na=False, na_values=[""])
    masks = {
        name: np.load(file, mmap_mode="c") if (file := folder / f"{name}.npy").exists() else None for name in _MASKS
    }
    return PreparedCohort(
        volumes=np.load(folder / "volumes.npy", mmap_mode="c"),
        **masks,
        table=table,
        sha256=json.loads((folder / "prepared.json").read_text(encoding="utf-8"))["sha256"],
    )


_MASKS = {"lesions": "lesion", "labels": "labels"}  # array of the cohort -> of an image
_TEXT = {"case": str, "subject": str, "session": str, "site": str, "sex": str, "image_sha256": str}


def is_prepared(folder: Path) -> bool:
    return (folder / "prepared.json").exists()


def _is_packed(folder: Path, digest: str) -> bool:
    return (
        is_prepared(folder) and json.loads((folder / "prepared.json").read_text(encoding="utf-8"))["sha256"] == digest
    )


def _write_arrays(folder: Path, keys: Sequence[str]) -> None:
    (folder / "prepared.json").unlink(missing_ok=True)  # until all is there again
    with np.load(image_file(folder, keys[0])) as first:
        shape = first["volume"].shape
    _fill(folder / "volumes.npy", keys, folder, "volume", (np.float16, shape))
    for name, one in _MASKS.items():
        if all(_has(image_file(folder, key), one) for key in keys):
            _fill(folder / f"{name}.npy", keys, folder, one, (np.uint8, shape[1:]))
        else:
            (folder / f"{name}.npy").unlink(missing_ok=True)


def _fill(target: Path, keys: Sequence[str], folder: Path, name: str, kind: tuple[Any, tuple[int, ...]]) -> None:
    dtype, shape = kind

    def write(part: Path) -> None:
        array = np.lib.format.open_memmap(part, mode="w+", dtype=dtype, shape=(len(keys), *shape))
        for number, key in enumerate(keys):
            with np.load(image_file(folder, key)) as stored:
                array[number] = stored[name]
        array.flush()
        del array  # Windows renames no open file

    write_whole(target, write)


def _has(path: Path, name: str) -> bool:
    with np.load(path) as stored:
        return name in stored.files
