"""What was found when a map was questioned: figures, each with the limit it must keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One figure, None where it cannot be had; ``meaning`` is what it says about the map where it failed."""

    name: str
    value: float | None
    limit: str
    passed: bool
    meaning: str
    p: float | None = None  # where the limit is on that; older records have none


@dataclass(frozen=True)
class Examination:
    """Of one map."""

    method: str
    passed: bool
    findings: tuple[Finding, ...]


def readExamination(record: Any) -> Examination | None:
    """A record's ``examination``; None for a map that was not examined. Raises ValueError, KeyError or TypeError."""
    if record is None:
        return None
    findings = tuple(_finding(finding) for finding in typed(list, record["findings"]))
    found = Examination(typed(str, record["method"]), typed(bool, record["passed"]), findings)
    if not findings or found.passed != all(finding.passed for finding in findings):
        raise ValueError("examination")  # a verdict that its figures do not bear
    return found


def typed(kind: type, value: Any) -> Any:
    """``value``, which must be of that type."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r}: {kind.__name__}")
    return value


def _finding(record: Mapping[str, Any]) -> Finding:
    value = record["value"]
    if value is None and record["passed"]:
        raise ValueError("value: null")  # a figure that cannot be had keeps no limit
    for number in (value, record.get("p")):
        if number is not None and (type(number) not in (int, float) or not math.isfinite(number)):
            raise ValueError(f"value: {number!r}")
    return Finding(
        name=typed(str, record["name"]),
        value=None if value is None else float(value),
        limit=typed(str, record["limit"]),
        passed=typed(bool, record["passed"]),
        meaning=typed(str, record["meaning"]),
        p=record.get("p"),
    )
