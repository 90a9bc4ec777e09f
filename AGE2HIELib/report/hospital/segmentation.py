"""Segmentation objects: the lesion, and the atlas's regions as they were placed on the scan."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from AGE2HIELib.preprocess.atlas import Region
from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.anatomy import Anatomy, anatomy_of
from AGE2HIELib.report.hospital.coding import FROM_DIFFUSION, LESION, SIDES, coded, described, statement
from AGE2HIELib.report.hospital.multiframe import Study, common_arguments, finish
from AGE2HIELib.report.overlay import LESION_LINE
from AGE2HIELib.result.findings import Lesion
from AGE2HIELib.volume import Volume

LESION_NAME, REGIONS_NAME = "segmentation-lesion", "segmentation-regions"
LESION_TRACKING = "AGE2HIE lesion"
_LESION_SERIES, _REGIONS_SERIES = 9503, 9504
_LONGEST = 64  # signs of a label
_GOLDEN = 0.618034  # of the colour wheel, between the colours of neighbouring regions


def lesion_segmentation(study: Study, volume: Volume, lesion: Lesion) -> Segmentation | None:
    """One segment; None where no voxel is lesion, which the report says in ml.

    Args:
        volume: bool, on the scan's grid.
    """
    pixels = study.planes.ordered(volume).astype(np.uint8)
    if not pixels.any():
        return None
    side = SIDES.get(lesion.side)
    segment = SegmentDescription(
        1,
        "Lesion",
        codes.SCT.MorphologicallyAbnormalStructure,
        coded(LESION),
        "AUTOMATIC",
        AlgorithmIdentificationSequence(f"age2hie lesion: {lesion.method}", codes.DCM.ClusterAnalysis, __version__),
        tracking_uid=study.stamp.uid("tracking", "lesion"),
        tracking_id=LESION_TRACKING,
        anatomic_regions=[codes.SCT.Brain],
        display_color=CIELabColor.from_rgb(*LESION_LINE),
    )
    _mark_side(segment, side)
    words = f"{statement(study.record, of_model=False)} {FROM_DIFFUSION} Lesion: {lesion.meaning}."
    about = ("lesion", "LESION", FROM_DIFFUSION)
    return _segmentation(study, LESION_NAME, _LESION_SERIES, about, pixels, [segment], words)


def region_segmentation(study: Study, volume: Volume, regions: Sequence[Region]) -> Segmentation | None:
    """A segment for each region that lies in the scan; None where none does.

    Args:
        volume: labels on the scan's grid, the values of ``regions``.
    """
    labels = study.planes.ordered(volume).astype(np.int64)
    there = [region for region in regions if (labels == region.value).any()]
    if not there:
        return None
    pixels = np.zeros(labels.shape, np.uint8 if len(there) < 256 else np.uint16)
    for number, region in enumerate(there, 1):
        pixels[labels == region.value] = number
    segments = [_region_segment(study, number, region) for number, region in enumerate(there, 1)]
    about = ("regions", "REGIONS", "Regions of an atlas, placed on the scan by registration.")
    words = statement(study.record, of_model=False)
    return _segmentation(study, REGIONS_NAME, _REGIONS_SERIES, about, pixels, segments, words)


def _segmentation(
    study: Study,
    name: str,
    series_number: int,
    about: tuple[str, str, str],
    pixels: np.ndarray,
    segments: list[SegmentDescription],
    words: str,
) -> Segmentation:
    what, label, description = about
    image = Segmentation(
        pixel_array=pixels,
        segmentation_type="BINARY",  # what every reader of segmentations knows
        segment_descriptions=segments,
        content_label=label,
        content_description=description,
        **common_arguments(study, name, series_number, described(what, demonstration=study.synthetic_atlas)),
    )
    finish(image, study, codes.DCM.Segmentation, comments=words)
    return image


def _region_segment(study: Study, number: int, region: Region) -> SegmentDescription:
    anatomy = anatomy_of(region.name)
    side = SIDES.get(region.hemisphere)
    segment = SegmentDescription(
        number,
        f"{region.hemisphere} {region.name}"[:_LONGEST] if side is not None else region.name[:_LONGEST],
        anatomy.category,
        coded(anatomy.structure),
        "AUTOMATIC",
        AlgorithmIdentificationSequence(
            f"age2hie placement of the atlas {study.record.atlas.name}"[:_LONGEST],
            codes.DCM.DeformableModels,
            __version__,
        ),
        tracking_uid=study.stamp.uid("tracking", "region", region.value),
        tracking_id=f"AGE2HIE region {region.value}",
        display_color=CIELabColor.from_rgb(*_colour(region)),
    )
    _place(segment, anatomy, side)
    return segment


def _place(segment: SegmentDescription, anatomy: Anatomy, side: CodedConcept | None) -> None:
    """The part of the brain that a region lies in, and the side of the patient."""
    if anatomy.part is not None:
        part = coded(anatomy.part)
        if side is not None:
            part.AnatomicRegionModifierSequence = [coded(side)]
        segment.AnatomicRegionSequence = [part]
    _mark_side(segment, side)


def _mark_side(segment: SegmentDescription, side: CodedConcept | None) -> None:
    """The patient's, as a modifier of the property's type (PS3.3 C.8.20.4)."""
    if side is not None:
        segment.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [coded(side)]


def _colour(region: Region) -> tuple[int, int, int]:
    """The same for a region of either side; the right one is darker."""
    hue = sum(region.name.encode()) * _GOLDEN % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.6, 0.7 if region.hemisphere == "right" else 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
