"""The voxel order of a file does not matter, and comes back exactly."""

import numpy as np
import pytest
from io_samples import affine, orientations

from AGE2HIELib.io.coordinates import to_canonical, to_stored_order
from AGE2HIELib.volume import Volume

ORIENTATIONS = orientations()


@pytest.mark.parametrize("tilt_degrees", [0.0, 17.0])
@pytest.mark.parametrize("axes", ORIENTATIONS)
def test_every_orientation_comes_back_exactly(axes, tilt_degrees):
    array = np.random.default_rng(3).standard_normal((4, 5, 6)).astype(np.float32)
    stored = Volume(array, affine(axes, tilt_degrees=tilt_degrees))
    canonical = to_canonical(stored)
    cosines = canonical.affine_ras[:3, :3] / canonical.grid.spacing_mm
    assert np.all(np.diag(cosines) > 0.7)
    back = to_stored_order(canonical, stored.grid)
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_array_equal(back.affine_ras, stored.affine_ras)


@pytest.mark.parametrize("axes", ORIENTATIONS[::7])
def test_a_voxel_keeps_its_place_in_the_scanner(axes):
    array = np.zeros((4, 5, 6))
    array[1, 3, 2] = 1
    stored = Volume(array, affine(axes, tilt_degrees=17))
    canonical = to_canonical(stored)
    index = np.argwhere(canonical.array)[0]
    there = canonical.affine_ras @ [*index, 1]
    np.testing.assert_allclose(there, stored.affine_ras @ [1, 3, 2, 1], atol=1e-9)
