"""What some networks say beside their number, as the record keeps it: the mean over the members of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.explanation.age import age_target
from AGE2HIELib.explanation.network_methods import explained_residuals
from AGE2HIELib.explanation.question import Question, find_target
from AGE2HIELib.explanation.region_norms import round_value
from AGE2HIELib.inference.device import full_precision
from AGE2HIELib.inference.probability import as_tensor
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.networks.age_head import YEARS
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.covariance import CovarianceNetwork
from AGE2HIELib.networks.staged import StagedNetwork
from AGE2HIELib.result.network_readings import NetworkReading, PlaceReading

RESIDUALS, ANOMALY = "regional_residuals", "anomaly"


def outcome_readings(
    members: Sequence[StagedNetwork], facts: ModelFacts, image: np.ndarray
) -> tuple[NetworkReading, ...]:
    """Of an ensemble for the outcome; empty for networks that say nothing more. Arguments as of ``explain_score``."""
    target, slope = find_target("adverse"), facts.calibration.slope
    asked = [Question(one, as_tensor(image, facts, one), facts.saliency_layer, target) for one in members]
    return _readings(asked, slope, "log-odds of an adverse outcome")


def age_readings(network: AgeNetwork, image: np.ndarray) -> tuple[NetworkReading, ...]:
    """The same of a network of age; ``image`` as for ``explain_age``."""
    encoder, head = network.encoder, network.head
    tensor = torch.from_numpy(np.ascontiguousarray(image)).to(next(encoder.parameters()).device)
    factor = head.sd if head.kind == "huber" and head.target == YEARS else 1.0
    return _readings([Question(encoder, tensor, encoder.layers[0], age_target(head))], factor, "years")


def _readings(asked: Sequence[Question], factor: float, unit: str) -> tuple[NetworkReading, ...]:
    first = asked[0].member
    with torch.inference_mode(), full_precision():
        if isinstance(first, CovarianceNetwork):
            return (_residuals(asked, first, factor, unit),)
        if isinstance(first, AutoencoderNetwork):
            return (_anomaly(asked),)
    return ()


def _residuals(asked: Sequence[Question], first: CovarianceNetwork, factor: float, unit: str) -> NetworkReading:
    members = [(one.member, one) for one in asked if isinstance(one.member, CovarianceNetwork)]
    values = np.mean([factor * explained_residuals(*one).cpu().numpy() for one in members], axis=0)
    sds = np.mean([member.standardised_residuals(one.image)[0].cpu().numpy() for member, one in members], axis=0)
    order = np.argsort(-np.abs(sds), kind="stable")
    places = tuple(
        PlaceReading(name, side, round_value(float(values[n])), round_value(float(sds[n])))
        for n, (name, side) in ((n, first.places[n]) for n in order)
    )
    return NetworkReading(
        RESIDUALS,
        "Regional residuals",
        "what each region says beyond the mean of all regions, and how unusual that is among healthy subjects; above 0 "
        "towards a higher number",
        unit,
        places=places,
    )


def _anomaly(asked: Sequence[Question]) -> NetworkReading:
    members = [(one.member, one) for one in asked if isinstance(one.member, AutoencoderNetwork)]
    scores = [float(member.scores(one.image)[0]) for member, one in members]
    below = [member.share_below(score) for (member, _), score in zip(members, scores, strict=True)]
    return NetworkReading(
        ANOMALY,
        "Anomaly score",
        "how much of the brain differs from a healthy one as the network draws it; it has seen healthy subjects alone, "
        "and no outcome is read from it",
        "standard deviations of healthy subjects",
        round_value(float(np.mean(scores))),
        round_value(float(np.mean(below))),
    )
