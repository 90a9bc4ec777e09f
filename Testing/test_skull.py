"""A whole head whose ADC map comes alone, in pixels in which bone cannot be told from tissue: its brain is found."""

from __future__ import annotations

import numpy as np
import pytest
from marks import long
from real_scans import adc_file, newborns
from scans import bundled_atlas, infant_with
from scipy.ndimage import binary_fill_holes, binary_opening

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import Source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import MOST_FOUND_ALONE_ML, brain_mask
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.skull import CUT, brain_in_head, parted_at_fluid
from AGE2HIELib.quality.check import FOUND_ALONE
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def ml(mask: Volume) -> float:
    return float(mask.array.sum() * mask.grid.voxel_ml)


def gated(adc: Volume) -> GatedScan:
    source = Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ())
    return gate_scan(Scan(source), bundled_atlas(), Request(), Stages(CHECK_STAGES))


def scanned(pattern: str, seed: int, acquisition: str) -> tuple[Volume, Volume, Volume]:
    """(ADC of the whole head, mean b0, true brain), canonical voxel order."""
    infant, injury = infant_with(pattern, seed)
    scan = scan_infant(infant, injury, make_head(infant), PROTOCOLS[acquisition], seed=seed)
    fit = adc_map(series_to_canonical(scan.dwi))
    labels = to_canonical(scan.labels)
    return fit.adc, fit.mean_b0, labels.like(labels.array > 0)


@pytest.mark.parametrize(
    ("pattern", "seed", "acquisition"),
    [
        ("none", 35, "4mm"),  # 598 ml of this head were taken for its brain of 365 ml
        long("none", 35, "6mm"),
        long("bgt", 36, "4mm"),
        long("watershed", 37, "6mm"),
    ],
)
def test_the_brain_of_a_whole_head_is_found_in_interpolated_pixels(pattern, seed, acquisition):
    adc, b0, brain = scanned(pattern, seed, acquisition)
    assert ml(brain_mask(adc, contrast=None)) > 1.6 * ml(brain)  # bone looks like tissue there
    found = gated(adc)
    assert dice(found.brain.array, brain.array) > 0.9
    assert ml(found.brain) == pytest.approx(ml(brain), rel=0.1)
    check = next(one for one in found.quality.checks if one.name == FOUND_ALONE)
    assert check.passed
    assert CUT in found.warnings
    # as scanners write it, with the air set to 0: this is no stripped brain
    head = binary_fill_holes(binary_opening(b0.array > 0.1 * np.percentile(b0.array, 99)))
    without_air = gated(adc.like(np.where(head, adc.array, 0).astype(np.float32)))
    assert dice(without_air.brain.array, brain.array) > 0.9
    assert FOUND_ALONE in {one.name for one in without_air.quality.checks}


def enlarged(volume: Volume, to_ml: float) -> Volume:
    """The same voxels, larger."""
    factor = np.cbrt(to_ml / ml(volume.like(volume.array != 0)))
    return Volume(volume.array, volume.affine_ras @ np.diag([factor, factor, factor, 1.0]))


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_a_large_brain_without_skull_stays_whole(real_data, case):
    """Real brains, enlarged to 620 ml (3 % of newborns have more than 585): fluid in furrows is no border of bone."""
    adc = enlarged(to_canonical(read_volume(adc_file(real_data, case))), 620.0)
    brain = brain_mask(adc, contrast=None)
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    kept, placed = brain_in_head(adc, brain, placement, atlas)
    assert kept is brain
    assert placed is placement


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_a_brain_without_skull_stays_whole(real_data, case):
    adc = to_canonical(read_volume(adc_file(real_data, case)))
    brain = brain_mask(adc, contrast=None)
    atlas = bundled_atlas()
    assert brain_in_head(adc, brain, place_in_atlas(adc, brain, atlas), atlas)[0] is brain


@pytest.mark.parametrize("air", [True, long(False)])
def test_a_small_head_is_no_large_brain(air):
    """A head of 518-565 ml around a brain of 280 ml, which is no larger than real newborns' brains (341-578 ml)."""
    adc, b0, brain = scanned("none", 35, "4mm")
    head = binary_fill_holes(binary_opening(b0.array > 0.1 * np.percentile(b0.array, 99)))
    adc = adc if air else adc.like(np.where(head, adc.array, 0).astype(np.float32))
    smaller = adc.affine_ras @ np.diag([0.92, 0.92, 0.92, 1.0])
    adc, brain = Volume(adc.array, smaller), Volume(brain.array, smaller)
    assert 270 < ml(brain) < 290
    assert 500 < ml(brain_mask(adc, contrast=None)) < MOST_FOUND_ALONE_ML
    found = gated(adc)
    assert dice(found.brain.array, brain.array) > 0.9
    assert CUT in found.warnings


def test_an_adult_s_brain_is_not_asked():
    grid = np.zeros((60, 60, 40), bool)
    grid[10:50, 10:50, 5:35] = True  # 1573 ml
    brain = Volume(grid, np.diag([*[3.2] * 3, 1.0]))
    adc = brain.like(np.where(grid, 1300, 0).astype(np.float32))
    atlas = bundled_atlas()
    placement = place_in_atlas(adc, brain, atlas)
    assert brain_in_head(adc, brain, placement, atlas) == (brain, placement)


@pytest.mark.parametrize("spacing_mm", [(2.0, 2.0, 2.0), (1.5, 1.5, 4.0)])
def test_a_ball_in_fluid_in_a_shell_is_parted_at_its_fluid(spacing_mm):
    """A brain of radius 42 mm, fluid to 46 mm, scalp as bright as brain to 54 mm: closed form of every border."""
    axes = [np.arange(-60, 60, mm) for mm in spacing_mm]
    radius = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij")))
    adc = np.where(radius < 42, 1300, np.where(radius < 46, 2600, np.where(radius < 54, 1300, 0)))
    head = Volume(radius < 54, np.diag([*spacing_mm, 1.0]))
    inside = parted_at_fluid(head.like(adc.astype(np.float32)), head)
    assert dice(inside.array, radius < 42) > 0.97
    assert not (inside.array & (radius > 46)).any()


def test_nothing_is_parted_where_nothing_lies_deep_enough():
    plate = np.zeros((40, 40, 20), bool)
    plate[5:35, 5:35, 8:12] = True
    volume = Volume(plate, np.diag([2.0, 2.0, 2.0, 1.0]))
    assert not parted_at_fluid(volume.like(np.where(plate, 1300, 0).astype(np.float32)), volume).array.any()
