"""The deformable step brings regions closer to their place, and neither hides an injury nor invents a brain."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from marks import long
from scans import bundled_atlas, infant_with, stripped_scan, turned
from scipy.ndimage import binary_erosion
from scipy.spatial.transform import Rotation
from test_placement import landmark_errors_mm

from AGE2HIELib.io.coordinates import reference_image, to_canonical, to_sitk
from AGE2HIELib.phantom.fields import smooth_noise
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.pipeline.admission import gate_scan
from AGE2HIELib.pipeline.inputs import Scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.deform import FILLED_LIMIT, deform, folding_share
from AGE2HIELib.preprocess.placement import Placement, jacobian_determinant, place_in_atlas
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Grid, Volume


def placed(adc: Volume, brain: Volume) -> tuple[Placement, Placement]:
    """(affine, deformed)"""
    affine = place_in_atlas(adc, brain, bundled_atlas())
    return affine, deform(adc, brain, bundled_atlas(), affine)


def brain_points() -> list[list[float]]:
    """LPS+ mm, of 300 voxels of the atlas brain."""
    atlas = bundled_atlas()
    inside = np.argwhere(atlas.brain.array)
    chosen = inside[np.random.default_rng(1).choice(len(inside), 300, replace=False)]
    points = chosen @ atlas.grid.affine_ras[:3, :3].T + atlas.grid.affine_ras[:3, 3]
    listed: list[list[float]] = (points * [-1, -1, 1]).tolist()
    return listed


@pytest.mark.parametrize(
    ("acquisition", "seed", "kind"),
    [
        ("2mm", 11, "none"),
        ("4mm", 23, "none"),
        ("6mm", 23, "none"),
        long("2mm", 11, "watershed"),
        long("4mm", 23, "watershed"),
        ("6mm", 23, "watershed"),
    ],
)
def test_points_come_closer_to_where_they_belong(acquisition: str, seed: int, kind: str) -> None:
    infant, _ = infant_with(kind, seed)
    affine, deformed = placed(*stripped_scan(kind, acquisition, seed))
    before, after = (landmark_errors_mm(one, infant, np.eye(3)).mean() for one in (affine, deformed))
    assert after < 0.85 * before
    assert deformed.folding == 0


@pytest.mark.parametrize(
    ("kind", "seed", "acquisition"),
    [
        ("bgt", 23, "2mm"),
        long("watershed", 37, "2mm"),
        long("focal", 11, "2mm"),
        long("bgt", 23, "6mm"),
        ("watershed", 37, "6mm"),
        ("focal", 11, "6mm"),
    ],
)
def test_a_lesion_hides_nothing_of_itself(kind: str, seed: int, acquisition: str) -> None:
    """Its z is that of the placement which the same scan has without it."""
    _, injury = infant_with(kind, seed)
    adc, brain = stripped_scan(kind, acquisition, seed)
    _, with_lesion = placed(adc, brain)
    _, without = placed(*stripped_scan("none", acquisition, seed))
    lesion = to_canonical(nearest(injury.lesion, adc.grid)).array & brain.array
    found, true = (z_map(adc, brain, bundled_atlas(), one).array[lesion].mean() for one in (with_lesion, without))
    assert true < -1
    assert found == pytest.approx(true, rel=0.1)


def test_where_most_looks_injured_the_placement_stays_affine_and_says_so() -> None:
    adc, brain = stripped_scan("none", "4mm", 37)
    dead = adc.like(np.where(brain.array, 0.55 * adc.array, 0).astype(np.float32))
    affine, deformed = placed(dead, brain)
    assert deformed.displacement is None
    assert deformed.filled > FILLED_LIMIT
    assert deformed.native_from_atlas is affine.native_from_atlas
    gated = gate_scan(Scan(_source(dead)), bundled_atlas(), Request(), Stages(CHECK_STAGES))
    assert [line for line in gated.warnings if "looks injured" in line and "affine" in line]
    healthy = gate_scan(Scan(_source(adc)), bundled_atlas(), Request(), Stages(CHECK_STAGES))
    assert not [line for line in healthy.warnings if "looks injured" in line]


def test_there_and_back_is_where_it_began() -> None:
    _, deformed = placed(*stripped_scan("none", "2mm", 23))
    points = brain_points()
    back = [deformed.atlas_from_native.TransformPoint(deformed.native_from_atlas.TransformPoint(p)) for p in points]
    assert np.linalg.norm(np.subtract(back, points), axis=1).max() < 0.15


@pytest.mark.parametrize("degrees", [(134, 0, 0), (20, -10, 30)])
def test_a_tilted_head_is_deformed_alike(degrees: tuple[float, float, float]) -> None:
    """The same voxels, oblique in the scanner: the atlas's points find the same tissue."""
    adc, brain = stripped_scan("none", "4mm", 12)
    _, upright = placed(adc, brain)
    _, tilted = placed(turned(adc, degrees), turned(brain, degrees))
    moved = turned(adc, degrees).affine_ras @ np.linalg.inv(to_same_order(adc, degrees).affine_ras)
    there = np.array([upright.native_from_atlas.TransformPoint(p) for p in brain_points()]) * [-1, -1, 1]
    here = np.array([tilted.native_from_atlas.TransformPoint(p) for p in brain_points()]) * [-1, -1, 1]
    expected = np.c_[there, np.ones(len(there))] @ moved.T
    assert np.linalg.norm(here - expected[:, :3], axis=1).mean() < 1.0


def to_same_order(adc: Volume, degrees: tuple[float, float, float]) -> Volume:
    """The upright scan in the voxel order that its tilted copy has after ``to_canonical``."""
    tilted = turned(adc, degrees)
    marked = adc.like(np.arange(adc.array.size, dtype=np.float64).reshape(adc.array.shape))
    order = turned(marked, degrees).array
    first, steps = order[0, 0, 0], [order[1, 0, 0], order[0, 1, 0], order[0, 0, 1]]
    where = np.array([np.unravel_index(int(n), adc.array.shape) for n in (first, *steps)])
    affine = np.eye(4)
    affine[:3, :3] = adc.affine_ras[:3, :3] @ (where[1:] - where[0]).T
    affine[:3, 3] = adc.affine_ras[:3, :3] @ where[0] + adc.affine_ras[:3, 3]
    return Volume(tilted.array, affine)


def test_what_was_not_scanned_pulls_nothing() -> None:
    """Field of view without the lowest 25 mm of the brain: the rest is placed as in the whole scan."""
    adc, brain = stripped_scan("none", "2mm", 23)
    affine, whole = placed(adc, brain)
    lowest = int(np.argwhere(brain.array)[:, 2].min()) + round(25 / adc.grid.spacing_mm[2])
    moved = adc.affine_ras.copy()
    moved[:3, 3] += adc.affine_ras[:3, 2] * lowest
    cut = [Volume(image.array[..., lowest:], moved) for image in (adc, brain)]
    part = deform(cut[0], cut[1], bundled_atlas(), affine)
    points = [p for p in brain_points() if p[2] > 0]
    ends = [np.array([one.native_from_atlas.TransformPoint(p) for p in points]) for one in (whole, part)]
    assert np.linalg.norm(ends[0] - ends[1], axis=1).mean() < 0.4


def test_the_atlas_itself_is_left_where_it_is() -> None:
    atlas = bundled_atlas()
    _, deformed = placed(atlas.mean, atlas.brain)
    moved = np.subtract([deformed.native_from_atlas.TransformPoint(p) for p in brain_points()], brain_points())
    distances = np.linalg.norm(moved, axis=1)
    assert distances.mean() < 0.25
    assert distances.max() < 0.6  # a quarter of a working voxel


def test_a_known_displacement_is_found() -> None:
    """The atlas warped by a smooth field of 2.3 mm rms: more than half of it is found, lesions or none."""
    atlas = bundled_atlas()
    rng = np.random.default_rng(5)
    shape = atlas.grid.shape
    field = np.stack([1.5 * smooth_noise(rng, shape, 1.25, 20.0) for _ in range(3)], axis=-1).astype(np.float64)
    image = sitk.GetImageFromArray(np.ascontiguousarray(field.transpose(2, 1, 0, 3)), isVector=True)
    image.CopyInformation(reference_image(atlas.grid))
    true = sitk.DisplacementFieldTransform(sitk.Image(image))  # points of the warped image -> points of the atlas
    adc, brain = (
        warped(volume, atlas.grid, true) for volume in (atlas.mean, atlas.brain.like(atlas.brain.array * 1.0))
    )
    mask = brain.like(brain.array > 0.5)
    affine, deformed = placed(adc, mask)
    points = brain_points()
    errors = [
        np.linalg.norm(
            np.subtract([true.TransformPoint(one.native_from_atlas.TransformPoint(p)) for p in points], points), axis=1
        ).mean()
        for one in (affine, deformed)
    ]
    assert errors[0] > 1.4
    assert errors[1] < 0.55 * errors[0]


def warped(volume: Volume, grid: Grid, transform: sitk.Transform) -> Volume:
    resampled = sitk.Resample(to_sitk(volume), reference_image(grid), transform, sitk.sitkLinear)
    return Volume(sitk.GetArrayFromImage(resampled).T.astype(np.float32), grid.affine_ras)


def test_threads_change_nothing() -> None:
    adc, brain = stripped_scan("none", "6mm", 14)
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    ends = []
    for threads in (1, 3):
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        _, deformed = placed(adc, brain)
        ends.append([deformed.atlas_from_native.TransformPoint(p) for p in brain_points()])
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-5)


def image_of(field: np.ndarray, affine_ras: np.ndarray) -> sitk.Image:
    """A displacement (I, J, K, 3) in mm, LPS+, on a grid."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(field.transpose(2, 1, 0, 3)), isVector=True)
    image.CopyInformation(reference_image(Grid(field.shape[:3], affine_ras)))
    return image


def points_lps(shape: tuple[int, int, int], affine_ras: np.ndarray) -> np.ndarray:
    indices = np.indices(shape).transpose(1, 2, 3, 0)
    return (indices @ affine_ras[:3, :3].T + affine_ras[:3, 3]) * [-1, -1, 1]


@pytest.mark.parametrize("codes", [("R", "A", "S"), ("L", "P", "S"), ("S", "R", "A")])
@pytest.mark.parametrize("degrees", [0, 25])
def test_volume_change_in_closed_form_whatever_the_direction(codes: tuple[str, str, str], degrees: float) -> None:
    """x + u(x) = M x has the determinant of M everywhere, on anisotropic and oblique grids of any axis order."""
    matrix = np.array([[1.2, 0.1, 0.0], [-0.05, 0.9, 0.2], [0.0, 0.1, 1.1]])
    turn = Rotation.from_euler("xyz", (degrees, degrees / 2, -degrees), degrees=True).as_matrix()
    affine = np.eye(4)
    for axis, (code, mm) in enumerate(zip(codes, (1.0, 2.0, 5.0), strict=True)):
        direction = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1)}[code]
        affine[:3, axis] = mm * turn @ direction
    points = points_lps((6, 7, 8), affine)
    found = jacobian_determinant(image_of(points @ (matrix - np.eye(3)).T, affine))
    np.testing.assert_allclose(found, np.linalg.det(matrix), rtol=1e-9)


def test_a_fold_is_counted() -> None:
    """Within 8 of 20 planes x goes to c - (x - c): all of them fold, but for the derivative at the slab's rim."""
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    points = points_lps((20, 20, 20), affine)
    field = np.zeros((20, 20, 20, 3))
    field[6:14, ..., 0] = -2.0 * (points[6:14, ..., 0] - points[6:14, ..., 0].mean())
    everywhere = np.ones((20, 20, 20), bool)
    assert 6 / 20 <= folding_share(image_of(field, affine), everywhere) <= 8 / 20
    assert folding_share(image_of(0.1 * field, affine), everywhere) == 0


def test_regions_keep_their_millilitres_under_a_displacement() -> None:
    """The volume change adds up to the scan's own brain volume where the brains agree."""
    adc, brain = stripped_scan("none", "2mm", 23)
    _, deformed = placed(adc, brain)
    atlas = bundled_atlas()
    inside = binary_erosion(atlas.brain.array, iterations=3)
    by_change = deformed.volume_change().array[inside].sum() * atlas.grid.voxel_ml
    core = deformed.to_native(atlas.brain.like(inside.astype(np.float32))).array
    assert by_change == pytest.approx(core.sum() * adc.grid.voxel_ml, rel=0.01)


def _source(adc: Volume):  # type: ignore[no-untyped-def]
    from AGE2HIELib.io.source import Source

    return Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ())
