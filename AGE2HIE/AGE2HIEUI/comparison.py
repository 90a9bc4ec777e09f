"""An output folder of ``age2hie explain`` as nodes below the result that it belongs to.

The comparison is found again by its record, a text node that refers to all the others; the result's record refers to
it. So it is saved, removed and renamed with the result's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.nodes import (
    UnreadableResult,
    addNode,
    folderOf,
    gridOf,
    intoFolder,
    part,
    readRows,
    refer,
    removeRecord,
    removeWithDisplay,
    storeVolume,
    tableNode,
    textNode,
    volumeNode,
    writeTable,
)
from AGE2HIEUI.record import readExplanations

if TYPE_CHECKING:
    from AGE2HIELib.result.explanations import Explanations, MapFacts

COMPARISON = "AGE2HIE.comparison"  # the result's references to its comparisons
TARGET = "AGE2HIE.target"
_SCALAR = "vtkMRMLScalarVolumeNode"
_KINDS = ("saliency", "members_agree")  # of the images of every map
_ADC_DIFFERENCE = 1.0  # 1e-6 mm2/s: the same voxels, read twice


def loadComparison(folder: Path, found: Explanations, result: Any) -> Any:
    """Load everything, or nothing: on an error the scene is as it was.

    Args:
        folder: what ``age2hie explain`` has written.
        found: its record, read.
        result: the record of the result that it explains.

    Returns:
        The comparison's record.
    """
    made: list[Any] = []
    words = {"target": targetTitle(found.target)}
    try:
        _checkSameScan(folder, result)
        record = textNode(_("Comparison ({target})").format(**words), folder / "explanations.json", made)
        record.SetAttribute(TARGET, found.target)
        for each in found.maps:
            _loadMap(folder, each, record, result, made)
        agreement = volumeNode(folder / "agreement.nii.gz", _("Agreement of methods"), _SCALAR, made)
        _checkGrid(agreement, "agreement.nii.gz", result)
        refer(record, "agreement", agreement)
        rows = readRows(folder / "evidence.csv")
        refer(record, "evidence", tableNode(rows, _("Evidence by region"), made))
        for node in made:
            if node.IsA(_SCALAR):
                node.SetAndObserveTransformNodeID(part(result, "adc").GetTransformNodeID())
        intoFolder(_("Comparison of explanations ({target})").format(**words), made, folderOf(result))
        result.AddNodeReferenceID(COMPARISON, record.GetID())
    except BaseException:
        for node in reversed(made):
            removeWithDisplay(node)
        raise
    return record


def comparisonsOf(result: Any) -> list[Any]:
    """The records of a result's comparisons that are complete enough to be shown, oldest first."""
    count = result.GetNumberOfNodeReferences(COMPARISON)
    nodes = [result.GetNthNodeReference(COMPARISON, index) for index in range(count)]
    return [node for node in nodes if node is not None]


def removeComparison(record: Any, result: Any) -> None:
    """With its nodes and its folder."""
    for index in reversed(range(result.GetNumberOfNodeReferences(COMPARISON))):
        if result.GetNthNodeReference(COMPARISON, index) is record:
            result.RemoveNthNodeReferenceID(COMPARISON, index)
    removeRecord(record)


def exportComparison(record: Any, folder: Path) -> None:
    """What the scene holds of a comparison as files of the names that ``age2hie explain`` gives them."""
    folder.mkdir(parents=True)
    text = record.GetText()
    (folder / "explanations.json").write_text(text, encoding="utf-8")
    names = {
        f"{kind}.{each.method}": f"{kind}_{each.method}" for each in readExplanations(text).maps for kind in _KINDS
    }
    for role, name in {**names, "agreement": "agreement"}.items():
        node = part(record, role)
        if node is not None:
            storeVolume(node, folder / f"{name}.nii.gz")
    evidence = part(record, "evidence")
    if evidence is not None:
        writeTable(evidence, folder / "evidence.csv")


def targetTitle(target: str) -> str:
    return {"adverse": _("for an adverse outcome"), "favourable": _("for a favourable outcome")}[target]


def standingOf(record: Any, method: str) -> Any:
    """The node of a map's standing; None where it was deleted."""
    return part(record, f"standing.{method}")


def _loadMap(folder: Path, facts: MapFacts, record: Any, result: Any, made: list[Any]) -> None:
    """The map, how far the members agree on it, and its standing."""
    kinds = {"saliency": _("{title}, map"), "members_agree": _("{title}, agreement of members")}
    for kind, name in kinds.items():
        path = folder / f"{kind}_{facts.method}.nii.gz"
        node = volumeNode(path, name.format(title=facts.title), _SCALAR, made)
        _checkGrid(node, path.name, result)
        refer(record, f"{kind}.{facts.method}", node)
    refer(record, f"standing.{facts.method}", _standingNode(record, facts, result, made))


def _standingNode(record: Any, facts: MapFacts, result: Any, made: list[Any]) -> Any:
    """1 minus the share of the positive evidence in the brain that stronger voxels hold, so that maps compare."""
    import numpy as np

    addLibraryToPath()
    from AGE2HIELib.explanation.compare import standing

    saliency = part(record, f"saliency.{facts.method}")
    brain = slicer.util.arrayFromVolume(part(result, "brain_mask")) > 0
    values = standing(np.where(brain, slicer.util.arrayFromVolume(saliency), 0))
    node = addNode(_SCALAR, facts.title, made)
    node.CopyOrientation(saliency)
    slicer.util.updateVolumeFromArray(node, values.astype(np.float32))
    node.CreateDefaultDisplayNodes()
    return node


def _checkGrid(node: Any, name: str, result: Any) -> None:
    if gridOf(node) != gridOf(part(result, "adc")):
        raise UnreadableResult(_("{name} is not on the grid of the result").format(name=name))


def _checkSameScan(folder: Path, result: Any) -> None:
    """Maps of the same file, read with other options, would be shown over an ADC that they were not made from."""
    import numpy as np

    made: list[Any] = []
    try:
        adc = volumeNode(folder / "adc.nii.gz", "adc", _SCALAR, made)
        _checkGrid(adc, "adc.nii.gz", result)
        found, wanted = (slicer.util.arrayFromVolume(node) for node in (adc, part(result, "adc")))
        if not np.allclose(found, wanted, rtol=0, atol=_ADC_DIFFERENCE, equal_nan=True):
            raise UnreadableResult(_("its ADC is not the result's"))
    finally:
        for node in made:
            removeWithDisplay(node)
