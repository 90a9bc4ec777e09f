"""Codes and words that all objects have in common."""

from __future__ import annotations

from highdicom.sr import AlgorithmIdentification, CodedConcept
from pydicom.sr.coding import Code

from AGE2HIELib.release import __version__
from AGE2HIELib.result.record import Result

MANUFACTURER, MODEL_NAME = "AGE2HIE", "age2hie"
SCHEME = "99AGE2HIE"  # our own: what no standard scheme has a code for
NO_UNIT = CodedConcept("1", "UCUM", "no units")
ML, PERCENT = CodedConcept("ml", "UCUM", "ml"), CodedConcept("%", "UCUM", "%")
SQUARE_MICROMETRES_PER_SECOND = CodedConcept("um2/s", "UCUM", "um2/s")  # 1e-6 mm2/s
LEFT, RIGHT = CodedConcept("7771000", "SCT", "Left"), CodedConcept("24028007", "SCT", "Right")
BOTH_SIDES = CodedConcept("51440002", "SCT", "Bilateral")
SIDES = {"left": LEFT, "right": RIGHT, "both": BOTH_SIDES}  # the patient's
LESION = CodedConcept("52988006", "SCT", "Lesion")
LATERALITY = CodedConcept("272741003", "SCT", "Laterality")
FROM_DIFFUSION = "Computed from diffusion alone, not read by a radiologist."
RESEARCH = "Research use only. Not a medical device."
_LONGEST = 64  # signs of a code's meaning, and of a description


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
            RESEARCH,
        ],
    )


def use(record: Result) -> CodedConcept:
    if record.demonstration:
        return ours("use-demonstration", "Demonstration: the model saw synthetic data only")
    return ours("use-research", "Research use only")


def ours(value: str, meaning: str) -> CodedConcept:
    """A code of our own scheme; DICOM allows 16 signs for a short value, and has another element for longer ones."""
    return CodedConcept(value, SCHEME, meaning[:_LONGEST])


def coded(code: Code | CodedConcept) -> CodedConcept:
    """An item of its own, that a modifier may be put into."""
    return CodedConcept(code.value, code.scheme_designator, code.meaning)


def described(what: str, *, demonstration: bool) -> str:
    """A series' description, which is all that a list of a study shows; 64 signs at most.

    Args:
        demonstration: whether synthetic data alone stand behind it, of a model or of an atlas.
    """
    return f"AGE2HIE {what} ({'DEMONSTRATION, ' if demonstration else ''}research use only)"


def statement(record: Result, *, of_model: bool) -> str:
    """What must stand beside a picture: what it is for, and what the model and the atlas were made from."""
    about = [RESEARCH]
    if of_model:
        about.append(f"Model {record.model.name} {record.model.version}, trained on: {record.model.trained_on}.")
        if record.demonstration:
            about.insert(0, "DEMONSTRATION: the model saw synthetic data only.")
    about.append(f"Atlas {record.atlas.name}: {record.atlas.provenance}.")
    return " ".join(about)
