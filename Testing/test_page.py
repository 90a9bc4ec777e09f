"""The page's first screen, its order, its words and its structure for keyboard and screen reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from report_samples import LESION, ROWS, Outline, row, small_page, small_record

from AGE2HIELib.report.adc_ranges import STRUCTURES, measured_structures
from AGE2HIELib.report.gauge import score_drawing
from AGE2HIELib.report.page import share, template
from AGE2HIELib.report.region_order import flag, region_groups, worst_regions
from AGE2HIELib.report.summary import percent

Render = Callable[..., str]


@pytest.fixture
def page() -> Render:
    return small_page


def test_the_first_screen_says_what_how_much_where_and_whether_to_believe_it(page: Render) -> None:
    text = Outline(page()).text
    first = text[: text.index("Pictures")]
    for said in (
        *("scan 11111111", "ADC map (MetaImage)", "Demonstration score 0.62", "base rate 0.41", "1 of 1 checks passed"),
        "12.3 ml, 3.1 % of the brain (90 % interval 2.1 to 4.1 %), left side only",
        *("12.0 ml, left, the largest part in place 0: mean ADC 790, z -3.2", "and 2 smaller"),
        "Computed from diffusion alone, not read by a radiologist.",
        "Barkovich, basal ganglia and thalamus 2 thalamus and lentiform <nucleus>",
        "lentiform nucleus, left : 90 % lesion, ADC 780 (normal 950-1250), z -3.4",
        *("brainstem, midline : 70 % lesion", "thalamus, left : 30 % lesion, ADC 940"),
    ):
        assert said in first, said
    assert "lentiform nucleus, right" not in first  # three are enough
    assert "place 3" not in text


def test_sections_come_in_the_order_of_a_reader_with_two_minutes(page: Render) -> None:
    text = Outline(page()).text
    order = (
        *("Demonstration score", "How much is injured, and where", "Pictures", "Interactive view", "Regions Region"),
        *("ADC beside published values", "Quality checks", "Where this comes from"),
    )
    places = [text.index(title) for title in order]
    assert places == sorted(places)


def test_a_record_without_lesion_and_scores_still_makes_a_page(page: Render) -> None:
    html = page((), lesion=None, scores=[])
    assert "How much is injured" not in html
    assert "Injury scores" not in html
    assert "Demonstration score" in html


def test_a_withheld_scan_gives_its_reasons_before_its_lesion_and_no_number(page: Render) -> None:
    check = small_record()["quality"]["checks"][0] | {"passed": False, "severity": "warn", "remedy": "Look."}
    none = {"probability_adverse": None, "interval": None, "members": [], "label": None, "saliency": None}
    text = Outline(page((), **none, quality={"passed": False, "overridden": [], "checks": [check]})).text
    assert text.index("withheld because of a warning") < text.index("How much is injured")
    assert "0 of 1 checks passed" in text
    assert "base rate" not in text


def test_no_lesion_is_said_so(page: Render) -> None:
    none = {**LESION, "volume_ml": 0.0, "share": 0.0, "interval": [0.0, 0.001], "side": "none", "clusters": []}
    text = Outline(page((row("thalamus"),), lesion=none)).text
    assert "No lesion found in 400 ml of brain" in text
    assert "that none was found does not mean that there is none." in text
    assert "With looser limits 0.4 ml (0.1 %) would be marked." in text
    assert "None stands out" in text
    assert "The lowest is thalamus, left: ADC 1100 (normal 950-1250), z 0.0." in text


def test_the_age_is_kept_nowhere_and_only_whether_it_was_given_is_said(page: Render) -> None:
    assert "age at scan given, and not kept" in page(settings={"age_given": True})
    assert "age at scan" not in page(settings={"age_given": False})


def test_words_are_a_readers(page: Render) -> None:
    text = Outline(page()).text
    for word in ("block2", "logit", "-0.0", "None", "nan", "_1e6", "saliency_share"):
        assert word not in text.replace("at block2 of the network", "").replace("None stands out", ""), word


def test_deep_grey_comes_first_and_the_worst_of_each_group(page: Render) -> None:
    groups = region_groups(ROWS)
    assert [group.title for group in groups] == [
        *("Deep grey matter and internal capsule", "Brainstem and cerebellum", "White matter", "Cortex", "Other")
    ]
    deep = [(one.region, one.hemisphere) for one in groups[0].rows]
    assert deep == [("lentiform nucleus", "left"), ("thalamus", "left"), ("lentiform nucleus", "right"), deep[3]]
    assert sum(len(group.rows) for group in groups) == len(ROWS)
    assert [flag(one) for one in groups[0].rows] == ["low", "partly low", "partly low", ""]
    assert flag(ROWS[-1]) == ""  # fluid is not tissue
    assert [one.region for one in worst_regions(ROWS)] == ["lentiform nucleus", "brainstem", "thalamus"]
    assert "lentiform nucleus left low 5.0 4.5 ml, 90 % 780 950-1250 -3.4" in Outline(page()).text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.0, "0"), (0.00004, "under 0.01"), (0.0005, "0.05"), (0.00312, "0.3"), (0.0312, "3.1"), (0.997, "100")],
)
def test_small_shares_are_not_nothing(part: float, text: str) -> None:
    assert percent(part) == text


def test_certainty_is_never_said() -> None:
    assert [share(value) for value in (0.0001, 0.004, 0.62, 0.996, 1.0)] == ["<0.01", "<0.01", "0.62", ">0.99", ">0.99"]


def test_the_gauge_has_an_axis_and_a_base_rate() -> None:
    drawn = score_drawing(small_record())
    assert [tick["text"] for tick in drawn["ticks"]][::2] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [tick["x"] for tick in drawn["ticks"]] == [20.0 + 60 * n for n in range(11)]
    assert drawn["base"] == pytest.approx(20 + 600 * 0.41)
    assert score_drawing({**small_record(), "prevalence": None})["base"] is None


def test_structures_are_measured_by_volume_and_every_published_figure_has_a_source() -> None:
    matter = ("frontal", "parietal", "temporal", "occipital")
    rows = [
        replace(row(f"{name} white matter", adc=1000.0 + 100 * n), tissue_ml=1.0 + n) for n, name in enumerate(matter)
    ]
    rows += [row("thalamus", adc=900.0), row("brainstem", "midline", adc=1050.0)]
    found = {one.structure.name: one for one in measured_structures(rows)}
    assert found["White matter"].left == pytest.approx((1000 + 2 * 1100 + 3 * 1200 + 4 * 1300) / 10)
    assert (found["Thalamus"].left, found["Thalamus"].right, found["Brainstem"].midline) == (900.0, None, 1050.0)
    assert set(found) == {"White matter", "Thalamus", "Brainstem"}
    studies = [one for structure in STRUCTURES for one in (*structure.healthy, *structure.injured)]
    assert all(one.source.startswith("10.") and 200 < one.low < one.high < 2000 for one in studies)


def test_the_view_starts_at_the_peak_and_can_go_to_the_lesion(page: Render) -> None:
    """Evidence and lesion of the sample fill voxels 20-30, 60-75 and 9-13 of the brain's box, with two around it."""
    html = page()
    content = re.search(r'id="viewer-content">(.*?)</script>', html, re.S)
    assert content
    known = json.loads(content[1])
    peak, point = known["maps"][0]["peak"], known["points"][0]
    box_low, shape = (10, 8, 0), (60, 80, 22)
    voxel = [at * size + low - 0.5 for at, size, low in zip(peak, shape, box_low, strict=True)]
    assert voxel == pytest.approx([20, 60, 9], abs=2.1)
    assert point["title"] == "Go to the largest lesion"
    assert [one["name"] for one in known["maps"]] == ["hirescam", "lesion"]
    assert 'id="viewer-point-0"' in html


def test_what_comes_from_the_image_and_what_from_which_variable() -> None:
    part = {"name": "cord_ph", "title": "cord pH <7", "given": True, "contribution_logit": 0.84}
    other = {"name": "sex", "title": "sex", "given": False, "contribution_logit": -0.02}
    joint = {
        "given": ["cord_ph"],
        "missing": ["sex"],
        "meaning": "Late fusion.",
        "assumption": "",
        "image_logit": -0.42,
        "probability_image": 0.396,
        "probability_adverse": 0.604,
        "interval": [0.3, 0.8],
        "parts": [part, other],
    }
    text = Outline(template("clinical.html.j2").render(record={"clinical": joint})).text
    assert "0.60 with image and clinical variables (90 % interval 0.30 to 0.80), 0.40 by the image alone" in text
    assert "The image -0.4 cord pH <7 0.8 Above 0 raises" in text  # what gives less than 0.05 has no row of its own
    assert "Not given, and averaged over: sex." in text
    unknown = {**joint, "probability_adverse": None, "interval": None, "image_logit": None, "parts": []}
    text = Outline(template("clinical.html.j2").render(record={"clinical": unknown})).text
    assert "0.60" not in text
    assert "Given: pH of cord blood. Nothing of it is in the score." in text
    assert not template("clinical.html.j2").render(record={}).strip()
