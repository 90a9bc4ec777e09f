"""``age2hie predict`` beside what a user would assemble from ANTsPy and MONAI: whole processes in pairs.

    python benchmark/assembled.py [--python .venv-bench/bin/python] [--repeat N] [--transform SyN] [--voxels 1 2 ..]

Both get the same scan, atlas and number of networks, fed at the same size; ``assembled_stack.py`` says what the other
side does. It has no gate, no regions, no lesion, no scores and no page, which this project's time includes. The first
pair fills the disk's cache and is not counted; the order changes from pair to pair, and the ratio is of each pair.
The rows of more voxels and of other ensembles have a third of ``--repeat``, one pair at least; where one pair is asked
for, it is the first that counts.
``make bench`` makes the environment in which ANTsPy and MONAI are.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from figures import ROOT, Figures
from grown_scans import CUTS, MEMBERS, cut, ensemble, newborn
from processes import MEASURES, Run, add_pairs, core_words, measured, predicted

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume

_STACK = ROOT / "benchmark" / "assembled_stack.py"
_NETWORKS = 5


@dataclass(frozen=True)
class Bench:
    """Where the runs lie, the other side's Python, its placement, and what has been found."""

    folder: Path
    python: Path
    transform: str
    repeat: int
    figures: Figures

    def measure(self, name: str, adc: Volume, members: int, options: tuple[str, ...] = (), *, first: bool) -> None:
        """Pairs on one scan."""
        warm, repeat = (1, self.repeat) if first else (0, max(1, self.repeat // 3))
        scan = self.folder / "scan.mha"
        write_volume(adc, scan)
        sides: dict[str, list[Run]] = {"age2hie": [], "assembled": []}
        for number in range(-warm, repeat):
            for side in sorted(sides, reverse=number % 2 == 1):
                output = self.folder / f"{name.replace('/', '-')} {side} {number}"
                if side == "age2hie":
                    run = predicted(ROOT, scan, output, options)
                else:
                    run = self._assembled(scan, output, members)
                print(f"{name} {side}: {run.processor_s:.2f} s, {run.wall_s:.2f} s, {run.peak_mb:.0f} MB", flush=True)
                if number >= 0:
                    sides[side].append(run)
        self.figures.add(f"{name}/pairs", repeat)
        add_pairs(self.figures, f"{name}/", sides)
        shown = [
            statistics.median(value(run) for run in runs) for runs in sides.values() for _, value in MEASURES.values()
        ]
        print(f"{name:<12}" + "".join(f"{value:10.1f}" for value in shown), flush=True)

    def _assembled(self, scan: Path, output: Path, members: int) -> Run:
        command = [str(self.python), str(_STACK), str(scan), "--output", str(output)]
        command += ["--atlas", str(ROOT / "Resources" / "atlas"), "--weights", str(self.weights)]
        return measured([*command, "--transform", self.transform, "--members", str(members)], ROOT, {})

    @property
    def weights(self) -> Path:
        return self.folder / "weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-bench" / "bin" / "python")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--transform", choices=("SyN", "Affine"), default="SyN")
    parser.add_argument("--voxels", type=int, nargs="*", choices=CUTS, default=[*CUTS])
    parser.add_argument("--members", type=int, nargs="*", choices=MEMBERS, default=[*MEMBERS])
    options = parser.parse_args()
    if not options.python.exists():
        sys.exit(f"'{options.python}' is not there: `make bench` makes it, or name a Python with antspyx and monai.")
    print(core_words(), flush=True)
    sides = "".join(f"{side + ' ' + name:>10}" for side in ("ours", "its") for name in MEASURES)
    print(f"{'':<12}{sides}", flush=True)
    adc = newborn()
    with tempfile.TemporaryDirectory() as scratch:
        figures = Figures(f"assembled-{options.transform.lower()}")
        bench = Bench(Path(scratch), options.python.absolute(), options.transform, options.repeat, figures)
        make = [str(bench.python), str(_STACK), "--weights", str(bench.weights), "--make", str(max(MEMBERS))]
        measured(make, ROOT, {})
        for number, factor in enumerate(options.voxels):
            first = number == 0 and options.repeat > 1
            bench.measure(f"voxels/{factor}", cut(adc, CUTS[factor]), _NETWORKS, first=first)
        for count in options.members:
            model = ("--model", str(ensemble(count, bench.folder / f"model{count}")))
            bench.measure(f"members/{count}", adc, count, model, first=False)
        figures.write(model=True)


if __name__ == "__main__":
    main()
