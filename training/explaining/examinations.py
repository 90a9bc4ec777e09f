"""The exported model's maps over a cohort: each examined, and held against the lesion where one is marked.

Every infant goes the way that ``age2hie predict --examine`` goes, from its raw scan on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid
from AGE2HIELib.pipeline.analysis import Analysis, analyse, stages_of
from AGE2HIELib.pipeline.inputs import HieModel, Scan, load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.result.verdicts import Examination, Finding
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.tables.problems import refuse
from AGE2HIELib.volume import Volume
from training.cohorts.bonbid import HieCase, read_bonbid
from training.explaining.sampling import choose_cases
from training.files import read_row, sha256_of, store_row, write_text, write_tsv
from training.preparing.store import is_prepared, load_prepared
from training.pretraining import uses_one_process
from training.run_folder import RunFolder
from training.settings import SYNTHETIC

VERSION = 2  # raise it when the same case would be examined otherwise
_DEVICES = {"auto": "auto", "cpu": "cpu", "gpu": "cuda", "mps": "mps"}  # Lightning's words -> the library's


@dataclass(frozen=True)
class ExamineTask:
    """One infant; model and atlas are named by their folders, for other processes.

    Attributes:
        model_sha256: what the model is: a folder may hold another one later.
        kept: where the finished row goes, under ``key``.
        released: whether the released z-map is given to the network where there is one.
    """

    case: HieCase
    model: Path
    model_sha256: str
    atlas: Path
    method: str
    device: str
    released: bool
    synthetic: bool
    kept: Path
    key: str


def examine_cohort(run: RunFolder, model: Path) -> pd.DataFrame:
    """Examine what is not there yet, and write ``examinations.tsv`` with what its columns mean beside it.

    Args:
        model: folder of the exported bundle.

    Raises:
        InputError: there is no model or no prepared cohort yet, or no infants are asked for.
        ModelError: the model was not trained on z-maps of this origin.
    """
    tasks = _tasks(run, model)
    missing = [task for task in tasks if read_row(task.kept, task.key) is None]
    jobs = 1 if uses_one_process(run.settings) or len(missing) == 1 else run.settings.run.jobs
    run_all(examine_case, missing, jobs=jobs, description="maps examined")
    rows = [_finished(task) for task in tasks]
    table = pd.DataFrame([row["values"] for row in rows])
    write_tsv(run.examinations, table)
    figures = {name: told for row in rows for name, told in row["figures"].items()}
    write_text(run.examination_figures, json.dumps(figures, indent=1) + "\n")
    return table


def _finished(task: ExamineTask) -> dict[str, Any]:
    row = read_row(task.kept, task.key)
    assert row is not None  # examine_case has kept it
    return row


def _tasks(run: RunFolder, folder: Path) -> list[ExamineTask]:
    settings = run.settings
    if settings.explain.cases == 0:
        raise InputError("The setting explain.cases is 0: no infant is asked for. Set it to a number, or to all.")
    if not (folder / "manifest.json").exists():
        raise InputError(f"There is no model in '{folder.name}'. Run the step 'export' first.")
    if not is_prepared(run.prepared_hie):
        raise InputError("The infants are not prepared. Run the step 'prepare' first.")
    cases, problems = read_bonbid(run.hie_data, run.mapping, run.settings.hie.outcome)
    refuse(problems)
    by_name = {case.case: case for case in cases}
    table = load_prepared(run.prepared_hie).table
    if not set(table["case"]) <= set(by_name):
        raise InputError("The cohort lacks infants that were prepared. Run the step 'prepare' again.")
    bundle = read_bundle(folder)
    released = settings.hie.z_maps == "released"
    words = (VERSION, bundle.sha256, load_atlas(settings.input.atlas_folder).sha256, settings.explain.method, released)
    chosen = choose_cases(table, settings.explain.cases, seed=settings.run.seed)
    return [
        ExamineTask(
            case=by_name[name],
            model=folder,
            model_sha256=bundle.sha256,
            atlas=settings.input.atlas_folder,
            method=settings.explain.method,
            device=_DEVICES[settings.hardware.accelerator],
            released=released,
            synthetic=settings.hie.source == SYNTHETIC,
            kept=run.examined / f"{name}.json",
            key=sha256_of([by_name[name].image, by_name[name].z_adc, by_name[name].lesion], *words),
        )
        for name in chosen
    ]


def examine_case(task: ExamineTask) -> None:
    """Examine one infant and keep its row."""
    atlas, model = _atlas(task.atlas), _model(task.model, task.device, task.model_sha256)
    scan = read_scan(task.case.image, z_adc=task.case.z_adc if task.released else None)
    request = Request(saliency=task.method, examine=True)
    found = analyse(scan, model, atlas, request, stages_of(request))
    figures = {one.name: _words(one) for one in (found.examination.findings if found.examination else ())}
    store_row(task.kept, task.key, {"values": _values(task, scan, found), "figures": figures})


_atlas = cache(load_atlas)


@cache
def _model(folder: Path, device: str, sha256: str) -> HieModel:
    """``sha256`` is there so that another model in the same folder is another one."""
    return load_model(folder, device=device)


def _words(finding: Finding) -> dict[str, str]:
    return {"limit": finding.limit, "else": finding.meaning}


def _values(task: ExamineTask, scan: Scan, found: Analysis) -> dict[str, Any]:
    """The row of the table; what a refused scan does not have is left empty."""
    failed = [check.name for check in found.gated.quality.stopping]
    row: dict[str, Any] = {
        "case": task.case.case,
        "site": task.case.site,
        "outcome": "adverse" if task.case.adverse else "normal",
        "synthetic": task.synthetic,
        "refused": "; ".join(failed) if found.explanation is None else "",
        "method": task.method,
    }
    if found.explanation is None or found.examination is None:
        return row
    row["probability"] = found.explanation.prediction.probability_adverse
    return row | _figures(found.examination) | _lesion_figures(task.case, scan, found)


def _figures(found: Examination) -> dict[str, Any]:
    failed: Sequence[str] = [one.name for one in found.findings if not one.passed]
    values: dict[str, float | None] = {one.name: one.value for one in found.findings}
    values |= {f"{one.name}, p": one.p for one in found.findings if one.p is not None}
    return {**values, "failed": len(failed), "failed_figures": "; ".join(failed)}


def _lesion_figures(case: HieCase, scan: Scan, found: Analysis) -> dict[str, Any]:
    if case.lesion is None or found.saliency is None or found.explanation is None:
        return {}
    lesion = to_canonical(read_on_grid(case.lesion, scan.source.stored, what="lesion"))
    half_cell = max(found.explanation.resolution_mm) / 2
    made = in_lesion(found.saliency, lesion, found.gated.brain, half_cell_mm=half_cell)
    return asdict(made) if made else {}


@dataclass(frozen=True)
class InLesion:
    """Attributes:
    peak_mm: distance of the map's highest voxel from the lesion; 0 inside it.
    pointing: whether that is at most half a cell of the map: the pointing game (Zhang et al. 2018,
        doi:10.1007/s11263-017-1059-x).
    enrichment: share of the map's positive values that lies in the lesion, over the lesion's share of the brain: 1
        is chance.
    """

    peak_mm: float
    pointing: bool
    enrichment: float


def in_lesion(saliency: Volume, lesion: Volume, brain: Volume, *, half_cell_mm: float) -> InLesion | None:
    """The figures, for maps on one grid; None where no lesion lies in the brain or nothing in the map is positive."""
    marked = (lesion.array > 0) & brain.array
    positive = np.where(brain.array, np.maximum(np.nan_to_num(saliency.array), 0), 0).astype(np.float64)
    if not marked.any() or positive.max() <= 0:
        return None
    peak = np.unravel_index(int(positive.argmax()), positive.shape)
    distance = float(distance_transform_edt(~marked, sampling=saliency.grid.spacing_mm)[peak])
    by_chance = marked.sum() / brain.array.sum()
    return InLesion(distance, distance <= half_cell_mm, float(positive[marked].sum() / positive.sum() / by_chance))
