"""DICOM files to volumes with b-values, by dcm2niix in a private folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import dcm2niix
import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom_complete import check_complete, one_slice_a_file
from AGE2HIELib.io.dicom_headers import DicomFile, DicomSeries
from AGE2HIELib.io.gradients import ras_from_fsl, unit_rows
from AGE2HIELib.io.integrity import Stored
from AGE2HIELib.io.nifti import bvecs, gradient_files, load_nifti, numbers
from AGE2HIELib.leftovers import owner_mark, remove_leftovers
from AGE2HIELib.volume import Grid

_SCRATCH = "age2hie-"  # begins the name of a private folder; one of a killed run still holds its patient's images
_TIME_LIMIT_S = 600  # the largest sample series takes 1.2 s
_SAME_GRID_MM = 1e-2  # DICOM states positions to 1e-3 mm or coarser


@dataclass(frozen=True)
class Converted:
    """A series as volumes.

    Attributes:
        b_values: ``(N,)`` s/mm^2, None where neither dcm2niix nor the headers know them.
        directions_ras: ``(N, 3)``, zero rows for b0 and direction-averaged volumes.
    """

    series: DicomSeries
    stored: Stored
    b_values: np.ndarray | None
    directions_ras: np.ndarray

    @property
    def grid(self) -> Grid:
        _, i, j, k = self.stored.array.shape
        return Grid((i, j, k), self.stored.affine_ras)


def convert(series: DicomSeries) -> Converted:
    """Convert one series; raises InputError where slices are missing or several images come out."""
    by_b: dict[tuple[float, ...], list[DicomFile]] = {}
    for file in series.files:
        by_b.setdefault(file.b_values, []).append(file)
    check_complete(series)
    images = _images(series.files, series)
    _check_slices(series, images)
    with_b = [image for image in images if image.b_values is not None]
    if not with_b and len(images) >= 1 and len(by_b) > 1 and all(len(b) == 1 for b in by_b):
        # dcm2niix sets direction-averaged volumes aside and then writes no b-values: convert each b alone.
        return _stacked([_single(convert_part, series) for _, convert_part in sorted(by_b.items())], series)
    chosen = with_b or images
    if len(chosen) != 1:
        sizes = ", ".join("x".join(str(n) for n in image.stored.array.shape[1:]) for image in chosen)
        raise InputError(
            f"DICOM {series.label} holds {len(chosen)} different images ({sizes} voxels). "
            "Convert it with dcm2niix and give the diffusion series as NIfTI."
        )
    image = chosen[0]
    stated = {b for file in series.files for b in file.b_values}
    if image.b_values is None and len(stated) == 1:
        count = len(image.stored.array)
        return Converted(series, image.stored, np.full(count, stated.pop()), np.zeros((count, 3)))
    return image


def _images(files: Sequence[DicomFile], series: DicomSeries) -> list[Converted]:
    remove_leftovers(Path(tempfile.gettempdir()), _SCRATCH)
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{owner_mark()}-") as folder:
        incoming, outgoing = Path(folder, "in"), Path(folder, "out")
        incoming.mkdir()
        outgoing.mkdir()
        for number, file in enumerate(files):
            _place(file.path, incoming / f"{number:06d}.dcm")
        _run(incoming, outgoing, series)
        return [_load(path, series) for path in sorted(outgoing.glob("*.nii"))]


def _place(source: Path, target: Path) -> None:
    """A neutral name: neither names nor folders of the input reach the converter or its messages."""
    try:
        os.symlink(source.resolve(), target)
    except OSError:  # Windows allows links to administrators only
        shutil.copyfile(source, target)


def _run(incoming: Path, outgoing: Path, series: DicomSeries) -> None:
    command = [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "image", "-w", "2", "-o", str(outgoing), str(incoming)]
    try:
        result = subprocess.run(command, capture_output=True, check=False, timeout=_TIME_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = type(error).__name__
        raise InputError(f"dcm2niix could not be run on {series.label} ({reason}). Reinstall 'dcm2niix'.") from error
    if not any(outgoing.glob("*.nii")):
        if shutil.disk_usage(outgoing).free < sum(path.stat().st_size for path in incoming.iterdir()):
            raise InputError(
                f"There is no room for DICOM {series.label} in the folder for temporary files. Free some space there, "
                "or name another folder in the environment variable TMPDIR."
            )
        raise InputError(
            f"dcm2niix made no image of DICOM {series.label} ({len(series.files)} files, exit code "
            f"{result.returncode}). Export the series again."
        )


def _load(path: Path, series: DicomSeries) -> Converted:
    try:
        stored = load_nifti(path)
    except InputError as error:
        detail = str(error).replace(f"'{path.name}'", "the converted image")
        raise InputError(
            f"The {len(series.files)} files of DICOM {series.label} do not make a volume; one may be missing ({detail})"
        ) from error
    count = len(stored.array)
    directions = np.zeros((count, 3))
    files = gradient_files(path)
    b_values = numbers(files.bval).ravel() if files else None
    if b_values is not None and b_values.size != count:
        b_values = None
    if files and files.bvec and b_values is not None:
        directions = unit_rows(ras_from_fsl(bvecs(files.bvec, b_values), stored.affine_ras))
    return Converted(series, stored, b_values, directions)


def _check_slices(series: DicomSeries, images: list[Converted]) -> None:
    """Classic files hold one slice each, so that a missing one shows in the count."""
    if not one_slice_a_file(series):
        return
    slices = [image.stored.array.shape[0] * image.stored.array.shape[3] for image in images]
    if len(series.files) not in (sum(slices), *slices):
        raise InputError(
            f"DICOM {series.label} is incomplete: {len(series.files)} files do not fill volumes of "
            f"{images[0].stored.array.shape[3]} slices. Export the series again."
        )


def _single(files: Sequence[DicomFile], series: DicomSeries) -> Converted:
    images = _images(files, series)
    if len({image.stored.array.shape[1:] for image in images}) != 1:
        raise InputError(f"DICOM {series.label} holds images of several sizes. Export the diffusion series alone.")
    stored = images[0].stored
    count = len(stored.array)
    return Converted(series, stored, np.full(count, files[0].b_values[0]), np.zeros((count, 3)))


def _stacked(parts: list[Converted], series: DicomSeries) -> Converted:
    first = parts[0]
    if any(not part.grid.same_as(first.grid, _SAME_GRID_MM) for part in parts):
        raise InputError(f"The volumes of DICOM {series.label} lie on several grids. Export the series again.")
    return Converted(
        series,
        Stored(np.concatenate([part.stored.array for part in parts]), first.stored.affine_ras),
        np.concatenate([part.b_values for part in parts if part.b_values is not None]),
        np.concatenate([part.directions_ras for part in parts]),
    )


def joined(b0: Converted, weighted: Converted) -> Converted | None:
    """The unweighted volumes of one series with another's (a b0 and its trace); None where the grids differ."""
    if b0.b_values is None or weighted.b_values is None or not b0.grid.same_as(weighted.grid, _SAME_GRID_MM):
        return None
    lowest = b0.b_values == b0.b_values.min()
    both = replace(
        weighted.series,
        number=f"{b0.series.number}+{weighted.series.number}",
        files=(*b0.series.files, *weighted.series.files),
    )
    unweighted = Stored(b0.stored.array[lowest], b0.stored.affine_ras)
    part = Converted(both, unweighted, b0.b_values[lowest], np.zeros((int(lowest.sum()), 3)))
    return _stacked([part, weighted], both)
