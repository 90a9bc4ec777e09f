"""From a scan to a probability and the place of its evidence: read ``analyse`` first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.explanation.regions import RegionRow, measured_regions
from AGE2HIELib.inference.prevalence import at_prevalence
from AGE2HIELib.lesion.measure import found_lesion, placed_scan
from AGE2HIELib.networks.kept_blocks import first_blocks_kept
from AGE2HIELib.pipeline.admission import Admitted, GatedScan, Withheld, admit
from AGE2HIELib.pipeline.clinical import clinical_reading
from AGE2HIELib.pipeline.inputs import HieModel, Model, Scan, model_on_cpu
from AGE2HIELib.pipeline.request import ADVERSE, Request
from AGE2HIELib.pipeline.stages import EXAMINED_STAGES, STAGES
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.placement import in_brain
from AGE2HIELib.result.findings import InjuryScore, Lesion
from AGE2HIELib.scores.injury import injury_scores
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.volume import Volume

if TYPE_CHECKING:
    from AGE2HIELib.explanation.maps import Explanation
    from AGE2HIELib.inference.probability import Prediction
    from AGE2HIELib.result.findings import ClinicalReading
    from AGE2HIELib.result.network_readings import NetworkReading
    from AGE2HIELib.result.verdicts import Examination


@dataclass(frozen=True)
class Analysis:
    """Everything that was found, in canonical voxel order.

    Attributes:
        model: that gave the number: on the CPU where the GPU's memory ran out.
        explanation, saliency, regions: None and empty where the gate lets no number pass.
        examination: of the explanation; None where it was not asked for.
        lesion: bool; with ``z``, there as well where only a warning keeps the number back, and None for a refused scan.
        measured_lesion: how much of the brain it is, and its clusters.
        scores: that follow from it; empty without it.
        clinical: the number joined with what else is known of the infant; None where nothing was named.
        readings: what the networks say beside the number; empty for most.
    """

    gated: GatedScan
    model: HieModel
    z: Volume | None = None
    explanation: Explanation | None = None
    saliency: Volume | None = None
    regions: tuple[RegionRow, ...] = ()
    examination: Examination | None = None
    lesion: Volume | None = None
    measured_lesion: Lesion | None = None
    scores: tuple[InjuryScore, ...] = ()
    clinical: ClinicalReading | None = None
    readings: tuple[NetworkReading, ...] = ()


def stages_of(request: Request, progress: Progress | None = None) -> Stages:
    return Stages(EXAMINED_STAGES if request.examine else STAGES, progress)


@first_blocks_kept()
def analyse(scan: Scan, model: Model, atlas: Atlas, request: Request, stages: Stages | None = None) -> Analysis:
    """The whole way for one scan; it ends at the gate for a scan that should not be believed. No file is written.

    Args:
        scan, model, atlas: from ``read_scan``, ``load_model`` and ``load_atlas``.
        request: how it is analysed. What it says of files, device and prevalence has been used to read these three.
        stages: times the steps and tells of them; None for nobody.

    Returns:
        Arrays on the scan's grid in canonical voxel order: ``gated.adc`` (1e-6 mm^2/s), ``gated.brain``, ``z``,
        ``saliency``, ``lesion``; what the gate found is ``gated.quality``, the number ``explanation.prediction``.

    Raises:
        InputError: no brain can be placed.
        ModelError: the model was not trained on z-maps of this origin.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> scan = hie.read_scan(Path("newborn/adc.mha"))
    >>> found = hie.analyse(scan, hie.load_model(device="cpu"), hie.load_atlas(), hie.Request())
    >>> found.gated.passed, 0 < found.explanation.prediction.probability_adverse < 1
    (True, True)
    >>> found.saliency.array.shape == found.z.array.shape == found.gated.adc.array.shape
    True
    """
    stages = stages or stages_of(request)
    admitted = admit(scan, model, atlas, request, stages)
    gated = admitted.gated
    lesion = measured = None
    scores: tuple[InjuryScore, ...] = ()
    if gated.placement is not None and admitted.z is not None:
        with stages("z-map"):
            lesion, measured = found_lesion(
                placed_scan(gated.adc, admitted.z, gated.brain, atlas, gated.placement, released=scan.z_is_released)
            )
            scores = injury_scores(lesion, gated.brain, gated.placement, atlas)
    if isinstance(admitted, Withheld):
        clinical = _clinical(scan, admitted.model, None, request)
        return Analysis(
            gated, admitted.model, admitted.z, lesion=lesion, measured_lesion=measured, scores=scores, clinical=clinical
        )
    with stages("predict"):
        model, explanation = explain_prediction(admitted.model, admitted.image, request.saliency)
    with stages("explain"):
        saliency = on_scan_grid(explanation.saliency, admitted)
        readings = network_readings(model, admitted.image)
        maps = {"adc": gated.adc, "z": admitted.z, "saliency": saliency}
        regions = measured_regions(atlas, admitted.placement, gated.brain, **maps, lesion=lesion)
    examination = None
    if request.examine:
        with stages("examine"):
            examination = examine_explanation(model, admitted.image, explanation)
    return Analysis(
        gated,
        model,
        admitted.z,
        explanation=explanation,
        saliency=saliency,
        regions=regions,
        examination=examination,
        lesion=lesion,
        measured_lesion=measured,
        scores=scores,
        clinical=_clinical(scan, model, explanation.prediction, request),
        readings=readings,
    )


def _clinical(scan: Scan, model: HieModel, number: Prediction | None, request: Request) -> ClinicalReading | None:
    if scan.clinical is None:
        return None
    return clinical_reading(scan.clinical.data, model.bundle, number, keep=request.keep_clinical)


def explain_prediction(
    model: HieModel, image: np.ndarray, method: str | None = None, *, layer: str | None = None, target: str = ADVERSE
) -> tuple[HieModel, Explanation]:
    """The explanation, and the model that gave it: on the CPU where the GPU's memory ran out."""
    from AGE2HIELib.explanation.methods import DEFAULT_METHOD

    method = method or DEFAULT_METHOD
    if model.elsewhere is not None:
        found, ran = model.elsewhere.explanation(
            model.bundle, image, prevalence=model.prevalence, method=method, layer=layer, target=target
        )
        return replace(model, device=ran.device, warnings=ran.notes), found
    from AGE2HIELib.explanation.saliency import explain_score
    from AGE2HIELib.inference.device import with_cpu_fallback

    def ask(of: HieModel) -> tuple[HieModel, Explanation]:
        facts = at_prevalence(of.bundle, of.prevalence)
        return of, explain_score(of.members, facts, image, method=method, layer=layer, target=target)

    return with_cpu_fallback(
        lambda: ask(model), lambda note: ask(model_on_cpu(model.bundle, note, model.prevalence)), model.device
    )


def network_readings(model: HieModel, image: np.ndarray) -> tuple[NetworkReading, ...]:
    """What the members say beside the number, where the model is."""
    if model.elsewhere is not None:
        return model.elsewhere.readings(model.bundle, image)
    from AGE2HIELib.explanation.network_readings import outcome_readings

    return outcome_readings(model.members, model.bundle, image)


def examine_explanation(model: HieModel, image: np.ndarray, explanation: Explanation) -> Examination:
    """The examination of a map that ``explain_prediction`` has made of this image, where the model is."""
    return examine_map_of(model, image, explanation.method, explanation.layer or None, explanation.target)


def examine_map_of(
    model: HieModel, image: np.ndarray, method: str, layer: str | None = None, target: str = ADVERSE
) -> Examination:
    """``examine_explanation``, of a map that is named."""
    layer = layer or model.bundle.saliency_layer
    if model.elsewhere is not None:
        return model.elsewhere.examination(model.bundle, image, method=method, layer=layer, target=target)
    from AGE2HIELib.explanation.examination import examine_map
    from AGE2HIELib.explanation.robustness import ExaminedMap

    return examine_map(ExaminedMap(model.members, model.bundle, image, method, layer, target))


def on_scan_grid(saliency: Volume, admitted: Admitted) -> Volume:
    """A map brought to the scan's grid in one interpolation, 0 outside the brain."""
    return in_brain(saliency, admitted.placement, admitted.gated.brain)
