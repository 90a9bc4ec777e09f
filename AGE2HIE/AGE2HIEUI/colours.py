"""Colour tables that belong to one volume of a result."""

from __future__ import annotations

from typing import Any

import slicer

COLOURS = "AGE2HIE.colours"  # the volume's reference to its table, by which the table is found again and removed


def ownTable(volume: Any, name: str, entries: int) -> Any:
    """The volume's own table, made and shown at the first call."""
    table = volume.GetNodeReference(COLOURS)
    if table is None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
        table.SetTypeToUser()
        table.SetNumberOfColors(entries)
        volume.SetNodeReferenceID(COLOURS, table.GetID())
        volume.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    return table
