"""The fits of a run by the workers of a dask.distributed scheduler, as ``age2hie batch`` sends its cases.

Workers need the run's folder at the same path, on a disk that all of them share: each fit's checkpoint lies in it, from
which another worker goes on where one was lost.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from AGE2HIELib.batch.engine import Engine, EngineLostError, Limits, Listener
from AGE2HIELib.errors import InputError
from AGE2HIELib.system.parallel import bar_seconds
from AGE2HIELib.system.shared_disk import is_there
from training.finetuning import LOGITS, Fit, make_fit
from training.preparing.store import is_prepared, load_prepared
from training.run_folder import RunFolder
from training.settings_reading import check_settings

LOCK = ".lock"  # of a fit's folder, while a worker is at it; the system frees it with the process, however that ends
_LIMITS = Limits(memory_mb=float("inf"), seconds=86_400.0)  # a fit of 3,000 epochs is no hang; 0.7 of --memory-limit is
_LOOK_S = 1.0  # from one look at a lock on a shared disk to the next
_SHOWN = 3  # failures that are told in full


def cluster_engine(run: RunFolder, scheduler: str) -> Engine:
    """At most ``run.jobs`` workers of the scheduler at ``scheduler``; InputError where dask is not installed."""
    from AGE2HIELib.batch.cluster import Cluster  # needs the extra 'cluster', which a run on one computer does without

    there = run_anywhere(run)
    prepare = partial(see_run, there, load_prepared(there.prepared_hie).sha256)
    return Cluster(scheduler, prepare, make_fit_once, run.settings.run.jobs, _LIMITS, (Path(__file__).parent,))


def make_fits_by(engine: Engine, fits: Sequence[Fit]) -> None:
    """All of them, each in the run's folder that the engine's workers see.

    Raises:
        InputError: some have failed, after all others have ended; or none of the workers can do the work.
        EngineLostError: the scheduler is gone.
    """
    failures: list[str] = []
    listener = Listener(said=lambda sentence: print(f"run.py: {sentence}", file=sys.stderr))
    with (
        tqdm(total=len(fits), desc="fine-tuning", mininterval=bar_seconds()) as bar,
        closing(engine.run(fits, listener)) as endings,
    ):
        try:
            for one in endings:
                bar.update()
                if one.failure:
                    failures.append(f"{fits[one.number].name}: {one.failure}")
        except EngineLostError as lost:
            done = bar.n - len(failures)
            raise EngineLostError(f"{lost} {done} of {len(fits)} fits are kept; the same call goes on.") from lost
    if failures:
        raise InputError(
            f"{len(failures)} of {len(fits)} fits failed; the same call tries them again. "
            + " ".join(failures[:_SHOWN])
            + (" ..." if len(failures) > _SHOWN else "")
        )


def run_anywhere(run: RunFolder) -> RunFolder:
    """The same whatever the folder is that a process was started in."""
    settings = run.settings
    if settings.input.atlas:
        table = settings.model_dump()
        table["input"]["atlas"] = str(settings.input.atlas_folder.absolute())
        settings = check_settings(table)
    shared = None if run.shared is None else run.shared.absolute()
    return replace(run, root=run.root.absolute(), settings=settings, shared=shared)


def see_run(run: RunFolder, infants_sha256: str) -> RunFolder:
    """The run, where this worker sees the infants that the call has prepared; else InputError says what is lacking."""
    remedy = "Workers need the run's folder at the path of this call, on a disk that all of them share."
    if not is_there([run.prepared_hie]) or not is_prepared(run.prepared_hie):
        raise InputError(f"It does not see the prepared infants of the run '{run.root.name}'. {remedy}")
    if load_prepared(run.prepared_hie).sha256 != infants_sha256:
        raise InputError(f"It sees other infants in the run '{run.root.name}' than this call. {remedy}")
    return run


def make_fit_once(run: RunFolder, one: Fit) -> None:
    """``make_fit``, where nobody else has made it or is at it.

    A worker that the network has lost may still be at work when the fit is given to another, and so may one whose
    client was killed and called again: the second then waits for the first, and finds the fit done.
    """
    folder = run.fits / one.name
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, poll_interval=_LOOK_S)
    with lock:
        if not (folder / LOGITS).exists():
            make_fit(one, run=run)
    (folder / LOCK).unlink(missing_ok=True)  # never before it is done: two might then hold one each
