"""How a result is shown: ADC behind, saliency in front with a transparent low end, the atlas as an outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.colours import ownTable
from AGE2HIEUI.layouts import viewNames
from AGE2HIEUI.nodes import part
from AGE2HIEUI.parameters import AGE2HIEParameterNode, Colours, Layer
from AGE2HIEUI.texts import NO_PEAK

_ENTRIES = 256
_ENDS = {  # colours of the lowest and the highest saliency that is shown, RGB
    Colours.HOT: ((0.75, 0.05, 0.05), (1.00, 0.95, 0.35)),
    Colours.COOL: ((0.10, 0.25, 0.80), (0.90, 0.97, 1.00)),
    Colours.GREEN: ((0.00, 0.35, 0.20), (0.75, 1.00, 0.45)),
}
ADC_WINDOW = (600.0, 2200.0)  # 1e-6 mm2/s: from dead tissue, black, to fluid, white
_Z_WINDOW = (-5.0, 5.0)
_USUAL_Z = 2.0  # standard deviations
_Z_LOW, _Z_MIDDLE, _Z_HIGH = (0.10, 0.30, 0.95), (0.25, 0.25, 0.25), (0.95, 0.30, 0.10)
_BOTH = ("Red", "Yellow")


@dataclass(frozen=True)
class Look:
    """The user's choices; ``threshold`` is a percentage of the map's peak, ``layer`` what is shown over the ADC."""

    threshold: float
    opacity: float
    colours: Colours
    outline: bool
    layer: Layer = Layer.EVIDENCE


def lookOf(parameters: AGE2HIEParameterNode) -> Look:
    """The choices of a parameter node."""
    return Look(
        parameters.threshold, parameters.opacity, parameters.colours, parameters.showAtlasOutline, parameters.layer
    )


def showResult(record: Any, look: Look) -> None:
    """Into the slice views of every layout."""
    adc, saliency, outline = (part(record, role) for role in ("adc", "saliency", "outline"))
    if adc is None or saliency is None:
        return
    setWindow(adc, *ADC_WINDOW)
    slicer.util.setSliceViewerLayers(
        background=adc,
        foreground=layerNode(record, look.layer),
        foregroundOpacity=look.opacity,
        label=outline if look.outline else None,
        labelOpacity=1.0,
        fit=True,
    )
    applyLook(record, look)


def layerNode(record: Any, layer: Layer) -> Any:
    """The volume that is shown in colour over the ADC; None for none, and where it was deleted."""
    role = {Layer.EVIDENCE: "saliency", Layer.DEVIATION: "z_adc"}.get(layer)
    return part(record, role) if role is not None else None


def applyLook(record: Any, look: Look) -> None:
    """Layer, threshold, colours, opacity and outline, in the views that show this result over its ADC."""
    saliency, z = part(record, "saliency"), part(record, "z_adc")
    if saliency is None:
        return
    _colourSaliency(saliency, look)
    setWindow(saliency, 0.0, peakOf(saliency))
    front, layers = layerNode(record, look.layer), [node.GetID() for node in (saliency, z) if node is not None]
    if z is not None:
        _colourZ(z, overAdc=front is z)
    outline = part(record, "outline")
    own = {node.GetID() for role in ("adc", "z_adc") if (node := part(record, role)) is not None}
    shown = set()
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetBackgroundVolumeID() not in own or composite.GetLayoutName() in viewNames():
            continue  # the user looks at something else there, or at a comparison
        shown.add(composite.GetLayoutName())
        behind = z is not None and composite.GetBackgroundVolumeID() == z.GetID()
        if not behind and composite.GetForegroundVolumeID() in (None, "", *layers):
            composite.SetForegroundVolumeID(front.GetID() if front is not None else None)
            composite.SetForegroundOpacity(look.opacity)
        if outline is not None and composite.GetLabelVolumeID() in (None, "", outline.GetID()):
            composite.SetLabelVolumeID(outline.GetID() if look.outline else None)
    for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if sliceNode.GetLayoutName() in shown:
            sliceNode.SetUseLabelOutline(True)
    setLegend(saliency, _("evidence"), visible=front is saliency)
    if z is not None:
        setLegend(z, _("standard deviations"), visible=front is z)


def hideResult(record: Any) -> None:
    """Take a result out of the views, so that it is not seen over another infant's scan."""
    nodes = [node for role in ("adc", "saliency", "outline", "z_adc") if (node := part(record, role)) is not None]
    own = {node.GetID() for node in nodes}
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetForegroundVolumeID() in own:
            composite.SetForegroundVolumeID(None)
        if composite.GetLabelVolumeID() in own:
            composite.SetLabelVolumeID(None)
        if composite.GetBackgroundVolumeID() in own:
            composite.SetBackgroundVolumeID(None)
    for role in ("saliency", "z_adc"):
        if part(record, role) is not None:
            setLegend(part(record, role), "", visible=False)


def showSideBySide(record: Any, look: Look) -> None:
    """Two linked axial views: ADC with saliency, and the deviation from normal."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
    showResult(record, look)
    z = part(record, "z_adc")
    if z is None:
        return
    _colourZ(z, overAdc=False)
    for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if sliceNode.GetLayoutName() in _BOTH:
            sliceNode.SetOrientationToAxial()
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetLayoutName() not in _BOTH:
            continue
        if composite.GetLayoutName() == "Yellow":
            composite.SetBackgroundVolumeID(z.GetID())
            composite.SetForegroundVolumeID(None)
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)


def peakOf(saliency: Any) -> float:
    """The highest value that speaks for an adverse outcome; a tiny one where nothing does."""
    return max(float(slicer.util.arrayFromVolume(saliency).max()), NO_PEAK)


def _colourZ(z: Any, *, overAdc: bool) -> None:
    """Blue where ADC is lower than in normal newborns, grey where it is as in them, red where it is higher.

    Args:
        overAdc: what lies within ``_USUAL_Z`` standard deviations is transparent, so that the ADC is seen.
    """
    table = ownTable(z, _("AGE2HIE z-map colours"), _ENTRIES)
    with slicer.util.NodeModify(table):  # one redraw, not one an entry
        for entry in range(_ENTRIES):
            along = 2 * entry / (_ENTRIES - 1) - 1
            strength, end = abs(along), _Z_LOW if along < 0 else _Z_HIGH
            colour = [middle + strength * (at - middle) for middle, at in zip(_Z_MIDDLE, end, strict=True)]
            clear = overAdc and strength * _Z_WINDOW[1] < _USUAL_Z
            table.SetColor(entry, *colour, 0.0 if clear else 1.0)
    setWindow(z, *_Z_WINDOW)


def _colourSaliency(saliency: Any, look: Look) -> None:
    """Entries below the threshold are fully transparent."""
    table = ownTable(saliency, _("AGE2HIE saliency colours"), _ENTRIES)
    low, high = _ENDS[look.colours]
    wanted = round(look.threshold / 100 * (_ENTRIES - 1))
    first = min(max(wanted, 1), _ENTRIES - 1)  # entry 0, no evidence, is always transparent
    with slicer.util.NodeModify(table):
        for entry in range(_ENTRIES):
            along = max(entry - first, 0) / max(_ENTRIES - 1 - first, 1)
            colour = [start + along * (end - start) for start, end in zip(low, high, strict=True)]
            table.SetColor(entry, *colour, 1.0 if entry >= first else 0.0)


def setWindow(volume: Any, low: float, high: float) -> None:
    """The values that get the ends of the volume's colours."""
    display = volume.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)


def setLegend(volume: Any, title: str, *, visible: bool) -> None:
    """Slicer's own colour legend, in the views."""
    logic = slicer.modules.colors.logic()
    legend = logic.GetColorLegendDisplayNode(volume)
    if legend is None and visible:
        legend = logic.AddDefaultColorLegendDisplayNode(volume)
    if legend is not None:
        legend.SetVisibility(visible)
        if visible:
            legend.SetTitleText(title)


def setFrontOpacity(record: Any, opacity: float) -> None:
    """Of the colours over the ADC, in the views that show this result."""
    own = {node.GetID() for role in ("saliency", "z_adc") if (node := part(record, role)) is not None}
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if composite.GetForegroundVolumeID() in own:
            composite.SetForegroundOpacity(opacity)
