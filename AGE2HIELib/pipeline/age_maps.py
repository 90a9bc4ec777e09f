"""``explain --target age``: maps of where in a T1-weighted scan the pretrained network sees age."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.age import AgeExplanation
from AGE2HIELib.explanation.evidence import evidence_table
from AGE2HIELib.explanation.question import check_layer
from AGE2HIELib.explanation.regions import halves
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.source import T1Scan, read_t1
from AGE2HIELib.pipeline.brain_age import (
    AGE_STAGES,
    AgeModel,
    age_warnings,
    explain_scan_age,
    load_age_model,
    local_age_of,
    local_age_warnings,
    prepare_scan,
    scan_readings,
)
from AGE2HIELib.pipeline.comparison import RECORD, side_by_side, write_compared_maps, write_comparison
from AGE2HIELib.pipeline.request import AGE, Request
from AGE2HIELib.preprocess.placement import in_brain
from AGE2HIELib.preprocess.t1.prepare import PreparedT1
from AGE2HIELib.report.age_record import LOCAL_AGE, AgeCircumstances, age_record
from AGE2HIELib.report.backdrop import t1_backdrop
from AGE2HIELib.report.explanations import Comparison
from AGE2HIELib.report.summary import in_years
from AGE2HIELib.result.stored import is_earlier, read_content
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.progress import Progress, Stages

# what belongs to a diffusion scan or to an outcome, and why
_OUTCOME_ONLY = {
    "worker": "runs the networks for an outcome",
    "series": "chooses a DICOM series of diffusion",
    "align": "aligns diffusion volumes",
    "z_adc": "is a map of ADC",
    "t1": "goes beside a diffusion scan, and here the T1 is the input",
    "t2": "goes beside a diffusion scan",
    "atlas": "names regions of newborns, by which no T1 scan is measured",
    "age_days": "is for the gate for diffusion scans",
    "gestation_weeks": "is for the gate for diffusion scans",
    "cooled": "is for the gate for diffusion scans",
    "override": "sets aside warnings of the gate for diffusion scans",
    "prevalence": "moves the number of an outcome",
    "examine": "questions the members of an ensemble, and one network reads age",
}


def check_age_request(request: Request) -> None:
    """InputError for options that make no sense with an age, and for inputs that hold no T1-weighted scan."""
    unasked = Request()
    for name, why in _OUTCOME_ONLY.items():
        if getattr(request, name) != getattr(unasked, name):
            raise InputError(f"--{name.replace('_', '-')} {why}. Leave it out with --target age.")
    path = request.scan
    if is_earlier(path):
        raise InputError(
            f"'{path.name}' is a result of predict, which holds no T1-weighted scan. Give the T1 image itself."
        )
    if path.is_file() and _is_of_diffusion(path.parent):
        raise InputError(
            f"'{path.name}' lies in a result that was made from a diffusion scan, so it is no T1-weighted scan. "
            "Give the T1 image itself."
        )


def _is_of_diffusion(folder: Path) -> bool:
    """By the record of the folder, which stands beside the maps that ``predict`` and ``explain`` write."""
    if is_earlier(folder):
        return True
    record = folder / RECORD
    return record.is_file() and read_content(record).get("target") != AGE


def explain_age_into(folder: Path, request: Request, progress: Progress) -> tuple[str, tuple[str, ...]]:
    """Write everything into an existing empty folder; returns what to say first, and what is missing of the extras."""
    stages = Stages(AGE_STAGES, progress)
    with stages("read"):
        scan = read_t1(request.scan, mask=request.mask)
    folder_of_model = find_model(request.model)
    with stages("model"):
        model = load_age_model(folder_of_model, device=request.device)
    check_layer(model.network.encoder, request.layer or model.facts.saliency_layer)  # before the placement's seconds
    with stages("place"):
        prepared = prepare_scan(scan, model)
    with stages("explain"):
        model, comparison = _compared(model, scan, prepared, request, progress)
        parts = halves(model.facts.spec.grid)
        readings = scan_readings(model, prepared)
        rows = evidence_table(parts, prepared.placement, prepared.brain, None, comparison.maps)
    years = comparison.first.years
    local_age = local_age_of(model, prepared, years)
    doubts = local_age_warnings(model) if local_age is not None else ()
    with stages("report"):
        more = {"brain_mask": comparison.brain, **({} if local_age is None else {LOCAL_AGE: local_age})}
        write_compared_maps(comparison, more, scan.stored, folder)
    about = AgeCircumstances(
        scan,
        model.bundle,
        model.facts,
        brain_ml=prepared.brain_ml,
        overlap=prepared.placement.overlap,
        asked_device=request.device,
        device=model.device,
        warnings=(*scan.warnings, *prepared.warnings, *model.warnings, *age_warnings(model, years), *doubts),
        readings=readings,
    )
    record = age_record(about, comparison, stages.seconds, local_age)
    lost = write_comparison(folder, comparison, rows, record, stages)
    heading = "Demonstration: predicted age" if model.facts.demonstration else "Predicted age"
    doubts_of_scan = "".join(f"Warning: {said} " for said in (*scan.warnings, *prepared.warnings))
    return f"{heading} {in_years(years)}. {doubts_of_scan}", lost


def _compared(
    model: AgeModel, scan: T1Scan, prepared: PreparedT1, request: Request, progress: Progress
) -> tuple[AgeModel, Comparison[AgeExplanation]]:
    """The maps, and the model that made the last of them: on the CPU where the GPU's memory ran out."""
    explanations = {}
    for name in progress.each(request.methods, "maps"):
        model, explanations[name] = explain_scan_age(model, prepared, name, request.layer)
    on_scan = partial(in_brain, placement=prepared.placement, brain=prepared.brain)
    below = t1_backdrop(to_canonical(scan.image), prepared.brain)
    return model, side_by_side(explanations, on_scan, below, prepared.brain, request.share)
