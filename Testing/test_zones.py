"""Zones of the atlas: where they lie, that z does not depend on them, and what becomes of broken ones."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scans import bundled_atlas, infant_of

from AGE2HIELib.errors import ModelError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX
from AGE2HIELib.phantom.templates import make_zones
from AGE2HIELib.phantom.zones import label_zones, zone_table
from AGE2HIELib.preprocess.atlas import ZONES, Zones, load_atlas, write_atlas
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume


def zone(zones: Zones, name: str, side: str) -> np.ndarray:
    (value,) = (region.value for region in zones.regions if (region.name, region.hemisphere) == (name, side))
    return zones.labels.array == value


def bundled_zones() -> Zones:
    zones = bundled_atlas().zones
    assert zones is not None
    return zones


def points_ras(mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    return np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3]


# centre (|right|, anterior, superior) in mm and ml a side of a real term newborn, brought to the atlas by its outline
MEASURED = {
    "insula": ((21.6, 11.0, 3.6), 1.1),
    "cingulum": ((6.5, 2.5, 14.5), 2.55),
    "vermis": ((0, -18.2, -17.1), 2.2),
}


@pytest.mark.parametrize("name", MEASURED)
def test_zones_lie_where_they_do_in_a_real_newborn(name: str) -> None:
    centre, ml = MEASURED[name]
    zones = bundled_zones()
    for side in ("midline",) if name == "vermis" else ("left", "right"):
        points = points_ras(zone(zones, name, side), zones.labels.affine_ras)
        sign = -1 if side == "left" else 1
        assert np.linalg.norm(points.mean(axis=0) - np.array(centre) * (sign, 1, 1)) < 7.5
        assert len(points) * zones.labels.grid.voxel_ml == pytest.approx(ml, rel=0.3)


def test_left_zones_are_on_the_left_and_every_zone_is_there() -> None:
    zones = bundled_zones()
    for region in zones.regions:
        x = points_ras(zone(zones, region.name, region.hemisphere), zones.labels.affine_ras)[:, 0]
        assert len(x) * zones.labels.grid.voxel_ml > 0.5
        if region.hemisphere != "midline":
            assert (x < 0.7).all() if region.hemisphere == "left" else (x > -0.7).all()


def test_zones_of_cortex_hold_cortex_alone() -> None:
    zones, labels = bundled_zones(), bundled_atlas().labels.array
    for region in zones.regions:
        if region.name.endswith("cortex"):
            inside = labels[zone(zones, region.name, region.hemisphere)]
            assert np.isin(BASE_VALUE[inside], CORTEX).all()


def test_the_bundled_zones_are_those_of_the_closed_forms() -> None:
    again = make_zones(bundled_atlas().labels)
    np.testing.assert_array_equal(again.labels.array, bundled_zones().labels.array)
    assert again.regions == bundled_zones().regions


def test_an_infant_has_every_zone_at_its_own_size() -> None:
    infant = infant_of(3)
    found = label_zones(infant.template_points, infant.labels.array)
    for value, name, _ in zone_table():
        assert (found == value).sum() * infant.labels.grid.voxel_ml > 0.3, name


def test_zones_are_no_part_of_what_a_model_is_tied_to(tmp_path: Path) -> None:
    folder = tmp_path / "atlas"
    shutil.copytree(resource_path("atlas"), folder)
    atlas = load_atlas(folder)
    metadata = json.loads((resource_path("models", "demo") / "configs" / "metadata.json").read_text(encoding="utf-8"))
    assert atlas.sha256 in json.dumps(metadata)
    for name in (ZONES, "zones.json"):
        (folder / name).unlink()
    bare = load_atlas(folder)
    assert (bare.sha256, bare.zones) == (atlas.sha256, None)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_atlas(bundled_atlas(), tmp_path)
    again = load_atlas(tmp_path).zones
    assert again is not None
    np.testing.assert_array_equal(again.labels.array, bundled_zones().labels.array)
    assert again.regions == bundled_zones().regions
    assert len(again.sha256) == 64
    write_atlas(replace(bundled_atlas(), zones=None), tmp_path / "bare")
    assert load_atlas(tmp_path / "bare").zones is None


def test_broken_zones_are_refused_in_words(tmp_path: Path) -> None:
    write_atlas(bundled_atlas(), tmp_path)
    labels = read_volume(tmp_path / ZONES)
    shifted = labels.affine_ras.copy()
    shifted[0, 3] += 5
    write_volume(Volume(labels.array, shifted), tmp_path / ZONES)
    with pytest.raises(ModelError, match="zones differs from mean"):
        load_atlas(tmp_path)
    (tmp_path / ZONES).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_atlas(tmp_path)
