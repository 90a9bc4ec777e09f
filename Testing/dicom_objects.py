"""Objects that lie beside the images of a DICOM study and hold none, as small synthetic files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

PHILIPS_OBJECT, SIEMENS_OBJECT = "1.3.46.670589.11.0.0.12.2", "1.3.12.2.1107.5.9.1"
SPECTRUM, RAW_DATA = "1.2.840.10008.5.1.4.1.1.4.2", "1.2.840.10008.5.1.4.1.1.66"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PRESENTATION, REPORT = "1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.88.22"


def write_object(path: Path, sop_class: str, modality: str, *, uid: str = "1.2.3.90", **elements: Any) -> None:
    """An object of the study with rows and columns, and no pixels unless ``elements`` have them."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(sop_class), generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID, file.Modality = sop_class, meta.MediaStorageSOPInstanceUID, modality
    file.StudyInstanceUID, file.SeriesInstanceUID, file.SeriesNumber = "1.2.3.1", uid, 5
    file.PatientName, file.Manufacturer, file.Rows, file.Columns = "Secret^Name", "Test", 12, 10
    for keyword, value in elements.items():
        setattr(file, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, file, enforce_file_format=True)


def write_picture(path: Path) -> None:
    """A screenshot with the number of the series it shows."""
    colours: dict[str, Any] = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    bits: dict[str, Any] = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}
    write_object(path, CAPTURE, "MR", **colours, **bits, PixelData=bytes(360), ImageType=["DERIVED", "SECONDARY"])


def write_grey_picture(path: Path) -> None:
    bits: dict[str, Any] = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    grey: dict[str, Any] = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    write_object(path, CAPTURE, "MR", **bits, **grey, PixelData=bytes(240), ImageType=["ORIGINAL", "SECONDARY"])


OBJECTS: dict[str, Callable[[Path], object]] = {
    "Philips private object": lambda path: write_object(path, PHILIPS_OBJECT, "MR"),
    "of the same series": lambda path: write_object(path, PHILIPS_OBJECT, "MR", uid="1.2.3.50"),
    "Siemens private object": lambda path: write_object(path, SIEMENS_OBJECT, "MR"),
    "spectrum": lambda path: write_object(path, SPECTRUM, "MR", NumberOfFrames=1),
    "raw data": lambda path: write_object(path, RAW_DATA, "MR"),
    "presentation state": lambda path: write_object(path, PRESENTATION, "PR"),
    "report": lambda path: write_object(path, REPORT, "SR"),
    "PDF": lambda path: write_object(path, EncapsulatedPDFStorage, "DOC", EncapsulatedDocument=b"%PDF-1.4"),
    "picture": write_picture,
    "grey picture": write_grey_picture,
    "DICOMDIR": lambda path: path.with_name("DICOMDIR").write_bytes(bytes(128) + b"DICM" + bytes(range(256))),
    "another file": lambda path: path.write_bytes(b"\x89PNG" + bytes(500)),
}
