"""The bundled atlas and T1 template, made from phantoms: synthetic.

The normative atlas is mean and spread of ADC over healthy phantoms in the template frame. The template that T1 scans of
any age are placed in has the frame and the size of that atlas; it lies in ``Resources/t1_template``, where
``preprocess.t1.placement`` reads it.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from AGE2HIELib.io.coordinates import from_sitk, reference_image, to_sitk
from AGE2HIELib.phantom.anatomy import Shape, label_points
from AGE2HIELib.phantom.infant import FINE_MM, TEMPLATE_ML, grid_points, make_infant
from AGE2HIELib.phantom.lifespan import make_t1_subject
from AGE2HIELib.phantom.structures import BASE_VALUE, DEEP_GREY, VALUE, structure_table
from AGE2HIELib.phantom.zones import label_zones, zone_table
from AGE2HIELib.preprocess.atlas import Atlas, Region, Zones
from AGE2HIELib.preprocess.smoothing import smooth_inside
from AGE2HIELib.preprocess.t1.placement import T1Template, outline_image
from AGE2HIELib.volume import Grid, Volume

ATLAS_SHAPE = (91, 109, 91)  # odd, as the infants' own grids: centres coincide
INFANTS = 60
_ATLAS_FIRST_SEED = 900_000  # far from the seeds of cohorts, so that no infant is in both
_RESIDUAL_DEFORMATION = 0.4  # what remains of an infant's shape after deformable placement, of the 2.2 mm rms drawn
# Phantoms know nothing of what else makes newborns differ: days of life, scanners, folds that no placement follows. In
# deep grey matter and the brainstem there are no folds. With these factors 0.5 % of the brain lies below -2 (median of
# 17 real newborns with a load under 1 %, which were looked at; 95 of 100 under 1.4 %), in the released maps 0.3 and
# 0.9 %; injured deep grey matter has -5 to -1.8 where one factor for all gave it -4 to -1.5.
_SPREAD, _DEEP_SPREAD = 1.63, 1.2
_PASSAGE_MM = 1.0  # over this much the factors pass into each other
_SD_FLOOR = 70.0  # 1e-6 mm^2/s: the smallest regional sd behind 28 released z-maps is 77
_AGES_YEARS = (0.0, 0.5, 1.0, 3.0, 10.0, 25.0, 45.0, 70.0)
_T1_FIRST_SEED = 910_000  # far from the seeds of cohorts
_SPACING_MM = 2.0
_SHAPE = (57, 69, 57)  # the field of view of the infant atlas: 112 x 136 x 112 mm


def atlas_grid() -> Grid:
    affine = np.diag([FINE_MM, FINE_MM, FINE_MM, 1.0])
    affine[:3, 3] = [-FINE_MM * (n - 1) / 2 for n in ATLAS_SHAPE]
    return Grid(ATLAS_SHAPE, affine)


def make_atlas(*, infants: int = INFANTS) -> Atlas:
    """Average ``infants`` healthy phantoms of template size that differ by what affine placement leaves.

    ADC is smoothed first as for the z-map, so that mean and sd describe what they are compared with.
    """
    grid = atlas_grid()
    count = np.zeros(grid.shape, dtype=np.float64)
    total, squares = np.zeros(grid.shape), np.zeros(grid.shape)
    for number in range(infants):
        infant = make_infant(_ATLAS_FIRST_SEED + number, brain_ml=TEMPLATE_ML, deformation=_RESIDUAL_DEFORMATION)
        smoothed = smooth_inside(infant.adc, infant.brain)
        adc, inside = (_centred(image, grid) for image in (smoothed.array, infant.labels.array > 0))
        count += inside
        total += np.where(inside, adc, 0)
        squares += np.where(inside, adc.astype(np.float64) ** 2, 0)
    mean = total / np.maximum(count, 1)
    variance = np.maximum(squares / np.maximum(count, 1) - mean**2, 0) * count / np.maximum(count - 1, 1)
    brain = count >= infants / 2
    labels = np.where(brain, label_points(grid_points(grid), Shape(own_folds=0.0), FINE_MM), 0)
    sd = np.maximum(_spread(labels) * np.sqrt(variance), _SD_FLOOR)
    affine = grid.affine_ras
    return Atlas(
        name="synthetic-term-newborn",
        provenance=f"synthetic: mean and sd of {infants} procedural phantoms (age2hie phantom); no child was scanned",
        licence="Apache-2.0",
        synthetic=True,
        mean=Volume(np.where(brain, mean, 0).astype(np.float32), affine),
        sd=Volume(np.where(brain, sd, 0).astype(np.float32), affine),
        brain=Volume(brain, affine),
        labels=Volume(labels.astype(np.uint8), affine),
        regions=tuple(Region(*row) for row in structure_table()),
        zones=make_zones(Volume(labels.astype(np.uint8), affine)),
    )


def make_zones(labels: Volume) -> Zones:
    """The zones of an atlas whose structures lie on ``atlas_grid``, by closed forms."""
    zones = label_zones(grid_points(labels.grid), labels.array.astype(np.uint8))
    return Zones(labels.like(zones), tuple(Region(*row) for row in zone_table()))


def _spread(labels: np.ndarray) -> np.ndarray:
    deep = np.isin(BASE_VALUE[labels], (*DEEP_GREY, VALUE["brainstem"]))
    return np.asarray(gaussian_filter(np.where(deep, _DEEP_SPREAD, _SPREAD), _PASSAGE_MM / FINE_MM))


def _centred(array: np.ndarray, grid: Grid) -> np.ndarray:
    """Crop or pad an infant's fine grid to the atlas grid: both have their middle voxel at the origin."""
    result = np.zeros(grid.shape, dtype=array.dtype)
    into, out = [], []
    for wanted, n in zip(grid.shape, array.shape, strict=True):
        start = (wanted - n) // 2
        into.append(slice(max(start, 0), min(start + n, wanted)))
        out.append(slice(max(-start, 0), max(-start, 0) + min(start + n, wanted) - max(start, 0)))
    result[tuple(into)] = array[tuple(out)]
    return result


def make_t1_template() -> T1Template:
    """Average the outlines of subjects from birth to old age, all of template size; takes about four seconds."""
    affine = np.diag([_SPACING_MM, _SPACING_MM, _SPACING_MM, 1.0])
    affine[:3, 3] = [-_SPACING_MM * (n - 1) / 2 for n in _SHAPE]
    grid = Grid(_SHAPE, affine)
    total, count = np.zeros(grid.shape), np.zeros(grid.shape)
    for number, age_years in enumerate(_AGES_YEARS):
        # the mean of so few shapes would carry their deformation, so they have none: only their folds differ
        subject = make_t1_subject(_T1_FIRST_SEED + number, age_years, brain_ml=TEMPLATE_ML, deformation=0.0)
        total += _on_grid(outline_image(subject.signal, subject.brain), grid)
        count += _on_grid(subject.brain, grid) > 0.5
    brain = count >= len(_AGES_YEARS) / 2
    image = np.where(brain, total / len(_AGES_YEARS), 0)
    return T1Template(Volume(image.astype(np.float32), affine), Volume(brain, affine))


def _on_grid(volume: Volume, grid: Grid) -> np.ndarray:
    image = to_sitk(volume.like(volume.array.astype(np.float32)))
    return from_sitk(sitk.Resample(image, reference_image(grid))).array
