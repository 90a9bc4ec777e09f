"""All pictures of a report, with what each shows."""

from __future__ import annotations

from collections.abc import Iterator

from training.reporting.content import ExplanationTables, Picture, ReportContent
from training.reporting.outcome_plots import GROUPS, calibration, decision, forest, roc
from training.reporting.style import png
from training.reporting.training_plots import MOST_PANELS, age_scatter, learning

AGE_MAPS = "age_maps"


def draw_figures(content: ReportContent) -> Iterator[Picture]:
    """Every figure for which the content has data."""
    if len(content.comparisons):
        yield Picture(
            "effect_of_transfer",
            "Differences between transfer and the other arms with intervals",
            "Effect of transfer. Squares: all cases of a protocol; dots: one setting. Thick lines: 95 % bootstrap "
            "intervals over children, the networks held fixed. Thin lines and p: as ways of learning, by the corrected "
            "resampled t test over folds and repeats; none where there is one fold. p is not corrected for the number "
            "of comparisons.",
            png(forest(content.comparisons)),
        )
    predictions = content.predictions
    yield Picture(
        "roc",
        "ROC curves by protocol",
        "ROC curves. Each adverse case enters at the share of normal cases of its own fold that score higher, so that "
        "the area is the AUC of the table.",
        png(roc(predictions, content.summary)),
    )
    yield Picture(
        "calibration",
        "Calibration by protocol",
        f"Calibration of out-of-fold probabilities in {GROUPS} groups of equal size, with 95 % Wilson intervals; "
        "below, how often each probability was given. On the line is perfect.",
        png(calibration(predictions)),
    )
    yield Picture(
        "decision_curve",
        "Decision curves by protocol",
        "Net benefit: adverse cases found a case, less normal cases called adverse weighted by the odds of the "
        "threshold. A rule is of use where it lies above both black lines (call everyone adverse, call no one).",
        png(decision(predictions)),
    )
    if content.age_predictions is not None and len(content.age_predictions):
        yield Picture(
            "age",
            "Predicted against true age",
            "Held-out subjects. Both axes are logarithmic in age plus three months, so that infants are seen; "
            "predictions below zero stand just under it.",
            png(age_scatter(content.age_predictions)),
        )
    yield from _age_maps(content.explained)
    if content.curves:
        left_out = len(content.curves) - MOST_PANELS
        more = f" {left_out} further runs are not drawn." if left_out > 0 else ""
        caption = f"Losses, mean of each epoch.{more}"
        yield Picture("learning_curves", "Learning curves", caption, png(learning(content.curves)))


def _age_maps(found: ExplanationTables) -> Iterator[Picture]:
    if found.picture is None or found.age_maps is None:
        return
    head = "Synthetic: nobody was scanned. " if found.age_maps["synthetic"].all() else ""
    yield Picture(
        AGE_MAPS,
        "Where the pretrained network sees age, over T1",
        f"{head}Held-out subjects, by {', '.join(found.age_maps['method'].unique())}. Colour: what share of a map's "
        "own positive values lies in stronger voxels; strengths of two subjects cannot be compared by it.",
        found.picture,
    )
