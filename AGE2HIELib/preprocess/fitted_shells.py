"""Which shells of a series the ADC is fitted from, and how far that ADC lies from one of b = 0 and 1000."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.gradients import SMALLEST_B_RANGE_S_MM2
from AGE2HIELib.preprocess.shells import SHELL_RELATIVE_WIDTH, Shell, find_shells

# Atlases and released maps stand for b = 0 and 1000. ln S bends with b (kurtosis), so a shell of 2600 beside one of
# 1000 takes 107e-6 mm^2/s off an ADC of 1200: one to two and a half standard deviations between healthy newborns.
HIGHEST_B_S_MM2 = 1200.0
LEAST_FULL_B_S_MM2 = 600.0  # of the shell that a usual ADC needs: a lower one alone is 5 % high and more
HIGHEST_LOW_B_S_MM2 = 200.0  # what may stand in for a b0

_LOWEST_IN_WORDS = -0.5
_USUAL_B_S_MM2 = (0.0, 1000.0)
_TISSUE_ADC, _TISSUE_KURTOSIS = 1200e-6, 0.5  # mm^2/s; newborn tissue that the stated error holds for


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
