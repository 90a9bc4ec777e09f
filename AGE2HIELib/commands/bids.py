"""``age2hie bids``: a BIDS dataset in, a derivative dataset out, with the call that BIDS Apps share."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from AGE2HIELib.batch.case import DEFECT, CaseEnded
from AGE2HIELib.batch.pool import ItemEnd, Limits, Pool
from AGE2HIELib.batch.progress import CaseProgress, make_case_progress
from AGE2HIELib.batch.table import CaseRow
from AGE2HIELib.bids.cases import BidsCase, Wanted, find_bids_cases, find_derivatives
from AGE2HIELib.bids.dataset import Dataset, open_dataset
from AGE2HIELib.bids.description import check_output, write_description
from AGE2HIELib.bids.group import write_group_tables
from AGE2HIELib.bids.names import label_of
from AGE2HIELib.bids.selection import read_filter
from AGE2HIELib.bids.validation import PROGRAM, refuse_invalid
from AGE2HIELib.bids.work import BidsJob, do_bids_case, keep_row, load_bids_inputs, results_of, subject_lock
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.commands.batch import jobs_that_fit
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.prediction import PREDICTED, REFUSED
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.system.outputs import disk_errors
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.progress import Progress

ALL_ENDED, SOME_FAILED = 0, 1
LEVELS = ("participant", "group")


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """``participant`` ends with 0 where every scan has ended in 0 or 3, else with 1; ``group`` with 0."""
    dataset = open_dataset(arguments.bids_dir)
    output: Path = arguments.output
    check_output(output, dataset)
    derivatives = find_derivatives(dataset, arguments.derivatives or (), output=output)
    if arguments.level == "group":
        return _group(arguments, progress, dataset, output)
    if arguments.jobs < 0:
        raise InputError(f"--jobs is {arguments.jobs}. Give the number of processes, or 0 for as many as fit.")
    request = replace(request_of(arguments), input=None)
    request.check()
    if not arguments.skip_bids_validation and not refuse_invalid(dataset.root):
        print(f"age2hie: {PROGRAM} is not installed, so the dataset was not validated.", file=sys.stderr)
    cases = find_bids_cases(dataset, derivatives, _wanted(arguments, request))
    with disk_errors(output):
        write_description(output, dataset, derivatives)
        ended = _run_cases(cases, BidsJob(request, output, arguments.overwrite), arguments, progress)
    progress.result(output)
    if arguments.progress == "text":
        print(_in_words(ended, output))
    return ALL_ENDED if all(one.row.exit_code in (PREDICTED, REFUSED) for one in ended.values()) else SOME_FAILED


def _group(arguments: argparse.Namespace, progress: Progress, dataset: Dataset, output: Path) -> int:
    made = write_group_tables(output, dataset)
    progress.result(output)
    if arguments.progress == "text":
        tables = ", ".join(str(path) for path in made.tables)
        print(f"{made.diffusion} diffusion scans and {made.t1} T1-weighted images. Tables: {tables}")
    return ALL_ENDED


def _wanted(arguments: argparse.Namespace, request: Request) -> Wanted:
    """An age is read where the model carries a network that does."""
    reads_age = read_bundle(find_model(request.model)).age is not None
    if not reads_age:
        print("age2hie: the model carries no brain-age network, so no T1-weighted image is read.", file=sys.stderr)
    return Wanted(
        tuple(label_of(one, "sub") for one in arguments.participant_label or ()),
        tuple(label_of(one, "ses") for one in arguments.session_label or ()),
        read_filter(arguments.bids_filter_file),
        reads_age,
    )


def _run_cases(
    cases: tuple[BidsCase, ...], job: BidsJob, arguments: argparse.Namespace, progress: Progress
) -> dict[str, CaseEnded]:
    reporter: CaseProgress = make_case_progress(arguments.progress, progress, of=len(cases), quick=frozenset())
    pool = Pool(
        partial(load_bids_inputs, job),
        do_bids_case,
        min(arguments.jobs or jobs_that_fit(), len(cases)),
        Limits(),
        began=lambda number: reporter.began(cases[number].name),
    )
    ended: dict[str, CaseEnded] = {}
    try:
        with closing(pool.run(cases)) as endings:
            for one in endings:
                case = cases[one.number]
                ended[case.name] = _ended(case, one, job)
                reporter.ended(ended[case.name], one.memory)
    except KeyboardInterrupt as cancelled:
        done = f"{len(ended)} of {len(cases)} scans have ended and are kept"
        raise type(cancelled)(f"Cancelled; {done}. The same call goes on with the others.") from cancelled
    finally:
        reporter.close()
    return ended


def _ended(case: BidsCase, one: ItemEnd, job: BidsJob) -> CaseEnded:
    """A worker that died has written no row."""
    if not one.failure:
        ended: CaseEnded = one.result
        return ended
    row = CaseRow(case.name, DEFECT, message=one.failure)
    folder = results_of(job.output, case.visit.subject)
    with subject_lock(folder):
        keep_row(folder, row)
    return CaseEnded(row)


def _in_words(ended: dict[str, CaseEnded], output: Path) -> str:
    codes = Counter(one.row.exit_code for one in ended.values())
    failed = sum(count for code, count in codes.items() if code not in (PREDICTED, REFUSED))
    kept = sum(one.kept for one in ended.values())
    before = f" ({kept} of them before)" if kept else ""
    first = next((one.row for one in ended.values() if one.row.exit_code not in (PREDICTED, REFUSED)), None)
    why = f" First failure: {first.case}: {first.message}" if first is not None else ""
    return (
        f"{len(ended)} scans: {codes[PREDICTED]} read, {codes[REFUSED]} refused{before}, {failed} failed.{why} "
        f"Dataset: {output}"
    )
