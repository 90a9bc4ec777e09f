"""The processor's time of a case within ``batch``: what one more costs, once imports and the model are there.

    python benchmark/warm.py [--more 6] [--repeat 3]
    AGE2HIE_TEST_DATA=FOLDER python benchmark/warm.py [--more 6] [--repeat 3]

A batch of two scans and one of as many more are run in turns with one worker, as whole processes; the difference of
their processor's times, divided by the scans that are more, is a case's. The scans are real newborns' where
AGE2HIE_TEST_DATA names some, evenly taken from their list, and phantoms otherwise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from batch_cases import phantom
from figures import ROOT, Figures
from processes import Run, core_words, measured, summary

_ALWAYS = 2  # scans of the smaller batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--more", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(core_words(), flush=True)
    real = "AGE2HIE_TEST_DATA" in os.environ
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scans = (_newborns if real else _phantoms)(folder, _ALWAYS + options.more)
        few, many = (_linked(folder / name, chosen) for name, chosen in (("few", scans[:_ALWAYS]), ("many", scans)))
        seconds, peaks = [], []
        for number in range(options.repeat):
            runs = [_batch(cases, folder / f"{cases.name} {number}") for cases in (few, many)]
            seconds.append((runs[1].processor_s - runs[0].processor_s) / options.more)
            peaks.append(runs[1].peak_mb)
            print(f"{seconds[-1]:.2f} s a case, {peaks[-1]:.0f} MB", flush=True)
    figures = Figures("warm")
    figures.add("cases", options.more)
    figures.add("runs", options.repeat)
    figures.add("processor", statistics.median(seconds), "s of the processor a case", (min(seconds), max(seconds)))
    figures.add("peak", statistics.median(peaks), "MB, largest process", (min(peaks), max(peaks)))
    print(f"seconds of the processor a case: {summary(seconds)}")
    figures.write(model=True, real=real)


def _batch(cases: Path, output: Path) -> Run:
    command = [sys.executable, "-m", "AGE2HIELib.cli", "batch", str(cases), "--output", str(output), "--jobs", "1"]
    return measured(command, ROOT, {"PYTHONPATH": str(ROOT)})


def _newborns(_: Path, count: int) -> list[Path]:
    every = sorted((Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie" / "1ADC_ss").glob("*.mha"))
    return [every[number] for number in np.linspace(0, len(every) - 1, count).round().astype(int)]


def _phantoms(folder: Path, count: int) -> list[Path]:
    for number in range(count):
        phantom(folder / f"phantom {number}", number, "mha", ("2mm", "4mm", "6mm")[number % 3], "bgt")
    return [folder / f"phantom {number}" / "adc.mha" for number in range(count)]


def _linked(folder: Path, scans: list[Path]) -> Path:
    """A folder with a folder for each scan, as ``batch`` wants them."""
    for scan in scans:
        case = folder / (scan.parent.name if scan.name == "adc.mha" else scan.stem)
        case.mkdir(parents=True)
        (case / scan.name).symlink_to(scan.absolute())
    return folder


if __name__ == "__main__":
    main()
