"""Files whose bytes were cut, changed or blown up."""

from __future__ import annotations

import bz2
import gzip
import shutil
import zlib
from pathlib import Path

import numpy as np

from fuzzing.cases import Kind, Workshop
from fuzzing.sound import FILE_FORMS, PACKED_FORMS, RAW_FORMS

_BOMB_BYTES = 8 << 30
_BLOCK = bytes(1 << 26)
_NIFTI_HEADER = 352
_GZIP_HEADER = 20  # longer than the fixed part and what our writers add


def data_file(at: Workshop) -> Path:
    """The file that holds the samples."""
    return at.scan.with_suffix(".raw") if at.form == "dwi.nhdr" else at.scan


def samples_at(at: Workshop, content: bytes) -> int:
    """Where the samples begin, or the packed stream that holds them."""
    if at.form == "dwi.nhdr":
        return 0
    if at.form.endswith(".nii"):
        return _NIFTI_HEADER
    if at.form.endswith(".gz"):
        return _GZIP_HEADER
    if at.form == "adc.mha":
        return content.index(b"ElementDataFile = LOCAL\n") + len(b"ElementDataFile = LOCAL\n") + 2
    return content.index(b"\n\n") + 2 + _GZIP_HEADER


def _cut(at: Workshop) -> Path:
    path = data_file(at)
    content = path.read_bytes()
    path.write_bytes(content[: int(at.rng.uniform(0.0, 0.999) * len(content))])
    return at.scan


def _trailer_cut(at: Workshop) -> Path:
    content = at.scan.read_bytes()
    at.scan.write_bytes(content[: -int(at.rng.integers(1, 9))])
    return at.scan


def _bits_flipped(at: Workshop, first: int, last: int, count: int) -> Path:
    path = data_file(at)
    content = bytearray(path.read_bytes())
    for place in at.rng.integers(first, last, count):
        content[place] ^= 1 << int(at.rng.integers(8))
    path.write_bytes(content)
    return at.scan


def _packed_bits(at: Workshop) -> Path:
    content = at.scan.read_bytes()
    return _bits_flipped(at, samples_at(at, content), len(content), 1)  # two could undo each other


def _voxel_bits(at: Workshop) -> Path:
    content = data_file(at).read_bytes()
    return _bits_flipped(at, samples_at(at, content), len(content), int(at.one_of((1, 4, 16))))


def _header_bits(at: Workshop) -> Path:
    if at.form == "dwi.nhdr":
        content = bytearray(at.scan.read_bytes())
        content[int(at.rng.integers(len(content)))] ^= 1 << int(at.rng.integers(8))
        at.scan.write_bytes(content)
        return at.scan
    return _bits_flipped(at, 0, samples_at(at, at.scan.read_bytes()), int(at.one_of((1, 2, 8))))


def _text_header_bits(at: Workshop) -> Path:
    content = at.scan.read_bytes()
    return _bits_flipped(at, 0, samples_at(at, content) - 2, int(at.one_of((1, 2, 8))))


def _overwritten(at: Workshop) -> Path:
    """A third of the samples replaced by noise, as after a bad disk block or a wrong key."""
    path = data_file(at)
    content = bytearray(path.read_bytes())
    begin = samples_at(at, bytes(content))
    length = (len(content) - begin) // 3
    place = int(at.rng.integers(begin, len(content) - length))
    content[place : place + length] = at.rng.bytes(length)
    path.write_bytes(content)
    return at.scan


def _zeroed(at: Workshop) -> Path:
    """The middle half reads as zeros: a download with a hole in it."""
    path = data_file(at)
    content = bytearray(path.read_bytes())
    begin = samples_at(at, bytes(content))
    length = (len(content) - begin) // 2
    place = begin + length // 2
    content[place : place + length] = bytes(length)
    path.write_bytes(content)
    return at.scan


def _gzip_tail_bomb(at: Workshop) -> Path:
    """A sound gzip stream, and after it 8 GB of zeros in 8 MB."""
    with at.scan.open("ab") as file:
        member = gzip.compress(_BLOCK, 9)
        for _ in range(_BOMB_BYTES // len(_BLOCK)):
            file.write(member)
    return at.scan


def _header_and_bomb(at: Workshop) -> Path:
    """The header promises 8 GB or more, and so much comes out."""
    content = at.scan.read_bytes()
    if at.form.endswith(".nii.gz"):
        header = bytearray(gzip.decompress(content)[:_NIFTI_HEADER])
        size = 1290
        header[40:56] = np.array([3, size, size, size, 1, 1, 1, 1], "<i2").tobytes()
        header[70:74] = np.array([16, 32], "<i2").tobytes()
        return _bomb(at.scan, gzip.compress(bytes(header)))
    if at.form == "adc.mha":
        return _mha_bomb(at, content)
    head, _, _ = content.partition(b"\n\n")
    lines = [line for line in head.split(b"\n") if not line.startswith((b"sizes", b"type", b"encoding"))]
    sizes = b"1290 1290 1290 4" if at.form == "dwi.nrrd" else b"1290 1290 1290"
    packed = bool(at.one_of((True, False)))
    encoding = b"encoding: gzip" if packed else b"encoding: bzip2"
    text = b"\n".join([lines[0], b"type: float", b"sizes: " + sizes, encoding, *lines[1:]]) + b"\n\n"
    if packed:
        return _bomb(at.scan, text)
    block = bz2.compress(_BLOCK)
    at.scan.write_bytes(text + block * (_BOMB_BYTES // len(_BLOCK)))
    return at.scan


def _bomb(path: Path, start: bytes) -> Path:
    member = gzip.compress(_BLOCK, 9)
    path.write_bytes(start + member * (_BOMB_BYTES // len(_BLOCK)))
    return path


def _mha_bomb(at: Workshop, content: bytes) -> Path:
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(_BLOCK) for _ in range(_BOMB_BYTES // len(_BLOCK))), packer.flush()])
    lines = content[: samples_at(at, content) - 2].split(b"\n")
    changes = {b"DimSize": b"1290 1290 1290", b"CompressedDataSize": str(len(packed)).encode()}
    changed = [
        line.split(b" = ")[0] + b" = " + changes[line.split(b" = ")[0]] if line.split(b" = ")[0] in changes else line
        for line in lines
    ]
    at.scan.write_bytes(b"\n".join(changed) + packed)
    return at.scan


def _foreign(at: Workshop) -> Path:
    """Another kind of file under the name of an image."""
    contents = (
        b"<!DOCTYPE html><html><body>Your session has expired. Please log in.</body></html>",
        b"%PDF-1.7\n" + at.rng.bytes(5000),
        b"PK\x03\x04" + at.rng.bytes(5000),
        b"\x89PNG\r\n\x1a\n" + at.rng.bytes(5000),
        at.rng.bytes(60_000),
        gzip.compress(b"just text\n" * 300),
        b"NRRD0005\n",
        b"ObjectType = Image\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
        bytes(100_000),
    )
    at.scan.write_bytes(contents[int(at.rng.integers(len(contents)))])
    return at.scan


def _empty(at: Workshop) -> Path:
    data_file(at).write_bytes(b"")
    return at.scan


def _other_suffix(at: Workshop) -> Path:
    """A sound file of one format under the name of another."""
    others = [name for name in (".nii", ".nii.gz", ".mha", ".nrrd") if not at.scan.name.endswith(name)]
    renamed = at.folder / ("renamed" + str(at.one_of(others)))
    shutil.copy(at.scan, renamed)
    return renamed


def _appended(at: Workshop) -> Path:
    """A few bytes after the end, as some transfers leave them."""
    path = data_file(at)
    path.write_bytes(path.read_bytes() + at.rng.bytes(int(at.rng.integers(1, 600))))
    return at.scan


HEADER_BITS_WHY = "a changed bit in a size, an origin or a b-value is another valid size, origin or b-value"

KINDS = (
    Kind("truncated file", "refused", FILE_FORMS, _cut),
    Kind(
        "last bytes of a packed file missing",
        "refused",
        ("dwi.nii.gz", "adc.nii.gz", "adc.nrrd", "adc.mha"),
        _trailer_cut,
    ),
    Kind("one bit flipped in a packed stream", "refused", PACKED_FORMS, _packed_bits),
    Kind("bits flipped in voxels", "either", RAW_FORMS, _voxel_bits),
    Kind("bits flipped in a binary header", "untold", ("dwi.nii", "adc.nii"), _header_bits, HEADER_BITS_WHY),
    Kind("bits flipped in a text header", "untold", ("dwi.nhdr",), _header_bits, HEADER_BITS_WHY),
    Kind(
        "bits flipped in a text header before data",
        "untold",
        ("adc.mha", "adc.nrrd"),
        _text_header_bits,
        HEADER_BITS_WHY,
    ),
    Kind("a third of the samples overwritten", "refused", RAW_FORMS, _overwritten),
    Kind("half of the samples zero", "refused", RAW_FORMS, _zeroed),
    Kind("gzip bomb after a sound scan", "refused", ("dwi.nii.gz", "adc.nii.gz", "adc.nrrd"), _gzip_tail_bomb, most=6),
    Kind("bomb that its header promises", "refused", PACKED_FORMS, _header_and_bomb, most=6),
    Kind("a file of another kind", "refused", FILE_FORMS, _foreign),
    Kind("empty file", "refused", FILE_FORMS, _empty, most=6),
    Kind("name of another format", "either", ("adc.nii", "adc.mha", "adc.nrrd", "adc.nii.gz"), _other_suffix),
    Kind("bytes after the end", "either", FILE_FORMS, _appended),
)
