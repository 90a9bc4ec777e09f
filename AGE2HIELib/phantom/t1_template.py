"""Makes the template that T1 scans of any age are placed in: synthetic, in the frame and at the size of the infant
atlas. What is made lies in ``Resources/t1_template``, where ``preprocess.t1.template`` reads it.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.io.frames import from_sitk, reference_image, to_sitk
from AGE2HIELib.phantom.infant import TEMPLATE_ML
from AGE2HIELib.phantom.lifespan import make_t1_subject
from AGE2HIELib.preprocess.t1.placement import T1Template, outline
from AGE2HIELib.volume import Grid, Volume

_AGES_YEARS = (0.0, 0.5, 1.0, 3.0, 10.0, 25.0, 45.0, 70.0)
_FIRST_SEED = 910_000  # far from the seeds of cohorts
_SPACING_MM = 2.0
_SHAPE = (57, 69, 57)  # the field of view of the infant atlas: 112 x 136 x 112 mm


def make_t1_template() -> T1Template:
    """Average the outlines of subjects from birth to old age, all of template size; takes about four seconds."""
    affine = np.diag([_SPACING_MM, _SPACING_MM, _SPACING_MM, 1.0])
    affine[:3, 3] = [-_SPACING_MM * (n - 1) / 2 for n in _SHAPE]
    grid = Grid(_SHAPE, affine)
    total, count = np.zeros(grid.shape), np.zeros(grid.shape)
    for number, age_years in enumerate(_AGES_YEARS):
        # the mean of so few shapes would carry their deformation, so they have none: only their folds differ
        subject = make_t1_subject(_FIRST_SEED + number, age_years, brain_ml=TEMPLATE_ML, deformation=0.0)
        total += _on_grid(outline(subject.signal, subject.brain), grid)
        count += _on_grid(subject.brain, grid) > 0.5
    brain = count >= len(_AGES_YEARS) / 2
    image = np.where(brain, total / len(_AGES_YEARS), 0)
    return T1Template(Volume(image.astype(np.float32), affine), Volume(brain, affine))


def _on_grid(volume: Volume, grid: Grid) -> np.ndarray:
    image = to_sitk(volume.like(volume.array.astype(np.float32)))
    return from_sitk(sitk.Resample(image, reference_image(grid))).array
