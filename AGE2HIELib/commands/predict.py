"""``age2hie predict``: one scan in, an output folder out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.commands.reading import given_paths, given_timing, resolve_atlas
from AGE2HIELib.commands.speaking import examination_in_words, say_lost, say_refused
from AGE2HIELib.explain.compare import names_a_place
from AGE2HIELib.explain.regions import write_region_table
from AGE2HIELib.inference.prevalence import check_prevalence
from AGE2HIELib.installed import find_model
from AGE2HIELib.outputs import output_folder
from AGE2HIELib.pipeline import (
    EXAMINED_STAGES,
    STAGES,
    Analysis,
    HieModel,
    Scan,
    analyse,
    load_model,
    model_for_z,
    read_scan,
)
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.quality import Quality
from AGE2HIELib.quality.check import known_overrides
from AGE2HIELib.report.extras import Extras
from AGE2HIELib.report.folder import OVERLAY, PAGE, RECORD, REGIONS, write_maps, write_page, write_picture
from AGE2HIELib.report.hospital.objects import FOLDER, check_possible, write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.record import Circumstances, result_record, write_record
from AGE2HIELib.report.settings import Settings
from AGE2HIELib.timing import Timing, timing_warnings, with_age

if TYPE_CHECKING:
    from AGE2HIELib.explain.examination import Examination

PREDICTED, REFUSED = 0, 3
_CHOICES = ("align", "series", "device", "saliency", "examine", "prevalence")


@dataclass(frozen=True)
class Request:
    """What the caller asked for."""

    scan: Path
    series: str | None = None
    align: str = "auto"
    z_adc: Path | None = None
    mask: Path | None = None
    model: Path | None = None
    atlas: Path | None = None
    saliency: str | None = None
    examine: bool = False
    device: str = "auto"
    timing: Timing = field(default_factory=Timing)
    prevalence: float | None = None
    override: tuple[str, ...] = ()
    dicom: bool = False


@dataclass(frozen=True)
class Inputs:
    """Everything that a request names, read and verified."""

    scan: Scan
    model: HieModel
    atlas: Atlas


@dataclass(frozen=True)
class Outcome:
    """How a prediction ended: its exit code, the number (None: refused), what the gate found, the prevalence that the
    caller gave for the number, and what is missing of the extras, in sentences.
    """

    code: int
    probability: float | None
    interval: tuple[float, float] | None
    demonstration: bool
    quality: Quality
    examination: Examination | None = None
    prevalence: float | None = None
    lost: tuple[str, ...] = ()


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """The command itself."""
    request = _request(arguments)
    with output_folder(arguments.output, overwrite=arguments.overwrite, inputs=given_paths(arguments)) as folder:
        outcome = predict_into(folder, request, progress)
    progress.close()
    tell(outcome, arguments.output, progress, text=arguments.progress == "text")
    return outcome.code


def predict_into(folder: Path, request: Request, progress: Progress) -> Outcome:
    """Predict one scan and write everything about it into an existing empty folder."""
    stages = stages_of(request, progress)
    return predict_inputs(folder, request, read_inputs(request, stages), stages)


def stages_of(request: Request, progress: Progress) -> Stages:
    return Stages(EXAMINED_STAGES if request.examine else STAGES, progress)


def read_inputs(request: Request, stages: Stages) -> Inputs:
    """The files of a request; InputError for what is unusable."""
    atlas = stages.run("read", load_atlas, resolve_atlas(request.atlas))
    scan = stages.run("read", read_scan, request.scan, series=request.series, z_adc=request.z_adc, mask=request.mask)
    if request.dicom:
        check_possible(scan.source.kind)
    model = stages.run(
        "model", load_model, find_model(request.model), device=request.device, prevalence=request.prevalence
    )
    return Inputs(scan, model, atlas)


def predict_inputs(folder: Path, request: Request, inputs: Inputs, stages: Stages) -> Outcome:
    """``predict_into`` from what has been read already."""
    scan, atlas = inputs.scan, inputs.atlas
    model = model_for_z(inputs.model, atlas, released=scan.z_adc is not None)
    timing = with_age(request.timing, scan.source.age_days)
    found = analyse(
        scan,
        model,
        atlas,
        stages,
        align=request.align,
        method=request.saliency,
        question=request.examine,
        timing=timing,
        override=request.override,
    )
    warnings = (*found.examined.warnings, *found.model.warnings, *timing_warnings(timing))
    settings, used = settings_of(request, scan), found.examined.b_values_used
    about = Circumstances(scan.source, model.bundle, atlas, found.model.device, warnings, settings, used)
    lost = _write(found, about, stages, folder, dicom=request.dicom)
    return replace(_outcome(found, model), lost=lost)


def tell(outcome: Outcome, output: Path, progress: Progress, *, text: bool) -> None:
    """Say how it ended: in words, or as events."""
    if outcome.code == REFUSED:
        page = output / PAGE
        say_refused(outcome.quality, progress, page=page if page.is_file() else None)
    say_lost(outcome.lost)
    progress.result(output)
    if not text:
        return
    if outcome.probability is not None and outcome.interval is not None:
        heading = "Demonstration score" if outcome.demonstration else "Probability of an adverse outcome at two years"
        low, high = outcome.interval
        where = "" if outcome.prevalence is None else f" for a prevalence of {outcome.prevalence:g}"
        print(f"{heading} {outcome.probability:.2f} (90 % interval {low:.2f}-{high:.2f}){where}")
        for name in outcome.quality.overridden:
            print(f"Warning overridden: {name}")
    if outcome.examination is not None:
        print(examination_in_words(outcome.examination))
    print(f"Report: {output / (PAGE if (output / PAGE).is_file() else RECORD)}")


def _write(found: Analysis, about: Circumstances, stages: Stages, folder: Path, *, dicom: bool) -> tuple[str, ...]:
    """Everything of a prediction; what is said here of extras that could not be written is on record too."""
    seen = found.examined
    labels = seen.placement.to_native(about.atlas.labels, interpolation="nearest") if seen.placement else None
    maps = Maps(seen.adc, seen.brain, found.z, found.saliency, labels)
    stages.run("report", write_maps, maps, about.source.stored, folder)
    if found.regions:
        write_region_table(found.regions, folder / REGIONS)
    record = result_record(about, seen.quality, found.explanation, stages.seconds, found.examination)
    if found.saliency is not None:
        record["saliency"]["names_a_place"] = names_a_place(found.saliency.array)
    extras = Extras(folder, record["warnings"])
    if dicom:
        objects = partial(write_objects, record, maps, about.source.files)
        stages.run(
            "report",
            extras.write,
            "the DICOM objects",
            lambda part: extras.warnings.extend(objects(part / FOLDER)),
        )
    stages.run("report", extras.write, "the picture", partial(write_picture, maps, record))
    # the last, since it shows every warning
    page = partial(write_page, maps, found.regions, record, picture=folder / OVERLAY)
    stages.run("report", extras.write, "the page", page)
    extras.then(lambda: write_record({**record, "timing_s": stages.seconds}, folder / RECORD))
    return tuple(extras.lost)


def _outcome(found: Analysis, model: HieModel) -> Outcome:
    quality = found.examined.quality
    if found.explanation is None:
        return Outcome(REFUSED, None, None, model.bundle.demonstration, quality)
    number = found.explanation.prediction
    demonstration = model.bundle.demonstration
    return Outcome(
        PREDICTED,
        number.probability_adverse,
        number.interval,
        demonstration,
        quality,
        found.examination,
        model.prevalence,
    )


def _request(arguments: argparse.Namespace) -> Request:
    check_prevalence(arguments.prevalence)
    names = (*_CHOICES, "z_adc", "mask", "model", "atlas", "dicom")
    return replace(
        Request(arguments.input, timing=given_timing(arguments), override=known_overrides(arguments.override)),
        **{name: getattr(arguments, name) for name in names},
    )


def settings_of(request: Request, scan: Scan) -> Settings:
    """What the record keeps of a request."""
    return Settings(
        **{name: getattr(request, name) for name in _CHOICES},
        age_given=request.timing.age_days is not None,
        gestation_weeks=request.timing.gestation_weeks,
        cooled=request.timing.cooled,
        overrides=request.override,
        mask_sha256=scan.mask_sha256,
        z_adc_sha256=scan.z_adc_sha256,
    )
