"""What segmentations and parametric maps have in common: whose they are, where they lie, and what they come from."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from highdicom import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence
from pydicom import DataElement, Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import MRImageStorage

from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.coding import MANUFACTURER, MODEL_NAME, coded
from AGE2HIELib.report.hospital.planes import Planes, SourceImage
from AGE2HIELib.report.hospital.stamp import Stamp
from AGE2HIELib.result.record import Result

_OF_IMAGE = ("NumberOfFrames", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


@dataclass(frozen=True)
class Study:
    """Where the objects of one result belong.

    Attributes:
        record: what they tell.
        reference: patient, study and frame of reference, as an image of the scan has them.
        planes: the scan's slices.
        stamp: UIDs and dates.
        letters: the character set that holds all that is written.
        synthetic_atlas: whether no child was scanned for the atlas.
    """

    record: Result
    reference: Dataset
    planes: Planes
    stamp: Stamp
    letters: Any
    synthetic_atlas: bool


def reference_image(header: Dataset, planes: Planes, stamp: Stamp) -> Dataset:
    """A stand-in for an image of the scan that highdicom takes whatever the scan's own headers lack.

    Args:
        header: of the scan's first file, valid DICOM.
    """
    found = deepcopy(header)
    for keyword in _OF_IMAGE:
        if keyword in found:
            del found[keyword]
    found.SOPClassUID = MRImageStorage
    if not found.get("FrameOfReferenceUID"):  # the same for all objects, so that they lie on each other at least
        found.FrameOfReferenceUID = stamp.uid("frame of reference")
    columns, rows, _slices = planes.grid.shape
    found.Rows, found.Columns = rows, columns
    found.ImageOrientationPatient = [round(cosine, 10) for cosine in planes.orientation]
    found.ImagePositionPatient = [round(mm, 6) for mm in planes.positions[0]]
    found.SliceThickness = round(float(planes.grid.spacing_mm[2]), 6)
    found.PixelSpacing = [round(float(mm), 6) for mm in planes.grid.spacing_mm[1::-1]]
    return found


def common_arguments(study: Study, name: str, series_number: int, description: str) -> dict[str, Any]:
    """Of highdicom's constructors.

    Args:
        name: of the object, from which its UIDs follow.
        description: of the series, for people.
    """
    planes = study.planes
    between_rows, between_columns, between_slices = (float(planes.grid.spacing_mm[axis]) for axis in (1, 0, 2))
    return {
        "source_images": [study.reference],
        "series_instance_uid": study.stamp.uid("series", name),
        "series_number": series_number,
        "series_description": description,
        "sop_instance_uid": study.stamp.uid("instance", name),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": __version__,
        "device_serial_number": __version__,
        "specific_character_set": study.letters,
        "plane_orientation": PlaneOrientationSequence("PATIENT", planes.orientation),
        "plane_positions": [PlanePositionSequence("PATIENT", position) for position in planes.positions],
        "pixel_measures": PixelMeasuresSequence((between_rows, between_columns), between_slices, between_slices),
    }


def finish(image: Dataset, study: Study, derivation: Any, *, comments: str) -> None:
    """Put in what the objects come from, times and statements.

    Args:
        derivation: code of how each frame was made from the scan's.
        comments: for people; what an archive shows beside the image.
    """
    series: dict[str, dict[str, str]] = defaultdict(dict)
    kinds: dict[SourceImage, Dataset] = {}
    for group in image.PerFrameFunctionalGroupsSequence:
        level = study.planes.level_at(group.PlanePositionSequence[0].ImagePositionPatient)
        source = study.planes.source(level)
        group.DerivationImageSequence = []
        if source is None:
            continue
        series[source.series][source.sop_instance] = source.sop_class
        if source not in kinds:
            kinds[source] = _derived(source, derivation, placed=study.planes.sources[level] is not None)
        group.DerivationImageSequence = [kinds[source]]
    image.ReferencedSeriesSequence = [_referenced(uid, images) for uid, images in series.items()]
    del image.SourceImageSequence
    if not series:
        del image.ReferencedSeriesSequence
    image.ContentCreatorName = ""  # type 2: nobody drew it
    image.BodyPartExamined = "BRAIN"
    image.ImageComments = comments
    study.stamp.put_on(image)


def _derived(source: SourceImage, derivation: Any, *, placed: bool) -> Dataset:
    image = Dataset()
    image.add(DataElement(0x00081150, "UI", source.sop_class))
    image.add(DataElement(0x00081155, "UI", source.sop_instance))
    if source.frame is not None:
        image.ReferencedFrameNumber = source.frame
    image.SpatialLocationsPreserved = "YES" if placed else "NO"
    image.PurposeOfReferenceCodeSequence = [coded(codes.DCM.SourceImageForImageProcessingOperation)]
    item = Dataset()
    item.DerivationCodeSequence = [coded(derivation)]
    item.SourceImageSequence = [image]
    return item


def _referenced(series: str, images: dict[str, str]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = series
    item.ReferencedInstanceSequence = []
    for instance, sop_class in images.items():
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = sop_class, instance
        item.ReferencedInstanceSequence.append(image)
    return item
