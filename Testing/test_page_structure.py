"""What a screen reader, a keyboard and poor sight need of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from report_samples import Outline, small_page

from AGE2HIELib.report.page import template


def test_headings_tables_and_pictures_are_what_a_screen_reader_needs() -> None:
    for html in (small_page(), small_page(demonstration=False, label="indeterminate")):
        outline = Outline(html)
        levels = [int(tag[1]) for tag, _ in outline.all("h1", "h2", "h3", "h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert all(attributes.get("alt") for _, attributes in outline.all("img"))
        assert all(attributes.get("scope") for _, attributes in outline.all("th"))
        assert all(a.get("aria-label") and a.get("role") == "img" for _, a in outline.all("svg", "canvas"))
        wide = [a for _, a in outline.all("div") if a.get("class") == "wide"]
        assert wide
        assert all(a.get("tabindex") == "0" and a.get("role") == "region" and a.get("aria-label") for a in wide)
        labels = [a["aria-label"] for a in wide]
        assert len(set(labels)) == len(labels)
        assert [tag for tag, _ in outline.all("header", "main", "footer")] == ["header", "main", "footer"]
        identities = [a["id"] for _, a in outline.elements if a.get("id")]
        assert len(set(identities)) == len(identities)
        assert outline.all("html")[0][1].get("lang") == "en"


def test_text_stands_out_from_what_it_is_written_on_in_light_and_dark() -> None:
    """Contrast of 4.5 and more (WCAG 2.2, 1.4.3), for each colour of text on each background it stands on."""
    style = template("style.html.j2").render()
    schemes = [dict(re.findall(r"--(\w+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", style)]
    assert len(schemes) == 3  # light, dark, print
    for colours in schemes:
        for ink in ("ink", "faint", "accent", "good", "bad"):
            for paper in ("paper", "soft", "note", "alarm"):
                if ink in ("ink", "faint") or paper == "paper":
                    assert contrast(colours, ink, paper) >= 4.5, (ink, paper)


def contrast(colours: Mapping[str, str], one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)
