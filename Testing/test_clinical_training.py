"""Clinical variables in training: the fit beside other tools, the drawn cohort, the outcome tables, the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as statsmodels
from cohort_samples import MAPPING, two_sites, write_hie
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from AGE2HIELib.clinical.fusion import fuse
from AGE2HIELib.clinical.variables import FUSED, VARIABLES, ClinicalData
from AGE2HIELib.errors import InputError
from training.cohorts.bonbid import read_bonbid
from training.cohorts.outcomes import read_outcomes
from training.cohorts.synthetic_clinical import draw_clinical
from training.evaluation.clinical import SplitLogits, clinical_rows
from training.evaluation.decide import decide
from training.evaluation.splits import make_splits
from training.evaluation.summary import further_outcomes
from training.learning.fusion import fit_fusion, gaussian_with_gaps, ridge_logistic
from training.preparing.infants import clinical_values, known_outcomes, table_rows
from training.reporting.sections import further_tables

NAMES = FUSED[:3]


def test_the_ridge_is_that_of_scikit_learn_and_without_it_that_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    design, offset = rng.normal(size=(300, 4)), rng.normal(size=300)
    adverse = rng.uniform(size=300) < expit(design @ [1, -0.5, 0, 0.2] + offset)
    found, _ = ridge_logistic(design, adverse, np.zeros(300), 3.0)
    theirs = LogisticRegression(C=1 / 3.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(design, adverse)
    np.testing.assert_allclose(found, theirs.coef_[0], atol=1e-5)
    plain, covariance = ridge_logistic(design, adverse, offset, 0.0)
    family = statsmodels.families.Binomial()
    other = statsmodels.GLM(adverse.astype(float), design, family=family, offset=offset).fit()
    np.testing.assert_allclose(plain, other.params, atol=1e-6)
    np.testing.assert_allclose(covariance, other.cov_params(), rtol=1e-4)


def test_a_normal_distribution_is_found_in_spite_of_gaps() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]])
    values = rng.multivariate_normal([1.0, -1.0, 2.0], truth, size=20_000)
    hidden = rng.uniform(size=20_000) < 0.4
    values[hidden & (values[:, 0] > 1), 1] = np.nan  # whether it is there depends on what is known
    mean, covariance = gaussian_with_gaps(values)
    np.testing.assert_allclose(mean, [1, -1, 2], atol=0.03)
    np.testing.assert_allclose(covariance, truth, atol=0.03)
    assert abs(np.nanmean(values[:, 1]) + 1) > 0.1  # which a plain mean does not find


def simulated(count: int, seed: int, *, missing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(calibrated image logit, variables in odd units, outcome): the image's logit is the truth given the image."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 1.5, count)
    adverse = rng.uniform(size=count) < expit(image)
    hidden = (
        0.8 * adverse[:, None]
        + 0.3 * image[:, None]
        + rng.normal(size=(count, 3)) @ [[1, 0.5, 0], [0, 0.9, 0], [0, 0, 1]]
    )
    values = hidden * [2.0, 100.0, 0.1] + [39, 3300, 7]
    values[rng.uniform(size=values.shape) < missing] = np.nan
    return image, values, adverse


def slope_and_intercept(found: np.ndarray, adverse: np.ndarray) -> tuple[float, float]:
    family = statsmodels.families.Binomial()
    fitted = statsmodels.GLM(adverse.astype(float), statsmodels.add_constant(found), family=family).fit()
    return float(fitted.params[1]), float(fitted.params[0])


def test_the_fused_logit_is_calibrated_with_any_variable_missing_and_never_worse_than_its_parts() -> None:
    fusion = fit_fusion(*simulated(4000, 1, missing=0.15), NAMES)
    image, values, adverse = simulated(20_000, 2, missing=0.0)
    patterns = [np.array(pattern, bool) for pattern in np.ndindex(2, 2, 2)]
    areas = {}
    for known in patterns:
        given = np.where(known, values, np.nan)
        found = fuse(fusion, image, given).logit
        slope, intercept = slope_and_intercept(found, adverse)
        assert 0.93 < slope < 1.07, known
        assert abs(intercept) < 0.10, known
        areas[tuple(known.tolist())] = roc_auc_score(adverse, found)
    alone = areas[False, False, False]
    assert all(area >= alone - 0.001 for area in areas.values())
    assert areas[True, True, True] > alone + 0.02
    assert areas[True, True, True] >= max(areas.values()) - 0.001


def test_without_an_image_it_is_the_prevalence_that_the_variables_move() -> None:
    _, values, adverse = simulated(3000, 3, missing=0.1)
    share = float(logit(adverse.mean()))
    fusion = fit_fusion(np.full(3000, share), values, adverse, NAMES)
    np.testing.assert_array_equal(fusion.image_slope, 0)
    found = fuse(fusion, np.full(3000, share), values).logit
    assert abs(expit(found).mean() - adverse.mean()) < 0.005
    nothing = fuse(fusion, np.full(1, share), np.full((1, 3), np.nan)).logit
    assert nothing[0] == share


def test_fit_depends_on_neither_units_nor_order() -> None:
    image, values, adverse = simulated(400, 4, missing=0.0)
    one = fit_fusion(image, values, adverse, NAMES, penalty=3.0)
    order = [2, 0, 1]
    other = fit_fusion(image, 1000 * values[:, order] - 7, adverse, [NAMES[n] for n in order], penalty=3.0)
    np.testing.assert_allclose(one.coefficients[order], other.coefficients, rtol=1e-5)
    np.testing.assert_allclose(
        fuse(one, image, values).logit, fuse(other, image, 1000 * values[:, order] - 7).logit, atol=1e-6
    )


def test_that_a_variable_is_missing_may_tell_something() -> None:
    """An Apgar score at 10 minutes is written down where that at 5 was low: its being missing is a good sign."""
    image, values, adverse = simulated(4000, 5, missing=0.0)
    rng = np.random.default_rng(6)
    values[rng.uniform(size=4000) < np.where(adverse, 0.1, 0.6), 0] = np.nan
    fusion = fit_fusion(image, values, adverse, NAMES)
    assert fusion.missing_coefficients[0] < -1
    assert fusion.missing_coefficients[1:].tolist() == [0, 0]  # hardly ever missing: no indicator
    assert abs(expit(fuse(fusion, image, values).logit).mean() - adverse.mean()) < 0.01


def test_what_hardly_anybody_has_is_left_out() -> None:
    image, values, adverse = simulated(200, 7, missing=0.0)
    values[9:, 0] = np.nan
    values[:, 1] = 3.0
    assert fit_fusion(image, values, adverse, NAMES).names == NAMES[2:]
    nothing = fit_fusion(image, values[:, :2], adverse, NAMES[:2])
    np.testing.assert_array_equal(fuse(nothing, image, np.zeros((200, 0))).logit, image)


def test_drawn_variables_have_the_margins_of_the_released_cohort() -> None:
    """n = 237; the load has the quartiles that 640 synthetic infants have with either outcome."""
    rng = np.random.default_rng(0)
    adverse = rng.uniform(size=3000) < 73 / 156
    load = 10 ** (rng.normal(np.where(adverse, 0.60, -0.98), np.where(adverse, 0.70, 0.63))) / 100
    drawn = [
        draw_clinical(n, adverse=bool(bad), load=one) for n, (bad, one) in enumerate(zip(adverse, load, strict=True))
    ]
    numbers = {one.name: np.array([case.number(one.name) for case in drawn]) for one in VARIABLES}
    margins = {
        "age_days": (3.47, 2.40),
        "gestation_weeks": (39.08, 1.94),
        "weight_g": (3294, 604),
        "head_cm": (34.28, 1.70),
        "cord_ph": (6.99, 0.22),
        "apgar_1": (1.89, None),
        "apgar_5": (3.98, None),
        "apgar_10": (5.03, None),
        "cooled": (171 / 237, None),
        "seizures": (115 / 237, None),
    }
    for name, (mean, sd) in margins.items():
        known = numbers[name][np.isfinite(numbers[name])]
        error = known.std() / np.sqrt(len(known))
        assert abs(known.mean() - mean) < 4 * error, name
        assert sd is None or abs(known.std() / sd - 1) < 0.06, name
    finite = np.isfinite(numbers["sarnat_grade"])
    assert roc_auc_score(adverse[finite], numbers["sarnat_grade"][finite]) > 0.6
    assert draw_clinical(5, adverse=True, load=0.02) == draw_clinical(5, adverse=True, load=0.02)


CLINICAL_MAPPING = (
    MAPPING
    + """[clinical]
cord_ph = "pH"
seizures = "Seizures"
sarnat_grade = "Sarnat"
[others.motor]
column = "Motor"
adverse = ["impaired"]
normal = ["normal"]
[others.death]
column = "Died"
adverse = ["yes"]
normal = ["no"]
"""
)


def test_a_cohorts_table_may_hold_variables_and_further_outcomes(tmp_path: Path) -> None:
    (tmp_path / "outcomes.toml").write_text(CLINICAL_MAPPING)
    (tmp_path / "clinical.csv").write_text(
        "ID;Outcome;pH;Seizures;Sarnat;Motor;Died\nA_1;1;7,05;yes;none;impaired;no\nA_2;0;n/a;0;III;;no\n"
    )
    found, problems = read_outcomes(tmp_path / "outcomes.toml")
    assert problems == []
    assert [one.clinical for one in found] == [
        ClinicalData(cord_ph=7.05, seizures=True, sarnat_grade=0.0),
        ClinicalData(seizures=False, sarnat_grade=3.0),
    ]
    assert [one.others for one in found] == [{"motor": True, "death": False}, {"death": False}]


def test_wrong_cells_are_problems_in_words_and_count_as_missing(tmp_path: Path) -> None:
    (tmp_path / "outcomes.toml").write_text(CLINICAL_MAPPING)
    (tmp_path / "clinical.csv").write_text(
        "ID,Outcome,pH,Seizures,Sarnat,Motor,Died\nA_1,1,69,perhaps,2,poor,no\nA_2,0,7.1,no,2,normal,no\n"
    )
    found, problems = read_outcomes(tmp_path / "outcomes.toml")
    where = "clinical.csv, row 2: A_1: "
    assert [str(one).removeprefix(where) for one in problems] == [
        "cord_ph is 69; it must be 6.2 to 7.7. The decimal point may be missing: write it (6.9)",
        "seizures is 'perhaps'; it must be yes or no. Write one of them",
        "motor: the outcome is 'poor', not one of impaired, normal. Correct it or the mapping",
    ]
    assert found[0].clinical == ClinicalData(sarnat_grade=2.0)
    for name, words in {"length_of_stay": "length of stay is not used", "age_days": r"under \[columns\]"}.items():
        (tmp_path / "outcomes.toml").write_text(CLINICAL_MAPPING.replace("cord_ph", name))
        with pytest.raises(InputError, match=words):
            read_outcomes(tmp_path / "outcomes.toml")


def test_a_further_outcome_is_learned_by_its_name(tmp_path: Path) -> None:
    root = write_hie(tmp_path, two_sites(2))
    cases = list(two_sites(2))
    (root / "outcomes.toml").write_text(CLINICAL_MAPPING)
    rows = [
        f"{case},{n % 2},7.0,no,1,{'impaired' if n == 0 else '' if n == 1 else 'normal'},no"
        for n, case in enumerate(cases)
    ]
    (root / "clinical.csv").write_text("\n".join(["ID,Outcome,pH,Seizures,Sarnat,Motor,Died", *rows]))
    main, problems = read_bonbid(root)
    assert problems == []
    motor, _ = read_bonbid(root, outcome="motor")
    assert len(main) == 4
    assert {case.subject: case.adverse for case in motor} == {case: n == 0 for n, case in enumerate(cases) if n != 1}
    with pytest.raises(InputError, match=r"hie\.outcome is 'speech', and the outcome table has death, motor\."):
        read_bonbid(root, outcome="speech")
    table = pd.DataFrame(table_rows(main))
    assert table["clinical_cord_ph"].tolist() == [7.0] * 4
    assert np.isnan(table["outcome_motor"]).sum() == 1


def cohort(count: int = 160) -> tuple[pd.DataFrame, np.ndarray]:
    """A prepared table with three variables, and the image's uncalibrated logit."""
    image, values, adverse = simulated(count, 8, missing=0.1)
    cases = [f"{'MGH' if n % 2 else 'BCH'}NICU_{n:03d}-VISIT_01" for n in range(count)]
    table = pd.DataFrame({"case": cases, "subject": cases, "adverse": adverse})
    table["site"] = [case[:3] for case in cases]
    for column, name in zip(values.T, NAMES, strict=True):
        table[f"clinical_{name}"] = column
    return table, image / 2


def test_the_three_rows_are_fitted_inside_the_split() -> None:
    """A test case's own outcome changes nothing of its numbers."""
    table, image = cohort()
    split = make_splits(table, folds=2, repeats=1, inner_folds=2, seed=0, protocols=("pooled",))[0]
    place = {case: n for n, case in enumerate(table["case"])}
    inner = pd.DataFrame({"case": list(split.train)})
    inner["logit"] = [image[place[case]] for case in inner["case"]]
    adverse = table.set_index("case")["adverse"]
    decision = decide(inner["logit"].to_numpy(), adverse.loc[inner["case"]].to_numpy(bool))
    asked = SplitLogits(inner, np.array([image[place[case]] for case in split.test]), decision)
    rows = clinical_rows(table, split, asked)
    assert rows is not None
    assert rows.groupby("arm", sort=False).size().to_dict() == dict.fromkeys(
        ("image-alone", "clinical-alone", "image+clinical"), len(split.test)
    )
    other = table.assign(adverse=table["adverse"] ^ table["case"].isin(split.test))
    again = clinical_rows(other, split, asked)
    assert again is not None
    np.testing.assert_array_equal(rows["logit"], again["logit"])
    alone = rows[rows["arm"] == "image-alone"]
    np.testing.assert_array_equal(alone["logit"], asked.test)
    without = table.drop(columns=[f"clinical_{name}" for name in NAMES])
    assert clinical_values(without) is None
    assert clinical_rows(without, split, asked) is None


def test_other_outcomes_stand_beside_the_one_that_was_learned() -> None:
    """An arm that orders motor outcomes rightly, and death wrongly in the cases in which it is known."""
    cases = [f"MGHNICU_{n:03d}-VISIT_01" for n in range(40)]
    rows = {"case": cases, "subject": cases, "site": "MGH", "logit": np.arange(40.0), "probability": np.arange(40) / 40}
    fixed = {"arm": "transfer", "protocol": "pooled", "setting": "pooled", "repeat": 0, "fold": 0, "threshold": 0.5}
    predictions = pd.DataFrame({**rows, **fixed, "adverse": np.arange(40) % 2 == 0, "predicted": 1})
    motor, death = (np.arange(40) >= 20).astype(float), (np.arange(40) < 10).astype(float)
    death[30:] = np.nan
    table = pd.DataFrame({"case": cases, "outcome_motor": motor, "outcome_death": death, "site": "MGH"})
    found = further_outcomes(predictions, known_outcomes(table), resamples=50).set_index("outcome")
    assert found.loc["motor", ["value", "n", "n_adverse"]].tolist() == [1.0, 40, 20]
    assert found.loc["death", ["value", "n", "n_adverse"]].tolist() == [0.0, 30, 10]
    (shown,) = further_tables(found.reset_index())
    cells = dict(zip(shown.header, shown.rows[0], strict=True))
    assert cells["AUC, pooled"] == "transfer"
    assert cells["motor: 40 cases, 20 adverse"] == "1.00 [1.00, 1.00]"
    assert cells["death: 30 cases, 10 adverse"] == "0.00 [0.00, 0.00]"
    assert further_outcomes(predictions, known_outcomes(table[["case"]])).empty
