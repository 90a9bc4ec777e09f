"""Places of a result that are worth a look, and the views that go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import vtk

import slicer

from AGE2HIEUI import findingTexts
from AGE2HIEUI.display import peakOf
from AGE2HIEUI.nodes import part
from AGE2HIEUI.regionTexts import percent, placeName
from AGE2HIEUI.texts import NO_PEAK

if TYPE_CHECKING:
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.region_summary import RegionSummary

_MOST = 5  # regions, where there is no lesion to go to


@dataclass(frozen=True)
class Place:
    """``ras``: a point of the scene in mm; ``words`` say what is there."""

    ras: tuple[float, float, float]
    words: str


def placesOf(record: Any, result: Result, regions: Sequence[RegionSummary]) -> list[Place]:
    """The lesions, largest first; without any the map's strongest place and the regions with the most evidence."""
    adc = part(record, "adc")
    if result.lesion is not None and result.lesion.clusters and adc is not None:
        return [
            Place(
                _inScene(adc, cluster.centre_ras_mm),
                f"{findingTexts.placeText(cluster)}; {findingTexts.adcText(cluster)}",
            )
            for cluster in result.lesion.clusters
        ]
    found = [peakPlace(record)]
    strongest = sorted(regions, key=lambda one: -(one.evidence_share or 0.0))[:_MOST]
    found += [regionPlace(record, one) for one in strongest if one.evidence_share]
    return [place for place in found if place is not None]


def peakPlace(record: Any) -> Place | None:
    """The highest value of the map; None where it is nowhere above zero."""
    import numpy as np

    saliency = part(record, "saliency")
    if saliency is None or peakOf(saliency) <= NO_PEAK:
        return None
    values = slicer.util.arrayFromVolume(saliency)
    k, j, i = (int(index) for index in np.unravel_index(int(values.argmax()), values.shape))
    return Place(_ofVoxel(saliency, (i, j, k)), findingTexts.strongestText())


def regionPlace(record: Any, one: RegionSummary) -> Place | None:
    """The region's voxel that lies nearest to its middle; None where the scan holds none of it."""
    import numpy as np

    labels = part(record, "regions")
    if labels is None:
        return None
    here = np.argwhere(slicer.util.arrayFromVolume(labels) == one.label)
    if not len(here):
        return None
    nearest = here[np.argmin(((here - here.mean(axis=0)) ** 2).sum(axis=1))]
    k, j, i = (int(index) for index in nearest)
    words = placeName(one.region, one.hemisphere)
    if one.evidence_share is not None:
        words += f"; {findingTexts.evidenceText(percent(one.evidence_share))}"
    return Place(_ofVoxel(labels, (i, j, k)), words)


def showPlace(place: Place) -> None:
    """All slice views go through it, and show it in their middle where they are zoomed in."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        node.JumpSliceByOffsetting(*place.ras)


def _ofVoxel(volume: Any, ijk: tuple[int, int, int]) -> tuple[float, float, float]:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return _inScene(volume, matrix.MultiplyPoint((*map(float, ijk), 1.0))[:3])


def _inScene(volume: Any, ras: Sequence[float]) -> tuple[float, float, float]:
    """From the volume's own RAS to the scene's: the scan may have a parent transform."""
    parent = volume.GetParentTransformNode()
    point = [0.0, 0.0, 0.0]
    if parent is None:
        point = list(ras)
    else:
        toWorld = vtk.vtkGeneralTransform()
        parent.GetTransformToWorld(toWorld)
        toWorld.TransformPoint(list(ras), point)
    return float(point[0]), float(point[1]), float(point[2])
