"""A scan as the readers want it: b-values and directions beside the image, and a brain mask on its grid."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.bids.cases import BidsCase
from AGE2HIELib.bids.names import BidsFile
from AGE2HIELib.bids.selection import DWI, ChosenScan
from AGE2HIELib.io.coordinates import from_sitk, in_order_of, reference_image, to_sitk
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.nifti import nifti_grid
from AGE2HIELib.volume import Grid, Volume

_MASK = "mask.nii"  # not packed, so that the same mask has the same bytes


@contextmanager
def staged(case: BidsCase) -> Iterator[tuple[Path, Path | None, BidsFile | None]]:
    """(image, its mask or None, the mask's file in its dataset); what had to be made is gone afterwards."""
    assert case.chosen is not None
    with TemporaryDirectory(prefix="age2hie-") as folder:
        image = _with_gradients_beside(case.chosen, Path(folder))
        mask = _mask_for(case, nifti_grid(case.chosen.image.path), Path(folder)) if case.masks else None
        yield (image, *mask) if mask is not None else (image, None, None)


def _with_gradients_beside(scan: ChosenScan, folder: Path) -> Path:
    """The image itself where its tables lie beside it under its name, as most do."""
    image = scan.image.path
    stem = image.name.removesuffix(".gz").removesuffix(".nii")
    wanted = {
        image.with_name(stem + end): table for end, table in ((".bval", scan.bval), (".bvec", scan.bvec)) if table
    }
    if all(place == table for place, table in wanted.items()):
        return image
    for place, table in {image: image, **wanted}.items():
        _link(table, folder / place.name)
    return folder / image.name


def _link(path: Path, place: Path) -> None:
    try:
        place.symlink_to(path.resolve())
    except OSError:  # Windows asks for a right
        shutil.copyfile(path, place)


def _mask_for(case: BidsCase, grid: Grid, folder: Path) -> tuple[Path, BidsFile] | None:
    """The first mask on the image's grid; for diffusion else the first one, brought there."""
    for mask in case.masks:
        if _lies_on(mask.path, grid):
            return mask.path, mask
    if case.kind != DWI:
        return None
    write_volume(on_grid(read_volume(case.masks[0].path), grid), folder / _MASK)
    return folder / _MASK, case.masks[0]


def _lies_on(path: Path, grid: Grid) -> bool:
    own = nifti_grid(path)
    empty = Volume(np.broadcast_to(np.uint8(0), own.shape), own.affine_ras)
    return in_order_of(empty, grid).grid.lies_on(grid)


def on_grid(mask: Volume, grid: Grid) -> Volume:
    """A mask of the same world on another grid: voxels of which at least half is mask, by linear interpolation."""
    moving = to_sitk(mask.like((mask.array > 0).astype(np.float32)))
    moved = sitk.Resample(moving, reference_image(grid), sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    return Volume(from_sitk(moved).array >= 0.5, grid.affine_ras)
