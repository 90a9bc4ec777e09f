"""``age2hie explain T1 --target age``: maps of where in a T1-weighted scan the pretrained network sees age."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from AGE2HIELib.age_pipeline import (
    AGE_STAGES,
    AgeModel,
    age_warnings,
    explained_age,
    load_age_model,
    prepare_scan,
)
from AGE2HIELib.commands.comparing import RECORD, asked_in_turn, side_by_side, write_comparison, write_maps
from AGE2HIELib.commands.earlier import is_earlier, read_record
from AGE2HIELib.errors import InputError
from AGE2HIELib.explain.age import AGE_TARGET, AgeExplanation
from AGE2HIELib.explain.evidence import evidence_table
from AGE2HIELib.explain.halves import halves
from AGE2HIELib.explain.question import check_layer
from AGE2HIELib.installed import find_model
from AGE2HIELib.io.t1 import T1Scan, read_t1
from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.preprocess.placement import in_brain
from AGE2HIELib.preprocess.t1.prepare import PreparedT1
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.report.age_record import AgeCircumstances, age_record
from AGE2HIELib.report.backdrop import t1_backdrop
from AGE2HIELib.report.explanations import Comparison
from AGE2HIELib.report.years import in_years

# what belongs to a diffusion scan or to an outcome, why, and the value that says nothing
_OUTCOME_ONLY: dict[str, tuple[object, str]] = {
    "series": (None, "chooses a DICOM series of diffusion"),
    "align": ("auto", "aligns diffusion volumes"),
    "z_adc": (None, "is a map of ADC"),
    "atlas": (None, "names regions of newborns, by which no T1 scan is measured"),
    "age_days": (None, "is for the gate for diffusion scans"),
    "gestation_weeks": (None, "is for the gate for diffusion scans"),
    "cooled": (None, "is for the gate for diffusion scans"),
    "override": ([], "sets aside warnings of the gate for diffusion scans"),
    "prevalence": (None, "moves the number of an outcome"),
    "examine": (False, "questions the members of an ensemble, and one network reads age"),
}


def check_age_call(arguments: argparse.Namespace) -> None:
    """InputError for options that make no sense with an age, and for inputs that hold no T1-weighted scan."""
    for name, (nothing, why) in _OUTCOME_ONLY.items():
        if getattr(arguments, name) != nothing:
            raise InputError(f"--{name.replace('_', '-')} {why}. Leave it out with --target age.")
    path = arguments.input
    if is_earlier(path):
        raise InputError(
            f"'{path.name}' is a result of predict, which holds no T1-weighted scan. Give the T1 image itself."
        )
    if path.is_file() and _made_from_diffusion(path.parent):
        raise InputError(
            f"'{path.name}' lies in a result that was made from a diffusion scan, so it is no T1-weighted scan. "
            "Give the T1 image itself."
        )


def _made_from_diffusion(folder: Path) -> bool:
    """By the record of the folder, which stands beside the maps that ``predict`` and ``explain`` write."""
    if is_earlier(folder):
        return True
    record = folder / RECORD
    return record.is_file() and read_record(record).get("target") != AGE_TARGET


def explain_age_into(
    folder: Path, arguments: argparse.Namespace, methods: tuple[str, ...], progress: Progress
) -> tuple[str, tuple[str, ...]]:
    """Write everything into an existing empty folder; returns what to say first, and what is missing of the extras."""
    stages = Stages(AGE_STAGES, progress)
    scan = stages.run("read", read_t1, arguments.input, mask=arguments.mask)
    model = stages.run("model", load_age_model, find_model(arguments.model), device=arguments.device)
    check_layer(model.network.encoder, arguments.layer or model.facts.saliency_layer)  # before the placement's seconds
    ready = stages.run("place", prepare_scan, scan, model)
    model, found = stages.run("explain", _compared, model, scan, ready, methods, arguments)
    rows = stages.run(
        "explain", evidence_table, halves(model.facts.spec.grid), ready.placement, ready.brain, None, found.maps
    )
    stages.run("report", write_maps, found, {"brain_mask": found.brain}, scan.stored, folder)
    about = _circumstances(arguments, scan, model, ready, found.first.years)
    lost = write_comparison(folder, found, rows, age_record(about, found, stages.seconds), stages)
    heading = "Demonstration: predicted age" if model.facts.demonstration else "Predicted age"
    return f"{heading} {in_years(found.first.years)}. ", lost


def _compared(
    model: AgeModel, scan: T1Scan, ready: PreparedT1, methods: tuple[str, ...], arguments: argparse.Namespace
) -> tuple[AgeModel, Comparison[AgeExplanation]]:
    def ask(of: AgeModel, name: str) -> tuple[AgeModel, AgeExplanation]:
        return explained_age(of, ready, name, arguments.layer)

    model, made = asked_in_turn(model, ask, methods, arguments)
    placed = partial(in_brain, placement=ready.placement, brain=ready.brain)
    below = t1_backdrop(to_canonical(scan.image), ready.brain)
    return model, side_by_side(made, placed, below, ready.brain, arguments.share)


def _circumstances(
    arguments: argparse.Namespace, scan: T1Scan, model: AgeModel, ready: PreparedT1, years: float
) -> AgeCircumstances:
    return AgeCircumstances(
        scan,
        model.bundle,
        model.facts,
        brain_ml=ready.brain_ml,
        overlap=ready.placement.overlap,
        asked_device=arguments.device,
        device=model.device,
        warnings=(*scan.warnings, *ready.warnings, *model.warnings, *age_warnings(model, years)),
    )
