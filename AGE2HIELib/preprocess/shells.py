"""The shells of a diffusion series: which volumes make one, which of them the ADC is fitted from, and how far that ADC
lies from one of b = 0 and 1000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.diffusion import SMALLEST_B_RANGE_S_MM2

# Volumes within 5 % or 50 s/mm2 of a shell's mean are one shell: scanners add the imaging gradients to the
# b-value of each direction, and planned shells lie further apart. (MRtrix3 clusters with 80 s/mm2.)
SHELL_RELATIVE_WIDTH = 0.05
SHELL_WIDTH_S_MM2 = 50.0
# What scanners store for a nominal 0: UIH states 1, Siemens the 5 of its imaging gradients. A "low b" of 50, which some
# protocols have instead of a b0, sees less perfusion than a b0 does: beside one it is a shell of its own.
B0_LIMIT_S_MM2 = 20.0
_PLAIN_LIMIT_S_MM2 = 50.0  # up to here the direction of a volume is of no account

# ln S of a Gaussian tensor averaged over directions g is -b trace(D M), M = mean of g g^T: the mean
# diffusivity exactly where M = I/3. A tensor with eigenvalues MD (1 + 2a, 1 - a, 1 - a) is off by at most 3a times the
# largest |eigenvalue| of M - I/3; 3a is 0.95 at FA 0.5 (white matter near birth) and 1.83 at FA 0.8 (adult
# corpus callosum), so a limit of 0.01 keeps the error under 1 % and 2 %. The tables of three vendors' scans
# (Testing/test_adc_real.py) have at most 0.003, 20 random directions 0.13 (median of 300 draws).
UNEVENNESS_LIMIT = 0.01
# A tensor fit has n * sum(w^2) times the variance of the plain average. 16 (4 times the noise) adds some 6 % at a
# diffusion-weighted signal to noise of 15 and 12 directions; the plain average of a 15-direction cone is 26 % off.
NOISE_VARIANCE_LIMIT = 16.0
_MIN_TENSOR_DIRECTIONS = 6
# Atlases and released maps stand for b = 0 and 1000. ln S bends with b (kurtosis), so a shell of 2600 beside one of
# 1000 takes 107e-6 mm^2/s off an ADC of 1200: one to two and a half standard deviations between healthy newborns.
HIGHEST_B_S_MM2 = 1200.0
LEAST_FULL_B_S_MM2 = 600.0  # of the shell that a usual ADC needs: a lower one alone is 5 % high and more
HIGHEST_LOW_B_S_MM2 = 200.0  # what may stand in for a b0

_LOWEST_IN_WORDS = -0.5
_USUAL_B_S_MM2 = (0.0, 1000.0)
_TISSUE_ADC, _TISSUE_KURTOSIS = 1200e-6, 0.5  # mm^2/s; newborn tissue that the stated error holds for


@dataclass(frozen=True)
class Shell:
    """Volumes of one b-value.

    Attributes:
        b_value: weighted mean over the volumes, s/mm^2.
        volumes: indices into the series.
        weights: of each volume's ln S in the shell's average; they sum to 1.
        warning: what was not ideal, or "".
    """

    b_value: float
    volumes: tuple[int, ...]
    weights: tuple[float, ...]
    warning: str = ""


def find_shells(b_values: np.ndarray, directions: np.ndarray | None = None) -> tuple[Shell, ...]:
    """Group the volumes by b-value, lowest first; derived traces are left out where directional volumes are.

    Args:
        b_values: ``(N,)`` in s/mm^2.
        directions: ``(N, 3)`` unit vectors, zero rows for b0 and trace volumes; None where there are none.

    Raises:
        InputError: unusable b-values, or fewer than two shells.
    """
    b_values = np.asarray(b_values, dtype=float).ravel()
    if len(b_values) == 0 or not np.all(np.isfinite(b_values)) or b_values.min() < 0:
        raise InputError(f"The b-values {b_values[:5].tolist()} are not all finite and at least 0. Check their file.")
    if directions is None:
        directions = np.zeros((len(b_values), 3))
    groups = _group(b_values)
    if len(groups) < 2:
        raise InputError(
            f"All b-values are near {b_values.mean():g} s/mm^2, so ADC cannot be fitted. "
            "Load the whole series with its b0, or give an ADC map instead."
        )
    return tuple(_shell(group, b_values, np.asarray(directions, dtype=float)) for group in groups)


def unevenness(directions: np.ndarray) -> float:
    """Largest |eigenvalue| of mean(g g^T) - I/3: 0 for even cover of the sphere, 2/3 for one."""
    second_moment = directions.T @ directions / len(directions)
    return float(np.abs(np.linalg.eigvalsh(second_moment - np.eye(3) / 3)).max())


def tensor_weights(directions: np.ndarray) -> np.ndarray | None:
    """Weights that turn ln S along directions into its mean over the sphere, by a least-squares tensor.

    A shell's ln S is a quadratic form in the direction (a constant is one too), so this equals the mean
    diffusivity of an ordinary least-squares tensor fit to shell and b0. None where directions do not allow it.
    """
    x, y, z = directions.T
    design = np.stack([x * x, y * y, z * z, x * y, x * z, y * z], axis=1)
    if np.linalg.matrix_rank(design) < _MIN_TENSOR_DIRECTIONS:
        return None
    weights: np.ndarray = np.array([1, 1, 1, 0, 0, 0]) / 3 @ np.linalg.pinv(design)
    return weights if len(directions) * (weights @ weights) <= NOISE_VARIANCE_LIMIT else None


def _group(b_values: np.ndarray) -> list[np.ndarray]:
    """Indices of each shell, shells by rising b, indices in the order of the series."""
    groups: list[list[int]] = []
    for index in np.argsort(b_values, kind="stable"):
        mean = b_values[groups[-1]].mean() if groups else -np.inf
        if mean <= B0_LIMIT_S_MM2 or b_values[index] <= B0_LIMIT_S_MM2:
            same = bool(groups) and b_values[index] <= B0_LIMIT_S_MM2
        else:
            same = b_values[index] - mean < max(SHELL_WIDTH_S_MM2, SHELL_RELATIVE_WIDTH * mean)
        if same:
            groups[-1].append(int(index))
        else:
            groups.append([int(index)])
    return [np.sort(group) for group in groups]


def _shell(group: np.ndarray, b_values: np.ndarray, directions: np.ndarray) -> Shell:
    lengths = np.linalg.norm(directions[group], axis=1)
    directional = group[lengths > 0.5]  # rows are unit vectors or zero
    if len(directional) == 0 or b_values[group].mean() <= _PLAIN_LIMIT_S_MM2:
        return Shell(float(b_values[group].mean()), tuple(group.tolist()), (1 / len(group),) * len(group))
    unit = directions[directional] / np.linalg.norm(directions[directional], axis=1, keepdims=True)
    weights, warning = _sphere_weights(unit, f"b = {b_values[directional].mean():.0f} s/mm^2")
    b_value = float(weights @ b_values[directional])
    return Shell(b_value, tuple(directional.tolist()), tuple(weights.tolist()), warning)


def _sphere_weights(directions: np.ndarray, shell_name: str) -> tuple[np.ndarray, str]:
    """(weights, warning): the plain average, or a tensor fit where the directions are uneven and allow it."""
    plain = np.full(len(directions), 1 / len(directions))
    uneven = unevenness(directions)
    if uneven <= UNEVENNESS_LIMIT:
        return plain, ""
    what = (
        f"The {len(directions)} directions at {shell_name} do not cover the sphere evenly "
        f"(unevenness {uneven:.3f}, limit {UNEVENNESS_LIMIT:g})"
    )
    by_tensor = tensor_weights(directions)
    if by_tensor is None:
        return plain, f"{what} and allow no tensor fit: ADC in white matter may be off (plain average)."
    return by_tensor, f"{what}: the mean diffusivity of a tensor fit was used."


def fitted_shells(b_values: np.ndarray, directions: np.ndarray | None = None) -> tuple[Shell, ...]:
    """The shells that enter the ADC, lowest first.

    Where there is a b of at most 200 and one between 600 and 1200, all shells up to 1200 are used. Else it is the low
    ones (without any, the lowest), with those above them up to 1200 or, where there is none, the lowest above
    them; ``unusual_b_warning`` then says what that does to the ADC. These limits are nominal: 5 % more or less counts.

    Args:
        b_values, directions: as for ``find_shells``.

    Raises:
        InputError: unusable b-values, or all within 50 s/mm^2.
    """
    shells = find_shells(b_values, directions)
    reference = [shell for shell in shells if _is_low(shell)] or [shells[0]]
    weighted = [shell for shell in shells if shell.b_value > reference[-1].b_value]
    up_to_limit = [shell for shell in weighted if shell.b_value <= _widened(HIGHEST_B_S_MM2)]
    used = (*reference, *(up_to_limit or weighted[:1]))
    if used[-1].b_value - used[0].b_value <= SMALLEST_B_RANGE_S_MM2:
        raise InputError(
            f"All b-values lie between {used[0].b_value:g} and {used[-1].b_value:g} s/mm^2, so ADC cannot be fitted. "
            "Load the whole series with a shell near b = 1000, or give an ADC map instead."
        )
    return used


def unusual_b_warning(shells: Sequence[Shell]) -> str:
    """What fitting from these shells does to the ADC, or "" where they are usual (see ``fitted_shells``)."""
    highest = shells[-1].b_value
    if _is_low(shells[0]) and _widened(highest) >= LEAST_FULL_B_S_MM2 and highest <= _widened(HIGHEST_B_S_MM2):
        return ""
    listed = ", ".join(f"{shell.b_value:.0f}" for shell in shells)
    return (
        f"The ADC is fitted from b = {listed} s/mm^2, since there is no b of at most {HIGHEST_LOW_B_S_MM2:g} with one "
        f"between {LEAST_FULL_B_S_MM2:g} and {HIGHEST_B_S_MM2:g}. b = {highest:.0f}: ADC "
        f"{_in_words(adc_error(shells))} beside one of b = 0 and 1000, which the atlas stands for."
    )


def adc_error(shells: Sequence[Shell]) -> float:
    """Relative error of the ADC from these shells beside one from b = 0 and 1000: -0.17 is 17 % low.

    For tissue of ADC D = 1200e-6 mm^2/s and kurtosis K = 0.5, where ln S = -b D + b^2 D^2 K / 6 (Jensen 2005,
    doi:10.1002/mrm.20508): two shells give D (1 - (b1 + b2) D K / 6), so 1080 at 0 and 1000, and 900 at 0 and 2500.
    More shells give the weighted line of ``fit_adc``. Noise and perfusion are left out; perfusion makes an ADC of low
    b-values higher still.
    """
    usual = _expected_adc(np.array(_USUAL_B_S_MM2), np.ones(2))
    b_values = np.array([shell.b_value for shell in shells])
    counts = np.array([float(len(shell.volumes)) for shell in shells])
    return float(_expected_adc(b_values, counts) / usual - 1)


def _expected_adc(b_values: np.ndarray, counts: np.ndarray) -> float:
    decay = b_values * _TISSUE_ADC
    log_signal = -decay + decay**2 * _TISSUE_KURTOSIS / 6
    weights = counts * np.exp(2 * log_signal)
    centred = b_values - np.average(b_values, weights=weights)
    return float(-(weights * centred) @ log_signal / ((weights * centred) @ centred))


def _in_words(error: float) -> str:
    if error < _LOWEST_IN_WORDS:  # of b-values far beyond what the expansion holds for
        return "far too low"
    percent = round(100 * abs(error))
    if percent == 0:
        return "within 1 %"
    return f"about {percent} % low" if error < 0 else f"at least {percent} % high"


def _is_low(shell: Shell) -> bool:
    return shell.b_value <= _widened(HIGHEST_LOW_B_S_MM2)


def _widened(b_value: float) -> float:
    """With what scanners may add to a nominal b-value."""
    return b_value * (1 + SHELL_RELATIVE_WIDTH)
