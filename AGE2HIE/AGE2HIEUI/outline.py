"""The placed atlas as a few lines over the scan: whoever looks sees at once whether brain and deep structures fit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

import slicer
from slicer.i18n import tr as _

_BRAIN, _FLUID, _DEEP = 1, 2, 3
_COLOURS = {_BRAIN: (0.35, 0.85, 0.60), _FLUID: (0.30, 0.75, 1.00), _DEEP: (1.00, 0.80, 0.25)}
_FLUID_NAMES = ("lateral ventricle",)
_DEEP_NAMES = ("thalamus", "lentiform", "putamen", "pallidum")


def addOutline(regions, table: Path, title: str, made: list):
    """A label map: the atlas's brain, in it ventricles and deep grey matter, where the table of regions names them.

    Args:
        regions: the label map of all regions, on the scan's grid.
        table: regions.csv, which gives each label's name.
        title: what the user calls the input.
        made: takes every node that is added.
    """
    with table.open(newline="", encoding="utf-8") as file:
        names = {int(row["label"]): row["region"].lower() for row in csv.DictReader(file)}
    labels = slicer.util.arrayFromVolume(regions)
    values = np.where(labels > 0, _BRAIN, 0).astype(np.uint8)
    for value, wanted in ((_FLUID, _FLUID_NAMES), (_DEEP, _DEEP_NAMES)):
        members = [label for label, name in names.items() if name.startswith(wanted)]
        values[np.isin(labels, members)] = value
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", _("{title} outline").format(title=title))
    made.append(node)
    node.CopyOrientation(regions)
    slicer.util.updateVolumeFromArray(node, values)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetAndObserveColorNodeID(_colours(node, made).GetID())
    node.SetAndObserveTransformNodeID(regions.GetTransformNodeID())
    return node


def _colours(node, made: list):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", _("AGE2HIE outline colours"))
    made.append(table)
    table.SetTypeToUser()
    table.SetNumberOfColors(len(_COLOURS) + 1)
    table.SetColor(0, 0.0, 0.0, 0.0, 0.0)
    for value, colour in _COLOURS.items():
        table.SetColor(value, *colour, 1.0)
    node.SetNodeReferenceID("AGE2HIE.colours", table.GetID())
    return table
