"""The lesion of a result as a segmentation that the user may correct, and what is needed to measure it again."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.inputs import writeSegments
from AGE2HIEUI.nodes import (
    UnreadableResult,
    addNode,
    bytesNode,
    bytesOf,
    gridOf,
    part,
    refer,
    removeWithDisplay,
    storeVolume,
    volumeNode,
)

LESION = "lesion"  # the segmentation
COMPUTED = "lesion.computed"  # lesion.nii.gz as the worker has made it
PLACEMENT = "placement"  # placement.h5, without which no other lesion can be measured
CORRECTION = "correction"  # what a corrected lesion amounts to, as JSON
_FILE, _PLACEMENT_FILE = "lesion.nii.gz", "placement.h5"
_LABELMAP = "Binary labelmap"  # Slicer's name of what a segment is drawn in
_SEGMENT = "lesion"  # its identifier
_COLOUR = (0.95, 0.25, 0.45)
_MAPS = ("adc", "brain_mask", "z_adc")  # that a lesion is measured on


def loadLesion(folder: Path, record: Any, title: str, made: list[Any]) -> None:
    """Nothing happens where the folder holds none, as those of earlier versions."""
    if not (folder / _FILE).is_file():
        return
    refer(record, COMPUTED, bytesNode(_("{title} computed lesion").format(title=title), _read(folder / _FILE), made))
    if (folder / _PLACEMENT_FILE).is_file():
        content = _read(folder / _PLACEMENT_FILE)
        refer(record, PLACEMENT, bytesNode(_("{title} placement").format(title=title), content, made))
    segmentation = addNode("vtkMRMLSegmentationNode", _("{title} lesion").format(title=title), made)
    refer(record, LESION, segmentation)
    segmentation.CreateDefaultDisplayNodes()
    _fill(segmentation, folder / _FILE, part(record, "adc"))


def restoreComputed(record: Any) -> None:
    """Take back what the user has drawn. Raises UnreadableResult where the scene does not hold the computed lesion."""
    segmentation, computed = part(record, LESION), part(record, COMPUTED)
    if segmentation is None or computed is None:
        raise UnreadableResult(_FILE)
    with tempfile.TemporaryDirectory(prefix="age2hie-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / _FILE
        try:
            path.write_bytes(bytesOf(computed))
        except ValueError as error:
            raise UnreadableResult(_FILE) from error
        _fill(segmentation, path, part(record, "adc"))


def lesionMark(record: Any) -> str:
    """SHA-256 of the voxels of all segments on the scan's grid; empty where there is none."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="age2hie-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "lesion.nrrd"
        if not writeSegments(part(record, LESION), part(record, "adc"), path):
            return ""
        made: list[Any] = []
        try:
            values = slicer.util.arrayFromVolume(volumeNode(path, "lesion", "vtkMRMLLabelMapVolumeNode", made)) > 0
            return hashlib.sha256(np.packbits(values).tobytes()).hexdigest() if values.any() else ""
        finally:
            _remove(made)


def canBeMeasured(record: Any) -> bool:
    """Whether the scene still holds everything that a lesion is measured on."""
    return all(part(record, role) is not None for role in (*_MAPS, LESION, PLACEMENT))


def writeForMeasuring(record: Any, folder: Path) -> Path:
    """What ``age2hie lesion`` reads, in an existing folder; the file of the corrected lesion. Raises OSError."""
    result = folder / "result"
    result.mkdir()
    (result / "result.json").write_text(record.GetText(), encoding="utf-8")
    for role in _MAPS:
        storeVolume(part(record, role), result / f"{role}.nii.gz")
    try:
        (result / _PLACEMENT_FILE).write_bytes(bytesOf(part(record, PLACEMENT)))
    except ValueError as error:
        raise OSError(_("The placement in the scene cannot be read.")) from error
    corrected = folder / "lesion.nrrd"
    if not writeSegments(part(record, LESION), part(record, "adc"), corrected):
        raise OSError(_("The lesion has no segment."))
    return corrected


def exportLesion(record: Any, folder: Path) -> None:
    """As the user has left it; with its measures where it was corrected."""
    segmentation, placement, correction = (part(record, role) for role in (LESION, PLACEMENT, CORRECTION))
    if segmentation is not None:
        writeSegments(segmentation, part(record, "adc"), folder / _FILE)
    if placement is not None:
        (folder / _PLACEMENT_FILE).write_bytes(bytesOf(placement))
    if correction is not None:
        (folder / "correction.json").write_text(correction.GetText(), encoding="utf-8")


def _fill(segmentation: Any, path: Path, reference: Any) -> None:
    """One segment, empty where the file's mask is."""
    made: list[Any] = []
    try:
        labelmap = volumeNode(path, "lesion", "vtkMRMLLabelMapVolumeNode", made)
        if gridOf(labelmap) != gridOf(reference):
            raise UnreadableResult(_("{name} is not on the grid of adc.nii.gz").format(name=_FILE))
        segments = segmentation.GetSegmentation()
        segments.RemoveAllSegments()
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(reference)
        if slicer.util.arrayFromVolume(labelmap).any():
            slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, segmentation)
        if not segments.GetNumberOfSegments():  # nothing was found; the user may draw what was missed
            nothing = slicer.vtkSegment()
            nothing.AddRepresentation(_LABELMAP, slicer.vtkOrientedImageData())
            segments.AddSegment(nothing, _SEGMENT)
        segment = segments.GetNthSegment(0)
        segment.SetName(_("Lesion"))
        segment.SetColor(*_COLOUR)
    finally:
        _remove(made)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableResult(path.name) from error


def _remove(made: list[Any]) -> None:
    for node in reversed(made):
        removeWithDisplay(node)
