"""A slice that one raw volume has lost is warned of; still and moved series without one are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from marks import long
from scans import infant_with
from test_align import moved

from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.source import read_source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.quality.check import DROPOUT, LEVEL, STEP
from AGE2HIELib.quality.signal_loss import OTHER_LEVEL, raw_checks, signal_levels, signal_steps, slice_checks
from AGE2HIELib.volume import DwiSeries, Volume


@cache
def raw_scan(acquisition: str) -> tuple[DwiSeries, Volume]:
    infant, injury = infant_with("watershed", 74)
    scan = scan_infant(infant, injury, make_head(infant), PROTOCOLS[acquisition], seed=74)
    labels = to_canonical(scan.labels)
    return series_to_canonical(scan.dwi), labels.like(labels.array > 0)


def with_lost_signal(series: DwiSeries, brain: Volume, factor: float) -> DwiSeries:
    occupied = np.argwhere(brain.array)[:, 2]
    array = series.array.copy()
    here = (len(array) - 1, slice(None), slice(None), (occupied.min() + occupied.max()) // 2)
    array[here] = factor * array[here]
    return replace(series, array=array)


def test_steps_are_the_planted_ones_whatever_the_gain() -> None:
    array = np.full((5, 10, 10, 9), 500.0)
    array[0] = 1000.0
    array[3, :, :, 4] *= 0.5
    brain = Volume(np.ones((10, 10, 9), bool), np.eye(4))
    directions = np.vstack([np.zeros(3), np.eye(3), np.full(3, 3**-0.5)])
    series = DwiSeries(array, np.eye(4), np.array([0, 1000.0, 1000, 1000, 1000]), directions)
    for gain in (1.0, 7.0):
        steps = np.sort(signal_steps(replace(series, array=gain * array), brain))
        np.testing.assert_allclose(steps[[0, -2, -1]], [-np.log(2), np.log(2) / 2, np.log(2) / 2], atol=1e-6)
        np.testing.assert_allclose(steps[1:-2], 0, atol=1e-6)
    two = DwiSeries(array[:3], np.eye(4), series.b_values[:3], directions[:3])
    assert raw_checks(two, brain) == []  # none of two can be said to be the wrong one


def test_a_b0_among_the_weighted_and_a_volume_of_twice_the_gain_are_warned_of() -> None:
    series, brain = raw_scan("2mm-shells")
    assert np.abs(signal_levels(series, brain)).max() < 0.12
    weighted = np.flatnonzero(series.b_values == series.b_values.max())
    b0 = series.array[np.argmin(series.b_values)]
    for volume, least in ((2 * series.array[weighted[0]], OTHER_LEVEL), (b0, 1.0)):
        array = series.array.copy()
        array[weighted[0]] = volume
        [check] = [check for check in raw_checks(replace(series, array=array), brain) if check.name == LEVEL]
        assert (check.passed, check.severity) == (False, "warn")
        assert check.value > least


@pytest.mark.parametrize("acquisition", ["2mm-shells", "4mm", "6mm"])
def test_a_slice_of_one_volume_with_half_its_signal_is_warned_of(acquisition: str) -> None:
    series, brain = raw_scan(acquisition)
    sound, level = raw_checks(series, brain)
    assert sound.passed
    assert level.passed
    assert level.value < 0.2
    assert sound.value < 0.2
    lost, _ = raw_checks(with_lost_signal(series, brain, 0.5), brain)
    assert (lost.name, lost.passed, lost.severity) == (DROPOUT, False, "warn")
    assert lost.value == pytest.approx(np.log(2), abs=0.15)


def test_the_adc_map_alone_does_not_show_it() -> None:
    """The reason for looking at the raw volumes: one of twelve directions."""
    series, brain = raw_scan("2mm-shells")
    adc = adc_map(with_lost_signal(series, brain, 0.5)).adc
    [step] = [check for check in slice_checks(adc, brain) if check.name == STEP]
    assert step.passed


@pytest.mark.parametrize("acquisition", ["2mm-shells", "6mm"])
def test_a_head_that_moved_between_volumes_is_no_lost_slice(acquisition: str) -> None:
    series, brain = raw_scan(acquisition)
    shifted, _ = moved(series, [2])
    assert all(check.passed for check in raw_checks(shifted, brain))


@pytest.mark.real
@pytest.mark.parametrize("name", ["siemens-xa30", long("siemens-mosaic"), long("philips-classic")])
def test_raw_series_of_still_adults_have_no_lost_slice(real_data: Path, name: str) -> None:
    dwi = read_source(real_data / "dwi-dicom" / name).dwi
    assert dwi is not None
    series = series_to_canonical(dwi)
    fit = adc_map(series)
    checks = raw_checks(series, brain_mask(fit.adc, contrast=fit.mean_b0))
    assert [check.name for check in checks if check.passed] == [DROPOUT, LEVEL]
