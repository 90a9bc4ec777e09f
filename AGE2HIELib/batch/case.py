"""One case of a batch, in a worker: kept where it is complete, else predicted; always a row of the table."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from AGE2HIELib.batch.find_cases import BatchCase
from AGE2HIELib.batch.table import CaseRow, row_of_result
from AGE2HIELib.bundle.model_facts import for_z_map
from AGE2HIELib.clinical.reading import clinical_file
from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.analysis import stages_of
from AGE2HIELib.pipeline.inputs import HieModel, Inputs, load_model_of, read_atlas_of, read_scan_of
from AGE2HIELib.pipeline.prediction import PREDICTED, REFUSED, predict_inputs, settings_of
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.release import __version__
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.stored import RECORD, Stored, read_stored
from AGE2HIELib.system.logs import log_path, quiet_libraries, write_traceback
from AGE2HIELib.system.outputs import PART, holds_result, output_folder, put_back_aside
from AGE2HIELib.system.stray_files import remove_stale_files

UNUSABLE, DEFECT = 2, 1
_A_FILE = "a file of it"
_ENDING = re.compile(r"\.(?:nii|hdr|img|bvals?|bvecs?|nrrd|nhdr|mha|mhd|z?raw|json|dcm|ima)(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class BatchJob:
    """What is asked of every case: ``request`` without its scan, and the folder of the cases' folders."""

    request: Request
    output: Path
    overwrite: bool


@dataclass(frozen=True)
class WorkerInputs:
    """What a worker loads once."""

    job: BatchJob
    model: HieModel
    atlas: Atlas


@dataclass(frozen=True)
class CaseEnded:
    """``kept``: an earlier call had made it."""

    row: CaseRow
    kept: bool = False


def load_inputs(job: BatchJob) -> WorkerInputs:
    """Raises InputError for a model or an atlas with which no case could be predicted.

    What an earlier worker of this computer has left half made is removed here, and not for each case: the folder of a
    large batch takes long to list.
    """
    quiet_libraries()
    remove_stale_files(job.output, PART)
    stages = stages_of(job.request)
    atlas, model = read_atlas_of(job.request, stages), load_model_of(job.request, stages)
    for_z_map(model.bundle, atlas, released=False)  # an error of all cases is raised before the first one
    return WorkerInputs(job, model, atlas)


def do_case(inputs: WorkerInputs, case: BatchCase) -> CaseEnded:
    """Whatever is wrong with a case is told in its row; only a lack of memory is the worker's own end."""
    start = time.perf_counter()
    output = inputs.job.output / case.name
    try:
        ended = _predicted(inputs, case, output)
    except InputError as error:
        message = without_file_names(str(error), case)
        return CaseEnded(failed_row(case, UNUSABLE, message, time.perf_counter() - start))
    except MemoryError:
        raise
    except Exception as error:  # a front door, as the command line is for one case
        log = write_traceback(output)
        message = f"Defect of age2hie ({type(error).__name__}). The traceback is in {log.name}: please report it."
        return CaseEnded(failed_row(case, DEFECT, message, time.perf_counter() - start))
    with suppress(OSError):
        log_path(output).unlink(missing_ok=True)  # of an earlier attempt
    return ended


def failed_row(case: BatchCase, code: int, message: str, seconds: float | None = None) -> CaseRow:
    return CaseRow(case.name, code, seconds=seconds, message=message)


def without_file_names(message: str, case: BatchCase) -> str:
    """A table is handed on: of all names it holds those of the cases alone. Names of files may tell the patient's, and
    so may those that a message makes of them (``NAME.bval``).
    """
    if not case.entry.is_dir():
        message = message.replace(f"'{case.entry.name}'", f"'{case.name}'")
    beside = case.entry.rglob("*") if case.entry.is_dir() else case.entry.parent.iterdir()
    for name in sorted({path.name for path in beside} - {case.name}, key=len, reverse=True):
        message = message.replace(f"'{name}'", _A_FILE)
        stem = _ENDING.sub("", name)
        if stem not in ("", name, case.name) and stem.lower() in message.lower():
            message = re.sub(rf"'?(?<![\w.]){re.escape(stem)}{_ENDING.pattern[:-1]}\b'?", _A_FILE, message, flags=re.I)
    return message


def _predicted(inputs: WorkerInputs, case: BatchCase, output: Path) -> CaseEnded:
    if case.scan is None:
        raise InputError(case.problem)
    sequences = read_by(inputs.model, case.sequences)
    t1, t2 = sequences.get("t1"), sequences.get("t2")
    request = replace(inputs.job.request, input=case.scan, clinical=None, t1=t1, t2=t2)
    stages = stages_of(request)
    put_back_aside(output)
    earlier = None if inputs.job.overwrite else _stored(output)
    if earlier is None and not inputs.job.overwrite and holds_result(output):
        raise InputError(_other("by another command or version of age2hie, or is damaged"))
    if earlier is not None and not _same_makers(earlier.result, inputs):
        raise InputError(_other("with another model, atlas or version of age2hie"))
    scan = read_scan_of(request, stages)
    if case.clinical is not None:
        scan = replace(scan, clinical=clinical_file(case.clinical))
    if earlier is not None:
        if earlier.result.input.sha256 != scan.source.sha256:
            raise InputError(_other("from another scan"))
        if earlier.settings != settings_of(request, scan):
            raise InputError(_other("with other settings"))
        code = PREDICTED if earlier.result.quality.passed else REFUSED
        return CaseEnded(row_of_result(case.name, code, earlier.result), kept=True)
    with output_folder(output, overwrite=True, inputs=[case.scan, *sequences.values()], tidy=False) as folder:
        outcome = predict_inputs(folder, request, Inputs(scan, inputs.model, inputs.atlas), stages)
        made = read_stored(folder / RECORD)
    return CaseEnded(row_of_result(case.name, outcome.code, made.result))


def read_by(model: HieModel, sequences: Mapping[str, Path]) -> dict[str, Path]:
    """Of the T1 and T2 that lie beside a scan those that the model reads."""
    channels = {channel.name for channel in model.bundle.spec.channels}
    return {name: path for name, path in sequences.items() if name in channels}


def _stored(output: Path) -> Stored | None:
    """``result.json`` of a complete case; None where there is none, or it is not what this version writes."""
    try:
        found = read_stored(output / RECORD)
        return found if found.settings else None
    except InputError:
        return None


def _same_makers(result: Result, inputs: WorkerInputs) -> bool:
    then = result.model.sha256, result.atlas.sha256, result.software["version"]
    return then == (inputs.model.bundle.sha256, inputs.atlas.sha256, __version__)


def _other(how: str) -> str:
    return f"The folder of this case holds a result that was made {how}. Choose another output, or add --overwrite."
