"""Rows that are finished, so that a step that was stopped does none of them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.files import write_text


def keep_row(path: Path, key: str, row: dict[str, Any]) -> None:
    """Store a row of a table, whole or not at all; ``key`` is the hash of everything that it was made from."""
    write_text(path, json.dumps({"key": key, "row": row}, indent=1) + "\n")


def kept_row(path: Path, key: str) -> dict[str, Any] | None:
    """A row that was kept under this key; None where there is none, or one that was made from something else."""
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    row: dict[str, Any] | None = content["row"] if content["key"] == key else None
    return row
