"""Writes files whole or not at all, so that a run that is killed leaves nothing half-written and does no row again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a neighbour of ``path`` with the same ending, then put it in its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    write_whole(path, lambda part: table.to_csv(part, sep="\t", index=False, float_format="%.9g"))


def sha256_of(paths: Iterable[Path | None], *words: object) -> str:
    """Hash of the files' content and of the words; None stands for a file that is not there."""
    total = hashlib.sha256()
    for path in paths:
        if path is None:
            total.update(b"none")
            continue
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    total.update(repr(words).encode())
    return total.hexdigest()


def store_row(path: Path, key: str, row: dict[str, Any]) -> None:
    """Store a row of a table, whole or not at all; ``key`` is the hash of everything that it was made from."""
    write_text(path, json.dumps({"key": key, "row": row}, indent=1) + "\n")


def read_row(path: Path, key: str) -> dict[str, Any] | None:
    """A row that was kept under this key; None where there is none, or one that was made from something else."""
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    row: dict[str, Any] | None = content["row"] if content["key"] == key else None
    return row
