"""The picture shows the right side of the right slice, and the page says what may be said and nothing more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from AGE2HIELib.explain.regions import RegionRow
from AGE2HIELib.report.colours import adc_scale, saliency_scale, z_scale
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.report.page import figure, of_100, page_html, score_drawing
from AGE2HIELib.report.record import write_record
from AGE2HIELib.report.tiles import choose_view, tile
from AGE2HIELib.volume import Volume

SPACING_MM = (1.5, 1.5, 4.0)
ROWS = (
    RegionRow("thalamus", "left", 4.0, 900.0, -6.5, 0.75, 0.2, 9),
    RegionRow("thalamus <right>", "right", 4.1, 1107.0, 0.1, 0.25, 0.1, 41),
)


def volume(array: np.ndarray) -> Volume:
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = [-60.0, -70.0, -40.0]
    return Volume(array, affine)


def ellipsoid_brain() -> Volume:
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in (80, 96, 22)], indexing="ij")
    return volume((i / 0.7) ** 2 + (j / 0.8) ** 2 + (k / 0.9) ** 2 < 1)


@pytest.fixture
def maps() -> Maps:
    """Low ADC in front on the patient's left, which is the low end of the first axis."""
    brain = ellipsoid_brain()
    adc = np.where(brain.array, 1300.0, 0.0).astype(np.float32)
    lesion = np.zeros(adc.shape, dtype=bool)
    lesion[20:30, 60:75, 9:13] = True
    adc[lesion & brain.array] = 700.0
    z = np.where(lesion & brain.array, -5.0, 0.0).astype(np.float32)
    saliency = np.where(lesion & brain.array, 0.4, 0.0).astype(np.float32)
    return Maps(volume(adc), brain, volume(z), volume(saliency))


@pytest.fixture
def record() -> dict[str, Any]:
    check = {"name": "brain volume", "value": 402.5, "limit": "200 to 700 ml", "passed": True, "remedy": ""}
    check |= {"basis": "newborns", "severity": "refuse", "overridden": False}
    return {
        "demonstration": True,
        "probability_adverse": 0.62,
        "interval": [0.4, 0.8],
        "members": [0.5, 0.505, 0.6, 0.7, 0.75],
        "threshold": 0.5,
        "prevalence": 0.41,
        "label": "demonstration",
        "prediction_set": {
            "coverage": 0.9,
            "set": ["favourable", "adverse"],
            "cases": {"favourable": 90, "adverse": 60},
        },
        "quality": {"passed": True, "overridden": [], "checks": [check]},
        "saliency": {
            "method": "hirescam",
            "title": "HiResCAM",
            "meaning": "what raised the score",
            "layer": "block2",
            "resolution_mm": [8.0, 8.0, 8.0],
        },
        "examination": None,
        "model": {"name": "m", "version": "1", "sha256": "0" * 64, "trained_on": "phantoms", "intended_use": "tests"}
        | {"prevalence": 0.41},
        "atlas": {"name": "a", "provenance": "synthetic"},
        "input": {
            "kind": "adc-mha",
            "sha256": "1" * 64,
            "shape": [80, 96, 22],
            "spacing_mm": [1.5, 1.5, 4.0],
            "adc_unit_found": "1e-6 mm2/s",
        },
        "settings": {"prevalence": None},
        "software": {"version": "0.1.0", "python": "3.11", "torch": "2"},
        "device": "cpu",
        "timing_s": {"read": 0.1},
        "warnings": ["<script>alert(1)</script>"],
    }


@pytest.fixture
def page(record: dict[str, Any], maps: Maps, tmp_path: Path) -> Callable[..., str]:
    picture = tmp_path / "overlay.png"
    overlay_picture(maps, demonstration=True).save(picture)

    def render(rows: tuple[RegionRow, ...] = ROWS, **changes: Any) -> str:
        return page_html({**record, **changes}, rows, picture)

    return render


def text_of(html: str) -> str:
    class Text(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.words: list[str] = []
            self.hidden = False

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.hidden = tag in ("style", "title")

        def handle_endtag(self, tag: str) -> None:
            self.hidden = False

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                self.words.append(data)

    parser = Text()
    parser.feed(html)
    return " ".join(" ".join(parser.words).split())


def test_the_patients_left_is_on_the_right_and_the_front_on_top(maps: Maps) -> None:
    view = choose_view(maps.brain, columns=8, tile_width=190)
    assert maps.z is not None
    drawn = tile(maps.z, 11, view, z_scale(), brain=maps.brain)
    blue = np.argwhere(drawn[..., 2] - drawn[..., 0] > 15)  # z of -5 is bluish white, of 0 grey
    row, column = blue.mean(axis=0) / drawn.shape[:2]
    assert row < 0.4
    assert column > 0.6


def test_a_pixel_is_as_wide_as_high_in_mm(maps: Maps) -> None:
    tall = volume(np.zeros((80, 96, 22), dtype=bool))
    tall.array[30:50, 20:80, 3:20] = True  # 30 mm wide, 90 mm high, 5 mm margin all round
    view = choose_view(tall, columns=4, tile_width=100)
    width_mm, height_mm = ((high - low) * 1.5 for low, high in view.box)
    assert view.size[1] / view.size[0] == pytest.approx(height_mm / width_mm, rel=0.01)


def test_slices_go_evenly_through_the_brain() -> None:
    brain = ellipsoid_brain()
    view = choose_view(brain, columns=6, tile_width=100)
    steps = np.diff(view.slices)
    assert len(view.slices) == 6
    assert np.ptp(steps) <= 1
    levels = np.flatnonzero(brain.array.any(axis=(0, 1)))
    assert levels[0] <= view.slices[0] < view.slices[-1] <= levels[-1]


def test_few_slices_are_each_drawn_once() -> None:
    brain = Volume(np.ones((10, 10, 3), dtype=bool), np.diag([4.0, 4.0, 10.0, 1.0]))
    assert choose_view(brain, columns=8, tile_width=50).slices == (0, 1, 2)


def test_colour_scales_are_ordered_in_lightness() -> None:
    def lightness(rgb: np.ndarray) -> np.ndarray:
        return rgb @ [0.2126, 0.7152, 0.0722]

    for scale in (adc_scale(), saliency_scale(0.4)):
        assert np.all(np.diff(lightness(scale.rgb(np.linspace(scale.low, scale.high, 64)))) > 0)
    low, high = (lightness(z_scale().rgb(np.linspace(0, sign * 5, 64))) for sign in (-1, 1))
    assert np.all(np.diff(low[8:]) > 0)
    assert np.all(np.diff(high[8:]) > 0)
    assert saliency_scale(0.4).opacity(np.array([0.0, 0.4])).tolist() == [0.0, 0.85]


def test_the_picture_has_a_row_for_each_map_and_a_ribbon_for_a_demonstration(maps: Maps) -> None:
    full = np.asarray(overlay_picture(maps, demonstration=False))
    refused = np.asarray(overlay_picture(Maps(maps.adc, maps.brain), demonstration=False))
    marked = np.asarray(overlay_picture(maps, demonstration=True))
    assert full.shape[0] > 2.5 * refused.shape[0] - 100
    assert marked.shape[0] > full.shape[0]
    assert marked[10, 5].tolist() == [250, 196, 60]


def test_a_scan_without_any_brain_is_drawn_all_the_same(maps: Maps) -> None:
    nothing = Maps(maps.adc, maps.brain.like(np.zeros(maps.brain.array.shape, dtype=bool)))
    assert overlay_picture(nothing, demonstration=False).size[0] > 1000


def test_a_map_without_positive_saliency_shows_none(maps: Maps) -> None:
    assert maps.saliency is not None
    none = replace(maps, saliency=maps.saliency.like(np.zeros(maps.saliency.array.shape, np.float32)))
    assert isinstance(overlay_picture(none, demonstration=False), Image.Image)


def test_the_page_is_one_file_that_asks_nothing_of_the_network(page: Callable[..., str]) -> None:
    html = page()
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!data:)", html)
    assert "@import" not in html
    assert "<script" not in html
    assert html.count("data:image/png;base64,") == 1


def test_text_from_files_is_escaped(page: Callable[..., str]) -> None:
    html = page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "thalamus &lt;right&gt;" in html


def test_a_demonstration_model_is_headed_so_and_makes_no_statement_about_a_child(page: Callable[..., str]) -> None:
    text = text_of(page())
    assert "Demonstration score 0.62" in text
    for claim in ("robability", "adverse", "favourable", "risk", "two years"):
        assert claim not in text


def test_a_trained_model_gets_its_label_and_threshold(page: Callable[..., str]) -> None:
    text = text_of(page(demonstration=False, label="indeterminate"))
    assert "Probability of an adverse outcome at two years 0.62" in text
    assert "Reading: indeterminate" in text
    assert "threshold 0.5" in text
    assert "Research use only" in text
    assert "about 62 had an adverse outcome at two years, and about 38 had not" in text
    assert "where about 41 of 100 infants had one" in text
    assert "usual with either outcome" in text
    assert "among those named for about 90 of 100 infants of either outcome" in text
    assert "90 favourable and 60 adverse" in text


def test_a_given_prevalence_gives_the_natural_frequencies_and_the_assumption(page: Callable[..., str]) -> None:
    changes = {"demonstration": False, "label": "indeterminate", "prevalence": 0.2, "settings": {"prevalence": 0.2}}
    text = text_of(page(**changes))
    assert "0.80 for a prevalence of 0.2" in text
    assert (
        "Where about 20 of 100 infants have an adverse outcome at two years, of 100 with this number about 62" in text
    )
    assert "calibrated where about 41 of 100 had one and moved from there" in text
    assert "on the assumption that only this share differs" in text
    assert "the reading and the saliency do not depend on the share" in text
    assert "Of 100 infants like those that the model learned from" not in text
    assert "0.41 where the model was calibrated; 0.2 was given" in text


@pytest.mark.parametrize(
    ("held", "label", "words"),
    [
        (["adverse"], "adverse", "at most 10 of 100 infants with a favourable outcome have a score this high"),
        (["favourable"], "favourable", "at most 10 of 100 infants with an adverse outcome have a score this low"),
        ([], "indeterminate", "unusual with either outcome"),
        (None, "indeterminate", "it names no outcome"),
    ],
)
def test_a_reading_is_put_in_natural_frequencies(
    page: Callable[..., str], held: object, label: str, words: str
) -> None:
    cases = {"favourable": 90, "adverse": 60}
    found = None if held is None else {"coverage": 0.9, "set": held, "cases": cases}
    text = text_of(page(demonstration=False, label=label, prediction_set=found))
    assert words in text
    assert "ruled out" not in text


def test_nobody_and_everybody_are_never_said() -> None:
    assert [of_100(share) for share in (0.0, 0.004, 0.006, 0.37, 0.999)] == [
        *["fewer than 1"] * 2,
        *["about 1", "about 37", "more than 99"],
    ]


def test_a_refused_scan_shows_reasons_and_no_number(page: Callable[..., str]) -> None:
    check = {
        "name": "brain volume",
        "value": 1310.0,
        "limit": "200 to 700 ml",
        "passed": False,
        "remedy": "Give a newborn.",
        "basis": "newborns",
        "severity": "refuse",
        "overridden": False,
    }
    numbers = {"probability_adverse": None, "interval": None, "members": [], "label": None, "saliency": None}
    text = text_of(page((), **numbers, quality={"passed": False, "overridden": [], "checks": [check]}))
    assert "No score: the scan was refused" in text
    assert "brain volume : 1310 (must be 200 to 700 ml). Give a newborn." in text
    assert "Demonstration score" not in text
    assert "Regions" not in text
    warned = {"passed": False, "overridden": [], "checks": [{**check, "severity": "warn"}]}
    assert "No score: withheld because of a warning" in text_of(page((), **numbers, quality=warned))
    assert '<td class="warn">warning</td>' in page((), **numbers, quality=warned)


def test_a_method_that_looks_at_the_image_itself_names_no_layer(page: Callable[..., str]) -> None:
    words = {"title": "Integrated gradients", "meaning": "what raised the score"}
    made = {"method": "integrated-gradients", **words, "layer": None, "resolution_mm": [2.0, 2.0, 2.0]}
    text = text_of(page((), saliency=made))
    assert "Saliency (Integrated gradients) is computed on cells of" in text
    assert "None" not in text


def test_members_that_fall_together_do_not_hide_each_other(record: dict[str, Any]) -> None:
    dots = score_drawing(record)["dots"]
    assert len({(dot["x"], dot["y"]) for dot in dots}) == 5
    assert dots[0]["y"] != dots[1]["y"]
    assert score_drawing(record)["score"] == pytest.approx(20 + 600 * 0.62)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (1107.4, "1107"), (0.25, "0.25"), (402.53, "403"), ("x", "x")]
)
def test_figures_are_short(value: object, text: str) -> None:
    assert figure(value) == text


def test_the_record_is_plain_json(record: dict[str, Any], tmp_path: Path) -> None:
    write_record(record, tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text()) == record
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_record({"value": float("nan")}, tmp_path / "bad.json")
