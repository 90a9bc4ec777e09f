"""Two scans of one phantom, whose motion between them is known: where its brain is found, and how well it fits.

    python benchmark/two_scans.py [--infants 8] [--first-seed 660000]
    python benchmark/two_scans.py --unchanged

Every infant is scanned twice: in another acquisition, turned by up to 35 degrees about each axis and shifted, with a
lesion that has grown (or, in every fourth, gone). The errors are of points of its brain: of the start, which is the two
placements one after the other, of the start refined on outline and fluid, and refined on ADC. Each first scan is then
matched with the second scan of that other infant whose brain is nearest in size; so is, where AGE2HIE_TEST_DATA names
them, each real infant.

With --unchanged: what a comparison says has changed between two scans of an infant in whom nothing has, predicted and
compared as a user does it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from figures import Figures
from scipy.ndimage import binary_fill_holes
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from AGE2HIELib import Request, predict
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.infant import Infant, make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, scanner_adc
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.rigid import Rigid, align, coarse_image, points_of
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.visits.comparison import compare
from AGE2HIELib.visits.registration import BrainScan, agreement, as_affine, brain_ml, head_around, refined, start_of
from AGE2HIELib.volume import Volume

KINDS = ("bgt", "watershed", "near-total", "focal")
ACQUISITIONS = (("2mm", "6mm"), ("6mm", "2mm"), ("4mm", "6mm"), ("2mm", "4mm"), ("6mm", "6mm"), ("4mm", "2mm"))


UNCHANGED = (
    ("bgt", 0.5, "2mm", "2mm"),
    ("watershed", 0.5, "2mm", "6mm"),
    ("bgt", 0.8, "6mm", "4mm"),
    ("near-total", 0.6, "2mm", "4mm"),
    ("none", 0.0, "2mm", "6mm"),
    ("watershed", 0.7, "4mm", "4mm"),
)


@dataclass(frozen=True)
class Match:
    """Errors in mm: mean over the brain, and the 95th percentile of the last; and how the brains fit."""

    start: float
    adc: float
    outline: float
    outline_p95: float
    overlap: float
    similarity: float
    volume_ratio: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--infants", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=660_000)
    parser.add_argument("--unchanged", action="store_true")
    options = parser.parse_args()
    if options.unchanged:
        compare_unchanged()
        return
    atlas = load_atlas(find_atlas(None))
    pairs = [two_scans(options.first_seed, number, atlas) for number in tqdm(range(options.infants), disable=None)]
    same = [matched(*pair) for pair in pairs]
    other = [matched(pairs[n][0], pairs[nearest_in_size(n, pairs)][1], None) for n in range(len(pairs))]
    sets = {"one infant": same, "two infants": other}
    if os.environ.get("AGE2HIE_TEST_DATA"):
        sets["two newborns"] = two_real_infants(Path(os.environ["AGE2HIE_TEST_DATA"], "bonbid-hie"), atlas)
    figures = Figures("two_scans")
    figures.add("pairs", len(same))
    if "two newborns" in sets:
        figures.add("newborns", len(sets["two newborns"]))
    for name, rows in sets.items():
        print(f"\n{name}, {len(rows)} pairs: least, median, largest")
        for column in Match.__dataclass_fields__:
            values = np.array([getattr(row, column) for row in rows])
            if np.isfinite(values).all():
                print(f"{column:<14}{values.min():8.3f}{np.median(values):8.3f}{values.max():8.3f}")
                part = column if name == "one infant" and column in ("start", "adc", "outline") else f"{name}/{column}"
                for word, value in (("least", values.min()), ("median", np.median(values)), ("largest", values.max())):
                    figures.add(f"{part}/{word}", value)
    figures.write(real="two newborns" in sets)


def two_real_infants(folder: Path, atlas: Atlas) -> list[Match]:
    """Each with the one whose brain is nearest in size."""
    paths = sorted(folder.rglob("*ADC_ss.mha"))
    scans = [placed(to_canonical(read_volume(path)), atlas) for path in tqdm(paths, disable=None)]
    pairs = [(scan, scan, Rigid(np.eye(3), np.zeros(3))) for scan in scans]
    return [matched(scan, scans[nearest_in_size(n, pairs)], None) for n, scan in enumerate(scans)]


def nearest_in_size(number: int, pairs: Sequence[tuple[BrainScan, BrainScan, Rigid]]) -> int:
    """Of the other infants."""
    own = brain_ml(pairs[number][0])
    others = [n for n in range(len(pairs)) if n != number]
    return min(others, key=lambda n: abs(brain_ml(pairs[n][1]) - own))


def two_scans(first_seed: int, number: int, atlas: Atlas) -> tuple[BrainScan, BrainScan, Rigid]:
    """The scans, and the motion from the first to the second."""
    infant = make_infant(first_seed + number)
    rng = np.random.default_rng([first_seed, number])
    kind, acquisitions = KINDS[number % len(KINDS)], ACQUISITIONS[number % len(ACQUISITIONS)]
    grown = (0.2, 0.8) if number % 4 != 3 else (0.8, 0.0)
    turn = Rotation.from_euler("xyz", rng.uniform(-35, 35, 3), degrees=True).as_matrix()
    motion = Rigid(turn, rng.uniform(-15, 15, 3))
    first = scan_of(infant, kind, grown[0], acquisitions[0], 2 * (first_seed + number), Rigid(np.eye(3), np.zeros(3)))
    second = scan_of(infant, kind, grown[1], acquisitions[1], 2 * (first_seed + number) + 1, motion)
    return placed(first, atlas), placed(second, atlas), motion


def scan_of(infant: Infant, kind: str, extent: float, acquisition: str, seed: int, lie: Rigid) -> Volume:
    injury = injure(infant, kind if extent else "none", seed=infant.seed, extent=extent)
    adc = scanner_adc(infant, injury, PROTOCOLS[acquisition], seed=seed)
    return to_canonical(Volume(adc.array, as_affine(lie) @ adc.affine_ras))


def placed(adc: Volume, atlas: Atlas) -> BrainScan:
    brain = adc.like(binary_fill_holes(adc.array != 0))
    return BrainScan(adc, brain, place_in_atlas(adc, brain, atlas).affine)


def matched(first: BrainScan, second: BrainScan, motion: Rigid | None) -> Match:
    """With NaN for the errors where no motion is true."""
    start = start_of(first, second)
    rigid = refined(first, second, start)
    by_adc = refined_on_adc(first, second, start)
    points = points_of(first.brain.array, first.brain.affine_ras)

    def errors(found: Rigid) -> np.ndarray:
        if motion is None:
            return np.full(1, np.nan)
        return np.asarray(np.linalg.norm(found(points) - motion(points), axis=1))

    return Match(
        float(errors(start).mean()),
        float(errors(by_adc).mean()),
        float(errors(rigid).mean()),
        float(np.percentile(errors(rigid), 95)),
        *agreement(first, second, rigid),
        brain_ml(second) / brain_ml(first),
    )


def compare_unchanged() -> None:
    """A line for each pair; medians and 95th percentiles are over regions, of the change without its sign."""
    figures = Figures("two_scans-unchanged")
    for number, (kind, extent, *acquisitions) in enumerate(UNCHANGED):
        infant, rng = make_infant(78_000 + number), np.random.default_rng(number)
        turn = Rotation.from_euler("xyz", rng.uniform(-25, 25, 3), degrees=True).as_matrix()
        lies = (Rigid(np.eye(3), np.zeros(3)), Rigid(turn, rng.uniform(-10, 10, 3)))
        with TemporaryDirectory() as scratch:
            folders = []
            for which, (acquisition, lie) in enumerate(zip(acquisitions, lies, strict=True)):
                path = Path(scratch, f"{which}.mha")
                write_volume(scan_of(infant, kind, extent, acquisition, 9000 + 2 * number + which, lie), path)
                folders.append(Path(scratch, str(which)))
                predict(Request(path, device="cpu"), folders[-1])
            record = compare(folders[0], folders[1], Path(scratch, "out")).record
        found = record.lesion
        changes = {
            "z": [abs(row.change_z) for row in record.regions if row.change_z is not None],
            "ADC": [abs(row.change_adc) for row in record.regions if row.change_adc is not None],
        }
        spread = ", ".join(f"{name} {np.median(v):.2f} {np.percentile(v, 95):.2f}" for name, v in changes.items())
        print(
            f"{kind} {'/'.join(acquisitions)}: {found.first_ml:.1f} ml, then {found.second_ml:.1f}; in both "
            f"{found.common_ml:.1f}, new {found.new_ml:.1f}, gone {found.gone_ml:.1f}; {spread}",
            flush=True,
        )
        pair = "-".join([kind, *acquisitions])
        for name in ("first", "second", "common", "new", "gone"):
            figures.add(f"{pair}/{'both' if name == 'common' else name}", getattr(found, f"{name}_ml"), "ml")
        figures.add(f"{pair}/z-median", np.median(changes["z"]), "sd")
        figures.add(f"{pair}/z-95", np.percentile(changes["z"], 95), "sd")
    figures.write()


def refined_on_adc(first: BrainScan, second: BrainScan, start: Rigid) -> Rigid:
    """As ``refined``, on ADC itself."""
    fixed, moving = (
        coarse_image(scan.adc.like(np.where(scan.brain.array, scan.adc.array, 0))) for scan in (first, second)
    )
    compared, rigid = head_around(first, fixed), start
    for _ in range(3):
        moved = Volume(moving.array, as_affine(rigid.inverse()) @ moving.affine_ras)
        rigid = rigid.after(align(fixed, moved, compared))
    return rigid


if __name__ == "__main__":
    main()
