"""What is said of two scans, and the command: all of it or nothing, and refusals in a line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scans import bundled_atlas
from scipy.spatial.transform import Rotation
from visit_samples import LESION, NOTHING, TURNED, ball, planted, record_of, scan, write_result

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.regions import measured_regions
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.preprocess.placement import describe_placement
from AGE2HIELib.preprocess.rigid import points_of
from AGE2HIELib.result.decode import decode, encode
from AGE2HIELib.result.findings import InjuryScore
from AGE2HIELib.result.schema import comparison_page
from AGE2HIELib.result.visits import LesionChange, TwoScans
from AGE2HIELib.visits.change import score_changes
from AGE2HIELib.visits.comparison import check_sizes, compared
from AGE2HIELib.visits.course import Ages, pseudonormalisation
from AGE2HIELib.visits.page import page_html, with_sign
from AGE2HIELib.visits.picture import picture_of, second_on_first
from AGE2HIELib.visits.reading import VisitMaps, check_pair, read_visit
from AGE2HIELib.visits.registration import (
    BrainMatch,
)


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


def test_a_result_without_a_table_of_regions_is_measured_again(tmp_path: Path) -> None:
    """As the gate leaves it where a warning withholds the number: maps and placement, and no table."""
    one, atlas = scan("none", "4mm", (0, 0, 0)), bundled_atlas()
    placement = describe_placement(one.adc, one.brain, atlas, one.affine)
    nothing = one.adc.like(np.zeros(one.adc.array.shape, np.float32))
    labels = placement.to_native(atlas.labels, interpolation="nearest")
    none = one.brain.like(nothing.array > 0)
    maps = VisitMaps(record_of("1"), one.adc.grid, one.adc, one.brain, nothing, none, labels, {}, one.affine)
    folder = write_result(tmp_path / "one", maps, "1", **NOTHING, quality=WITHHELD)
    (folder / "regions.csv").unlink()
    results = check_pair(folder, write_result(tmp_path / "two", maps, "2"))
    found = read_visit(folder, results[0], None).medians
    rows = measured_regions(atlas, placement, one.brain, adc=one.adc, z=nothing, saliency=nothing)
    for row in rows:
        expected = row.median_adc_1e6_mm2_s
        assert found[row.label].adc == (None if expected is None else pytest.approx(expected, abs=2)), row.region
    assert sum(each.adc is not None for each in found.values()) > 15


WARNING = {
    "name": "age",
    "value": "not before day 10",
    "limit": "before day 10",
    "passed": False,
    "remedy": "Use another.",
}
WITHHELD = {"passed": False, "overridden": [], "checks": [WARNING | {"severity": "warn"}]}
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
