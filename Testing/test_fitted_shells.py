"""Which b-values the ADC is fitted from, against closed forms: mono-exponential decay, kurtosis, perfusion."""

from __future__ import annotations

import re

import numpy as np
import pytest

from AGE2HIELib.io.diffusion import LARGEST_B_S_MM2
from AGE2HIELib.preprocess.adc import adc_map, fit_adc
from AGE2HIELib.preprocess.shells import adc_error, find_shells, fitted_shells, unusual_b_warning
from AGE2HIELib.volume import DwiSeries

ADC = 1200e-6  # mm2/s, newborn tissue
# The schemes of the review of 2026-11-29: what each is fitted from.
SCHEMES = {
    (0, 1000): (0, 1000),
    (0, 700): (0, 700),
    (0, 400, 1000, 2600): (0, 400, 1000),
    (0, 500, 1000, 2000): (0, 500, 1000),
    (0, 2500): (0, 2500),
    (0, 50, 100, 200, 800): (0, 50, 100, 200, 800),
    (0, 50, 1000): (0, 50, 1000),
    (50, 800): (50, 800),
    (200, 1000): (200, 1000),
    (0, 1240): (0, 1240),
    (0, 2000, 2500): (0, 2000),
    (0, 400, 2500): (0, 400),
    (0, 200, 2500): (0, 200, 2500),
    (500, 1000, 2000): (500, 1000),
    (1500, 2500): (1500, 2500),
    (0, 50, 100): (0, 50, 100),
}


def signal(b_values, *, kurtosis=0.0, perfusion=0.0, adc=ADC):
    """``(N, 1, 1, 1)``: ln S = -b D + b^2 D^2 K / 6, and a part that perfusion (10e-3 mm2/s) takes away."""
    decay = np.asarray(b_values, float) * adc
    tissue = np.exp(-decay + kurtosis * decay**2 / 6)
    blood = np.exp(-np.asarray(b_values, float) * 10e-3)
    return (1000 * ((1 - perfusion) * tissue + perfusion * blood)).reshape(-1, 1, 1, 1)


def fitted(b_values, **tissue):
    return float(fit_adc(signal(b_values, **tissue), np.asarray(b_values, float))[0, 0, 0])


def series(b_values, **tissue):
    return DwiSeries(signal(b_values, **tissue), np.eye(4), np.asarray(b_values, float))


@pytest.mark.parametrize(("scheme", "used"), SCHEMES.items())
def test_mono_exponential_tissue_has_its_adc_whatever_the_scheme(scheme, used):
    assert fitted(scheme) == pytest.approx(1200, rel=1e-4)
    assert adc_map(series(scheme)).b_values_used == used


def test_a_very_high_b_beside_a_usual_one_changes_nothing():
    assert fitted((0, 1000), kurtosis=0.5) == pytest.approx(1080, rel=1e-4)
    assert fitted((0, 400, 1000, 2600), kurtosis=0.5) == fitted((0, 400, 1000), kurtosis=0.5)
    assert fitted((0, 500, 1000, 2000, 3000), kurtosis=0.5) == fitted((0, 500, 1000), kurtosis=0.5)
    spoilt = signal((0, 1000, 2600))
    spoilt[2] = 0  # noise has eaten it: used, it would mask the voxel
    assert fit_adc(spoilt, np.array([0, 1000, 2600.0]))[0, 0, 0] == pytest.approx(1200, rel=1e-4)


@pytest.mark.parametrize(
    "scheme",
    [(0, 2500), (0, 2000, 2500), (0, 400, 2500), (0, 200, 2500), (500, 1000, 2000), (1500, 2500), (0, 50, 100)],
)
def test_an_unusual_scheme_says_how_far_its_adc_lies_from_one_of_b_0_and_1000(scheme):
    true_percent = 100 * (fitted(scheme, kurtosis=0.5) / 1080 - 1)
    (warning,) = adc_map(series(scheme)).warnings
    number, way = re.search(r"(\d+) % (low|high)", warning).groups()
    assert (-1 if way == "low" else 1) * float(number) == pytest.approx(true_percent, abs=1)


def test_b_2500_alone_is_17_percent_low():
    assert fitted((0, 2500), kurtosis=0.5) == pytest.approx(900, rel=1e-4)
    (warning,) = adc_map(series((0, 2500))).warnings
    assert "b = 2500: ADC about 17 % low" in warning
    assert adc_error(fitted_shells(np.array([0, 2500.0]))) == pytest.approx(900 / 1080 - 1, rel=1e-9)
    assert adc_error(fitted_shells(np.array([500, 1000.0]))) == pytest.approx(1020 / 1080 - 1, rel=1e-9)


@pytest.mark.parametrize("scheme", [(0, 1000), (0, 700), (0, 600), (0, 590), (1, 930), (0, 1200), (0, 1230), (50, 800)])
def test_a_usual_scheme_has_no_warning(scheme):
    assert adc_map(series(scheme)).warnings == ()
    assert unusual_b_warning(fitted_shells(np.array([*scheme, 3000.0]))) == ""


def test_b0_and_b50_are_two_shells_and_the_mean_b0_is_of_the_first():
    b_values = np.array([0, 5, 50, 50, 1000.0])
    assert [shell.volumes for shell in find_shells(b_values)] == [(0, 1), (2, 3), (4,)]
    contrast = adc_map(series(b_values, perfusion=0.05)).mean_b0.array
    assert contrast[0, 0, 0] == pytest.approx(signal((0, 5), perfusion=0.05).mean(), rel=1e-6)


def test_what_a_b50_in_the_place_of_a_b0_does_to_the_adc_is_not_mixed_into_that_of_a_b0():
    """5 % perfusion: 1251 from b0, 1235 from b50, with b = 1000; with both, each enters at its own b."""
    with_b0, with_b50 = fitted((0, 1000), perfusion=0.05), fitted((50, 1000), perfusion=0.05)
    assert (with_b0, with_b50) == (pytest.approx(1251, abs=1), pytest.approx(1235, abs=1))
    both = fitted((0, 50, 1000), perfusion=0.05)
    values = signal((0, 50, 1000), perfusion=0.05).ravel()
    line = np.polyfit([0, 50, 1000], np.log(values), 1, w=values)
    assert both == pytest.approx(-1e6 * line[0], rel=1e-4)


@pytest.mark.parametrize("nominal_zero", [(0, 1, 5), (0, 15, 20), (1, 1, 1)])
def test_nominal_zeros_of_scanners_are_one_b0(nominal_zero):
    shells = find_shells(np.array([*nominal_zero, 1000.0]))
    assert [len(shell.volumes) for shell in shells] == [3, 1]
    assert fitted((*nominal_zero, 1000)) == pytest.approx(1200, rel=1e-4)


def test_the_largest_b_value_that_is_read_can_be_put_in_words() -> None:
    """Where the expansion in b does not hold any more, no share is stated."""
    assert "b = 50000: ADC far too low" in unusual_b_warning(fitted_shells(np.array([0.0, LARGEST_B_S_MM2])))
    assert "22 % low" in unusual_b_warning(fitted_shells(np.array([0.0, 3000.0])))
