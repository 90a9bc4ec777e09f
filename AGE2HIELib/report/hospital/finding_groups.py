"""Measurement groups of the structured report for what stands beside the number: lesion, scores, clinical variables."""

from __future__ import annotations

import highdicom as hd
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    FindingSite,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.coding import ML, NO_UNIT, PERCENT, algorithm, ours, use
from AGE2HIELib.result.findings import SCORE_HEADING, ClinicalReading, InjuryScore, Lesion
from AGE2HIELib.result.record import Result

_JOINED = "The image and the variables that were given; what was not given is averaged over."


def clinical_group(record: Result, joint: ClinicalReading) -> MeasurementsAndQualitativeEvaluations:
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
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE score with clinical variables"),
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


def lesion_group(record: Result, lesion: Lesion) -> MeasurementsAndQualitativeEvaluations:
    low, high = (100 * end for end in lesion.interval)
    sides = {"left": codes.SCT.Left, "right": codes.SCT.Right, "both": CodedConcept("51440002", "SCT", "Bilateral")}
    side = sides.get(lesion.side, ours("side-none", "none"))
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
            Measurement(codes.SCT.Volume, lesion.volume_ml, ML),
            Measurement(ours("lesion-share", "Lesion, percent of the brain"), 100 * lesion.share, PERCENT),
            Measurement(ours("lesion-share-low", "Lesion, lower end of its 90 % interval"), low, PERCENT),
            Measurement(ours("lesion-share-high", "Lesion, upper end of its 90 % interval"), high, PERCENT),
            Measurement(ours("brain-volume", "Volume of the brain"), lesion.brain_ml, ML),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(CodedConcept("272741003", "SCT", "Laterality"), side),
            QualitativeEvaluation(ours("use", "Intended use"), use(record)),
        ],
    )


def injury_group(record: Result) -> MeasurementsAndQualitativeEvaluations:
    """The injury scores as codes of their values, and in words with what they rest on and cannot see."""
    given = [score for score in record.scores if score.value]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(hd.UID(), "AGE2HIE injury scores"),
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
