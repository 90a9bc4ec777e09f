"""Reads any input: a diffusion series or an ADC map with known units (Source), or a T1-weighted scan (T1Scan)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io import mha, nifti, nrrd
from AGE2HIELib.io.dicom.recognition import is_dicom
from AGE2HIELib.io.diffusion import repeated_warnings
from AGE2HIELib.io.images import load_image, read_on_grid, sha256_of_image
from AGE2HIELib.io.integrity import StoredImage, existing_file, sha256_of_files, sha256_of_set
from AGE2HIELib.io.mha import MHA_SUFFIXES
from AGE2HIELib.io.nifti import NIFTI_SUFFIXES, gradient_files, load_nifti, series_from_nifti
from AGE2HIELib.io.nrrd import NRRD_SUFFIXES, load_nrrd, series_from_nrrd
from AGE2HIELib.io.units import find_unit
from AGE2HIELib.volume import DwiSeries, Grid, Volume

# 1e-6 mm2/s; ln(2^15) over 500 s/mm2, the most that samples of 16 bits can give at the lowest b-value in use
MOST_ADC = 21_000.0


@dataclass(frozen=True)
class Source:
    """What was read, in the stored voxel order; exactly one of ``dwi`` and ``adc`` is set.

    Attributes:
        kind: dwi-nifti, dwi-nrrd, dwi-dicom, adc-nifti, adc-mha, adc-nrrd or adc-dicom.
        sha256: of the bytes that were read; for DICOM independent of the files' names and order.
        adc: float32, 1e-6 mm2/s; values as stored where ``adc_unit_found`` is None.
        adc_unit_found: None for a diffusion series, and for a 3D image that does not look like an ADC map.
        warnings: what the reader of the result should know about the input.
        files: of the DICOM series that was read; empty for other formats.
        age_days: after birth at the scan, from the dates in DICOM; for use at once, never to be stored.
    """

    kind: str
    sha256: str
    dwi: DwiSeries | None
    adc: Volume | None
    adc_unit_found: str | None
    warnings: tuple[str, ...]
    files: tuple[Path, ...] = ()
    age_days: float | None = field(default=None, repr=False)

    @property
    def stored(self) -> Grid:
        """The input's own grid: results are written back on it."""
        image = self.dwi if self.dwi is not None else self.adc
        assert image is not None  # one of the two is always set
        return image.grid


def read_source(path: Path, *, series: str | None = None) -> Source:
    """Read a DICOM folder or file, a 4D NIfTI with ``.bval``, a DWI NRRD or a 3D ADC map.

    Args:
        path: the input.
        series: DICOM only: the number of the series to read, or two joined by ``+`` (a b0 and its trace image).
    """
    if not path.exists():
        raise InputError(f"'{path.name}' does not exist. Check the name of the input.")
    if path.is_dir() or is_dicom(existing_file(path)):
        return _from_dicom(path, series)
    if series is not None:
        raise InputError(
            f"A series ({series}) can be chosen from DICOM only, and '{path.name}' is not DICOM. Leave it out."
        )
    name = path.name.lower()
    if name.endswith(NIFTI_SUFFIXES):
        return _from_nifti(path)
    if name.endswith(NRRD_SUFFIXES):
        return _from_nrrd(path)
    stored = load_image(path)
    assert name.endswith(MHA_SUFFIXES)  # load_image refuses every other name
    mha.refuse_single_volume(path)
    return _adc_source("adc-mha", stored, sha256_of_image(path), path.name)


def _from_nifti(path: Path) -> Source:
    stored = load_nifti(path)
    if len(stored.array) == 1:
        nifti.refuse_single_volume(path)
        return _adc_source("adc-nifti", stored, sha256_of_files([path]), path.name)
    dwi = series_from_nifti(stored, path)
    warnings = (*stored.warnings, *repeated_warnings(dwi))
    files = gradient_files(path)
    assert files is not None  # series_from_nifti refuses an image without b-values
    parts = [path, files.bval, *([files.bvec] if files.bvec else [])]
    return Source("dwi-nifti", sha256_of_files(parts), dwi, None, None, warnings)


def _from_nrrd(path: Path) -> Source:
    image = load_nrrd(path)
    sha256 = sha256_of_files(image.files)
    if len(image.stored.array) == 1:
        nrrd.refuse_single_volume(image, path.name)
        return _adc_source("adc-nrrd", image.stored, sha256, path.name)
    dwi = series_from_nrrd(image, path.name)
    warnings = (*image.stored.warnings, *nrrd.b_value_warnings(image), *repeated_warnings(dwi))
    return Source("dwi-nrrd", sha256, dwi, None, None, warnings)


def _from_dicom(path: Path, series: str | None) -> Source:
    # pydicom takes an eighth of a second, which other formats need not wait for
    from AGE2HIELib.io.dicom.elements import postnatal_age_days
    from AGE2HIELib.io.dicom.reading import read_dicom

    image = read_dicom(path, series=series)
    sha256 = sha256_of_set(image.files)
    if image.dwi is not None:
        warnings = (*image.warnings, *repeated_warnings(image.dwi))
        source = Source("dwi-dicom", sha256, image.dwi, None, None, warnings)
    else:
        assert image.adc is not None  # read_dicom returns one of the two
        adc = StoredImage(image.adc.array, image.adc.affine_ras, (*image.adc.warnings, *image.warnings))
        source = _adc_source("adc-dicom", adc, sha256, image.label)
    return replace(source, files=image.files, age_days=postnatal_age_days(image.files))


def _adc_source(kind: str, stored: StoredImage, sha256: str, name: str) -> Source:
    values = stored.array[0]
    unit = find_unit(values, name=name)
    scaled = np.asarray(values * np.float32(unit.factor), dtype=np.float32)
    if unit.name is not None:
        scaled[np.abs(scaled) > MOST_ADC] = np.nan  # no measurement: a broken voxel must not leak into others
    adc = Volume(scaled, stored.affine_ras)
    return Source(kind, sha256, None, adc, unit.name, stored.warnings)


@dataclass(frozen=True)
class T1Scan:
    """What was read, as stored.

    Attributes:
        kind: t1-nifti, t1-mha or t1-nrrd.
        sha256: of the file's bytes.
        mask: that was given, above 0 in the brain, on the same grid.
        warnings: what the file leaves open.
    """

    kind: str
    sha256: str
    image: Volume
    warnings: tuple[str, ...]
    mask: Volume | None = None
    mask_sha256: str | None = None

    @property
    def stored(self) -> Grid:
        return self.image.grid


def read_t1(path: Path, *, mask: Path | None = None) -> T1Scan:
    """NIfTI, MHA or NRRD; InputError for a diffusion series, for DICOM, and for what is no image."""
    if path.is_dir() or is_dicom(existing_file(path)):
        raise InputError(
            f"'{path.name}' is {'a folder' if path.is_dir() else 'DICOM'}, and a T1-weighted scan is read from one "
            "NIfTI, MHA or NRRD file. Convert the T1 series with dcm2niix, and give the file."
        )
    stored = load_image(path)
    name = path.name.lower()
    gradients = name.endswith(NIFTI_SUFFIXES) and gradient_files(path) is not None
    if len(stored.array) != 1 or gradients:
        problem = "has a .bval beside it" if gradients else f"holds {len(stored.array)} volumes"
        raise InputError(
            f"'{path.name}' {problem}: a diffusion series, and no T1-weighted scan. Give the T1 image, or explain an "
            "outcome with --target adverse."
        )
    formats = {"t1-nifti": NIFTI_SUFFIXES, "t1-nrrd": NRRD_SUFFIXES}
    kind = next((kind for kind, suffixes in formats.items() if name.endswith(suffixes)), "t1-mha")
    image = Volume(stored.array[0], stored.affine_ras)
    return T1Scan(
        kind,
        sha256_of_image(path),
        image,
        stored.warnings,
        read_on_grid(mask, image.grid, what="brain mask") if mask else None,
        sha256_of_image(mask) if mask else None,
    )
