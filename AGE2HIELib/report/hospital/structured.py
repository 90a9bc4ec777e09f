"""The structured report: TID 1500, Measurement Report (DICOM PS3.16)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import highdicom as hd
from highdicom.sr import (
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
from AGE2HIELib.report.hospital.coding import (
    MANUFACTURER,
    ML,
    MODEL_NAME,
    NO_UNIT,
    SQUARE_MICROMETRES_PER_SECOND,
    algorithm,
    described,
    ours,
    use,
)
from AGE2HIELib.report.hospital.finding_groups import clinical_group, injury_group, lesion_group
from AGE2HIELib.report.hospital.stamp import Stamp
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.verdicts import Check

REPORT_NAME, SERIES_NUMBER = "report", 9501
_DEVICE = hd.UID.from_uuid("3f1d7ad4-9a77-4a53-8c0e-5f1f5a1a9a21")  # of the software, the same everywhere
_UNITS = {
    "brain volume": ML,
    "median ADC of the brain": SQUARE_MICROMETRES_PER_SECOND,
    "ADC of fluid": SQUARE_MICROMETRES_PER_SECOND,
}


def structured_report(
    record: Result, headers: Sequence[Dataset], stamp: Stamp, lesion: Dataset | None = None
) -> ComprehensiveSR:
    """Groups for the number, that with clinical variables, lesion, injury scores and gate; the last is always there.

    Args:
        lesion: the segmentation object of the lesion, to which its group refers.
    """
    observer = DeviceObserverIdentifyingAttributes(
        uid=_DEVICE, name="age2hie", manufacturer_name=MANUFACTURER, model_name=f"age2hie {__version__}"
    )
    device = ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=observer)
    groups: list[Any] = [_gate(record, stamp)]
    if record.scores:
        groups.insert(0, injury_group(record, stamp))
    if record.lesion is not None:
        groups.insert(0, lesion_group(record, record.lesion, stamp, lesion))
    if record.clinical is not None and record.clinical.probability_adverse is not None:
        groups.insert(0, clinical_group(record, record.clinical, stamp))
    if record.probability_adverse is not None and record.interval is not None:
        groups.insert(0, _number(record, record.interval, stamp))
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=device),
        procedure_reported=ours("diffusion-mri-newborn-brain", "Diffusion MRI of a newborn's brain"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=_first_of_each_series(headers) or None,
    )
    report = ComprehensiveSR(
        evidence=[*headers, *([lesion] if lesion is not None else [])],
        content=content[0],
        series_instance_uid=stamp.uid("series", REPORT_NAME),
        series_number=SERIES_NUMBER,
        sop_instance_uid=stamp.uid("instance", REPORT_NAME),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=__version__,
        series_description=described("report", demonstration=record.demonstration),
        specific_character_set=character_set(record, headers[0]),
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    stamp.put_on(report)
    return report


def character_set(record: Result, header: Dataset, names: Sequence[str] = ()) -> Any:
    """UTF-8 where a model, an atlas or one of ``names`` goes beyond ASCII; else the scan's own."""
    ascii_alone = json.dumps([encode(record), *names], ensure_ascii=False).isascii()
    return header.get("SpecificCharacterSet") if ascii_alone else "ISO_IR 192"


def _number(record: Result, interval: tuple[float, float], stamp: Stamp) -> MeasurementsAndQualitativeEvaluations:
    name = "Demonstration score" if record.demonstration else "Probability of an adverse outcome at two years"
    values = {
        ("score", name): record.probability_adverse,
        ("score-low", "Lower end of its 90 % interval"): interval[0],
        ("score-high", "Upper end of its 90 % interval"): interval[1],
        ("threshold", "Threshold of the model"): record.threshold,
        ("prevalence", "Prevalence of adverse outcomes that these numbers hold for"): record.prevalence,
        ("prevalence-model", "Prevalence that the model was calibrated at"): record.model.prevalence,
    }
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(stamp.uid("tracking", "score"), "AGE2HIE score"),
        finding_type=ours("outcome", "Outcome at two years after hypoxic-ischemic encephalopathy"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=algorithm(record),
        measurements=[
            Measurement(ours(*key), float(value), NO_UNIT) for key, value in values.items() if value is not None
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(ours("label", "Reading"), ours(f"label-{record.label}", str(record.label))),
            QualitativeEvaluation(ours("prevalence-basis", "Basis of the prevalence"), _basis(record)),
            QualitativeEvaluation(ours("use", "Intended use"), use(record)),
        ],
    )


def _gate(record: Result, stamp: Stamp) -> MeasurementsAndQualitativeEvaluations:
    checks = record.quality.checks
    verdict = "passed" if record.quality.passed else "no-number"
    meaning = {"passed": "passed", "no-number": "No number is given: see the checks"}[verdict]
    measured = [(check, check.value) for check in checks if isinstance(check.value, int | float)]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(stamp.uid("tracking", "gate"), "AGE2HIE quality gate"),
        finding_type=ours("quality", "Quality of the scan"),
        algorithm_id=algorithm(record),
        measurements=[
            Measurement(_named(check), float(value), _UNITS.get(check.name, NO_UNIT)) for check, value in measured
        ]
        or None,
        qualitative_evaluations=[
            QualitativeEvaluation(ours("gate", "Quality gate"), ours(f"gate-{verdict}", meaning)),
            QualitativeEvaluation(ours("use", "Intended use"), use(record)),
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
    return TextContentItem(ours("check-reason", "Check in words"), text, RelationshipTypeValues.CONTAINS)


def _basis(record: Result) -> CodedConcept:
    if record.settings is None or record.settings.prevalence is None:
        return ours("prevalence-kept", "That of the cases the model was calibrated on")
    return ours("prevalence-given", "Given by the user; assumes that nothing but it differs")


def _verdict(check: Check) -> CodedConcept:
    if check.passed:
        return ours("check-passed", "passed")
    if check.overridden:
        return ours("check-overridden", "warning, overridden by the user")
    return ours(f"check-{check.severity}", {"warn": "warning", "refuse": "refused"}[check.severity])


def _named(check: Check) -> CodedConcept:
    return ours("check-" + "-".join(check.name.lower().split()), check.name)


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
