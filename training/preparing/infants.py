"""Prepares infants by the library's own steps: unit, mask, placement, z-map, network input."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from AGE2HIELib.clinical.variables import FUSED
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid
from AGE2HIELib.pipeline.admission import gate_scan
from AGE2HIELib.pipeline.inputs import Scan, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.sequences import sequences_on_scan
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.network_input import SEQUENCES, InputSpec, network_input
from AGE2HIELib.preprocess.placement import Placement
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume
from training.cohorts.bonbid import HieCase
from training.files import sha256_of
from training.preparing.store import PreparedCohort, image_file, keep_image, pack

VERSION = 4  # raise it when the same files would be prepared otherwise
NO_BRAIN = "no brain was found. Give a skull-stripped ADC map, 0 outside the brain."
CLINICAL, OUTCOME = "clinical_", "outcome_"  # begin the names of columns
DOUBTED = "doubted_sequences"
LOW_Z = -2.0  # the organisers' rule for a lesion (doi:10.1101/2023.06.30.546841)


@dataclass(frozen=True)
class InfantTask:
    """One infant and where its prepared image goes; the atlas is named by its folder, for other processes."""

    case: HieCase
    key: str
    folder: Path
    atlas: Path
    spec: InputSpec
    z_maps: str


@dataclass(frozen=True)
class InfantOptions:
    """``z_maps``: "released" or "atlas", which z-map measures the lesion volume where both are there."""

    atlas: Path
    spec: InputSpec
    z_maps: str
    jobs: int


def prepare_infants(cases: Sequence[HieCase], folder: Path, options: InfantOptions) -> PreparedCohort:
    """Prepare what is not there yet, in parallel, and pack the cohort.

    Raises:
        InputError: images that cannot be prepared, a line each; what was prepared is kept.
    """
    atlas = load_atlas(options.atlas)
    words = (VERSION, atlas.sha256, options.spec.to_json(), options.z_maps)
    tasks = [
        InfantTask(
            case=case,
            key=sha256_of([case.image, case.z_adc, case.lesion, *_sequence_files(case, options.spec)], *words)[:32],
            folder=folder,
            atlas=options.atlas,
            spec=options.spec,
            z_maps=options.z_maps,
        )
        for case in cases
    ]
    missing = [task for task in tasks if not image_file(folder, task.key).exists()]
    wrong = [line for line in run_all(prepare_infant, missing, jobs=options.jobs, description="infants placed") if line]
    if wrong:
        raise InputError(f"{len(wrong)} image(s) cannot be prepared:\n" + "\n".join(wrong))
    cohort = pack(folder, [task.key for task in tasks], table_rows(cases))
    _tell_doubts(cohort.table)
    return cohort


def _tell_doubts(table: pd.DataFrame) -> None:
    """A T1 or T2 that may be another infant's is left out, as one that is missing, and named."""
    if DOUBTED in table:
        for case, doubt in table.loc[table[DOUBTED].notna(), ["case", DOUBTED]].itertuples(index=False):
            print(f"{case}: left out. {doubt}", file=sys.stderr)


def table_rows(cases: Sequence[HieCase]) -> list[dict[str, Any]]:
    """What the outcome table says of each case: columns ``case subject site adverse age_days``, ``clinical_`` and
    ``outcome_`` with each clinical variable and each further outcome that any case has; None where it is not known.
    """
    known = [name for name in FUSED if any(name in case.clinical.given for case in cases)]
    others = sorted({name for case in cases for name in case.others})
    return [
        {
            **{key: getattr(case, key) for key in ("case", "subject", "site", "adverse", "age_days")},
            **{f"{CLINICAL}{name}": case.clinical.number(name) for name in known},
            **{f"{OUTCOME}{name}": float(case.others[name]) if name in case.others else math.nan for name in others},
        }
        for case in cases
    ]


def known_outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """``case`` and the further outcomes of a prepared cohort's table by their own names; 0, 1 or NaN."""
    columns = [column for column in table if str(column).startswith(OUTCOME)]
    return table[["case", *columns]].rename(columns=lambda name: str(name).removeprefix(OUTCOME))


def clinical_values(table: pd.DataFrame) -> np.ndarray | None:
    """``(N, len(FUSED))`` of a prepared cohort's table, NaN where a variable is not known; None where all are."""
    if not any(f"{CLINICAL}{name}" in table for name in FUSED):
        return None
    return table.reindex(columns=[f"{CLINICAL}{name}" for name in FUSED]).to_numpy(float)


def prepare_infant(task: InfantTask) -> str:
    """Prepare and keep one infant; returns what is wrong with it, or nothing."""
    try:
        row, arrays = infant_arrays(task.case, _atlas(task.atlas), task.spec, z_maps=task.z_maps)
    except InputError as problem:
        return f"{task.case.image.name}: {problem}"
    keep_image(task.folder, task.key, row, arrays)
    return ""


_atlas = cache(load_atlas)


def read_infant(case: HieCase) -> tuple[Scan, Volume | None]:
    """The scan with its z-map, and the lesion in canonical voxel order; None where there is none.

    Raises:
        InputError: a file cannot be read, does not lie on the scan's grid, or the image is no ADC map.
    """
    scan = read_scan(case.image, z_adc=case.z_adc, t1=case.t1, t2=case.t2)
    if scan.source.adc is None:
        raise InputError("holds no ADC map. Make one with 'age2hie adc'.")
    lesion = read_on_grid(case.lesion, scan.source.stored, what="lesion") if case.lesion else None
    return scan, to_canonical(lesion) if lesion is not None else None


def infant_arrays(
    case: HieCase, atlas: Atlas, spec: InputSpec, *, z_maps: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(measured facts, arrays): ``volume`` holds ADC, z of the atlas, and the released z (or the atlas's again)."""
    scan, lesion = read_infant(case)
    gated = gate_scan(scan, atlas, Request(), Stages(CHECK_STAGES))  # as a prediction does it, to the last bit
    if gated.placement is None:
        raise InputError(NO_BRAIN)
    adc, brain, placement = gated.adc, gated.brain, gated.placement
    own = z_map(adc, brain, atlas, placement)
    released = scan.z_adc if scan.z_adc is not None else own
    asked = _sequence_files(case, spec)
    found, doubts = sequences_on_scan(scan.sequences, adc, brain) if asked else ({}, {})
    sequences = {name: image for name, image in found.items() if name not in doubts}
    arrays = {"volume": _channels({"adc": adc, **sequences}, brain, (own, released), placement, spec)}
    row: dict[str, Any] = _facts(adc, brain, released if z_maps == "released" else own)
    if any(channel.name in SEQUENCES for channel in spec.channels):
        row |= {f"has_{name}": name in sequences for name in SEQUENCES} | {DOUBTED: " ".join(doubts.values())}
    row |= {"image_sha256": scan.source.sha256, "released_z": scan.z_adc is not None}
    if lesion is not None:
        row["lesion_load"] = float((lesion.array > 0).sum() / brain.array.sum())
        arrays["lesion"] = _placed_mask(lesion, placement, spec)
    return row, arrays


def _sequence_files(case: HieCase, spec: InputSpec) -> list[Path]:
    """T1 and T2 of the case as far as they are there and the network reads them."""
    read = [channel.name for channel in spec.channels]
    return [file for name in SEQUENCES if name in read and (file := getattr(case, name)) is not None]


def _channels(
    images: Mapping[str, Volume], brain: Volume, z_maps: tuple[Volume, Volume], placement: Placement, spec: InputSpec
) -> np.ndarray:
    feed = partial(network_input, brain=brain, placement=placement, spec=spec)
    own, other = (feed({**images, "z_adc": z})[0] for z in z_maps)
    return np.concatenate([own[:2], other[1:2], own[2:]]).astype(np.float16)


def _facts(adc: Volume, brain: Volume, z: Volume) -> dict[str, Any]:
    inside = brain.array & np.isfinite(adc.array)
    return {
        "mean_adc": float(adc.array[inside].mean()),
        "low_z_ml": float((z.array[inside] < LOW_Z).sum() * adc.grid.voxel_ml),
        "brain_ml": float(brain.array.sum() * adc.grid.voxel_ml),
    }


def _placed_mask(mask: Volume, placement: Placement, spec: InputSpec) -> np.ndarray:
    placed = placement.to_atlas(mask.like((mask.array > 0).astype(np.uint8)), spec.grid, interpolation="nearest")
    return (placed.array > 0).astype(np.uint8)
