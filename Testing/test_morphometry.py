"""Morphometry as a channel: known enlargements have their sign and place, and nothing else moves it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import SimpleITK as sitk
from morphometry_samples import CENTRE_MM, grid_points, morphometry_spec, planted, true_log_jacobian
from scans import bundled_atlas, stripped_scan
from scipy.ndimage import binary_erosion
from t1_samples import AXES
from test_deform import image_of

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.phantom import lifespan_curves as curves
from AGE2HIELib.phantom.lifespan import make_t1_subject, scan_t1
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.morphometry import log_jacobian
from AGE2HIELib.preprocess.network_input import InputSpec, network_input
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.t1.placement import bundled_t1_template
from AGE2HIELib.preprocess.t1.prepare import PreparedT1, prepare_t1
from AGE2HIELib.volume import Volume
from training.cohorts.bids import AgeScan
from training.files import sha256_of
from training.preparing import lifespan
from training.preparing.inputs import MORPHOMETRY_CHANNELS, adc_spec, age_spec, infant_spec, t1_spec
from training.settings import Network

SPEC = morphometry_spec()
STRENGTH = 0.3


@cache
def prepared(strength: float, stored: str = "upright", size: float = 1.0) -> PreparedT1:
    return prepare_t1(planted(strength, stored, size), bundled_t1_template(), SPEC)


def core(found: PreparedT1) -> np.ndarray:
    return np.asarray(binary_erosion(found.image[0] != 0))


def affine_log_change(placement: Placement) -> float:
    """What the affine step has taken away: the logarithm of its change of volume."""
    return float(np.log(np.linalg.det(np.reshape(placement.affine.GetMatrix(), (3, 3)))))


def near_centre() -> np.ndarray:
    return np.asarray(np.linalg.norm(grid_points(SPEC.grid) - CENTRE_MM, axis=-1) < 10)


@cache
def placed_infant() -> tuple[Volume, Volume, Placement]:
    adc, brain = stripped_scan("none", "2mm", 23)
    return adc, brain, deform(adc, brain, bundled_atlas(), place_in_atlas(adc, brain, bundled_atlas()))


def test_a_displacement_in_closed_form_has_its_log_jacobian() -> None:
    """x + u(x) of a Gaussian bell, sampled twice as far apart: 0.62 at most, above 0 where it enlarges, to 0.01."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -69.0
    points = np.moveaxis(np.indices((70, 70, 70)), 0, -1) * 2.0 - 69.0
    radius = np.linalg.norm(points, axis=-1)
    bell = 0.23 * np.exp(-0.5 * (radius / 20.0) ** 2)
    field = image_of(bell[..., None] * points * [-1, -1, 1], affine)
    grid = SPEC.grid
    radius = np.linalg.norm(grid_points(grid), axis=-1)
    bell = 0.23 * np.exp(-0.5 * (radius / 20.0) ** 2)
    true = 2 * np.log(1 + bell) + np.log(1 + bell * (1 - (radius / 20.0) ** 2))
    found = log_jacobian(replace(placed_infant()[2], displacement=field, folding=0.0), grid)
    assert true.max() == pytest.approx(0.62, abs=0.02)
    np.testing.assert_allclose(found, true, atol=0.01)


def test_an_infant_s_local_volume_is_that_of_the_whole_placement_without_its_affine_step() -> None:
    """Beside the change of volume of affine and displacement together, sampled otherwise: 0.02 off on the average."""
    _, _, placement = placed_infant()
    grid = bundled_atlas().grid
    found = log_jacobian(placement, grid)
    inside = binary_erosion(bundled_atlas().brain.array, iterations=2)
    whole = np.log(placement.volume_change().array[inside]) - affine_log_change(placement)
    assert np.abs(found[inside] - whole).mean() < 0.02
    assert np.corrcoef(found[inside], whole)[0, 1] > 0.97
    assert found[inside].std() > 0.05  # there is something to agree on


@pytest.mark.parametrize("size", [1.0, 1.35])
def test_the_template_itself_has_none_whatever_its_size(size: float) -> None:
    """The affine step takes all of a brain 2.5 times as large; what is left is 0.04 on the average and 0.2 at most."""
    found = prepared(0.0, "upright", size)
    assert affine_log_change(found.placement) == pytest.approx(3 * np.log(size), abs=0.03)
    left = np.abs(found.image[1][core(found)])
    assert left.mean() < 0.04
    assert left.max() < 0.2


@pytest.mark.parametrize("strength", [STRENGTH, -STRENGTH])
def test_what_was_enlarged_or_shrunk_is_found_with_its_sign_and_place(strength: float) -> None:
    """The truth in the middle is 0.67 or -0.68, of which stiff demons find a third; 0.08 is missed on the average."""
    found = prepared(strength)
    whole = found.image[1] + affine_log_change(found.placement)
    true = true_log_jacobian(grid_points(SPEC.grid), strength)
    inside, middle = core(found), near_centre()
    assert abs(true[middle].mean()) > 0.65
    assert 0.2 < whole[middle].mean() * np.sign(strength) < abs(true[middle].mean())
    assert np.corrcoef(whole[inside], true[inside])[0, 1] > 0.75
    assert np.abs(whole - true)[inside].mean() < 0.08
    assert found.placement.folding == 0


def test_ventricles_that_grew_are_above_0_and_those_that_shrank_below() -> None:
    """One phantom of 30 years with the ventricles of 90 years, its own and the narrowest of the curve."""
    level = curves.VENTRICLE_SCALE.at
    scales = {"wide": level(90.0), "own": level(30.0), "narrow": 0.5 * level(30.0)}
    found = {}
    for name, scale in scales.items():
        with patch.object(curves, "VENTRICLE_SCALE", curves.AgeCurve((0.0, 1.0), (scale, scale))):
            scan = scan_t1(make_t1_subject(60, 30.0), seed=1)
        found[name] = prepare_t1(scan, bundled_t1_template(), SPEC)
    fluid = (bundled_t1_template().image.array > 0.6) & binary_erosion(bundled_t1_template().brain.array, iterations=8)
    inside = Volume(fluid.astype(np.float32), bundled_t1_template().grid.affine_ras)
    same = replace(found["own"].placement, native_from_atlas=sitk.Transform())
    ventricle = same.to_atlas(inside, SPEC.grid).array > 0.5
    assert ventricle.sum() > 10
    wide, own, narrow = (found[name].image[1][ventricle].mean() for name in scales)
    assert wide > own + 0.1
    assert own > narrow + 0.03


def test_gain_changes_nothing_and_another_contrast_little() -> None:
    """Seven times the signal changes neither channel; an exponent of 1.2 the local volume by 0.04 on the average."""
    scan = scan_t1(make_t1_subject(60, 30.0), seed=1)
    plain, loud = (prepare_t1(one, bundled_t1_template(), SPEC) for one in (scan, scan.like(7 * scan.array)))
    np.testing.assert_allclose(loud.image[1], plain.image[1], atol=1e-4)
    steep = prepare_t1(scan.like(scan.array**1.2), bundled_t1_template(), SPEC)
    inside = core(plain) & core(steep)
    assert np.corrcoef(steep.image[1][inside], plain.image[1][inside])[0, 1] > 0.9
    assert np.abs(steep.image[1] - plain.image[1])[inside].mean() < 0.04


@pytest.mark.parametrize("stored", [name for name in AXES if name != "upright"])
def test_the_way_a_scan_is_stored_changes_no_more_than_rounding_and_resampling(stored: str) -> None:
    """Axes exchanged and turned round: rounding; other voxels, tilted or of 4 mm: 0.03 on the average."""
    one, other = prepared(STRENGTH), prepared(STRENGTH, stored)
    inside = core(one) & core(other)
    apart = np.abs(other.image[1] - one.image[1])[inside]
    if stored == "stored back to front":
        assert apart.max() < 1e-3
    assert apart.mean() < 0.03
    assert np.corrcoef(other.image[1][inside], one.image[1][inside])[0, 1] > 0.85


def test_threads_and_calls_change_nothing() -> None:
    before, ends = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), []
    for threads in (1, 3):
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        ends.append([prepare_t1(planted(STRENGTH), bundled_t1_template(), SPEC).image for _ in range(2 - threads // 3)])
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    np.testing.assert_array_equal(ends[0][0], ends[0][1])
    np.testing.assert_allclose(ends[0][0], ends[1][0], atol=1e-5)


def test_other_channels_of_an_infant_stay_as_they_are_to_the_bit() -> None:
    adc, brain, placement = placed_infant()
    plain = adc_spec(4.0)
    more = InputSpec(plain.grid, (*plain.channels, *MORPHOMETRY_CHANNELS))
    images = {"adc": adc, "z_adc": None}
    one, other = (network_input(images, brain, placement, spec) for spec in (plain, more))
    np.testing.assert_array_equal(other[:, :2], one)
    assert np.abs(other[0, 2]).max() > 0.5
    assert not other[0, 2][other[0, 0] == 0].any()
    affine = replace(placement, displacement=None)  # as where most of the brain looks injured
    assert not network_input(images, brain, affine, more)[0, 2].any()


def test_keys_of_kept_files_are_those_of_before_and_differ_where_morphometry_is_asked_for() -> None:
    """SHA-256 of the specifications before there was this channel: files that were kept then are found."""
    specs = [adc_spec(4.0), t1_spec(4.0, "affine"), infant_spec(Network(name="fused", channels=(4, 4)))]
    known = "1c5ee56c0eb87a5f3cddbe179ea70853066c9cd767b0f800de62a210a8b818d7"
    assert sha256_of([], *(spec.to_json() for spec in specs)) == known
    plain, streams = Network(channels=(4, 4)), Network(name="streams", channels=(4, 4))
    for of in (age_spec, infant_spec):
        assert of(streams).to_json() != of(plain).to_json()
        assert InputSpec.from_json(of(streams).to_json()).channels == of(streams).channels
        assert of(streams).has_morphometry
        assert not of(plain).has_morphometry


def test_a_deformation_that_fails_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adc, brain, placement = placed_infant()
    spec = infant_spec(Network(name="streams", channels=(4, 4)))
    with pytest.raises(InputError, match=r"folds 2\.0 % of the brain \(at most 0\.1 %\)"):
        network_input({"adc": adc}, brain, replace(placement, folding=0.02), spec)
    broken = sitk.GetArrayFromImage(placement.displacement)
    broken[10, 10, 10] = np.nan
    field = sitk.GetImageFromArray(broken, isVector=True)
    field.CopyInformation(placement.displacement)
    with pytest.raises(InputError, match="was not found"):
        network_input({"adc": adc}, brain, replace(placement, displacement=field), spec)
    write_volume(planted(STRENGTH), tmp_path / "t1.nii.gz")
    module = "AGE2HIELib.preprocess.t1.prepare.deform_t1"
    monkeypatch.setattr(module, lambda *given: replace(given[3], displacement=field, folding=0.5))
    scan = AgeScan("a", "", tmp_path / "t1.nii.gz", age_years=25.0)
    said = lifespan.prepare_t1_task(lifespan.ScanTask(scan, "key", tmp_path, SPEC, "affine"))
    assert said.startswith("t1.nii.gz: The deformation to the template folds 50.0 %")
    assert "\n" not in said
    assert not list(tmp_path.glob("**/*.npz"))
