"""Header fields that a standard forbids or leaves open: those that mean nothing, and those that contradict the rest."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from fuzzing.cases import Kind, Workshop
from fuzzing.headers_damaged import nifti_changed, put, text_changed
from fuzzing.sound import NIFTI_FORMS

# offsets in a NIfTI-1 header (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h)
_DIM, _INTENT, _BITPIX, _PIXDIM, _OFFSET, _UNITS, _CAL, _CODES, _SROW = 40, 68, 72, 76, 108, 123, 124, 252, 280
_FLAG, _SAMPLES = 348, 352


def _meaningless(at: Workshop) -> Path:
    """Values that neither nibabel nor ITK act on, or that both take for the same."""
    ways = (
        (_UNITS, [4], "u1"),
        (_UNITS, [255], "u1"),
        (_UNITS, [66], "u1"),
        (_PIXDIM, [0], "<f4"),
        (_PIXDIM, [np.nan], "<f4"),
        (_CODES, [7, 1], "<i2"),
        (_CODES, [-1, 3], "<i2"),
        (_CODES, [1, 7], "<i2"),
        (_CODES, [7, 0], "<i2"),
        (_CODES, [0, 99], "<i2"),
        (_CAL, [np.nan, -1e30], "<f4"),
        (_BITPIX, [0], "<i2"),
        (_INTENT, [5], "<i2"),
        (_INTENT, [1007], "<i2"),
        (_DIM + 12, [0], "<i2"),
        (0, [540], "<i4"),
    )
    place, values, dtype = ways[int(at.rng.integers(len(ways)))]
    return nifti_changed(at, lambda content: put(content, place, values, dtype))


def _no_sform(at: Workshop) -> Path:
    """An sform that is no grid, beside a sound qform."""
    sform = [np.zeros(12), np.full(12, np.nan), np.arange(12.0)][int(at.rng.integers(3))]
    return nifti_changed(at, lambda content: put(content, _SROW, sform, "<f4"))


def _offset(at: Workshop) -> Path:
    """Samples that are said to begin in the header, or where an extension lies."""

    def change(content: bytearray) -> None:
        begin = float(at.one_of((0.0, 1.0, 200.0, 351.0, 352.0)))
        put(content, _OFFSET, [begin], "<f4")
        if begin == _SAMPLES:
            content[_FLAG] = 1
            content[_SAMPLES:_SAMPLES] = np.array([32, 6], "<i4").tobytes() + b"a comment".ljust(24)

    return nifti_changed(at, change)


def _odd_offset(at: Workshop) -> Path:
    """Samples behind any number of bytes, which the header says."""
    shift = int(at.one_of((1, 2, 7, 16, 1000)))

    def change(content: bytearray) -> None:
        put(content, _OFFSET, [_SAMPLES + shift + float(at.one_of((0.0, 0.5)))], "<f4")
        content[_SAMPLES:_SAMPLES] = at.rng.bytes(shift)

    return nifti_changed(at, change)


def _diffusion_map(at: Workshop) -> Path:
    """One volume that states b-values, in the file or beside it."""
    if at.form == "adc.nii":
        at.scan.with_name(f"adc.{at.one_of(('bval', 'BVAL', 'bvals'))}").write_text(
            str(at.one_of(("0", "0 1000 1000")))
        )
        return at.scan
    if at.form == "adc.mha":
        return text_changed(at, rb"(ElementDataFile) =", lambda key: f"DWMRI_b-value = 1000\n{key}")
    keys = str(at.one_of(("modality:=DWMRI", "DWMRI_b-value:=1000\nDWMRI_gradient_0000:=0 0 0")))
    return text_changed(at, rb"(encoding:)", lambda field: f"{keys}\n{field}")


def _nrrd_contradictions(at: Workshop) -> Path:
    ways = (
        (rb"NRRD(0005|0004)", "0006"),
        (rb"space: ([\w-]+)", "3D-right-handed"),
        (rb"space: ([\w-]+)", "LPST"),
        (rb"(encoding:)", 'space units: "um" "um" "um"\nencoding:'),
        (rb"(encoding:)", "spacings: 9 9 9 nan\nencoding:"),
        (rb"(encoding:)", "sizes: 9 9 9 9\nencoding:"),
        (rb"kinds: ([^\n]*)", "space space"),
        (rb"(endian: little\n)", ""),
        (rb"(encoding:)", "byte skip: -3\nencoding:"),
        (rb"space origin: (\([^)]*\))", "(0,0)"),
    )
    pattern, new = ways[int(at.rng.integers(len(ways)))]
    return text_changed(at, pattern, lambda _: new)


def _nrrd_meaningless(at: Workshop) -> Path:
    ways = (
        (rb"(encoding:)", "# sizes: 1 1 1\nencoding:"),
        (rb"(encoding:)", "centerings: node node node ???\nencoding:"),
        (rb"(encoding:)", "thicknesses: nan nan 2 nan\nencoding:"),
        (rb"(encoding:)", "content: a: b := (1,2,3)\nencoding:"),
        (rb"(encoding:)", "byte skip: -1\nencoding:"),
        (rb"space directions: [^\n]*(none)", "(nan,nan,nan)"),
        (rb"space units: ([^\n]*)", '"millimeter" "MM" ""'),
    )
    pattern, new = ways[int(at.rng.integers(len(ways)))]
    return text_changed(at, pattern, lambda _: new)


def _mha_contradictions(at: Workshop) -> Path:
    key = str(
        at.one_of(
            (
                "Position = 1 2 3",
                "Orientation = 0 1 0 1 0 0 0 0 -1",
                "ElementByteOrderMSB = True",
                "DistanceUnits = cm",
                "HeaderSize = 5",
                "HeaderSize = -2",
                "DimSize = 9 9 9",
            )
        )
    )
    return text_changed(at, rb"(ElementDataFile) =", lambda last: f"{key}\n{last}")


def _mha_meaningless(at: Workshop) -> Path:
    if bool(at.one_of((True, False))):
        return text_changed(at, rb"ElementDataFile = (LOCAL)", lambda _: str(at.one_of(("Local", "local"))))
    head, mark, packed = at.scan.read_bytes().partition(b"ElementDataFile = LOCAL\n")
    more = str(
        at.one_of(("CenterOfRotation = 9 9 9", "AnatomicalOrientation = ???", "DistanceUnits = mm", "Other = x"))
    )
    lines = [line for line in head.splitlines() if line.split(b" =")[0] not in (more.split(" =")[0].encode(),)]
    lines = [line for line in lines if not line.startswith(b"CompressedDataSize")]
    at.scan.write_bytes(b"\n".join([*lines, more.encode(), mark]) + gzip.compress(zlib.decompress(packed), 1))
    return at.scan


KINDS = (
    Kind("NIfTI fields that mean nothing", "sound", NIFTI_FORMS, _meaningless),
    Kind("sform that is no grid beside a qform", "sound", NIFTI_FORMS, _no_sform, most=6),
    Kind("samples said to begin in the header", "refused", NIFTI_FORMS, _offset),
    Kind("samples behind any number of bytes", "sound", NIFTI_FORMS, _odd_offset, most=6),
    Kind("one volume with b-values", "refused", ("adc.nii", "adc.nrrd", "adc.mha"), _diffusion_map),
    Kind("NRRD fields that contradict", "refused", ("dwi.nrrd", "dwi.nhdr"), _nrrd_contradictions),
    Kind("NRRD fields that mean nothing", "sound", ("dwi.nrrd", "dwi.nhdr"), _nrrd_meaningless),
    Kind("MHA keys that contradict", "refused", ("adc.mha",), _mha_contradictions),
    Kind("MHA keys that mean nothing", "sound", ("adc.mha",), _mha_meaningless),
)
