"""Maps side by side: what counts as marked, where maps agree, the table, and the command that makes them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scans import bundled_atlas, stripped_scan

from AGE2HIELib import cli
from AGE2HIELib.explanation.compare import agreement, mark_strongest, standing
from AGE2HIELib.explanation.evidence import evidence_table
from AGE2HIELib.explanation.maps import Explanation
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.pipeline.analysis import explain_prediction
from AGE2HIELib.pipeline.inputs import HieModel
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.result.verdicts import CascadeStep, Examination, Finding
from AGE2HIELib.volume import Volume


def test_the_fewest_voxels_that_hold_the_share_are_marked() -> None:
    values = np.array([4.0, 3.0, 2.0, 1.0, -9.0])
    assert mark_strongest(values, 0.4).tolist() == [True, False, False, False, False]
    assert mark_strongest(values, 0.5).tolist() == [True, True, False, False, False]
    assert mark_strongest(values, 1.0).tolist() == [True, True, True, True, False]
    assert not mark_strongest(-values[:4]).any()
    with pytest.raises(ValueError, match="share"):
        mark_strongest(values, 0.0)


def test_standing_is_what_stronger_voxels_leave_whatever_the_maps_unit() -> None:
    np.testing.assert_allclose(standing(np.array([4.0, 3.0, 2.0, 1.0, -9.0])), [1, 0.6, 0.3, 0.1, 0])
    np.testing.assert_allclose(standing(np.array([2.0, 2.0, 1.0])), [1, 1, 0.2])  # equals stand alike
    values = np.random.default_rng(1).normal(size=(9, 8, 7))
    np.testing.assert_allclose(standing(1e-6 * values), standing(values), atol=1e-9)
    for share in (0.1, 0.5, 0.9):
        held = np.sort(values[mark_strongest(values, share)])
        total = values[values > 0].sum()
        assert held.sum() >= share * total > held[1:].sum()  # without its weakest voxel it would not do


def test_agreement_is_the_part_of_the_maps_that_mark_a_voxel() -> None:
    affine = np.eye(4)
    one, other = np.zeros((3, 3, 3)), np.zeros((3, 3, 3))
    one[0, 0, 0] = one[1, 1, 1] = 1
    other[1, 1, 1] = 100
    found = agreement([Volume(one, affine), Volume(other, affine)], 0.9).array
    assert found[1, 1, 1] == 1
    assert found[0, 0, 0] == 0.5
    assert found.sum() == 1.5


@pytest.fixture(scope="module")
def placed() -> tuple[Volume, Volume, Placement]:
    adc, brain = stripped_scan("none", "4mm", 23)
    return adc, brain, place_in_atlas(adc, brain, bundled_atlas())


def test_evidence_on_the_left_is_reported_on_the_left(placed: tuple[Volume, Volume, Placement]) -> None:
    adc, brain, placement = placed
    labels = placement.to_native(bundled_atlas().labels, interpolation="nearest").array
    left = {row.name: row.value for row in bundled_atlas().regions if row.hemisphere == "left"}["thalamus"]
    right = {row.name: row.value for row in bundled_atlas().regions if row.hemisphere == "right"}["thalamus"]
    image = np.where(labels == left, 3.0, np.where(labels == right, 1.0, -1.0)).astype(np.float32)
    z = np.where(labels == left, -5.0, 0.0).astype(np.float32)
    rows = evidence_table(bundled_atlas(), placement, brain, adc.like(z), {"planted": adc.like(image)})
    by_side = {row.hemisphere: row for row in rows if row.region == "thalamus"}
    assert {row.method for row in rows} == {"planted"}
    # neighbours take some in, since the scan's slices are 4 mm thick
    assert by_side["left"].share == pytest.approx(0.7, abs=0.1)
    assert by_side["left"].asymmetry == by_side["right"].asymmetry == pytest.approx(0.5, abs=0.12)
    assert by_side["left"].peak == pytest.approx(3, abs=0.1)
    assert by_side["left"].share_at_low_z > 0.8
    assert by_side["right"].share_at_low_z < 0.1
    assert sum(row.share for row in rows) == pytest.approx(1, abs=1e-4)
    assert next(row for row in rows if row.hemisphere == "midline").asymmetry is None


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    adc, _ = stripped_scan("bgt", "4mm", 23)
    path = tmp_path_factory.mktemp("scan") / "adc.nii.gz"
    write_volume(adc, path)
    return path


def explain(scan: Path, out: Path, *more: str) -> int:
    return cli.main(["explain", str(scan), "--output", str(out), "--progress", "none", *more])


def test_the_command_writes_every_map_on_the_inputs_grid(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    assert explain(scan, out, "--methods", "hirescam,layercam,gradcam") == 0
    given = read_volume(scan).grid
    for name in ("saliency_hirescam", "saliency_layercam", "members_agree_gradcam", "agreement", "adc"):
        found = read_volume(out / f"{name}.nii.gz")
        assert found.grid.shape == given.shape
        np.testing.assert_allclose(found.grid.affine_ras, given.affine_ras, atol=1e-4)
    record = json.loads((out / "explanations.json").read_text())
    assert [row["method"] for row in record["maps"]] == ["hirescam", "layercam", "gradcam"]
    assert record["demonstration"] is True
    assert record["maps"][1]["least"] >= -1e-6
    page = (out / "explanations.html").read_text()
    for row in record["maps"]:
        assert row["names_a_place"] == (row["peak"] > 0)
        said = f"The map {row['title']} is nowhere above zero: it names no place that speaks for an adverse outcome."
        assert (said in page) == (not row["names_a_place"])
    assert 0 < record["maps"][0]["members_agree_where_marked"] <= 1
    with (out / "evidence.csv").open() as file:
        assert {row["method"] for row in csv.DictReader(file)} == {"hirescam", "layercam", "gradcam"}
    assert (out / "explanations.png").stat().st_size > 10_000
    assert explain(scan, out) == 2  # an earlier result is not replaced unasked
    assert explain(scan, out, "--methods", "gradcam", "--overwrite", "--target", "favourable") == 0
    assert not (out / "saliency_hirescam.nii.gz").exists()


def test_the_map_for_favourable_is_that_for_adverse_turned_round(scan: Path, tmp_path: Path) -> None:
    maps = []
    for target in ("adverse", "favourable"):
        assert explain(scan, tmp_path / target, "--methods", "hirescam", "--target", target, "--layer", "block3") == 0
        maps.append(read_volume(tmp_path / target / "saliency_hirescam.nii.gz").array)
    assert np.abs(maps[0]).max() > 0
    np.testing.assert_allclose(maps[0], -maps[1], atol=1e-6 * np.abs(maps[0]).max())


def test_the_record_says_where_the_maps_were_made_when_a_gpu_gave_way(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from AGE2HIELib.pipeline import outcome_maps

    def gave_way(model: HieModel, *asked: object, **options: object) -> tuple[HieModel, Explanation]:
        made = explain_prediction(model, *asked, **options)[1]  # type: ignore[arg-type]
        return replace(model, device="elsewhere", warnings=("The memory ran out.",)), made

    monkeypatch.setattr(outcome_maps, "explain_prediction", gave_way)
    assert explain(scan, tmp_path / "maps", "--methods", "hirescam", "--progress", "text") == 0
    assert "1 map: " in capsys.readouterr().out
    record = json.loads((tmp_path / "maps" / "explanations.json").read_text())
    assert record["device"] == "elsewhere"
    assert "The memory ran out." in record["warnings"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--methods", "hirescam,tealeaves"), "tealeaves"),
        (("--methods", ","), "nothing"),
        (("--share", "1.5"), "1.5"),
        (("--methods", "hirescam", "--layer", "attic"), "attic"),
    ],
)
def test_a_wrong_call_is_answered_in_one_line(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert explain(scan, tmp_path / "maps", *more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "maps").exists()


def test_a_refused_scan_has_no_maps(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    adc = read_volume(scan)
    adult = Volume(adc.array, adc.affine_ras @ np.diag([1.6, 1.6, 1.6, 1.0]))
    write_volume(adult, tmp_path / "adult.nii.gz")
    assert explain(tmp_path / "adult.nii.gz", tmp_path / "maps") == 3
    assert "refused" in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()


@pytest.fixture(scope="module")
def result(scan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("result") / "out"
    assert cli.main(["predict", str(scan), "--output", str(out), "--progress", "none"]) == 0
    return out


def test_a_result_is_explained_as_its_scan_is(scan: Path, result: Path, tmp_path: Path) -> None:
    assert explain(result, tmp_path / "maps", "--methods", "hirescam") == 0
    record = json.loads((tmp_path / "maps" / "explanations.json").read_text())
    before = json.loads((result / "result.json").read_text())
    assert record["probability_adverse"] == pytest.approx(before["probability_adverse"], abs=0.01)
    assert record["input"] == before["input"]
    one, other = (
        read_volume(path) for path in (result / "saliency.nii.gz", tmp_path / "maps/saliency_hirescam.nii.gz")
    )
    np.testing.assert_allclose(one.grid.affine_ras, other.grid.affine_ras, atol=1e-4)
    inside = read_volume(result / "brain_mask.nii.gz").array > 0
    assert np.corrcoef(one.array[inside], other.array[inside])[0, 1] > 0.98


def test_a_result_of_another_model_or_of_a_refused_scan_is_not_explained(
    result: Path, scan: Path, untrained_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(result, tmp_path / "maps", "--model", str(untrained_model)) == 2
    assert "--model" in capsys.readouterr().err
    assert explain(result, tmp_path / "maps", "--mask", str(scan)) == 2
    assert "Leave it out" in capsys.readouterr().err
    refused = tmp_path / "refused"
    refused.mkdir()
    record = json.loads((result / "result.json").read_text())
    (refused / "result.json").write_text(json.dumps({**record, "probability_adverse": None}))
    assert explain(refused, tmp_path / "maps") == 2
    assert "refused" in capsys.readouterr().err
    (refused / "result.json").write_text("{}")
    assert explain(refused, tmp_path / "maps") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()


def test_an_examination_is_on_record_and_said(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from AGE2HIELib.pipeline import analysis, outcome_maps

    kept = Finding("likeness under noise", 0.97, "at least 0.7", True, "The noise of a scan changes the map.")
    missed = Finding("agreement of the members", float("nan"), "at least 0.8", False, "They name different places.")
    found = Examination("hirescam", (kept, missed), (CascadeStep("head", 0.4), CascadeStep("block1", 0.1)))
    for module in (analysis, outcome_maps):
        monkeypatch.setattr(module, "examine_explanation", lambda *asked: found)
    assert cli.main(["predict", str(scan), "--output", str(tmp_path / "out"), "--examine"]) == 0
    assert "do not rely on it: agreement of the members" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert list(record["timing_s"])[-2:] == ["examine", "report"]
    assert record["examination"]["passed"] is False
    assert [one["value"] for one in record["examination"]["findings"]] == [0.97, None]
    assert record["examination"]["cascade"][0] == {"random_from": "head", "likeness": 0.4}
    assert explain(scan, tmp_path / "maps", "--methods", "hirescam", "--examine") == 0
    again = json.loads((tmp_path / "maps" / "explanations.json").read_text())["examination"]
    assert again == [record["examination"]]
    for page in (tmp_path / "out" / "report.html", tmp_path / "maps" / "explanations.html"):
        assert "Do not rely on the map hirescam" in page.read_text(encoding="utf-8")


def test_the_age_withholds_maps_too_and_what_was_overridden_stands_on_the_page(
    infant_file: Path, untrained_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--methods", "hirescam", "--model", str(untrained_model))
    late = ("--age-days", "12", "--cooled", "no")
    assert explain(infant_file, tmp_path / "maps", *more, *late) == 3
    assert "postnatal age" in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()
    assert explain(infant_file, tmp_path / "maps", *more, *late, "--override", "postnatal age") == 0
    record = json.loads((tmp_path / "maps" / "explanations.json").read_text())
    assert record["quality"]["overridden"] == ["postnatal age"]
    assert (record["settings"]["age_given"], record["settings"]["cooled"]) == (True, False)
    page = (tmp_path / "maps" / "explanations.html").read_text(encoding="utf-8")
    assert "Made in spite of a warning" in page
    assert "postnatal age" in page


def test_maps_of_a_result_say_what_it_was_made_in_spite_of(
    infant_file: Path, untrained_model: Path, tmp_path: Path
) -> None:
    """The age is not kept with a result, so that it cannot be asked again: what the gate said of the result stands."""
    chosen = ["--age-days", "12", "--override", "postnatal age", "--model", str(untrained_model), "--progress", "none"]
    assert cli.main(["predict", str(infant_file), "--output", str(tmp_path / "out"), *chosen]) == 0
    assert explain(tmp_path / "out", tmp_path / "maps", "--methods", "hirescam", "--model", str(untrained_model)) == 0
    record = json.loads((tmp_path / "maps" / "explanations.json").read_text())
    assert record["quality"] == json.loads((tmp_path / "out" / "result.json").read_text())["quality"]
    assert record["quality"]["overridden"] == ["postnatal age"]
    assert "Made in spite of a warning" in (tmp_path / "maps" / "explanations.html").read_text(encoding="utf-8")
    assert explain(tmp_path / "out", tmp_path / "more", "--age-days", "3", "--model", str(untrained_model)) == 2
