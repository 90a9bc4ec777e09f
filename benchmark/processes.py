"""Whole processes of the command line, as a user starts them, measured from outside: Linux and macOS."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from figures import ROOT, cores

_KIB = 2**10


@dataclass(frozen=True)
class Run:
    """One process: seconds by the clock and of the processor (all threads), most memory in MB, seconds by stage."""

    wall_s: float
    processor_s: float
    peak_mb: float
    stages: dict[str, float]


def predicted(checkout: Path, scan: Path, output: Path, options: Sequence[str] = ()) -> Run:
    """``predict`` of a checkout's own sources; ends this program where it fails."""
    command = [sys.executable, "-m", "AGE2HIELib.cli", "predict", str(scan), "--output", str(output), *options]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"predict ended with {os.waitstatus_to_exitcode(status)} in '{checkout}'")
    stages = json.loads((output / "result.json").read_text(encoding="utf-8"))["timing_s"]
    peak_mb = used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB) / 1e6
    return Run(wall_s, used.ru_utime + used.ru_stime, peak_mb, stages)


@contextmanager
def checkout_of(commit_or_folder: str, scratch: Path) -> Iterator[Path]:
    """The folder of another version: a checkout, or a commit of this one, laid out beside and removed at the end."""
    folder = Path(commit_or_folder).expanduser()
    if folder.is_dir():
        if not (folder / "AGE2HIELib").is_dir():
            sys.exit(f"'{folder}' has no AGE2HIELib. Name a checkout of this project, or a commit.")
        yield folder.resolve()
        return
    beside = scratch / "beside"
    git = ["git", "-C", str(ROOT), "worktree"]
    added = subprocess.run(
        [*git, "add", "--quiet", "--detach", str(beside), commit_or_folder], capture_output=True, text=True, check=False
    )
    if added.returncode:
        sys.exit(f"'{commit_or_folder}' is neither a folder nor a commit: {added.stderr.strip()}")
    try:
        yield beside
    finally:
        subprocess.run([*git, "remove", "--force", str(beside)], check=True)


def summary(values: Sequence[float], digits: int = 2) -> str:
    """Median, and in brackets the lowest and the highest."""
    return f"{statistics.median(values):8.{digits}f}  ({min(values):.{digits}f}-{max(values):.{digits}f})"


def core_words() -> str:
    return f"{cores()} cores, load {os.getloadavg()[0]:.1f} when it began"
