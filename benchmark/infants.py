"""How many fresh infants a core makes in a second for training, beside another version of this project.

    python benchmark/infants.py --beside COMMIT_OR_FOLDER [--cases 4] [--repeat 3]

An infant is drawn and scanned as the synthetic cohort's are, and then prepared: read, gated, placed, its z-map made and
brought to the network's input. Both versions have one thread and the same seeds, in pairs whose order changes; what is
counted is the processor's time, without imports.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import ROOT, Figures
from processes import checkout_of, core_words, summary

_PARTS = ("draw", "prepare")
_PROGRAM = """
import json, sys, tempfile, time
from pathlib import Path
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import find_atlas
from training.cohorts.bonbid import read_bonbid
from training.cohorts.synthetic_hie import write_synthetic_hie
from training.preparing.infants import infant_arrays
from training.preparing.inputs import adc_spec

atlas, spec = load_atlas(find_atlas(None)), adc_spec(4.0)

def made(count, seed, folder):
    begun = time.process_time()
    write_synthetic_hie(folder, atlas, {"BCH": count, "MGH": count}, seed=seed, jobs=1)
    drawn = time.process_time()
    for case in read_bonbid(folder)[0]:
        infant_arrays(case, atlas, spec, z_maps="released")
    return drawn - begun, time.process_time() - drawn

with tempfile.TemporaryDirectory() as scratch:
    made(1, 98, Path(scratch, "first"))  # what is made once a process
    print(json.dumps(made(int(sys.argv[1]), 99, Path(scratch, "counted"))))
"""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", metavar="COMMIT_OR_FOLDER", required=True)
    parser.add_argument("--cases", type=int, default=4, help="of each of the two sites")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(core_words(), flush=True)
    infants = 2 * options.cases
    seconds: dict[str, list[tuple[float, float]]] = {"before": [], "now": []}
    with tempfile.TemporaryDirectory() as scratch, checkout_of(options.beside, Path(scratch)) as other:
        checkouts = {"before": other, "now": ROOT}
        for number in range(options.repeat):
            for side in sorted(checkouts, reverse=number % 2 == 1):
                seconds[side].append(_seconds(checkouts[side], options.cases))
                print(f"{side:<8}" + "".join(f"{one / infants:8.2f} s" for one in seconds[side][-1]), flush=True)
    figures = Figures("infants")
    figures.add("pairs", options.repeat)
    figures.add("infants", infants)
    for side, runs in seconds.items():
        for part, values in zip(
            (*_PARTS, "whole"), (*zip(*runs, strict=True), [sum(run) for run in runs]), strict=True
        ):
            each = [value / infants for value in values]
            figures.add(f"{side}/{part}", statistics.median(each), "s of a core an infant", (min(each), max(each)))
    ratios = [sum(b) / sum(a) for b, a in zip(seconds["before"], seconds["now"], strict=True)]
    figures.add("times", statistics.median(ratios), "times as many a core-second", (min(ratios), max(ratios)))
    print(f"times as many infants a core-second: {summary(ratios)}")
    figures.write()


def _seconds(checkout: Path, cases: int) -> tuple[float, float]:
    """Of the processor: drawing, and preparing."""
    environment = {**os.environ, **_ONE_THREAD, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", _PROGRAM, str(cases)]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    draw, prepare = json.loads(done.stdout.splitlines()[-1])
    return draw, prepare


if __name__ == "__main__":
    main()
