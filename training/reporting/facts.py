"""Facts that the model card and the checklist share, each from the content of the report or "unknown"."""

from __future__ import annotations

import pandas as pd

from training.evaluation.splits import PROTOCOLS
from training.evaluation.summary import TRANSFER, whole_protocols
from training.evaluation.table import value_text
from training.reporting.content import UNKNOWN, ReportContent, flattened, sizes
from training.reporting.statements import METHOD_TEST, verdict
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


def evaluated(content: ReportContent) -> str:
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


def known(content: ReportContent, key: str) -> str:
    """A value of the provenance or the settings by its full or last name; "unknown" where it is not there."""
    table = dict([*flattened(content.settings), *flattened(content.provenance)])
    found = [value for name, value in table.items() if key in (name, name.rsplit(".", 1)[-1])]
    return found[0] if found else UNKNOWN


def ages_at_scan(cases: pd.DataFrame) -> str:
    ages = cases["age_days"].dropna() if "age_days" in cases else pd.Series(dtype=float)
    if ages.empty:
        return f"Age at the scan: {UNKNOWN}"
    spread = f"median {ages.median():.0f} days ({ages.min():.0f} to {ages.max():.0f})"
    return f"Age at the scan: {spread}, known for {len(ages)} cases"
