"""The table of regions in the order of severity, with the difference between the sides."""

from __future__ import annotations

import pytest

from AGE2HIELib.result.region_summary import region_summaries

HEAD = ("region", "hemisphere", "label", "median_adc_1e6_mm2_s", "median_z", "share_z_below_minus_2", "saliency_share")


def row(*values: str) -> dict[str, str]:
    return dict(zip(HEAD, values, strict=True))


ROWS = [
    row("frontal cortex", "left", "1", "1210", "-0.2", "0.001", "0.3"),
    row("frontal cortex", "right", "33", "1190", "-0.3", "0.004", "0.1"),
    row("thalamus", "left", "9", "700", "-3.1", "0.9", "0.5"),
    row("thalamus", "right", "41", "1000", "-0.5", "0.0", ""),
    row("brainstem", "midline", "20", "950", "-0.1", "0.0", "0.0"),
    row("lateral ventricle", "left", "15", "", "", "", "0.0"),
]


def test_the_most_injured_come_first_and_what_was_not_measured_last() -> None:
    """0.1 % against 0.4 % of low voxels do not matter; the medians decide."""
    order = [(one.region, one.hemisphere) for one in region_summaries(ROWS)]
    assert order == [
        ("thalamus", "left"),
        ("thalamus", "right"),
        ("frontal cortex", "right"),
        ("frontal cortex", "left"),
        ("brainstem", "midline"),
        ("lateral ventricle", "left"),
    ]


def test_a_lesion_comes_before_low_tissue() -> None:
    rows = [{**one, "lesion_share": "0.2" if one["label"] == "1" else "0"} for one in ROWS]
    assert region_summaries(rows)[0].region == "frontal cortex"
    assert region_summaries(rows)[0].lesion_share == 0.2


def test_the_sides_differ_by_the_same_amount_with_the_other_sign() -> None:
    """(700 - 1000) / 850; none for what lies in the middle, or was not measured."""
    found = {(one.region, one.hemisphere): one.asymmetry for one in region_summaries(ROWS)}
    assert found["thalamus", "left"] == pytest.approx(-300 / 850)
    assert found["thalamus", "right"] == pytest.approx(300 / 850)
    assert found["brainstem", "midline"] is None
    assert found["lateral ventricle", "left"] is None


def test_a_table_of_an_earlier_version_has_no_figures() -> None:
    (one,) = region_summaries([{"region": "thalamus", "hemisphere": "left", "label": "9", "mean_z": "-1"}])
    assert (one.median_adc, one.median_z, one.asymmetry, one.evidence_share) == (None, None, None, None)
    with pytest.raises(KeyError):
        region_summaries([{"region": "thalamus"}])
