"""Intervals, paired tests and tables: what chance alone does, by closed forms and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm
from statsmodels.stats.proportion import proportion_confint

from AGE2HIELib.errors import InputError
from training.evaluation.intervals import estimates, mean_over_repeats, percentile_interval, resampled_cases
from training.evaluation.paired import components, delong, discordant, needed_for_significance
from training.evaluation.summary import compare, summarise
from training.evaluation.table import main_table_text


def predictions(
    adverse: np.ndarray, logits: np.ndarray, *, arm: str = "transfer", folds: int = 1, repeat: int = 0
) -> pd.DataFrame:
    """One arm in the pooled setting, one case a child, decided at 0.5."""
    name = [f"c{k:04d}" for k in range(len(adverse))]
    rows = pd.DataFrame({"case": name, "subject": name, "adverse": adverse, "logit": logits})
    rows["probability"] = 1 / (1 + np.exp(-logits))
    rows["predicted"] = (logits >= 0).astype(int)
    rows["fold"] = np.arange(len(adverse)) % folds
    return rows.assign(arm=arm, protocol="pooled", setting="pooled", repeat=repeat, site="A", threshold=0.5)


def two_arms(draw: np.random.Generator, gap: float, *, subjects: int = 120) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two arms that share half of their variance; the first separates the classes by ``gap`` more."""
    adverse = np.arange(subjects) % 2 == 0
    shared, sign = draw.normal(0, 1, subjects), np.where(adverse, 0.5, -0.5)
    first = (1 + gap) * sign + shared + draw.normal(0, 1, subjects)
    second = sign + shared + draw.normal(0, 1, subjects)
    return predictions(adverse, first, folds=3), predictions(adverse, second, arm="scratch", folds=3)


# intervals


def test_resamples_keep_classes_and_children_together() -> None:
    single = predictions(np.arange(156) < 73, np.zeros(156))
    second_scans = single.assign(case=single["case"] + "-b")
    cases = pd.concat([single, second_scans])
    counts = resampled_cases(cases, resamples=200, seed=0)
    table = cases.set_index("case").loc[counts.index]
    assert (counts[table["adverse"].to_numpy(bool)].sum() == 2 * 73).all()
    by_subject = counts.groupby(table["subject"].to_numpy())
    assert (by_subject.min() == by_subject.max()).all(axis=None)
    assert resampled_cases(cases.sample(frac=1, random_state=1), resamples=200, seed=0).equals(counts)


def test_intervals_cover_the_truth_and_agree_with_wilson() -> None:
    """Unit-variance normals one apart: AUC = Phi(1/sqrt 2) = 0.7602, accuracy = Phi(0.5) = 0.6915."""
    draw = np.random.default_rng(0)
    adverse = np.arange(120) < 60
    truth, inside, widths = {"auc": 0.7602, "accuracy": 0.6915}, {"auc": 0, "accuracy": 0}, []
    for seed in range(150):
        rows = predictions(adverse, draw.normal(np.where(adverse, 0.5, -0.5), 1.0))
        found = estimates(rows, resampled_cases(rows, resamples=300, seed=seed))
        for name, value in truth.items():
            inside[name] += found[name][1] <= value <= found[name][2]
        low, high = proportion_confint(round(120 * found["accuracy"][0]), 120, method="wilson")
        widths.append((found["accuracy"][2] - found["accuracy"][1]) / (high - low))
    for name in truth:  # 0.95 of 150 with a standard deviation of 2.7; percentile intervals fall a little short
        assert 134 <= inside[name] <= 149, name
    assert np.mean(widths) == pytest.approx(1.0, abs=0.05)


def test_wilson_of_the_papers_size() -> None:
    assert proportion_confint(109, 156, method="wilson") == pytest.approx((0.62, 0.77), abs=0.006)


def test_no_interval_where_many_resamples_are_undefined() -> None:
    assert np.isnan(percentile_interval(np.append(np.zeros(90), np.full(10, np.nan)))).all()
    assert percentile_interval(np.arange(101.0)) == pytest.approx((2.5, 97.5))


# paired tests


def test_delong_by_hand_on_two_scores_of_four_cases() -> None:
    """Adverse at 0 and 1, normal at 2 and 3. First arm orders all pairs; the second has placements 1, 1/2 | 1/2, 1.

    Gaps 0, 1/2 in each class: variance (1/8)/2 + (1/8)/2 = 1/8, difference 1/4, z = 1/sqrt 2, p = 0.4795.
    """
    adverse = np.array([True, True, False, False])
    first = components(predictions(adverse, np.array([4.0, 3.0, 2.0, 1.0])))
    second = components(predictions(adverse, np.array([4.0, 2.0, 3.0, 1.0])))
    assert delong(first, second) == pytest.approx((0.25, 0.4795), abs=1e-4)
    assert delong(first, first) == (0.0, 1.0)


def test_components_average_to_the_auc_within_folds_over_repeats() -> None:
    draw = np.random.default_rng(4)
    adverse = draw.random(61) < 0.4
    rows = pd.concat([predictions(adverse, draw.normal(adverse, 1.0), folds=4, repeat=k) for k in range(3)])
    found = components(rows)
    expected = mean_over_repeats(rows)["auc"][0]
    assert found.share[found.adverse].mean() == pytest.approx(expected, abs=1e-12)
    assert found.share[~found.adverse].mean() == pytest.approx(expected, abs=1e-12)


def test_delong_p_is_uniform_without_a_difference_and_small_with_one() -> None:
    draw = np.random.default_rng(1)

    def p_values(gap: float, runs: int) -> np.ndarray:
        pairs = (two_arms(draw, gap) for _ in range(runs))
        return np.array([delong(components(first), components(second))[1] for first, second in pairs])

    null = p_values(0.0, 200)
    assert kstest(null, "uniform").pvalue > 0.01
    assert (null < 0.05).mean() == pytest.approx(0.05, abs=0.047)  # three standard deviations of 200 runs
    power = [(p_values(gap, 30) < 0.05).mean() for gap in (0.5, 1.5)]
    assert power[0] > 0.1
    assert power[1] > 0.8


def test_delong_agrees_with_the_bootstrap_of_the_difference() -> None:
    first, second = two_arms(np.random.default_rng(9), 0.4, subjects=156)
    drawn = resampled_cases(first, resamples=2000, seed=0)
    replicates = mean_over_repeats(first, drawn)["auc"] - mean_over_repeats(second, drawn)["auc"]
    difference, p = delong(components(first), components(second))
    z = difference / replicates.std()
    assert p == pytest.approx(2 * norm.sf(abs(z)), abs=0.03)


def test_two_scans_of_a_child_are_not_two_children() -> None:
    """The same scan twice leaves the p of DeLong and McNemar where it was."""
    first, second = two_arms(np.random.default_rng(2), 0.6)

    def twice(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([rows, rows.assign(case=rows["case"] + "-b")])

    once = delong(components(first), components(second))
    assert delong(components(twice(first)), components(twice(second))) == pytest.approx(once, abs=1e-9)
    assert discordant(twice(first), twice(second)) == discordant(first, second)


def test_mcnemar_on_ten_against_five_discordant_children() -> None:
    """The gain of 3 % of 156 that the field reports: p = 0.30."""
    adverse = np.arange(156) < 73
    right = np.where(adverse, 1.0, -1.0)
    first, second = right.copy(), right.copy()
    second[:10] *= -1
    first[-5:] *= -1
    found = discordant(predictions(adverse, first), predictions(adverse, second, arm="scratch"))
    assert (found.only_first, found.only_second, found.subjects) == (10, 5, 156)
    assert found.p == pytest.approx(0.3018, abs=1e-4)
    assert needed_for_significance(15) == 12  # 12 against 3: p = 0.035; 11 against 4: 0.118
    assert needed_for_significance(5) is None  # 5 against 0: p = 0.063


def test_decisions_of_repeats_are_put_to_the_vote() -> None:
    adverse = np.array([True, False])
    votes = [np.array([1.0, 1.0]), np.array([1.0, -1.0]), np.array([-1.0, -1.0])]
    arm = pd.concat([predictions(adverse, vote, repeat=k) for k, vote in enumerate(votes)])
    always_wrong = pd.concat([predictions(adverse, np.array([-1.0, 1.0]), repeat=k) for k in range(3)])
    assert discordant(arm, always_wrong).only_first == 2


# tables


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Two arms; pooled in 3 folds, and cross-site in both directions on the same children."""
    first, second = two_arms(np.random.default_rng(5), 0.3)
    rows = pd.concat([first, second], ignore_index=True)
    east = rows["case"].str[-1].astype(int) < 4
    crossed = rows.assign(protocol="cross-site", setting=np.where(east, "B->A", "A->B"), fold=0)
    return pd.concat([rows, crossed], ignore_index=True)


def test_summaries_do_not_depend_on_the_order_of_the_rows(table: pd.DataFrame) -> None:
    shuffled = table.sample(frac=1, random_state=0)
    one, other = summarise(table, resamples=50), summarise(shuffled, resamples=50)
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(compare(table, resamples=50), compare(shuffled, resamples=50))


def test_several_settings_are_also_told_together(table: pd.DataFrame) -> None:
    found = summarise(table, resamples=20)
    sizes = found[found["metric"] == "auc"].set_index(["arm", "protocol", "setting"])["n"].sort_index()
    assert sizes["transfer", "cross-site"].to_dict() == {"A->B": 72, "B->A": 48, "all": 120}
    assert sizes["transfer", "pooled"].to_dict() == {"pooled": 120}


def test_comparisons_state_difference_interval_test_and_counts(table: pd.DataFrame) -> None:
    found = compare(table, resamples=200).set_index(["setting", "metric"]).loc["pooled"]
    values = summarise(table, resamples=20).set_index(["protocol", "arm", "metric"])["value"]["pooled"]
    for metric in ("auc", "balanced_accuracy", "accuracy"):
        row = found.loc[metric]
        assert row["difference"] == pytest.approx(values["transfer", metric] - values["scratch", metric])
        assert row["low"] < row["difference"] < row["high"]
        assert (row["n"], row["n_adverse"]) == (120, 60)
    gained = found.loc["accuracy", "only_arm"] - found.loc["accuracy", "only_other"]
    assert gained == round(120 * found.loc["accuracy", "difference"])


def test_the_table_for_the_terminal_fits_and_names_its_sizes(table: pd.DataFrame) -> None:
    text = main_table_text(summarise(table, resamples=50))
    assert max(map(len, text.splitlines())) <= 120
    assert text.count("120 cases, 60 adverse") == 2
    assert [line.split()[0] for line in text.splitlines()[4:6]] == ["transfer", "scratch"]


def test_an_arm_that_lacks_cases_is_named(table: pd.DataFrame) -> None:
    missing = table[~((table["arm"] == "scratch") & (table["case"] == "c0005"))]
    with pytest.raises(InputError, match="Arm scratch lacks 1 predictions in pooled pooled"):
        summarise(missing, resamples=20)
