"""A slice without signal is refused wherever it lies, a dark one is warned of, and sound scans have neither."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from real_scans import adc_file, newborns
from scans import infant_with, stripped_scan

from AGE2HIELib.cli import main
from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.source import read_source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.quality.check import STEP, Check
from AGE2HIELib.quality.signal_loss import lost_slices, slice_checks
from AGE2HIELib.volume import Volume

PLACES = (0.2, 0.35, 0.5, 0.7, 0.85)  # of the brain's height
CUT_OFF = 0.8  # above it next to nothing is left beyond two thick slices, so that they are no gap
ACQUISITIONS = tuple(PROTOCOLS)


def slice_at(brain: Volume, place: float) -> int:
    occupied = np.argwhere(brain.array)[:, 2]
    return round(occupied.min() + place * (occupied.max() - occupied.min()))


def with_slices(adc: Volume, slices: slice | int, factor: float) -> Volume:
    found = adc.array.copy()
    found[:, :, slices] *= factor
    return adc.like(found)


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_a_lost_slice_is_refused_at_every_height(acquisition: str) -> None:
    adc, brain = stripped_scan("none", acquisition, 61)
    sound = lost_slices(adc)
    assert (sound.passed, sound.severity) == (True, "refuse")
    assert sound.value < 0.15
    for place in PLACES:
        there = slice_at(brain, place)
        for slices in (there, slice(there, there + 2)) if place < CUT_OFF else (there,):
            for factor in (0.0, np.nan):
                check = lost_slices(with_slices(adc, slices, factor))
                assert not check.passed, (place, slices, factor)
                assert check.value == 1.0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_lost_slice_is_seen_along_whichever_axis_it_is_stored(axis: int) -> None:
    adc, brain = stripped_scan("bgt", "6mm", 62)
    lost = with_slices(adc, slice_at(brain, 0.5), 0.0)
    order = np.roll((0, 1, 2), axis + 1)
    stored = Volume(np.transpose(lost.array, order), lost.affine_ras[:, [*order, 3]])
    assert lost_slices(stored).value == 1.0


def test_every_other_slice_lost_and_an_empty_image() -> None:
    adc, _ = stripped_scan("none", "4mm", 61)
    assert not lost_slices(with_slices(adc, slice(None, None, 2), 0.0)).passed
    assert lost_slices(adc.like(np.zeros_like(adc.array))).value == 0.0  # there is nothing between values


def test_a_whole_head_has_no_lost_slice_until_one_is_lost() -> None:
    infant, injury = infant_with("none", 35)
    dwi = scan_infant(infant, injury, make_head(infant), PROTOCOLS["6mm"], seed=35).dwi
    assert lost_slices(adc_map(series_to_canonical(dwi)).adc).passed
    dwi.array[1:, :, :, dwi.array.shape[3] // 2] = 0  # every weighted volume
    assert not lost_slices(adc_map(series_to_canonical(dwi)).adc).passed


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
@pytest.mark.parametrize("seed", [61, 63])
def test_a_dark_slice_is_warned_of_over_most_of_the_brain(acquisition: str, seed: int) -> None:
    adc, brain = stripped_scan("none" if seed == 61 else "near-total", acquisition, seed)
    for place in (0.35, 0.5, 0.7, 0.85):
        dark = with_slices(adc, slice_at(brain, place), 0.6)
        [check] = [check for check in slice_checks(dark, brain) if check.name == STEP]
        assert (check.passed, check.severity) == (False, "warn"), place
        assert check.value > 0.45


def test_fluid_between_the_hemispheres_is_no_bad_slice_and_a_dark_one_beside_it_is() -> None:
    adc, brain = stripped_scan("none", "2mm", 61)
    middle = round(float(np.argwhere(brain.array)[:, 0].mean()))
    fissure = adc.array.copy()
    fissure[middle] = np.where(brain.array[middle], 2500, 0)
    for order in ((0, 1, 2), (2, 0, 1)):  # the axis from left to right may be any of the three
        turned, inside = (
            Volume(np.transpose(array, order), adc.affine_ras[:, [*order, 3]]) for array in (fissure, brain.array)
        )
        assert step_of(turned, inside).passed
    dark = fissure.copy()
    dark[middle + 8] *= 0.6
    assert not step_of(adc.like(dark), brain).passed


def step_of(adc: Volume, brain: Volume) -> Check:
    [check] = [check for check in slice_checks(adc, brain) if check.name == STEP]
    return check


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_real_newborns_have_no_lost_slice_until_one_is_lost(real_data: Path, case: str) -> None:
    stored = read_source(adc_file(real_data, case)).adc
    assert stored is not None
    adc = to_canonical(stored)
    assert lost_slices(adc).value < 0.15
    lost = with_slices(adc, slice_at(adc.like(adc.array != 0), 0.5), 0.0)
    assert lost_slices(lost).value > 0.8


@pytest.mark.slow
def test_check_says_which_is_a_warning_and_takes_an_override(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adc, brain = stripped_scan("none", "6mm", 61)
    scan = tmp_path / "adc.mha"
    write_volume(with_slices(adc, slice_at(brain, 0.5), 0.65), scan)
    assert main(["check", str(scan)]) == 3
    said = capsys.readouterr()
    assert f"WARNING    {STEP}" in said.out
    assert f'--override "{STEP}"' in said.err
    assert main(["check", str(scan), "--override", STEP]) == 0
    assert f"overridden {STEP}" in capsys.readouterr().out
    assert main(["check", str(scan), "--override", "brain volume"]) == 2
    assert "names no warning" in capsys.readouterr().err
    write_volume(with_slices(adc, slice_at(brain, 0.5), 0.0), scan)
    assert main(["check", str(scan), "--override", STEP]) == 3
    said = capsys.readouterr()
    assert "REFUSED    voxels missing in a slice" in said.out
    assert "--override" not in said.err
