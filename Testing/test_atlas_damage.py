"""Broken atlas folders are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from AGE2HIELib.errors import ModelError
from AGE2HIELib.preprocess import atlas as atlases
from AGE2HIELib.preprocess.atlas import load_atlas, write_atlas


@pytest.fixture
def small_atlas(tmp_path: Path) -> Path:
    from scans import bundled_atlas

    write_atlas(bundled_atlas(), tmp_path / "atlas")
    return tmp_path / "atlas"


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"null", b'{"regions": 5}', b" " * 2_000_000, b"\xff\xfe"])
def test_a_broken_description_of_an_atlas_is_refused(small_atlas: Path, content: bytes) -> None:
    (small_atlas / "atlas.json").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        load_atlas(small_atlas)


def test_an_atlas_of_too_many_voxels_is_refused(small_atlas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlases, "LARGEST_VOXELS", 1000)
    with pytest.raises(ModelError, match="more than the 1,000 of any atlas"):
        load_atlas(small_atlas)
