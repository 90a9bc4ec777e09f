"""Brain age on held-out subjects: errors by band and site, regression to the mean and what is left without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn import metrics as reference

from training.evaluation.age import age_by_site, age_summary, bias_corrected, error_text, unlearned


def age_table(age: np.ndarray, predicted: np.ndarray, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame({"pretraining": "age", "split": "held-out", "age_years": age, "predicted_years": predicted})
    return table.assign(subject=[f"s{n}" for n in range(len(age))], **columns)


def test_age_errors_by_band_and_their_units() -> None:
    age = np.array([0.1, 0.2, 2.0, 2.5, 20.0, 30.0, 39.0])
    predicted = age + np.array([0.02, -0.02, 0.5, -0.5, 1.0, 2.0, 3.0])
    table = age_table(age, predicted)
    found = age_summary(table).set_index("band")
    assert list(found.index) == ["all ages", "0-3 months", "1-3 years", "18-40 years"]
    assert found.loc["0-3 months", "mae_days"] == pytest.approx(0.02 * 365.25)
    assert found.loc["18-40 years", "mae_years"] == pytest.approx(2.0)
    assert found.loc["all ages", "spearman"] == pytest.approx(spearmanr(age, predicted).statistic)
    assert np.isnan(found.loc["1-3 years", "spearman"])  # two subjects have no correlation
    assert error_text("0-3 months", 0.02) == "7 days"
    assert error_text("18-40 years", 2.0) == "2.00 years"


def test_regression_to_the_mean_is_measured_and_taken_off_by_other_subjects() -> None:
    """Predictions of 10 + 0.6 age under noise of 2 years: the slope of the error is -0.4, and 2 / 0.6 years of noise
    are left, 2.66 in mean absolute error (3.33 sqrt(2 / pi)).
    """
    draw = np.random.default_rng(1)
    age = draw.uniform(0, 97, 2000)
    table = age_table(age, 10 + 0.6 * age + draw.normal(0, 2, 2000))
    found = age_summary(table).set_index("band").loc["all ages"]
    error = table["predicted_years"] - age
    assert found["error_slope"] == pytest.approx(-0.4, abs=0.01)
    assert found["rmse_years"] == pytest.approx(reference.root_mean_squared_error(age, table["predicted_years"]))
    assert found["r2"] == pytest.approx(reference.r2_score(age, table["predicted_years"]))
    assert found["mae_years"] == pytest.approx(error.abs().mean())
    assert found["mae_years"] > 9
    assert found["mae_corrected_years"] == pytest.approx(2 / 0.6 * np.sqrt(2 / np.pi), abs=0.15)


def test_a_network_that_knows_no_age_is_not_made_good_by_the_correction() -> None:
    draw = np.random.default_rng(2)
    age = draw.uniform(0, 97, 400)
    knows_nothing = age_table(age, 48 + draw.normal(0, 1, 400))
    assert np.isnan(age_summary(knows_nothing)["mae_corrected_years"]).all()
    assert age_summary(knows_nothing).loc[0, "r2"] < 0.02


@pytest.mark.parametrize(("slope", "warned"), [(0.05, True), (0.15, True), (0.4, False), (1.0, False)])
def test_a_pretraining_that_learned_no_age_is_told(slope: float, warned: bool) -> None:
    """Predictions that follow the age by ``slope`` leave 1 - slope of the error of answering the mean."""
    age = np.linspace(0.0, 96.0, 97)
    rows = [age_table(age, age.mean() + slope * (age - age.mean())), age_table(age, np.full(97, age.mean()))]
    said = unlearned(pd.concat([rows[0], rows[1].assign(pretraining="mean")]))
    assert ("learned almost no age" in said) == warned
    assert not warned or "24.2" in said  # years, of the mean age
    assert unlearned(rows[0]) == ""  # without the mean beside it nothing can be said


def test_the_correction_of_a_subject_does_not_know_its_age_and_sessions_stay_together() -> None:
    draw = np.random.default_rng(3)
    age = draw.uniform(0, 97, 40)
    table = age_table(age, age + draw.normal(0, 3, 40))
    twice = pd.concat([table, table.assign(predicted_years=table["predicted_years"] + 1)], ignore_index=True)
    before = bias_corrected(twice)
    order = np.argsort(age).tolist()
    oldest = order[-1]
    twice.loc[[oldest, oldest + 40], "age_years"] += 2.0  # still the oldest: the parts are the same
    after = bias_corrected(twice)
    same = [n for n in (order.index(k) for k in range(40)) if n % 5 == 39 % 5]
    assert [before[order[n]] for n in same] == pytest.approx([after[order[n]] for n in same], abs=1e-12)
    assert not np.allclose(before, after)


def test_figures_of_several_networks_are_their_mean_and_sites_stand_apart() -> None:
    age = np.linspace(1, 90, 30)
    site = np.where(np.arange(30) % 2, "East", "West")
    one, two = (age_table(age, age + off, seed=seed, site=site) for seed, off in ((0, 1.0), (1, 4.0)))
    found = age_summary(pd.concat([one, two])).iloc[0]
    assert (found["networks"], found["n"], found["mae_years"]) == (2, 30, pytest.approx(2.5))
    by_site = age_by_site(pd.concat([one, two.assign(predicted_years=age + np.where(site == "East", 4.0, 0.0))]))
    assert by_site.set_index("site")["mae_years"].to_dict() == pytest.approx({"East": 2.5, "West": 0.5})
    assert by_site["n"].tolist() == [15, 15]
    assert age_by_site(one.assign(site="East")).empty
