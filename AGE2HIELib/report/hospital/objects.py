"""A result as DICOM objects in the patient's own study: report, segmentations, parametric maps and captures.

The patient's name and identifiers are copied from the scan's files into these objects, and into nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from AGE2HIELib.errors import InputError
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.record import Result

if TYPE_CHECKING:
    from pydicom import Dataset

    from AGE2HIELib.report.hospital.multiframe import Study

FOLDER = "dicom"


def check_possible(kind: str) -> None:
    """Raises InputError, before any work, for a scan that is no DICOM and where highdicom is missing or broken.

    Args:
        kind: of the source.
    """
    if not kind.endswith("-dicom"):
        raise InputError(
            f"--dicom adds to the patient's study, and this scan ({kind}) is no DICOM. Give the DICOM folder, or leave "
            "--dicom out."
        )
    if find_spec("highdicom") is None:
        raise InputError("--dicom needs the package highdicom (0.27 or newer). Install it: pip install highdicom")
    try:
        import_module("highdicom.sr")
    except (ImportError, AttributeError, TypeError, ValueError, OSError) as error:  # other versions beneath it
        raise InputError(
            f"The package highdicom, which --dicom needs, is there and does not load ({type(error).__name__}). Install "
            "it again with what belongs to it: pip install --force-reinstall highdicom. Or leave --dicom out."
        ) from error


def write_objects(record: Result, maps: Maps, atlas: Atlas, files: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """All objects of a result, in series of their own of the scan's study, into ``folder``, new or empty.

    A scan that the gate refused has ``report.dcm`` alone. Where there is a lesion map, so are there ``map-adc.dcm``,
    ``map-z.dcm``, ``segmentation-regions.dcm`` and, where anything is lesion, ``segmentation-lesion.dcm``; where a
    number was given, ``map-saliency.dcm`` and ``saliency-NNN.dcm``.

    Args:
        maps: canonical voxel order.
        atlas: whose regions were placed.
        files: of the series that was read; their headers say whose study it is.

    Returns:
        Warnings: what of these headers is not valid DICOM, and was left empty or out.

    Raises:
        InputError: the headers do not say which study it is, or name several.
    """
    from AGE2HIELib.report.hospital.identity import read_identity
    from AGE2HIELib.report.hospital.multiframe import Study, reference_image
    from AGE2HIELib.report.hospital.planes import planes_of
    from AGE2HIELib.report.hospital.stamp import stamp_of
    from AGE2HIELib.report.hospital.structured import character_set

    identity = read_identity(files)
    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of highdicom: they quote values
        planes, stamp = planes_of(maps.adc.grid, identity.images), stamp_of(record, identity.headers)
        reference = reference_image(identity.headers[0], planes, stamp)
        letters = character_set(record, reference, [region.name for region in atlas.regions])
        study = Study(record, reference, planes, stamp, letters, atlas.synthetic)
        for name, image in _objects(study, maps, atlas, identity.headers):
            image.save_as(folder / f"{name}.dcm")
    return identity.warnings


def _objects(study: Study, maps: Maps, atlas: Atlas, headers: Sequence[Dataset]) -> Iterator[tuple[str, Dataset]]:
    """Name and object, one after another."""
    from AGE2HIELib.report.hospital import parametric, segmentation
    from AGE2HIELib.report.hospital.capture import captures
    from AGE2HIELib.report.hospital.structured import REPORT_NAME, structured_report

    record, lesion = study.record, None
    if maps.lesion is not None and record.lesion is not None:
        lesion = segmentation.lesion_segmentation(study, maps.lesion, record.lesion)
        if lesion is not None:
            yield segmentation.LESION_NAME, lesion
        regions = segmentation.region_segmentation(study, maps.regions, atlas.regions) if maps.regions else None
        if regions is not None:
            yield segmentation.REGIONS_NAME, regions
        yield parametric.ADC_NAME, parametric.adc_map(study, maps.adc)
        if maps.z is not None:
            yield parametric.Z_NAME, parametric.z_map(study, maps.z)
    yield REPORT_NAME, structured_report(record, headers, study.stamp, lesion)
    if maps.saliency is not None:
        yield parametric.SALIENCY_NAME, parametric.saliency_map(study, maps.saliency)
        for number, image in enumerate(captures(study, maps), 1):
            yield f"saliency-{number:03d}", image
