"""Ways of learning against each other: the corrected test by hand, and what it says of equally good ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from equal_learners import FOLDS, REPEATS, study
from scipy.stats import t as t_distribution
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from statsmodels.stats.multitest import multipletests

from training.evaluation.paired import components, delong
from training.evaluation.resampled import (
    NO_SPREAD,
    ONE_FOLD,
    compare_methods,
    corrected_t,
    enough_pretrainings,
    fold_values,
    holm,
)
from training.evaluation.summary import compare


def test_the_corrected_t_by_hand() -> None:
    """Differences 0.1, 0.0, 0.2, 0.1 of 2 folds x 2 repeats: mean 0.1, variance 1/150, factor 1/4 + 1/1."""
    found = corrected_t(np.array([0.1, 0.0, 0.2, 0.1]), folds=2)
    error = np.sqrt((1 / 4 + 1) / 150)
    assert found.difference == pytest.approx(0.1)
    assert found.p == pytest.approx(2 * t_distribution.sf(0.1 / error, 3))
    assert found.high - found.low == pytest.approx(2 * t_distribution.ppf(0.975, 3) * error)


def test_what_cannot_be_asked_gives_no_p_and_says_why() -> None:
    one_fold = corrected_t(np.array([0.1, 0.2, 0.3]), folds=1)
    assert np.isnan([one_fold.p, one_fold.low, one_fold.high]).all()
    assert one_fold.asked == ONE_FOLD
    assert corrected_t(np.zeros(6), folds=3).p == 1.0
    alike = corrected_t(np.full(2, 0.25), folds=2)  # a plain t test would call this certain
    assert (np.isnan(alike.p), alike.asked) == (True, NO_SPREAD)
    assert corrected_t(np.array([0.1, np.nan]), folds=2).asked.startswith("not asked: a fold has cases of one outcome")


def test_values_of_a_fold_are_those_of_its_cases_alone() -> None:
    first, _ = study(np.random.default_rng(0))
    found = fold_values(first)
    assert len(found) == FOLDS * REPEATS
    part = first[(first["repeat"] == 2) & (first["fold"] == 3)]
    assert found.loc[(2, 3), "auc"] == pytest.approx(roc_auc_score(part["adverse"], part["logit"]))
    expected = balanced_accuracy_score(part["adverse"], part["predicted"])
    assert found.loc[(2, 3), "balanced_accuracy"] == pytest.approx(expected)


def test_equally_good_learners_are_called_different_no_more_often_than_promised() -> None:
    """200 studies of 156 children, 5 folds x 4. In 1,500 p was under 0.05 in 6.1 % (balanced accuracy 3.7 %), and by
    DeLong's test in 9.7 %.
    """
    draw = np.random.default_rng(7)
    p = []
    for _ in range(200):
        first, second = study(draw)
        found = compare_methods(first, second)
        by_networks = delong(components(first), components(second))[1]
        p.append([found["auc"].p, found["balanced_accuracy"].p, by_networks])
    auc, balanced, by_networks = (np.array(p) < 0.05).mean(axis=0)
    assert 0.005 < auc <= 0.075
    assert 0.005 < balanced <= 0.075
    assert by_networks > auc + 0.015


@pytest.mark.parametrize(("networks", "lowest", "highest"), [(1, 0.12, 0.24), (4, 0.02, 0.08), (5, 0.02, 0.08)])
def test_p_holds_the_luck_of_pretraining_where_repeats_start_from_enough_networks(
    networks: int, lowest: float, highest: float
) -> None:
    """Equal methods, 5 folds x 10; the luck of a pretrained network is half as large as the folds' noise, and what
    folds share of their children is what the correction stands for. 1,000 studies: one network 17 %, four or five 5 %.
    """
    draw, called = np.random.default_rng(networks), []
    for _ in range(1000):
        luck = draw.normal(0, 0.5, networks)[np.arange(10) % networks]
        shared = draw.normal(0, np.sqrt(1 / (FOLDS - 1)))
        differences = np.repeat(luck, FOLDS) + draw.normal(0, 1, 10 * FOLDS) + shared
        called.append(corrected_t(differences, FOLDS).p < 0.05)
    assert lowest < np.mean(called) < highest
    assert (networks >= enough_pretrainings(FOLDS)) == (highest < 0.1)


def test_a_better_learner_is_found() -> None:
    draw = np.random.default_rng(3)
    found = [compare_methods(*study(draw, advantage=0.2))["auc"] for _ in range(20)]
    assert np.mean([one.p < 0.05 for one in found]) > 0.6
    assert all(one.low < one.difference < one.high for one in found)


def test_holm_is_that_of_statsmodels_and_what_was_not_asked_is_no_test() -> None:
    p = [0.04, 0.01, 0.03]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([0.04, np.nan, 0.03]) == pytest.approx([0.06, np.nan, 0.06], nan_ok=True)
    assert np.isnan(holm([np.nan])).all()


def test_the_primary_comparison_alone_is_corrected_over_its_protocols() -> None:
    first, second = study(np.random.default_rng(5))
    other = second.assign(arm="shuffled-age")
    rows = pd.concat([first, second, other])
    again = rows.assign(protocol="same-site", setting=np.where(rows["case"].str[-1].isin(list("02468")), "A", "B"))
    crossed = rows.assign(protocol="cross-site", setting="A->B", fold=0)
    found = compare(pd.concat([rows, again, crossed]), resamples=20)
    primary = found[found["p_holm"].notna()]
    assert primary.set_index("protocol")["setting"].to_dict() == {"pooled": "pooled", "same-site": "all"}
    assert set(primary["metric"]) == {"auc"}
    assert set(primary["other"]) == {"scratch"}
    smaller = primary["p_method"].min()
    assert primary["p_holm"].min() == pytest.approx(min(1, 2 * smaller))
    assert found.loc[found["protocol"] == "cross-site", "p_method"].isna().all()
    assert (found.loc[found["protocol"] == "cross-site", "asked"] == ONE_FOLD).all()
