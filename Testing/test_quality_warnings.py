"""Warnings of the gate: striping, lost slices and age are seen, and an override is on record; a refusal stays one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from real_scans import adc_file, newborns
from scans import stripped_scan

from AGE2HIELib.cli import main
from AGE2HIELib.errors import InputError
from AGE2HIELib.infant import InfantFacts
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.source import read_source
from AGE2HIELib.quality.check import STEP, STRIPES, Check, Quality, check_overrides
from AGE2HIELib.quality.signal_loss import slice_checks, slice_steps
from AGE2HIELib.quality.values import age_check
from AGE2HIELib.volume import Volume

GOOD = Check("a", 1.0, "at most 2", True, "")
WARNING = Check(STEP, 0.4, "at most 0.25", False, "Look.", severity="warn")
REFUSAL = Check(STRIPES, 0.4, "at most 0.2", False, "Look.", severity="refuse")


def striped(adc: Volume, amplitude: float, axis: int = 2) -> Volume:
    """Every other slice too bright by this share, the others too dark."""
    slices = np.moveaxis(adc.array.copy(), axis, 0)
    slices[::2] *= 1 + amplitude
    slices[1::2] *= 1 - amplitude
    return adc.like(np.moveaxis(slices, 0, axis))


def with_lost_slice(adc: Volume, share: float) -> Volume:
    found = adc.array.copy()
    found[:, :, found.shape[2] // 2] *= 1 - share
    return adc.like(found)


def by_name(adc: Volume, brain: Volume) -> dict[str, Check]:
    return {check.name: check for check in slice_checks(adc, brain)}


@pytest.mark.parametrize("kind", ["none", "near-total"])
@pytest.mark.parametrize("acquisition", ["2mm", "2mm-shells", "4mm", "6mm"])
def test_slices_of_sound_scans_pass_and_planted_stripes_do_not(kind: str, acquisition: str) -> None:
    adc, brain = stripped_scan(kind, acquisition, 31)
    assert all(check.passed for check in slice_checks(adc, brain))
    light, gross = (by_name(striped(adc, amplitude), brain)[STRIPES] for amplitude in (0.06, 0.15))
    assert (light.passed, light.severity) == (False, "warn")
    assert (gross.passed, gross.severity) == (False, "refuse")
    assert light.value == pytest.approx(0.12, abs=0.02)  # bright less dark
    lost = by_name(with_lost_slice(adc, 0.4), brain)[STEP]
    assert (lost.passed, lost.severity) == (False, "warn")
    assert lost.value == pytest.approx(-np.log(0.6), abs=0.1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_stripes_are_seen_along_whichever_axis_is_the_slices(axis: int) -> None:
    adc, brain = stripped_scan("none", "6mm", 32)
    order = np.roll((0, 1, 2), axis + 1)  # the slices come to lie along this axis
    matrix = adc.affine_ras[:, [*order, 3]]
    turned, inside = (Volume(np.transpose(volume.array, order), matrix) for volume in (adc, brain))
    assert turned.array.shape[axis] == adc.array.shape[2]
    whole = by_name(turned, inside)
    assert whole[STRIPES].passed
    assert not by_name(striped(turned, 0.06, axis), inside)[STRIPES].passed
    value = by_name(adc, brain)[STEP].value
    assert whole[STEP].value == pytest.approx(value, rel=1e-6)  # the same slices, stored in another order


def test_steps_do_not_depend_on_the_unit_and_are_the_planted_ones() -> None:
    array = np.full((12, 12, 9), 1000.0, dtype=np.float32)
    array[:, :, 4] *= 1.3
    adc, brain = Volume(array, np.eye(4)), Volume(np.ones(array.shape, bool), np.eye(4))
    wanted = np.zeros(9)
    wanted[[0, 8]] = np.nan  # these have one neighbour
    wanted[[3, 5]] = -np.log(1.3) / 2
    wanted[4] = np.log(1.3)
    np.testing.assert_allclose(slice_steps(adc, brain, 2), wanted, atol=1e-6)
    np.testing.assert_allclose(slice_steps(adc.like(array * 1e-3), brain, 2), wanted, atol=1e-6)


@pytest.mark.real
@pytest.mark.parametrize("case", newborns())
def test_slices_of_real_newborns_pass(real_data: Path, case: str) -> None:
    stored = read_source(adc_file(real_data, case)).adc
    assert stored is not None
    adc = to_canonical(stored)
    brain = adc.like(adc.array != 0)
    assert [check.name for check in slice_checks(adc, brain) if not check.passed] == []
    assert not by_name(striped(adc, 0.15), brain)[STRIPES].passed


@pytest.mark.parametrize(
    ("age", "cooled", "passed"),
    [(5.9, False, True), (6.0, False, False), (9.9, True, True), (10.0, True, False), (9.0, None, True)],
)
def test_age_is_held_against_pseudonormalisation(age: float, cooled: bool | None, passed: bool) -> None:
    check = age_check(age, InfantFacts(age, cooled=cooled))
    assert (check.passed, check.severity) == (passed, "warn")


def test_the_age_itself_is_not_in_the_check() -> None:
    """With the date of the scan it would be the date of birth."""
    values = {age: age_check(age, InfantFacts(age, cooled=True)).value for age in (3.0, 7.0, 11.0, 13.0)}
    assert values[3.0] == values[7.0] == "before day 10; cooled"
    assert values[11.0] == values[13.0] == "not before day 10; cooled"


def test_a_warning_can_be_overridden_and_a_refusal_cannot() -> None:
    held = Quality((GOOD, WARNING))
    assert (held.passed, held.withheld, held.stopping) == (False, True, (WARNING,))
    released = held.overriding([STEP])
    assert (released.passed, released.withheld, released.overridden) == (True, False, (STEP,))
    both = Quality((WARNING, REFUSAL)).overriding([STEP, STRIPES])
    assert (both.passed, both.withheld, both.overridden) == (False, False, (STEP,))
    assert Quality((WARNING, REFUSAL)).stopping == (REFUSAL, WARNING)
    later = Quality((GOOD,)).with_(WARNING)
    assert (later.passed, later.withheld) == (False, True)


@pytest.mark.parametrize("name", ["brain volume", "striping", ""])
def test_only_warnings_have_an_override(name: str) -> None:
    with pytest.raises(InputError, match="names no warning"):
        check_overrides([name])


@pytest.mark.slow
def test_a_warning_keeps_the_number_back_until_it_is_overridden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adc, _ = stripped_scan("bgt", "6mm", 33)
    scan = tmp_path / "adc.mha"
    write_volume(with_lost_slice(adc, 0.35), scan)
    assert main(["predict", str(scan), "--output", str(tmp_path / "held"), "--progress", "none"]) == 3
    assert f'--override "{STEP}"' in capsys.readouterr().err
    record = json.loads((tmp_path / "held" / "result.json").read_text())
    assert (record["probability_adverse"], record["quality"]["passed"]) == (None, False)
    assert "withheld because of a warning" in (tmp_path / "held" / "report.html").read_text()
    words = ["predict", str(scan), "--output", str(tmp_path / "given"), "--progress", "none", "--override", STEP]
    assert main(words) == 0
    record = json.loads((tmp_path / "given" / "result.json").read_text())
    assert (record["quality"]["passed"], record["quality"]["overridden"]) == (True, [STEP])
    [check] = [check for check in record["quality"]["checks"] if check["name"] == STEP]
    assert (check["passed"], check["overridden"], check["severity"]) == (False, True, "warn")
    assert "Made in spite of a warning" in (tmp_path / "given" / "report.html").read_text()
    explained = ["explain", str(tmp_path / "given"), "--output", str(tmp_path / "maps"), "--methods", "hirescam"]
    assert main([*explained, "--progress", "none"]) == 0  # what the result was made in spite of holds for its maps


def test_a_refusal_has_no_override_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = tmp_path / "adc.mha"
    write_volume(stripped_scan("none", "6mm", 33)[0], scan)
    words = ["predict", str(scan), "--output", str(tmp_path / "out"), "--override", "brain volume"]
    assert main(words) == 2
    assert "what the gate refuses stays refused" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_check_says_where_its_limit_comes_from() -> None:
    from test_quality import as_source, gate

    quality = gate(as_source(stripped_scan("none", "6mm", 34)[0]))
    assert len(quality.checks) == 16
    assert all(len(check.basis) > 20 for check in quality.checks)
