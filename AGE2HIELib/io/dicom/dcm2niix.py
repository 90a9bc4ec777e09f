"""Runs dcm2niix on the files of one series, in a private folder that is removed afterwards.

It gets copies of files whose compression it cannot read, and of single frames of an enhanced file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dcm2niix
import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_partial
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.elements import BROKEN
from AGE2HIELib.io.dicom.series import DicomFile, DicomSeries
from AGE2HIELib.io.diffusion import ras_from_fsl, unit_rows
from AGE2HIELib.io.integrity import StoredImage
from AGE2HIELib.io.nifti import bvecs, gradient_files, load_nifti, numbers
from AGE2HIELib.system.stray_files import owner_mark, remove_stale_files
from AGE2HIELib.volume import Grid

_SERIES, _ONE_UID = Tag("SeriesInstanceUID"), b"1.2.3"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_JPEG = "1.2.840.10008.1.2.4."
# dcm2niix 1.0.20260724 reads JPEG (baseline and lossless) of every file, and of files with one frame these as well:
_READ_OF_FRAMES = {_JPEG + end for end in ("50", "51", "57", "70")}
_READ_OF_ONE = {*_READ_OF_FRAMES, "1.2.840.10008.1.2.5", *(_JPEG + end for end in ("80", "81", "90", "91"))}
# what pydicom needs for a syntax beside what this program requires anyway (none of them GPL)
_PACKAGES = {
    "80": "pyjpegls",
    "81": "pyjpegls",
    **dict.fromkeys(("90", "91", "201", "202", "203"), "pylibjpeg pylibjpeg-openjpeg"),
}
_SCRATCH = "age2hie-"  # begins the name of a private folder; one of a killed run still holds its patient's images
_TIME_LIMIT_S = 600  # the largest sample series takes 1.2 s
_SAID = re.compile(r"Error: ([A-Za-z0-9 ,.]+)")  # ends where a file's name or another text of the header may begin
_LONGEST_WORDS = 100
_AS_NIFTI = "Convert it with the scanner's software and give it as NIfTI with its .bval."


def needs_decoding(file: DicomFile) -> bool:
    """Whether dcm2niix cannot read the file as it is."""
    syntax = UID(file.syntax)
    if not syntax or syntax.is_private or not syntax.is_transfer_syntax:
        return False
    if syntax == _DEFLATED:
        return True
    return syntax.is_compressed and syntax not in (_READ_OF_FRAMES if file.frames > 1 else _READ_OF_ONE)


def write_decoded(file: DicomFile, target: Path) -> bool:
    """Write the file without compression; False where no installed decoder can."""
    dataset = _decoded(file)
    if dataset is None:
        return False
    dataset.save_as(target)
    return True


def write_frames(file: DicomFile, frames: Sequence[int], target: Path) -> bool:
    """Write these frames, counted from 0, without compression; False where no installed decoder can."""
    dataset = _decoded(file)
    if dataset is None:
        return False
    size = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated) // 8
    groups, pixels = dataset.PerFrameFunctionalGroupsSequence, dataset.PixelData
    dataset.PerFrameFunctionalGroupsSequence = [groups[number] for number in frames]
    dataset.PixelData = b"".join(pixels[number * size : (number + 1) * size] for number in frames)
    dataset.NumberOfFrames = len(frames)
    dataset.save_as(target)
    return True


def write_as_part(source: Path, target: Path) -> bool:
    """Write a file with one SeriesInstanceUID for all, by which dcm2niix sorts; False where that cannot be done.

    Only the bytes of its value change: pydicom takes 25 ms to write a file anew. ``source`` may be ``target``.
    """
    try:
        with source.open("rb") as file:
            header = read_partial(file, lambda tag, _vr, _length: int(tag) > int(_SERIES), force=True)
        element, content = header.get_item(_SERIES), bytearray(source.read_bytes())
    except BROKEN:
        return False
    if not isinstance(element, RawDataElement) or element.value is None or element.length < len(_ONE_UID):
        return False
    place = slice(element.value_tell, element.value_tell + element.length)
    if content[place] != element.value:
        return False
    content[place] = _ONE_UID.ljust(element.length, b"\0")
    target.write_bytes(content)
    return True


def _decoded(file: DicomFile) -> pydicom.Dataset | None:
    try:
        dataset = pydicom.dcmread(file.path)
        if file.syntax == _DEFLATED:
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian  # pydicom has inflated it
        elif UID(file.syntax).is_compressed:
            dataset.decompress()
    except Exception:  # a damaged stream fails in every way that a decoder knows
        return None
    return dataset


def decoder_of(file: DicomFile) -> str:
    """``JPEG-LS Lossless Image Compression, which 'pip install pyjpegls' decodes``, for a message."""
    syntax = UID(file.syntax)
    name = syntax.name if syntax.is_transfer_syntax else "an unknown compression"
    package = _PACKAGES.get(file.syntax.removeprefix(_JPEG))
    return f"{name}, which 'pip install {package}' decodes" if package else name


@dataclass(frozen=True)
class ConvertedSeries:
    """A series as volumes.

    Attributes:
        b_values: ``(N,)`` s/mm^2, None where they are not known.
        directions_ras: ``(N, 3)``, zero rows for b0 and direction-averaged volumes.
    """

    series: DicomSeries
    stored: StoredImage
    b_values: np.ndarray | None
    directions_ras: np.ndarray

    @property
    def grid(self) -> Grid:
        _, i, j, k = self.stored.array.shape
        return Grid((i, j, k), self.stored.affine_ras)


def run_dcm2niix(
    files: Sequence[DicomFile], series: DicomSeries, *, frames: Sequence[int] | None = None
) -> list[ConvertedSeries]:
    """The images that dcm2niix makes of files of a series, with the b-values that it knows.

    With ``frames``, counted from 0, every file is cut down to these. dcm2niix writes zeros for volumes of which it
    knows only that they are diffusion: these count as not known.
    """
    remove_stale_files(Path(tempfile.gettempdir()), _SCRATCH)
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{owner_mark()}-") as folder:
        incoming, outgoing = Path(folder, "in"), Path(folder, "out")
        incoming.mkdir()
        outgoing.mkdir()
        several = len({file.group for file in files}) > 1  # parts of one series
        for number, file in enumerate(files):
            target = incoming / f"{number:06d}.dcm"
            if frames is not None:
                copied = write_frames(file, frames, target)
            else:
                copied = needs_decoding(file) and write_decoded(file, target)
            if several:
                copied = write_as_part(target if copied else file.path, target)
            if not copied:
                _place(file.path, target)
        _run(incoming, outgoing, files, series)
        return [_load(path, series) for path in sorted(outgoing.glob("*.nii"))]


def _place(source: Path, target: Path) -> None:
    """A neutral name: neither names nor folders of the input reach the converter or its messages."""
    try:
        os.symlink(source.resolve(), target)
    except OSError:  # Windows allows links to administrators only
        shutil.copyfile(source, target)


def _run(incoming: Path, outgoing: Path, files: Sequence[DicomFile], series: DicomSeries) -> None:
    # -x i: a 3D acquisition stays in its own axes
    options = ["-b", "n", "-z", "n", "-x", "i", "-f", "image", "-w", "2"]
    try:
        result = subprocess.run(
            [dcm2niix.bin, *options, "-o", str(outgoing), str(incoming)],
            capture_output=True,
            check=False,
            timeout=_TIME_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = type(error).__name__
        raise InputError(f"dcm2niix could not be run on {series.label} ({reason}). Reinstall 'dcm2niix'.") from error
    if any(outgoing.glob("*.nii")):
        return
    if shutil.disk_usage(outgoing).free < sum(path.stat().st_size for path in incoming.iterdir()):
        raise InputError(
            f"There is no room for DICOM {series.label} in the folder for temporary files. Free some space there, "
            "or name another folder in the environment variable TMPDIR."
        )
    raise InputError(
        f"dcm2niix made no image of DICOM {series.label} ({len(files)} files, exit code {result.returncode}"
        f"{_in_its_words(result.stdout + result.stderr)}). {_remedy(files)}"
    )


def _in_its_words(output: bytes) -> str:
    said = _SAID.search(output.decode("utf-8", errors="ignore"))
    words = said[1].strip(" ,.")[:_LONGEST_WORDS] if said else ""
    return f": '{words}'" if words else ""


def _remedy(files: Sequence[DicomFile]) -> str:
    compressed = next((file for file in files if needs_decoding(file)), None)
    if compressed is not None:
        return f"It is compressed as {decoder_of(compressed)}. Or export it without compression."
    return _AS_NIFTI


def _load(path: Path, series: DicomSeries) -> ConvertedSeries:
    try:
        stored = load_nifti(path)
    except InputError as error:
        reason = str(error).replace(f"'{path.name}'", "its image").partition(". ")[0]
        raise InputError(
            f"The {len(series.files)} files of DICOM {series.label} do not make a volume for dcm2niix ({reason}). "
            f"{_AS_NIFTI}"
        ) from error
    count = len(stored.array)
    directions = np.zeros((count, 3))
    files = gradient_files(path)
    b_values = numbers(files.bval).ravel() if files else None
    if b_values is not None and (b_values.size != count or not np.any(b_values)):
        b_values = None
    if files and files.bvec and b_values is not None:
        directions = unit_rows(ras_from_fsl(bvecs(files.bvec, b_values), stored.affine_ras))
    return ConvertedSeries(series, stored, b_values, directions)
