"""explanations.html: every map of one scan, to look at, to compare and to question; one file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from AGE2HIELib.explanation.evidence import EvidenceRow
from AGE2HIELib.explanation.maps import AGE_TARGET
from AGE2HIELib.report.explanations import Comparison
from AGE2HIELib.report.page import age_parts, common_parts, template
from AGE2HIELib.report.viewer import Shown, ranked, viewer_parts

_CHANNELS = {
    "adc": "ADC itself",
    "z_adc": "z, ADC beside healthy newborns'",
    "t1": "T1",
    "log_jacobian": "local volume beside the template's",
}
# Of a record's maps, for a reader; other units are said as they are.
_UNITS = {
    "calibrated logit, per cell": "log-odds of the score, in each cell",
    "years, per cell": "years, in each cell",
    "log of tolerated noise": "logarithm of the noise that the score tolerates",
}


@dataclass(frozen=True)
class RegionShares:
    """One region and side; None where nothing can be said.

    Attributes:
        shares: of each map's evidence, in the order of the maps.
        adc, z_adc: of the evidence here, what comes from either channel, by the first map that can part them.
    """

    region: str
    hemisphere: str
    shares: tuple[float | None, ...]
    adc: float | None = None
    z_adc: float | None = None


def explanations_html(
    record: Mapping[str, Any], found: Comparison[Any], rows: Sequence[EvidenceRow], picture: bytes
) -> str:
    """The page for ``comparison_record`` or ``age_record``; ``picture``: explanations.png or empty."""
    titles = {one["method"]: one["title"] for one in record["maps"]}
    shown = {name: ranked(titles[name], saliency) for name, saliency in found.maps.items()}
    if len(shown) > 1:
        shown["agreement"] = Shown("Agreement of the maps", found.agreement)
    return template("explanations.html.j2").render(
        **(age_parts(record, picture) if record["target"] == AGE_TARGET else common_parts(record, picture)),
        regions=shares_by_region(rows, tuple(found.maps)),
        viewer=viewer_parts(found.below, found.brain, shown),
        examinations=record.get("examination", ()),
        units=_UNITS,
        parting=next((one for one in record["maps"] if one.get("channels")), None),
        channel_names=_CHANNELS,
    )


def shares_by_region(rows: Sequence[EvidenceRow], methods: Sequence[str]) -> list[RegionShares]:
    """One row a region and side, as in the table of the first method."""
    share = {(row.method, row.region, row.hemisphere): row.share for row in rows}
    places = [(row.region, row.hemisphere) for row in rows if row.method == methods[0]]
    parting = next((row.method for row in rows if row.adc_share is not None), None)
    parts = {(row.region, row.hemisphere): (row.adc_share, row.z_adc_share) for row in rows if row.method == parting}
    return [
        RegionShares(*place, tuple(share[(method, *place)] for method in methods), *parts.get(place, (None, None)))
        for place in places
    ]
