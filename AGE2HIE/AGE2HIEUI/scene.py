"""An output folder as nodes: a subject-hierarchy folder that holds volumes, tables, chart, record and report.

A result is found again by its record, a text node that refers to all the others and to the input. Node references are
saved with the scene and follow nodes that get new identifiers, so a result survives an .mrb.
"""

from __future__ import annotations

import csv
from pathlib import Path

import vtk

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.colours import COLOURS
from AGE2HIEUI.inputs import geometryText
from AGE2HIEUI.outline import fillOutline
from AGE2HIEUI.record import Result

RECORD_MARK = "AGE2HIE.record"
FINGERPRINT = "AGE2HIE.fingerprint"
INPUT_PATH = "AGE2HIE.inputPath"
INPUT = "AGE2HIE.input"
VOLUMES = {
    "adc": "vtkMRMLScalarVolumeNode",
    "z_adc": "vtkMRMLScalarVolumeNode",
    "saliency": "vtkMRMLScalarVolumeNode",
    "brain_mask": "vtkMRMLLabelMapVolumeNode",
    "regions": "vtkMRMLLabelMapVolumeNode",
}
_OTHERS = (
    "outline",
    "chart",
    "member_series",
    "interval_low_series",
    "interval_high_series",
    "member_table",
    "region_table",
    "report",
)


class UnreadableResult(Exception):
    """A file of an output folder that cannot be loaded; the text names it."""


def loadResult(folder: Path, result: Result, title: str, input_):
    """Load everything, or nothing: on an error the scene is as it was.

    Args:
        folder: an output folder of ``age2hie predict`` with a probability.
        result: its record, read.
        title: what the user calls the input.
        input_: the input's node, whose parent transform the volumes get; None for an input that is not in the scene.

    Returns:
        The record's node.
    """
    made: list = []
    try:
        record = _textNode(_("{title} result").format(title=title), folder / "result.json", made)
        record.SetAttribute(RECORD_MARK, "1")
        for role, nodeClass in VOLUMES.items():
            _refer(record, role, _volume(folder / f"{role}.nii.gz", f"{title} {role}", nodeClass, made))
        _checkOneGrid(record)
        rows = _readRegions(folder / "regions.csv")
        outline = _add("vtkMRMLLabelMapVolumeNode", _("{title} outline").format(title=title), made)
        fillOutline(outline, part(record, "regions"), {int(row["label"]): row["region"] for row in rows})
        _refer(record, "outline", outline)
        _refer(record, "region_table", _regionTable(rows, _("{title} regions").format(title=title), made))
        _addChart(record, result, title, made)
        _refer(record, "report", _textNode(_("{title} report").format(title=title), folder / "report.html", made))
        for role in (*VOLUMES, "outline") if input_ is not None else ():
            part(record, role).SetAndObserveTransformNodeID(input_.GetTransformNodeID())
        if input_ is not None:
            record.SetNodeReferenceID(INPUT, input_.GetID())
        _intoFolder(title, made)
    except BaseException:
        for node in reversed(made):
            _removeWithDisplay(node)
        raise
    return record


def results() -> list:
    """The records of all results in the scene, oldest first."""
    nodes = slicer.util.getNodesByClass("vtkMRMLTextNode")
    return [node for node in nodes if node.GetAttribute(RECORD_MARK)]


def part(record, role: str):
    """A node of a result: a key of ``VOLUMES`` or one of ``_OTHERS``; None where it was deleted."""
    return record.GetNodeReference(f"AGE2HIE.{role}")


def removeResult(record) -> None:
    """The nodes of a result and its folder; a node that the user has taken elsewhere goes as well."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(record))
    for node in [*(part(record, role) for role in (*VOLUMES, *_OTHERS)), record]:
        if node is not None:
            _removeWithDisplay(node)
    if folder and not hierarchy.GetNumberOfItemChildren(folder) and folder != hierarchy.GetSceneItemID():
        hierarchy.RemoveItem(folder)


def _removeWithDisplay(node) -> None:
    """A node with what shows and stores it, which the scene would keep; colours that ship with Slicer stay."""
    own = []
    if node.IsA("vtkMRMLDisplayableNode"):
        own = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
        own.append(node.GetNodeReference(COLOURS))
    if node.IsA("vtkMRMLStorableNode"):
        own.append(node.GetStorageNode())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    for each in (node, *own):
        if each is None or not slicer.mrmlScene.IsNodePresent(each):
            continue
        item = hierarchy.GetItemByDataNode(each)
        if item:
            hierarchy.RemoveItem(item, False, False)
        slicer.mrmlScene.RemoveNode(each)


def exportResult(record, folder: Path) -> None:
    """What the scene holds of a result as files of the names that ``age2hie predict`` gives them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(record.GetText(), encoding="utf-8")
    report, table = part(record, "report"), part(record, "region_table")
    if report is not None:
        (folder / "report.html").write_text(report.GetText(), encoding="utf-8")
    if table is not None:
        _writeTable(table, folder / "regions.csv")
    for role in VOLUMES:
        node = part(record, role)
        if node is not None:
            storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
            storage.SetFileName(str(folder / f"{role}.nii.gz"))
            if not storage.WriteData(node):
                raise OSError(_("{name} cannot be written").format(name=f"{role}.nii.gz"))


def _add(nodeClass: str, name: str, made: list):
    node = slicer.mrmlScene.AddNewNodeByClass(nodeClass, name)
    made.append(node)
    return node


def _volume(path: Path, name: str, nodeClass: str, made: list):
    node = _add(nodeClass, name, made)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    if not path.is_file() or not storage.ReadData(node) or node.GetImageData() is None:
        raise UnreadableResult(path.name)
    node.SetName(name)  # reading may have named it after the file
    node.CreateDefaultDisplayNodes()
    return node


def _checkOneGrid(record) -> None:
    """A map on another grid than the ADC's would be shown where it does not belong."""
    wanted = _gridOf(part(record, "adc"))
    for role in VOLUMES:
        if _gridOf(part(record, role)) != wanted:
            raise UnreadableResult(_("{name} is not on the grid of adc.nii.gz").format(name=f"{role}.nii.gz"))


def _gridOf(volume) -> tuple:
    return volume.GetImageData().GetDimensions(), geometryText(volume)


def _textNode(name: str, path: Path, made: list):
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableResult(path.name) from error
    node = _add("vtkMRMLTextNode", name, made)
    node.SetText(text)
    node.SetForceCreateStorageNode(True)  # saved as a file: a report of a megabyte has no place in an XML attribute
    return node


def _readRegions(path: Path) -> list[dict[str, str]]:
    """The rows of regions.csv, each with a name, a label and every column of the header."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        if not rows or any(None in row or None in row.values() for row in rows):
            raise ValueError
        for row in rows:
            int(row["label"]), row["region"]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise UnreadableResult(path.name) from error
    return rows


def _regionTable(rows: list[dict[str, str]], name: str, made: list):
    node = _add("vtkMRMLTableNode", name, made)
    for column in rows[0]:
        values = [row[column] for row in rows]
        numbers = all(_isNumber(value) for value in values)
        array = vtk.vtkDoubleArray() if numbers else vtk.vtkStringArray()
        array.SetName(column)
        for value in values:
            array.InsertNextValue(float(value or "nan") if numbers else value)
        node.AddColumn(array)
    node.SetLocked(True)
    return node


def _isNumber(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def _writeTable(node, path: Path) -> None:
    table = node.GetTable()
    columns = range(table.GetNumberOfColumns())
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([table.GetColumnName(column) for column in columns])
        for row in range(table.GetNumberOfRows()):
            values = [table.GetValue(row, column).ToString() for column in columns]
            writer.writerow(["" if value == "nan" else value for value in values])


def _addChart(record, result: Result, title: str, made: list) -> None:
    """Each member's score, and the interval as a band of two lines."""
    names = (_("member"), _("score"), _("low"), _("high"))
    low, high = result.interval
    table = _add("vtkMRMLTableNode", _("{title} members").format(title=title), made)
    rows = [(index + 1.0, score, low, high) for index, score in enumerate(result.members)]
    for column, name in enumerate(names):
        array = vtk.vtkDoubleArray()
        array.SetName(name)
        for row in rows:
            array.InsertNextValue(row[column])
        table.AddColumn(array)
    chart = _add("vtkMRMLPlotChartNode", _("{title} chart").format(title=title), made)
    for role, name in zip(("member_series", "interval_low_series", "interval_high_series"), names[1:], strict=True):
        series = _series(table, names[0], name, made, points=role == "member_series")
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
        _refer(record, role, series)
    chart.SetTitle(_("Score of each member, and the 90 % interval"))
    chart.SetXAxisTitle(names[0])
    chart.SetYAxisTitle(names[1])
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 1.0)
    _refer(record, "member_table", table)
    _refer(record, "chart", chart)


def _series(table, x: str, y: str, made: list, *, points: bool):
    series = _add("vtkMRMLPlotSeriesNode", y, made)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeScatter)
    series.SetXColumnName(x)
    series.SetYColumnName(y)
    series.SetMarkerStyle(series.MarkerStyleCircle if points else series.MarkerStyleNone)
    series.SetLineStyle(series.LineStyleNone if points else series.LineStyleDash)
    series.SetColor(*((0.80, 0.30, 0.10) if points else (0.45, 0.45, 0.50)))
    return series


def _refer(record, role: str, node) -> None:
    record.SetNodeReferenceID(f"AGE2HIE.{role}", node.GetID())


def _intoFolder(title: str, nodes: list) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), _("AGE2HIE: {title}").format(title=title))
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item:  # in the application every node has one by now
            hierarchy.SetItemParent(item, folder)
        else:
            hierarchy.CreateItem(folder, node)
