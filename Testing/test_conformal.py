"""Coverage of sets of outcomes: that of ranks for whole ensembles, at or above it where each member has its scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from AGE2HIELib.bundle.training_cases import SET_COVERAGE, Scores
from AGE2HIELib.inference.conformal import RARE, conformal_p_values, prediction_set


def remembered(*scores: tuple[list[float] | np.ndarray, list[float] | np.ndarray]) -> tuple[Scores, ...]:
    """One for each pair of (favourable, adverse) logits."""
    return tuple(Scores(np.sort(f), np.sort(a)) for f, a in scores)


@pytest.mark.parametrize(
    ("logit", "outcomes", "label"),
    [
        (-3.0, ("favourable",), "favourable"),
        (3.0, ("adverse",), "adverse"),
        (0.0, (), "indeterminate"),  # between two classes that lie apart: like neither
    ],
)
def test_a_score_goes_with_the_outcome_whose_cases_lie_there(logit: float, outcomes: tuple, label: str) -> None:
    spread = np.linspace(-1, 1, 40)
    found = prediction_set([logit - 0.5, logit + 0.5], remembered((spread - 3, spread + 3)))
    assert found.outcomes == outcomes
    assert found.label == label


def test_where_the_classes_cannot_be_told_apart_both_stay_and_no_outcome_is_named() -> None:
    same = np.linspace(-1, 1, 50)
    found = prediction_set([0.0], remembered((same, same)))
    assert found.outcomes == ("favourable", "adverse")
    assert found.label == "indeterminate"


def test_scores_that_are_all_equal_are_never_rare() -> None:
    same = np.zeros(30)
    assert set(conformal_p_values([0.0], remembered((same, same))).values()) == {1.0}


@pytest.mark.parametrize("cases", [9, 19, 57, 224])
def test_an_ensemble_covers_as_often_as_ranks_of_exchangeable_scores_do(cases: int) -> None:
    """Mean over calibrations: ceil((n + 1) 0.9) / (n + 1), exactly; any distribution of scores will do."""
    rng = np.random.default_rng(cases)
    held = []
    for _ in range(400):
        scores = rng.standard_t(2, cases + 100)
        one = remembered((scores[:cases], scores[:cases]))
        held.append(np.mean([conformal_p_values([s], one)["favourable"] > RARE for s in scores[cases:]]))
    expected = -(-9 * (cases + 1) // 10) / (cases + 1)
    assert np.mean(held) == pytest.approx(expected, abs=4 * np.std(held) / np.sqrt(len(held)))


def test_coverage_of_thousands_lies_inside_its_beta_binomial_interval() -> None:
    """A single calibration is itself drawn: 99 of 100 of them cover within the interval."""
    calibration, tests = 60, 2000
    rank = -(-9 * (calibration + 1) // 10)
    low, high = betabinom.interval(0.99, tests, rank, calibration + 1 - rank)
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(100):
        scores = rng.normal(size=calibration + tests)
        one = remembered((scores[:calibration], scores[:calibration]))
        held = sum(conformal_p_values([s], one)["adverse"] > RARE for s in scores[calibration:])
        inside += low <= held <= high
    assert inside >= 96  # fewer than 96 of 100 would come in 1 of 300


@pytest.mark.parametrize("own", [0.0, 0.5, 2.0], ids=["members agree", "some spread", "mostly their own noise"])
def test_with_scores_of_each_member_an_ensemble_covers_at_least_as_often_as_stated(own: float) -> None:
    """Bundles of format 2: each left-out case is scored by one member, a new one by all. What they share is drawn once
    for a case.
    """
    rng = np.random.default_rng(7)
    members, cases, tests = 5, 300, 3000
    shared = rng.normal(size=cases + tests)
    learned = shared[:cases].reshape(members, -1) + own * rng.normal(size=(members, cases // members))
    ensemble = remembered(*[(scores, scores) for scores in learned])
    new = shared[cases:, None] + own * rng.normal(size=(tests, members))
    covered = np.mean([conformal_p_values(row, ensemble)["adverse"] > RARE for row in new])
    spread = np.sqrt(0.9 * 0.1 * (1 / cases + 1 / tests))
    assert covered > SET_COVERAGE - 2.6 * spread
    if own == 0.0:  # then it is one member's rank
        assert covered == pytest.approx(SET_COVERAGE, abs=2.6 * spread)
