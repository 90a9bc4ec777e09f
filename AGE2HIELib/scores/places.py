"""The places that injury scores ask about: regions and zones of an atlas, and what is put together from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from AGE2HIELib.preprocess.atlas import Atlas, Region, Zones, once_per_atlas
from AGE2HIELib.preprocess.smoothing import bounding_box, widened
from AGE2HIELib.volume import Volume

LOBES = ("frontal", "parietal", "temporal", "occipital")
CORTEX = tuple(f"{lobe} cortex" for lobe in LOBES)
WHITE_MATTER = tuple(f"{lobe} white matter" for lobe in LOBES)
THALAMUS, LENTIFORM, CAUDATE = "thalamus", "lentiform nucleus", "caudate nucleus"
POSTERIOR_LIMB = "posterior limb of the internal capsule"
ANTERIOR_LIMB = "anterior limb of the internal capsule"
DEEP = (THALAMUS, LENTIFORM, CAUDATE, POSTERIOR_LIMB, ANTERIOR_LIMB)
BRAINSTEM, CEREBELLUM, CALLOSUM = "brainstem", "cerebellum", "corpus callosum"

WATERSHED = {end: (f"{end} watershed white matter", f"{end} watershed cortex") for end in ("anterior", "posterior")}
PERIROLANDIC, HIPPOCAMPUS, INSULA, CINGULUM = "perirolandic cortex", "hippocampus", "insula", "cingulum"
VERMIS = "vermis"

# put together from regions and zones
ALL_CORTEX, ALL_WHITE = "cortex", "white matter"
HEMISPHERE = "cerebral hemisphere"  # its cortex, white matter and deep grey matter
OTHER_CORTEX = "cortex outside watershed and perirolandic zones"
OTHER_CEREBRUM = "cortex and white matter away from the places above"
# A lesion of a deep nucleus or of a watershed zone does not stop at its border, and a placement is some 2 mm off: what
# lies this near to them is no lesion of its own.
NEAR_MM = 8.0


@dataclass(frozen=True)
class ScorePlace:
    """A region, a zone or a part that is put together, of one hemisphere.

    Attributes:
        hemisphere: the patient's side: left, right or midline.
        voxels: indices into the flattened image.
    """

    name: str
    hemisphere: str
    voxels: np.ndarray


def find_places(labels: Volume, regions: Iterable[Region], zones: Zones | None) -> tuple[ScorePlace, ...]:
    """Every place of a labelled brain.

    Args:
        labels: values of ``regions``, 0 outside the brain.
        zones: on the same grid; without them no place that needs one is found.
    """
    named: dict[tuple[str, str], np.ndarray] = {
        (region.name, region.hemisphere): labels.array == region.value for region in regions
    }
    if zones is not None:
        named |= {(zone.name, zone.hemisphere): zones.labels.array == zone.value for zone in zones.regions}
    found = dict(named)
    for side in ("left", "right"):
        cortex, white, deep = (_together(named, names, side) for names in (CORTEX, WHITE_MATTER, DEEP))
        found |= {(ALL_CORTEX, side): cortex, (ALL_WHITE, side): white, (HEMISPHERE, side): cortex | white | deep}
        if zones is not None:
            watershed = _together(named, (name for pair in WATERSHED.values() for name in pair), side)
            rolandic = _together(named, (PERIROLANDIC,), side)
            found[OTHER_CORTEX, side] = cortex & ~watershed & ~rolandic
            near = _within(deep | watershed | rolandic, labels, NEAR_MM)
            found[OTHER_CEREBRUM, side] = (cortex | white) & ~near
    return tuple(ScorePlace(name, side, np.flatnonzero(mask)) for (name, side), mask in found.items())


@once_per_atlas
def places_of(atlas: Atlas) -> tuple[ScorePlace, ...]:
    """Those of an atlas, on its grid."""
    return find_places(atlas.labels, atlas.regions, atlas.zones)


def _together(named: Mapping[tuple[str, str], np.ndarray], names: Iterable[str], side: str) -> np.ndarray:
    masks = [named[name, side] for name in names if (name, side) in named]
    shape = next(iter(named.values())).shape
    return np.logical_or.reduce(masks) if masks else np.zeros(shape, dtype=bool)


def _within(mask: np.ndarray, on: Volume, reach_mm: float) -> np.ndarray:
    if not mask.any():
        return mask
    spacing_mm = on.grid.spacing_mm
    box = widened(bounding_box(mask), mask.shape, int(np.ceil(reach_mm / spacing_mm.min())))
    near = np.zeros(mask.shape, dtype=bool)
    near[box] = distance_transform_edt(~mask[box], sampling=tuple(spacing_mm)) <= reach_mm
    return near
