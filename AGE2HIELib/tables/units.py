"""The units that JSON files beside tables state, by the inheritance principle of BIDS.

A file says what a column means for every table of its kind in its own folder and below it: ``sessions.json`` in the
root speaks of each ``sub-XX_sessions.tsv`` (https://bids-specification.readthedocs.io, "The inheritance principle").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.tables.problems import DataError
from AGE2HIELib.tables.reading import is_missing

_SPOKEN_OF = re.compile(r"(?:\bin |\()(months|weeks|days)\b", re.IGNORECASE)


@dataclass(frozen=True)
class StatedUnit:
    """``unit`` as the file writes it, in lower case; ``where`` names the file."""

    unit: str
    where: str


def stated_unit(table: Path, root: Path, column: str) -> StatedUnit | None:
    """The unit of a column from the nearest file that states one; None where none does.

    Raises:
        DataError: a file is no JSON object, a unit is no text, or a description speaks of a unit that is not stated.
    """
    for sidecar in _sidecars(table, root):
        entry = _entry(_read(sidecar), column)
        unit = entry.get("Units")
        if isinstance(unit, str) and not is_missing(unit.strip()):
            return StatedUnit(unit.strip().lower().replace("(s)", "s"), sidecar.name)
        if unit is not None and not isinstance(unit, str):
            raise DataError(sidecar.name, f"the 'Units' of {column} are {unit!r}. Write years, months, weeks or days")
        spoken = _SPOKEN_OF.search(str(entry.get("Description", "")))
        if spoken:
            raise DataError(
                sidecar.name, f"{column} is described in {spoken[1].lower()}, without a unit. Write it as 'Units'"
            )
    return None


def _sidecars(table: Path, root: Path) -> Iterator[Path]:
    """The nearest first; in one folder, the one that names more of the table's entities."""
    *entities, suffix = table.stem.split("_")
    for folder in (table.parent, *table.parent.parents):
        found = []
        for path in folder.glob(f"*{suffix}.json"):
            *own, kind = path.stem.split("_")
            if kind == suffix and set(own) <= set(entities):
                found.append((len(own), path))
        yield from (path for _, path in sorted(found, reverse=True))
        if folder == root:
            return


def _read(sidecar: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(sidecar.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise DataError(
            sidecar.name, f"is not JSON ({type(problem).__name__}). Correct it, or take it away"
        ) from problem
    if not isinstance(content, dict):
        raise DataError(
            sidecar.name,
            f'holds a {type(content).__name__}. Write an object, as {{"age": {{"Units": "months"}}}}, or take it away',
        )
    return content


def _entry(content: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    same = [value for name, value in content.items() if name.strip().casefold() == column.casefold()]
    return same[0] if same and isinstance(same[0], dict) else {"Description": same[0]} if same else {}
