"""A T1-weighted scan in: one 3D image file, in its stored voxel order. It has no unit, so that none is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom_file import is_dicom
from AGE2HIELib.io.images import load_image, read_on_grid, sha256_of_image
from AGE2HIELib.io.integrity import existing_file
from AGE2HIELib.io.nifti import NIFTI_SUFFIXES, gradient_files
from AGE2HIELib.io.nrrd import NRRD_SUFFIXES
from AGE2HIELib.volume import Grid, Volume


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
        seen = "has a .bval beside it" if gradients else f"holds {len(stored.array)} volumes"
        raise InputError(
            f"'{path.name}' {seen}: a diffusion series, and no T1-weighted scan. Give the T1 image, or explain an "
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
