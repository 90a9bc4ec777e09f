"""The ADC fit against closed forms, and against a tensor's trace."""

from __future__ import annotations

import numpy as np
import pytest

from AGE2HIELib.errors import InputError
from AGE2HIELib.phantom.scan import even_directions
from AGE2HIELib.preprocess.adc import adc_map, fit_adc
from AGE2HIELib.preprocess.shells import find_shells, unevenness
from AGE2HIELib.volume import DwiSeries

TRUE_ADC = np.linspace(200, 3000, 4 * 5 * 6).reshape(4, 5, 6)  # 1e-6 mm2/s: infarct to free water
S0 = np.linspace(300, 900, 4 * 5 * 6).reshape(4, 5, 6)[::-1]
# White matter near birth: MD 1400, FA 0.5 (3a = 0.95), along a skewed axis
AXIS = np.array([2.0, 3.0, 6.0]) / 7
TENSOR = 1400e-6 * (np.eye(3) + 0.316 * (3 * np.outer(AXIS, AXIS) - np.eye(3)))


def decay(b_values, adc=TRUE_ADC):
    return np.stack([S0 * np.exp(-b * 1e-6 * adc) for b in b_values])


def tensor_series(b_values, directions):
    exponents = np.asarray(b_values) * np.einsum("ni,ij,nj->n", directions, TENSOR, directions)
    array = np.exp(-exponents)[:, None, None, None] * S0
    return DwiSeries(array, np.eye(4), np.asarray(b_values, float), directions)


def with_b0(directions):
    return np.concatenate([np.zeros((1, 3)), directions])


@pytest.mark.parametrize(
    "b_values",
    [(0, 1000), (0, 0, 1000, 1000, 1000), (0, 500, 1000), (0, 400, 700, 1000, 700, 0), (50, 800), (500, 1000), (0, 60)],
)
def test_noise_free_decay_gives_its_adc_exactly(b_values):
    np.testing.assert_allclose(fit_adc(decay(b_values), np.array(b_values, float)), TRUE_ADC, rtol=1e-4, atol=0.5)


def test_ln_s_is_averaged_over_directions_not_the_signal():
    signal = np.array([1000.0, 500.0, 300.0, 100.0]).reshape(4, 1, 1, 1)
    expected = 1e6 * (np.log(1000) - np.mean(np.log([500, 300, 100]))) / 1000
    assert fit_adc(signal, np.array([0, 1000, 1000, 1000.0]))[0, 0, 0] == pytest.approx(expected, rel=1e-5)


def test_shells_weigh_by_volumes_times_signal_squared():
    signal, b = np.array([1000.0, 550, 450, 300]).reshape(4, 1, 1, 1), np.array([0, 500.0, 500, 1000])
    shells_b, logs = np.array([0, 500.0, 1000]), np.log([1000, np.sqrt(550 * 450), 300])
    line = np.polyfit(shells_b, logs, 1, w=np.sqrt(np.array([1, 2, 1]) * np.exp(2 * logs)))
    assert fit_adc(signal, b)[0, 0, 0] == pytest.approx(-1e6 * line[0], rel=1e-5)


def test_scanner_gain_does_not_change_adc():
    rng, b = np.random.default_rng(0), np.array([0, 500, 500, 1000.0])
    signal = decay(b) * rng.uniform(0.9, 1.1, (4, 4, 5, 6))
    for gain in (1e-6, 7, 1e6):
        np.testing.assert_allclose(fit_adc(gain * signal, b), fit_adc(signal, b), rtol=2e-5, atol=0.05)


def test_order_of_volumes_does_not_change_adc():
    rng, b = np.random.default_rng(1), np.array([0, 0, 500, 500, 1000.0, 1000])
    signal = decay(b) * rng.uniform(0.9, 1.1, (6, 4, 5, 6))
    order = rng.permutation(6)
    np.testing.assert_allclose(fit_adc(signal[order], b[order]), fit_adc(signal, b), rtol=1e-5)


def test_integer_and_float_storage_agree():
    signal = np.round(decay([0, 1000])).astype(np.int16) + 1
    np.testing.assert_array_equal(fit_adc(signal, np.array([0, 1000.0])), fit_adc(signal + 0.0, np.array([0, 1000.0])))


def test_any_used_signal_that_is_not_positive_masks_its_voxel_and_no_other():
    b = np.array([0, 500, 1000, 1000.0])
    for volume in range(4):
        for value in (0.0, -5.0, np.nan, np.inf):
            signal = decay(b)
            signal[volume, 1, 2, 3] = value
            adc = fit_adc(signal, b)
            assert np.isnan(adc[1, 2, 3])
            assert np.isfinite(adc).sum() == adc.size - 1


def test_b_values_that_jitter_by_direction_stay_one_shell():
    b = np.array([0, 5, 980, 995, 1000, 1010, 1025, 1980, 2000, 2040.0])
    shells = find_shells(b)
    assert [len(shell.volumes) for shell in shells] == [2, 5, 3]
    np.testing.assert_allclose(fit_adc(decay(b), b), TRUE_ADC, rtol=1e-4, atol=0.5)


def test_one_b_value_is_refused():
    for b in ([1000.0, 1000, 1010], [0.0, 0], [0.0, 50], [0.0, 5, 30]):
        with pytest.raises(InputError, match="cannot be fitted"):
            fit_adc(np.ones((len(b), 2, 2, 2)), np.array(b))


def test_unusable_b_values_and_lengths_are_refused():
    with pytest.raises(InputError, match="at least 0"):
        fit_adc(np.ones((2, 2, 2, 2)), np.array([-5, 1000.0]))
    with pytest.raises(InputError, match="3 b-values"):
        fit_adc(np.ones((2, 2, 2, 2)), np.array([0, 0, 1000.0]))


@pytest.mark.parametrize("count", [3, 6, 12, 20])
def test_even_directions_give_the_mean_diffusivity_of_a_tensor(count):
    directions = even_directions(count)
    assert unevenness(directions) < 0.01
    fit = adc_map(tensor_series([0] + [1000] * count, with_b0(directions)))
    np.testing.assert_allclose(fit.adc.array, 1400, rtol=0.01)
    assert fit.warnings == ()


def test_uneven_directions_give_the_mean_diffusivity_of_a_tensor_fit_and_say_so():
    rng = np.random.default_rng(2)
    cone = rng.normal([0, 0, 1.2], 0.6, (15, 3))
    cone /= np.linalg.norm(cone, axis=1, keepdims=True)
    series = tensor_series([0] + [1000] * 15, with_b0(cone))
    fit = adc_map(series)
    np.testing.assert_allclose(fit.adc.array, 1400, rtol=1e-4)
    plain = fit_adc(series.array, series.b_values)  # the plain average is far off
    assert abs(plain.mean() / 1400 - 1) > 0.1
    assert len(fit.warnings) == 1
    assert "tensor fit was used" in fit.warnings[0]


def test_the_uneven_fit_equals_dipys_ordinary_tensor_fit_on_noisy_data():
    dti = pytest.importorskip("dipy.reconst.dti")
    gradients = pytest.importorskip("dipy.core.gradients")
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    series = tensor_series([0] + [1000] * 20, with_b0(directions))
    noisy = series.array * rng.uniform(0.9, 1.1, series.array.shape)
    table = gradients.gradient_table(series.b_values, bvecs=series.directions_ras, b0_threshold=50)
    model = dti.TensorModel(table, fit_method="OLS", min_signal=1e-6)
    expected = 1e6 * model.fit(np.moveaxis(noisy, 0, -1)).md
    np.testing.assert_allclose(fit_adc(noisy, series.b_values, series.directions_ras), expected, rtol=1e-3)


def test_few_uneven_directions_warn_and_average():
    directions = np.array([[1, 0, 0], [0.8, 0.6, 0.0]])
    fit = adc_map(tensor_series([0, 1000, 1000], with_b0(directions)))
    along = 1e6 * np.einsum("ni,ij,nj->n", directions, TENSOR, directions).mean()
    np.testing.assert_allclose(fit.adc.array, along, rtol=1e-4)
    assert "no tensor fit" in fit.warnings[0]


def test_a_derived_trace_is_left_out_only_beside_directions_of_its_b():
    directions = np.concatenate([with_b0(np.eye(3)), np.zeros((1, 3))])
    series = tensor_series([0, 1000, 1000, 1000, 1000], directions)
    spoiled = series.array.copy()
    spoiled[4] = 0  # used, it would mask everything
    fit = adc_map(DwiSeries(spoiled, series.affine_ras, series.b_values, directions))
    np.testing.assert_allclose(fit.adc.array, 1400, rtol=1e-4)
    b = np.array([0, 500, 500, 500, 1000.0])  # here the trace is the only volume of its b
    assert [shell.volumes for shell in find_shells(b, directions)] == [(0,), (1, 2, 3), (4,)]


def test_a_b0_and_one_trace_image_are_enough():
    for directions in (None, np.zeros((2, 3))):
        fit = adc_map(DwiSeries(decay([0, 1000]), np.eye(4), np.array([0, 1000.0]), directions))
        np.testing.assert_allclose(fit.adc.array, TRUE_ADC, rtol=1e-4, atol=0.5)
        np.testing.assert_allclose(fit.mean_b0.array, S0, rtol=1e-6)
        assert fit.warnings == ()
        assert fit.adc.array.dtype == np.float32
