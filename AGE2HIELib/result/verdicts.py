"""Verdicts that a record keeps: of the quality gate on a scan, and of the examination of a saliency map."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True)
class Check:
    """A question of the quality gate: the value seen, the limit in words, and what to do where it is not met.

    Attributes:
        basis: where the limit comes from.
        severity: of a check that is not passed: "refuse", or "warn", which the user can override.
        overridden: the user wanted the number all the same.
    """

    name: str
    value: float | str | None
    limit: str
    passed: bool
    remedy: str
    basis: str = ""
    severity: Severity = "refuse"
    overridden: bool = False

    @property
    def stops(self) -> bool:
        """Whether no number is given because of it."""
        return not (self.passed or self.overridden)

    @property
    def urgency(self) -> int:
        """0 for a refusal, 1 for a warning, 2 for a warning that was overridden, 3 for what was passed."""
        return 3 if self.passed else 2 if self.overridden else 1 if self.severity == "warn" else 0


@dataclass(frozen=True)
class Quality:
    """The verdict of all checks."""

    KEYS: ClassVar = ("passed", "overridden", "checks")

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether a number may be given; of the warnings, those that were overridden do not count."""
        return not self.stopping

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that were not passed, the most urgent first."""
        found = [check for check in self.checks if not check.passed]
        return tuple(sorted(found, key=lambda check: check.urgency))

    @property
    def stopping(self) -> tuple[Check, ...]:
        """What keeps the number back, refusals first."""
        return tuple(check for check in self.failed if check.stops)

    @property
    def withheld(self) -> bool:
        """Whether nothing but warnings keeps the number back: the user decides."""
        return bool(self.stopping) and all(check.severity == "warn" for check in self.stopping)

    @property
    def overridden(self) -> tuple[str, ...]:
        return tuple(check.name for check in self.checks if check.overridden)

    @property
    def to_override(self) -> tuple[str, ...]:
        """Everything that has to be overridden for a number, what is so already included."""
        return (*self.overridden, *(check.name for check in self.stopping))

    def overriding(self, names: Collection[str]) -> Quality:
        """Failed warnings of these names do not stop any more; a refusal of such a name stays one."""
        return Quality(tuple(_overridden(check, names) for check in self.checks))

    def with_(self, *later: Check) -> Quality:
        """With more questions, asked later."""
        return Quality((*self.checks, *later))

    def recorded(self) -> Quality:
        """As it stands in a record: numbers of six digits after the point."""
        return Quality(tuple(replace(check, value=recorded_value(check.value)) for check in self.checks))


@dataclass(frozen=True)
class Finding:
    """One figure of the examination of a saliency map.

    Attributes:
        name: of the figure.
        value: what was found; None in a record, and NaN before, where it cannot be had.
        limit: in words; ``passed`` says whether it was kept.
        meaning: what a map that does not keep it is worth.
        p: how likely a map that knows nothing is to reach the value; None where the limit is on the value itself.
    """

    name: str
    value: float | None
    limit: str
    passed: bool
    meaning: str
    p: float | None = None


@dataclass(frozen=True)
class CascadeStep:
    """Likeness to the map of the trained network, of one whose blocks from ``random_from`` upwards are random."""

    random_from: str
    likeness: float | None


@dataclass(frozen=True)
class Examination:
    """Attributes:
    method: whose map was examined.
    findings: every figure.
    cascade: from the head of the network downwards.
    """

    KEYS: ClassVar = ("method", "passed", "findings", "cascade")

    method: str
    findings: tuple[Finding, ...]
    cascade: tuple[CascadeStep, ...] = ()

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    def recorded(self) -> Examination:
        """As it stands in a record: numbers of six digits after the point, and None for NaN."""
        findings = (replace(one, value=_rounded(one.value), p=_rounded(one.p)) for one in self.findings)
        cascade = (replace(step, likeness=_rounded(step.likeness)) for step in self.cascade)
        return Examination(self.method, tuple(findings), tuple(cascade))


def recorded_value(value: float | str | None) -> float | str | None:
    return value if isinstance(value, str) else _rounded(value)


def _rounded(value: float | None) -> float | None:
    """JSON knows no NaN."""
    return round(float(value), 6) if value is not None and math.isfinite(value) else None


def _overridden(check: Check, names: Collection[str]) -> Check:
    wanted = check.name in names and check.severity == "warn" and not check.passed
    return replace(check, overridden=wanted)
