"""The page says what may be said and nothing more; the record is plain JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report_samples import lesion_maps, small_record

from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.report.gauge import score_drawing
from AGE2HIELib.report.overlay import Maps, overlay_picture
from AGE2HIELib.report.page import Pictures, figure, of_100, page_html, signed
from AGE2HIELib.report.record import write_record
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result

ROWS = (
    RegionRow(
        *("thalamus", "left"), 4.0, 1107.0, 0.71, 0.75, 0.2, 9, "tissue", 901.0, -6.5, 777.0, 0.625, 1.75, 2.8, 0.02
    ),
    RegionRow(
        *("thalamus <right>", "right", 4.1, 1462.0, 0.73, 0.25, 0.1, 41),
        ml_z_below_minus_2=0.42,
        tissue_ml=0.93,
        share_fluid=0.23,
    ),
    RegionRow("lateral ventricle", "left", 1.7, 2542.0, 0.74, 0.0, 0.0, 15, "fluid"),
)


@pytest.fixture
def maps() -> Maps:
    return lesion_maps()


@pytest.fixture
def record() -> dict[str, Any]:
    return small_record()


@pytest.fixture
def page(record: dict[str, Any], maps: Maps, tmp_path: Path) -> Callable[..., str]:
    picture = tmp_path / "overlay.png"
    overlay_picture(maps, demonstration=True).save(picture)
    pictures = Pictures(picture.read_bytes())

    def render(rows: tuple[RegionRow, ...] = ROWS, **changes: Any) -> str:
        return page_html(decode(Result, {**record, **changes}), rows, pictures)

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


def plain(text: str) -> str:
    """With the minus and the dash of a keyboard."""
    return text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")


def test_a_map_that_is_nowhere_above_zero_says_so(page: Callable[..., str], record: dict[str, Any]) -> None:
    said = "This map (HiResCAM) is nowhere above zero: it names no place that speaks for an adverse outcome."
    assert said not in text_of(page())
    assert said in text_of(page(saliency={**record["saliency"], "names_a_place": False}))
    assert said not in text_of(page(saliency={**record["saliency"], "names_a_place": True}))


def test_p_is_shown_where_a_figure_has_one(page: Callable[..., str]) -> None:
    one = {"name": "deletion", "value": 0.4, "limit": "p at most 0.05", "passed": False, "meaning": "No sooner."}
    two = {"name": "likeness", "value": 0.9, "limit": "at least 0.7", "passed": True, "meaning": "Noise.", "p": None}
    examined = {"method": "hirescam", "passed": False, "cascade": []}
    text = text_of(page(examination={**examined, "findings": [{**one, "p": 0.381}, two]}))
    assert "No sooner. (deletion: 0.4, p 0.38; must be p at most 0.05)" in text
    assert "0.9 at least 0.7 kept" in text
    assert "deletion: 0.4; must be" in text_of(
        page(examination={**examined, "findings": [one, two]})
    )  # an older record


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


def test_regions_show_their_tissue_and_never_the_means_that_fluid_spoils(page: Callable[..., str]) -> None:
    text = plain(text_of(page()))
    assert "thalamus left low 4.0 - 901 - -6.5 62 %, 1.8 ml 2 % 75.0 %" in text
    assert "thalamus <right> right 4.1 - not measurable 0.4 of 0.9 ml 23 % 25.0 %" in text
    assert "lateral ventricle left 1.7 - fluid, mean ADC 2542 0.0 %" in text
    for spoilt in ("1107", "1462", "0.71", "0.72", "0.73", "0.74"):
        assert spoilt not in text


def test_the_page_says_which_b_values_the_adc_was_fitted_from(page: Callable[..., str], record: dict[str, Any]) -> None:
    fitted = {**record["input"], "adc_unit_found": None, "b_values_used": [0.0, 2500.4]}
    assert "ADC fitted from b = 0, 2500 s/mm²" in text_of(page(input=fitted))
    assert "fitted from" not in text_of(page())


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (1107.4, "1107"), (0.25, "0.25"), (402.53, "403"), ("x", "x")]
)
def test_figures_are_short(value: object, text: str) -> None:
    assert figure(value) == text


def test_nothing_is_minus_zero() -> None:
    assert [figure(-0.0), figure(-0.0, 2), signed(-0.04), signed(0.0)] == ["0", "0", "0.0", "0.0"]
    assert plain(signed(-1.74)) == "-1.7"


def test_the_record_is_plain_json(record: dict[str, Any], tmp_path: Path) -> None:
    write_record(record, tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text()) == record
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_record({"value": float("nan")}, tmp_path / "bad.json")
