"""Injury scores of lesions that are planted in the atlas's own places, seen through scans of many orientations."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from real_scans import adc_file
from scans import bundled_atlas
from scipy.ndimage import binary_fill_holes, gaussian_filter
from scipy.spatial.transform import Rotation

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import deform
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.result.findings import InjuryScore, ScoreItem
from AGE2HIELib.scores import places
from AGE2HIELib.scores.injury import injury_scores
from AGE2HIELib.scores.nichd import LEVELS, PARTED
from AGE2HIELib.scores.places import places_of
from AGE2HIELib.scores.rules import NO_ZONES, NOT_INJURED, RULES, is_injured
from AGE2HIELib.volume import Grid, Volume

ROOT = Path(__file__).resolve().parent.parent
ORDER: dict[str, tuple[str, ...]] = {
    "barkovich_bgt": ("0", "1", "2", "3", "4"),
    "barkovich_ws": ("0", "1", "2", "3", "4", "5"),
    "nichd": tuple(LEVELS),
    "weeke_items": tuple(f"{n} of 10" for n in range(11)),
    "trivedi_items": tuple(f"{n} of 8" for n in range(9)),
}
# spacing in mm, rotation in degrees about x, y and z
SCANS = {
    "isotropic": ((1.25, 1.25, 1.25), (0.0, 0.0, 0.0)),
    "2 mm": ((1.6, 1.6, 2.0), (0.0, 0.0, 0.0)),
    "oblique": ((1.5, 1.5, 2.5), (18.0, -9.0, 25.0)),
    "oblique, 4 mm slices, uneven pixels": ((1.473, 1.562, 4.0), (-12.0, 7.0, -15.0)),
}


@cache
def scan_of(name: str) -> tuple[Volume, Placement]:
    """(brain, placement) of a scan that lies where the atlas does, on a grid of its own."""
    atlas, (spacing, degrees) = bundled_atlas(), SCANS[name]
    shape = 2 * np.ceil(np.array([75.0, 82.0, 70.0]) / spacing).astype(int) + 1  # centred as the atlas is
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() @ np.diag(spacing)
    affine[:3, 3] = -affine[:3, :3] @ ((shape - 1) / 2)
    grid = to_canonical(Volume(np.zeros(shape, np.uint8), affine)).grid
    same = sitk.AffineTransform(3)
    placement = Placement(grid, atlas.grid, same, same, 1.0, 1.0, (1.0, 1.0, 1.0), 1.0, same)
    return on_scan(atlas.brain.array, grid, placement), placement


def on_scan(mask: np.ndarray, grid: Grid, placement: Placement) -> Volume:
    """A mask of the atlas's grid on the scan's."""
    labelled = bundled_atlas().labels.like(mask.astype(np.uint8))
    found = placement.to_native(labelled, interpolation="nearest").array > 0
    return Volume(found, grid.affine_ras)


def place_mask(*wanted: tuple[str, str]) -> np.ndarray:
    mask = np.zeros(bundled_atlas().grid.shape, dtype=bool)
    for place in places_of(bundled_atlas()):
        if (place.name, place.hemisphere) in wanted:
            mask.ravel()[place.voxels] = True
    assert mask.any()
    return mask


def scores(mask: np.ndarray, scan: str = "2 mm", atlas: Atlas | None = None) -> dict[str, InjuryScore]:
    """By name, of a lesion on the atlas's grid."""
    brain, placement = scan_of(scan)
    lesion = on_scan(mask, brain.grid, placement)
    found = injury_scores(lesion, brain, placement, atlas or bundled_atlas())
    return {score.name: score for score in found}


def item(score: InjuryScore, name: str) -> ScoreItem:
    return next(item for item in score.items if item.name == name)


SIDED = {  # an item of each score that has one, by the place that is dead
    places.THALAMUS: ("trivedi_items", "thalamus"),
    places.LENTIFORM: ("trivedi_items", "globus pallidus and putamen"),
    places.CAUDATE: ("trivedi_items", "caudate nucleus"),
    places.POSTERIOR_LIMB: ("trivedi_items", "posterior limb of the internal capsule"),
    places.ANTERIOR_LIMB: ("nichd", "internal capsule"),
    places.PERIROLANDIC: ("barkovich_bgt", "perirolandic cortex"),
    places.HIPPOCAMPUS: ("weeke_items", "hippocampus"),
    places.INSULA: ("weeke_items", "cortex"),
    places.CINGULUM: ("weeke_items", "white matter"),
    places.CEREBELLUM: ("trivedi_items", "cerebellum"),
    **{name: ("barkovich_ws", name) for pair in places.WATERSHED.values() for name in pair},
}


@pytest.mark.parametrize("scan", list(SCANS)[1:])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_dead_place_is_told_on_its_own_side(side: str, scan: str) -> None:
    other = "right" if side == "left" else "left"
    for place, (score, name) in SIDED.items():
        found = item(scores(place_mask((place, side)), scan)[score], name)
        assert found.value == side, place
        here, there = (
            [part for part in found.parts if (part.region, part.hemisphere) == (place, of)] for of in (side, other)
        )
        assert here[0].share > 0.6, (place, here)  # a lesion's edge is half in a voxel of the scan
        assert there[0].share < 0.05, (place, there)
        assert found.parts[0].hemisphere == side, place  # what is injured comes first


def test_the_midline_has_no_side() -> None:
    assert item(scores(place_mask((places.BRAINSTEM, "midline")))["weeke_items"], "brainstem").value == "injured"
    found = item(scores(place_mask((places.VERMIS, "midline")))["weeke_items"], "cerebellum")
    assert found.value != NOT_INJURED
    assert (found.parts[0].region, found.parts[0].hemisphere) in (("vermis", "midline"), ("cerebellum", "left"))
    both = place_mask((places.THALAMUS, "left"), (places.THALAMUS, "right"))
    assert item(scores(both)["nichd"], "thalamus").value == "both sides"


def test_a_mirrored_lesion_changes_sides_and_nothing_else() -> None:
    mask = place_mask((places.THALAMUS, "left"), (places.LENTIFORM, "left"), (places.CAUDATE, "right"))
    found, mirrored = scores(mask), scores(mask[::-1])
    turned = {"left": "right", "right": "left"}
    for name in ("barkovich_bgt", "trivedi_items"):
        assert found[name].value == mirrored[name].value
        for one, other in zip(found[name].items, mirrored[name].items, strict=True):
            assert other.value == turned.get(one.value, one.value)


def test_millilitres_and_shares_are_those_of_the_lesion() -> None:
    mask = place_mask((places.THALAMUS, "left"))
    part = item(scores(mask, "isotropic")["barkovich_bgt"], "thalamus").parts[0]
    assert part.lesion_ml == pytest.approx(mask.sum() * 1.25**3 / 1000, rel=0.01)
    assert part.share == pytest.approx(1.0, abs=0.01)


def test_no_lesion_is_nothing_everywhere() -> None:
    found = scores(np.zeros(bundled_atlas().grid.shape, dtype=bool))
    assert [found[name].value for name in ORDER] == ["0", "0", "0", "0 of 10", "0 of 8"]
    assert found["nichd_parted"].value == "no cerebral lesion"
    for score in found.values():
        assert all(part.lesion_ml == part.share == 0 for item in score.items for part in item.parts)
        assert not any(item.value in ("left", "right", "both sides", "injured", "lesion") for item in score.items)


def test_a_dead_brain_has_the_highest_of_every_score() -> None:
    found = scores(bundled_atlas().brain.array)
    assert {name: found[name].value for name in ORDER} == {name: values[-1] for name, values in ORDER.items()}
    assert found["nichd_parted"].value == PARTED[-1]


BGT = [(name, side) for name in (places.THALAMUS, places.LENTIFORM) for side in ("left", "right")]
ANTERIOR, POSTERIOR = ([(name, "left") for name in places.WATERSHED[end]] for end in ("anterior", "posterior"))
PATTERNS = {
    "thalamus": (BGT[:1], "1", "0", "2A", "basal ganglia-thalamus"),
    "lentiform nucleus": (BGT[2:3], "1", "0", "2A", "basal ganglia-thalamus"),
    "both": (BGT, "2", "0", "2A", "basal ganglia-thalamus"),
    "with perirolandic cortex": ([*BGT, (places.PERIROLANDIC, "right")], "3", "0", "2B", "basal ganglia-thalamus"),
    "with hippocampus": (
        [*BGT, (places.PERIROLANDIC, "right"), (places.HIPPOCAMPUS, "left")],
        "4",
        "0",
        "2B",
        "basal ganglia-thalamus",
    ),
    "anterior watershed white matter": (ANTERIOR[:1], "0", "2", "2A", "watershed"),
    "anterior watershed": (ANTERIOR, "0", "3", "2A", "watershed"),
    "posterior watershed": (POSTERIOR, "0", "3", "2A", "watershed"),
    "both watersheds": ([*ANTERIOR, *POSTERIOR], "0", "4", "2A", "watershed"),
    "watershed and thalamus": ([*ANTERIOR, *BGT[:1]], "1", "3", "2A", "watershed and basal ganglia-thalamus"),
    "cerebellum alone": ([(places.CEREBELLUM, "left")], "0", "0", "0", "no cerebral lesion"),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_have_their_levels(pattern: str) -> None:
    wanted, *levels = PATTERNS[pattern]
    found = scores(place_mask(*wanted), "isotropic")
    assert [found[name].value for name in ("barkovich_bgt", "barkovich_ws", "nichd", "nichd_parted")] == levels


def test_a_focal_infarction_is_minimal_or_more_by_its_size() -> None:
    x, y, z = np.meshgrid(*[np.arange(n) * 1.25 - 1.25 * (n - 1) / 2 for n in (91, 109, 91)], indexing="ij")
    for radius_mm, level in ((2.0, "0"), (7.0, "1A"), (14.0, "1B")):  # 0.03, 1.4 and 11.5 ml of 290 in the hemispheres
        ball = (x + 36) ** 2 + (y - 2) ** 2 + (z + 14) ** 2 < radius_mm**2  # left temporal lobe
        found = scores(ball & bundled_atlas().brain.array, "isotropic")
        assert found["nichd"].value == level
        assert (found["barkovich_bgt"].value, found["barkovich_ws"].value) == ("0", "0" if level == "0" else "1")


def test_a_larger_lesion_never_has_a_lower_score() -> None:
    """Ten nested lesions each of two random fields."""
    atlas = bundled_atlas()
    for seed in range(2):
        field = gaussian_filter(np.random.default_rng(seed).standard_normal(atlas.grid.shape), 6.0)
        field[~atlas.brain.array] = -np.inf
        ranks = []
        for share in np.linspace(0.0, 1.0, 10):
            limit = np.quantile(field[atlas.brain.array], 1 - share) if share else np.inf
            found = scores(field >= limit)
            ranks.append([values.index(found[name].value) for name, values in ORDER.items()])
        assert (np.diff(np.array(ranks), axis=0) >= 0).all()
        assert ranks[-1] == [len(values) - 1 for values in ORDER.values()]


def test_an_atlas_without_zones_says_so_where_they_are_needed() -> None:
    bare = replace(bundled_atlas(), zones=None)
    found = scores(place_mask(*BGT), atlas=bare)
    for name in ("barkovich_bgt", "barkovich_ws", "nichd", "nichd_parted"):
        assert (found[name].value, found[name].meaning) == ("", NO_ZONES)
    assert item(found["barkovich_bgt"], "thalamus").value == "both sides"  # what can be told is
    assert found["trivedi_items"].value == "2 of 8"
    assert found["weeke_items"].value == "2 of 8"
    assert "without perirolandic cortex, hippocampus" in found["weeke_items"].meaning


def test_a_part_of_the_brain_that_was_not_scanned_is_no_healthy_one() -> None:
    brain, placement = scan_of("2 mm")
    top = brain.like(brain.array & (np.arange(brain.array.shape[2]) > brain.array.shape[2] * 0.7))
    found = {score.name: score for score in injury_scores(top, top, placement, bundled_atlas())}
    assert found["barkovich_bgt"].value == ""
    assert found["barkovich_bgt"].meaning.startswith("not to be measured here: thalamus")


def test_our_own_rules_stand_in_the_documentation() -> None:
    page = " ".join((ROOT / "docs" / "scores.md").read_text(encoding="utf-8").split())
    for rule in RULES:
        assert f"| {rule.name} | {rule.text} |" in page
    assert NOT_INJURED in page


def test_a_few_voxels_are_no_injury() -> None:
    mask = place_mask((places.THALAMUS, "left"))
    few = np.zeros_like(mask)
    few.ravel()[np.flatnonzero(mask)[:40]] = True  # 0.08 ml of 3.2
    part = item(scores(few, "isotropic")["barkovich_bgt"], "thalamus").parts[0]
    assert 0.01 < part.share < 0.05
    assert not is_injured(part)


@pytest.mark.real
def test_an_experts_lesion_of_a_real_newborn_is_scored_as_it_looks(real_data: Path) -> None:
    """350: two thirds of the left thalamus, a third of the right one, 13 % of the brain; slices of 3 mm."""
    adc = to_canonical(read_volume(adc_file(real_data, "350")))
    brain = adc.like(binary_fill_holes(adc.array != 0))
    atlas = bundled_atlas()
    placement = deform(adc, brain, atlas, place_in_atlas(adc, brain, atlas))
    expert = to_canonical(read_volume(real_data / "bonbid-hie" / "3LABEL" / "MGHNICU_350-VISIT_01_lesion.mha"))
    found = {score.name: score for score in injury_scores(brain.like(expert.array > 0), brain, placement, atlas)}
    assert [found[name].value for name in ("barkovich_bgt", "barkovich_ws", "nichd")] == ["4", "4", "2B"]
    thalami = item(found["nichd"], "thalamus")
    assert thalami.value == "both sides"
    shares = {part.hemisphere: part.share for part in thalami.parts}
    assert shares == pytest.approx({"left": 0.66, "right": 0.37}, abs=0.05)
