"""report.html: one file that opens offline, for a reader who was not there when the numbers were made."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, Template

from AGE2HIELib.clinical.variables import BY_NAME
from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.report.adc_ranges import COURSE, measured_structures
from AGE2HIELib.report.gauge import score_drawing
from AGE2HIELib.report.region_order import flag, lowest_region, region_groups, worst_regions
from AGE2HIELib.report.summary import ScanFacts, checks_line, in_years, percent, scan_facts, summary_parts
from AGE2HIELib.report.templates import template_environment
from AGE2HIELib.result.decode import decode, encode
from AGE2HIELib.result.record import Input, Result, Settings
from AGE2HIELib.result.verdicts import Quality

_HEADINGS = {True: "Demonstration score", False: "Probability of an adverse outcome at two years"}
_AGE_HEADINGS = {True: "Demonstration: predicted age", False: "Predicted age"}


@dataclass(frozen=True)
class Pictures:
    """What is embedded in the page.

    Attributes:
        slices: PNG of every map (overlay.png); empty where it is missing.
        lesion: PNG of the lesion; empty where there is none.
        viewer: from ``viewer_parts``; None where there is no map to show.
    """

    slices: bytes = b""
    lesion: bytes = b""
    viewer: Mapping[str, Any] | None = None


def page_html(result: Result, regions: Sequence[RegionRow], pictures: Pictures) -> str:
    """The page for a result, whose JSON the template shows."""
    record = encode(result)
    return template("page.html.j2").render(
        **common_parts(record, pictures.slices),
        **summary_parts(result),
        lesion_picture=_embedded(pictures.lesion),
        groups=region_groups(regions),
        worst=worst_regions(regions) if regions else None,
        lowest=lowest_region(regions),
        has_evidence=any(row.saliency_share is not None for row in regions),
        structures=measured_structures(regions),
        course=COURSE,
        viewer=pictures.viewer,
        examinations=[record["examination"]] if record["examination"] else [],
        strongest=max((row.saliency_share or 0.0 for row in regions), default=0.0),
        stopping=[check for check in result.quality.checks if check.stops],
    )


def template(name: str) -> Template:
    """One of the page templates beside this file."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    """One for all pages of a process."""
    filters = (figure, of_100, signed, percent, flag, share, beyond, variable_title)
    return template_environment({one.__name__: one for one in filters})


def common_parts(record: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
    """What every page about a record shows."""
    return {
        "record": record,
        "heading": _HEADINGS[bool(record["demonstration"])],
        "score": score_drawing(record) if record["probability_adverse"] is not None else None,
        "checks_line": checks_line(decode(Quality, record["quality"])),
        "scan": _scan(record),
        "picture": _embedded(picture),
    }


def age_parts(record: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
    """The same where an age is explained, and no outcome."""
    return {
        "record": record,
        "heading": _AGE_HEADINGS[bool(record["demonstration"])],
        "age": in_years(record["predicted_age_years"]),
        "scan": _scan(record),
        "picture": _embedded(picture),
    }


def _scan(record: Mapping[str, Any]) -> ScanFacts:
    settings = record.get("settings")
    return scan_facts(decode(Input, record["input"]), decode(Settings, settings) if settings else None)


def _embedded(png: bytes) -> str:
    """Empty where there is none: a page stands without its picture."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii") if png else ""


def figure(value: object, digits: int = 3) -> str:
    """A number for people: three significant digits, thousands whole; a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float | int) and not isinstance(value, bool):
        text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"
        return "0" if float(text) == 0 else text  # never -0
    return str(value)


def signed(value: float | None, digits: int = 1) -> str:
    """So many digits after the point, and a minus that is one; 0 has no sign."""
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def share(value: float) -> str:
    """Two digits after the point; 0.00 and 1.00, which no network can know, are never said."""
    text = f"{value:.2f}"
    return {"0.00": "<0.01", "1.00": ">0.99"}.get(text, text)


def variable_title(name: str) -> str:
    """A clinical variable for people; one that this version does not know by its name."""
    return BY_NAME[name].title if name in BY_NAME else name.replace("_", " ")


def beyond(meaning: str, value: str) -> str:
    """What a sentence adds to the value that it may begin with."""
    return meaning.removeprefix(value).lstrip(" :,")


def of_100(part: float) -> str:
    """A share as a natural frequency; nobody and everybody are never said."""
    count = round(100 * part)
    if 0 < count < 100:
        return f"about {count}"
    return "fewer than 1" if count == 0 else "more than 99"
