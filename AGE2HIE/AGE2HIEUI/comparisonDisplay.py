"""Maps side by side: the same slice in every view, one scale of colours, one threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import vtk

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.display import ADC_WINDOW, setLegend, setWindow
from AGE2HIEUI.layouts import enterLayout, viewNames
from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.nodes import part, refer

if TYPE_CHECKING:
    from AGE2HIELib.result.explanations import Explanations

_ENTRIES = 256
_ROUNDING = 1e-6  # of a standing, which is kept in 32 bits


@dataclass(frozen=True)
class Look:
    """``share``: the percentage of each map's evidence that is shown, strongest first; ``opacity``: of the maps."""

    share: float
    opacity: float


def showComparison(record: Any, found: Explanations, result: Any, look: Look) -> None:
    """In a layout of its own: a view a map and one of their agreement, each over the ADC."""
    shown = _shown(record, found)
    adc = part(result, "adc")
    if adc is None or not shown:
        return
    setWindow(adc, *ADC_WINDOW)
    names = enterLayout(len(shown))
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetLayoutName() in names:
            composite.SetBackgroundVolumeID(adc.GetID())
            composite.SetForegroundVolumeID(shown[names.index(composite.GetLayoutName())][1].GetID())
            composite.SetLabelVolumeID(None)
            composite.SetLinkedControl(True)
            composite.SetHotLinkedControl(True)
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if node.GetLayoutName() in names:
            node.SetLayoutLabel(shown[names.index(node.GetLayoutName())][0])
    applyLook(record, found, look)
    for _title, node in shown:
        setLegend(node, _("agreement") if node is part(record, "agreement") else _("standing"), visible=True)
    _center(names, shown[0][1])


def applyLook(record: Any, found: Explanations, look: Look) -> None:
    """Threshold, agreement at that threshold, and opacity, in all views."""
    standings = [node for each in found.maps if (node := part(record, f"standing.{each.method}")) is not None]
    table = _table(record)
    for node in standings:
        _colour(node, table, 1 - look.share / 100 + _ROUNDING)
    agreement = part(record, "agreement")
    if agreement is not None and standings:
        _fillAgreement(agreement, standings, look.share / 100)
        _colour(agreement, table, _ROUNDING)
        agreement.GetDisplayNode().InterpolateOff()  # between one map and none there is no half a map
    own = {node.GetID() for node in (*standings, agreement) if node is not None}
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetForegroundVolumeID() in own:
            composite.SetForegroundOpacity(look.opacity)


def hideComparison(record: Any, found: Explanations) -> None:
    """Out of its views, so that it is not seen over another infant's scan."""
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetLayoutName() in viewNames():
            composite.SetForegroundVolumeID(None)
            composite.SetBackgroundVolumeID(None)
    for _title, node in _shown(record, found):
        setLegend(node, "", visible=False)


def _shown(record: Any, found: Explanations) -> list[tuple[Any, ...]]:
    """(title, node) of each view; a node that was deleted has none."""
    views = [(each.title, part(record, f"standing.{each.method}")) for each in found.maps]
    views.append((_("Agreement"), part(record, "agreement")))
    return [(title, node) for title, node in views if node is not None]


def _table(record: Any) -> Any:
    """The one colour table of all its maps: that of the picture that ``age2hie explain`` draws."""
    table = part(record, "scale")
    if table is None:
        import numpy as np

        addLibraryToPath()
        from AGE2HIELib.report.colours import standing_scale

        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", _("AGE2HIE comparison colours"))
        table.SetTypeToUser()
        table.SetNumberOfColors(_ENTRIES)
        colours = standing_scale().rgb(np.linspace(0, 1, _ENTRIES)) / 255
        with slicer.util.NodeModify(table):
            for entry, colour in enumerate(colours.tolist()):
                table.SetColor(entry, *colour, 1.0)
        refer(record, "scale", table)
    return table


def _colour(node: Any, table: Any, lowest: float) -> None:
    """Values below ``lowest`` are transparent."""
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAndObserveColorNodeID(table.GetID())
        display.AutoThresholdOff()
        display.SetThreshold(lowest, 2.0)
        display.ApplyThresholdOn()
    setWindow(node, 0.0, 1.0)


def _fillAgreement(agreement: Any, standings: list[Any], share: float) -> None:
    """Part of the maps that mark a voxel, at the share that is shown."""
    import numpy as np

    marks = [slicer.util.arrayFromVolume(node) > 1 - share + _ROUNDING for node in standings]
    values = np.mean(marks, axis=0).astype(np.float32)
    if not np.array_equal(values, slicer.util.arrayFromVolume(agreement)):
        slicer.util.updateVolumeFromArray(agreement, values)


def _center(names: list[str], standing: Any) -> None:
    """All views on the whole scan, at the slice of the first map's peak."""
    import numpy as np

    values = slicer.util.arrayFromVolume(standing)
    k, j, i = (int(index) for index in np.unravel_index(int(values.argmax()), values.shape))
    matrix = vtk.vtkMatrix4x4()
    standing.GetIJKToRASMatrix(matrix)
    there = [0.0, 0.0, 0.0]
    standing.TransformPointToWorld(matrix.MultiplyPoint((i, j, k, 1))[:3], there)
    logics = slicer.app.layoutManager().mrmlSliceLogics()
    for logic in [logics.GetItemAsObject(index) for index in range(logics.GetNumberOfItems())]:
        if logic.GetSliceNode().GetLayoutName() in names:
            logic.FitSliceToBackground()
            logic.GetSliceNode().JumpSliceByOffsetting(*there)
