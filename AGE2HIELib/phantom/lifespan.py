"""Synthetic T1-weighted brains from birth to 97 years, from the anatomy of the newborn phantom.

Everybody has the same structures; size, calibres, thickness and signal follow the curves of age, and each of them
scatters between subjects, so that age cannot be read without error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial.transform import Rotation

from AGE2HIELib.phantom import lifespan_curves as curves
from AGE2HIELib.phantom.anatomy import Shape, label_points
from AGE2HIELib.phantom.fields import Points, smooth_noise
from AGE2HIELib.phantom.head import with_skull_and_scalp
from AGE2HIELib.phantom.infant import TEMPLATE_ML, blur_inside, centred_numbers, fine_grid, template_points
from AGE2HIELib.phantom.scan import Noise, coil_bias, rician, slice_average
from AGE2HIELib.phantom.structures import BASE_VALUE, CORTEX, RIGHT_OFFSET, STRUCTURES, VALUE, WHITE_MATTER
from AGE2HIELib.volume import Grid, Volume

TEMPLATE_MM = 1.4  # voxels of the fine grid, in the template frame: as many for a newborn as for an adult
# Scatter between subjects, standard deviations. Chosen so that ridge regression on regional means ranks the ages
# inside 6-18, 18-40, 40-60 and 60-97 years with a Spearman correlation of 0.7 to 0.9, not 1.
_PACE_SD = 0.05  # of the logarithm of age: some develop and age faster
_SIZE_SD = 0.075  # of the logarithm of volume; sexes differ by another 2 * 0.055 (Bethlehem 2022)
_SEX_SHIFT = 0.055
_CALIBRE_SD = 0.11
_THICKNESS_SD = 0.035
_SIGNAL_SD = 0.012  # of a structure; of all white matter against grey matter as well
_IRON_SD = 0.2  # of the logarithm of what iron adds
_PERIVENTRICULAR_SD = 0.35  # of the logarithm of the darkening
_CONTRAST_SD = 0.05  # of the logarithm of the exponent by which scanners' contrast differs
_HALF_VOXEL_MM = TEMPLATE_MM / 2  # distances run between voxel centres, the surface lies between them
_CORTEX_EDGE_MM = 1.2  # over which cortex turns into white matter, in the template frame
_PERIVENTRICULAR_MM = 5.0  # reach of the darkening, in the template frame
_AGE_BANDS = (0.0, 3.0, 6.0, 18.0, 40.0, 60.0, curves.OLDEST_YEARS)  # years
_AGE_SHARES = (0.24, 0.06, 0.17, 0.19, 0.16, 0.18)  # of the subjects


@dataclass(frozen=True)
class T1Subject:
    """Attributes:
    labels: uint8 structures on a fine grid in the subject's own upright frame (RAS+ mm, origin in the brain).
    signal: T1 signal there, arbitrary units (adult white matter about 100), float32, 0 outside the brain.
    age_years: of the subject.
    seed: what the subject was made from.
    template_points: where each voxel's centre lies in the template frame: the true placement.
    """

    labels: Volume
    signal: Volume
    age_years: float
    seed: int
    template_points: Points

    @property
    def brain(self) -> Volume:
        return self.labels.like(self.labels.array > 0)

    @property
    def brain_ml(self) -> float:
        return float(self.brain.array.sum()) * self.labels.grid.voxel_ml


def age_of(rng: np.random.Generator) -> float:
    """An age in years: every stretch of life in which brains change has its share, birth the densest."""
    number = int(rng.choice(len(_AGE_SHARES), p=_AGE_SHARES))
    low, high = _AGE_BANDS[number], _AGE_BANDS[number + 1]
    return float(low + (high - low) * rng.random() ** (1.5 if number == 0 else 1.0))


def sex_of(seed: int) -> str:
    """ "F" or "M" of ``make_t1_subject(seed, ...)``: the smaller and the larger brains, and in nothing else."""
    rng = np.random.default_rng([seed, 20])
    rng.standard_normal(2)  # pace and size come first
    return "F" if rng.choice([-1, 1]) < 0 else "M"


def make_t1_subject(
    seed: int, age_years: float, *, brain_ml: float | None = None, deformation: float = 1.0
) -> T1Subject:
    """A healthy brain of a given age.

    Args:
        seed: everything random follows from it.
        age_years: 0 to 97.
        brain_ml: volume with the fluid of the sulci; drawn around the curve of the age when None.
        deformation: how much the shape differs from the template, 1 is a natural spread.
    """
    rng = np.random.default_rng([seed, 20])
    pace_years = age_years * float(np.exp(_PACE_SD * rng.standard_normal()))
    drawn_ml = curves.BRAIN_ML.at(age_years) * np.exp(
        _SIZE_SD * rng.standard_normal() + rng.choice([-1, 1]) * _SEX_SHIFT
    )
    volume_ml = float(drawn_ml if brain_ml is None else brain_ml)
    size = float(np.cbrt(volume_ml / TEMPLATE_ML))
    scale = size * np.exp(0.035 * deformation * centred_numbers(rng, 3))
    grid = fine_grid(scale, TEMPLATE_MM * size)
    points = template_points(rng, grid, scale, deformation, template_mm=TEMPLATE_MM)
    shape = _shape(rng, pace_years, seed)
    labels = label_points(points, replace(shape, cortex_mm=shape.cortex_mm + _HALF_VOXEL_MM), TEMPLATE_MM)
    signal = _signal(rng, labels, shape.cortex_mm, pace_years)
    made = Volume(labels, grid.affine_ras)
    return T1Subject(made, made.like(signal), float(age_years), seed, points)


def scan_t1(subject: T1Subject, *, seed: int, with_head: bool = False) -> Volume:
    """What a scanner stores: a tilted grid of 1.8 to 2.4 mm, any gain, coil bias, Rician noise.

    Args:
        subject: who is scanned.
        seed: of the acquisition.
        with_head: with skull, scalp, eyes and neck; without, the brain alone, exactly 0 outside.

    Returns:
        float32 in scanner units.
    """
    rng = np.random.default_rng([seed, 21])
    contrast = np.exp(_CONTRAST_SD * rng.standard_normal())  # sequences weight T1 more or less
    signal = subject.signal.like(100 * (np.maximum(subject.signal.array, 0) / 100) ** np.float32(contrast))
    source = with_skull_and_scalp(signal, subject.brain, rng) if with_head else signal
    grid = _scanner_grid(source.grid, rng)
    sensitivity = coil_bias(grid, rng)
    noise_sd = 100 / rng.uniform(18, 40)
    measured = rician(slice_average(source, grid).array * sensitivity, Noise(noise_sd), rng)
    gain = np.exp(rng.uniform(np.log(0.2), np.log(20)))
    if not with_head:
        inside = slice_average(subject.brain.like(subject.brain.array.astype(np.float32)), grid).array > 0.5
        measured = np.where(inside, np.maximum(measured, 1e-3), 0)
    return Volume((gain * measured).astype(np.float32), grid.affine_ras)


def _shape(rng: np.random.Generator, age_years: float, seed: int) -> Shape:
    wide, ventricle, sulcus, thick = rng.standard_normal(4)  # the first is shared: who loses tissue loses it everywhere
    return Shape(
        ventricle_scale=curves.VENTRICLE_SCALE.at(age_years)
        * float(np.exp(_CALIBRE_SD * (0.6 * wide + 0.8 * ventricle))),
        sulcus_width=curves.SULCUS_WIDTH.at(age_years) * float(np.exp(_CALIBRE_SD * (0.6 * wide + 0.8 * sulcus))),
        subarachnoid_mm=curves.SUBARACHNOID_MM.at(age_years) * float(rng.uniform(0.7, 1.3)),
        cortex_mm=curves.CORTEX_MM.at(age_years) * float(np.exp(_THICKNESS_SD * thick)),
        own_folds=0.7,
        seed=seed,
    )


def _signal(rng: np.random.Generator, labels: np.ndarray, cortex_mm: float, age_years: float) -> np.ndarray:
    """A signal a structure, cortex that turns smoothly into white matter, darker periventricular tissue, texture."""
    level = _levels(rng, age_years)
    image = level[labels]
    base = BASE_VALUE[labels]
    mantle = np.isin(base, (*CORTEX, *WHITE_MATTER))
    # the depth below the surface: labels alone would let the thickness change in steps of a voxel
    tissue = (labels > 0) & (base != VALUE["cerebrospinal fluid"])
    depth_mm = distance_transform_edt(tissue, sampling=TEMPLATE_MM)[mantle] - _HALF_VOXEL_MM
    grey = np.clip(0.5 + (cortex_mm - depth_mm) / _CORTEX_EDGE_MM, 0, 1)
    cortex = (base[mantle] - 1) % len(CORTEX) + 1 + (labels[mantle] - base[mantle])  # of the same lobe and side
    image[mantle] = grey * level[cortex] + (1 - grey) * level[cortex + len(CORTEX)]
    _darken_periventricular(image, base, rng, age_years)
    texture = 0.02 * smooth_noise(rng, labels.shape, TEMPLATE_MM, 3.0)
    texture += 0.02 * smooth_noise(rng, labels.shape, TEMPLATE_MM, 14.0)
    return blur_inside((image * (1 + texture)).astype(np.float32), labels > 0).astype(np.float32)


def _levels(rng: np.random.Generator, age_years: float) -> np.ndarray:
    """(256,) T1 signal by label, both sides, with this subject's deviations."""
    level = np.zeros(256, dtype=np.float32)
    white_deviation = _SIGNAL_SD * rng.standard_normal()
    iron = 1 + curves.LENTIFORM_IRON.at(age_years) * np.exp(_IRON_SD * rng.standard_normal())
    for structure in STRUCTURES:
        value = structure.value
        if value in curves.FLUID_SIGNAL:
            signal = curves.FLUID_SIGNAL[value]
        elif value in CORTEX:
            signal = curves.CORTEX_SIGNAL.at(age_years)
        else:
            signal = curves.MYELINATION[value].signal(age_years) * (1 + white_deviation)
        signal *= 1 + _SIGNAL_SD * rng.standard_normal()
        level[value] = signal * (iron if value == VALUE["lentiform nucleus"] else 1)
        if structure.paired:
            level[value + RIGHT_OFFSET] = level[value] * (1 + 0.3 * _SIGNAL_SD * rng.standard_normal())
    return level


def _darken_periventricular(image: np.ndarray, base: np.ndarray, rng: np.random.Generator, age_years: float) -> None:
    strength = curves.PERIVENTRICULAR_LOSS.at(age_years) * np.exp(_PERIVENTRICULAR_SD * rng.standard_normal())
    if strength == 0:
        return
    distance_mm = distance_transform_edt(base != VALUE["lateral ventricle"], sampling=TEMPLATE_MM)
    white = np.isin(base, WHITE_MATTER)
    image[white] *= 1 - strength * np.clip(1 - distance_mm[white] / _PERIVENTRICULAR_MM, 0, 1)


def _scanner_grid(around: Grid, rng: np.random.Generator) -> Grid:
    """A grid that holds everything, tilted and shifted; a third of the scans have thicker slices."""
    spacing_mm = np.full(3, rng.uniform(1.8, 2.3))
    spacing_mm[2] *= rng.choice([1.0, 1.0, rng.uniform(1.05, 1.2)])
    rotation = Rotation.from_euler("xyz", [8, 4, 4] * rng.standard_normal(3), degrees=True).as_matrix()
    ends = (
        np.array([np.zeros(3), np.array(around.shape) - 1.0]) @ around.affine_ras[:3, :3].T + around.affine_ras[:3, 3]
    )
    turned_mm = np.abs(rotation).T @ (ends[1] - ends[0])  # the box around a tilted box is larger
    matrix = [int(n) for n in np.ceil((turned_mm + 8) / spacing_mm)]
    affine = np.eye(4)
    affine[:3, :3] = rotation * spacing_mm
    middle = ends.mean(axis=0) + rng.normal(0, 2, 3)
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(matrix) - 1) / 2)
    return Grid((matrix[0], matrix[1], matrix[2]), affine)
