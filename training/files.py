"""Writes files whole or not at all, so that a run that is killed leaves nothing half-written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

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
