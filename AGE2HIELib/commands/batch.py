"""``age2hie batch``: every case of a folder, each in a folder of its own, with a table of how they ended."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import psutil

from AGE2HIELib.batch.case import DEFECT, UNUSABLE, BatchJob, CaseEnded, do_case, failed_row, load_inputs
from AGE2HIELib.batch.engine import LOCAL, Engine, EngineLostError, ItemEnd, Listener, check_scheduler
from AGE2HIELib.batch.find_cases import BatchCase, find_cases
from AGE2HIELib.batch.progress import CaseProgress, make_case_progress
from AGE2HIELib.batch.shared_files import LOCK, case_anywhere, job_anywhere, load_shared_inputs, shared_files
from AGE2HIELib.batch.table import TABLE, CaseTable
from AGE2HIELib.clinical.reading import read_clinical_table
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.prediction import PREDICTED, REFUSED
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.report.extras import lost_extras
from AGE2HIELib.system.folder_lock import held_folder
from AGE2HIELib.system.outputs import PART, disk_errors, refuse_inputs
from AGE2HIELib.system.parallel import core_count
from AGE2HIELib.system.progress import Progress
from AGE2HIELib.system.stray_files import remove_stale_files

ALL_ENDED, SOME_FAILED = 0, 1
_MB_OF_A_WORKER = 1500  # measured: 750 at the peak for an ADC map, more for a series of many volumes


@dataclass
class BatchState:
    """What this call has been told so far."""

    cases: Sequence[BatchCase]
    output: Path
    table: CaseTable
    ended: dict[str, CaseEnded]

    def add(self, case: BatchCase, ended: CaseEnded) -> None:
        self.ended[case.name] = ended
        self.table.add(ended.row)


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0 where every case has ended in 0 or 3, else with 1."""
    _check_engine(arguments)
    request = request_of(arguments)
    request.check()
    cases = with_clinical(request, find_cases(arguments.input, output=arguments.output))
    with batch_folder(arguments.output, inputs=request.files) as output:
        table = CaseTable([case.name for case in cases], output)
        batch = BatchState(cases, output, table, {})
        unusable = {name for name, row in table.earlier.items() if row.exit_code == UNUSABLE}
        engine = _engine(arguments, BatchJob(request, output, arguments.overwrite), cases)
        reporter = make_case_progress(arguments.progress, progress, of=len(cases), quick=unusable)
        try:
            _run_cases(batch, engine, reporter)
        except (KeyboardInterrupt, EngineLostError) as stopped:
            done = f"{len(batch.ended)} of {len(cases)} cases have ended and are kept"
            why = stopped if isinstance(stopped, EngineLostError) else "Cancelled;"
            raise type(stopped)(f"{why} {done}. The same call goes on with the others.") from stopped
        finally:
            table.catch_up()
            reporter.close()
    progress.result(arguments.output)
    if arguments.progress == "text":
        print(_in_words(batch, arguments.output))
    good = all(ended.row.exit_code in (PREDICTED, REFUSED) for ended in batch.ended.values())
    return ALL_ENDED if good else SOME_FAILED


def _check_engine(arguments: argparse.Namespace) -> None:
    if arguments.jobs < 0:
        raise InputError(f"--jobs is {arguments.jobs}. Give the number of processes, or 0 for as many as fit.")
    check_scheduler(arguments.engine, arguments.scheduler)


def with_clinical(request: Request, cases: Sequence[BatchCase]) -> Sequence[BatchCase]:
    """The cases with what the table of the call says of them; it is read as a whole before any case is begun, so that
    a value that cannot be stands in no table of results.
    """
    if request.clinical is None:
        return cases
    found, names = read_clinical_table(request.clinical), {case.name for case in cases}
    for name in found:
        if name not in names:
            near = ", ".join(get_close_matches(name, names, n=3, cutoff=0.5)) or ", ".join(sorted(names)[:3])
            raise InputError(
                f"'{request.clinical.name}' names the case {name}, which is none here. Correct it (near: {near})."
            )
    return [replace(case, clinical=found.get(case.name)) for case in cases]


def _engine(arguments: argparse.Namespace, job: BatchJob, cases: Sequence[BatchCase]) -> Engine:
    if arguments.engine == LOCAL:
        from AGE2HIELib.batch.pool import Pool

        return Pool(partial(load_inputs, job), do_case, arguments.jobs or jobs_that_fit())
    from AGE2HIELib.batch.cluster import Cluster

    prepare = partial(load_shared_inputs, job_anywhere(job), shared_files(job, cases))
    return Cluster(arguments.scheduler, prepare, do_case, arguments.jobs)


def _run_cases(batch: BatchState, engine: Engine, reporter: CaseProgress) -> None:
    listener = Listener(
        began=lambda number: reporter.began(batch.cases[number].name),
        idle=batch.table.catch_up,
        said=lambda sentence: print(f"age2hie: {sentence}", file=sys.stderr),
    )
    with closing(engine.run([case_anywhere(case) for case in batch.cases], listener)) as endings:
        for one in endings:
            case = batch.cases[one.number]
            batch.add(case, _case_ended(case, one))
            reporter.ended(batch.ended[case.name], one.memory)


def _case_ended(case: BatchCase, one: ItemEnd) -> CaseEnded:
    if one.failure:
        return CaseEnded(failed_row(case, DEFECT, f"{_FAILURES.get(one.failure, one.failure)}"))
    ended: CaseEnded = one.result
    return ended


_FAILURES = {"MemoryError": "The memory ran out. Try fewer --jobs, or a computer with more memory."}


def jobs_that_fit() -> int:
    """A process for every core, as far as the free memory goes."""
    free_mb = psutil.virtual_memory().available / 2**20
    return max(1, min(core_count(), int(free_mb // _MB_OF_A_WORKER)))


def _in_words(batch: BatchState, output: Path) -> str:
    codes = Counter(ended.row.exit_code for ended in batch.ended.values())
    failed = sum(count for code, count in codes.items() if code not in (PREDICTED, REFUSED))
    kept = sum(ended.kept for ended in batch.ended.values())
    before = f" ({kept} of them before)" if kept else ""
    return (
        f"{len(batch.cases)} cases: {codes[PREDICTED]} predicted, {codes[REFUSED]} refused{before}, {failed} failed. "
        f"{_lost_in_words(batch)}Table: {output / TABLE}"
    )


def _lost_in_words(batch: BatchState) -> str:
    """How many results lack a page, a picture or DICOM objects, which the exit code does not say."""
    count = sum(bool(lost_extras([ended.row.message])) for ended in batch.ended.values())
    if not count:
        return ""
    return f"Of {count} case{'' if count == 1 else 's'} a page, a picture or DICOM objects could not be written. "


@contextmanager
def batch_folder(output: Path, *, inputs: Sequence[Path]) -> Iterator[Path]:
    """The folder, made where it is not there; what killed calls have left in it is removed before and after.

    Raises:
        InputError: it holds what is read, it cannot be written, or another batch is writing into it.
    """
    target = output.resolve()
    refuse_inputs(target, inputs)
    busy = f"Another batch is writing into '{output.name}'. Wait for its end, or choose another folder."
    unusable = f"The output '{output.name}' cannot be used: {{reason}}. Choose a folder that can be written."
    with held_folder(target, LOCK, busy=busy, unusable=unusable):
        try:
            remove_stale_files(target, PART)
            with disk_errors(output):
                yield target
        finally:
            remove_stale_files(target, PART)
