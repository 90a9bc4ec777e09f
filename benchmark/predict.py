"""How long the command line takes: whole processes as a user starts them, the median of several runs.

    python benchmark/predict.py [--repeat N] [--input SCAN] [--model DIR]
    python benchmark/predict.py --beside COMMIT_OR_FOLDER [--repeat N] [--input SCAN ...]

Without ``--input`` a synthetic ADC map of 160x160x18 voxels is made. A "stage" is what result.json says of itself; the
difference to the whole process is the interpreter, imports, and leaving. ``--beside`` runs another version of this
project in turns with this one, one pair after the other, and prints the ratio of each pair: on a machine that does
other work as well, time by the clock means little, and the processor's time a little more. Of several scans each has
its ``--repeat`` pairs. Nothing here is a test:
times depend on the machine, and are printed with the number of its cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import ROOT, Figures
from processes import Run, add_pairs, checkout_of, core_words, predicted, summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--input", type=Path, nargs="+")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--beside", metavar="COMMIT_OR_FOLDER", help="another version, in turns with this one")
    options = parser.parse_args()
    if options.beside:
        _compare(options)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scan = options.input[0] if options.input else _phantom(folder)
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


def _compare(options: argparse.Namespace) -> None:
    """Pairs of runs; which of the two goes first changes from pair to pair."""
    print(core_words(), flush=True)
    model = ["--model", str(options.model)] if options.model else []
    with tempfile.TemporaryDirectory() as scratch, checkout_of(options.beside, Path(scratch)) as other:
        folder = Path(scratch)
        scans = [scan.resolve() for scan in options.input or [_phantom(folder)]]
        runs: dict[str, list[Run]] = {"before": [], "now": []}
        checkouts = {"before": other, "now": ROOT}
        # the first pair fills the disk's cache and is not counted
        for number, scan in enumerate([scans[0], *scans * options.repeat], start=-1):
            for name in sorted(checkouts, reverse=number % 2 == 1):
                run = predicted(checkouts[name], scan, folder / f"{name}{number}", model)
                print(
                    f"pair {number + 1} {name:<8}{run.wall_s:8.2f} s {run.processor_s:8.2f} s {run.peak_mb:6.0f} MB",
                    flush=True,
                )
                if number >= 0:
                    runs[name].append(run)
    _print_pairs(runs)
    figures = Figures("predict-beside")
    figures.add("pairs", len(runs["now"]))
    add_pairs(figures, "", runs)
    figures.write(model=options.model is None)


def _print_pairs(runs: dict[str, list[Run]]) -> None:
    print(f"median (lowest-highest) of {len(runs['now'])} pairs")
    print(f"{'':<20}{'    before':<28}{'       now':<28}    now / before")
    for name, digits in (("wall_s", 2), ("processor_s", 2), ("peak_mb", 0)):
        before, now = ([getattr(run, name) for run in runs[side]] for side in ("before", "now"))
        ratios = [new / old for new, old in zip(now, before, strict=True)]
        print(f"{name:<20}{summary(before, digits):<28}{summary(now, digits):<28}{summary(ratios)}")
    for stage in runs["now"][0].stages:
        before, now = ([run.stages.get(stage, 0.0) for run in runs[side]] for side in ("before", "now"))
        print(f"  {stage:<18}{summary(before):<28}{summary(now):<28}")


def _print(help_s: list[float], check_s: list[float], whole_s: list[float], stages: list[dict[str, float]]) -> None:
    print(f"{core_words()}, median (lowest-highest) of {len(whole_s)} runs, seconds")
    for name, values in (("age2hie --help", help_s), ("age2hie check", check_s), ("age2hie predict", whole_s)):
        print(f"{name:<24}{summary(values)}")
    for stage in stages[0]:
        print(f"  {stage:<22}{summary([run[stage] for run in stages])}")
    rest = [whole - sum(run.values()) for whole, run in zip(whole_s, stages, strict=True)]
    print(f"  {'outside the stages':<22}{summary(rest)}")
    print(f"peak memory of the largest process: {_peak_gib():.2f} GiB")


def _peak_gib() -> float:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return float(peak / (2**30 if sys.platform == "darwin" else 2**20))


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
