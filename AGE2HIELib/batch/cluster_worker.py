"""What a worker of a cluster is asked to do.

A worker of dask.distributed unpickles and calls whatever its scheduler sends, by dask's own design: a scheduler must
only be reachable for those who may run programs there. The work is pickled once more, so that it is opened after the
check of versions.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import AGE2HIELib
from AGE2HIELib.batch.worker import WorkerAnswer, answer_of, memory_here, prepared_by
from AGE2HIELib.errors import InputError
from AGE2HIELib.release import __version__
from AGE2HIELib.system.parallel import compute_on_one_thread

_prepared: dict[str, Any] = {}  # of this process: of the last run that it worked for


@dataclass(frozen=True)
class ClusterTask:
    """The same for every item of a run.

    Attributes:
        run: tells this run from all others.
        version, sources: of the library, and the SHA-256 of its source files and of those of ``packages``.
        packages: folders of packages that the work lies in and that nobody has installed.
        pickled: (prepare, work), which are found by their names.
    """

    run: str
    version: str
    sources: str
    packages: tuple[Path, ...]
    pickled: bytes

    @classmethod
    def of(
        cls,
        run: str,
        prepare: Callable[[], Any],
        work: Callable[[Any, Any], Any],
        packages: tuple[Path, ...] = (),
    ) -> ClusterTask:
        return cls(run, __version__, sources_sha256(packages), packages, pickle.dumps((prepare, work)))


@dataclass(frozen=True)
class WorkerFacts:
    """Whether a nanny starts another process where this one ends, and what memory it may take (``--memory-limit``)."""

    has_nanny: bool = False
    memory_mb: float = float("inf")


def prepare_here(task: ClusterTask) -> WorkerAnswer:
    """The first that a worker does for a run; its result is a ``WorkerFacts``.

    Raises:
        InputError: this worker cannot do the work as the computer that asks for it would.
        PreparationError: a defect of ours.
    """
    from distributed import get_worker  # who calls has it

    _prepared_for(task)
    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    facts = WorkerFacts(bool(worker.nanny), limit / 1e6 if limit else float("inf"))
    return WorkerAnswer(facts, "", memory_here())


def work_here(task: ClusterTask, item: Any) -> WorkerAnswer:
    """One item. A process that was replaced under the same address prepares itself first."""
    prepared = _prepared_for(task)
    _, work = pickle.loads(task.pickled)
    try:
        return answer_of(work, prepared, item)
    except SystemExit as leaving:  # a worker has threads: nothing but itself ends it
        return WorkerAnswer(None, f"The process ended with exit code {leaving.code}.", memory_here())


async def end_process(dask_worker: Any) -> None:
    """Beside the work, which it does not wait for; a worker without a nanny stays, since nobody would replace it."""
    if dask_worker.nanny:
        os._exit(0)


@cache  # what a process has loaded stays as it was, whatever becomes of the files
def sources_sha256(packages: tuple[Path, ...] = ()) -> str:
    """Over names and content of the source files, line ends apart."""
    digest = hashlib.sha256()
    for package in (Path(AGE2HIELib.__file__).parent, *packages):
        for path in sorted(package.rglob("*.py")):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(package).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _prepared_for(task: ClusterTask) -> Any:
    if task.run not in _prepared:
        _refuse_others(task)
        for package in task.packages:
            if str(package.parent) not in sys.path:
                sys.path.insert(0, str(package.parent))
        compute_on_one_thread()
        prepare, _ = pickle.loads(task.pickled)
        _prepared.clear()
        _prepared[task.run] = prepared_by(prepare)
    return _prepared[task.run]


def _refuse_others(task: ClusterTask) -> None:
    """Another version would make other numbers, and nobody would see it in the table."""
    remedy = "Start the workers again in the same environment."
    if task.version != __version__:
        raise InputError(f"It has age2hie {__version__}, and this call is of {task.version}. {remedy}")
    for package in task.packages:
        if not package.is_dir():
            raise InputError(f"It does not find the folder '{package.name}' of the checkout. Put it on a shared disk.")
    if sources_sha256(task.packages) != task.sources:
        raise InputError(f"It has loaded another state of age2hie {__version__} than this call. {remedy}")
