"""The evaluation's model card (Mitchell et al. 2019, doi:10.1145/3287560.3287596), filled with what this run knows.

The bundle has a card of its own (``AGE2HIELib.bundle.card``): it describes one file of weights, how it is fed and read,
and is written from the bundle's facts wherever a bundle is made. This one describes the comparison of the arms, and is
written for runs that export nothing as well. The figures of both come from the same summary table. The sentences that
the TRIPOD+AI list repeats are functions of this file.
"""

from __future__ import annotations

import pandas as pd

from training.evaluation.splits import PROTOCOLS
from training.evaluation.summary import TRANSFER, whole_protocols
from training.evaluation.table import value_text
from training.reporting.content import UNKNOWN, ReportContent, flatten, sizes
from training.reporting.findings import METHOD_TEST, age_findings, unknowns, verdict
from training.reporting.style import p_text

PURPOSE = (
    "Research on the outcome of newborns with hypoxic-ischemic encephalopathy from diffusion MRI. Not for the care of "
    "any patient: the software is not a medical device."
)

_PERFORMANCE = ("auc", "accuracy", "accuracy_at_half", "calibration_slope")


def participants(content: ReportContent) -> str:
    """``BCH 72 cases of 72 children (30 normal, 42 adverse); ...``, all sites last."""
    kind = "Synthetic newborns. " if content.synthetic else ""
    parts = [
        f"{row['site']} {row['cases']} cases of {row['subjects']} children "
        f"({row['normal']} normal, {row['adverse']} adverse)"
        for row in sizes(content.cases).to_dict("records")
    ]
    return kind + "; ".join(parts) + "."


def partition(content: ReportContent) -> str:
    """How cases were divided, counted from the predictions themselves."""
    told = []
    for protocol in (name for name in PROTOCOLS if name in set(content.predictions["protocol"])):
        part = content.predictions[content.predictions["protocol"] == protocol]
        folds, repeats = part["fold"].nunique(), part["repeat"].nunique()
        settings = sorted(set(part["setting"]) - {protocol})
        named = f" ({', '.join(settings)})" if settings else ""
        how = f"{folds} folds" if folds > 1 else "one training site, the other tested"
        told.append(f"{protocol}{named}: {how}, {repeats} repeat{'s' if repeats > 1 else ''}")
    return (
        "; ".join(told)
        + ". Folds are stratified by outcome and site, hold whole children, and are shared by all arms; "
        "calibration and threshold come from inner folds of the training cases, and every network trains for a fixed "
        "number of epochs."
    )


def performance(content: ReportContent, metrics: tuple[str, ...] = _PERFORMANCE) -> str:
    """Transfer under each protocol with intervals."""
    names = {"auc": "AUC", "accuracy": "accuracy", "accuracy_at_half": "accuracy at 0.5"}
    names["calibration_slope"] = "calibration slope"
    shown = whole_protocols(content.summary)
    mine = shown[(shown["arm"] == TRANSFER) & shown["metric"].isin(metrics)]
    parts = []
    for protocol, rows in mine.groupby("protocol", sort=False):
        texts = [
            f"{names[row['metric']]} {value_text(row['value'], row['low'], row['high'])}"
            for row in rows.to_dict("records")
        ]
        parts.append(f"{protocol}: {', '.join(texts)}")
    return "; ".join(parts) + "." if parts else UNKNOWN


def by_setting(content: ReportContent) -> str:
    """AUC of transfer in each setting, for heterogeneity between sites."""
    rows = content.summary[(content.summary["arm"] == TRANSFER) & (content.summary["metric"] == "auc")]
    parts = [
        f"{_place(row['protocol'], row['setting'])} {value_text(row['value'], row['low'], row['high'])}"
        for row in rows.to_dict("records")
    ]
    return "AUC of transfer: " + "; ".join(parts) + "." if parts else UNKNOWN


def _place(protocol: str, setting: str) -> str:
    return protocol if setting == protocol else f"{protocol} {setting}"


def protocols_in_words(content: ReportContent) -> str:
    """The protocols in the predictions, in words."""
    words = {"same-site": "within each site", "pooled": "with all sites together", "cross-site": "from site to site"}
    found = set(content.predictions["protocol"])
    return "Evaluated " + ", ".join(word for protocol, word in words.items() if protocol in found) + "."


def effect(content: ReportContent) -> str:
    """Transfer against scratch in AUC as ways of learning, under each protocol in which that can be asked."""
    shown = whole_protocols(content.comparisons)
    if shown.empty:
        return UNKNOWN
    rows = shown[(shown["other"] == "scratch") & (shown["metric"] == "auc")]
    parts = [
        f"{row['protocol']} {value_text(row['method_difference'], row['method_low'], row['method_high'], 3)}, "
        + (row["asked"] or f"{p_text(row['p_holm'])} after Holm, {verdict(row['p_holm'])}")
        for row in rows.to_dict("records")
    ]
    head = f"AUC of transfer minus that of scratch, mean over folds ({METHOD_TEST}): "
    return head + "; ".join(parts) + "." if parts else UNKNOWN


def fact(content: ReportContent, key: str) -> str:
    """A value of the provenance or the settings by its full or last name; "unknown" where it is not there."""
    table = dict([*flatten(content.settings), *flatten(content.provenance)])
    found = [value for name, value in table.items() if key in (name, name.rsplit(".", 1)[-1])]
    return found[0] if found else UNKNOWN


def ages_at_scan(cases: pd.DataFrame) -> str:
    ages = cases["age_days"].dropna() if "age_days" in cases else pd.Series(dtype=float)
    if ages.empty:
        return f"Age at the scan: {UNKNOWN}"
    spread = f"median {ages.median():.0f} days ({ages.min():.0f} to {ages.max():.0f})"
    return f"Age at the scan: {spread}, known for {len(ages)} cases"


def evaluation_card(content: ReportContent) -> str:
    """Markdown with the nine sections of the paper; "unknown" wherever nobody told this software."""
    lines = [f"# Model card: {content.title}", "", f"> **{content.banner}**", ""]
    for heading, points in _sections(content):
        lines += [f"## {heading}", "", *(f"- {point}" for point in points), ""]
    return "\n".join(lines)


def _sections(content: ReportContent) -> list[tuple[str, list[str]]]:
    pretraining = list(age_findings(content.age_predictions))
    return [
        ("Model details", _details(content)),
        ("Intended use", _use()),
        ("Factors", _factors(content)),
        ("Metrics", _metrics()),
        ("Evaluation data", [participants(content), partition(content), ages_at_scan(content.cases) + "."]),
        ("Training data", ["Outcome: the training folds of the same cases.", *pretraining]),
        ("Quantitative analyses", [f"Transfer. {performance(content)}", effect(content)]),
        ("Ethical considerations", _ethics(content)),
        ("Caveats and recommendations", [*unknowns(content), *content.notes]),
    ]


def _details(content: ReportContent) -> list[str]:
    return [
        "A 3D convolutional network pretrained to read age from T1-weighted scans, then fine-tuned on ADC maps to a "
        "binary outcome at two years, after AGE2HIE (Bao, He, Grant and Ou, arXiv:2411.05188).",
        f"Made by: `{content.command}`; commit {fact(content, 'commit')}; started {fact(content, 'started')}.",
        f"SHA-256 of the data: {fact(content, 'data_hash')}.",
        "Settings: " + "; ".join(f"{name} = {value}" for name, value in flatten(content.settings)) + ".",
        "Licence of the code: Apache-2.0. Contact: the repository's issue tracker.",
    ]


def _use() -> list[str]:
    return [
        PURPOSE,
        "Users: researchers who can judge the evaluation below.",
        "Out of scope: any decision about a child; scans later than two weeks after birth; children without "
        "hypoxic-ischemic encephalopathy.",
    ]


def _factors(content: ReportContent) -> list[str]:
    sites = ", ".join(sorted(map(str, content.cases["site"].unique())))
    return [
        f"Site (scanner, protocol, prevalence): {sites}; every result stands by site and across sites.",
        f"Sex, ancestry, gestation, cooling, scanner model: {UNKNOWN}; nothing was evaluated by them.",
    ]


def _metrics() -> list[str]:
    return [
        "AUC over pairs of cases scored by the same network, AUPRC, accuracy (at the threshold, and at 0.5), balanced "
        "accuracy, F1, sensitivity, "
        "specificity, Matthews correlation, Brier score, calibration slope and intercepts, net benefit.",
        "95 % bootstrap intervals over children. Arms as ways of learning: corrected resampled t test over folds and "
        "repeats, after Holm over the protocols for transfer against scratch. These networks on these children: paired "
        "DeLong and exact McNemar, uncorrected.",
        "Threshold: the highest balanced accuracy on inner folds. Probabilities: calibrated by Platt scaling.",
    ]


def _ethics(content: ReportContent) -> list[str]:
    if content.synthetic:
        return ["No data of any person: all scans and outcomes were simulated.", "Approval: not applicable."]
    return [
        f"Approval and consent for the data: {UNKNOWN} to this software.",
        "The report holds no name, date or image.",
    ]
