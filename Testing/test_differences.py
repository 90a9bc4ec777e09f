"""Comparing two results, on numbers that can be worked out by hand."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_samples import small_record

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.differences import record_differences, region_differences, volume_differences
from AGE2HIELib.result.record import Result, Saliency
from AGE2HIELib.result.tolerance import ELSEWHERE, EXACT, circumstances, tolerance_between
from AGE2HIELib.volume import Volume


@pytest.fixture
def record() -> dict[str, Any]:
    check = {"name": "brain volume", "value": 400.0, "limit": "200 to 700 ml", "passed": True, "remedy": "Look."}
    return {
        "probability_adverse": 0.62,
        "members": [0.5, 0.7],
        "label": "demonstration",
        "quality": {"passed": True, "checks": [check]},
        "prediction_set": {"coverage": 0.9, "set": ["adverse"]},
        "saliency": {"method": "hirescam", "resolution_mm": [8.0, 8.0, 8.0]},
        "software": {"version": "0.1.0", "torch": "2.13.0"},
        "machine": "Linux x86_64",
        "device": "cpu",
        "timing_s": {"read": 0.1},
        "warnings": [],
    }


def names(then: dict[str, Any], now: dict[str, Any], *, exact: bool) -> list[str]:
    return [row.name for row in record_differences(then, now, EXACT if exact else ELSEWHERE)]


def test_every_number_and_word_counts_but_time_and_advice(record: dict[str, Any]) -> None:
    now = copy.deepcopy(record)
    now["timing_s"]["read"] = 9.0
    now["quality"]["checks"][0]["remedy"] = "Look again."
    assert names(record, now, exact=True) == []
    now["probability_adverse"] += 1e-12
    now["quality"]["checks"][0]["value"] = 400.3
    now["prediction_set"]["set"] = ["adverse", "favourable"]
    now["label"] = "adverse"
    checked = "quality.checks[brain volume].value"
    assert names(record, now, exact=True) == [
        "probability_adverse",
        "label",
        checked,
        "prediction_set.set[1]",
    ]
    assert names(record, now, exact=False) == ["label", "prediction_set.set[1]"]
    now["probability_adverse"] += 0.002
    now["quality"]["checks"][0]["value"] = 400.5  # more than a thousandth
    assert names(record, now, exact=False) == ["probability_adverse", "label", checked, "prediction_set.set[1]"]


def test_a_refused_result_differs_from_a_predicted_one_and_not_from_itself(record: dict[str, Any]) -> None:
    refused = {**record, "probability_adverse": None, "members": [], "saliency": None}
    assert names(refused, copy.deepcopy(refused), exact=True) == []
    found = names(refused, record, exact=False)
    assert {"probability_adverse", "members[0]", "saliency.method"} <= set(found)


def test_a_lesion_may_be_otherwise_in_a_five_hundredth_of_the_brain(record: dict[str, Any]) -> None:
    lesion = {"method": "rule", "volume_ml": 6.0, "brain_ml": 400.0, "share": 0.015, "interval": [0.01, 0.03]}
    then = {**record, "lesion": {**lesion, "side": "left", "clusters": [{"volume_ml": 6.0}]}}
    now = copy.deepcopy(then)
    now["lesion"] |= {"volume_ml": 6.7, "share": 0.01675, "clusters": [{"volume_ml": 5.0}, {"volume_ml": 1.7}]}
    assert names(then, now, exact=True) == ["lesion.volume_ml", "lesion.share"]
    assert names(then, now, exact=False) == []
    now["lesion"] |= {"volume_ml": 7.0, "share": 0.0175, "side": "both"}
    assert names(then, now, exact=False) == ["lesion.volume_ml", "lesion.share", "lesion.side"]


def test_a_check_that_is_new_shifts_no_other(record: dict[str, Any]) -> None:
    now = copy.deepcopy(record)
    now["quality"]["checks"].insert(0, {"name": "striping", "value": 0.1, "limit": "at most 1", "passed": True})
    found = names(record, now, exact=True)
    assert found
    assert all(name.startswith("quality.checks[striping]") for name in found)


def test_what_a_newer_version_says_besides_is_no_difference_and_what_it_no_longer_says_is(
    record: dict[str, Any],
) -> None:
    now = copy.deepcopy(record)
    now["saliency"]["names_a_place"] = True
    assert names(record, now, exact=True) == []
    assert names(now, record, exact=True) == ["saliency.names_a_place"]


def test_the_tolerance_is_none_at_home_and_stated_elsewhere() -> None:
    result = replace(decode(Result, small_record()), machine="Linux x86_64")
    assert tolerance_between(result, copy.deepcopy(result)) == EXACT
    other = replace(result, software={**result.software, "torch": "2.14.0"}, machine="Darwin arm64")
    assert tolerance_between(result, other) == ELSEWHERE
    assert circumstances(result, other) == {"torch": ("2", "2.14.0"), "machine": ("Linux x86_64", "Darwin arm64")}
    on_gpu = replace(result, device="cuda")
    assert tolerance_between(on_gpu, copy.deepcopy(on_gpu)) == ELSEWHERE
    learned = replace(result, saliency=Saliency("noise-map"))
    assert tolerance_between(learned, learned).saliency == 0.05
    assert tolerance_between(learned, learned).score == 0


def test_volumes_are_compared_voxel_by_voxel(tmp_path: Path) -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    saliency = np.linspace(-1, 2, 1000).reshape(10, 10, 10).astype(np.float32)
    adc = np.full((10, 10, 10), 1300, np.float32)
    adc[0, 0, 0] = np.nan
    now = {"saliency": saliency.copy(), "adc": adc.copy(), "brain_mask": np.ones_like(adc)}
    for name, array in (("saliency", saliency), ("adc", adc), ("brain_mask", np.ones_like(adc))):
        (tmp_path / "then").mkdir(exist_ok=True)
        write_volume(Volume(array, affine), tmp_path / "then" / f"{name}.nii.gz")

    (tmp_path / "now").mkdir()

    def rows() -> dict[str, tuple[str, str]]:
        for name, array in now.items():
            write_volume(Volume(array, affine), tmp_path / "now" / f"{name}.nii.gz")
        found = volume_differences(tmp_path / "then", tmp_path / "now", ELSEWHERE)
        return {row.name: (row.now, row.tolerance) for row in found}

    assert volume_differences(tmp_path / "then", tmp_path / "then", EXACT) == []
    now["saliency"][3, 3, 3] += 0.015  # 1 % of the peak of 2 are allowed
    now["brain_mask"][5, 5, 5] = 0  # and one voxel in a thousand
    assert rows() == {}
    now["saliency"][3, 3, 3] += 0.015
    now["brain_mask"][5, 5, 6] = 0
    now["adc"][0, 0, 0] = 1300  # where there was no value
    assert rows() == {
        "saliency.nii.gz: largest difference": ("0.03", "0.02"),
        "brain_mask.nii.gz: voxels that differ": ("2", "1"),
        "adc.nii.gz: largest difference": ("inf", "0.1"),
    }


def test_of_a_column_of_regions_the_worst_row_is_named(tmp_path: Path) -> None:
    head = "region,hemisphere,volume_ml,mean_z,label\n"
    for folder, rows in (
        ("then", "thalamus,left,4.0,-2.0,1\nthalamus,right,4.0,-3.0,2\nvermis,midline,1.0,,3\n"),
        ("now", "thalamus,left,4.0,-2.1,1\nthalamus,right,4.001,-3.2,2\nvermis,midline,1.0,,3\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "regions.csv").write_text(head + rows)
    found = region_differences(tmp_path / "then", tmp_path / "now", ELSEWHERE)
    assert [(row.name, row.then, row.now) for row in found] == [("regions.csv: mean_z, thalamus right", "-3.0", "-3.2")]
    assert len(region_differences(tmp_path / "then", tmp_path / "now", EXACT)) == 2


def test_columns_that_a_newer_version_has_added_are_no_difference_and_lost_ones_are(tmp_path: Path) -> None:
    tables = {"old": ("mean_z,label", "-2.0,1"), "new": ("mean_z,label,median_z", "-2.0,1,-3.0")}
    for folder, (head, row) in tables.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "regions.csv").write_text(f"region,hemisphere,{head}\nthalamus,left,{row}\n")
    assert region_differences(tmp_path / "old", tmp_path / "new", EXACT) == []
    assert len(region_differences(tmp_path / "new", tmp_path / "old", EXACT)) == 1
