"""What the workers of a cluster must find as the computer does that asks: the scans, the output, the model, the atlas.

They lie on a disk that all of them share. A worker that does not see it, or that has another model of the same name,
would fail every case, or worse, answer; so each looks before its first one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from AGE2HIELib.batch.case import BatchJob, WorkerInputs, load_inputs
from AGE2HIELib.batch.find_cases import BatchCase
from AGE2HIELib.bundle.model_facts import for_z_map
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.shared_disk import is_there

LOCK = ".age2hie-lock"  # in the output while a batch runs; the system frees it with the process, however that ends


@dataclass(frozen=True)
class SharedFiles:
    """``cases``: entries of some cases, of which at least one must be there: any of them may be removed meanwhile."""

    output: Path
    cases: tuple[Path, ...]
    model_sha256: str
    atlas_sha256: str


def shared_files(job: BatchJob, cases: Sequence[BatchCase]) -> SharedFiles:
    """InputError for a model or an atlas with which no case could be predicted."""
    bundle, atlas = read_bundle(find_model(job.request.model)), load_atlas(job.request.atlas)
    for_z_map(bundle, atlas, released=False)
    some = (cases[0], cases[len(cases) // 2], cases[-1])
    return SharedFiles(job.output, tuple(case.entry.absolute() for case in some), bundle.sha256, atlas.sha256)


def job_anywhere(job: BatchJob) -> BatchJob:
    """The same whatever the folder is that a process was started in."""
    request = job.request
    model = request.model.absolute() if request.model is not None and request.model.exists() else request.model
    atlas = request.atlas.absolute() if request.atlas is not None else None
    return replace(job, request=replace(request, model=model, atlas=atlas, input=None, clinical=None))


def case_anywhere(case: BatchCase) -> BatchCase:
    return replace(
        case,
        entry=case.entry.absolute(),
        scan=case.scan.absolute() if case.scan is not None else None,
        sequences={name: path.absolute() for name, path in case.sequences.items()},
    )


def load_shared_inputs(job: BatchJob, shared: SharedFiles) -> WorkerInputs:
    """``load_inputs`` where all is there that must be; else InputError says what this worker lacks."""
    remedy = "Workers need the paths of this call, on a disk that all of them share."
    if not is_there((shared.output / LOCK,)):
        raise InputError(f"It does not see what is in the output '{shared.output.name}'. {remedy}")
    if not is_there(shared.cases):
        raise InputError(f"It does not find the case '{shared.cases[0].name}'. {remedy}")
    inputs = load_inputs(job)
    if inputs.model.bundle.sha256 != shared.model_sha256:
        raise InputError(f"It has another model '{inputs.model.bundle.name}' than this call. {remedy}")
    if inputs.atlas.sha256 != shared.atlas_sha256:
        raise InputError(f"It has another atlas '{inputs.atlas.name}' than this call. {remedy}")
    return inputs
