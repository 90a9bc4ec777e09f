"""Reads samples from files, packed or not, in no more memory than the header states and the bounds here allow.

Packed streams are read to their end, so that their checksum is compared: a changed bit is found.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import IO, Protocol

from AGE2HIELib.errors import InputError

# 300 volumes of a newborn at 2 mm are 200 million values; as float32, twice in memory while they are put in order, and
# with their file they take 3 GB. Clinical series have a tenth of it.
LARGEST_VALUES = 200_000_000
LARGEST_BYTES = 1_000_000_000  # of them in the file: doubles take twice the room of what they become
# Some programs and transfers fill the last block; more than this after the samples is not filling, and neither is a
# quarter of them (samples of 32 bits that are said to have 16).
PADDING_BYTES = 4096
_PADDING_PART = 4
_CHUNK_BYTES = 1 << 20
_LONGEST_NUMBER = 64  # characters of a number in a text file, its blank included


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Inflated:
    """A zlib or gzip stream, unpacked as it is read; MHA files hold one, and MetaIO tells by its first bytes which."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._unpacker = file, zlib.decompressobj(zlib.MAX_WBITS | 32)

    def read(self, size: int, /) -> bytes:
        while not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._file.read(_CHUNK_BYTES)
            if not packed:
                raise EOFError("the packed samples end too early")
            if found := self._unpacker.decompress(packed, size):
                return found
        return b""


def check_size(sizes: Sequence[int], name: str, value_bytes: int) -> None:
    """Raise InputError for sizes below 1, and for more values or bytes than are read."""
    words = "x".join(str(size) for size in sizes)
    if min(sizes, default=0) < 1:
        raise InputError(f"'{name}' is not a 3D image: its header states {words} voxels. Convert the scan again.")
    values = prod(int(size) for size in sizes)
    if values > LARGEST_VALUES or values * value_bytes > LARGEST_BYTES:
        raise InputError(
            f"The header of '{name}' states {words} values of {value_bytes} bytes, more than the {LARGEST_VALUES:,} "
            f"values and {LARGEST_BYTES:,} bytes that are read. It may be damaged; if it is right, keep the b0 volumes "
            "and one shell, as 32-bit numbers."
        )


def read_samples(file: IO[bytes], needed: int, packing: str) -> bytes:
    """Exactly ``needed`` bytes from where ``file`` stands.

    Args:
        packing: "raw", "gzip", "bzip2" or "zlib".

    Raises:
        ValueError: there are fewer, or many more.
        OSError, EOFError, zlib.error: the packed stream is damaged.
    """
    stream = _unpacking(file, packing)
    content = bytearray()
    while len(content) < needed:
        chunk = stream.read(min(_CHUNK_BYTES, needed - len(content)))
        if not chunk:
            raise ValueError(f"{len(content)} bytes of samples where {needed} are needed")
        content += chunk
    beyond = 0
    while chunk := stream.read(_CHUNK_BYTES):
        beyond += len(chunk)
        if beyond > min(PADDING_BYTES, needed // _PADDING_PART):
            raise ValueError(f"more bytes of samples than the {needed} that its header states")
    return bytes(content)


def read_last_samples(file: IO[bytes], needed: int, packing: str, most_before: int) -> bytes:
    """The last ``needed`` bytes of a packed stream, with at most ``most_before`` others before them.

    Raises:
        ValueError, OSError, EOFError, zlib.error: as ``read_samples``.
    """
    stream = _unpacking(file, packing)
    content = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        content += chunk
        if len(content) > needed + most_before:
            raise ValueError(f"more bytes of samples than the {needed} that its header states")
    if len(content) < needed:
        raise ValueError(f"{len(content)} bytes of samples where {needed} are needed")
    return bytes(content[len(content) - needed :])


def read_numbers(file: IO[bytes], count: int) -> list[bytes]:
    """``count`` numbers of a text file, as they stand there."""
    words = file.read(count * _LONGEST_NUMBER).split()
    if len(words) < count:
        raise ValueError(f"{len(words)} samples where {count} are needed")
    return words[:count]


def data_file_beside(path: Path, name: str) -> Path:
    """The data file that a header names: in the header's own folder or below it, and nowhere else."""
    target = Path(name)
    if not name or target.is_absolute() or ".." in target.parts or "\\" in name or not name.isprintable():
        raise InputError(
            f"'{path.name}' names for its samples what is no file of its own folder. "
            "Put both files into one folder and name the data file there."
        )
    return path.parent / target


def _unpacking(file: IO[bytes], packing: str) -> Readable:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=file)
    if packing == "bzip2":
        return bz2.BZ2File(file)
    return _Inflated(file) if packing == "zlib" else file
