"""explanations.html: every map of one scan, to look at, to compare and to question; one file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.explanation.age import AGE_TARGET
from AGE2HIELib.explanation.evidence import EvidenceRow
from AGE2HIELib.report.explanations import Comparison
from AGE2HIELib.report.page import age_parts, common_parts, template
from AGE2HIELib.report.viewer import Shown, ranked, viewer_parts


@dataclass(frozen=True)
class RegionShares:
    """``shares``: of each map's evidence, in the order of the maps; None where nothing can be said."""

    region: str
    hemisphere: str
    shares: tuple[float | None, ...]


def explanations_html(
    record: Mapping[str, Any], found: Comparison[Any], rows: Sequence[EvidenceRow], picture: Path | None
) -> str:
    """The page for ``comparison_record`` or ``age_record``; ``picture`` is explanations.png, where there is one."""
    titles = {one["method"]: one["title"] for one in record["maps"]}
    shown = {name: ranked(titles[name], saliency) for name, saliency in found.maps.items()}
    if len(shown) > 1:
        shown["agreement"] = Shown("Agreement of the maps", found.agreement)
    return template("explanations.html.j2").render(
        **(age_parts(record, picture) if record["target"] == AGE_TARGET else common_parts(record, picture)),
        regions=shares_by_region(rows, tuple(found.maps)),
        viewer=viewer_parts(found.below, found.brain, shown),
        examinations=record.get("examination", ()),
    )


def shares_by_region(rows: Sequence[EvidenceRow], methods: Sequence[str]) -> list[RegionShares]:
    """One row a region and side, as in the table of the first method."""
    share = {(row.method, row.region, row.hemisphere): row.share for row in rows}
    places = [(row.region, row.hemisphere) for row in rows if row.method == methods[0]]
    return [RegionShares(*place, tuple(share[(method, *place)] for method in methods)) for place in places]
