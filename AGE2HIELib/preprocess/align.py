"""Motion between the volumes of a series: found by rigid registration to the mean b0, undone only where it matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import LPS_FROM_RAS, from_sitk, reference_image, to_sitk
from AGE2HIELib.preprocess.rigid import (
    STILL,
    Rigid,
    align,
    coarse_image,
    head_voxels,
    logarithm,
    parameters_about,
    points_of,
    resample_rigid,
    rigid_about,
)
from AGE2HIELib.preprocess.shells import Shell, fitted_shells
from AGE2HIELib.volume import DwiSeries, Volume

MODES = ("auto", "on", "off")
# Interpolation costs accuracy (a still volunteer aligned all the same: 39 % of voxels within 2 %, notes of the field),
# so volumes that moved by less stay as they are. A voxel is the cube root of its volume here.
MOTION_LIMIT_VOXELS = 0.5
# Another contrast looks displaced: still heads show 0.21-0.25 voxel (phantoms) and 0.34-0.97 (three adults, b >= 2000)
# between b0 and a shell, so less than this is no proof that the whole shell has moved.
SHELL_LIMIT_VOXELS = 1.0
# Eddy currents shift a volume in proportion to its diffusion gradient (Siemens XA30: 2.9 mm times g_z, along the phase
# encoding only): that is no motion of the head. A fit of four numbers a parameter needs directions to spare.
EDDY_MIN_DIRECTIONS = 8
_EDDY_ROTATION_MM = 60.0  # weight of a radian in the robust fit: the radius of a head
_EDDY_STEPS = 20
_TEMPLATE_ROUNDS = 6  # the first mean of a shell holds ghosts of moved volumes; a still one stops after the first
_SETTLED_MM = 0.2


@dataclass(frozen=True)
class Alignment:
    """The series, aligned or as it was.

    Attributes:
        series: with moved volumes resampled and their directions rotated where ``applied``.
        motion_mm: the largest mean displacement over the head of any volume against the mean b0.
        applied: whether any volume was resampled.
    """

    series: DwiSeries
    motion_mm: float
    applied: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self.applied:
            return ()
        return (f"Volumes were aligned to the mean b0: up to {self.motion_mm:.1f} mm of motion was found.",)


@dataclass(frozen=True)
class Motion:
    """Of one volume: where the b0's anatomy lies in it, and the head's mean displacement without eddy currents."""

    rigid: Rigid
    head_mm: float


def align_series(dwi: DwiSeries, mode: str = "auto") -> Alignment:
    """Undo rigid motion between volumes.

    Args:
        dwi: in any voxel order.
        mode: "off" returns the series as it is, unmeasured (motion 0); "auto" resamples the volumes that moved by more
            than half a voxel, and no other; "on" resamples every volume.
    """
    if mode not in MODES:
        raise InputError(f"Unknown alignment '{mode}'. Choose one of {', '.join(MODES)}.")
    if mode == "off":
        return Alignment(dwi, 0.0, False)
    limit_mm = MOTION_LIMIT_VOXELS * _voxel_mm(dwi)
    motions = estimate_motion(dwi, shell_limit_voxels=0.0 if mode == "on" else SHELL_LIMIT_VOXELS)
    motion_mm = max(motion.head_mm for motion in motions)
    moved = {n: motion.rigid for n, motion in enumerate(motions) if mode == "on" or motion.head_mm > limit_mm}
    return Alignment(_resampled(dwi, moved) if moved else dwi, motion_mm, bool(moved))


def estimate_motion(dwi: DwiSeries, *, shell_limit_voxels: float = SHELL_LIMIT_VOXELS) -> list[Motion]:
    """Each volume against the mean of its shell, and each shell's mean against the mean b0.

    A shell counts as displaced from b0 only beyond the limit. Volumes that no ADC is fitted from stay: derived traces,
    and b-values too high for it.
    """
    motions = [Motion(STILL, 0.0)] * len(dwi.array)
    shells = fitted_shells(dwi.b_values, dwi.directions_ras)
    reference = mask = points = None
    for shell in shells:
        small = [coarse_image(dwi.volume(index)) for index in shell.volumes]
        if reference is None or mask is None or points is None:
            mask = head_voxels(_mean(small))
            points = points_of(mask, small[0].affine_ras)
        within, head, template = _within_shell(small, mask, dwi.directions_ras, shell)
        between = STILL if reference is None else align(logarithm(reference), logarithm(template), mask)
        reference = template if reference is None else reference
        if between.displacement_mm(points) <= shell_limit_voxels * _voxel_mm(dwi):
            between = STILL
        for index, rigid, own in zip(shell.volumes, within, head, strict=True):
            motions[index] = Motion(rigid.after(between), own.after(between).displacement_mm(points))
    return motions


def _voxel_mm(dwi: DwiSeries) -> float:
    return float(np.cbrt(1000 * dwi.grid.voxel_ml))


def _mean(volumes: list[Volume]) -> Volume:
    return volumes[0].like(np.mean([volume.array for volume in volumes], axis=0))


def _within_shell(
    small: list[Volume], mask: np.ndarray, directions: np.ndarray | None, shell: Shell
) -> tuple[list[Rigid], list[Rigid], Volume]:
    """(each volume's motion, the same without eddy currents, their mean image), from where most of them lie."""
    template = _mean(small)
    motions = [STILL] * len(small)
    if len(small) == 1:
        return motions, motions, template
    points = points_of(mask, template.affine_ras)
    for _ in range(_TEMPLATE_ROUNDS):
        previous = motions
        motions = [align(template, volume, mask) for volume in small]
        changes = [np.linalg.norm(a(points) - b(points), axis=1).mean() for a, b in zip(motions, previous, strict=True)]
        if max(changes) < _SETTLED_MM:
            break
        template = _mean([resample_rigid(volume, rigid) for volume, rigid in zip(small, motions, strict=True)])
    centre = points.mean(axis=0)
    parameters = np.array([parameters_about(rigid, centre) for rigid in motions])
    own = parameters - _eddy_currents(parameters, shell, directions)
    back = rigid_about(np.median(own, axis=0), centre).inverse()
    head = [rigid_about(row, centre).after(back) for row in own]
    return [rigid.after(back) for rigid in motions], head, resample_rigid(template, back)


def _eddy_currents(parameters: np.ndarray, shell: Shell, directions: np.ndarray | None) -> np.ndarray:
    """``(n, 6)``: the part of the motion parameters that is linear in the diffusion gradient, moved volumes ignored."""
    if directions is None or len(shell.volumes) < EDDY_MIN_DIRECTIONS:
        return np.zeros_like(parameters)
    gradients = directions[list(shell.volumes)]
    design = np.column_stack([gradients, np.ones(len(gradients))])  # a constant: the mean of the shell is no zero
    scale = np.array([_EDDY_ROTATION_MM] * 3 + [1.0] * 3)
    weights = np.ones(len(parameters))
    gains = np.zeros((4, 6))
    for _ in range(_EDDY_STEPS):  # least absolute deviations by reweighting: a few moved volumes cannot pull the fit
        root = np.sqrt(weights)[:, None]
        gains = np.linalg.lstsq(root * design, root * parameters, rcond=None)[0]
        weights = 1 / np.maximum(np.linalg.norm((parameters - design @ gains) * scale, axis=1), 1e-3)
    return np.asarray(gradients @ gains[:3])


def _to_sitk(rigid: Rigid) -> sitk.AffineTransform:
    flip = LPS_FROM_RAS[:3, :3]
    transform = sitk.AffineTransform(3)
    transform.SetMatrix((flip @ rigid.rotation @ flip).ravel().tolist())
    transform.SetTranslation((flip @ rigid.offset).tolist())
    return transform


def _resampled(dwi: DwiSeries, moved: dict[int, Rigid]) -> DwiSeries:
    """Moved volumes put onto the b0's head, by cubic splines: linear interpolation would blur and change ADC at edges.

    The scanner plays a direction in its own frame; seen from the head of the b0 it is turned back.
    """
    array = dwi.array.astype(np.float32)
    directions = None if dwi.directions_ras is None else np.array(dwi.directions_ras, dtype=float)
    for index, rigid in moved.items():
        image = to_sitk(Volume(array[index], dwi.affine_ras))
        array[index] = from_sitk(
            sitk.Resample(image, reference_image(dwi.grid), _to_sitk(rigid), sitk.sitkBSpline, 0.0)
        ).array
        if directions is not None:
            directions[index] = rigid.rotation.T @ directions[index]
    return DwiSeries(array, dwi.affine_ras, dwi.b_values, directions)
