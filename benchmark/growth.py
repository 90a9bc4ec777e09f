"""How time and memory of ``predict`` grow with the scan and with the ensemble: whole processes, one after the other.

    python benchmark/growth.py [--repeat N] [--slices 300]

The scan is a phantom's ADC map; each of its voxels is then cut into 2, 4 and 8. The ensembles are of the bundled
model's networks (``grown_scans.py``). The last row is a scan of many thin slices, for the seconds and size of its page.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from figures import ROOT, Figures
from grown_scans import CUTS, MEMBERS, cut, ensemble, newborn
from processes import MEASURES, core_words, predicted

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.volume import Volume

_MEASURED = {**MEASURES, "report": ("s by the clock", lambda run: run.stages["report"])}


@dataclass(frozen=True)
class Bench:
    """Where the runs lie, how many there are of each, and what they have shown."""

    folder: Path
    repeat: int
    figures: Figures

    def measure(self, name: str, adc: Volume, options: tuple[str, ...] = ()) -> None:
        """Medians of whole processes, with the lowest and the highest."""
        scan = self.folder / "scan.mha"
        write_volume(adc, scan)
        outputs = [self.folder / f"{name.replace('/', '-')}-{number}" for number in range(self.repeat)]
        runs = [predicted(ROOT, scan, output, options) for output in outputs]
        page_mb = (outputs[-1] / "report.html").stat().st_size / 1e6
        for figure, (unit, value) in _MEASURED.items():
            values = [value(run) for run in runs]
            self.figures.add(f"{name}/{figure}", statistics.median(values), unit, (min(values), max(values)))
        self.figures.add(f"{name}/page", page_mb, "MB")
        self.figures.add(f"{name}/voxels", adc.array.size / 1e6, "million")
        shown = [self.figures.found[f"{name}/{figure}"].value for figure in (*_MEASURED, "page")]
        print(f"{name:<14}" + "".join(f"{float(value):12.2f}" for value in shown), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--slices", type=int, default=300)
    options = parser.parse_args()
    print(core_words(), flush=True)
    print(f"{'':<14}" + "".join(f"{name:>12}" for name in (*_MEASURED, "page MB")), flush=True)
    figures = Figures("growth")
    adc = newborn()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), options.repeat, figures)
        for factor, cuts in CUTS.items():
            bench.measure(f"voxels/{factor}", cut(adc, cuts))
        for count in MEMBERS:
            bench.measure(f"members/{count}", adc, ("--model", str(ensemble(count, bench.folder / f"model{count}"))))
        thin = -(-options.slices // adc.array.shape[2])
        many = cut(adc, (1, 1, thin))
        bench.measure("slices", many)
        figures.add("slices/count", many.array.shape[2])
    figures.write(model=True)


if __name__ == "__main__":
    main()
