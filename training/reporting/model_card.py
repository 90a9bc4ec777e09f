"""The model card (Mitchell et al. 2019, doi:10.1145/3287560.3287596), filled with what this run knows."""

from __future__ import annotations

from training.reporting.content import UNKNOWN, ReportContent, flattened
from training.reporting.facts import PURPOSE, ages_at_scan, effect, known, participants, partition, performance
from training.reporting.statements import age_findings, unknowns


def model_card(content: ReportContent) -> str:
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
        f"Made by: `{content.command}`; commit {known(content, 'commit')}; started {known(content, 'started')}.",
        f"SHA-256 of the data: {known(content, 'data_hash')}.",
        "Settings: " + "; ".join(f"{name} = {value}" for name, value in flattened(content.settings)) + ".",
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
