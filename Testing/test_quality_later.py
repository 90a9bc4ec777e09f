"""What the gate asks once the network's input is known withholds, refuses and is overridden as every other check."""

from __future__ import annotations

from pathlib import Path

import pytest
from scans import bundled_atlas

from AGE2HIELib import pipeline
from AGE2HIELib.commands.speaking import say_refused
from AGE2HIELib.pipeline import STAGES, Analysis, Examined, HieModel, Scan, analyse, examine, load_model, read_scan
from AGE2HIELib.progress import Silent, Stages
from AGE2HIELib.quality.check import DISTANCE, STEP, Check, Quality, Severity


def far(severity: Severity) -> Check:
    return Check(DISTANCE, 9.0, "at most 3", False, "Look.", "planted", severity)


@pytest.fixture(scope="module")
def model(untrained_model: Path) -> HieModel:
    return load_model(untrained_model, device="cpu")


@pytest.fixture(scope="module")
def scan(infant_file: Path) -> Scan:
    return read_scan(infant_file)


@pytest.fixture(scope="module")
def seen(scan: Scan) -> Examined:
    found = examine(scan, bundled_atlas(), Stages(STAGES, Silent()))
    assert found.quality.passed
    return found


@pytest.fixture
def asked(scan: Scan, seen: Examined, model: HieModel, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Analyses the infant once more, its placement left as it was, with these later checks."""
    monkeypatch.setattr(pipeline, "examine", lambda *_, **__: seen)

    def run(*planted: Check, override: tuple[str, ...] = ()) -> Analysis:
        monkeypatch.setattr(pipeline, "later_checks", lambda ready, of: planted)
        return analyse(scan, model, bundled_atlas(), Stages(STAGES, Silent()), override=override)

    return run


def test_a_later_warning_withholds_the_number_until_it_is_overridden(asked) -> None:  # type: ignore[no-untyped-def]
    plain = asked()
    held = asked(far("warn"))
    assert (held.explanation, held.saliency, held.regions) == (None, None, ())
    assert held.examined.quality.withheld
    assert held.examined.quality.checks == (*plain.examined.quality.checks, far("warn"))
    given = asked(far("warn"), override=(DISTANCE,))
    assert given.examined.quality.overridden == (DISTANCE,)
    assert given.explanation.prediction.members == plain.explanation.prediction.members  # a check changes no number


def test_a_later_refusal_has_no_override(asked) -> None:  # type: ignore[no-untyped-def]
    refused = asked(far("refuse"), override=(DISTANCE,))
    assert refused.explanation is None
    assert not refused.examined.quality.withheld
    assert refused.examined.quality.overridden == ()


def test_a_later_check_that_is_passed_is_on_record(asked) -> None:  # type: ignore[no-untyped-def]
    near = Check(DISTANCE, 1.0, "at most 3", True, "Look.", "planted", "warn")
    found = asked(near)
    assert found.explanation is not None
    assert found.examined.quality.checks[-1] == near


def test_what_is_overridden_already_is_named_again(capsys: pytest.CaptureFixture[str]) -> None:
    """The second warning comes up only after the first has been overridden: the call that goes on needs both."""
    dark = Check(STEP, 0.4, "at most 0.25", False, "Look.", severity="warn")
    held = Quality((dark,)).overriding([STEP]).with_(far("warn"))
    say_refused(held, Silent())
    assert f'--override "{STEP}" --override "{DISTANCE}"' in capsys.readouterr().err
    assert held.overriding(held.to_override).passed
