"""Injury scores of the lesion that is found beside those of the true lesion.

    python benchmark/scores.py phantoms [--infants 40] [--first-seed 650000] [--jobs 2]
    python benchmark/scores.py extents [--infants 4] [--first-seed 660000] [--jobs 2]
    AGE2HIE_TEST_DATA=FOLDER python benchmark/scores.py newborns [--jobs 2]

``phantoms``: an infant is scanned with slices of 2 and of 6 mm. The truth is the planted lesion over the infant's own
structures and zones. Beside the found lesion stands the planted one on the scan's grid, which parts the errors of
placement and rules from those of the lesion map. ``extents``: whether scores fall anywhere as one injury grows.
``newborns``: expert masks of BONBID-HIE, which chose nothing but were looked at. An infant takes some twenty seconds.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figures
from fresh_cases import bundled_atlas, gated_scan
from sklearn.metrics import cohen_kappa_score

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.lesion.measure import found_lesion, placed_scan
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scanner_adc
from AGE2HIELib.phantom.zones import label_zones, zone_table
from AGE2HIELib.pipeline.admission import GatedScan
from AGE2HIELib.preprocess.atlas import Region, Zones
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.scores import places
from AGE2HIELib.scores.burden import Burden, burden_of, measure_burden
from AGE2HIELib.scores.injury import scores_of
from AGE2HIELib.scores.nichd import LEVELS, PARTED
from AGE2HIELib.scores.places import ScorePlace, find_places
from AGE2HIELib.scores.rules import is_injured
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.volume import Volume

KINDS = ("bgt", "watershed", "near-total", "bgt", "watershed", "focal", "none")
ACQUISITIONS = ("2mm", "6mm")
ASKED = {"2mm": 0.95, "6mm": 0.85}
VALUES: dict[str, tuple[str, ...]] = {
    "barkovich_bgt": ("0", "1", "2", "3", "4"),
    "barkovich_ws": ("0", "1", "2", "3", "4", "5"),
    "nichd": tuple(LEVELS),
    "nichd_parted": PARTED,
}
ORDERED = ("barkovich_bgt", "barkovich_ws", "nichd")
_WATERSHED = ("anterior watershed", "posterior watershed")
EXTENTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
REGIONS = (*places.DEEP, *(name for pair in places.WATERSHED.values() for name in pair))
REGIONS += (places.PERIROLANDIC, places.HIPPOCAMPUS, places.BRAINSTEM, places.CEREBELLUM, places.ALL_CORTEX)


@dataclass(frozen=True)
class Planted:
    """One phantom: which, and how it is injured; ``extent`` is drawn by the seed where None."""

    seed: int
    kind: str
    extent: float | None = None


@dataclass(frozen=True)
class Compared:
    """One scan: the lesion that is true in every place, and others by name."""

    case: str
    group: str
    load: float
    truth: Burden
    others: Mapping[str, Burden]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("phantoms", "extents", "newborns"))
    parser.add_argument("--infants", type=int, default=None)
    parser.add_argument("--first-seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.what == "newborns":
        print_newborns(run_all(newborn, newborns(), jobs=options.jobs, description="newborns"))
    elif options.what == "phantoms":
        first = options.first_seed or 650_000
        wanted = [Planted(first + n, KINDS[n % len(KINDS)]) for n in range(options.infants or 40)]
        each = run_all(scanned, wanted, jobs=options.jobs, description="infants")
        print_phantoms([one for scans in each for one in scans])
    else:
        first = options.first_seed or 660_000
        kinds = ("bgt", "watershed", "near-total", "focal")
        grown = [Planted(first + n, kind) for n in range(options.infants or 4) for kind in kinds]
        print_falls(grown, run_all(falls, grown, jobs=options.jobs, description="injuries"))


def scanned(planted: Planted) -> list[Compared]:
    """Of every acquisition."""
    infant = make_infant(planted.seed)
    injury = injure(infant, planted.kind, seed=planted.seed, extent=planted.extent)
    truth = true_burden(infant, places_in(infant), injury.lesion)
    found = []
    for acquisition in ACQUISITIONS:
        adc = to_canonical(scanner_adc(infant, injury, PROTOCOLS[acquisition], seed=planted.seed))
        seen = gated_scan(adc)
        if seen.placement is None:
            continue
        mask = to_canonical(nearest(injury.lesion.like(injury.lesion.array.astype(np.uint8)), seen.adc.grid))
        others = {"found": lesion_of(seen), "planted": seen.brain.like(mask.array > 0)}
        burdens = {name: burden_in(seen, lesion) for name, lesion in others.items()}
        found.append(Compared(f"{planted.seed} {planted.kind}", acquisition, injury.load, truth, burdens))
    return found


def lesion_of(seen: GatedScan, released: Volume | None = None) -> Volume:
    """As a prediction marks it, from our own z unless a released map is given."""
    assert seen.placement is not None
    atlas, given = bundled_atlas(), released is not None
    z = released if released is not None else z_map(seen.adc, seen.brain, atlas, seen.placement)
    mask, _ = found_lesion(placed_scan(seen.adc, z, seen.brain, atlas, seen.placement, released=given))
    return mask


def burden_in(seen: GatedScan, lesion: Volume) -> Burden:
    assert seen.placement is not None
    return measure_burden(lesion, seen.brain, seen.placement, bundled_atlas())


def places_in(infant: Infant) -> tuple[ScorePlace, ...]:
    zones = infant.labels.like(label_zones(infant.template_points, infant.labels.array))
    regions = tuple(Region(*row) for row in zone_table())
    return find_places(infant.labels, bundled_atlas().regions, Zones(zones, regions))


def true_burden(infant: Infant, of: Sequence[ScorePlace], lesion: Volume) -> Burden:
    sizes = np.full(infant.labels.array.shape, infant.labels.grid.voxel_ml)
    return burden_of(of, lesion.array.astype(np.float64), sizes, zones=True)


def falls(planted: Planted) -> tuple[int, int]:
    """(of the planted lesion, of the found one at 2 mm): scores that fall somewhere as the injury grows."""
    infant = make_infant(planted.seed)
    of = places_in(infant)
    true_ranks, found_ranks = [], []
    for extent in EXTENTS:
        injury = injure(infant, planted.kind, seed=planted.seed, extent=extent)
        true_ranks.append(ranks(true_burden(infant, of, injury.lesion)))
        seen = gated_scan(to_canonical(scanner_adc(infant, injury, PROTOCOLS["2mm"], seed=planted.seed)))
        found_ranks.append(ranks(burden_in(seen, lesion_of(seen))))
    fell = [(np.diff(np.array(rows), axis=0) < 0).any(axis=0).sum() for rows in (true_ranks, found_ranks)]
    return int(fell[0]), int(fell[1])


def ranks(burden: Burden) -> list[int]:
    values = {score.name: score.value for score in scores_of(burden)}
    return [VALUES[name].index(values[name]) for name in ORDERED]


def newborns() -> list[str]:
    return sorted(path.name.removesuffix("-ADC_ss.mha") for path in (_folder() / "1ADC_ss").glob("*.mha"))


def newborn(name: str) -> Compared:
    folder = _folder()
    seen = gated_scan(to_canonical(read_volume(folder / "1ADC_ss" / f"{name}-ADC_ss.mha")))
    released, expert = (
        to_canonical(read_volume(folder / path)).array
        for path in (f"2Z_ADC/Zmap_{name}-ADC_smooth2mm_clipped10.mha", f"3LABEL/{name}_lesion.mha")
    )
    lesion = seen.brain.like(expert > 0)
    others = {"own z": lesion_of(seen), "released z": lesion_of(seen, seen.brain.like(released))}
    load = float(lesion.array.sum() / seen.brain.array.sum())
    burdens = {kind: burden_in(seen, mask) for kind, mask in others.items()}
    return Compared(name.removeprefix("MGHNICU_")[:3], "newborns", load, burden_in(seen, lesion), burdens)


def _folder() -> Path:
    return Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie"


def print_phantoms(rows: list[Compared]) -> None:
    figures = Figures("scores-phantoms")
    loads = sorted(100 * row.load for row in rows if row.load)
    missed = sorted(100 * row.load for row in rows if row.load and not _any_lesion(row.others["found"]))
    figures.add("injured", len(loads) // len(ACQUISITIONS))
    for name, values in (("load", loads), ("missed/load", missed)):
        if values:
            figures.add(f"{name}/least", values[0], "% of the brain")
            figures.add(f"{name}/most", values[-1], "% of the brain")
    print("share of scans whose score is that of the truth; asked of the found lesion: 0.95 at 2 mm, 0.85 at 6 mm")
    for acquisition in ACQUISITIONS:
        here = [row for row in rows if row.group == acquisition]
        for name in VALUES:
            shares = {lesion: _equal(here, name, lesion) for lesion in ("found", "planted")}
            for lesion, share in shares.items():
                figures.add(f"{acquisition}/{name}/{lesion}", share)
            print(f"{acquisition}  {name:14} " + "  ".join(f"{lesion} {share:.2f}" for lesion, share in shares.items()))
        asked = f"asked {ASKED[acquisition]:.2f}"
        print(f"{acquisition}  {len(here)} scans, {asked}")
    print_regions(rows, "found")
    for row in rows:
        print(f"{row.case:20} {row.group}  load {100 * row.load:5.1f} %  {_values_of(row)}")
    figures.write()


def print_newborns(rows: list[Compared]) -> None:
    figures = Figures("scores-newborns")
    figures.add("newborns", len(rows))
    for row in sorted(rows, key=lambda one: one.load):
        figures.add(f"{row.case}/load", 100 * row.load, "% of the brain")
        for name in ORDERED:
            for reader, burden in {"expert": row.truth, **row.others}.items():
                figures.add(f"{row.case}/{name}/{reader.removesuffix(' z')}", _value(burden, name))
        print(f"{row.case}  load {100 * row.load:5.2f} %  {_values_of(row)}")
    print("quadratic weighted kappa with the score of the expert's lesion (readers among themselves reach 0.56)")
    for lesion in rows[0].others:
        for name in ORDERED:
            pairs = np.array([(_value(row.truth, name), _value(row.others[lesion], name)) for row in rows])
            numbers = [[VALUES[name].index(value) for value in column] for column in pairs.T]
            kappa = cohen_kappa_score(*numbers, weights="quadratic", labels=list(range(len(VALUES[name]))))
            same = _equal(rows, name, lesion)
            print(f"{lesion:10}  {name:14} kappa {kappa:.2f}, the same in {same:.2f}")
            figures.add(f"{name}/{lesion.removesuffix(' z')}/kappa", kappa)
            figures.add(f"{name}/{lesion.removesuffix(' z')}/same", same)
        counts = print_regions(rows, lesion)
        if lesion == "own z":
            counts["watershed"] = np.sum([counts[name] for name in counts if name.startswith(_WATERSHED)], axis=0)
            for name, of_place in counts.items():
                for word, count in zip(("hit", "injured", "kept", "spared"), of_place, strict=True):
                    figures.add(f"places/{name.removesuffix(' of the internal capsule')}/{word}", count)
    figures.write(real=True)


def print_regions(rows: list[Compared], lesion: str) -> dict[str, np.ndarray]:
    """Whether a place of one side is injured: found of injured ones, left alone of spared ones."""
    counts = {}
    print(f"{lesion}: places that count as injured")
    for name in REGIONS:
        pairs = [
            (is_injured(part), is_injured(row.others[lesion].parts[name, part.hemisphere]))
            for row in rows
            for part in row.truth.of(name)
            if (name, part.hemisphere) in row.others[lesion].parts
        ]
        injured, spared = ([found for true, found in pairs if true is which] for which in (True, False))
        hit, kept = sum(injured), len(spared) - sum(spared)
        print(f"  {name:40} sensitivity {hit:3d} of {len(injured):3d}, specificity {kept:3d} of {len(spared):3d}")
        counts[name] = np.array([hit, len(injured), kept, len(spared)])
    return counts


def print_falls(planted: list[Planted], fell: list[tuple[int, int]]) -> None:
    print(f"scores of {len(ORDERED)} that fall somewhere between {len(EXTENTS)} extents: planted lesion, found lesion")
    for one, (truth, found) in zip(planted, fell, strict=True):
        print(f"{one.seed} {one.kind:12} {truth}  {found}")
    totals = np.array(fell).sum(axis=0)
    print(f"all: planted {totals[0]}, found {totals[1]} of {len(ORDERED) * len(fell)}")
    figures = Figures("scores-extents")
    figures.add("scores", len(ORDERED) * len(fell))
    figures.add("steady", len(ORDERED) * len(fell) - max(totals), "of the planted and of the found lesion, the fewer")
    figures.write()


def _any_lesion(burden: Burden) -> bool:
    return any(part.lesion_ml for part in burden.parts.values())


def _values_of(row: Compared) -> str:
    burdens = (row.truth, *row.others.values())
    return "  ".join(f"{name} {'/'.join(_value(burden, name) for burden in burdens)}" for name in ORDERED)


def _value(burden: Burden, name: str) -> str:
    return next(score.value for score in scores_of(burden) if score.name == name)


def _equal(rows: list[Compared], name: str, lesion: str) -> float:
    return float(np.mean([_value(row.truth, name) == _value(row.others[lesion], name) for row in rows]))


if __name__ == "__main__":
    main()
