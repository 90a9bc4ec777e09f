"""Sets of outcomes hold the true one as often as they say, for either outcome; a bundle remembers what they need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bundles import untrained_bundle, untrained_facts
from scipy.stats import betabinom

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.training_cases import MemberCases, Scores, TrainingCases, cases_text, read_cases
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import ModelError
from AGE2HIELib.inference.conformal import conformal_p_values, prediction_set
from AGE2HIELib.inference.probability import combine_logits
from AGE2HIELib.networks.features import first_block_features
from AGE2HIELib.quality.distance import distance_check, distances

MEMBERS = 5


def remembered(
    favourable: np.ndarray, adverse: np.ndarray, *, features: int = 4, members: int = MEMBERS
) -> TrainingCases:
    """The same scores for released z-maps and none, and features of a standard normal distribution."""
    scores = (Scores(np.sort(favourable), np.sort(adverse)),)
    parts = (MemberCases(np.zeros(features), np.eye(features)),) * members
    return TrainingCases(parts, 3.0, "planted", {"released": scores, "none": scores})


def one_by_one(rng: np.random.Generator, count: int, members: int, *, adverse: bool) -> np.ndarray:
    """``(count, members)`` logits: what all members see, and as much again of each member's own error."""
    shared = rng.normal(0.8 if adverse else -0.8, 1.0, count)
    return shared[:, None] + rng.normal(0, 1.0, (count, members))


@pytest.mark.parametrize("members", [1, 5])
def test_coverage_is_the_stated_one_for_either_outcome(members: int) -> None:
    """Scores of whole ensembles: their members' own errors are averaged in the new case as in the remembered ones."""
    rng = np.random.default_rng(3)
    tests, calibration = 4000, 200
    ensembles = [one_by_one(rng, calibration, members, adverse=outcome).mean(axis=1) for outcome in (False, True)]
    scores = remembered(*ensembles).scores["released"]
    for outcome, is_adverse in (("favourable", False), ("adverse", True)):
        new = one_by_one(rng, tests, members, adverse=is_adverse)
        held = sum(outcome in prediction_set(list(logits), scores).outcomes for logits in new)
        rank = int(np.ceil((calibration + 1) * 0.9))
        low, high = betabinom.interval(0.99, tests, rank, calibration + 1 - rank)
        assert low <= held <= high, (outcome, held / tests)


def test_p_values_are_ranks_that_can_be_counted() -> None:
    cases = remembered(np.array([-3.0, -2.0, -1.0, 0.0]), np.array([0.0, 1.0, 2.0])).scores["released"]
    found = conformal_p_values([-2.0, 0.0], cases)  # their mean counts
    assert found["favourable"] == pytest.approx((1 + 2) / 5)  # -1 and 0 are no more typical of it
    assert found["adverse"] == pytest.approx(1 / 4)
    assert conformal_p_values([5.0], cases) == {"favourable": 1 / 5, "adverse": 1.0}


def test_too_few_cases_rule_nothing_out() -> None:
    few = remembered(np.linspace(-2, -1, 8), np.linspace(1, 2, 8)).scores["released"]
    assert prediction_set([9.0], few).outcomes == ("favourable", "adverse")
    enough = remembered(np.linspace(-2, -1, 9), np.linspace(1, 2, 9)).scores["released"]
    assert prediction_set([9.0], enough).outcomes == ("adverse",)
    assert prediction_set([9.0], enough).label == "adverse"


def test_the_label_is_what_the_set_leaves() -> None:
    cases = remembered(np.linspace(-3, 0, 100), np.linspace(0, 3, 100))
    facts = untrained_facts(demonstration=False, cases=cases)
    labels = [combine_logits([logit] * MEMBERS, facts).label for logit in (-2.0, 0.0, 2.0)]
    assert labels == ["favourable", "indeterminate", "adverse"]
    assert combine_logits([2.0] * MEMBERS, replace(facts, demonstration=True)).label == "demonstration"
    assert combine_logits([2.0] * MEMBERS, replace(facts, cases=None)).label == "indeterminate"


def test_distance_is_mahalanobis() -> None:
    rng = np.random.default_rng(0)
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    own = MemberCases(np.array([1.0, -1.0]), np.linalg.inv(covariance))
    points = rng.normal(size=(50, 2))
    wanted = [np.sqrt((p - own.mean) @ np.linalg.solve(covariance, p - own.mean) / 2) for p in points]
    np.testing.assert_allclose(distances(points, own), wanted, rtol=1e-12)
    many = rng.multivariate_normal(own.mean, covariance, 20_000)
    assert np.mean(distances(many, own) ** 2) == pytest.approx(1.0, abs=0.03)


def bundle_with_cases(folder: Path) -> Path:
    facts = untrained_facts()
    size = 2 * int(facts.network_arguments["channels"][0])  # mean and sd of the first block's channels
    cases = remembered(np.linspace(-3, 0, 50), np.linspace(0, 3, 50), features=size)
    untrained_bundle(folder, cases=cases)
    return folder


def test_a_bundle_remembers_its_cases(tmp_path: Path) -> None:
    bundle = read_bundle(bundle_with_cases(tmp_path / "model"))
    assert bundle.cases is not None
    np.testing.assert_allclose(bundle.scores[0].adverse, np.linspace(0, 3, 50), rtol=1e-6)
    members = load_members(bundle)
    shape = (1, len(bundle.spec.channels), *bundle.spec.grid.shape)
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.inference_mode():
        cells = members[0].blocks[0](torch.from_numpy(image))
    np.testing.assert_allclose(_features(members[0], image)[0, 0], float(cells[0, 0].mean()), rtol=1e-5)
    check = distance_check(members, bundle, image)
    assert check is not None
    assert (check.severity, check.limit, check.basis) == ("warn", "at most 3", "planted")
    wanted = np.mean([np.sqrt(np.mean(_features(member, image) ** 2)) for member in members])
    assert check.value == pytest.approx(wanted, rel=1e-5)  # from 0, in units of 1
    assert distance_check(members, replace(bundle, cases=None), image) is None


def _features(member: object, image: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(first_block_features(member, torch.from_numpy(image)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"format":3', '"format":1'),
        lambda text: text.replace('"format":3', '"format":2'),  # in which members have scores of their own
        lambda text: text.replace('"released":', '"atlas":'),
        lambda text: text.replace('"distance_limit":3.0', '"distance_limit":-1'),
        lambda text: text.replace('"mean":[0.0,', '"mean":['),
        lambda text: text.replace('"adverse":[0.0,', '"adverse":[9.0,'),
        lambda text: text[: len(text) // 2],
        lambda text: "[" * 100_000,
    ],
)
def test_cases_that_were_tampered_with_are_refused(change) -> None:  # type: ignore[no-untyped-def]
    text = cases_text(remembered(np.linspace(-3, 0, 50), np.linspace(0, 3, 50)))
    kinds = ("released", "none")
    assert read_cases(text.encode(), MEMBERS, kinds).distance_limit == 3.0
    with pytest.raises(ModelError, match=r"cases\.json cannot be used"):
        read_cases(change(text).encode(), MEMBERS, kinds)
    with pytest.raises(ModelError):
        read_cases(text.encode(), MEMBERS + 1, kinds)
