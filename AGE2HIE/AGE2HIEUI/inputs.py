"""The scene's nodes as files that ``age2hie`` reads, in a folder of its own."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import vtk

import slicer
from slicer.i18n import tr as _

_INSTANCES = "DICOM.instanceUIDs"
_BIRTH_DATE = "0010,0030"
_SCAN_DATES = ("0008,0022", "0008,0021", "0008,0020")  # acquisition, series, study


@dataclass(frozen=True)
class DiskInput:
    """A DICOM folder or a file that is not in the scene, and the series to read where a folder holds several.

    Kept in memory and never in the scene: its path may name a patient, and the scene is saved and handed on.
    """

    path: str = ""
    series: str = ""

    @property
    def source(self) -> str:
        """What a result in the scene remembers of it: a SHA-256, from which nobody reads a path; empty for none."""
        return hashlib.sha256(f"{self.path}\n{self.series}".encode()).hexdigest() if self.path else ""

    @property
    def title(self) -> str:
        """Tells results of several scans apart in the scene, where a folder's own name may be a patient's."""
        return _("Scan from disk {mark}").format(mark=self.source[:6])


class UnusableNode(Exception):
    """A node that cannot be written for the worker; the text says why and what to do."""


def writeScan(node: Any, folder: Path) -> Path:
    """The input: its DICOM files where it came from DICOM, else the node itself as NRRD."""
    return copyDicom(node, folder / "dicom") or writeVolume(node, folder / "scan.nrrd")


def copyDicom(node: Any, folder: Path) -> Path | None:
    """The files that a node was loaded from, in a new folder; None where it did not come from DICOM."""
    files = dicomFiles(node)
    return _copyFiles(files, folder) if files else None


def writeVolume(node: Any, path: Path) -> Path:
    """As NRRD, with gradients and b-values for a diffusion-weighted node, or, by its name, as NIfTI; a parent transform
    is left out.
    """
    if node.GetImageData() is None or node.GetImageData().GetNumberOfPoints() == 0:
        raise UnusableNode(_("'{name}' holds no image. Choose another volume.").format(name=node.GetName()))
    nrrd = path.suffix == ".nrrd"
    storage = slicer.vtkMRMLNRRDStorageNode() if nrrd else slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node) or not path.is_file():
        raise UnusableNode(
            _("'{name}' cannot be written as a temporary file. Free some disk space.").format(name=node.GetName())
        )
    return path


def writeMask(node: Any, reference: Any, path: Path) -> Path:
    """A mask on the reference's grid: a volume as it is, a segmentation as the union of its visible segments."""
    if not node.IsA("vtkMRMLSegmentationNode"):
        return writeVolume(node, path)
    if reference is None:
        raise UnusableNode(_("A segmentation as brain mask needs an input in the scene, whose grid it is drawn on."))
    export = slicer.vtkSlicerSegmentationsModuleLogic.ExportVisibleSegmentsToLabelmapNode
    written = _writeSegments(lambda labelmap: export(node, labelmap, reference), path)
    if not written:
        raise UnusableNode(_("'{name}' has no visible segment. Show the brain's segment.").format(name=node.GetName()))
    return path


def writeSegments(node: Any, reference: Any, path: Path) -> bool:
    """The union of all segments, seen or hidden, on the reference's grid; False, and no file, where there is none."""
    identifiers = vtk.vtkStringArray()
    node.GetSegmentation().GetSegmentIDs(identifiers)
    if not identifiers.GetNumberOfValues():
        return False
    export = slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode
    return _writeSegments(lambda labelmap: export(node, identifiers, labelmap, reference), path)


def _writeSegments(export: Callable[[Any], bool], path: Path) -> bool:
    """``export`` fills the label map that it is given; the scene is as it was afterwards."""
    before = {each.GetID() for each in slicer.util.getNodesByClass("vtkMRMLNode")}
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    try:
        filled = export(labelmap) and labelmap.GetImageData() is not None
        if filled and labelmap.GetImageData().GetNumberOfPoints():
            writeVolume(labelmap, path)
            return True
        return False
    finally:
        _removeNew(before)


def _removeNew(before: set[str]) -> None:
    """The label map, and the display and colours that Slicer made for it."""
    for each in reversed(slicer.util.getNodesByClass("vtkMRMLNode")):
        if each.GetID() not in before and not each.IsA("vtkMRMLSubjectHierarchyNode"):
            slicer.mrmlScene.RemoveNode(each)


def dicomFiles(node: Any) -> list[str]:
    """The files that a node was loaded from, as Slicer's DICOM database knows them; empty for other nodes."""
    uids = (node.GetAttribute(_INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not uids or database is None:
        return []
    files = [database.fileForInstance(uid) for uid in uids]
    found = [name for name in files if name and Path(name).is_file()]
    return found if len(found) == len(uids) else []


def ageInDays(node: Any) -> float | None:
    """Days from birth to scan by the node's DICOM header, for the user to see; kept nowhere."""
    files = dicomFiles(node) if node is not None else []
    if not files:
        return None
    value = slicer.dicomDatabase.fileValue
    birth = _dicomDate(value(files[0], _BIRTH_DATE))
    scans = [found for tag in _SCAN_DATES if (found := _dicomDate(value(files[0], tag)))]
    if birth is None or not scans or scans[0] < birth:
        return None
    return float((scans[0] - birth).days)


def fingerprint(node: Any) -> str:
    """SHA-256 over voxels and geometry: whether a result still belongs to what the node holds."""
    digest = hashlib.sha256(slicer.util.arrayFromVolume(node).tobytes())
    digest.update(geometryText(node).encode())
    return digest.hexdigest()


def geometryText(node: Any) -> str:
    """To 0.001 mm: a scene that is saved and opened again brings geometry back to rounding."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return " ".join(f"{value + 0.0:.3f}" for value in slicer.util.arrayFromVTKMatrix(matrix).flat)


def _copyFiles(files: list[str], folder: Path) -> Path:
    folder.mkdir()
    for number, name in enumerate(files):
        shutil.copyfile(name, folder / f"{number:05}.dcm")
    return folder


def _dicomDate(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()
    except (ValueError, AttributeError):
        return None
