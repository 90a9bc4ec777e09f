"""result.json as the panel reads it: checked once here, so that nothing odd reaches the screen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from slicer.i18n import tr as _

from AGE2HIEUI.examination import Examination, readExamination, typed

T = TypeVar("T")


class BadRecord(Exception):
    """A result.json that does not say what it must; the text names the key."""


@dataclass(frozen=True)
class Check:
    """One of the quality gate's questions.

    Attributes:
        warns: whether it is a warning, which the user can override, and no refusal.
        overridden: the user has.
    """

    name: str
    value: str
    limit: str
    passed: bool
    remedy: str
    warns: bool
    overridden: bool

    @property
    def urgency(self) -> int:
        """0 for a refusal, then warnings, those that were overridden, and what was passed."""
        return 3 if self.passed else 2 if self.overridden else 1 if self.warns else 0


@dataclass(frozen=True)
class Prevalence:
    """Shares of adverse outcomes.

    Attributes:
        given: what the user wanted the number for; None where it is as the model was calibrated.
        calibrated: among the cases that the model was calibrated on; None in an older record, which does not say.
    """

    given: float | None
    calibrated: float | None


@dataclass(frozen=True)
class Result:
    """Attributes:
    probability: 0 to 1; None for a scan that the gate refused, then ``interval`` is None and ``members`` empty.
    label: of the contract: favourable, adverse, indeterminate, demonstration; empty for a refused scan.
    provenance: pairs of name and value for whoever asks where the number came from.
    modelSha256: which network it was.
    prevalence: what the number holds for.
    examination: of the saliency map; None where nobody asked for it, as in every older record.
    """

    demonstration: bool
    probability: float | None
    interval: tuple[float, float] | None
    members: tuple[float, ...]
    threshold: float
    label: str
    passed: bool
    checks: tuple[Check, ...]
    saliencyTitle: str
    resolutionMm: tuple[float, ...]
    warnings: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    modelSha256: str
    prevalence: Prevalence
    examination: Examination | None

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that were not passed, the most urgent first."""
        return tuple(sorted((check for check in self.checks if not check.passed), key=lambda check: check.urgency))

    @property
    def overridden(self) -> tuple[str, ...]:
        """Warnings that the number was made in spite of."""
        return tuple(check.name for check in self.checks if check.overridden)

    @property
    def withheldFor(self) -> tuple[str, ...]:
        """The warnings that keep the number back; empty where there is one, and where the scan was refused."""
        failed = [check for check in self.checks if not check.passed and not check.overridden]
        return tuple(check.name for check in failed) if all(check.warns for check in failed) else ()


def readRecord(text: str) -> Result:
    """Parse and check. Raises BadRecord."""
    return readFields(text, readResult)


def readFields(text: str, take: Callable[[Mapping[str, Any]], T]) -> T:
    """What ``take`` makes of a JSON object. Raises BadRecord."""
    try:
        return take(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadRecord(f"{type(error).__name__}: {error}") from error


def readResult(record: Mapping[str, Any]) -> Result:
    """Raises BadRecord where the numbers contradict each other, and what Python raises for wrong types and keys."""
    result = _fields(record)
    _checkNumbers(result)
    return result


def _fields(record: Mapping[str, Any]) -> Result:
    quality, saliency = record["quality"], record["saliency"] or {}
    probability, interval = record["probability_adverse"], record["interval"]
    return Result(
        demonstration=typed(bool, record["demonstration"]),
        probability=None if probability is None else float(probability),
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        members=tuple(float(member) for member in record["members"]),
        threshold=float(record["threshold"]),
        label=str(record["label"] or ""),
        passed=typed(bool, quality["passed"]),
        checks=tuple(_check(check) for check in quality["checks"]),
        saliencyTitle=str(saliency.get("title") or saliency.get("method", "")),  # older records have no title
        resolutionMm=tuple(float(mm) for mm in saliency.get("resolution_mm", ())),
        warnings=tuple(str(warning) for warning in record["warnings"]),
        provenance=_provenance(record),
        modelSha256=str(record["model"]["sha256"]),
        prevalence=_prevalence(record),
        examination=readExamination(record.get("examination")),
    )


def _check(check: Mapping[str, Any]) -> Check:
    value = check["value"]
    shown = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return Check(
        name=str(check["name"]),
        value=shown,
        limit=str(check["limit"]),
        passed=typed(bool, check["passed"]),
        remedy=str(check["remedy"]),
        warns=check.get("severity") == "warn",  # older records have refusals only
        overridden=typed(bool, check.get("overridden", False)),
    )


def _prevalence(record: Mapping[str, Any]) -> Prevalence:
    given, calibrated = record.get("settings", {}).get("prevalence"), record["model"].get("prevalence")
    shares = [share for share in (given, calibrated) if share is not None]
    if not all(0 < float(share) < 1 for share in shares) or (calibrated is None and shares):
        raise ValueError(f"prevalence: {given} given, {calibrated} calibrated")
    return Prevalence(*(None if share is None else float(share) for share in (given, calibrated)))


def _provenance(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    model, atlas, scan, software = (record[key] for key in ("model", "atlas", "input", "software"))
    return (
        ("model", f"{model['name']} {model['version']}"),
        ("trained on", str(model["trained_on"])),
        ("intended use", str(model["intended_use"])),
        ("model SHA-256", str(model["sha256"])),
        *_prevalenceRows(_prevalence(record)),
        ("atlas", f"{atlas['name']}: {atlas['provenance']}"),
        ("input", f"{scan['kind']}, {'x'.join(map(str, scan['shape']))} voxels"),
        *_fitRows(scan.get("b_values_used")),
        ("input SHA-256", str(scan["sha256"])),
        ("software", f"age2hie {software['version']}, Python {software['python']}, torch {software['torch']}"),
        ("device", str(record["device"])),
        ("seconds", f"{sum(record['timing_s'].values()):.1f}"),
    )


def _fitRows(bValues: Sequence[float] | None) -> tuple[tuple[str, str], ...]:
    """Where the ADC was fitted; records of older versions do not say from what."""
    return (("ADC fitted from b", ", ".join(f"{b:g}" for b in bValues) + " s/mm2"),) if bValues else ()


def _prevalenceRows(found: Prevalence) -> tuple[tuple[str, str], ...]:
    rows = (("prevalence of the calibration", found.calibrated), ("prevalence given", found.given))
    return tuple((name, f"{share:.3g}") for name, share in rows if share is not None)


def _checkNumbers(result: Result) -> None:
    if result.probability is None:
        if result.passed or result.interval is not None or result.members:
            raise BadRecord(_("no probability, but not refused either"))
        return
    if result.interval is None or not result.passed:
        raise BadRecord(_("a probability of a refused scan, or one without its interval"))
    numbers = (result.probability, *result.interval, *result.members, result.threshold)
    if not all(math.isfinite(number) and 0 <= number <= 1 for number in numbers):
        raise BadRecord(_("a probability outside 0 to 1"))
    low, high = result.interval
    if not low <= result.probability <= high:
        raise BadRecord(_("a probability outside its interval"))
