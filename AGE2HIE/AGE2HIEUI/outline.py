"""The placed atlas as a few lines over the scan: whoever looks sees at once whether brain and deep structures fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.colours import ownTable

_BRAIN, _FLUID, _DEEP = 1, 2, 3
_COLOURS = {_BRAIN: (0.35, 0.85, 0.60), _FLUID: (0.30, 0.75, 1.00), _DEEP: (1.00, 0.80, 0.25)}
_FLUID_NAMES = ("lateral ventricle",)
_DEEP_NAMES = ("thalamus", "lentiform", "putamen", "pallidum")


def fillOutline(node: Any, regions: Any, names: Mapping[int, str]) -> None:
    """Make an empty label map the atlas's brain, in it ventricles and deep grey matter where they are named.

    Args:
        node: takes the grid of ``regions``.
        regions: the label map of all regions, on the scan's grid.
        names: what each label is.
    """
    import numpy as np

    labels = slicer.util.arrayFromVolume(regions)
    values = np.where(labels > 0, _BRAIN, 0).astype(np.uint8)
    for value, wanted in ((_FLUID, _FLUID_NAMES), (_DEEP, _DEEP_NAMES)):
        members = [label for label, name in names.items() if name.lower().startswith(wanted)]
        values[np.isin(labels, members)] = value
    node.CopyOrientation(regions)
    slicer.util.updateVolumeFromArray(node, values)
    node.CreateDefaultDisplayNodes()
    table = ownTable(node, _("AGE2HIE outline colours"), len(_COLOURS) + 1)
    table.SetColor(0, 0.0, 0.0, 0.0, 0.0)
    for value, colour in _COLOURS.items():
        table.SetColor(value, *colour, 1.0)
