"""An output folder as nodes: a subject-hierarchy folder that holds volumes, tables, chart, record and report.

A result is found again by its record, a text node that refers to all the others and to the input. Node references are
saved with the scene and follow nodes that get new identifiers, so a result survives an .mrb.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import vtk

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.chosenInput import InputKey
from AGE2HIEUI.inputs import DiskInput
from AGE2HIEUI.lesion import LESION, exportLesion, loadLesion
from AGE2HIEUI.nodes import (
    UnreadableResult,
    addNode,
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
from AGE2HIEUI.outline import fillOutline

if TYPE_CHECKING:
    from AGE2HIELib.result.record import Result

RECORD_MARK = "AGE2HIE.record"
FINGERPRINT = "AGE2HIE.fingerprint"
SOURCE = "AGE2HIE.source"  # of a scan on disk, without its path
_PATH = "AGE2HIE.inputPath"  # of earlier versions: path and series
INPUT = "AGE2HIE.input"  # the one reference of a result to a node that is not its own
VOLUMES = {
    "adc": "vtkMRMLScalarVolumeNode",
    "z_adc": "vtkMRMLScalarVolumeNode",
    "saliency": "vtkMRMLScalarVolumeNode",
    "brain_mask": "vtkMRMLLabelMapVolumeNode",
    "regions": "vtkMRMLLabelMapVolumeNode",
}


def loadResult(folder: Path, result: Result, title: str, input_: Any) -> Any:
    """Load everything, or nothing: on an error the scene is as it was.

    Args:
        folder: an output folder of ``age2hie predict`` with a probability.
        result: its record, read.
        title: what the user calls the input.
        input_: the input's node, whose parent transform the volumes get; None for an input that is not in the scene.

    Returns:
        The record's node.
    """
    made: list[Any] = []
    try:
        record = textNode(_("{title} result").format(title=title), folder / "result.json", made)
        record.SetAttribute(RECORD_MARK, "1")
        for role, nodeClass in VOLUMES.items():
            refer(record, role, volumeNode(folder / f"{role}.nii.gz", f"{title} {role}", nodeClass, made))
        _checkOneGrid(record)
        rows = readRows(folder / "regions.csv")
        outline = addNode("vtkMRMLLabelMapVolumeNode", _("{title} outline").format(title=title), made)
        fillOutline(outline, part(record, "regions"), {int(row["label"]): row["region"] for row in rows})
        refer(record, "outline", outline)
        refer(record, "region_table", tableNode(rows, _("{title} regions").format(title=title), made))
        _addChart(record, result, title, made)
        page = folder / "report.html"
        if page.is_file():  # an extra: a result stands without it
            refer(record, "report", textNode(_("{title} report").format(title=title), page, made))
        loadLesion(folder, record, title, made)
        moved = (*VOLUMES, "outline", LESION) if input_ is not None else ()
        for role in (role for role in moved if part(record, role) is not None):
            part(record, role).SetAndObserveTransformNodeID(input_.GetTransformNodeID())
        if input_ is not None:
            record.SetNodeReferenceID(INPUT, input_.GetID())
        intoFolder(_("AGE2HIE: {title}").format(title=title), made)
    except BaseException:
        for node in reversed(made):
            removeWithDisplay(node)
        raise
    return record


def results() -> list[Any]:
    """The records of all results in the scene, oldest first."""
    nodes = slicer.util.getNodesByClass("vtkMRMLTextNode")
    return [node for node in nodes if node.GetAttribute(RECORD_MARK)]


def resultOf(key: InputKey) -> Any:
    """The newest result of exactly this input; None where there is none, or where the input was changed since."""
    for record in reversed(results()):
        node = record.GetNodeReference(INPUT)
        same = record.GetAttribute(SOURCE) == key.source if key.path else key.node is not None
        if same and node == key.node and (record.GetAttribute(FINGERPRINT) or "") == key.fingerprint:
            return record
    return None


def removeResult(record: Any) -> None:
    """The nodes of a result, its comparisons and its folder; a node that the user has taken elsewhere goes as well."""
    removeRecord(record, keep=(INPUT,))


def forgetPaths(parameterNode: Any) -> None:
    """Earlier versions kept in the scene where a scan lies on the disk: what is saved again holds no path."""
    for name in ("inputPath", "series"):
        if parameterNode.HasParameter(name):
            parameterNode.UnsetParameter(name)
    for record in results():
        path, _line, series = (record.GetAttribute(_PATH) or "").partition("\n")
        if path:
            record.SetAttribute(SOURCE, DiskInput(path, series).source)
        record.RemoveAttribute(_PATH)


def exportResult(record: Any, folder: Path) -> None:
    """What the scene holds of a result as files of the names that ``age2hie predict`` gives them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(record.GetText(), encoding="utf-8")
    report, table = part(record, "report"), part(record, "region_table")
    if report is not None:
        (folder / "report.html").write_text(report.GetText(), encoding="utf-8")
    if table is not None:
        writeTable(table, folder / "regions.csv")
    for role in VOLUMES:
        node = part(record, role)
        if node is not None:
            storeVolume(node, folder / f"{role}.nii.gz")
    exportLesion(record, folder)


def _checkOneGrid(record: Any) -> None:
    """A map on another grid than the ADC's would be shown where it does not belong."""
    wanted = gridOf(part(record, "adc"))
    for role in VOLUMES:
        if gridOf(part(record, role)) != wanted:
            raise UnreadableResult(_("{name} is not on the grid of adc.nii.gz").format(name=f"{role}.nii.gz"))


def _addChart(record: Any, result: Result, title: str, made: list[Any]) -> None:
    """Each member's score, and the interval as a band of two lines."""
    names = (_("member"), _("score"), _("low"), _("high"))
    assert result.interval is not None  # of a prediction, which is all that a chart shows
    low, high = result.interval
    table = addNode("vtkMRMLTableNode", _("{title} members").format(title=title), made)
    rows = [(index + 1.0, score, low, high) for index, score in enumerate(result.members)]
    for column, name in enumerate(names):
        array = vtk.vtkDoubleArray()
        array.SetName(name)
        for row in rows:
            array.InsertNextValue(row[column])
        table.AddColumn(array)
    chart = addNode("vtkMRMLPlotChartNode", _("{title} chart").format(title=title), made)
    for role, name in zip(("member_series", "interval_low_series", "interval_high_series"), names[1:], strict=True):
        series = _series(table, names[0], name, made, points=role == "member_series")
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
        refer(record, role, series)
    chart.SetTitle(_("Score of each member, and the 90 % interval"))
    chart.SetXAxisTitle(names[0])
    chart.SetYAxisTitle(names[1])
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 1.0)
    refer(record, "member_table", table)
    refer(record, "chart", chart)


def _series(table: Any, x: str, y: str, made: list[Any], *, points: bool) -> Any:
    series = addNode("vtkMRMLPlotSeriesNode", y, made)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeScatter)
    series.SetXColumnName(x)
    series.SetYColumnName(y)
    series.SetMarkerStyle(series.MarkerStyleCircle if points else series.MarkerStyleNone)
    series.SetLineStyle(series.LineStyleNone if points else series.LineStyleDash)
    series.SetColor(*((0.80, 0.30, 0.10) if points else (0.45, 0.45, 0.50)))
    return series
