"""What the gate asks once the network's input is known withholds, refuses and is overridden as every other check."""

from __future__ import annotations

from pathlib import Path

import pytest
from scans import bundled_atlas

from AGE2HIELib.commands.messages import say_refused
from AGE2HIELib.pipeline import admission
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan
from AGE2HIELib.pipeline.analysis import Analysis, analyse
from AGE2HIELib.pipeline.inputs import HieModel, Scan, load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.quality.check import DISTANCE, STEP, Check, Quality, Severity
from AGE2HIELib.system.progress import Silent, Stages


def far(severity: Severity) -> Check:
    return Check(DISTANCE, 9.0, "at most 3", False, "Look.", "planted", severity)


@pytest.fixture(scope="module")
def model(untrained_model: Path) -> HieModel:
    return load_model(untrained_model, device="cpu")


@pytest.fixture(scope="module")
def scan(infant_file: Path) -> Scan:
    return read_scan(infant_file)


@pytest.fixture(scope="module")
def gated(scan: Scan) -> GatedScan:
    found = gate_scan(scan, bundled_atlas(), Request(), Stages(STAGES))
    assert found.passed
    return found


@pytest.fixture
def asked(scan: Scan, gated: GatedScan, model: HieModel, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Analyses the infant once more, its placement left as it was, with these later checks."""
    monkeypatch.setattr(admission, "gate_scan", lambda *_, **__: gated)

    def run(*planted: Check, override: tuple[str, ...] = ()) -> Analysis:
        monkeypatch.setattr(admission, "input_checks", lambda image, of: planted)
        return analyse(scan, model, bundled_atlas(), Request(override=override), Stages(STAGES))

    return run


def test_a_later_warning_withholds_the_number_until_it_is_overridden(asked) -> None:  # type: ignore[no-untyped-def]
    plain = asked()
    held = asked(far("warn"))
    assert (held.explanation, held.saliency, held.regions) == (None, None, ())
    assert held.gated.quality.withheld
    assert held.gated.quality.checks == (*plain.gated.quality.checks, far("warn"))
    given = asked(far("warn"), override=(DISTANCE,))
    assert given.gated.quality.overridden == (DISTANCE,)
    assert given.explanation.prediction.members == plain.explanation.prediction.members  # a check changes no number


def test_a_later_refusal_has_no_override(asked) -> None:  # type: ignore[no-untyped-def]
    refused = asked(far("refuse"), override=(DISTANCE,))
    assert refused.explanation is None
    assert not refused.gated.quality.withheld
    assert refused.gated.quality.overridden == ()


def test_a_later_check_that_is_passed_is_on_record(asked) -> None:  # type: ignore[no-untyped-def]
    near = Check(DISTANCE, 1.0, "at most 3", True, "Look.", "planted", "warn")
    found = asked(near)
    assert found.explanation is not None
    assert found.gated.quality.checks[-1] == near


def test_what_is_overridden_already_is_named_again(capsys: pytest.CaptureFixture[str]) -> None:
    """The second warning comes up only after the first has been overridden: the call that goes on needs both."""
    dark = Check(STEP, 0.4, "at most 0.25", False, "Look.", severity="warn")
    held = Quality((dark,)).overriding([STEP]).with_(far("warn"))
    say_refused(held, Silent())
    assert f'--override "{STEP}" --override "{DISTANCE}"' in capsys.readouterr().err
    assert held.overriding(held.to_override).passed
