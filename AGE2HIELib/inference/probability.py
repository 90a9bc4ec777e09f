"""From the members' logits to a calibrated probability, an interval and a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtri, stdtrit  # scipy.stats takes a third of a second to import

from AGE2HIELib.bundle.model_facts import Calibration, ModelFacts
from AGE2HIELib.inference.conformal import PredictionSet, prediction_set

if TYPE_CHECKING:
    import torch

    from AGE2HIELib.networks.staged import StagedNetwork

COVERAGE = 0.90  # of the interval, as the result's contract says


@dataclass(frozen=True)
class Prediction:
    """Attributes:
    probability_adverse: calibrated, 0 to 1.
    interval: 90 %, see ``probability_interval``.
    members: what each member alone would say, calibrated in the same way.
    label: the one outcome in the set, "indeterminate", or "demonstration" for a model that saw synthetic
        data only.
    threshold: on the probability: where the model's makers would divide; no label depends on it.
    prevalence: share of adverse outcomes among the infants for whom these numbers hold.
    outcomes: the set of outcomes that the score agrees with; None for a bundle that remembers no cases.
    """

    probability_adverse: float
    interval: tuple[float, float]
    members: tuple[float, ...]
    label: str
    threshold: float
    prevalence: float
    outcomes: PredictionSet | None = None


def predict_probability(members: Sequence[StagedNetwork], facts: ModelFacts, image: np.ndarray) -> Prediction:
    """Ask every member, one after the other (the second costs no more memory than the first).

    Args:
        members: from ``load_members``.
        facts: the bundle they came from, with the reading for the scan's kind of input (``admit`` chooses it).
        image: float32 ``(1, C, D, H, W)`` from ``network_input``.
    """
    import torch

    from AGE2HIELib.inference.device import full_precision

    with torch.inference_mode(), full_precision():
        logits = [float(member(as_tensor(image, facts, member))[0, 0]) for member in members]
    return combine_logits(logits, facts)


def as_tensor(image: np.ndarray, facts: ModelFacts, member: StagedNetwork) -> torch.Tensor:
    """The image on the member's device, after a check that it is what the model must be fed."""
    import torch

    wanted = (1, len(facts.spec.channels), *facts.spec.grid.shape)
    if image.shape != wanted or image.dtype != np.float32 or not np.isfinite(image).all():
        raise ValueError(
            f"the network input has shape {image.shape}, {image.dtype}; it must be finite float32 {wanted}"
        )
    return torch.from_numpy(np.ascontiguousarray(image)).to(next(member.parameters()).device)


def combine_logits(logits: Sequence[float], facts: ModelFacts) -> Prediction:
    """Combine the members' logits."""
    values = np.asarray(logits, dtype=np.float64)
    calibration = facts.calibration
    low, high = probability_interval(values, calibration)
    outcomes = prediction_set(logits, facts.scores) if facts.scores else None
    return Prediction(
        probability_adverse=float(expit(calibrate(values.mean(), calibration))),
        interval=(low, high),
        members=tuple(float(expit(calibrate(value, calibration))) for value in values),
        label="demonstration" if facts.demonstration else outcomes.label if outcomes else "indeterminate",
        threshold=facts.threshold,
        prevalence=calibration.prevalence,
        outcomes=outcomes,
    )


def calibrate(logit: float, calibration: Calibration) -> float:
    return calibration.intercept + calibration.slope * logit


def probability_interval(logits: np.ndarray, calibration: Calibration) -> tuple[float, float]:
    """The 90 % interval over members and calibration.

    Two half-widths on the scale of the calibrated logit are added as squares, since they are independent. Members:
    Student's prediction interval for one further member trained in the same way, ``t * sd * sqrt(1 + 1/n)``. The
    standard error of their mean is not used: the members saw the same cases, so that averaging more of them does
    not take away what those cases leave open. Calibration: the delta method on slope and intercept. A single
    member has no spread, and adds none.
    """
    mean, count = float(logits.mean()), len(logits)
    tail = (1 + COVERAGE) / 2
    spread = 0.0
    if count > 1:
        further = float(logits.std(ddof=1)) * np.sqrt(1 + 1 / count)
        spread = calibration.slope * float(stdtrit(count - 1, tail)) * further
    variance = calibration.intercept_sd**2 + (mean * calibration.slope_sd) ** 2 + 2 * mean * calibration.covariance
    half_width = np.hypot(spread, float(ndtri(tail)) * np.sqrt(max(variance, 0.0)))
    centre = calibrate(mean, calibration)
    return float(expit(centre - half_width)), float(expit(centre + half_width))
