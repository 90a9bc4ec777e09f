"""What result.json is: the record of one prediction. Nothing in it says who the patient is.

The classes are the file: their fields, in this order, are its keys. A field with a default is one that older versions
have not written (``stored`` says how their records are read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from AGE2HIELib.result.findings import ClinicalReading, InjuryScore, Lesion
from AGE2HIELib.result.network_readings import NetworkReading
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
    """The network; ``prevalence`` is the share of adverse outcomes among the cases that it was calibrated on, and
    ``reading`` the kind of input (``bundle.model_facts.KINDS``) whose calibration the number has.
    """

    name: str
    version: str
    sha256: str
    trained_on: str
    intended_use: str
    prevalence: float | None = None
    reading: str | None = None


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
        mask_sha256, z_adc_sha256, t1_sha256, t2_sha256: of the files that were given beside the scan.
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
    t1_sha256: str | None = None
    t2_sha256: str | None = None


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
        readings: what the network says beside its number; empty for most networks, and in older records.
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
    readings: tuple[NetworkReading, ...] = ()
    model: Model
    atlas: AtlasUsed
    input: Input
    settings: Settings | None = None
    software: Mapping[str, str]
    machine: str | None = None
    device: str
    timing_s: Mapping[str, float]
    warnings: tuple[str, ...]
