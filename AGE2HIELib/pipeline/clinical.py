"""The image's number and what is known of the child become one number, in memory alone: no value is kept unasked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, logit, ndtri

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.clinical.fusion import Fused, fuse
from AGE2HIELib.clinical.reading import ClinicalFile, clinical_file, read_clinical
from AGE2HIELib.clinical.variables import BY_NAME, NEVER_KEPT, ClinicalData, combined
from AGE2HIELib.inference.probability import COVERAGE, Prediction
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.result.findings import ClinicalPart, ClinicalReading

MEANING = (
    "probability_adverse of the record is the image's alone. That of the clinical reading joins the image and the "
    "variables that were given; what was not given is averaged over."
)
_LARGEST_LOGIT = 40.0  # beyond, a probability is 0 or 1 to the last bit
# Where no values are kept, numbers that would give a single value away are not told to more digits than these.
_PROBABILITY_DIGITS, _LOGIT_DIGITS = 2, 1


def clinical_of(request: Request) -> ClinicalFile | None:
    """The variables that a request names, with what its other options say of the same; None where it names no file.

    Raises:
        InputError: the file cannot be used, or the options contradict it.
    """
    return None if request.clinical is None else with_options(read_clinical(request.clinical), request)


def with_options(file: ClinicalFile, request: Request) -> ClinicalFile:
    """The variables of one infant with the age, the gestation and the cooling that the options give."""
    options = {name: getattr(request, name) for name in ("age_days", "gestation_weeks", "cooled")}
    return clinical_file(combined(file.data, options))


def clinical_warnings(file: ClinicalFile | None, facts: ModelFacts) -> tuple[str, ...]:
    """Sentences for the reader of a result."""
    if file is None:
        return ()
    if facts.fusion is None and file.data.given:
        return (*file.warnings, "The model holds no table of clinical variables: its number is the image's alone.")
    return file.warnings


def clinical_reading(
    data: ClinicalData, facts: ModelFacts, number: Prediction | None, *, keep: bool = False
) -> ClinicalReading:
    """What the variables make of the image's number.

    Args:
        facts: of the model, for the kind of z-map of this scan, at the prevalence of its calibration.
        number: of the image alone; None for a scan without one.
        keep: keep the values themselves, but for the age at the scan.
    """
    known = {name: getattr(data, name) for name in data.given if name not in NEVER_KEPT}
    reading = ClinicalReading(data.given, data.missing, MEANING, kept=known if keep else None)
    if number is None or facts.fusion is None:
        return reading
    fusion = facts.fusion
    values = np.array([[data.number(name) for name in fusion.names]])
    shift = float(logit(number.prevalence) - logit(facts.calibration.prevalence))
    image = _logit(number.probability_adverse) - shift
    fused = fuse(fusion, np.array([image]), values)
    if not np.isfinite(values).any():
        probability, interval = number.probability_adverse, number.interval
    else:
        probability, interval = _with_interval(fused, number, shift)
        if not keep:
            probability, *ends = (round(one, _PROBABILITY_DIGITS) for one in (probability, *interval))
            interval = (ends[0], ends[1])
    return ClinicalReading(
        given=data.given,
        missing=data.missing,
        meaning=MEANING,
        probability_image=number.probability_adverse,
        probability_adverse=probability,
        interval=interval,
        image_logit=round(float(fused.image[0]) + shift, 6 if keep else _LOGIT_DIGITS),
        parts=tuple(_parts(dict(zip(fusion.names, fused.parts[0], strict=True)), data, keep=keep)),
        assumption=facts.clinical.assumption if facts.clinical is not None else "",
        kept=known if keep else None,
    )


def _with_interval(fused: Fused, number: Prediction, shift: float) -> tuple[float, tuple[float, float]]:
    """The half-widths of image and coefficients are added as squares, on the scale of the logit."""
    low, high = number.interval
    of_image = (_logit(high) - _logit(low)) / 2 * abs(float(fused.image_rate[0]))
    of_coefficients = float(ndtri((1 + COVERAGE) / 2)) * float(fused.sd[0])
    centre, half = float(fused.logit[0]) + shift, float(np.hypot(of_image, of_coefficients))
    return float(expit(centre)), (float(expit(centre - half)), float(expit(centre + half)))


def _parts(parts: Mapping[str, float], data: ClinicalData, *, keep: bool) -> list[ClinicalPart]:
    """Of every variable that the model knows, the largest first."""
    found = [
        ClinicalPart(
            name, BY_NAME[name].title, name in data.given, round(float(logits), 6 if keep else _LOGIT_DIGITS) + 0.0
        )
        for name, logits in parts.items()
    ]
    return sorted(found, key=lambda part: -abs(part.contribution_logit))


def _logit(probability: float) -> float:
    return float(np.clip(logit(probability), -_LARGEST_LOGIT, _LARGEST_LOGIT))
