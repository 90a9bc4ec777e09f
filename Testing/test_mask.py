"""Brain masks against heads whose brain is known, and against the stripped cases of BONBID-HIE."""

from __future__ import annotations

from dataclasses import replace

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
from AGE2HIELib.pipeline.admission import gate_scan
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask, is_stripped
from AGE2HIELib.preprocess.skull import CUT
from AGE2HIELib.quality.check import FOUND_ALONE
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume

GRIDS = [((96, 96, 60), (2.0, 2.0, 2.0)), ((100, 110, 30), (1.5, 1.5, 4.0))]
# (signal at b = 0, ADC in 1e-6 mm2/s) of brain, ventricle, bone, scalp, eye
BRAIN, FLUID, BONE, SCALP, EYE = (160, 1350), (320, 2900), (10, 500), (80, 1300), (300, 2800)


def synthetic_head(shape, spacing_mm, *, seed=0):
    """(mean b0, ADC, brain): ellipsoids, Rician noise and a bright rim as of a head coil."""
    rng = np.random.default_rng(seed)
    axes = [(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, spacing_mm, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")

    def radius(a, b, c):
        return np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)

    s0, adc = np.zeros(shape), np.full(shape, 1000.0)
    brain = radius(44, 54, 41) < 1
    eyes = np.minimum((x - 18) ** 2, (x + 18) ** 2) + (y - 60) ** 2 + (z + 18) ** 2 < 8**2
    layers = [(radius(56, 66, 53) < 1, SCALP), (radius(50, 60, 47) < 1, BONE), (eyes, EYE)]
    layers += [(brain, BRAIN), (radius(8, 18, 10) < 1, FLUID)]
    for where, (signal, diffusivity) in layers:
        s0[where], adc[where] = signal, diffusivity
    s0 *= 0.7 + 0.5 * radius(60, 70, 60) ** 2 / 2

    def magnitude(signal):
        return np.hypot(signal + rng.normal(0, 6, shape), rng.normal(0, 6, shape))

    b0, trace = magnitude(s0), magnitude(s0 * np.exp(-1e-3 * adc))
    affine = np.diag([*spacing_mm, 1.0])
    return Volume(b0.astype(np.float32), affine), Volume(1e3 * np.log(b0 / trace).astype(np.float32), affine), brain


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize(("shape", "spacing_mm"), GRIDS)
def test_a_whole_head_is_masked_with_dice_093_or_more(shape, spacing_mm):
    b0, adc, brain = synthetic_head(shape, spacing_mm)
    assert not is_stripped(adc)
    found = brain_mask(adc, contrast=b0)
    assert found.array.dtype == bool
    assert dice(found.array, brain) >= 0.93
    assert dice(brain_mask(adc, contrast=None).array, brain) >= 0.88  # without the head's contrast: rougher


def test_the_mask_does_not_depend_on_gain_or_left_and_right():
    b0, adc, _ = synthetic_head(*GRIDS[0])
    mask = brain_mask(adc, contrast=b0).array
    assert dice(brain_mask(adc, contrast=b0.like(b0.array * 37)).array, mask) > 0.9999
    flipped = brain_mask(adc.like(adc.array[::-1]), contrast=b0.like(b0.array[::-1])).array[::-1]
    assert dice(flipped, mask) > 0.999


def test_eyes_and_scalp_are_not_brain():
    b0, adc, brain = synthetic_head(*GRIDS[0])
    found = brain_mask(adc, contrast=b0).array
    assert (found & ~brain).sum() < 0.08 * brain.sum()


@pytest.mark.parametrize("background", [0.0, np.nan])
def test_a_stripped_map_keeps_exactly_its_brain_with_zeros_and_negatives_inside(background):
    _, adc, brain = synthetic_head(*GRIDS[0])
    array = np.where(brain, np.abs(adc.array) + 1, background).astype(np.float32)
    array[48, 48, 30] = 0  # a clamped voxel inside the brain
    array[40, 48, 30] = -1060
    array[2, 2, 2] = 800  # a stray voxel far outside
    stripped = adc.like(array)
    assert is_stripped(stripped)
    np.testing.assert_array_equal(brain_mask(stripped, contrast=None).array, brain)


def test_noise_without_a_head_gives_a_mask_without_failing():
    noise = np.random.default_rng(4).rayleigh(10, (40, 40, 20)).astype(np.float32)
    volume = Volume(noise, np.diag([2.0, 2, 2, 1]))
    assert brain_mask(volume.like(noise * 50 - 500), contrast=volume).array.mean() < 0.9
    empty = volume.like(np.zeros_like(noise))
    assert not brain_mask(empty, contrast=empty).array.any()
    assert not brain_mask(empty.like(np.full_like(noise, np.nan)), contrast=None).array.any()


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_real_newborns_keep_their_nonzero_voxels_filled(real_data, case):
    adc = read_volume(adc_file(real_data, case))
    filled = binary_fill_holes(adc.array != 0)
    assert is_stripped(adc)
    assert (brain_mask(adc, contrast=None).array ^ filled).sum() <= 0.005 * filled.sum()


# Slices of 4 mm with three directions, as noisy as they come, stored in the pixels that were measured.
NOISY = replace(PROTOCOLS["4mm"], snr=9.0, acquired_mm=1.5625)


@pytest.mark.parametrize(
    "protocol",
    [
        NOISY,
        *(long(PROTOCOLS[name]) for name in ("2mm", "2mm-shells")),
    ],
)
def test_the_adc_map_of_a_whole_head_alone_shows_its_brain(protocol):
    """A scanner's map with its skull, without the raw series: at 4 mm and an SNR of 9 the mask held 2-22 ml of it."""
    infant, injury = infant_with("none", 35)
    scan = scan_infant(infant, injury, make_head(infant), protocol, seed=35)
    fit = adc_map(series_to_canonical(scan.dwi))
    alone = brain_mask(fit.adc, contrast=None).array
    assert dice(alone, to_canonical(scan.labels).array > 0) > 0.9
    assert dice(alone, brain_mask(fit.adc, contrast=fit.mean_b0).array) > 0.9
    head = binary_fill_holes(binary_opening(fit.mean_b0.array > 0.1 * np.percentile(fit.mean_b0.array, 99)))
    without_air = fit.adc.like(np.where(head, fit.adc.array, 0))  # as scanners write it: no brain, however compact
    assert not is_stripped(without_air)
    assert dice(brain_mask(without_air, contrast=None).array, to_canonical(scan.labels).array > 0) > 0.9


def test_a_whole_head_whose_brain_seems_too_large_is_warned_of_and_a_sound_one_is_not():
    """ADC maps of whole heads at 2 mm, without the raw series; of one stretched to a brain of 620 ml, with bits of its
    scalp, a cut would go through the brain.
    """
    infant, injury = infant_with("none", 35)
    scan = scan_infant(infant, injury, make_head(infant), PROTOCOLS["2mm"], seed=35)
    adc = adc_map(series_to_canonical(scan.dwi)).adc
    found = {}
    for stretch in (1.0, 1.2):
        affine = adc.affine_ras @ np.diag([stretch, stretch, stretch, 1.0])
        source = Source("adc-nifti", "", None, Volume(adc.array, affine), "1e-6 mm2/s", ())
        gated = gate_scan(Scan(source), bundled_atlas(), Request(), Stages(CHECK_STAGES))
        assert CUT not in gated.warnings
        found[stretch] = next(check for check in gated.quality.checks if check.name == FOUND_ALONE)
    assert found[1.0].passed
    assert found[1.0].value == pytest.approx(365, rel=0.05)
    assert not found[1.2].passed
    assert found[1.2].value > 620
    assert found[1.2].severity == "warn"
