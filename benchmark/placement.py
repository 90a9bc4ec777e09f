"""Our z-maps beside the released ones on the sample cases of BONBID-HIE, and placement beside ANTsPy's SyN.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/placement.py [--sheet FILE.png] [--without-ants]

An atlas is built from the six cases with hardly any lesion; agreement is the correlation with the released z-map inside
the brain, eroded by one voxel, and the Dice of Z < -2 with the expert lesion. The bundled atlas was drawn
beside the mean of those six, and has seen nothing of the others. A second atlas, of all with a load under 1 %, is
judged on the rest. SyN runs as a user would call it (``ants.registration``, defaults) on the same brain and the same
atlas, and its z is made by the same function of the same smoothed ADC; both use two threads.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from figures import Figures
from placement_sheet import draw_sheet
from scipy.ndimage import binary_erosion

from AGE2HIELib.io.coordinates import sitk_geometry, to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.normative.build import BuildRequest, build_atlas
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.zmap import fill_beyond_brain, z_map, z_scores
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.system.progress import Silent
from AGE2HIELib.volume import Volume

NORMAL = ("231", "263", "312", "329", "447", "449")
LOW_LOAD = 0.01
LESION_Z = -2.0
THREADS = 2


@dataclass(frozen=True)
class Case:
    """One sample case in canonical voxel order."""

    number: str
    file: Path
    adc: Volume
    brain: Volume
    released: Volume
    lesion: Volume

    @property
    def load(self) -> float:
        """The expert lesion's share of the brain."""
        return float((self.lesion.array > 0).sum() / self.brain.array.sum())


@dataclass(frozen=True)
class Agreement:
    """Correlation with the released z, Dice of Z < -2 with the expert lesion, and the seconds it took."""

    correlation: float
    dice: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, help="picture of the placements in the bundled atlas")
    parser.add_argument("--without-ants", action="store_true")
    options = parser.parse_args()
    if "AGE2HIE_TEST_DATA" not in os.environ:
        print("placement: the sample cases are left out (AGE2HIE_TEST_DATA is not set)")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    cases = read_cases(Path(os.environ["AGE2HIE_TEST_DATA"]) / "bonbid-hie")
    bundled = load_atlas(find_atlas(None))
    six = atlas_of([case for case in cases if case.number in NORMAL], "six")
    print(f"Atlas of six: {six.made}")
    figures = Figures("placement")
    placements = print_agreement(cases, bundled, six, figures)
    print_low_load(cases, figures)
    if options.sheet:
        draw_sheet([(case.number, case.adc, placements[case.number]) for case in cases], bundled, options.sheet)
    if not options.without_ants:
        print_beside_ants(cases, six, figures)
    figures.write(real=True)


def read_cases(folder: Path) -> list[Case]:
    cases = []
    for file in sorted((folder / "1ADC_ss").glob("*.mha")):
        name = file.name.removesuffix("-ADC_ss.mha")
        released = folder / "2Z_ADC" / f"Zmap_{name}-ADC_smooth2mm_clipped10.mha"
        adc, z, lesion = (
            to_canonical(read_volume(path)) for path in (file, released, folder / "3LABEL" / f"{name}_lesion.mha")
        )
        cases.append(Case(name[8:11], file, adc, brain_mask(adc, contrast=None), z, lesion))
    return cases


def atlas_of(cases: list[Case], name: str) -> Atlas:
    with TemporaryDirectory() as folder:
        images = Path(folder) / "images"
        images.mkdir()
        for case in cases:
            (images / case.file.name).symlink_to(case.file)
        told = f"{len(cases)} sample cases of BONBID-HIE"
        wanted = BuildRequest(images, None, name, told, "CC BY-NC 4.0", jobs=THREADS)
        return build_atlas(wanted, find_atlas(None), Path(folder) / "work", Silent()).atlas


def print_low_load(cases: list[Case], into: Figures) -> None:
    """An atlas of all that have a load under 1 %, on those that have more."""
    low = [case for case in cases if case.load < LOW_LOAD]
    atlas, others = atlas_of(low, "low-load"), [case for case in cases if case.load >= LOW_LOAD]
    print(f"Atlas of {len(low)} with a load under {100 * LOW_LOAD:g} %: {atlas.made}")
    found = []
    for case in others:
        ours, affine, _ = own_z(case, atlas)
        found.append([agreement(z, case).correlation for z in (affine, ours)])
        print(f"{case.number}  affine {found[-1][0]:.3f}  deformed {found[-1][1]:.3f}")
    medians = np.median(found, axis=0)
    print(f"median of {len(others)}: affine {medians[0]:.3f}, deformed {medians[1]:.3f}")
    into.add("low-load/infants", len(low))
    into.add("low-load/others", len(others))
    for name, median in zip(("affine", "deformed"), medians, strict=True):
        into.add(f"low-load/{name}/correlation", median, "median")


def print_agreement(cases: list[Case], bundled: Atlas, six: Atlas, into: Figures) -> dict[str, Placement]:
    """The table of both atlases; returns the placements in the bundled one."""
    placements, rows = {}, []
    print("case  slices  bundled: corr  affine  dice   six: corr  affine  dice  released  replaced  folding %   s")
    for case in cases:
        start = time.perf_counter()
        ours, affine, placed = own_z(case, bundled)
        seconds = time.perf_counter() - start
        placements[case.number] = placed
        in_bundled, affine_bundled = agreement(ours, case), agreement(affine, case)
        warped, affine, placed_in_six = own_z(case, six)
        of_six, affine_six = agreement(warped, case), agreement(affine, case)
        rows.append((case.number, in_bundled, affine_bundled, of_six, affine_six, agreement(case.released, case)))
        member = "*" if case.number in NORMAL else " "
        print(
            f"{case.number}  {case.adc.grid.spacing_mm[2]:5.1f} mm  {in_bundled.correlation:12.3f}  "
            f"{affine_bundled.correlation:6.3f}  {in_bundled.dice:4.2f}  {of_six.correlation:9.3f}{member} "
            f"{affine_six.correlation:6.3f}  {of_six.dice:4.2f}  {agreement(case.released, case).dice:8.2f}  "
            f"{placed_in_six.filled:8.2f}  {100 * max(placed.folding, placed_in_six.folding):9.3f}  {seconds:4.1f}"
        )
    others = [row for row in rows if row[0] not in NORMAL]
    print("* in the atlas of six: not counted in its medians")
    print(
        f"median: bundled {np.median([row[1].correlation for row in rows]):.3f} "
        f"(affine {np.median([row[2].correlation for row in rows]):.3f}), "
        f"six {np.median([row[3].correlation for row in others]):.3f} "
        f"(affine {np.median([row[4].correlation for row in others]):.3f})"
    )
    for name, found in (
        ("bundled/deformed", [row[1] for row in rows]),
        ("bundled/affine", [row[2] for row in rows]),
        ("six/deformed", [row[3] for row in others]),
        ("six/affine", [row[4] for row in others]),
    ):
        into.add(f"{name}/correlation", np.median([one.correlation for one in found]), "median")
    into.add("six/deformed/dice", np.mean([row[3].dice for row in others]), "mean")
    into.add("six/released/dice", np.mean([row[5].dice for row in others]), "mean")
    return placements


def print_beside_ants(cases: list[Case], atlas: Atlas, into: Figures) -> None:
    """Agreement and wall time of both on the same twelve, case after case in turn."""
    try:
        import ants  # noqa: F401  # loaded before any time is taken
    except ImportError:
        print("ANTsPy is not installed: 'make bench' installs it (antspyx).")
        return
    print("case   ours: corr     s   SyN: corr     s")
    ours: list[Agreement] = []
    theirs: list[Agreement] = []
    for case in cases:
        for found, method in ((ours, ours_timed), (theirs, syn_timed)):
            found.append(timed(method, case, atlas))
        print(
            f"{case.number}  {ours[-1].correlation:10.3f}  {ours[-1].seconds:5.2f}  "
            f"{theirs[-1].correlation:9.3f}  {theirs[-1].seconds:5.2f}"
        )
    others = [number for number, case in enumerate(cases) if case.number not in NORMAL]
    ratios = [b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True)]
    into.add("syn/correlation", np.median([theirs[n].correlation for n in others]), "median")
    into.add("six/deformed/seconds", total(ours) / len(ours), "s, mean")
    into.add("syn/seconds", total(theirs) / len(theirs), "s, mean")
    into.add("syn/times", np.median(ratios), "times as long as ours, median", (min(ratios), max(ratios)))
    print(
        f"placement and z, ours beside SyN, {THREADS} threads: {np.median(ratios):.2f}x faster (median of 12; "
        f"{min(ratios):.2f}-{max(ratios):.2f}), total {total(theirs) / total(ours):.2f}x; "
        f"median agreement of the six that are not in the atlas {np.median([ours[n].correlation for n in others]):.3f} "
        f"beside {np.median([theirs[n].correlation for n in others]):.3f}"
    )


def total(found: list[Agreement]) -> float:
    return sum(one.seconds for one in found)


def timed(method: Callable[[Case, Atlas], Volume], case: Case, atlas: Atlas) -> Agreement:
    start = time.perf_counter()
    z = method(case, atlas)
    seconds = time.perf_counter() - start
    found = agreement(z, case)
    return Agreement(found.correlation, found.dice, seconds)


def ours_timed(case: Case, atlas: Atlas) -> Volume:
    placement = deform(case.adc, case.brain, atlas, place_in_atlas(case.adc, case.brain, atlas))
    return z_map(case.adc, case.brain, atlas, placement)


def syn_timed(case: Case, atlas: Atlas) -> Volume:
    import ants

    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = str(THREADS)
    stripped = np.where(case.brain.array, np.clip(np.nan_to_num(case.adc.array), 0, 4095), 0)
    fixed = _for_ants(case.adc.like(stripped))
    found = ants.registration(fixed, _for_ants(atlas.mean), type_of_transform="SyN")
    mean, sd = (
        ants.apply_transforms(fixed, _for_ants(fill_beyond_brain(field, atlas.brain)), found["fwdtransforms"]).numpy()
        for field in (atlas.mean, atlas.sd)
    )
    return z_scores(case.adc, case.brain, mean, sd)


def own_z(case: Case, atlas: Atlas) -> tuple[Volume, Volume, Placement]:
    affine = place_in_atlas(case.adc, case.brain, atlas)
    placement = deform(case.adc, case.brain, atlas, affine)
    ours, by_affine = (z_map(case.adc, case.brain, atlas, one) for one in (placement, affine))
    return ours, by_affine, placement


def agreement(z: Volume, case: Case) -> Agreement:
    inner = binary_erosion(case.brain.array)
    correlation = float(np.corrcoef(z.array[inner], case.released.array[inner])[0, 1])
    found, lesion = (z.array < LESION_Z) & case.brain.array, case.lesion.array > 0
    dice = 2 * (found & lesion).sum() / max(found.sum() + lesion.sum(), 1)
    return Agreement(correlation, float(dice), 0.0)


def _for_ants(image: Volume):  # type: ignore[no-untyped-def]  # ANTsPy publishes no types
    import ants

    spacing, direction, origin = sitk_geometry(image.grid)
    return ants.from_numpy(
        image.array.astype(np.float32), origin=origin, spacing=spacing, direction=np.reshape(direction, (3, 3))
    )


if __name__ == "__main__":
    main()
