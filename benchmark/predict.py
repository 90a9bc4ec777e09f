"""How long the command line takes: whole processes as a user starts them, the median of several runs.

    python benchmark/predict.py [--repeat N] [--input SCAN] [--model DIR]

Without ``--input`` a synthetic ADC map of 160x160x18 voxels is made. A "stage" is what result.json says of itself; the
difference to the whole process is the interpreter, imports, and leaving. Nothing here is a test: times depend on the
machine, and are printed with the number of its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import Figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scan = options.input or _phantom(folder)
        help_s = [_seconds(["--help"]) for _ in range(options.repeat)]
        model = ["--model", str(options.model)] if options.model else []
        whole_s, stages = [], []
        for number in range(options.repeat):
            output = folder / f"run{number}"
            whole_s.append(_seconds(["predict", str(scan), "--output", str(output), *model]))
            stages.append(json.loads((output / "result.json").read_text(encoding="utf-8"))["timing_s"])
        check_s = [_seconds(["check", str(scan)]) for _ in range(options.repeat)]
    _print(help_s, check_s, whole_s, stages)
    _figures(help_s, check_s, whole_s, stages).write(model=options.model is None)


def _figures(
    help_s: list[float], check_s: list[float], whole_s: list[float], stages: list[dict[str, float]]
) -> Figures:
    """Medians with the range of the runs."""
    figures = Figures("predict")
    named = [("help", help_s), ("check", check_s), ("whole", whole_s)]
    for name, values in named + [(f"stage/{stage}", [run[stage] for run in stages]) for stage in stages[0]]:
        figures.add(name, statistics.median(values), "s", (min(values), max(values)))
    figures.add("memory", _peak_gib(), "GiB, largest process")
    return figures


def _print(help_s: list[float], check_s: list[float], whole_s: list[float], stages: list[dict[str, float]]) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{cores} cores, median (lowest-highest) of {len(whole_s)} runs, seconds")
    for name, values in (("age2hie --help", help_s), ("age2hie check", check_s), ("age2hie predict", whole_s)):
        print(f"{name:<24}{_summary(values)}")
    for stage in stages[0]:
        print(f"  {stage:<22}{_summary([run[stage] for run in stages])}")
    rest = [whole - sum(run.values()) for whole, run in zip(whole_s, stages, strict=True)]
    print(f"  {'outside the stages':<22}{_summary(rest)}")
    print(f"peak memory of the largest process: {_peak_gib():.2f} GiB")


def _peak_gib() -> float:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return float(peak / (2**30 if sys.platform == "darwin" else 2**20))


def _summary(values: list[float]) -> str:
    return f"{statistics.median(values):8.2f}  ({min(values):.2f}-{max(values):.2f})"


def _seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(_command(arguments), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return time.perf_counter() - start


def _phantom(folder: Path) -> Path:
    made = folder / "phantom"
    arguments = ["phantom", "--output", str(made), "--format", "mha", "--acquisition", "6mm", "--injury", "bgt"]
    subprocess.run(_command(arguments), check=True, capture_output=True)
    return made / "adc.mha"


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "AGE2HIELib.cli", *arguments]


if __name__ == "__main__":
    main()
