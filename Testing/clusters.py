"""A dask.distributed cluster on this computer: a scheduler and workers in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
_START_S, _END_S = 60.0, 5.0


@dataclass
class LocalCluster:
    """``address`` of the scheduler; ``nannies`` are what ``dask worker`` has started, each with one worker below it."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    address: str
    environment: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_workers(self, count: int, *more: str, **environment: str) -> None:
        """Of one thread each, as docs/clusters.md says."""
        command = [*_dask("worker"), self.address, "--nworkers", str(count), "--nthreads", "1", "--no-dashboard"]
        with (self.folder / f"worker-{len(self.started)}.log").open("wb") as log:
            words = [*command, "--local-directory", str(self.folder), *more]
            self.started.append(
                subprocess.Popen(words, stdout=log, stderr=log, env={**self.environment, **environment})
            )

    def workers(self) -> list[psutil.Process]:
        """The processes that do the work."""
        found = []
        for started in self.started:
            with suppress(psutil.NoSuchProcess):
                children = psutil.Process(started.pid).children(recursive=True)
                found += [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        return found

    def end(self) -> None:
        """Workers first: without a scheduler to take leave of they would wait for it."""
        for processes in (self.started, [self.scheduler]):
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(_END_S)
                except subprocess.TimeoutExpired:  # one of its workers is in the middle of something
                    for child in psutil.Process(process.pid).children(recursive=True):
                        child.kill()
                    process.kill()
                    process.wait()


@contextmanager
def local_cluster(folder: Path, workers: int, *more: str) -> Iterator[LocalCluster]:
    """The workers find the packages of this checkout and what lies beside the tests."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "Testing")])}
    log = folder / "scheduler.log"
    with log.open("wb") as file:
        command = [*_dask("scheduler"), "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        scheduler = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
    cluster = LocalCluster(folder, scheduler, _address(log), environment)
    try:
        if workers:
            cluster.add_workers(workers, *more)
        yield cluster
    finally:
        cluster.end()


def _dask(what: str) -> list[str]:
    return [sys.executable, "-m", "dask", what]


def _address(log: Path) -> str:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        told = re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text(encoding="utf-8", errors="replace"))
        if told:
            return told[1]
        time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8", errors="replace"))
