"""The distance from the training cases: numpy's on planted Gaussians, a warning above the limit, and what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from bundles import untrained_bundle, untrained_facts
from learning_samples import SHAPE, SMALL
from scipy.stats import chi2, norm

from AGE2HIELib.bundle.reading import Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.training_cases import CASES, MemberCases, Scores, TrainingCases, counts
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.features import first_block_features, moments
from AGE2HIELib.quality import Quality
from AGE2HIELib.quality.check import DISTANCE
from AGE2HIELib.quality.distance import distance_check, distances
from training.bundle_cases import (
    ENOUGH,
    EXPECTED_WARNINGS,
    REAL_OVER_SYNTHETIC,
    SEVERITY_SPREAD,
    bundle_cases,
    evenly,
    injured_share,
    limit_of_distance,
    spread_of_features,
)
from training.evaluation.splits import whole_cohort
from training.learning.transfer import new_network
from training.preparing.store import PreparedCohort

FEATURES = 8  # mean and sd of four channels


def planted(limit: float = 3.0, *, centre: float = 0.0) -> TrainingCases:
    one = MemberCases(np.full(FEATURES, centre), 100 * np.eye(FEATURES))
    scores = (Scores(np.array([-1.0]), np.array([1.0])),)
    return TrainingCases((one, one), limit, "planted", {"released": scores, "none": scores})


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return untrained_bundle(tmp_path / "untrained", count=2, cases=planted())


@pytest.fixture
def image(bundle: Bundle) -> np.ndarray:
    shape = (1, 2, *bundle.spec.grid.shape)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_distances_of_a_planted_gaussian_are_chi_distributed() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6))
    covariance = mixing @ mixing.T
    cases = MemberCases(np.arange(6.0), np.linalg.inv(covariance))
    samples = rng.multivariate_normal(cases.mean, covariance, size=4000)
    found = distances(samples, cases)
    by_hand = [np.sqrt((x - cases.mean) @ np.linalg.solve(covariance, x - cases.mean) / 6) for x in samples[:50]]
    np.testing.assert_allclose(found[:50], by_hand, rtol=1e-9)
    for share in (0.5, 0.9, 0.99):
        inside = np.mean(found <= np.sqrt(chi2.ppf(share, 6) / 6))
        assert inside == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4000))


def test_moments_are_numpys_and_do_not_ask_where_a_cell_lies() -> None:
    rng = np.random.default_rng(1)
    cells = rng.gamma(2.0, size=(2, 3, 5, 4, 6)).astype(np.float32)
    expected = np.concatenate([cells.mean(axis=(2, 3, 4)), cells.std(axis=(2, 3, 4))], axis=1)
    np.testing.assert_allclose(moments(torch.from_numpy(cells)), expected, rtol=1e-5)
    np.testing.assert_allclose(moments(torch.from_numpy(cells[:, :, ::-1].copy())), expected, rtol=1e-5)


def test_the_check_is_the_mean_over_members_beside_the_limit(bundle: Bundle, image: np.ndarray) -> None:
    members = load_members(bundle)
    with torch.inference_mode():
        features = [first_block_features(member, torch.from_numpy(image))[0] for member in members]
    expected = np.mean([10 * np.sqrt(np.sum(f.astype(float) ** 2) / FEATURES) for f in features])
    check = distance_check(members, bundle, image)
    assert check is not None
    assert check.value == pytest.approx(expected, rel=1e-5)
    assert (check.name, check.severity, check.basis) == (DISTANCE, "warn", "planted")
    assert check.passed == (expected <= 3.0)
    far = distance_check(members, replace(bundle, cases=planted(centre=100.0)), image)
    assert far is not None
    assert not far.passed
    assert Quality((far,)).withheld
    assert Quality((far,)).overriding([DISTANCE]).passed


def test_a_bundle_that_remembers_no_cases_is_not_asked(tmp_path: Path, image: np.ndarray) -> None:
    plain = untrained_bundle(tmp_path / "plain", count=2)
    assert plain.cases is None
    assert CASES not in plain.files
    assert distance_check(load_members(plain), plain, image) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("members"), "KeyError"),
        (lambda c: c.update(format=1), "format 1"),
        (lambda c: c.update(distance_limit=float("nan")), "limit nan"),
        (lambda c: c.update(distance_limit=-1), "limit -1"),
        (lambda c: c["members"].pop(), "1 members of 2"),
        (lambda c: c["members"][0].update(mean=[0.0] * 3), "do not belong together"),
        (lambda c: c["members"][0].update(mean=[1e400, *[0.0] * 7]), "finite"),
        (lambda c: c["members"][0].update(mean=[10**400, *[0] * 7]), "OverflowError"),
        (lambda c: c["scores"]["none"].update(adverse=[2.0, 1.0]), "not sorted"),
        (lambda c: c["scores"].pop("none"), r"scores for \['released'\]"),
        (lambda c: c["members"][0].update(precision=[[0.0] * FEATURES] * FEATURES), "inverse of no covariance"),
        (lambda c: c["members"][0].update(mean=[0.0] * 5, precision=np.eye(5).tolist()), "different features"),
        (lambda c: [m.update(mean=[0.0] * 5, precision=np.eye(5).tolist()) for m in c["members"]], "network has 8"),
    ],
)
def test_what_cannot_be_right_is_refused(bundle: Bundle, change, message: str) -> None:
    path = bundle.folder / CASES
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    write_manifest(bundle.folder)
    with pytest.raises(ModelError, match=message):
        load_members(read_bundle(bundle.folder))


def test_a_changed_memory_is_found_by_its_hash(bundle: Bundle) -> None:
    path = bundle.folder / CASES
    path.write_text(path.read_text(encoding="utf-8").replace('"distance_limit":3.0', '"distance_limit":9.0'))
    with pytest.raises(ModelError, match="was changed"):
        read_bundle(bundle.folder)


def test_export_remembers_the_features_of_the_cases_that_a_member_learned_from() -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"case": [f"c{n:02d}" for n in range(36)]})
    table = table.assign(subject=table["case"], site="A", adverse=np.arange(36) % 3 == 0)
    volumes = rng.normal(0, 1, (36, 3, *SHAPE)).astype(np.float16)
    cohort = PreparedCohort(volumes, None, table, "")
    split = whole_cohort(table, inner_folds=3, seed=0)
    members = [new_network(SMALL, in_channels=2, outputs=1, seed=n).eval() for n in range(3)]
    scores = {kind: Scores(np.arange(24.0), np.arange(12.0)) for kind in ("atlas", "released")}
    kept = bundle_cases(members, split, cohort, ["atlas", "released"], scores, synthetic=True)
    for (learned, _), part, member in zip(split.inner, kept.members, members, strict=True):
        rows = cohort.rows("case", learned)
        with torch.inference_mode():
            own = [first_block_features(member, torch.from_numpy(volumes[rows][:, [0, z]]).float()) for z in (1, 2)]
        np.testing.assert_allclose(part.mean, np.concatenate(own).mean(0), rtol=1e-4, atol=1e-5)
    assert counts(kept.scores["released"]) == (24, 12)
    assert kept.distance_limit > REAL_OVER_SYNTHETIC * 0.5  # about 1 for a case like the others
    assert "72 distances" in kept.distance_basis


def test_the_limit_lets_all_but_the_stated_share_of_further_cases_pass() -> None:
    """Over 400 cohorts of 60 lognormal distances the share of further ones beyond the limit is the stated one."""
    rng = np.random.default_rng(2)
    spread, beyond = 0.3, []
    for _ in range(400):
        limit, _ = limit_of_distance(np.exp(rng.normal(-0.2, spread, 60)), synthetic=False)
        beyond.append(norm.sf((np.log(limit) + 0.2) / spread))
    assert np.mean(beyond) == pytest.approx(EXPECTED_WARNINGS, rel=0.2)
    away = np.exp(rng.normal(size=50))
    real, phantoms = (limit_of_distance(away, synthetic=synthetic)[0] for synthetic in (False, True))
    assert phantoms == pytest.approx(REAL_OVER_SYNTHETIC * real, rel=0.02)


def test_injury_is_a_direction_in_which_a_case_may_lie_far_out() -> None:
    """Features with unit noise that move with injury along the first axis: a case three times as injured as any."""
    rng = np.random.default_rng(3)
    injured = rng.uniform(0, 0.1, 8000)
    features = rng.normal(size=(8000, FEATURES)) + np.outer(injured, [20.0, *[0.0] * (FEATURES - 1)])
    mean, covariance = spread_of_features(features, injured)
    expected = np.ones(FEATURES)
    expected[0] += (SEVERITY_SPREAD * injured.std() * 20) ** 2
    np.testing.assert_allclose(np.diag(covariance), expected, rtol=0.1)
    cases = MemberCases(mean, np.linalg.inv(covariance))
    severe, odd = np.zeros((1, FEATURES)), np.zeros((1, FEATURES))
    severe[0, 0], odd[0, 1] = 0.3 * 20, 0.3 * 20
    assert distances(severe, cases)[0] < 1 < 2 < distances(odd, cases)[0]


def test_the_injured_share_is_that_of_the_brain_below_1000() -> None:
    volumes = np.zeros((2, 2, 4, 4, 4), dtype=np.float16)
    volumes[:, 0, :2] = 0.5  # ADC 1500 in half of the image, the rest is outside the brain
    volumes[1, 0, 0] = -1.0  # ADC 900
    np.testing.assert_allclose(injured_share(volumes), [0.0, 0.5])


def test_of_a_large_cohort_every_site_is_asked_evenly() -> None:
    site = np.array(["BCH"] * 220 + ["MGH"] * 260)
    table = pd.DataFrame({"case": [f"c{n:03d}" for n in range(480)], "site": site})
    asked = evenly(table)
    assert len(asked) == ENOUGH == 120
    assert [int((site[[int(case[1:]) for case in sorted(asked)]] == one).sum()) for one in ("BCH", "MGH")] == [55, 65]
    assert evenly(table.head(2 * ENOUGH - 1)) == set(table["case"][: 2 * ENOUGH - 1])


def test_facts_without_cases_say_so_on_the_card() -> None:
    from AGE2HIELib.bundle.cards import model_card

    assert "no distance is checked" in model_card(untrained_facts(), 5, "")
