"""The report says what the numbers say, holds everything it shows, and calls unknown what is unknown."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from training.evaluation.metrics import cases_with_scores, measure
from training.evaluation.summary import ARMS, compare, summarise
from training.reporting.content import ReportContent, flatten
from training.reporting.findings import main_findings, verdict
from training.reporting.outcome_plots import calibration_groups, net_benefit, roc_points
from training.reporting.page import unbroken_interval, write_report
from training.reporting.training_plots import losses_by_epoch
from training.reporting.tripod import tripod

SUBJECTS = 90


def predictions(seed: int = 0, *, repeats: int = 1) -> pd.DataFrame:
    """Four arms of equal worth and a lesion rule, pooled in three folds."""
    draw = np.random.default_rng(seed)
    adverse = np.arange(SUBJECTS) % 5 < 2
    shared = draw.normal(np.where(adverse, 0.6, -0.6), 1.0)
    tables = []
    for repeat in range(repeats):
        for arm in (*ARMS, "lesion-volume"):
            logit = shared + draw.normal(0, 0.7, SUBJECTS)
            rows = pd.DataFrame({"case": [f"c{k:03d}" for k in range(SUBJECTS)], "adverse": adverse, "logit": logit})
            rows["subject"], rows["site"] = rows["case"], np.where(np.arange(SUBJECTS) % 2, "East", "West")
            rows["probability"], rows["predicted"] = 1 / (1 + np.exp(-logit)), (logit >= 0).astype(int)
            rows["fold"] = np.arange(SUBJECTS) % 3
            tables.append(rows.assign(arm=arm, protocol="pooled", setting="pooled", repeat=repeat, threshold=0.5))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    rows = predictions()
    log = tmp_path_factory.mktemp("logs") / "metrics.csv"
    pd.DataFrame({"epoch": [0, 0, 1, 1], "step": [1, 2, 3, 4], "train_loss": [4.0, 2.0, 1.0, 1.0]}).to_csv(log)
    age = np.linspace(0.05, 90, 40)
    ages = pd.DataFrame(
        {"pretraining": "age", "subject": np.arange(40), "split": "held-out", "age_years": age, "brain_ml": 1e3}
    )
    return ReportContent(
        title="Transfer <tested> here",
        synthetic=True,
        command="python training/run.py",
        settings={"folds": 3, "fit": {"epochs": 2}},
        provenance={"commit": "abc1234", "versions": {"torch": "2.13.0"}, "data_hash": None},
        cases=rows.drop_duplicates("case")[["case", "subject", "site", "adverse"]],
        predictions=rows,
        age_predictions=ages.assign(predicted_years=age + 2),
        summary=summarise(rows, resamples=60),
        comparisons=compare(rows, resamples=60),
        curves={"Scratch | fold 1": log},
        notes=("Ages are made up.",),
    )


@pytest.fixture(scope="module")
def report(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "report"
    write_report(folder, content)
    return folder


def test_the_page_holds_everything_it_shows_and_runs_nothing(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png;base64,') == 6
    assert not re.search(r"<script|<link|src=\"(?!data:)|url\(|https?://", page)
    assert "Transfer &lt;tested&gt; here" in page


def test_every_picture_of_the_markdown_is_there_and_is_not_blank(report: Path) -> None:
    text = (report / "report.md").read_text(encoding="utf-8")
    names = re.findall(r"\]\((figures/\w+\.png)\)", text)
    assert len(names) == 6
    for name in names:
        pixels = np.asarray(Image.open(io.BytesIO((report / name).read_bytes())).convert("L"))
        assert pixels.shape[1] >= 1200, name
        assert 0.005 < (pixels < 200).mean() < 0.5, name


def test_tables_of_the_markdown_keep_their_columns(report: Path) -> None:
    """A bar in a value would end its cell."""
    tables = re.findall(r"(?:^\|.*\|\n)+", (report / "report.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(tables) >= 6
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table[:200]


def test_a_synthetic_cohort_is_named_as_such_in_every_file(
    report: Path, content: ReportContent, tmp_path: Path
) -> None:
    files = ("report.html", "report.md", "model_card.md", "tripod_ai.md")
    for name in files:
        assert "Synthetic cohort: says nothing about any child" in (report / name).read_text(encoding="utf-8"), name
    write_report(tmp_path, replace(content, synthetic=False))
    for name in files:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "Synthetic" not in text, name
        assert "simulated" not in text, name
        assert "Research use only" in text, name


def test_sizes_values_and_tests_of_the_page_are_those_of_the_tables(report: Path, content: ReportContent) -> None:
    text = (report / "report.md").read_text(encoding="utf-8")
    found = content.summary.set_index(["arm", "metric"]).loc[("transfer", "auc")]
    assert f"| transfer | {found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}] |" in text
    assert "| all sites | 90 | 90 | 54 | 36 |" in text
    assert "| fit.epochs | 2 |" in text
    assert "| data_hash | unknown |" in text
    row = content.comparisons.query("other == 'scratch' and metric == 'accuracy'").iloc[0]
    assert f"transfer alone was right in {row['only_arm']} and scratch alone in {row['only_other']}" in text


def test_findings_call_chance_by_its_name(content: ReportContent) -> None:
    table = content.comparisons.copy()
    assert verdict(0.3) == "not distinguishable from chance"
    assert verdict(0.0499) == "distinguishable from chance"
    assert verdict(float("nan")).startswith("it is unknown")
    scratch, control = table["other"] == "scratch", table["other"] == "shuffled-age"
    auc, accuracy = table["metric"] == "auc", table["metric"] == "accuracy"
    table.loc[scratch & accuracy, ["only_arm", "only_other", "p_networks"]] = [10, 5, 0.3018]
    table.loc[scratch & auc, ["p_networks", "p_method", "p_holm"]] = [0.001, 0.3, 0.3]
    table.loc[control & auc, ["method_difference", "p_method"]] = [0.05, 0.2]
    first, given, against_shuffled, last = main_findings(table, pretrained=1)
    assert given.startswith(
        "All this holds for the 1 pretrained network that the repeats start from: with fewer than 2"
    )
    assert "nothing here shows that knowing age is what helps" in against_shuffled
    table.loc[control & auc, "p_method"] = 0.01
    assert "before any correction, in pooled: a hint" in list(main_findings(table, pretrained=1))[2]
    assert "corrected resampled t over 3 folds x 1 repeat, p = 0.30): not distinguishable from chance." in first
    assert "alone was right in 10 and scratch alone in 5 (exact McNemar p = 0.30; of 15" in first
    assert "of 15 such children 12 against 3 would be needed for p under 0.05" in first
    assert last.startswith("The AUC of transfer against scratch under each protocol is the primary question, ")
    assert "The 11 other p of ways of learning are exploratory" in last
    assert list(main_findings(table.iloc[:0], pretrained=1)) == [
        "No arms were compared: the question of transfer is open."
    ]


def test_enough_pretrained_networks_are_not_warned_of(content: ReportContent) -> None:
    table = content.comparisons.assign(repeats=2)
    assert "All this holds for" in " ".join(main_findings(table, pretrained=1))
    assert "All this holds for" not in " ".join(main_findings(table, pretrained=2))


def test_the_networks_tests_decide_nothing_and_one_fold_is_not_asked(content: ReportContent) -> None:
    """DeLong and McNemar at p < 0.001 leave the word "distinguishable" to the corrected test after Holm."""
    table = content.comparisons.copy()
    table["p_networks"], table["p_method"], table["p_holm"] = 1e-4, 1e-4, np.nan
    table.loc[(table["other"] == "scratch") & (table["metric"] == "auc"), "p_holm"] = 0.2
    words = " ".join(main_findings(table, pretrained=1))
    assert words.count("distinguishable from chance") == words.count("not distinguishable from chance") == 1
    rows = content.predictions.assign(fold=0, protocol="cross-site", setting="East->West")
    crossed = compare(rows, resamples=60)
    assert crossed["p_method"].isna().all()
    assert crossed["p_networks"].notna().any()
    first = next(iter(main_findings(crossed, pretrained=1)))
    assert "as a way of learning is not asked: one fold, its repeats share all training cases" in first
    assert "distinguishable" not in " ".join(main_findings(crossed, pretrained=1))


def test_the_checklist_has_all_27_items_and_invents_nothing(content: ReportContent) -> None:
    real = tripod(replace(content, synthetic=False))
    rows = [line.split(" | ") for line in real.splitlines() if re.match(r"\| \d", line)]
    assert {int(re.match(r"\| (\d+)", row[0]).group(1)) for row in rows} == set(range(1, 28))  # type: ignore[union-attr]
    answers = {row[0].removeprefix("| "): row[2].removesuffix(" |") for row in rows}
    for item in ("3c", "5b", "6b", "6c", "8b", "8c", "14", "17", "18a", "18b", "18c", "18d", "19"):
        assert answers[item].startswith("unknown"), item
    assert answers["18f"] == "Apache-2.0, commit abc1234."
    assert answers["5a"].startswith("SHA-256 unknown. East 45 cases of 45 children")


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_area_under_the_drawn_roc_curve_is_the_auc(repeats: int) -> None:
    rows = predictions(repeats=repeats).query("arm == 'transfer'")
    x, y = roc_points(rows)
    expected = np.mean([measure(cases_with_scores(part))["auc"][0] for _, part in rows.groupby("repeat")])
    assert np.trapezoid(y, x) == pytest.approx(expected, abs=1e-12)


def test_calibration_groups_share_the_cases_and_repeats_do_not_narrow_them() -> None:
    rows = predictions().query("arm == 'scratch'")
    once = calibration_groups(rows)
    assert once["n"].tolist() == [18.0] * 5
    assert (once["n"] * once["observed"]).sum() == pytest.approx(36)
    thrice = calibration_groups(pd.concat([rows.assign(repeat=k) for k in range(3)]))
    np.testing.assert_allclose(thrice[["low", "high"]], once[["low", "high"]])


def test_net_benefit_of_treating_everyone_and_of_a_perfect_rule() -> None:
    adverse = np.arange(10) < 4
    thresholds = np.array([0.2, 0.5])
    np.testing.assert_allclose(net_benefit(adverse, np.ones(10), thresholds), [0.4 - 0.6 * 0.25, 0.4 - 0.6])
    np.testing.assert_allclose(net_benefit(adverse, adverse.astype(float), thresholds), [0.4, 0.4])


def test_losses_are_means_of_their_epochs_and_rates_are_no_losses() -> None:
    log = pd.DataFrame({"epoch": [0, 0, 1], "step": [1, 2, 3], "lr-AdamW": 0.1, "loss": [4.0, 2.0, 1.0]})
    found = losses_by_epoch(log)
    assert list(found.columns) == ["loss"]
    assert found["loss"].tolist() == [3.0, 1.0]


def test_small_writers() -> None:
    assert dict(flatten({"a": {"b": {"c": 1}, "d": None}})) == {"a.b.c": "1", "a.d": "unknown"}
    assert unbroken_interval("0.7 [0.6, <b>]") == '0.7 <span class="i">[0.6, &lt;b&gt;]</span>'
