"""Medians of regions as ``predict`` reports them beside those of the infants that were scanned.

    python benchmark/regions.py [--rounds 2] [--first-seed 620000] [--jobs 2]

The infants of the review of 2026-11-29 come last: basal ganglia and thalamus injured, told normal by their means.
A round is one phantom of every acquisition and injury, 15 in all, of some five seconds each; seeds are in no cohort.
Truth is the median of the noise-free ADC over the infant's own structure. An error counts in standard deviations
between healthy newborns: those measured on 56 infants, and the phantom's own for structures that were not measured.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from figures import Figures
from fresh_cases import bundled_atlas, gated_scan

from AGE2HIELib.explanation.regions import RegionRow, measured_regions
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import INJURIES, Injury, injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.phantom.structures import CORTEX, STRUCTURES
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.system.parallel import run_all

ACQUISITIONS = ("2mm", "4mm", "6mm")
MEASURED_SD = {  # 1e-6 mm^2/s
    "thalamus": 42.0,
    "lentiform nucleus": 48.0,
    "caudate nucleus": 52.0,
    "brainstem": 64.0,
    "cerebellum": 130.0,
}
SD = {structure.name: structure.adc_sd for structure in STRUCTURES} | MEASURED_SD
_CORTEX = {structure.name for structure in STRUCTURES if structure.value in CORTEX}
_PARTLY = (0.15, 0.85)  # of a structure that is lesion: its median may be that of either part


@dataclass(frozen=True)
class Phantom:
    """Which one: an injury of an acquisition."""

    seed: int
    kind: str
    acquisition: str
    extent: float | None = None


@dataclass(frozen=True)
class Found:
    """One region of a phantom, as reported and as it is.

    Attributes:
        lesion: part of the structure that is lesion.
        error: of its median, in standard deviations; None where it is not measurable.
        mean_error: the same of the mean with fluid.
    """

    row: RegionRow
    acquisition: str
    true_median: float
    lesion: float
    error: float | None
    mean_error: float | None

    @property
    def region(self) -> str:
        return self.row.region


REVIEWED = (
    Phantom(7004, "bgt", "6mm", 0.8),
    Phantom(7105, "bgt", "4mm", 0.8),
    Phantom(7106, "bgt", "2mm", 0.8),
    Phantom(7107, "bgt", "6mm", 0.9),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=620_000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    kinds = [(acquisition, kind) for acquisition in ACQUISITIONS for kind in INJURIES] * options.rounds
    phantoms = [Phantom(options.first_seed + n, kind, acquisition) for n, (acquisition, kind) in enumerate(kinds)]
    each = run_all(regions_of, phantoms, jobs=options.jobs, description="infants")
    found = [row for rows in each for row in rows]
    figures = Figures("regions")
    for name in dict.fromkeys(row.region for row in found):
        print_line(name, [row for row in found if row.region == name], figures)
    measured = [row for row in found if row.region in MEASURED_SD]
    others = [row for row in found if row.region not in MEASURED_SD | dict.fromkeys(_CORTEX)]
    print_line("all five with a measured sd", measured, figures)
    for acquisition in ACQUISITIONS:
        print_line(f"  of them {acquisition}", [row for row in measured if row.acquisition == acquisition], figures)
    partly = [row for row in measured if _PARTLY[0] < row.lesion < _PARTLY[1]]
    print_line("  of them partly lesion", partly, figures)
    print_line("  of them others", [row for row in measured if row not in partly], figures)
    print_line("all others but cortex", others, figures)
    figures.write()
    reviewed = run_all(regions_of, REVIEWED, jobs=options.jobs, description="reviewed")
    for phantom, rows in zip(REVIEWED, reviewed, strict=True):
        print_reviewed(phantom, rows)


def regions_of(phantom: Phantom) -> list[Found]:
    """Every region that is no fluid, in the place where the gate's placement puts it."""
    infant = make_infant(phantom.seed)
    injury = injure(infant, phantom.kind, seed=phantom.seed, extent=phantom.extent)
    adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS[phantom.acquisition], seed=phantom.seed))
    atlas, gated = bundled_atlas(), gated_scan(adc)
    if gated.placement is None or not gated.quality.passed:
        return []
    z = z_map(gated.adc, gated.brain, atlas, gated.placement)
    rows = measured_regions(atlas, gated.placement, gated.brain, adc=gated.adc, z=z, saliency=z)
    found = []
    for row in rows:
        true_median, true_mean, lesion = _truth(infant, injury, row.label)
        if row.measured != "fluid":
            sd, median, mean = SD[row.region], row.median_adc_1e6_mm2_s, row.mean_adc_1e6_mm2_s
            error = None if median is None else (median - true_median) / sd
            mean_error = None if mean is None else (mean - true_mean) / sd
            found.append(Found(row, phantom.acquisition, true_median, lesion, error, mean_error))
    return found


def _truth(infant: Infant, injury: Injury, label: int) -> tuple[float, float, float]:
    """(median and mean ADC, share that is lesion) of a structure."""
    here = infant.labels.array == label
    adc = injury.adc.array[here]
    return float(np.median(adc)), float(adc.mean()), float(injury.lesion.array[here].mean())


def print_reviewed(phantom: Phantom, found: list[Found]) -> None:
    for one in found:
        if one.region in ("thalamus", "lentiform nucleus", "posterior limb of the internal capsule"):
            row = one.row
            print(
                f"{phantom.seed} {phantom.acquisition} {row.region[:20]:20} {row.hemisphere:5} "
                f"lesion {one.lesion:.2f}, true median {one.true_median:4.0f}; "
                f"mean {row.mean_adc_1e6_mm2_s:.0f} z {row.mean_z:+.2f}; {row.measured}: "
                f"median {row.median_adc_1e6_mm2_s} z {row.median_z}, p10 {row.p10_adc_1e6_mm2_s}, below -2: "
                f"{row.share_z_below_minus_2}, {row.ml_z_below_minus_2} of {row.tissue_ml} ml, fluid {row.share_fluid}"
            )


def print_line(name: str, rows: list[Found], into: Figures) -> None:
    errors = np.array([row.error for row in rows if row.error is not None])
    means = np.array([row.mean_error for row in rows if row.mean_error is not None])
    if not errors.size:
        print(f"{name:40} none of {len(rows)} measurable")
        return
    part = name.strip()
    into.add(f"{part}/measurable", errors.size)
    into.add(f"{part}/of", len(rows))
    for word, values in (("median", errors), ("mean", means)):
        into.add(f"{part}/{word}/within-1-sd", 100 * np.mean(np.abs(values) <= 1), "%")
        into.add(f"{part}/{word}/bias", values.mean(), "sd")
    print(
        f"{name:40} measurable {errors.size:4d} of {len(rows):4d}; median within 1 sd "
        f"{100 * np.mean(np.abs(errors) <= 1):5.1f} %, bias {errors.mean():+.2f} sd; mean with fluid within 1 sd "
        f"{100 * np.mean(np.abs(means) <= 1):5.1f} %, bias {means.mean():+.2f} sd"
    )


if __name__ == "__main__":
    main()
