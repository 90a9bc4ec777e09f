"""A normative atlas from normal newborns' ADC maps: place all in a template, average, take the mean shape, repeat.

The first template is the bundled atlas; what is synthetic in it is gone after the first round, since only its labels
are carried to the result. Every step is kept in a working folder under the hash of what it was made from, so that a
build that was interrupted goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.normative.average import (
    ShapeDifference,
    Statistics,
    group_statistics,
    mean_difference,
    shape_difference,
    to_mean_shape,
)
from AGE2HIELib.normative.cases import (
    CaseTask,
    KeptCase,
    case_key,
    find_images,
    keep_case,
    matching_lesions,
    read_kept_case,
)
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas, write_atlas
from AGE2HIELib.preprocess.deform import carry_labels, deform
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.system.outputs import output_file
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.volume import Grid

VERSION = "2"  # of what is kept: raise it when the same input would give other values
ROUNDS = 3
LEAST_CASES = 4
_LESION = -1.0  # marks brain that does not count, where ADC is never negative


@dataclass(frozen=True)
class BuildRequest:
    """What to build: the folders of images and lesion masks, and how the atlas describes itself."""

    images: Path
    lesions: Path | None
    name: str
    provenance: str
    licence: str
    synthetic: bool = False
    jobs: int = 0


@dataclass(frozen=True)
class BuiltAtlas:
    """The atlas, and the files that were left out with the reason."""

    atlas: Atlas
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _PlaceTask:
    case: Path
    template: Path
    template_sha256: str
    placed: Path


def build_atlas(wanted: BuildRequest, start: Path, work: Path, progress: Progress, *, shown: bool = True) -> BuiltAtlas:
    """Build an atlas in the frame of another one.

    Args:
        wanted: the infants and the atlas's description.
        start: atlas folder that gives the frame, the first template and the labels.
        work: folder for what is kept between rounds; the caller removes it.
        progress: told of every round.
        shown: draw progress bars.

    Raises:
        InputError: too few maps pass the quality gate, or a file is no ADC map.
    """
    rounds = [f"round {number + 1}" for number in range(ROUNDS)]
    stages = Stages(("read", *rounds, "labels"), progress)
    with stages("read"):
        cases, left_out = _kept_cases(wanted, start, work, shown=shown)
    template, statistics, moved_mm = start, None, 0.0
    for number, name in enumerate(rounds):
        with stages(name):
            placed = _place_all(cases, template, work, jobs=wanted.jobs, title=name, shown=shown)
            statistics = group_statistics([path.with_suffix(".npy") for path in placed], load_atlas(template).grid)
            mean = mean_difference([_difference(path) for path in placed])
            updated, moved_mm = _in_mean_shape(statistics, mean)
            if number + 1 < ROUNDS:
                template = _as_template(updated, load_atlas(start), work / f"template-{number}")
    assert statistics is not None  # ROUNDS is not zero
    with stages("labels"):
        atlas = _described(statistics, wanted, load_atlas(start), len(cases), moved_mm)
    return BuiltAtlas(atlas, tuple(left_out))


def _kept_cases(wanted: BuildRequest, start: Path, work: Path, *, shown: bool) -> tuple[list[Path], list[str]]:
    images = find_images(wanted.images)
    lesions = matching_lesions(images, wanted.lesions)
    gate = load_atlas(start).sha256
    work.mkdir(parents=True, exist_ok=True)
    tasks = [
        CaseTask(image, lesion, start, work / f"case-{case_key(image, lesion, VERSION, gate)}.npz")
        for image, lesion in zip(images, lesions, strict=True)
    ]
    _refuse_twins(tasks)
    missing = [task for task in tasks if not task.kept.exists()]
    reasons = run_all(keep_case, missing, jobs=wanted.jobs, description="maps read", shown=shown)
    left_out = [f"{task.image.name}: {why}" for task, why in zip(missing, reasons, strict=True) if why]
    cases = [task.kept for task in tasks if task.kept.exists()]
    if len(cases) < LEAST_CASES:
        why = f" Left out: {'; '.join(left_out)}." if left_out else ""
        raise InputError(
            f"{len(cases)} of {len(tasks)} maps can be used, and an atlas needs {LEAST_CASES} at least.{why} "
            "Give more ADC maps of normal newborns."
        )
    return cases, left_out


def _refuse_twins(tasks: list[CaseTask]) -> None:
    first_file: dict[Path, Path] = {}
    for task in tasks:
        if task.kept in first_file:
            raise InputError(
                f"'{task.image.name}' and '{first_file[task.kept].name}' hold the same bytes, and an infant must not "
                "count twice. Remove one of them."
            )
        first_file[task.kept] = task.image


def _place_all(cases: list[Path], template: Path, work: Path, *, jobs: int, title: str, shown: bool) -> list[Path]:
    made_from = load_atlas(template).sha256
    key = sha256(f"{VERSION} {made_from}".encode()).hexdigest()[:16]
    tasks = [_PlaceTask(case, template, made_from, work / f"placed-{key}-{case.stem}.npz") for case in cases]
    missing = [task for task in tasks if not task.placed.exists()]
    run_all(_place_case, missing, jobs=jobs, description=title, shown=shown)
    return [task.placed for task in tasks]


@cache
def _template(folder: Path, sha256: str) -> Atlas:
    """Once a process; the hash tells apart what lay in one folder at different times."""
    return load_atlas(folder)


def _place_case(task: _PlaceTask) -> None:
    """ADC on the template's grid (``.npy``) and the shape's difference from it (``.npz``, written last)."""
    template, case = _template(task.template, task.template_sha256), read_kept_case(task.case)
    placement = deform(case.adc, case.brain, template, place_in_atlas(case.adc, case.brain, template))
    values = _placed_values(placement, case, template.grid)
    difference = shape_difference(placement)
    with output_file(task.placed.with_suffix(".npy"), overwrite=True) as part:
        np.save(part, values)
    with output_file(task.placed, overwrite=True) as part:
        np.savez(part, log_stretch=difference.log_stretch, displacement_mm=difference.displacement_mm)


def _placed_values(placement: Placement, case: KeptCase, grid: Grid) -> np.ndarray:
    weight, brain = (
        placement.to_atlas(mask.like(mask.array.astype(np.float32)), grid).array for mask in (case.normal, case.brain)
    )
    smoothed = placement.to_atlas(case.smoothed, grid).array / np.maximum(weight, 0.5)
    usable = np.where(weight >= 0.5, np.maximum(smoothed, 0), _LESION)
    return np.where(brain >= 0.5, usable, np.nan).astype(np.float32)


def _difference(path: Path) -> ShapeDifference:
    with np.load(path) as stored:
        return ShapeDifference(stored["log_stretch"], stored["displacement_mm"])


def _in_mean_shape(found: Statistics, mean: ShapeDifference) -> tuple[Statistics, float]:
    presence = found.brain.like(found.brain.array.astype(np.float32))
    (mean_adc, sd, share), moved_mm = to_mean_shape([found.mean, found.sd, presence], found.brain, mean)
    inside = share.array >= 0.5
    weight = np.maximum(share.array, 0.5)
    pair = [image.like(np.where(inside, image.array / weight, 0).astype(np.float32)) for image in (mean_adc, sd)]
    return replace(found, mean=pair[0], sd=pair[1], brain=share.like(inside)), moved_mm


def _as_template(found: Statistics, start: Atlas, folder: Path) -> Path:
    blank = start.labels.like(np.zeros(start.grid.shape, np.int16))
    bare = replace(start, name="template", mean=found.mean, sd=found.sd, brain=found.brain, labels=blank, zones=None)
    write_atlas(bare, folder)
    return folder


def _described(found: Statistics, wanted: BuildRequest, start: Atlas, count: int, moved_mm: float) -> Atlas:
    atlas = replace(
        start,
        name=wanted.name,
        provenance=wanted.provenance or f"{count} normal ADC maps, averaged by age2hie atlas build",
        licence=wanted.licence,
        synthetic=wanted.synthetic,
        mean=found.mean,
        sd=found.sd,
        brain=found.brain,
        made={
            "infants": count,
            "rounds": ROUNDS,
            "labels_from": start.name,
            "outliers_left_out": round(found.left_out, 4),
            "mean_displacement_left_mm": round(moved_mm, 3),
            # of the sd at one voxel; pooling with its neighbours makes it smaller by an unknown factor
            "sd_relative_error": round(float(1 / np.sqrt(2 * (count - 1))), 3),
        },
    )
    return carry_labels(start, atlas)
