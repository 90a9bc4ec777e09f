"""Whether a result depends on the process or on the number of threads, and what `age2hie reproduce` says of it.

    python benchmark/reproduce.py [--input SCAN ...]

The demonstration, a raw phantom with 6 mm slices, and every SCAN are predicted in fresh processes with 1 to 4 threads
of torch (with BLAS) and of SimpleITK. Printed is how many findings of result.json, volumes and columns of regions.csv
are not the same to the last digit as in the first run, and the change of the score; then what `reproduce` answers on
the plain instructions of the processor, which round otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from figures import Figures

from AGE2HIELib.result.differences import record_differences, region_differences, volume_differences
from AGE2HIELib.result.tolerance import EXACT

THREADS = ((1, 1), (1, 1), (1, 2), (2, 1), (2, 2), (4, 4))  # of torch, of SimpleITK
PLAIN = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Nehalem"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _age2hie("demo", "--output", folder / "demo")
        _age2hie("phantom", "--output", folder / "6mm", "--acquisition", "6mm", "--injury", "watershed", "--seed", 3)
        scans = {"demo": folder / "demo/scan/dwi.nii.gz", "6mm phantom": folder / "6mm/dwi.nii.gz"}
        figures = Figures("reproduce")
        given = {f"given {number}": path for number, path in enumerate(options.input, 1)}
        for name, scan in (scans | given).items():
            _threads(name, scan, folder, figures)
            done = _age2hie("reproduce", folder / f"{name} 0", "--input", scan, environment=PLAIN)
            figures.add(f"{name}/plain-instructions/exit-code", done.returncode)
            print(f"{name}: plain instructions: exit code {done.returncode}, {done.stdout.splitlines()[-1]}")
    figures.write(model=True)


def _threads(name: str, scan: Path, folder: Path, into: Figures) -> None:
    first, most, largest = folder / f"{name} 0", 0, 0.0
    for number, (torch, sitk) in enumerate(THREADS):
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = dict.fromkeys(names, str(torch)) | {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(sitk)}
        output = folder / f"{name} {number}"
        _age2hie("predict", scan, "--output", output, environment=environment)
        then, now = (json.loads((of / "result.json").read_text(encoding="utf-8")) for of in (first, output))
        found = len(record_differences(then, now, EXACT))
        found += len(volume_differences(first, output, EXACT)) + len(region_differences(first, output, EXACT))
        change = abs(then["probability_adverse"] - now["probability_adverse"])
        most, largest = max(most, found), max(largest, change)
        print(f"{name}: torch {torch}, SimpleITK {sitk}: {found} differences, score by {change:.2g}", flush=True)
    into.add(f"{name}/differences", most)
    into.add(f"{name}/score", largest, "largest change")


def _age2hie(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "AGE2HIELib.cli", *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 4):
        sys.exit(done.stderr)
    return done


if __name__ == "__main__":
    main()
