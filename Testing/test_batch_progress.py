"""The time left of a batch that goes on: what was done before says nothing of how long the others take."""

from __future__ import annotations

import itertools

import pytest

from AGE2HIELib.batch.case import CaseEnded
from AGE2HIELib.batch.progress import CaseBar, CaseEvents
from AGE2HIELib.batch.table import CaseRow
from AGE2HIELib.batch.worker import Memory
from AGE2HIELib.system.progress import Silent

KEPT, REPEATED, NEW = 50, 30, 120
QUICK = {f"repeated {number}" for number in range(REPEATED)}
SECONDS = {"kept": 0.5, "repeated": 0.25, "new": 8.0}


def endings() -> list[tuple[CaseEnded, float]]:
    """Each with the seconds that it takes: kept ones, those that are as unusable as before, and 20 of the new ones."""
    kept = [CaseEnded(CaseRow(f"kept {n}", 0), kept=True) for n in range(KEPT)]
    repeated = [CaseEnded(CaseRow(f"repeated {n}", 2)) for n in range(REPEATED)]
    new = [CaseEnded(CaseRow(f"new {n}", 0)) for n in range(20)]
    mixed = [case for pair in itertools.zip_longest(kept, repeated) for case in pair if case is not None]
    return [(case, SECONDS[case.row.case.split()[0]]) for case in (*mixed, *new)]


class Clock:
    """Seconds that pass when a case ends."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Heard(Silent):
    def __init__(self) -> None:
        self.left: list[float | None] = []

    def case(self, facts: dict) -> None:
        self.left.append(facts["seconds_left"])


def test_events_tell_the_time_of_new_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, heard = Clock(), Heard()
    monkeypatch.setattr("AGE2HIELib.batch.progress.time.monotonic", clock)
    teller = CaseEvents(heard, KEPT + REPEATED + NEW, QUICK)
    for case, seconds in endings():
        clock.now += seconds
        teller.ended(case, Memory())
    assert heard.left[: KEPT + REPEATED] == [None] * (KEPT + REPEATED)
    assert heard.left[KEPT + REPEATED :] == pytest.approx([8.0 * (NEW - n) for n in range(1, 21)])


def test_the_bar_tells_the_time_of_new_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("tqdm.std.time", clock)
    teller = CaseBar(KEPT + REPEATED + NEW, QUICK)
    for case, seconds in endings():
        clock.now += seconds
        teller.ended(case, Memory())
    told = teller._bar.format_dict
    each = told["elapsed"] / (told["n"] - told["initial"])
    teller.close()
    assert told["n"] - told["initial"] == 20
    assert each == pytest.approx(8.0, rel=0.1)  # the bar looks at its clock when it is drawn


def test_an_unusable_case_that_was_mended_counts() -> None:
    heard = Heard()
    teller = CaseEvents(heard, 2, {"a"})
    teller.ended(CaseEnded(CaseRow("a", 0)), Memory())
    assert heard.left[0] is not None
