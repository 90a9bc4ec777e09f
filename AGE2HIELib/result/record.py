"""What result.json is: the record of one prediction. Nothing in it says who the patient is.

The classes are the file: their fields, in this order, are its keys. A field with a default is one that older versions
have not written (``stored`` says how their records are read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from AGE2HIELib.result.verdicts import Examination, Quality


@dataclass(frozen=True)
class PredictionCases:
    """How many cases of each outcome the prediction set was calibrated on."""

    favourable: int
    adverse: int


@dataclass(frozen=True)
class RecordedSet:
    """Outcomes that the number does not speak against (conformal prediction).

    Attributes:
        coverage: share of infants whose outcome is in such a set.
        set: of favourable and adverse, those that are in it.
    """

    coverage: float
    set: tuple[str, ...]
    cases: PredictionCases


@dataclass(frozen=True)
class Saliency:
    """How the saliency map was made; an older record has no title.

    Attributes:
        meaning: what the map shows, in words.
        layer: of the network, for the methods that look at one.
        resolution_mm: size of the cells that it was computed on.
        names_a_place: whether it is above zero anywhere.
    """

    method: str
    title: str = ""
    meaning: str = ""
    layer: str | None = None
    resolution_mm: tuple[float, ...] = ()
    names_a_place: bool = True


@dataclass(frozen=True)
class Model:
    """The network; ``prevalence`` is the share of adverse outcomes among the cases that it was calibrated on."""

    name: str
    version: str
    sha256: str
    trained_on: str
    intended_use: str
    prevalence: float | None = None


@dataclass(frozen=True)
class AtlasUsed:
    """The atlas of normal newborns; ``zones_sha256`` is of its zones, which injury scores alone depend on."""

    name: str
    provenance: str
    sha256: str | None = None
    zones_sha256: str | None = None


@dataclass(frozen=True)
class Input:
    """The scan.

    Attributes:
        kind: what it is and its format.
        sha256: of its files.
        shape, spacing_mm: of the grid as it is stored.
        adc_unit_found: unit of a given ADC map.
        b_values_used: s/mm^2, of a diffusion series that the ADC was fitted from.
    """

    kind: str
    sha256: str
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    adc_unit_found: str | None = None
    b_values_used: tuple[float, ...] | None = None


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


@dataclass(frozen=True)
class Settings:
    """What the caller chose, as the command line has it; None where nothing was said.

    Attributes:
        device: that was asked for; the record's own ``device`` is where the network ran.
        saliency: None for the default method, which the record's ``saliency`` names.
        age_given: whether the caller gave the age at the scan. The age itself is kept nowhere: with the date of the
            scan it would be the date of birth.
        gestation_weeks, cooled: that the caller gave.
        prevalence: share of adverse outcomes that the caller wanted the number for.
        clinical_given: names of the clinical variables that the caller gave in a file; None without a file.
        keep_clinical: whether their values are kept in the record.
        overrides: names of the warnings of the gate that the caller set aside.
        mask_sha256, z_adc_sha256: of the files that were given beside the scan.
    """

    align: str = "auto"
    series: str | None = None
    device: str = "auto"
    saliency: str | None = None
    examine: bool = False
    age_given: bool = False
    gestation_weeks: float | None = None
    cooled: bool | None = None
    prevalence: float | None = None
    clinical_given: tuple[str, ...] | None = None
    keep_clinical: bool = False
    overrides: tuple[str, ...] = ()
    mask_sha256: str | None = None
    z_adc_sha256: str | None = None


# Of every injury score, wherever it is shown.
SCORE_HEADING = "computed from diffusion alone, not read by a radiologist"


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


@dataclass(frozen=True, kw_only=True)
class Result:
    """One prediction, or a scan that the gate refused.

    Attributes:
        demonstration: the model saw synthetic data only.
        probability_adverse: of an adverse outcome at two years; None for a refused scan, as is ``interval``.
        interval: 90 %, over members and calibration.
        members: probability of each member of the ensemble.
        prevalence: share of adverse outcomes that these numbers hold for.
        threshold: of the label.
        label: favourable, adverse, indeterminate, or demonstration.
        clinical: the number joined with clinical variables; None where none were named.
        examination: of the saliency map; None where nobody asked for it.
        lesion: None where the scan was refused, and in older records; a scan that only a warning withholds has one.
        scores: injury scores, computed from diffusion alone and not read by a radiologist; empty in older records, and
            where there was no lesion map to compute them from.
        software: versions: of age2hie as ``version``, of Python, and of each library that computes.
        machine: system, processor and its instructions, or the graphics card.
        device: where the network ran.
        timing_s: seconds by stage.
        warnings: sentences for the reader.
    """

    demonstration: bool
    probability_adverse: float | None
    interval: tuple[float, float] | None
    members: tuple[float, ...]
    prevalence: float | None = None
    threshold: float
    label: str | None
    prediction_set: RecordedSet | None = None
    clinical: ClinicalReading | None = None
    quality: Quality
    saliency: Saliency | None
    examination: Examination | None = None
    lesion: Lesion | None = None
    scores: tuple[InjuryScore, ...] = ()
    model: Model
    atlas: AtlasUsed
    input: Input
    settings: Settings | None = None
    software: Mapping[str, str]
    machine: str | None = None
    device: str
    timing_s: Mapping[str, float]
    warnings: tuple[str, ...]
