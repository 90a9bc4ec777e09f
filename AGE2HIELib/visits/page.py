"""comparison.html: one file that opens offline."""

from __future__ import annotations

import base64
from pathlib import Path

from AGE2HIELib.report.page import signed, template
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.findings import SCORE_HEADING
from AGE2HIELib.result.visits import RegionChange, TwoScans
from AGE2HIELib.visits.picture import COLOURS


def page_html(record: TwoScans, picture: Path | None) -> str:
    """The page for a record; ``picture`` is embedded."""
    embedded = ""
    if picture is not None:
        embedded = "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
    return template("two_scans.html.j2").render(
        record=encode(record),
        regions=by_change(record.regions),
        not_measured=sum(not row.measured for row in record.regions),
        picture=embedded,
        colours={name: "#{:02x}{:02x}{:02x}".format(*colour) for name, colour in COLOURS.items()},
        score_heading=SCORE_HEADING,
        with_sign=with_sign,
    )


def by_change(rows: tuple[RegionChange, ...]) -> list[RegionChange]:
    """What was measured in both scans or holds lesion: the largest change of z first, what has none last."""
    shown = [row for row in rows if row.measured or row.common_ml + row.new_ml + row.gone_ml > 0]
    return sorted(shown, key=lambda row: -abs(row.change_z) if row.change_z is not None else 0.0)


def with_sign(change: float | None, digits: int = 1) -> str:
    """As ``signed``, and a plus before what has risen."""
    text = signed(change, digits)
    return f"+{text}" if change is not None and change > 0 and float(text) != 0 else text
