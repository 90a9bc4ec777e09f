"""Makes the record of a prediction (``result.record``) from what was found, and writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.explanation.methods import method_facts
from AGE2HIELib.io.source import Source, T1Scan
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.findings import InjuryScore, Lesion
from AGE2HIELib.result.record import AtlasUsed, Input, Model, PredictionCases, RecordedSet, Result, Saliency, Settings
from AGE2HIELib.result.software import Elsewhere, machines, software_versions
from AGE2HIELib.result.verdicts import Examination, Quality
from AGE2HIELib.result.visits import TwoScans

if TYPE_CHECKING:
    from AGE2HIELib.explanation.maps import Explanation
    from AGE2HIELib.inference.conformal import PredictionSet


@dataclass(frozen=True)
class Circumstances:
    """What a result was made from and with; ``b_values_used`` (s/mm^2) is None where the ADC was given, ``elsewhere``
    where the networks ran on this computer.
    """

    source: Source
    bundle: Bundle
    atlas: Atlas
    device: str
    warnings: Sequence[str]
    settings: Settings
    b_values_used: Sequence[float] | None = None
    elsewhere: Elsewhere | None = None


def result_record(
    about: Circumstances,
    quality: Quality,
    explanation: Explanation | None,
    timing_s: Mapping[str, float],
    examination: Examination | None = None,
    lesion: Lesion | None = None,
    scores: tuple[InjuryScore, ...] = (),
) -> Result:
    """Without ``explanation`` (a refused scan) there is no probability."""
    bundle, number = about.bundle, explanation.prediction if explanation else None
    return Result(
        demonstration=bundle.demonstration,
        probability_adverse=number.probability_adverse if number else None,
        interval=number.interval if number else None,
        members=number.members if number else (),
        prevalence=number.prevalence if number else None,
        threshold=number.threshold if number else bundle.threshold,
        label=number.label if number else None,
        prediction_set=_set(number.outcomes) if number and number.outcomes else None,
        quality=quality.recorded(),
        saliency=_saliency(explanation) if explanation else None,
        examination=examination.recorded() if examination else None,
        lesion=lesion,
        scores=scores,
        model=_model(bundle),
        atlas=_atlas(about.atlas),
        input=_input(about),
        settings=about.settings,
        **run_record(bundle.network, about.device, timing_s, about.warnings, about.elsewhere),
    )


def run_record(
    network: str,
    device: str,
    timing_s: Mapping[str, float],
    warnings: Sequence[str],
    elsewhere: Elsewhere | None = None,
) -> dict[str, Any]:
    """With what, where and for how long a result was made, and what its reader should know."""
    return {
        "software": software_versions(network, elsewhere),
        "machine": machines(device, elsewhere),
        "device": device,
        "timing_s": dict(timing_s),
        "warnings": tuple(warnings),
    }


def write_record(record: Result | TwoScans | Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(encode(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")


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
        "shape": tuple(int(n) for n in source.stored.shape),
        "spacing_mm": tuple(round(float(mm), 4) for mm in source.stored.spacing_mm),
    }


def _set(outcomes: PredictionSet) -> RecordedSet:
    cases = PredictionCases(favourable=outcomes.favourable, adverse=outcomes.adverse)
    return RecordedSet(outcomes.coverage, tuple(outcomes.outcomes), cases)


def _atlas(atlas: Atlas) -> AtlasUsed:
    zones = atlas.zones.sha256 if atlas.zones is not None else None
    return AtlasUsed(atlas.name, atlas.provenance, atlas.sha256, zones)


def _model(bundle: Bundle) -> Model:
    return Model(
        bundle.name,
        bundle.version,
        bundle.sha256,
        bundle.trained_on,
        bundle.intended_use,
        bundle.calibration.prevalence,
        bundle.kind,
    )


def _saliency(explanation: Explanation) -> Saliency:
    method = method_facts(explanation.method)
    resolution_mm = tuple(round(mm, 3) for mm in explanation.resolution_mm)
    return Saliency(explanation.method, method.title, method.meaning, explanation.layer or None, resolution_mm)


def _input(about: Circumstances) -> Input:
    """With the unit that a given ADC was found in, or the b-values that it was fitted from: the other is null."""
    used = about.b_values_used
    return Input(
        **input_record(about.source),
        adc_unit_found=about.source.adc_unit_found,
        b_values_used=tuple(round(float(b), 1) for b in used) if used is not None else None,
    )
