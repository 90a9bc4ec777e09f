"""What a record says of the child's brain beside the number: the lesion, the injury scores, and the clinical reading.

The classes are parts of result.json, as those of ``result.record`` are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Of every injury score, wherever it is shown.
SCORE_HEADING = "computed from diffusion alone, not read by a radiologist"


@dataclass(frozen=True)
class LesionCluster:
    """One connected lesion: voxels that share a face, an edge or a corner.

    Attributes:
        hemisphere: the patient's side: left, right, or both.
        region: of the atlas, that holds most of it; of what lies in fluid, the nearest tissue counts.
        mean_adc_1e6_mm2_s: mean ADC, 1e-6 mm^2/s.
        mean_z: mean of the z-map.
        centre_ras_mm: its centroid in the scan's RAS+ mm, which may lie beside it.
    """

    volume_ml: float
    hemisphere: str
    region: str
    mean_adc_1e6_mm2_s: float
    mean_z: float
    centre_ras_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Lesion:
    """How much of the brain is lesion, from diffusion alone.

    Attributes:
        method: rule or network, in a word.
        meaning: what counts as lesion, in words.
        volume_ml: of all clusters, those that are not listed as well.
        brain_ml: volume of the brain.
        share: of the brain, 0..1.
        interval: 90 %, of the share.
        side: the patient's: none, left, right, or both.
        clusters: the largest first, twenty at most.
    """

    method: str
    meaning: str
    volume_ml: float
    brain_ml: float
    share: float
    interval: tuple[float, float]
    side: str
    clusters: tuple[LesionCluster, ...]


@dataclass(frozen=True)
class RegionPart:
    """What a lesion holds of one region or zone of one hemisphere.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        lesion_ml: volume of lesion in it.
        share: of the region, 0..1.
    """

    region: str
    hemisphere: str
    lesion_ml: float
    share: float


@dataclass(frozen=True)
class ScoreItem:
    """One line of an injury score.

    Attributes:
        name: what is asked, as the score has it.
        value: the answer, in the score's own words or digits.
        meaning: the answer in words.
        parts: the regions that it rests on, those that count as injured first.
    """

    name: str
    value: str
    meaning: str
    parts: tuple[RegionPart, ...] = ()


@dataclass(frozen=True)
class InjuryScore:
    """An injury score of the field, computed from diffusion alone and not read by a radiologist.

    Attributes:
        name: short and without spaces, for scripts: barkovich_bgt, barkovich_ws, nichd, ...
        title: for people.
        value: the score; empty where it cannot be computed (``meaning`` says why).
        range: of the value, in words.
        meaning: the value in words.
        cannot_see: what the published score asks for and diffusion does not show.
        source: of the published definition (DOI or PMID), and what of the rules is our own.
    """

    name: str
    title: str
    value: str
    range: str
    meaning: str
    items: tuple[ScoreItem, ...]
    cannot_see: str
    source: str


@dataclass(frozen=True)
class ClinicalPart:
    """What one clinical variable gives of the joint number, in logits: above 0 towards an adverse outcome.

    Attributes:
        title: for people.
        given: whether it was known.
        contribution_logit: to a tenth of a logit where no values are kept.
    """

    name: str
    title: str
    given: bool
    contribution_logit: float


@dataclass(frozen=True)
class ClinicalReading:
    """The image's number joined with what is known of the child (docs/clinical.md).

    Attributes:
        given, missing: names of the variables that were given, and of the others.
        meaning: of its numbers, in words.
        probability_image: by the image alone: ``probability_adverse`` of the record.
        probability_adverse: by image and variables; that of the image where nothing was given. None where there is no
            number, or the model knows no clinical variables. To two digits where no values are kept.
        interval: 90 %, over members, calibration and the variables' coefficients.
        image_logit: what the image gives of the joint logit; the rest is given by ``parts``.
        parts: of every variable that the model knows, the largest first.
        assumption: what the model's variables rest on where they were drawn; empty for a cohort's own.
        kept: the values, where the caller asked for them to be kept; never the age at the scan.
    """

    given: tuple[str, ...]
    missing: tuple[str, ...]
    meaning: str = ""
    probability_image: float | None = None
    probability_adverse: float | None = None
    interval: tuple[float, float] | None = None
    image_logit: float | None = None
    parts: tuple[ClinicalPart, ...] = ()
    assumption: str = ""
    kept: Mapping[str, float | bool | str] | None = None
