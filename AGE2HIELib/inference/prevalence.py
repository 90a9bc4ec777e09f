"""A model's numbers where adverse outcomes are rarer or commoner than among the cases it was calibrated on.

Prior shift (Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446). The assumption: only the share of
adverse outcomes differs, and infants with either outcome look there as they did among those cases. Then Bayes' rule
moves every calibrated logit by one constant, ``logit(there) - logit(calibration)``. What does not rest on the share
stays: the order of infants, the sets of outcomes (``inference.conformal`` ranks logits before calibration) and the
saliency (a constant is no evidence for any place).
"""

from __future__ import annotations

from dataclasses import replace

from scipy.special import expit, logit

from AGE2HIELib.bundle.model_facts import Facts, Reading
from AGE2HIELib.errors import InputError

_PER_CENT = 100.0


def at_prevalence(facts: Facts, prevalence: float | None) -> Facts:
    """The same model, its calibrations and thresholds moved to another share of adverse outcomes.

    The threshold goes with the numbers: its makers chose it by sensitivity and specificity, which a share does not
    change, so an infant stays on the side of it that the network's logit says.

    Args:
        prevalence: share of adverse outcomes, 0 to 1; None for that of the calibration.

    Raises:
        InputError: it is no such share.
    """
    check_prevalence(prevalence)
    if prevalence is None:
        return facts
    moved = {kind: _moved(reading, prevalence) for kind, reading in facts.readings.items()}
    return replace(facts, readings=moved)


def _moved(reading: Reading, prevalence: float) -> Reading:
    calibration = reading.calibration
    if prevalence == calibration.prevalence:
        return reading
    shift = float(logit(prevalence) - logit(calibration.prevalence))
    moved = replace(calibration, intercept=calibration.intercept + shift, prevalence=prevalence)
    return Reading(moved, float(expit(logit(reading.threshold) + shift)))


def check_prevalence(prevalence: float | None) -> None:
    """Raises InputError unless it lies above 0 and below 1; None is nothing to check."""
    if prevalence is None or 0 < prevalence < 1:
        return
    if 1 < prevalence < _PER_CENT:
        raise InputError(
            f"--prevalence is {prevalence:g}, and must be below 1: it is a share, not a percentage. For {prevalence:g} "
            f"of 100 infants give {prevalence / _PER_CENT:g}."
        )
    raise InputError(
        f"--prevalence is {prevalence:g}, and must be above 0 and below 1. Give the share of adverse outcomes among "
        "infants like this one: 0.45 for 45 of 100."
    )
