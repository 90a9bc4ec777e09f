"""``age2hie predict``: one scan in, an output folder out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.commands.reading import given_paths, resolve_atlas
from AGE2HIELib.commands.speaking import examination_in_words, say_refused
from AGE2HIELib.installed import find_model
from AGE2HIELib.outputs import output_folder
from AGE2HIELib.pipeline import (
    EXAMINED_STAGES,
    STAGES,
    Analysis,
    HieModel,
    Scan,
    analyse,
    check_z_origin,
    load_model,
    read_scan,
)
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.quality import Check
from AGE2HIELib.report.folder import PAGE, RECORD, write_maps, write_report
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.record import Circumstances, result_record, write_record
from AGE2HIELib.report.settings import Settings
from AGE2HIELib.timing import timing_warnings

if TYPE_CHECKING:
    from AGE2HIELib.explain.examination import Examination

PREDICTED, REFUSED = 0, 3
_CHOICES = ("align", "series", "device", "saliency", "examine", "age_days", "gestation_weeks")


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
    age_days: float | None = None
    gestation_weeks: float | None = None
    cooled: bool | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the infant's age; InputError for one that cannot be."""
        return timing_warnings(age_days=self.age_days, gestation_weeks=self.gestation_weeks, cooled=self.cooled)


@dataclass(frozen=True)
class Inputs:
    """Everything that a request names, read and verified."""

    scan: Scan
    model: HieModel
    atlas: Atlas


@dataclass(frozen=True)
class Outcome:
    """How a prediction ended: its exit code, the number (None: refused) and the checks that were not passed."""

    code: int
    probability: float | None
    interval: tuple[float, float] | None
    demonstration: bool
    failed: tuple[Check, ...]
    examination: Examination | None = None


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """The command itself."""
    request = _request(arguments)
    _ = request.warnings  # an age that cannot be is refused before a folder is made
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
    model = stages.run("model", load_model, find_model(request.model), device=request.device)
    return Inputs(scan, model, atlas)


def predict_inputs(folder: Path, request: Request, inputs: Inputs, stages: Stages) -> Outcome:
    """``predict_into`` from what has been read already."""
    scan, model, atlas = inputs.scan, inputs.model, inputs.atlas
    check_z_origin(model.bundle, atlas, released=scan.z_adc is not None)
    found = analyse(scan, model, atlas, stages, align=request.align, method=request.saliency, question=request.examine)
    warnings = (*found.examined.warnings, *found.model.warnings, *request.warnings)
    settings = settings_of(request, scan)
    about = Circumstances(scan.source, model.bundle, atlas, found.model.device, warnings, settings)
    _write(found, about, stages, folder)
    return _outcome(found, model)


def tell(outcome: Outcome, output: Path, progress: Progress, *, text: bool) -> None:
    """Say how it ended: in words, or as events."""
    if outcome.code == REFUSED:
        say_refused(outcome.failed, progress, page=output / PAGE)
    progress.result(output)
    if not text:
        return
    if outcome.probability is not None and outcome.interval is not None:
        heading = "Demonstration score" if outcome.demonstration else "Probability of an adverse outcome at two years"
        low, high = outcome.interval
        print(f"{heading} {outcome.probability:.2f} (90 % interval {low:.2f}-{high:.2f})")
    if outcome.examination is not None:
        print(examination_in_words(outcome.examination))
    print(f"Report: {output / PAGE}")


def _write(found: Analysis, about: Circumstances, stages: Stages, folder: Path) -> None:
    seen = found.examined
    labels = seen.placement.to_native(about.atlas.labels, interpolation="nearest") if seen.placement else None
    maps = Maps(seen.adc, seen.brain, found.z, found.saliency, labels)
    stages.run("report", write_maps, maps, about.source.stored, folder)
    record = result_record(about, seen.quality, found.explanation, stages.seconds, found.examination)
    stages.run("report", write_report, maps, found.regions, record, folder)
    write_record({**record, "timing_s": stages.seconds}, folder / RECORD)


def _outcome(found: Analysis, model: HieModel) -> Outcome:
    failed = tuple(check for check in found.examined.quality.checks if not check.passed)
    if found.explanation is None:
        return Outcome(REFUSED, None, None, model.bundle.demonstration, failed)
    number = found.explanation.prediction
    demonstration = model.bundle.demonstration
    return Outcome(PREDICTED, number.probability_adverse, number.interval, demonstration, failed, found.examination)


def _request(arguments: argparse.Namespace) -> Request:
    cooled = None if arguments.cooled is None else arguments.cooled == "yes"
    names = (*_CHOICES, "z_adc", "mask", "model", "atlas")
    return replace(Request(arguments.input, cooled=cooled), **{name: getattr(arguments, name) for name in names})


def settings_of(request: Request, scan: Scan) -> Settings:
    """What the record keeps of a request."""
    chosen = {name: getattr(request, name) for name in (*_CHOICES, "cooled")}
    return Settings(**chosen, mask_sha256=scan.mask_sha256, z_adc_sha256=scan.z_adc_sha256)
