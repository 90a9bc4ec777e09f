"""Splits, decisions, baselines, metrics and intervals against closed forms, scikit-learn and sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as statsmodels
from sklearn import metrics as reference

from AGE2HIELib.errors import InputError
from training.evaluation.baselines import baseline_rows, baseline_scores
from training.evaluation.decide import apply, best_threshold, decide
from training.evaluation.intervals import mean_over_repeats
from training.evaluation.metrics import Scored, auc, measure
from training.evaluation.splits import Split, make_splits, split_problems

PAPER = {("BCH", False): 30, ("BCH", True): 42, ("MGH", False): 53, ("MGH", True): 31}


def cohort(counts: dict[tuple[str, bool], int], *, scans: int = 1, seed: int = 0) -> pd.DataFrame:
    """``scans`` cases a subject; adverse cases have lower ADC and larger lesions."""
    draw = np.random.default_rng(seed)
    rows = [
        {"subject": f"{site}-{adverse}-{k}", "site": site, "adverse": adverse}
        for (site, adverse), count in counts.items()
        for k in range(count)
        for _ in range(scans)
    ]
    table = pd.DataFrame(rows)
    table["case"] = [f"case{k:03d}" for k in range(len(table))]
    table["mean_adc"] = 1300 - 60 * table["adverse"] + draw.normal(0, 60, len(table))
    table["low_z_ml"] = np.exp(draw.normal(1 + 1.2 * table["adverse"], 1.5))
    return table


def constant_scores(adverse: np.ndarray, probability: np.ndarray) -> Scored:
    return Scored(adverse, probability, probability >= 0.5, np.zeros(len(adverse), int))


@pytest.fixture(scope="module")
def drawn() -> Scored:
    draw = np.random.default_rng(3)
    adverse = draw.random(90) < 0.4
    probability = np.round(1 / (1 + np.exp(-draw.normal(adverse - 0.5, 1.2))), 2)  # rounded: with ties
    return constant_scores(adverse, probability)


# splits


@pytest.fixture(scope="module")
def paper_splits() -> tuple[pd.DataFrame, list[Split]]:
    cases = cohort(PAPER, scans=2)
    return cases, make_splits(cases, folds=5, repeats=2, inner_folds=3, seed=1)


def test_no_subject_is_on_both_sides_of_a_fold(paper_splits: tuple[pd.DataFrame, list[Split]]) -> None:
    cases, splits = paper_splits
    subject = cases.set_index("case")["subject"]
    for split in splits:
        assert not set(subject[list(split.train)]) & set(subject[list(split.test)])
        for fit, validate in split.inner:
            assert not set(subject[list(fit)]) & set(subject[list(validate)])
            assert set(fit) | set(validate) == set(split.train)


def test_folds_hold_each_site_and_class_within_one_subject(paper_splits: tuple[pd.DataFrame, list[Split]]) -> None:
    cases, splits = paper_splits
    table = cases.set_index("case")
    pooled = [split for split in splits if split.protocol == "pooled"]
    assert len(pooled) == 10
    for split in pooled:
        test = table.loc[list(split.test)].drop_duplicates("subject")
        for (site, adverse), count in PAPER.items():
            here = ((test["site"] == site) & (test["adverse"] == adverse)).sum()
            assert count // 5 <= here <= -(-count // 5)


def test_every_case_is_tested_once_in_each_repeat(paper_splits: tuple[pd.DataFrame, list[Split]]) -> None:
    cases, splits = paper_splits
    for protocol in ("same-site", "pooled", "cross-site"):
        tested = [case for s in splits if (s.protocol, s.repeat) == (protocol, 1) for case in s.test]
        assert sorted(tested) == sorted(cases["case"])


def test_settings_and_their_training_sites(paper_splits: tuple[pd.DataFrame, list[Split]]) -> None:
    cases, splits = paper_splits
    site = cases.set_index("case")["site"]
    assert {s.setting for s in splits} == {"BCH", "MGH", "pooled", "MGH->BCH", "BCH->MGH"}
    one_way = next(s for s in splits if s.setting == "BCH->MGH")
    assert set(site[list(one_way.train)]) == {"BCH"}
    assert set(site[list(one_way.test)]) == {"MGH"}
    three = cohort({(s, a): 8 for s in "ABC" for a in (False, True)})
    crossed = make_splits(three, folds=2, repeats=1, inner_folds=2, seed=0, protocols=["cross-site"])
    assert [s.setting for s in crossed] == ["others->A", "others->B", "others->C"]
    assert [len(s.train) for s in crossed] == [32, 32, 32]


def test_the_order_of_the_rows_changes_no_fold_and_the_seed_does() -> None:
    cases = cohort(PAPER)
    shuffled = cases.sample(frac=1, random_state=3)
    first = make_splits(cases, folds=3, repeats=1, inner_folds=2, seed=5)
    assert make_splits(shuffled, folds=3, repeats=1, inner_folds=2, seed=5) == first
    assert make_splits(cases, folds=3, repeats=1, inner_folds=2, seed=6) != first


def test_a_single_site_leaves_same_site_only() -> None:
    splits = make_splits(cohort({("A", False): 9, ("A", True): 9}), folds=3, repeats=1, inner_folds=2, seed=0)
    assert {s.protocol for s in splits} == {"same-site"}
    assert len(splits) == 3


def test_what_cannot_be_split_is_said_with_site_class_and_count() -> None:
    thin = cohort({("A", False): 9, ("A", True): 2, ("B", False): 9, ("B", True): 9})
    (line,) = split_problems(thin, 3, 2)
    assert line.startswith("Site A has 2 adverse subjects, and 3 folds with 2 inner folds need 3: ")
    with pytest.raises(InputError, match="Site A has 2 adverse"):
        make_splits(thin, folds=3, repeats=1, inner_folds=2, seed=0)
    (single,) = split_problems(cohort({("A", True): 9}), 3, 2)
    assert single == "All 9 cases are of one class (adverse): add cases of the other one."
    mixed = cohort(PAPER)
    mixed.loc[mixed.index[-1], "subject"] = mixed["subject"].iloc[0]
    assert len(split_problems(mixed, 3, 2)) == 2  # two outcomes and two sites in one child


# decisions and baselines


def test_the_threshold_maximises_balanced_accuracy_and_prefers_one_half() -> None:
    probability = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.9])
    assert best_threshold(probability, probability > 0.4) == pytest.approx(0.45)
    tied = np.array([0, 0, 1, 0, 1, 1], bool)  # 0.25 and 0.65 both reach 5/6
    assert best_threshold(probability, tied) == pytest.approx(0.65)
    assert best_threshold(np.full(6, 0.3), probability > 0.4) == 0.5


def test_a_decision_calibrates_logits_that_are_too_sure() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 1.5, 8000)
    adverse = draw.random(8000) < 1 / (1 + np.exp(-logits))
    decision = decide(3 * logits - 2, adverse)
    probability, called = apply(decision, 3 * logits - 2)
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-logits)), atol=0.03)
    assert decision.threshold == pytest.approx(0.5, abs=0.06)
    np.testing.assert_array_equal(called, probability >= decision.threshold)


def test_logits_without_information_give_the_prevalence() -> None:
    probability, called = apply(decide(np.full(40, 2.0), np.arange(40) < 10), np.full(3, 2.0))
    np.testing.assert_allclose(probability, 11 / 42)
    assert not called.any()


def test_majority_and_site_rule_reach_the_papers_figures() -> None:
    """BCH 30/42 and MGH 53/31: 83 of 156, and 42 + 53 of 156 (notes of the field)."""
    cases = cohort(PAPER)
    rows = baseline_rows(cases, make_splits(cases, folds=5, repeats=1, inner_folds=3, seed=0))
    pooled = rows[rows["protocol"] == "pooled"]
    found = {arm: mean_over_repeats(part) for arm, part in pooled.groupby("arm")}
    assert found["majority"]["accuracy"][0] == pytest.approx(83 / 156)
    assert found["majority"]["auc"][0] == 0.5
    assert found["site-only"]["accuracy"][0] == pytest.approx(95 / 156)
    assert found["site-only"]["auc"][0] == pytest.approx(0.607, abs=0.002)  # 0.607 exactly on undivided data
    assert found["mean-adc"]["auc"][0] > 0.65
    crossed = rows[(rows["arm"] == "site-only") & (rows["setting"] == "BCH->MGH")]
    assert crossed["predicted"].all()  # an unknown site gets the training site's majority, adverse at BCH


def test_a_baseline_never_sees_its_test_cases() -> None:
    cases = cohort(PAPER).set_index("case", drop=False)
    train, test = cases.iloc[::2], cases.iloc[1::2]
    turned = test.assign(adverse=~test["adverse"])
    np.testing.assert_array_equal(baseline_scores(train, test, "mean-adc"), baseline_scores(train, turned, "mean-adc"))


# metrics


def test_metrics_equal_those_of_scikit_learn(drawn: Scored) -> None:
    found = {name: float(value[0]) for name, value in measure(drawn).items()}
    y, p, called = drawn.adverse, drawn.probability, drawn.predicted
    expected = {
        "auc": reference.roc_auc_score(y, p),
        "auprc": reference.average_precision_score(y, p),
        "accuracy": reference.accuracy_score(y, called),
        "balanced_accuracy": reference.balanced_accuracy_score(y, called),
        "f1": reference.f1_score(y, called),
        "sensitivity": reference.recall_score(y, called),
        "specificity": reference.recall_score(~y, ~called),
        "mcc": reference.matthews_corrcoef(y, called),
        "brier": reference.brier_score_loss(y, p),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


def test_a_weighting_is_the_cases_drawn_so_often(drawn: Scored) -> None:
    counts = np.random.default_rng(0).multinomial(90, np.full(90, 1 / 90))
    where = np.repeat(np.arange(90), counts)
    again = Scored(drawn.adverse[where], drawn.probability[where], drawn.predicted[where], drawn.block[where])
    for name, value in measure(drawn, counts[None]).items():
        assert value[0] == pytest.approx(measure(again)[name][0], abs=1e-7), name


def test_calibration_equals_the_logistic_regressions_of_statsmodels(drawn: Scored) -> None:
    found = measure(drawn)
    x = np.log(drawn.probability / (1 - drawn.probability))
    family = statsmodels.families.Binomial()
    line = statsmodels.GLM(drawn.adverse.astype(float), statsmodels.add_constant(x), family=family).fit()
    large = statsmodels.GLM(drawn.adverse.astype(float), np.ones_like(x), family=family, offset=x).fit()
    assert found["calibration_intercept"][0] == pytest.approx(line.params[0], abs=1e-6)
    assert found["calibration_slope"][0] == pytest.approx(line.params[1], abs=1e-6)
    assert found["calibration_in_the_large"][0] == pytest.approx(large.params[0], abs=1e-6)


def test_what_is_undefined_is_nan_and_never_zero() -> None:
    one_class = {
        name: value[0] for name, value in measure(constant_scores(np.ones(5, bool), np.linspace(0.2, 0.9, 5))).items()
    }
    for name in ("auc", "specificity", "balanced_accuracy", "mcc", "calibration_slope", "calibration_in_the_large"):
        assert np.isnan(one_class[name]), name
    separated = measure(constant_scores(np.arange(20) > 9, np.linspace(0.01, 0.99, 20)))
    assert separated["auc"][0] == 1
    assert np.isnan(separated["calibration_slope"][0])


def test_a_score_that_knows_only_its_fold_has_an_auc_of_one_half() -> None:
    """Pairs across folds would give 0: the fold with more adverse cases was trained with fewer."""
    block = np.repeat([0, 1], 20)
    adverse = np.concatenate([np.arange(20) < 12, np.arange(20) < 8])
    cases = Scored(adverse, np.where(block == 0, 0.4, 0.6), block > 0, block)
    assert auc(cases, np.ones((1, 40)))[0] == 0.5
    assert measure(cases)["auc_pooled"][0] < 0.41
