"""The ADC of fluid tells a given map of a wrong scale; sound maps pass, raw series are not asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from real_scans import adc_file, every_newborn
from scans import bundled_atlas, infant_with, stripped_scan

from AGE2HIELib.cli import main
from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.scan import PROTOCOLS, scan_infant
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.quality import Quality, check_quality
from AGE2HIELib.quality.check import FLUID
from AGE2HIELib.quality.values import ADC_OF_FLUID, fluid_check
from AGE2HIELib.volume import Volume


def asked(adc: Volume, brain: Volume) -> Quality:
    source = Source("adc-nifti", "", None, adc, "1e-6 mm2/s", ())
    return check_quality(source, adc, brain, None, bundled_atlas())


@pytest.mark.parametrize("kind", ["none", "near-total"])
@pytest.mark.parametrize("acquisition", ["2mm", "2mm-shells", "4mm", "6mm"])
def test_fluid_of_every_protocol_passes_and_a_map_times_0_62_is_warned_of(kind: str, acquisition: str) -> None:
    adc, brain = stripped_scan(kind, acquisition, 31)
    values = adc.array[brain.array]
    sound, wrong = fluid_check(values), fluid_check(0.62 * values)
    assert sound.passed
    assert 2350 < sound.value < 3200
    assert (wrong.passed, wrong.severity) == (False, "warn")
    assert wrong.value == pytest.approx(0.62 * sound.value, rel=1e-5)
    assert "b-value" in wrong.remedy


def test_the_gate_says_nothing_else_of_a_sound_brain_times_0_62() -> None:
    """Its median is that of an injured one: what other checks cannot tell."""
    adc, brain = stripped_scan("none", "2mm", 31)
    quality = asked(adc.like((0.62 * adc.array).astype(np.float32)), brain)
    assert [check.name for check in quality.stopping] == [FLUID]
    assert quality.withheld
    assert quality.overriding([FLUID]).passed


def test_the_percentile_leaves_voxels_without_a_value_out_and_needs_one() -> None:
    values = np.append(np.linspace(1000, 3000, 2001), [np.nan, np.inf, -np.inf])
    check = fluid_check(values)
    assert check.value == pytest.approx(2990)
    assert check.passed
    none = fluid_check(np.full(3, np.nan))
    assert (none.value, none.passed) == (None, False)


@pytest.mark.parametrize(("most", "passed"), [(4095, True), (3000, True), (2500, True), (2000, False)])
def test_a_clipped_map_passes_unless_it_is_clipped_below_any_fluid(most: float, passed: bool) -> None:
    adc, brain = stripped_scan("none", "2mm", 31)
    check = fluid_check(np.minimum(adc.array[brain.array], most))
    assert check.passed is passed


def test_a_raw_series_is_not_asked_whatever_its_b_values() -> None:
    """Stated b-values that are 1.6 times those that acted make a map of 0.62; only a given map is asked."""
    infant, injury = infant_with("none", 31)
    scan = scan_infant(infant, injury, make_head(infant), PROTOCOLS["6mm"], seed=31)
    series = series_to_canonical(scan.dwi)
    labels, fit = to_canonical(scan.labels), adc_map(series)
    brain = labels.like(labels.array > 0)
    raw = Source("dwi-nifti", "", scan.dwi, None, None, ())
    names = {check.name for check in check_quality(raw, fit.adc, brain, None, bundled_atlas()).checks}
    assert FLUID not in names
    assert FLUID in {check.name for check in asked(fit.adc, brain).checks}


@pytest.mark.real
def test_fluid_of_all_real_newborns_passes_and_most_maps_times_0_62_do_not(real_data: Path) -> None:
    values = []
    for case in every_newborn():
        stored = read_source(adc_file(real_data, case)).adc
        assert stored is not None
        adc = to_canonical(stored)
        check = fluid_check(adc.array[brain_mask(adc, contrast=None).array > 0])
        assert check.passed, case
        values.append(check.value)
    found = np.array(values)
    assert len(found) == 28
    assert (found.min(), found.max()) == (pytest.approx(2606, abs=1), pytest.approx(3919, abs=1))
    assert ((0.5 * found) < ADC_OF_FLUID[0]).all()
    assert ((0.62 * found) < ADC_OF_FLUID[0]).sum() == 19  # fluid of the others is over free water's 3000


@pytest.mark.slow
def test_a_wrong_scale_keeps_the_number_back_until_it_is_overridden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adc, _ = stripped_scan("none", "2mm", 31)
    scan = tmp_path / "adc.mha"
    write_volume(adc.like((0.62 * adc.array).astype(np.float32)), scan)
    held, given = tmp_path / "held", tmp_path / "given"
    assert main(["predict", str(scan), "--output", str(held), "--progress", "none"]) == 3
    assert f'--override "{FLUID}"' in capsys.readouterr().err
    record = json.loads((held / "result.json").read_text())
    assert (record["probability_adverse"], record["quality"]["passed"]) == (None, False)
    assert main(["predict", str(scan), "--output", str(given), "--progress", "none", "--override", FLUID]) == 0
    record = json.loads((given / "result.json").read_text())
    assert 0 <= record["probability_adverse"] <= 1
    assert record["quality"]["overridden"] == [FLUID]
    [check] = [one for one in record["quality"]["checks"] if one["name"] == FLUID]
    assert (check["passed"], check["overridden"], check["severity"]) == (False, True, "warn")
    assert "Made in spite of a warning" in (given / "report.html").read_text()
