"""Zones that injury scores ask about and that cross the regions of the atlas, in the template frame.

Where they lie: the watershed zones and the perirolandic band are those that the phantom's own injuries spare or reach
(``injury``), in the size of their middle. Insula, cingulum and vermis have centre, extent and volume of a real term
newborn's parcellation (multi-BOUNTI reference, 43 labels; measured, nothing copied) brought to the template by its
brain's outline: insula 11 mm in front of the origin, 1.1 ml a side; cingulate white matter 2.4 to 2.7 ml a side; vermis
2.2 ml, 18 mm behind and 17 mm below. That parcellation has no hippocampus: it lies under the temporal horn here.
"""

from __future__ import annotations

import numpy as np

from AGE2HIELib.phantom.fields import Points, ellipsoid, tube
from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX, RIGHT_OFFSET, VALUE, WHITE_MATTER, Hemisphere

# centre and radii in mm, |x|: borders between the territories of the anterior, middle and posterior cerebral artery
ANTERIOR_WATERSHED = ((17.0, 26.0, 24.0), (8.0, 15.0, 10.0))
POSTERIOR_WATERSHED = ((21.0, -28.0, 20.0), (11.0, 15.0, 14.0))
_ROLANDIC_HALF_WIDTH_MM = 9.0  # of the band before and behind the central sulcus: two gyri
_ROLANDIC_FLOOR_MM = 16.0

_NAMES = (
    "anterior watershed white matter",
    "anterior watershed cortex",
    "posterior watershed white matter",
    "posterior watershed cortex",
    "perirolandic cortex",
    "hippocampus",
    "insula",
    "cingulum",
)
ZONE = {name: value for value, name in enumerate(_NAMES, start=1)}
VERMIS = 64


def rolandic_distance(points: Points) -> np.ndarray:
    """mm to the middle of the band around the central sulcus, which runs forward as it goes down."""
    return np.asarray(np.abs(points[1] - 12.0 + 0.5 * points[2]))


def label_zones(points: Points, labels: np.ndarray) -> np.ndarray:
    """Zone of every point (uint8, 0 where there is none).

    Args:
        points: template frame, mm.
        labels: structures at the points, of ``label_points``.
    """
    x, y, z = points
    mirrored = (np.abs(x), y, z)
    base = BASE_VALUE[labels]
    cortex, white = np.isin(base, CORTEX), np.isin(base, WHITE_MATTER)
    zones = np.zeros(labels.shape, dtype=np.uint8)
    for name, (centre, radii) in (("anterior", ANTERIOR_WATERSHED), ("posterior", POSTERIOR_WATERSHED)):
        inside = ellipsoid(mirrored, centre, radii) < 0
        zones[inside & white] = ZONE[f"{name} watershed white matter"]
        zones[inside & cortex] = ZONE[f"{name} watershed cortex"]
    rolandic = (rolandic_distance(points) < _ROLANDIC_HALF_WIDTH_MM) & (z > _ROLANDIC_FLOOR_MM)
    zones[rolandic & cortex] = ZONE["perirolandic cortex"]
    zones[(ellipsoid(mirrored, (24.5, 10.5, 3.0), (5.5, 17, 10)) < 0) & cortex] = ZONE["insula"]
    arch = ellipsoid((0 * x, y, z), (0, 6, 4), (1, 21, 14))
    zones[(arch > 1.5) & (arch < 8) & (mirrored[0] < 11) & (z > 4) & white] = ZONE["cingulum"]
    hippocampus = tube(mirrored, [(14, -14, -2), (17.5, -6, -8), (18.5, 4, -12)], [2.2, 3.0, 3.8])
    zones[(hippocampus < 0) & (cortex | white)] = ZONE["hippocampus"]
    zones[(zones > 0) & (x > 0)] += RIGHT_OFFSET
    zones[(ellipsoid(points, (0, -18.5, -17), (4.4, 10.5, 11)) < 0) & (base == VALUE["cerebellum"])] = VERMIS
    return zones


def zone_table() -> list[tuple[int, str, Hemisphere]]:
    """(value, name, hemisphere) of every zone, in a stable order."""
    rows: list[tuple[int, str, Hemisphere]] = []
    for name, value in ZONE.items():
        rows += [(value, name, "left"), (value + RIGHT_OFFSET, name, "right")]
    return [*rows, (VERMIS, "vermis", "midline")]
