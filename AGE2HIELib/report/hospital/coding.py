"""Codes and words that all groups of the structured report have in common."""

from __future__ import annotations

from highdicom.sr import AlgorithmIdentification, CodedConcept

from AGE2HIELib.release import __version__
from AGE2HIELib.result.record import Result

SCHEME = "99AGE2HIE"  # our own: what no standard scheme has a code for
NO_UNIT = CodedConcept("1", "UCUM", "no units")
ML, PERCENT = CodedConcept("ml", "UCUM", "ml"), CodedConcept("%", "UCUM", "%")
_LONGEST = 64  # signs of a code's meaning


def algorithm(record: Result) -> AlgorithmIdentification:
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


def use(record: Result) -> CodedConcept:
    if record.demonstration:
        return ours("use-demonstration", "Demonstration: the model saw synthetic data only")
    return ours("use-research", "Research use only")


def ours(value: str, meaning: str) -> CodedConcept:
    """A code of our own scheme; DICOM allows 16 signs for a short value, and has another element for longer ones."""
    return CodedConcept(value, SCHEME, meaning[:_LONGEST])
