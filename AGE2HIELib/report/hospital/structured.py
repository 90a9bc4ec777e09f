"""The structured report: TID 1500, Measurement Report (DICOM PS3.16)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import highdicom as hd
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageLibraryEntryDescriptors,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from AGE2HIELib.release import __version__
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.findings import SCORE_HEADING, InjuryScore, Lesion
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.verdicts import Check

MANUFACTURER = "AGE2HIE"
SCHEME = "99AGE2HIE"  # our own: what no standard scheme has a code for
SERIES_NUMBER = 9501
_DEVICE = hd.UID.from_uuid("3f1d7ad4-9a77-4a53-8c0e-5f1f5a1a9a21")  # of the software, the same everywhere
_UNITS = {
    "brain volume": CodedConcept("ml", "UCUM", "ml"),
    "median ADC of the brain": CodedConcept("um2/s", "UCUM", "um2/s"),
}
_NONE = CodedConcept("1", "UCUM", "no units")
_ML, _PERCENT = CodedConcept("ml", "UCUM", "ml"), CodedConcept("%", "UCUM", "%")
_LONGEST = 64  # signs of a code's meaning


def structured_report(record: Result, headers: Sequence[Dataset]) -> ComprehensiveSR:
    """Groups for the number, the lesion, the injury scores and the quality gate; the last is always there."""
    observer = DeviceObserverIdentifyingAttributes(
        uid=_DEVICE, name="age2hie", manufacturer_name=MANUFACTURER, model_name=f"age2hie {__version__}"
    )
    device = ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=observer)
    groups = [_gate(record)]
    if record.scores:
        groups.insert(0, _injury(record))
    if record.lesion is not None:
        groups.insert(0, _lesion(record, record.lesion))
    if record.probability_adverse is not None and record.interval is not None:
        groups.insert(0, _number(record, *record.interval))
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=device),
        procedure_reported=_ours("diffusion-mri-newborn-brain", "Diffusion MRI of a newborn's brain"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=_first_of_each_series(headers) or None,
    )
    return ComprehensiveSR(
        evidence=list(headers),
        content=content[0],
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="age2hie",
        software_versions=__version__,
        series_description="AGE2HIE report (research use only)",
        specific_character_set=_character_set(record, headers[0]),
        is_complete=True,
        is_final=False,
        is_verified=False,
    )


def _character_set(record: Result, header: Dataset) -> Any:
    """UTF-8 where a model or an atlas has a name beyond ASCII; else the scan's own, which its readers know."""
    ascii_alone = json.dumps(encode(record), ensure_ascii=False).isascii()
    return header.get("SpecificCharacterSet") if ascii_alone else "ISO_IR 192"


def _number(record: Result, low: float, high: float) -> MeasurementsAndQualitativeEvaluations:
    name = "Demonstration score" if record.demonstration else "Probability of an adverse outcome at two years"
    values = {
        ("score", name): record.probability_adverse,
        ("score-low", "Lower end of its 90 % interval"): low,
        ("score-high", "Upper end of its 90 % interval"): high,
        ("threshold", "Threshold of the model"): record.threshold,
        ("prevalence", "Prevalence of adverse outcomes that these numbers hold for"): record.prevalence,
        ("prevalence-model", "Prevalence that the model was calibrated at"): record.model.prevalence,
    }
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE score"),
        finding_type=_ours("outcome", "Outcome at two years after hypoxic-ischemic encephalopathy"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=_algorithm(record),
        measurements=[
            Measurement(_ours(*key), float(value), _NONE) for key, value in values.items() if value is not None
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(_ours("label", "Reading"), _ours(f"label-{record.label}", str(record.label))),
            QualitativeEvaluation(_ours("prevalence-basis", "Basis of the prevalence"), _basis(record)),
            QualitativeEvaluation(_ours("use", "Intended use"), _use(record)),
        ],
    )


def _lesion(record: Result, lesion: Lesion) -> MeasurementsAndQualitativeEvaluations:
    low, high = (100 * end for end in lesion.interval)
    sides = {"left": codes.SCT.Left, "right": codes.SCT.Right, "both": CodedConcept("51440002", "SCT", "Bilateral")}
    side = sides.get(lesion.side, _ours("side-none", "none"))
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE lesion"),
        finding_type=CodedConcept("52988006", "SCT", "Lesion"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=AlgorithmIdentification(
            name=f"age2hie lesion: {lesion.method}",
            version=__version__,
            parameters=[f"Lesion: {lesion.meaning}", "Computed from diffusion alone, not read by a radiologist."],
        ),
        measurements=[
            Measurement(codes.SCT.Volume, lesion.volume_ml, _ML),
            Measurement(_ours("lesion-share", "Lesion, percent of the brain"), 100 * lesion.share, _PERCENT),
            Measurement(_ours("lesion-share-low", "Lower end of its 90 % interval"), low, _PERCENT),
            Measurement(_ours("lesion-share-high", "Upper end of its 90 % interval"), high, _PERCENT),
            Measurement(_ours("brain-volume", "Volume of the brain"), lesion.brain_ml, _ML),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(CodedConcept("272741003", "SCT", "Laterality"), side),
            QualitativeEvaluation(_ours("use", "Intended use"), _use(record)),
        ],
    )


def _injury(record: Result) -> MeasurementsAndQualitativeEvaluations:
    """The injury scores as codes of their values, and in words with what they rest on and cannot see."""
    given = [score for score in record.scores if score.value]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE injury scores"),
        finding_type=_ours("injury-scores", "Injury scores from diffusion alone"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=_algorithm(record),
        qualitative_evaluations=[
            QualitativeEvaluation(
                _ours("scores-basis", "Basis of the injury scores"), _ours("scores-diffusion", SCORE_HEADING)
            ),
            QualitativeEvaluation(_ours("use", "Intended use"), _use(record)),
            *(QualitativeEvaluation(_score_named(score), _score_value(score)) for score in given),
        ],
    )
    group[0].ContentSequence.extend(
        TextContentItem(_ours("score-in-words", "Score in words"), _score_text(score), RelationshipTypeValues.CONTAINS)
        for score in record.scores
    )
    return group


def _score_named(score: InjuryScore) -> CodedConcept:
    return _ours("score-" + score.name.replace("_", "-"), score.title)


def _score_value(score: InjuryScore) -> CodedConcept:
    return _ours("-".join((score.name.replace("_", "-"), *score.value.lower().split())), score.value)


def _score_text(score: InjuryScore) -> str:
    items = "; ".join(f"{item.name}: {item.value}" for item in score.items)
    value = f"{score.value} ({score.meaning})" if score.value else f"no value ({score.meaning})"
    return f"{score.title}, {SCORE_HEADING}: {value}; range {score.range}. {items}. Cannot see: {score.cannot_see}."


def _gate(record: Result) -> MeasurementsAndQualitativeEvaluations:
    checks = record.quality.checks
    verdict = "passed" if record.quality.passed else "no-number"
    meaning = {"passed": "passed", "no-number": "No number is given: see the checks"}[verdict]
    measured = [(check, check.value) for check in checks if isinstance(check.value, int | float)]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE quality gate"),
        finding_type=_ours("quality", "Quality of the scan"),
        algorithm_id=_algorithm(record),
        measurements=[
            Measurement(_named(check), float(value), _UNITS.get(check.name, _NONE)) for check, value in measured
        ]
        or None,
        qualitative_evaluations=[
            QualitativeEvaluation(_ours("gate", "Quality gate"), _ours(f"gate-{verdict}", meaning)),
            QualitativeEvaluation(_ours("use", "Intended use"), _use(record)),
            *(QualitativeEvaluation(_named(check), _verdict(check)) for check in checks),
        ],
    )
    group[0].ContentSequence.extend(_reason(check) for check in checks)
    return group


def _reason(check: Check) -> TextContentItem:
    """What was found and what it must be; TID 1501 takes evaluations in words beside coded ones."""
    value = "not known" if check.value is None else check.value
    remedy = "" if check.passed else f" {check.remedy}"
    text = f"{check.name}: {value} (must be {check.limit}): {_verdict(check).meaning}.{remedy}"
    return TextContentItem(_ours("check-reason", "Check in words"), text, RelationshipTypeValues.CONTAINS)


def _algorithm(record: Result) -> AlgorithmIdentification:
    model, atlas = record.model, record.atlas
    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[
            f"Model SHA-256: {model.sha256}",
            f"Trained on: {model.trained_on}",
            f"Intended use: {model.intended_use}",
            f"Atlas: {atlas.name}",
            f"age2hie {__version__}",
            "Research use only. Not a medical device.",
        ],
    )


def _use(record: Result) -> CodedConcept:
    if record.demonstration:
        return _ours("use-demonstration", "Demonstration: the model saw synthetic data only")
    return _ours("use-research", "Research use only")


def _basis(record: Result) -> CodedConcept:
    if record.settings is None or record.settings.prevalence is None:
        return _ours("prevalence-kept", "That of the cases the model was calibrated on")
    return _ours("prevalence-given", "Given by the user; assumes that nothing but it differs")


def _verdict(check: Check) -> CodedConcept:
    if check.passed:
        return _ours("check-passed", "passed")
    if check.overridden:
        return _ours("check-overridden", "warning, overridden by the user")
    return _ours(f"check-{check.severity}", {"warn": "warning", "refuse": "refused"}[check.severity])


def _named(check: Check) -> CodedConcept:
    return _ours("check-" + "-".join(check.name.lower().split()), check.name)


def _ours(value: str, meaning: str) -> CodedConcept:
    """A code of our own scheme; DICOM allows 16 signs for a short value, and has another element for longer ones."""
    return CodedConcept(value, SCHEME, meaning[:_LONGEST])


def _first_of_each_series(headers: Sequence[Dataset]) -> list[Dataset]:
    """The library of images names one of each series that can be described; every image is among the evidence."""
    first = {header.SeriesInstanceUID: header for header in reversed(headers)}.values()
    return [header for header in first if _described(header)]


def _described(header: Dataset) -> bool:
    """The library describes an image by its position and its size, which a damaged header may lack."""
    try:
        ImageLibraryEntryDescriptors(header)
    except Exception:  # highdicom raises what the damage happens to lead to
        return False
    return True
