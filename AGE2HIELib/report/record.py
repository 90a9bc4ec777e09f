"""result.json: what was found, with what, and how long it took. Nothing in it says who the patient is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.io.source import Source
from AGE2HIELib.io.t1 import T1Scan
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.quality import Quality
from AGE2HIELib.report.settings import Settings
from AGE2HIELib.report.software import machine, software_versions

if TYPE_CHECKING:
    from AGE2HIELib.explanation.examination import Examination
    from AGE2HIELib.explanation.saliency import Explanation
    from AGE2HIELib.inference.conformal import PredictionSet


@dataclass(frozen=True)
class Circumstances:
    """What a result was made from and with; ``b_values_used`` (s/mm^2) is None where the ADC was given."""

    source: Source
    bundle: Bundle
    atlas: Atlas
    device: str
    warnings: Sequence[str]
    settings: Settings
    b_values_used: Sequence[float] | None = None


def result_record(
    about: Circumstances,
    quality: Quality,
    explanation: Explanation | None,
    timing_s: Mapping[str, float],
    examination: Examination | None = None,
) -> dict[str, Any]:
    """The content of result.json; without ``explanation`` (a refused scan) there is no probability."""
    bundle = about.bundle
    return {
        "demonstration": bundle.demonstration,
        **_numbers(explanation, bundle),
        "quality": quality_record(quality),
        "saliency": _saliency(explanation),
        "examination": examination_record(examination) if examination else None,
        "model": _model(bundle),
        "atlas": {key: getattr(about.atlas, key) for key in ("name", "provenance", "sha256")},
        "input": {**input_record(about.source), **_adc_origin(about)},
        "settings": asdict(about.settings),
        **run_record(bundle.network, about.device, timing_s, about.warnings),
    }


def run_record(network: str, device: str, timing_s: Mapping[str, float], warnings: Sequence[str]) -> dict[str, Any]:
    """With what, where and for how long a result was made, and what its reader should know."""
    return {
        "software": software_versions(network),
        "machine": machine(device),
        "device": device,
        "timing_s": dict(timing_s),
        "warnings": list(warnings),
    }


def write_record(record: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _numbers(explanation: Explanation | None, bundle: Bundle) -> dict[str, Any]:
    if explanation is None:
        empty: dict[str, Any] = {"probability_adverse": None, "interval": None, "members": [], "prevalence": None}
        return {**empty, "threshold": bundle.threshold, "label": None, "prediction_set": None}
    found = explanation.prediction
    return {
        "probability_adverse": found.probability_adverse,
        "interval": list(found.interval),
        "members": list(found.members),
        "prevalence": found.prevalence,
        "threshold": found.threshold,
        "label": found.label,
        "prediction_set": _set(found.outcomes) if found.outcomes else None,
    }


def _set(outcomes: PredictionSet) -> dict[str, Any]:
    cases = {"favourable": outcomes.favourable, "adverse": outcomes.adverse}
    return {"coverage": outcomes.coverage, "set": list(outcomes.outcomes), "cases": cases}


def _model(bundle: Bundle) -> dict[str, Any]:
    named = {key: getattr(bundle, key) for key in ("name", "version", "sha256", "trained_on", "intended_use")}
    return {**named, "prevalence": bundle.calibration.prevalence}


def quality_record(quality: Quality) -> dict[str, Any]:
    checks = [{**asdict(check), "value": _plain(check.value)} for check in quality.checks]
    return {"passed": quality.passed, "overridden": list(quality.overridden), "checks": checks}


def _saliency(explanation: Explanation | None) -> dict[str, Any] | None:
    if explanation is None:
        return None
    from AGE2HIELib.explanation.registry import find_method  # brings torch, which a refused scan does without

    method = find_method(explanation.method)
    return {
        "method": explanation.method,
        "title": method.title,
        "meaning": method.meaning,
        "layer": explanation.layer or None,
        "resolution_mm": [round(mm, 3) for mm in explanation.resolution_mm],
    }


def examination_record(found: Examination) -> dict[str, Any]:
    """How a map fared when it was questioned; a figure that cannot be had is null, and not passed."""
    findings = [{**asdict(one), "value": _plain(one.value), "p": _plain(one.p)} for one in found.findings]
    cascade = [{"random_from": name, "likeness": _plain(value)} for name, value in found.cascade]
    return {"method": found.method, "passed": found.passed, "findings": findings, "cascade": cascade}


def examination_in_words(found: Examination) -> str:
    """One line: how many figures a map has kept, and which it has not."""
    failed = [
        f"{one.name} {one.value:.2f}{'' if one.p is None else f', p {one.p:.2f}'} (must be {one.limit})"
        for one in found.findings
        if not one.passed
    ]
    if not failed:
        return f"Explanation {found.method}: kept all {len(found.findings)} figures of its examination"
    return f"Explanation {found.method}: do not rely on it: {'; '.join(failed)}"


def input_record(source: Source | T1Scan) -> dict[str, Any]:
    return {
        "kind": source.kind,
        "sha256": source.sha256,
        "shape": [int(n) for n in source.stored.shape],
        "spacing_mm": [round(float(mm), 4) for mm in source.stored.spacing_mm],
    }


def _adc_origin(about: Circumstances) -> dict[str, Any]:
    """The unit that a given ADC was found in, or the b-values that it was fitted from: the other is null."""
    used = about.b_values_used
    return {
        "adc_unit_found": about.source.adc_unit_found,
        "b_values_used": [round(float(b), 1) for b in used] if used is not None else None,
    }


def _plain(value: float | str | None) -> float | str | None:
    """JSON knows no NaN."""
    if value is None or isinstance(value, str):
        return value
    return round(float(value), 6) if math.isfinite(value) else None
