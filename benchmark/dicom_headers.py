"""Files a second of a DICOM study's headers: ``find_series`` beside pydicom's own loop, in one run.

    python benchmark/dicom_headers.py [--files N] [--series N] [--repeat N]

A study of small synthetic files is written into a temporary folder; each has about 120 elements, private ones and
nested sequences among them, as scanners write. Both ways read it in turn, and the least time of each counts: the
machine's other work slows both. The loop is ``dcmread(path, stop_before_pixels=True)``, which decodes no value.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
from figures import Figures
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage

from AGE2HIELib.io.dicom.headers import find_series

SIDE = 32  # pixels a row
SLICES = 25
MOST_SECONDS, MOST_RATIO = 15.0, 1.3  # of 7,000 files on two idle cores; beside pydicom's loop
_UID, _PLACE = "1.2.3.4.1000000.100000", "0000.00"  # filled in, file by file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=7000)
    parser.add_argument("--series", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_study(folder, files=options.files, series=options.series)
        plain, ours = [], []
        for _ in range(options.repeat):
            plain.append(_seconds(_read_plainly, folder))
            ours.append(_seconds(_read, folder))
    figures = Figures("dicom_headers")
    figures.add("files", options.files)
    for name, seconds in (("pydicom's loop", min(plain)), ("find_series", min(ours))):
        figures.add(f"{'ours' if name == 'find_series' else 'pydicom'}/seconds", seconds, "s, least")
        print(f"{name:15} {seconds:6.2f} s  {options.files / seconds:7.0f} files/s")
    figures.add("ratio", min(ours) / min(plain), "ours over pydicom's")
    figures.write()
    print(
        f"ratio {min(ours) / min(plain):.2f} (at most {MOST_RATIO}); 7,000 files in at most {MOST_SECONDS:g} s wanted"
    )


def write_study(folder: Path, *, files: int, series: int) -> None:
    """Every other series is diffusion by its b-values."""
    for number in range(series):
        uid = f"1.2.3.4.{number}"
        template = _template(number + 1, uid, b_value=None if number % 2 else 1000.0)
        for index in range(files // series):
            made = template.replace(_UID.encode(), f"1.2.3.4.{1000000 + number}.{100000 + index}".encode())
            made = made.replace(_PLACE.encode(), f"{3 * (index % SLICES):07.2f}".encode())
            (folder / f"{number:03d}{index:06d}").write_bytes(made)


def _template(number: int, uid: str, *, b_value: float | None) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, UID(_UID)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = MRImageStorage, UID(_UID)
    file.StudyInstanceUID = file.SeriesInstanceUID = UID(uid)
    file.Modality, file.Manufacturer, file.ImageType = "MR", "Synthetic", ["ORIGINAL", "PRIMARY", "M", "ND"]
    file.SeriesNumber, file.InstanceNumber, file.SeriesDescription = number, 1, "synthetic"
    file.ImageOrientationPatient, file.ImagePositionPatient = [1, 0, 0, 0, 1, 0], ["-30", "-30", _PLACE]
    file.PixelSpacing, file.Rows, file.Columns = [2, 2], SIDE, SIDE
    file.SamplesPerPixel, file.BitsAllocated, file.BitsStored, file.HighBit = 1, 16, 16, 15
    file.PhotometricInterpretation, file.PixelRepresentation = "MONOCHROME2", 0
    if b_value is not None:
        file.DiffusionBValue = b_value
    _pad(file)
    file.PixelData = bytes(SIDE * SIDE * 2)
    written = io.BytesIO()
    pydicom.dcmwrite(written, file, enforce_file_format=True)
    return written.getvalue()


def _pad(file: Dataset) -> None:
    """What a scanner writes beside: acquisition, references to other objects, private groups."""
    file.ReferencedImageSequence = [_reference(n) for n in range(3)]
    file.EchoTime, file.RepetitionTime, file.FlipAngle, file.MagneticFieldStrength = "80", "6000", "90", "3"
    file.ScanningSequence, file.SequenceVariant, file.MRAcquisitionType = ["SE", "EP"], "SK", "2D"
    for group, words, binary in ((0x0019, 30, 0), (0x0029, 2, 8000), (0x0051, 20, 0)):
        block = file.private_block(group, "SYNTHETIC HEADER", create=True)
        for element in range(words):
            block.add_new(element, "OB" if binary else "LO", bytes(binary) if binary else "a word")
    for element in range(10):
        file.private_block(0x2005, "SYNTHETIC STACKS", create=True).add_new(element, "SQ", [_reference(element)])


def _reference(number: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MRImageStorage, f"1.2.3.5.{number}"
    return item


def _read_plainly(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        pydicom.dcmread(path, stop_before_pixels=True)


def _read(folder: Path) -> None:
    find_series(folder)


def _seconds(read: Callable[[Path], None], folder: Path) -> float:
    begin = time.perf_counter()
    read(folder)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
