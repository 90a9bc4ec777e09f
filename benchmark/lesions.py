"""Lesions by expert mask and by us on the sample cases of BONBID-HIE, and how many healthy phantoms have none.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/lesions.py [--jobs 2] [--healthy 100] [--first-seed 88000000]

Of every case: the expert's load (per cent of the brain), ours with our own score and with the released z-map, the Dice
of each with the expert's mask, how many clusters are listed, and whether the 90 % interval holds the expert's load. The
plain rule beside it is z < -2 in the brain. How well the median ADC of the thalami ranks them is said as well. These 28
infants chose the constants (``docs/lesions.md``).

With ``--healthy N`` so many healthy phantoms of each acquisition follow, half of each site's noise where two sites have
it; a phantom takes five seconds on a core. "None" is a scan in which no lesion is reported; "flagged" are the regions
that the page calls low or partly low.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from figures import Figures
from fresh_cases import bundled_atlas, gated_scan
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from AGE2HIELib.explanation.region_tissue import region_tissues
from AGE2HIELib.explanation.regions import measured_regions
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid, read_volume
from AGE2HIELib.lesion.measure import found_lesion, placed_scan
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.report.region_order import flag
from AGE2HIELib.result.findings import Lesion
from AGE2HIELib.system.parallel import run_all
from training.cohorts.released_z import released_like_z
from training.cohorts.synthetic_hie import SITES, protocol_of

INJURED_LOAD, SMALL_LOAD = 0.01, 0.05  # of the brain
LESION_Z = -2.0
KINDS = ("own", "released")
_FLAGS = ("low", "partly low")
ROUNDING = 5e-4  # of the brain: an interval that misses by less holds the load for every reader


@dataclass(frozen=True)
class Reading:
    """One case with one kind of z.

    Attributes:
        load: the expert's, as a share of the brain.
        dice, plain: of the lesion, and of z < -2, with the expert's mask.
        thalamic_adc: median of the two thalami's tissue, their mean, 1e-6 mm^2/s.
    """

    load: float
    lesion: Lesion
    dice: float
    plain: float
    thalamic_adc: float

    @property
    def held(self) -> bool:
        low, high = self.lesion.interval
        return low - ROUNDING <= self.load <= high + ROUNDING


@dataclass(frozen=True)
class Healthy:
    """A healthy phantom to make."""

    acquisition: str
    site: str
    seed: int


@dataclass(frozen=True)
class HealthyReading:
    """``none``: no lesion is reported; ``flags``: what the page says of every region, empty where nothing."""

    none: bool
    flags: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--healthy", type=int, default=0, metavar="N", help="phantoms of each acquisition")
    parser.add_argument("--first-seed", type=int, default=88_000_000, help="of the phantoms")
    options = parser.parse_args()
    if "AGE2HIE_TEST_DATA" in os.environ:
        files = sorted((Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie" / "1ADC_ss").glob("*.mha"))
        read = run_all(read_newborn, files, jobs=options.jobs, description="newborns")
        print_newborns([file.name[8:11] for file in files], read)
    else:
        print("lesions: the sample cases are left out (AGE2HIE_TEST_DATA is not set)")
    if options.healthy:
        plan = healthy_plan(options.healthy, options.first_seed)
        print_healthy(plan, run_all(read_healthy, plan, jobs=options.jobs, description="healthy phantoms"))


def read_newborn(file: Path) -> dict[str, Reading]:
    """A released case with both kinds of z."""
    name, folder = file.name.removesuffix("-ADC_ss.mha"), file.parent.parent
    stored = read_volume(file)
    released, expert = (
        to_canonical(read_on_grid(path, stored.grid, what=what))
        for path, what in (
            (folder / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha", "z-map"),
            (folder / "3LABEL" / f"{name}_lesion.mha", "lesion mask"),
        )
    )
    gated = gated_scan(to_canonical(stored))
    assert gated.placement is not None
    atlas, truth, brain = bundled_atlas(), expert.array > 0, gated.brain.array
    own = z_map(gated.adc, gated.brain, atlas, gated.placement)
    tissues = region_tissues(atlas, gated.placement, gated.brain, gated.adc, own)
    thalami = [region.value for region in atlas.regions if region.name == "thalamus"]
    thalamic_adc = float(np.mean([tissues[value].median_adc for value in thalami if value in tissues]))
    readings = {}
    for kind, z in zip(KINDS, (own, released), strict=True):
        scan = placed_scan(gated.adc, z, gated.brain, atlas, gated.placement, released=kind == "released")
        mask, lesion = found_lesion(scan)
        plain = dice((z.array < LESION_Z) & brain, truth)
        load = float(truth.sum() / brain.sum())
        readings[kind] = Reading(load, lesion, dice(mask.array, truth), plain, thalamic_adc)
    return readings


def healthy_plan(count: int, first_seed: int) -> list[Healthy]:
    """So many of each acquisition, of the sites in turn that have it."""
    plan = []
    for number, acquisition in enumerate(sorted({name for site in SITES.values() for name in site.protocols})):
        sites = [name for name, site in SITES.items() if acquisition in site.protocols]
        plan += [
            Healthy(acquisition, sites[index % len(sites)], first_seed + 100_000 * number + index)
            for index in range(count)
        ]
    return plan


def read_healthy(case: Healthy) -> dict[str, HealthyReading]:
    """A healthy phantom, by the kind of z."""
    rng = np.random.default_rng([case.seed, 10])
    infant = make_infant(case.seed)
    injury = injure(infant, "none", seed=case.seed)
    # the site's own draw of pixel size, b scale and noise, around this acquisition
    drawn = protocol_of(case.site, rng)
    base = PROTOCOLS[case.acquisition]
    protocol = replace(base, snr=base.snr * SITES[case.site].snr, b_scale=drawn.b_scale)
    adc = to_canonical(scanner_adc(infant, injury, protocol, seed=case.seed))
    gated, atlas = gated_scan(adc), bundled_atlas()
    assert gated.placement is not None
    brain = adc.like(adc.array != 0)
    maps = {
        "own": z_map(gated.adc, gated.brain, atlas, gated.placement),
        "released": released_like_z(infant, adc, brain, atlas, seed=case.seed),
    }
    readings = {}
    nowhere = gated.adc.like(np.zeros(gated.adc.grid.shape, dtype=np.float32))
    for kind, z in maps.items():
        scan = placed_scan(gated.adc, z, gated.brain, atlas, gated.placement, released=kind == "released")
        mask, _ = found_lesion(scan)
        regions = measured_regions(
            atlas, gated.placement, gated.brain, adc=gated.adc, z=z, saliency=nowhere, lesion=mask
        )
        readings[kind] = HealthyReading(not mask.array.any(), tuple(flag(row) for row in regions))
    return readings


def print_newborns(names: list[str], read: list[dict[str, Reading]]) -> None:
    print("case  expert %   own %  Dice  (z<-2)  clusters  held   released %  Dice  (z<-2)  clusters  held")
    for name, one in sorted(zip(names, read, strict=True), key=lambda pair: pair[1]["own"].load):
        cells = [
            f"{100 * r.lesion.share:7.2f}  {r.dice:4.2f}  {r.plain:6.2f}  {len(r.lesion.clusters):8}  "
            f"{'yes' if r.held else 'no':>4}"
            for r in (one[kind] for kind in KINDS)
        ]
        print(f"{name:4}  {100 * one['own'].load:8.2f}  {cells[0]}      {cells[1]}")
    figures = Figures("lesions")
    for kind in KINDS:
        print_figures(kind, [one[kind] for one in read], figures)
    load, adc = (np.array([getattr(one["own"], name) for one in read]) for name in ("load", "thalamic_adc"))
    auc, rho = roc_auc_score(load > INJURED_LOAD, -adc), spearmanr(load, -adc).statistic
    print(f"thalamic ADC: AUROC for over 1 % {auc:.3f}, Spearman {rho:.2f}")
    figures.add("thalamic-adc/auc", auc)
    figures.add("thalamic-adc/spearman", rho)
    figures.add("injured", (load > INJURED_LOAD).sum())
    figures.add("small", (load < SMALL_LOAD).sum())
    figures.add("under-1", ((load > 0) & (load <= INJURED_LOAD)).sum())
    for name, one in sorted(zip(names, read, strict=True), key=lambda pair: -pair[1]["own"].load):
        figures.add(f"{name}/expert", 100 * one["own"].load, "% of the brain")
        for kind in KINDS:
            figures.add(f"{name}/{kind}", 100 * one[kind].lesion.share, "% of the brain")
            figures.add(f"{name}/{kind}-dice", one[kind].dice)
    figures.write(real=True)


def print_figures(kind: str, read: list[Reading], into: Figures) -> None:
    load, found = np.array([r.load for r in read]), np.array([r.lesion.share for r in read])
    injured, small = load > INJURED_LOAD, load < SMALL_LOAD
    mean, plain = (np.mean([getattr(r, name) for r in read if r.load > INJURED_LOAD]) for name in ("dice", "plain"))
    error = 100 * np.abs(found - load)[small]
    auc, rho = roc_auc_score(injured, found), spearmanr(load, found).statistic
    held = np.mean([r.held for r in read])
    into.add(f"{kind}/dice", mean)
    into.add(f"{kind}/plain-dice", plain)
    into.add(f"{kind}/error", np.median(error), "points of the brain, median")
    into.add(f"{kind}/largest-error", error.max(), "points of the brain")
    into.add(f"{kind}/auc", auc)
    into.add(f"{kind}/spearman", rho)
    into.add(f"{kind}/holds", held)
    print(
        f"{kind}: mean Dice over 1 % {mean:.3f} of {injured.sum()} (z < -2: {plain:.3f}); load under 5 %: median error "
        f"{np.median(error):.2f} points, largest {error.max():.2f}; AUROC for over 1 % "
        f"{auc:.3f}, Spearman {rho:.2f}; interval holds the load in {held:.2f}; "
        f"no lesion in {(found == 0).sum()} of {len(read)}"
    )


def print_healthy(plan: list[Healthy], read: list[dict[str, HealthyReading]]) -> None:
    figures = Figures("lesions-healthy")
    for acquisition in (*sorted({case.acquisition for case in plan}), "all"):
        here = [one for case, one in zip(plan, read, strict=True) if acquisition in ("all", case.acquisition)]
        for kind in KINDS:
            scans = [one[kind] for one in here]
            regions = [word for scan in scans for word in scan.flags]
            counts = ", ".join(f"{word} {regions.count(word)}" for word in _FLAGS)
            none = np.mean([scan.none for scan in scans])
            if acquisition == "all":
                for name, value in (("regions", len(regions)), *((word, regions.count(word)) for word in _FLAGS)):
                    figures.add(f"{kind}/{name}", value)
            else:
                figures.add(f"{kind}/{acquisition}/none", none)
            print(
                f"healthy phantoms, {acquisition}, {kind}: none in {none:.2f} of "
                f"{len(scans)}; scans with a flagged region {sum(any(scan.flags) for scan in scans)}; flagged of "
                f"{len(regions)} regions: {counts}"
            )
    figures.write()


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / max(one.sum() + other.sum(), 1))


if __name__ == "__main__":
    main()
