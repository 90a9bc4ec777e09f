"""T1 and T2 of a synthetic newborn, as they are acquired beside the diffusion scan: on other grids, after a movement.

Signals are those of a term newborn by structure; injured tissue is brighter in both, by amounts that are chosen so that
it can be seen (as reports of the second week describe it), not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from AGE2HIELib.errors import InputError
from AGE2HIELib.phantom import lifespan_curves as curves
from AGE2HIELib.phantom.fields import smooth_noise
from AGE2HIELib.phantom.head import with_skull_and_scalp
from AGE2HIELib.phantom.infant import FINE_MM, Infant, blur_inside
from AGE2HIELib.phantom.injury import Injury
from AGE2HIELib.phantom.scan import Noise, coil_bias, rician, slice_average
from AGE2HIELib.phantom.structures import CORTEX, RIGHT_OFFSET, STRUCTURES
from AGE2HIELib.preprocess.rigid import Rigid
from AGE2HIELib.volume import Grid, Volume

SEQUENCES = ("t1", "t2")
_SPACING_MM = {"t1": (1.0, 1.0, 1.5), "t2": (0.9, 0.9, 3.0)}  # along right, anterior, superior before the tilt
_BRIGHTER = {"t1": 0.8, "t2": 0.7}  # share of the signal that a whole loss of ADC would add
_T2_EXPONENT = 1.3  # of the signal at b = 0, which has a shorter echo time
_SIGNAL_SD = 0.02  # of a structure between infants
_TILT_SD_DEGREES = (8.0, 4.0, 4.0)  # of the slices
_MOVED_SD_DEGREES, _MOVED_SD_MM = 2.5, 2.5  # of the head, since the diffusion scan
_SNR = (18.0, 40.0)
_MARGIN_MM = 8.0


@dataclass(frozen=True)
class ScannedSequence:
    """``image``: in scanner units, where the head lay then; ``moved``: from points of the infant's own frame, in which
    the diffusion scan lies, to the same anatomy in ``image``.
    """

    image: Volume
    moved: Rigid


def scan_sequence(
    infant: Infant, injury: Injury, name: str, *, seed: int, with_head: bool = False, spacing_mm: tuple[float, ...] = ()
) -> ScannedSequence:
    """One of ``SEQUENCES`` of an infant, float32.

    Args:
        seed: of the acquisition: grid, movement, noise, gain.
        with_head: with skull, scalp, eyes and neck; without, exactly 0 outside the brain.
        spacing_mm: of the voxels, three; the sequence's own unless given.

    Raises:
        InputError: there is no such sequence.
    """
    if name not in SEQUENCES:
        raise InputError(f"There is no sequence '{name}'. Choose from {', '.join(SEQUENCES)}.")
    rng = np.random.default_rng([seed, 30 + SEQUENCES.index(name)])
    signal = infant.labels.like(_signal(infant, injury, name, rng))
    source = with_skull_and_scalp(signal, infant.brain, rng) if with_head else signal
    turned = Rotation.from_euler("xyz", _MOVED_SD_DEGREES * rng.standard_normal(3), degrees=True).as_matrix()
    moved = Rigid(turned, _MOVED_SD_MM * rng.standard_normal(3))
    there = _grid(source.grid, np.array(spacing_mm or _SPACING_MM[name]), rng)
    # the grid as it lies in the infant's frame, where the head has not moved
    back = np.eye(4)
    back[:3, :3], back[:3, 3] = moved.inverse().rotation, moved.inverse().offset
    grid = Grid(there.shape, back @ there.affine_ras)
    measured = rician(slice_average(source, grid).array * coil_bias(grid, rng), Noise(100 / rng.uniform(*_SNR)), rng)
    if not with_head:
        inside = slice_average(infant.brain.like(infant.brain.array.astype(np.float32)), grid).array > 0.5
        measured = np.where(inside, np.maximum(measured, 1e-3), 0)
    gain = np.exp(rng.uniform(np.log(0.2), np.log(20)))
    return ScannedSequence(Volume((gain * measured).astype(np.float32), there.affine_ras), moved)


def _signal(infant: Infant, injury: Injury, name: str, rng: np.random.Generator) -> np.ndarray:
    """On the infant's fine grid, about 100 in the brightest tissue, 0 outside the brain."""
    labels = infant.labels.array
    level = np.zeros(256, dtype=np.float32)
    for structure in STRUCTURES:
        signal = _t1(structure.value) if name == "t1" else 100 * (structure.b0_signal / 185) ** _T2_EXPONENT
        for value in (structure.value, structure.value + RIGHT_OFFSET) if structure.paired else (structure.value,):
            level[value] = signal * (1 + _SIGNAL_SD * rng.standard_normal())
    healthy = np.maximum(infant.adc.array, 1)
    lost = np.where(labels > 0, np.clip(1 - injury.adc.array / healthy, 0, 1), 0)
    texture = 0.025 * smooth_noise(rng, labels.shape, FINE_MM, 3.0)
    image = level[labels] * (1 + texture) * (1 + _BRIGHTER[name] * lost)
    return np.asarray(blur_inside(image.astype(np.float32), labels > 0), dtype=np.float32)


def _t1(value: int) -> float:
    if value in curves.FLUID_SIGNAL:
        return curves.FLUID_SIGNAL[value]
    return curves.CORTEX_SIGNAL.at(0.0) if value in CORTEX else curves.MYELINATION[value].signal(0.0)


def _grid(around: Grid, spacing_mm: np.ndarray, rng: np.random.Generator) -> Grid:
    """A tilted grid that holds everything."""
    rotation = Rotation.from_euler("xyz", _TILT_SD_DEGREES * rng.standard_normal(3), degrees=True).as_matrix()
    ends = np.array([np.zeros(3), np.array(around.shape) - 1.0]) @ around.affine_ras[:3, :3].T
    turned_mm = np.abs(rotation).T @ ends[1] + 2 * _MARGIN_MM
    matrix = [int(n) for n in np.ceil(turned_mm / spacing_mm)]
    affine = np.eye(4)
    affine[:3, :3] = rotation * spacing_mm
    middle = ends.mean(axis=0) + around.affine_ras[:3, 3]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(matrix) - 1) / 2)
    return Grid((matrix[0], matrix[1], matrix[2]), affine)
