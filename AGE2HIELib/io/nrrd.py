"""NRRD in and out: 3D images, and diffusion series in the NA-MIC convention (DWMRI_ keys)."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS
from AGE2HIELib.io.diffusion import make_series
from AGE2HIELib.io.header_words import quote_known, reason
from AGE2HIELib.io.integrity import StoredImage, check_image
from AGE2HIELib.io.nrrd_header import MOST_SKIPPED, NrrdHeader, parse_nrrd_header
from AGE2HIELib.io.samples import read_last_samples, read_numbers, read_samples
from AGE2HIELib.io.text_header import LONGEST_HEADER_BYTES, files_of, read_array, read_header
from AGE2HIELib.volume import DwiSeries

NRRD_SUFFIXES = (".nrrd", ".nhdr")
_NEARLY_NOMINAL = 0.95  # of the nominal b-value, as far as scanners' own differ from it
# Of the encodings (nrrd_header refuses others) the packed and binary ones; the rest is text.
_PACKINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}


@dataclass(frozen=True)
class NrrdImage:
    """A NRRD file: its volumes, its header and the files that hold it."""

    stored: StoredImage
    header: NrrdHeader
    files: tuple[Path, ...]


def load_nrrd(path: Path) -> NrrdImage:
    """A 3D image, or a 4D one whose list axis may be anywhere."""
    header = read_header(path, parse_nrrd_header)
    array = read_array(path, header, _samples)
    volumes = array[np.newaxis] if header.list_axis is None else np.moveaxis(array, header.list_axis, 0)
    values = check_image(volumes, header.affine_ras, path.name)
    return NrrdImage(StoredImage(values, header.affine_ras, header.warnings), header, files_of(path, header))


def _samples(path: Path, header: NrrdHeader) -> np.ndarray:
    """All samples, fastest axis first; ValueError where there are too few or too many."""
    count = prod(header.sizes)
    needed = count * header.dtype.itemsize
    packing = _PACKINGS.get(header.encoding)
    with path.open("rb") as file:
        file.seek(0 if header.data_file is not None else header.length_bytes)
        for _ in range(header.line_skip):
            if not file.readline(LONGEST_HEADER_BYTES):
                raise ValueError(f"it ends before the {header.line_skip} lines that its header skips")
        skip = header.byte_skip
        if packing is None:
            file.seek(skip, os.SEEK_CUR)
            return np.array(read_numbers(file, count), dtype=float)
        if skip == -1:  # the samples are the last bytes, of what is packed in the stream as of the file (teem, ITK)
            content, skip = read_last_samples(file, needed, packing, MOST_SKIPPED), 0
        else:
            content = read_samples(file, needed + skip, packing)
    return np.frombuffer(content, dtype=header.dtype, count=count, offset=skip)


def series_from_nrrd(image: NrrdImage, name: str) -> DwiSeries:
    """b-values are the nominal one times the squared length of each gradient (NA-MIC convention)."""
    header = image.header
    count = len(image.stored.array)
    try:
        nominal_b, gradients = header.nominal_b, header.gradients()
    except ValueError as error:
        raise InputError(
            f"The diffusion keys of '{name}' cannot be understood ({reason(error)}). Convert the series again."
        ) from error
    if nominal_b is None or gradients is None:
        raise InputError(
            f"'{name}' holds {count} volumes but no DWMRI_b-value and DWMRI_gradient keys. "
            "Convert the diffusion series again, for instance with Slicer's DWIConvert."
        )
    if len(gradients) != count:
        raise InputError(
            f"'{name}' holds {len(gradients)} gradients for {count} volumes. Convert the diffusion series again."
        )
    gradients = _with_b0(gradients, image.stored.array, name)
    squared = (gradients**2).sum(axis=1)
    # Lengths over 1 are directions nobody has scaled, such as (1, 1, 0): the longest then has the nominal b-value.
    longest = max(1.0, float(squared.max()))
    b_values = np.round(nominal_b * squared / longest)  # scanners set whole s/mm2; components are rounded
    directions_ras = gradients @ header.ras_from_measurement.T
    return make_series(image.stored.array, image.stored.affine_ras, b_values, directions_ras, name=name)


def b_value_warnings(image: NrrdImage) -> tuple[str, ...]:
    """Where no gradient has the length 1, so that readers differ in what the nominal b-value is of."""
    gradients, nominal_b = image.header.gradients(), image.header.nominal_b
    if gradients is None or nominal_b is None:
        return ()
    longest = float(np.nanmax((gradients**2).sum(axis=1)))
    if longest >= _NEARLY_NOMINAL:
        return ()
    return (
        f"The longest gradient of the NRRD file has the length {np.sqrt(longest):.3g}: its b-value is taken as "
        f"{nominal_b * longest:.0f} s/mm^2. Slicer takes {nominal_b:g}, with which ADC is {longest:.2g} of this one.",
    )


def refuse_single_volume(image: NrrdImage, name: str) -> None:
    """One volume with diffusion keys cannot give an ADC, and is no map whatever its values look like."""
    if image.header.of_diffusion:
        b_value = quote_known(image.header.keys.get("dwmri_b-value", "none")).strip("'")
        raise InputError(
            f"'{name}' is a single diffusion volume: it has DWMRI keys (b-value {b_value}). Give the whole series; "
            "or save the ADC map without these keys."
        )


def _with_b0(gradients: np.ndarray, array: np.ndarray, name: str) -> np.ndarray:
    """NaN gradients as those of b = 0, where the signal bears it out: it is higher than that of every other volume."""
    without = np.isnan(gradients).any(axis=1)
    if not without.any():
        return gradients
    weighted = ~without & (gradients != 0).any(axis=1)
    means = np.array([float(np.nanmean(volume, dtype=np.float64)) for volume in array])
    if not weighted.any() or means[without].min() <= means[weighted].max():
        raise InputError(
            f"The gradient of volume {int(np.argmax(without))} of '{name}' is not a number, and its signal is not that "
            "of b = 0. Convert the diffusion series again."
        )
    return np.where(without[:, np.newaxis], 0.0, gradients)


def write_dwi_nrrd(series: DwiSeries, path: Path) -> None:
    """A DWI NRRD as Slicer writes it: left-posterior-superior, gradients in that frame, list axis last."""
    directions = series.directions_ras
    weighted = series.b_values > 0
    if directions is None or not np.all(np.any(directions[weighted] != 0, axis=1)):
        raise InputError(
            f"'{path.name}' cannot be written: a DWI NRRD has no way to say b > 0 without a direction, and this "
            "series holds a direction-averaged volume. Write NIfTI instead."
        )
    nominal = float(series.b_values.max())
    lengths = np.sqrt(series.b_values / nominal)[:, np.newaxis]
    gradients_lps = directions * np.diag(LPS_FROM_RAS)[:3] * lengths
    affine_lps = LPS_FROM_RAS @ series.affine_ras
    array = np.moveaxis(series.array, 0, 3)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    lines = [
        "NRRD0005",
        f"type: {_TYPE_NAMES[array.dtype.name]}",
        "dimension: 4",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(n) for n in array.shape),
        "space directions: " + " ".join(_vector(affine_lps[:3, axis]) for axis in range(3)) + " none",
        "kinds: space space space list",
        "endian: little",
        "encoding: gzip",
        'space units: "mm" "mm" "mm"',
        "space origin: " + _vector(affine_lps[:3, 3]),
        "measurement frame: (1,0,0) (0,1,0) (0,0,1)",
        "modality:=DWMRI",
        f"DWMRI_b-value:={nominal:.10g}",
    ]
    lines += [
        f"DWMRI_gradient_{number:04d}:=" + " ".join(f"{c + 0.0:.10f}" for c in gradient)
        for number, gradient in enumerate(gradients_lps)
    ]
    head = ("\n".join(lines) + "\n\n").encode("ascii")
    path.write_bytes(head + gzip.compress(array.tobytes(order="F"), compresslevel=1, mtime=0))


_TYPE_NAMES = {
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float32": "float",
    "float64": "double",
}


def _vector(values: np.ndarray) -> str:
    return "(" + ",".join(f"{value + 0.0:.12g}" for value in values) + ")"
