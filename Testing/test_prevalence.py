"""Numbers moved to another share of adverse outcomes: Bayes' rule, what stays as it was, and infants drawn anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundles import untrained_bundle, untrained_facts
from scipy.special import expit
from test_prediction_sets import remembered

from AGE2HIELib.bundle.model_facts import Calibration, ModelFacts, Reading
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.inference.prevalence import at_prevalence, check_prevalence
from AGE2HIELib.inference.probability import Prediction, calibrate, combine_logits
from AGE2HIELib.pipeline.inputs import load_model
from training.evaluation.platt import platt

LOGITS = (-1.3, 0.2, 0.4, 1.1, 2.5)
FACTS = untrained_facts(
    demonstration=False,
    threshold=0.28,
    calibration=Calibration(0.7, 0.1, 0.47, slope_sd=0.1, intercept_sd=0.2, covariance=-0.01),
    cases=remembered(np.linspace(-3, 1, 100), np.linspace(-1, 3, 100)),
)
SHARES = (1e-6, 0.05, 0.36, 0.59, 0.95, 1 - 1e-6)


def numbers(found: Prediction) -> np.ndarray:
    return np.array([found.probability_adverse, *found.interval, *found.members, found.threshold])


def odds(share: np.ndarray | float) -> np.ndarray:
    return np.asarray(share) / (1 - np.asarray(share))


@pytest.mark.parametrize("share", SHARES)
def test_every_number_has_its_odds_multiplied_by_the_ratio_of_the_prevalences_odds(share: float) -> None:
    before, after = combine_logits(LOGITS, FACTS), combine_logits(LOGITS, at_prevalence(FACTS, share))
    np.testing.assert_allclose(odds(numbers(after)) / odds(numbers(before)), odds(share) / odds(0.47), rtol=1e-9)
    assert (before.prevalence, after.prevalence) == (0.47, share)


def test_a_test_of_known_sensitivity_has_the_predictive_value_of_bayes_rule() -> None:
    """Positive in 0.9 of adverse and 0.2 of favourable outcomes: of 100 infants at 0.1, 9 of 27 who are positive."""
    calibration = Calibration(1.0, float(np.log(0.5 * 0.9 / (0.5 * 0.2))), 0.5)
    found = combine_logits([0.0], at_prevalence(untrained_facts(calibration=calibration), 0.1))
    assert found.probability_adverse == pytest.approx(9 / 27, abs=1e-12)


def test_at_the_calibrations_own_prevalence_nothing_changes_in_any_digit() -> None:
    assert combine_logits(LOGITS, at_prevalence(FACTS, 0.47)) == combine_logits(LOGITS, FACTS)
    assert combine_logits(LOGITS, at_prevalence(FACTS, None)) == combine_logits(LOGITS, FACTS)


def test_numbers_rise_with_the_prevalence_and_the_way_there_does_not_matter() -> None:
    found = [numbers(combine_logits(LOGITS, at_prevalence(FACTS, share))) for share in np.linspace(0.02, 0.98, 49)]
    assert (np.diff(found, axis=0) > 0).all()
    detour = at_prevalence(at_prevalence(FACTS, 0.03), 0.8)
    straight = at_prevalence(FACTS, 0.8)
    np.testing.assert_allclose(
        numbers(combine_logits(LOGITS, detour)), numbers(combine_logits(LOGITS, straight)), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("share", SHARES)
def test_neither_the_set_of_outcomes_nor_the_side_of_the_threshold_depends_on_it(share: float) -> None:
    moved, sides = at_prevalence(FACTS, share), set()
    for logit in np.linspace(-4, 4, 81):
        before, after = (combine_logits([logit] * 5, facts) for facts in (FACTS, moved))
        assert (before.outcomes, before.label) == (after.outcomes, after.label)
        side = before.probability_adverse >= before.threshold
        assert side == (after.probability_adverse >= after.threshold)
        sides.add((side, before.label))
    assert {label for _, label in sides} == {"favourable", "indeterminate", "adverse"}
    assert {side for side, _ in sides} == {False, True}


@pytest.mark.parametrize("method", ["hirescam", "gradcam++"])
def test_the_saliency_does_not_depend_on_it(method: str, tmp_path: Path) -> None:
    """A constant that is added to a logit is evidence for no place."""
    bundle = untrained_bundle(tmp_path / "model", count=2)
    members, shape = load_members(bundle), (1, 2, *bundle.spec.grid.shape)
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    before, after = (
        explain_score(members, at_prevalence(bundle, share), image, method=method) for share in (None, 0.9)
    )
    assert np.abs(before.saliency.array).max() > 0
    np.testing.assert_array_equal(before.saliency.array, after.saliency.array)
    np.testing.assert_array_equal(before.agreement.array, after.agreement.array)
    assert after.prediction.probability_adverse > before.prediction.probability_adverse + 0.1


def drawn(rng: np.random.Generator, prevalence: float, *, milder: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits and outcomes of 20,000 infants; ``milder``: how far those with an adverse one lie from where they did."""
    adverse = rng.random(20_000) < prevalence
    return rng.normal(np.where(adverse, 1.0 - milder, -1.0), 1.5), adverse


def calibrated_by(calibration: Calibration) -> ModelFacts:
    return replace(FACTS, readings=dict.fromkeys(FACTS.readings, Reading(calibration)))


def calibration_error(calibration: Calibration, logits: np.ndarray, adverse: np.ndarray) -> float:
    """Mean over ten groups of equal size of |share adverse - mean probability|."""
    probability = expit(calibrate(logits, calibration))
    groups = np.array_split(np.argsort(probability), 10)
    return float(np.mean([abs(adverse[g].mean() - probability[g].mean()) for g in groups]))


@pytest.mark.parametrize("prevalence", [0.15, 0.75])
def test_infants_of_another_prevalence_are_calibrated_with_it_and_far_off_without(prevalence: float) -> None:
    rng = np.random.default_rng(1)
    calibration = platt(*drawn(rng, 0.47))
    logits, adverse = drawn(rng, prevalence)
    moved = at_prevalence(calibrated_by(calibration), prevalence).calibration
    assert calibration_error(moved, logits, adverse) < 0.02
    assert calibration_error(calibration, logits, adverse) > 0.15


def test_it_mends_nothing_but_the_prevalence() -> None:
    """Where infants with an adverse outcome look milder as well, the assumption fails and the number stays off."""
    rng = np.random.default_rng(2)
    calibration = platt(*drawn(rng, 0.47))
    logits, adverse = drawn(rng, 0.75, milder=1.5)
    moved = at_prevalence(calibrated_by(calibration), 0.75).calibration
    assert calibration_error(moved, logits, adverse) > 0.1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "above 0 and below 1"),
        (1.0, "above 0 and below 1"),
        (-0.3, "above 0 and below 1"),
        (float("nan"), "--prevalence is nan"),
        (float("inf"), "--prevalence is inf"),
        (45.0, r"For 45 of 100 infants give 0\.45\."),
        (12.5, r"For 12\.5 of 100 infants give 0\.125\."),
        (100.0, "0.45 for 45 of 100"),
    ],
)
def test_what_is_no_share_is_refused_before_any_work(value: float, words: str, tmp_path: Path) -> None:
    for call in (check_prevalence, lambda share: at_prevalence(FACTS, share)):
        with pytest.raises(InputError, match=words):
            call(value)
    with pytest.raises(InputError, match=words):
        load_model(tmp_path / "not looked for", prevalence=value)
