"""T1 scans are masked, placed and scaled alike, whatever the scanner, the age and the order of the voxels."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from marks import long
from scans import bundled_atlas

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.infant import TEMPLATE_ML
from AGE2HIELib.phantom.lifespan import T1Subject, make_t1_subject, scan_t1
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.phantom.structures import VALUE
from AGE2HIELib.phantom.templates import make_t1_template
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.preprocess.t1.mask import t1_mask
from AGE2HIELib.preprocess.t1.placement import (
    T1Template,
    bundled_t1_template,
    place_t1,
    read_t1_template,
    write_t1_template,
)
from AGE2HIELib.preprocess.t1.prepare import PreparedT1, prepare_t1
from AGE2HIELib.volume import Grid, Volume


def template() -> T1Template:
    return bundled_t1_template()


@cache
def subject(seed: int, age_years: float) -> T1Subject:
    return make_t1_subject(seed, age_years)


def spec(spacing_mm: float = 4.0, field_mm: tuple[int, int, int] = (112, 128, 96)) -> InputSpec:
    shape = tuple(round(extent / spacing_mm) for extent in field_mm)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-spacing_mm * (n - 1) / 2 for n in shape]
    return InputSpec(Grid((shape[0], shape[1], shape[2]), affine), (Channel("t1", 0, 1, -4, 4, scaling="robust"),))


def prepared(scan: Volume, **options) -> PreparedT1:
    return prepare_t1(scan, template(), spec(), **options)


@cache
def usual(seed: int, age_years: float, scan_seed: int) -> PreparedT1:
    return prepared(scan_t1(subject(seed, age_years), seed=scan_seed))


def extent_mm(brain: Volume) -> np.ndarray:
    """Lowest and highest RAS+ mm of a brain's voxels."""
    points = np.argwhere(brain.array) @ brain.affine_ras[:3, :3].T + brain.affine_ras[:3, 3]
    return np.array([points.min(axis=0), points.max(axis=0)])


def test_the_bundled_template_is_the_one_that_its_seeds_make() -> None:
    made = make_t1_template()
    assert template().grid.same_as(made.grid, 0.0)
    np.testing.assert_array_equal(template().brain.array, made.brain.array)
    np.testing.assert_allclose(template().image.array, made.image.array, rtol=0, atol=1e-6)


def test_a_template_is_stored_without_rounding_and_read_in_canonical_order(tmp_path: Path) -> None:
    write_t1_template(template(), tmp_path / "outline.nii.gz")
    again = read_t1_template(tmp_path / "outline.nii.gz")
    np.testing.assert_array_equal(again.image.array, template().image.array)
    np.testing.assert_array_equal(again.image.affine_ras, template().image.affine_ras)
    stored = template().image
    flipped = stored.affine_ras @ np.diag([-1.0, 1, 1, 1])
    flipped[:3, 3] = stored.affine_ras[:3, :3] @ [stored.array.shape[0] - 1, 0, 0] + stored.affine_ras[:3, 3]
    write_volume(Volume(stored.array[::-1], flipped), tmp_path / "flipped.nii.gz")
    np.testing.assert_array_equal(read_t1_template(tmp_path / "flipped.nii.gz").image.array, stored.array)


def spoilt(kind: str, path: Path) -> None:
    write_t1_template(template(), path)
    content, values = path.read_bytes(), template().image.array.copy()
    if kind == "missing":
        path.unlink()
    elif kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "a flipped bit":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    else:
        values[30, 30, 30] = {"not a number": np.nan, "above 1": 1.5, "below 0": -0.1, "empty": 0.0}[kind]
        write_volume(template().image.like(values * (kind != "empty")), path)


@pytest.mark.parametrize("kind", ["missing", "cut", "a flipped bit", "not a number", "above 1", "below 0", "empty"])
def test_a_template_that_cannot_be_right_is_refused(kind: str, tmp_path: Path) -> None:
    spoilt(kind, tmp_path / "outline.nii.gz")
    with pytest.raises(ModelError, match=r"T1 template .* again\.$"):
        read_t1_template(tmp_path / "outline.nii.gz")


def test_the_template_lies_where_the_infant_atlas_lies() -> None:
    brain = template().brain
    ml = brain.array.sum() * brain.grid.voxel_ml
    assert ml == pytest.approx(TEMPLATE_ML, rel=0.06)
    ends = [extent_mm(volume) for volume in (brain, bundled_atlas().brain)]
    np.testing.assert_allclose(ends[0], ends[1], atol=5)
    assert np.all(template().image.array[~brain.array] == 0)


@pytest.mark.parametrize(
    ("seed", "age_years"), [(51, 0.1), long(52, 0.7), (53, 3.0), (54, 25.0), (55, 55.0), (56, 85.0)]
)
def test_regions_are_placed_where_they_are(seed: int, age_years: float) -> None:
    """Centres of the structures, against the phantom's own warp: 1.5 to 2.6 mm. The best affine there is, fitted to the
    centres themselves, leaves 0.8 to 1.4."""
    one = subject(seed, age_years)
    placement = usual(seed, age_years, seed).placement
    errors = []
    for value in np.unique(one.labels.array)[1:]:
        where = one.labels.array == value
        if value == VALUE["cerebrospinal fluid"] or where.sum() < 80:
            continue
        centre = one.labels.affine_ras[:3, :3] @ np.argwhere(where).mean(axis=0) + one.labels.affine_ras[:3, 3]
        found = placement.atlas_from_native.TransformPoint((-centre[0], -centre[1], centre[2]))
        truth = [axis[where].mean() for axis in one.template_points]
        errors.append(np.linalg.norm(np.array([-found[0], -found[1], found[2]]) - truth))
    assert np.mean(errors) < 2.7
    assert placement.overlap > 0.92


def test_gain_and_stored_order_do_not_matter() -> None:
    scan = scan_t1(subject(54, 25.0), seed=9)
    image = usual(54, 25.0, 9).image
    assert image.shape == (1, 28, 32, 24)
    assert image.dtype == np.float32
    np.testing.assert_allclose(prepared(scan.like(scan.array * 37)).image, image, atol=1e-3)
    turned = np.ascontiguousarray(scan.array.transpose(2, 0, 1)[::-1, :, ::-1])
    affine = scan.affine_ras[:, [2, 0, 1, 3]].copy()
    for axis in (0, 2):
        affine[:3, 3] += affine[:3, axis] * (turned.shape[axis] - 1)
        affine[:3, axis] *= -1
    np.testing.assert_allclose(prepared(Volume(turned, affine)).image, image, atol=1e-3)


def test_left_stays_left_on_an_oblique_anisotropic_grid() -> None:
    one = subject(55, 55.0)
    affine = one.labels.affine_ras
    marker = affine[:3, :3] @ np.argwhere(one.labels.array == VALUE["lentiform nucleus"]).mean(axis=0) + affine[:3, 3]
    indices = np.indices(one.labels.array.shape).reshape(3, -1).T
    near = np.linalg.norm(indices @ affine[:3, :3].T + affine[:3, 3] - marker, axis=1).reshape(one.labels.array.shape)
    dark = np.where((near < 14) & one.brain.array, 5.0, one.signal.array).astype(np.float32)
    marked = T1Subject(one.labels, one.signal.like(dark), one.age_years, one.seed, one.template_points)
    difference = prepared(scan_t1(marked, seed=4)).image[0] - prepared(scan_t1(one, seed=4)).image[0]
    place = np.array(np.unravel_index(difference.argmin(), difference.shape))
    found = spec().grid.affine_ras[:3, :3] @ place + spec().grid.affine_ras[:3, 3]
    assert difference.min() < -1
    np.testing.assert_allclose(found, (-17.2, 11.5, 3.5), atol=8)


def test_the_image_is_scaled_by_the_brain_and_zero_outside() -> None:
    image = usual(54, 25.0, 9).image[0]
    inside = image[image != 0]
    assert np.median(inside) == pytest.approx(0, abs=0.25)
    assert 0.6 < (np.percentile(inside, 90) - np.percentile(inside, 10)) / 2.563 < 1.4
    assert image.min() >= -4
    assert image.max() <= 4
    assert 0.15 < (image != 0).mean() < 0.5


def test_contrast_turns_round_between_birth_and_childhood_in_the_prepared_image() -> None:
    labels = nearest_labels()
    rows = [usual(seed, age, seed).image[0] for seed, age in ((51, 0.1), (53, 3.0))]
    differences = [image[labels == "white"].mean() - image[labels == "cortex"].mean() for image in rows]
    assert differences[1] > differences[0] + 0.5


def test_an_image_with_bright_fluid_is_warned_of() -> None:
    """As a T2 or an ADC map has it; T1 of a newborn and of an older child have dark fluid."""
    for seed, age in ((51, 0.1), (53, 3.0)):
        assert usual(seed, age, seed).warnings == ()
    scan = scan_t1(subject(53, 3.0), seed=53)
    turned = scan.like(np.where(scan.array > 0, scan.array.max() - scan.array + 1, 0))
    assert "Fluid is bright in this scan" in prepared(turned).warnings[-1]


def nearest_labels() -> np.ndarray:
    """'white' and 'cortex' on the grid of the spec, from the infants' atlas."""
    from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX, WHITE_MATTER
    from AGE2HIELib.preprocess.atlas import load_atlas
    from AGE2HIELib.system.places import resource_path

    atlas = load_atlas(resource_path("atlas"))
    base = BASE_VALUE[nearest(atlas.labels, spec().grid).array.astype(np.uint8)]
    return np.where(np.isin(base, WHITE_MATTER), "white", np.where(np.isin(base, CORTEX), "cortex", ""))


def test_a_rigid_placement_keeps_the_size() -> None:
    scan = scan_t1(subject(54, 25.0), seed=9)
    wide = spec(4.0, (160, 192, 160))
    rigid = prepare_t1(scan, template(), wide, placement="rigid")
    affine = prepare_t1(scan, template(), wide, placement="affine")
    np.testing.assert_allclose(rigid.placement.scale, 1.0, atol=1e-6)
    voxel_ml = wide.grid.voxel_ml
    assert (rigid.image != 0).sum() * voxel_ml == pytest.approx(rigid.brain_ml, rel=0.05)
    assert (affine.image != 0).sum() * voxel_ml == pytest.approx(TEMPLATE_ML, rel=0.1)


def test_a_given_mask_is_used_and_one_that_does_not_fit_is_refused() -> None:
    scan = scan_t1(subject(54, 25.0), seed=9)
    smaller = scan.like((scan.array > 0) & (np.arange(scan.array.shape[2]) > scan.array.shape[2] // 4))
    assert prepared(scan, mask=smaller).brain_ml == pytest.approx(smaller.array.sum() * scan.grid.voxel_ml)
    with pytest.raises(InputError, match="grid"):
        prepared(scan, mask=Volume(smaller.array[1:], scan.affine_ras))
    with pytest.raises(InputError, match="0 ml"):
        prepared(scan, mask=scan.like(np.zeros(scan.array.shape, bool)))
    with pytest.raises(InputError, match="rigid"):
        place_t1(scan, smaller, template(), kind="elastic")  # type: ignore[arg-type]


def test_an_image_without_a_brain_is_refused_with_a_remedy() -> None:
    rng = np.random.default_rng(0)
    noise = Volume(rng.random((60, 60, 60), dtype=np.float32), np.diag([3.0, 3.0, 3.0, 1.0]))
    with pytest.raises(InputError, match="Give a brain mask"):
        t1_mask(noise, template())
    with pytest.raises(InputError, match="0 everywhere"):
        t1_mask(noise.like(np.zeros_like(noise.array)), template())


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "age_years", "least"), [(40, 0.1, 0.85), long(43, 12.0, 0.93), long(46, 75.0, 0.93)])
def test_brains_are_found_in_whole_heads(seed: int, age_years: float, least: float) -> None:
    one = subject(seed, age_years)
    scan = scan_t1(one, seed=seed - 40, with_head=True)
    truth = nearest(one.brain, scan.grid).array > 0
    found = t1_mask(to_canonical(scan), template()).array
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > least


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("sub-bmex0008", 350, 700),
        long("sub-bmex0001", 1000, 1700),
        long("sub-nichart06", 900, 1600),
        long("sub-ixi015", 1100, 1700),
    ],
)
def test_real_stripped_infants_and_real_heads_are_prepared(real_data: Path, name: str, low: int, high: int) -> None:
    made = prepared(read_volume(real_data / "t1-ages" / name / "anat" / f"{name}_T1w.nii.gz"))
    assert low < made.brain_ml < high
    assert np.isfinite(made.image).all()
    assert made.placement.overlap > 0.85
    assert made.warnings == ()
