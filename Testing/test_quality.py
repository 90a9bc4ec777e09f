"""The gate passes newborns, and refuses adults, T1 images, noise and halves of brains, with the reasons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from marks import long
from real_scans import adc_file, newborns, t1_file, t1_subjects
from scans import bundled_atlas, infant_with, stripped_scan, turned

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask, refine_mask
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.quality import Quality, check_quality
from AGE2HIELib.quality.values import cut_face
from AGE2HIELib.volume import Volume


def gate(source: Source, *, until_refused: bool = False) -> Quality:
    """The way of a scan to the gate.

    With ``until_refused`` the placement, which takes most of the time, is made only where nothing refuses before it:
    checks are joined by "and", so the verdict is the same.
    """
    if source.dwi is not None:
        fit = adc_map(series_to_canonical(source.dwi))
        adc, contrast = fit.adc, fit.mean_b0
    else:
        assert source.adc is not None
        adc, contrast = to_canonical(source.adc), None
    brain = brain_mask(adc, contrast=contrast)
    if until_refused and not (early := check_quality(source, adc, brain, None, bundled_atlas())).passed:
        return early
    placement = place_in_atlas(adc, brain, bundled_atlas()) if brain.array.any() else None
    return check_quality(source, adc, brain, placement, bundled_atlas())


def as_source(adc: Volume) -> Source:
    return Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ())


def failed(quality: Quality) -> list[str]:
    return [check.name for check in quality.checks if not check.passed]


@pytest.mark.parametrize("kind", ["none", long("bgt"), "near-total"])
@pytest.mark.parametrize("acquisition", ["2mm", "4mm", "6mm"])
def test_newborns_pass_injured_or_not(kind: str, acquisition: str) -> None:
    adc, _ = stripped_scan(kind, acquisition, 31)
    assert failed(gate(as_source(adc))) == []


@pytest.mark.parametrize("degrees", [(25, 0, 0), long((-10, 20, 15)), (0, 0, 90)])
@pytest.mark.parametrize("acquisition", ["2mm-shells", "4mm"])
def test_newborns_pass_however_they_lie(degrees: tuple[float, float, float], acquisition: str) -> None:
    adc, _ = stripped_scan("watershed", acquisition, 36)
    assert failed(gate(as_source(turned(adc, degrees)))) == []


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("acquisition", ["2mm", "6mm"])
def test_half_a_brain_is_refused(axis: int, upper: bool, acquisition: str) -> None:
    adc, brain = stripped_scan("none", acquisition, 32)
    occupied = np.argwhere(brain.array)[:, axis]
    middle = (occupied.min() + occupied.max()) // 2
    half = np.moveaxis(adc.array.copy(), axis, 0)
    half[slice(middle, None) if upper else slice(0, middle)] = 0
    cut = gate(as_source(adc.like(np.moveaxis(half, 0, axis))), until_refused=True)
    assert "largest cut through the brain" in failed(cut)


@pytest.mark.parametrize(("height", "passed"), [(0.6, False), (0.8, True)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cut_is_measured_by_its_face(axis: int, height: float, passed: bool) -> None:
    """A ball that ends at 0.6 and 0.8 of its radius: the face has 0.64 and 0.36 of the largest section."""
    spacing = np.array([1.0, 1.25, 2.0])
    radius_mm = 40.0
    shape = np.ceil(2 * radius_mm / spacing).astype(int) + 1
    places = [(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, spacing, strict=True)]
    x = np.meshgrid(*places, indexing="ij")
    ball = (sum(part**2 for part in x) <= radius_mm**2) & (x[axis] <= height * radius_mm)
    check = cut_face(Volume(ball, np.diag([*spacing, 1.0])))
    assert check.value == pytest.approx(1 - height**2, abs=0.04)
    assert check.passed == passed


def test_noise_in_the_shape_of_a_brain_is_refused() -> None:
    adc, brain = stripped_scan("none", "2mm", 33)
    rng = np.random.default_rng(0)
    noise = np.where(brain.array, rng.normal(1300, 300, brain.array.shape), 0).astype(np.float32)
    assert "similarity to the atlas" in failed(gate(as_source(adc.like(noise))))


def test_noise_all_over_is_refused() -> None:
    adc, _ = stripped_scan("none", "2mm", 33)
    noise = np.random.default_rng(0).uniform(1, 4000, adc.array.shape).astype(np.float32)
    assert failed(gate(as_source(adc.like(noise))))


def test_a_head_of_twice_the_size_is_refused_by_its_volume() -> None:
    adc, _ = stripped_scan("none", "2mm", 34)
    adult = Volume(adc.array, np.diag([1.4, 1.4, 1.4, 1.0]) @ adc.affine_ras)
    assert "brain volume" in failed(gate(as_source(adult)))


def test_every_failed_check_says_what_to_do() -> None:
    adc, _ = stripped_scan("none", "2mm", 34)
    quality = gate(Source("adc-nifti", "", None, adc.like(adc.array * 3), None, ()))
    assert "modality and unit" in failed(quality)
    assert all(len(check.remedy) > 20 and check.limit for check in quality.checks)


def test_the_mask_of_a_whole_head_loses_an_eye_and_a_hole() -> None:
    infant, injury = infant_with("none", 35)
    scan = scan_infant(infant, injury, make_head(infant), PROTOCOLS["2mm"], seed=35)
    fit = adc_map(series_to_canonical(scan.dwi))
    truth = to_canonical(scan.labels).array > 0
    adc, atlas = fit.adc, bundled_atlas()
    indices = np.argwhere(truth)
    spoilt = truth.copy()
    front = indices[:, 1].max()
    spoilt[64 - 5 : 64 + 5, front : front + 12, indices[:, 2].min() + 6 : indices[:, 2].min() + 14] = True
    centre = indices.mean(axis=0).astype(int)
    spoilt[tuple(slice(c - 2, c + 3) for c in centre)] = False
    brain = adc.like(spoilt)
    refined, _ = refine_mask(adc, brain, place_in_atlas(adc, brain, atlas), atlas)
    assert refined.array[tuple(centre)]
    wrong_before, wrong_after = ((mask != truth).sum() for mask in (spoilt, refined.array))
    assert wrong_after < 0.6 * wrong_before


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_real_newborns_pass(real_data: Path, case: str) -> None:
    assert failed(gate(read_source(adc_file(real_data, case)))) == []


@pytest.mark.real
@pytest.mark.parametrize("folder", ["siemens-xa30", "siemens-mosaic", "philips-classic", "ge-phantom"])
def test_adults_and_a_bottle_are_refused(real_data: Path, folder: str) -> None:
    assert failed(gate(read_source(real_data / "dwi-dicom" / folder)))


@pytest.mark.real
def test_an_adult_adc_map_is_refused(real_data: Path) -> None:
    names = failed(gate(read_source(next((real_data / "adc-nifti").glob("*adc.nii.gz")))))
    assert "brain volume" in names


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("subject", t1_subjects())
def test_every_t1_image_is_refused(real_data: Path, subject: str) -> None:
    assert not gate(read_source(t1_file(real_data, subject)), until_refused=True).passed


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("case", newborns(short=("010", "306", "373")))
def test_halves_of_real_newborns_are_refused(real_data: Path, case: str) -> None:
    passed = []
    source = read_source(adc_file(real_data, case))
    assert source.adc is not None
    adc = to_canonical(source.adc)
    for axis in range(3):
        occupied = np.argwhere(adc.array != 0)[:, axis]
        middle = (occupied.min() + occupied.max()) // 2
        for part in (slice(0, middle), slice(middle, None)):
            half = np.moveaxis(adc.array.copy(), axis, 0)
            half[part] = 0
            if gate(as_source(adc.like(np.moveaxis(half, 0, axis))), until_refused=True).passed:
                passed.append((axis, part))
    assert passed == []
