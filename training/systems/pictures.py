"""The maps of one system: of the outcome in the same synthetic infant, of age in the same held-out subjects."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.pipeline.analysis import analyse
from AGE2HIELib.pipeline.inputs import load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.quality.check import OVERRIDABLE
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.volume import Volume
from training.explaining.age_maps import AgeMapShown, age_map, age_picture, held_out_subjects
from training.files import write_whole
from training.learning.ages import predicted_years
from training.lessons import TRUE, Lesson
from training.preparing.inputs import t1_spec
from training.preparing.store import load_prepared
from training.pretraining import trained_age_network
from training.run_folder import RunFolder
from training.settings import SYNTHETIC, T1_PLACEMENT

INFANT = {"seed": 11, "injury": "bgt", "acquisition": "2mm"}  # a seed of no cohort; the basal ganglia are injured
_COLOURS, _WIDTH = 192, 1180  # of the page


def write_infant(folder: Path) -> Path:
    """The ADC map of the synthetic infant that every system explains; made once."""
    if not folder.exists():
        unfinished = folder.with_name(f".part-{os.getpid()}-{folder.name}")
        unfinished.mkdir(parents=True)
        try:
            write_phantom(unfinished, file_format="mha", **INFANT)  # type: ignore[arg-type]
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder / "adc.mha"


def picture_outcome(bundle: Path, infant: Path, file: Path, *, method: str) -> str:
    """Write the map of an exported bundle; returns what the gate and the network said, for the page."""
    atlas, model = load_atlas(), load_model(bundle, device="cpu")
    found = analyse(read_scan(infant), model, atlas, Request(override=OVERRIDABLE, saliency=method))
    draw_infant(found.gated.adc, found.gated.brain, found.saliency, file)
    if found.explanation is None:
        failed = ", ".join(check.name for check in found.gated.quality.checks if not check.passed)
        return f"withheld by the quality gate: {failed}"
    warned = [check.name for check in found.gated.quality.checks if not check.passed]
    said = f"score {found.explanation.prediction.probability_adverse:.2f}"
    return f"{said}; the gate warns of: {', '.join(warned)}" if warned else said


def draw_infant(adc: Volume, brain: Volume, saliency: Volume | None, file: Path) -> None:
    """A map over ADC, all on the scan's grid."""
    maps = Maps(adc, brain, saliency=saliency, lesion=None)
    _write(partial(overlay_picture, maps, demonstration=True, saliency_title="Saliency over ADC"), file)


def picture_age(run: RunFolder, file: Path) -> str:
    """Write the maps of the network that learned age; returns the ages that it read."""
    network = trained_age_network(run, load_prepared(run.prepared_ages), Lesson(TRUE))
    return draw_age(run, network.requires_grad_(False).eval(), file)


def draw_age(run: RunFolder, network: AgeNetwork, file: Path) -> str:
    """The same of any network of age, in evaluation mode."""
    settings, cohort = run.settings, load_prepared(run.prepared_ages)
    grid = t1_spec(settings.input.spacing_mm, T1_PLACEMENT, settings.network.poolings).grid
    shown = []
    for one in held_out_subjects(run, cohort):
        found = age_map(network, one.image, grid, method=settings.explain.method)
        years = float(predicted_years(network, one.image, np.array([one.brain_ml]))[0])
        shown.append(AgeMapShown(Volume(one.image[0, 0], grid.affine_ras), found, one.age_years, years))
    synthetic = settings.ages.source == SYNTHETIC
    _write(partial(age_picture, shown, method=settings.explain.method, synthetic=synthetic), file)
    return "; ".join(f"{one.age_years:.1f} years read as {one.predicted_years:.1f}" for one in shown)


def _write(draw: Callable[[], Image.Image], file: Path) -> None:
    picture = draw()
    size = (_WIDTH, round(picture.height * _WIDTH / picture.width))
    small = picture.resize(size, Image.Resampling.LANCZOS).quantize(_COLOURS)
    write_whole(file, lambda part: small.save(part, optimize=False))
