"""Rotations written out are scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from AGE2HIELib.preprocess.rotations import rotation_of, turned_head


def test_turned_heads_are_those_of_scipy() -> None:
    degrees = np.random.default_rng(0).uniform(-180, 180, (50, 3))
    expected = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    np.testing.assert_allclose(turned_head(degrees), expected, atol=1e-14)


@pytest.mark.parametrize("vector", [(0, 0, 0), (1e-9, 0, 0), (0.3, -0.2, 0.1), (0, 0, np.pi), (2, -3, 1)])
def test_a_rotation_about_a_vector_is_that_of_scipy(vector: tuple[float, float, float]) -> None:
    expected = Rotation.from_rotvec(vector).as_matrix()
    np.testing.assert_allclose(rotation_of(np.array(vector)), expected, atol=1e-14)
