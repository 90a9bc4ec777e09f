"""One scan of a BIDS dataset, in a worker: predicted as a case of a batch, and written into the derivative dataset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from AGE2HIELib.batch.case import (
    DEFECT,
    UNUSABLE,
    BatchJob,
    CaseEnded,
    WorkerInputs,
    do_case,
    failed_row,
    load_inputs,
    without_file_names,
)
from AGE2HIELib.batch.find_cases import BatchCase
from AGE2HIELib.batch.table import CaseRow, read_table, write_table
from AGE2HIELib.bids.cases import BidsCase
from AGE2HIELib.bids.derivative import write_scan_derivatives
from AGE2HIELib.bids.page import write_subject_page
from AGE2HIELib.bids.selection import T1W, ChosenScan
from AGE2HIELib.bids.staging import staged
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import sha256_of_image
from AGE2HIELib.pipeline.comparison import RECORD as AGE_RECORD
from AGE2HIELib.pipeline.explanation import explain
from AGE2HIELib.pipeline.prediction import PREDICTED
from AGE2HIELib.pipeline.request import AGE, Request
from AGE2HIELib.release import __version__
from AGE2HIELib.result.stored import read_content
from AGE2HIELib.system.logs import write_traceback
from AGE2HIELib.system.outputs import put_back_aside

RESULTS = "results"  # of the derivative dataset: the folders that ``predict`` makes, by subject
AGE_METHOD = "hirescam"
_LOCK = ".age2hie-lock"


@dataclass(frozen=True)
class BidsJob:
    """What is asked of every scan: ``request`` without it; ``output`` is the derivative dataset."""

    request: Request
    output: Path
    overwrite: bool


@dataclass(frozen=True)
class BidsInputs:
    """What a worker loads once."""

    job: BidsJob
    worker: WorkerInputs


def results_of(output: Path, subject: str) -> Path:
    return output / RESULTS / f"sub-{subject}"


def load_bids_inputs(job: BidsJob) -> BidsInputs:
    """Raises InputError for a model or an atlas with which no scan could be predicted."""
    return BidsInputs(job, load_inputs(BatchJob(job.request, job.output / RESULTS, job.overwrite)))


def do_bids_case(inputs: BidsInputs, case: BidsCase) -> CaseEnded:
    """Whatever is wrong with a scan is told in its row. Jobs for other subjects may write into the dataset meanwhile;
    one subject belongs to one worker at a time.
    """
    start, folder = time.perf_counter(), results_of(inputs.job.output, case.visit.subject)
    try:
        with subject_lock(folder):
            ended = _ended(inputs, case, folder)
            keep_row(folder, ended.row)
            write_subject_page(folder, inputs.job.output, case.visit.subject)
    except InputError as error:
        return CaseEnded(_failed(case, UNUSABLE, str(error), start))
    except MemoryError:
        raise
    except Exception as error:  # a front door, as the command line is for one case
        log = write_traceback(folder / case.name)
        message = f"Defect of age2hie ({type(error).__name__}). The traceback is in {log.name}: please report it."
        return CaseEnded(_failed(case, DEFECT, message, start))
    return ended


@contextmanager
def subject_lock(folder: Path) -> Iterator[None]:
    """Waits for another call that works on the same subject."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        lock.acquire()
    except OSError as error:
        raise InputError(
            f"The folder '{folder.name}' of the output cannot be written ({error.strerror}). Choose another place."
        ) from error
    with lock:
        try:
            yield
        finally:
            lock.release()


def keep_row(folder: Path, row: CaseRow) -> None:
    """The subject's table with this row in place of an earlier one of the scan."""
    rows = {**read_table(folder), row.case: row}
    write_table([rows[name] for name in sorted(rows)], folder)


def _failed(case: BidsCase, code: int, message: str, start: float) -> CaseRow:
    return failed_row(_batch_case(case, None), code, message, time.perf_counter() - start)


def _batch_case(case: BidsCase, scan: Path | None) -> BatchCase:
    entry = case.chosen.image.path if case.chosen is not None else case.visit.folder
    return BatchCase(case.name, entry, scan, case.problem)


def _ended(inputs: BidsInputs, case: BidsCase, folder: Path) -> CaseEnded:
    start = time.perf_counter()
    if case.chosen is None:
        return CaseEnded(_failed(case, UNUSABLE, case.problem, start))
    with staged(case) as (scan, mask, mask_file):
        asked = replace(inputs.job.request, mask=mask, **_of_infant(case))
        if case.kind == T1W:
            ended = _age_case(inputs, case, replace(asked, input=scan), folder)
        else:
            job = BatchJob(asked, folder, inputs.job.overwrite)
            ended = do_case(replace(inputs.worker, job=job), _with_sequences(inputs, _batch_case(case, scan), case))
    if ended.row.exit_code not in (DEFECT, UNUSABLE):
        write_scan_derivatives(folder / case.name, case, mask_file, inputs.job.output, inputs.worker.atlas)
    return ended


def _with_sequences(inputs: BidsInputs, batch_case: BatchCase, case: BidsCase) -> BatchCase:
    """With the visit's T1 and T2, where the model reads them; with the problem where it does and several are there."""
    channels = {channel.name for channel in inputs.worker.model.bundle.spec.channels}
    read = {name: one for name, one in case.sequences.items() if name in channels}
    problems = [one for one in read.values() if isinstance(one, str)]
    if problems:
        return replace(batch_case, scan=None, problem=problems[0])
    return replace(
        batch_case, sequences={name: one.image.path for name, one in read.items() if isinstance(one, ChosenScan)}
    )


def _of_infant(case: BidsCase) -> dict[str, Any]:
    """What a request says of the infant; an age is not asked of T1."""
    infant = case.infant
    if case.kind == T1W:
        return {"age_days": None, "gestation_weeks": None, "cooled": None}
    return {"age_days": infant.age_days, "gestation_weeks": infant.gestation_weeks, "cooled": infant.cooled}


def _age_case(inputs: BidsInputs, case: BidsCase, asked: Request, folder: Path) -> CaseEnded:
    """The age that the model's network reads from a T1-weighted image, as ``explain --target age`` does."""
    start, output = time.perf_counter(), folder / case.name
    put_back_aside(output)
    request = Request(
        asked.input, mask=asked.mask, model=asked.model, device=asked.device, methods=(AGE_METHOD,), target=AGE
    )
    if not inputs.job.overwrite and (output / AGE_RECORD).is_file():
        _refuse_other(read_content(output / AGE_RECORD), request, inputs)
        return CaseEnded(CaseRow(case.name, PREDICTED, seconds=time.perf_counter() - start), kept=True)
    try:
        explained = explain(request, output, overwrite=True)
    except InputError as error:
        message = without_file_names(str(error), _batch_case(case, request.scan))
        return CaseEnded(_failed(case, UNUSABLE, message, start))
    lost = " ".join(getattr(explained, "lost", ()))
    return CaseEnded(CaseRow(case.name, PREDICTED, seconds=time.perf_counter() - start, message=lost))


def _refuse_other(content: dict[str, Any], request: Request, inputs: BidsInputs) -> None:
    """InputError where an earlier result was made from or with something else than what is asked for."""
    then = (
        content["input"]["sha256"],
        content["model"]["sha256"],
        content["software"]["version"],
        content["settings"]["mask_sha256"],
    )
    now = (
        sha256_of_image(request.scan),
        inputs.worker.model.bundle.sha256,
        __version__,
        sha256_of_image(request.mask) if request.mask is not None else None,
    )
    if then != now:
        raise InputError(
            "The folder of this case holds a result that was made from another scan or mask, or with another model or "
            "version of age2hie. Choose another output, or add --overwrite."
        )
