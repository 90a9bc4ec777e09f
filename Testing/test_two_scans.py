"""Two scans of one infant: the second is brought to the first, and what changed is what was planted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from report_samples import small_record
from scans import bundled_atlas, stripped_scan, turned
from scipy.spatial.transform import Rotation

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical, to_stored_order
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.preprocess.placement import place_in_atlas
from AGE2HIELib.preprocess.placement_file import write_transform
from AGE2HIELib.preprocess.rigid import Rigid, points_of
from AGE2HIELib.result.decode import decode, encode
from AGE2HIELib.result.record import InjuryScore, Lesion, Result
from AGE2HIELib.result.schema import comparison_page
from AGE2HIELib.result.visits import LesionChange, TwoScans
from AGE2HIELib.visits.change import inside, lesion_change, overlap_of_lesions, region_changes, score_changes
from AGE2HIELib.visits.comparison import LEAST_OVERLAP, check_sizes, compared
from AGE2HIELib.visits.course import Ages, pseudonormalisation
from AGE2HIELib.visits.page import page_html, with_sign
from AGE2HIELib.visits.picture import lesion_parts, picture_of, second_on_first
from AGE2HIELib.visits.reading import RegionMedians, VisitMaps
from AGE2HIELib.visits.registration import (
    BrainMatch,
    BrainScan,
    agreement,
    as_affine,
    as_transform,
    match_brains,
    nearest_rigid,
    on_first,
    start_of,
)
from AGE2HIELib.volume import Grid, Volume

STILL = Rigid(np.eye(3), np.zeros(3))
LEFT, RIGHT = 1, 2


def motion(degrees: tuple[float, float, float], shift_mm: tuple[float, float, float] = (0, 0, 0)) -> Rigid:
    return Rigid(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix(), np.array(shift_mm, dtype=float))


# --- registration: closed form and phantoms -----------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [(0, 0, 0), (31, -17, 8), (170, 5, -60)])
def test_the_nearest_rigid_motion_is_the_motion_itself(degrees: tuple[float, float, float]) -> None:
    points = np.random.default_rng(3).normal(0, 30, (200, 3))
    truth = motion(degrees, (4, -9, 2))
    found = nearest_rigid(points, truth(points))
    np.testing.assert_allclose(found(points), truth(points), atol=1e-9)
    mirrored = nearest_rigid(points, points * [-1, 1, 1])  # left may never become right
    assert np.linalg.det(mirrored.rotation) == pytest.approx(1.0)


@cache
def scan(kind: str, acquisition: str, degrees: tuple[float, float, float]) -> BrainScan:
    adc, brain = (turned(volume, degrees) for volume in stripped_scan(kind, acquisition, 31))
    return BrainScan(adc, brain, place_in_atlas(adc, brain, bundled_atlas()).affine)


# (first scan, second scan): acquisition and turn of the slices in degrees about x, y and z
PAIRS = {
    "axial 6 mm, then oblique 2 mm": (("6mm", (0, 0, 0)), ("2mm", (25, -12, 8))),
    "oblique 4 mm, then double oblique 6 mm": (("4mm", (-30, 10, 20)), ("6mm", (10, 28, -24))),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_second_brain_is_found_within_half_a_millimetre_though_its_lesion_has_grown(pair: str) -> None:
    (acquisition, before), (other, after) = PAIRS[pair]
    first, second = scan("none", acquisition, before), scan("bgt", other, after)
    truth = motion(after).after(motion(before).inverse())
    points = points_of(first.brain.array, first.brain.affine_ras)
    found = match_brains(first, second)
    errors = np.linalg.norm(found.second_from_first(points) - truth(points), axis=1)
    start = np.linalg.norm(start_of(first, second)(points) - truth(points), axis=1)
    assert errors.mean() < min(0.5, start.mean())
    assert errors.max() < 1.5
    assert found.overlap > LEAST_OVERLAP


def test_a_brain_that_has_grown_evenly_keeps_its_shape() -> None:
    first = scan("none", "4mm", (0, 0, 0))
    larger = np.diag([1.05, 1.05, 1.05, 1.0])
    grown = BrainScan(*(Volume(v.array, larger @ v.affine_ras) for v in (first.adc, first.brain)), first.affine)
    assert agreement(first, grown, Rigid(np.eye(3), np.zeros(3)))[0] > 0.99


# --- volumes: planted lesions -------------------------------------------------------------------------------------


def ball(grid: Grid, centre: Sequence[float], radius_mm: float, stretch: Sequence[float] = (1, 1, 1)) -> np.ndarray:
    """Bool; the centre in RAS+ mm."""
    every = points_of(np.ones(grid.shape, dtype=bool), grid.affine_ras)
    return np.asarray(np.linalg.norm((every - np.array(centre)) / stretch, axis=1) <= radius_mm).reshape(grid.shape)


def visit(spacing_mm: tuple[float, float, float], lie: Rigid, lesions: list[tuple[tuple[float, float, float], float]]):  # type: ignore[no-untyped-def]
    """A brain of 45 mm radius with balls of lesion (centre in the head's own RAS+ mm, radius), in two halves."""
    shape = tuple(int(np.ceil(130 / mm)) for mm in spacing_mm)
    upright = np.diag([*spacing_mm, 1.0])
    upright[:3, 3] = -np.array(spacing_mm) * (np.array(shape) - 1) / 2
    head = Grid((shape[0], shape[1], shape[2]), upright)
    brain = ball(head, (0, 0, 0), 45, (0.85, 1.2, 0.95))
    fluid = ball(head, (5, -22, 8), 11, (0.6, 1.6, 0.8))  # unlike on either side, in front and behind, above and below
    lesion = np.zeros(shape, dtype=bool)
    for centre, radius in lesions:
        lesion |= ball(head, centre, radius)
    x = (upright[0, 0] * np.arange(shape[0]) + upright[0, 3])[:, None, None]
    labels = np.where(brain, np.where(x < 0, LEFT, RIGHT), 0).astype(np.int32)
    affine = as_affine(lie) @ upright

    def volume(array: np.ndarray) -> Volume:
        return to_canonical(Volume(array, affine))

    z = np.where(lesion, -4.0, 0.0).astype(np.float32)
    medians = {LEFT: RegionMedians("half", "left", 1200.0, 0.0), RIGHT: RegionMedians("half", "right", None, None)}
    return VisitMaps(
        result=record_of("a" if lesions else "b"),
        stored=Grid((shape[0], shape[1], shape[2]), affine),
        adc=volume(np.where(brain, np.where(lesion, 700.0, np.where(fluid, 2600.0, 1200.0)), 0).astype(np.float32)),
        brain=volume(brain),
        z=volume(z),
        lesion=volume(lesion),
        labels=volume(labels),
        medians=medians,
        affine=as_transform(lie),
    )


def record_of(sha256: str):  # type: ignore[no-untyped-def]
    content = small_record()
    content["input"] = {**content["input"], "sha256": sha256 * 64}
    return decode(Result, content)


TURNED = motion((20, -11, 14), (5, -3, 2))
STAYS, GOES, COMES = ((-20.0, 5.0, 4.0), 8.0), ((22.0, -10.0, 0.0), 7.0), ((18.0, 18.0, 6.0), 9.0)
BALL_ML = tuple(4 / 3 * np.pi * radius**3 / 1000 for _, radius in (STAYS, GOES, COMES))


@cache
def planted():  # type: ignore[no-untyped-def]
    """2 mm isotropic, then 1.5 x 1.5 x 4 mm of an oblique head: one lesion stays, one goes, one comes."""
    return visit((2, 2, 2), STILL, [STAYS, GOES]), visit((1.5, 1.5, 4), TURNED, [STAYS, COMES])


@pytest.mark.parametrize(
    ("voxels", "border"),
    [(((1, 1, 1), (1, 1, 1)), 0.1), (((2, 2, 2), (1.5, 1.5, 4)), 0.25), (((3, 2, 2), (2, 2, 3)), 0.25)],
)
def test_common_new_and_gone_are_the_balls_that_were_planted(
    voxels: tuple[tuple[float, float, float], ...], border: float
) -> None:
    """``border``: of the ball that stays, what voxels of two grids do not share."""
    first, second = visit(voxels[0], STILL, [STAYS, GOES]), visit(voxels[1], TURNED, [STAYS, COMES])
    found = lesion_change(overlap_of_lesions(first, second, TURNED))
    stays, goes, comes = BALL_ML
    assert (1 - border) * stays < found.common_ml < stays * 1.03
    assert goes * 0.97 < found.gone_ml < goes * 1.03 + border * stays
    assert comes * 0.97 < found.new_ml < comes * 1.03 + border * stays
    assert found.first_ml == pytest.approx(stays + goes, rel=0.03)
    assert found.second_ml == pytest.approx(stays + comes, rel=0.03)
    assert found.first_ml == pytest.approx(float(first.lesion.array.sum()) * first.lesion.grid.voxel_ml, abs=1e-3)
    assert found.common_ml + found.gone_ml == pytest.approx(found.first_ml, abs=1e-3)
    assert found.change_ml == pytest.approx(found.new_ml - found.gone_ml, abs=1e-3)
    assert found.unseen_ml == 0
    assert found.gone_normal_ml == found.gone_ml  # its z is 0 in the second scan
    both = 2 * found.common_ml + found.new_ml + found.gone_ml
    assert found.dice == pytest.approx(2 * found.common_ml / both, abs=1e-3)


def test_left_stays_left() -> None:
    first, second = planted()
    left, right = region_changes(first, second, overlap_of_lesions(first, second, TURNED))
    assert (left.hemisphere, right.hemisphere) == ("left", "right")
    assert left.common_ml > 1.6 > 0.5 > left.new_ml  # what stays lies on the left
    assert right.new_ml > 2.7
    assert right.common_ml == 0
    shown = second_on_first(first, second, TURNED)
    parts = lesion_parts(first.lesion, shown.lesion)
    grid = first.lesion.grid
    for name, (centre, _) in {"in both": STAYS, "gone": GOES, "new": COMES}.items():
        index = np.rint(np.linalg.solve(grid.affine_ras, [*centre, 1.0])[:3]).astype(int)
        assert parts[name][tuple(index)], name


def test_swapped_scans_change_the_signs() -> None:
    first, second = planted()
    forth = lesion_change(overlap_of_lesions(first, second, TURNED))
    back = lesion_change(overlap_of_lesions(second, first, TURNED.inverse()))
    assert back.change_ml == -forth.change_ml
    assert back.new_ml == pytest.approx(forth.gone_ml, abs=0.1)
    assert back.gone_ml == pytest.approx(forth.new_ml, abs=0.1)
    assert back.common_ml == pytest.approx(forth.common_ml, abs=0.1)
    other = replace(second, medians={LEFT: RegionMedians("half", "left", 900.0, -2.5)})
    pairs = ((first, other, TURNED), (other, first, TURNED.inverse()))
    one, two = (region_changes(a, b, overlap_of_lesions(a, b, rigid))[0] for a, b, rigid in pairs)
    assert (one.change_adc, one.change_z) == (-300.0, -2.5)
    assert (two.change_adc, two.change_z) == (300.0, 2.5)


def test_what_the_other_scan_does_not_see_is_neither_new_nor_gone() -> None:
    first = planted()[0]
    half = first.lesion.array.shape[2] // 2

    def cut(volume: Volume) -> Volume:
        return Volume(volume.array[:, :, :half], volume.affine_ras)

    names = ("adc", "brain", "z", "lesion", "labels")
    short = replace(first, **{name: cut(getattr(first, name)) for name in names})
    found = overlap_of_lesions(first, short, STILL)
    kept = float(short.lesion.array.sum()) * first.lesion.grid.voxel_ml
    whole = float(first.lesion.array.sum()) * first.lesion.grid.voxel_ml
    assert found.unseen_ml == pytest.approx(whole - kept, abs=1e-3)
    assert lesion_change(found).gone_ml == 0
    assert overlap_of_lesions(short, first, STILL).unseen_ml == pytest.approx(whole - kept, abs=1e-3)
    assert inside(first.lesion.grid, np.zeros((1, 3))).all()


def test_a_map_of_the_second_scan_lands_where_its_anatomy_is() -> None:
    """Held against trilinear weights by hand: a linear ramp stays one under any rigid motion."""
    first, second = planted()
    slope = np.array([3.0, -2.0, 5.0])
    every = points_of(np.ones(second.adc.array.shape, dtype=bool), second.adc.affine_ras)
    ramp = second.adc.like((every @ slope).reshape(second.adc.array.shape).astype(np.float32))
    brought = on_first(ramp, TURNED, first.adc.grid).array[first.brain.array]
    points = points_of(first.brain.array, first.brain.affine_ras)
    np.testing.assert_allclose(brought, TURNED(points) @ slope, atol=1e-3)


# --- what is said -------------------------------------------------------------------------------------------------


def lesion(first_ml: float, second_ml: float) -> LesionChange:
    gone = max(first_ml - second_ml, 0.0)
    common = min(first_ml, second_ml)
    return LesionChange(first_ml, second_ml, second_ml - first_ml, common, 0.0, gone, 0.0, 0.5, gone, 0.0)


@pytest.mark.parametrize(
    ("first_days", "second_days", "cooled", "explains"),
    [
        (None, None, True, "cannot tell"),
        (2, 5, None, "no"),
        (3, 8, True, "no"),
        (3, 8, None, "possible"),
        (3, 7, False, "possible"),
        (3, 8, False, "expected"),
        (3, 10, None, "expected"),
        (3, 12, True, "expected"),
    ],
)
def test_a_fall_is_explained_by_the_days_of_the_second_scan(
    first_days: float | None, second_days: float | None, cooled: bool | None, explains: str
) -> None:
    said = pseudonormalisation(lesion(20.0, 5.0), Ages(first_days, second_days, cooled))
    assert said.explains == explains
    assert "15.0 of the 15.0 ml" in said.meaning
    assert "PMC3345786" in said.rule
    assert "may have been larger" not in said.meaning


def test_a_first_scan_of_late_days_may_have_hidden_some_of_the_lesion() -> None:
    assert "may have been larger" in pseudonormalisation(lesion(20.0, 5.0), Ages(10.5, 13)).meaning


def test_a_rise_is_no_fall() -> None:
    assert pseudonormalisation(lesion(5.0, 20.0), Ages(4, 12, False)).explains == "no fall"
    early = pseudonormalisation(lesion(5.0, 20.0), Ages(1, 4))
    assert "still falls" in early.meaning


@pytest.mark.parametrize(
    ("ages", "words"),
    [((3, None), "--age-days-second is missing"), ((5, 5), "time order"), ((-1, 5), "--age-days-first is -1")],
)
def test_ages_that_cannot_be_are_refused(ages: tuple[float, float | None], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Ages(*ages)


def test_scores_that_are_numbers_have_a_change() -> None:
    def score(name: str, value: str) -> InjuryScore:
        return InjuryScore(name, name, value, "", "", (), "", "")

    first = (score("barkovich_bgt", "1"), score("nichd", "1A"), score("weeke", "3 of 10"), score("old", "1"))
    second = (score("nichd", "2B"), score("barkovich_bgt", "4"), score("weeke", "1 of 10"))
    changes = {row.name: row.change for row in score_changes(first, second)}
    assert changes == {"barkovich_bgt": 3.0, "nichd": None, "weeke": -2.0}


def test_brains_that_cannot_be_one_infants_are_refused() -> None:
    first, second = planted()
    check_sizes(first, second)
    small = replace(second, brain=second.brain.like(ball(second.brain.grid, tuple(TURNED.offset), 36)))
    with pytest.raises(InputError, match="cannot be one infant's"):
        check_sizes(first, small)


def test_the_record_is_read_again_and_the_page_says_what_it_holds() -> None:
    first, second = planted()
    record = compared(first, second, BrainMatch(TURNED, 0.9, 0.6), Ages(2, 7, False))
    assert decode(TwoScans, encode(record)) == record
    assert record.registration.turn_degrees == pytest.approx(
        np.degrees(np.linalg.norm(Rotation.from_matrix(TURNED.rotation).as_rotvec())), abs=1e-3
    )
    assert any("two infants" in warning for warning in record.warnings)
    ways = (
        replace(maps, result=replace(maps.result, lesion=replace(LESION, method=method)))
        for maps, method in ((first, "rule"), (second, "network"))
    )
    two_ways = compared(*ways, BrainMatch(TURNED, 0.97, 0.6), Ages())
    assert any("'rule', 'network'" in warning for warning in two_ways.warnings)
    page = page_html(record, None)
    assert "Demonstration." in page
    assert "Research use only" in page
    assert "These may be scans of two infants." in page
    younger = compared(first, second, BrainMatch(TURNED, 0.97, 0.6), Ages(2, 6.5, False))
    assert younger.ages_given
    assert encode(younger) == encode(record) | {
        name: encode(getattr(younger, name)) for name in ("registration", "warnings")
    }  # no age is kept


def test_the_reference_page_of_the_record_is_of_today() -> None:
    page = Path(__file__).parents[1] / "docs/reference/comparison.md"
    assert page.read_text(encoding="utf-8") == comparison_page(), "make docs"


def test_the_legend_has_the_colours_of_the_picture() -> None:
    first, second = planted()
    shown = second_on_first(first, second, TURNED)
    picture = np.asarray(picture_of(first, shown, demonstration=False)).reshape(-1, 3)
    for colour in ((240, 170, 40), (214, 40, 110), (80, 195, 240)):
        assert (picture == colour).all(axis=1).sum() > 300
    assert [with_sign(value) for value in (None, 0.04, -0.04, 1.26)] == ["\N{EN DASH}", "0.0", "0.0", "+1.3"]


# --- the command ---------------------------------------------------------------------------------------------------


def write_result(folder: Path, maps: VisitMaps, sha256: str, **changes: object) -> Path:
    """What ``predict`` leaves, as far as a comparison reads it."""
    folder.mkdir()
    volumes = {
        "adc": maps.adc,
        "brain_mask": maps.brain,
        "z_adc": maps.z,
        "lesion": maps.lesion,
        "regions": maps.labels,
    }
    for name, volume in volumes.items():
        write_volume(to_stored_order(volume, maps.stored), folder / f"{name}.nii.gz")
    write_transform(maps.affine.GetInverse(), folder / "placement.h5")
    lines = ["region,hemisphere,label,median_adc_1e6_mm2_s,median_z"]
    lines += [f"half,{side},{label},{1200 - 100 * label},-0.5" for label, side in ((LEFT, "left"), (RIGHT, "right"))]
    (folder / "regions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = small_record() | {"lesion": encode(LESION)} | changes
    content["input"] = {**content["input"], "sha256": sha256 * 64}
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


LESION = Lesion("rule", "low z", 3.6, 380.0, 0.01, (0.0, 0.02), "both", ())


def call(*arguments: object) -> int:
    return cli.main(["compare", *map(str, arguments)])


def test_the_command_writes_all_of_it_or_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = planted()
    one, other = write_result(tmp_path / "one", first, "1"), write_result(tmp_path / "two", second, "2")
    out = tmp_path / "out"
    assert call(one, other, "--output", out, "--age-days-first", 3, "--age-days-second", 7, "--progress", "jsonl") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event.get("name") for event in events] == ["read", "register", "measure", "report", None]
    assert events[-1] == {"event": "result", "output": str(out)}
    names = {"comparison.json", "changes.csv", "comparison.png", "comparison.html"}
    assert {path.name for path in out.iterdir()} == names | {
        f"second_on_first_{n}.nii.gz" for n in ("adc", "z", "lesion")
    }
    record = decode(TwoScans, json.loads((out / "comparison.json").read_text(encoding="utf-8")))
    assert record.pseudonormalisation.explains == "no fall"
    found = np.array(record.registration.second_from_first)
    points = points_of(first.brain.array, first.brain.affine_ras)
    errors = np.linalg.norm(points @ (found[:3, :3] - TURNED.rotation).T + found[:3, 3] - TURNED.offset, axis=1)
    assert errors.mean() < 0.5
    lesion = read_volume(out / "second_on_first_lesion.nii.gz")
    assert lesion.grid.same_as(read_volume(one / "lesion.nii.gz").grid)
    assert float(lesion.array.sum()) * lesion.grid.voxel_ml == pytest.approx(record.lesion.second_ml, rel=0.05)
    adc = read_volume(out / "second_on_first_adc.nii.gz").array
    assert np.median(adc[adc > 0]) == pytest.approx(1200, abs=5)
    rows = (out / "changes.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 3
    assert rows[1].startswith("half,left,1,True,1100.0,1100.0,0.0,-0.5,-0.5,0.0,")
    before = (out / "comparison.json").read_bytes()
    assert call(one, other, "--output", out) == 2  # it is there already
    assert call(one, one, "--output", out, "--overwrite") == 2
    assert (out / "comparison.json").read_bytes() == before
    assert call(one, other, "--output", out, "--overwrite") == 0


WARNING = {
    "name": "age",
    "value": "not before day 10",
    "limit": "before day 10",
    "passed": False,
    "remedy": "Use another.",
}
NOTHING = {"probability_adverse": None, "interval": None, "members": [], "label": None, "prediction_set": None}
ANOTHER = {"name": "another", "version": "2", "sha256": "9" * 64, "trained_on": "phantoms", "intended_use": "tests"}
REFUSALS = {
    "the same scan": ({"sha256": "1"}, "of the same scan"),
    "another model": ({"model": ANOTHER | {"prevalence": 0.41}}, "different models"),
    "another atlas": ({"atlas": {"name": "b", "provenance": "synthetic", "sha256": "8" * 64}}, "different atlases"),
    "no lesion": ({"lesion": None}, "lacks a lesion in its record"),
    "refused": (
        NOTHING | {"quality": {"passed": False, "overridden": [], "checks": [WARNING]}},
        "result of a refused scan",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_results_that_cannot_be_compared_are_refused_in_a_line(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, words = REFUSALS[case]
    first, second = planted()
    one = write_result(tmp_path / "one", first, "1")
    other = write_result(tmp_path / "two", second, **{"sha256": "2", **changes})  # type: ignore[arg-type]
    assert call(one, other, "--output", tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["adc.nii.gz", "lesion.nii.gz", "placement.h5", "result.json"])
def test_a_folder_that_lacks_a_file_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = planted()
    one, other = write_result(tmp_path / "one", first, "1"), write_result(tmp_path / "two", second, "2")
    (other / name).unlink()
    assert call(one, other, "--output", tmp_path / "out") == 2
    assert name in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
