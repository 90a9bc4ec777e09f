"""The bundled template that T1 scans of any age are placed in: a file under ``Resources/``, made by
``phantom.t1_template`` and read here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.orientation import to_canonical
from AGE2HIELib.preprocess.atlas import LARGEST_VOXELS
from AGE2HIELib.preprocess.t1.placement import T1Template
from AGE2HIELib.resources import resource_path


@cache
def bundled_t1_template() -> T1Template:
    """The template of this installation, read once."""
    return read_t1_template(resource_path("t1_template", "outline.nii.gz"))


def read_t1_template(path: Path) -> T1Template:
    """A mean outline as ``write_t1_template`` stores it, in the voxel order closest to RAS+.

    Raises:
        ModelError: the file is missing, damaged, or holds values that no outline has.
    """
    try:
        outline = to_canonical(read_volume(path))
    except InputError as problem:
        raise ModelError(f"The T1 template cannot be read: {problem} Install AGE2HIE again.") from problem
    # contiguous: the order in which numpy adds numbers, and with it the last digit of an age, depends on the layout
    values = np.ascontiguousarray(outline.array)
    if values.size > LARGEST_VOXELS:
        raise ModelError(f"The T1 template has {values.size:,} voxels, more than {LARGEST_VOXELS:,}. Install it again.")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 or not values.any():
        raise ModelError(
            f"The T1 template holds values from {values.min():g} to {values.max():g}; an outline has 0 to 1, and is "
            "not empty. Install AGE2HIE again."
        )
    return T1Template(outline.like(values), outline.like(values > 0))


def write_t1_template(template: T1Template, path: Path) -> None:
    """Store the mean outline as float32, nothing rounded; the brain is where it is above 0."""
    if not np.array_equal(template.image.array > 0, template.brain.array):
        raise ValueError("the outline must be above 0 in the brain and nowhere else")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(template.image, path)
