"""An atlas from a published mean and sd: the same values at the same places, in our frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scans import bundled_atlas
from scipy.spatial.transform import Rotation

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.normative.published import published_atlas
from AGE2HIELib.volume import Volume


@pytest.mark.parametrize("unit", [1.0, 1e-3])
def test_a_published_atlas_in_another_frame_is_installed(unit: float, tmp_path: Path) -> None:
    """The bundled mean and sd, turned, moved and in another unit: the same values come back at the same places."""
    atlas = bundled_atlas()
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_euler("xyz", (12, -5, 8), degrees=True).as_matrix()
    turned[:3, 3] = (15, -30, 40)
    for name in ("mean", "sd"):
        image: Volume = getattr(atlas, name)
        write_volume(Volume(unit * image.array, turned @ image.affine_ras), tmp_path / f"{name}.nii.gz")
    words = {"name": "published", "provenance": "a test", "licence": "none"}
    found = published_atlas(tmp_path / "mean.nii.gz", tmp_path / "sd.nii.gz", None, atlas, **words)
    both = found.brain.array & atlas.brain.array
    assert both.sum() > 0.97 * atlas.brain.array.sum()
    assert np.median(found.mean.array[both] - atlas.mean.array[both]) == pytest.approx(0, abs=10)
    assert np.corrcoef(found.mean.array[both], atlas.mean.array[both])[0, 1] > 0.95
    assert (found.labels.array[both] == atlas.labels.array[both]).mean() > 0.85


def test_a_sd_that_is_a_second_mean_is_refused(tmp_path: Path) -> None:
    atlas = bundled_atlas()
    write_volume(atlas.mean, tmp_path / "mean.nii.gz")
    words = {"name": "published", "provenance": "a test", "licence": "none"}
    with pytest.raises(InputError, match="standard deviation"):
        published_atlas(tmp_path / "mean.nii.gz", tmp_path / "mean.nii.gz", None, atlas, **words)
