"""The table of regions as a reader wants it: the deep grey matter first, in each group the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from AGE2HIELib.explanation.regions import LOW_Z, RegionRow
from AGE2HIELib.result.region_summary import severity
from AGE2HIELib.scores.rules import INJURED_SHARE

# Names of the bundled atlas, and of others where they are the same; what none of these words is in comes last.
GROUPS = (
    (
        "Deep grey matter and internal capsule",
        ("thalamus", "lentiform", "caudate", "internal capsule", "basal ganglia"),
    ),
    ("Brainstem and cerebellum", ("brainstem", "cerebell", "pons", "vermis")),
    ("White matter", ("white matter", "corpus callosum")),
    ("Cortex", ("cortex", "hippocamp", "insula", "cingul")),
)
OTHERS = "Other"
WORST = 3


@dataclass(frozen=True)
class RegionGroup:
    title: str
    rows: tuple[RegionRow, ...]


def region_groups(regions: Sequence[RegionRow]) -> tuple[RegionGroup, ...]:
    """Every row once, in groups that are not empty."""
    members: dict[str, list[RegionRow]] = {title: [] for title in (*(title for title, _ in GROUPS), OTHERS)}
    for row in regions:
        members[_group(row)].append(row)
    return tuple(RegionGroup(title, tuple(sorted(rows, key=_severity))) for title, rows in members.items() if rows)


def worst_regions(regions: Sequence[RegionRow], count: int = WORST) -> tuple[RegionRow, ...]:
    """The worst of those that are flagged; none where nothing is."""
    return tuple(sorted((row for row in regions if flag(row)), key=_severity)[:count])


def lowest_region(regions: Sequence[RegionRow]) -> RegionRow | None:
    """That with the lowest median z; None where none can be measured."""
    known = [row for row in regions if row.median_z is not None and row.measured == "tissue"]
    return min(known, key=lambda row: row.median_z or 0.0, default=None)


def flag(row: RegionRow) -> str:
    """Low: the median lies over two sd below normal. Partly low: as much of it is lesion as injury scores count."""
    if row.measured == "fluid":
        return ""
    if row.median_z is not None and row.median_z < LOW_Z:
        return "low"
    return "partly low" if row.lesion_share is not None and row.lesion_share > INJURED_SHARE else ""


def _group(row: RegionRow) -> str:
    if row.measured == "fluid":
        return OTHERS
    return next((title for title, words in GROUPS if any(word in row.region for word in words)), OTHERS)


def _severity(row: RegionRow) -> tuple[float, float, float]:
    return severity(row.lesion_share, row.share_z_below_minus_2, row.median_z)
