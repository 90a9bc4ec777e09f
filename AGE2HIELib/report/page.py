"""report.html: one file that opens offline, for a reader who was not there when the numbers were made."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from AGE2HIELib.explanation.regions import RegionRow
from AGE2HIELib.report.years import in_years
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.record import Result

_BAR_LEFT, _BAR_WIDTH = 20.0, 600.0  # of the score's drawing, in its own units
_HEADINGS = {True: "Demonstration score", False: "Probability of an adverse outcome at two years"}
_AGE_HEADINGS = {True: "Demonstration: predicted age", False: "Predicted age"}


def page_html(
    result: Result,
    regions: Sequence[RegionRow],
    picture: Path | None,
    viewer: Mapping[str, Any] | None = None,
) -> str:
    """The page for a result, whose JSON the template shows; ``picture`` and ``viewer`` are embedded."""
    record = encode(result)
    return template("page.html.j2").render(
        **common_parts(record, picture),
        regions=regions,
        viewer=viewer,
        examinations=[record["examination"]] if record["examination"] else [],
        strongest=max((row.saliency_share or 0.0 for row in regions), default=0.0),
        stopping=[check for check in result.quality.checks if check.stops],
    )


def template(name: str) -> Template:
    """One of the page templates beside this file."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure"] = figure
    environment.filters["of_100"] = of_100
    return environment.get_template(name)


def common_parts(record: Mapping[str, Any], picture: Path | None) -> dict[str, Any]:
    """What every page about a record shows."""
    return {
        "record": record,
        "heading": _HEADINGS[bool(record["demonstration"])],
        "score": score_drawing(record) if record["probability_adverse"] is not None else None,
        "picture": _embedded(picture),
    }


def age_parts(record: Mapping[str, Any], picture: Path | None) -> dict[str, Any]:
    """The same where an age is explained, and no outcome."""
    return {
        "record": record,
        "heading": _AGE_HEADINGS[bool(record["demonstration"])],
        "age": in_years(record["predicted_age_years"]),
        "picture": _embedded(picture),
    }


def _embedded(picture: Path | None) -> str:
    """Empty where there is none: a page stands without its picture."""
    if picture is None:
        return ""
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")


def score_drawing(record: Mapping[str, Any]) -> dict[str, Any]:
    """Where the marks of the score's bar lie; members that fall together are stacked."""
    low, high = record["interval"]
    dots: list[dict[str, float]] = []
    taken: list[float] = []
    for value in sorted(record["members"]):
        x = _x(value)
        level = sum(abs(x - other) < 8 for other in taken)
        taken.append(x)
        dots.append({"x": x, "y": 20.0 - 7 * level, "value": value})
    return {
        "left": _BAR_LEFT,
        "width": _BAR_WIDTH,
        "low": _x(low),
        "high": _x(high),
        "score": _x(record["probability_adverse"]),
        "threshold": _x(record["threshold"]),
        "dots": dots,
        "ticks": [{"x": _x(t / 4), "text": f"{t / 4:g}"} for t in range(5)],
    }


def figure(value: object, digits: int = 3) -> str:
    """A number for people: three significant digits, thousands whole; a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"
    return str(value)


def of_100(share: float) -> str:
    """A share as a natural frequency; nobody and everybody are never said."""
    count = round(100 * share)
    if 0 < count < 100:
        return f"about {count}"
    return "fewer than 1" if count == 0 else "more than 99"


def _x(share: float) -> float:
    return round(_BAR_LEFT + _BAR_WIDTH * float(share), 1)
