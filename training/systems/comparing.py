"""Runs every system on the same cohorts and folds, and writes one page: ``python training/run.py compare-systems``."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from pathlib import Path

from tqdm import tqdm

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.system.parallel import bar_seconds, begin_worker, core_count, one_thread_for_children
from training.pretraining import uses_one_process
from training.run_folder import open_run
from training.settings import TrainingSettings
from training.systems.measuring import RowTask, finished_row, measure_row, prepare_row, row_parts
from training.systems.page import write_page
from training.systems.pictures import write_infant
from training.systems.system import System, settings_of

_LOOK_SECONDS = 2.0  # from one look at what is done to the next


def compare_systems(
    root: Path, common: TrainingSettings, systems: Sequence[System], *, preset: str, command: str
) -> Path:
    """Make every row that is not finished, and the page of all; returns the page.

    Args:
        root: keeps cohorts, rows and page; a call with the same settings goes on where an earlier one was stopped.
        common: settings that all systems share.
        systems: that are compared.
        preset: by name; with ``full`` the systems have their published sizes.

    Raises:
        InputError: the folder holds a comparison with other settings; or a system cannot be made, after the page of the
            others is written.
    """
    open_run(root, common, command)
    infant = write_infant(root / "infant")
    tasks = [RowTask(one, settings_of(one, common, preset), root, infant, command) for one in systems]
    failed: dict[str, str] = {}
    for task in tasks:
        try:
            prepare_row(task, common.run.jobs)
        except InputError as problem:  # of this row's cohort: the others have theirs
            failed[task.system.name] = str(problem)
    missing = [task for task in tasks if task.system.name not in failed and finished_row(task) is None]
    jobs = 1 if uses_one_process(common) else common.run.jobs or core_count()
    failed |= _make_rows(missing, jobs)
    rows = {task.system.name: row for task in tasks if (row := finished_row(task)) is not None}
    page = write_page(root, tasks, rows, command=command)
    if failed:
        said = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise InputError(f"{len(failed)} of {len(tasks)} systems cannot be made ({said}). {page.name} has the others.")
    return page


def _make_rows(tasks: Sequence[RowTask], jobs: int) -> dict[str, str]:
    """Every row in a process of its own, so that its memory can be told; the longest first.

    Returns:
        By the name of the system, why it cannot be made; the others do not wait for it.
    """
    failed: dict[str, str] = {}
    if not tasks:
        return failed
    import multiprocessing

    one_thread_for_children()
    order = sorted(tasks, key=lambda task: -task.system.cost)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_worker, max_tasks_per_child=1) as pool,
        tqdm(total=100, desc="systems", unit="%", mininterval=bar_seconds(), bar_format=_BAR) as bar,
    ):
        waiting = {pool.submit(measure_row, task): task for task in order}
        left = set(waiting)
        parts = [(task.system.cost, row_parts(task)) for task in order]
        bar.n = bar.initial = _percent(parts)
        try:
            while left:
                done, left = wait(left, timeout=_LOOK_SECONDS)
                for one in done:
                    try:
                        one.result()
                    except (InputError, ModelError) as problem:
                        failed[waiting[one].system.name] = str(problem)
                        continue
                    bar.set_postfix_str(f"{waiting[one].system.name} finished", refresh=False)
                bar.update(_percent(parts) - bar.n)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what has not begun need not be waited for
            raise
    return failed


_BAR = "{desc}: {n:.0f}%|{bar}| [{elapsed}<{remaining}] {postfix}"


def _percent(parts: Sequence[tuple[float, Sequence[Path]]]) -> float:
    """How much of the work is done: of every row its cost, and the files of which it consists."""
    done = sum(cost * sum(file.exists() for file in files) / len(files) for cost, files in parts)
    return 100 * done / sum(cost for cost, _ in parts)
