"""Measurement groups of the structured report for what stands beside the number: lesion, scores, clinical variables."""

from __future__ import annotations

from typing import Any

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    FindingSite,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.coding import (
    FROM_DIFFUSION,
    LATERALITY,
    LESION,
    ML,
    NO_UNIT,
    PERCENT,
    SIDES,
    algorithm,
    ours,
    use,
)
from AGE2HIELib.report.hospital.stamp import Stamp
from AGE2HIELib.result.findings import SCORE_HEADING, ClinicalReading, InjuryScore, Lesion
from AGE2HIELib.result.record import Result

_JOINED = "The image and the variables that were given; what was not given is averaged over."


def clinical_group(record: Result, joint: ClinicalReading, stamp: Stamp) -> MeasurementsAndQualitativeEvaluations:
    """The number that image and clinical variables give together, and what each gives of it, in log-odds."""
    name = "Demonstration score" if record.demonstration else "Probability of an adverse outcome"
    values = {("joint-score", f"{name}, with clinical variables"): joint.probability_adverse}
    if joint.interval is not None:
        values["joint-low", "With clinical variables, lower end of the 90 % interval"] = joint.interval[0]
        values["joint-high", "With clinical variables, upper end of the 90 % interval"] = joint.interval[1]
    values["logit-image", "Log-odds from the image"] = joint.image_logit
    for part in (part for part in joint.parts if part.given):
        key = "logit-" + part.name.replace("_", "-")
        values[key, f"Log-odds from {part.title}"] = part.contribution_logit
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            stamp.uid("tracking", "joint score"), "AGE2HIE score with clinical variables"
        ),
        finding_type=ours("outcome-joint", "Outcome at two years, from image and clinical variables"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=algorithm(record),
        measurements=[Measurement(ours(*key), value, NO_UNIT) for key, value in values.items() if value is not None],
        qualitative_evaluations=[QualitativeEvaluation(ours("use", "Intended use"), use(record))],
    )
    basis = ours("joint-basis", "Basis of the number with clinical variables")
    words = f"{_JOINED} {joint.assumption}".strip()
    group[0].ContentSequence.append(TextContentItem(basis, words, RelationshipTypeValues.CONTAINS))
    return group


def lesion_group(
    record: Result, lesion: Lesion, stamp: Stamp, segmentation: Dataset | None = None
) -> MeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations:
    """TID 1411, of the lesion's segment, where there is a segmentation; TID 1501 where nothing is lesion."""
    low, high = (100 * end for end in lesion.interval)
    side = SIDES.get(lesion.side, ours("side-none", "none"))
    content: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(stamp.uid("tracking", "lesion"), "AGE2HIE lesion"),
        "finding_type": LESION,
        "finding_sites": [FindingSite(codes.SCT.Brain)],
        "algorithm_id": AlgorithmIdentification(
            name=f"age2hie lesion: {lesion.method}",
            version=__version__,
            parameters=[f"Lesion: {lesion.meaning}", FROM_DIFFUSION],
        ),
        "measurements": [
            Measurement(codes.SCT.Volume, lesion.volume_ml, ML),
            Measurement(ours("lesion-share", "Lesion, percent of the brain"), 100 * lesion.share, PERCENT),
            Measurement(ours("lesion-share-low", "Lesion, lower end of its 90 % interval"), low, PERCENT),
            Measurement(ours("lesion-share-high", "Lesion, upper end of its 90 % interval"), high, PERCENT),
            Measurement(ours("brain-volume", "Volume of the brain"), lesion.brain_ml, ML),
        ],
        "qualitative_evaluations": [
            QualitativeEvaluation(LATERALITY, side),
            QualitativeEvaluation(ours("use", "Intended use"), use(record)),
        ],
    }
    if segmentation is None:
        return MeasurementsAndQualitativeEvaluations(**content)
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        **content, referenced_segment=_first_segment(segmentation)
    )


def _first_segment(segmentation: Dataset) -> ReferencedSegment:
    images = [image for series in segmentation.ReferencedSeriesSequence for image in series.ReferencedInstanceSequence]
    return ReferencedSegment(
        segmentation.SOPClassUID,
        segmentation.SOPInstanceUID,
        1,
        source_images=[
            SourceImageForSegmentation(image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID) for image in images
        ],
    )


def injury_group(record: Result, stamp: Stamp) -> MeasurementsAndQualitativeEvaluations:
    """The injury scores as codes of their values, and in words with what they rest on and cannot see."""
    given = [score for score in record.scores if score.value]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(stamp.uid("tracking", "injury scores"), "AGE2HIE injury scores"),
        finding_type=ours("injury-scores", "Injury scores from diffusion alone"),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=algorithm(record),
        qualitative_evaluations=[
            QualitativeEvaluation(
                ours("scores-basis", "Basis of the injury scores"), ours("scores-diffusion", SCORE_HEADING)
            ),
            QualitativeEvaluation(ours("use", "Intended use"), use(record)),
            *(QualitativeEvaluation(_score_named(score), _score_value(score)) for score in given),
        ],
    )
    group[0].ContentSequence.extend(
        TextContentItem(ours("score-in-words", "Score in words"), _score_text(score), RelationshipTypeValues.CONTAINS)
        for score in record.scores
    )
    return group


def _score_named(score: InjuryScore) -> CodedConcept:
    return ours("score-" + score.name.replace("_", "-"), score.title)


def _score_value(score: InjuryScore) -> CodedConcept:
    return ours("-".join((score.name.replace("_", "-"), *score.value.lower().split())), score.value)


def _score_text(score: InjuryScore) -> str:
    items = "; ".join(f"{item.name}: {item.value}" for item in score.items)
    value = f"{score.value} ({score.meaning})" if score.value else f"no value ({score.meaning})"
    return f"{score.title}, {SCORE_HEADING}: {value}; range {score.range}. {items}. Cannot see: {score.cannot_see}."
