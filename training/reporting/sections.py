"""The sections of the report, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from training.evaluation.age import age_by_site, age_summary, error_text
from training.evaluation.metrics import METRICS
from training.evaluation.splits import PROTOCOLS
from training.evaluation.summary import ALL, arms_in_order, whole_protocols
from training.evaluation.table import value_text
from training.reporting.content import (
    Block,
    Image,
    Paragraph,
    Picture,
    Points,
    ReportContent,
    ReportSection,
    ReportTable,
    flatten,
    section,
    sizes,
)
from training.reporting.findings import age_findings, main_findings, pretrained_networks, unknowns
from training.reporting.map_sections import age_map_blocks, examination_blocks
from training.reporting.style import p_text

METRIC_NAMES = {
    "auc": "AUC",
    "auc_pooled": "AUC, pairs across folds too",
    "auprc": "AUPRC",
    "accuracy": "Accuracy",
    "accuracy_at_half": "Accuracy at 0.5",
    "balanced_accuracy": "Balanced accuracy",
    "f1": "F1",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "mcc": "Matthews correlation",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept, slope free",
    "calibration_in_the_large": "Calibration in the large, slope 1",
}
_HOW_READ = (
    "Brackets: 95 % bootstrap intervals over children, the networks held fixed. AUC counts pairs of cases scored by "
    "the same network. Threshold and calibration come from inner folds only. Accuracy is at that threshold, the one of "
    "the highest balanced accuracy; others mostly give accuracy at a probability of 0.5. A dash: not defined. "
    "An interval without width is a limit of the bootstrap, not certainty."
)
_METHODS = (
    "Does the one way of learning give better networks than the other? Differences are means over the folds of all "
    "repeats, with 95 % intervals and p by the corrected resampled t test (Nadeau and Bengio 2003, "
    "doi:10.1023/A:1024068626366; variance factor 1/(folds x repeats) + n_test/n_train). Holm: p of the primary "
    "comparison, corrected over the protocols in which it can be asked. Every other p is exploratory. A protocol with "
    "one fold cannot be asked: its repeats share all training cases."
)
_NETWORKS = (
    "Do the networks of this run differ on these children? Other training cases and seeds are not considered, so that "
    "p is too small for the question above. Brackets: bootstrap over children. "
    "Right alone: children that only the first, and only the second, judged rightly; one decision a child, adverse "
    "where at least half of its decisions over repeats and scans say so. p is not corrected."
)

_AGE_NOTE = (
    "Held-out subjects; of several networks the mean of their figures. The band's own mean is a reference that knows "
    "the band, and so a hard one in narrow bands; R2 is against it. A slope of the error on age under 0 is regression "
    "to the mean. Corrected: (predicted - b) / a, with predicted = a age + b fitted to four fifths of the held-out "
    "subjects and applied to the last fifth, each in turn; a network that knows no age has none."
)
_FURTHER = (
    "How well each arm, which learned the main outcome alone, orders the children by another one: area under the curve "
    "with 95 % bootstrap intervals, in the children in whom it is known. All settings: further_outcomes.tsv."
)
_MAIN = ("auc", "accuracy", "accuracy_at_half")


def report_sections(content: ReportContent, pictures: Mapping[str, Picture]) -> Iterator[ReportSection]:
    def drawn(*names: str) -> list[Block]:
        return [Image(pictures[name]) for name in names if name in pictures]

    findings = main_findings(content.comparisons, pretrained=pretrained_networks(content))
    yield section("In short", [Points((*findings, *age_findings(content.age_predictions)))])
    yield section("Arms by protocol", [main_table(content.summary)])
    if len(content.comparisons):
        yield section("Effect of transfer", [*drawn("effect_of_transfer"), *comparison_tables(content.comparisons)])
    yield section("Curves", drawn("roc", "calibration", "decision_curve"))
    yield section("All figures", [*metric_tables(content.summary), *_by_setting(content)])
    if len(content.further):
        yield section("Further outcomes", list(further_tables(content.further)))
    if content.age_predictions is not None and len(content.age_predictions):
        yield section("Brain age", [*age_tables(content.age_predictions), *drawn("age")])
    for heading, blocks in (
        ("Where the network sees age", list(age_map_blocks(content.explained, pictures))),
        ("Saliency maps, examined", list(examination_blocks(content.explained))),
    ):
        if blocks:
            yield section(heading, blocks)
    if content.curves:
        yield section("Training", drawn("learning_curves"))
    yield section("How it was made", list(_made(content)))
    yield section("What is not known", [Points(tuple(unknowns(content)))])
    if content.notes:
        yield section("Notes", [Points(content.notes)])


def main_table(summary: pd.DataFrame) -> ReportTable:
    """AUC and both accuracies with intervals, arms by protocol."""
    shown = whole_protocols(summary)
    protocols = [name for name in PROTOCOLS if name in set(shown["protocol"])]
    pairs = [(protocol, metric) for protocol in protocols for metric in _MAIN]
    header = ("Arm", *(f"{protocol}: {METRIC_NAMES[metric]}" for protocol, metric in pairs))
    cells = _cells(shown, ["arm", "protocol", "metric"])
    rows = tuple(
        (arm, *(cells.get((arm, *pair), "-") for pair in pairs)) for arm in arms_in_order(shown["arm"].unique())
    )
    return ReportTable(header, rows, note=f"{_sizes_told(shown)} {_HOW_READ}")


def further_tables(further: pd.DataFrame) -> Iterator[ReportTable]:
    """AUC of every arm for each further outcome, a table for each protocol."""
    shown = whole_protocols(further)
    cells = _cells(shown, ["protocol", "arm", "outcome"])
    for protocol in (name for name in PROTOCOLS if name in set(shown["protocol"])):
        here = shown[shown["protocol"] == protocol]
        sizes = here.drop_duplicates("outcome").set_index("outcome")[["n", "n_adverse"]]
        counted = (f"{name}: {row.n} cases, {row.n_adverse} adverse" for name, row in sizes.iterrows())
        rows = tuple(
            (arm, *(cells.get((protocol, arm, str(name)), "-") for name in sizes.index))
            for arm in arms_in_order(here["arm"].unique())
        )
        yield ReportTable((f"AUC, {protocol}", *counted), rows, note=_FURTHER)


def setting_table(summary: pd.DataFrame) -> ReportTable:
    """AUC of every arm in every setting that is a part of its protocol."""
    parts = summary[(summary["setting"] != ALL) & (summary["setting"] != summary["protocol"])]
    settings = [(str(p), str(s)) for p, s in parts[["protocol", "setting"]].drop_duplicates().to_numpy()]
    cells = _cells(parts[parts["metric"] == "auc"], ["arm", "protocol", "setting"])
    rows = tuple(
        (arm, *(cells.get((arm, *at), "-") for at in settings)) for arm in arms_in_order(parts["arm"].unique())
    )
    header = ("AUC", *(f"{protocol}, {setting}" for protocol, setting in settings))
    return ReportTable(header, rows, note=f"{_sizes_told(parts)} All other figures by setting: summary.tsv.")


def comparison_tables(comparisons: pd.DataFrame) -> Iterator[ReportTable]:
    """Ways of learning, then these networks: each arm, the settings of a protocol, then all of them."""
    pairs = [part for _, part in comparisons.groupby(["other", "protocol", "setting"], sort=False)]
    order = {name: place for place, name in enumerate(comparisons["other"].drop_duplicates())}
    pairs.sort(key=lambda part: order[part["other"].iloc[0]])
    found = [part.set_index("metric").to_dict("index") for part in pairs]
    where = ("transfer against", "Setting", "Cases (adverse)")
    methods = (*where, "AUC differs by", "p", "Holm", "Balanced accuracy differs by", "p", "Accuracy differs by", "p")
    yield ReportTable(methods, tuple(_method_row(rows) for rows in found), note=_METHODS, numbers=False)
    networks = (*where, "AUC differs by", "DeLong", "Accuracy differs by", "Right alone", "McNemar")
    yield ReportTable(networks, tuple(_network_row(rows) for rows in found), note=_NETWORKS, numbers=False)


def _where(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    setting = "all" if row["setting"] == ALL else row["setting"]
    place = f"{row['protocol']}, {setting}" if row["protocol"] != setting else setting
    return row["other"], place, f"{row['n']} ({row['n_adverse']})"


def _method_row(found: Mapping[Hashable, Mapping[Hashable, Any]]) -> tuple[str, ...]:
    cells = []
    for metric in ("auc", "balanced_accuracy", "accuracy"):
        row = found[metric]
        cells.append(value_text(row["method_difference"], row["method_low"], row["method_high"], 3))
        cells.append("not asked" if row["asked"] else p_text(row["p_method"]))
        if metric == "auc":
            cells.append("-" if pd.isna(row["p_holm"]) else p_text(row["p_holm"]))
    return (*_where(found["auc"]), *cells)


def _network_row(found: Mapping[Hashable, Mapping[Hashable, Any]]) -> tuple[str, ...]:
    auc, accuracy = found["auc"], found["accuracy"]
    return (
        *_where(auc),
        value_text(auc["difference"], auc["low"], auc["high"], 3),
        p_text(auc["p_networks"]),
        value_text(accuracy["difference"], accuracy["low"], accuracy["high"], 3),
        f"{accuracy['only_arm']} : {accuracy['only_other']}",
        p_text(accuracy["p_networks"]),
    )


def metric_tables(summary: pd.DataFrame) -> Iterator[ReportTable]:
    """Every metric of every arm with its interval, a table for each protocol."""
    shown = whole_protocols(summary)
    cells = _cells(shown, ["protocol", "arm", "metric"])
    for protocol in (name for name in PROTOCOLS if name in set(shown["protocol"])):
        here = shown[shown["protocol"] == protocol]
        arms = arms_in_order(here["arm"].unique())
        rows = tuple(
            (METRIC_NAMES[metric], *(cells.get((protocol, arm, metric), "-") for arm in arms)) for metric in METRICS
        )
        yield ReportTable((protocol, *arms), rows, note=_sizes_told(here))


def _sizes_told(rows: pd.DataFrame) -> str:
    """``pooled: 156 cases of 156 children, 73 adverse.`` for each setting in the rows."""
    told = []
    for row in rows.drop_duplicates(["protocol", "setting"]).to_dict("records"):
        name = row["protocol"] if row["setting"] in (ALL, row["protocol"]) else f"{row['protocol']} {row['setting']}"
        told.append(f"{name}: {row['n']} cases of {row['subjects']} children, {row['n_adverse']} adverse")
    return "; ".join(told) + "."


def age_tables(age_predictions: pd.DataFrame) -> Iterator[ReportTable]:
    """By band, and by site where there are several."""
    header = (
        *("Pretraining", "Networks", "Subjects", "Mean absolute error", "of the band's own mean", "RMSE", "R2"),
        *("Slope of the error on age", "Mean absolute error, corrected", "Spearman", "Pearson"),
    )
    bands = [(row["band"], *_age_cells(row, row["band"])) for row in age_summary(age_predictions).to_dict("records")]
    yield ReportTable(("Age", *header), tuple(bands), note=_AGE_NOTE)
    sites = [(row["site"], *_age_cells(row, "")) for row in age_by_site(age_predictions).to_dict("records")]
    if sites:
        yield ReportTable(
            ("Site", *header), tuple(sites), note="All ages of a site. Its ages may differ from another's."
        )


def _age_cells(row: Mapping[Hashable, Any], band: str) -> tuple[str, ...]:
    def error(name: str) -> str:
        return "-" if pd.isna(row[name]) else error_text(band, row[name])

    def number(name: str) -> str:
        return "-" if pd.isna(row[name]) else f"{row[name]:.2f}"

    return (
        *(row["pretraining"], str(row["networks"]), str(row["n"])),
        *(error(name) for name in ("mae_years", "mae_of_band_mean_years", "rmse_years")),
        *(number("r2"), number("error_slope"), error("mae_corrected_years"), number("spearman"), number("pearson")),
    )


def _by_setting(content: ReportContent) -> Iterator[Block]:
    if (content.summary["setting"] == ALL).any():
        yield setting_table(content.summary)


def _made(content: ReportContent) -> Iterator[Block]:
    yield Paragraph(f"Made by: {content.command}")
    counted = sizes(content.cases)
    rows = tuple(tuple(str(value) for value in row.values()) for row in counted.to_dict("records"))
    yield ReportTable(("Site", "Cases", "Children", "Normal", "Adverse"), rows, note="What went into the evaluation.")
    for name, mapping in (("Setting", content.settings), ("Made with", content.provenance)):
        yield ReportTable((name, "Value"), tuple(flatten(mapping)), numbers=False)


def _cells(summary: pd.DataFrame, keys: list[str]) -> dict[tuple[str, ...], str]:
    return {
        tuple(row[key] for key in keys): value_text(row["value"], row["low"], row["high"])
        for row in summary.to_dict("records")
    }
