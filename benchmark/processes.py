"""Whole processes of the command line, as a user starts them, measured from outside: Linux and macOS."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from figures import ROOT, Figures, cores

_KIB = 2**10


@dataclass(frozen=True)
class Run:
    """One process: seconds by the clock and of the processor (all threads), most memory in MB, seconds by stage."""

    wall_s: float
    processor_s: float
    peak_mb: float
    stages: dict[str, float] = field(default_factory=dict)


MEASURES: Mapping[str, tuple[str, Callable[[Run], float]]] = {
    "processor": ("s of the processor, all threads", lambda run: run.processor_s),
    "wall": ("s by the clock", lambda run: run.wall_s),
    "peak": ("MB", lambda run: run.peak_mb),
}


def predicted(checkout: Path, scan: Path, output: Path, options: Sequence[str] = ()) -> Run:
    """``predict`` of a checkout's own sources."""
    command = [sys.executable, "-m", "AGE2HIELib.cli", "predict", str(scan), "--output", str(output), *options]
    run = measured(command, checkout, {"PYTHONPATH": str(checkout)})
    return replace(run, stages=json.loads((output / "result.json").read_text(encoding="utf-8"))["timing_s"])


def measured(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Run:
    """One process in ``folder``, with these variables beside our own; ends this program where it fails.

    Compiled modules and templates may be kept, as Python does where nobody forbids it: a user's second run has them.
    """
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)  # the processor's time and the peak are those of its children as well
    wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"'{' '.join(command[1:4])} ...' ended with {process.returncode} in '{folder}'")
    peak_mb = used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB) / 1e6
    return Run(wall_s, used.ru_utime + used.ru_stime, peak_mb)


def add_pairs(figures: Figures, part: str, sides: Mapping[str, Sequence[Run]]) -> None:
    """Medians of both sides, with the lowest and the highest, and of the second's ratio to the first, pair by pair.

    Args:
        part: what the names of the figures begin with, with its ``/``; may be empty.
        sides: the runs by the name of the side, two of the same length.
    """
    for measure, (unit, value) in MEASURES.items():
        first, second = ([value(run) for run in runs] for runs in sides.values())
        ratios = [b / a for a, b in zip(first, second, strict=True)]
        for side, values in zip((*sides, "ratio"), (first, second, ratios), strict=True):
            shown = "" if side == "ratio" else unit
            figures.add(f"{part}{side}/{measure}", statistics.median(values), shown, (min(values), max(values)))


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
