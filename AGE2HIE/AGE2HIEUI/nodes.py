"""Files as nodes of the scene, and nodes taken out of it with all that belongs to them."""

from __future__ import annotations

import base64
import csv
from pathlib import Path
from typing import Any

import vtk

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.colours import COLOURS
from AGE2HIEUI.inputs import geometryText

_OURS = "AGE2HIE."  # what a record's references to its own nodes begin with


class UnreadableResult(Exception):
    """A file of an output folder that cannot be loaded; the text names it."""


def addNode(nodeClass: str, name: str, made: list[Any]) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass(nodeClass, name)
    made.append(node)
    return node


def volumeNode(path: Path, name: str, nodeClass: str, made: list[Any]) -> Any:
    node = addNode(nodeClass, name, made)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    if not path.is_file() or not storage.ReadData(node) or node.GetImageData() is None:
        raise UnreadableResult(path.name)
    node.SetName(name)  # reading may have named it after the file
    node.CreateDefaultDisplayNodes()
    return node


def storeVolume(node: Any, path: Path) -> None:
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise OSError(_("{name} cannot be written").format(name=path.name))


def gridOf(volume: Any) -> tuple[Any, ...]:
    return volume.GetImageData().GetDimensions(), geometryText(volume)


def textNode(name: str, path: Path, made: list[Any]) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableResult(path.name) from error
    node = addNode("vtkMRMLTextNode", name, made)
    node.SetText(text)
    node.SetForceCreateStorageNode(True)  # saved as a file: a report of a megabyte has no place in an XML attribute
    return node


def bytesNode(name: str, content: bytes, made: list[Any]) -> Any:
    """A file that no node of Slicer holds as it is, kept as base64 in a text node."""
    node = addNode("vtkMRMLTextNode", name, made)
    node.SetText(base64.b64encode(content).decode("ascii"))
    node.SetForceCreateStorageNode(True)
    return node


def bytesOf(node: Any) -> bytes:
    """What ``bytesNode`` has kept. Raises ValueError where somebody has edited it."""
    return base64.b64decode(node.GetText(), validate=True)


def readRows(path: Path) -> list[dict[str, str]]:
    """The rows of a table by region, each with a name, a label and every column of the header."""
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


def tableNode(rows: list[dict[str, str]], name: str, made: list[Any]) -> Any:
    node = addNode("vtkMRMLTableNode", name, made)
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


def tableRows(node: Any) -> list[dict[str, str]]:
    """The rows of a table node as a CSV file has them; empty cells for what is not known."""
    table = node.GetTable()
    names = [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())]
    rows = []
    for row in range(table.GetNumberOfRows()):
        values = [table.GetValue(row, column).ToString() for column in range(len(names))]
        rows.append({name: "" if value == "nan" else value for name, value in zip(names, values, strict=True)})
    return rows


def writeTable(node: Any, path: Path) -> None:
    table = node.GetTable()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())])
        writer.writeheader()
        writer.writerows(tableRows(node))


def removeWithDisplay(node: Any) -> None:
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


def refer(record: Any, role: str, node: Any) -> None:
    record.SetNodeReferenceID(_OURS + role, node.GetID())


def part(record: Any, role: str) -> Any:
    """A node that belongs to a record; None where it was deleted."""
    return record.GetNodeReference(_OURS + role)


def removeRecord(record: Any, keep: tuple[str, ...] = ()) -> None:
    """A record with all nodes that it refers to, their own records among them, and the folder that is empty then.

    Args:
        keep: references to what is not its own.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(record))
    roles = [record.GetNthNodeReferenceRole(index) for index in range(record.GetNumberOfNodeReferenceRoles())]
    for role in roles:
        if not role.startswith(_OURS) or role in keep:
            continue
        count = record.GetNumberOfNodeReferences(role)
        for node in [record.GetNthNodeReference(role, index) for index in range(count)]:
            if node is None:
                continue
            if node.IsA("vtkMRMLTextNode"):
                removeRecord(node)
            else:
                removeWithDisplay(node)
    removeWithDisplay(record)
    if folder and not hierarchy.GetNumberOfItemChildren(folder) and folder != hierarchy.GetSceneItemID():
        hierarchy.RemoveItem(folder)


def folderOf(node: Any) -> int:
    """The subject-hierarchy item in which a node lies."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return int(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))


def intoFolder(name: str, nodes: list[Any], parent: int | None = None) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID() if parent is None else parent, name)
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item:  # in the application every node has one by now
            hierarchy.SetItemParent(item, folder)
        else:
            hierarchy.CreateItem(folder, node)
