"""The TRIPOD+AI checklist (Collins et al. 2024, doi:10.1136/bmj-2023-078378), each item answered from the run or not.

The items are given in short; the authors of a paper answer them in full.
"""

from __future__ import annotations

from training.reporting.content import UNKNOWN, ReportContent
from training.reporting.findings import unknowns
from training.reporting.model_card import (
    PURPOSE,
    ages_at_scan,
    by_setting,
    effect,
    fact,
    participants,
    partition,
    performance,
    protocols_in_words,
)

NOT_APPLICABLE = "not applicable"
Item = tuple[str, str, str]  # number, what is asked, answer


def tripod(content: ReportContent) -> str:
    """Markdown: 27 numbered items, some in parts; "unknown" for what only the study's authors can say."""
    items = [*_front(content), *_data(content), *_analysis(content), *_open_science(content), *_results(content)]
    rows = [f"| {number} | {asked} | {' '.join(answer.split()).replace('|', '/')} |" for number, asked, answer in items]
    unanswered = sum(answer.startswith(UNKNOWN) for _, _, answer in items)
    head = [
        f"# TRIPOD+AI: {content.title}", "", f"> **{content.banner}**", "",
        f"{len(items)} parts of 27 items (doi:10.1136/bmj-2023-078378), filled from the run; {unanswered} are unknown "
        "to the software and left to the authors of a study.", "",
        "| Item | Asked | Answer |", "| --- | --- | --- |",
    ]  # fmt: skip
    return "\n".join([*head, *rows, ""])


def _front(content: ReportContent) -> list[Item]:
    return [
        ("1", "Title: development or evaluation, population, outcome", content.title),
        ("2", "Abstract", "See 'In short' in report.md."),
        ("3a", "Background: context and existing models", "Prognostic; after AGE2HIE (arXiv:2411.05188)."),
        ("3b", "Target population, purpose, users", PURPOSE),
        ("3c", "Known inequalities between groups", UNKNOWN),
        (
            "4",
            "Objectives",
            "Development with internal and, between sites, external evaluation; whether brain-age pretraining helps.",
        ),
    ]


def _data(content: ReportContent) -> list[Item]:
    simulated = content.synthetic
    outcome = (
        "Simulated by a rule of this project." if simulated else f"{UNKNOWN}: as in the outcome table that was given."
    )
    return [
        ("5a", "Sources of data", f"SHA-256 {fact(content, 'data_hash')}. {participants(content)}"),
        ("5b", "Dates", NOT_APPLICABLE + ": simulated." if simulated else UNKNOWN),
        ("6a", "Setting and centres", "Sites: " + ", ".join(sorted(map(str, content.cases["site"].unique()))) + "."),
        ("6b", "Eligibility", "Simulated." if simulated else UNKNOWN),
        ("6c", "Treatments received", NOT_APPLICABLE + ": simulated." if simulated else UNKNOWN),
        ("7", "Data preparation", "Placement, z-map and network input of AGE2HIELib, the same for every case."),
        ("8a", "Outcome and its assessment", outcome),
        ("8b", "Assessors, if subjective", NOT_APPLICABLE + ": simulated." if simulated else UNKNOWN),
        ("8c", "Blinding of outcome assessment", NOT_APPLICABLE + ": simulated." if simulated else UNKNOWN),
        ("9a", "Choice of predictors", "ADC and Z_ADC maps, as in the source method; no clinical variable."),
        ("9b", "Definition of predictors", f"Maps of one diffusion scan. {ages_at_scan(content.cases)}."),
        ("9c", "Assessors of predictors, if subjective", NOT_APPLICABLE + ": computed."),
        ("10", "Sample size", f"All cases given: {len(content.cases)}. No size was planned by the software."),
        ("11", "Missing data", "Cases without image or outcome are refused before a run; nothing is imputed."),
    ]


def _analysis(content: ReportContent) -> list[Item]:
    return [
        ("12a", "Partition of the data", partition(content)),
        ("12b", "Handling of predictors", "Fixed scale and clipping for each channel, declared in the model bundle."),
        (
            "12c",
            "Model, building steps, internal validation",
            "3D convolutional network; all settings stand in report.md under 'How it was made'.",
        ),
        ("12d", "Heterogeneity between clusters", protocols_in_words(content)),
        (
            "12e",
            "Measures of performance",
            "Discrimination, calibration (slope, intercepts, curve), net benefit. Arms against each other: corrected "
            "resampled t test over folds and repeats, Holm over protocols; of these networks also paired DeLong and "
            "exact McNemar.",
        ),
        ("12f", "Model updating", "None after evaluation."),
        (
            "12g",
            "How predictions were computed",
            "By the trained networks on their held-out fold; kept in predictions.tsv.",
        ),
        ("13", "Class imbalance", f"No resampling in evaluation; prevalence by site: {_prevalence(content)}."),
        ("14", "Fairness", f"{UNKNOWN}: no sociodemographic variable was given."),
        (
            "15",
            "Model output and thresholds",
            "Calibrated probability; threshold of the highest balanced accuracy on inner folds.",
        ),
        ("16", "Training versus evaluation", protocols_in_words(content)),
        ("17", "Ethical approval", NOT_APPLICABLE + ": no human data." if content.synthetic else UNKNOWN),
    ]


def _open_science(content: ReportContent) -> list[Item]:
    return [
        ("18a", "Funding", UNKNOWN),
        ("18b", "Conflicts of interest", UNKNOWN),
        ("18c", "Protocol", UNKNOWN),
        ("18d", "Registration", UNKNOWN),
        ("18e", "Data sharing", f"Made again by: {content.command}" if content.synthetic else UNKNOWN),
        ("18f", "Code sharing", f"Apache-2.0, commit {fact(content, 'commit')}."),
        ("19", "Patient and public involvement", UNKNOWN),
    ]


def _results(content: ReportContent) -> list[Item]:
    same = participants(content)
    return [
        ("20a", "Flow of participants", f"Analysed: {same} Before that: {UNKNOWN}."),
        ("20b", "Characteristics", f"{ages_at_scan(content.cases)}. Others: {UNKNOWN}."),
        ("20c", "Comparison with development data", "The same cases, divided by folds and sites."),
        ("21", "Participants and events in each analysis", same),
        ("22", "Full model specification", "The exported model bundle: weights, input, calibration and threshold."),
        ("23a", "Performance with intervals", f"Transfer. {performance(content)} {effect(content)}"),
        ("23b", "Heterogeneity of performance", by_setting(content)),
        ("24", "Results of model updating", NOT_APPLICABLE + ": none was done."),
        ("25", "Interpretation", "See 'In short' in report.md; fairness " + UNKNOWN + "."),
        ("26", "Limitations", " ".join(unknowns(content))),
        ("27a", "Poor or missing input in use", "age2hie's quality gate refuses such scans and gives the reason."),
        ("27b", "Interaction and expertise of users", "Researchers; a scan and a command, no manual step required."),
        ("27c", "Next steps", "Evaluation at sites that had no part in the training."),
    ]


def _prevalence(content: ReportContent) -> str:
    shares = content.cases.groupby("site")["adverse"].mean()
    return ", ".join(f"{site} {100 * share:.0f} % adverse" for site, share in shares.items())
