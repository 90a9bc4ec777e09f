"""What MetaImage and NRRD have in common: a text header, and its samples behind it or in a file beside it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.header_words import reason
from AGE2HIELib.io.integrity import existing_file, unreadable_error
from AGE2HIELib.io.samples import check_size, data_file_beside

LONGEST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class TextHeader:
    """Attributes:
    dtype: of the samples in the file.
    sizes: of every axis, fastest first.
    affine_ras: 4x4, mm.
    data_file: as it is named; None where the samples follow the header.
    warnings: what the header leaves open, in words for the reader of the result.
    """

    dtype: np.dtype
    sizes: tuple[int, ...]
    affine_ras: np.ndarray
    data_file: str | None
    warnings: tuple[str, ...] = ()


Header = TypeVar("Header", bound=TextHeader)


def read_header(path: Path, parse: Callable[[bytes, str], Header]) -> Header:
    """What ``parse`` makes of the file's first bytes and its name."""
    with existing_file(path).open("rb") as file:
        return parse(file.read(LONGEST_HEADER_BYTES), path.name)


@contextmanager
def understood(name: str) -> Iterator[None]:
    """Errors over a header's values become an InputError that repeats no text of the header."""
    try:
        yield
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(
            f"The header of '{name}' cannot be understood ({reason(error)}). Save the image again."
        ) from error


def check_one_data_file(data_file: str) -> None:
    """Raises ValueError for a list or a pattern of files."""
    if data_file.split()[:1] == ["LIST"] or "%" in data_file:
        raise ValueError("its samples are spread over several files")


def data_path(path: Path, header: TextHeader) -> Path:
    """Where the samples lie: in the file itself, or in one that is there beside it."""
    if header.data_file is None:
        return path
    return existing_file(data_file_beside(path, header.data_file), named_by=path.name)


def files_of(path: Path, header: TextHeader) -> tuple[Path, ...]:
    """The header, and where they lie apart the samples."""
    data = data_path(path, header)
    return (path,) if data == path else (path, data)


def read_array(path: Path, header: Header, read: Callable[[Path, Header], np.ndarray]) -> np.ndarray:
    """All samples in the header's sizes, as ``read`` takes them out of the file that holds them.

    Raises:
        InputError: there are too many or too few of them, or they are damaged.
    """
    check_size(header.sizes, path.name, header.dtype.itemsize)
    data = data_path(path, header)
    try:
        samples = read(data, header)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise unreadable_error(data, error) from error
    return samples.reshape(header.sizes, order="F")
